"""Automata: regular expressions as position automata over the characters of origins.

Python's own parser reads the expressions, so flags, escapes and character classes mean what they
mean to `re`. An automaton accepts at least what the expression matches: look-around assertions,
word boundaries and back-references are left out or widened, and large counts become loops.

Each position is one place of the expression that reads a character. The edge from one position to
another counts the ways to get there, because Python's matcher tries all of them.
https://en.wikipedia.org/wiki/Glushkov%27s_construction_algorithm
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

# The parser has no public name. Parsers of libraries read other dialects than `re`.
parser: Any = import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:/[]+"
"""The characters of well-formed origins. Sets of them are bit masks in this order."""

MAX_WAYS = 10_000_000
"""Numbers of ways are not counted any further."""

_MAX_STEPS = 150_000
_MAX_POSITIONS = 2_000
_MAX_OPTIONAL = 16  # more optional repetitions become a loop
_MAX_SPELLED_OUT = 10  # a larger set of characters does not name any of them


class TooComplexError(Exception):
    """An expression has too many parts to be analysed, or a part that is not known."""


class Budget:
    """The number of steps that an analysis may take. A step takes less than a microsecond."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def spend(self, steps: int) -> None:
        """Raise `TooComplexError` if too few steps are left."""
        self._left -= steps
        if self._left < 0:
            raise TooComplexError


def mask_of(characters: Iterable[str]) -> int:
    """Return the set of some characters of the alphabet."""
    mask = 0
    for character in characters:
        mask |= _BITS[character]
    return mask


def characters_of(mask: int) -> Iterator[str]:
    """Yield the characters of a set."""
    while mask:
        lowest = mask & -mask
        yield ALPHABET[lowest.bit_length() - 1]
        mask ^= lowest


_BITS = {character: 1 << number for number, character in enumerate(ALPHABET)}
_ALL = mask_of(ALPHABET)
_DIGITS = mask_of("0123456789")
_WORD = mask_of(character for character in ALPHABET if character.isalnum() or character == "_")
_CATEGORIES = {
    "CATEGORY_DIGIT": _DIGITS,
    "CATEGORY_NOT_DIGIT": _ALL & ~_DIGITS,
    "CATEGORY_SPACE": 0,
    "CATEGORY_NOT_SPACE": _ALL,
    "CATEGORY_WORD": _WORD,
    "CATEGORY_NOT_WORD": _ALL & ~_WORD,
}

# Only one of these can be in effect. A group such as `(?a:...)` replaces it.
_TYPES = re.ASCII | re.LOCALE | re.UNICODE


@dataclass(frozen=True)
class Automaton:
    """A position automaton. The positions are numbered from 0, in the order of the expression.

    Positions that no text of the alphabet leads to have no edges.
    """

    masks: list[int]
    """The characters that each position reads."""
    literals: list[bool]
    """Whether the expression spells out the characters of each position."""
    followers: list[dict[int, int]]
    """The positions that can follow each position, with the number of ways."""
    first: dict[int, int]
    """The positions that can begin a text, with the number of ways."""
    last: dict[int, int]
    """The positions that can end a text, with the number of ways."""
    asserted: set[int]
    """The positions in look-around assertions, from which there is no way back to the text."""

    @classmethod
    def of(cls, expression: re.Pattern[str]) -> Automaton:
        """Build the automaton of an expression. Raises `TooComplexError`."""
        flags = int(expression.flags & ~re.DEBUG)
        builder = _Builder()
        try:
            part = builder.sequence(parser.parse(expression.pattern, flags), flags)
        except (RecursionError, KeyError) as error:  # KeyError: a category that is not known
            raise TooComplexError from error
        return builder.finish(part)

    def accepts(self, text: str) -> bool:
        """Return whether the automaton reads a whole text of at least one character."""
        positions: Collection[int] = self.first
        reached: list[int] = []
        for character in text:
            bit = _BITS.get(character, 0)
            reached = [position for position in positions if self.masks[position] & bit]
            positions = {after for before in reached for after in self.followers[before]}
        return any(position in self.last for position in reached)

    def loops(self) -> list[list[int]]:
        """Return the sets of positions that can follow each other forever, the first ones first."""
        found = [
            component
            for component in components([[*following] for following in self.followers])
            if len(component) > 1 or component[0] in self.followers[component[0]]
        ]
        return found[::-1]


