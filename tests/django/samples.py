"""Views to decorate, of all kinds."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from django.http import (
    HttpRequest,
    HttpResponse,
)
from django.utils.decorators import method_decorator
from django.views import View
from rest_framework.request import Request
from rest_framework.response import Response as RestResponse
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from corswsgi import Policy
from corswsgi_django import cors
from tests.conformance.cases import APP

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


ANY = cors(Policy(origins="*"))


OFF = cors(None)


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
    """Call a decorated view, whose policy does not apply to this response."""
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


def own(request: HttpRequest) -> HttpResponse:
    headers = {
        "access-control-allow-origin": "*",
        "Access-Control-Expose-Headers": "X-A",
        "vary": "Accept",
        "X-A": "1",
    }
    return HttpResponse("own", headers=headers)


async def is_other(origin: str) -> bool:
    return origin == OTHER
