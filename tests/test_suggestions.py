"""Suggestions for values that are not valid."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corswsgi.origins import parse_pattern
from corswsgi.suggestions import (
    as_https,
    corrected_origin,
    did_you_mean,
    is_meant_for_any_origin,
    split_list,
    split_origins,
)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        # test_validation.py has many more.
        ("example.com", "https://example.com"),
        ("HTTPS://user:pass:word@EXAMPLE.COM:0443/path?query#fragment", "https://example.com"),
        ("https://example.com?a://b", "https://example.com"),
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
        ("https://a.test,", None),
        ("https://a.test, null", None),
        ("", None),
        (",", None),
    ],
)
def test_split_origins(text: str, origins: list[str] | None) -> None:
    assert split_origins(text) == origins


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
