"""@cors on all kinds of views, with the middleware and without it."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response as RestResponse
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from corswsgi import Policy, PolicyError
from corswsgi_django import acors_decision, cors, cors_decision
from corswsgi_django.signals import check_request_enabled
from tests.conformance.cases import APP, EVIL
from tests.django.project import (
    ANYBODY,
    METHODS,
    REFUSED,
    REFUSED_PREFLIGHT,
    Project,
    admitted,
    allowed,
    named,
)
from tests.helpers.wsgi import get

OTHER = "https://other.example"
SETTINGS: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [APP]}
ALONE: dict[str, Any] = {**SETTINGS, "MIDDLEWARE": []}

other = cors(origins=[OTHER])


def function(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ran")


async def coroutine(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ran")


class Plain(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("ran")

    put = get


class Async(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("ran")

    put = get


class Object:
    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("ran")


def not_wrapping(view: Callable[..., Any]) -> Callable[..., Any]:
    def hiding(*arguments: Any) -> Any:
        return view(*arguments)

    return hiding


def rest_view(request: Request) -> RestResponse:
    return RestResponse("ran")


class RestView(APIView):  # type: ignore[misc] # it has no types
    def get(self, request: Request) -> RestResponse:
        return RestResponse("ran")

    put = get


class RestViewSet(ViewSet):  # type: ignore[misc] # it has no types
    def list(self, request: Request) -> RestResponse:
        return RestResponse("ran")

    def update_all(self, request: Request) -> RestResponse:
        return RestResponse("ran")


ACTIONS = {"get": "list", "put": "update_all"}


def subclass(view: type, decorator: Any = None) -> Any:
    """A class of one's own, to decorate."""
    made = type(f"My{view.__name__}", (view,), {})
    return made if decorator is None else decorator(made)


VIEWS: dict[str, Callable[[Any], Any]] = {
    "function": lambda mark: mark(function),
    "coroutine": lambda mark: mark(coroutine),
    "object": lambda mark: mark(Object()),
    "partial": lambda mark: functools.partial(mark(function)),
    "above others": lambda mark: mark(csrf_exempt(login_not_required(function))),
    "below others": lambda mark: csrf_exempt(login_not_required(mark(function))),
    "below others, coroutine": lambda mark: csrf_exempt(mark(coroutine)),
    "class": lambda mark: subclass(Plain, mark).as_view(),
    "class, async": lambda mark: subclass(Async, mark).as_view(),
    "class, its subclass": lambda mark: subclass(subclass(Plain, mark)).as_view(),
    "dispatch": lambda mark: subclass(Plain, method_decorator(mark, name="dispatch")).as_view(),
    "dispatch, async": lambda mark: subclass(
        Async, method_decorator(mark, name="dispatch")
    ).as_view(),
    "as_view": lambda mark: mark(Plain.as_view()),
    "as_view, async": lambda mark: mark(Async.as_view()),
    "api_view": lambda mark: mark(api_view(["GET", "PUT"])(rest_view)),
    "APIView": lambda mark: subclass(RestView, mark).as_view(),
    "APIView, dispatch": lambda mark: subclass(
        RestView, method_decorator(mark, name="dispatch")
    ).as_view(),
    "ViewSet": lambda mark: subclass(RestViewSet, mark).as_view(ACTIONS),
}

BODIES = {b"ran", b'"ran"'}


@pytest.mark.parametrize("kind", VIEWS)
@pytest.mark.parametrize("settings", [SETTINGS, ALONE], ids=["middleware", "alone"])
def test_every_kind_of_view(
    kind: str, settings: dict[str, Any], is_async: bool, recwarn: pytest.WarningsRecorder
) -> None:
    one = Project([path("", VIEWS[kind](other))], settings, is_async)
    fetched = one.fetch(origin=OTHER)
    assert fetched.body in BODIES
    assert fetched.cors == allowed(OTHER)
    assert one.fetch(origin=APP).cors == REFUSED
    assert one.fetch("/", "PUT", OTHER).body in BODIES
    asked = one.preflight(origin=OTHER)
    assert (asked.status, asked.body, asked.cors) == (204, b"", admitted(OTHER))
    refused = one.preflight(origin=APP)
    assert (refused.status, refused.body, refused.cors) == (403, b"", REFUSED_PREFLIGHT)
    assert not recwarn.list


