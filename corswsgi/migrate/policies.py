"""Policies of other libraries, and the options of corswsgi that come closest to them."""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from corswsgi.automata import TooComplexError
from corswsgi.errors import Problem
from corswsgi.expressions import corrected_expression, find_reach
from corswsgi.fetch import is_token
from corswsgi.names import OPTION_NAMES, Names
from corswsgi.origins import OriginPattern, parse_origin, parse_pattern
from corswsgi.suggestions import corrected_origin, split_list, split_origins
from corswsgi.validation import DEFAULT_METHODS, DEFAULTS, MAX_AGE_LIMIT, read_options

Rule = str | re.Pattern[str]
"""An origin, or an expression that matches the start of an origin."""

_EXAMPLE = "https://origin.example"

_USUAL = frozenset({"content-type", "authorization", "Content-Type", "Authorization"})

WHOLE = "Expressions now have to match the whole origin, and not only its start."

ANY_SITE = (
    "Any origin was allowed, together with credentials: any site could read the data of your users"
)


@dataclass(frozen=True)
class OldPolicy:
    """The effective policy of another library, after defaults and configuration."""

    origins: tuple[Rule, ...] = ()
    any_origin: bool = False
    methods: tuple[str, ...] = ("*",)
    allow_headers: tuple[str, ...] = ("*",)
    expose_headers: tuple[str, ...] = ()
    supports_credentials: bool = False
    max_age: object = None
    names: Names = field(default=OPTION_NAMES, compare=False)
    """How users write the options."""

    @property
    def is_public(self) -> bool:
        """Whether any origin is allowed, without credentials."""
        return self.any_origin and not self.supports_credentials

    @property
    def named_headers(self) -> set[str]:
        """The request headers that the policy names, besides the usual ones."""
        return {name for name in self.allow_headers if is_token(name) and name != "*"} - _USUAL

    def with_origins_of(self, others: Iterable[OldPolicy]) -> OldPolicy:
        """Return the policy with the origins of those that have the same other options."""
        merged = self
        for other in others:
            if replace(other, origins=self.origins, any_origin=self.any_origin) == self:
                origins = dict.fromkeys((*merged.origins, *other.origins))
                merged = replace(
                    merged, origins=(*origins,), any_origin=merged.any_origin or other.any_origin
                )
        return merged

    def listed(self) -> Iterator[str]:
        """Yield the origins that the policy lists, and one for each pattern in its expressions."""
        for rule in self.origins:
            for pattern in _patterns(rule):
                origin = _sample(pattern)
                is_matched = (
                    isinstance(rule, str) or parse_pattern(rule.pattern) or rule.match(origin)
                )
                if is_matched and parse_origin(origin) is not None:
                    yield origin


@dataclass(frozen=True)
class NewPolicy:
    """The options of corswsgi for a policy of another library."""

    options: dict[str, Any] | None
    """Those that are not the default; None: no origin is left, so CORS is off."""
    remarks: tuple[str, ...] = ()
    """What changes, and why."""


def new_policy(old: OldPolicy) -> NewPolicy:
    """Return the options for a policy. Those that equal the defaults are left out."""
    remarks: list[str] = []
    allowed = allowed_origins(old, remarks)
    if not (allowed.listed or allowed.any_origin):
        return NewPolicy(None, (*remarks, "No origin is left, so CORS is off."))
    options = {
        "origins": "*" if allowed.any_origin else allowed.listed,
        "methods": _new_methods(old, remarks),
        "allow_headers": _any_or(accepted("allow_headers", old, remarks)),
        "expose_headers": _any_or(accepted("expose_headers", old, remarks)),
        "supports_credentials": allowed.credentials,
        "max_age": new_max_age(old, remarks),
    }
    changed = {
        name: value for name, value in options.items() if value != _as_written(DEFAULTS[name])
    }
    return NewPolicy(changed, tuple(dict.fromkeys(remarks)))


def _as_written(default: object) -> object:
    """Return a default as the options above are written."""
    if isinstance(default, tuple):
        return _any_or([*default])
    return default


def _any_or(names: list[str]) -> object:
    return "*" if "*" in names else names


class Allowed(NamedTuple):
    """The origins that a policy can have."""

    listed: list[Rule]
    any_origin: bool
    credentials: bool


def allowed_origins(old: OldPolicy, remarks: list[str]) -> Allowed:
    """Return the origins that a policy can have, and whether with credentials."""
    listed = [*_new_origins(old, remarks)]
    if not (old.any_origin and old.supports_credentials):
        return Allowed(listed, old.any_origin, old.supports_credentials)
    if listed:
        remarks.append(f"{ANY_SITE}. Only the origins that you list are left.")
        return Allowed(listed, any_origin=False, credentials=True)
    example = old.names.assignment("origins", '["https://app.example.com"]')
    remarks.append(
        f"{ANY_SITE}. Credentials are now off. If pages need them, list their origins, as in "
        f"{example}, and write {old.names.assignment('supports_credentials', 'True')}."
    )
    return Allowed([], any_origin=True, credentials=False)


