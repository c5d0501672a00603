"""The conformance table through Django: its settings, CORS_RESOURCES and @cors, sync and async."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import re_path

from corswsgi import Policy
from corswsgi_django import cors
from tests.conformance.cases import (
    CASES,
    DEFAULT_METHODS,
    HARMLESS,
    Answer,
    Case,
    Options,
    run_all,
)
from tests.conformance.fetches import check_fetches, of_any_method
from tests.helpers.asgi import aget
from tests.helpers.wsgi import get

View = Callable[[HttpRequest], Any]
Configured = tuple[dict[str, Any], View]
"""The settings for a row, and its view, which may be decorated."""

NAMES = {
    "methods": "CORS_ALLOW_METHODS",
    "allow_headers": "CORS_ALLOW_HEADERS",
    "expose_headers": "CORS_EXPOSE_HEADERS",
    "supports_credentials": "CORS_ALLOW_CREDENTIALS",
    "max_age": "CORS_PREFLIGHT_MAX_AGE",
    "dangerously_allow": "CORS_DANGEROUSLY_ALLOW",
}

# Django's defaults differ from those of a Policy.
DEFAULTS = {"methods": DEFAULT_METHODS.split(", "), "allow_headers": "*", "max_age": 600}

WITHOUT_RESOURCES = [case for case in CASES if case.resources is None]


def settings_of(options: Options) -> dict[str, Any]:
    """Write a policy's options as settings."""
    given = {**DEFAULTS, **options}
    origins = given.pop("origins")
    settings = {NAMES[option]: value for option, value in given.items()}
    if "*" in ([origins] if isinstance(origins, str) else [*origins]):
        return {**settings, "CORS_ALLOW_ALL_ORIGINS": True}
    return {**settings, "CORS_ALLOWED_ORIGINS": origins}


def through_settings(case: Case, view: View) -> Configured:
    assert case.options is not None
    return settings_of(case.options), view


def through_resources(case: Case, view: View) -> Configured:
    rows: Mapping[str, Options | None] = {"/*": case.options, **(case.resources or {})}
    resources = {
        path: None if options is None else settings_of(options) for path, options in rows.items()
    }
    # The settings that the resources are laid over have no effect.
    others = {"CORS_ALLOWED_ORIGINS": ["https://another.example"], "CORS_PREFLIGHT_MAX_AGE": 7}
    return {**others, "CORS_RESOURCES": resources}, view


def through_a_decorator(case: Case, view: View) -> Configured:
    return {"CORS_PREFLIGHT_MAX_AGE": 7}, cors(**{**DEFAULTS, **(case.options or {})})(view)


def through_a_policy(case: Case, view: View) -> Configured:
    return {"CORS_ALLOW_ALL_ORIGINS": True}, cors(Policy(**(case.options or {})))(view)


class Target:
    """A project whose view responds like the application of a row."""

    def __init__(self, configure: Callable[[Case, View], Configured], *, is_async: bool) -> None:
        self.configure = configure
        self.is_async = is_async

    def __call__(self, case: Case) -> Answer:
        runs = []

        def respond() -> HttpResponse:
            runs.append(case.name)
            response = HttpResponse("ran", status=case.app_status)
            if case.app_status in (204, 304):
                del response["Content-Type"]
            for name, value in case.sends:
                # Django has one line for each name.
                response[name] = f"{response[name]}, {value}" if name in response else value
            return response

        def view(request: HttpRequest) -> HttpResponse:
            return respond()

        async def aview(request: HttpRequest) -> HttpResponse:
            return respond()

        settings, configured = self.configure(case, aview if self.is_async else view)
        request = case.path, case.method, case.request
        with override_settings(ROOT_URLCONF=(re_path("", configured),), **settings):
            if self.is_async:
                response = asyncio.run(aget(ASGIHandler(), *request))
            else:
                response = get(WSGIHandler(), *request)
        return Answer(response.status, response.headers, bool(runs))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("is_async", [False, True], ids=["wsgi", "asgi"])
@pytest.mark.parametrize("configure", [through_settings, through_resources, through_a_decorator])
def test_harmless_options(
    subtests: pytest.Subtests, configure: Callable[[Case, View], Configured], is_async: bool
) -> None:
    run_all(subtests, HARMLESS, Target(configure, is_async=is_async))


@pytest.mark.parametrize("is_async", [False, True], ids=["wsgi", "asgi"])
def test_resources(subtests: pytest.Subtests, is_async: bool) -> None:
    run_all(subtests, CASES, Target(through_resources, is_async=is_async))


@pytest.mark.parametrize("is_async", [False, True], ids=["wsgi", "asgi"])
@pytest.mark.parametrize("configure", [through_settings, through_a_decorator, through_a_policy])
def test_without_resources(
    subtests: pytest.Subtests, configure: Callable[[Case, View], Configured], is_async: bool
) -> None:
    run_all(subtests, WITHOUT_RESOURCES, Target(configure, is_async=is_async))


@pytest.mark.once
@of_any_method
@pytest.mark.parametrize(
    ("configure", "is_async"),
    [(through_settings, False), (through_a_decorator, False), (through_a_decorator, True)],
)
def test_browsers_allow_what_a_policy_allows(
    subtests: pytest.Subtests, configure: Callable[[Case, View], Configured], is_async: bool
) -> None:
    check_fetches(subtests, WITHOUT_RESOURCES, Target(configure, is_async=is_async))


@pytest.mark.once
@of_any_method
def test_browsers_allow_what_resources_allow(subtests: pytest.Subtests) -> None:
    check_fetches(subtests, CASES, Target(through_resources, is_async=False))
