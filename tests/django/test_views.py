"""The layers of views: which @cors applies to a view, its class and its methods."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import (
    HttpRequest,
    HttpResponse,
)
from django.test import override_settings
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from rest_framework.request import Request
from rest_framework.response import Response as RestResponse
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ViewSet

from corswsgi import PolicyError
from corswsgi_django import cors
from tests.conformance.cases import APP, EVIL
from tests.django.project import (
    ANYBODY,
    REFUSED,
    Project,
    admitted,
    allowed,
)
from tests.django.samples import (
    ALONE,
    ANY,
    OFF,
    OTHER,
    SETTINGS,
    Async,
    Plain,
    of_class,
    other,
    private,
    private_too,
    public_too,
    subclass,
)
from tests.helpers.wsgi import get


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
    # Methods without a handler have the policy of the settings.
    assert one.preflight("/", "GET").cors == admitted(methods="*", max_age="0")
    assert one.preflight("/", "DELETE").cors == admitted(methods="*", max_age="0")


def test_a_head_is_a_get() -> None:
    class Get(View):
        @method_decorator(other)
        def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse("ran")

    one = Project([path("", Get.as_view())], SETTINGS)
    assert one.fetch("/", "HEAD", OTHER).cors == allowed(OTHER)
    assert one.fetch("/", "HEAD").cors == REFUSED


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
    assert one.preflight("/things/", "GET", OTHER).cors == admitted(OTHER, max_age="0")
    assert one.fetch("/things/1/", "DELETE").cors == {}


class Gate:
    """A mixin that may answer itself, as those for permissions do."""

    def dispatch(self, request: HttpRequest, *arguments: Any, **named: Any) -> Any:
        if "X-Forbidden" in request.headers:
            return HttpResponse(status=403)
        return super().dispatch(request, *arguments, **named)  # type: ignore[misc] # a mixin


class Calling(View):
    """Each method has a policy, and post() calls another."""

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
    """An overridden method keeps the policy of its base class, or has its own."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return super().get(request)

    @ANY
    def put(self, request: HttpRequest) -> HttpResponse:
        return super().put(request)


NOTHING: dict[str, str] = {}


@pytest.mark.parametrize(
    ("view", "method", "expected"),
    [
        # The policy of a subclass replaces that of its base class.
        (of_class(ANY(subclass(Plain)), mark=OFF), "PUT", NOTHING),
        (of_class(OFF(subclass(Plain)), mark=ANY), "PUT", ANYBODY),
        (of_class(ANY(subclass(Async)), mark=OFF), "PUT", NOTHING),
        (of_class(Gate, ANY(subclass(Plain)), mark=OFF), "PUT", NOTHING),
        # Without one, it inherits that of its base class, even if dispatch() is overridden.
        (of_class(Gate, OFF(subclass(Plain))), "PUT", NOTHING),
        (of_class(Gate, ANY(subclass(Plain))), "PUT", ANYBODY),
        (of_class(Gate, ANY(subclass(Async))), "PUT", ANYBODY),
        # Policies of views that a view calls do not apply.
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
def test_the_policy_of_the_routed_view_applies(
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


def test_responses_of_mixins_have_the_policy_of_the_class(is_async: bool) -> None:
    for mark, expected in ((OFF, {}), (ANY, ANYBODY)):
        one = Project([path("", of_class(Gate, mark(subclass(Plain))))], SETTINGS, is_async)
        answer = one.fetch("/", "PUT", EVIL, ("X-Forbidden", "1"))
        assert (answer.status, answer.cors) == (403, expected)


def test_another_attribute_of_that_name_is_refused() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise NotImplementedError

    view.cors_policy = "mine"  # type: ignore[attr-defined] # as attributes of views are set
    with override_settings(ROOT_URLCONF=(path("", view),), DEBUG_PROPAGATE_EXCEPTIONS=True):
        handler = WSGIHandler()
        with pytest.raises(PolicyError, match="'mine' is of type str, and not a policy"):
            get(
                handler, "/", "OPTIONS", [("Origin", APP), ("Access-Control-Request-Method", "PUT")]
            )
