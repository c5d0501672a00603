"""@cors without CORS(app): what notices that an application has marked views."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request, request_finished, request_started

from .policies import AppPolicies

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# The body of a response that has one already.
_NOTHING_NEW: list[bytes] = []


def connect() -> None:
    """Have the marks of views respected in applications without CORS(app)."""
    # Connecting a receiver again changes nothing.
    request_started.connect(_on_start)


def _on_start(app: Flask, **_more: Any) -> None:
    """Put a middleware in front of an application with marked views, at its first request."""
    policies = AppPolicies.of(app)
    if policies.is_installed or not policies.has_marks:
        return
    policies.compile()
    # That request, and those that have begun meanwhile, have come past it.
    request_finished.connect(_on_finish, app)
    policies.install()


def _on_finish(app: Flask, response: Response, **_more: Any) -> None:
    """Make of a response what the middleware would have made of it."""
    policies = AppPolicies.of(app)
    environ = request.environ
    if policies.has_come_through(environ):
        return

    def answered(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(response.status, response.headers.to_wsgi_list())
        return _NOTHING_NEW

    def start(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        response.status = status
        response.headers.clear()
        response.headers.extend(headers)

    # Not Response.from_app, which would copy the environ that the Decision is to be in. A preflight
    # is answered after the application here, and by the middleware all the same.
    body = policies.middleware(answered)(environ, start)
    if body is not _NOTHING_NEW:
        response.response = body
