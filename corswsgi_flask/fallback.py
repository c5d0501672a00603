"""The fallback for requests that did not come through the middleware.

The middleware wraps ``app.wsgi_app``. A server, or another middleware, may hold the ``wsgi_app``
from before, and an application may have ``@cors`` without ``CORS(app)``. The fallback handles these
requests inside the application.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request, request_finished, request_started

from corswsgi import CORSRequest

from .application import ApplicationCORS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_ANSWERED = "corswsgi_flask.answered"
"""The environ's key for a preflight that the fallback has answered."""

# The body of a response that the middleware passed on.
_PASSED_ON: list[bytes] = []


def install(app: Flask, cors: ApplicationCORS) -> None:
    """Run the fallback before the application's own functions, once."""
    functions = app.before_request_funcs.get(None, [])
    if any(isinstance(function, _BeforeRequest) for function in functions):
        return
    # A new list, because other threads may be iterating over the old one.
    app.before_request_funcs[None] = [_BeforeRequest(app, cors), *functions]


def watch_applications() -> None:
    """Find out at its first request whether an application has decorated views."""
    # Connecting a receiver again changes nothing.
    request_started.connect(_on_start)


def _on_start(app: Flask, **_more: Any) -> None:
    cors = ApplicationCORS.of(app)
    if cors.is_installed or not cors.has_layers:
        return
    cors.table()
    # For this request, and for those that have begun in the meantime.
    request_finished.connect(_on_finish, app)
    cors.install()
    install(app, cors)


class _BeforeRequest:
    """Answers a preflight that did not come through the middleware."""

    def __init__(self, app: Flask, cors: ApplicationCORS) -> None:
        self._app = app
        self._cors = cors

    def __call__(self) -> Response | None:
        environ = request.environ
        if self._cors.has_come_through(environ):
            return None
        request_finished.connect(_on_finish, self._app)
        if not CORSRequest.from_environ(environ).is_preflight:
            return None
        response = self._app.response_class()
        environ[_ANSWERED] = _answer(self._cors, environ, response)
        return response if environ[_ANSWERED] else None


def _on_finish(app: Flask, response: Response, **_more: Any) -> None:
    """Apply the policy to a response that will not pass through the middleware."""
    cors = ApplicationCORS.of(app)
    environ = request.environ
    if not cors.has_come_through(environ) and not environ.get(_ANSWERED):
        _answer(cors, environ, response)


def _answer(cors: ApplicationCORS, environ: WSGIEnvironment, response: Response) -> bool:
    """Change a response as the middleware would; return whether it answers a preflight.

    ``Response.from_app`` would copy the environ, in which the Decision is to be stored.
    """

    def passed_on(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(response.status, response.headers.to_wsgi_list())
        return _PASSED_ON

    def start(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        response.status = status
        response.headers.clear()
        response.headers.extend(headers)

    body = cors.middleware(passed_on)(environ, start)
    if body is _PASSED_ON:
        return False
    response.response = body
    return True
