"""An ASGI client in process."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

from tests.conformance.cases import Pairs
from tests.helpers.wsgi import Response


async def aget(app: Any, path: str = "/", method: str = "GET", headers: Pairs = ()) -> Response:
    """Send a request to an ASGI application as servers do."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path, "utf-8", "replace"),
        "raw_path": path.encode("ascii"),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (name.lower().encode("ascii"), value.encode("latin-1"))
            for name, value in [("Host", "localhost"), *headers]
        ],
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 1),
    }
    received = [{"type": "http.request", "body": b"", "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if received:
            return received.pop()
        await asyncio.Event().wait()  # the server cancels this once the response is complete
        raise NotImplementedError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *bodies = sent
    return Response(
        start["status"],
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]],
        b"".join(message.get("body", b"") for message in bodies),
    )
