"""Fetches by a page of another origin from a Flask application, and other helpers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Flask

from corswsgi import PolicyError
from tests.conformance.cases import APP, PREFLIGHT_VARY, Pairs
from tests.helpers.wsgi import Response, get

SAFELISTED = ("GET", "HEAD", "POST")


@dataclass(frozen=True)
class Crossing:
    """The result of a fetch."""

    status: int | None
    """The response's status; None if the preflight failed, so the request was not sent."""
    cors: Mapping[str, str]
    """The exact CORS headers and Vary of the last response."""
    is_readable: bool
    """Whether the script can read the response."""


NO_POLICY = Crossing(200, {}, is_readable=False)
"""The result if no policy applies."""


def plain() -> Callable[[], str]:
    """Return a new view each time, because a view can only be decorated once."""

    def view() -> str:
        return "view"

    return view


def problems_of(error: PolicyError) -> list[tuple[str, str]]:
    """Return the options and the reasons of an error's problems."""
    return [(problem.option, problem.reason) for problem in error.problems]


def preflight(
    app: Flask, path: str, method: str = "PUT", origin: str = APP, headers: Pairs = ()
) -> Response:
    """Send a preflight."""
    return get(
        app,
        path,
        "OPTIONS",
        [("Origin", origin), ("Access-Control-Request-Method", method), *headers],
    )


def cross(
    app: Flask, path: str, method: str = "GET", origin: str = APP, headers: Pairs = ()
) -> Crossing:
    """Fetch without credentials, after a preflight if the method needs one."""
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
    """Do the CORS check (https://fetch.spec.whatwg.org/#cors-check)."""
    return cors.get("Access-Control-Allow-Origin") in ("*", origin)
