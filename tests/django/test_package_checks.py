"""The checks of packages that set CORS headers of their own, and of static files."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import checks
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import clear_script_prefix, include, path, re_path, set_script_prefix
from django.views import View

from corswsgi_django import cors
from tests.conformance.cases import APP, EVIL
from tests.django.checking import CORS, WHITENOISE, messages, said
from tests.django.project import ANYBODY, Project, allowed, named
from tests.django.samples import SETTINGS, function

STATIC: dict[str, Any] = {
    "MIDDLEWARE": [CORS, WHITENOISE],
    "STATIC_URL": "/static/",
    "CORS_ALLOWED_ORIGINS": [APP],
}


def test_whitenoise_and_the_suggested_setting() -> None:
    found = said(**STATIC)
    assert [*found] == ["corswsgi.W013"]
    _, hint = found["corswsgi.W013"].split(
        " -> if any origin may read them, write CORS_RESOURCES = "
    )
    resources = eval(hint.removesuffix("."))
    assert resources == {"/static/*": None}
    assert said(**STATIC, CORS_RESOURCES=resources) == {}
    with_others = said(**STATIC, CORS_RESOURCES={"/a/*": None})["corswsgi.W013"]
    assert with_others.endswith(" write CORS_RESOURCES['/static/*'] = None.")


def test_whitenoise_below_a_prefix() -> None:
    set_script_prefix("/app/")
    try:
        found = said(**{**STATIC, "STATIC_URL": "static/"})
        assert found["corswsgi.W013"].endswith("CORS_RESOURCES = {'/static/*': None}.")
        resources = {"/static/*": None}
        assert said(**{**STATIC, "STATIC_URL": "static/"}, CORS_RESOURCES=resources) == {}
    finally:
        clear_script_prefix()


@pytest.mark.parametrize(
    "settings",
    [
        {"MIDDLEWARE": [CORS]},
        {"WHITENOISE_ALLOW_ALL_ORIGINS": False},
        {"CORS_ALLOW_ALL_ORIGINS": True},
        {"CORS_URLS_REGEX": "^/api/"},
        {"STATIC_URL": "https://cdn.example.com/static/"},
        {"STATIC_URL": None},
        {"STATIC_URL": ""},
        {"STATIC_URL": "/"},
        {"STATIC_URL": "http://[::1/"},
        {"STATIC_URL": "//cdn.example.com/"},
    ],
    ids=named,
)
def test_whitenoise_without_a_conflict(settings: dict[str, Any]) -> None:
    assert said(**{**STATIC, **settings}) == {}


def test_runserver_and_static_files() -> None:
    settings: dict[str, Any] = {
        **STATIC,
        "DEBUG": True,
        "STATIC_URL": "static/",
        "CORS_RESOURCES": {"/static/*": None},
        "INSTALLED_APPS": ["corswsgi_django", "django.contrib.staticfiles"],
    }
    (message,) = messages(**settings)
    assert (type(message), message.id) == (checks.Warning, "corswsgi.W015")
    assert "whitenoise.runserver_nostatic" in (message.hint or "")
    without = ["whitenoise.runserver_nostatic", *settings["INSTALLED_APPS"]]
    others: list[dict[str, Any]] = [
        {"INSTALLED_APPS": without},
        {"DEBUG": False},
        {"INSTALLED_APPS": ["corswsgi_django"]},
        {"MIDDLEWARE": [CORS]},
        {"MIDDLEWARE": [CORS], "CORS_RESOURCES": {}, "CORS_URLS_REGEX": "^/api/"},
    ]
    for other in others:
        assert messages(**{**settings, **other}) == []


@pytest.mark.parametrize(
    ("resources", "level"), [({}, checks.Info), ({"/static/*": {}}, checks.Warning)]
)
def test_runserver_without_whitenoise_and_the_suggested_patterns(
    resources: dict[str, Any], level: type
) -> None:
    settings: dict[str, Any] = {
        "DEBUG": True,
        "STATIC_URL": "/static/",
        "CORS_ALLOWED_ORIGINS": [APP],
        "CORS_RESOURCES": resources,
        "INSTALLED_APPS": ["corswsgi_django", "django.contrib.staticfiles"],
        "STATICFILES_DIRS": [Path(__file__).parent / "static"],
    }
    (message,) = messages(**settings)
    assert (type(message), message.id) == (level, "corswsgi.W015")
    code = (message.hint or "").partition("from there: ")[2].partition(". Then start")[0]
    names: dict[str, Any] = {"urlpatterns": []}
    with override_settings(**settings):
        exec(code, names)
    assert messages(**settings, urls=names["urlpatterns"]) == []
    with override_settings(**settings):
        answer = Project(names["urlpatterns"]).fetch("/static/a.txt")
    assert (answer.status, answer.cors) == (200, allowed())


OAUTH2_HEADERS = {"Access-Control-Allow-Origin": EVIL}


class TokenView(View):
    """As that of oauth2_provider, whose library sets the header."""

    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("token", headers=OAUTH2_HEADERS)


TokenView.__module__ = "oauth2_provider.views.base"


class Discovery(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        response = HttpResponse("discovery")
        response["Access-Control-Allow-Origin"] = "*"
        return response


def public(request: HttpRequest, **more: str) -> HttpResponse:
    return HttpResponse("public", headers={"Access-Control-Allow-Origin": "*"})


URLS: list[Any] = [
    path(
        "o/",
        include(
            [
                path("token/", TokenView.as_view()),
                re_path(r"^\.well-known/configuration/?$", Discovery.as_view()),
                path(".well-known/v1.0/<name>", public),
            ]
        ),
    ),
    path("others", function),
    path("marked", cors(expose_headers=["X-A"])(public)),
]


@pytest.mark.parametrize(
    "given", [{}, {"CORS_RESOURCES": {}}, {"CORS_RESOURCES": {"/a": None}}], ids=str
)
def test_views_that_set_the_header_and_the_suggested_setting(given: dict[str, Any]) -> None:
    settings = {**SETTINGS, **given}
    resources = given.get("CORS_RESOURCES", {})
    found = said(**settings, urls=URLS)
    assert [*found] == ["corswsgi.W030"]
    text, _, hint = found["corswsgi.W030"].partition(" -> ")
    assert text == (
        "these views set Access-Control-Allow-Origin themselves, but a policy replaces it: "
        "oauth2_provider.views.base.TokenView, tests.django.test_package_checks.Discovery, "
        "tests.django.test_package_checks.public."
    )
    advice, _, fix = hint.partition(" If a view should decide itself, write ")
    assert advice == "remove the header from the views, because the policy sets it."
    assert fix.startswith("CORS_RESOURCES[" if given else "CORS_RESOURCES = {")
    names: dict[str, Any] = {"CORS_RESOURCES": {**resources}}
    exec(fix.removesuffix("."), names)
    assert names["CORS_RESOURCES"] == {
        **resources,
        "/o/token/": None,
        "/o/.well-known/configuration/*": None,
        "/o/.well-known/v1.0/*": None,
    }
    settings["CORS_RESOURCES"] = names["CORS_RESOURCES"]
    assert said(**settings, urls=URLS) == {}
    one = Project(URLS, settings)
    assert one.fetch("/o/token/", "POST").cors == OAUTH2_HEADERS
    assert one.fetch("/o/.well-known/configuration").cors == ANYBODY
    assert one.fetch("/o/.well-known/v1.0/x").cors == ANYBODY
    assert one.fetch("/others").cors == allowed()


@pytest.mark.parametrize(
    "settings", [{"CORS_ALLOW_ALL_ORIGINS": True}, {**SETTINGS, "CORS_URLS_REGEX": "^/api/"}]
)
def test_views_whose_headers_are_not_replaced(settings: dict[str, Any]) -> None:
    assert said(**settings, STATIC_URL=None, urls=URLS[:-1]) == {}


FOREST = "django_forest.middleware.DjangoForest"


def test_django_forest_and_the_suggested_changes() -> None:
    given: dict[str, Any] = {
        "MIDDLEWARE": [CORS, "corsheaders.middleware.CorsMiddleware", FOREST],
        "CORS_ALLOWED_ORIGINS": [APP],
        "CORS_ALLOWED_ORIGIN_REGEXES": [r".*\.forestadmin\.com.*"],
    }
    found = said(**given)
    assert {"corswsgi.W006", "corswsgi.W032"} < {*found}
    code = found["corswsgi.W032"].partition(" -> after init_forest(): ")[2]
    settings = SimpleNamespace(**given)
    exec(code, {"settings": settings})
    assert said(**vars(settings), CORS_ALLOW_CREDENTIALS=True) == {}
    assert said(MIDDLEWARE=[CORS, FOREST]) == {}
