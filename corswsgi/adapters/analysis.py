"""Analysis of the origins of policies, for checks: their sites, and what expressions match."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from corswsgi.automata import TooComplexError
from corswsgi.errors import safe_repr
from corswsgi.expressions import Reach, corrected_expression, find_reach
from corswsgi.origins import NO_ORIGIN, OriginPattern, parse_pattern
from corswsgi.policy import Policy
from corswsgi.suffixes import PublicSuffixes

MAX_ENUMERATED = 20
"""How many texts messages list. There may be thousands of origins."""


class AllowedOrigin(NamedTuple):
    """An origin pattern of a policy, or one that an expression of it spells out."""

    written: str
    """The pattern or the expression, as it is written."""
    pattern: OriginPattern
    site: str
    """The registrable domain, or the host if there is none.

    https://html.spec.whatwg.org/#sites
    """
    is_expression: bool


class WideExpression(NamedTuple):
    """An expression that matches sites that it does not name, or origins with http."""

    written: str
    reach: Reach | None
    """The origins that it can match; None if it is too complex to find out."""
    corrected: str | None = None
    """The expression that was probably meant, as a raw string."""

    def describe_wide(self) -> str | None:
        """Return a sentence about sites that it does not name; None if there are none."""
        written = safe_repr(self.written)
        if self.reach is None:
            return f"the expression {written} is too complex to find out which origins it matches."
        if self.reach.wide is None:
            return None
        such_as = f", such as {self.reach.wide}" if self.reach.wide else ""
        return f"the expression {written} matches sites that it does not name{such_as}."

    def describe_insecure(self) -> str | None:
        """Return a sentence about origins with http; None if there are none."""
        if self.reach is None or self.reach.insecure is None:
            return None
        such_as = f", such as {self.reach.insecure}" if self.reach.insecure else ""
        return (
            f"the expression {safe_repr(self.written)} matches origins that are not HTTPS"
            f"{such_as}. Anyone on the network path can change their pages, and read what they may "
            "read."
        )

    def describe(self, setting: str) -> Iterator[tuple[bool, str, str]]:
        """Yield both sentences, if there are any: whether it is the first, its text, and a hint.

        `setting` is the one for origins.
        """
        if (text := self.describe_wide()) is not None:
            yield True, text, self.suggest(f"list the origins that you trust in {setting}.")
        if (text := self.describe_insecure()) is not None:
            yield False, text, self.suggest("write https:// instead of http:// or https?://.")

    def suggest(self, otherwise: str) -> str:
        """Return a hint with the corrected expression, or `otherwise`."""
        return otherwise if self.corrected is None else f"did you mean {self.corrected}?"


def allowed_origins(policies: Iterable[Policy | None]) -> list[AllowedOrigin]:
    """Return the origins of policies, each once. Callables are left out."""
    suffixes = PublicSuffixes()
    found: dict[tuple[str, OriginPattern], AllowedOrigin] = {}
    for rule in _rules(policies):
        for allowed in _allowed(rule, suffixes):
            found[allowed.written, allowed.pattern] = allowed
    return [*found.values()]


def site_of(host: str) -> str:
    """Return the registrable domain of a host, or the host if there is none."""
    return PublicSuffixes().site(host) or host


def wide_expressions(policies: Iterable[Policy | None]) -> list[WideExpression]:
    """Return the expressions that match sites that they do not name, or http, each once.

    Policies that allow this explicitly are left out.
    """
    found: dict[WideExpression, None] = {}
    for policy in policies:
        dangers = frozenset() if policy is None else policy.dangerously_allow
        for rule in _rules([policy]) if "expressions" not in dangers else ():
            if isinstance(rule, re.Pattern):
                reach = _reach(rule)
                if reach is not None and "insecure_origins" in dangers:
                    reach = Reach(reach.patterns, reach.wide, None)
                if reach is None or reach[1:] != (None, None):
                    found[WideExpression(rule.pattern, reach, corrected_expression(rule))] = None
    return [*found]


def _reach(expression: re.Pattern[str]) -> Reach | None:
    try:
        return find_reach(expression)
    except TooComplexError:
        return None


def enumerate_texts(texts: Iterable[str]) -> str:
    """Return a list of texts for a message: each once, and only the first ones of many."""
    each = [*dict.fromkeys(texts)]
    more = f" and {len(each) - MAX_ENUMERATED} more" if len(each) > MAX_ENUMERATED else ""
    return ", ".join(each[:MAX_ENUMERATED]) + more


def _rules(policies: Iterable[Policy | None]) -> Iterator[object]:
    for policy in policies:
        for rule in () if policy is None else policy.origins:
            if rule is not NO_ORIGIN:
                yield rule


def _allowed(rule: object, suffixes: PublicSuffixes) -> Iterator[AllowedOrigin]:
    if isinstance(rule, str):
        pattern = parse_pattern(rule)
        if pattern is not None:
            site = suffixes.site(pattern.host) or pattern.host
            yield AllowedOrigin(rule, pattern, site, is_expression=False)
    elif isinstance(rule, re.Pattern):
        reach = _reach(rule)
        for pattern in () if reach is None else reach.patterns:
            site = suffixes.site(pattern.host) or pattern.host
            yield AllowedOrigin(repr(rule.pattern), pattern, site, is_expression=True)
