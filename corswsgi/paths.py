"""PathPatterns: path patterns, compiled, and the value of the one that matches a path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

from .errors import Notice, Problem, safe_repr
from .path_expressions import Meaning, find_meaning

T = TypeVar("T")

_BELOW = "/*"

_NOT_A_PATTERN = (
    "is not a valid path pattern. Write a path ('/health'), or a path and everything below it "
    "('/api/*')."
)

_has_escape = re.compile(r"%[0-9A-Fa-f]{2}").search
# Regular expressions and placeholders of routes. As paths they would match nothing that was meant.
# `name(...)` can be a path, as in OData.
_has_other_syntax = re.compile(
    r"[\\^|<>\[\]{}]|\.[*+]|/:|\$$|/\?$|\(\?|\)[?*+]|(?<!\w)\(.*\)|\([^()]*/.*\)"
).search
_has_query = re.compile(r"#|(?<!\()\?[\w.-]+=").search
_has_dot_segment = re.compile(r"/\.{1,2}(?:/|\Z)").search
# White space around a path, and before its wildcard.
_stray_space = re.compile(r"\A\s+|\s+(?=/?\.?\*?\Z)")
# Expressions that match a `*` or slashes, and not everything below a path: `/api/\*`, `/api/*$`.
_has_other_star = re.compile(r"\\\*|/\*\$\Z").search
# Other ways to write paths: `*`, `/.*`, `/api*`, `^/api/.*$` and `/a\.b`. The groups are the start,
# the path with escaped characters, the wildcard and the end.
_read_plain = re.compile(
    r"(\^?)((?:\\[^\w\s*]|[^\\^|<>\[\]{}()+?#$*])*?)(\\?/\.?\*|(?<!\.)\*|(?<![^^])\.\*)?(\$?)"
).fullmatch


class PathPatterns(Generic[T]):
    """Path patterns with a value each. The longest pattern that matches a path wins.

    ``/health`` matches itself. ``/api/*`` matches ``/api`` and everything below it, but not
    ``/apikeys``. Patterns are compared with the path as the application gets it: case-sensitive and
    decoded once.
    """

    def __init__(self, patterns: Mapping[str, T], dotted: T | None = None) -> None:
        """Compile patterns from `read_patterns`.

        `dotted` is the value for paths with a segment ``..`` or ``.``, unless it is None. Browsers
        resolve such segments before they send a path, except for one that is written ``..%2f``.
        Some applications resolve them afterwards, so no pattern can be trusted to match them.
        """
        self.patterns: Mapping[str, T] = {**patterns}
        """The patterns, with their values."""
        self._dotted = dotted
        self._paths: dict[str, T] = {}
        self._below: dict[str, T] = {}
        for pattern, value in patterns.items():
            if pattern.endswith(_BELOW):
                self._below[as_wsgi(pattern.removesuffix(_BELOW))] = value
            else:
                self._paths[as_wsgi(pattern)] = value
        # Clients choose the path. So a path that is longer than any pattern is not hashed, and
        # segments deeper than any pattern are not looked up.
        self._longest = max(map(len, [*self._paths, *self._below]), default=0)
        self._depth = max((path.count("/") + 1 for path in self._below), default=0)

    def find(self, path: str, default: T) -> T:
        """Return the value for `path` (WSGI's PATH_INFO), or `default` if no pattern matches."""
        if "/." in path and self._dotted is not None and _has_dot_segment(path):
            return self._dotted
        if len(path) <= self._longest:
            if path in self._paths:
                return self._paths[path]
            if path in self._below:
                return self._below[path]
        found = default
        position = path.find("/")
        for _ in range(self._depth):
            if not 0 <= position <= self._longest:
                break
            found = self._below.get(path[:position], found)
            position = path.find("/", position + 1)
        return found


def as_wsgi(path: str) -> str:
    """Encode a path as WSGI does: its UTF-8 bytes, decoded as Latin-1.

    https://peps.python.org/pep-3333/#unicode-issues
    """
    return path.encode("utf-8").decode("latin-1")


@dataclass(frozen=True)
class ReadPath(Generic[T]):
    """An entry of a mapping from path patterns."""

    place: str
    """Its name, such as ``resources['/a']``."""
    pattern: str
    """The pattern in its usual form; if it has a problem, as it was written."""
    value: T
    problem: Problem | None
    notice: Notice | None = None


def read_patterns(option: str, given: Mapping[Any, T]) -> Iterator[ReadPath[T]]:
    """Read a mapping from path patterns, which may be written like expressions, as in ``/.*``.

    `option` is its name.
    """
    first: dict[str, tuple[str, T]] = {}
    for path, value in given.items():
        place = f"{option}[{safe_repr(path)}]"
        problem = check_path(option, path)
        pattern = normalize_path(path) if problem is None else path
        if problem is None and pattern in first and first[pattern][1] != value:
            other = safe_repr(first[pattern][0])
            message = f"{safe_repr(path)} matches the same paths as {other}, with another value."
            hint = f"keep one of them, {pattern!r}."
            problem = Problem(place, path, "given_twice", message, hint)
        first.setdefault(pattern, (path, value))
        notice = _notice_wildcard(place, path, pattern) if problem is None else None
        yield ReadPath(place, pattern, value, problem, notice)


def _notice_wildcard(place: str, path: str, pattern: str) -> Notice | None:
    """Return a notice about a ``*`` directly behind a character, as in ``/api*``."""
    if not re.search(r"[^/.]\*\$?\Z", path.lstrip("^")):
        return None
    other = f"{pattern.removesuffix(_BELOW)}keys"
    message = f"{safe_repr(path)} is read as {pattern!r}, which does not match {other!r}."
    return Notice(place, path, "path_wildcard", message, f"Write {pattern!r}.")


def normalize_path(path: str) -> str:
    r"""Return a path pattern in its usual form: ``/*`` for ``*``, and ``/a.b`` for ``^/a\.b$``.

    Other texts are returned as they are.
    """
    written = _read_plain(path)
    if written is None or _has_other_star(path) or _stray_space.search(path):
        return path
    start, plain, wildcard, end = written.groups()
    plain = re.sub(r"\\(.)", r"\1", plain)
    if plain[:1] not in ("", "/"):
        return path
    if wildcard:
        return plain + _BELOW
    return plain if plain and bool(start) is bool(end) else path


def check_path(option: str, path: object) -> Problem | None:
    """Return the problem with a path pattern in the mapping `option`, if there is one."""
    place = f"{option}[{safe_repr(path)}]"
    if not isinstance(path, str):
        message = f"{safe_repr(path)} is of type {type(path).__name__}; expected a string."
        hint = "write a path, as in '/api/*'. Regular expressions are not supported."
        if isinstance(path, re.Pattern) and isinstance(path.pattern, str):
            hint = _suggest(option, find_meaning(path)) or hint
        return Problem(place, path, "wrong_type", message, hint)
    fault = _find_fault(path)
    if fault is None:
        return None
    message, meant = fault
    suggestion = _suggest(option, meant)
    if suggestion is None and message is _NOT_A_PATTERN:
        suggestion = "list the paths that you mean, as in '/api/v1/*', '/api/v2/*'."
    return Problem(place, path, "malformed_path", f"{safe_repr(path)} {message}", suggestion)


def _suggest(option: str, meaning: Meaning | None) -> str | None:
    """Return a hint with the patterns that were probably meant, if they are valid."""
    if meaning is None or any(map(_find_fault, (*meaning.patterns, *meaning.excluded))):
        return None
    if meaning.excluded:
        items = [f'"{pattern}": ...' for pattern in meaning.patterns]
        items += [f'"{pattern}": None' for pattern in meaning.excluded]
        return f"write {option} = {{{', '.join(items)}}}, where ... stands for your options."
    first, *others = map(repr, meaning.patterns)
    if others:
        return f"list the paths: {', '.join((first, *others))}."
    if meaning.is_wide:
        below = meaning.patterns[0].removesuffix(_BELOW)
        matched = f"everything below {below!r}" if below else "every path"
        return f"did you mean {first}, which matches {matched}?"
    return f"did you mean {first}?"


def _find_fault(path: str) -> tuple[str, Meaning | None] | None:
    """Return the message about an invalid pattern, and what may have been meant."""
    stripped = _stray_space.sub("", path)
    if stripped != path:
        meant = Meaning((normalize_path(stripped),))
        return _find_fault(stripped) or ("has white space that is not part of the path.", meant)
    if _has_other_star(path):
        plain = normalize_path(re.sub(r"\A\^|\$\Z|\\(.)", r"\1", path))
        return _NOT_A_PATTERN, Meaning((plain,), is_wide=True)
    path = normalize_path(path)
    # str.isprintable is False for control characters and for lone surrogates, which UTF-8 lacks.
    if not path.isprintable():
        return "contains characters that cannot occur in a path.", None
    is_other = "*" in path.removesuffix(_BELOW) or _has_other_syntax(path) is not None
    if _has_query(path) or ("?" in path and not is_other):
        meant = Meaning((re.split("[?#]", path)[0],))
        return "contains a query or a fragment, and not only a path.", meant
    if _has_escape(path):
        meant = Meaning((unquote(path),))
        return "is percent-encoded, but servers decode the path before matching.", meant
    if _has_dot_segment(path):
        return "has a segment '.' or '..', which browsers resolve before they send the path.", None
    if is_other or path[:1] != "/":
        relative = re.sub(r"^\^?\w+://[^/]*", "", path)  # without the beginning of a URL
        if path[:1].isalnum() and not is_other and relative == path:
            return _NOT_A_PATTERN, Meaning((f"/{path}",))
        return _NOT_A_PATTERN, find_meaning(relative) if relative else None
    return None