@pytest.mark.parametrize("kind", VIEWS)
@pytest.mark.parametrize("settings", [SETTINGS, ALONE], ids=["middleware", "alone"])
def test_none_turns_it_off(kind: str, settings: dict[str, Any], is_async: bool) -> None:
    one = Project([path("", VIEWS[kind](cors(None)))], settings, is_async)
    assert one.fetch().cors == {}
    answer = one.preflight()
    assert answer.status != 204
    assert answer.cors == {}


@pytest.mark.parametrize("settings", [SETTINGS, ALONE], ids=["middleware", "alone"])
def test_options_are_laid_over_the_settings_of_the_path(
    settings: dict[str, Any], is_async: bool
) -> None:
    exposing = cors(expose_headers=["X-A"])(function)
    resources = {
        "/here/*": {"CORS_ALLOWED_ORIGINS": [OTHER], "CORS_PREFLIGHT_MAX_AGE": 7},
        "/off/*": None,
    }
    urls = [path(f"{place}/", exposing) for place in ("a", "here", "off")]
    one = Project(urls, {**settings, "CORS_RESOURCES": resources}, is_async)
    assert one.fetch("/a/").cors == allowed(Expose_Headers="X-A")
    assert one.fetch("/here/", origin=OTHER).cors == allowed(OTHER, Expose_Headers="X-A")
    assert one.fetch("/here/").cors == REFUSED
    assert one.preflight("/here/", origin=OTHER).cors == admitted(OTHER, max_age="7")
    # The options are laid over the settings, and turn CORS on again.
    assert one.fetch("/off/").cors == allowed(Expose_Headers="X-A")


@pytest.mark.parametrize("settings", [SETTINGS, ALONE], ids=["middleware", "alone"])
def test_a_policy_replaces_the_settings(settings: dict[str, Any], is_async: bool) -> None:
    policy = Policy(origins="*", methods=["PUT"], max_age=None, expose_headers="*")
    one = Project([path("", cors(policy)(function))], settings, is_async)
    assert one.fetch(origin=EVIL).cors == {**ANYBODY, "Access-Control-Expose-Headers": "*"}
    assert one.preflight(origin=EVIL).cors == {
        **ANYBODY,
        "Access-Control-Allow-Methods": "PUT",
        "Access-Control-Allow-Headers": "*, Authorization",
        **REFUSED_PREFLIGHT,
    }


@pytest.mark.parametrize("settings", [SETTINGS, ALONE], ids=["middleware", "alone"])
def test_without_parentheses_it_says_nothing_new(settings: dict[str, Any]) -> None:
    one = Project([path("", cors(function)), path("b", cors(subclass(Plain)).as_view())], settings)
    for place in ("/", "/b"):
        assert one.fetch(place).cors == allowed()
        assert one.fetch(place, origin=OTHER).cors == REFUSED


