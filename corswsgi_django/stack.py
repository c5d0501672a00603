"""The entries of MIDDLEWARE."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string


def is_a(path: str, other: str) -> bool:
    """Return whether the class at `path` is `other` or a subclass of it."""
    if path == other:
        return True
    try:
        middleware = import_string(path)
    except Exception:
        return False  # Django reports the error when it starts
    mro = middleware.__mro__ if isinstance(middleware, type) else ()
    return other in [f"{each.__module__}.{each.__qualname__}" for each in mro]


def has(middleware: str) -> bool:
    """Return whether a middleware, or one that is derived from it, is in MIDDLEWARE."""
    return any(is_a(path, middleware) for path in settings.MIDDLEWARE)
