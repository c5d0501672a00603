"""Strategies: regular expressions, ordinary and strange, and origins to match with them."""

from __future__ import annotations

import re
import sys
import warnings
from typing import Any

from hypothesis import strategies as st

from corswsgi.automata import ALPHABET
from corswsgi.expressions import find_faults

NAMES = ("example", "evil", "app", "a", "b", "my-app", "xn--a", "localhost", "github", "co", "0x1")
SUFFIXES = ("com", "org", "co.uk", "github.io", "test", "localhost", "ck", "1")

_LITERALS = [re.escape(name) for name in (*NAMES, *SUFFIXES)]
_HEADS = ["https://", "http://", "https?://", "^https://", "(?:http|https)://", "//", "app://", ""]
_CLASSES = [".", r"\w", r"\d", r"\S", r"\W", "[a-z]", "[^.]", "[ab]", "[a-z0-9-]", "[.a]", "[^a-z]"]
# Under re.IGNORECASE, the long s matches s, and the Kelvin sign k.
_CLASSES += ["\u017f", "[\u212a]", "[^\u017f]", "[A-_]", "[S-\u0180]", r"\x61", r"\u0062", "A", "é"]
_OTHER_CHARACTERS = "\u017f\u212a\u0100é"
_QUANTIFIERS = ["*", "+", "?", "*?", "+?", "??", "{2}", "{0,1}", "{1,3}", "{2,}", "{,40}", "{0}"]
_GROUPS = ["(?:{})", "({})", "(?i:{})", "(?={})", "(?!{})", "(?<=a){}", "(?ia:{})", "(?s-i:{})"]
_IS_NEW = sys.version_info >= (3, 11)  # with atomic groups
_QUANTIFIERS += ["*+", "++", "?+"] if _IS_NEW else []
_GROUPS += ["(?>{})"] if _IS_NEW else []
_ENDS = ["", "", "$", r"\Z", ".*", r"(:\d+)?", r"(?::300[01])?", r":\d{2,5}", "/?", r"\b", r"\.?"]
_ASSERTIONS = [
    r"\b",
    r"\B",
    "^",
    "$",
    r"(?!.*\.\.)",
    "(?=https)",
    "(?!.?)",
    r"\1",
    "(?(1)a|b)",
    "(?(1)a)",
]


def _quantified(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("(?:{}){}".format, parts, st.sampled_from(_QUANTIFIERS))


def _combined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    sequences = st.lists(parts, min_size=1, max_size=3)
    return st.one_of(
        sequences.map("".join),
        sequences.map("|".join).map("(?:{})".format),
        sequences.map(r"\.".join),
        _quantified(parts),
        st.builds(str.format, st.sampled_from(_GROUPS), parts),
    )


_ATOMS = st.one_of(
    st.sampled_from(_LITERALS),
    st.sampled_from([r"\.", r"\.", "-", ":", "/", "."]),
    st.builds("{}{}".format, st.sampled_from(_CLASSES), st.sampled_from(["", *_QUANTIFIERS])),
    st.sampled_from(_ASSERTIONS),
)
_BODIES = st.recursive(_ATOMS, _combined, max_leaves=8)

_SOURCES = st.builds(
    lambda head, body, name, end: f"{head}{body}{name}{end}",
    st.sampled_from(_HEADS),
    _BODIES,
    st.sampled_from(["", r"\.com", r"example\.com", r"\.example\.com", r"\.example\.co\.uk"]),
    st.sampled_from(_ENDS),
)


def _compiled(source: str, flags: int) -> re.Pattern[str] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of possible set operations, for example
            return re.compile(source, flags)
    except re.error:
        return None


def expressions() -> st.SearchStrategy[re.Pattern[str]]:
    """Return compiled expressions. Most of them look like an origin."""
    alternatives = st.lists(_SOURCES, max_size=3).map("|".join)
    flags = [0, 0, re.IGNORECASE, re.ASCII, re.IGNORECASE | re.ASCII, re.VERBOSE]
    compiled: st.SearchStrategy[Any] = st.builds(
        _compiled, st.one_of(_SOURCES, _SOURCES, alternatives), st.sampled_from(flags)
    )
    return compiled.filter(bool)


_LABELS = st.one_of(st.sampled_from(NAMES), st.text("ab.-s", min_size=1, max_size=4))
_HOSTS = st.builds(
    lambda labels, suffix, end: ".".join([*labels, suffix]) + end,
    st.lists(_LABELS, max_size=3),
    st.sampled_from((*SUFFIXES, "example.com", "example.co.uk")),
    st.sampled_from(["", "", "", ".", ".evil.test", "evil"]),
)
_PORTS = st.sampled_from(["", "", "", ":3000", ":3001", ":80", ":30"])
_HOSTILE = st.builds(
    "{}://{}{}".format, st.sampled_from(["https", "https", "http", "app", "ahttps"]), _HOSTS, _PORTS
)


def texts_of(expression: re.Pattern[str]) -> st.SearchStrategy[str]:
    """Return texts of which most are matched by an expression."""
    return st.one_of(_matching(expression), st.text(ALPHABET, max_size=8))


def origins_for(expression: re.Pattern[str]) -> st.SearchStrategy[str]:
    """Return origins like those of an attacker, and texts that the expression matches."""
    return st.one_of(_HOSTILE, _matching(expression))


def _matching(expression: re.Pattern[str]) -> st.SearchStrategy[str]:
    faults = find_faults(expression)
    if faults.is_catastrophic or faults.is_uncertain:
        return _HOSTILE  # Hypothesis matches each text that it generates
    return st.from_regex(expression, fullmatch=True, alphabet=f"{ALPHABET}{_OTHER_CHARACTERS}")
