"""Rules for origins: reads the option ``origins``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from inspect import iscoroutinefunction
from typing import NamedTuple, TypeGuard

from .callables import Mistake, find_mistake
from .credentials import check_origins
from .errors import ProblemReason, safe_repr
from .expressions import corrected_expression, find_faults
from .findings import ANY, Findings, is_wildcard
from .origins import NO_ORIGIN, OriginMatcher, OriginPattern, OriginRule, parse_pattern
from .suggestions import (
    corrected_origin,
    example_for_any_host,
    expression_for,
    expression_in,
    is_meant_for_any_origin,
    is_missing,
    split_origins,
)


class OriginRules(NamedTuple):
    """The origins of a policy after reading."""

    rules: tuple[OriginRule, ...]
    """`ANY`, or patterns, expressions and callables."""
    patterns: list[tuple[str, OriginPattern]]
    """The patterns among them, parsed."""

    def matcher(self) -> OriginMatcher:
        """Compile the rules without parsing them again."""
        exact = {text for text, pattern in self.patterns if pattern.is_exact}
        patterns = [pattern for _, pattern in self.patterns if not pattern.is_exact]
        others = [
            rule for rule in self.rules if not isinstance(rule, str) and rule is not NO_ORIGIN
        ]
        return OriginMatcher(exact, [*patterns, *others])


def read_origins(found: Findings, value: object, *, has_credentials: bool = False) -> OriginRules:
    """Read ``origins``: `ANY`, or patterns, expressions and callables.

    `has_credentials` says whether they are for requests with credentials, for hints.
    """
    items = () if value is None else found.items("origins", value)
    if items is not None and all(isinstance(item, str) and not item.strip() for item in items):
        message = (
            "no origins are given, so all of them would be refused. Was an environment "
            "variable not set?"
        )
        hint = _list_origins(found)
        if items == () and value is not None:
            hint += " To turn CORS off, give None in place of the options."
        found.refuse("origins", value, "required", message, hint)
        items = ()
    is_any = found.is_any("origins", items)
    patterns: list[tuple[str, OriginPattern]] = []
    rules: list[OriginRule] = []
    for item in items or ():
        if not isinstance(item, str):
            if _is_rule(item, found):
                rules.append(item)
        elif is_wildcard(item):
            continue
        elif (pattern := parse_pattern(item)) is None:
            _refuse_origin(found, item, has_credentials=has_credentials)
        else:
            patterns.append((item, pattern))
            rules.append(item)
    return OriginRules(ANY if is_any else tuple(rules), patterns)


def _is_rule(rule: object, found: Findings) -> TypeGuard[OriginRule]:
    """Return whether something is an expression or a callable that can be used, or refuse it."""
    if isinstance(rule, re.Pattern) and isinstance(rule.pattern, str):
        return rule == NO_ORIGIN or _is_usable(found, rule)
    if callable(rule):
        if (mistake := find_mistake(rule)) is not None:
            _refuse_callable(found, rule, mistake)
            return False
        if not is_async(rule):
            return True
        message = f"{safe_repr(rule)} is a coroutine function, and WSGI cannot await its result."
        hint = "use a plain function, or pass the result to corswsgi.decide() as origin_allowed."
        found.refuse("origins", rule, "coroutine_function", message, hint)
        return False
    expected = "an origin pattern, a compiled regular expression for str, or a callable"
    hint = f"as in {found.example_origins()}."
    if rule is None:
        hint = "was an environment variable not set?"
    found.refuse_type("origins", rule, expected, hint)
    return False


def _refuse_callable(found: Findings, function: object, mistake: Mistake) -> None:
    hint = mistake.hint
    if hint is None:
        hint = (
            f"list the origins, as in {found.example_origins()}, or write a function that "
            "takes an origin and returns True or False."
        )
        meant = mistake.meant
        rules: Sequence[object] = [meant]
        if isinstance(meant, str) and parse_pattern(meant) is None:
            rules = split_origins(meant) or [corrected_origin(meant)]
        if not _has_problems(rules):
            hint = f"write {found.names.assignment('origins', repr(rules))}."
    found.refuse("origins", function, "wrong_type", mistake.message, hint)


def _has_problems(rules: object) -> bool:
    found = Findings()
    read_origins(found, rules)
    return bool(found.problems)


def _is_usable(found: Findings, expression: re.Pattern[str]) -> bool:
    """Refuse an expression that matches no origin, or takes too long to match."""
    faults = find_faults(expression)
    if not any(faults[:3]):
        return True
    written = safe_repr(expression.pattern)
    corrected = corrected_expression(expression)
    hint = None if corrected is None else f"did you mean {corrected}?"
    reason: ProblemReason = "malformed_origin"
    if faults.is_catastrophic:
        reason = "slow_expression"
        message = (
            f"the expression {written} can take seconds to match one origin, because its "
            "repetitions can divide the same text in many ways. Any client can send such an "
            "origin."
        )
        hint = hint or "write one repetition, such as [a-z0-9-]+, or list origin patterns."
    elif faults.is_empty:
        message = (
            f"the expression {written} matches no origin. It has to match the whole origin, "
            "scheme://host[:port], as browsers send it."
        )
    else:
        branch, *others = faults.dead_branches
        message = (
            f"the alternative {safe_repr(branch)} of the expression {written} matches no "
            "origin. Each alternative has to match the whole origin, scheme://host[:port], as "
            "browsers send it."
        )
        if others:
            message += f" The same is true of {' and '.join(map(safe_repr, others))}."
        corrected = corrected_expression(re.compile(branch))
        hint = "leave it out."
        if corrected is not None:
            hint = f"did you mean {corrected}? Otherwise leave it out."
    found.refuse("origins", expression, reason, message, hint)
    return False


def _refuse_origin(found: Findings, text: str, *, has_credentials: bool) -> None:
    hint: str | None
    reason: ProblemReason = "malformed_origin"
    expression, recipe = expression_in(text), expression_for(text)
    if text == "null":
        reason = "null_origin"
        message = "any page can get the origin 'null', for example in a sandboxed frame."
        hint = "serve the page over http://localhost or https, and list that origin."
    elif (parts := split_origins(text)) is not None:
        reason = "several_in_one"
        message = f"{safe_repr(text)} is several origins in one string."
        hint = f"split it: {parts}"  # not shortened, to be copied
    elif (corrected := corrected_origin(text)) is not None:
        reason = "not_canonical"
        message = (
            f"{safe_repr(text)} is not in the form in which browsers send origins "
            "(scheme://host or scheme://host:port), so it would never match."
        )
        hint = f"did you mean {corrected!r}?"
        if has_credentials or not text.lower().startswith("http:"):
            hint += _about_credentials(found, corrected)
        if "\\" in text:
            hint += f" For a regular expression, use {found.names.expression()}."
    elif not text.strip():
        message = f"{safe_repr(text)} is an empty string."
        hint = "leave it out. Was an environment variable empty?"
    elif is_missing(text):
        message = f"{safe_repr(text)} is not an origin. Was an environment variable not set?"
        hint = _list_origins(found)
    elif is_meant_for_any_origin(text):
        message = f"{safe_repr(text)} is not a valid origin pattern."
        hint = (
            f"to allow any origin, write {found.write('origins', ANY)}. It cannot be "
            f"combined with {found.names.option('supports_credentials')}."
        )
    elif expression is not None:
        message = f"{safe_repr(text)} is a regular expression in a string."
        hint = f"did you mean {found.names.expression_assignment(expression)}?"
    elif recipe is not None:
        message = (
            f"{safe_repr(text)} has a '*' where patterns cannot have one. A host may start "
            "with '*.', which stands for whole labels, and a port may be '*'."
        )
        hint = f"did you mean {found.names.expression_assignment(recipe.source)}?"
        if not recipe.is_safe:
            about = _about_addresses if recipe.is_address else _about_deployments
            hint = about(found, recipe.source)
    elif (example := example_for_any_host(text)) is not None:
        message = f"{safe_repr(text)} has no host, and patterns cannot have '*' for all of it."
        listed = found.names.assignment("origins", f'["{example}"]')
        hint = f"list the origins of your pages, as in {listed}."
    elif re.match("(?i:data|file|blob|about|filesystem|javascript):", text):
        message = f"pages of {safe_repr(text)} have the origin 'null', as many others have."
        hint = "serve the page over http://localhost or https, and list that origin."
    else:
        message = (
            f"{safe_repr(text)} is not a valid origin pattern. Write scheme://host or "
            "scheme://host:port, where the host may start with '*.' and the port may be '*'."
        )
        hint = (
            "enter window.origin in the browser's console to see the origin of a page. For a "
            f"regular expression, use {found.names.expression()}."
        )
    found.refuse("origins", text, reason, message, hint)


def _list_origins(found: Findings) -> str:
    return (
        f"list them, as in {found.example_origins()}. For a public API, write "
        f"{found.write('origins', ANY)}."
    )


def _about_credentials(found: Findings, origin: str) -> str:
    """Return a sentence if an origin needs more than to be listed to be allowed with them."""
    pattern = parse_pattern(origin)
    patterns = [] if pattern is None else [(origin, pattern)]
    problems = check_origins((), patterns, frozenset(), found.names)
    hints = [problem.hint for problem in problems]
    return f" With credentials, {hints[0]}" if hints else ""


def _about_deployments(found: Findings, source: str) -> str:
    domain = found.names.assignment("origins", '["https://*.preview.example.com"]')
    return (
        f"without credentials, write {found.names.expression_assignment(source)}. With "
        f"{found.names.option('supports_credentials')}, this is refused, because anyone can "
        "get a name that matches. For preview deployments, use a domain of your own, as in "
        f"{domain}, or a function that takes an origin and returns True or False."
    )


def _about_addresses(found: Findings, source: str) -> str:
    danger = found.names.assignment("dangerously_allow", '["expressions"]')
    return (
        f"write {found.names.expression_assignment(source)}. With "
        f"{found.names.option('supports_credentials')}, this needs {danger}, which means that you "
        "trust the pages of all these addresses, and the network to them."
    )


def is_async(function: object) -> bool:
    """Return whether a callable is a coroutine function, or an object with such a ``__call__``."""
    if isinstance(function, type):
        return False  # calling a class creates an object
    return iscoroutinefunction(function) or iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - the method itself is needed
    )
