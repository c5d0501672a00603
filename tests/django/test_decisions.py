"""Decisions: the policy that applies to a request, and cors_decision()."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import (
    HttpRequest,
    HttpResponse,
)
from django.test import override_settings
from django.urls import include, path, re_path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.http import require_http_methods
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response as RestResponse
from rest_framework.viewsets import ViewSet

from corswsgi import Policy
from corswsgi.browser import Browser
from corswsgi_django import acors_decision, cors, cors_decision
from corswsgi_django.defaults import default_headers
from corswsgi_django.signals import check_request_enabled
from tests.conformance.cases import APP, DEFAULT_METHODS, EVIL
from tests.django.project import (
    ANYBODY,
    METHODS,
    REFUSED,
    REFUSED_PREFLIGHT,
    Project,
    admitted,
    allowed,
)
from tests.django.samples import (
    OFF,
    OTHER,
    SETTINGS,
    Items,
    Plain,
    function,
    is_other,
    not_wrapping,
    other,
    rest_view,
    subclass,
)


def test_decisions_in_views_and_middleware(is_async: bool) -> None:
    seen: list[Any] = []

    @cors(origins=[OTHER])
    def marked(request: HttpRequest) -> HttpResponse:
        seen.append(cors_decision(request))
        return HttpResponse()

    async def unmarked(request: HttpRequest) -> HttpResponse:
        seen.append(await acors_decision(request))
        return HttpResponse()

    @cors(None)
    def off(request: HttpRequest) -> HttpResponse:
        seen.append(cors_decision(request))
        return HttpResponse()

    urls = [path("marked", marked), path("unmarked", unmarked), path("off", off)]
    urls.append(path("items", Items.as_view()))
    settings = {
        **SETTINGS,
        "MIDDLEWARE": [
            "tests.django.test_decisions.log_decisions",
            "corswsgi_django.middleware.CORSMiddleware",
        ],
    }
    LOGGED.clear()
    one = Project(urls, settings, is_async)
    for place in ("/marked", "/unmarked", "/off", "/missing"):
        one.fetch(place)
    one.preflight("/marked")
    one.preflight("/items", "PUT", OTHER)
    reasons = [getattr(decision, "reason", None) for decision in seen]
    assert reasons == ["origin_not_allowed", "origin_allowed", None]
    last = ["origin_allowed", "origin_not_allowed", "preflight_allowed"]
    assert [*reasons, *last] == LOGGED


LOGGED: list[str | None] = []


def log_decisions(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = get_response(request)
        LOGGED.append(getattr(cors_decision(request), "reason", None))
        return response

    return middleware


async def asks_as_if_it_could_wait(request: HttpRequest) -> HttpResponse:
    cors_decision(request)
    return HttpResponse()


def test_look_ups_that_would_block_a_coroutine_are_refused(
    is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def receiver(sender: None, **more: Any) -> None:
        return None

    urls = [path("", asks_as_if_it_could_wait)]
    assert Project(urls, SETTINGS, is_async).fetch().status == 200
    for origins in ([is_other], [APP]):
        # Callables are asked, or receivers.
        if origins == [APP]:
            check_request_enabled.connect(receiver)
        try:
            caplog.clear()
            answer = Project(urls, {"CORS_ALLOWED_ORIGINS": origins}, is_async).fetch(origin=OTHER)
            assert answer.status == 500
            assert "await acors_decision(request)" in caplog.text
            # No decision was made without the look-up.
            assert answer.cors == (allowed(OTHER) if origins == [is_other] else REFUSED)
        finally:
            check_request_enabled.disconnect(receiver)


def override(get_response: Any) -> Any:
    """Override the method and the path, as some middleware does."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.method = request.headers.get("X-Method", request.method)
        request.path_info = request.path_info.removeprefix("/internal")
        cors_decision(request)  # too early: the view is not known yet
        response: HttpResponse = get_response(request)
        return response

    return middleware


REWRITING = {
    **SETTINGS,
    "CORS_RESOURCES": {"/internal/*": None},
    "MIDDLEWARE": [
        "corswsgi_django.middleware.CORSMiddleware",
        "tests.django.test_decisions.override",
    ],
}


