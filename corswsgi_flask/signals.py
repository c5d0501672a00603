"""@cors without CORS(app): nothing stands in front of the application, but Flask sends signals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, abort, request, request_finished, request_started

from .policies import AppPolicies
from .routes import requested_method

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


# The body of a response that has one already.
_NOTHING_NEW: list[bytes] = []


def connect() -> None:
    """Have the marks of views respected in applications without CORS(app)."""
    # Connecting a receiver again changes nothing.
    request_started.connect(_on_start)


def _on_start(app: Flask, **_more: Any) -> None:
    """Keep a preflight from the application: its hooks, its redirects, its views."""
    policies = AppPolicies.of(app)
    if policies.is_installed:
        return
    # For this application only: those with a middleware shall not pay for it.
    request_finished.connect(_on_finish, app)
    policies.compile()
    environ = request.environ
    if requested_method(environ) is not None and policies.policy_for(environ) is not None:
        # An exception that carries a response is what a signal's receiver can answer with. Which
        # response, `_on_finish` says, after all hooks that might have something to add to it.
        abort(Response())


def _on_finish(app: Flask, response: Response, **_more: Any) -> None:
    """Make of a response what the middleware would have made of it."""

    def answered(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(response.status, response.headers.to_wsgi_list())
        return _NOTHING_NEW

    def start(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        response.status = status
        response.headers.clear()
        response.headers.extend(headers)

    # Not Response.from_app, which would copy the environ that the Decision is to be in.
    body = AppPolicies.of(app).middleware(answered)(request.environ, start)
    if body is not _NOTHING_NEW:
        response.response = body
