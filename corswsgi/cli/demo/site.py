"""The servers of the demo, on free ports of the loopback interface."""

from __future__ import annotations

import json
import mimetypes
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from werkzeug import Request, Response
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from .apis import Addresses, make_api, policy_text
from .comparison import Row, as_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from django.conf import LazySettings

FILES = {"/": "page.html", "/page.css": "page.css", "/page.js": "page.js"}


class Origins(NamedTuple):
    """The origins of the API and of the two pages."""

    api: str
    allowed: str
    refused: str


class QuietHandler(WSGIRequestHandler):
    """A request handler without a log."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        """Log nothing."""


class Pages:
    """Serves the page and receives its results."""

    def __init__(self, origins: Origins) -> None:
        self.origins = origins
        self.rows: Sequence[Row] = ()
        self.results: queue.Queue[list[Any]] = queue.Queue()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Answer a request as a WSGI application."""
        return self.answer(Request(environ))(environ, start_response)

    def answer(self, request: Request) -> Response:
        """Answer the browser's request for the page, or a request of the page's script."""
        if request.host_url.rstrip("/") not in self.origins:
            # 127.0.0.1 would be another origin than localhost. A foreign host name would be an
            # attack by DNS rebinding.
            return Response(status=302, headers={"Location": f"{self.origins.allowed}/"})
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": (
                f"default-src 'self'; connect-src 'self' {self.origins.api}; "
                f"frame-src {self.origins.allowed} {self.origins.refused}; img-src data:"
            ),
        }
        if request.path == "/rows":
            api, allowed, refused = self.origins
            data = {
                "api": api,
                "allowed": allowed,
                "refused": refused,
                "policy": policy_text(allowed),
                "rows": as_json(self.rows),
            }
            return Response(json.dumps(data), headers=headers, mimetype="application/json")
        if request.path == "/results":
            results = request.get_json(silent=True)
            if not (isinstance(results, list) and len(results) == len(self.rows)):
                return Response(status=400)
            self.results.put(results)
            return Response(status=204)
        if request.path == "/elsewhere":
            return Response(headers={"Access-Control-Allow-Origin": self.origins.allowed})
        if request.path not in FILES:
            return Response(status=404)
        name = FILES[request.path]
        kind = mimetypes.guess_type(name)[0]
        return Response((files(__package__) / name).read_bytes(), headers=headers, mimetype=kind)


class Deferred:
    """An application that is set later, because it needs the ports of all servers."""

    application: WSGIApplication

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Call the application."""
        return self.application(environ, start_response)


@contextmanager
def serving(settings: LazySettings) -> Iterator[Pages]:
    """Serve the API, a page that its policy allows and a page that it refuses."""
    api, pages = Deferred(), Deferred()
    servers = [_server(api), _server(pages), _server(pages)]
    origins = Origins(*(f"http://localhost:{server.port}" for server in servers))
    pages.application = site = Pages(origins)
    api.application = make_api(Addresses(origins.allowed, f"{origins.refused}/elsewhere"), settings)
    threads = [threading.Thread(target=server.serve_forever, args=(0.05,)) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield site
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


def _server(application: WSGIApplication) -> BaseWSGIServer:
    return make_server("127.0.0.1", 0, application, threaded=True, request_handler=QuietHandler)
