"""The checks of origins: CSRF protection, cookies, and expressions."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.security import APIKeyCookie
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.views import APIView

from corswsgi_django import cors
from corswsgi_django.checks import check_all
from corswsgi_django.defaults import default_headers
from tests.conformance.cases import APP
from tests.django.checking import CORS, CSRF, SESSION, said, view
from tests.django.project import Project, named

CREDENTIALS: dict[str, Any] = {
    "CORS_ALLOW_CREDENTIALS": True,
    "MIDDLEWARE": [CORS, CSRF],
    "ALLOWED_HOSTS": [".example.com"],
}


@pytest.mark.parametrize(
    ("origins", "trusted", "missing"),
    [
        ([APP], [], [APP]),
        ([APP], [APP], []),
        ([APP], ["https://*.example.com"], []),
        ([APP], ["http://app.example.com", "https://example.com"], [APP]),
        ([APP, "https://b.example.com"], [APP], ["https://b.example.com"]),
        (["https://example.com"], ["https://*.example.com"], []),
        (["https://aexample.com"], ["https://*.example.com"], ["https://aexample.com"]),
        (["https://*.example.com"], ["https://*.example.com"], []),
        (["https://*.a.example.com"], ["https://*.example.com"], []),
        (["https://*.example.com"], ["https://*.a.example.com"], ["https://*.example.com"]),
        (["https://*.example.com"], ["https://example.com"], ["https://*.example.com"]),
        (["https://a.example.com:8443"], ["https://*.example.com"], ["https://a.example.com:8443"]),
        (["https://a.example.com:8443"], ["https://*.example.com:8443"], []),
        # As Django reads them.
        ([APP], [f"{APP}/"], [APP]),
        ([APP], ["https://*example.com"], [APP]),
        (["https://example.com"], ["https://*example.com"], []),
        (["https://*.example.com"], ["https://*example.com"], ["https://*.example.com"]),
        ([APP], ["https://[::1"], [APP]),
    ],
)
def test_pages_whose_post_requests_are_refused(
    origins: list[str], trusted: list[str], missing: list[str]
) -> None:
    settings = {**CREDENTIALS, "ALLOWED_HOSTS": ["*"], "CORS_ALLOWED_ORIGINS": origins}
    found = said(**settings, CSRF_TRUSTED_ORIGINS=trusted)
    assert [*found] == (["corswsgi.W007"] if missing else [])
    for text in found.values():
        assert f"CSRF_TRUSTED_ORIGINS: {', '.join(missing)}. So every POST" in text
        assert f"CSRF_TRUSTED_ORIGINS = {[*trusted, *missing]!r}" in text
    # Without cookies, without the middleware: nothing to say.
    assert said(**{**settings, "CORS_ALLOW_CREDENTIALS": False}) == {}
    assert said(**{**settings, "MIDDLEWARE": [CORS]}) == {}


def test_the_projects_own_origin_is_trusted() -> None:
    settings = {**CREDENTIALS, "CORS_ALLOWED_ORIGINS": [APP, f"{APP}:8443"]}
    assert said(**{**settings, "ALLOWED_HOSTS": ["app.example.com"]})["corswsgi.W007"].startswith(
        f"these origins may send cookies, but are not in CSRF_TRUSTED_ORIGINS: {APP}:8443. So every"
    )


def test_only_some_of_many_origins_are_named() -> None:
    origins = [f"https://host-{number}.example.com" for number in range(1000)]
    (text,) = said(**CREDENTIALS, CORS_ALLOWED_ORIGINS=origins).values()
    assert "https://host-19.example.com and 980 more. So every" in text
    assert "CSRF_TRUSTED_ORIGINS = [*CSRF_TRUSTED_ORIGINS, *CORS_ALLOWED_ORIGINS]." in text


def test_any_port_cannot_be_trusted() -> None:
    origins = ["http://localhost:*"]
    found = said(**CREDENTIALS, CORS_ALLOWED_ORIGINS=origins, DEBUG=True)
    assert "CSRF_TRUSTED_ORIGINS = ['http://localhost:3000']" in found["corswsgi.W008"]
    assert "corswsgi.W007" not in found


def test_resources_and_their_credentials_count_too() -> None:
    resources = {"/a": {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_CREDENTIALS": True}, "/b": None}
    settings = {**CREDENTIALS, "CORS_ALLOW_CREDENTIALS": False, "CORS_RESOURCES": resources}
    assert [*said(**settings)] == ["corswsgi.W007"]


@pytest.mark.parametrize(
    ("hosts", "origin", "is_foreign"),
    [
        ([".example.com"], APP, False),
        (["api.example.com"], APP, False),
        (["api.example.com"], "https://*.example.com", False),
        (["api.example.com", "api.other.com"], "https://app.other.com", False),
        (["api.example.com"], "https://app.other.com", True),
        (["api.example.co.uk"], "https://app.other.co.uk", True),
        (["mine.vercel.app"], "https://other.vercel.app", True),
        (["api.example.com"], "https://localhost:3000", True),
        (["*"], "https://app.other.com", False),
        (["127.0.0.1"], "https://localhost:3000", True),
        (["localhost"], "https://localhost:3000", False),
        ([None, "", "api.example.com"], APP, False),
        ([None, ""], APP, False),
    ],
)
def test_cookies_to_other_sites(hosts: list[str], origin: str, is_foreign: bool) -> None:
    settings = {
        **CREDENTIALS,
        "MIDDLEWARE": [CORS, SESSION, CSRF],
        "ALLOWED_HOSTS": hosts,
        "CORS_ALLOWED_ORIGINS": [origin],
        "CSRF_TRUSTED_ORIGINS": [origin],
    }
    found = said(**settings)
    assert [*found] == (["corswsgi.W009", "corswsgi.W010"] if is_foreign else [])
    for text in found.values():
        assert f"(ALLOWED_HOSTS): {origin}. Browsers do not send them" in text
        assert '_COOKIE_SAMESITE = "None" and' in text
    right = {
        f"{cookie}_COOKIE_{name}": value
        for cookie in ("SESSION", "CSRF")
        for name, value in (("SAMESITE", "None"), ("SECURE", True))
    }
    assert said(**settings, **right) == {}
    for name, number in (("SESSION_COOKIE_SECURE", "W009"), ("CSRF_COOKIE_SAMESITE", "W010")):
        wrong = {**right, name: False}
        assert [*said(**settings, **wrong)] == ([f"corswsgi.{number}"] if is_foreign else [])


def test_cookies_that_are_not_in_use() -> None:
    settings = {**CREDENTIALS, "CORS_ALLOWED_ORIGINS": ["https://b.example"], "MIDDLEWARE": [CORS]}
    assert said(**settings) == {}
    settings |= {"MIDDLEWARE": [CORS, CSRF], "CSRF_USE_SESSIONS": True}
    assert [*said(**settings, CSRF_TRUSTED_ORIGINS=["https://b.example"])] == []


def test_expressions_are_checked_by_the_origins_that_they_spell_out() -> None:
    settings = {
        **CREDENTIALS,
        "MIDDLEWARE": [CORS, SESSION, CSRF],
        "CORS_ALLOWED_ORIGIN_REGEXES": [r"https://\w+\.partner\.org", r"https://partner\.org"],
        "SILENCED_SYSTEM_CHECKS": ["a.W001"],
    }
    found = said(**settings)
    assert [*found] == ["corswsgi.W007", "corswsgi.W009", "corswsgi.W010"]
    trusted = ["https://*.partner.org", "https://partner.org"]
    note = "(There, 'https://*.partner.org' matches all subdomains, which may be more than "
    note = f"CSRF_TRUSTED_ORIGINS = {trusted}. {note}the expression.) If that"
    assert note in found["corswsgi.W007"]
    assert "SILENCED_SYSTEM_CHECKS = ['a.W001', 'corswsgi.W007']" in found["corswsgi.W007"]
    assert r"'https://\\w+\\.partner\\.org', 'https://partner" in found["corswsgi.W009"]
    assert "corswsgi.W007" not in said(**settings, CSRF_TRUSTED_ORIGINS=trusted)
    # Nothing is known about callables.
    unknown = {
        "CORS_ALLOWED_ORIGIN_REGEXES": [],
        "CORS_ALLOWED_ORIGINS": [lambda text: text == APP],
    }
    assert said(**{**settings, **unknown}) == {}


def test_the_hosts_of_a_project_under_development() -> None:
    settings = {
        **CREDENTIALS,
        "MIDDLEWARE": [CORS, SESSION],
        "ALLOWED_HOSTS": [],
        "CORS_ALLOWED_ORIGINS": ["https://localhost:3000", "https://127.0.0.1:3000"],
        "STATIC_URL": None,
    }
    assert said(**settings, DEBUG=True) == {}
    assert said(**settings) == {}
    settings["CORS_ALLOWED_ORIGINS"] = [APP]
    assert [*said(**settings, DEBUG=True)] == ["corswsgi.W009"]


def test_expressions_that_match_others() -> None:
    hostile = [r"https://.*example\.com", re.compile(r"https?://app\.example\.com")]
    settings = {"CORS_ALLOWED_ORIGIN_REGEXES": hostile, "MIDDLEWARE": [CORS]}
    found = said(**settings)
    assert [*found] == ["corswsgi.W011", "corswsgi.W012"]
    assert found["corswsgi.W011"] == (
        r"the expression 'https://.*example\\.com' matches sites that it does not name, such as "
        r"https://evilexample.com. -> did you mean r'https://(.+\.)?example\.com'?"
    )
    assert found["corswsgi.W012"] == (
        r"the expression 'https?://app\\.example\\.com' matches origins that are not HTTPS, such "
        "as http://app.example.com. Anyone on the network path can change their pages, and read "
        r"what they may read. -> did you mean r'https://app\.example\.com'?"
    )
    assert [*said(**settings, CORS_ALLOW_CREDENTIALS=True)] == ["corswsgi.E011", "corswsgi.E012"]
    allowed = {"CORS_ALLOW_CREDENTIALS": True, "CORS_DANGEROUSLY_ALLOW": ["expressions"]}
    assert said(**settings, **allowed) == {}
    right = [r"https://(.+\.)?example\.com", r"https://app\.example\.com"]
    settings["CORS_ALLOWED_ORIGIN_REGEXES"] = [*right, r"https://localhost:\d+"]
    assert said(**settings, CORS_ALLOW_CREDENTIALS=True) == {}


def test_expressions_without_a_correction() -> None:
    hostile = [r"https://.*\.vercel\.app", r"http://intra"]
    found = said(CORS_ALLOWED_ORIGIN_REGEXES=hostile, MIDDLEWARE=[CORS])
    assert [text.partition(" -> ")[2] for text in found.values()] == [
        "list the origins that you trust in CORS_ALLOWED_ORIGINS.",
        "write https:// instead of http:// or https?://.",
    ]


@pytest.mark.parametrize(
    ("source", "number", "hint"),
    [
        (r"https://([a-z0-9]+-?)+\.example\.com", "E025", r"r'https://[a-z0-9-]+\.example\.com'"),
        (r"^localhost:\d+$", "E008", r"r'http://localhost(:\d+)?'"),
        (r"https://b\.example|https://a\.example/.*", "E008", r"r'https://a\.example'"),
    ],
)
def test_expressions_that_are_always_refused(source: str, number: str, hint: str) -> None:
    settings = {"MIDDLEWARE": [CORS], "CORS_DANGEROUSLY_ALLOW": ["expressions"]}
    found = said(**settings, CORS_ALLOWED_ORIGIN_REGEXES=[source])
    assert [*found] == [f"corswsgi.{number}"]
    assert f"did you mean {hint}?" in found[f"corswsgi.{number}"]
    # Hints can be pasted.
    assert said(**settings, CORS_ALLOWED_ORIGIN_REGEXES=[hint[2:-1]]) == {}


class Api(APIView):  # type: ignore[misc] # it has no types
    authentication_classes = (TokenAuthentication,)


class SessionApi(APIView):  # type: ignore[misc] # it has no types
    authentication_classes = (SessionAuthentication,)

    def post(self, request: Any) -> Any:
        raise NotImplementedError


class Key(APIKeyCookie):
    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        raise NotImplementedError


def of_ninja(name: str, **options: Any) -> Any:
    api: Any = NinjaAPI(urls_namespace=name, **options)
    api.post("/")(lambda request: None)
    return path(name, api.urls)


def admin_index(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError


admin_index.__module__ = "django.contrib.admin.sites"

EXEMPT = [
    path("exempt", csrf_exempt(view)),
    path("api", Api.as_view()),
    path("no-session", SessionApi.as_view(authentication_classes=[])),
    path("admin", admin_index),
    of_ninja("open"),
    of_ninja("header", auth=Key(csrf=False)),
]


@pytest.mark.parametrize(
    ("more", "is_checked"),
    [
        ([], False),
        ([path("view", view)], True),
        ([path("session", SessionApi.as_view())], True),
        ([of_ninja("cookie", auth=Key())], True),
    ],
    ids=["none", "plain", "SessionAuthentication", "APIKeyCookie"],
)
def test_views_that_are_exempt_from_csrf_checks(more: list[Any], is_checked: bool) -> None:
    settings = {**CREDENTIALS, "CORS_ALLOWED_ORIGINS": [APP, "http://localhost:*"], "DEBUG": True}
    settings |= {"ALLOWED_HOSTS": ["*"], "CORS_ALLOW_HEADERS": ["content-type"]}
    found = said(**settings, urls=[*EXEMPT, *more])
    numbers = ["corswsgi.W007", "corswsgi.W008", "corswsgi.W028"]
    assert [*found] == (numbers if is_checked else [])
    # Of the policy for their paths alone.
    elsewhere = {**settings, "CORS_URLS_REGEX": "^/exempt"}
    assert said(**elsewhere, urls=EXEMPT) == {}


def test_credentials_of_single_views_count() -> None:
    settings = {**CREDENTIALS, "CORS_ALLOW_CREDENTIALS": False, "CORS_ALLOWED_ORIGINS": [APP]}
    marked = cors(supports_credentials=True, allow_headers=["X-A"])(view)
    found = said(**settings, urls=[path("", marked), path("b", view)])
    assert [*found] == ["corswsgi.W007", "corswsgi.W028"]
    assert found["corswsgi.W028"] == (
        "allow_headers of its @cors does not contain 'x-csrftoken', which is the header of the "
        "CSRF token (CSRF_HEADER_NAME). So browsers do not send requests with the token. -> write "
        "allow_headers=['X-A', 'x-csrftoken']."
    )


ODD = (None, 5, APP, [None, 5, APP], {APP: None})


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize(
    "name",
    [
        *("ALLOWED_HOSTS", "CSRF_HEADER_NAME", "CSRF_TRUSTED_ORIGINS", "SILENCED_SYSTEM_CHECKS"),
        *("SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SAMESITE", "CSRF_USE_SESSIONS", "MIDDLEWARE"),
    ],
)
def test_settings_with_values_of_other_types(name: str, value: object) -> None:
    """Django's own checks report some of them."""
    settings: dict[str, Any] = {**CREDENTIALS, "CORS_ALLOWED_ORIGINS": [APP], name: value}
    with override_settings(ROOT_URLCONF=(), **settings):
        found = {message.id for message in check_all()}
    assert found <= {f"corswsgi.W{number:03}" for number in (4, 7, 9, 10, 28)}


