"""Options of a policy: reads their values, and reports problems under the names it is given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from .credentials import DANGERS, check_origins, check_wildcards
from .environment import find_truth, fix_number, fix_truth, variable
from .errors import Notice, Problem, safe_repr
from .expressions import find_faults
from .findings import ANY, Findings
from .names import OPTION_NAMES, Names
from .origins import NO_ORIGIN, OriginPattern, OriginRule
from .rules import read_origins
from .suffixes import PublicSuffixes
from .suggestions import did_you_mean, meant_option
from .tokens import read_allow_headers, read_expose_headers, read_methods

DEFAULT_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY")
"""The methods that ``methods=None`` allows. Adapters add the methods that the application routes.

QUERY: https://www.rfc-editor.org/rfc/rfc10008
"""

DEFAULTS: Mapping[str, Any] = {
    "origins": None,
    "methods": None,
    "allow_headers": ANY,
    "expose_headers": (),
    "supports_credentials": False,
    "max_age": 600,
    "dangerously_allow": frozenset(),
}
"""The options that have an effect, with their defaults. ``origins`` is required."""

OPTIONS = (*DEFAULTS, "allow_private_network")
"""The names of all options."""

MAX_AGE_LIMIT = 86400
"""In seconds. No browser caches a preflight for longer than a day."""

_ABOUT_MAX_AGE = "0 turns the cache off, None leaves the header out."


class ReadOptions(NamedTuple):
    """The options of a policy after reading."""

    values: dict[str, Any]
    """The normalized value of each option in `DEFAULTS`, and ``origin_matcher``.

    If there are problems, the values have the right types, but are otherwise arbitrary.
    """
    problems: list[Problem]
    """Everything that is wrong: unknown options, single values, and values in combination."""
    notices: list[Notice]
    """Everything that is accepted, but probably not meant."""


def read_options(options: Mapping[str, object], names: Names = OPTION_NAMES) -> ReadOptions:
    """Read and check the options of a policy. Options that are missing take their defaults."""
    found = Findings(names)
    _check_names(found, options)
    given = {**DEFAULTS, **options}
    has_credentials = given["supports_credentials"] is True
    origins = read_origins(found, given["origins"], has_credentials=has_credentials)
    values: dict[str, Any] = {
        "origins": origins.rules,
        "methods": read_methods(found, given["methods"]),
        "allow_headers": read_allow_headers(found, given["allow_headers"]),
        "expose_headers": read_expose_headers(found, given["expose_headers"]),
        "supports_credentials": _read_credentials(found, given["supports_credentials"]),
        "max_age": _read_max_age(found, given["max_age"]),
        "dangerously_allow": _read_dangers(found, given["dangerously_allow"]),
        "origin_matcher": origins.matcher(),
    }
    _check_certainty(found, values)
    if values["supports_credentials"]:
        _check_credentials(found, values, origins.patterns)
    return ReadOptions(values, found.problems, found.notices)


def _check_names(found: Findings, options: Mapping[str, object]) -> None:
    """Refuse unknown options."""
    for option, value in options.items():
        if option == "allow_private_network":
            message = "has no effect. Browsers no longer send the header that it is about."
            found.notice(option, value, "deprecated_option", message, "Remove it.")
        elif option not in DEFAULTS:
            # Options may come from a mapping, whose keys can be anything.
            name = option if isinstance(option, str) else safe_repr(option)
            meant = meant_option(name)
            hint = did_you_mean(meant, (*DEFAULTS, *found.names.others), found.names.option)
            if meant in options and meant not in (name, "origins"):  # it may be a stand-in
                hint = f"remove it, because {found.names.option(meant)} is given, too."
            found.refuse(name, value, "unknown_option", "there is no such option.", hint)


def _read_credentials(found: Findings, value: object) -> bool:
    """Read ``supports_credentials``. Only True and False are accepted."""
    if isinstance(value, bool):
        return value
    option = "supports_credentials"
    hint = fix_truth(value, found.assigned(option), variable(option))
    found.refuse_type(option, value, "True or False", hint)
    truth = find_truth(value)
    return truth is True


def _read_max_age(found: Findings, value: object) -> int | None:
    """Read ``max_age``: whole seconds, or None."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        hint = f"as in {found.write('max_age', 600)}; {_ABOUT_MAX_AGE}"
        if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,9}\s*", value):
            hint = fix_number(value, found.assigned("max_age"), variable("max_age"))
        found.refuse_type("max_age", value, "whole seconds, a timedelta or None", hint)
    elif MAX_AGE_LIMIT < seconds < float("inf"):
        message = (
            f"{safe_repr(value)} is longer than a day. Browsers do not cache preflights for "
            f"longer, so {MAX_AGE_LIMIT} is sent."
        )
        hint = f"Write {found.write('max_age', MAX_AGE_LIMIT)}."
        found.notice("max_age", value, "long_max_age", message, hint)
        return MAX_AGE_LIMIT
    elif not 0 <= seconds <= MAX_AGE_LIMIT or seconds != int(seconds):
        is_number = seconds == seconds  # nan does not equal itself
        nearest = round(min(max(seconds, 0), MAX_AGE_LIMIT)) if is_number else 600
        message = f"{safe_repr(value)} is not a whole number of seconds from 0 to {MAX_AGE_LIMIT}."
        hint = f"did you mean {nearest}? {_ABOUT_MAX_AGE}"
        found.refuse("max_age", value, "out_of_range", message, hint)
    else:
        return int(seconds)
    return None


