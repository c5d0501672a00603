"""ASGI applications, which are not for WSGI: what to use for them instead."""

from __future__ import annotations

from .errors import Problem, safe_repr, wrong_type
from .rules import is_async

_ASGI_HINT = (
    "use the CORS middleware of its framework. Or convert it, as in "
    "CORSMiddleware(a2wsgi.ASGIMiddleware(app), policy), or write an ASGI middleware with "
    "corswsgi.decide()."
)
_STARLETTE_HINT = (
    "use the middleware for ASGI, as in app.add_middleware(starlette.middleware.cors."
    "CORSMiddleware, allow_origins=[...])."
)
_ASGI_HINTS = {
    "fastapi": _STARLETTE_HINT,
    "starlette": _STARLETTE_HINT,
    "django": "add corswsgi_django to INSTALLED_APPS, and its middleware to MIDDLEWARE.",
}
"""The fixes for ASGI applications, by the package of their framework."""


def check_application(app: object, usage: str) -> list[Problem]:
    """Return the problem with an application that is not for WSGI.

    `usage` is the hint for one that cannot be called.
    """
    if not callable(app):
        return [wrong_type("app", app, "a WSGI application", usage)]
    # A coroutine function, or an object whose __call__ is one, returns no iterable in WSGI.
    if not is_async(app):
        return []
    modules = [each.__module__.partition(".")[0] for each in type(app).__mro__]
    framework = next((module for module in modules if module in _ASGI_HINTS), None)
    name = f" of {framework}" if framework else ""
    message = (
        f"{safe_repr(app)} is an ASGI application{name}, and CORSMiddleware is for WSGI "
        "applications."
    )
    hint = _ASGI_HINT if framework is None else _ASGI_HINTS[framework]
    return [Problem("app", app, "wrong_type", message, hint)]
