"""Exceptions under Werkzeug's debugger, and debug mode."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response
from werkzeug.debug import DebuggedApplication
from werkzeug.middleware.proxy_fix import ProxyFix

from corswsgi_flask import CORS, cors
from tests.conformance.cases import (
    APP,
    DEFAULT_METHODS,
    EVIL,
    PREFLIGHT_VARY,
    Pairs,
    admits,
    grants,
)
from tests.flask.crossing import preflight
from tests.helpers.wsgi import environ_of, get, send


def application(**options: Any) -> Flask:
    app = Flask("debugged")
    app.debug = True
    CORS(app, **{"origins": [APP], "expose_headers": ["X-A"], **options})

    @app.get("/fails")
    def fails() -> str:
        raise LookupError("the cause")

    @app.post("/fails")
    @cors(None)
    def fails_without_a_policy() -> str:
        raise LookupError("the cause")

    @app.get("/late")
    def late() -> Response:
        def chunks() -> Iterator[str]:
            yield "started"
            raise LookupError("the cause")

        return Response(chunks())

    @app.get("/unprintable")
    def unprintable() -> str:
        raise LookupError("the cause, with \udcff")

    app.get("/fine", endpoint="fine")(lambda: "fine")
    return app


def debugged(app: Flask, path: str, headers: Pairs, method: str = "GET") -> tuple[int, bytes, Any]:
    """Send a request through the debugger, as `flask run --debug` does."""
    response = send(DebuggedApplication(app, evalex=True), environ_of(path, method, headers))
    return response.status, response.body, response.cors


def test_a_fetch_gets_a_traceback_that_it_can_read(caplog: pytest.LogCaptureFixture) -> None:
    app = application()
    environ = environ_of("/fails", "GET", [("Origin", APP)])
    response = send(DebuggedApplication(app, evalex=True), environ)
    assert response.status == 500
    assert environ["corswsgi.decision"].reason == "origin_allowed"
    assert response.cors == grants(Expose_Headers="X-A")
    assert response.body.startswith(b"Traceback (most recent call last):\n")
    assert response.body.endswith(b"LookupError: the cause\n")
    headers = dict(response.headers)
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["Content-Length"] == str(len(response.body))
    # The log has it, too, because the debugger does not run.
    [record] = caplog.records
    assert record.message.startswith(
        "Exception on 'GET' '/fails': LookupError('the cause')\n  File "
    )


def test_a_traceback_that_cannot_be_encoded() -> None:
    app = application()
    app.logger.propagate = False  # pytest's own handler cannot write it
    _, body, _ = debugged(app, "/unprintable", [("Origin", APP)])
    assert body.endswith(b"LookupError: the cause, with \\udcff\n")


OWN = "http://127.0.0.1"
NAVIGATES = ("Sec-Fetch-Mode", "navigate")


@pytest.mark.parametrize(
    ("options", "headers", "method"),
    [
        ({}, [], "GET"),
        ({}, [("Origin", EVIL)], "GET"),
        ({}, [("Origin", "null")], "GET"),
        ({}, [("Origin", APP)], "POST"),
        ({}, [("Origin", APP), NAVIGATES], "GET"),
        ({"origins": "*"}, [], "GET"),
        ({"origins": "*"}, [("Origin", EVIL)], "GET"),
        ({"origins": "*"}, [("Origin", APP)], "GET"),
        ({"origins": "*"}, [("Origin", "null")], "GET"),
        ({"origins": [lambda origin: True]}, [("Origin", EVIL)], "GET"),
        ({"origins": [re.compile("https://.*")]}, [("Origin", EVIL)], "GET"),
        ({"origins": "*"}, [("Origin", OWN)], "GET"),
        ({"origins": "*"}, [("Origin", APP), ("Sec-Fetch-Site", "same-origin")], "GET"),
    ],
)
def test_all_others_get_the_debugger(options: Any, headers: Pairs, method: str) -> None:
    status, body, cors_headers = debugged(application(**options), "/fails", headers, method)
    assert (status, cors_headers) == (500, {})
    assert b"<title>LookupError: the cause" in body


@pytest.mark.parametrize(
    ("origins", "origin"),
    [
        ("*", "http://localhost:3000"),
        (["http://localhost:*"], "http://localhost:3000"),
        (["https://*.example.com"], APP),
    ],
)
def test_listed_and_loopback_origins_can_read_it(origins: Any, origin: str) -> None:
    status, body, cors_headers = debugged(
        application(origins=origins), "/fails", [("Origin", origin)]
    )
    assert (status, cors_headers) == (500, grants(origin, Expose_Headers="X-A"))
    assert body.endswith(b"LookupError: the cause\n")


@pytest.mark.parametrize("is_wrapped", [False, True])
@pytest.mark.parametrize("path", ["/fails", "/console", "/fine?__debugger__=yes&cmd=resource&f=x"])
def test_a_debugger_inside_of_the_middleware(is_wrapped: bool, path: str) -> None:
    """Its own pages contain the secret of its console, so no page of another origin reads them."""
    app = Flask("inside")
    app.debug = True
    app.get("/fails", endpoint="fails")(_fail)
    app.get("/fine", endpoint="fine")(lambda: "fine")
    debugger = DebuggedApplication(app.wsgi_app, evalex=True)
    app.wsgi_app = ProxyFix(debugger) if is_wrapped else debugger  # type: ignore[method-assign] # Flask documents this way
    CORS(app, origins="*")
    path, _, query = path.partition("?")
    for origin, headers in ((EVIL, {}), ("http://localhost:3000", grants("http://localhost:3000"))):
        environ = environ_of(path, headers=[("Origin", origin), ("Host", "localhost")])
        response = send(app, {**environ, "QUERY_STRING": query})
        is_traceback = path == "/fails"
        assert response.cors == (headers if is_traceback else {})
        assert (b"SECRET" in response.body) == (
            path == "/console" or (is_traceback and not headers)
        )
    answer = get(app, "/fine", headers=[("Origin", EVIL)])
    assert (answer.status, answer.cors) == (200, grants("*", None))
    assert preflight(app, "/fine", origin=EVIL).cors == admits("*")


def _fail() -> str:
    raise LookupError("the cause")


def test_a_response_that_has_started() -> None:
    app = application()
    environ = environ_of("/late", headers=[("Origin", APP)])
    environ["werkzeug.debug.preserve_context"] = [].append
    with pytest.raises(LookupError):
        send(app, environ)

    def starts(_environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        raise LookupError("the cause")

    app = Flask("started")
    app.wsgi_app = starts  # type: ignore[method-assign, assignment] # Flask documents this way
    CORS(app, origins=[APP])
    environ = environ_of("/started", headers=[("Origin", APP)])
    environ["werkzeug.debug.preserve_context"] = [].append
    with pytest.raises(LookupError):
        send(app, environ)


def test_a_view_that_does_not_fail() -> None:
    status, body, cors_headers = debugged(application(), "/fine", [("Origin", APP)])
    assert (status, body, cors_headers) == (200, b"fine", grants(Expose_Headers="X-A"))


def test_without_the_debugger_the_exception_is_raised() -> None:
    with pytest.raises(LookupError):
        get(application(), "/fails", headers=[("Origin", APP)])


def test_in_tests_the_exception_is_raised() -> None:
    """A test client that is a context manager looks like the debugger."""
    app = application()
    app.testing = True
    with app.test_client() as client, pytest.raises(LookupError):
        client.get("/fails", headers={"Origin": APP})


def test_debug_mode_is_the_applications(caplog: pytest.LogCaptureFixture) -> None:
    app = application()
    asked = preflight(app, "/fine", "MKCOL")
    assert (asked.status, asked.cors["Access-Control-Allow-Methods"]) == (200, DEFAULT_METHODS)
    assert b"(method_not_allowed)" in asked.body
    assert [vars(record)["reason"] for record in caplog.records] == ["method_not_allowed"]
    app.debug = False
    asked = preflight(app, "/fine", "MKCOL")
    assert (asked.status, asked.cors, asked.body) == (403, {"Vary": PREFLIGHT_VARY}, b"")
