"""Backtracking: whether Python's matcher can take seconds for one origin.

The matcher tries one way after the other until a text matches, so the time is the number of ways in
which the beginnings of a text can be read. It is too large if

- a loop reads one text in two ways, so that repeating the text doubles them: ``(a+)+``;
- too many loops divide the same text among them: ``.*.*.*.*``;
- parts that are not loops multiply them: ``(a?){30}``.

The first two are the criteria of Weber and Seidl, "On the degree of ambiguity of finite automata":
https://doi.org/10.1016/0304-3975(91)90381-B
"""

from __future__ import annotations

from typing import NamedTuple

from .automata import (
    ALPHABET,
    MAX_WAYS,
    Automaton,
    Budget,
    TooComplexError,
    components,
    mask_of,
)

_MAX_STEPS = 25_000
_MAX_TRIED_STEPS = 120_000  # simpler ones

# For the longest origins, three loops in a row that read the same text take up to a twentieth of a
# second, and four take seconds.
_MAX_CHAINED_LOOPS = 3

# Texts that are tried are so long; so many are tried at once; so many positions of each are kept.
_MAX_LENGTH = 100
_MAX_TEXTS = 3
_MAX_POSITIONS = 60
_FEW_WAYS = 1_000


def is_catastrophic(automaton: Automaton) -> bool:
    """Return whether some origin can be read in too many ways. Raises `TooComplexError`."""
    if not _has_choices(automaton):
        return False
    budget = Budget(_MAX_STEPS)
    loops = automaton.loops()
    if any(_is_ambiguous(automaton, loop, budget) for loop in loops):
        return True
    chained = _chained_loops(automaton, loops, budget)
    if chained > _MAX_CHAINED_LOOPS:
        return True
    # The longest origins are three times as long as the texts that are tried, and each way may read
    # each assertion.
    most_ways = MAX_WAYS // (3**chained * (1 + len(automaton.asserted)))
    return _multiplies(automaton, most_ways, chained)


def _has_choices(automaton: Automaton) -> bool:
    """Return whether there is a place where one character can be read in two ways."""
    for following in (automaton.first, *automaton.followers):
        seen = 0
        for position, ways in following.items():
            if ways > 1 or seen & automaton.masks[position]:
                return True
            seen |= automaton.masks[position]
    return any(ways > 1 for ways in automaton.last.values())


def _is_ambiguous(automaton: Automaton, loop: list[int], budget: Budget) -> bool:
    """Return whether a loop can read one text in two ways and end at the same position.

    Searches the pairs of different positions that one text leads to from the same position.
    """
    members = set(loop)
    inner = {
        position: [to for to in automaton.followers[position] if to in members] for position in loop
    }
    if any(automaton.followers[position][to] > 1 for position in loop for to in inner[position]):
        return True
    masks = automaton.masks
    waiting = [(position, position) for position in loop]
    seen: set[tuple[int, int]] = set()
    while waiting:
        one, two = waiting.pop()
        budget.spend(len(inner[one]) * len(inner[two]))
        for left in inner[one]:
            mask = masks[left]
            for right in inner[two]:
                if mask & masks[right]:
                    if left != right:
                        pair = (left, right) if left < right else (right, left)
                        if pair not in seen:
                            seen.add(pair)
                            waiting.append(pair)
                    elif one != two:
                        return True
    return False


def _chained_loops(automaton: Automaton, loops: list[list[int]], budget: Budget) -> int:
    """Return how many loops on one way can divide a text among them; not more than too many.

    For each of them, the number of ways grows with one more power of the length of the text.
    """
    most = 0
    at = {position: number for number, loop in enumerate(loops) for position in loop}
    earlier: list[tuple[int, set[int], set[int]]] = []
    for number, loop in enumerate(loops):
        longest = 1
        for before, (chained, reached, rivals) in reversed([*enumerate(earlier)]):
            if number in reached:
                longest = max(longest, chained)
                if (
                    chained == longest
                    and number in rivals
                    and _overlap(automaton, loops[before], loop, budget)
                ):
                    longest += 1
        most = max(most, longest)
        if most > _MAX_CHAINED_LOOPS:
            break
        reached = _reached(automaton, at, loop, budget)
        earlier.append((longest, reached, _rivals(automaton, at, loop, budget)))
    return most


def _reached(automaton: Automaton, at: dict[int, int], loop: list[int], budget: Budget) -> set[int]:
    """Return the numbers of the loops that can be reached from a loop."""
    reached, waiting = set(loop), [*loop]
    while waiting:
        new = automaton.followers[waiting.pop()].keys() - reached
        budget.spend(1)
        reached |= new
        waiting += new
    return {at[position] for position in reached if position in at}


