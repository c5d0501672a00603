"""The app: its table of policies, and problems between the settings and views."""

from __future__ import annotations

import gc
import logging
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import path
from django.views import View

from corswsgi import PolicyError
from corswsgi_django import cors, cors_decision
from corswsgi_django.apps import installed
from tests.conformance.cases import APP
from tests.django.project import (
    METHODS,
    REFUSED,
    REFUSED_PREFLIGHT,
    Project,
    admitted,
    allowed,
)
from tests.django.samples import OTHER, SETTINGS, Items, function, other
from tests.helpers.wsgi import get

URLS = (
    path("invalid", cors(origins="*")(function)),
    path("invalid-too", cors(methods="*", origins="*", max_age=1)(function)),
    path("valid", other(function)),
    path("plain", function),
)
INVALID: dict[str, Any] = {**SETTINGS, "CORS_ALLOW_CREDENTIALS": True, "ROOT_URLCONF": URLS}


@pytest.mark.parametrize("settings", [{"DEBUG": True}, {"DEBUG": False}], ids=["debug", "tests"])
def test_problems_of_views_are_raised_by_every_request(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if settings["DEBUG"]:
        monkeypatch.delattr(mail, "outbox", raising=False)
    else:
        monkeypatch.setattr(mail, "outbox", [], raising=False)
    with override_settings(**INVALID, **settings, DEBUG_PROPAGATE_EXCEPTIONS=True):
        handler = WSGIHandler()
        for _ in range(2):
            with pytest.raises(PolicyError) as raised:
                get(handler, "/valid", "GET", [("Origin", APP)])
            assert [problem.option for problem in raised.value.problems] == [
                "tests.django.samples.function.origins of its @cors"
            ]


def test_in_production_only_the_views_with_problems_refuse(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, is_async: bool
) -> None:
    monkeypatch.delattr(mail, "outbox", raising=False)
    credentials = {"Allow_Credentials": "true"}
    with override_settings(**INVALID):
        one = Project([*URLS, path("new", cors(origins=[OTHER])(function))], {}, is_async)
        for _ in range(2):
            invalid = one.fetch("/invalid")
            assert (invalid.status, invalid.body, invalid.cors) == (200, b"ran", REFUSED)
            refused = one.preflight("/invalid-too")
            assert (refused.status, refused.cors) == (403, REFUSED_PREFLIGHT)
            assert one.fetch("/valid", origin=OTHER).cors == allowed(OTHER, **credentials)
            assert one.fetch("/plain").cors == allowed(**credentials)
            assert one.preflight("/plain").cors == admitted(**credentials)


def test_in_production_problems_are_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delattr(mail, "outbox", raising=False)
    decisions = []

    def log(get_response: Any) -> Any:
        def middleware(request: HttpRequest) -> HttpResponse:
            response: HttpResponse = get_response(request)
            decisions.append(cors_decision(request))
            return response

        return middleware

    with override_settings(**INVALID):
        handler = log(WSGIHandler().get_response)
        for place in ("/invalid", "/valid", "/invalid"):
            handler(RequestFactory().get(place, headers={"Origin": OTHER}))
    reasons = [decision and decision.reason for decision in decisions]
    assert reasons == ["policy_invalid", "origin_allowed", "policy_invalid"]
    (record,) = [record for record in caplog.records if record.name == "corswsgi"]
    assert (record.levelno, getattr(record, "reason", "")) == (logging.ERROR, "policy_invalid")
    text = " ".join(record.getMessage().split())
    assert "1 problem in the CORS configuration:" in text
    assert "tests.django.samples.function.origins of its @cors:" in text
    assert "->" in text


def test_in_production_threads_log_problems_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delattr(mail, "outbox", raising=False)
    with override_settings(**INVALID), ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(installed().report_problems)
    assert len([record for record in caplog.records if record.name == "corswsgi"]) == 1


def test_the_caches_of_views_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corswsgi.adapters.caches._MAX_ENTRIES", 1)
    urls = [path("", Items.as_view()), path("other", other(function))]
    with override_settings(ROOT_URLCONF=tuple(urls), **SETTINGS):
        handler = WSGIHandler()
        asking = [("Origin", OTHER), ("Access-Control-Request-Method", "PUT")]
        for _ in range(2):
            answer = get(handler, "/", "OPTIONS", asking)
            assert answer.cors == admitted(OTHER, "PUT, PATCH", max_age="0")
            assert get(handler, "/other", "OPTIONS", asking).cors == admitted(OTHER)


def test_views_of_single_requests_leave_nothing() -> None:
    references: list[weakref.ref[object]] = []
    with override_settings(ROOT_URLCONF=(path("", function),), **SETTINGS):
        for number in range(3):
            view = cors(max_age=number)(function)
            layers = installed().layers_of(view)
            assert installed().layers_of(view) is layers
            applied = installed().table.find("/", layers, "GET")
            references += [weakref.ref(view), weakref.ref(applied)]
        del view, layers, applied
        gc.collect()
        assert [reference() for reference in references] == [None] * 6


def test_a_change_of_settings_is_seen_at_once() -> None:
    seen = []
    with override_settings(ROOT_URLCONF=(path("", function),)):
        handler = WSGIHandler()
        for origins in ([APP], [], [APP]):
            with override_settings(CORS_ALLOWED_ORIGINS=origins):
                seen.append(get(handler, "/", "GET", [("Origin", APP)]).cors)
    assert seen == [allowed(), REFUSED, allowed()]


def test_a_change_of_the_urlconf_is_seen_at_once() -> None:
    class Purging(View):
        http_method_names = ("purge",)

    methods = []
    asking = [("Origin", APP), ("Access-Control-Request-Method", "PUT")]
    with override_settings(CORS_ALLOWED_ORIGINS=[APP]):
        handler = WSGIHandler()
        for view in (function, Purging.as_view(), function):
            with override_settings(ROOT_URLCONF=(path("", view),)):
                answer = get(handler, "/", "OPTIONS", asking)
                methods.append(answer.cors["Access-Control-Allow-Methods"])
    assert methods == [METHODS, f"{METHODS}, PURGE", METHODS]


def test_other_changes_of_settings_keep_the_table() -> None:
    table = installed().table
    with override_settings(DEBUG=True):
        assert installed().table is table


def test_the_application_has_to_be_installed() -> None:
    with (
        override_settings(INSTALLED_APPS=[]),
        pytest.raises(ImproperlyConfigured, match='add "corswsgi_django" to INSTALLED_APPS'),
    ):
        WSGIHandler()
