"""The entries of MIDDLEWARE."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from corswsgi.adapters import class_names, strings

MIDDLEWARE = "corswsgi_django.middleware.CORSMiddleware"
PEER = "corsheaders.middleware.CorsMiddleware"


def entries() -> list[str]:
    """Return the paths in MIDDLEWARE."""
    return strings(settings.MIDDLEWARE)


def imported(path: str) -> Any:
    """Return the middleware at `path`; None if it cannot be imported."""
    try:
        return import_string(path)
    except Exception:
        return None  # Django reports the error when it starts


def is_a(path: str, other: str) -> bool:
    """Return whether the class at `path` is `other` or a subclass of it."""
    return path == other or other in class_names(imported(path))


def has(middleware: str) -> bool:
    """Return whether a middleware, or one that is derived from it, is in MIDDLEWARE."""
    return any(is_a(path, middleware) for path in entries())
