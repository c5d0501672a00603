"""Values that come from environment variables, and were not parsed."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corswsgi.environment import (
    LETTERS,
    Unparsed,
    find_truth,
    find_unparsed,
    fix_number,
    fix_truth,
    fix_unparsed,
    is_spelled,
    variable,
)
from corswsgi.origins import parse_pattern
from corswsgi.suggestions import corrected_origin

A, B = "https://a.example", "https://b.example"
BOTH = [A, B]
SEVERAL = "is several {kind} in one string"
JSON = "looks like JSON text that was not parsed"
PYTHON = "looks like a Python list that was not parsed"
QUOTED = "has quotes or brackets that are part of the value"


def read(text: str) -> str | None:
    return text if text == "*" or parse_pattern(text) else corrected_origin(text)


def evaluate(code: str, text: str) -> Any:
    """Run the code of a hint."""
    return eval(code, {"json": json, "ast": ast, "re": re, "text": text})


@pytest.mark.parametrize(
    ("text", "why", "items", "code"),
    [
        (f'["{A}"]', JSON, [A], "json.loads({})"),
        (json.dumps(BOTH), JSON, BOTH, "json.loads({})"),
        (json.dumps(BOTH, indent=1), JSON, BOTH, "json.loads({})"),
        ('["*"]', JSON, ["*"], "json.loads({})"),
        (f"['{A}', '{B}']", PYTHON, BOTH, "ast.literal_eval({})"),
        (f"('{A}',)", PYTHON, [A], "ast.literal_eval({})"),
        (f'"{A}"', QUOTED, [A], r'{}.strip("\"' + "'\")"),
        (f"'{A}'", QUOTED, [A], r'{}.strip("\"' + "'\")"),
        (f'"{A}', QUOTED, [A], r'{}.strip("\"' + "'\")"),
        (f"[{A}]", QUOTED, [A], r're.findall(r"[^][,;\s\"' + "']+\", {})"),
        (f'"{A}","{B}"', QUOTED, BOTH, r're.findall(r"[^][,;\s\"' + "']+\", {})"),
        (f"[{A}, {B}]", QUOTED, BOTH, r're.findall(r"[^][,;\s\"' + "']+\", {})"),
        (f"{A},{B}", SEVERAL, BOTH, '{}.split(",")'),
        (f"{A};{B}", SEVERAL, BOTH, '{}.split(";")'),
        (f"{A} {B}", SEVERAL, BOTH, "{}.split()"),
        (f"{A}\n{B}\n", SEVERAL, BOTH, "{}.split()"),
        (f"{A}, {B}", SEVERAL, BOTH, '{}.replace(",", " ").split()'),
        (f"{A},{B},", SEVERAL, BOTH, '{}.replace(",", " ").split()'),
        (f"*,{A}", SEVERAL, ["*", A], '{}.split(",")'),
        # The items have to be corrected, too.
        (f"{A}/,{B}", SEVERAL, BOTH, None),
        (f'["{A}/"]', JSON, [A], None),
    ],
)
def test_texts(text: str, why: str, items: list[str], code: str | None) -> None:
    assert find_unparsed((text,), read) == (why, items, code)
    letters = find_unparsed(tuple(text), read)
    assert letters == (LETTERS, items, code)
    if code is not None:
        parsed = evaluate(code.format("text"), text)
        assert ([parsed] if isinstance(parsed, str) else [*parsed]) == items


@pytest.mark.parametrize(
    "items",
    [
        (),
        (A,),
        (A, B),
        ("*",),
        ("",),
        (" ",),
        (f"{A}/",),
        (f"{A},",),
        ("null",),
        (f"null,{A}",),
        (f'["{A}", 1]',),
        (f'{{"{A}": 1}}',),
        ("5",),
        ("[" * 100000,),
        ("[::1]:3000",),
        (5,),
        (A, 5),
        ("a", "b"),
        ("[a", "b)"),
        ("", ""),
        (r"['\d']",),
    ],
)
def test_others_are_parsed_or_something_else(items: tuple[object, ...]) -> None:
    assert find_unparsed(items, read) is None


def test_json_text_that_was_split_at_commas() -> None:
    items = tuple(json.dumps(BOTH, separators=(",", ":")).split(","))
    assert find_unparsed(items, read) == (JSON, BOTH, "json.loads({})")


def test_letters() -> None:
    assert is_spelled("abc")
    assert not is_spelled(["a", "b"])
    assert not is_spelled(["a", "b", 5])
    assert not is_spelled(["a", "b", "cd"])
    assert find_unparsed(tuple(A), read) == (LETTERS, [A], "{}")
    assert find_unparsed(tuple(f"{A}/"), read) == (LETTERS, [A], None)
    assert find_unparsed(tuple("nothing"), read) == (LETTERS, [], None)


@given(st.lists(st.text(), max_size=4).map(tuple) | st.text().map(tuple))
@example(tuple(A))
def test_any_items(items: tuple[str, ...]) -> None:
    found = find_unparsed(items, read)
    for item in [] if found is None else found.items:
        assert item == "*" or parse_pattern(item)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("1", True),
        ("yes", True),
        (" on\n", True),
        ("false", False),
        ("False", False),
        ("0", False),
        ("off", False),
        ("", False),
        ("None", False),
        (None, False),
        (0, False),
        (1, True),
    ],
)
def test_booleans(value: object, meant: bool) -> None:
    assert find_truth(value) is meant
    assert fix_truth(value, "credentials={}".format, "X") == (
        f"write credentials={meant}. To read it from an environment variable, write "
        f'credentials=os.environ.get("X", "{str(meant).lower()}").lower() in ("1", "true", "yes", '
        '"on").'
    )


@pytest.mark.parametrize("value", ["maybe", "tRUE", 2, 1.0, [], b"true"])
def test_values_that_are_not_booleans(value: object) -> None:
    assert find_truth(value) is None
    assert fix_truth(value, "x={}".format, "X") == (
        "write x=True, or leave it out. (The string 'False' would be true.)"
    )


def test_hints() -> None:
    unparsed = find_unparsed((f"{A},{B}",), read)
    assert unparsed is not None
    assert fix_unparsed(unparsed, "origins={}".format, variable("origins")) == (
        f'write origins=["{A}", "{B}"]. To read it from an environment variable, write '
        'origins=os.environ["CORS_ORIGINS"].split(",").'
    )
    corrected = Unparsed(SEVERAL, [A, B])
    assert fix_unparsed(corrected, "x={}".format, "X") == f'write x=["{A}", "{B}"].'
    assert fix_unparsed(Unparsed(SEVERAL, ["*", A], "{}"), "x={}".format, "X") == 'write x="*".'
    assert fix_unparsed(Unparsed(LETTERS, []), "x={}".format, "X") is None
    assert fix_number(" 060", "x={}".format, "X") == (
        'write x=60. To read it from an environment variable, write x=int(os.environ["X"]).'
    )


def test_a_number_that_has_no_text() -> None:
    """Python refuses to convert it."""
    assert find_truth(10**5000) is None