class Items(View):
    """PUT and DELETE have other policies than the rest."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("get")

    @method_decorator(cors(origins=[OTHER], methods=["PUT", "PATCH"]))
    def put(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("put")

    @cors(None)
    def delete(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("delete")

    @method_decorator(cors(Policy(origins="*", methods="*")))
    def patch(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("patch")


@pytest.mark.parametrize("view", [Items, subclass(Items)])
def test_methods_have_policies_of_their_own(view: type[View], is_async: bool) -> None:
    one = Project([path("", view.as_view())], SETTINGS, is_async)
    assert one.fetch().cors == allowed()
    assert one.fetch("/", "HEAD").cors == allowed()
    assert one.fetch("/", "PUT").cors == REFUSED
    assert one.fetch("/", "PUT", OTHER).cors == allowed(OTHER)
    assert one.fetch("/", "DELETE").cors == {}
    assert one.fetch("/", "PATCH", EVIL).cors == ANYBODY
    # What its answer lists is remembered for the URL: no method that has another policy.
    assert one.preflight("/", "GET").cors == admitted(methods="GET, OPTIONS, POST")
    assert one.preflight("/", "PUT", OTHER).cors == admitted(OTHER, methods="PUT")
    assert one.preflight("/", "PUT").cors == REFUSED_PREFLIGHT
    off = one.preflight("/", "DELETE")
    assert (off.status, off.cors) == (200, {})
    patched = one.preflight("/", "PATCH", EVIL).cors
    assert patched["Access-Control-Allow-Methods"] == "PATCH"
    # No handler has it, and no mark.
    assert one.preflight("/", "CHICKEN").cors == REFUSED_PREFLIGHT


def test_methods_alone(is_async: bool) -> None:
    one = Project([path("", Items.as_view())], ALONE, is_async)
    assert one.fetch().cors == {}
    assert one.fetch("/", "PUT", OTHER).cors == allowed(OTHER)
    assert one.fetch("/", "PUT").cors == REFUSED
    assert one.fetch("/", "DELETE").cors == {}


def test_marks_of_a_class_and_of_its_methods(is_async: bool) -> None:
    class Both(View):
        @method_decorator(cors(expose_headers=["X-A"]))
        def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse("ran")

        def head(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse("ran")

    for settings in (SETTINGS, ALONE):
        one = Project([path("", other(subclass(Both)).as_view())], settings, is_async)
        assert one.fetch(origin=OTHER).cors == allowed(OTHER, Expose_Headers="X-A")
        assert one.fetch("/", "HEAD", OTHER).cors == allowed(OTHER)
        assert one.fetch().cors == REFUSED


def test_a_head_is_a_get() -> None:
    class Get(View):
        @method_decorator(other)
        def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse("ran")

    one = Project([path("", Get.as_view())], SETTINGS)
    assert one.fetch("/", "HEAD", OTHER).cors == allowed(OTHER)
    assert one.fetch("/", "HEAD").cors == REFUSED


ANY = cors(Policy(origins="*"))
OFF = cors(None)


class Gate:
    """A mixin that may answer itself, as those for permissions do."""

    def dispatch(self, request: HttpRequest, *arguments: Any, **named: Any) -> Any:
        if "X-Forbidden" in request.headers:
            return HttpResponse(status=403)
        return super().dispatch(request, *arguments, **named)  # type: ignore[misc] # a mixin


class Calling(View):
    """Each method has a mark, and post() calls another."""

    @ANY
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("secret")

    @OFF
    def post(self, request: HttpRequest) -> HttpResponse:
        return self.get(request)

    @method_decorator(OFF)
    def put(self, request: HttpRequest) -> HttpResponse:
        return self.get(request)


class Overriding(Calling):
    """A method that is overridden keeps the mark of its base's, or has its own."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return super().get(request)

    @ANY
    def put(self, request: HttpRequest) -> HttpResponse:
        return super().put(request)


def of_class(*bases: type, mark: Any = None) -> Any:
    made: Any = type("Made", bases, {})
    return (made if mark is None else mark(made)).as_view()


@ANY
def public(request: HttpRequest) -> HttpResponse:
    return HttpResponse("public")


@OFF
def private(request: HttpRequest) -> HttpResponse:
    public(request)
    return public(request)


