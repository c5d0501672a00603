"""The app: its table of policies, and problems between the settings and views."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import path
from django.views import View

from corswsgi import PolicyError
from corswsgi.adapters import IdentityCache, log_invalid
from corswsgi_django import cors, cors_decision
from corswsgi_django.apps import installed
from corswsgi_django.settings import read_settings
from tests.conformance.cases import APP
from tests.django.project import (
    ANYBODY,
    METHODS,
    REFUSED,
    REFUSED_PREFLIGHT,
    Project,
    admitted,
    allowed,
)
from tests.django.samples import OTHER, SETTINGS, Items, function, other
from tests.helpers.asgi import aget
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
            pool.submit(installed().keep_up)
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
    methods = []
    asking = [("Origin", APP), ("Access-Control-Request-Method", "PUT")]
    with override_settings(CORS_ALLOWED_ORIGINS=[APP]):
        handler = WSGIHandler()
        for view in (function, Purging.as_view(), function):
            with override_settings(ROOT_URLCONF=(path("", view),)):
                answer = get(handler, "/", "OPTIONS", asking)
                methods.append(answer.cors["Access-Control-Allow-Methods"])
    assert methods == [METHODS, f"{METHODS}, PURGE", METHODS]


# Settings that are assigned, deleted or changed in place while the server runs.


@pytest.fixture
def live() -> Iterator[LazySettings]:
    """Return the settings, to change them as code at run time does: without a signal."""
    urls = (path("", function), path("class", Items.as_view()))
    with override_settings(
        ROOT_URLCONF=urls, CORS_ALLOWED_ORIGINS=[APP], CORS_RESOURCES={"/r": {}}
    ):
        yield settings


def fetched(handler: WSGIHandler, origin: str = OTHER, place: str = "/") -> dict[str, str]:
    return get(handler, place, "GET", [("Origin", origin)]).cors


def assign(live: LazySettings) -> None:
    live.CORS_ALLOWED_ORIGINS = [OTHER]


def append(live: LazySettings) -> None:
    live.CORS_ALLOWED_ORIGINS.append(OTHER)


def assign_another(live: LazySettings) -> None:
    live.CORS_ALLOWED_ORIGIN_REGEXES = [OTHER]


def replace_in_place(live: LazySettings) -> None:
    live.CORS_ALLOWED_ORIGINS[0] = OTHER


def delete(live: LazySettings) -> None:
    live.CORS_ORIGIN_WHITELIST = [OTHER]
    del live.CORS_ALLOWED_ORIGINS


CHANGES = [assign, append, assign_another, replace_in_place, delete]


@pytest.mark.parametrize("change", CHANGES)
def test_settings_that_are_changed_at_run_time_take_effect(
    change: Callable[[LazySettings], None], live: LazySettings
) -> None:
    handler = WSGIHandler()
    assert fetched(handler) == REFUSED
    change(live)
    assert fetched(handler) == allowed(OTHER)


@pytest.mark.parametrize("change", CHANGES)
def test_in_production_they_take_effect_within_a_second(
    change: Callable[[LazySettings], None], live: LazySettings, production: list[float]
) -> None:
    handler = WSGIHandler()
    assert fetched(handler) == REFUSED
    table = installed().table
    change(live)
    production[0] += 0.9
    assert fetched(handler) == REFUSED
    assert installed().table is table
    production[0] += 0.1
    assert fetched(handler) == allowed(OTHER)
    # Nothing has changed since.
    table = installed().table
    production[0] += 2
    assert fetched(handler) == allowed(OTHER)
    assert installed().table is table


class Purging(View):
    http_method_names = ("purge",)


def test_resources_and_the_urlconf_can_be_changed_at_run_time(live: LazySettings) -> None:
    handler = WSGIHandler()
    assert fetched(handler, place="/r") == REFUSED
    live.CORS_RESOURCES["/r"]["CORS_ALLOW_ALL_ORIGINS"] = True
    assert fetched(handler, place="/r") == ANYBODY
    live.ROOT_URLCONF = (path("", Purging.as_view()),)
    fetched(handler)
    assert installed().table.routed_methods == ("OPTIONS", "PURGE")


@pytest.mark.parametrize("invalid", [["null"], None, iter([APP])])
def test_invalid_settings_at_run_time_are_raised_in_debug_mode_and_in_tests(
    invalid: Any, live: LazySettings
) -> None:
    handler = WSGIHandler()
    assert fetched(handler, APP) == allowed()
    live.CORS_ALLOWED_ORIGINS = invalid
    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True):
        for _ in range(2):
            with pytest.raises(ImproperlyConfigured, match="CORS_ALLOWED_ORIGINS"):
                fetched(handler, APP)
    live.CORS_ALLOWED_ORIGINS = [OTHER]
    assert fetched(handler) == allowed(OTHER)


def test_in_production_invalid_settings_refuse_and_are_logged_once(
    live: LazySettings, production: list[float], caplog: pytest.LogCaptureFixture, is_async: bool
) -> None:
    handler: Any = ASGIHandler() if is_async else WSGIHandler()

    def fetch_app() -> tuple[int, dict[str, str]]:
        given: Any = "/", "GET", [("Origin", APP)]
        answer = asyncio.run(aget(handler, *given)) if is_async else get(handler, *given)
        return answer.status, answer.cors

    assert fetch_app() == (200, allowed())
    live.CORS_ALLOWED_ORIGINS = ["null"]
    for _ in range(3):
        production[0] += 1
        assert fetch_app() == (200, REFUSED)
    (record,) = [record for record in caplog.records if record.name == "corswsgi"]
    assert getattr(record, "reason", "") == "policy_invalid"
    assert "CORS_ALLOWED_ORIGINS: " in record.getMessage()
    live.CORS_ALLOWED_ORIGINS = [APP]
    production[0] += 1
    assert fetch_app() == (200, allowed())


def test_in_production_every_request_meanwhile_uses_a_checked_table(
    live: LazySettings, production: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests run before and after what the one calls that has read the settings."""
    handler = WSGIHandler()
    seen: list[object] = []

    def fetching(function: Callable[..., Any], expected: dict[str, str]) -> Callable[..., Any]:
        def fetch_around(*given: Any) -> Any:
            for run in (False, True):
                returned = function(*given) if run else None
                answer = get(handler, "/", "GET", [("Origin", APP)])
                assert (answer.status, answer.cors) == (200, expected)
                seen.append(function)
            return returned

        return fetch_around

    assert fetched(handler, APP) == allowed()
    for origins, expected in ((["null"], REFUSED), ([APP], allowed())):
        live.CORS_ALLOWED_ORIGINS = origins
        production[0] += 1
        with monkeypatch.context() as patched:
            for module, each in (
                ("corswsgi_django.apps", IdentityCache),
                ("corswsgi.adapters.keeper", log_invalid),
            ):
                patched.setattr(f"{module}.{each.__name__}", fetching(each, expected))
            installed().keep_up()
    assert {*seen} == {IdentityCache, log_invalid}


