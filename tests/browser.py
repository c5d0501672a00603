"""A page in a real browser, that makes the fetches that it is given.

A page on one origin fetches from a server on another one: same host, other ports.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from corswsgi.tools.engines import Engine, open_in

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGE = Path(__file__).with_name("browser_page.html").read_bytes()


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


BLOCKED = {"error": "TypeError"}


def read(body: str = "no cookie", status: int = 200, headers: Sequence[str] = ()) -> dict[str, Any]:
    return {"status": status, "body": body, "headers": [*headers]}


Expected = Mapping[str, tuple[str, dict[str, Any], dict[str, Any]]]
"""The fetches of a page by their names: the path, fetch()'s second argument, what script sees."""


def fetched(
    engine: Engine, page: Page, origin: str, api: str, expected: Expected
) -> dict[str, Any]:
    """Open a page that is served at an origin, and return what its script has seen of an API."""
    page.cases = [
        {"name": name, "url": api + path, "init": init}
        for name, (path, init, _) in expected.items()
    ]
    page.done.clear()
    with open_in(engine, origin):
        assert page.done.wait(60), "the page has posted nothing"
    return page.results


def seen(expected: Expected) -> dict[str, Any]:
    """Return what script is to see."""
    return {name: result for name, (_, _, result) in expected.items()}
