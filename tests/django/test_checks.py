"""The checks of ``manage.py check``, with identifiers that people may silence."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from django.conf import settings
from django.core import checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.http import (
    HttpRequest,
    HttpResponse,
)
from django.test import override_settings
from django.urls import include, path, re_path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework.decorators import api_view

from corswsgi import Policy, ProblemReason, suffixes
from corswsgi.errors import NoticeReason
from corswsgi_django import checks as checks_module
from corswsgi_django import cors
from corswsgi_django.checks import ERRORS, NOTICES
from corswsgi_django.signals import check_request_enabled
from tests.conformance.cases import APP
from tests.django.checking import (
    messages,
    said,
    view,
)


def test_correct_projects_have_no_messages() -> None:
    assert (
        messages(CORS_ALLOWED_ORIGINS=[APP], urls=[path("", cors(expose_headers="a")(view))]) == []
    )
    assert messages() == []


def test_problems_are_errors_with_stable_identifiers() -> None:
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
    assert found[1].msg.startswith("CORS_ALLOWED_ORIGINS: 'https://a.example/' is not in the form")
    assert found[1].hint == "did you mean 'https://a.example'?"
    with override_settings(**settings), pytest.raises(SystemCheckError, match=r"corswsgi\.E010"):
        call_command("check")


def test_every_reason_has_an_identifier() -> None:
    retired = {"forbidden_method", "forbidden_header", "wrong_direction"}
    assert {*ERRORS} == {*get_args(ProblemReason)} | retired
    assert len(ERRORS) == len({*ERRORS})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("CORS_ALLOWED_ORIGIN", "Did you mean 'CORS_ALLOWED_ORIGINS'?"),
        ("CORS_ALLOW_ORIGINS", "Did you mean 'CORS_ALLOWED_ORIGINS'?"),
        ("CORS_ORIGINS", "Did you mean 'CORS_ALLOWED_ORIGINS'?"),
        ("CORS_SUPPORTS_CREDENTIALS", "Did you mean 'CORS_ALLOW_CREDENTIALS'?"),
        ("CORS_MAX_AGE", "Did you mean 'CORS_PREFLIGHT_MAX_AGE'?"),
        ("CORS_QZVX", "The settings are CORS_ALLOWED_ORIGINS, "),
    ],
)
def test_unknown_settings(name: str, hint: str) -> None:
    text = said(**{name: []})["corswsgi.W001"]
    assert text.startswith(f"{name} is not a setting of corswsgi. -> {hint}")


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
        "corswsgi.W003": "CORS_ORIGIN_WHITELIST has no effect, because its newer name "
        "CORS_ALLOWED_ORIGINS is set, too. -> Remove CORS_ORIGIN_WHITELIST."
    }


class Things(View):
    @method_decorator(cors(supports_credentials=True))
    def put(self, request: HttpRequest) -> HttpResponse:
        raise NotImplementedError


def test_problems_between_views_and_settings() -> None:
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


def test_views_without_any_origin() -> None:
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


def test_decorators_that_hide_cors() -> None:
    marked = cors(origins=[APP])(view)
    for hidden in (closing_over(marked), api_view(["PUT"])(marked)):
        found = said(urls=[path("", hidden)])
        assert [*found] == ["corswsgi.W016"]
        assert (
            "hides the @cors of tests.django.checking.view, so preflights" in found["corswsgi.W016"]
        )
    for seen in (
        marked,
        csrf_exempt(marked),
        cors(origins=[APP])(closing_over(view)),
        cors(origins=[APP])(api_view(["PUT"])(view)),
        Things.as_view(),
    ):
        assert "corswsgi.W016" not in said(urls=[path("", seen)])


def test_invalid_attributes_and_urlconfs() -> None:
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


def test_problems_with_values_that_cannot_be_hashed() -> None:
    def other(request: HttpRequest) -> HttpResponse:
        raise NotImplementedError

    other.cors_policy = ["mine"]  # type: ignore[attr-defined] # as attributes of views are set
    (message,) = messages(urls=[path("a", other), path("b", other)])
    assert (message.id, message.msg.count("['mine']")) == ("corswsgi.E004", 1)


def test_problems_of_views_name_the_view() -> None:
    urls = [path("a", cors(origins="*")(view)), path("b", Things.as_view())]
    found = messages(urls=urls, CORS_ALLOWED_ORIGINS=[APP], CORS_ALLOW_CREDENTIALS=True)
    (message,) = [message for message in found if (message.id or "").startswith("corswsgi.E")]
    assert (message.id, message.obj) == ("corswsgi.E011", "tests.django.checking.view")
    assert message.msg.startswith("origins of its @cors: all origins are allowed")
    with (
        override_settings(
            ROOT_URLCONF=tuple(urls), CORS_ALLOWED_ORIGINS=[APP], CORS_ALLOW_CREDENTIALS=True
        ),
        pytest.raises(SystemCheckError, match=r"corswsgi\.E011"),
    ):
        call_command("check")


@pytest.mark.parametrize("value", [True, False, "yes", None])
def test_options_without_effect_are_warned_about(value: object) -> None:
    found = messages(CORS_ALLOWED_ORIGINS=[APP], CORS_ALLOW_PRIVATE_NETWORK=value)
    assert [(type(message), message.id) for message in found] == [(checks.Warning, "corswsgi.W017")]
    assert found[0].msg.startswith("CORS_ALLOW_PRIVATE_NETWORK has no effect.")
    assert found[0].hint is not None
    resources = {"/a": {"CORS_ALLOW_PRIVATE_NETWORK": value}}
    (message,) = messages(CORS_RESOURCES=resources)
    assert message.id == "corswsgi.W017"
    assert message.msg.startswith("CORS_RESOURCES['/a'].CORS_ALLOW_PRIVATE_NETWORK has no effect.")


@pytest.mark.parametrize("method", ["patch", "query"])
def test_methods_in_lower_case_are_warned_about(method: str) -> None:
    found = said(CORS_ALLOWED_ORIGINS=[APP], CORS_ALLOW_METHODS=["GET", method])
    assert [*found] == ["corswsgi.W018"]
    assert found["corswsgi.W018"].startswith(f"CORS_ALLOW_METHODS: {method!r} ")
    assert repr(method.upper()) in found["corswsgi.W018"].split(" -> ")[1]
    right = [method.upper(), "get", "put"]
    assert said(CORS_ALLOWED_ORIGINS=[APP], CORS_ALLOW_METHODS=right) == {}


def test_an_outdated_public_suffix_list(monkeypatch: pytest.MonkeyPatch) -> None:
    settings: dict[str, Any] = {
        "CORS_ALLOWED_ORIGINS": ["https://*.example.com"],
        "CORS_ALLOW_CREDENTIALS": True,
        "CSRF_TRUSTED_ORIGINS": ["https://*.example.com"],
    }
    assert "corswsgi.W019" not in said(**settings)
    monkeypatch.setattr(suffixes, "_load_date", lambda: date(2023, 4, 5))
    text = said(**settings)["corswsgi.W019"]
    assert text.startswith("CORS_ALLOWED_ORIGINS: the public suffix list that is installed is of ")
    assert text.endswith(" -> Run: pip install --upgrade publicsuffixlist")


LOOPBACK: dict[str, Any] = {
    "CORS_ALLOWED_ORIGINS": [APP, "http://localhost:*"],
    "CORS_ALLOW_CREDENTIALS": True,
}


def test_loopback_origins_with_credentials() -> None:
    found = said(**LOOPBACK)
    assert [*found] == ["corswsgi.W020"]
    assert found["corswsgi.W020"].startswith(
        "CORS_ALLOWED_ORIGINS: these allow http on loopback addresses, with credentials: "
        "'http://localhost:*'."
    )
    assert said(**LOOPBACK, DEBUG=True) == {}
    resources = {"/a": {"CORS_ALLOWED_ORIGIN_REGEXES": [r"http://localhost:\d+"]}}
    (message,) = messages(CORS_ALLOW_CREDENTIALS=True, CORS_RESOURCES=resources)
    assert message.msg.startswith("CORS_RESOURCES['/a'].CORS_ALLOWED_ORIGIN_REGEXES: these allow")


async def allows(origin: str) -> bool:
    return True


def test_callables_that_allow_everything() -> None:
    found = said(CORS_ALLOWED_ORIGINS=[APP, "tests.django.test_checks.allows"])
    assert [*found] == ["corswsgi.W021"]
    assert found["corswsgi.W021"].startswith("CORS_ALLOWED_ORIGINS: <function allows ")
    marked = cors(origins=[lambda origin: True])(view)
    assert said(urls=[path("", marked)])["corswsgi.W021"].startswith("origins of its @cors: <")


@pytest.mark.parametrize(
    ("receiver", "is_open"),
    [
        (lambda **_more: True, True),
        (lambda request, **_more: request.headers["Origin"].startswith("https://"), True),
        (lambda request, **_more: request.path == "/partners/", False),
        (lambda request, **_more: request.user.is_staff, False),
    ],
)
def test_receivers_that_allow_everything(
    receiver: Any, is_open: bool, caplog: pytest.LogCaptureFixture
) -> None:
    check_request_enabled.connect(receiver)
    try:
        found = said(CORS_ALLOWED_ORIGINS=[APP])
    finally:
        check_request_enabled.disconnect(receiver)
    assert [*found] == (["corswsgi.W021"] if is_open else [])
    assert caplog.records == []
    for text in found.values():
        assert "the receivers of check_request_enabled" in text


def test_any_origin_on_a_private_address() -> None:
    given: dict[str, Any] = {"CORS_ALLOW_ALL_ORIGINS": True, "STATIC_URL": None}
    found = said(**given, ALLOWED_HOSTS=["wiki.internal", "testserver"])
    assert [*found] == ["corswsgi.W022"]
    assert found["corswsgi.W022"].startswith("CORS_ALLOW_ALL_ORIGINS: any origin is allowed, and")
    assert "(wiki.internal)" in found["corswsgi.W022"]
    assert said(**given, ALLOWED_HOSTS=["wiki.internal"], DEBUG=True) == {}
    for hosts in (["example.com"], ["testserver"], ["*", "localhost"], []):
        assert said(**given, ALLOWED_HOSTS=hosts) == {}


def test_identifiers_never_change() -> None:
    """They are the order of ProblemReason, and people have them in SILENCED_SYSTEM_CHECKS."""
    assert ERRORS[:25] == (
        *("required", "unknown_option", "unknown_value", "wrong_type", "coroutine_function"),
        *("several_in_one", "not_alone", "malformed_origin", "not_canonical", "null_origin"),
        *("wildcard_with_credentials", "insecure_origin", "public_suffix", "not_a_token"),
        *("not_a_pattern", "forbidden_method", "forbidden_header", "wrong_direction"),
        *("out_of_range", "malformed_path", "malformed_expression", "not_importable"),
        *("given_twice", "without_effect", "slow_expression"),
    )
    assert [*NOTICES.items()] == [
        ("unknown_setting", "corswsgi.W001"),
        ("removed_setting", "corswsgi.W002"),
        ("older_setting", "corswsgi.W003"),
        ("deprecated_option", "corswsgi.W017"),
        ("method_case", "corswsgi.W018"),
        ("outdated_suffixes", "corswsgi.W019"),
        ("loopback_origin", "corswsgi.W020"),
        ("allows_any_origin", "corswsgi.W021"),
        ("private_address", "corswsgi.W022"),
        ("forbidden_method", "corswsgi.W023"),
        ("forbidden_header", "corswsgi.W024"),
        ("wrong_direction", "corswsgi.W025"),
        ("beside_wildcard", "corswsgi.W026"),
        ("long_max_age", "corswsgi.W027"),
        ("path_wildcard", "corswsgi.W033"),
    ]
    # Those about the keys of a config in Flask have no check.
    assert {*NOTICES} == {*get_args(NoticeReason)} - {"unknown_key", "late_key"}


def test_notices_and_checks_have_different_identifiers() -> None:
    source = "".join(path.read_text() for path in Path(checks_module.__file__).parent.glob("*.py"))
    numbers = re.findall(r'"(?:corswsgi\.)?(W\d{3})"', source)
    assert len({*numbers}) > 10
    assert {f"corswsgi.{number}" for number in numbers}.isdisjoint(NOTICES.values())
