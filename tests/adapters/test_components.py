"""WSGI components: the place for the middleware, and responses that do not pass through it."""

from __future__ import annotations

from typing import Any

from corswsgi import CORSMiddleware, Policy
from corswsgi.adapters import entrance, pass_through
from tests.conformance.cases import APP
from tests.helpers.wsgi import Application, environ_of


class Component:
    def __init__(self, app: object = None) -> None:
        self.app = app


class Debugger(Component):
    pass


class Owner:
    def __init__(self, wsgi_app: object) -> None:
        self.wsgi_app = wsgi_app


def test_without_a_debugger_the_middleware_is_outermost() -> None:
    for inner in (Application(), Component(Component())):
        owner = Owner(inner)
        assert entrance(owner, "wsgi_app", Debugger) == (owner, "wsgi_app")


def test_the_middleware_is_behind_the_innermost_debugger() -> None:
    inner = Debugger(Component())
    owner = Owner(Component(Debugger(Component(inner))))
    assert entrance(owner, "wsgi_app", Debugger) == (inner, "app")


def wrap(app: Any) -> CORSMiddleware:
    return CORSMiddleware(app, Policy(origins=[APP], max_age=None))


def test_a_response_is_changed() -> None:
    environ = environ_of("/", headers=[("Origin", APP)])
    status, headers, body = pass_through(wrap, environ, "404 Not Found", [("X-A", "1")])
    assert (status, body) == ("404 Not Found", None)
    assert headers == [("X-A", "1"), ("Access-Control-Allow-Origin", APP), ("Vary", "Origin")]


def test_a_response_is_replaced() -> None:
    asks = [("Origin", APP), ("Access-Control-Request-Method", "PUT")]
    environ = environ_of("/", "OPTIONS", asks)
    status, headers, body = pass_through(wrap, environ, "200 OK", [("X-A", "1")])
    assert (status, body) == ("204 No Content", [])
    assert dict(headers)["Access-Control-Allow-Origin"] == APP
    assert "X-A" not in dict(headers)