class _Part(NamedTuple):
    """A part of an expression: where it can begin and end, and in how many ways it is empty."""

    first: dict[int, int]
    last: dict[int, int]
    empty: int


class _Builder:
    """Adds the parts of an expression to an automaton.

    A part is used once, because adding it to another one changes both.
    """

    def __init__(self) -> None:
        self._budget = Budget(_MAX_STEPS)
        self._masks: list[int] = []
        self._literals: list[bool] = []
        self._followers: list[dict[int, int]] = []
        self._asserted: set[int] = set()

    def sequence(self, parsed: Iterable[tuple[Any, Any]], flags: int) -> _Part:
        """Add parsed pieces that follow each other."""
        self._budget.spend(1)  # there may be billions of empty repetitions
        pieces = [self._piece(str(operator), argument, flags) for operator, argument in parsed]
        part = _empty()
        for piece in reversed(pieces):
            part = self._join(piece, part)
        return part

    def finish(self, part: _Part) -> Automaton:
        """Return the automaton, without edges between positions that no text leads to."""
        unreadable = {position for position, mask in enumerate(self._masks) if not mask}

        def readable(positions: dict[int, int]) -> dict[int, int]:
            if unreadable.isdisjoint(positions):
                return positions
            return {to: ways for to, ways in positions.items() if to not in unreadable}

        first = readable(part.first)
        followers: list[dict[int, int]] = [{} for _ in self._masks]
        waiting, reached = [*first], set(first)
        while waiting:
            position = waiting.pop()
            followers[position] = readable(self._followers[position])
            new = followers[position].keys() - reached
            reached |= new
            waiting += new
        last = {position: ways for position, ways in part.last.items() if position in reached}
        return Automaton(self._masks, self._literals, followers, first, last, self._asserted)

    def _piece(self, operator: str, argument: Any, flags: int) -> _Part:
        if operator in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
            return self._read(*_characters(operator, argument, flags))
        if operator == "SUBPATTERN":
            _, added, removed, parsed = argument
            return self.sequence(parsed, _combined(flags, added, removed))
        if operator == "BRANCH":
            return self._either(self.sequence(parsed, flags) for parsed in argument[1])
        # Atomic groups and possessive quantifiers match a part of what others match.
        if operator in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, parsed = argument
            return self._repeat(least, most, parsed, flags)
        if operator == "ATOMIC_GROUP":
            return self.sequence(argument, flags)
        if operator == "FAILURE" or (operator == "ASSERT_NOT" and not argument[1]):
            return _nothing()  # `(?!)`
        if operator in ("ASSERT", "ASSERT_NOT"):
            # The matcher reads the text of an assertion, and returns to where it began.
            start = len(self._masks)
            asserted = self.sequence(argument[1], flags)
            self._asserted.update(range(start, len(self._masks)))
            return _Part(asserted.first, {}, 1)
        if operator == "AT":
            return _empty()
        if operator == "GROUPREF":
            return _optional(self._loop(self._read(_ALL, False)))
        if operator == "GROUPREF_EXISTS":
            return self._either(self.sequence(parsed or (), flags) for parsed in argument[1:])
        raise TooComplexError(operator)

    def _read(self, mask: int, is_literal: bool) -> _Part:
        position = len(self._masks)
        if position >= _MAX_POSITIONS:
            raise TooComplexError
        self._masks.append(mask)
        self._literals.append(is_literal)
        self._followers.append({})
        return _Part({position: 1}, {position: 1}, 0)

    def _repeat(self, least: int, most: Any, parsed: Any, flags: int) -> _Part:
        copies = [self.sequence(parsed, flags) for _ in range(least)]
        tail = _empty()
        if most is parser.MAXREPEAT or most - least > _MAX_OPTIONAL:
            # `x+` is one position, and `x{2,}` is two.
            loop = self._loop(copies.pop() if copies else self.sequence(parsed, flags))
            tail = loop if least else _optional(loop)
        else:
            for _ in range(most - least):
                tail = _optional(self._join(self.sequence(parsed, flags), tail))
        for copy in reversed(copies):
            tail = self._join(copy, tail)
        return tail

    def _loop(self, part: _Part) -> _Part:
        self._connect(part.last, part.first)
        return part

    def _join(self, one: _Part, two: _Part) -> _Part:
        self._connect(one.last, two.first)
        return _Part(
            self._added(one.first, two.first, one.empty),
            self._added(two.last, one.last, two.empty),
            min(one.empty * two.empty, MAX_WAYS),
        )

    def _either(self, parts: Iterable[_Part]) -> _Part:
        found = _nothing()
        for part in parts:
            found = _Part(
                self._added(found.first, part.first, 1),
                self._added(found.last, part.last, 1),
                min(found.empty + part.empty, MAX_WAYS),
            )
        return found

    def _connect(self, last: dict[int, int], first: dict[int, int]) -> None:
        self._budget.spend(len(last) * len(first))
        for before, ways in last.items():
            _add(first, ways, self._followers[before])

    def _added(self, one: dict[int, int], two: dict[int, int], ways: int) -> dict[int, int]:
        """Return the positions of both, where those of `two` are reached in more ways."""
        if not ways:
            return one
        if ways == 1 and len(two) > len(one):
            one, two = two, one
        self._budget.spend(len(two))
        _add(two, ways, one)
        return one


