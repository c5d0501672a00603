"""Which of several things governs a path: path patterns, compiled and looked up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Generic, TypeVar
from urllib.parse import unquote

from .errors import Problem, shown

T = TypeVar("T")

_BELOW = "/*"

_IS_NO_PATTERN = "is no path pattern: a path, '/health', or one and all that is below it, '/api/*'."

_has_escape = re.compile(r"%[0-9A-Fa-f]{2}").search
# Expressions and the placeholders of routes: as a path they would match nothing that was meant.
_is_no_path = re.compile(r"[\\^|<>\[\]{}]|\.\+|/:|\$$").search
_has_dot_segment = re.compile(r"/\.{1,2}(?:/|$)").search


class Resources(Generic[T]):
    """Path patterns, each with what governs it. The longest pattern that matches a path wins.

    ``/health`` is itself; ``/api/*`` is ``/api`` and everything below it, never ``/apikeys``.
    Both are compared with the path as the application gets it, in its case, and undecoded.
    """

    def __init__(self, resources: Mapping[str, T], dotted: T | None = None) -> None:
        """Compile patterns that `check_path` has nothing to say about.

        `dotted` governs paths with a segment ``..`` or ``.``, unless it is None. Browsers resolve
        these before they send them, but for one that is written ``..%2f``, and some applications
        do it after: nobody knows which pattern such a path has come under.
        """
        self._dotted = dotted
        self._paths: dict[str, T] = {}
        self._below: dict[str, T] = {}
        for pattern, value in resources.items():
            if pattern.endswith(_BELOW):
                self._below[as_wsgi(pattern.removesuffix(_BELOW))] = value
            else:
                self._paths[as_wsgi(pattern)] = value
        # What is longer than any pattern is not hashed, what is deeper is not looked at: a
        # client chooses the path, not how long it takes to find nothing.
        self._longest = max(map(len, [*self._paths, *self._below]), default=0)
        self._depth = max((path.count("/") + 1 for path in self._below), default=0)

    def find(self, path: str, default: T) -> T:
        """Return what governs `path` (WSGI's PATH_INFO), or `default` if no pattern matches."""
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
    """Write a path as WSGI does (PEP 3333): its UTF-8 bytes as if they were Latin-1."""
    return path.encode("utf-8").decode("latin-1")


def check_path(option: str, path: object) -> Problem | None:
    """Return what is wrong with a path pattern, if anything."""
    if not isinstance(path, str):
        usage = "paths are texts, and no expressions: as in '/api/*'."
        return Problem(option, path, "wrong_type", f"{shown(path)} is no text.", usage)
    fault = _fault(path)
    if fault is None:
        return None
    message, meant = fault
    # What a hint suggests has to be right itself.
    hint = "list what is meant: '/api/v1/*', '/api/v2/*'." if message is _IS_NO_PATTERN else None
    if meant is not None and _fault(meant) is None:
        hint = f"did you mean {meant!r}?"
    return Problem(option, path, "malformed_path", f"{shown(path)} {message}", hint)


def _fault(path: str) -> tuple[str, str | None] | None:
    """Return what to say about a pattern, and what it may have been meant to be."""
    # str.isprintable is False for controls, line breaks and lone surrogates, which have no UTF-8.
    if not path.isprintable():
        return "has characters that no path has.", None
    if "?" in path or "#" in path:
        return "is more than a path.", re.split("[?#]", path)[0]
    if _has_escape(path):
        return "is percent-encoded, and applications get their path decoded.", unquote(path)
    if _has_dot_segment(path):
        return "has a segment that browsers resolve before they send it: '.' or '..'.", None
    if "*" in path.removesuffix(_BELOW) or path[:1] != "/" or _is_no_path(path):
        # `/api*`, `^/api/.*$` and `api/*` were meant as /api/*.
        plain = re.sub(r"(?<!\*)[/.]*\*+$", "", path.removeprefix("^").removesuffix("$"))
        is_open = path.endswith(("*", "*$"))
        if path[:1].isalnum() and plain == path:
            return _IS_NO_PATTERN, f"/{path}"
        meant = "/" + plain.strip("/") + (_BELOW if plain.strip("/") else "*")
        return _IS_NO_PATTERN, meant if is_open and "://" not in path else None
    return None
