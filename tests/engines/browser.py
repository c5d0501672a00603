"""Runs fetches in a page that is open in a real browser.

The page and the server have the same host, but different ports, and so different origins.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from corswsgi.cli.engines import Engine, open_in

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGE = Path(__file__).with_name("page.html").read_bytes()


class Quiet(WSGIRequestHandler):
    """A request handler without a log."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        """Log nothing."""


@contextmanager
def listening(app: WSGIApplication) -> Iterator[int]:
    """Serve an application in a thread, and yield its port."""
    with make_server("127.0.0.1", 0, app, WSGIServer, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


class Page:
    """Serves the page and the fetches to run, and receives the results."""

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
"""The result of a fetch that the browser blocks."""


def read(body: str = "no cookie", status: int = 200, headers: Sequence[str] = ()) -> dict[str, Any]:
    """Return the result of a fetch whose response the script can read."""
    return {"status": status, "body": body, "headers": [*headers]}


Expected = Mapping[str, tuple[str, dict[str, Any], dict[str, Any]]]
"""Fetches by name: the path, the second argument of fetch() and the expected result."""


def run_fetches(
    engine: Engine, page: Page, origin: str, api: str, expected: Expected
) -> dict[str, Any]:
    """Open the page at `origin` in a browser, and return the results of its fetches from `api`."""
    page.cases = [
        {"name": name, "url": api + path, "init": init}
        for name, (path, init, _) in expected.items()
    ]
    page.done.clear()
    with open_in(engine, origin):
        assert page.done.wait(60), "the page has not sent its results"
    return page.results


def results_of(expected: Expected) -> dict[str, Any]:
    """Return the expected results by name."""
    return {name: result for name, (_, _, result) in expected.items()}