def _rivals(automaton: Automaton, at: dict[int, int], loop: list[int], budget: Budget) -> set[int]:
    """Return the numbers of the loops that a text can lead to while it stays in a loop, too."""
    masks, followers = automaton.masks, automaton.followers
    members = set(loop)
    waiting = [(position, position) for position in loop]
    seen = set(waiting)
    while waiting:
        left, right = waiting.pop()
        for to_left in followers[left].keys() & members:
            budget.spend(len(followers[right]))
            for to_right in followers[right]:
                pair = to_left, to_right
                if masks[to_left] & masks[to_right] and pair not in seen:
                    seen.add(pair)
                    waiting.append(pair)
    return {at[right] for _, right in seen if right in at}


def _overlap(automaton: Automaton, one: list[int], two: list[int], budget: Budget) -> bool:
    """Return whether a text leads around `one`, from it to `two`, and around `two`.

    Searches triples of positions on these three ways. With an edge from each end of such a search
    to its start, there is such a text if both are in the same component.
    """
    masks, followers = automaton.masks, automaton.followers
    first, second = set(one), set(two)
    triples = [(start, start, end) for start in one for end in two]
    numbers = {triple: number for number, triple in enumerate(triples)}
    edges: list[list[int]] = []
    for left, middle, right in triples:
        edges.append([])
        if middle == right:
            edges[-1].append(numbers[left, left, right])
        for to_left in followers[left].keys() & first:
            for to_right in followers[right].keys() & second:
                mask = masks[to_left] & masks[to_right]
                budget.spend(len(followers[middle]))
                for to_middle in followers[middle] if mask else ():
                    if mask & masks[to_middle]:
                        triple = to_left, to_middle, to_right
                        if triple not in numbers:
                            numbers[triple] = len(triples)
                            triples.append(triple)
                        edges[-1].append(numbers[triple])
    for component in components(edges):
        members = {triples[number] for number in component}
        if any(
            middle == right and (left, left, right) in members for left, middle, right in members
        ):
            return True
    return False


class _Text(NamedTuple):
    """A text that the matcher reads."""

    ways: dict[int, int]
    """The positions that can follow it, with the number of ways."""
    total: int
    """The number of ways to read its beginnings."""


def _multiplies(automaton: Automaton, most_ways: int, chained: int) -> bool:
    """Return whether a text has beginnings that can be read in more than so many ways."""
    budget = Budget(_MAX_TRIED_STEPS)
    texts = [_Text(_most(automaton.first), 0)]
    bits = _distinct_bits(automaton)
    totals: list[int] = []
    try:
        while len(totals) < _MAX_LENGTH:
            longer = [_longer(automaton, text, bit, budget) for text in texts for bit in bits]
            totals.append(max(text.total for text in longer))
            if totals[-1] > most_ways:
                return True
            # Texts that lead to the same positions differ in the ways only.
            best = {tuple(text.ways): text for text in sorted(longer, key=_growth)}
            texts = sorted(best.values(), key=_growth)[-_MAX_TEXTS:]
    except TooComplexError:
        if _may_exceed(totals, most_ways, chained):
            raise
    return False


def _may_exceed(totals: list[int], most_ways: int, chained: int) -> bool:
    """Return whether longer texts may have too many ways, to judge by the `totals` of shorter ones.

    Loops let the number grow with a power of the length. Other parts double it time and again.
    """
    if not totals:
        return True
    expected = totals[-1] * (_MAX_LENGTH / len(totals)) ** chained
    doubles = totals[-1] > max(_FEW_WAYS, 8 * totals[len(totals) // 2])
    return doubles or expected > most_ways


def _growth(text: _Text) -> int:
    return sum(text.ways.values())


def _longer(automaton: Automaton, text: _Text, bit: int, budget: Budget) -> _Text:
    """Return a text with one more character."""
    budget.spend(len(text.ways))
    following: dict[int, int] = {}
    total = text.total
    for position, ways in text.ways.items():
        if automaton.masks[position] & bit:
            total += ways + ways * automaton.last.get(position, 0)
            budget.spend(len(automaton.followers[position]))
            for after, more in automaton.followers[position].items():
                if automaton.followers[after]:
                    following[after] = following.get(after, 0) + ways * more
                else:
                    total += ways * more  # it is tried, and ends the way
    return _Text(_most(following), total)


def _most(ways: dict[int, int]) -> dict[int, int]:
    """Return the positions that are reached in the most ways, the first ones if many are equal."""
    if len(ways) <= _MAX_POSITIONS:
        return ways
    most = sorted(sorted(ways), key=ways.__getitem__, reverse=True)[:_MAX_POSITIONS]
    return {position: ways[position] for position in most}


def _distinct_bits(automaton: Automaton) -> list[int]:
    """Return one character for each set of characters that all positions treat alike."""
    alike: dict[tuple[bool, ...], int] = {}
    different = set(automaton.masks)
    for bit in map(mask_of, ALPHABET):
        alike.setdefault(tuple(bool(mask & bit) for mask in different), bit)
    return [*alike.values()]
