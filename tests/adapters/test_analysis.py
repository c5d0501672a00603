"""Analysis of the origins of policies."""

from __future__ import annotations

import re
from typing import Any

import pytest

from corswsgi import Policy
from corswsgi.adapters import (
    MAX_ENUMERATED,
    NO_ORIGIN,
    AllowedOrigin,
    OriginPattern,
    WideExpression,
    allowed_origins,
    enumerate_texts,
    site_of,
    wide_expressions,
)
from corswsgi.expressions import Reach


def only_exact(origin: str) -> bool:
    raise NotImplementedError


def policy(*origins: Any) -> Policy:
    return Policy(origins=origins)


def test_allowed_origins() -> None:
    found = allowed_origins(
        [
            policy("https://app.example.co.uk", "https://*.example.org:*", only_exact),
            None,
            Policy(origins="*"),
            policy("https://app.example.co.uk", "http://localhost:8000", "https://192.0.2.1"),
            policy(NO_ORIGIN),
        ]
    )
    assert found == [
        AllowedOrigin(
            "https://app.example.co.uk",
            OriginPattern("https", "app.example.co.uk", None, subdomains=False),
            "example.co.uk",
            is_expression=False,
        ),
        AllowedOrigin(
            "https://*.example.org:*",
            OriginPattern("https", "example.org", "*", subdomains=True),
            "example.org",
            is_expression=False,
        ),
        AllowedOrigin(
            "http://localhost:8000",
            OriginPattern("http", "localhost", 8000, subdomains=False),
            "localhost",
            is_expression=False,
        ),
        AllowedOrigin(
            "https://192.0.2.1",
            OriginPattern("https", "192.0.2.1", None, subdomains=False),
            "192.0.2.1",
            is_expression=False,
        ),
    ]


def test_origins_that_expressions_spell_out() -> None:
    expression = re.compile(r"https://(app|api)\.(example\.org|localhost)(:\d+)?")
    complex_one = re.compile(r"https://[ab]{12}\.com")
    found = allowed_origins([policy(expression, complex_one), policy(expression)])
    assert {(str(each.pattern), each.site) for each in found} == {
        ("https://*.example.org", "example.org"),
        ("https://*.example.org:*", "example.org"),
        ("https://*.localhost", "localhost"),
        ("https://*.localhost:*", "localhost"),
    }
    for each in found:
        assert each.is_expression
        assert each.written == repr(expression.pattern)


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("a.b.example.co.uk", "example.co.uk"),
        ("localhost", "localhost"),
        ("co.uk", "co.uk"),
        ("[::1]", "[::1]"),
    ],
)
def test_site_of(host: str, site: str) -> None:
    assert site_of(host) == site


DOT = r"https://app.example\.org"
HTTP = r"https?://app\.example\.org"
BOTH = r"https?://.*\.?example\.org"
COMPLEX = r"https://[ab]{12}\.com"


def test_wide_expressions() -> None:
    expressions = [
        *(re.compile(each) for each in (DOT, HTTP, BOTH, COMPLEX)),
        re.compile(r"https://app\.example\.org"),
        re.compile(r"http://localhost:\d+"),
    ]
    found = wide_expressions([policy(*expressions, "https://a.example"), None])
    assert [each.written for each in found] == [DOT, HTTP, BOTH, COMPLEX]
    dot, http, both, complex_one = found
    assert dot.describe_wide() == (
        f"the expression {DOT!r} matches sites that it does not name, such as "
        "https://appaexample.org."
    )
    assert http.describe_wide() is None
    assert http.describe_insecure() == (
        f"the expression {HTTP!r} matches origins that are not HTTPS, such as "
        "http://app.example.org. Anyone on the network path can change their pages, and read what "
        "they may read."
    )
    assert dot.describe_insecure() is None
    assert "it does not name, such as https://a.0evilexample.org" in str(both.describe_wide())
    assert "not HTTPS, such as http://example.org" in str(both.describe_insecure())
    assert complex_one.describe_wide() == (
        f"the expression {COMPLEX!r} is too complex to find out which origins it matches."
    )
    assert complex_one.describe_insecure() is None
    assert [each.suggest("otherwise") for each in found] == [
        r"did you mean r'https://app\.example\.org'?",
        r"did you mean r'https://app\.example\.org'?",
        r"did you mean r'https://(.+\.)?example\.org'?",
        "otherwise",
    ]


def test_descriptions_without_examples() -> None:
    found = WideExpression("x", Reach((), "", ""))
    assert found.describe_wide() == "the expression 'x' matches sites that it does not name."
    assert str(found.describe_insecure()).startswith(
        "the expression 'x' matches origins that are not HTTPS. Anyone"
    )


def test_wide_expressions_that_are_allowed_explicitly() -> None:
    expressions = [re.compile(HTTP), re.compile(BOTH)]
    assert wide_expressions([Policy(origins=expressions, dangerously_allow="expressions")]) == []
    allowed = Policy(origins=expressions, dangerously_allow="insecure_origins")
    (found,) = wide_expressions([allowed])
    assert found.written == BOTH
    assert found.describe_wide() is not None
    assert found.describe_insecure() is None


def test_enumerate_texts() -> None:
    assert enumerate_texts([]) == ""
    assert enumerate_texts(["b", "a", "b"]) == "b, a"
    texts = [f"t{number}" for number in range(MAX_ENUMERATED + 2)]
    assert enumerate_texts(texts[:MAX_ENUMERATED]) == ", ".join(texts[:MAX_ENUMERATED])
    assert enumerate_texts([*texts, *texts]).endswith(f"{texts[MAX_ENUMERATED - 1]} and 2 more")


def test_equal_expressions_are_reported_once() -> None:
    policies = [policy(re.compile(HTTP)), policy(re.compile(HTTP))]
    assert len([*wide_expressions(policies)]) == 1


@pytest.mark.parametrize("policies", [[], [None], [Policy(origins="*")], [policy(NO_ORIGIN)]])
def test_without_expressions(policies: list[Policy | None]) -> None:
    assert [*wide_expressions(policies)] == []
