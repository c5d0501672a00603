"""Options of a policy: reads their values, and reports problems under the names it is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, NamedTuple, TypeGuard

from . import fetch
from .callables import Mistake, find_mistake
from .credentials import DANGERS, check_origins, check_wildcards
from .environment import (
    Unparsed,
    find_truth,
    find_unparsed,
    fix_number,
    fix_truth,
    fix_unparsed,
    variable,
)
from .errors import Notice, NoticeReason, Problem, ProblemReason, safe_repr, wrong_type
from .expressions import corrected_expression, find_faults
from .names import OPTION_NAMES, Names
from .origins import NO_ORIGIN, OriginMatcher, OriginPattern, OriginRule, parse_pattern
from .suffixes import PublicSuffixes
from .suggestions import (
    corrected_origin,
    did_you_mean,
    expression_for,
    expression_in,
    is_meant_for_any_origin,
    is_missing,
    meant_option,
    split_list,
    split_methods,
    split_origins,
)

ANY = ("*",)
"""The value of an option that is ``"*"``, alone or in a list."""

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

_EXAMPLES = {
    "origins": '["https://app.example.com"]',
    "methods": '["GET", "POST"]',
    "allow_headers": '["Content-Type"]',
    "expose_headers": '["X-Total-Count"]',
    "dangerously_allow": '["insecure_origins"]',
}

_ABOUT_MAX_AGE = "0 turns the cache off, None leaves the header out."

# Methods that fetch() does not normalize, and that are often written in lower case.
# https://fetch.spec.whatwg.org/#concept-method-normalize
_CASE_SENSITIVE_METHODS = frozenset({"PATCH", "QUERY"})


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
    reader = _Reader(names, has_credentials=options.get("supports_credentials") is True)
    reader.check_names(options)
    given = {**DEFAULTS, **options}
    origins = reader.origins(given["origins"])
    values = {
        "origins": origins,
        "methods": reader.methods(given["methods"]),
        "allow_headers": reader.allow_headers(given["allow_headers"]),
        "expose_headers": reader.expose_headers(given["expose_headers"]),
        "supports_credentials": reader.supports_credentials(given["supports_credentials"]),
        "max_age": reader.max_age(given["max_age"]),
        "dangerously_allow": reader.dangerously_allow(given["dangerously_allow"]),
        "origin_matcher": reader.origin_matcher(origins),
    }
    reader.check_certainty(values)
    if values["supports_credentials"]:
        reader.check_credentials(values)
    return ReadOptions(values, reader.problems, reader.notices)


class _Reader:
    """Reads the options one by one, and collects problems and notices."""

    def __init__(self, names: Names, *, has_credentials: bool) -> None:
        self.problems: list[Problem] = []
        self.notices: list[Notice] = []
        self._names = names
        self._has_credentials = has_credentials
        self._patterns: list[tuple[str, OriginPattern]] = []

    def check_names(self, options: Mapping[str, object]) -> None:
        """Refuse unknown options."""
        for option, value in options.items():
            if option == "allow_private_network":
                message = "has no effect. Browsers no longer send the header that it is about."
                self._notice(option, value, "deprecated_option", message, "Remove it.")
            elif option not in DEFAULTS:
                # Options may come from a mapping, whose keys can be anything.
                name = option if isinstance(option, str) else safe_repr(option)
                meant = meant_option(name)
                hint = did_you_mean(meant, (*DEFAULTS, *self._names.others), self._names.option)
                if meant in options and meant not in (name, "origins"):  # it may be a stand-in
                    hint = f"remove it, because {self._names.option(meant)} is given, too."
                self._refuse(name, value, "unknown_option", "there is no such option.", hint)

    def origins(self, value: object) -> tuple[OriginRule, ...]:
        """Read ``origins``: `ANY`, or patterns, expressions and callables."""
        rules = () if value is None else self._items("origins", value)
        if rules is not None and all(isinstance(rule, str) and not rule.strip() for rule in rules):
            message = (
                "no origins are given, so all of them would be refused. Was an environment "
                "variable not set?"
            )
            hint = self._list_origins()
            if rules == () and value is not None:
                hint += " To turn CORS off, give None in place of the options."
            self._refuse("origins", value, "required", message, hint)
            rules = ()
        is_any = self._is_any("origins", rules)
        found = tuple(
            rule for rule in rules or () if not _is_wildcard(rule) and self._is_origin_rule(rule)
        )
        return ANY if is_any else found

    def origin_matcher(self, rules: Iterable[OriginRule]) -> OriginMatcher:
        """Compile the result of `origins` without parsing it again."""
        exact = {text for text, pattern in self._patterns if pattern.is_exact}
        patterns = [pattern for _, pattern in self._patterns if not pattern.is_exact]
        others = [rule for rule in rules if not isinstance(rule, str) and rule is not NO_ORIGIN]
        return OriginMatcher(exact, [*patterns, *others])

    def methods(self, value: object) -> tuple[str, ...] | None:
        """Read ``methods``: None, `ANY`, or normalized methods without duplicates."""
        if value is None:
            return None
        methods = [fetch.normalize_method(name) for name in self._tokens("methods", value)]
        forbidden = [method for method in methods if method.upper() in fetch.FORBIDDEN_METHODS]
        for method in methods:
            upper = method.upper()
            if method in forbidden:
                message = (
                    f"{safe_repr(method)} is a method that scripts cannot send "
                    "(https://fetch.spec.whatwg.org/#forbidden-method), so it is ignored."
                )
                self._notice("methods", method, "forbidden_method", message, "Remove it.")
            elif method != upper and upper in _CASE_SENSITIVE_METHODS:
                message = (
                    f"{method!r} is not the same method as {upper!r}. Methods are case-sensitive, "
                    "and fetch() sends this one as it is written."
                )
                hint = f"To allow {upper!r}, write {upper!r}, here and in the script."
                self._notice("methods", method, "method_case", message, hint)
        return tuple(dict.fromkeys(method for method in methods if method not in forbidden))

    def allow_headers(self, value: object) -> tuple[str, ...]:
        """Read ``allow_headers``: `ANY`, or names of request headers without duplicates."""
        names = self._header_names("allow_headers", value)
        kept = []
        for name in names:
            if fetch.is_forbidden_request_header(name):
                message = (
                    f"{safe_repr(name)} is a header that scripts cannot set "
                    "(https://fetch.spec.whatwg.org/#forbidden-request-header), so it is ignored."
                )
                hint = "Remove it."
                if "cookie" in name.lower():
                    hint += f" To allow cookies, use {self._names.option('supports_credentials')}."
                self._notice("allow_headers", name, "forbidden_header", message, hint)
                continue
            kept.append(name)
            if name.lower() in fetch.CORS_RESPONSE_HEADERS:
                message = (
                    f"{safe_repr(name)} is a response header. Some pages send it by mistake, and "
                    "are allowed to."
                )
                hint = "Remove it here and in the script that sets it."
                self._notice("allow_headers", name, "wrong_direction", message, hint)
            elif name.lower() in fetch.RESPONSE_ONLY_HEADERS:
                self._notice_direction("allow_headers", name, "request", "response")
        return tuple(kept)

    def expose_headers(self, value: object) -> tuple[str, ...]:
        """Read ``expose_headers``: `ANY`, or names of response headers without duplicates."""
        names = self._header_names("expose_headers", value)
        kept = []
        for name in names:
            if name.lower() in fetch.FORBIDDEN_RESPONSE_HEADERS:
                message = (
                    f"{safe_repr(name)} is a header that scripts cannot read "
                    "(https://fetch.spec.whatwg.org/#forbidden-response-header-name), so it is "
                    "ignored."
                )
                hint = "Remove it. Browsers store cookies without the help of scripts."
                self._notice("expose_headers", name, "forbidden_header", message, hint)
                continue
            kept.append(name)
            if name.lower() in fetch.REQUEST_ONLY_HEADERS:
                self._notice_direction("expose_headers", name, "response", "request")
        return tuple(kept)

    def supports_credentials(self, value: object) -> bool:
        """Read ``supports_credentials``. Only True and False are accepted."""
        if isinstance(value, bool):
            return value
        option = "supports_credentials"
        hint = fix_truth(value, self._assigned(option), variable(option))
        self._refuse_type(option, value, "True or False", hint)
        truth = find_truth(value)
        return truth is not None and truth.meant

    def max_age(self, value: object) -> int | None:
        """Read ``max_age``: whole seconds, or None."""
        seconds = value.total_seconds() if isinstance(value, timedelta) else value
        if seconds is None:
            return None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            hint = f"as in {self._write('max_age', 600)}; {_ABOUT_MAX_AGE}"
            if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,9}\s*", value):
                hint = fix_number(value, self._assigned("max_age"), variable("max_age"))
            self._refuse_type("max_age", value, "whole seconds, a timedelta or None", hint)
        elif MAX_AGE_LIMIT < seconds < float("inf"):
            message = (
                f"{safe_repr(value)} is longer than a day. Browsers do not cache preflights for "
                f"longer, so {MAX_AGE_LIMIT} is sent."
            )
            hint = f"Write {self._write('max_age', MAX_AGE_LIMIT)}."
            self._notice("max_age", value, "long_max_age", message, hint)
            return MAX_AGE_LIMIT
        elif not 0 <= seconds <= MAX_AGE_LIMIT or seconds != int(seconds):
            is_number = seconds == seconds  # nan does not equal itself
            nearest = round(min(max(seconds, 0), MAX_AGE_LIMIT)) if is_number else 600
            message = (
                f"{safe_repr(value)} is not a whole number of seconds from 0 to {MAX_AGE_LIMIT}."
            )
            hint = f"did you mean {nearest}? {_ABOUT_MAX_AGE}"
            self._refuse("max_age", value, "out_of_range", message, hint)
        else:
            return int(seconds)
        return None

    def dangerously_allow(self, value: object) -> frozenset[str]:
        """Read ``dangerously_allow``: members of `DANGERS`."""
        items = self._items("dangerously_allow", value) or ()
        names = [name for name in items if self._is_string(name, "dangerously_allow")]
        for name in names:
            if name not in DANGERS:
                message = f"{safe_repr(name)} is not the name of a check that can be turned off."
                hint = did_you_mean(name, DANGERS, kind="names")
                self._refuse("dangerously_allow", name, "unknown_value", message, hint)
        return frozenset(names)

    def check_certainty(self, values: Mapping[str, Any]) -> None:
        """Refuse expressions that are too complex to find out how long matching takes."""
        for rule in values["origins"] if "expressions" not in values["dangerously_allow"] else ():
            if isinstance(rule, re.Pattern) and find_faults(rule).is_uncertain:
                message = (
                    f"the expression {safe_repr(rule.pattern)} is too complex to find out how long "
                    "it takes to match one origin. Any client can send long ones."
                )
                danger = self._write("dangerously_allow", ["expressions"])
                hint = (
                    f"write a simpler one, or list origin patterns. If it is quick, write {danger}."
                )
                self._refuse("origins", rule, "slow_expression", message, hint)

    def check_credentials(self, values: Mapping[str, Any]) -> None:
        """Refuse values that are dangerous or have no effect with ``supports_credentials``."""
        origins, dangers = values["origins"], values["dangerously_allow"]
        is_any_header = values["expose_headers"] == ANY
        self.problems += check_wildcards(origins is ANY, is_any_header, self._names)
        self.problems += check_origins(origins, self._patterns, dangers, self._names)
        self._check_age(origins, dangers)

    def _check_age(self, origins: Iterable[OriginRule], dangers: frozenset[str]) -> None:
        """Notice that the public suffix list is outdated, if it was needed to check origins."""
        checked: list[OriginRule] = []
        if "public_suffixes" not in dangers:
            checked += [text for text, pattern in self._patterns if pattern.subdomains]
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
            name = self._names.option("origins", checked[0])
            self.notices.append(Notice(name, checked[0], "outdated_suffixes", message, hint))

    def _is_origin_rule(self, rule: object) -> TypeGuard[OriginRule]:
        if isinstance(rule, str):
            pattern = parse_pattern(rule)
            if pattern is None:
                self._refuse_origin(rule)
                return False
            self._patterns.append((rule, pattern))
            return True
        if isinstance(rule, re.Pattern) and isinstance(rule.pattern, str):
            return rule == NO_ORIGIN or self._is_usable(rule)
        if callable(rule):
            if (mistake := find_mistake(rule)) is not None:
                self._refuse_callable(rule, mistake)
                return False
            if not is_async(rule):
                return True
            message = (
                f"{safe_repr(rule)} is a coroutine function, and WSGI cannot await its result."
            )
            hint = (
                "use a plain function, or pass the result to corswsgi.decide() as origin_allowed."
            )
            self._refuse("origins", rule, "coroutine_function", message, hint)
            return False
        expected = "an origin pattern, a compiled regular expression for str, or a callable"
        hint = f"as in {self._example_origins()}."
        if rule is None:
            hint = "was an environment variable not set?"
        self._refuse_type("origins", rule, expected, hint)
        return False

    def _refuse_callable(self, function: object, mistake: Mistake) -> None:
        hint = mistake.hint
        if hint is None:
            hint = (
                f"list the origins, as in {self._example_origins()}, or write a function that "
                "takes an origin and returns True or False."
            )
            meant = mistake.meant
            rules: Sequence[object] = [meant]
            if isinstance(meant, str) and parse_pattern(meant) is None:
                rules = split_origins(meant) or [corrected_origin(meant)]
            if not read_options({"origins": rules}).problems:
                hint = f"write {self._names.assignment('origins', repr(rules))}."
        self._refuse("origins", function, "wrong_type", mistake.message, hint)

    def _is_usable(self, expression: re.Pattern[str]) -> bool:
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
        self._refuse("origins", expression, reason, message, hint)
        return False

    def _refuse_origin(self, text: str) -> None:
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
            if self._has_credentials or not text.lower().startswith("http:"):
                hint += self._about_credentials(corrected)
            if "\\" in text:
                hint += f" For a regular expression, use {self._names.expression()}."
        elif not text.strip():
            message = f"{safe_repr(text)} is an empty string."
            hint = "leave it out. Was an environment variable empty?"
        elif is_missing(text):
            message = f"{safe_repr(text)} is not an origin. Was an environment variable not set?"
            hint = self._list_origins()
        elif is_meant_for_any_origin(text):
            message = f"{safe_repr(text)} is not a valid origin pattern."
            hint = (
                f"to allow any origin, write {self._write('origins', ANY)}. It cannot be "
                f"combined with {self._names.option('supports_credentials')}."
            )
        elif expression is not None:
            message = f"{safe_repr(text)} is a regular expression in a string."
            hint = f"did you mean {self._names.expression_assignment(expression)}?"
        elif recipe is not None:
            message = (
                f"{safe_repr(text)} has a '*' where patterns cannot have one. A host may start "
                "with '*.', which stands for whole labels, and a port may be '*'."
            )
            hint = f"did you mean {self._names.expression_assignment(recipe.source)}?"
            if not recipe.is_safe:
                hint = self._about_deployments(recipe.source)
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
                f"regular expression, use {self._names.expression()}."
            )
        self._refuse("origins", text, reason, message, hint)

    def _list_origins(self) -> str:
        return (
            f"list them, as in {self._example_origins()}. For a public API, write "
            f"{self._write('origins', ANY)}."
        )

    def _about_credentials(self, origin: str) -> str:
        """Return a sentence if an origin needs more than to be listed to be allowed with them."""
        pattern = parse_pattern(origin)
        patterns = [] if pattern is None else [(origin, pattern)]
        found = check_origins((), patterns, frozenset(), self._names)
        hints = [problem.hint for problem in found]
        return f" With credentials, {hints[0]}" if hints else ""

    def _about_deployments(self, source: str) -> str:
        domain = self._names.assignment("origins", '["https://*.preview.example.com"]')
        return (
            f"without credentials, write {self._names.expression_assignment(source)}. With "
            f"{self._names.option('supports_credentials')}, this is refused, because anyone can "
            "get a name that matches. For preview deployments, use a domain of your own, as in "
            f"{domain}, or a function that takes an origin and returns True or False."
        )

    def _header_names(self, option: str, value: object) -> tuple[str, ...]:
        names: dict[str, str] = {}
        for name in self._tokens(option, value):
            names.setdefault(name.lower(), name)
        return tuple(names.values())

    def _tokens(self, option: str, value: object) -> tuple[str, ...]:
        items = self._items(option, value)
        is_any = self._is_any(option, items)
        tokens = tuple(item for item in items or () if self._is_token(item, option))
        return ANY if is_any else tokens

    def _is_token(self, item: object, option: str) -> TypeGuard[str]:
        if not self._is_string(item, option):
            return False
        hint: str | None
        if not item.strip() or is_missing(item):
            message = f"{safe_repr(item)} is not a name. Was an environment variable not set?"
            hint = f"leave it out, or write {self._names.assignment(option, _EXAMPLES[option])}."
            self._refuse(option, item, "not_a_token", message, hint)
            return False
        joined = split_methods(item) if option == "methods" else []
        if joined:
            message = f"{safe_repr(item)} is several names in one string. Is a comma missing?"
            self._refuse(option, item, "several_in_one", message, f"split it: {joined}")
            return False
        if fetch.is_token(item):
            if "*" not in item or item == "*":
                return True
            message = f"{safe_repr(item)} contains '*', and names cannot have wildcards."
            hint = f"list the names, or write {self._write(option, ANY)}."
            self._refuse(option, item, "not_a_pattern", message, hint)
            return False
        parts = split_list(item)
        is_accepted = all(_is_accepted(option, part) for part in parts)
        if len(parts) > 1 and all(map(fetch.is_token, parts)):
            message = f"{safe_repr(item)} is several names in one string."
            hint = f"split it: {parts}" if is_accepted else "split it into a list."
            self._refuse(option, item, "several_in_one", message, hint)
            return False
        message = (
            f"{safe_repr(item)} is not a valid HTTP token "
            "(https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)."
        )
        hint = f"did you mean {parts[0]!r}?" if len(parts) == 1 and is_accepted else None
        self._refuse(option, item, "not_a_token", message, hint)
        return False

    def _is_any(self, option: str, items: tuple[object, ...] | None) -> bool:
        if not any(map(_is_wildcard, items or ())):
            return False
        others = [item for item in items or () if not _is_wildcard(item)]
        if not others:
            return True
        # The standard writes `*, Authorization`.
        if option != "allow_headers" or not all(map(_is_authorization, others)):
            message = "'*' already allows everything, so the other entries have no effect."
            hint = f"Write {self._write(option, ANY)}, or only the other entries."
            self._notice(option, items, "beside_wildcard", message, hint)
        return True

    def _is_string(self, item: object, option: str) -> TypeGuard[str]:
        if isinstance(item, str):
            return True
        hint = f"as in {self._names.assignment(option, _EXAMPLES[option])}."
        self._refuse_type(option, item, "a string", hint)
        return False

    def _items(self, option: str, value: object) -> tuple[object, ...] | None:
        """Return the items of a value; None, and a problem, if it is not a list or one item."""
        if isinstance(value, str | re.Pattern) or callable(value):
            items: tuple[object, ...] = (value,)
        elif not isinstance(value, Iterable) or isinstance(value, Mapping | bytes | bytearray):
            hint = f"as in {self._names.assignment(option, _EXAMPLES[option])}."
            if value is None:
                hint = "leave it out. Was an environment variable not set?"
            self._refuse_type(option, value, "a string or a list of strings", hint)
            return None
        elif isinstance(value, AbstractSet):
            # A set has another order in every process, and so would the headers.
            return tuple(sorted(value, key=safe_repr))
        else:
            items = tuple(value)
        unparsed = find_unparsed(items, partial(_meant, option))
        if unparsed is not None:
            self._refuse_unparsed(option, items[0] if len(items) == 1 else value, unparsed)
            return None
        return items

    def _refuse_unparsed(self, option: str, value: object, unparsed: Unparsed) -> None:
        kind = "origins" if option == "origins" else "names"
        message = f"{safe_repr(value)} {unparsed.why.format(kind=kind)}."
        hint = fix_unparsed(unparsed, self._assigned(option), variable(option))
        self._refuse(option, value, "several_in_one", message, hint)

    def _notice_direction(self, option: str, name: str, listed: str, actual: str) -> None:
        other = {"request": "allow_headers", "response": "expose_headers"}[actual]
        message = (
            f"{safe_repr(name)} is a {actual} header, but {self._names.option(option)} is for "
            f"{listed} headers."
        )
        hint = "Remove it. Browsers handle it themselves."
        if _is_accepted(other, name):
            hint = f"Did you mean {self._names.option(other)}? Otherwise remove it."
        self._notice(option, name, "wrong_direction", message, hint)

    def _refuse_type(self, option: str, value: object, expected: str, hint: str | None) -> None:
        name = self._names.option(option, value)
        self.problems.append(wrong_type(name, value, expected, hint))

    def _refuse(
        self, option: str, value: object, reason: ProblemReason, message: str, hint: str | None
    ) -> None:
        name = self._names.option(option, value)
        self.problems.append(Problem(name, value, reason, message, hint))

    def _notice(
        self, option: str, value: object, reason: NoticeReason, message: str, hint: str
    ) -> None:
        name = self._names.option(option, value)
        self.notices.append(Notice(name, value, reason, message, hint))

    def _assigned(self, option: str) -> Callable[[str], str]:
        return partial(self._names.assignment, option)

    def _write(self, option: str, value: object) -> str:
        return self._names.assignment(option, '"*"' if value is ANY else repr(value))

    def _example_origins(self) -> str:
        return self._names.assignment("origins", _EXAMPLES["origins"])


def is_async(function: object) -> bool:
    """Return whether a callable is a coroutine function, or an object with such a ``__call__``."""
    if isinstance(function, type):
        return False  # calling a class creates an object
    return iscoroutinefunction(function) or iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - the method itself is needed
    )


def _is_wildcard(item: object) -> bool:
    # Without the type check, `==` would call methods of arbitrary objects.
    return isinstance(item, str) and item == "*"


def _is_authorization(item: object) -> bool:
    return isinstance(item, str) and item.lower() == "authorization"


def _meant(option: str, text: str) -> str | None:
    """Return the item that a text is, or was probably meant to be; None if unknown."""
    if text == "*":
        return text
    if option == "origins":
        return text if parse_pattern(text) else corrected_origin(text)
    return text if fetch.is_token(text) and "*" not in text and not is_missing(text) else None


def _is_accepted(option: str, name: str) -> bool:
    """Return whether an option accepts a name and uses it, so that a hint may suggest it."""
    if name == "*" or not fetch.is_token(name):
        return False
    read = read_options({"origins": "*", option: name})
    return not read.problems and bool(read.values[option])
