"""An API with corswsgi in front of it, behind a real server, asked by two pages.

python examples/hello.py            # ask, print what happened, and stop
python examples/hello.py --serve    # go on serving, to try it with curl or a browser
"""

from __future__ import annotations

import argparse
import http.client
import textwrap
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from corswsgi import CORSMiddleware, Policy

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def api(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """An application that knows nothing about CORS."""
    start_response("200 OK", [("Content-Type", "application/json")])
    return [b'["an item"]\n']


policy = Policy(
    origins=["https://app.example.com", "http://localhost:*"],
    methods=["GET", "PUT"],
    supports_credentials=True,
)
application = CORSMiddleware(api, policy)


# All that follows only shows it.


class Quiet(WSGIRequestHandler):
    """The standard library's handler without its log."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


def show(port: int, method: str, origin: str, asks_for: str | None = None) -> None:
    """Send a request as a browser on a page of `origin` would, and print what matters of it."""
    headers = {"Origin": origin}
    if asks_for is not None:
        headers["Access-Control-Request-Method"] = asks_for
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, "/items", headers=headers)
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()

    asked = f"{method} /items" if asks_for is None else f"{method} /items, may I {asks_for}?"
    print(f"{asked}  (a page of {origin})")
    for name, value in [("status", str(response.status)), *response.getheaders()]:
        if name in ("status", "Vary") or name.startswith("Access-Control-"):
            print(f"    {name}: {value}")
    if asks_for is None:
        allowed = response.getheader("Access-Control-Allow-Origin") == origin
        print(f"    The application answered {body.strip()}", end="; ")
        print("script may read it." if allowed else "the browser keeps it from script.")
    else:
        print(f"    The browser {'goes on' if response.status < 300 else 'does not send it'}.")
    print()


def main() -> None:
    """Serve the application; ask it from an allowed and from a refused origin."""
    parser = argparse.ArgumentParser(description="An API behind corswsgi, asked by two pages.")
    parser.add_argument("--serve", action="store_true", help="go on serving")
    parser.add_argument("--port", type=int, default=0, help="default: any that is free")
    options = parser.parse_args()
    with make_server("127.0.0.1", options.port, application, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        print(f"http://127.0.0.1:{server.server_port}/ has this policy:")
        print(textwrap.fill(repr(policy), 79, initial_indent="    ", subsequent_indent="    "))
        print()
        for origin in ("https://app.example.com", "https://evil.example"):
            show(server.server_port, "GET", origin)
            show(server.server_port, "OPTIONS", origin, asks_for="PUT")
        if options.serve:
            print("Go on asking it, with curl or a page; stop it with Ctrl-C.")
            try:
                thread.join()
            except KeyboardInterrupt:
                print()
        else:
            print("With --serve, it goes on serving.")
        server.shutdown()


if __name__ == "__main__":
    main()
