"""An application whose policy changes a thousand times a second while it handles requests."""

from __future__ import annotations

import functools
import threading
import time
from typing import TYPE_CHECKING

from corswsgi import CORSMiddleware, Policy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ONE, TWO = "https://one.test", "https://two.test"

POLICIES = [
    Policy(origins=[ONE], expose_headers=["X-One"], methods=["PUT"]),
    Policy(origins=[TWO], supports_credentials=True, max_age=None),
    Policy(origins="*", expose_headers="X-Any"),
    None,
]


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with an empty body."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return []


def keep_changing(middleware: CORSMiddleware) -> None:
    """Apply one policy after the other, forever."""
    while True:
        for policy in POLICIES:
            middleware.reconfigure(policy)
            time.sleep(0.001)


@functools.cache
def middleware() -> CORSMiddleware:
    """Return a middleware whose policy is changed by a thread."""
    made = CORSMiddleware(application, POLICIES[0])
    threading.Thread(target=keep_changing, args=(made,), daemon=True).start()
    return made


def soaked(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Handle a request; the first one starts the thread."""
    return middleware()(environ, start_response)
