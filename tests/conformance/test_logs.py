"""The log through every adapter: no input of a client can write a line of its own.

Servers decode ``%0A`` in a path, so a path may contain any character.
"""

from __future__ import annotations

import asyncio
import io
import logging
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import flask
import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import re_path

from corswsgi import CORSMiddleware, Policy
from corswsgi_django import cors as django_cors
from corswsgi_django.signals import check_request_enabled
from corswsgi_flask import CORS
from tests.conformance.cases import APP
from tests.helpers.wsgi import send

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

OTHER = "https://other.example"
MARK = "CRITICAL root: forged"
# Line breaks of all kinds, a null, an escape sequence of a terminal, and bidirectional marks.
BREAKS = "\n\r\v\f\0\x1b\x1c\x1d\x1e\x7f\x85\u2028\u2029\u202e\u2066"
FORGED = "".join(f"{character}{MARK}" for character in BREAKS)

INPUTS: dict[str, dict[str, str]] = {
    "nothing": {},
    "path": {"PATH_INFO": f"/items/{FORGED}"},
    "path below a resource": {"PATH_INFO": f"/none/{FORGED}"},
    "query": {"QUERY_STRING": FORGED},
    "method": {"REQUEST_METHOD": f"GET{FORGED}"},
    "Origin": {"HTTP_ORIGIN": f"{OTHER}{FORGED}"},
    "Origin alone": {"HTTP_ORIGIN": FORGED},
    "Access-Control-Request-Method": {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": f"PUT{FORGED}"},
    "Access-Control-Request-Headers": {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": f"x-a{FORGED}"},
    "many headers": {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": f"x-a{FORGED}," * 200},
    "Host": {"HTTP_HOST": f"localhost{FORGED}"},
    "Referer": {"HTTP_REFERER": f"https://a.example/{FORGED}"},
    "User-Agent": {"HTTP_USER_AGENT": FORGED},
    "Sec-Fetch-Site": {"HTTP_SEC_FETCH_SITE": f"cross-site{FORGED}"},
    "all": {
        "PATH_INFO": f"/{FORGED}",
        "QUERY_STRING": FORGED,
        "HTTP_HOST": FORGED,
        "HTTP_REFERER": FORGED,
    },
}


def environs() -> Iterator[dict[str, str]]:
    """Yield requests with each input: actual ones and preflights, from origins of all kinds."""
    for given in INPUTS.values():
        for origin in (APP, OTHER, "null"):
            for method in ("GET", "OPTIONS"):
                yield {
                    "REQUEST_METHOD": method,
                    "PATH_INFO": "/items",
                    "QUERY_STRING": "",
                    "HTTP_HOST": "localhost",
                    "HTTP_ORIGIN": origin,
                    "HTTP_SEC_FETCH_SITE": "cross-site",
                    "HTTP_SEC_FETCH_MODE": "cors",
                    **({"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PURGE"} if method != "GET" else {}),
                    **given,
                }


def as_wsgi(given: dict[str, str]) -> WSGIEnvironment:
    """Return an environ. Servers decode paths and headers as ISO-8859-1."""
    texts = {name: text.encode() for name, text in given.items()}
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        **{name: text.decode("latin-1") for name, text in texts.items()},
    }


def send_wsgi(app: Any, given: dict[str, str]) -> None:
    send(app, as_wsgi(given))


def send_asgi(app: Any, given: dict[str, str]) -> None:
    """Send a request as ASGI servers do, which decode paths as UTF-8."""
    received = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if received:
            return received.pop()
        await asyncio.Event().wait()  # the server cancels this once the response is complete
        raise NotImplementedError

    async def ignore(message: Any) -> None:
        del message

    scope = {
        "type": "http",
        "method": given["REQUEST_METHOD"],
        "path": given["PATH_INFO"],
        "query_string": given["QUERY_STRING"].encode(),
        "headers": [
            (
                name.removeprefix("HTTP_").replace("_", "-").lower().encode(),
                text.encode(),
            )
            for name, text in given.items()
            if name.startswith("HTTP_")
        ],
    }
    asyncio.run(app(scope, receive, ignore))


def inputs_of(environ: dict[str, Any]) -> str:
    return "".join(str(environ.get(name)) for given in INPUTS.values() for name in given)


class FailureError(LookupError):
    """An error whose representation is what a client sent."""

    def __repr__(self) -> str:
        return str(self.args[0])


def echoed(environ: dict[str, Any]) -> str:
    """Return a header that a careless application sends."""
    return str(environ["HTTP_ORIGIN"])


def wsgi_apps(*, debug: bool) -> Iterator[Any]:
    """Yield applications behind the middleware, with callables that fail in each way."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Access-Control-Allow-Origin", echoed(environ))])
        return []

    def fails(environ: WSGIEnvironment) -> Policy:
        raise FailureError(inputs_of(environ))

    def answers(environ: WSGIEnvironment) -> Any:
        return inputs_of(environ)

    seen: list[WSGIEnvironment] = []

    def debug_fails() -> bool:
        raise FailureError(inputs_of(seen[-1]))

    def remembers(inner: Any) -> Any:
        def outer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            seen.append(environ)
            return inner(environ, start_response)  # type: ignore[no-any-return] # as the middleware

        return outer

    def origin_fails(origin: str) -> bool:
        raise FailureError(inputs_of(seen[-1]))

    def origin_answers(origin: str) -> Any:
        return inputs_of(seen[-1])

    strict = Policy(origins=[APP], methods=["GET"], allow_headers=["x-a"])
    for policy in (strict, fails, answers, lambda environ: strict):
        yield CORSMiddleware(app, policy, resources={"/none/*": None}, debug=debug)
    yield remembers(CORSMiddleware(app, strict, debug=debug_fails))
    for origins in (origin_fails, origin_answers):
        yield remembers(CORSMiddleware(app, Policy(origins=origins), debug=debug))


def flask_apps(*, debug: bool) -> Iterator[Any]:
    def view(**arguments: str) -> flask.Response:
        response = flask.Response()
        # Werkzeug refuses line breaks in headers.
        value = echoed(flask.request.environ).replace("\n", "").replace("\r", "")
        response.headers["Access-Control-Allow-Origin"] = value
        return response

    def origin_fails(origin: str) -> bool:
        raise FailureError(
            inputs_of(flask.request.environ) if flask.has_request_context() else FORGED
        )

    options: list[dict[str, Any]] = [
        {"origins": [APP], "methods": ["GET"], "allow_headers": ["x-a"]},
        {"origins": origin_fails},
        {"origins": [APP], "resources": {"/none/*": None}},
    ]
    for given in options:
        for has_view in (True, False):
            app = flask.Flask("logs")
            app.debug = debug
            CORS(app, **given)
            if has_view:
                app.add_url_rule("/<path:path>", "view", view)
            yield app


def unchanged(view: Any) -> Any:
    return view


def django_apps(*, debug: bool, handler: Callable[[], Any]) -> Iterator[Any]:
    def view(request: HttpRequest) -> HttpResponse:
        value = echoed(request.META).replace("\n", "").replace("\r", "")
        return HttpResponse(headers={"Access-Control-Allow-Origin": value})

    async def aview(request: HttpRequest) -> HttpResponse:
        return view(request)

    def receiver_fails(sender: None, request: HttpRequest, **more: Any) -> bool:
        raise FailureError(inputs_of(request.META) + request.path_info)

    async def areceiver_fails(sender: None, request: HttpRequest, **more: Any) -> bool:
        raise FailureError(inputs_of(request.META) + request.path_info)

    def origin_fails(origin: str) -> bool:
        raise FailureError(FORGED)

    common: dict[str, Any] = {
        "MIDDLEWARE": [
            "corswsgi_django.middleware.CORSMiddleware",
            "django.middleware.common.CommonMiddleware",
        ],
        "DEBUG": debug,
        "ALLOWED_HOSTS": ["localhost"],
    }
    configured: list[tuple[dict[str, Any], Any]] = [
        ({"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_METHODS": ["GET"]}, None),
        ({"CORS_ALLOWED_ORIGINS": [APP], "CORS_URLS_REGEX": "^/api/"}, None),
        ({"CORS_ALLOWED_ORIGINS": [origin_fails]}, None),
        ({"CORS_ALLOWED_ORIGINS": []}, receiver_fails),
        ({"CORS_ALLOWED_ORIGINS": []}, areceiver_fails),
        ({"CORS_ALLOWED_ORIGINS": [APP], "MIDDLEWARE": []}, None),
        ({"CORS_ALLOWED_ORIGINS": [APP], "CORS_RESOURCES": {"/none/*": None}}, None),
    ]
    for settings, receiver in configured:
        decorator: Any = django_cors if settings.get("MIDDLEWARE") == [] else unchanged
        for urls in ((re_path("", decorator(view)),), (re_path("", decorator(aview)),), ()):
            with override_settings(ROOT_URLCONF=urls, **{**common, **settings}):
                if receiver is not None:
                    check_request_enabled.connect(receiver)
                yield handler()
                check_request_enabled.disconnect(receiver)


ADAPTERS: dict[str, tuple[Callable[..., Iterator[Any]], Callable[[Any, dict[str, str]], None]]] = {
    "WSGI": (wsgi_apps, send_wsgi),
    "Flask": (flask_apps, send_wsgi),
    "Django": (lambda debug: django_apps(debug=debug, handler=WSGIHandler), send_wsgi),
    "Django with ASGI": (lambda debug: django_apps(debug=debug, handler=ASGIHandler), send_asgi),
}


class Records(logging.Handler):
    """Keeps what a file of the log would contain: the message of each record, and its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.texts |= {record.getMessage(), logging.Formatter().format(record)}


@pytest.fixture
def texts() -> Iterator[set[str]]:
    """Record everything that is logged, by any logger."""
    handler, root = Records(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.texts
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.parametrize("debug", [False, True], ids=["production", "debug"])
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_no_input_writes_a_line_of_the_log(adapter: str, debug: bool, texts: set[str]) -> None:
    apps, send_to = ADAPTERS[adapter]
    for app in apps(debug=debug):
        for given in environs():
            send_to(app, given)
    assert any(MARK in text for text in texts)
    for text in texts:
        # Tracebacks have lines of their own.
        assert not [line for line in text.splitlines() if line.startswith(MARK)], repr(text)
        strange = {each for each in text if unicodedata.category(each)[0] in "CZ"} - {*" \n"}
        assert not strange, repr(text)
