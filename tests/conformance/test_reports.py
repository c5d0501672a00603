"""The reports of debug mode through WSGI, Flask and Django: each once, and none outside of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import flask
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import re_path

from corswsgi import CORSMiddleware, Policy
from corswsgi_flask import CORS
from tests.helpers.wsgi import Application, Pairs, Response, get

APP = "https://app.example.com"
LOCAL = "http://127.0.0.1:5173"
SENT = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors")]
COOKIE = ("Set-Cookie", "session=1; Path=/; SameSite=Lax")

Send = Callable[[str, str, Pairs], Response]


class App(NamedTuple):
    """An application with options, some only below paths; it sends headers."""

    options: dict[str, Any]
    paths: dict[str, dict[str, Any] | None] | None = None
    sends: Pairs = ()


def wsgi(app: App, _stack: ExitStack, *, debug: bool) -> Send:
    paths = {
        path: None if value is None else Policy(**value)
        for path, value in (app.paths or {}).items()
    }
    policy = None if app.paths else Policy(**app.options)
    middleware = CORSMiddleware(Application(sends=app.sends), policy, resources=paths, debug=debug)
    return lambda path, method, headers: get(middleware, path, method, headers)


def in_flask(app: App, _stack: ExitStack, *, debug: bool) -> Send:
    made = flask.Flask("reports")
    made.debug = debug
    resources: dict[str, Any] = {} if app.paths is None else {"resources": app.paths}
    CORS(made, **({} if app.paths else app.options), **resources)

    @made.route("/<path:path>", methods=["GET", "OPTIONS", "PUT"])
    def view(path: str) -> flask.Response:
        return flask.Response("ran", headers=[*app.sends])

    return lambda path, method, headers: get(made, path, method, headers)


DJANGO_OPTIONS = {
    "origins": "CORS_ALLOWED_ORIGINS",
    "methods": "CORS_ALLOW_METHODS",
    "allow_headers": "CORS_ALLOW_HEADERS",
    "supports_credentials": "CORS_ALLOW_CREDENTIALS",
}


def in_django(app: App, stack: ExitStack, *, debug: bool) -> Send:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse("ran")
        for name, value in app.sends:
            if name == "Set-Cookie":
                response.set_cookie("session", "1", samesite="Lax")
            else:
                response[name] = value
        return response

    options = next(filter(None, (app.paths or {}).values()), app.options)
    settings = {DJANGO_OPTIONS[name]: value for name, value in options.items()}
    if app.paths:
        patterns = [path.replace("*", "") for path, value in app.paths.items() if value]
        settings["CORS_URLS_REGEX"] = f"^({'|'.join(patterns)})$"
        settings["CORS_RESOURCES"] = {path: None for path, value in app.paths.items() if not value}
    urls = (re_path("", view),)
    stack.enter_context(override_settings(ROOT_URLCONF=urls, DEBUG=debug, **settings))
    handler = WSGIHandler()
    return lambda path, method, headers: get(handler, path, method, headers)


ADAPTERS: dict[str, Callable[..., Send]] = {"WSGI": wsgi, "Flask": in_flask, "Django": in_django}

LISTS = App({"origins": [LOCAL], "methods": ["PUT"], "allow_headers": ["x-a"]})
LOGIN = App({"origins": [APP], "supports_credentials": True}, sends=[COOKIE])
BELOW: dict[str, dict[str, Any] | None] = {"/api/": {"origins": [APP]}, "/off": None}


def asks(method: str = "PUT", headers: str | None = None, origin: str = LOCAL) -> Pairs:
    more = [] if headers is None else [("Access-Control-Request-Headers", headers)]
    return [("Origin", origin), ("Access-Control-Request-Method", method), *more, *SENT]


ROWS: list[tuple[str, App, str, str, Pairs, str, list[str]]] = [
    (
        "an origin that differs a little",
        LISTS,
        "GET",
        "/x",
        [("Origin", "http://localhost:5173"), *SENT],
        "origin_not_allowed",
        [
            (
                "the origin 'http://localhost:5173' is not allowed, but 'http://127.0.0.1:5173' "
                "is: they are different origins. To allow it, add 'http://localhost:5173' to "
            )
        ],
    ),
    (
        "a preflight of an origin that differs a little",
        LISTS,
        "OPTIONS",
        "/x",
        asks(origin="https://127.0.0.1:5173"),
        "origin_not_allowed",
        ["'https://127.0.0.1:5173' is not allowed, but 'http://127.0.0.1:5173' is: they are"],
    ),
    (
        "a response header in a request",
        LISTS,
        "OPTIONS",
        "/x",
        asks(headers="access-control-allow-origin,x-a"),
        "headers_not_allowed",
        ["the page sends response headers in its request: 'access-control-allow-origin'. Remove"],
    ),
    (
        "null",
        LISTS,
        "GET",
        "/x",
        [("Origin", "null"), *SENT],
        "origin_null",
        ["pages from files (file://)", "sandboxed frames", "a redirect from another origin"],
    ),
    (
        "a cookie",
        LOGIN,
        "GET",
        "/x",
        [("Origin", APP), *SENT],
        "cookie_not_sent",
        ["the cookie 'session'", "the cookie lacks SameSite=None and Secure. Set SameSite=None"],
    ),
    (
        "no policy",
        App({}, BELOW),
        "GET",
        "/api",
        [("Origin", APP), *SENT],
        "no_policy",
        ["no policy matches '/api'", "'/api/'", "A slash at the end makes another path."],
    ),
    (
        "no policy for a preflight",
        App({}, BELOW),
        "OPTIONS",
        "/other",
        asks(origin=APP),
        "no_policy",
        ["no policy matches '/other'. ", "/api/"],
    ),
]

SILENT: list[tuple[str, App, str, Pairs]] = [
    ("allowed", LISTS, "/x", [("Origin", LOCAL), *SENT]),
    ("no fetch of another origin", LISTS, "/x", [("Origin", APP)]),
    ("no policy on purpose", App({}, BELOW), "/off", [("Origin", APP), *SENT]),
    ("no policy, and no page", App({}, BELOW), "/api", [("Origin", APP)]),
    ("no policy, and no Origin", App({}, BELOW), "/api", SENT),
    (
        "the application allows it itself",
        App({}, BELOW, [("Access-Control-Allow-Origin", "*")]),
        "/api",
        [("Origin", APP), *SENT],
    ),
    (
        "a cookie without credentials",
        App({"origins": [APP]}, sends=[COOKIE]),
        "/x",
        [("Origin", APP), *SENT],
    ),
    ("a cookie for the same site", LOGIN, "/x", [("Origin", APP), ("Sec-Fetch-Site", "same-site")]),
]


def records(caplog: pytest.LogCaptureFixture) -> Iterator[tuple[str, str, str]]:
    for record in caplog.records:
        assert record.name == "corswsgi"
        yield record.levelname, vars(record)["reason"], record.getMessage()


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(
    ("app", "method", "path", "headers", "reason", "parts"),
    [row[1:] for row in ROWS],
    ids=[row[0] for row in ROWS],
)
def test_a_report(
    adapter: str,
    app: App,
    method: str,
    path: str,
    headers: Pairs,
    reason: str,
    parts: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers = []
    for debug in (True, False):
        with ExitStack() as stack:
            send = ADAPTERS[adapter](app, stack, debug=debug)
            # An ordinary response first, whose headers then are known.
            send(path, "GET", [])
            answers.append(send(path, method, headers))
            assert send(path, method, headers) == answers[-1]
    ((level, found, text),) = records(caplog)
    assert (level, found) == ("WARNING", reason)
    assert text.startswith(f"'{method}' '{path}': ")
    assert [part for part in parts if part not in text] == []
    assert text.isprintable()
    debugging, plain = answers
    if method == "GET":
        assert (debugging.status, debugging.headers) == (plain.status, plain.headers)
    assert debugging.body == plain.body or plain.body == b""


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(
    ("app", "path", "headers"), [row[1:] for row in SILENT], ids=[row[0] for row in SILENT]
)
def test_no_report(
    adapter: str, app: App, path: str, headers: Pairs, caplog: pytest.LogCaptureFixture
) -> None:
    with ExitStack() as stack:
        ADAPTERS[adapter](app, stack, debug=True)(path, "GET", headers)
    assert [*records(caplog)] == []
