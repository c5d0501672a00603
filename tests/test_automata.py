"""Automata of regular expressions."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi.automata import (
    ALPHABET,
    MAX_WAYS,
    Automaton,
    Budget,
    TooComplexError,
    characters_of,
    components,
    mask_of,
)

from .fuzz.written import expressions, texts_of

PARSER = "corswsgi.automata.parser.parse"


def automaton_of(source: str, flags: int = 0) -> Automaton:
    return Automaton.of(re.compile(source, flags))


@given(expressions(), st.data())
def test_accepts_what_the_expression_matches(expression: re.Pattern[str], data: Any) -> None:
    text = data.draw(texts_of(expression))
    with suppress(TooComplexError):
        is_matched = text and set(text) <= set(ALPHABET) and expression.fullmatch(text)
        assert not is_matched or Automaton.of(expression).accepts(text)


@pytest.mark.parametrize(
    ("source", "flags", "accepted", "refused"),
    [
        ("ab", 0, ["ab"], ["a", "abb", "ba", "", "a!"]),
        ("a|bc", 0, ["a", "bc"], ["b", "c", "abc"]),
        ("a*b+c?", 0, ["b", "aabbc"], ["a", "c", "bcc"]),
        ("a*?b+?c??", 0, ["b", "aabbc"], ["a", "c", "bcc"]),
        ("a{2}", 0, ["aa"], ["a", "aaa"]),
        ("a{2,3}", 0, ["aa", "aaa"], ["a", "aaaa"]),
        ("a{2,}", 0, ["aa", "aaaaa"], ["a"]),
        ("a{0}b", 0, ["b"], ["ab"]),
        ("a{0,16}", 0, ["a" * 16], ["a" * 17]),
        ("a{1,18}", 0, ["a" * 18, "a" * 40], []),  # becomes a loop
        ("(?:a|b){2}", 0, ["ab", "ba"], ["a", "aba"]),
        (".", 0, ["a", "[", "+"], ["aa"]),
        ("[a-c]", 0, ["a", "c"], ["d", "B"]),
        ("[^a-c]", 0, ["d", "A", "-"], ["a", "c"]),
        ("[^a]", 0, ["b"], ["a"]),
        (r"\d\D", 0, ["1a"], ["a1", "11"]),
        (r"\w\W", 0, ["a-", "_."], ["-a", "aa"]),
        (r"a\s?\S", 0, ["ab"], ["a"]),
        (r"a(?:\sb)?", 0, ["a"], ["ab"]),
        (r"(?:\s|a)b", 0, ["ab"], ["b"]),
        ("a", re.IGNORECASE, ["a", "A"], ["b"]),
        ("[a-c]", re.IGNORECASE, ["B"], ["d"]),
        ("\u017f\u212a", re.IGNORECASE, ["sk", "SK"], ["kk"]),
        ("[\u0100-\u017f]", re.IGNORECASE, ["s", "S"], ["k"]),
        ("\u017f|b", re.IGNORECASE | re.ASCII, ["b"], ["s"]),
        ("(?a:(?u:\u017f))", re.IGNORECASE, ["s"], []),
        ("(?i:a)b", 0, ["Ab"], ["aB"]),
        ("(?-i:a)b", re.IGNORECASE, ["aB"], ["Ab"]),
        (" a  b # c", re.VERBOSE, ["ab"], ["a", " ab"]),
        (r"^a\b$|\Ab\Z", 0, ["a", "b"], ["ab"]),
        ("a(?!)|b", 0, ["b"], ["a"]),
        ("(?=b)a(?!c)", 0, ["a"], ["ba", "ab", "b"]),  # more than the expression matches
        ("(?<=b)a", 0, ["a"], ["ba"]),
        (r"(a?)b\1", 0, ["b", "aba", "bcc"], ["c"]),
        ("(a)?(?(1)b|c)", 0, ["ab", "c", "ac"], ["a"]),
        ("(a)?(?(1)b)c", 0, ["abc", "c"], ["a"]),
        ("é|a", 0, ["a"], ["é"]),
    ],
)
def test_accepts(source: str, flags: int, accepted: list[str], refused: list[str]) -> None:
    automaton = automaton_of(source, flags)
    assert [text for text in accepted if not automaton.accepts(text)] == []
    assert [text for text in refused if automaton.accepts(text)] == []


# Python 3.10 does not have atomic groups.
ATOMIC = ["(?>a+)b", "a++b", "(?:a|a)++b"] if sys.version_info >= (3, 11) else []


@pytest.mark.parametrize("source", ["a+b", *ATOMIC])
def test_atomic_groups_are_read_like_others(source: str) -> None:
    automaton = automaton_of(source)
    assert automaton.accepts("aab")
    assert not automaton.accepts("ba")


@pytest.mark.parametrize(
    ("source", "literals"),
    [
        ("a[bc].[d-e][^f]g", [True, True, False, False, False, True]),
        (r"\d[0\d]\.", [False, False, True]),
        ("[0123456789][0123456789a]", [True, False]),
        ("[^a][^bc]", [False, False]),
        (r"(a)\1", [True, False]),
    ],
)
def test_literals(source: str, literals: list[bool]) -> None:
    assert automaton_of(source).literals == literals


@pytest.mark.parametrize(
    ("source", "loops"),
    [
        ("abc", []),
        ("a+b*c", [[0], [1]]),
        ("(?:ab)+c*", [[0, 1], [2]]),
        ("(?:a*b)*", [[0, 1]]),
        ("a{3,}", [[2]]),
        (r"(?:\sa+)?b+", [[2]]),  # no text leads to the first one
    ],
)
def test_loops(source: str, loops: list[list[int]]) -> None:
    assert [sorted(loop) for loop in automaton_of(source).loops()] == loops


def test_ways_are_counted() -> None:
    assert automaton_of("(?:a|a?)b").first == {0: 1, 1: 1, 2: 1}
    assert automaton_of("(?:|)a").first == {0: 2}
    assert automaton_of("a(?:|b|)c").followers[0] == {1: 1, 2: 2}
    assert automaton_of("a(?:|)").last == {0: 2}
    assert automaton_of("(?:a+)+").followers == [{0: 2}]
    assert automaton_of("(?:a?)*?b").first == {0: 1, 1: 2}
    assert automaton_of("(?:|){40}a").first == {0: MAX_WAYS}
    assert automaton_of("a(?:(?:|){40}|(?:|){40})b").followers[0] == {1: MAX_WAYS}


def test_assertions_are_dead_ends() -> None:
    automaton = automaton_of("a(?=bc)d")
    assert automaton.followers == [{1: 1, 3: 1}, {2: 1}, {}, {}]
    assert automaton.asserted == {1, 2}


@pytest.mark.parametrize(
    "source",
    [
        "a{2001}",
        "(?:a{1000}){1000}",
        "(?:){1000000000}",
        "(?:(?=a)){1000000000}",
        "(?:" + "|".join(f"{number}" for number in range(400, 900)) + ")+",
        "(" * 90 + "a?" + "){9}" * 90,
    ],
)
def test_too_complex(source: str) -> None:
    with pytest.raises(TooComplexError):
        automaton_of(source)


@pytest.mark.parametrize("parsed", [[("NEW", None)], [("IN", [("CATEGORY", "NEW")])]])
def test_parts_that_are_not_known(parsed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    expression = re.compile("a")
    monkeypatch.setattr(PARSER, lambda *_: parsed)
    with pytest.raises(TooComplexError):
        Automaton.of(expression)


def test_deep_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*_: object) -> object:
        raise RecursionError

    expression = re.compile("a")
    monkeypatch.setattr(PARSER, parse)
    with pytest.raises(TooComplexError):
        Automaton.of(expression)


def test_budget() -> None:
    budget = Budget(3)
    budget.spend(2)
    budget.spend(1)
    with pytest.raises(TooComplexError):
        budget.spend(1)


@given(st.sets(st.sampled_from(ALPHABET)))
def test_masks(characters: set[str]) -> None:
    assert [*characters_of(mask_of(characters))] == sorted(characters, key=ALPHABET.index)


@given(st.lists(st.lists(st.integers(0, 5), max_size=3), min_size=6, max_size=6))
def test_components(edges: list[list[int]]) -> None:
    def reached(start: int) -> set[int]:
        found = {start}
        for _ in edges:
            found |= {to for node in found for to in edges[node]}
        return found

    found = components(edges)
    assert sorted(node for component in found for node in component) == [*range(6)]
    for at, component in enumerate(found):
        for node in component:
            assert {other for other in reached(node) if node in reached(other)} == {*component}
            later = {other for after in found[at + 1 :] for other in after}
            assert reached(node).isdisjoint(later)
