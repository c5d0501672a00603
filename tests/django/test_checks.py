"""What `manage.py check` says, with identifiers that people may silence."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.http import HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware
from django.test import override_settings
from django.urls import clear_script_prefix, include, path, re_path, set_script_prefix
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework.decorators import api_view

from corswsgi import Policy, ProblemReason
from corswsgi_django import cors
from corswsgi_django.checks import ERRORS
from corswsgi_django.middleware import CORSMiddleware
from corswsgi_django.signals import check_request_enabled
from tests.django.project import named

APP = "https://app.example.com"
CORS = "corswsgi_django.middleware.CORSMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"


class Mine(CORSMiddleware):
    """One of one's own."""


def view(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError


def messages(**settings: Any) -> list[CheckMessage]:
    """Return what the check says of a project; `urls` are its URL patterns."""
    urls = tuple(settings.pop("urls", ()))
    with override_settings(ROOT_URLCONF=urls, **settings):
        found = checks.run_checks(tags=[checks.Tags.security])
    return [message for message in found if (message.id or "").startswith("corswsgi.")]


def said(**settings: Any) -> dict[str, str]:
    """Return what the check says, by its identifiers: message and hint in one."""
    found = messages(**settings)
    texts = {message.id or "": f"{message.msg} -> {message.hint}" for message in found}
    assert len(texts) == len(found)
    return texts


def test_a_project_that_is_right_is_not_bothered() -> None:
    assert (
        messages(CORS_ALLOWED_ORIGINS=[APP], urls=[path("", cors(expose_headers="a")(view))]) == []
    )
    assert messages() == []


def test_what_is_refused_is_an_error_with_a_stable_identifier() -> None:
    settings = {
        "CORS_ALLOWED_ORIGINS": ["null", "https://a.example/"],
        "CORS_PREFLIGHT_MAX_AGE": -1,
        "CORS_ORIGINS": [],
    }
    found = messages(**settings)
    assert [(type(message), message.id) for message in found] == [
        (checks.Error, "corswsgi.E010"),
        (checks.Error, "corswsgi.E009"),
        (checks.Error, "corswsgi.E019"),
        (checks.Warning, "corswsgi.W001"),
    ]
    assert found[1].msg.startswith("CORS_ALLOWED_ORIGINS: 'https://a.example/' is not the form")
    assert found[1].hint == "did you mean 'https://a.example'?"
    with override_settings(**settings), pytest.raises(SystemCheckError, match=r"corswsgi\.E010"):
        call_command("check")


def test_every_reason_has_an_identifier() -> None:
    assert {*ERRORS} == {*get_args(ProblemReason)}
    assert len(ERRORS) == len({*ERRORS})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("CORS_ALLOWED_ORIGIN", "did you mean 'CORS_ALLOWED_ORIGINS'?"),
        ("CORS_ALLOW_ORIGINS", "did you mean 'CORS_ALLOWED_ORIGINS'?"),
        ("CORS_ORIGINS", "did you mean 'CORS_ALLOWED_ORIGINS'?"),
        ("CORS_SUPPORTS_CREDENTIALS", "did you mean 'CORS_ALLOW_CREDENTIALS'?"),
        ("CORS_MAX_AGE", "did you mean 'CORS_PREFLIGHT_MAX_AGE'?"),
        ("CORS_QZVX", "the settings are CORS_ALLOWED_ORIGINS, "),
    ],
)
def test_unknown_settings(name: str, hint: str) -> None:
    text = said(**{name: []})["corswsgi.W001"]
    assert text.startswith(f"there is no setting {name}. -> {hint}")


@pytest.mark.parametrize(
    "name", ["CORS_MODEL", "CORS_REPLACE_HTTPS_REFERER", "CORS_URLS_ALLOW_ALL_REGEX"]
)
def test_removed_settings(name: str) -> None:
    found = said(**{name: True})
    assert [*found] == ["corswsgi.W002"]
    assert found["corswsgi.W002"].startswith(f"{name} has no effect: django-cors-headers has")


