"""Analysis of the origins of policies, for checks: their sites, and what expressions match."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from corswsgi.errors import safe_repr
from corswsgi.expressions import meant_origins, neighbours
from corswsgi.origins import NO_ORIGIN, Origin, OriginPattern, is_loopback, parse_pattern
from corswsgi.policy import Policy
from corswsgi.suffixes import PublicSuffixes

MAX_ENUMERATED = 20
"""How many texts messages list. There may be thousands of origins."""


class AllowedOrigin(NamedTuple):
    """An origin pattern of a policy, or an origin that one of its expressions is meant for."""

    written: str
    """The pattern or the expression, as it is written."""
    pattern: OriginPattern
    site: str
    """The registrable domain, or the host if there is none.

    https://html.spec.whatwg.org/#sites
    """
    is_expression: bool


class WideExpression(NamedTuple):
    """An expression that matches more than the origins that it spells out."""

    written: str
    meant: str
    """An origin that it is meant for."""
    other: str | None
    """An origin of another site that it matches."""
    insecure: str | None
    """An origin with http that it matches, other than loopback."""

    def describe_other(self) -> str:
        """Return a sentence about `other`."""
        return (
            f"the expression {safe_repr(self.written)} matches {self.other}, which is on another "
            f"site than {self.meant}."
        )

    def describe_insecure(self) -> str:
        """Return a sentence about `insecure`, for policies with credentials."""
        return (
            f"the expression {safe_repr(self.written)} matches {self.insecure}, which is not "
            "HTTPS: anyone on the network path can change such a page, and read responses with "
            "the cookies of its visitors."
        )


def allowed_origins(policies: Iterable[Policy | None]) -> list[AllowedOrigin]:
    """Return the origins of policies, each once. Callables are left out."""
    suffixes = PublicSuffixes()
    found: dict[tuple[str, str], AllowedOrigin] = {}
    for rule in _rules(policies):
        for allowed in _allowed(rule, suffixes):
            found[allowed.written, allowed.site] = allowed
    return [*found.values()]


def site_of(host: str) -> str:
    """Return the registrable domain of a host, or the host if there is none."""
    return PublicSuffixes().site(host) or host


def wide_expressions(policies: Iterable[Policy | None]) -> Iterator[WideExpression]:
    """Yield the expressions of policies that match more than they are meant for."""
    expressions = dict.fromkeys(rule for rule in _rules(policies) if isinstance(rule, re.Pattern))
    if not expressions:
        return  # loading the public suffixes takes time
    suffixes = PublicSuffixes()
    for expression in expressions:
        written = expression.pattern
        neighbour = next(neighbours(expression, suffixes), None)
        insecure = next(
            (text for text, origin in meant_origins(expression) if _is_insecure(origin)), None
        )
        if neighbour is not None:
            yield WideExpression(written, neighbour.meant, neighbour.neighbour, insecure)
        elif insecure is not None:
            yield WideExpression(written, insecure, None, insecure)


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
        for _, origin in meant_origins(rule):
            pattern = OriginPattern(*origin, subdomains=False)
            site = suffixes.site(origin.host) or origin.host
            yield AllowedOrigin(repr(rule.pattern), pattern, site, is_expression=True)


def _is_insecure(origin: Origin) -> bool:
    return origin.scheme == "http" and not is_loopback(origin.host)