def test_the_header_of_the_csrf_token_may_be_missing() -> None:
    assert said(**TRUSTED, CSRF_HEADER_NAME=None) == {}


TRUSTED = {**CREDENTIALS, "CORS_ALLOWED_ORIGINS": [APP], "CSRF_TRUSTED_ORIGINS": [APP]}


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        ({"CORS_ALLOW_HEADERS": ["content-type"]}, ["content-type", "x-csrftoken"]),
        ({"CORS_ALLOW_HEADERS": ["Content-Type", "X-CSRFToken"]}, None),
        ({"CORS_ALLOW_HEADERS": ["X-XSRF-TOKEN"], "CSRF_HEADER_NAME": "HTTP_X_XSRF_TOKEN"}, None),
        (
            {"CSRF_HEADER_NAME": "HTTP_X_XSRF_TOKEN"},
            [*default_headers, "x-xsrf-token"],
        ),
        ({"CSRF_HEADER_NAME": "HTTP_X_XSRF_TOKEN", "CORS_ALLOW_HEADERS": "*"}, None),
        ({"CSRF_HEADER_NAME": "HTTP_X_XSRF_TOKEN", "CORS_ALLOW_CREDENTIALS": False}, None),
        ({"CSRF_HEADER_NAME": "HTTP_X_XSRF_TOKEN", "MIDDLEWARE": [CORS]}, None),
    ],
    ids=named,
)
def test_the_header_of_the_csrf_token(settings: dict[str, Any], headers: list[str] | None) -> None:
    found = said(**{**TRUSTED, **settings})
    assert [*found] == ([] if headers is None else ["corswsgi.W028"])
    for text in found.values():
        assert headers is not None
        fix = text.partition(" -> write CORS_ALLOW_HEADERS = ")[2].removesuffix(".")
        assert eval(fix) == headers
        assert said(**{**TRUSTED, **settings, "CORS_ALLOW_HEADERS": headers}) == {}
        asking = ("Access-Control-Request-Headers", headers[-1])
        one = Project([path("", view)], {**TRUSTED, **settings})
        assert one.preflight("/", "POST", APP, asking).status == 403
        one.settings["CORS_ALLOW_HEADERS"] = headers
        assert one.preflight("/", "POST", APP, asking).status == 204
