"""The fallback for requests that bypass the middleware.

The middleware wraps ``app.wsgi_app``. A server, or another middleware, may hold the original
``wsgi_app``, and the first requests of an application with ``@cors`` but without ``CORS(app)`` come
before it is installed. The fallback handles these requests inside the application.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from flask import (
    Flask,
    Response,
    current_app,
    got_request_exception,
    has_request_context,
    request,
    request_finished,
    request_started,
    request_tearing_down,
)
from werkzeug.exceptions import HTTPException

from corswsgi import CORSRequest, PolicyError
from corswsgi.adapters import noted, pass_through

from .application import ApplicationCORS

_ERROR = "corswsgi_flask.error"

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask.ctx import RequestContext


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
    cors, environ = ApplicationCORS.of(app), request.environ
    if not cors.is_bypassed and (cors.is_installed or not cors.has_layers):
        return
    if cors.has_come_through(environ):
        return
    _prepare(app, cors)
    if CORSRequest.from_environ(environ).is_preflight and cors.policy_for(environ) is not None:
        # Nothing else runs before this response reaches _on_finish(), which makes it the answer.
        raise HTTPException(response=app.response_class())


def _prepare(app: Flask, cors: ApplicationCORS) -> None:
    """Prepare for changing the response to a request that bypasses the middleware."""
    # First, for the requests that other threads have begun in the meantime.
    cors.is_bypassed = True
    install(app, cors)
    request_finished.connect(_on_finish, app)
    try:
        cors.state()
    except PolicyError as error:  # in debug mode and in tests
        # An error handler may catch it.
        request.environ[_ERROR] = error
        request_tearing_down.connect(_on_teardown, app)
        raise


def _on_teardown(_app: Flask, **_more: Any) -> None:
    """Raise the problems again, where no error handler can catch them."""
    error = request.environ.get(_ERROR)
    if error is not None:
        raise error


def handling(handler: Callable[..., Any]) -> AbstractContextManager[None]:
    """Return a context for a decorated error handler, whose policy its response will have."""
    if not has_request_context():
        return nullcontext()
    app = current_app._get_current_object()  # type: ignore[attr-defined] # a LocalProxy
    cors = ApplicationCORS.of(app)
    if not cors.has_come_through(request.environ):
        _prepare(app, cors)
    got_request_exception.connect(_forget_handler, app)
    return noted(request.environ, cors.handler_key, handler)


def _forget_handler(app: Flask, **_more: Any) -> None:
    """Forget the error handler before a 500, because a function after the request has failed."""
    request.environ[ApplicationCORS.of(app).handler_key] = None


def _on_finish(app: Flask, response: Response, **_more: Any) -> None:
    """Change a response that will not pass through the middleware as the middleware would.

    ``Response.from_app`` would copy the environ, in which the Decision is to be stored.
    """
    cors = ApplicationCORS.of(app)
    if cors.has_come_through(request.environ):
        return

    response.status, response.headers[:], body = pass_through(
        cors.middleware, request.environ, response.status, response.headers.to_wsgi_list()
    )
    if body is not None:
        response.response = body
