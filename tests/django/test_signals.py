"""The signal: receivers allow single origins."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.http import (
    HttpRequest,
    HttpResponse,
)
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
from tests.django.samples import function, not_wrapping

OTHER = "https://other.example"


async def view(request: HttpRequest) -> HttpResponse:
    """Ask for the decision, too, which does not ask anything twice."""
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
        # The settings decide, or no receiver can allow the origin.
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
        # No policy applies, but caches must know that other origins may be allowed.
        assert one.fetch().cors == REFUSED
        assert one.send().cors == REFUSED
        answer = one.preflight()
        assert (answer.status, answer.body, answer.cors) == (200, b"ran", REFUSED_PREFLIGHT)
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
        assert one.preflight(origin=OTHER).cors == REFUSED_PREFLIGHT
    records = [record for record in caplog.records if record.name == "corswsgi"]
    assert [record.levelno for record in records] == [logging.ERROR]
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


def decide_early(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> HttpResponse:
        cors_decision(request)  # with the settings, because the view's @cors is hidden
        response: HttpResponse = get_response(request)
        return response

    return middleware


@pytest.mark.filterwarnings("ignore:the middleware cannot see:RuntimeWarning")
def test_receivers_are_asked_once_for_several_policies(is_async: bool) -> None:
    hidden = not_wrapping(cors(expose_headers=["X-A"])(function))
    middleware = [
        "corswsgi_django.middleware.CORSMiddleware",
        "tests.django.test_signals.decide_early",
    ]
    settings = {"CORS_ALLOWED_ORIGINS": [APP], "MIDDLEWARE": middleware}
    one = Project([path("", hidden)], settings, is_async)
    with receiving(allows_other) as asked:
        assert one.fetch(origin=OTHER).cors == allowed(OTHER, Expose_Headers="X-A")
    assert asked == ["/"]


async def adecide_early(request: HttpRequest) -> HttpResponse:
    await acors_decision(request)
    return await cors(expose_headers=["X-A"])(view)(request)


@pytest.mark.filterwarnings("ignore:the middleware cannot see:RuntimeWarning")
def test_receivers_are_asked_once_by_coroutines(is_async: bool) -> None:
    one = Project([path("", adecide_early)], {"CORS_ALLOWED_ORIGINS": [APP]}, is_async)
    with receiving(aallows_other) as asked:
        assert one.fetch(origin=OTHER).cors == allowed(OTHER, Expose_Headers="X-A")
    assert asked == ["/"]
