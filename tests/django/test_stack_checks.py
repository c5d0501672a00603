"""The checks of MIDDLEWARE: the order, and middleware that sets CORS headers, too."""

from __future__ import annotations

from typing import Any

import pytest
from corsheaders.middleware import CorsMiddleware
from django.http import HttpRequest, HttpResponse
from django.urls import path

from corswsgi_django.middleware import CORSMiddleware
from tests.conformance.cases import APP
from tests.django.checking import COMMON, CORS, CSRF, SECURITY, SESSION, WHITENOISE, said
from tests.django.project import Project, allowed
from tests.django.samples import OTHER, SETTINGS, function

PEER = "corsheaders.middleware.CorsMiddleware"
HERE = "tests.django.test_stack_checks"


@pytest.mark.parametrize(
    ("middleware", "number", "names"),
    [
        ([], "W004", "is not in MIDDLEWARE"),
        ([COMMON], "W004", "is not in MIDDLEWARE"),
        (
            ["corswsgi_django.middleware.CorsMiddleware"],
            "W004",
            "did you mean 'corswsgi_django.middleware.CORSMiddleware'?",
        ),
        ([COMMON, CORS], "W005", "is below CommonMiddleware, which may"),
        (
            [SESSION, COMMON, WHITENOISE, CORS],
            "W005",
            "CommonMiddleware, WhiteNoiseMiddleware",
        ),
        (["tests.django.test_stack.MyCommon", CORS], "W005", "is below MyCommon, which may"),
        ([CORS, "corsheaders.middleware.CorsMiddleware"], "W006", "sets headers of its own"),
        ([SECURITY, SESSION, CORS, COMMON, CSRF, WHITENOISE], None, ""),
        (["tests.django.test_stack.Mine"], None, ""),
        (["tests.django.test_stack.of_a_function", CORS], None, ""),
        (["no.such.Middleware", CORS], None, ""),
    ],
)
def test_middleware(middleware: list[str], number: str | None, names: str) -> None:
    found = said(MIDDLEWARE=middleware, STATIC_URL=None)
    assert [*found] == ([] if number is None else [f"corswsgi.{number}"])
    assert all(names in text for text in found.values())


def test_redirects_to_https_are_answers() -> None:
    settings: dict[str, Any] = {"MIDDLEWARE": [SECURITY, CORS], "SECURE_SSL_REDIRECT": True}
    assert "below SecurityMiddleware" in said(**settings)["corswsgi.W005"]


def test_without_the_middleware_the_check_says_what_is_missing() -> None:
    text = said(MIDDLEWARE=[])["corswsgi.W004"]
    assert "so the settings only have an effect on views with @cors" in text
    assert "preflights that other middleware refuses first" in text
    assert "errors outside of the view have no CORS headers" in text
    assert text.endswith(
        "-> put it first: MIDDLEWARE.insert(0, 'corswsgi_django.middleware.CORSMiddleware')."
    )


@pytest.mark.parametrize(
    "middleware",
    [
        COMMON,
        WHITENOISE,
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
        "django.middleware.cache.FetchFromCacheMiddleware",
        "django.middleware.cache.CacheMiddleware",
        "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
        "django.contrib.redirects.middleware.RedirectFallbackMiddleware",
    ],
)
def test_middleware_that_may_answer_itself(middleware: str) -> None:
    apps = ["corswsgi_django"]
    if ".contrib." in middleware:
        apps += ["django.contrib.sites", middleware.rpartition(".middleware")[0]]
    given = {"STATIC_URL": None, "INSTALLED_APPS": apps}
    found = said(**given, MIDDLEWARE=[middleware, CORS])
    name = middleware.rpartition(".")[2]
    assert [*found] == ["corswsgi.W005"]
    assert f"is below {name}, which may refuse preflights." in found["corswsgi.W005"]
    assert said(**given, MIDDLEWARE=[CORS, middleware]) == {}


