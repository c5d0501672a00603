"""The migration from django-cors-headers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from corsheaders.middleware import CorsMiddleware
from corsheaders.signals import check_request_enabled
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path, re_path
from django.views import View
from rest_framework.viewsets import ViewSet

from corswsgi.migrate import Migration, compare, find_django_migration
from corswsgi.migrate.django_cors_headers import METHODS
from tests.migrate.usages import DJANGO

OLD = "corsheaders.middleware.CorsMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
APP = "https://app.example.com"


class Subclass(CorsMiddleware):
    """A middleware whose methods are not called any more."""


def view(request: HttpRequest, **values: Any) -> HttpResponse:
    raise NotImplementedError


class Items(View):
    get = put = view


class Things(ViewSet):  # type: ignore[misc] # it has no types
    list = view


URLS = (
    path("api/items/", Items.as_view()),
    path("media/", view),
)


def migrated(
    urls: tuple[Any, ...] = URLS, **settings: Any
) -> tuple[Migration, set[tuple[str, str]], dict[str, Any]]:
    """Return a migration, its differences by change and origin, and the settings that change."""
    given = {"MIDDLEWARE": [OLD], "INSTALLED_APPS": ["corsheaders"], **settings}
    with override_settings(ROOT_URLCONF=urls, **given):
        migration = find_django_migration()
        comparison = compare(migration.old, migration.new, migration.routes, migration.headers)
    names: dict[str, Any] = {}
    exec(migration.snippets[0].source, names)
    changed = {name: value for name, value in names.items() if name.isupper()}
    return migration, {(each.change, each.origin) for each in comparison.differences}, changed


NEW = {
    "INSTALLED_APPS": ["corswsgi_django"],
    "MIDDLEWARE": ["corswsgi_django.middleware.CORSMiddleware"],
}
HTTP = "http://b.example"


@pytest.mark.parametrize(
    ("settings", "changed", "lost"),
    [
        ({"CORS_ALLOWED_ORIGINS": [APP]}, {}, set()),
        ({"CORS_ALLOWED_ORIGINS": (APP,), "CORS_ALLOW_CREDENTIALS": True}, {}, set()),
        ({"CORS_ORIGIN_WHITELIST": [APP], "CORS_URLS_REGEX": "^/api/"}, {}, set()),
        ({"CORS_ALLOW_ALL_ORIGINS": True}, {}, set()),
        ({"CORS_ALLOWED_ORIGIN_REGEXES": [r"^https://\w+\.b\.example$"]}, {}, set()),
        ({"CORS_ALLOWED_ORIGIN_REGEXES": [re.compile(r"https://\w+\.b\.example")]}, {}, set()),
        (
            {"CORS_ALLOWED_ORIGINS": [APP, HTTP], "CORS_ALLOW_CREDENTIALS": True},
            {"CORS_ALLOWED_ORIGINS": [APP]},
            {HTTP},
        ),
        (
            {"CORS_ORIGIN_WHITELIST": [APP, HTTP], "CORS_ALLOW_CREDENTIALS": True},
            {"CORS_ORIGIN_WHITELIST": [APP]},
            {HTTP},
        ),
        (
            {
                "CORS_ALLOWED_ORIGIN_REGEXES": [r"^https?://b\.example$", "https://*.c.example"],
                "CORS_ALLOW_CREDENTIALS": True,
            },
            {
                "CORS_ALLOWED_ORIGINS": ["https://*.c.example"],
                "CORS_ALLOWED_ORIGIN_REGEXES": [re.compile(r"https://b\.example")],
            },
            {HTTP},
        ),
        (
            {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True},
            {"CORS_ALLOW_CREDENTIALS": False},
            set(),
        ),
        (
            {
                "CORS_ALLOW_ALL_ORIGINS": True,
                "CORS_ALLOW_CREDENTIALS": True,
                "CORS_ALLOWED_ORIGINS": [APP],
            },
            {"CORS_ALLOW_ALL_ORIGINS": False},
            set(),
        ),
        ({"CORS_ALLOWED_ORIGINS": ["*"]}, {"CORS_ALLOWED_ORIGINS": []}, set()),
        ({"CORS_ALLOWED_ORIGINS": APP}, {}, set()),
        (
            {
                "CORS_ALLOWED_ORIGINS": [APP],
                "CORS_ALLOW_METHODS": ["GET", "@"],
                "CORS_ALLOW_HEADERS": ["x-a, x-b"],
                "CORS_EXPOSE_HEADERS": ["x-a", "@"],
                "CORS_PREFLIGHT_MAX_AGE": 1_000_000,
            },
            {
                "CORS_ALLOW_METHODS": ["GET"],
                "CORS_ALLOW_HEADERS": ["x-a", "x-b"],
                "CORS_EXPOSE_HEADERS": ["x-a"],
                "CORS_PREFLIGHT_MAX_AGE": 86400,
            },
            set(),
        ),
    ],
)
def test_settings(settings: dict[str, Any], changed: dict[str, Any], lost: set[str]) -> None:
    migration, differences, found = migrated(**settings)
    assert found == {**NEW, **changed}
    assert {origin for change, origin in differences if change == "lost"} == lost
    # Whatever changes is explained, and expressions have to match more.
    assert bool(migration.remarks) == bool(changed or "CORS_ALLOWED_ORIGIN_REGEXES" in settings)


def test_other_applications_and_middleware() -> None:
    migration, _, changed = migrated(
        INSTALLED_APPS=["django.contrib.sessions", "corsheaders", "corswsgi_django"],
        MIDDLEWARE=[COMMON, f"{__name__}.Subclass", NEW["MIDDLEWARE"][0]],
        CORS_ALLOWED_ORIGINS=[APP],
    )
    assert changed == {
        "INSTALLED_APPS": ["django.contrib.sessions", "corswsgi_django"],
        "MIDDLEWARE": [*NEW["MIDDLEWARE"], COMMON],
    }
    subclass, order = migration.remarks
    assert subclass.startswith(f"{__name__}.Subclass is a subclass of the middleware of ")
    assert order == "The middleware is now the first, so that no other one answers before it."


def test_receivers() -> None:
    def is_partner(sender: object, request: HttpRequest, **_more: object) -> bool:
        return request.path.startswith("/api/")

    check_request_enabled.connect(is_partner)
    try:
        _, differences, _ = migrated(CORS_ALLOW_CREDENTIALS=True)
    finally:
        check_request_enabled.disconnect(is_partner)
    assert differences == {("closed", "null")}  # which a receiver cannot allow any more


def test_routes() -> None:
    urls = (
        path("a/<int:id>/<slug:s>/<uuid:u>/", Items.as_view()),
        path("things/", Things.as_view({"get": "list"})),
        path("in/", include([path("<str:name>", view), re_path(r"^(?P<y>\d{4})/(?:x|y)$", view)])),
        re_path(r"^old/(\d+)/$", view),
        re_path(r"^never(?!/)/$", view),
    )
    uuid = "00000000-0000-4000-8000-000000000000"
    first = f"https://localhost/a/1/1/{uuid}/"
    migration, _, _ = migrated(urls, CORS_ALLOWED_ORIGINS=[APP])
    assert [(each.path, each.url, each.methods) for each in migration.routes] == [
        (
            "/a/<int:id>/<slug:s>/<uuid:u>/",
            first,
            ("GET", "PUT", "OPTIONS"),
        ),
        ("/things/", "https://localhost/things/", ("GET",)),
        ("/in/<str:name>", "https://localhost/in/1", METHODS),
        (r"/in/(?P<y>\d{4})/(?:x|y)", "https://localhost/in/0000/x", METHODS),
        (r"/old/(\d+)/", "https://localhost/old/0/", METHODS),
    ]
    (remark,) = migration.remarks
    assert remark == ("/never(?!/)/ is not compared, because no URL was found that leads to it.")


def test_headers_that_are_tried() -> None:
    given: dict[str, Any] = {
        "CORS_ALLOW_HEADERS": ["accept", "x-tenant"],
        "CORS_ALLOW_ALL_ORIGINS": True,
    }
    migration, _, _ = migrated(**given)
    assert migration.headers == ["x-tenant"]
    assert migration.place == "the Django project"


API = (path("api/x", view), path("media/y", view), path("z", view))


@pytest.mark.once
@pytest.mark.parametrize(("settings", "expected"), DJANGO)
def test_usages(settings: dict[str, Any], expected: str) -> None:
    """The new settings start, and what listed origins lose is explained."""
    migration, differences, _ = migrated(API, **settings)
    assert {change for change, _ in differences} == {*expected.split()}
    for change, origin in differences:
        host = origin.rpartition("/")[2].removeprefix("app.").partition(":")[0]
        texts = [remark.replace("\\", "") for remark in migration.remarks]
        assert change != "lost" or any(host in text for text in texts)
