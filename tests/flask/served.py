"""The Flask application that the tests put behind real servers and in front of real browsers."""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Flask, Response

from corswsgi_flask import CORS, cors

app = Flask(__name__)
CORS(app, origins=["http://localhost:*"], expose_headers=["X-A"])


@app.after_request
def name(response: Response) -> Response:
    """Send a header that script may read, and one that it may not."""
    response.headers["X-A"] = response.headers["X-B"] = "1"
    return response


@app.route("/items/", methods=["GET", "PUT"])
def items() -> str:
    """Answer at an address that others redirect to."""
    return "items"


@app.get("/streamed")
def streamed() -> Response:
    """Answer in pieces."""

    def chunks() -> Iterator[str]:
        for chunk in ("one ", "two ", "three"):
            yield chunk
            time.sleep(0.01)

    return Response(chunks(), mimetype="text/plain")


@app.get("/fails")
def fails() -> str:
    """Fail."""
    raise LookupError("the cause")


@app.get("/private")
@cors(origins=["https://elsewhere.example"])
def private() -> str:
    """Answer to other pages."""
    return "private"


@app.get("/off")
@cors(None)
def off() -> str:
    """Answer to no page."""
    return "off"
