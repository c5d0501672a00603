"""The fallback for requests that bypass the middleware.

The middleware wraps ``app.wsgi_app``. A server, or another middleware, may hold the original
``wsgi_app``, and the first requests of an application with ``@cors`` but without ``CORS(app)`` come
before it is installed. The fallback handles these requests inside the application.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request, request_finished, request_started
from werkzeug.exceptions import HTTPException

from corswsgi import CORSRequest

from .application import ApplicationCORS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from flask.ctx import RequestContext

# The body of a response that the middleware passed on.
_PASSED_ON: list[bytes] = []


def install(app: Flask, cors: ApplicationCORS) -> None:
    """Put the middleware in front of an application, and watch for requests that bypass it."""
    if not cors.install():
        return
    request_context, key = app.request_context, cors.path_key

    # Flask calls it first for every request. Receivers of signals and functions before requests
    # would take ten times as long.
    def watch(environ: WSGIEnvironment) -> RequestContext:
        if key not in environ:
            cors.is_bypassed = True
            request_started.connect(_on_start, app)
        return request_context(environ)

    app.request_context = watch  # type: ignore[method-assign] # as with app.wsgi_app


def watch_applications() -> None:
    """Check at the first request of each application whether it has decorated views."""
    # Connecting a receiver again changes nothing.
    request_started.connect(_on_start)


def _on_start(app: Flask, **_more: Any) -> None:
    """Prepare for a request that bypasses the middleware, before functions of the application."""
    cors = ApplicationCORS.of(app)
    if not cors.is_bypassed:
        if cors.is_installed or not cors.has_layers:
            return
        # First, for the requests that other threads have begun in the meantime.
        cors.is_bypassed = True
        install(app, cors)
    environ = request.environ
    if cors.has_come_through(environ):
        return
    cors.state()  # raises problems in debug mode and in tests
    request_finished.connect(_on_finish, app)
    if CORSRequest.from_environ(environ).is_preflight and cors.policy_for(environ) is not None:
        # Nothing else runs before this response reaches _on_finish(), which makes it the answer.
        raise HTTPException(response=app.response_class())


def _on_finish(app: Flask, response: Response, **_more: Any) -> None:
    """Change a response that will not pass through the middleware as the middleware would.

    ``Response.from_app`` would copy the environ, in which the Decision is to be stored.
    """
    cors = ApplicationCORS.of(app)
    if cors.has_come_through(request.environ):
        return

    def passed_on(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(response.status, response.headers.to_wsgi_list())
        return _PASSED_ON

    def start(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        response.status, response.headers[:] = status, headers

    body = cors.middleware(passed_on)(request.environ, start)
    if body is not _PASSED_ON:
        response.response = body
