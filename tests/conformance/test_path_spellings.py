"""Path patterns that are written like expressions, through WSGI, Flask and Django."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import re_path
from flask import Flask

from corswsgi import CORSMiddleware, Policy
from corswsgi_django.checks import check_all
from corswsgi_flask import CORS
from tests.conformance.cases import (
    APP,
    REFUSES,
    REFUSES_PREFLIGHT,
    admits,
    asking,
    from_,
    grants,
)
from tests.helpers.asgi import aget
from tests.helpers.wsgi import Application, Response, get

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Request = tuple[str, str, Any]
Send = Callable[[str, Request], Response]
"""Configures an application with a pattern, and sends it a request."""

METHODS = ["GET", "PUT"]


def through_the_middleware(pattern: str, request: Request) -> Response:
    policy = Policy(origins=APP, methods=METHODS)
    return get(CORSMiddleware(Application(), resources={pattern: policy}), *request)


def flask(**options: Any) -> WSGIApplication:
    app = Flask("spellings")
    CORS(app, **options)
    app.add_url_rule("/", "root", lambda: "ran", methods=METHODS)
    app.add_url_rule("/<path:path>", "path", lambda path: "ran", methods=METHODS)
    return app


def through_flask(pattern: str, request: Request) -> Response:
    resources = {pattern: {"origins": APP, "methods": METHODS}}
    return get(flask(resources=resources), *request)


def through_a_list(pattern: str, request: Request) -> Response:
    return get(flask(origins=APP, methods=METHODS, resources=[pattern]), *request)


def through_a_text(pattern: str, request: Request) -> Response:
    return get(flask(origins=APP, methods=METHODS, resources=pattern), *request)


def settings_of(pattern: str, view: Callable[[HttpRequest], Any]) -> dict[str, Any]:
    settings = {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_METHODS": METHODS}
    headers = {"CORS_ALLOW_HEADERS": "*", "CORS_PREFLIGHT_MAX_AGE": 600}
    urls = (re_path("", view),)
    return {"ROOT_URLCONF": urls, "CORS_RESOURCES": {pattern: {**settings, **headers}}}


def through_django(pattern: str, request: Request) -> Response:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("ran")

    with override_settings(**settings_of(pattern, view)):
        return get(WSGIHandler(), *request)


def through_django_asgi(pattern: str, request: Request) -> Response:
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("ran")

    with override_settings(**settings_of(pattern, view)):
        return asyncio.run(aget(ASGIHandler(), *request))


BEHIND_A_NAME = ["/api*", "^/api*", "/api*$", "^/api*$"]

SENDS = [
    *(through_the_middleware, through_flask, through_a_list, through_a_text),
    *(through_django, through_django_asgi),
]

EVERYTHING = ["/*", "*", ".*", "/.*", "^.*$", "^/.*$"]
BELOW = [
    *("/api/*", "/api*", "/api/.*", "^/api/*", "^/api*", "^/api/.*"),
    *("/api*$", "/api/.*$", "^/api*$", "^/api/.*$"),
]
ROWS = [
    *((pattern, path, True) for pattern in EVERYTHING for path in ("/", "/x", "/api/x")),
    *((pattern, path, True) for pattern in BELOW for path in ("/api", "/api/", "/api/x/y")),
    *((pattern, path, False) for pattern in BELOW for path in ("/", "/apikeys", "/x/api")),
]


# The settings of a Django project apply to all other paths, and list no origins here.
IN_DJANGO = (REFUSES, REFUSES_PREFLIGHT)


@pytest.mark.filterwarnings("ignore:.* is read as")
@pytest.mark.parametrize("send", SENDS)
def test_spellings(subtests: pytest.Subtests, send: Send) -> None:
    elsewhere = IN_DJANGO if "django" in send.__name__ else ({}, {})
    for pattern, path, is_matched in ROWS:
        with subtests.test(f"{pattern} {path}"):
            response = send(pattern, (path, "GET", from_(APP)))
            assert (response.status, response.body) == (200, b"ran")
            assert response.cors == (grants() if is_matched else elsewhere[0])
            expected = admits(methods="GET, PUT") if is_matched else elsewhere[1]
            preflight = send(pattern, (path, "OPTIONS", asking()))
            assert preflight.cors == expected
            assert (preflight.status, preflight.body) == (204, b"") or not is_matched


def warned(pattern: str, send: Send) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        send(pattern, ("/api", "GET", from_(APP)))
    assert {(warning.category, warning.filename) for warning in caught} <= {(UserWarning, __file__)}
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize("send", [through_the_middleware, through_flask, through_a_list])
def test_the_notice_about_a_wildcard_behind_a_name(send: Send) -> None:
    for pattern in EVERYTHING + BELOW:
        text = f"resources[{pattern!r}]: {pattern!r} is read as '/api/*', which does not match "
        expected = [f"{text}'/apikeys'. Write '/api/*'."] if pattern in BEHIND_A_NAME else []
        assert warned(pattern, send) == expected


def test_the_notice_about_a_wildcard_behind_a_name_in_django() -> None:
    for pattern in EVERYTHING + BELOW:
        with override_settings(CORS_RESOURCES={pattern: {"CORS_ALLOWED_ORIGINS": [APP]}}):
            found = [(message.id, message.msg, message.hint) for message in check_all()]
        place = f"CORS_RESOURCES[{pattern!r}]"
        text = f"{place}: {pattern!r} is read as '/api/*', which does not match '/apikeys'."
        notice = ("corswsgi.W033", text, "Write '/api/*'.")
        assert (notice in found) is (pattern in BEHIND_A_NAME)
        assert any(number == "corswsgi.W033" for number, _, _ in found) is (notice in found)


def test_the_notice_is_repeated_when_a_middleware_is_reconfigured() -> None:
    middleware = CORSMiddleware(Application(), Policy(origins=APP))
    with pytest.warns(UserWarning, match="is read as") as caught:
        middleware.reconfigure(None, resources={"/api*": Policy(origins=APP)})
    assert [warning.filename for warning in caught] == [__file__]
