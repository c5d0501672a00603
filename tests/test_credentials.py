"""Options that are dangerous together with credentials."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest

from corswsgi import CORSMiddleware, Policy, PolicyError, Problem
from corswsgi.validation import read_options
from tests.helpers.wsgi import Application

APP = "https://app.example.com"
TOO_COMPLEX = re.compile(r"https://[ab]{12}\.com")


def only(**options: Any) -> Problem:
    (problem,) = read_options({"supports_credentials": True, **options}).problems
    return problem


def allow(origin: str) -> bool:
    raise NotImplementedError


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
        ({"origins": re.compile(r"https://app.example.com")}, "wildcard_with_credentials"),
        ({"origins": TOO_COMPLEX}, "wildcard_with_credentials"),
        ({"origins": re.compile(r"https?://app\.example\.com")}, "insecure_origin"),
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
    assert read_options(options).problems == []
    assert only(**options).reason == reason


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
    assert read_options({"origins": origins, "supports_credentials": True}).problems == []


@pytest.mark.parametrize(
    ("origin", "danger"),
    [
        ("http://app.example.com", "insecure_origins"),
        ("https://*.internal", "public_suffixes"),
        (re.compile(r"https://.*example\.com"), "expressions"),
        (re.compile(r"https?://app\.example\.com"), "expressions"),
        (TOO_COMPLEX, "expressions"),
    ],
)
def test_a_check_that_can_be_turned_off(origin: Any, danger: str) -> None:
    policy = Policy(origins=origin, supports_credentials=True, dangerously_allow=danger)
    assert policy.dangerously_allow == {danger}
    # `insecure_origins` also accepts an expression with http.
    others = {"insecure_origins", "public_suffixes", "expressions"} - {danger}
    others -= {"insecure_origins"} if danger == "expressions" else set()
    problem = only(origins=origin, dangerously_allow=others)
    assert f'dangerously_allow=["{danger}"]' in str(problem.hint)


@pytest.mark.parametrize(
    ("source", "reasons"),
    [
        (r"https?://app\.example\.com", []),
        (r"http://app\.example\.com", []),
        (r"http://.*example\.com", ["wildcard_with_credentials"]),
        (r"https?://*.internal", ["wildcard_with_credentials"]),
    ],
)
def test_insecure_origins_accept_http_in_expressions(source: str, reasons: list[str]) -> None:
    options = {
        "origins": re.compile(source),
        "supports_credentials": True,
        "dangerously_allow": ["insecure_origins", "public_suffixes"],
    }
    assert [problem.reason for problem in read_options(options).problems] == reasons


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (r"(.*)*", "slow_expression"),
        (r"https://([a-z0-9]+-?)+\.example\.com", "slow_expression"),
        (r"https://a\.example/.*", "malformed_origin"),
        (r"https://a\.example|b\.example", "malformed_origin"),
    ],
)
@pytest.mark.parametrize("credentials", [False, True])
@pytest.mark.parametrize("dangers", [[], ["expressions"]])
def test_expressions_that_are_always_refused(
    source: str, reason: str, credentials: bool, dangers: list[str]
) -> None:
    options = {"origins": re.compile(source), "supports_credentials": credentials}
    problems = read_options({**options, "dangerously_allow": dangers}).problems
    assert [problem.reason for problem in problems] == [reason]


@pytest.mark.parametrize(
    ("source", "credentials"), [(r"https://(\w+\.?)+x", False), (r"https://.*\.run\.app", True)]
)
def test_reconfigure_refuses_expressions(source: str, credentials: bool) -> None:
    middleware = CORSMiddleware(Application(), Policy(origins=APP))
    with pytest.raises(PolicyError):
        middleware.reconfigure(Policy(origins=re.compile(source), supports_credentials=credentials))


@pytest.mark.parametrize(
    ("origin", "hint"),
    [
        ("http://a.example.com", "'https://a.example.com'"),
        ("http://a.example.com:443", "'https://a.example.com'"),
        ("http://*.example.com:443", "'https://*.example.com'"),
        ("http://*.example.com:*", "'https://*.example.com:*'"),
        ("https://*.amazonaws.com", "'https://YOUR-NAME."),
    ],
)
def test_a_hint_with_credentials(origin: str, hint: str) -> None:
    assert hint in str(only(origins=origin).hint)


def test_the_two_dangers_are_two() -> None:
    both: dict[str, Any] = {"origins": "http://*.internal", "supports_credentials": True}
    reasons = [problem.reason for problem in read_options(both).problems]
    assert reasons == ["insecure_origin", "public_suffix"]
    dangers = ["public_suffixes", "insecure_origins"]
    assert Policy(**both, dangerously_allow=dangers).dangerously_allow == set(dangers)


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        (
            {"origins": "*"},
            (
                "all origins are allowed ('*'). With supports_credentials, any site could read "
                "your users' data, so browsers refuse the combination "
                "(https://fetch.spec.whatwg.org/#cors-protocol-and-credentials)."
            ),
            (
                'list the origins that you trust, as in origins=["https://app.example.com"], or '
                "leave "
                "supports_credentials out."
            ),
        ),
        (
            {"origins": "https://a.example", "expose_headers": "*"},
            (
                "with supports_credentials, '*' is the name of a header and not a wildcard "
                "(https://fetch.spec.whatwg.org/#http-access-control-expose-headers)."
            ),
            'list the headers that scripts may read, as in expose_headers=["X-Total-Count"].',
        ),
        (
            {"origins": re.compile("https://.*")},
            (
                "the expression 'https://.*' matches sites that it does not name, such as "
                "https://evil.test. With supports_credentials, their pages could read your users' "
                "data."
            ),
            (
                "list the origins that you trust, as in "
                'origins=["https://app.example.com", "https://*.example.com"]. If you trust all '
                'origins that it matches, write dangerously_allow=["expressions"].'
            ),
        ),
        (
            {"origins": TOO_COMPLEX},
            (
                f"the expression {TOO_COMPLEX.pattern!r} is too complex to find out which origins "
                "it matches. With supports_credentials, pages of other sites could read your "
                "users' data."
            ),
            (
                "list the origins that you trust, as in "
                'origins=["https://app.example.com", "https://*.example.com"]. If you trust all '
                'origins that it matches, write dangerously_allow=["expressions"].'
            ),
        ),
        (
            {"origins": re.compile(r"https?://a\.example")},
            (
                r"the expression 'https?://a\\.example' matches origins that are not HTTPS, such "
                "as http://a.example. With supports_credentials, anyone on the network path of "
                "their pages could read your users' data."
            ),
            (
                r"did you mean r'https://a\.example'? If you trust all origins that it matches, "
                'write dangerously_allow=["expressions"].'
            ),
        ),
        (
            {"origins": re.compile(r"http://intra\.?")},
            (
                r"the expression 'http://intra\\.?' matches origins that are not HTTPS, such as "
                "http://intra. With supports_credentials, anyone on the network path of "
                "their pages could read your users' data."
            ),
            (
                "write https:// instead of http://. If you trust all origins that it matches, "
                'write dangerously_allow=["expressions"].'
            ),
        ),
        (
            {"origins": re.compile(r"https://(?=z)([b-z]{9})\.\1|https://a\.example")},
            (
                r"the expression 'https://(?=z)([b-z]{9})\\.\\1|https://a\\.example' matches "
                "sites that it does not name. With supports_credentials, their pages could read "
                "your users' data."
            ),
            (
                "list the origins that you trust, as in "
                'origins=["https://app.example.com", "https://*.example.com"]. If you trust all '
                'origins that it matches, write dangerously_allow=["expressions"].'
            ),
        ),
        (
            {"origins": "http://a.example"},
            (
                "'http://a.example' is not HTTPS. With supports_credentials, anyone on the network "
                "path of its pages could read your users' data."
            ),
            (
                "did you mean 'https://a.example'? If HTTPS is not possible, write "
                'dangerously_allow=["insecure_origins"].'
            ),
        ),
        (
            {"origins": "https://*.co.uk"},
            (
                "'https://*.co.uk' includes the public suffix co.uk. Anyone can get a name under "
                "it, and with supports_credentials could read your users' data."
            ),
            (
                "did you mean 'https://*.YOUR-NAME.co.uk'? If all names under it are yours, write "
                'dangerously_allow=["public_suffixes"].'
            ),
        ),
    ],
)
def test_messages(options: dict[str, Any], message: str, hint: str) -> None:
    problem = only(**options)
    assert (problem.message, problem.hint) == (message, hint)


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


@pytest.mark.parametrize("origins", [re.compile(b".*"), [APP, re.compile(rb"https://a\.test")]])
def test_an_expression_for_bytes(origins: Any) -> None:
    problem = only(origins=origins)
    assert (problem.option, problem.reason) == ("origins", "wrong_type")
    assert "expected an origin pattern, a compiled regular expression for str" in problem.message


@pytest.mark.parametrize("has_credentials", [True, False])
def test_expressions_that_may_take_long(has_credentials: bool) -> None:
    """They are refused unless you say that they are quick."""
    source = r"https://(?:[a-z0-9]{100}){21}\.example\.com"
    options = {"origins": re.compile(source), "supports_credentials": has_credentials}
    (problem,) = read_options(options).problems
    assert (problem.option, problem.value, problem.reason) == (
        *("origins", options["origins"]),
        "slow_expression",
    )
    assert problem.message == (
        r"the expression 'https://(?:[a-z0-9]{100}){21}\\.example\\.com' is too complex to find "
        "out how long it takes to match one origin. Any client can send long ones."
    )
    assert problem.hint == (
        "write a simpler one, or list origin patterns. If it is quick, write "
        "dangerously_allow=['expressions']."
    )
    assert read_options({**options, "dangerously_allow": ["expressions"]}).problems == []
