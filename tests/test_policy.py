"""Policy: what is refused, with which words, and what a policy is as a value."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import Policy, PolicyError, Problem, ProblemReason, decide

APP = "https://app.example.com"


def problems(**options: Any) -> list[tuple[str, Any, str, str | None]]:
    with pytest.raises(PolicyError) as raised:
        Policy(**options)
    return [
        (problem.option, problem.value, problem.reason, problem.hint)
        for problem in raised.value.problems
    ]


def only(**options: Any) -> Problem:
    with pytest.raises(PolicyError) as raised:
        Policy(**options)
    (problem,) = raised.value.problems
    return problem


async def asynchronous(origin: str) -> bool:
    raise NotImplementedError


class Asynchronous:
    async def __call__(self, origin: str) -> bool:
        raise NotImplementedError


def allow(origin: str) -> bool:
    raise NotImplementedError


ORIGINS = [
    # The value, the reason, and what the hint has to contain.
    ("https://Example.com/", "not_canonical", "'https://example.com'"),
    ("https://example.com/", "not_canonical", "'https://example.com'"),
    ("https://example.com/path?query#fragment", "not_canonical", "'https://example.com'"),
    ("HTTPS://EXAMPLE.COM", "not_canonical", "'https://example.com'"),
    ("https://example.com:443", "not_canonical", "'https://example.com'"),
    ("http://localhost:80", "not_canonical", "'http://localhost'"),
    ("https://example.com:08443", "not_canonical", "'https://example.com:8443'"),
    ("https://user:password@example.com", "not_canonical", "'https://example.com'"),
    (" https://example.com ", "not_canonical", "'https://example.com'"),
    ("https://example.com,", "not_canonical", "'https://example.com'"),
    ("example.com", "not_canonical", "'https://example.com'"),
    ("//example.com", "not_canonical", "'https://example.com'"),
    ("*.example.com", "not_canonical", "'https://*.example.com'"),
    ("https://*example.com", "not_canonical", "'https://*.example.com'"),
    ("https://*.Example.com:443/", "not_canonical", "'https://*.example.com'"),
    ("localhost", "not_canonical", "'http://localhost'"),
    ("localhost:3000", "not_canonical", "'http://localhost:3000'"),
    ("127.0.0.1:3000", "not_canonical", "'http://127.0.0.1:3000'"),
    ("localhost:*", "not_canonical", "'http://localhost:*'"),
    ("http://localhost:*/", "not_canonical", "'http://localhost:*'"),
    ("wss://example.com", "not_canonical", "'https://example.com'"),
    ("ws://localhost:80", "not_canonical", "'http://localhost'"),
    ("https://b\xfccher.example", "not_canonical", "'https://xn--bcher-kva.example'"),
    ("https://[::0:1]", "not_canonical", "'https://[::1]'"),
    ("https://[::FFFF:1.2.3.4]:8443", "not_canonical", "'https://[::ffff:102:304]:8443'"),
    (r"https://.*\.example\.com", "not_canonical", "'https://*.example.com'? An expression has"),
    (r"^https://.*\.example\.com$", "not_canonical", "'https://*.example.com'"),
    (r"^https://[a-z]+\.example\.com$", "not_canonical", "'https://*.example.com'"),
    (r"^https://(\w+)\.example\.com:8443$", "not_canonical", "'https://*.example.com:8443'"),
    (r"https://app\.example\.com", "not_canonical", "'https://app.example.com'"),
    ("https//example.com", "not_canonical", "'https://example.com'"),
    ("https:/example.com", "not_canonical", "'https://example.com'"),
    ("HTTP:example.com", "not_canonical", "'http://example.com'"),
    ("[::1]:3000", "not_canonical", "'http://[::1]:3000'"),
    ("https://B\xdcCHER.example", "not_canonical", "'https://xn--bcher-kva.example'"),
    ("https://\u4f8b\u3048.example", "not_canonical", "'https://xn--r8jz45g.example'"),
    (
        "safari-web-extension://7B39C9BA-6B7F/",
        "not_canonical",
        "'safari-web-extension://7B39C9BA-6B7F'",
    ),
    (r"https://app\d\.example\.com", "malformed_origin", "re.compile"),
    (r"https://\w\.example\.com", "malformed_origin", "re.compile"),
    (r"https://example.com\@evil.com", "malformed_origin", "re.compile"),
    (r"^https://[a-z]{2,5}\.example\.com$", "malformed_origin", "re.compile"),
    ("https://stra\xdfe.example", "malformed_origin", "window.origin"),
    ("https://\u13a0.example", "malformed_origin", "window.origin"),
    ("https://\ufb01.example", "malformed_origin", "window.origin"),
    ("https://a\u0301.example", "malformed_origin", "window.origin"),
    ("https://-\xfc-" + "\xfc" * 70 + ".example", "malformed_origin", "window.origin"),
    ("https://a..b.example", "malformed_origin", "window.origin"),
    ("https://\u2024example.com.", "malformed_origin", "window.origin"),
    ("https://" + "a" * 64 + ".example", "malformed_origin", "window.origin"),
    ("https://foo.*.example.com", "malformed_origin", "window.origin"),
    ("https://*.*.example.com", "malformed_origin", "window.origin"),
    ("https://*.1.2.3", "malformed_origin", "window.origin"),
    ("https://*.[::1]", "not_canonical", "'https://[::1]'"),
    ("https://*.", "malformed_origin", "window.origin"),
    ("https://*.:*", "malformed_origin", "window.origin"),
    ("https://1.2.3", "malformed_origin", "window.origin"),
    ("https://a.0x1", "malformed_origin", "window.origin"),
    ("https://[::1", "malformed_origin", "window.origin"),
    ("https://[::g]", "malformed_origin", "window.origin"),
    ("https://[1::2::3]", "malformed_origin", "window.origin"),
    ("https://example.com:65536", "malformed_origin", "window.origin"),
    ("https://example.com:0", "malformed_origin", "window.origin"),
    ("https://example.com:80:*", "not_canonical", "'https://example.com:80'"),
    ("https://*", "malformed_origin", 'origins="*"'),
    ("https://", "malformed_origin", "window.origin"),
    ("", "malformed_origin", "environment variable"),
    (" ", "malformed_origin", "environment variable"),
    (re.compile(r"example\.com"), "malformed_origin", "'https://example.com'"),
    (re.compile(r"^https://example\.com/$"), "malformed_origin", "'https://example.com'"),
    (re.compile(r"example"), "malformed_origin", "'https://example'"),
    (re.compile(r"a b"), "malformed_origin", "None"),
    ("file://", "malformed_origin", "window.origin"),
    ("https://exa\x00mple.com", "malformed_origin", "window.origin"),
    ("https://" + "a." * 200 + "example", "malformed_origin", "window.origin"),
    ("null", "null_origin", "localhost"),
    ("null, https://a.example", "malformed_origin", "window.origin"),
    ("mailto:x@example.com", "malformed_origin", "window.origin"),
    ("https://exa mple.com", "malformed_origin", "window.origin"),
    (f"{APP}, https://b.example", "several_in_one", f"['{APP}', 'https://b.example']"),
    (f"{APP}/, https://B.example/", "several_in_one", f"['{APP}', 'https://b.example']"),
    ("a, b", "several_in_one", "['https://a', 'https://b']"),
    (f"{APP} https://b.example", "several_in_one", f"['{APP}', 'https://b.example']"),
    (f"{APP};https://b.example", "several_in_one", f"['{APP}', 'https://b.example']"),
    (b"https://app.example.com", "wrong_type", "origins="),
    (3, "wrong_type", "origins="),
    (None, "wrong_type", "environment variable"),
    (re.compile(b"a"), "wrong_type", "origins="),
    (asynchronous, "coroutine_function", "origin_allowed"),
    (Asynchronous(), "coroutine_function", "origin_allowed"),
]


@pytest.mark.parametrize(("value", "reason", "hint"), ORIGINS)
def test_an_origin_is_refused(value: object, reason: str, hint: str) -> None:
    (found,) = problems(origins=[APP, value])
    assert found[:3] == ("origins", value, reason)
    assert hint in str(found[3])


@pytest.mark.parametrize(("value", "reason", "hint"), ORIGINS)
def test_what_a_hint_suggests_is_taken(value: object, reason: str, hint: str) -> None:
    suggested = re.findall(r"'([a-z-]+://[^']*)'", hint)
    expected = reason in {"not_canonical", "several_in_one"} or isinstance(value, re.Pattern)
    assert bool(suggested) == (expected and "None" not in hint and "origins=" not in hint)
    for origin in suggested:
        assert Policy(origins=[origin]).origins == (origin,)


def test_an_origin_alone_is_refused_like_one_of_a_list() -> None:
    assert only(origins="https://Example.com").hint == "did you mean 'https://example.com'?"
    assert only(origins=asynchronous).reason == "coroutine_function"


@pytest.mark.parametrize("value", [None, "", " ", [], (), set(), iter([])])
def test_no_origins(value: object) -> None:
    problem = only(origins=value)
    assert (problem.option, problem.reason) == ("origins", "required")


def test_origins_are_required() -> None:
    assert only().reason == "required"


@pytest.mark.parametrize("value", [3, b"https://a.example", {"https://a.example": True}, 1.5])
def test_origins_are_no_such_thing(value: object) -> None:
    assert problems(origins=value)[0][:3] == ("origins", value, "wrong_type")


@pytest.mark.parametrize("option", ["origins", "methods", "allow_headers", "expose_headers"])
def test_a_wildcard_stands_alone(option: str) -> None:
    other = "https://a.example" if option == "origins" else "X-A"
    problem = only(**{"origins": APP, option: ["*", other]})
    assert (problem.option, problem.reason) == (option, "not_alone")


def test_what_stands_beside_a_wildcard_is_judged_too() -> None:
    found = problems(origins=["*", "example.com", 7, "*"], methods=["*", "TR ACE"])
    assert [(option, reason) for option, _, reason, _ in found] == [
        ("origins", "not_alone"),
        ("origins", "not_canonical"),
        ("origins", "wrong_type"),
        ("methods", "not_alone"),
        ("methods", "several_in_one"),
    ]


@pytest.mark.parametrize("option", ["methods", "allow_headers", "expose_headers"])
@pytest.mark.parametrize("name", ["X-*", "X-.*", "**", "*-A"])
def test_names_have_no_patterns(option: str, name: str) -> None:
    problem = only(**{"origins": APP, option: name})
    assert (problem.option, problem.reason) == (option, "not_a_pattern")
    assert problem.hint == f'list the names, or write {option}="*".'


@pytest.mark.parametrize(
    "text", [".*", "^.*$", "https://*", "http://.*", "https?://.*", r"^https?://.+$"]
)
def test_expressions_for_any_origin(text: str) -> None:
    problem = only(origins=text)
    assert problem.hint == 'write origins="*" for any origin, which goes without credentials only.'


@pytest.mark.parametrize(
    "text",
    ["http://localhost:[0-9]+", r"http://localhost:\d+", r"^http://localhost:\d{2,5}$"],
)
def test_expressions_for_any_port(text: str) -> None:
    problem = only(origins=text)
    assert problem.hint is not None
    assert "did you mean 'http://localhost:*'?" in problem.hint


@pytest.mark.parametrize(
    ("option", "value", "reason", "hint"),
    [
        ("methods", ["CONNECT"], "forbidden_method", "leave it out"),
        ("methods", ["trace"], "forbidden_method", "leave it out"),
        ("methods", ["TRACK"], "forbidden_method", "leave it out"),
        ("methods", ["GET, PUT"], "several_in_one", "['GET', 'PUT']"),
        ("methods", "GET PUT", "several_in_one", "['GET', 'PUT']"),
        ("methods", [" PUT "], "not_a_token", "'PUT'"),
        ("methods", [" TRACE "], "not_a_token", "None"),
        ("methods", " patch", "not_a_token", "'patch'"),
        ("methods", "GET, TRACE", "several_in_one", "into a list"),
        ("methods", "*, GET", "several_in_one", "into a list"),
        ("allow_headers", " Cookie", "not_a_token", "None"),
        ("expose_headers", " Set-Cookie", "not_a_token", "None"),
        ("expose_headers", "Cookie", "wrong_direction", "leave it out"),
        ("methods", ["P\xdcT"], "not_a_token", "None"),
        ("methods", [""], "not_a_token", "None"),
        ("methods", [1], "wrong_type", "None"),
        ("methods", 1, "wrong_type", "None"),
        ("methods", b"GET", "wrong_type", "None"),
        ("methods", {"GET": 1}, "wrong_type", "None"),
        ("allow_headers", ["Cookie"], "forbidden_header", "supports_credentials"),
        ("allow_headers", ["host"], "forbidden_header", "leave it out"),
        ("allow_headers", ["Sec-Fetch-Mode"], "forbidden_header", "leave it out"),
        ("allow_headers", ["Proxy-Authorization"], "forbidden_header", "leave it out"),
        ("allow_headers", ["Origin"], "forbidden_header", "leave it out"),
        ("allow_headers", ["Access-Control-Allow-Origin"], "wrong_direction", "leave it out"),
        ("allow_headers", ["access-control-expose-headers"], "wrong_direction", "leave it out"),
        ("allow_headers", ["ETag"], "wrong_direction", "expose_headers"),
        ("allow_headers", ["Content-Type, Authorization"], "several_in_one", "Authorization'"),
        ("allow_headers", ["Content-Type:"], "not_a_token", "None"),
        ("allow_headers", None, "wrong_type", "None"),
        ("expose_headers", ["Set-Cookie"], "forbidden_header", "leave it out"),
        ("expose_headers", ["set-cookie2"], "forbidden_header", "leave it out"),
        ("expose_headers", ["Origin"], "wrong_direction", "leave it out"),
        ("expose_headers", ["Access-Control-Request-Method"], "wrong_direction", "leave it out"),
        ("expose_headers", ["If-Match"], "wrong_direction", "allow_headers"),
        ("expose_headers", ["X A"], "several_in_one", "['X', 'A']"),
        ("supports_credentials", 1, "wrong_type", "'False'"),
        ("supports_credentials", "false", "wrong_type", "'False'"),
        ("supports_credentials", None, "wrong_type", "'False'"),
        ("allow_private_network", "yes", "wrong_type", "'False'"),
        ("max_age", -1, "out_of_range", "0"),
        ("max_age", 86401, "out_of_range", "86400"),
        ("max_age", timedelta(days=2), "out_of_range", "86400"),
        ("max_age", 1.5, "out_of_range", "did you mean 2"),
        ("max_age", timedelta(milliseconds=1), "out_of_range", "did you mean 0"),
        ("max_age", float("nan"), "out_of_range", "did you mean 600"),
        ("max_age", float("inf"), "out_of_range", "86400"),
        ("max_age", float("-inf"), "out_of_range", "did you mean 0"),
        ("max_age", 10**400, "out_of_range", "86400"),
        ("max_age", True, "wrong_type", "max_age=600"),
        ("max_age", "600", "wrong_type", "max_age=600"),
        ("dangerously_allow", ["insecure_origin"], "unknown_value", "'insecure_origins'"),
        ("dangerously_allow", "everything", "unknown_value", "public_suffixes"),
        ("dangerously_allow", [1], "wrong_type", "None"),
        ("dangerously_allow", None, "wrong_type", "None"),
        ("orgins", APP, "unknown_option", "'origins'"),
        ("max_ages", 1, "unknown_option", "'max_age'"),
        ("xyzzy", 1, "unknown_option", "origins, methods"),
    ],
)
def test_another_option_is_refused(option: str, value: object, reason: str, hint: str) -> None:
    problem = only(**{"origins": APP, option: value})
    assert (problem.option, problem.reason) == (option, reason)
    assert hint in str(problem.hint)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"origins": "*"}, "wildcard_with_credentials"),
        ({"origins": ["*"]}, "wildcard_with_credentials"),
        ({"origins": re.compile(".*")}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"https?://.*")}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"https://[a-z]+\.com")}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"http://[a-z0-9-]+\.io:\d+")}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"https://.*\.github\.io")}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"https://\w+\.\w+\.net")}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"https?://.*:3000")}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"http://.*:5173")}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"https://app\..*")}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"https://api\.[a-z]+\.com")}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"https://[a-z]{5,9}\.com")}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"https://[a-z]{3,9}\.[a-z]{2,3}")}, "wildcard_with_credentials"),
        (
            {"origins": re.compile(r"https?://\d+\.\d+\.\d+\.\d+(:\d+)?")},
            "wildcard_with_credentials",
        ),
        ({"origins": re.compile(r"https://\[.*\]")}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"https://.*\.de")}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"https://.*\.eu")}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"https?://.*:9000")}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"https://[a-z0-9-]+\.workers\.dev")}, "wildcard_with_credentials"),
        (
            {"origins": re.compile(r"https://[a-z]{3,8}-[a-z]{3,8}\.com")},
            "wildcard_with_credentials",
        ),
        ({"origins": re.compile(r"https://.*\.vercel\.app")}, "wildcard_with_credentials"),
        ({"origins": APP, "expose_headers": "*"}, "wildcard_with_credentials"),
        ({"origins": "http://app.example.com"}, "insecure_origin"),
        ({"origins": "http://*.example.com:*"}, "insecure_origin"),
        ({"origins": "http://192.168.0.1"}, "insecure_origin"),
        ({"origins": "http://localhost.example.com"}, "insecure_origin"),
        ({"origins": "http://127.0.0.1.example.com"}, "insecure_origin"),
        ({"origins": "https://*.com"}, "public_suffix"),
        ({"origins": "https://*.co.uk"}, "public_suffix"),
        ({"origins": "https://*.co.uk.:*"}, "public_suffix"),
        ({"origins": "https://*.github.io"}, "public_suffix"),
        ({"origins": "https://*.xn--p1ai:8443"}, "public_suffix"),
        ({"origins": "https://*.internal"}, "public_suffix"),
        ({"origins": "https://*.kawasaki.jp"}, "public_suffix"),
        ({"origins": "https://*.anything.ck"}, "public_suffix"),
        # Not public suffixes themselves, but above some: anybody has s3.amazonaws.com names.
        ({"origins": "https://*.amazonaws.com"}, "public_suffix"),
        ({"origins": "https://*.windows.net"}, "public_suffix"),
    ],
)
def test_with_credentials(options: dict[str, Any], reason: str) -> None:
    Policy(**options)
    assert only(supports_credentials=True, **options).reason == reason


@pytest.mark.parametrize(
    "origins",
    [
        "http://localhost",
        "http://localhost:*",
        "http://*.localhost:3000",
        "http://127.0.0.1:8000",
        "http://127.9.9.9:*",
        "http://[::1]:8000",
        "http://localhost.:8000",
        "http://a.localhost.",
        "https://*.localhost.",
        "https://*.localhost",
        "app://.",
        "https://*.example.com",
        "https://*.example.co.uk:*",
        "https://github.io",
        "capacitor://localhost",
        re.compile(r"https://[a-z]+\.example\.com"),
        re.compile(r"https://pr-\d+\.example\.com(:\d+)?"),
        re.compile(r"https://app\d\.example\.com"),
        re.compile(r"https:\/\/app\.example\.com"),
        re.compile(r"^https://app\.example\.com$"),
        re.compile(r"https://app.example.com"),
        re.compile(r"https://pr-...\.example\.com"),
        re.compile(r"https://..\.example\.com"),
        re.compile(r"HTTPS://APP", re.IGNORECASE),
        re.compile(r" https://app ", re.VERBOSE),
        "https://*.xn--zzzz99999.example",
        "https://*.xn--a.xn--b.example",
        "https://*.a_b.example",
        allow,
    ],
)
def test_safe_with_credentials(origins: Any) -> None:
    assert Policy(origins=origins, supports_credentials=True).supports_credentials


@pytest.mark.parametrize(
    ("origin", "danger"),
    [
        ("http://app.example.com", "insecure_origins"),
        ("https://*.internal", "public_suffixes"),
    ],
)
def test_a_refusal_that_can_be_lifted(origin: str, danger: str) -> None:
    policy = Policy(origins=origin, supports_credentials=True, dangerously_allow=danger)
    assert policy.dangerously_allow == {danger}
    (other,) = {"insecure_origins", "public_suffixes"} - {danger}
    problem = only(origins=origin, supports_credentials=True, dangerously_allow=[other])
    assert danger in str(problem.hint)


@pytest.mark.parametrize(
    ("origin", "hint"),
    [
        ("http://a.example.com", "'https://a.example.com'"),
        ("http://a.example.com:443", "'https://a.example.com'"),
        ("http://*.example.com:443", "'https://*.example.com'"),
        ("http://*.example.com:*", "'https://*.example.com:*'"),
        ("https://*.amazonaws.com", "'https://*.YOUR-NAME."),
    ],
)
def test_a_hint_with_credentials(origin: str, hint: str) -> None:
    assert hint in str(only(origins=origin, supports_credentials=True).hint)


class Hostile:
    """A value that fails whatever is done with it."""

    def __repr__(self) -> str:
        raise LookupError

    def __eq__(self, other: object) -> bool:
        raise NotImplementedError

    __hash__ = None  # type: ignore[assignment]  # how Python spells unhashable


class Equal:
    """A callable that has its own idea of equality, as objects that build queries do."""

    def __call__(self, origin: str) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        raise NotImplementedError

    __hash__ = object.__hash__


def test_a_callable_is_not_compared() -> None:
    policy = Policy(origins=[Equal()], supports_credentials=True)
    assert not policy.allows_any_origin
    assert not decide(policy, "GET", "https://evil.test").allowed
    assert "Equal" in repr(policy)


@pytest.mark.parametrize("option", [*[*Policy.__annotations__][:8], "unknown"])
@pytest.mark.parametrize(
    "value",
    [Hostile(), [Hostile()], 10**5000, [10**5000], {10**5000}],
    ids=["object", "list of objects", "int", "list of ints", "set of ints"],
)
def test_values_that_cannot_be_shown(option: str, value: object) -> None:
    for problem in problems(**{"origins": APP, option: value}):
        assert problem[0] == option


def test_the_two_dangers_are_two() -> None:
    both: dict[str, Any] = {"origins": "http://*.internal", "supports_credentials": True}
    assert [problem[2] for problem in problems(**both)] == ["insecure_origin", "public_suffix"]
    dangers = ["public_suffixes", "insecure_origins"]
    assert Policy(**both, dangerously_allow=dangers).dangerously_allow == set(dangers)


def test_everything_at_once() -> None:
    found = problems(
        origin=1,
        origins=["null", "https://A.example", "http://b.example", "https://*.com"],
        methods=["TRACE", ""],
        allow_headers="Host",
        expose_headers="*",
        supports_credentials=True,
        max_age=-1,
        allow_private_network=None,
        dangerously_allow="all",
    )
    assert [(option, reason) for option, _, reason, _ in found] == [
        ("origin", "unknown_option"),
        ("origins", "null_origin"),
        ("origins", "not_canonical"),
        ("methods", "not_a_token"),
        ("methods", "forbidden_method"),
        ("allow_headers", "forbidden_header"),
        ("max_age", "out_of_range"),
        ("allow_private_network", "wrong_type"),
        ("dangerously_allow", "unknown_value"),
        ("expose_headers", "wildcard_with_credentials"),
        ("origins", "insecure_origin"),
        ("origins", "public_suffix"),
    ]
    assert {reason for _, _, reason, _ in found} <= set(get_args(ProblemReason))


def test_the_error_reads_well_in_a_terminal() -> None:
    with pytest.raises(PolicyError) as raised:
        Policy(origins=["https://Example.com/", "null"], max_age=100_000)
    assert str(raised.value) == (
        """\
