"""Expressions, and the origins that they match."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi.expressions import (
    Neighbour,
    malformed_literal,
    meant_origins,
    neighbours,
    probes,
)
from corswsgi.origins import parse_origin
from corswsgi.suffixes import PublicSuffixes

SUFFIXES = PublicSuffixes()


@pytest.mark.parametrize(
    ("expression", "meant", "neighbour"),
    [
        (r"https://.*example\.com", "https://aexample.com", "https://evilexample.com"),
        (r"https://[\w.-]+example\.com", "https://aexample.com", "https://evilexample.com"),
        (r"https://app.example.com", "https://app.example.com", "https://appxexample.com"),
        (r"^https://example\.com.*$", "https://example.coma", "https://example.comevil"),
        (r"https://example\.\w+", "https://example.a", "https://example.evil"),
        (r"https://.+\.example.com", "https://a.example.com", "https://a.examplexcom"),
        (
            r"https://myapp-.*\.vercel\.app",
            "https://myapp-a.vercel.app",
            "https://myapp-evil.vercel.app",
        ),
        (r"https?://(www\.)?my.example\.com", "http://my.example.com", "http://myxexample.com"),
        (r"https://(?:a|b)\.example.com", "https://a.example.com", "https://a.examplexcom"),
        (r"https://(?P<name>a).example\.com", "https://a.example.com", "https://axexample.com"),
        (r"https://a[.]?b.example\.com", "https://ab.example.com", "https://abxexample.com"),
        (r"https://a{1,3}.example\.com", "https://a.example.com", "https://axexample.com"),
        (r"https://.?example\.com", "https://aexample.com", "https://xexample.com"),
        (r"https://\w?example\.com", "https://aexample.com", "https://xexample.com"),
        (r"(?i)^https://.*example\.com$", "https://aexample.com", "https://evilexample.com"),
        (r"https://(?i:.*)example\.com", "https://aexample.com", "https://evilexample.com"),
        # An origin pattern that was written as an expression.
        ("https://*.example.com", "https://aexample.com", "https://xexample.com"),
        (r"https://\w{3}example\.com", None, None),
        (r"https://[^a]*?example\.com", None, None),
    ],
)
def test_neighbours(expression: str, meant: str | None, neighbour: str | None) -> None:
    found = [*neighbours(re.compile(expression), SUFFIXES)]
    if meant is None or neighbour is None:
        assert found == []
    else:
        assert Neighbour(meant, neighbour) in found
    for each in found:
        assert re.fullmatch(expression, each.meant)
        assert re.fullmatch(expression, each.neighbour)


@pytest.mark.parametrize(
    "expression",
    [
        r"^https://\w+\.example\.com$",
        r"https://.*\.example\.com",
        r"https://[a-z0-9-]+\.example\.co\.uk(:\d+)?",
        r"https://pr-\d+\.example\.com",
        r"https://pr-[0-9]+--mine\.netlify\.app",
        r"https://(a|b)\.example\.(com|net)",
        r"\Ahttps://(app|www)?\.?example\.com\Z",
        r"https://192\.168\.\d+\.\d+(:\d+)?",
        r"https://192.168.1.1",
        r"http://localhost:\d+",
        r"https://intra.net",
        # These cannot be analysed.
        r"https://(?=a).*example\.com",
        r"https://(a|b",
        r"https://a)b",
        r"(https)://\1\.example\.com",
        r"https://.*example\.com\d\b(?!x)",
        r"",
    ],
)
def test_expressions_without_neighbours(expression: str) -> None:
    try:
        compiled = re.compile(expression)
    except re.error:
        compiled = re.compile(re.escape(expression))
    assert [*neighbours(compiled, SUFFIXES)] == []


def test_meant_origins() -> None:
    expression = re.compile(r"https?://(a|b)\.example\.com(:\d+)?")
    assert [text for text, _ in meant_origins(expression)] == [
        f"{scheme}://{name}.example.com{port}"
        for scheme in ("https", "http")
        for name in "ab"
        for port in (":1", "")
    ]
    assert [*meant_origins(re.compile(r"http://a b"))] == []


def test_long_expressions_are_not_analysed() -> None:
    expression = re.compile("https://.*example" + "x" * 500 + r"\.com")
    assert [*neighbours(expression, SUFFIXES)] == []


def test_the_number_of_alternatives_is_limited() -> None:
    many = "(a|b|c|d)?" * 40
    assert [*neighbours(re.compile(rf"https://{many}\.example\.com"), SUFFIXES)] == []


PIECES = ["https?://", "https://", "a", ".", r"\.", ".*", r"\w+", "[a-z]*", "(a|b)", "(", ")", "|"]
PIECES += ["example", r"\.com", ".com", "$", "^", "?", "{2}", "{,3}", r":\d+", r"\b", "(?=a)", "]"]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.booleans())
def test_no_expression_raises(text: str, is_url: bool) -> None:
    try:
        expression = re.compile(rf"https?://{text}example\.com" if is_url else text)
    except re.error:
        return
    for found in neighbours(expression, SUFFIXES):
        for origin in found:
            assert expression.fullmatch(origin)
            assert parse_origin(origin)
    for text, parsed in meant_origins(expression):
        assert expression.fullmatch(text)
        assert parse_origin(text) == parsed


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (r"example\.com", "example.com"),
        (r"^https:\/\/example\.com/$", "https://example.com/"),
        (r"", ""),
        (r"a b", "a b"),
        (r"https://example\.com", None),
        (r"^https://example.com$", None),
        (r"https://a.b:1", None),
        (r"https://1.2.3", None),
        (r"https://1\.2\.3", "https://1.2.3"),
        (r"example.*", None),
        (r"(?i)HTTPS://A", None),
        (r"(?x) https://a", None),
    ],
)
def test_malformed_literal(expression: str, text: str | None) -> None:
    assert malformed_literal(re.compile(expression)) == text


def test_probes() -> None:
    found = [*probes(r"https://.*\.test:9000")]
    assert "https://q.com:9000" in found
    assert len(found) == len({*found}) > 10_000
    assert all(parse_origin(origin) for origin in found)
    assert "https://q.com:443" not in found, "the default port"
    assert found == [*probes(r"https://.*\.test:9000")], "they are constant"
