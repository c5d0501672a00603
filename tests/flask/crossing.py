"""What a browser would do with a fetch of another origin's page, to a Flask application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask

from tests.conformance.cases import APP, PREFLIGHT_VARY, Pairs
from tests.helpers.wsgi import Response, get

SAFELISTED = ("GET", "HEAD", "POST")


@dataclass(frozen=True)
class Crossing:
    """What came of a fetch."""

    status: int | None
    """Of the response; None: the preflight failed, and the browser did not send the request."""
    cors: Mapping[str, str]
    """The exact CORS headers and Vary of the last response."""
    is_readable: bool
    """Whether script may read the response."""


def preflight(
    app: Flask, path: str, method: str = "PUT", origin: str = APP, headers: Pairs = ()
) -> Response:
    return get(
        app,
        path,
        "OPTIONS",
        [("Origin", origin), ("Access-Control-Request-Method", method), *headers],
    )


def cross(
    app: Flask, path: str, method: str = "GET", origin: str = APP, headers: Pairs = ()
) -> Crossing:
    """Fetch without credentials: after a preflight, where the method wants one."""
    if method not in SAFELISTED:
        asked = preflight(app, path, method, origin, headers)
        allowed = asked.cors.get("Access-Control-Allow-Methods", "").split(", ")
        if not (asked.status == 204 and is_shared(asked.cors, origin) and method in allowed):
            assert (asked.status, asked.cors) == (403, {"Vary": PREFLIGHT_VARY})
            return Crossing(None, asked.cors, is_readable=False)
        assert asked.body == b""
    response = get(app, path, method, [("Origin", origin), *headers])
    return Crossing(response.status, response.cors, is_shared(response.cors, origin))


def is_shared(cors: Mapping[str, str], origin: str) -> bool:
    """Do the CORS check (Fetch, 4.10)."""
    return cors.get("Access-Control-Allow-Origin") in ("*", origin)
