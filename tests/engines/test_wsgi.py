"""Plain WSGI with the middleware, as scripts in each engine see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from corswsgi import CORSMiddleware, Policy
from corswsgi.cli.engines import Engine
from tests.engines.browser import BLOCKED, Expected, Page, listening, read, results_of, run_fetches

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Api:
    """An application that records its requests, and answers with the cookie that it receives."""

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


def test_scripts_can_read_what_the_policy_allows(engine: Engine) -> None:
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
            expected: Expected = {
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
            results = run_fetches(engine, page, origin, api_url, expected)
    assert results == results_of(expected)
    for path in ("DELETE /one/delete", "GET /one/header", "PUT /other/put", "patch /patch/lower"):
        assert path not in api.runs, "the application gets no request after a refused preflight"
    assert "OPTIONS /off/put" in api.runs, "without a policy, the application answers preflights"
    assert "GET /other/x" in api.runs, "an actual request always reaches the application"
