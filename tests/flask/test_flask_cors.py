"""Adapted tests of Flask-CORS, for the behaviour that differs; see ``peers/flask_cors.toml``."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask, Response, abort

from corswsgi import PolicyError
from corswsgi_flask import CORS, cross_origin
from tests.conformance.cases import DEFAULT_METHODS, PREFLIGHT_VARY, admits, asking, grants
from tests.helpers.wsgi import get

FOO, BAR, BAZZ = "http://foo.com", "http://bar.com", "http://bazz.com"
TESTED = ["GET", "HEAD", "OPTIONS"]


def decorated(**options: Any) -> Flask:
    """Return an application with one decorated view."""
    app = Flask("decorated")
    app.route("/")(cross_origin(**options)(lambda: "Welcome!"))
    return app


def sent(app: Flask, origin: str | None = None, path: str = "/", method: str = "GET") -> Any:
    """Return the CORS headers of a response that is expected to succeed."""
    response = get(app, path, method, [] if origin is None else [("Origin", origin)])
    assert response.status == 200
    return response.cors


@pytest.mark.parametrize("method", TESTED)
@pytest.mark.parametrize("origin", [None, "http://example.com"])
@pytest.mark.parametrize(
    "options", [{}, {"origins": "*"}, {"send_wildcard": True}, {"send_wildcard": False}]
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_any_origin_gets_the_wildcard(
    options: dict[str, Any], origin: str | None, method: str
) -> None:
    app = decorated(**options)
    vary = PREFLIGHT_VARY if method == "OPTIONS" else None
    assert sent(app, origin, method=method) == grants("*", vary)


@pytest.mark.parametrize("method", TESTED)
@pytest.mark.parametrize("origins", [[FOO, BAR], {FOO, BAR}, BAR])
def test_listed_origins(origins: Any, method: str) -> None:
    app = decorated(origins=origins)
    vary = PREFLIGHT_VARY if method == "OPTIONS" else "Origin"
    assert sent(app, BAR, method=method) == grants(BAR, vary)
    assert sent(app, BAZZ, method=method) == {"Vary": vary}


ORIGINS = [f"http://{letter}.example.com" for letter in "az"] + ["http://example.com:8080"]


@pytest.mark.parametrize(
    "origins",
    [
        re.compile(r"https?://(\w+\.)?example\.com(:\d+)?"),
        [re.compile(r"http://.*\.example\.com"), re.compile(r"http://example\.com:\d+")],
        ["http://*.example.com", "http://example.com:*"],
    ],
)
def test_expressions_are_compiled(origins: Any) -> None:
    app = decorated(origins=origins)
    for origin in ORIGINS:
        assert sent(app, origin) == grants(origin)
    for origin in ("http://example.com.evil.test", "http://evilexample.com", BAR):
        assert sent(app, origin) == {"Vary": "Origin"}
    with pytest.raises(PolicyError, match=r"re\.compile"):
        decorated(origins=r"http?://\w*\.?example\.com:?\d*/?.*")


def test_an_expression_for_both_schemes() -> None:
    app = decorated(origins=re.compile(r"https?://example\.com"))
    assert sent(app, "https://example.com") == grants("https://example.com")


@pytest.mark.parametrize("method", TESTED)
def test_origins_of_resources(method: str) -> None:
    app = Flask("resources")
    CORS(
        app,
        resources={
            "/list": {"origins": [FOO, BAR]},
            "/expression/*": {"origins": re.compile(r"http://example\d+\.com")},
            "/default": {},
        },
    )
    for path in ("/list", "/expression/x", "/default", "/other"):
        app.add_url_rule(path, path, lambda: "Welcome!")
    vary = PREFLIGHT_VARY if method == "OPTIONS" else "Origin"
    assert sent(app, BAR, "/list", method) == grants(BAR, vary)
    assert sent(app, BAZZ, "/list", method) == {"Vary": vary}
    origin = "http://example100.com"
    assert sent(app, origin, "/expression/x", method) == grants(origin, vary)
    assert sent(app, "http://examplea.com", "/expression/x", method) == {"Vary": vary}
    any_origin = grants("*", PREFLIGHT_VARY if method == "OPTIONS" else None)
    assert sent(app, FOO, "/default", method) == any_origin
    assert sent(app, None, "/default", method) == any_origin
    assert sent(app, FOO, "/other", method) == {}


def test_allowed_headers() -> None:
    """A preflight is answered with all names, whatever it asks for."""
    app = decorated(origins=FOO, allow_headers=["X-Example-Header-B", "X-Example-Header-A"])
    allowed = admits(FOO, headers="X-Example-Header-B, X-Example-Header-A")
    for headers in (None, "x-example-header-a", "x-example-header-a,x-example-header-b"):
        response = get(app, "/", "OPTIONS", asking(FOO, "POST", headers))
        assert (response.status, response.cors) == (204, allowed)
    response = get(app, "/", "OPTIONS", asking(FOO, "POST", "x-not-found-header"))
    assert (response.status, response.cors) == (403, {"Vary": PREFLIGHT_VARY})
    assert sent(app, FOO) == grants(FOO)


def test_allowed_headers_are_not_expressions() -> None:
    with pytest.raises(PolicyError, match=r'allow_headers="\*"'):
        decorated(allow_headers=["X-COMPANY-.*"])


def test_credentials_need_origins() -> None:
    secure = "https://foo.com"
    app = decorated(origins=secure, supports_credentials=True)
    assert sent(app, secure) == grants(secure, Allow_Credentials="true")
    app = decorated(supports_credentials=True)
    app.testing = True
    with pytest.raises(PolicyError, match="no origins are set"):
        get(app, headers=[("Origin", FOO)])


@pytest.mark.parametrize("is_handled", [False, True])
def test_error_responses(is_handled: bool) -> None:
    app = Flask("errors")
    CORS(app, resources={"/acl/*": {}})

    def view(error: str) -> str:
        if error == "uncaught":
            raise RuntimeError(error)
        abort(int(error))

    for prefix in ("/acl", "/no-acl"):
        app.add_url_rule(f"{prefix}/<error>", prefix, view)
    if is_handled:
        app.register_error_handler(404, lambda error: "handled")
        app.register_error_handler(500, lambda error: "handled")
    for error, status in (("404", 404), ("500", 500), ("uncaught", 500)):
        for prefix, expected in (("/acl", {"Access-Control-Allow-Origin": "*"}), ("/no-acl", {})):
            response = get(app, f"{prefix}/{error}", headers=[("Origin", FOO)])
            assert response.status == (200 if is_handled else status)
            assert response.cors == expected


def test_exposed_headers_keep_their_order() -> None:
    app = decorated(expose_headers=["X-My-Custom-Header", "X-Another-Custom-Header"])
    expected = "X-My-Custom-Header, X-Another-Custom-Header"
    assert sent(app, FOO) == grants("*", None, Expose_Headers=expected)


def test_exposed_headers_are_inherited() -> None:
    app = Flask("inherited")
    CORS(app, resources="/api/*", expose_headers="X-Total-Count", origins=BAR)
    app.route("/api/own", endpoint="own")(cross_origin(origins=FOO)(lambda: "own"))
    app.route("/api/none")(cross_origin(origins=FOO, expose_headers=[])(lambda: "none"))
    assert sent(app, FOO, "/api/own") == grants(FOO, Expose_Headers="X-Total-Count")
    assert sent(app, FOO, "/api/none") == grants(FOO)
    assert sent(app, BAR, "/api/own") == {"Vary": "Origin"}


def test_default_methods() -> None:
    app = decorated()
    response = get(app, "/", "OPTIONS", asking(FOO, "POST"))
    expected = admits("*", DEFAULT_METHODS)
    assert (response.status, response.cors) == (204, expected)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_options_are_answered_by_flask() -> None:
    """OPTIONS requests that are not preflights get the headers of the view, like all others."""
    app = decorated(automatic_options=False)
    assert sent(app, FOO, method="OPTIONS") == grants("*", PREFLIGHT_VARY)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_private_networks() -> None:
    """Browsers no longer send the header, so it is never answered."""
    app = decorated(allow_private_network=True)
    asked = [("Origin", FOO), ("Access-Control-Request-Private-Network", "true")]
    assert get(app, headers=asked).cors == {"Access-Control-Allow-Origin": "*"}


def test_vary() -> None:
    """Vary is set if other origins get other headers, also with one origin in the list."""
    assert sent(decorated(origins=FOO), FOO) == grants(FOO, "Origin")
    assert sent(decorated(origins=[FOO, BAR]), FOO) == grants(FOO, "Origin")
    assert sent(decorated(), FOO) == grants("*", None)
    app = Flask("vary")
    response = Response("", headers={"Vary": "Accept-Encoding"})
    app.route("/")(cross_origin(origins=[FOO, BAR])(lambda: response))
    assert sent(app, FOO) == grants(FOO, "Accept-Encoding, Origin")


def test_resources_that_are_not_paths() -> None:
    for resources, fix in ((re.compile("/api/.*"), "'/api/\\*'"), ("}", "list the paths")):
        given: Any = resources
        with pytest.raises(PolicyError, match=fix):
            CORS(Flask("paths"), resources=given)