def batch(request: HttpRequest) -> HttpResponse:
    """Is governed by the settings, whatever it calls."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        public(request=request)
    return HttpResponse("secret")


@OFF
def private_too(request: HttpRequest) -> HttpResponse:
    return public(request)


@ANY
def public_too(request: HttpRequest) -> HttpResponse:
    return private(request)


NOTHING: dict[str, str] = {}


@pytest.mark.parametrize(
    ("view", "method", "expected"),
    [
        # The mark of a subclass replaces that of its base.
        (of_class(ANY(subclass(Plain)), mark=OFF), "PUT", NOTHING),
        (of_class(OFF(subclass(Plain)), mark=ANY), "PUT", ANYBODY),
        (of_class(ANY(subclass(Async)), mark=OFF), "PUT", NOTHING),
        (of_class(Gate, ANY(subclass(Plain)), mark=OFF), "PUT", NOTHING),
        # Without one, it has its base's, though dispatch() may be overridden.
        (of_class(Gate, OFF(subclass(Plain))), "PUT", NOTHING),
        (of_class(Gate, ANY(subclass(Plain))), "PUT", ANYBODY),
        (of_class(Gate, ANY(subclass(Async))), "PUT", ANYBODY),
        # What a view calls has no say.
        (private, "GET", NOTHING),
        (private_too, "GET", NOTHING),
        (public_too, "GET", ANYBODY),
        (Calling.as_view(), "GET", ANYBODY),
        (Calling.as_view(), "POST", NOTHING),
        (Calling.as_view(), "PUT", NOTHING),
        (Overriding.as_view(), "GET", ANYBODY),
        (Overriding.as_view(), "PUT", ANYBODY),
    ],
)
@pytest.mark.parametrize("settings", [SETTINGS, ALONE], ids=["middleware", "alone"])
def test_the_mark_that_a_route_shows_is_the_one_that_counts(
    view: Any, method: str, expected: dict[str, str], settings: dict[str, Any], is_async: bool
) -> None:
    one = Project([path("", view)], settings, is_async)
    answer = one.fetch("/", method, EVIL)
    assert (answer.status, answer.cors) == (200, expected)
    asked = one.preflight("/", method, EVIL)
    if settings is SETTINGS:
        assert (asked.status == 204) is bool(expected)
        origin = "Access-Control-Allow-Origin"
        assert asked.cors.get(origin) == expected.get(origin)


def test_what_a_mixin_answers_has_the_policy_of_the_class(is_async: bool) -> None:
    for mark, expected in ((OFF, {}), (ANY, ANYBODY)):
        one = Project([path("", of_class(Gate, mark(subclass(Plain))))], SETTINGS, is_async)
        answer = one.fetch("/", "PUT", EVIL, ("X-Forbidden", "1"))
        assert (answer.status, answer.cors) == (403, expected)


@pytest.mark.parametrize("settings", [SETTINGS, ALONE], ids=["middleware", "alone"])
def test_what_a_view_calls_and_throws_away(settings: dict[str, Any], is_async: bool) -> None:
    one = Project([path("", batch)], settings, is_async)
    for origin, expected in ((EVIL, REFUSED), (APP, allowed())):
        answer = one.fetch(origin=origin)
        assert (answer.status, answer.body) == (200, b"secret")
        assert answer.cors == ({} if settings is ALONE else expected)


async def throws_away(request: HttpRequest) -> HttpResponse:
    await ANY(coroutine)(request)
    return await other(coroutine)(request)


def throws_away_too(request: HttpRequest) -> HttpResponse:
    public(request)
    answer: HttpResponse = other(function)(request)
    return answer


@pytest.mark.parametrize("view", [throws_away, throws_away_too])
def test_what_a_view_calls_at_last(view: Any, is_async: bool) -> None:
    one = Project([path("", view)], ALONE, is_async)
    assert one.fetch(origin=OTHER).cors == allowed(OTHER)


def test_a_second_mark_by_method_decorator_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    sub = method_decorator(OFF, name="dispatch")(subclass(ANY(subclass(Plain))))
    answer = Project([path("", sub.as_view())], SETTINGS).fetch("/", "PUT", EVIL)
    assert answer.status == 500
    assert "decorate the class itself, without method_decorator()" in " ".join(caplog.text.split())


def test_dispatch_that_is_decorated_as_it_is(is_async: bool) -> None:
    class Direct(Async):
        @other
        def dispatch(self, *arguments: Any, **named: Any) -> Any:
            return super().dispatch(*arguments, **named)

    for settings in (SETTINGS, ALONE):
        one = Project([path("", Direct.as_view())], settings, is_async)
        assert one.fetch(origin=OTHER).cors == allowed(OTHER)
        assert one.fetch().cors == REFUSED


class ByName(View):
    http_method_names = ("get",)

    @OFF
    def put(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("ran")

    purge = patch = put


# The validator between server and application does not know PURGE.
@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_methods_that_as_view_is_given() -> None:
    view = ByName.as_view(http_method_names=["get", "put", "purge"])
    one = Project([path("", view)], {**SETTINGS, "CORS_ALLOW_METHODS": "*"})
    for method in ("PUT", "PURGE", "PATCH", "patch"):
        assert one.preflight("/", method).cors == {}
    assert one.fetch("/", "PUT").cors == one.fetch("/", "PURGE").cors == {}
    listed = one.preflight("/", "GET").cors["Access-Control-Allow-Methods"]
    assert listed == "GET, HEAD, POST, DELETE, OPTIONS"


def override(get_response: Any) -> Any:
    """Do what a proxy and an old browser may want: another method, another path."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.method = request.headers.get("X-Method", request.method)
        request.path_info = request.path_info.removeprefix("/internal")
        cors_decision(request)  # too early: nobody knows which view it will be
        response: HttpResponse = get_response(request)
        return response

    return middleware


