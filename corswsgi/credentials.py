"""Credentials: checks of options that are dangerous together with ``supports_credentials``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .automata import TooComplexError
from .errors import Problem, ProblemReason, safe_repr
from .expressions import corrected_expression, find_faults, find_reach
from .names import Names
from .origins import NO_ORIGIN, OriginPattern, OriginRule
from .suffixes import PublicSuffixes
from .suggestions import as_https

DANGERS = ("insecure_origins", "public_suffixes", "expressions")
"""The checks that ``dangerously_allow`` turns off."""


def check_origins(
    origins: Iterable[OriginRule],
    patterns: Iterable[tuple[str, OriginPattern]],
    dangers: frozenset[str],
    names: Names,
) -> Iterator[Problem]:
    """Yield the origins that must not be allowed with credentials.

    `patterns` are the origin patterns among `origins`, as written and parsed; `dangers` are the
    checks to leave out.
    """
    if "expressions" not in dangers:
        for rule in origins:
            if isinstance(rule, re.Pattern) and rule is not NO_ORIGIN:
                yield from _check_expression(rule, dangers, names)
    if "insecure_origins" not in dangers:
        yield from _check_schemes(patterns, names)
    if "public_suffixes" not in dangers:
        yield from _check_suffixes(patterns, names)


def check_wildcards(is_any_origin: bool, is_any_header: bool, names: Names) -> Iterator[Problem]:
    """Yield the options whose value must not be ``"*"`` with credentials.

    https://fetch.spec.whatwg.org/#cors-protocol-and-credentials
    """
    credentials = names.option("supports_credentials")
    if is_any_origin:
        example = names.assignment("origins", '["https://app.example.com"]')
        yield Problem(
            names.option("origins", "*"),
            "*",
            "wildcard_with_credentials",
            f"all origins are allowed ('*'). With {credentials}, any site could read your users' "
            "data, so browsers refuse the combination "
            "(https://fetch.spec.whatwg.org/#cors-protocol-and-credentials).",
            f"list the origins that you trust, as in {example}, or leave {credentials} out.",
        )
    if is_any_header:
        yield Problem(
            names.option("expose_headers", "*"),
            "*",
            "wildcard_with_credentials",
            f"with {credentials}, '*' is the name of a header and not a wildcard "
            "(https://fetch.spec.whatwg.org/#http-access-control-expose-headers).",
            "list the headers that scripts may read.",
        )


def _check_expression(
    expression: re.Pattern[str], dangers: frozenset[str], names: Names
) -> Iterator[Problem]:
    """Yield an expression that matches sites that it does not name, or origins with http."""
    option, written = names.option("origins", expression), safe_repr(expression.pattern)
    credentials = names.option("supports_credentials")
    reason: ProblemReason = "wildcard_with_credentials"
    listed = '["https://app.example.com", "https://*.example.com"]'
    hint = f"list the origins that you trust, as in {names.assignment('origins', listed)}."
    try:
        reach = find_reach(expression)
    except TooComplexError:
        if find_faults(expression).is_uncertain:
            return  # that is a problem without credentials, too
        message = (
            f"the expression {written} is too complex to find out which origins it matches. With "
            f"{credentials}, pages of other sites could read your users' data."
        )
    else:
        if reach.wide is not None:
            message = (
                f"the expression {written} matches sites that it does not name"
                f"{_such_as(reach.wide)}. With {credentials}, their pages could read your users' "
                "data."
            )
        elif reach.insecure is not None and "insecure_origins" not in dangers:
            reason = "insecure_origin"
            message = (
                f"the expression {written} matches origins that are not HTTPS"
                f"{_such_as(reach.insecure)}. With {credentials}, anyone on the network path of "
                "their pages could read your users' data."
            )
            hint = "write https:// instead of http://."
        else:
            return
        corrected = corrected_expression(expression)
        if corrected is not None:
            hint = f"did you mean {corrected}?"
    danger = names.assignment("dangerously_allow", '["expressions"]')
    hint = f"{hint} If you trust all origins that it matches, write {danger}."
    yield Problem(option, expression, reason, message, hint)


def _such_as(example: str) -> str:
    return f", such as {example}" if example else ""


def _check_schemes(
    patterns: Iterable[tuple[str, OriginPattern]], names: Names
) -> Iterator[Problem]:
    credentials = names.option("supports_credentials")
    danger = names.assignment("dangerously_allow", '["insecure_origins"]')
    for text, pattern in patterns:
        if pattern.scheme == "http" and not pattern.is_loopback:
            yield Problem(
                names.option("origins", text),
                text,
                "insecure_origin",
                f"{safe_repr(text)} is not HTTPS. With {credentials}, anyone on the network path "
                "of its pages could read your users' data.",
                f"did you mean {as_https(text)!r}? If HTTPS is not possible, write {danger}.",
            )


def _check_suffixes(
    patterns: Iterable[tuple[str, OriginPattern]], names: Names
) -> Iterator[Problem]:
    wildcards = [(text, pattern) for text, pattern in patterns if pattern.subdomains]
    # Loading the list takes time, and few policies need it.
    suffixes = PublicSuffixes() if wildcards else None
    credentials = names.option("supports_credentials")
    danger = names.assignment("dangerously_allow", '["public_suffixes"]')
    for text, pattern in wildcards:
        host = pattern.host.removesuffix(".")
        suffix = None if host == "localhost" or suffixes is None else suffixes.at_or_under(host)
        if suffix is not None:
            yield Problem(
                names.option("origins", text),
                text,
                "public_suffix",
                f"{safe_repr(text)} includes the public suffix {suffix}. Anyone can get a name "
                f"under it, and with {credentials} could read your users' data.",
                f"did you mean '{pattern.scheme}://*.YOUR-NAME.{suffix}'? If all names under it "
                f"are yours, write {danger}.",
            )
