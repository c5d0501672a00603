"""@cors on all kinds of views, with the middleware and without it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import (
    HttpRequest,
    HttpResponse,
)
from django.test import RequestFactory
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework.decorators import api_view

from corswsgi import Policy, PolicyError
from corswsgi_django import cors
from tests.conformance.cases import APP, EVIL
from tests.django.project import (
    ANYBODY,
    REFUSED,
    REFUSED_PREFLIGHT,
    Project,
    admitted,
    allowed,
)
from tests.django.samples import (
    ACTIONS,
    ALONE,
    ANY,
    OFF,
    OTHER,
    SETTINGS,
    Async,
    Items,
    Object,
    Plain,
    RestView,
    RestViewSet,
    batch,
    coroutine,
    function,
    not_wrapping,
    other,
    public,
    rest_view,
    subclass,
)

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


def twice(view: Any) -> Any:
    """Decorate a view twice."""
    return cors(expose_headers=["X-A"], origins=OTHER)(other(view))


@pytest.mark.parametrize("kind", VIEWS)
@pytest.mark.parametrize("settings", [SETTINGS, ALONE], ids=["middleware", "alone"])
def test_two_decorators_that_agree_are_united(
    kind: str, settings: dict[str, Any], is_async: bool
) -> None:
    one = Project([path("", VIEWS[kind](twice))], settings, is_async)
    assert one.fetch(origin=OTHER).cors == allowed(OTHER, Expose_Headers="X-A")
    assert one.fetch(origin=APP).cors == REFUSED
    assert one.preflight(origin=OTHER).cors == admitted(OTHER)


def test_two_hidden_decorators_that_agree_are_united(is_async: bool) -> None:
    one = Project([path("", not_wrapping(twice(function)))], SETTINGS, is_async)
    with pytest.warns(RuntimeWarning, match="cannot see the @cors of"):
        fetched = one.fetch(origin=OTHER)
    assert fetched.cors == allowed(OTHER, Expose_Headers="X-A")


def test_two_decorators_that_contradict_each_other_name_both_places() -> None:
    with pytest.raises(PolicyError) as raised:
        cors(max_age=1)(cors(max_age=2)(function))
    [problem] = raised.value.problems
    assert (problem.option, problem.reason) == ("max_age of its @cors", "given_twice")
    line = test_two_decorators_that_contradict_each_other_name_both_places.__code__.co_firstlineno
    place = f"django/test_decorator.py:{line + 2}"
    assert problem.message == f"2 in {place} contradicts 1 in {place}."


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
def test_without_parentheses_it_changes_nothing(settings: dict[str, Any]) -> None:
    one = Project([path("", cors(function)), path("b", cors(subclass(Plain)).as_view())], settings)
    for place in ("/", "/b"):
        assert one.fetch(place).cors == allowed()
        assert one.fetch(place, origin=OTHER).cors == REFUSED


def test_methods_alone(is_async: bool) -> None:
    one = Project([path("", Items.as_view())], ALONE, is_async)
    assert one.fetch().cors == {}
    assert one.fetch("/", "PUT", OTHER).cors == allowed(OTHER)
    assert one.fetch("/", "PUT").cors == REFUSED
    assert one.fetch("/", "DELETE").cors == {}


@pytest.mark.parametrize("settings", [SETTINGS, ALONE], ids=["middleware", "alone"])
def test_responses_that_are_thrown_away(settings: dict[str, Any], is_async: bool) -> None:
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
def test_the_last_of_several_responses(view: Any, is_async: bool) -> None:
    one = Project([path("", view)], ALONE, is_async)
    assert one.fetch(origin=OTHER).cors == allowed(OTHER)


def test_a_second_decorator_by_method_decorator_is_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sub = method_decorator(OFF, name="dispatch")(subclass(ANY(subclass(Plain))))
    answer = Project([path("", sub.as_view())], SETTINGS).fetch("/", "PUT", EVIL)
    assert answer.status == 500
    assert "decorate the class itself, without method_decorator()" in " ".join(caplog.text.split())


def test_dispatch_that_is_decorated_directly(is_async: bool) -> None:
    class Direct(Async):
        @other
        def dispatch(self, *arguments: Any, **named: Any) -> Any:
            return super().dispatch(*arguments, **named)

    for settings in (SETTINGS, ALONE):
        one = Project([path("", Direct.as_view())], settings, is_async)
        assert one.fetch(origin=OTHER).cors == allowed(OTHER)
        assert one.fetch().cors == REFUSED


def answers_nothing(request: HttpRequest) -> Any:
    return None


def test_views_that_return_nothing_are_reported_by_django(caplog: pytest.LogCaptureFixture) -> None:
    for settings in (SETTINGS, ALONE):
        caplog.clear()
        assert Project([path("", other(answers_nothing))], settings).fetch().status == 500
        assert "didn't return an HttpResponse" in caplog.text


def test_calls_without_a_request_are_left_alone() -> None:
    assert other(lambda: "ran")() == "ran"


@pytest.mark.parametrize(
    ("hide", "view"),
    [(api_view(["GET", "PUT"]), rest_view), (not_wrapping, function), (not_wrapping, Object())],
    ids=["api_view", "a decorator without wraps", "an object"],
)
def test_hidden_decorators_warn_and_apply_to_actual_requests(
    hide: Any, view: Any, is_async: bool
) -> None:
    one = Project([path("", hide(other(view)))], SETTINGS, is_async)
    with pytest.warns(
        RuntimeWarning, match="cannot see the @cors of .*(function|rest_view|Object)"
    ):
        fetched = one.fetch(origin=OTHER)
    assert fetched.cors == allowed(OTHER)
    with pytest.warns(RuntimeWarning, match="above the decorator that hides it"):
        fetched = one.fetch()
    assert fetched.cors == REFUSED
    # The middleware has answered before the view runs.
    assert one.preflight().cors == admitted()
    off = Project([path("", hide(cors(None)(view)))], SETTINGS, is_async)
    with pytest.warns(RuntimeWarning):
        assert off.fetch().cors == {}
    # Without the middleware, the decorator needs no warning.
    alone = Project([path("", hide(other(view)))], ALONE, is_async)
    assert alone.fetch(origin=OTHER).cors == allowed(OTHER)


def copying(view: Any) -> Any:
    """Hide a view, and make a new response of the one that it returns."""

    def copy(response: Any) -> HttpResponse:
        return HttpResponse(response.content, headers=dict(response.headers))

    async def acopied(request: HttpRequest) -> HttpResponse:
        return copy(await view(request))

    def copied(request: HttpRequest) -> HttpResponse:
        return copy(view(request))

    return acopied if view.__name__ == "coroutine" else copied


@pytest.mark.parametrize("view", [function, coroutine])
@pytest.mark.filterwarnings("ignore:the middleware cannot see the @cors:RuntimeWarning")
def test_a_decorator_that_copies_the_response_keeps_the_policy(view: Any, is_async: bool) -> None:
    one = Project([path("", copying(other(view)))], SETTINGS, is_async)
    assert one.fetch(origin=OTHER).cors == allowed(OTHER)
    assert one.fetch(origin=APP).cors == REFUSED
    assert one.send().cors == REFUSED
    exposing = cors(origins=[OTHER], expose_headers=["X-A"], supports_credentials=True)
    one = Project([path("", copying(exposing(view)))], SETTINGS, is_async)
    credentials = {"Allow_Credentials": "true", "Expose_Headers": "X-A"}
    assert one.fetch(origin=OTHER).cors == allowed(OTHER, **credentials)
    one = Project([path("", copying(ANY(view)))], SETTINGS, is_async)
    assert one.fetch(origin=EVIL).cors == ANYBODY


def test_a_view_that_is_called_by_hand() -> None:
    request = RequestFactory().get("/", headers={"Origin": OTHER})
    assert other(function)(request)["Access-Control-Allow-Origin"] == OTHER


def test_methods_of_a_decorated_class_alone(is_async: bool) -> None:
    one = Project([path("", cors(max_age=1)(subclass(Items)).as_view())], ALONE, is_async)
    assert one.preflight("/", "GET").cors == admitted(max_age="0")
    asked = one.preflight("/", "PUT", OTHER)
    assert asked.cors == admitted(OTHER, methods="PUT, PATCH", max_age="0")
    assert one.preflight("/", "DELETE").cors == {}


async def calls_another(request: HttpRequest) -> HttpResponse:
    return other(function)(request)


def test_a_view_that_is_called_by_a_coroutine(is_async: bool) -> None:
    one = Project([path("", calls_another)], ALONE, is_async)
    assert one.fetch(origin=OTHER).cors == allowed(OTHER)


@pytest.mark.parametrize(
    ("decorate", "reason"),
    [
        (lambda: cors(origins=["null"]), "null_origin"),
        (lambda: cors(origin=[APP]), "unknown_option"),  # type: ignore[call-overload] # refused here, too
        (lambda: cors([APP]), "wrong_type"),  # type: ignore[call-overload] # refused here, too
        (lambda: cors(Policy(origins="*"), max_age=1), "not_alone"),
        (lambda: cors(None)(other(function)), "given_twice"),
        (lambda: cors(cors(None)(len)), "given_twice"),
        (lambda: cors(max_age=1)(csrf_exempt(cors(max_age=2)(function))), "given_twice"),
        (lambda: cors(None)(other(subclass(Plain))), "given_twice"),
        (lambda: other(object), "without_effect"),
        (lambda: cors()(42), "without_effect"),  # type: ignore[type-var] # refused here, too
    ],
)
def test_invalid_decorators(decorate: Any, reason: str) -> None:
    with pytest.raises(PolicyError) as raised:
        decorate()
    assert [problem.reason for problem in raised.value.problems] == [reason]


def test_deprecated_options_are_reported_at_the_callers_line() -> None:
    with pytest.warns(DeprecationWarning, match="allow_private_network has no effect") as caught:
        private = cors(origins=[OTHER], allow_private_network=True)(function)
    (warning,) = caught
    assert (warning.filename, warning.lineno) == (
        __file__,
        test_deprecated_options_are_reported_at_the_callers_line.__code__.co_firstlineno + 2,
    )
    asking = ("Access-Control-Request-Private-Network", "true")
    asked = Project([path("", private)], SETTINGS).preflight("/", "PUT", OTHER, asking)
    assert asked.cors == admitted(OTHER)


def test_hidden_layers_do_not_apply_to_other_responses(is_async: bool) -> None:
    """The response of a hidden view has its policy, and no other response has."""

    def either(request: HttpRequest) -> HttpResponse:
        answer = ANY(function)(request)
        return answer if "X-Public" in request.headers else HttpResponse("secret")

    one = Project([path("", either)], SETTINGS, is_async)
    with pytest.warns(RuntimeWarning, match="cannot see the @cors"):
        assert one.fetch("/", "GET", EVIL, ("X-Public", "1")).cors == ANYBODY
    with pytest.warns(RuntimeWarning, match="cannot see the @cors"):
        assert one.fetch("/", "GET", EVIL).cors == REFUSED


@pytest.mark.filterwarnings("ignore:the middleware cannot see:RuntimeWarning")
@pytest.mark.parametrize("settings", [SETTINGS, ALONE], ids=["middleware", "alone"])
def test_a_decorated_view_that_fails_inside_another(
    settings: dict[str, Any], is_async: bool
) -> None:
    @ANY
    def fails(request: HttpRequest) -> HttpResponse:
        raise LookupError

    def tries(request: HttpRequest) -> HttpResponse:
        with contextlib.suppress(LookupError):
            fails(request)
        answer: HttpResponse = other(function)(request)
        return answer

    one = Project([path("", tries)], settings, is_async)
    assert one.fetch(origin=OTHER).cors == allowed(OTHER)
    assert one.fetch(origin=EVIL).cors == REFUSED


def test_problems_of_views_are_raised_without_the_middleware(is_async: bool) -> None:
    settings = {**ALONE, "CORS_ALLOW_CREDENTIALS": True}
    one = Project([path("", cors(origins="*")(function)), path("other", function)], settings)
    one.settings["DEBUG"] = True
    assert one.fetch("/").status == 500
    assert one.fetch("/other").status == 200


def test_without_the_middleware_preflights_ask_about_the_other_handlers() -> None:
    """They lead to the handler of OPTIONS, whose policy may be another one."""

    class Two(View):
        @method_decorator(cors(origins=[EVIL]))
        def options(self, request: HttpRequest) -> HttpResponse:
            raise NotImplementedError

        @method_decorator(cors(origins=[OTHER]))
        def put(self, request: HttpRequest) -> HttpResponse:
            raise NotImplementedError

    project = Project((path("two", Two.as_view()),), ALONE)
    asked = [project.preflight("/two", method) for method in ("PUT", "DELETE")]
    assert [(each.status, each.cors) for each in asked] == [
        (403, REFUSED_PREFLIGHT),
        (204, admitted(max_age="0")),
    ]
