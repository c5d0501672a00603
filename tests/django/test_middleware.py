"""The middleware: which requests it answers, and what is around it."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.wsgi import WSGIHandler
from django.http import (
    HttpRequest,
    HttpResponse,
)
from django.test import override_settings
from django.urls import path
from django.views.decorators.http import require_http_methods

from corswsgi import CORSMiddleware, Policy
from corswsgi_django import cors
from tests.conformance.cases import APP, EVIL
from tests.django.project import (
    ANYBODY,
    REFUSED,
    Project,
    admitted,
    allowed,
    named,
)
from tests.django.samples import OFF, OTHER, SETTINGS, function, other, own
from tests.helpers.wsgi import get

URLS = [path("plain", function), path("own", own), path("off", OFF(own))]


def test_a_preflight_is_answered_before_what_would_refuse_it(is_async: bool) -> None:
    settings = {
        **SETTINGS,
        "MIDDLEWARE": [
            "corswsgi_django.middleware.CORSMiddleware",
            "tests.django.test_middleware.refuse_all",
        ],
    }
    one = Project([path("", require_http_methods(["PUT"])(other(function)))], settings, is_async)
    assert one.preflight(origin=OTHER).cors == admitted(OTHER)
    refused = one.fetch("/", "PUT", OTHER)
    assert (refused.status, refused.cors) == (401, allowed(OTHER))


def refuse_all(get_response: Any) -> Any:
    return lambda request: HttpResponse(status=401)


def test_a_middleware_of_the_core_around_it() -> None:
    """The inner middleware decides, wherever a policy applies."""
    outer = Policy(origins=[APP, EVIL], max_age=7)
    with override_settings(ROOT_URLCONF=tuple(URLS), **SETTINGS):
        app = CORSMiddleware(WSGIHandler(), lambda environ: outer)
        fixed = CORSMiddleware(WSGIHandler(), outer)
        for middleware in (app, fixed):
            assert get(middleware, "/plain", "GET", [("Origin", APP)]).cors == allowed()
            assert get(middleware, "/plain", "GET", [("Origin", EVIL)]).cors == REFUSED
            # Elsewhere, the outer one does.
            ruled = get(middleware, "/off", "GET", [("Origin", EVIL)]).cors
            assert ruled == {
                "Access-Control-Allow-Origin": EVIL,
                "Access-Control-Expose-Headers": "X-A",
                "vary": "Accept, Origin",
            }


async def aplain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


async def ais_app(origin: str) -> bool:
    return origin == APP


# Django leaves the event loop to log a 403, as that of a refused preflight.
@pytest.mark.parametrize(
    ("origins", "method"),
    [([APP], "GET"), ([APP], "OPTIONS"), ([ais_app], "GET"), ([ais_app], "OPTIONS"), ([], "GET")],
    ids=named,
)
def test_no_thread_hop_is_added(
    origins: list[Any], method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the whole chain of middleware, under ASGI, nothing leaves the event loop."""

    def hop(*arguments: Any, **named: Any) -> Any:
        raise NotImplementedError

    async def run() -> HttpResponse:
        handler = ASGIHandler()
        monkeypatch.setattr(SyncToAsync, "__call__", hop)
        headers = [(b"origin", APP.encode()), (b"access-control-request-method", b"PUT")]
        scope = {"type": "http", "method": method, "path": "/", "headers": headers}
        request = ASGIRequest({**scope, "query_string": b""}, io.BytesIO())
        response = await handler.get_response_async(request)
        assert isinstance(response, HttpResponse)
        return response

    urls = (path("", cors(expose_headers=["X-A"])(aplain)),)
    with override_settings(ROOT_URLCONF=urls, CORS_ALLOWED_ORIGINS=origins):
        response = asyncio.run(run())
    assert response.get("Access-Control-Allow-Origin") == (APP if origins else None)


def test_any_origin(is_async: bool) -> None:
    one = Project(URLS, {"CORS_ALLOW_ALL_ORIGINS": True}, is_async)
    assert one.fetch("/plain").cors == one.send("/plain").cors == ANYBODY