def test_an_older_name_beside_the_newer_one() -> None:
    found = said(CORS_ALLOWED_ORIGINS=[APP], CORS_ORIGIN_WHITELIST=["null"])
    assert found == {
        "corswsgi.W003": "CORS_ORIGIN_WHITELIST has no effect: CORS_ALLOWED_ORIGINS is there, "
        "which is its newer name. -> take CORS_ORIGIN_WHITELIST out."
    }


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
        ([COMMON, CORS], "W005", "is below CommonMiddleware: what"),
        ([SESSION, CSRF, WHITENOISE, CORS], "W005", "CsrfViewMiddleware, WhiteNoiseMiddleware:"),
        (["django.contrib.auth.middleware.AuthenticationMiddleware", CORS], "W005", "Authentic"),
        (["tests.django.test_checks.MyCommon", CORS], "W005", "is below MyCommon: what"),
        ([CORS, "corsheaders.middleware.CorsMiddleware"], "W006", "writes headers of its own"),
        ([SECURITY, SESSION, CORS, COMMON, CSRF, WHITENOISE], None, ""),
        (["tests.django.test_checks.Mine"], None, ""),
        (["tests.django.test_checks.of_a_function", CORS], None, ""),
        (["no.such.Middleware", CORS], None, ""),
    ],
)
def test_middleware(middleware: list[str], number: str | None, names: str) -> None:
    found = said(MIDDLEWARE=middleware, STATIC_URL=None)
    assert [*found] == ([] if number is None else [f"corswsgi.{number}"])
    assert all(names in text for text in found.values())


def test_a_redirect_to_https_is_an_answer() -> None:
    settings: dict[str, Any] = {"MIDDLEWARE": [SECURITY, CORS], "SECURE_SSL_REDIRECT": True}
    assert "below SecurityMiddleware" in said(**settings)["corswsgi.W005"]


class MyCommon(CommonMiddleware):
    """One of one's own."""


def of_a_function(get_response: Any) -> Any:
    raise NotImplementedError


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
def test_pages_that_may_send_cookies_and_whose_writing_is_refused(
    origins: list[str], trusted: list[str], missing: list[str]
) -> None:
    settings = {**CREDENTIALS, "ALLOWED_HOSTS": ["*"], "CORS_ALLOWED_ORIGINS": origins}
    found = said(**settings, CSRF_TRUSTED_ORIGINS=trusted)
    assert [*found] == (["corswsgi.W007"] if missing else [])
    for text in found.values():
        assert f"CSRF_TRUSTED_ORIGINS: {', '.join(missing)}. Every POST" in text
        assert f"CSRF_TRUSTED_ORIGINS = {[*trusted, *missing]!r}" in text
    # Without cookies, without the middleware: nothing to say.
    assert said(**{**settings, "CORS_ALLOW_CREDENTIALS": False}) == {}
    assert said(**{**settings, "MIDDLEWARE": [CORS]}) == {}


def test_the_projects_own_origin_is_trusted() -> None:
    settings = {**CREDENTIALS, "CORS_ALLOWED_ORIGINS": [APP, f"{APP}:8443"]}
    assert said(**{**settings, "ALLOWED_HOSTS": ["app.example.com"]})["corswsgi.W007"].startswith(
        f"these origins may send cookies, and are not in CSRF_TRUSTED_ORIGINS: {APP}:8443. Every"
    )


def test_of_thousands_some_are_named() -> None:
    origins = [f"https://host-{number}.example.com" for number in range(1000)]
    (text,) = said(**CREDENTIALS, CORS_ALLOWED_ORIGINS=origins).values()
    assert "https://host-19.example.com and 980 more. Every" in text
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
        (["api.example.com"], "http://localhost:3000", True),
        (["*"], "https://app.other.com", False),
        (["127.0.0.1"], "http://localhost:3000", True),
        (["localhost"], "http://localhost:3000", False),
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
        assert f"(ALLOWED_HOSTS): {origin}. With" in text
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


