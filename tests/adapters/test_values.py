"""Values in files of settings: lists, expressions, and callables that are written as text."""

from __future__ import annotations

import re
from os.path import isabs
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import Problem
from corswsgi.adapters import (
    Names,
    literal_prefix,
    read_expression,
    read_expressions,
    read_list,
    read_origins,
    strings,
)

PATTERN = re.compile("a")


@pytest.mark.parametrize(
    ("value", "found"),
    [(["a", 5, None], ["a"]), (("a",), ["a"]), ({"a"}, ["a"]), ("ab", []), (None, []), (5, [])],
)
def test_strings(value: object, found: list[str]) -> None:
    assert strings(value) == found


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ([], ()),
        (["a", "b"], ("a", "b")),
        (("a",), ("a",)),
        (iter("ab"), ("a", "b")),
        ("ab", ("ab",)),
        (PATTERN, (PATTERN,)),
        (len, (len,)),
    ],
)
def test_lists(value: object, items: tuple[object, ...]) -> None:
    problems: list[Problem] = []
    assert read_list("CORS_X", value, problems) == items
    assert problems == []


def test_sets() -> None:
    problems: list[Problem] = []
    assert sorted(read_list("CORS_X", {"a", "b"}, problems)) == ["a", "b"]
    assert problems == []


@pytest.mark.parametrize("value", [None, 5, {"a": 1}, b"a", bytearray(b"a"), True])
def test_values_that_are_not_lists(value: object) -> None:
    problems: list[Problem] = []
    assert read_list("CORS_X", value, problems) == ()
    (problem,) = problems
    assert (problem.option, problem.value, problem.reason) == ("CORS_X", value, "wrong_type")
    assert problem.hint is not None
    assert problem.hint.endswith("write [] for none.")
    assert ("environment variable" in problem.hint) is (value is None)


def test_expressions() -> None:
    problems: list[Problem] = []
    assert read_expression("CORS_X", PATTERN, problems, "x") is PATTERN
    assert read_expression("CORS_X", "a+", problems, "x") == re.compile("a+")
    assert read_expressions("CORS_X", ["a+", PATTERN], problems) == [re.compile("a+"), PATTERN]
    assert read_expressions("CORS_X", "a+", problems) == [re.compile("a+")]
    assert problems == []


@pytest.mark.parametrize("value", ["(", "a{99999999999999999999}", "(" * 5000 + ")" * 5000])
def test_invalid_expressions(value: str) -> None:
    problems: list[Problem] = []
    assert read_expression("CORS_X", value, problems, "x") is None
    assert read_expressions("CORS_X", [value, "a"], problems) == [PATTERN]
    for problem in problems:
        assert (problem.option, problem.value) == ("CORS_X", value)
        assert problem.reason == "malformed_expression"
        assert "is not a valid regular expression: " in problem.message
    assert len(problems) == 2


@pytest.mark.parametrize("value", [None, 5, re.compile(b"a"), b"a", ["a"]])
def test_expressions_of_another_type(value: Any) -> None:
    problems: list[Problem] = []
    assert read_expression("CORS_X", value, problems, 'write CORS_X = "^/api/".') is None
    (problem,) = problems
    assert (problem.option, problem.value, problem.reason) == ("CORS_X", value, "wrong_type")
    assert problem.hint == 'write CORS_X = "^/api/".'


# Origins.


def allows(origin: str) -> bool:
    raise NotImplementedError


class Checks:
    @staticmethod
    def allows(origin: str) -> bool:
        raise NotImplementedError


NAMES = Names()
HERE = __name__


@pytest.mark.parametrize(
    "value",
    [
        ["https://app.example.com"],
        ["https://app.example.com/"],
        [PATTERN],
        [allows],
        [5, None],
        [""],
        ["localhost"],
        ["a-b.example"],
    ],
)
def test_origins_are_kept(value: list[object]) -> None:
    problems: list[Problem] = []
    assert read_origins(NAMES, value, problems) == value
    assert problems == []


def test_callables_are_imported() -> None:
    problems: list[Problem] = []
    found = read_origins(NAMES, [f"{HERE}.allows", "os.path.isabs"], problems)
    assert found == [allows, isabs]
    assert problems == []


def only(value: object) -> Problem:
    problems: list[Problem] = []
    assert read_origins(NAMES, value, problems) == []
    (problem,) = problems
    assert problem.option == "origins"
    return problem


def test_any_origin_has_another_setting() -> None:
    problem = only(["*"])
    assert (problem.value, problem.reason) == ("*", "malformed_origin")
    assert problem.hint == (
        'leave it out. To allow any origin without credentials, write origins="*".'
    )


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("app.example.com", "did you mean 'https://app.example.com'?"),
        (f"{HERE}.missing", None),
        (f"{HERE}.Checks.allows", None),
        ("os.path.missing", None),
        ("corswsgi.missing.name", None),
    ],
)
def test_callables_that_cannot_be_imported(path: str, hint: str | None) -> None:
    problem = only([path])
    assert (problem.value, problem.reason, problem.hint) == (path, "not_importable", hint)
    assert f"{path!r} is not a valid origin" in problem.message


@pytest.mark.parametrize("path", [f"{HERE}.NAMES", f"{HERE}.Checks", "re.I"])
def test_something_else_than_a_callable_is_imported(path: str) -> None:
    problem = only([path])
    assert problem.reason == "wrong_type"
    assert f"expected a function behind {path!r}" in problem.message


def test_none_is_not_a_list_of_origins() -> None:
    assert only(None).reason == "wrong_type"


def test_the_hint_for_expressions_of_another_type() -> None:
    problems: list[Problem] = []
    assert read_expressions("CORS_X", [5], problems) == []
    (problem,) = problems
    assert problem.hint == r'write [r"https://pr-\d+\.example\.com"].'
    assert "expected a regular expression" in problem.message


@pytest.mark.parametrize(
    ("expression", "prefix"),
    [
        ("", ""),
        ("^a/b$", "a/b"),
        (r"^\.well-known/x\-y/?$", ".well-known/x-y"),
        (r"a/x+$", "a/x"),
        (r"a/x*", "a/"),
        (r"a/x{2}", "a/"),
        (r"a\.?b", "a"),
        (r"a/(?P<name>\d+)", "a/"),
        (r"a/\d", "a/"),
        (r"[ab]", ""),
    ],
)
def test_literal_prefix(expression: str, prefix: str) -> None:
    assert literal_prefix(expression) == prefix


@given(st.text())
def test_the_literal_prefix_of_an_escaped_text_is_the_text(text: str) -> None:
    assert literal_prefix(re.escape(text)) == text
    assert literal_prefix(f"^{re.escape(text)}(a|b)*$") == text


@given(st.data(), st.sampled_from([r"a?b", r"ab*c", r"a\.{1,2}b", r"x/(y|z)?", r"a\-b+", r"[ab]c"]))
def test_every_match_begins_with_the_literal_prefix(data: st.DataObject, expression: str) -> None:
    found = data.draw(st.from_regex(expression, fullmatch=True))
    assert found.startswith(literal_prefix(expression))
