"""Suggestions for values that are not valid."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corswsgi.origins import parse_pattern
from corswsgi.suggestions import (
    as_https,
    corrected_origin,
    did_you_mean,
    example_for_any_host,
    expression_for,
    expression_in,
    is_meant_for_any_origin,
    is_missing,
    meant_option,
    split_list,
    split_methods,
    split_origins,
)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        # test_validation.py has many more.
        ("example.com", "https://example.com"),
        ("HTTPS://user:pass:word@EXAMPLE.COM:0443/path?query#fragment", "https://example.com"),
        ("https://example.com?a://b", "https://example.com"),
        ("http://localhost*", "http://localhost:*"),
        ("localhost*", "http://localhost:*"),
        ("https://LOCALHOST:30*/", "https://localhost:*"),
        ("http://[::1]:*", None),
        ("http://[::1]*", "http://[::1]:*"),
        ("127.0.0.1*", "http://127.0.0.1:*"),
        ("http://localhost-*", None),
        ("https://**.example.com", "https://*.example.com"),
        ("**.example.com", "https://*.example.com"),
        ("https://example.com:", "https://example.com"),
        ("https://a@b@example.com", "https://example.com"),
        ("https://*.[::1]", "https://[::1]"),
        ("https://user@[::0:1]:8443/", "https://[::1]:8443"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://[::1]x", None),
        ("https://[v1.x]", None),
        ("https://[::1", None),
        ("https://::1]", None),
        ("https://example.com:0", None),
        ("https://example.com:x", None),
        (f"https://example.com:{'9' * 5000}", None),
        ("https:///path", "https://path"),
        ("https://", None),
        ("://", None),
        ("app://A-B:3/path", "app://A-B:3"),
        ("file:///path", None),
        ("null", None),
        ("x@example.com", None),
        ("0.0.0.0", "http://localhost"),
        ("https://[::]:5000/", "http://localhost:5000"),
        ("None", None),
        ("http://None:3000", None),
        ("http://undefined", None),
        ("'true'", None),
        ("data:", None),
        ("data:text/html,x", None),
        ("file://", None),
        ("blob:", None),
        ("blob:https://A.example/1-2", "https://a.example"),
        ("about:blank", None),
        ("http//:localhost", "http://localhost"),
        ("http:/localhost", "http://localhost"),
        ("http:\\\\localhost:3000", "http://localhost:3000"),
        (r"https:\/\/app\.example\.com", "https://app.example.com"),
        ("https;//a.example", "https://a.example"),
        ("http://https://a.example", "https://a.example"),
        ("httpbin.org", "https://httpbin.org"),
        ("172.30.1.100:8080", "http://172.30.1.100:8080"),
        ("10.0.0.1/x", "http://10.0.0.1"),
        ("[fe80::1]:80", "http://[fe80::1]"),
        ("printer.local", "http://printer.local"),
        ("*.lan", "http://*.lan"),
        ("203.0.113.7", "http://203.0.113.7"),
        ("8.8.8.8", "https://8.8.8.8"),
        ("example", None),
        ("application/json", None),
        ("frontend:3000", "http://frontend:3000"),
        ("//localhost:3000", "http://localhost:3000"),
        ("://example.com", "https://example.com"),
        ("https://a.examplehttps://b.example", None),
        ("https://*-team.vercel.app", None),
        ("https://*team.vercel.app", None),
        ("https://*example.co.uk", "https://*.example.co.uk"),
        ("https://*", None),
        ("https://example.com", None),
    ],
)
def test_corrected_origin(text: str, origin: str | None) -> None:
    assert corrected_origin(text) == origin


URL_PARTS = [
    "https",
    "://",
    "//",
    ":",
    "@",
    "[",
    "]",
    "::1",
    "*.",
    ":*",
    "\\.",
    "/",
    "?",
    "#",
    "80",
]


@given(st.text() | st.lists(st.sampled_from([*URL_PARTS, "a", ".", "\n", "\u212a"])).map("".join))
@example("https://*.[::1]")
def test_a_correction_is_another_valid_pattern(text: str) -> None:
    origin = corrected_origin(text)
    if origin is not None:
        assert parse_pattern(origin) is not None
        assert origin != text


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("https://a.test, https://b.test/", ["https://a.test", "https://b.test"]),
        ("https://a.test https://b.test", ["https://a.test", "https://b.test"]),
        ("a:1;b.c", ["http://a:1", "https://b.c"]),
        ("a;b", None),
        ("a b", None),
        ("a:1 b:2", ["http://a:1", "http://b:2"]),
        ("https://a.test b.test", None),
        ("https://a.testhttps://b.test", ["https://a.test", "https://b.test"]),
        ("http://a.test:81/http://b.test:82/", ["http://a.test:81", "http://b.test:82"]),
        ("https://a.test/?next=https://b.test", None),
        ("http://https://a.test", None),
        ("https://a.test,", None),
        ("https://a.test, null", None),
        ("", None),
        (",", None),
    ],
)
def test_split_origins(text: str, origins: list[str] | None) -> None:
    assert split_origins(text) == origins


@pytest.mark.parametrize(
    ("text", "methods"),
    [
        ("GETPOST", ["GET", "POST"]),
        ("OPTIONSQUERYHEAD", ["OPTIONS", "QUERY", "HEAD"]),
        ("GET", []),
        ("GETTER", []),
        ("getpost", []),
    ],
)
def test_split_methods(text: str, methods: list[str]) -> None:
    assert split_methods(text) == methods


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (r"http://localhost(:\d+)?", r"r'http://localhost(:\d+)?'"),
        (r"https?://([^.]+\.)?a\.com", r"r'https://([^.]+\.)?a\.com'"),
        (r"https://(a'|b)\.example\.com", 'r"https://(a\'|b)\\.example\\.com"'),
        (r"https://(a|b).example.com", r"r'https://(a|b)\.example\.com'"),
        (r"https://app\.", r"r'https://app\.'"),
        ("https://(", None),
        (r"https://example.com\@evil.com", None),
        (r"https://[ab]{12}\.com", None),
        ("https://app.example.com", None),
        (f"https://a{{{'9' * 30}}}$", None),
    ],
)
def test_expressions_in_strings(text: str, source: str | None) -> None:
    assert expression_in(text) == source


@pytest.mark.parametrize(
    ("text", "recipe"),
    [
        ("https://*-a.vercel.app", (r"r'https://[a-z0-9-]+-a\.vercel\.app'", False)),
        ("https://pr-*.a.example/", (r"r'https://pr-[a-z0-9-]+\.a\.example'", True)),
        ("http://localhost-*:*", (r"r'http://localhost-[a-z0-9-]+(:\d+)?'", False)),
        ("https://a.*.b.example:81", (r"r'https://a\.[a-z0-9-]+\.b\.example:81'", True)),
        ("https://*.a.example", None),
        ("https://*.", None),
        ("https://a.*.1.2", None),
        ("app://*-a", None),
        ("*-a.example", None),
        (f"https://{'a*' * 200}.example", None),
        ("https://app-**.a.example", (r"r'https://app-[a-z0-9-]+\.a\.example'", True)),
        ("http://*:3000", None),
        ("http://127.0.0.1", None),
    ],
)
def test_expressions_for_patterns(text: str, recipe: tuple[str, bool] | None) -> None:
    assert expression_for(text) == (None if recipe is None else (*recipe, False))


PARTS = st.integers(0, 255).map(str)
NAMES = st.text("abc0123456789-", min_size=1).filter(lambda text: not text.isdigit())


@given(
    st.lists(PARTS, min_size=1, max_size=3),
    st.sampled_from(["http://", "https://", ""]),
    st.sampled_from(["", ":3000", ":*"]),
    st.lists(PARTS, min_size=3, max_size=3),
    st.lists(NAMES, min_size=3, max_size=3),
)
def test_expressions_for_addresses(
    first: list[str], scheme: str, port: str, parts: list[str], names: list[str]
) -> None:
    """They match all the addresses that begin like it, and no names."""
    missing = 4 - len(first)
    sources = set()
    for count in range(1, missing + 1):
        recipe = expression_for(f"{scheme}{'.'.join([*first, *'*' * count])}{port}")
        assert recipe is not None
        assert recipe.is_address
        sources.add(recipe.source)
    (source,) = sources
    expression = re.compile(ast.literal_eval(source))
    for more, is_matched in ((parts, True), (names, False)):
        host = ".".join([*first, *more[:missing]])
        origin = f"{scheme or 'http://'}{host}{port.replace('*', '5000')}"
        assert (expression.fullmatch(origin) is not None) is is_matched


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://*:3000", "http://localhost:3000"),
        ("https://*:8443/", "https://localhost:8443"),
        ("http://*", None),
        ("http://*.example:3000", None),
    ],
)
def test_examples_for_any_host(text: str, origin: str | None) -> None:
    assert example_for_any_host(text) == origin


@pytest.mark.parametrize("text", ["None", " null ", "undefined", "http://None:3000", "True", "NaN"])
def test_texts_of_missing_values(text: str) -> None:
    assert is_missing(text)


@pytest.mark.parametrize("text", ["nothing", "none.example", "http://null.example", ""])
def test_texts_of_other_values(text: str) -> None:
    assert not is_missing(text)


@pytest.mark.parametrize(
    ("name", "option"),
    [
        *((name, "origins") for name in ("origin", "allow_origins", "allowed_origins")),
        *((name, "origins") for name in ("cors_origins", "Access-Control-Allow-Origin")),
        ("allow_methods", "methods"),
        *((name, "supports_credentials") for name in ("allow_credentials", "credentials")),
        ("support_credentials", "supports_credentials"),
        *((name, "expose_headers") for name in ("expose_header", "exposed_headers")),
        *((name, "allow_headers") for name in ("allowed_headers", "header")),
        *((name, "max_age") for name in ("maxAge", "access_control_max_age")),
        ("resource", "resources"),
        ("manage", "manage"),
        ("", ""),
    ],
)
def test_options_by_their_nouns(name: str, option: str) -> None:
    assert meant_option(name) == option


def test_split_list() -> None:
    assert split_list(" a, b;c\td,,") == ["a", "b", "c", "d"]
    assert split_list(" ") == []


def test_as_https() -> None:
    assert as_https("http://a.test") == "https://a.test"
    assert as_https("http://a.test:443") == "https://a.test"
    assert as_https("http://*.a.test:*") == "https://*.a.test:*"


@pytest.mark.parametrize("text", [".*", "^.*$", "https://*", "http://.*", "https?://.*", "*"])
def test_any_origin(text: str) -> None:
    assert is_meant_for_any_origin(text)
    assert not is_meant_for_any_origin(f"{text}.example.com")


def test_did_you_mean() -> None:
    assert did_you_mean("Orgins", ["origins", "methods"]) == "did you mean 'origins'?"
    assert did_you_mean("x", ["origins", "methods"]) == "the options are origins, methods."
    assert did_you_mean("orgins", ["origins"], str.upper) == "did you mean 'ORIGINS'?"
    assert did_you_mean("x", ["a", "b"], str.upper, "settings") == "the settings are A, B."
    assert did_you_mean("allow_origins_all", ["allow_origins", "allow_all_origins"]) == (
        "did you mean 'allow_all_origins'?"
    )
