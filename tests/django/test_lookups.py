"""Look-ups: callables among the origins, in synchronous and asynchronous code."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.http import (
    HttpRequest,
    HttpResponse,
)
from django.urls import path

from corswsgi import Policy
from corswsgi_django import acors_decision, cors, cors_decision
from tests.conformance.cases import APP
from tests.django.project import (
    REFUSED,
    REFUSED_PREFLIGHT,
    Project,
    admitted,
    allowed,
    named,
)
from tests.django.samples import ALONE, SETTINGS, coroutine, function, is_other

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


@pytest.mark.parametrize(
    "origins", [[is_other], is_other, (lambda origin: origin == OTHER,)], ids=named
)
@pytest.mark.parametrize("settings", [SETTINGS, ALONE], ids=["middleware", "alone"])
@pytest.mark.parametrize("view", [function, coroutine])
def test_callables_among_origins(
    origins: Any, settings: dict[str, Any], view: Any, is_async: bool
) -> None:
    one = Project([path("", cors(origins=origins)(view))], settings, is_async)
    assert one.fetch(origin=OTHER).cors == allowed(OTHER)
    assert one.fetch().cors == REFUSED
    assert one.preflight(origin=OTHER).cors == admitted(OTHER)
    assert one.preflight().cors == REFUSED_PREFLIGHT
    assert one.fetch(origin="null").cors == REFUSED


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
    assert len(records) == 1
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
