"""What script of a page can read in headless Chromium is what the policy says.

A page on one origin fetches from the middleware on another one: same host, other ports.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from corswsgi import CORSMiddleware, Policy

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGE = Path(__file__).with_name("browser_page.html").read_bytes()
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


@contextmanager
def listening(app: WSGIApplication) -> Iterator[int]:
    """Serve an application from a thread, and answer on which port."""
    with make_server("127.0.0.1", 0, app, WSGIServer, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


class Page:
    """The page, the fetches that it is to make, and the results that it posts back."""

    def __init__(self) -> None:
        self.cases: list[dict[str, Any]] = []
        self.results: dict[str, Any] = {}
        self.done = threading.Event()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        body, kind = PAGE, "text/html"
        if environ["PATH_INFO"] == "/cases":
            body, kind = json.dumps(self.cases).encode(), "application/json"
        elif environ["PATH_INFO"] == "/results":
            length = int(environ["CONTENT_LENGTH"])
            self.results = json.loads(environ["wsgi.input"].read(length))
            self.done.set()
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]


class Api:
    """An application that counts its runs by path, and knows whether it got a cookie."""

    def __init__(self) -> None:
        self.runs: list[str] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        path = environ["PATH_INFO"]
        self.runs.append(f"{environ['REQUEST_METHOD']} {path}")
        status = "500 Internal Server Error" if path.endswith("/500") else "200 OK"
        headers = [("Content-Type", "text/plain"), ("X-A", "1"), ("X-B", "2")]
        if path.endswith("/login"):
            headers.append(("Set-Cookie", "session=1; Path=/"))
        if path.endswith("/stray"):
            headers.append(("Access-Control-Allow-Origin", "*"))
        start_response(status, headers)
        yield environ.get("HTTP_COOKIE", "no cookie").encode()


@contextmanager
def open_in(chromium: str, url: str) -> Iterator[None]:
    """Have a page open in a new Chromium."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            # Without the debugging port, it would leave as soon as the page has been loaded.
            [chromium, *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={profile}", url],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


BLOCKED = {"error": "TypeError"}


def read(body: str = "no cookie", status: int = 200, headers: Sequence[str] = ()) -> dict[str, Any]:
    return {"status": status, "body": body, "headers": [*headers]}


def test_what_script_can_read_is_what_the_policy_says(chromium: str) -> None:
    page, api = Page(), Api()
    with listening(page) as page_port:
        origin = f"http://localhost:{page_port}"
        middleware = CORSMiddleware(
            api,
            resources={
                "/one/*": Policy(
                    origins=[origin],
                    methods=["PUT"],
                    allow_headers=["X-Token"],
                    expose_headers=["X-A"],
                ),
                "/other/*": Policy(origins=["http://localhost:1"]),
                "/any/*": Policy(origins="*", expose_headers="*"),
                "/ports/*": Policy(origins=["http://localhost:*"], supports_credentials=True),
                "/off/*": None,
                "/patch/*": Policy(origins=[origin]),
            },
        )
        with listening(middleware) as port:
            api_url = f"http://localhost:{port}"
            expected: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
                "allowed": ("/one/x", {}, read(headers=["x-a"])),
                "allowed, 500": ("/one/500", {}, read(status=500, headers=["x-a"])),
                "allowed PUT": ("/one/put", {"method": "PUT"}, read(headers=["x-a"])),
                "normalized": ("/one/put", {"method": "put"}, read(headers=["x-a"])),
                "refused DELETE": ("/one/delete", {"method": "DELETE"}, BLOCKED),
                "allowed header": (
                    "/one/x",
                    {"headers": {"X-Token": "1"}},
                    read(headers=["x-a"]),
                ),
                "refused header": ("/one/header", {"headers": {"X-Other": "1"}}, BLOCKED),
                "credentials not allowed": ("/one/x", {"credentials": "include"}, BLOCKED),
                "other": ("/other/x", {}, BLOCKED),
                "other, preflight": ("/other/put", {"method": "PUT"}, BLOCKED),
                "other, stray": ("/other/stray", {}, BLOCKED),
                "any": ("/any/x", {}, read(headers=["x-a", "x-b"])),
                "any, Authorization": (
                    "/any/x",
                    {"method": "PUT", "headers": {"Authorization": "x", "X-B": "y"}},
                    read(headers=["x-a", "x-b"]),
                ),
                "any, credentials": ("/any/x", {"credentials": "include"}, BLOCKED),
                "login": ("/ports/login", {"credentials": "include"}, read()),
                "cookie": ("/ports/x", {"credentials": "include"}, read("session=1")),
                "cookie, any header": (
                    "/ports/x",
                    {"credentials": "include", "method": "PUT", "headers": {"X-Token": "1"}},
                    read("session=1"),
                ),
                "off": ("/off/x", {}, BLOCKED),
                "off, stray": ("/off/stray", {}, read()),
                "off, preflight": ("/off/put", {"method": "PUT"}, BLOCKED),
                "PATCH": ("/patch/x", {"method": "PATCH"}, read()),
                "patch": ("/patch/lower", {"method": "patch"}, BLOCKED),
            }
            page.cases = [
                {"name": name, "url": api_url + path, "init": init}
                for name, (path, init, _) in expected.items()
            ]
            with open_in(chromium, origin):
                assert page.done.wait(60), "the page has posted nothing"
    assert page.results == {name: seen for name, (_, _, seen) in expected.items()}
    for path in ("DELETE /one/delete", "GET /one/header", "PUT /other/put", "patch /patch/lower"):
        assert path not in api.runs, "a refused preflight keeps the request from the application"
    assert "OPTIONS /off/put" in api.runs, "without a policy, the application is on its own"
    assert "GET /other/x" in api.runs, "an actual request always reaches it"