REWRITING = {
    **SETTINGS,
    "CORS_RESOURCES": {"/internal/*": None},
    "MIDDLEWARE": [
        "corswsgi_django.middleware.CORSMiddleware",
        "tests.django.test_views.override",
    ],
}


def test_the_path_is_the_one_that_came_in(is_async: bool) -> None:
    one = Project([path("x", function)], REWRITING, is_async)
    assert one.fetch("/x").cors == allowed()
    assert one.fetch("/internal/x").cors == {}
    assert one.preflight("/internal/x").cors == {}


def test_the_method_is_the_one_that_ran(is_async: bool) -> None:
    one = Project([path("", Items.as_view())], REWRITING, is_async)
    assert one.fetch("/", "PATCH", EVIL).cors == ANYBODY
    assert one.fetch("/", "POST", EVIL, ("X-Method", "DELETE")).cors == {}
    assert one.fetch("/", "POST", EVIL, ("X-Method", "PATCH")).cors == ANYBODY
    # Django leads it to what answers PATCH, which has methods="*".
    assert one.preflight("/", "patch", EVIL).status == 403


def test_an_early_decision_does_not_stay(is_async: bool) -> None:
    hidden = not_wrapping(OFF(function))
    one = Project([path("", hidden)], REWRITING, is_async)
    with pytest.warns(RuntimeWarning):
        assert one.fetch().cors == {}


def test_outside_of_the_urls_methods_of_their_own_take_no_preflights_away(is_async: bool) -> None:
    settings = {**SETTINGS, "CORS_URLS_REGEX": "^/api/"}
    one = Project([path("", Items.as_view())], settings, is_async)
    assert one.preflight("/", "GET").status == 200
    assert one.preflight("/", "PUT", OTHER).status == 204


def answers_nothing(request: HttpRequest) -> Any:
    return None


def test_a_view_that_answers_nothing_is_djangos(caplog: pytest.LogCaptureFixture) -> None:
    for settings in (SETTINGS, ALONE):
        caplog.clear()
        assert Project([path("", other(answers_nothing))], settings).fetch().status == 500
        assert "didn't return an HttpResponse" in caplog.text


def test_what_is_called_without_a_request_is_left_alone() -> None:
    assert other(lambda: "ran")() == "ran"