3 problems in the CORS configuration:
  - origins: 'https://Example.com/' is not the form in which a browser sends an
    origin (scheme://host or scheme://host:port), so it would never match.
    -> did you mean 'https://example.com'?
  - origins: 'null' stands for every origin that has no name: any page can get
    it, with a sandboxed frame.
    -> serve the page over http://localhost or https, and list that origin.
  - max_age: 100000 is not a whole number of seconds from 0 to 86400, beyond
    which no browser goes.
    -> did you mean 86400? 0 turns caching off, None leaves the header out."""
    )


def test_one_problem_is_one_problem() -> None:
    with pytest.raises(PolicyError) as raised:
        Policy(origins=["https://a..b"])
    assert str(raised.value).startswith("1 problem in the CORS configuration:\n")


def test_the_error_shows_values_escaped_and_cut() -> None:
    with pytest.raises(PolicyError) as raised:
        Policy(origins=["https://a\r\n\x1b[31m.example" + "a" * 9999])
    assert "\x1b" not in str(raised.value)
    assert "\r" not in str(raised.value)
    assert len(str(raised.value)) < 1000


def test_the_error_survives_pickling() -> None:
    with pytest.raises(PolicyError) as raised:
        Policy(origins="null")
    assert pickle.loads(pickle.dumps(raised.value)).problems == raised.value.problems
    assert isinstance(raised.value, ValueError)


def test_patch_in_lower_case_is_another_method() -> None:
    with pytest.warns(UserWarning, match="write 'PATCH'") as caught:
        policy = Policy(origins=APP, methods=["put", "patch"])
    assert policy.methods == ("PUT", "patch")
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="'Patch'"):
        Policy(origins=APP, methods="Patch")


def test_defaults() -> None:
    policy = Policy(origins=APP)
    assert (
        policy.origins,
        policy.methods,
        policy.allow_headers,
        policy.expose_headers,
        policy.supports_credentials,
        policy.max_age,
        policy.allow_private_network,
        policy.dangerously_allow,
    ) == ((APP,), None, ("*",), (), False, 600, False, frozenset())


def test_options_are_normalized() -> None:
    policy = Policy(
        origins=(origin for origin in [APP]),
        methods=("get", "GET", "Chicken"),
        allow_headers=["X-A", "x-a"],
        expose_headers={"X-B", "X-A"},
        max_age=timedelta(minutes=2),
    )
    assert policy.methods == ("GET", "Chicken")
    assert policy.allow_headers == ("X-A",)
    assert policy.expose_headers == ("X-A", "X-B"), "a set has to get an order"
    assert policy.max_age == 120
    assert Policy(origins=APP, max_age=60.0).max_age == 60  # type: ignore[arg-type]  # untyped callers


def test_repr_shows_what_is_not_the_default() -> None:
    policy = Policy(
        origins=[APP, "https://*.example.org"],
        methods=["PUT"],
        expose_headers="X-A",
        supports_credentials=True,
        max_age=None,
        dangerously_allow=["public_suffixes", "insecure_origins"],
    )
    text = (
        "Policy(origins=['https://app.example.com', 'https://*.example.org'], methods=['PUT'], "
        "expose_headers=['X-A'], supports_credentials=True, max_age=None, "
        "dangerously_allow=['insecure_origins', 'public_suffixes'])"
    )
    assert repr(policy) == text
    assert eval(text, {"Policy": Policy}) == policy
    assert repr(Policy(origins="*")) == "Policy(origins='*')"
    assert repr(Policy(origins=APP, allow_headers=[])) == (
        "Policy(origins=['https://app.example.com'], allow_headers=[])"
    )


EQUAL: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"origins": APP}, {"origins": [APP]}),
    ({"origins": [APP, "https://b.example"]}, {"origins": ["https://b.example", APP]}),
    ({"origins": APP, "methods": "put"}, {"origins": APP, "methods": ["PUT"]}),
    ({"origins": APP, "allow_headers": "X-A"}, {"origins": APP, "allow_headers": "x-a"}),
    ({"origins": APP, "max_age": timedelta(seconds=60)}, {"origins": APP, "max_age": 60}),
    ({"origins": allow}, {"origins": [allow]}),
    ({"origins": re.compile("https://a")}, {"origins": re.compile("https://a")}),
]
DIFFERENT: list[dict[str, Any]] = [
    {"origins": APP},
    {"origins": "*"},
    {"origins": [APP, "https://b.example"]},
    {"origins": re.compile("https://a")},
    {"origins": re.compile("https://a", re.IGNORECASE)},
    {"origins": allow},
    {"origins": lambda origin: True},
    {"origins": APP, "methods": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]},
    {"origins": APP, "methods": []},
    {"origins": APP, "allow_headers": []},
    {"origins": APP, "expose_headers": ["X-A"]},
    {"origins": APP, "supports_credentials": True},
    {"origins": APP, "max_age": 0},
    {"origins": APP, "max_age": None},
    {"origins": APP, "allow_private_network": True},
    {"origins": APP, "dangerously_allow": "insecure_origins"},
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_by_value(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert Policy(**one) == Policy(**other)
    assert hash(Policy(**one)) == hash(Policy(**other))


def test_different_by_value() -> None:
    policies = [Policy(**options) for options in DIFFERENT]
    assert len(set(policies)) == len(policies)
    assert policies[0] != "Policy"
    assert policies[0] is not None


def test_immutable() -> None:
    policy = Policy(origins=APP)
    with pytest.raises(AttributeError):
        policy.max_age = 0  # type: ignore[misc]  # that is the test
    with pytest.raises(AttributeError):
        del policy.max_age
    with pytest.raises((AttributeError, TypeError)):
        policy.other = 0  # type: ignore[attr-defined]  # that is the test


def test_the_lists_given_are_not_kept() -> None:
    origins = [APP]
    policy = Policy(origins=origins)
    origins.append("https://evil.test")
    assert policy.origins == (APP,)


def test_copies() -> None:
    policy = Policy(origins=[APP, "https://*.example.org"], max_age=0)
    assert copy.copy(policy) is policy
    assert copy.deepcopy({"a": policy})["a"] is policy
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_replace() -> None:
    policy = Policy(origins=[APP], max_age=0)
    replaced = policy.replace(expose_headers="X-A")
    assert replaced == Policy(origins=APP, max_age=0, expose_headers="X-A")
    assert policy == Policy(origins=APP, max_age=0)
    assert Policy(origins="*").replace(max_age=1) == Policy(origins="*", max_age=1)
    with pytest.raises(PolicyError):
        policy.replace(orgins="*")


def test_for_route() -> None:
    """Methods go with no other option: the origins stay as they are, and nothing is parsed."""
    policy = Policy(origins=["https://*.example.com"], supports_credentials=True, max_age=1)
    routed = policy.for_route(["PUT", "GET"])
    assert routed == policy.replace(methods=["PUT", "GET"])
    assert (policy.methods, policy.is_for_route) == (None, False)
    assert (routed.methods, routed.is_for_route) == (("PUT", "GET"), True)
    assert routed.origin_set is policy.origin_set
    assert decide(routed, "OPTIONS", "https://a.example.com", "PUT").allowed
    assert not decide(routed, "OPTIONS", "https://a.example.com", "DELETE").allowed
    anything = policy.for_route("*")
    assert decide(anything, "OPTIONS", "https://a.example.com", "DELETE").allowed


def test_dataclasses_replace() -> None:
    policy = Policy(origins=[APP], methods="*")
    assert dataclasses.replace(policy, max_age=1) == policy.replace(max_age=1)


def test_keyword_only() -> None:
    with pytest.raises(TypeError):
        Policy(APP)  # type: ignore[call-arg]  # that is the test


def test_what_is_derived_is_made_once() -> None:
    made: list[Policy] = []

    def make(policy: Policy) -> object:
        made.append(policy)
        return object()

    policy = Policy(origins=APP)
    assert policy.derive(make) is policy.derive(make)
    assert made == [policy]


def test_the_public_suffix_list_is_loaded_only_when_it_is_needed() -> None:
    program = """
import sys
from corswsgi import Policy
Policy(origins=["https://*.co.uk", "http://a.example"])
Policy(origins=["https://a.example"], supports_credentials=True)
Policy(
    origins=["https://*.co.uk"],
    supports_credentials=True,
    dangerously_allow="public_suffixes",
)
assert "publicsuffixlist" not in sys.modules
Policy(origins=["https://*.example.com"], supports_credentials=True)
assert "publicsuffixlist" in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.sets(st.text()),
)


