"""A server with scripted answers, and short notations for the requests that it expects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from corswsgi.browser import Browser, Headers, Outcome

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PAGE, API, OTHER = "https://page.test", "https://api.test", "https://other.test"
URL = f"{API}/x"
ACCEPT = "Accept: */*"

Sent = tuple[str, ...]
"""The kind of a request, its method and URL, and its header lines."""


class Answer(NamedTuple):
    """The answer to a request."""

    status: int
    headers: Headers
    body: bytes


Script = Mapping[str, Answer]
"""Answers by method and path, such as ``PUT /x``."""


class Server:
    """A server that records requests. A request that is not in the script raises KeyError."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        headers = {
            name: value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name == "CONTENT_TYPE"
        }
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH", 0)))
        self.got.append((asked, headers, body))
        status, lines, content = self.script[asked]
        start_response(f"{status} Status", [*lines])
        return [content]


def answer(status: int = 200, /, *lines: tuple[str, str], **cors: str) -> Answer:
    """Return an answer with CORS headers, such as ``Allow_Origin="*"``, before other lines."""
    named = ((f"Access-Control-{name.replace('_', '-')}", text) for name, text in cors.items())
    return Answer(status, (*named, *lines), b"" if status == 204 else b"body")


def moved(location: str, status: int = 302, /, **cors: str) -> Answer:
    """Return a redirect."""
    return answer(status, ("Location", location), **cors)


def sent(outcome: Outcome) -> list[Sent]:
    """Return every request that was sent, with all its lines."""
    requests = [exchange.request for exchange in outcome.exchanges]
    return [(request.kind, *str(request).splitlines()) for request in requests]


def actual(method: str = "GET", *lines: str, url: str = URL, origin: str = PAGE) -> Sent:
    """Return an actual request with an Origin header."""
    return ("actual", f"{method} {url}", ACCEPT, *lines, f"Origin: {origin}")


def redirected(method: str, url: str, *lines: str, origin: str = PAGE) -> Sent:
    """Return a redirected request with an Origin header."""
    return ("redirected", *actual(method, *lines, url=url, origin=origin)[1:])


def preflight(method: str, names: str = "", *, url: str = URL, origin: str = PAGE) -> Sent:
    """Return a preflight."""
    asked = (f"Access-Control-Request-Headers: {names}",) if names else ()
    return (
        "preflight",
        f"OPTIONS {url}",
        ACCEPT,
        f"Access-Control-Request-Method: {method}",
        *asked,
        f"Origin: {origin}",
    )


OK = answer(Allow_Origin=PAGE, Allow_Credentials="true")


def browser(**script: Any) -> Browser:
    """Return a browser for a server that answers at ``/x``, with answers by method."""
    return Browser(Server({f"{method} /x": found for method, found in script.items()}), PAGE)
