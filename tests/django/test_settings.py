"""The settings: which policies they make, and what is refused, under their own names."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.http import (
    HttpRequest,
    HttpResponse,
)
from django.test import override_settings
from django.urls import re_path
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import Policy, PolicyError
from corswsgi_django import cors
from corswsgi_django.apps import make_table
from corswsgi_django.defaults import default_headers, default_methods
from corswsgi_django.settings import KNOWN, read_settings
from tests.conformance.cases import APP, DEFAULT_METHODS, EVIL
from tests.django.project import (
    ANYBODY,
    HEADERS,
    METHODS,
    REFUSED,
    REFUSED_PREFLIGHT,
    Project,
    admitted,
    allowed,
    named,
)


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ran")


def project(**settings: Any) -> Project:
    return Project([re_path("", view)], settings)


def is_app(origin: str) -> bool:
    return origin == APP


async def ais_app(origin: str) -> bool:
    return origin == APP


NO_FUNCTION = 7


def test_the_defaults_are_those_of_django_cors_headers() -> None:
    assert ", ".join(default_headers) == HEADERS
    assert ", ".join(default_methods) == METHODS
    assert project(CORS_ALLOWED_ORIGINS=[APP]).preflight().cors == admitted()


@pytest.mark.parametrize(
    "settings",
    [
        {"CORS_ALLOWED_ORIGINS": [APP]},
        {"CORS_ALLOWED_ORIGINS": (APP,)},
        {"CORS_ALLOWED_ORIGINS": APP},
        {"CORS_ALLOWED_ORIGINS": {APP}},
        {"CORS_ALLOWED_ORIGINS": ["https://*.example.com"]},
        {"CORS_ALLOWED_ORIGINS": [is_app]},
        {"CORS_ALLOWED_ORIGINS": is_app},
        {"CORS_ALLOWED_ORIGINS": [ais_app]},
        {"CORS_ALLOWED_ORIGINS": ["tests.django.test_settings.is_app"]},
        {"CORS_ALLOWED_ORIGINS": ["tests.django.test_settings.ais_app"]},
        {"CORS_ORIGIN_WHITELIST": [APP]},
        {"CORS_ORIGIN_WHITELIST": [EVIL], "CORS_ALLOWED_ORIGINS": [APP]},
        {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://\w+\.example\.com"]},
        {"CORS_ALLOWED_ORIGIN_REGEXES": [re.compile(r"^https://\w+\.example\.com$")]},
        {"CORS_ALLOWED_ORIGIN_REGEXES": r"https://\w+\.example\.com"},
        {"CORS_ORIGIN_REGEX_WHITELIST": [r"https://\w+\.example\.com"]},
        {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://no\.example"], "CORS_ALLOWED_ORIGINS": [APP]},
        {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_ALL_ORIGINS": False},
    ],
    ids=named,
)
def test_origins(settings: dict[str, Any], is_async: bool) -> None:
    one = project(**settings)
    one.is_async = is_async
    assert one.fetch().cors == allowed()
    assert one.preflight().cors == admitted()
    for other in (f"{APP}.evil.test", "https://evilapp.example.com.test", EVIL, "null"):
        assert one.fetch(origin=other).cors == REFUSED
        refused = one.preflight(origin=other)
        assert (refused.status, refused.cors) == (403, REFUSED_PREFLIGHT)
    assert one.send().cors == REFUSED


@pytest.mark.parametrize(
    "settings",
    [
        {"CORS_ALLOW_ALL_ORIGINS": True},
        {"CORS_ORIGIN_ALLOW_ALL": True},
        {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ORIGIN_ALLOW_ALL": False},
        {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOWED_ORIGINS": [APP]},
    ],
    ids=named,
)
def test_any_origin(settings: dict[str, Any]) -> None:
    assert project(**settings).fetch(origin=EVIL).cors == ANYBODY
    assert project(**settings).send().cors == ANYBODY


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"CORS_ALLOWED_ORIGINS": []},
        {"CORS_ALLOWED_ORIGIN_REGEXES": ()},
        {"CORS_ALLOW_ALL_ORIGINS": False},
        {"CORS_ORIGIN_ALLOW_ALL": True, "CORS_ALLOW_ALL_ORIGINS": False},
        {"CORS_ALLOW_CREDENTIALS": True},
    ],
    ids=named,
)
def test_no_origins_are_a_valid_state(settings: dict[str, Any]) -> None:
    one = project(**settings)
    assert one.fetch().cors == one.send().cors == REFUSED
    assert one.preflight().cors == REFUSED_PREFLIGHT


@pytest.mark.parametrize(
    ("settings", "actual", "preflight"),
    [
        ({"CORS_ALLOW_METHODS": ["put"]}, {}, {"methods": "PUT"}),
        (
            {"CORS_ALLOW_METHODS": [*default_methods, "PURGE"]},
            {},
            {"methods": f"{METHODS}, PURGE"},
        ),
        ({"CORS_ALLOW_HEADERS": ["X-A"]}, {}, {"headers": "X-A"}),
        ({"CORS_ALLOW_HEADERS": "*"}, {}, {"headers": "*, Authorization"}),
        ({"CORS_EXPOSE_HEADERS": ["X-A", "X-B"]}, {"Expose_Headers": "X-A, X-B"}, {}),
        (
            {"CORS_ALLOW_CREDENTIALS": True},
            {"Allow_Credentials": "true"},
            {"Allow_Credentials": "true"},
        ),
        ({"CORS_PREFLIGHT_MAX_AGE": 0}, {}, {"max_age": "0"}),
        ({"CORS_PREFLIGHT_MAX_AGE": timedelta(hours=1)}, {}, {"max_age": "3600"}),
    ],
    ids=named,
)
def test_the_other_settings(
    settings: dict[str, Any], actual: dict[str, str], preflight: dict[str, str]
) -> None:
    one = project(CORS_ALLOWED_ORIGINS=[APP], **settings)
    assert one.fetch().cors == allowed(**actual)
    assert one.preflight().cors == admitted(**preflight)


@pytest.mark.parametrize("value", [True, False, "yes"])
def test_private_networks_have_no_effect(value: object) -> None:
    one = project(CORS_ALLOWED_ORIGINS=[APP], CORS_ALLOW_PRIVATE_NETWORK=value)
    asked = one.preflight("/", "PUT", APP, ("Access-Control-Request-Private-Network", "true"))
    assert asked.cors == admitted()


@pytest.mark.parametrize("urls", [r"^/api/", re.compile(r"/api/"), r"^/api/.*$"], ids=named)
def test_urls_regex_is_matched_from_the_start_of_the_path(urls: Any, is_async: bool) -> None:
    settings = {"CORS_ALLOWED_ORIGINS": [APP], "CORS_URLS_REGEX": urls}
    one = Project([re_path("", view)], settings, is_async)
    assert one.fetch("/api/items").cors == allowed()
    assert one.preflight("/api/items").cors == admitted()
    for other in ("/", "/other/api/", "/apikeys"):
        assert one.fetch(other).cors == {}
        # It is the application's.
        answer = one.preflight(other)
        assert (answer.status, answer.body, answer.cors) == (200, b"ran", {})


def test_resources_are_laid_over_the_settings(is_async: bool) -> None:
    resources = {
        "/public/*": {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": False},
        "/public/not/*": {"CORS_ALLOW_ALL_ORIGINS": False},
        "/exposing": {"CORS_EXPOSE_HEADERS": ["X-A"]},
        "/expressions": {
            "CORS_ALLOWED_ORIGIN_REGEXES": [r"https://evil\.test"],
            "CORS_ALLOW_CREDENTIALS": False,
        },
        "/off/*": None,
        "/policy": Policy(origins=[EVIL], max_age=7),
        "/caf\xe9": {"CORS_EXPOSE_HEADERS": ["X-A"]},
    }
    settings = {
        "CORS_ALLOWED_ORIGINS": [APP],
        "CORS_ALLOW_CREDENTIALS": True,
        "CORS_RESOURCES": resources,
        "CORS_URLS_REGEX": "^/(other|public)",
    }
    one = Project([re_path("", view)], settings, is_async)
    exposing = allowed(Allow_Credentials="true", Expose_Headers="X-A")
    for place, origin, expected in (
        ("/other", APP, allowed(Allow_Credentials="true")),
        ("/nothing", APP, {}),
        ("/public/a", EVIL, ANYBODY),
        ("/public", EVIL, ANYBODY),
        ("/public/not/a", APP, REFUSED),
        ("/exposing", APP, exposing),
        ("/exposing/", APP, {}),
        ("/expressions", EVIL, allowed(EVIL)),
        ("/expressions", APP, REFUSED),
        ("/off/a", APP, {}),
        ("/policy", EVIL, allowed(EVIL)),
        ("/policy", APP, REFUSED),
        ("/caf%C3%A9", APP, exposing),
    ):
        assert one.fetch(place, origin=origin).cors == expected, (place, origin)
    assert one.preflight("/policy", origin=EVIL).cors == admitted(
        EVIL, DEFAULT_METHODS, "*, Authorization", "7"
    )
    assert one.preflight("/off").body == b"ran"


def test_paths_with_dot_segments_are_refused(is_async: bool) -> None:
    """They come as ``..%2f``, and some views resolve them."""
    resources = {"/media/public/*": {"CORS_ALLOW_ALL_ORIGINS": True}, "/off/*": None}
    settings = {"CORS_ALLOWED_ORIGINS": [APP], "CORS_RESOURCES": resources}
    one = Project([re_path("", view)], settings, is_async)
    assert one.fetch("/media/public/a", origin=EVIL).cors == ANYBODY
    for place in ("/media/public/..%2fprivate/a", "/off/../media/public/a", "/a/.%2e"):
        assert one.fetch(place).cors == REFUSED
        assert one.preflight(place).cors == REFUSED_PREFLIGHT


# Each with the setting that is at fault, the reason, and a part of what is said.
REFUSED_SETTINGS: list[tuple[dict[str, Any], str, str, str]] = [
    (
        {"CORS_ALLOWED_ORIGINS": ["https://Example.com/"]},
        "CORS_ALLOWED_ORIGINS",
        "not_canonical",
        "did you mean 'https://example.com'?",
    ),
    ({"CORS_ALLOWED_ORIGINS": ["null"]}, "CORS_ALLOWED_ORIGINS", "null_origin", "sandboxed"),
    (
        {"CORS_ALLOWED_ORIGINS": ["*"]},
        "CORS_ALLOWED_ORIGINS",
        "malformed_origin",
        "write CORS_ALLOW_ALL_ORIGINS = True",
    ),
    (
        {"CORS_ALLOWED_ORIGINS": ["https://*"]},
        "CORS_ALLOWED_ORIGINS",
        "malformed_origin",
        "to allow any origin, write CORS_ALLOW_ALL_ORIGINS = True",
    ),
    (
        {"CORS_ALLOWED_ORIGINS": ["example.com"]},
        "CORS_ALLOWED_ORIGINS",
        "not_importable",
        "did you mean 'https://example.com'?",
    ),
    (
        {"CORS_ALLOWED_ORIGINS": ["tests.django.test_settings.is_ap"]},
        "CORS_ALLOWED_ORIGINS",
        "not_importable",
        "has no attribute 'is_ap'",
    ),
    (
        {"CORS_ALLOWED_ORIGINS": ["tests.nowhere.at_all"]},
        "CORS_ALLOWED_ORIGINS",
        "not_importable",
        "No module named 'tests.nowhere'.",
    ),
    (
        {"CORS_ALLOWED_ORIGINS": ["tests.django.test_settings.NO_FUNCTION"]},
        "CORS_ALLOWED_ORIGINS",
        "wrong_type",
        "a function behind",
    ),
    ({"CORS_ALLOWED_ORIGINS": None}, "CORS_ALLOWED_ORIGINS", "wrong_type", "variable not set"),
    ({"CORS_ALLOWED_ORIGINS": iter([APP])}, "CORS_ALLOWED_ORIGINS", "wrong_type", "read twice"),
    ({"CORS_ALLOW_METHODS": iter(["PUT"])}, "CORS_ALLOW_METHODS", "wrong_type", "write a list"),
    ({"CORS_ALLOWED_ORIGINS": {"a": 1}}, "CORS_ALLOWED_ORIGINS", "wrong_type", "expected a list"),
    ({"CORS_ALLOWED_ORIGINS": [""]}, "CORS_ALLOWED_ORIGINS", "required", "variable not set?"),
    ({"CORS_ALLOWED_ORIGINS": [7]}, "CORS_ALLOWED_ORIGINS", "wrong_type", "7 is of type int"),
    (
        {"CORS_ALLOWED_ORIGINS": [r"^https://\w+\.example\.com$"]},
        "CORS_ALLOWED_ORIGINS",
        "not_canonical",
        "CORS_ALLOWED_ORIGIN_REGEXES",
    ),
    (
        {"CORS_ALLOWED_ORIGINS": ["what is this"]},
        "CORS_ALLOWED_ORIGINS",
        "malformed_origin",
        "use CORS_ALLOWED_ORIGIN_REGEXES",
    ),
    ({"CORS_ORIGIN_WHITELIST": ["null"]}, "CORS_ORIGIN_WHITELIST", "null_origin", "null"),
    (
        {"CORS_ALLOWED_ORIGIN_REGEXES": ["("]},
        "CORS_ALLOWED_ORIGIN_REGEXES",
        "malformed_expression",
        "unterminated",
    ),
    (
        {"CORS_ALLOWED_ORIGIN_REGEXES": ["a{99999999999}"]},
        "CORS_ALLOWED_ORIGIN_REGEXES",
        "malformed_expression",
        "too large",
    ),
    ({"CORS_ALLOW_METHODS": None}, "CORS_ALLOW_METHODS", "wrong_type", "variable not set"),
    ({"CORS_ALLOWED_ORIGINS": [dict]}, "CORS_ALLOWED_ORIGINS", "wrong_type", "a function"),
    (
        {"CORS_ALLOWED_ORIGIN_REGEXES": [7, re.compile(b"a")]},
        "CORS_ALLOWED_ORIGIN_REGEXES",
        "wrong_type",
        "expected a regular expression",
    ),
    (
        {"CORS_ORIGIN_REGEX_WHITELIST": [r"^example\.com$"]},
        "CORS_ORIGIN_REGEX_WHITELIST",
        "malformed_origin",
        "matches no origin",
    ),
    (
        {"CORS_ALLOWED_ORIGIN_REGEXES": [".*"], "CORS_ALLOW_CREDENTIALS": True},
        "CORS_ALLOWED_ORIGIN_REGEXES",
        "wildcard_with_credentials",
        "With CORS_ALLOW_CREDENTIALS, their pages could read",
    ),
    (
        {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True},
        "CORS_ALLOW_ALL_ORIGINS",
        "wildcard_with_credentials",
        "leave CORS_ALLOW_CREDENTIALS out",
    ),
    (
        {"CORS_ORIGIN_ALLOW_ALL": True, "CORS_ALLOW_CREDENTIALS": True},
        "CORS_ORIGIN_ALLOW_ALL",
        "wildcard_with_credentials",
        "any site could read",
    ),
    (
        {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOWED_ORIGINS": ["null"]},
        "CORS_ALLOWED_ORIGINS",
        "null_origin",
        "null",
    ),
    (
        {"CORS_ALLOW_ALL_ORIGINS": "False"},
        "CORS_ALLOW_ALL_ORIGINS",
        "wrong_type",
        "write CORS_ALLOW_ALL_ORIGINS = False",
    ),
    (
        {"CORS_ALLOWED_ORIGINS": ["http://a.example"], "CORS_ALLOW_CREDENTIALS": True},
        "CORS_ALLOWED_ORIGINS",
        "insecure_origin",
        'CORS_DANGEROUSLY_ALLOW = ["insecure_origins"]',
    ),
    (
        {"CORS_ALLOWED_ORIGINS": ["https://*.co.uk"], "CORS_ALLOW_CREDENTIALS": True},
        "CORS_ALLOWED_ORIGINS",
        "public_suffix",
        'CORS_DANGEROUSLY_ALLOW = ["public_suffixes"]',
    ),
    ({"CORS_ALLOW_METHODS": "GET, PUT"}, "CORS_ALLOW_METHODS", "several_in_one", '["GET", "PUT"]'),
    ({"CORS_ALLOW_HEADERS": ["X-*"]}, "CORS_ALLOW_HEADERS", "not_a_pattern", "CORS_ALLOW_HEADERS"),
    ({"CORS_EXPOSE_HEADERS": None}, "CORS_EXPOSE_HEADERS", "wrong_type", "None"),
    ({"CORS_ALLOW_CREDENTIALS": 1}, "CORS_ALLOW_CREDENTIALS", "wrong_type", "CREDENTIALS = True"),
    ({"CORS_PREFLIGHT_MAX_AGE": -1}, "CORS_PREFLIGHT_MAX_AGE", "out_of_range", "did you mean 0"),
    ({"CORS_PREFLIGHT_MAX_AGE": "1"}, "CORS_PREFLIGHT_MAX_AGE", "wrong_type", "MAX_AGE = 1"),
    (
        {"CORS_DANGEROUSLY_ALLOW": "all"},
        "CORS_DANGEROUSLY_ALLOW",
        "unknown_value",
        "insecure_origins, public_suffixes",
    ),
    ({"CORS_URLS_REGEX": "("}, "CORS_URLS_REGEX", "malformed_expression", "unterminated"),
    ({"CORS_URLS_REGEX": ["^/api"]}, "CORS_URLS_REGEX", "wrong_type", "^/api/.*$"),
    ({"CORS_RESOURCES": ["/a"]}, "CORS_RESOURCES", "wrong_type", "mapping"),
    (
        {"CORS_RESOURCES": {r"/(?!api/).*": None}},
        "CORS_RESOURCES['/(?!api/).*']",
        "malformed_path",
        'write CORS_RESOURCES = {"/*": ..., "/api/*": None}',
    ),
    (
        {"CORS_RESOURCES": {re.compile("/api/.*"): None}},
        "CORS_RESOURCES[re.compile('/api/.*')]",
        "wrong_type",
        "did you mean '/api/*'?",
    ),
    ({"CORS_RESOURCES": {"/a": True}}, "CORS_RESOURCES['/a']", "wrong_type", "a dict of options"),
    (
        {"CORS_RESOURCES": {"/a": {"CORS_ALLOWED_ORIGIN": []}}},
        "CORS_RESOURCES['/a']",
        "unknown_option",
        "did you mean 'CORS_ALLOWED_ORIGINS'?",
    ),
    (
        {"CORS_RESOURCES": {"/a": {"origins": []}}},
        "CORS_RESOURCES['/a']",
        "unknown_option",
        "CORS_ALLOWED_ORIGINS",
    ),
    (
        {"CORS_RESOURCES": {"/a": {"CORS_ALLOWED_ORIGINS": ["null"]}}},
        "CORS_RESOURCES['/a'].CORS_ALLOWED_ORIGINS",
        "null_origin",
        "null",
    ),
    (
        {
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_RESOURCES": {"/a": {"CORS_ALLOW_ALL_ORIGINS": True}},
        },
        "CORS_RESOURCES['/a'].CORS_ALLOW_ALL_ORIGINS",
        "wildcard_with_credentials",
        "CORS_ALLOW_CREDENTIALS",
    ),
]


@pytest.mark.parametrize(("settings", "name", "reason", "said"), REFUSED_SETTINGS, ids=named)
def test_problems_stop_the_server(
    settings: dict[str, Any], name: str, reason: str, said: str
) -> None:
    with override_settings(**settings), pytest.raises(ImproperlyConfigured) as raised:
        WSGIHandler()
    error = raised.value.__context__
    assert isinstance(error, PolicyError)
    assert {(problem.option, problem.reason) for problem in error.problems} == {(name, reason)}
    assert str(raised.value) == str(error)
    assert said in " ".join(str(error).split())
    # No names of options in other frameworks.
    assert not re.search(
        r"supports_credentials|dangerously_allow|(?<!Policy\()origins=|re\.compile\(\.", str(error)
    )


def test_dotted_paths_are_not_corrected_to_origins() -> None:
    settings = {"CORS_ALLOWED_ORIGINS": ["tests.nowhere.at_all", "nowhere.at_all"]}
    with override_settings(**settings), pytest.raises(ImproperlyConfigured) as raised:
        WSGIHandler()
    error = raised.value.__context__
    assert isinstance(error, PolicyError)
    hints = [problem.hint for problem in error.problems]
    assert hints == [None, "did you mean 'https://nowhere.at_all'?"]


def test_all_problems_are_reported_at_once() -> None:
    settings = {
        "CORS_ALLOWED_ORIGINS": ["null", "https://a.example/"],
        "CORS_ALLOWED_ORIGIN_REGEXES": ["("],
        "CORS_ALLOW_ALL_ORIGINS": 1,
        "CORS_PREFLIGHT_MAX_AGE": -1,
        "CORS_URLS_REGEX": "(",
        "CORS_RESOURCES": {"api": None, "/a": {"CORS_ALLOWED_ORIGINS": ["null"]}},
    }
    with override_settings(**settings), pytest.raises(ImproperlyConfigured) as raised:
        WSGIHandler()
    error = raised.value.__context__
    assert isinstance(error, PolicyError)
    assert sorted((problem.option, problem.reason) for problem in error.problems) == [
        ("CORS_ALLOWED_ORIGINS", "not_canonical"),
        ("CORS_ALLOWED_ORIGINS", "null_origin"),
        ("CORS_ALLOWED_ORIGIN_REGEXES", "malformed_expression"),
        ("CORS_ALLOW_ALL_ORIGINS", "wrong_type"),
        ("CORS_PREFLIGHT_MAX_AGE", "out_of_range"),
        ("CORS_RESOURCES['/a'].CORS_ALLOWED_ORIGINS", "null_origin"),
        ("CORS_RESOURCES['api']", "malformed_path"),
        ("CORS_URLS_REGEX", "malformed_expression"),
    ]


def problems_of(**settings: Any) -> list[tuple[str, str]]:
    """Return the option and the message of each problem."""
    read = read_settings(SimpleNamespace(**settings))
    return [(problem.option, f"{problem.message} {problem.hint}") for problem in read.problems]


def test_values_are_reported_as_they_are_written() -> None:
    """Values that look like names of options are not replaced by names of settings."""
    ((option, text),) = problems_of(CORS_ALLOWED_ORIGINS=["https://max_age.example.com/"])
    assert option == "CORS_ALLOWED_ORIGINS"
    assert text.startswith("'https://max_age.example.com/' is not in the form")
    assert text.endswith("did you mean 'https://max_age.example.com'?")
    ((option, text),) = problems_of(CORS_ALLOW_METHODS=["origins methods"])
    assert (option, text.count("'origins methods'")) == ("CORS_ALLOW_METHODS", 1)


@pytest.mark.parametrize(
    ("settings", "option", "text"),
    [
        (
            {"CORS_ORIGIN_WHITELIST": [r"\d"]},
            "CORS_ORIGIN_WHITELIST",
            "CORS_ALLOWED_ORIGIN_REGEXES",
        ),
        (
            {"CORS_ORIGIN_WHITELIST": [r"\d"], "CORS_ORIGIN_REGEX_WHITELIST": []},
            "CORS_ORIGIN_WHITELIST",
            "use CORS_ORIGIN_REGEX_WHITELIST",
        ),
        (
            {"CORS_ORIGIN_WHITELIST": ["*"], "CORS_ORIGIN_ALLOW_ALL": False},
            "CORS_ORIGIN_WHITELIST",
            "write CORS_ORIGIN_ALLOW_ALL = True",
        ),
        (
            {"CORS_ORIGIN_WHITELIST": ["*"], "CORS_ALLOW_ALL_ORIGINS": False},
            "CORS_ORIGIN_WHITELIST",
            "write CORS_ALLOW_ALL_ORIGINS = True",
        ),
    ],
)
def test_older_names_are_used_if_they_are_written(
    settings: dict[str, Any], option: str, text: str
) -> None:
    ((found, message),) = problems_of(**settings)
    assert found == option
    assert text in message


ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**6),
    st.floats(),
    st.binary(max_size=3),
    st.text(max_size=12),
    st.sampled_from(
        [APP, f"{APP}/", "null", "*", "https://*.example.com", "/a/*", "/a", "(", ".*"]
    ),
    st.sampled_from(["GET", "put", "X-A", "etag", "insecure_origins", "no.such.function"]),
    st.sampled_from([is_app, ais_app, dict, re.compile("a"), re.compile(b"a"), timedelta(1)]),
    st.sampled_from([Policy(origins="*"), Policy(origins=[APP]), object(), iter(())]),
)


LISTS = st.one_of(ATOMS, st.lists(ATOMS, max_size=3), st.lists(ATOMS, max_size=3).map(tuple))


LAYERS = st.one_of(LISTS, st.dictionaries(st.sampled_from(KNOWN), LISTS, max_size=3))


VALUES = st.one_of(LISTS, st.dictionaries(ATOMS, LAYERS, max_size=2))


@given(st.dictionaries(st.sampled_from(KNOWN), VALUES, max_size=4))
def test_no_settings_raise_anything_else(settings: dict[str, Any]) -> None:
    try:
        table = make_table(read_settings(SimpleNamespace(**settings)))
    except PolicyError as error:
        assert error.problems
        assert str(error)
    else:
        for applied in table.path_policies:
            assert applied.policy is None or applied.policy.compiled is not None


@pytest.mark.parametrize("resources", [None, {}, {"/a/*": {}}, {"/*": {}, "/a/*": {}}])
def test_dot_segments_do_not_matter_if_all_paths_have_one_policy(
    resources: dict[str, Any] | None, is_async: bool
) -> None:
    settings: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [APP], "CORS_RESOURCES": resources}
    if resources is None:
        del settings["CORS_RESOURCES"]
    marked = cors(expose_headers=["X-A"])(view)
    one = Project([re_path("^marked/", marked), re_path("", view)], settings, is_async)
    for place in ("/a/..%2fb", "/a/../b", "/..", "/a/."):
        assert one.fetch(place).cors == allowed()
        assert one.fetch(place, origin=EVIL).cors == REFUSED
        assert one.preflight(place).cors == admitted()
    assert one.fetch("/marked/..%2fb").cors == allowed(Expose_Headers="X-A")