NAMES = st.lists(st.sampled_from(["PUT", "X-A", "x-b", "*"]), unique=True)
OPTIONS = {
    "origins": st.sampled_from(["*", APP, [APP, "https://*.example.org"], {APP}]),
    "methods": NAMES,
    "allow_headers": NAMES,
    "expose_headers": NAMES,
    "supports_credentials": st.booleans(),
    "max_age": st.none() | st.integers(0, 86400),
    "allow_private_network": st.booleans(),
    "dangerously_allow": st.sampled_from([[], "insecure_origins"]),
}


@given(
    st.fixed_dictionaries({}, optional=OPTIONS)
    | st.fixed_dictionaries(
        {}, optional={name: values | ANYTHING for name, values in OPTIONS.items()}
    )
    | st.dictionaries(st.sampled_from([*OPTIONS]) | st.text(), ANYTHING)
)
def test_no_options_raise_anything_else(options: dict[str, Any]) -> None:
    make: Callable[[], Policy] = lambda: Policy(**options)  # noqa: E731 - to annotate it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a random `patch`
        try:
            policy = make()
        except PolicyError as error:
            assert error.problems
            assert str(error)
        else:
            assert make() == policy
            assert repr(policy)


@given(st.text())
def test_a_hint_suggests_what_is_taken(text: str) -> None:
    try:
        Policy(origins=[f"https://{text}"])
    except PolicyError as error:
        for problem in error.problems:
            suggested = re.fullmatch("did you mean '([^']*)'\\?", problem.hint or "")
            if suggested:
                Policy(origins=[suggested[1]])
