"""How long Python's matcher takes."""

from __future__ import annotations

import re

import pytest

from corswsgi.automata import Automaton, TooComplexError
from corswsgi.backtracking import is_catastrophic

CATASTROPHIC = [
    # A loop reads one text in two ways.
    r"([a-z0-9]+-?)+",
    r"(\w+\.?)+",
    r"(a*)*",
    r"(a*?)*?b",
    r"(a+){2,}",
    r"(a|aa)+",
    r"(?:a|b|ab)*c",
    r"(?:a?b?)*",
    r"(x+x+)+y",
    r"(.*)*",
    r"(.|[a-z])*x",
    r"((a+)-?)+b",
    r"(a{1,3})+b",
    r"(?:[a-z]+|[0-9a-f]+)+x",
    r"(?:[a-z0-9]+(?:-[a-z0-9]+)*-?)+x",
    r"(?:a(?:|))*b",
    r"(?:abcdefghijklmno|[ab]bcdefghijklmno)*x",  # doubles the ways every 15 characters
    r"(?i:(\u017f|s|st)+)x",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"https://([a-z0-9]+-?)+\.example\.com",
    r"https://(\w+\.?)+example\.com",
    # Assertions are read, too.
    r"(?=(a+)+b)https://a\.example",
    r"(?!(a+)+b).*",
    r"(?:(?=.*.*.*x).)*",
    # Loops divide the same text among them.
    r".*.*.*.*",
    r"(?:.*a){11}",
    r"[a-z]*[a-c]*\w*[^.]*x",
    r"[a-z]*(?:ab)*\w*[^.]*x",
    r"(?:ab)*a?b?(?:ab)*a?b?(?:ab)*a?b?(?:ab)*x",
    r"(?:a*a*b){10}",
    r"a*b*c*a*b*c*a*b*c*a*b*c*x",
    # Other parts multiply the ways.
    r"(a?){30}",
    r"(a?){10}.*.*.*",
    r"(?:a{0,3}){40}b",
    r"(?:a?a?b){24}",
    r"(?:a|a?){30}b",
    r"(?:(?:a|b)?){30}z",
    r"(?:x|x?|x?|x?)(?:x|x?)y|(?:a?a?b){24}",
    r"a?" * 500,
    r"(?:|){40}a",
    r"a(?:|){40}",
    r"(?:(?=a)|(?!b)){40}a",
    r"app://.*.*.*.?.?.?.?.?.?x",
    r"https://[a-z.]*[a-z.]*[a-z.]*[a-z]?[a-z]?\.example\.com",
    r"app://.*.*.*(?:" + "|".join("a" * number + "b" for number in range(1, 30)) + ")",
    r".{0,16}" * 7 + "b",
    # Each way reads the assertions.
    r"app://.*.*.*" + "(?<!x)" * 40 + "b",
    r"app://.*.*.*(?<=" + "a" * 100 + ")b",
    # A back-reference can be any text.
    r"(a+)\1+",
]
FAST = [
    r"",
    r"a",
    r"(?:a|a)b",
    r"(a|b?)+",
    r"(?:a?){3}",
    r"(?:a|b|c|d|e.f)?" * 3,
    r"(?:[a-z]+\.)+com",
    r"(?:[a-z]+-)*[a-z]+\.com",
    r"(?:\sa+)*b(?:(?!)a+)*",
    r".*example\.com.*",
    r".*\..*\..*\.com",
    r"a*b*c*a*b*c*x",
    r"(?:ab)*a?(?:cd)*c?(?:ef)*e?(?:gh)*g?x",
    r"[a-z]+\.[a-z]+\.[a-z]+\.[a-z]+\.[a-z]+",
    r"https?://.*\.?example\.com",
    r"https://([a-z0-9-]+\.)?example\.com",
    r"^https://\w+\.example\.com$",
    r"https://(app|admin)\.example\.(com|org)",
    r"http://(localhost|127\.0\.0\.1)(:\d{2,5})?",
    r"https://(?:[\w-]+\.)*example\.com",
    r"https://(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?",
    r"https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+example\.com(?::\d{1,5})?",
    r"(?!.*\.\..*)https://.*\..*\.example\.com",
    r"https://(?=.{1,100}$)(?!.*--).+\.example\.com",
    "|".join(rf"https://(?:.*\.)?a{number}\.com" for number in range(40)),
]


@pytest.mark.parametrize("source", CATASTROPHIC)
def test_catastrophic(source: str) -> None:
    assert is_catastrophic(Automaton.of(re.compile(source)))


@pytest.mark.parametrize("source", FAST)
def test_fast(source: str) -> None:
    assert not is_catastrophic(Automaton.of(re.compile(source)))


@pytest.mark.parametrize(
    "source",
    [
        "(?:" + "|".join(f"[a-z]{number}" for number in range(100, 350)) + ")*",
        "(?:[a-z.]{30})*(?:[a-z.]{31})*x",
        # The ways of the texts that were tried grow fast, but there are not enough steps.
        r"https://\w{1,63}(?:-?\w{1,15}){3,15}\.example\.com",
        r"https://(?:.{1,16}){1,16}\.example\.com",
        r"https://(?:\w{8,15}[-.]?){8,16}example\.com",
        # Not even for one character.
        "".join(f"[^{letter}]?" for letter in "abcdefghijklmnopqrst" * 20),
    ],
)
def test_too_complex(source: str) -> None:
    with pytest.raises(TooComplexError):
        is_catastrophic(Automaton.of(re.compile(source)))


def ways(automaton: Automaton, text: str) -> int:
    """Count the ways in which the beginnings of a text can be read, without limits."""
    total, reached = 0, dict(automaton.first)
    for character in text:
        following: dict[int, int] = {}
        for position, count in reached.items():
            if re.fullmatch(LETTERS[automaton.masks[position]], character):
                total += count
                for after, more in automaton.followers[position].items():
                    following[after] = following.get(after, 0) + count * more
        reached = following
    return total


LETTERS = {1: "a", 2: "b", 3: "[ab]"}


@pytest.mark.parametrize(
    "source", ["(a|ab|b)*", "a*a*a*b", "(a|b)*(ab)*a?b?", "a?a?a?(a|b)?", "(ab?)*"]
)
def test_the_verdict_is_that_of_the_number_of_ways(source: str) -> None:
    """Loops that are refused double the ways of a text again and again; others do not."""
    automaton = Automaton.of(re.compile(source))
    grows = max(ways(automaton, text * 20) for text in ("a", "b", "ab")) > 2**18
    assert is_catastrophic(automaton) == grows
