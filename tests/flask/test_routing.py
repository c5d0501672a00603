"""Which view a preflight asks about, and what stands around an application."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, session
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter, ValidationError

from corswsgi_flask import CORS, cors
from tests.conformance.cases import APP, Pairs, admits, grants
from tests.flask.crossing import Crossing, cross, preflight
from tests.wsgi import Response, get

OTHER = "https://other.example"


def host(name: str) -> Pairs:
    return [("Host", name)]


def asked(app: Flask, path: str, headers: Pairs, method: str = "GET") -> Response:
    response = preflight(app, path, method, headers=headers)
    assert response.status in (204, 403)
    return response


def test_hosts() -> None:
    app = Flask("hosts", host_matching=True, static_host="static.example")
    CORS(app, origins=[APP])
    app.get("/view", host="a.example")(lambda: "a")
    app.add_url_rule("/view", "b", cors(max_age=1)(lambda: "b"), host="b.example")
    assert asked(app, "/view", host("a.example")).cors == admits(methods="GET, HEAD")
    assert asked(app, "/view", host("b.example")).cors == admits(methods="GET, HEAD", max_age="1")
    # Elsewhere, no route matches.
    assert asked(app, "/view", host("c.example"), "PUT").cors == admits()
    assert cross(app, "/view", headers=host("b.example")) == Crossing(200, grants(), True)
    assert cross(app, "/view", headers=host("c.example")) == Crossing(404, grants(), True)


def test_subdomains() -> None:
    app = Flask("subdomains", subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.com"
    CORS(app, origins=[APP])
    app.get("/view")(lambda: "main")
    app.add_url_rule("/view", "b", cors(max_age=1)(lambda: "b"), subdomain="b")
    assert asked(app, "/view", host("example.com")).cors == admits(methods="GET, HEAD")
    assert asked(app, "/view", host("b.example.com")).cors == admits(
        methods="GET, HEAD", max_age="1"
    )


def test_a_host_that_is_not_trusted() -> None:
    app = Flask("trusted")
    app.config["TRUSTED_HOSTS"] = ["good.example"]
    app.get("/view")(lambda: "view")
    CORS(app, origins=[APP], methods=["PUT"])
    for name in ("good.example", "evil.example"):
        assert asked(app, "/view", host(name)).cors == admits(methods="PUT")


def test_a_redirect_to_the_view_of_defaults() -> None:
    app = Flask("defaults")
    CORS(app, origins=[APP])

    @app.get("/pages/", defaults={"page": 1})
    @app.get("/pages/<int:page>")
    @cors(max_age=1)
    def pages(page: int) -> str:
        return str(page)

    assert asked(app, "/pages/1", ()).cors == admits(methods="GET, HEAD", max_age="1")
    assert cross(app, "/pages/1") == Crossing(308, grants(), is_readable=True)
    assert cross(app, "/pages/2") == Crossing(200, grants(), is_readable=True)


def test_the_target_of_a_redirect_decides() -> None:
    app = Flask("redirects")
    CORS(app, origins=[APP], resources={"/*": {}, "/slash/": {"max_age": 7}, "/\u00fc/*": None})
    app.get("/slash/")(lambda: "slash")
    app.get("/private/", endpoint="private")(cors(origins=[OTHER])(lambda: "private"))
    app.get("/\u00fc/b\u00fc/", endpoint="umlaut")(lambda: "umlaut")
    assert asked(app, "/slash", ()).cors == admits(methods="GET, HEAD", max_age="7")
    assert asked(app, "/private", ()).status == 403
    assert cross(app, "/private") == Crossing(308, {"Vary": "Origin"}, is_readable=False)
    assert cross(app, "/private", origin=OTHER) == Crossing(308, grants(OTHER), is_readable=True)
    assert cross(app, "/%C3%BC/b%C3%BC") == Crossing(308, {}, is_readable=False)


def test_under_a_script_name() -> None:
    app = Flask("script")
    CORS(app, origins=[APP])
    app.get("/slash/")(cors(max_age=1)(lambda: "slash"))
    mounted = DispatcherMiddleware(Flask("root"), {"/mount": app})
    response = get(
        mounted,
        "/mount/slash",
        "OPTIONS",
        [("Origin", APP), ("Access-Control-Request-Method", "GET")],
    )
    assert response.cors == admits(methods="GET, HEAD", max_age="1")
    moved = get(mounted, "/mount/slash", headers=[("Origin", APP)])
    assert (moved.status, moved.cors) == (308, grants())


class InSession(BaseConverter):
    """Converts what is in the session only."""

    def to_python(self, value: str) -> str:
        if value not in session.get("known", ["known"]):
            raise ValidationError
        return value


def test_a_converter_that_wants_the_context() -> None:
    app = Flask("context")
    app.secret_key = "secret"
    app.url_map.converters["known"] = InSession
    CORS(app, origins=[APP])
    app.get("/<known:name>")(cors(max_age=1)(lambda name: name))
    assert asked(app, "/known", ()).cors == admits(methods="GET, HEAD", max_age="1")
    assert asked(app, "/unknown", (), "PUT").cors == admits()
    seen = grants(vary="Cookie, Origin")  # for the session was looked at
    assert cross(app, "/known").cors == seen
    assert cross(app, "/unknown") == Crossing(404, seen, is_readable=True)


class Failing(BaseConverter):
    def to_python(self, value: str) -> str:
        raise LookupError(value)


def test_a_converter_that_fails_refuses(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask("failing")
    app.url_map.converters["failing"] = Failing
    CORS(app, origins=[APP])
    app.get("/<failing:name>")(lambda name: name)
    assert asked(app, "/x", ()).status == 403
    assert [vars(record)["reason"] for record in caplog.records] == ["policy_check_failed"]


# ProxyFix, and other applications.


def forwarded(name: str) -> Pairs:
    return [("Host", "internal"), ("X-Forwarded-Host", name)]


@pytest.mark.parametrize("is_outside", [True, False])
def test_proxy_fix(is_outside: bool) -> None:
    """After CORS(app), so that it stands outside. Paths do not care."""
    app = Flask("proxied")
    app.get("/view")(cors(max_age=1)(lambda: "view"))

    def fix() -> None:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1)  # type: ignore[method-assign] # Flask's way

    if is_outside:
        CORS(app, origins=[APP])
        fix()
    else:
        fix()
        CORS(app, origins=[APP])
    headers = forwarded("a.example")
    assert asked(app, "/view", headers).cors == admits(methods="GET, HEAD", max_age="1")
    assert cross(app, "/view", headers=headers) == Crossing(200, grants(), is_readable=True)


def test_proxy_fix_and_hosts() -> None:
    app = Flask("proxied", host_matching=True, static_host="static.example")
    CORS(app, origins=[APP])
    app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1)  # type: ignore[method-assign] # Flask's way
    app.get("/view", host="a.example")(cors(max_age=1)(lambda: "view"))
    headers = forwarded("a.example")
    assert asked(app, "/view", headers).cors == admits(methods="GET, HEAD", max_age="1")
    assert cross(app, "/view", headers=headers) == Crossing(200, grants(), is_readable=True)


def test_an_application_mounted_in_another() -> None:
    """Each answers for its own, if the outer one dispatches outside of its CORS."""
    outer, inner = Flask("outer"), Flask("inner")
    CORS(outer, origins=[OTHER])
    CORS(inner, origins=[APP])
    inner.put("/view")(lambda: "inner")
    outer.put("/view")(lambda: "outer")
    outer.wsgi_app = DispatcherMiddleware(outer.wsgi_app, {"/in": inner})  # type: ignore[method-assign] # Flask's way
    assert asked(outer, "/in/view", (), "PUT").cors == admits(methods="PUT")
    assert cross(outer, "/in/view", "PUT") == Crossing(200, grants(), is_readable=True)
    assert cross(outer, "/in/no") == Crossing(404, grants(), is_readable=True)
    assert cross(outer, "/view", "PUT", OTHER) == Crossing(200, grants(OTHER), is_readable=True)
    assert asked(outer, "/view", (), "PUT").status == 403


def test_an_application_called_by_a_view_of_another() -> None:
    outer, inner = Flask("outer"), Flask("inner")
    CORS(outer, origins=[OTHER])
    inner.get("/view")(lambda: "inner")

    @outer.get("/view")
    @cors(expose_headers=["X-A"])
    def call() -> Any:
        return inner.wsgi_app

    expected = grants(OTHER, Expose_Headers="X-A")
    assert cross(outer, "/view", origin=OTHER) == Crossing(200, expected, is_readable=True)
