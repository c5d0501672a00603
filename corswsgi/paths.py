"""PathPatterns: path patterns, compiled, and the value of the one that matches a path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Generic, TypeVar
from urllib.parse import unquote

from .errors import Problem, safe_repr

T = TypeVar("T")

_BELOW = "/*"

_NOT_A_PATTERN = (
    "is not a valid path pattern. Write a path ('/health'), or a path and everything below it "
    "('/api/*')."
)

_has_escape = re.compile(r"%[0-9A-Fa-f]{2}").search
# Regular expressions and placeholders of routes. As paths they would match nothing that was meant.
_has_other_syntax = re.compile(r"[\\^|<>\[\]{}]|\.\+|/:|\$$").search
_has_dot_segment = re.compile(r"/\.{1,2}(?:/|\Z)").search


class PathPatterns(Generic[T]):
    """Path patterns with a value each. The longest pattern that matches a path wins.

    ``/health`` matches itself. ``/api/*`` matches ``/api`` and everything below it, but not
    ``/apikeys``. Patterns are compared with the path as the application gets it: case-sensitive and
    decoded once.
    """

    def __init__(self, patterns: Mapping[str, T], dotted: T | None = None) -> None:
        """Compile patterns that `check_path` accepts.

        `dotted` is the value for paths with a segment ``..`` or ``.``, unless it is None. Browsers
        resolve such segments before they send a path, except for one that is written ``..%2f``.
        Some applications resolve them afterwards, so no pattern can be trusted to match them.
        """
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


def check_path(option: str, path: object) -> Problem | None:
    """Return the problem with a path pattern, if there is one."""
    if not isinstance(path, str):
        message = f"{safe_repr(path)} is of type {type(path).__name__}; expected a string."
        fix = "write a path, as in '/api/*'. Regular expressions are not supported."
        return Problem(option, path, "wrong_type", message, fix)
    fault = _find_fault(path)
    if fault is None:
        return None
    message, meant = fault
    hint: str | None = None
    # A pattern is only suggested if it is valid itself.
    if meant is not None and _find_fault(meant) is None:
        hint = f"did you mean {meant!r}?"
    elif message is _NOT_A_PATTERN:
        hint = "list the paths that you mean, as in '/api/v1/*', '/api/v2/*'."
    return Problem(option, path, "malformed_path", f"{safe_repr(path)} {message}", hint)


def _find_fault(path: str) -> tuple[str, str | None] | None:
    """Return the message about an invalid pattern, and the pattern that may have been meant."""
    # str.isprintable is False for control characters and for lone surrogates, which UTF-8 lacks.
    if not path.isprintable():
        return "contains characters that cannot occur in a path.", None
    if "?" in path or "#" in path:
        return "contains a query or a fragment, and not only a path.", re.split("[?#]", path)[0]
    if _has_escape(path):
        return "is percent-encoded, but servers decode the path before matching.", unquote(path)
    if _has_dot_segment(path):
        return "has a segment '.' or '..', which browsers resolve before they send the path.", None
    if "*" in path.removesuffix(_BELOW) or path[:1] != "/" or _has_other_syntax(path):
        # `/api*`, `^/api/.*$` and `api/*` were meant as /api/*.
        plain = re.sub(r"(?<!\*)[/.]*\*+$", "", path.removeprefix("^").removesuffix("$"))
        if path[:1].isalnum() and plain == path:
            return _NOT_A_PATTERN, f"/{path}"
        is_open = path.endswith(("*", "*$"))
        meant = "/" + plain.strip("/") + (_BELOW if plain.strip("/") else "*")
        return _NOT_A_PATTERN, meant if is_open and "://" not in path else None
    return None
