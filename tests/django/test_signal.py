"""The signal, and callables: who allows single origins, and what happens when they fail."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path

from corswsgi import Policy
from corswsgi_django import acors_decision, cors, cors_decision
from corswsgi_django.signals import check_request_enabled
from tests.conformance.cases import APP, EVIL
from tests.django.project import (
    REFUSED,
    REFUSED_PREFLIGHT,
    Project,
    admitted,
    allowed,
)

OTHER = "https://other.example"


async def view(request: HttpRequest) -> HttpResponse:
    """Ask for the decision too: nobody is asked twice for it."""
    await acors_decision(request)
    return HttpResponse("ran")


def urls() -> list[Any]:
    return [
        path("", view),
        path("named", cors(origins=[APP])(view)),
        path("policy", cors(Policy(origins=[APP]))(view)),
        path("exposing", cors(expose_headers=["X-A"])(view)),
        path("off", cors(None)(view)),
    ]


@contextmanager
def receiving(*receivers: Callable[..., Any]) -> Iterator[list[str]]:
    """Have receivers connected, and note what paths they are asked about."""
    asked: list[str] = []

    def note(request: HttpRequest, **more: Any) -> None:
        asked.append(request.path)

    connected = [note, *receivers]
    for receiver in connected:
        check_request_enabled.connect(receiver)
    try:
        yield asked
    finally:
        for receiver in connected:
            assert check_request_enabled.disconnect(receiver)


def allows_other(sender: None, request: HttpRequest, **more: Any) -> bool:
    return request.headers["Origin"] == OTHER


async def aallows_other(sender: None, request: HttpRequest, **more: Any) -> object:
    return [OTHER] if request.headers["Origin"] == OTHER else []


def raises(sender: None, request: HttpRequest, **more: Any) -> bool:
    raise LookupError("no tenant\nforged line")


async def araises(sender: None, request: HttpRequest, **more: Any) -> bool:
    raise LookupError("no tenant\nforged line")


class NoBool:
    def __bool__(self) -> bool:
        raise LookupError("no bool")


def answers_no_bool(sender: None, request: HttpRequest, **more: Any) -> object:
    return NoBool()


@pytest.mark.parametrize("receiver", [allows_other, aallows_other])
@pytest.mark.parametrize("origins", [[APP], []])
def test_receivers_allow_what_the_settings_do_not(
    receiver: Any, origins: list[str], is_async: bool
) -> None:
    settings = {"CORS_ALLOWED_ORIGINS": origins, "CORS_ALLOW_CREDENTIALS": True}
    one = Project(urls(), settings, is_async)
    with receiving(receiver) as asked:
        assert one.fetch(origin=OTHER).cors == allowed(OTHER, Allow_Credentials="true")
        assert asked == ["/"]
        assert one.preflight(origin=OTHER).cors == admitted(OTHER, Allow_Credentials="true")
        assert asked == ["/"] * 2
        assert one.fetch(origin=EVIL).cors == REFUSED
        assert one.preflight(origin=EVIL).cors == REFUSED_PREFLIGHT
        assert asked == ["/"] * 4
        assert one.preflight("/", "CHICKEN", OTHER).cors == REFUSED_PREFLIGHT
        assert asked == ["/"] * 5
        # Nobody has to be asked, or can.
        assert one.send().cors == REFUSED
        assert one.fetch(origin="null").cors == REFUSED
        if origins:
            assert one.fetch().cors == allowed(Allow_Credentials="true")
        assert asked == ["/"] * 5
        for malformed in ("no origin", "*", "https://OTHER.example", f"{OTHER}/"):
            assert one.fetch(origin=malformed).cors == REFUSED
        assert asked == ["/"] * 5


def test_receivers_are_about_the_origins_of_the_settings_only(is_async: bool) -> None:
    settings = {
        "CORS_ALLOWED_ORIGINS": [APP],
        "CORS_RESOURCES": {"/named-here": {"CORS_ALLOWED_ORIGINS": [APP]}},
    }
    one = Project([*urls(), path("named-here", view)], settings, is_async)
    with receiving(allows_other) as asked:
        for place in ("/named", "/policy", "/named-here"):
            assert one.fetch(place, origin=OTHER).cors == REFUSED
            assert one.preflight(place, origin=OTHER).cors == REFUSED_PREFLIGHT
        assert one.fetch("/off", origin=OTHER).cors == {}
        assert asked == []
        assert one.fetch("/exposing", origin=OTHER).cors == allowed(OTHER, Expose_Headers="X-A")
        assert asked == ["/exposing"]


def test_outside_of_the_urls_receivers_are_all_there_is(is_async: bool) -> None:
    settings = {"CORS_ALLOWED_ORIGINS": [APP], "CORS_URLS_REGEX": "^/api/"}
    one = Project(urls(), settings, is_async)
    assert one.fetch(origin=OTHER).cors == {}
    with receiving(allows_other) as asked:
        assert one.fetch(origin=OTHER).cors == allowed(OTHER)
        assert one.preflight(origin=OTHER).cors == admitted(OTHER)
        assert one.preflight("/", "CHICKEN", OTHER).cors == REFUSED_PREFLIGHT
        assert asked == ["/"] * 3
        # No policy is there. But caches have to know that other origins are allowed.
        assert one.fetch().cors == REFUSED
        assert one.send().cors == REFUSED
        answer = one.preflight()
        assert (answer.status, answer.body, answer.cors) == (200, b"ran", REFUSED)
        assert asked == ["/"] * 5


class Asynchronous:
    """Django takes it for synchronous."""

    async def __call__(self, sender: None, request: HttpRequest, **more: Any) -> bool:
        raise NotImplementedError


ASYNCHRONOUS = Asynchronous()


class Future:
    def __await__(self) -> Iterator[bool]:
        raise NotImplementedError


def answers_a_future(sender: None, request: HttpRequest, **more: Any) -> object:
    return Future()


@pytest.mark.parametrize(
    "receiver", [raises, araises, answers_no_bool, ASYNCHRONOUS, answers_a_future]
)
@pytest.mark.parametrize("urls_regex", ["^/", "^/api/"])
def test_a_receiver_that_raises_refuses(
    receiver: Any, urls_regex: str, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"CORS_ALLOWED_ORIGINS": [APP], "CORS_URLS_REGEX": urls_regex}
    one = Project(urls(), settings, is_async)
    with receiving(receiver) as asked:
        fetched = one.fetch(origin=OTHER)
        assert (fetched.status, fetched.body, fetched.cors) == (200, b"ran", REFUSED)
        assert asked == ["/"]
        # Outside of CORS_URLS_REGEX, it is the application's.
        refused = REFUSED_PREFLIGHT if urls_regex == "^/" else REFUSED
        assert one.preflight(origin=OTHER).cors == refused
    records = [record for record in caplog.records if record.name == "corswsgi"]
    assert [record.levelno for record in records] == [logging.ERROR] * 2
    assert {getattr(record, "reason", None) for record in records} == {"origin_check_failed"}
    assert all("\nforged" not in record.getMessage() for record in records)


def test_a_receiver_that_raises_refuses_though_another_allows(is_async: bool) -> None:
    one = Project(urls(), {"CORS_ALLOWED_ORIGINS": [APP]}, is_async)
    for receivers in ((raises, allows_other), (allows_other, araises)):
        with receiving(*receivers):
            assert one.fetch(origin=OTHER).cors == REFUSED


def test_a_receiver_that_raises_fails_no_origin_of_the_settings() -> None:
    with receiving(raises):
        one = Project(urls(), {"CORS_ALLOWED_ORIGINS": [APP]})
        assert one.fetch().cors == allowed()


# Callables of the settings.


def sync_is_other(origin: str) -> bool:
    return origin == OTHER


async def async_is_other(origin: str) -> bool:
    return origin == OTHER


def is_other_outside_of_loops(origin: str) -> bool:
    """Be allowed what the ORM is: to block."""
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
    return origin == OTHER


def sync_raises(origin: str) -> bool:
    raise LookupError(origin)


async def async_raises(origin: str) -> bool:
    raise LookupError(origin)


def answers_text(origin: str) -> bool:
    return "yes"  # type: ignore[return-value] # that is the point


ASKED: list[str] = []


async def notes(origin: str) -> bool:
    ASKED.append(origin)
    return False


@pytest.mark.parametrize("failing", [sync_raises, async_raises, answers_text])
def test_a_callable_that_fails_refuses_unless_another_allows(
    failing: Any, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    one = Project(urls(), {"CORS_ALLOWED_ORIGINS": [APP, failing]}, is_async)
    assert one.fetch(origin=OTHER).cors == REFUSED
    assert one.preflight(origin=OTHER).cors == REFUSED_PREFLIGHT
    records = [record for record in caplog.records if record.name == "corswsgi"]
    assert {getattr(record, "reason", None) for record in records} == {"origin_check_failed"}
    assert len(records) == 2
    for another in (sync_is_other, async_is_other):
        settings = {"CORS_ALLOWED_ORIGINS": [failing, another]}
        assert Project(urls(), settings, is_async).fetch(origin=OTHER).cors == allowed(OTHER)


def test_synchronous_callables_run_where_they_may_block(is_async: bool) -> None:
    settings = {"CORS_ALLOWED_ORIGINS": [is_other_outside_of_loops]}
    assert Project(urls(), settings, is_async).fetch(origin=OTHER).cors == allowed(OTHER)


def test_callables_are_asked_about_well_formed_origins_once(is_async: bool) -> None:
    one = Project(urls(), {"CORS_ALLOWED_ORIGINS": [APP, notes]}, is_async)
    ASKED.clear()
    for origin in (APP, "null", "no origin", f"{APP}/"):
        one.fetch(origin=origin)
    one.send()
    assert ASKED == []
    one.fetch(origin=OTHER)
    one.preflight(origin=OTHER)
    assert ASKED == [OTHER, OTHER]


def test_the_decision_says_that_something_failed(is_async: bool) -> None:
    seen = []

    def look(request: HttpRequest) -> HttpResponse:
        seen.append(cors_decision(request))
        return HttpResponse()

    async def alook(request: HttpRequest) -> HttpResponse:
        seen.append(await acors_decision(request))
        return HttpResponse()

    for each in (look, alook):
        for failing in (sync_raises, async_raises):
            settings = {"CORS_ALLOWED_ORIGINS": [failing, notes]}
            Project([path("", each)], settings, is_async).fetch(origin=OTHER)
    assert [decision.reason for decision in seen if decision] == ["origin_check_failed"] * 4
