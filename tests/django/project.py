"""A Django project that a test makes up, and what browsers send to it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from tests.conformance.cases import APP, PREFLIGHT_VARY, Pairs
from tests.helpers.asgi import aget
from tests.helpers.wsgi import Response, get

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, QUERY, OPTIONS"
HEADERS = "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with"

REFUSED = {"Vary": "Origin"}
REFUSED_PREFLIGHT = {"Vary": PREFLIGHT_VARY}
ANYBODY = {"Access-Control-Allow-Origin": "*"}


def named(value: object) -> str:
    """Name a parameter: without addresses, which are others in each process."""
    return re.sub(r" at 0x\w+", "", repr(value))


def allowed(origin: str = APP, **others: str) -> dict[str, str]:
    """The CORS headers and Vary of an actual request that is allowed."""
    headers = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
    return headers | {
        f"Access-Control-{name.replace('_', '-')}": text for name, text in others.items()
    }


def admitted(
    origin: str = APP,
    methods: str = METHODS,
    headers: str = HEADERS,
    max_age: str = "86400",
    **others: str,
) -> dict[str, str]:
    """The CORS headers and Vary of a preflight that is allowed, by Django's defaults."""
    lists = {"Allow_Methods": methods, "Allow_Headers": headers, "Max_Age": max_age}
    return {**allowed(origin, **lists, **others), "Vary": PREFLIGHT_VARY}


@dataclass
class Project:
    """URL patterns and settings, behind a WSGI or an ASGI handler."""

    urls: Any
    settings: dict[str, Any] = field(default_factory=dict)
    is_async: bool = False

    def send(self, path: str = "/", method: str = "GET", headers: Pairs = ()) -> Response:
        """Send a request."""
        with override_settings(ROOT_URLCONF=tuple(self.urls), **self.settings):
            if self.is_async:
                return asyncio.run(aget(ASGIHandler(), path, method, headers))
            return get(WSGIHandler(), path, method, headers)

    def fetch(
        self, path: str = "/", method: str = "GET", origin: str = APP, *headers: tuple[str, str]
    ) -> Response:
        """Send an actual request of an origin's page."""
        return self.send(path, method, [("Origin", origin), *headers])

    def preflight(
        self, path: str = "/", method: str = "PUT", origin: str = APP, *headers: tuple[str, str]
    ) -> Response:
        """Ask for a method."""
        asking = [("Origin", origin), ("Access-Control-Request-Method", method)]
        return self.send(path, "OPTIONS", [*asking, *headers])