def test_the_original_path_counts(is_async: bool) -> None:
    one = Project([path("x", function)], REWRITING, is_async)
    assert one.fetch("/x").cors == allowed()
    assert one.fetch("/internal/x").cors == {}
    assert one.preflight("/internal/x").cors == {}


def test_the_overridden_method_counts(is_async: bool) -> None:
    one = Project([path("", Items.as_view())], REWRITING, is_async)
    assert one.fetch("/", "PATCH", EVIL).cors == ANYBODY
    assert one.fetch("/", "POST", EVIL, ("X-Method", "DELETE")).cors == {}
    assert one.fetch("/", "POST", EVIL, ("X-Method", "PATCH")).cors == ANYBODY
    # Django calls patch() for it, whose policy allows any method.
    assert one.preflight("/", "patch", EVIL).status == 204


def test_an_early_decision_does_not_stay(is_async: bool) -> None:
    hidden = not_wrapping(OFF(function))
    one = Project([path("", hidden)], REWRITING, is_async)
    with pytest.warns(RuntimeWarning):
        assert one.fetch().cors == {}


@pytest.mark.parametrize("view", [Items, subclass(Items)])
def test_methods_have_policies_of_their_own(view: type[View], is_async: bool) -> None:
    one = Project([path("", view.as_view())], SETTINGS, is_async)
    assert one.fetch().cors == allowed()
    assert one.fetch("/", "HEAD").cors == allowed()
    assert one.fetch("/", "PUT").cors == REFUSED
    assert one.fetch("/", "PUT", OTHER).cors == allowed(OTHER)
    assert one.fetch("/", "DELETE").cors == {}
    assert one.fetch("/", "PATCH", EVIL).cors == ANYBODY
    # The answer lists what its own policy allows. Browsers must not remember it for the URL.
    assert one.preflight("/", "GET").cors == admitted(max_age="0")
    assert one.preflight("/", "PUT", OTHER).cors == admitted(
        OTHER, methods="PUT, PATCH", max_age="0"
    )
    assert one.preflight("/", "PUT").cors == REFUSED_PREFLIGHT
    off = one.preflight("/", "DELETE")
    assert (off.status, off.cors) == (200, {})
    patched = one.preflight("/", "PATCH", EVIL).cors
    assert patched["Access-Control-Allow-Methods"] == "*"
    assert patched["Access-Control-Max-Age"] == "0"
    # No handler has it.
    assert one.preflight("/", "CHICKEN").cors == REFUSED_PREFLIGHT


def test_outside_of_the_urls_preflights_reach_the_view(is_async: bool) -> None:
    settings = {**SETTINGS, "CORS_URLS_REGEX": "^/api/"}
    one = Project([path("", Items.as_view())], settings, is_async)
    assert one.preflight("/", "GET").status == 200
    assert one.preflight("/", "PUT", OTHER).status == 204


# The methods that are allowed by default.