def _new_origins(old: OldPolicy, remarks: list[str]) -> Iterator[Rule]:
    """Yield the origins, patterns and expressions that a policy can have for the old ones."""
    for rule in dict.fromkeys(old.origins):
        candidates = [*_candidates(rule)]
        for candidate in candidates:
            if not _problems(old, candidate):
                if candidate is not candidates[0]:
                    remarks.append(_changed(old, candidates[0], candidate))
                elif not isinstance(rule, str) and isinstance(candidate, re.Pattern):
                    remarks.append(WHOLE)
                yield from candidate if isinstance(candidate, list) else [candidate]
                break
        else:
            problem = _problems(old, candidates[0])[0]
            remarks.append(f"{_sentence(problem)} It is left out. {_hint(problem)}".strip())


def _candidates(rule: Rule) -> Iterator[Rule | list[str]]:
    """Yield what an old origin can become, the closest first."""
    if isinstance(rule, str):
        yield rule
        split = split_origins(rule)
        if split is not None:
            yield split
        corrected = corrected_origin(rule)
        if corrected is not None:
            yield corrected
        return
    if parse_pattern(rule.pattern) is not None:
        # It was read as an expression, in which `*` is not a wildcard.
        yield rule.pattern
        return
    flags = rule.flags & ~re.UNICODE
    if not re.search("[A-Z]", re.sub(r"\\.", "", rule.pattern)):
        flags &= ~re.IGNORECASE  # browsers send lower case
    yield re.compile(rule.pattern, flags)
    expression = corrected_expression(rule)
    if expression is not None:
        yield re.compile(literal_eval(expression))


def _problems(old: OldPolicy, candidate: object) -> list[Problem]:
    # The list has another origin, because one that is empty would be a problem of its own.
    origins = [_EXAMPLE, *(candidate if isinstance(candidate, list) else [candidate])]
    given = {"origins": origins, "supports_credentials": old.supports_credentials}
    return read_options(given, old.names).problems


def _changed(old: OldPolicy, rule: object, new: object) -> str:
    (problem, *_) = _problems(old, rule)
    written = new.pattern if isinstance(new, re.Pattern) else new
    return f"{_sentence(problem)} It is now {written!r}."


def _sentence(problem: Problem) -> str:
    return problem.message[0].upper() + problem.message[1:]


def _hint(problem: Problem) -> str:
    hint = (problem.hint or "").removeprefix("leave it out. ")
    return hint[:1].upper() + hint[1:]


def _new_methods(old: OldPolicy, remarks: list[str]) -> object:
    methods = accepted("methods", old, remarks)
    usual = {*DEFAULT_METHODS} - {"QUERY"}
    return None if {*methods} - {"OPTIONS", "QUERY"} == usual else _any_or(methods)


def accepted(option: str, old: OldPolicy, remarks: list[str]) -> list[str]:
    """Return the items of a list that an option accepts. Some are several in one string."""
    found: list[str] = []
    for value in getattr(old, option):
        for item in split_list(value) if _refused(option, value, old) else [value]:
            problems = _refused(option, item, old)
            found += [] if problems else [item]
            remarks += [f"{each.option}: {_sentence(each)} It is left out." for each in problems]
    return ["*"] if "*" in found else found


def _refused(option: str, item: str, old: OldPolicy) -> list[Problem]:
    # The origin is one that credentials can be allowed for.
    given = {"origins": [_EXAMPLE], "supports_credentials": old.supports_credentials}
    return read_options({**given, option: [item]}, old.names).problems


def new_max_age(old: OldPolicy, remarks: list[str]) -> int:
    """Return the max-age in seconds: the given one, as far as it is valid, or the default."""
    text = str(old.max_age).strip()
    if not text.isdecimal():
        return int(DEFAULTS["max_age"])
    if int(text) > MAX_AGE_LIMIT:
        option = old.names.option("max_age", old.max_age)
        remarks.append(f"{option}: {text} seconds are more than a day. No browser caches longer.")
    return min(int(text), MAX_AGE_LIMIT)


def _patterns(rule: Rule) -> Iterable[OriginPattern]:
    text = rule if isinstance(rule, str) else rule.pattern
    pattern = parse_pattern(text)
    if pattern is not None:
        return [pattern]
    try:
        return find_reach(rule).patterns if isinstance(rule, re.Pattern) else ()
    except TooComplexError:
        return ()


def _sample(pattern: OriginPattern) -> str:
    """Return an origin that a pattern matches."""
    text = str(pattern).replace("://*.", "://app.")
    return f"{text[:-1]}8080" if text.endswith(":*") else text