def test_actions_of_viewsets() -> None:
    class Things(ViewSet):  # type: ignore[misc] # it has no types
        @method_decorator(other)
        def list(self, request: Request) -> RestResponse:
            return RestResponse("ran")

        @cors(None)
        def destroy(self, request: Request, pk: str) -> RestResponse:
            return RestResponse("ran")

    router = SimpleRouter()
    router.register("things", Things, "thing")
    one = Project(router.urls, SETTINGS)
    assert one.fetch("/things/", origin=OTHER).cors == allowed(OTHER)
    assert one.fetch("/things/").cors == REFUSED
    assert one.preflight("/things/", "GET", OTHER).cors == admitted(OTHER, methods="GET")
    assert one.fetch("/things/1/", "DELETE").cors == {}


@pytest.mark.parametrize(
    ("hide", "view"),
    [(api_view(["GET", "PUT"]), rest_view), (not_wrapping, function), (not_wrapping, Object())],
    ids=["api_view", "a decorator without wraps", "an object"],
)
def test_a_mark_that_nothing_sees_is_warned_of_and_counts_for_actual_requests(
    hide: Any, view: Any, is_async: bool
) -> None:
    one = Project([path("", hide(other(view)))], SETTINGS, is_async)
    with pytest.warns(
        RuntimeWarning, match="does not see the @cors of .*(function|rest_view|Object)"
    ):
        fetched = one.fetch(origin=OTHER)
    assert fetched.cors == allowed(OTHER)
    with pytest.warns(RuntimeWarning, match="above the decorator that hides it"):
        fetched = one.fetch()
    assert fetched.cors == REFUSED
    # The middleware answers before.
    assert one.preflight().cors == admitted()
    off = Project([path("", hide(cors(None)(view)))], SETTINGS, is_async)
    with pytest.warns(RuntimeWarning):
        assert off.fetch().cors == {}
    # Without the middleware, there is nothing that could see it.
    alone = Project([path("", hide(other(view)))], ALONE, is_async)
    assert alone.fetch(origin=OTHER).cors == allowed(OTHER)


def test_a_preflight_is_answered_before_what_would_refuse_it(is_async: bool) -> None:
    settings = {
        **SETTINGS,
        "MIDDLEWARE": [
            "corswsgi_django.middleware.CORSMiddleware",
            "tests.django.test_views.refuse_all",
        ],
    }
    one = Project([path("", require_http_methods(["PUT"])(other(function)))], settings, is_async)
    assert one.preflight(origin=OTHER).cors == admitted(OTHER)
    refused = one.fetch("/", "PUT", OTHER)
    assert (refused.status, refused.cors) == (401, allowed(OTHER))


def refuse_all(get_response: Any) -> Any:
    return lambda request: HttpResponse(status=401)


def test_a_view_that_is_called_by_hand() -> None:
    request = RequestFactory().get("/", headers={"Origin": OTHER})
    assert other(function)(request)["Access-Control-Allow-Origin"] == OTHER


def test_methods_of_a_marked_class_alone(is_async: bool) -> None:
    one = Project([path("", cors(max_age=1)(subclass(Items)).as_view())], ALONE, is_async)
    listed = {"methods": "GET, OPTIONS, POST", "max_age": "1"}
    assert one.preflight("/", "GET").cors == admitted(**listed)
    asked = one.preflight("/", "PUT", OTHER)
    assert asked.cors == admitted(OTHER, methods="PUT", max_age="1")
    assert one.preflight("/", "DELETE").cors == {}


def test_what_is_not_listed_is_said_in_debug_mode() -> None:
    settings = {**SETTINGS, "DEBUG": True, "CORS_ALLOW_METHODS": ["GET"]}
    body = Project([path("", Items.as_view())], settings).preflight("/", "PURGE").body
    assert b"the method 'PURGE' is not allowed. To allow it, add it to CORS_ALLOW_METHODS." in body


async def calls_another(request: HttpRequest) -> HttpResponse:
    return other(function)(request)


def test_a_view_that_is_called_by_a_coroutine(is_async: bool) -> None:
    one = Project([path("", calls_another)], ALONE, is_async)
    assert one.fetch(origin=OTHER).cors == allowed(OTHER)