def _add(positions: dict[int, int], ways: int, to: dict[int, int]) -> None:
    if ways == 1 and to.keys().isdisjoint(positions):
        to.update(positions)  # takes a tenth of the time
        return
    for position, more in positions.items():
        to[position] = min(to.get(position, 0) + ways * more, MAX_WAYS)


def _nothing() -> _Part:
    """Return a part that matches no text."""
    return _Part({}, {}, 0)


def _empty() -> _Part:
    """Return a part that matches the empty text."""
    return _Part({}, {}, 1)


def _optional(part: _Part) -> _Part:
    return _Part(part.first, part.last, min(part.empty + 1, MAX_WAYS))


def _combined(flags: int, added: int, removed: int) -> int:
    """Return the flags in a group, such as ``(?i-s:...)``."""
    if added & _TYPES:
        flags &= ~_TYPES
    return int((flags | added) & ~removed)


def _characters(operator: str, argument: Any, flags: int) -> tuple[int, bool]:
    """Return the characters that a piece matches, and whether it spells them out."""
    if operator == "ANY":
        return _ALL, False
    items = argument if operator == "IN" else [(parser.LITERAL, argument)]
    is_negated = operator == "NOT_LITERAL"
    is_literal = not is_negated and len(items) <= _MAX_SPELLED_OUT
    mask = 0
    for item, value in items:
        name = str(item)
        if name == "NEGATE":
            is_negated, is_literal = True, False
        elif name == "CATEGORY":
            mask |= _CATEGORIES[str(value)]
            is_literal = False
        else:
            low, high = value if name == "RANGE" else (value, value)
            mask |= _between(low, high, flags)
            is_literal = is_literal and name == "LITERAL"
    return _ALL & ~mask if is_negated else mask, is_literal


def _between(low: int, high: int, flags: int) -> int:
    if not flags & re.IGNORECASE:
        return mask_of(character for character in ALPHABET if low <= ord(character) <= high)
    # Case-insensitive matching has exceptions: the long s and the Kelvin sign match s and k.
    text = f"[\\U{low:08x}-\\U{high:08x}]"
    return mask_of(re.findall(text, ALPHABET, flags & (re.IGNORECASE | re.ASCII)))


def components(edges: list[list[int]]) -> list[list[int]]:
    """Return the strongly connected components of a graph, the last ones first.

    https://en.wikipedia.org/wiki/Tarjan%27s_strongly_connected_components_algorithm
    """
    found: list[list[int]] = []
    index = [0] * len(edges)  # 0: not visited
    lowest = [0] * len(edges)
    is_open = [False] * len(edges)
    stack: list[int] = []
    visited = 0
    for root in range(len(edges)):
        if index[root]:
            continue
        path = [(root, iter(edges[root]))]
        while path:
            node, following = path[-1]
            if not index[node]:
                visited += 1
                index[node] = lowest[node] = visited
                is_open[node] = True
                stack.append(node)
            for after in following:
                if not index[after]:
                    path.append((after, iter(edges[after])))
                    break
                if is_open[after]:
                    lowest[node] = min(lowest[node], index[after])
            else:
                path.pop()
                if path:
                    before = path[-1][0]
                    lowest[before] = min(lowest[before], lowest[node])
                if lowest[node] == index[node]:
                    component = []
                    while True:
                        member = stack.pop()
                        is_open[member] = False
                        component.append(member)
                        if member == node:
                            break
                    found.append(component)
    return found
