"""Real servers as processes, and raw requests to them."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

# The arguments of `python -m`.
WSGI_SERVERS = {
    "gunicorn": "gunicorn --no-control-socket --threads 4 --bind 127.0.0.1:{port} {app}",
    "waitress": "waitress --listen 127.0.0.1:{port} --threads 4 {app}",
}
SERVERS = {
    **WSGI_SERVERS,
    # The reloader would be a second process, which would not be terminated.
    "uvicorn": "uvicorn --host 127.0.0.1 --port {port} {app}",
    "runserver": "django runserver --noreload 127.0.0.1:{port}",
    "flask": "flask --app {app} run --debug --no-reload --port {port}",
}


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"The server did not start: {process.args!r}, exit code {process.poll()}")


@contextlib.contextmanager
def serving(server: str, application: str, **environment: str) -> Iterator[int]:
    """Run a server with an application (``module:name``), and yield its port."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", *SERVERS[server].format(port=port, app=application).split()],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(10)


class Received(NamedTuple):
    """The response of a server."""

    status: int
    cors: tuple[tuple[str, str], ...]
    """The CORS headers and Vary, sorted."""
    body: bytes


def raw(connection: socket.socket, request: str) -> Received:
    """Send a request without changes, and receive the whole response."""
    connection.sendall(request.encode("latin-1"))
    with http.client.HTTPResponse(connection) as response:
        response.begin()
        cors = sorted(
            (name, value)
            for name, value in response.getheaders()
            if name == "Vary" or name.startswith("Access-Control-")
        )
        return Received(response.status, tuple(cors), response.read())
