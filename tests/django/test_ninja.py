"""@cors on the operations of django-ninja, whose view for a path handles all of its methods."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path
from ninja import NinjaAPI, Router, Schema
from ninja.decorators import decorate_view

from corswsgi import PolicyError
from corswsgi_django import cors
from tests.conformance.cases import APP
from tests.django.checking import said
from tests.django.project import REFUSED, REFUSED_PREFLIGHT, Project, admitted, allowed
from tests.django.samples import OTHER, SETTINGS, other

NUMBERS = count()

Register = Callable[[Any], Any]


class Item(Schema):
    name: str


def sync_operation(request: HttpRequest) -> dict[str, str]:
    return {}


async def async_operation(request: HttpRequest) -> dict[str, str]:
    return {}


def copy(operation: Any) -> Any:
    """Return the same function again, because decorators mark it."""
    return type(operation)(operation.__code__, operation.__globals__, operation.__name__)


def new_api(**more: Any) -> Any:
    return NinjaAPI(urls_namespace=f"api-{next(NUMBERS)}", **more)


def project(api: Any, is_async: bool = False) -> Project:
    return Project([path("", api.urls)], SETTINGS, is_async)


@pytest.mark.parametrize("operation", [sync_operation, async_operation])
@pytest.mark.parametrize(
    "mark",
    [
        lambda register, operation: register(other(operation)),
        lambda register, operation: other(register(operation)),
        lambda register, operation: register(decorate_view(other)(operation)),
        lambda register, operation: decorate_view(other)(register(operation)),
    ],
    ids=["below", "above", "decorate_view below", "decorate_view above"],
)
def test_operations(
    operation: Any, mark: Callable[[Register, Any], Any], is_async: bool, recwarn: Any
) -> None:
    api = new_api()
    mark(api.put("/one"), copy(operation))
    mark(api.get("/both"), copy(operation))
    api.put("/both")(copy(operation))
    one = project(api, is_async)
    # The only operation of a path: browsers may cache the answers to preflights.
    assert one.preflight("/one", origin=OTHER).cors == admitted(OTHER)
    assert one.preflight("/one").cors == REFUSED_PREFLIGHT
    assert one.fetch("/one", "PUT", OTHER).cors == allowed(OTHER)
    assert one.fetch("/one", "PUT").cors == REFUSED
    # Scripts can read the answer to another method.
    answer = one.fetch("/one", "DELETE", OTHER)
    assert (answer.status, answer.cors) == (405, allowed(OTHER))
    # One of two: each has its own policy.
    assert one.preflight("/both", "GET", OTHER).cors == admitted(OTHER, max_age="0")
    assert one.preflight("/both", "PUT").cors == admitted(max_age="0")
    assert one.preflight("/both", "PUT", OTHER).cors == REFUSED_PREFLIGHT
    assert one.fetch("/both", "GET", OTHER).cors == allowed(OTHER)
    assert one.fetch("/both", "PUT").cors == allowed()
    assert one.fetch("/both", "PUT", OTHER).cors == REFUSED
    assert [*recwarn] == []


def test_several_methods_in_one_operation_and_routers(is_async: bool) -> None:
    api, router = new_api(), Router()
    # The first operation of a path that has the method handles it.
    router.api_operation(["PUT", "PURGE"], "/items")(other(copy(sync_operation)))
    router.api_operation(["PUT", "DELETE"], "/items")(copy(sync_operation))
    api.add_router("/v1", router)
    one = project(api, is_async)
    assert one.fetch("/v1/items", "PUT", OTHER).cors == allowed(OTHER)
    assert one.fetch("/v1/items", "DELETE").cors == allowed()
    asked = one.preflight("/v1/items", "PURGE", OTHER)
    assert "PURGE" in asked.cors["Access-Control-Allow-Methods"]


def test_annotations_are_read_where_they_are_written() -> None:
    @cors(expose_headers=["X-A"])
    def create(request: HttpRequest, item: Item) -> dict[str, str]:
        raise NotImplementedError

    api = new_api()
    api.post("/")(create)
    answer = project(api).fetch("/", "POST")
    assert (answer.status, answer.cors) == (422, allowed(Expose_Headers="X-A"))


def test_a_view_whose_annotations_cannot_be_read() -> None:
    def create(request: Missing) -> HttpResponse:  # type: ignore[name-defined] # noqa: F821
        return HttpResponse("ran")

    one = Project([path("", other(create))], SETTINGS)
    assert one.fetch(origin=OTHER).cors == allowed(OTHER)


def test_a_second_decorator_that_contradicts_is_refused() -> None:
    registered = new_api().get("/")(other(copy(sync_operation)))
    with pytest.raises(PolicyError, match="@cors"):
        cors(origins=[APP])(registered)


def test_errors_have_the_headers_of_the_operation() -> None:
    def broken(request: HttpRequest) -> dict[str, str]:
        raise ValueError

    api = new_api()
    api.get("/")(other(broken))
    api.exception_handler(ValueError)(lambda request, error: HttpResponse(status=418))
    answer = project(api).fetch(origin=OTHER)
    assert (answer.status, answer.cors) == (418, allowed(OTHER))


def test_messages_name_the_operations() -> None:
    api = new_api()
    api.get("/")(cors(expose_headers=["X-A"])(copy(sync_operation)))
    api.put("/")(async_operation)
    text = said(urls=[path("", api.urls)])
    assert [*text] == ["corswsgi.W014"]
    hiding = new_api()
    marked = cors(origins=[APP])(copy(sync_operation))

    def hidden(request: HttpRequest) -> Any:
        raise NotImplementedError(marked)

    hiding.get("/")(hidden)
    text = said(urls=[path("", hiding.urls)])
    assert "hides the @cors of tests.django.test_ninja.sync_operation" in text["corswsgi.W016"]
