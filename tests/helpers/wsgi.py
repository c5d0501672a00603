"""A WSGI application for tests, and a client that checks the WSGI protocol on both sides."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Pairs = Sequence[tuple[str, str]]


def status_line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


class Application:
    """An application that answers with a status and headers, and counts its runs."""

    def __init__(self, status: int = 200, sends: Pairs = ()) -> None:
        self.status = status
        self.sends = sends
        self.runs = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        self.runs += 1
        headers = [*self.sends]
        if self.status not in (204, 304):
            headers.append(("Content-Type", "text/plain"))
        sent = headers.copy()
        start_response(status_line(self.status), headers)
        assert headers == sent, "the application's list was changed"
        return [b"ran"]


@dataclass
class Response:
    """The response that a server would send."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def cors(self) -> dict[str, str]:
        """The CORS headers and Vary. A repeated header is an error."""
        found = [
            (name, value)
            for name, value in self.headers
            if name.lower() == "vary" or name.lower().startswith("access-control-")
        ]
        assert len(dict(found)) == len(found), f"a header is repeated: {found}"
        return dict(found)


def environ_of(path: str = "/", method: str = "GET", headers: Pairs = ()) -> WSGIEnvironment:
    """Return the environ that servers create for a request, with repeated headers joined."""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    setup_testing_defaults(environ)
    return environ


def send(app: Callable[..., Iterable[bytes]], environ: WSGIEnvironment) -> Response:
    """Call an application as a server does, without the validator."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started.append((status, headers))
        return written.append

    body = app(environ, start_response)
    try:
        chunks = list(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    status, headers = started[-1]
    return Response(int(status[:3]), headers, b"".join([*written, *chunks]))


def get(
    app: WSGIApplication, path: str = "/", method: str = "GET", headers: Pairs = ()
) -> Response:
    """Send a request, with the standard library's validator between server and application."""
    return send(validator(app), environ_of(path, method, headers))