def test_what_is_kept_has_a_bound() -> None:
    kept: Bounded[int] = Bounded()
    for number in range(10_000):
        assert kept.get((number,), None, functools.partial(int, number)) == number
    assert kept.get((9_999,), None, lambda: -1) == 9_999
    assert kept.get((0,), None, lambda: -1) == -1


def test_what_is_kept_of_views_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corswsgi_django.policies._MAX_KEPT", 1)
    urls = [path("", Items.as_view()), path("other", other(function))]
    with override_settings(ROOT_URLCONF=tuple(urls), **SETTINGS):
        handler = WSGIHandler()
        asking = [("Origin", OTHER), ("Access-Control-Request-Method", "PUT")]
        for _ in range(2):
            for place, methods in (("/", "PUT"), ("/other", METHODS)):
                assert get(handler, place, "OPTIONS", asking).cors == admitted(OTHER, methods)


def test_the_decision_is_at_hand(is_async: bool) -> None:
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
            "tests.django.test_views.log_decisions",
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


def test_what_would_block_a_coroutine_is_refused(
    is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def nobody(sender: None, **more: Any) -> None:
        return None

    urls = [path("", asks_as_if_it_could_wait)]
    assert Project(urls, SETTINGS, is_async).fetch().status == 200
    for origins in ([is_other], [APP]):
        # Callables are asked, or receivers.
        if origins == [APP]:
            check_request_enabled.connect(nobody)
        try:
            caplog.clear()
            answer = Project(urls, {"CORS_ALLOWED_ORIGINS": origins}, is_async).fetch(origin=OTHER)
            assert answer.status == 500
            assert "await acors_decision(request)" in caplog.text
            # Nothing that was not asked for has been decided.
            assert answer.cors == (allowed(OTHER) if origins == [is_other] else REFUSED)
        finally:
            check_request_enabled.disconnect(nobody)


@pytest.mark.parametrize(
    ("decorate", "reason"),
    [
        (lambda: cors(origins=["null"]), "null_origin"),
        (lambda: cors(origin=[APP]), "unknown_option"),
        (lambda: cors([APP]), "wrong_type"),  # type: ignore[call-overload] # refused here, too
        (lambda: cors(Policy(origins="*"), max_age=1), "not_alone"),
        (lambda: other(other(function)), "given_twice"),
        (lambda: cors(cors(len)), "given_twice"),
        (lambda: other(csrf_exempt(other(function))), "given_twice"),
        (lambda: other(other(subclass(Plain))), "given_twice"),
        (lambda: other(object), "without_effect"),
        (lambda: cors()(42), "without_effect"),  # type: ignore[type-var] # refused here, too
    ],
)
def test_what_is_refused_where_it_is_written(decorate: Any, reason: str) -> None:
    with pytest.raises(PolicyError) as raised:
        decorate()
    assert [problem.reason for problem in raised.value.problems] == [reason]


def test_what_does_not_go_together_is_raised_when_the_view_is_asked_for() -> None:
    settings = {**SETTINGS, "CORS_ALLOW_CREDENTIALS": True, "ROOT_URLCONF": ()}
    settings["ROOT_URLCONF"] = (path("", cors(origins="*")(function)),)
    with override_settings(**settings, DEBUG_PROPAGATE_EXCEPTIONS=True):
        handler = WSGIHandler()
        with pytest.raises(PolicyError, match="any site could read"):
            get(handler, "/", "GET", [("Origin", APP)])


def test_an_attribute_of_that_name_that_is_no_mark() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise NotImplementedError

    view.cors_policy = "mine"  # type: ignore[attr-defined] # as attributes of views are set
    with override_settings(ROOT_URLCONF=(path("", view),), DEBUG_PROPAGATE_EXCEPTIONS=True):
        handler = WSGIHandler()
        with pytest.raises(PolicyError, match="no policy"):
            get(
                handler, "/", "OPTIONS", [("Origin", APP), ("Access-Control-Request-Method", "PUT")]
            )


async def is_other(origin: str) -> bool:
    return origin == OTHER


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