def test_a_slower_thread_does_not_replace_a_checked_table(
    live: LazySettings, production: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []

    def read_slowly(given: LazySettings) -> Any:
        read = read_settings(given)
        reads.append(read)
        if len(reads) == 1:
            live.CORS_ALLOWED_ORIGINS = [OTHER]
            with ThreadPoolExecutor(1) as pool:
                pool.submit(installed().keep_up).result()
        return read

    monkeypatch.setattr("corswsgi_django.apps.read_settings", read_slowly)
    handler = WSGIHandler()
    for _ in range(2):
        assert fetched(handler) == allowed(OTHER)
        production[0] += 1
    assert len(reads) == 2


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time of a clock, to change it. The test is not recognized as one."""
    monkeypatch.delattr(mail, "outbox", raising=False)
    now = [1000.0]
    for module in ("apps", "middleware"):
        monkeypatch.setattr(f"corswsgi_django.{module}.monotonic", lambda: now[0])
    return now


# Views that only the URLconf of a request has.

URLCONF = (path("", cors(origins="*")(function)), path("plain", function))


def choose_urlconf(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> HttpResponse:
        request.urlconf = URLCONF  # type: ignore[assignment] # any sequence does
        response: HttpResponse = get_response(request)
        return response

    return middleware


@pytest.mark.parametrize("position", [0, 1], ids=["above", "below"])
def test_problems_of_a_urlconf_of_requests_are_logged_once(
    position: int, caplog: pytest.LogCaptureFixture
) -> None:
    middleware = ["corswsgi_django.middleware.CORSMiddleware"]
    middleware.insert(position, "tests.django.test_apps.choose_urlconf")
    given = {**INVALID, "ROOT_URLCONF": (path("root", function),), "MIDDLEWARE": middleware}
    with override_settings(**given):
        handler = WSGIHandler()
        assert fetched(handler, APP, "/plain") == allowed(Allow_Credentials="true")
        for _ in range(3):
            assert fetched(handler, APP) == REFUSED
    (record,) = [record for record in caplog.records if record.name == "corswsgi"]
    assert getattr(record, "reason", "") == "policy_invalid"
    text = " ".join(record.getMessage().split())
    assert "tests.django.samples.function.origins of its @cors:" in text


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


def swallow(get_response: Any) -> Any:
    """Turn exceptions of views into responses, as error handlers of APIs do."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = get_response(request)
        return response

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse:
        return HttpResponse("an error", status=500)

    middleware.process_exception = process_exception  # type: ignore[attr-defined] # a hook
    return middleware


@pytest.mark.parametrize("has_middleware", [True, False], ids=["middleware", "alone"])
def test_problems_that_error_handlers_hide_are_logged_once(
    has_middleware: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installed(), "_logged", frozenset())
    stack = ["tests.django.test_apps.swallow"]
    stack += ["corswsgi_django.middleware.CORSMiddleware"] * has_middleware
    with override_settings(**{**INVALID, "MIDDLEWARE": stack}):
        handler = WSGIHandler()
        for _ in range(2):
            assert get(handler, "/invalid", "GET", [("Origin", APP)]).status == 500
    (record,) = [record for record in caplog.records if record.name == "corswsgi"]
    assert getattr(record, "reason", "") == "policy_invalid"
    assert "origins of its @cors" in record.getMessage()


NOTED: dict[str, Any] = {
    "CORS_ALLOW_METHODS": ["patch"],
    "CORS_ALLOW_PRIVATE_NETWORK": True,
    "CORS_ALOW_CREDENTIALS": True,
    "CORS_MODEL": "app.Site",
    "CORS_ORIGIN_WHITELIST": [],
}


def test_notices_are_logged_when_the_server_starts(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installed(), "_logged", frozenset())
    with override_settings(**SETTINGS, **NOTED):
        for _ in range(2):
            WSGIHandler()
    # The settings are read again, but the log does not repeat what it has.
    with override_settings(**SETTINGS, **NOTED):
        WSGIHandler()
    assert {
        (each.name, each.levelname, getattr(each, "reason", "")) for each in caplog.records
    } == {
        ("corswsgi", "WARNING", "method_case"),
        ("corswsgi", "WARNING", "deprecated_option"),
        ("corswsgi", "WARNING", "unknown_setting"),
        ("corswsgi", "WARNING", "removed_setting"),
        ("corswsgi", "WARNING", "older_setting"),
    }
    assert len(caplog.records) == 5
    assert (
        "CORS_ALOW_CREDENTIALS is not a setting of corswsgi. Did you mean 'CORS_ALLOW_CREDENTIALS'?"
    ) in caplog.messages


def test_notices_that_the_checks_have_printed_are_not_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installed(), "_logged", frozenset())
    with override_settings(**SETTINGS, **NOTED):
        call_command("check")
        WSGIHandler()
    assert caplog.records == []
    with override_settings(**SETTINGS, CORS_ALLOW_METHODS=["query"]):
        WSGIHandler()
    assert [vars(record)["reason"] for record in caplog.records] == ["method_case"]
