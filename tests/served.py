"""The application that the tests put behind real servers and in front of real browsers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from corswsgi import CORSMiddleware, Policy

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

APP = "https://app.example.com"


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    """Stream three chunks; of /missing, answer 404."""
    if environ["PATH_INFO"] == "/missing":
        start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "7")])
        yield b"missing"
        return
    start_response(
        "200 OK",
        [("Content-Type", "text/plain"), ("Vary", "Accept"), ("X-Request-Id", "7")],
    )
    for chunk in (b"one ", b"two ", b"three"):
        yield chunk
        time.sleep(0.01)


served = CORSMiddleware(
    application,
    Policy(
        origins=[APP],
        methods=["PUT"],
        allow_headers=["X-A", "X-B"],
        expose_headers=["X-Request-Id"],
    ),
)