def test_expressions_stand_for_what_they_mean() -> None:
    settings = {
        **CREDENTIALS,
        "MIDDLEWARE": [CORS, SESSION, CSRF],
        "CORS_ALLOWED_ORIGIN_REGEXES": [r"https://\w+\.partner\.org", r"https://partner\.org"],
        "SILENCED_SYSTEM_CHECKS": ["a.W001"],
    }
    found = said(**settings)
    assert [*found] == ["corswsgi.W007", "corswsgi.W009", "corswsgi.W010"]
    trusted = ["https://*.partner.org", "https://partner.org"]
    assert f"CSRF_TRUSTED_ORIGINS = {trusted}. Where" in found["corswsgi.W007"]
    assert "SILENCED_SYSTEM_CHECKS = ['a.W001', 'corswsgi.W007']" in found["corswsgi.W007"]
    assert r"'https://\\w+\\.partner\\.org', 'https://partner" in found["corswsgi.W009"]
    assert "corswsgi.W007" not in said(**settings, CSRF_TRUSTED_ORIGINS=trusted)
    # Of what is not understood, and of callables, nobody knows.
    unknown = {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://(?=a)abc\.org"]}
    assert said(**{**settings, **unknown}, CORS_ALLOWED_ORIGINS=[lambda origin: True]) == {}


def test_the_hosts_of_a_project_under_development() -> None:
    settings = {
        **CREDENTIALS,
        "MIDDLEWARE": [CORS, SESSION],
        "ALLOWED_HOSTS": [],
        "CORS_ALLOWED_ORIGINS": ["http://localhost:3000", "http://127.0.0.1:3000"],
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
    assert [*found] == ["corswsgi.W011"]
    assert found["corswsgi.W011"].startswith(
        "the expression 'https://.*example\\\\.com' matches https://evilexample.com too, which "
        "is another site than https://aexample.com. -> escape each dot"
    )
    found = said(**settings, CORS_ALLOW_CREDENTIALS=True)
    assert [*found] == ["corswsgi.W011", "corswsgi.W012"]
    assert "matches http://app.example.com, which is not HTTPS" in found["corswsgi.W012"]
    right = {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://\w+\.example\.com", r"http://localhost:\d+"]}
    assert said(**{**settings, **right}, CORS_ALLOW_CREDENTIALS=True) == {}


def test_an_expression_with_credentials_somewhere() -> None:
    hostile = {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https?://app\.example\.com"]}
    resources = {"/a": {**hostile, "CORS_ALLOW_CREDENTIALS": True}, "/b": hostile}
    settings = {"MIDDLEWARE": [CORS], "CORS_RESOURCES": resources}
    assert [*said(**settings)] == ["corswsgi.W012"]


STATIC: dict[str, Any] = {
    "MIDDLEWARE": [CORS, WHITENOISE],
    "STATIC_URL": "/static/",
    "CORS_ALLOWED_ORIGINS": [APP],
}


def test_whitenoise_and_what_to_paste() -> None:
    found = said(**STATIC)
    assert [*found] == ["corswsgi.W013"]
    _, hint = found["corswsgi.W013"].split(" -> CORS_RESOURCES = ")
    resources = eval(hint)
    assert resources == {"/static/*": None}
    assert said(**STATIC, CORS_RESOURCES=resources) == {}
    with_others = said(**STATIC, CORS_RESOURCES={"/a/*": None})["corswsgi.W013"]
    assert with_others.endswith(" -> CORS_RESOURCES['/static/*'] = None")


def test_whitenoise_below_a_prefix() -> None:
    set_script_prefix("/app/")
    try:
        found = said(**{**STATIC, "STATIC_URL": "static/"})
        assert found["corswsgi.W013"].endswith("CORS_RESOURCES = {'/static/*': None}")
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
def test_whitenoise_that_is_not_in_the_way(settings: dict[str, Any]) -> None:
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
        # Nobody has asked for static files of other origins.
        {"MIDDLEWARE": [CORS], "CORS_RESOURCES": {}},
        {"MIDDLEWARE": [CORS]},
    ]
    for other in others:
        assert messages(**{**settings, **other}) == []
    asked = {"MIDDLEWARE": [CORS], "CORS_RESOURCES": {"/static/*": {}}}
    assert [message.id for message in messages(**{**settings, **asked})] == ["corswsgi.W015"]


# Views.


class Things(View):
    @method_decorator(cors(supports_credentials=True))
    def put(self, request: HttpRequest) -> HttpResponse:
        raise NotImplementedError


def test_what_views_say_over_the_settings() -> None:
    settings: dict[str, Any] = {"CORS_ALLOW_ALL_ORIGINS": True, "STATIC_URL": None}
    urls: list[Any] = [path("a/", include([path("things", Things.as_view())])), path("", view)]
    (message,) = messages(**settings, urls=urls)
    assert (type(message), message.id) == (checks.Error, "corswsgi.E011")
    assert message.obj == "tests.django.test_checks.Things"
    # With resources, of those paths that the view can have.
    resources: dict[str, Any] = {"/a/*": {"CORS_ALLOWED_ORIGINS": [APP]}, "/b/*": None}
    assert messages(**settings, urls=urls, CORS_RESOURCES=resources) == []
    settings = {"CORS_ALLOWED_ORIGINS": [APP]}
    resources = {"/a/*": {"CORS_ALLOW_ALL_ORIGINS": True}}
    for urls in (
        [path("a/<int:number>", Things.as_view())],
        [path("<name>", Things.as_view())],
        [re_path("^a/x+$", Things.as_view())],
        [re_path("^", include([path("x", Things.as_view())]))],
        [path("a/x", Things.as_view())],
    ):
        assert [
            message.id for message in messages(**settings, urls=urls, CORS_RESOURCES=resources)
        ] == ["corswsgi.E011"]
    for urls in ([path("b/<int:number>", Things.as_view())], [path("a", view)]):
        assert messages(**settings, urls=urls, CORS_RESOURCES=resources) == []


def test_a_urlconf_that_includes_itself_and_one_that_is_broken() -> None:
    marked = cors(supports_credentials=True)(view)
    urls = (
        path("a", marked),
        path("again/", include("tests.django.includes_itself")),
    )
    found = messages(urls=urls, CORS_ALLOW_ALL_ORIGINS=True, STATIC_URL=None)
    assert [message.id for message in found] == ["corswsgi.E011"]


def test_a_view_that_nobody_may_read() -> None:
    urls = [path("", cors(expose_headers=["X-A"])(view))]
    found = said(urls=urls)
    assert [*found] == ["corswsgi.W014"]
    assert '@cors(origins=["https://app.example.com"])' in found["corswsgi.W014"]

    def receiver(**more: Any) -> None:
        raise NotImplementedError

    check_request_enabled.connect(receiver)
    try:
        assert said(urls=urls) == {}
    finally:
        check_request_enabled.disconnect(receiver)
    for mark in (cors(origins=[APP]), cors(None), cors(Policy(origins="*"))):
        assert said(urls=[path("", mark(view))]) == {}


def closing_over(view: Any) -> Any:
    unset, number = "unset", 7

    def middle(*arguments: Any) -> Any:
        raise NotImplementedError(number, view, unset)

    def outer(*arguments: Any) -> Any:
        raise NotImplementedError(middle)

    # As that of a variable that has no value yet.
    (cell,) = [cell for cell in middle.__closure__ or () if cell.cell_contents == unset]
    del cell.cell_contents
    return outer


def test_marks_that_a_decorator_hides() -> None:
    marked = cors(origins=[APP])(view)
    for hidden in (closing_over(marked), api_view(["PUT"])(marked)):
        found = said(urls=[path("", hidden)])
        assert [*found] == ["corswsgi.W016"]
        assert (
            "hides the @cors of tests.django.test_checks.view: preflights" in found["corswsgi.W016"]
        )
    for seen in (
        marked,
        csrf_exempt(marked),
        cors(origins=[APP])(closing_over(view)),
        cors(origins=[APP])(api_view(["PUT"])(view)),
        Things.as_view(),
    ):
        assert "corswsgi.W016" not in said(urls=[path("", seen)])


def test_an_attribute_that_is_no_mark_and_a_urlconf_that_is_none() -> None:
    def other(request: HttpRequest) -> HttpResponse:
        raise NotImplementedError

    other.cors_policy = 7  # type: ignore[attr-defined] # as attributes of views are set
    (message,) = messages(urls=[path("", other)])
    assert message.id == "corswsgi.E004"
    for urlconf in ("no.such.module", None):
        with override_settings(ROOT_URLCONF=urlconf):
            if urlconf is None:
                del settings.ROOT_URLCONF  # as of a project that has no URLs
            found = checks.run_checks(tags=[checks.Tags.security])
        assert not [message for message in found if (message.id or "").startswith("corswsgi.")]
    # Django names what is no pattern; the others are looked at.
    marked = cors(expose_headers=["X-A"])(view)
    assert [*said(urls=["no pattern", path("a", marked)])] == ["corswsgi.W014"]
