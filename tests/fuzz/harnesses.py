"""The harnesses: functions that check a property, and the strategies for their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.fuzz import expressions, origins, paths, reach, requested_headers, response_headers


class Harness(NamedTuple):
    """A property of the library that holds for all arguments."""

    name: str
    check: Callable[..., None]
    given: tuple[SearchStrategy[Any], ...]


_DECISIONS = st.sampled_from(response_headers.DECISIONS)
_HEADERS = response_headers.HEADERS
_PATTERNS = st.lists(paths.PATTERNS, unique=True, max_size=5)

HARNESSES = [
    Harness("origins", origins.check_origin, (origins.ANY_TEXT,)),
    Harness("patterns", origins.check_pattern, (origins.ANY_TEXT,)),
    Harness("suggestions", origins.check_suggestion, (origins.MANGLED | origins.ANY_TEXT,)),
    Harness(
        "matching",
        origins.check_matching,
        (
            st.lists(origins.PATTERNS, min_size=1, max_size=5),
            st.lists(origins.ORIGINS | origins.TEXTS, min_size=1, max_size=8),
        ),
    ),
    Harness("expressions", expressions.check_expressions, expressions.GIVEN),
    Harness("reach of expressions", reach.check_reach, (reach.EXPRESSION, reach.DATA)),
    Harness("examples of expressions", reach.check_examples, (reach.EXPRESSION,)),
    Harness("corrected expressions", reach.check_corrections, (reach.EXPRESSION,)),
    Harness("dead branches", reach.check_branches, (reach.EXPRESSION, reach.DATA)),
    Harness("preflights", requested_headers.check_preflight, requested_headers.GIVEN),
    Harness("apply", response_headers.check_apply, (_DECISIONS, _HEADERS)),
    Harness(
        "unrelated names",
        response_headers.check_unrelated_names,
        (_DECISIONS, _HEADERS, _HEADERS),
    ),
    Harness("paths", paths.check_find, (_PATTERNS, paths.SENT | paths.RECEIVED)),
    Harness("expressions for paths", paths.check_meaning, (paths.PATH_EXPRESSIONS, reach.DATA)),
    Harness("resources", paths.check_middleware, (_PATTERNS, paths.SENT)),
]
