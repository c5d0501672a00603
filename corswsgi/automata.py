"""Automata: regular expressions as position automata over the characters of origins.

Python's own parser reads the expressions, so flags, escapes and character classes mean what they
mean to `re`. An automaton accepts at least what the expression matches: look-around assertions,
word boundaries and back-references are left out or widened, and large counts become loops.

Each position is one place of the expression that reads a character. The edge from one position to
another counts the ways to get there (two stand for more), because Python's matcher tries them all.
https://en.wikipedia.org/wiki/Glushkov%27s_construction_algorithm
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any, NamedTuple

# The parser has no public name. Parsers of libraries read other dialects than `re`.
_parser: Any = import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:/[]+"
"""The characters of well-formed origins. Sets of them are bit masks in this order."""

MAX_SEARCHED = 20_000
"""How many steps one search in an automaton may take. A step takes about a microsecond."""

_MAX_POSITIONS = 2_000
_MAX_EDGES = 20_000
_MAX_OPTIONAL = 16  # more optional repetitions become a loop

# For the longest origins, three loops in a row that read the same text take up to a twentieth of a
# second, and four take seconds.
_MAX_CHAINED_LOOPS = 3
_MAX_WAYS = 10_000_000
_MAX_LENGTH = 300  # of the texts that are tried, in characters


class TooComplexError(Exception):
    """An expression has too many parts to be analysed, or a part that is not known."""


def mask_of(characters: Iterable[str]) -> int:
    """Return the set of some characters of the alphabet."""
    mask = 0
    for character in characters:
        mask |= 1 << ALPHABET.index(character)
    return mask


def characters_of(mask: int) -> Iterator[str]:
    """Yield the characters of a set."""
    for number, character in enumerate(ALPHABET):
        if mask >> number & 1:
            yield character


_ALL = (1 << len(ALPHABET)) - 1
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


class _Part(NamedTuple):
    """A part of an expression: where it can begin and end, and in how many ways it is empty."""

    first: dict[int, int]
    last: dict[int, int]
    empty: int


_NOTHING = _Part({}, {}, 0)  # matches no text
_EMPTY = _Part({}, {}, 1)  # matches the empty text


@dataclass
class Automaton:
    """A position automaton. The positions are numbered from 0."""

    masks: list[int] = field(default_factory=list)
    """The characters that each position reads."""
    literals: list[bool] = field(default_factory=list)
    """Whether the expression spells out the characters of each position."""
    followers: list[dict[int, int]] = field(default_factory=list)
    """The positions that can follow each position, with the number of ways."""
    first: dict[int, int] = field(default_factory=dict)
    """The positions that can begin a text."""
    last: dict[int, int] = field(default_factory=dict)
    """The positions that can end a text."""
    asserted: list[Automaton] = field(default_factory=list)
    """The contents of look-around assertions."""
    is_atomic: bool = False
    """Whether there are atomic groups or possessive quantifiers, which limit backtracking."""

    @classmethod
    def of(cls, expression: re.Pattern[str]) -> Automaton:
        """Build the automaton of an expression. Raises `TooComplexError`."""
        automaton = cls()
        flags = int(expression.flags & ~re.DEBUG)
        try:
            automaton._finish(_parser.parse(expression.pattern, flags), flags)
        except RecursionError as error:
            raise TooComplexError from error
        return automaton

    def accepts(self, text: str) -> bool:
        """Return whether the automaton reads a whole text of at least one character."""
        positions: Iterable[int] = self.first
        reached: set[int] = set()
        for number, character in enumerate(text):
            if character not in ALPHABET:
                return False
            bit = mask_of(character)
            if number:
                positions = {after for before in reached for after in self.followers[before]}
            reached = {position for position in positions if self.masks[position] & bit}
        return not reached.isdisjoint(self.last)

    def loops(self) -> list[list[int]]:
        """Return the sets of positions that can follow each other forever, the first ones first."""
        components = _components(len(self.masks), [[*each] for each in self.followers])
        components.reverse()
        return [
            component
            for component in components
            if len(component) > 1 or component[0] in self.followers[component[0]]
        ]

    @cached_property
    def is_catastrophic(self) -> bool:
        """Whether Python's matcher may try so many ways that a request takes seconds.

        Raises `TooComplexError`. The criteria are those of Weber and Seidl, "On the degree of
        ambiguity of finite automata": https://doi.org/10.1016/0304-3975(91)90381-B
        """
        if any(automaton.is_catastrophic for automaton in self.asserted):
            return True
        loops = self.loops()
        return (
            any(map(self._is_ambiguous, loops)) or self._chains_loops(loops) or self._multiplies()
        )

    def _is_ambiguous(self, loop: list[int]) -> bool:
        """Return whether a loop can read one text in two ways, so that repeating it doubles them.

        Searches the pairs of positions that the same text leads to, starting from equal ones.
        """
        members = set(loop)
        if any(
            ways > 1 for each in loop for to, ways in self.followers[each].items() if to in members
        ):
            return True
        inner = {each: [to for to in self.followers[each] if to in members] for each in loop}
        numbers: dict[tuple[int, int], int] = {(each, each): at for at, each in enumerate(loop)}
        edges: list[list[int]] = []
        pairs = [*numbers]
        steps = 0
        for one, two in pairs:
            edges.append([])
            for left in inner[one]:
                for right in inner[two]:
                    steps += 1
                    if self.masks[left] & self.masks[right]:
                        pair = (left, right)
                        if pair not in numbers:
                            numbers[pair] = len(pairs)
                            pairs.append(pair)
                        edges[-1].append(numbers[pair])
            if steps > MAX_SEARCHED:
                raise TooComplexError
        for component in _components(len(pairs), edges):
            kinds = {pairs[number][0] == pairs[number][1] for number in component}
            if len(kinds) > 1:
                return True
        return False

    def _chains_loops(self, loops: list[list[int]]) -> bool:
        """Return whether too many loops in a row can read the same text."""
        reachable = self._reachable(loops)
        chained: list[int] = []
        for at, loop in enumerate(loops):
            longest = 1
            for before in range(at - 1, -1, -1):
                if chained[before] >= longest and self._overlap(
                    loops[before], loop, reachable[before]
                ):
                    longest = chained[before] + 1
            if longest > _MAX_CHAINED_LOOPS:
                return True
            chained.append(longest)
        return False

    def _reachable(self, loops: list[list[int]]) -> list[set[int]]:
        """Return the positions that can be reached from each loop."""
        found = []
        for loop in loops:
            reached, waiting = set(loop), [*loop]
            while waiting:
                new = self.followers[waiting.pop()].keys() - reached
                reached |= new
                waiting += new
            found.append(reached)
        return found

    def _overlap(self, one: list[int], two: list[int], reachable: set[int]) -> bool:
        """Return whether a text leads around `one`, from it to `two`, and around `two`."""
        if two[0] not in reachable:
            return False
        first, second = set(one), set(two)
        steps = 0
        for start in one:
            for end in two:
                waiting = [(start, start, end)]
                seen = {waiting[0]}
                while waiting:
                    left, middle, right = waiting.pop()
                    for to_middle in self.followers[middle]:
                        mask = self.masks[to_middle]
                        for to_left in self.followers[left].keys() & first:
                            for to_right in self.followers[right].keys() & second:
                                steps += 1
                                node = (to_left, to_middle, to_right)
                                if node not in seen and (
                                    mask & self.masks[to_left] & self.masks[to_right]
                                ):
                                    if node == (start, end, end):
                                        return True
                                    seen.add(node)
                                    waiting.append(node)
                    if steps > MAX_SEARCHED:
                        raise TooComplexError
        return False

    def _multiplies(self) -> bool:
        """Return whether a text has too many beginnings that can be read in too many ways.

        This finds optional parts in a row, such as ``(a?){30}``, which are not loops. The text
        grows by the character that leads to the most ways.
        """
        bits = [1 << number for number in range(len(ALPHABET))]
        # Characters that all positions treat alike are tried once.
        alike: dict[tuple[bool, ...], int] = {}
        different = set(self.masks)
        for bit in bits:
            alike.setdefault(tuple(bool(mask & bit) for mask in different), bit)
        ways: dict[int, int] = dict(self.first)
        total = steps = 0
        for _ in range(_MAX_LENGTH):
            sums = dict.fromkeys(alike.values(), 0)
            for position, count in ways.items():
                mask = self.masks[position]
                for bit in sums:
                    if mask & bit:
                        sums[bit] += count
            steps += len(ways) * len(sums)
            best = max(sums, key=sums.__getitem__, default=0)
            if not best or not sums[best] or steps > MAX_SEARCHED:
                return False
            total += sums[best]
            if total > _MAX_WAYS:
                return True
            following: dict[int, int] = {}
            for position, count in ways.items():
                if self.masks[position] & best:
                    for after, more in self.followers[position].items():
                        following[after] = following.get(after, 0) + count * more
            ways = following
        return False

    # Building. The methods return the part of the expression that they have added.

    def _finish(self, parsed: Any, flags: int) -> None:
        part = self._sequence(parsed, flags)
        # Positions that read none of the characters cannot be passed.
        dead = {position for position, mask in enumerate(self.masks) if not mask}
        self.first = {key: ways for key, ways in part.first.items() if key not in dead}
        self.last = {key: ways for key, ways in part.last.items() if key not in dead}
        if dead:
            self.followers = [
                {to: ways for to, ways in each.items() if to not in dead} for each in self.followers
            ]

    def _sequence(self, parsed: Iterable[tuple[Any, Any]], flags: int) -> _Part:
        part = _EMPTY
        for operator, argument in parsed:
            part = self._join(part, self._piece(str(operator), argument, flags))
        return part

    def _piece(self, operator: str, argument: Any, flags: int) -> _Part:
        if operator in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
            return self._read(*_characters(operator, argument, flags))
        if operator == "SUBPATTERN":
            _, added, removed, parsed = argument
            return self._sequence(parsed, (flags | added) & ~removed)
        if operator == "BRANCH":
            return _either(self._sequence(parsed, flags) for parsed in argument[1])
        if operator in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            self.is_atomic |= operator == "POSSESSIVE_REPEAT"
            least, most, parsed = argument
            return self._repeat(least, most, parsed, flags)
        if operator == "ATOMIC_GROUP":
            self.is_atomic = True
            return self._sequence(argument, flags)
        if operator in ("ASSERT", "ASSERT_NOT"):
            asserted = Automaton()
            asserted._finish(argument[1], flags)
            self.asserted.append(asserted)
            return _EMPTY
        if operator == "AT":
            return _EMPTY
        if operator == "FAILURE":
            return _NOTHING
        if operator == "GROUPREF":
            return self._loop(self._read(_ALL, False))
        if operator == "GROUPREF_EXISTS":
            return _either(
                _EMPTY if parsed is None else self._sequence(parsed, flags)
                for parsed in argument[1:]
            )
        raise TooComplexError(operator)

    def _read(self, mask: int, is_literal: bool) -> _Part:
        position = len(self.masks)
        if position >= _MAX_POSITIONS:
            raise TooComplexError
        self.masks.append(mask)
        self.literals.append(is_literal)
        self.followers.append({})
        return _Part({position: 1}, {position: 1}, 0)

    def _repeat(self, least: int, most: Any, parsed: Any, flags: int) -> _Part:
        copies = [self._sequence(parsed, flags) for _ in range(least)]
        is_endless = most is _parser.MAXREPEAT or most - least > _MAX_OPTIONAL
        tail = _EMPTY
        if is_endless:
            tail = self._optional(
                self._loop(copies.pop() if copies else self._sequence(parsed, flags))
            )
            # Like x+, which is one position and not two.
            if least:
                tail = _Part(tail.first, tail.last, tail.empty - 1)
        else:
            for _ in range(most - least):
                tail = self._optional(self._join(self._sequence(parsed, flags), tail))
        part = tail
        for copy in reversed(copies):
            part = self._join(copy, part)
        return part

    def _loop(self, part: _Part) -> _Part:
        self._connect(part.last, part.first)
        return part

    def _optional(self, part: _Part) -> _Part:
        return _Part(part.first, part.last, min(part.empty + 1, 2))

    def _join(self, one: _Part, two: _Part) -> _Part:
        self._connect(one.last, two.first)
        return _Part(
            _added(one.first, two.first, one.empty),
            _added(two.last, one.last, two.empty),
            min(one.empty * two.empty, 2),
        )

    def _connect(self, last: dict[int, int], first: dict[int, int]) -> None:
        for before, ways in last.items():
            followers = self.followers[before]
            for after, more in first.items():
                followers[after] = min(followers.get(after, 0) + ways * more, 2)
        self._edges += len(last) * len(first)
        if self._edges > _MAX_EDGES:
            raise TooComplexError

    _edges: int = 0


def _either(parts: Iterable[_Part]) -> _Part:
    found = _NOTHING
    for part in parts:
        found = _Part(
            _added(found.first, part.first, 1),
            _added(found.last, part.last, 1),
            min(found.empty + part.empty, 2),
        )
    return found


def _added(one: dict[int, int], two: dict[int, int], ways: int) -> dict[int, int]:
    """Return the positions of both; those of `two` can be reached in so many ways."""
    if not ways:
        return one
    found = dict(one)
    for position, more in two.items():
        found[position] = min(found.get(position, 0) + more * ways, 2)
    return found


def _characters(operator: str, argument: Any, flags: int) -> tuple[int, bool]:
    """Return the characters that a piece matches, and whether it spells them out."""
    if operator == "ANY":
        return _ALL, False
    items = argument if operator == "IN" else [(_parser.LITERAL, argument)]
    is_negated = operator == "NOT_LITERAL"
    mask, is_literal = 0, not is_negated
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


def _components(count: int, edges: list[list[int]]) -> list[list[int]]:
    """Return the strongly connected components of a graph, the last ones first.

    https://en.wikipedia.org/wiki/Tarjan%27s_strongly_connected_components_algorithm
    """
    found: list[list[int]] = []
    index = [0] * count  # 0: not visited
    lowest = [0] * count
    is_open = [False] * count
    stack: list[int] = []
    visited = 0
    for root in range(count):
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
