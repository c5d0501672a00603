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


def test_origins_that_expressions_are_meant_for() -> None:
    expression = re.compile(r"https://(app|api)\.(example\.org|localhost)")
    found = allowed_origins([policy(expression), policy(expression)])
    assert {each.site for each in found} == {"example.org", "app.localhost", "api.localhost"}
    for each in found:
        assert each.is_expression
        assert each.written == repr(expression.pattern)
        assert each.pattern.is_exact


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


def test_wide_expressions() -> None:
    expressions = [
        *(re.compile(each) for each in (DOT, HTTP, BOTH)),
        re.compile(r"https://app\.example\.org"),
        re.compile(r"http://localhost:\d+"),
    ]
    found = [*wide_expressions([policy(*expressions, "https://a.example"), None])]
    by_expression = {each.written: each for each in found}
    assert [*by_expression] == [DOT, HTTP, BOTH]
    dot, http, both = found
    assert dot.other is not None
    assert re.fullmatch(DOT, dot.other)
    assert site_of(dot.other.partition("://")[2]) != "example.org"
    assert (dot.meant, dot.insecure) == ("https://app.example.org", None)
    insecure = "http://app.example.org"
    assert http == WideExpression(HTTP, insecure, None, insecure)
    assert both.other is not None
    assert re.fullmatch(BOTH, both.other)
    assert both.insecure is not None
    assert both.insecure.startswith("http://")


def test_descriptions_of_wide_expressions() -> None:
    found = WideExpression(DOT, "https://app.example.org", "https://appxexample.org", "http://x")
    assert found.describe_other() == (
        f"the expression {DOT!r} matches https://appxexample.org, which is on another site than "
        "https://app.example.org."
    )
    assert found.describe_insecure().startswith(
        f"the expression {DOT!r} matches http://x, which is not HTTPS: "
    )


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