def answer_options(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method == "OPTIONS":
            return HttpResponse("options")
        response: HttpResponse = get_response(request)
        return response

    return middleware


class Locked:
    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        return self.process_request(request) or self.get_response(request)

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        return HttpResponse(status=401) if "Cookie" not in request.headers else None


class Passing:
    """Does not answer: Django runs process_view() below all middleware."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        response = self.get_response(request)
        response["X-Id"] = "1"
        return response

    def process_view(self, request: HttpRequest, *given: Any) -> HttpResponse:
        return HttpResponse(status=403)


@pytest.mark.parametrize(
    ("name", "answers"), [("answer_options", True), ("Locked", True), ("Passing", False)]
)
def test_middleware_of_projects(name: str, answers: bool) -> None:
    """It is reported if the headers are missing from its answers; the hint helps."""
    stack = [f"{HERE}.{name}", CORS]
    found = said(MIDDLEWARE=stack)
    assert [*found] == (["corswsgi.W005"] if answers else [])
    for text in found.values():
        assert f"is below {name}, which may" in text
        moved = [*stack]
        exec(text.partition(" -> move it to the top: ")[2].removesuffix("."), {"MIDDLEWARE": moved})
        assert moved == stack[::-1]
    urls = [path("", function)]
    one = Project(urls, {**SETTINGS, "MIDDLEWARE": stack})
    assert (one.preflight().cors == {}) is answers
    assert said(MIDDLEWARE=stack[::-1]) == {}
    right = Project(urls, {**SETTINGS, "MIDDLEWARE": stack[::-1]})
    assert right.preflight().status == 204
    assert right.fetch().cors == allowed()


def test_answers_of_process_view_have_the_headers() -> None:
    """So CsrfViewMiddleware above is not reported."""
    stack = [CSRF, CORS]
    assert said(MIDDLEWARE=stack) == {}
    one = Project([path("", function)], {**SETTINGS, "MIDDLEWARE": stack})
    answer = one.fetch("/", "POST")
    assert (answer.status, answer.cors) == (403, allowed())
    assert one.preflight("/", "POST").status == 204


class FromDatabase(CorsMiddleware):
    def origin_found_in_white_lists(self, origin: str, url: Any) -> bool:
        return is_allowed(origin)


class Moved(CORSMiddleware):
    def origin_found_in_white_lists(self, origin: str, url: Any) -> bool:
        raise NotImplementedError

    def check_signal(self, request: HttpRequest) -> bool:
        raise NotImplementedError

    def is_enabled(self, request: HttpRequest) -> bool:
        raise NotImplementedError

    def other(self) -> None:
        raise NotImplementedError


class MovedAgain(Moved):
    """Inherits them."""


def is_allowed(origin: str) -> bool:
    return origin == OTHER


@pytest.mark.parametrize("name", ["Moved", "MovedAgain"])
def test_methods_of_the_peer_in_a_subclass_of_ours(name: str) -> None:
    given = {"CORS_ALLOWED_ORIGINS": [APP, is_allowed], "MIDDLEWARE": [f"{HERE}.{name}"]}
    found = said(**given)
    assert [*found] == ["corswsgi.W029"]
    assert found["corswsgi.W029"] == (
        f"{HERE}.{name} overrides origin_found_in_white_lists(), is_enabled(), check_signal() of "
        "django-cors-headers, which corswsgi never calls. -> write instead: CORS_ALLOWED_ORIGINS = "
        f"['{APP}', '{HERE}.is_allowed'], and a function is_allowed(origin); CORS_URLS_REGEX or "
        "CORS_RESOURCES; a receiver of corswsgi_django.signals.check_request_enabled."
    )


def test_a_subclass_of_the_peer_and_the_suggested_settings() -> None:
    given: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [APP]}
    found = said(**given, MIDDLEWARE=[CORS, f"{HERE}.FromDatabase"])
    assert [*found] == ["corswsgi.W006", "corswsgi.W029"]
    hint = found["corswsgi.W029"].partition("write instead: CORS_ALLOWED_ORIGINS = ")[2]
    origins = eval(hint.partition(", and a function")[0])
    settings = {"CORS_ALLOWED_ORIGINS": origins, "MIDDLEWARE": [CORS]}
    assert said(**settings) == {}
    one = Project([path("", function)], settings)
    assert one.fetch(origin=OTHER).cors == allowed(OTHER)
    assert one.fetch().cors == allowed()
    # As the subclass did.
    assert FromDatabase(function).origin_found_in_white_lists(OTHER, "")


class Copied:
    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        response = self.get_response(request)
        response["Access-Control-Allow-Origin"] = "*"
        return response


@pytest.mark.parametrize("stack", [[f"{HERE}.Copied", CORS], [CORS, f"{HERE}.Copied"]])
def test_middleware_that_sets_the_header_itself(stack: list[str]) -> None:
    found = said(MIDDLEWARE=stack)
    assert [*found] == ["corswsgi.W031"]
    assert f"remove '{HERE}.Copied' from MIDDLEWARE" in found["corswsgi.W031"]
    one = Project([path("", function)], {**SETTINGS, "MIDDLEWARE": stack})
    # Above, it replaces the policy's header.
    origin = one.fetch().cors["Access-Control-Allow-Origin"]
    assert origin == ("*" if stack[1] == CORS else APP)
