"""Source text: it fits into 80 columns, and has the value that it is written for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi.migrate.source import (
    assignment_source,
    call_source,
    enclosed,
    raw_source,
    string_source,
    value_source,
)

TEXTS = st.text(max_size=20)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(TEXTS, inner, max_size=4),
)


@given(VALUES)
def test_a_value_is_what_its_source_says(value: object) -> None:
    assert eval(value_source(value)) == value


@given(TEXTS)
def test_raw_strings(text: str) -> None:
    assert eval(raw_source(text)) == text
    assert eval(string_source(text)) == text


@pytest.mark.parametrize(
    ("expression", "source"),
    [
        (re.compile(r"https://\w+\.example"), r're.compile(r"https://\w+\.example")'),
        (re.compile("a", re.IGNORECASE), 're.compile(r"a", re.IGNORECASE)'),
        (
            re.compile("a", re.IGNORECASE | re.VERBOSE),
            're.compile(r"a", re.IGNORECASE | re.VERBOSE)',
        ),
        (re.compile('"'), "re.compile('\"')"),
    ],
)
def test_expressions(expression: re.Pattern[str], source: str) -> None:
    assert value_source(expression) == source
    assert eval(source) == expression


def test_what_fits_is_on_one_line() -> None:
    assert call_source("CORS", ["app"], {"origins": "*"}) == 'CORS(app, origins="*")'
    assert assignment_source("A", {"a": [1, "b"]}) == 'A = {"a": [1, "b"]}'
    assert enclosed("[", [], "]") == "[]"


def test_what_does_not_fit_is_on_several() -> None:
    origins = ["https://one.example.com", "https://another.example.com"]
    assert call_source("CORS", ["app"], {"origins": origins, "max_age": 60}) == (
        "CORS(\n"
        "    app,\n"
        "    origins=[\n"
        '        "https://one.example.com",\n'
        '        "https://another.example.com",\n'
        "    ],\n"
        "    max_age=60,\n"
        ")"
    )
