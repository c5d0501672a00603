"""Credentials: checks of options that are dangerous together with ``supports_credentials``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from .automata import TooComplexError
from .errors import Problem, ProblemReason, safe_repr
from .expressions import corrected_expression, find_faults, find_reach
from .names import Names
from .origins import NO_ORIGIN, OriginPattern, OriginRule, is_private
from .suffixes import PublicSuffixes
from .suggestions import UNSPECIFIED_HOSTS, as_https

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
    credentials = _credentials(names)
    if is_any_origin:
        yield Problem(
            names.option("origins", "*"),
            "*",
            "wildcard_with_credentials",
            f"all origins are allowed ('*'). With {credentials}, any site could read your users' "
            "data, so browsers refuse the combination "
            "(https://fetch.spec.whatwg.org/#cors-protocol-and-credentials).",
            _fix_any_origin(names),
        )
    if is_any_header:
        headers = names.assignment("expose_headers", '["X-Total-Count"]')
        yield Problem(
            names.option("expose_headers", "*"),
            "*",
            "wildcard_with_credentials",
            f"with {credentials}, '*' is the name of a header and not a wildcard "
            "(https://fetch.spec.whatwg.org/#http-access-control-expose-headers).",
            f"list the headers that scripts may read, as in {headers}.",
        )


def _credentials(names: Names) -> str:
    """Return the name of the option, and its place if it is not that of the origins."""
    if names.depth("supports_credentials") == names.depth("origins"):
        return names.option("supports_credentials")
    return names.described("supports_credentials")


def _fix_any_origin(names: Names) -> str:
    """Return how to allow either any origin or credentials, without changes to other places."""
    credentials, listed = _credentials(names), '["https://app.example.com"]'
    inner = names.depth("origins") - names.depth("supports_credentials")
    example = names.at("supports_credentials" if inner < 0 else "origins").assignment(
        "origins", listed
    )
    hidden = names.at("origins").hidden_list
    if hidden is not None:
        return (
            f"remove {names.option('origins', '*')}, because {hidden} then applies. For "
            f'development, add "http://localhost:*" to {names.option("origins")}.'
        )
    if inner > 0:
        off = names.at("origins").assignment("supports_credentials", "False")
        return (
            f'to allow any origin without cookies, write {off} beside it, or Policy(origins="*") '
            "instead of these options. To allow cookies, list the origins that you trust, as in "
            f"{example}."
        )
    any_origin = names.option("origins", "*")
    place = "" if any_origin == names.option("origins") else f", instead of {any_origin}"
    place = " beside it" if inner < 0 else place
    return f"list the origins that you trust{place}, as in {example}, or leave {credentials} out."


def _check_expression(
    expression: re.Pattern[str], dangers: frozenset[str], names: Names
) -> Iterator[Problem]:
    """Yield an expression that matches sites that it does not name, or origins with http."""
    option, written = names.option("origins", expression), safe_repr(expression.pattern)
    credentials = _credentials(names)
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
    credentials = _credentials(names)
    for text, pattern in patterns:
        if pattern.scheme == "http" and not pattern.is_loopback:
            yield Problem(
                names.option("origins", text),
                text,
                "insecure_origin",
                f"{safe_repr(text)} is not HTTPS. With {credentials}, anyone on the network path "
                "of its pages could read your users' data.",
                _fix_scheme(text, pattern, names),
            )


def _fix_scheme(text: str, pattern: OriginPattern, names: Names) -> str:
    danger = names.assignment("dangerously_allow", '["insecure_origins"]')
    local = str(replace(pattern, host="localhost", subdomains=False))
    if pattern.host in UNSPECIFIED_HOSTS:
        return f"did you mean {local!r}? Servers listen on {pattern.host}, and pages have a name."
    if is_private(pattern.host) and (pattern.host[-1] == "]" or pattern.host[-1].isdigit()):
        # There are no certificates for these addresses.
        return (
            f"open the page under {local}, and list that origin. If other devices have to open it, "
            f"write {danger}."
        )
    return f"did you mean {as_https(text)!r}? If HTTPS is not possible, write {danger}."


def _check_suffixes(
    patterns: Iterable[tuple[str, OriginPattern]], names: Names
) -> Iterator[Problem]:
    wildcards = [(text, pattern) for text, pattern in patterns if pattern.subdomains]
    suffixes = PublicSuffixes()
    credentials = _credentials(names)
    danger = names.assignment("dangerously_allow", '["public_suffixes"]')
    for text, pattern in wildcards:
        host = pattern.host.removesuffix(".")
        suffix = None if host == "localhost" else suffixes.at_or_under(host)
        if suffix is not None:
            below = "" if suffixes.has_tenants(suffix) else "*."
            yield Problem(
                names.option("origins", text),
                text,
                "public_suffix",
                f"{safe_repr(text)} includes the public suffix {suffix}. Anyone can get a name "
                f"under it, and with {credentials} could read your users' data.",
                f"did you mean '{pattern.scheme}://{below}YOUR-NAME.{suffix}'? If all names under "
                f"it are yours, write {danger}.",
            )