class Gets(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        raise NotImplementedError


class Purging(View):
    """Handles a method that is not among the usual ones."""

    http_method_names = ("get", "purge")

    def purge(self, request: HttpRequest) -> HttpResponse:
        raise NotImplementedError


# The validator between server and application does not know PURGE.
@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
@pytest.mark.parametrize(
    "view",
    [
        Purging.as_view(),
        not_wrapping,  # stands for a view of a URL below
        Plain.as_view(http_method_names=["get", "purge"]),
        api_view(["PURGE"])(rest_view),
    ],
    ids=["class", "included", "as_view", "api_view"],
)
def test_methods_that_any_view_has_are_allowed_by_default(view: Any, is_async: bool) -> None:
    urls = [path("", function), path("purge", view)]
    if view is not_wrapping:
        urls = [path("", function), path("below/", include([path("<id>", Purging.as_view())]))]
    one = Project(urls, SETTINGS, is_async)
    assert one.preflight("/", "PURGE").cors == admitted(methods=f"{METHODS}, PURGE")
    assert one.preflight("/", "CHICKEN").cors == REFUSED_PREFLIGHT
    # A list that is written is taken as it is.
    one.settings = {**SETTINGS, "CORS_ALLOW_METHODS": ["GET", "PUT"]}
    assert one.preflight("/", "PUT").cors == admitted(methods="GET, PUT")
    assert one.preflight("/", "PURGE").cors == REFUSED_PREFLIGHT


@pytest.mark.parametrize("resources", [{}, {"/*": {"CORS_PREFLIGHT_MAX_AGE": 86400}}])
def test_options_is_allowed_by_default(resources: dict[str, Any], is_async: bool) -> None:
    urls = [path("", function), path("other", other(function))]
    settings = {**SETTINGS, "CORS_RESOURCES": resources}
    one = Project(urls, settings, is_async)
    assert one.preflight("/", "OPTIONS").cors == admitted(methods=METHODS)
    assert one.preflight("/other", "OPTIONS", OTHER).cors == admitted(OTHER, methods=METHODS)
    settings["CORS_URLS_REGEX"] = "^/api/"
    one.settings["CORS_RESOURCES"] = {}
    check_request_enabled.connect(allows_any)
    try:
        assert one.preflight("/", "OPTIONS", OTHER).cors == admitted(OTHER, methods=METHODS)
    finally:
        check_request_enabled.disconnect(allows_any)


def allows_any(sender: None, **more: Any) -> bool:
    return True


def test_a_policy_has_the_same_default_methods_as_elsewhere(is_async: bool) -> None:
    """OPTIONS is allowed if a view has it, and not because of Django's settings."""
    policy = cors(Policy(origins=[APP], allow_headers=[*default_headers], max_age=86400))
    one = Project([path("", policy(function))], SETTINGS, is_async)
    assert one.preflight("/").cors == admitted(methods=DEFAULT_METHODS)
    assert one.preflight("/", "OPTIONS").cors == REFUSED_PREFLIGHT
    one.urls.append(path("class", Plain.as_view()))
    assert one.preflight("/", "OPTIONS").cors == admitted(methods=METHODS)


@pytest.mark.parametrize(
    "view",
    [require_http_methods(["GET"])(function), Gets.as_view(), api_view(["GET"])(rest_view)],
    ids=["function", "class", "api_view"],
)
def test_scripts_can_read_the_405_of_a_view(view: Any, is_async: bool) -> None:
    one = Project([path("", view)], SETTINGS, is_async)
    assert one.preflight("/", "DELETE").status == 204
    answer = one.fetch("/", "DELETE")
    assert (answer.status, answer.cors) == (405, allowed())
    if not is_async:
        with override_settings(ROOT_URLCONF=tuple(one.urls), **SETTINGS):
            outcome = Browser(WSGIHandler(), APP).fetch("/", method="DELETE")
        assert outcome.allowed, outcome


# Different policies for the methods of one URL, and what browsers cache.


class Guarded(View):
    """PUT may send JSON, and POST may not."""

    ran: ClassVar[list[str]] = []

    @method_decorator(cors(allow_headers=["Content-Type"]))
    def put(self, request: HttpRequest) -> HttpResponse:
        self.ran.append("put")
        return HttpResponse()

    @method_decorator(cors(allow_headers=[]))
    def post(self, request: HttpRequest) -> HttpResponse:
        raise NotImplementedError


class GuardedSet(ViewSet):  # type: ignore[misc] # it has no types
    """The same as a viewset with actions."""

    @method_decorator(cors(allow_headers=["Content-Type"]))
    def replace(self, request: Request) -> RestResponse:
        Guarded.ran.append("put")
        return RestResponse()

    @method_decorator(cors(allow_headers=[]))
    def create(self, request: Request) -> RestResponse:
        raise NotImplementedError


@pytest.mark.parametrize(
    "view",
    [Guarded.as_view(), GuardedSet.as_view({"put": "replace", "post": "create"})],
    ids=["class", "viewset"],
)
@pytest.mark.parametrize("methods", [None, "*"])
def test_an_allowed_put_does_not_allow_a_post(view: Any, methods: str | None) -> None:
    """Without Access-Control-Max-Age: 0, browsers would send the POST without a preflight."""
    Guarded.ran.clear()
    settings: dict[str, Any] = {**SETTINGS, "ROOT_URLCONF": (path("", view),)}
    if methods is not None:
        settings["CORS_ALLOW_METHODS"] = methods
    json = {"headers": {"Content-Type": "application/json"}, "body": "{}"}
    with override_settings(**settings):
        browser = Browser(WSGIHandler(), APP)
        for _ in range(2):
            put = browser.fetch("/", method="PUT", **json)  # type: ignore[arg-type] # fetch() has no TypedDict
            assert (put.allowed, put.preflights) == (True, 1)
            post = browser.fetch("/", method="POST", **json)  # type: ignore[arg-type] # the same
            assert (post.allowed, post.preflights) == (False, 1)
    assert Guarded.ran == ["put"] * 2


def test_methods_with_equal_policies_keep_their_max_age(is_async: bool) -> None:
    class Equal(View):
        @method_decorator(cors(expose_headers=["X-A"]))
        def put(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse()

        @method_decorator(cors(expose_headers=["x-a"]))
        def delete(self, request: HttpRequest) -> HttpResponse:
            raise NotImplementedError

    exposing = cors(expose_headers=["X-A"])(Equal)
    one = Project([path("", exposing.as_view())], SETTINGS, is_async)
    for method in ("PUT", "DELETE", "GET"):
        assert one.preflight("/", method).cors == admitted()
    if not is_async:
        with override_settings(ROOT_URLCONF=tuple(one.urls), **SETTINGS):
            browser = Browser(WSGIHandler(), APP)
            assert [browser.fetch("/", method="PUT").preflights for _ in range(2)] == [1, 0]


async def asks_and_does_not_wait(request: HttpRequest) -> HttpResponse:
    return HttpResponse(getattr(cors_decision(request), "reason", "None"))


BESIDE: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [APP, is_other]}
PATHS: dict[str, Any] = {"/a/*": {"CORS_PREFLIGHT_MAX_AGE": 1}, "/off/*": None}


@pytest.mark.parametrize(
    ("settings", "place", "origin", "reason", "expected"),
    [
        (BESIDE, "/", APP, "origin_allowed", allowed()),
        (BESIDE, "/", "null", "origin_null", REFUSED),
        (BESIDE, "/", "https://Other.example", "origin_not_allowed", REFUSED),
        (SETTINGS, "/", OTHER, "origin_not_allowed", REFUSED),
        ({}, "/", OTHER, "origin_not_allowed", REFUSED),
        ({**BESIDE, "CORS_RESOURCES": PATHS}, "/a/b", APP, "origin_allowed", allowed()),
        ({**BESIDE, "CORS_RESOURCES": PATHS}, "/a/..%2fb", OTHER, "origin_not_allowed", REFUSED),
        ({**BESIDE, "CORS_RESOURCES": PATHS}, "/off/b", OTHER, "None", {}),
        ({**BESIDE, "CORS_URLS_REGEX": "^/api/"}, "/", APP, "None", {}),
    ],
)
def test_a_coroutine_may_ask_for_decisions_without_look_ups(
    settings: dict[str, Any],
    place: str,
    origin: str,
    reason: str,
    expected: dict[str, str],
    is_async: bool,
) -> None:
    one = Project([re_path("", asks_and_does_not_wait)], settings, is_async)
    answer = one.fetch(place, origin=origin)
    assert (answer.status, answer.body.decode(), answer.cors) == (200, reason, expected)


def test_receivers_are_not_asked_if_no_one_has_to(is_async: bool) -> None:
    def receiver(sender: None, **more: Any) -> bool:
        raise NotImplementedError

    settings = {**BESIDE, "CORS_RESOURCES": PATHS}
    one = Project([re_path("", asks_and_does_not_wait)], settings, is_async)
    check_request_enabled.connect(receiver)
    try:
        for place, origin, reason, expected in (
            ("/", APP, "origin_allowed", allowed()),
            ("/", "null", "origin_null", REFUSED),
            ("/", "https://Other.example", "origin_not_allowed", REFUSED),
            ("/a/..%2fb", OTHER, "origin_not_allowed", REFUSED),
            ("/off/b", OTHER, "None", {}),
        ):
            answer = one.fetch(place, origin=origin)
            assert (answer.body.decode(), answer.cors) == (reason, expected), place
    finally:
        check_request_enabled.disconnect(receiver)
