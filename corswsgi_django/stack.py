"""What is in MIDDLEWARE."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string


def is_a(path: str, other: str) -> bool:
    """Tell whether a middleware is another one, or derived from it."""
    if path == other:
        return True
    try:
        middleware = import_string(path)
    except Exception:
        return False  # Django says so when it starts
    mro = middleware.__mro__ if isinstance(middleware, type) else ()
    return other in [f"{each.__module__}.{each.__qualname__}" for each in mro]


def has(middleware: str) -> bool:
    """Tell whether a middleware, or one derived from it, is there."""
    return any(is_a(path, middleware) for path in settings.MIDDLEWARE)