def _read_dangers(found: Findings, value: object) -> frozenset[str]:
    """Read ``dangerously_allow``: members of `DANGERS`."""
    items = found.items("dangerously_allow", value) or ()
    names = [name for name in items if found.is_string(name, "dangerously_allow")]
    for name in names:
        if name not in DANGERS:
            message = f"{safe_repr(name)} is not the name of a check that can be turned off."
            hint = did_you_mean(name, DANGERS, kind="names")
            found.refuse("dangerously_allow", name, "unknown_value", message, hint)
    return frozenset(names)


def _check_certainty(found: Findings, values: Mapping[str, Any]) -> None:
    """Refuse expressions that are too complex to find out how long matching takes."""
    for rule in values["origins"] if "expressions" not in values["dangerously_allow"] else ():
        if isinstance(rule, re.Pattern) and find_faults(rule).is_uncertain:
            message = (
                f"the expression {safe_repr(rule.pattern)} is too complex to find out how long "
                "it takes to match one origin. Any client can send long ones."
            )
            danger = found.write("dangerously_allow", ["expressions"])
            hint = f"write a simpler one, or list origin patterns. If it is quick, write {danger}."
            found.refuse("origins", rule, "slow_expression", message, hint)


def _check_credentials(
    found: Findings, values: Mapping[str, Any], patterns: list[tuple[str, OriginPattern]]
) -> None:
    """Refuse values that are dangerous or have no effect with ``supports_credentials``."""
    origins, dangers = values["origins"], values["dangerously_allow"]
    is_any_header = values["expose_headers"] == ANY
    found.problems += check_wildcards(origins is ANY, is_any_header, found.names)
    found.problems += check_origins(origins, patterns, dangers, found.names)
    _check_age(found, origins, patterns, dangers)


def _check_age(
    found: Findings,
    origins: Iterable[OriginRule],
    patterns: list[tuple[str, OriginPattern]],
    dangers: frozenset[str],
) -> None:
    """Notice that the public suffix list is outdated, if it was needed to check origins."""
    checked: list[OriginRule] = []
    if "public_suffixes" not in dangers:
        checked += [text for text, pattern in patterns if pattern.subdomains]
    if "expressions" not in dangers:
        checked += [
            rule for rule in origins if isinstance(rule, re.Pattern) and rule is not NO_ORIGIN
        ]
    if checked and (listed := PublicSuffixes().outdated()) is not None:
        message = (
            f"the public suffix list that is installed is of {listed}, more than two years "
            "old. Names under newer suffixes are treated like names of one owner."
        )
        hint = "Run: pip install --upgrade publicsuffixlist"
        name = found.names.option("origins", checked[0])
        found.notices.append(Notice(name, checked[0], "outdated_suffixes", message, hint))
