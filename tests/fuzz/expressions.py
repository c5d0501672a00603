"""Regular expressions among the origins, compared with ``re.fullmatch``."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from corswsgi.origins import OriginMatcher
from tests.fuzz.origins import EDITED, ORIGINS, is_origin

# No repetitions of repetitions, so that matching is quick.
PIECES = [
    "https?://",
    "https://",
    "app://",
    "a",
    "b",
    ".",
    r"\.",
    ".*",
    r"\w+",
    "[a-z.]*",
    "(?s:.)",
]
PIECES += ["(a|b)", "|", "$", "^", "?", r":\d+", r"(:81)?", r"\b", "(?=h)", "(?!https)", "(?i:A)"]
EXPRESSIONS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


def check_expressions(texts: list[str], origins: list[str]) -> None:
    """An expression allows an origin if it matches all of it, and if it is an origin at all."""
    try:
        expressions = [*map(re.compile, texts)]
    except re.error:
        return
    asked: list[str] = []

    def function(origin: str) -> bool:
        asked.append(origin)
        return True

    matcher = OriginMatcher([], [*expressions, function])
    for origin in origins:
        expected = any(expression.fullmatch(origin) for expression in expressions)
        assert matcher.matches(origin) == (expected and is_origin(origin))
        assert matcher.look_up(origin) is is_origin(origin)
    # Callables see only well-formed origins, too.
    assert asked == [*filter(is_origin, origins)]


GIVEN = (st.lists(EXPRESSIONS, max_size=3), st.lists(ORIGINS | EDITED, min_size=1, max_size=5))
