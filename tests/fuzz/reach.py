"""The analysis of expressions, compared with what they match."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st
from hypothesis import target

from corswsgi.automata import TooComplexError
from corswsgi.expressions import Reach, corrected_expression, find_faults, find_reach
from corswsgi.origins import OriginPattern, is_loopback, parse_origin
from corswsgi.validation import read_options
from tests.fuzz.written import expressions, origins_for


def reach_of(expression: re.Pattern[str]) -> Reach | None:
    try:
        return find_reach(expression)
    except TooComplexError:
        return None


def is_in(pattern: OriginPattern, origin: str) -> bool:
    """Return whether a pattern matches an origin. This does not use the code under test."""
    scheme, _, rest = origin.partition("://")
    host, _, port = rest.rpartition(":") if re.search(r":[0-9]+$", rest) else (rest, "", "")
    if scheme != pattern.scheme or (pattern.port != "*" and port != str(pattern.port or "")):
        return False
    if pattern.subdomains:
        return host.endswith(f".{pattern.host}")
    return host == pattern.host


def check_reach(expression: re.Pattern[str], data: Any) -> None:
    """An expression that is not wide never matches an origin that it does not spell out."""
    faults, reach = find_faults(expression), reach_of(expression)
    text = data.draw(origins_for(expression))
    # Matching a catastrophic expression would take years.
    is_slow = faults.is_catastrophic or faults.is_uncertain
    if is_slow or len(text) > 300 or not expression.fullmatch(text):
        return
    origin = parse_origin(text)
    target(float(origin is not None))
    if origin is None:
        return
    assert not faults.is_empty
    found = reach if reach is not None and reach.wide is None else None
    assert found is None or any(is_in(pattern, text) for pattern in found.patterns)
    is_insecure = origin.scheme == "http" and not is_loopback(origin.host)
    assert not is_insecure or found is None or found.insecure is not None


def check_examples(expression: re.Pattern[str]) -> None:
    reach = reach_of(expression) or Reach((), None, None)
    for example in (reach.wide, reach.insecure):
        if example:
            assert expression.fullmatch(example)
            assert parse_origin(example)
            is_spelled_out = any(is_in(pattern, example) for pattern in reach.patterns)
            assert example == reach.insecure or not is_spelled_out


def check_corrections(expression: re.Pattern[str]) -> None:
    corrected = corrected_expression(expression)
    if corrected is not None:
        options = {"origins": re.compile(corrected[2:-1]), "supports_credentials": True}
        assert read_options(options).problems == []


def check_branches(expression: re.Pattern[str], data: Any) -> None:
    for branch in find_faults(expression).dead_branches:
        compiled = re.compile(branch, expression.flags)
        text = data.draw(origins_for(compiled))
        assert parse_origin(text) is None or compiled.fullmatch(text) is None


EXPRESSION = expressions()
DATA = st.data()
