"""The options of a policy: values as people write them in, values to rely on out."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from difflib import get_close_matches
from inspect import iscoroutinefunction
from typing import TypeGuard

from . import fetch
from .corrections import as_https, corrected_origin, split_origins
from .errors import Problem, ProblemReason, shown, wrong_type
from .origins import NOBODY, OriginPattern, OriginRule, OriginSet, parse_pattern
from .probes import probes
from .suffixes import PublicSuffixes

ANY = ("*",)
"""What the reader makes of ``"*"``, alone or in a list."""

DANGERS = ("insecure_origins", "public_suffixes")
"""What ``dangerously_allow`` can lift."""

_is_anything = re.compile(r"\^?(?:https?\??://|[a-z(|)]+://)?\.?[*+]\$?").fullmatch

_FLAGS = re.IGNORECASE | re.VERBOSE

MAX_AGE_LIMIT = 86400
"""In seconds: no browser keeps a preflight for longer than a day."""


class OptionReader:
    """Reads the options of one policy, and collects everything that it refuses.

    What a method answers for a value that it refuses is of the right type and otherwise
    arbitrary: look at `problems` before using any of it.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._patterns: list[tuple[str, OriginPattern]] = []

    def refuse(
        self,
        option: str,
        value: object,
        reason: ProblemReason,
        message: str,
        hint: str | None = None,
    ) -> None:
        """Add one problem; the arguments are those of `Problem`."""
        self.problems.append(Problem(option, value, reason, message, hint))

    def unknown(self, options: Mapping[str, object], known: Collection[str]) -> None:
        """Refuse `options`, whose names are none of those `known`."""
        for name, value in options.items():
            self.refuse(
                name,
                value,
                "unknown_option",
                "there is no such option.",
                did_you_mean(name, known),
            )

    def origins(self, value: object) -> tuple[OriginRule, ...]:
        """Read ``origins``: `ANY`, or patterns, expressions and callables."""
        missing = value is None or (isinstance(value, str) and not value.strip())
        rules = () if missing else self._items("origins", value)
        if rules == ():
            self.refuse(
                "origins",
                value,
                "required",
                "no origins were given, so that nothing could be allowed. Was an environment "
                "variable not set?",
                'list them, as in origins=["https://app.example.com"]; write origins="*" for a '
                "public API.",
            )
        is_any = self._is_any("origins", rules)
        named = [rule for rule in rules or () if not _is_wildcard(rule)]
        found = tuple(rule for rule in named if self._is_origin_rule(rule))
        return ANY if is_any else found

    def origin_set(self, rules: Iterable[OriginRule]) -> OriginSet:
        """Compile what `origins` has read, without parsing it again."""
        exact = {text for text, pattern in self._patterns if pattern.is_exact}
        wild = [pattern for _, pattern in self._patterns if not pattern.is_exact]
        others = [rule for rule in rules if not isinstance(rule, str)]
        return OriginSet(exact, [*wild, *others])

    def methods(self, value: object) -> tuple[str, ...] | None:
        """Read ``methods``: None, `ANY`, or methods, normalized, each once."""
        if value is None:
            return None
        methods = [fetch.normalize_method(name) for name in self._tokens("methods", value)]
        for method in methods:
            if method.upper() in fetch.FORBIDDEN_METHODS:
                self.refuse(
                    "methods",
                    method,
                    "forbidden_method",
                    f"{shown(method)} is a method that no script can send (Fetch, 2.2.1).",
                    "leave it out.",
                )
            elif method.upper() == "PATCH" != method:
                # The stack from here: methods, Policy.__init__, who wrote the policy.
                warnings.warn(
                    f"methods: {shown(method)} is another method than 'PATCH'. fetch() sends it "
                    "as it is written, unlike 'put': write 'PATCH', here and in the script.",
                    stacklevel=3,
                )
        return tuple(dict.fromkeys(methods))

    def allow_headers(self, value: object) -> tuple[str, ...]:
        """Read ``allow_headers``: `ANY`, or names of request headers, each once."""
        names = self._header_names("allow_headers", value)
        for name in names:
            if name.lower() in fetch.RESPONSE_ONLY_HEADERS:
                self._refuse_direction("allow_headers", name, "request", "response")
            elif fetch.is_forbidden_request_header(name):
                self.refuse(
                    "allow_headers",
                    name,
                    "forbidden_header",
                    f"{shown(name)} is a header that script can never set (Fetch, forbidden "
                    "request-header); where browsers send it, they do so without asking.",
                    "leave it out. (Cookies are a matter of supports_credentials.)"
                    if "cookie" in name.lower()
                    else "leave it out.",
                )
        return names

    def expose_headers(self, value: object) -> tuple[str, ...]:
        """Read ``expose_headers``: `ANY`, or names of response headers, each once."""
        names = self._header_names("expose_headers", value)
        for name in names:
            if name.lower() in fetch.REQUEST_ONLY_HEADERS:
                self._refuse_direction("expose_headers", name, "response", "request")
            elif name.lower() in fetch.FORBIDDEN_RESPONSE_HEADERS:
                self.refuse(
                    "expose_headers",
                    name,
                    "forbidden_header",
                    f"{shown(name)} is a header that script can never read (Fetch, forbidden "
                    "response-header name).",
                    "leave it out. (Browsers keep cookies without script's help.)",
                )
        return names

    def boolean(self, option: str, value: object) -> bool:
        """Read an option that is True or False, and nothing that merely counts as one."""
        if not isinstance(value, bool):
            hint = f"write {option}=True, or leave it out. (The text 'False' would be true.)"
            self._refuse_type(option, value, "True or False", hint)
        return value is True

    def max_age(self, value: object) -> int | None:
        """Read ``max_age``: whole seconds, or None."""
        seconds = value.total_seconds() if isinstance(value, timedelta) else value
        if seconds is None:
            return None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            self._refuse_type(
                "max_age",
                value,
                "whole seconds, a timedelta or None",
                "as in max_age=600; 0 turns caching off, None leaves the header out.",
            )
        elif not 0 <= seconds <= MAX_AGE_LIMIT or seconds != int(seconds):
            in_range = seconds == seconds  # nan does not equal itself
            nearest = round(min(max(seconds, 0), MAX_AGE_LIMIT)) if in_range else 600
            self.refuse(
                "max_age",
                value,
                "out_of_range",
                f"{shown(value)} is not a whole number of seconds from 0 to {MAX_AGE_LIMIT}, "
                "beyond which no browser goes.",
                f"did you mean {nearest}? 0 turns caching off, None leaves the header out.",
            )
        else:
            return int(seconds)
        return None

    def dangerously_allow(self, value: object) -> frozenset[str]:
        """Read ``dangerously_allow``: names among `DANGERS`."""
        names = [
            name
            for name in self._items("dangerously_allow", value) or ()
            if self._is_text(name, "dangerously_allow")
        ]
        for name in names:
            if name not in DANGERS:
                self.refuse(
                    "dangerously_allow",
                    name,
                    "unknown_value",
                    f"{shown(name)} is none of the refusals that can be lifted.",
                    did_you_mean(name, DANGERS, kind="refusals"),
                )
        return frozenset(names)

    def check_credentials(
        self,
        origins: Iterable[OriginRule],
        expose_headers: Collection[str],
        dangers: AbstractSet[str],
    ) -> None:
        """Refuse what is dangerous, or without effect, with ``supports_credentials`` only."""
        if origins is ANY:
            self.refuse(
                "origins",
                "*",
                "wildcard_with_credentials",
                "with supports_credentials, any site could read in the name of its visitors; "
                "browsers refuse '*' with credentials (Fetch, 3.3.3).",
                "list the origins that may, or leave supports_credentials out.",
            )
        if expose_headers == ANY:
            self.refuse(
                "expose_headers",
                "*",
                "wildcard_with_credentials",
                "with supports_credentials, '*' is a header's name and no wildcard (Fetch, 3.3.3).",
                "list the headers that script may read.",
            )
        for rule in origins:
            if isinstance(rule, re.Pattern) and rule is not NOBODY:
                self._check_width(rule)
        if "insecure_origins" not in dangers:
            self._check_insecure()
        if "public_suffixes" not in dangers:
            self._check_suffixes()

    def _check_width(self, expression: re.Pattern[str]) -> None:
        for probe in probes(expression.pattern):
            if expression.fullmatch(probe):
                self.refuse(
                    "origins",
                    expression,
                    "wildcard_with_credentials",
                    f"the expression {shown(expression.pattern)} matches anybody's origins, such "
                    f"as {probe}; with supports_credentials, they could read in the name of "
                    "their visitors.",
                    "name the host, as in 'https://*.example.com'.",
                )
                return

    def _check_insecure(self) -> None:
        for text, pattern in self._patterns:
            if pattern.scheme == "http" and not pattern.is_loopback:
                self.refuse(
                    "origins",
                    text,
                    "insecure_origin",
                    f"{shown(text)} is not HTTPS: with supports_credentials, whoever sits on the "
                    "way of such a page could read in the name of its visitors.",
                    f"did you mean {as_https(text)!r}? Where there is no HTTPS, "
                    'dangerously_allow=["insecure_origins"] lifts this.',
                )

    def _check_suffixes(self) -> None:
        wild = [(text, pattern) for text, pattern in self._patterns if pattern.subdomains]
        suffixes = PublicSuffixes() if wild else None
        for text, pattern in wild:
            host = pattern.host.removesuffix(".")
            suffix = None if host == "localhost" or suffixes is None else suffixes.at_or_under(host)
            if suffix is not None:
                self.refuse(
                    "origins",
                    text,
                    "public_suffix",
                    f"{shown(text)} takes in the public suffix {suffix}: with "
                    "supports_credentials, whoever gets a name under it could read in the name "
                    "of your visitors.",
                    f"did you mean '{pattern.scheme}://*.YOUR-NAME.{suffix}'? Where all of it is "
                    'yours, dangerously_allow=["public_suffixes"] lifts this.',
                )

    def _is_origin_rule(self, rule: object) -> TypeGuard[OriginRule]:
        if isinstance(rule, str):
            pattern = parse_pattern(rule)
            if pattern is None:
                self._refuse_origin(rule)
                return False
            self._patterns.append((rule, pattern))
            return True
        if isinstance(rule, re.Pattern):
            if isinstance(rule.pattern, str):
                return self._can_match(rule)
        elif callable(rule):
            if not is_async(rule):
                return True
            self.refuse(
                "origins",
                rule,
                "coroutine_function",
                f"{shown(rule)} is a coroutine function, whose answer WSGI cannot await.",
                "give a plain function, or decide with origin_allowed= what an asynchronous one "
                "has answered.",
            )
            return False
        self._refuse_type(
            "origins",
            rule,
            "a pattern, a compiled expression of text, or a callable",
            'as in origins=["https://app.example.com"].'
            if rule is not None
            else "was an environment variable not set?",
        )
        return False

    def _can_match(self, expression: re.Pattern[str]) -> bool:
        """Refuse an expression that is nothing but a text, and that no origin is."""
        written = expression.pattern.removeprefix("^").removesuffix("$")
        text = re.sub(r"\\([./:-])", r"\1", written)
        if set(text) & set("\\^$*+?()[]{}|") or expression.flags & _FLAGS:
            return True
        # A dot that is not escaped may have been meant as one, or as any letter.
        lettered = re.sub(r"\\([./:-])", r"\1", re.sub(r"(?<!\\)\.", "a", written))
        if parse_pattern(text) is not None or parse_pattern(lettered) is not None:
            return True
        corrected = corrected_origin(text)
        self.refuse(
            "origins",
            expression,
            "malformed_origin",
            f"the expression {shown(expression.pattern)} matches no origin: it has to match all of "
            "it, scheme://host[:port].",
            None if corrected is None else f"did you mean {corrected!r}?",
        )
        return False

    def _refuse_origin(self, text: str) -> None:
        if text == "null":
            self.refuse(
                "origins",
                text,
                "null_origin",
                "'null' stands for every origin that has no name: any page can get it, with a "
                "sandboxed frame.",
                "serve the page over http://localhost or https, and list that origin.",
            )
        elif (parts := split_origins(text)) is not None:
            self.refuse(
                "origins",
                text,
                "several_in_one",
                f"{shown(text)} is several origins in one text.",
                f"split it: {shown(parts)}",
            )
        elif (corrected := corrected_origin(text)) is not None:
            self.refuse(
                "origins",
                text,
                "not_canonical",
                f"{shown(text)} is not the form in which a browser sends an origin "
                "(scheme://host or scheme://host:port), so it would never match.",
                f"did you mean {corrected!r}?"
                if "\\" not in text
                else f"did you mean {corrected!r}? An expression has to be compiled: "
                "re.compile(...).",
            )
        elif not text.strip():
            self.refuse(
                "origins",
                text,
                "malformed_origin",
                f"{shown(text)} is an empty origin.",
                "leave it out. Was an environment variable empty?",
            )
        else:
            self.refuse(
                "origins",
                text,
                "malformed_origin",
                f"{shown(text)} is no origin pattern: scheme://host or scheme://host:port, where "
                "the host may start with '*.' and the port may be '*'.",
                'write origins="*" for any origin, which goes without credentials only.'
                if _is_anything(text)
                else "window.origin, in the console of a page's browser, shows its origin. For "
                "what no pattern says, compile a regular expression: re.compile(...).",
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
        if not self._is_text(item, option):
            return False
        if fetch.is_token(item):
            if "*" not in item or item == "*":
                return True
            self.refuse(
                option,
                item,
                "not_a_pattern",
                f"{shown(item)} is a name as it stands: names have no patterns.",
                f'list the names, or write {option}="*".',
            )
            return False
        parts = [part for part in re.split(r"[,;\s]+", item) if part]
        takable = bool(parts) and all(_is_takable(option, part) for part in parts)
        if len(parts) > 1 and all(map(fetch.is_token, parts)):
            self.refuse(
                option,
                item,
                "several_in_one",
                f"{shown(item)} is several names in one text.",
                f"split it: {shown(parts)}" if takable else "split it, into a list of names.",
            )
        else:
            self.refuse(
                option,
                item,
                "not_a_token",
                f"{shown(item)} is no name that HTTP has (a token, RFC 9110, 5.6.2).",
                f"did you mean {parts[0]!r}?" if len(parts) == 1 and takable else None,
            )
        return False

    def _is_any(self, option: str, items: tuple[object, ...] | None) -> bool:
        if not any(map(_is_wildcard, items or ())):
            return False
        if items is not None and len(items) > 1:
            self.refuse(
                option,
                items,
                "not_alone",
                "'*' allows everything, so that what stands beside it says nothing.",
                f'write {option}="*", or only the others.',
            )
        return True

    def _is_text(self, item: object, option: str) -> TypeGuard[str]:
        if isinstance(item, str):
            return True
        self._refuse_type(option, item, "text", None)
        return False

    def _items(self, option: str, value: object) -> tuple[object, ...] | None:
        """Return the items of `value`; None, having refused it, where it is no such thing."""
        if isinstance(value, str | re.Pattern) or callable(value):
            return (value,)
        if not isinstance(value, Iterable) or isinstance(value, Mapping | bytes | bytearray):
            self._refuse_type(option, value, "text or a list of texts", None)
            return None
        # A set has another order in every process, and with it the headers that are made of it.
        return tuple(sorted(value, key=shown)) if isinstance(value, AbstractSet) else tuple(value)

    def _refuse_type(self, option: str, value: object, wanted: str, hint: str | None) -> None:
        self.problems.append(wrong_type(option, value, wanted, hint))

    def _refuse_direction(self, option: str, name: str, listed: str, actual: str) -> None:
        other = {"request": "allow_headers", "response": "expose_headers"}[actual]
        self.refuse(
            option,
            name,
            "wrong_direction",
            f"{shown(name)} is a {actual} header, and {option} lists {listed} headers.",
            f"did you mean {other}? Otherwise leave it out."
            if _is_takable(other, name)
            else "leave it out: browsers take care of it.",
        )


def did_you_mean(
    name: str, known: Collection[str], written: Callable[[str], str] = str, kind: str = "options"
) -> str:
    """Return a hint that names the one of `known` that `name` was probably meant to be, or all.

    `written` makes of an option's name what people write, such as a setting's.
    """
    close = get_close_matches(name.lower(), known, n=1)
    if close:
        return f"did you mean {written(close[0])!r}?"
    return f"the {kind} are {', '.join(map(written, known))}."


def is_async(function: object) -> bool:
    """Tell whether `function`, or an object's ``__call__``, is a coroutine function."""
    return iscoroutinefunction(function) or iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - the method itself is wanted
    )


def _is_wildcard(item: object) -> bool:
    # Not just `==`, which would ask whatever people put into lists.
    return isinstance(item, str) and item == "*"


def _is_takable(option: str, name: str) -> bool:
    """Tell whether a hint may suggest `name`: it would be taken itself."""
    reader = OptionReader()
    if name == "*" or not fetch.is_token(name):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        {
            "methods": reader.methods,
            "allow_headers": reader.allow_headers,
            "expose_headers": reader.expose_headers,
        }[option](name)
    return not reader.problems
