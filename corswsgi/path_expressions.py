"""Path expressions: the path patterns that a regular expression means.

Other libraries take regular expressions for paths, and frameworks write routes with placeholders.
This finds the patterns to suggest for them. They match at least the paths that the expression
matches as a whole, with these exceptions, which are hardly ever meant otherwise:

- A dot without a quantifier is a dot, as in ``/v1.0/.*``.
- A ``*`` at the end is a wildcard, as in ``/api*``: it matches whole segments.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from .automata import Budget, TooComplexError, parser

MAX_PATTERNS = 8
"""No more patterns are suggested for an expression."""

_MAX_STEPS = 2_000
_MAX_PATHS = 32  # some of them are the same in the end
_MAX_TIMES = 8

# <int:id> (but not a named group), {id} (but not a number of times) and :id. They stand for one
# segment, or for a part of it.
_PLACEHOLDER = re.compile(r"(?<![?P])<[^<>]*>|\{[A-Za-z_][^{}]*\}|(?<=/):[A-Za-z_]\w*")
_SEGMENT = "[^/]+"


class Meaning(NamedTuple):
    """The path patterns that an expression means."""

    patterns: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    """Patterns of paths that it leaves out, with ``(?!...)``."""
    is_wide: bool = False
    """Whether the patterns match many paths that the expression does not match."""


def find_meaning(written: str | re.Pattern[str]) -> Meaning | None:
    """Return the path patterns that an expression means; None if it has no clear meaning.

    A text may also be a route with placeholders.
    """
    flags = 0
    if isinstance(written, str):
        text = _PLACEHOLDER.sub(lambda _: _SEGMENT, re.sub(r"\*{2,}", "*", written))
    else:
        text, flags = written.pattern, int(written.flags & ~re.DEBUG)
    reader = _Reader()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about sets such as `[[a]`
            parsed = parser.parse(text, flags)
        if parsed.state.flags & re.IGNORECASE:
            return None  # paths are case-sensitive
        paths = reader.read(parsed, [_Path("")])
    except (re.error, OverflowError, RecursionError, TooComplexError):
        return None
    return reader.meaning(paths)


@dataclass(frozen=True)
class _Path:
    """A path that an expression matches, as far as the expression has been read."""

    text: str
    is_open: bool = False
    """Whether it is followed by anything, from a ``/`` on."""
    is_final: bool = False
    """Whether the expression must not go on, because its end has been read."""
    is_wide: bool = False

    def append(self, character: str) -> _Path:
        """Return the path with a character after it."""
        if self.is_final:
            raise TooComplexError
        if self.is_open:
            return replace(self, is_wide=True)
        return _Path(self.text + character)

    def append_any(self, *, is_limited: bool) -> _Path:
        """Return the path with unknown characters after it. `is_limited`: not any characters."""
        if self.is_open and not is_limited:
            return self
        if self.is_final:
            raise TooComplexError
        if self.is_open:
            return replace(self, is_wide=True)
        if self.text[-1:] in ("", "/"):
            return _Path(self.text[:-1], is_open=True, is_wide=is_limited)
        if is_limited:
            raise TooComplexError  # `/v\d+`: a part of a segment
        return self.append_wildcard()

    def append_wildcard(self) -> _Path:
        """Return the path with a ``*`` after it, as in ``/api*``."""
        if self.is_final:
            raise TooComplexError
        return replace(self, is_open=True, is_final=True)

    def end(self) -> _Path:
        """Return the path at a ``$``."""
        return replace(self, is_final=True)

    @property
    def pattern(self) -> str:
        """The path pattern."""
        pattern = f"{self.text}/*" if self.is_open else self.text
        return pattern if pattern.startswith("/") else f"/{pattern}"

    def is_within(self, other: _Path) -> bool:
        """Return whether the pattern of another path says the same, or more."""
        if self.text == other.text and self.is_open and other.is_open:
            return self.is_wide > other.is_wide
        return other.is_open and f"{self.text}/".startswith(f"{other.text}/")


class _Reader:
    """Reads a parsed expression, and follows each of its alternatives."""

    def __init__(self) -> None:
        self._budget = Budget(_MAX_STEPS)
        self._excluded: list[_Path] = []
        self._is_anchored = False
        self._is_optional = False  # whether a part is read that need not match

    def read(self, parsed: Iterable[tuple[Any, Any]], paths: list[_Path]) -> list[_Path]:
        """Return `paths` with what a sequence of pieces matches after them."""
        self._budget.spend(1)
        for operator, argument in parsed:
            paths = [*dict.fromkeys(self._read_piece(str(operator), argument, paths))]
            if len(paths) > _MAX_PATHS:
                raise TooComplexError
            self._budget.spend(len(paths))
        return paths

    def meaning(self, paths: list[_Path]) -> Meaning | None:
        """Return the patterns for paths that were read to their end."""
        found = {replace(self._complete(path), is_final=False): True for path in paths}
        kept = [path for path in found if not any(path.is_within(other) for other in found)]
        # A path is not empty. `^$` is the root of Django's routes.
        kept = [path for path in kept if path.text or path.is_open] or kept
        if any(path.is_wide and not path.text for path in kept):
            return None  # nearly all paths of an application
        patterns = {path.pattern: path.is_wide for path in kept}
        excluded = {path.pattern: True for path in self._excluded}
        if max(len(patterns), len(excluded)) > MAX_PATTERNS or patterns.keys() & excluded:
            return None
        return Meaning(tuple(patterns), tuple(excluded), any(patterns.values()))

    def _complete(self, path: _Path) -> _Path:
        """Open a path that is meant as a beginning: `/api/` or `^/api`, and no `$`."""
        is_beginning = not path.is_final and (self._is_anchored or path.text.endswith("/"))
        if path.is_open or not is_beginning:
            return path
        return replace(path, text=path.text.removesuffix("/"), is_open=True)

    def _read_piece(self, operator: str, argument: Any, paths: list[_Path]) -> list[_Path]:
        if operator == "LITERAL":
            return [path.append(chr(argument)) for path in paths]
        if operator == "ANY":
            return [path.append(".") for path in paths]
        if operator in ("IN", "NOT_LITERAL"):
            found = _characters(argument) if operator == "IN" else ""
            if not found:
                return [path.append_any(is_limited=True) for path in paths]
            return [path.append(character) for character in found for path in paths]
        if operator == "SUBPATTERN":
            _, added, _, parsed = argument
            if added & re.IGNORECASE:
                raise TooComplexError
            return self.read(parsed, paths)
        if operator == "ATOMIC_GROUP":
            return self.read(argument, paths)
        if operator == "BRANCH":
            return self._read_optional(argument[1], paths)
        if operator in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, parsed = argument
            return self._repeat(least, most, parsed, paths)
        if operator == "AT":
            return self._anchor(str(argument), paths)
        if operator == "ASSERT_NOT" and argument[0] > 0 and not self._is_optional:
            self._exclude(argument[1], paths)
            return paths
        raise TooComplexError

    def _read_optional(self, branches: Iterable[Any], paths: list[_Path]) -> list[_Path]:
        before, self._is_optional = self._is_optional, True
        found = [path for parsed in branches for path in self.read(parsed, paths)]
        self._is_optional = before
        return found

    def _repeat(self, least: int, most: Any, parsed: Any, paths: list[_Path]) -> list[_Path]:
        operator: Any
        argument: Any
        is_endless = most is parser.MAXREPEAT
        operator, argument = parsed[0] if len(parsed) == 1 else ("", None)
        name = str(operator)
        if name == "ANY":
            return [path.append_any(is_limited=not is_endless) for path in paths]
        if name == "NOT_LITERAL" or (
            name == "IN" and (most > _MAX_TIMES or not _characters(argument))
        ):
            return [path.append_any(is_limited=True) for path in paths]
        if name == "LITERAL" and is_endless and not least:
            character = chr(argument)
            before = paths if character == "/" else [path.append(character) for path in paths]
            return [path.append_wildcard() for path in before]
        if most <= _MAX_TIMES:
            found = [] if least else [*paths]
            for times in range(1, most + 1):
                paths = self._read_optional([parsed], paths)
                found += paths if times >= least else []
            return found
        repeated = self._read_optional([parsed], paths)
        # `(/.*)*` and `(/[a-z]+)+`: as often as you like, and the pattern stays the same.
        if not all(path.is_open and not path.is_final for path in repeated):
            raise TooComplexError
        return ([] if least else paths) + repeated

    def _anchor(self, name: str, paths: list[_Path]) -> list[_Path]:
        if name in ("AT_END", "AT_END_STRING"):
            return [path.end() for path in paths]
        if name not in ("AT_BEGINNING", "AT_BEGINNING_STRING") or paths != [_Path("")]:
            raise TooComplexError
        self._is_anchored = True
        return paths

    def _exclude(self, parsed: Any, paths: list[_Path]) -> None:
        """Note what a ``(?!...)`` leaves out, which are all paths that begin like it."""
        before, self._is_anchored = self._is_anchored, True
        excluded = [self._complete(path) for path in self._read_optional([parsed], paths)]
        self._is_anchored = before
        texts = {path.text.removesuffix("/") for path in paths}
        if any(path.is_wide or not path.text or path.text in texts for path in excluded):
            raise TooComplexError
        self._excluded += excluded


def _characters(items: Iterable[tuple[Any, Any]]) -> str:
    """Return the few characters of a set; nothing if it has more, or may have."""
    found = ""
    for item, value in items:
        name = str(item)
        if name not in ("LITERAL", "RANGE"):
            return ""
        low, high = value if name == "RANGE" else (value, value)
        if high - low >= MAX_PATTERNS:
            return ""
        found += "".join(map(chr, range(low, high + 1)))
    return found if len(found) <= MAX_PATTERNS else ""
