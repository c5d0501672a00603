"""Expressions: analyse which origins a regular expression can match, and how long that takes.

The automaton of an expression is followed together with the grammar of well-formed origins. Nothing
is sampled: the result covers every origin that the expression matches. Single origins are only
tried to find examples for messages.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property, lru_cache
from heapq import heappop, heappush
from itertools import count, islice
from typing import NamedTuple

from .automata import Automaton, Budget, TooComplexError, characters_of, mask_of
from .backtracking import is_catastrophic
from .grammar import START, State, is_origin, transitions
from .origins import (
    MAX_ORIGIN_LENGTH,
    OriginMatcher,
    OriginPattern,
    Port,
    is_loopback,
    parse_origin,
)
from .suffixes import PublicSuffixes

_MAX_STEPS = 20_000
_MAX_ENDS = 2_000  # that are spelled out
_MAX_TRIED = 100  # origins
_MAX_BRANCHES = 100
_MAX_CORRECTED = 200  # characters
_MAX_WIDE = 20
_MAX_HOST = 254  # characters, with a dot at the end

# Put where an expression matches other text than what it spells out, in front of a part of a host
# that it does spell out, and elsewhere.
_OTHER_TEXTS = ("evil", "evil-", "-evil", "evilevilevil", "a", "1")
_OTHER_ENDS = (".evil.test", "evil.test", *_OTHER_TEXTS)

_Node = tuple[int, State]
"""A position of an automaton, and the state of the grammar after its character."""

_DOT = mask_of(".")


class Faults(NamedTuple):
    """The reasons why no policy can use an expression."""

    is_empty: bool
    """Whether it matches no origin."""
    dead_branches: tuple[str, ...]
    """Those of its alternatives that match no origin."""
    is_catastrophic: bool
    """Whether one origin can keep Python's matcher busy for seconds."""
    is_uncertain: bool = False
    """Whether it is too complex to find out how long matching takes."""


class Reach(NamedTuple):
    """The origins that an expression can match."""

    patterns: tuple[OriginPattern, ...]
    """The origins that it spells out. Unless it is `wide`, they include all that it matches."""
    wide: str | None
    """An origin on a site that it does not spell out; empty if an example was not found."""
    insecure: str | None
    """An origin with http that is not loopback; empty if an example was not found."""


class _CatastrophicError(TooComplexError):
    """An expression can take seconds to match an origin."""


class _UncertainError(TooComplexError):
    """An expression is too complex to find out how long it takes to match an origin."""


@lru_cache(maxsize=256)
def find_faults(expression: re.Pattern[str]) -> Faults:
    """Find out whether an expression matches any origin in reasonable time."""
    try:
        if _is_empty(expression, _matched(expression)):
            return Faults(True, (), False)
        return Faults(False, tuple(_dead_branches(expression)), False)
    except _CatastrophicError:
        return Faults(False, (), True)
    except TooComplexError as error:
        return Faults(False, (), False, isinstance(error, _UncertainError))


@lru_cache(maxsize=256)
def find_reach(expression: re.Pattern[str]) -> Reach:
    """Find out which origins an expression can match. Raises `TooComplexError`."""
    return _Search(_matched(expression), expression, PublicSuffixes()).reach()


def _matched(expression: re.Pattern[str]) -> _Origins:
    """Return the origins that an expression matches in reasonable time."""
    origins = _analysed(expression)
    if isinstance(origins, TooComplexError):
        raise origins
    return origins


# Most expressions are analysed for their faults and for their reach, one right after the other.
@lru_cache(maxsize=4)
def _analysed(expression: re.Pattern[str]) -> _Origins | TooComplexError:
    try:
        automaton = Automaton.of(expression)
        if is_catastrophic(automaton):
            return _CatastrophicError()
    except TooComplexError:
        return _UncertainError()
    try:
        return _Origins(automaton)
    except TooComplexError as error:
        return error


def corrected_expression(expression: re.Pattern[str]) -> str | None:
    """Return the sound expression that was probably meant, as a raw string; None if unknown.

    It can be used with credentials.
    """
    corrections = [*_corrections(expression.pattern)]
    if len(expression.pattern) > _MAX_CORRECTED:
        corrections = corrections[-1:]  # analysing each would take long
    for source in corrections:
        with suppress(re.error, TooComplexError):
            corrected = re.compile(source)
            if any(find_faults(corrected)):
                continue
            patterns, wide, insecure = find_reach(corrected)
            is_named = all("." in each.host.strip(".") or each.is_loopback for each in patterns)
            if wide is None and insecure is None and is_named:
                return f'r"{source}"' if "'" in source else f"r'{source}'"
    return None


def _corrections(source: str) -> Iterator[str]:
    """Yield an expression with one correction, with two, and so on."""
    # Expressions match whole origins, so these have no effect.
    source = re.sub(r"^(?:\^|\\A)|(?<!\\)\$$|\\[Zz]$", "", source).replace(r"\/", "/")
    scheme = "http" if re.search(r"localhost|127|\[::1", source) else "https"
    port = r"(?<!\()(?<!\(\?:):(?:\*|[*?]?\(?(?:\[0-9\]|\[?\\d\]?)[*+]\??\)?\??)$"
    rest = r"(?:\((?:\?:)?/?(?:\.[*+]\??)?\)\??|/?(?:\.[*+]\??)?|/[*?+])\$?$"
    for pattern, replacement in (
        (r"\\.|[A-Z]", lambda match: match[0] if match[0][0] == "\\" else match[0].lower()),
        (r"(?<=^https://)(.*):443$|(?<=^http://)(.*):80$", r"\1\2"),
        (port, r"(:\\d+)?"),
        # A path, or anything, after the host. Of loopback hosts, the port is often variable.
        (rf"(?<![*+?.])(localhost|127[\\.01]+|\[::1\\?\]){rest}", r"\1(:\\d+)?"),
        (rf"(?<![)*+?]){rest}", ""),
        # An origin pattern, which is not an expression.
        (r"://\*\.", "://.*."),
        # A dot that was meant literally. Escapes, character classes and `.*` stay as they are.
        (r"(\\.|\[[^]]*\]|\.[*+?{])|\.", lambda match: match[1] or r"\."),
        (r"\((?:\?:)?https?(?:://)?\|https?(://)?\)", r"https\1"),
        (r"^\((?:\?:)?(https?\??://)\)\??", r"\1"),
        (r"https?\??(?=://)", scheme),
        (r"^(?!.*://)", f"{scheme}://"),
        (r"^(https?://)\(?(?:\.|\\w|\[[^]]*\])[*+]\)?(?:\\\.\??)?(?=[a-z0-9])", r"\1(.+\\.)?"),
        # Repetitions of repetitions.
        (r"\((?:\?:)?[^()]*\\\.\??\)[*+]", r"([a-z0-9-]+\\.)*"),
        (r"\((?:\?:)?[^()]*[*+}][^()]*(?<!\\\.)\)[*+]", "[a-z0-9-]+"),
    ):
        corrected = re.sub(pattern, replacement, source)
        if corrected != source:
            source = corrected
            yield source


class _Origins:
    """The origins among the texts of an automaton, as a graph of nodes.

    None is the node before the first character.
    """

    def __init__(self, automaton: Automaton) -> None:
        """Raises `TooComplexError`."""
        self.automaton = automaton
        reached = self._reached()
        self.ends = [node for node in reached if is_origin(node[1]) and node[0] in automaton.last]
        # Nodes that lead to an end, with their distance from it.
        self.distances: dict[_Node | None, int] = dict.fromkeys(self.ends, 0)
        self.before: dict[_Node, list[tuple[_Node | None, int]]] = {}
        self.after: dict[_Node | None, list[tuple[_Node, int]]] = {None: []}
        waiting = deque(self.ends)
        while waiting:
            node = waiting.popleft()
            self.before[node] = reached[node]
            for earlier, mask in reached[node]:
                self.after.setdefault(earlier, []).append((node, mask))
                if earlier not in self.distances:
                    self.distances[earlier] = self.distances[node] + 1
                    if earlier is not None:
                        waiting.append(earlier)
        for following in self.after.values():
            following.sort(key=lambda edge: edge[1] & -edge[1])  # letters first, as examples

    def _reached(self) -> dict[_Node, list[tuple[_Node | None, int]]]:
        """Return the nodes that can be reached, with the edges that lead to each."""
        found: dict[_Node, list[tuple[_Node | None, int]]] = {}
        masks, budget = self.automaton.masks, Budget(_MAX_STEPS)
        waiting: list[_Node | None] = [None]
        while waiting:
            node = waiting.pop()
            positions, state = self.automaton.first, START
            if node is not None:
                positions, state = self.automaton.followers[node[0]], node[1]
            following = transitions(state)
            budget.spend(len(positions) * len(following))
            for position in positions:
                if position in self.automaton.asserted:
                    continue  # assertions are not a part of the text
                for characters, state in following:
                    mask = masks[position] & characters
                    if mask:
                        after = position, state
                        if after not in found:
                            found[after] = []
                            waiting.append(after)
                        found[after].append((node, mask))
        return found

    def texts(self) -> Iterator[str]:
        """Yield the origins, the shortest ones first."""
        number = count()  # newer texts come first, which keeps few of them waiting
        # The length of an origin, a text, and the characters that lead from it to a node.
        waiting: list[tuple[int, int, str, int, _Node]] = []

        def extend(text: str, node: _Node | None) -> None:
            for after, mask in reversed(self.after.get(node, [])):
                length = len(text) + 1 + self.distances[after]
                if length <= MAX_ORIGIN_LENGTH:
                    heappush(waiting, (length, -next(number), text, mask, after))

        extend("", None)
        while waiting:
            length, age, text, mask, node = heappop(waiting)
            longer = f"{text}{next(characters_of(mask))}"
            others = mask & (mask - 1)
            if others:
                heappush(waiting, (length, age, text, others, node))
            if not self.distances[node]:
                yield longer
            extend(longer, node)

    @cached_property
    def starts(self) -> dict[_Node | None, str]:
        """The shortest text that leads to each node."""
        found: dict[_Node | None, str] = {None: ""}
        waiting: deque[_Node | None] = deque([None])
        while waiting:
            node = waiting.popleft()
            for after, mask in self.after.get(node, ()):
                if after not in found:
                    found[after] = found[node] + next(characters_of(mask))
                    waiting.append(after)
        return found


def _is_empty(expression: re.Pattern[str], origins: _Origins) -> bool:
    """Return whether an expression matches no origin. If it is hard to find one, return False."""
    for tried, text in enumerate(origins.texts()):
        if tried >= _MAX_TRIED or _matches(expression, text):
            return False
    return True


def _matches(expression: re.Pattern[str], text: str) -> bool:
    return parse_origin(text) is not None and expression.fullmatch(text) is not None


def _dead_branches(expression: re.Pattern[str]) -> Iterator[str]:
    r"""Yield the alternatives of an expression that match no origin.

    Parts of alternatives are not examined: ``(:\d+|/.*)?`` after a host is harmless.
    """
    for source in _branches(expression):
        with suppress(re.error, TooComplexError):
            branch = re.compile(source, expression.flags & ~re.DEBUG)
            if _is_empty(branch, _Origins(Automaton.of(branch))):
                yield source


def _branches(expression: re.Pattern[str]) -> list[str]:
    """Return the alternatives of an expression, if it consists of them."""
    source = re.sub(r"^(?:\^|\\A)|(?:(?<!\\)\$|\\[Zz])$", "", expression.pattern)
    if expression.flags & re.VERBOSE:
        return []
    branches = _split(source)
    group = re.fullmatch(r"\((?:\?:|\?P<\w+>|(?!\?))(.*)\)", source, re.DOTALL)
    if len(branches) == 1 and group:
        branches = _split(group[1])
    return branches if 1 < len(branches) <= _MAX_BRANCHES else []


def _split(source: str) -> list[str]:
    """Split an expression at the bars that are not in groups; at none if groups do not match."""
    found, start, depth = [], 0, 0
    for piece in re.finditer(r"\\.|\[\^?\]?(?:\\.|[^]\\])*\]|[|()]", source, re.DOTALL):
        depth += {"(": 1, ")": -1}.get(piece[0], 0)
        if depth < 0:
            return [source]
        if piece[0] == "|" and not depth:
            found.append(source[start : piece.start()])
            start = piece.end()
    return [*found, source[start:]]


class _End(NamedTuple):
    """The end of an origin, as far as it was read."""

    node: _Node | None
    """The node whose character comes before it."""
    scheme: str = ""
    """The end of a scheme other than http and https."""
    host: str = ""
    port: str = ""
    """The end of the port; ``*`` if it has digits that are not spelled out."""
    text: str = ""
    """An example of the whole end."""


class _Search:
    """Reads the origins of an expression from their ends, until their sites are known.

    Each character on the way has to be spelled out. A site is known after a registrable domain and
    a dot, or after the whole host. The nodes know whether the scheme is http or https.
    """

    def __init__(
        self, origins: _Origins, expression: re.Pattern[str], suffixes: PublicSuffixes
    ) -> None:
        self._origins = origins
        self._expression = expression
        self._suffixes = suffixes
        automaton = origins.automaton
        repeated = {position for loop in automaton.loops() for position in loop}
        self._variable = [
            not is_literal or position in repeated
            for position, is_literal in enumerate(automaton.literals)
        ]
        self._patterns: dict[OriginPattern, None] = {}
        self._wide: list[_End] = []
        self._insecure: list[_End] = []

    def reach(self) -> Reach:
        """Search, and return the result. Raises `TooComplexError`."""
        waiting = [_End(node) for node in self._origins.ends]
        seen = {end[:-1] for end in waiting}  # the examples make no difference
        for end in waiting:
            for longer in self._longer(end):
                if longer[:-1] not in seen:
                    seen.add(longer[:-1])
                    waiting.append(longer)
            if len(waiting) > _MAX_ENDS:
                raise TooComplexError
        wide = insecure = None
        if self._wide:
            wide = next(self._other_origins(), "")
            insecure = next(filter(_is_insecure, self._other_origins()), None)
        if self._insecure:
            texts = (self._origins.starts[end.node] + end.text for end in self._insecure)
            insecure = next((text for text in texts if _matches(self._expression, text)), "")
        return Reach(tuple(self._patterns), wide, insecure)

    def _longer(self, end: _End) -> Iterator[_End]:
        """Yield the ends with one more character; none if the site is known, or cannot be known."""
        if end.node is None:
            self._note(end.scheme, end)
            return
        position, (part, known_scheme, detail) = end.node
        if part == "host" and known_scheme and not detail:
            self._note(known_scheme, end)  # only the scheme is left
            return
        _, scheme, host, port, text = end
        if known_scheme and len(host) > _MAX_HOST:
            return  # the rest is too long to be well-formed
        is_variable = self._variable[position]
        is_label = part == "host" and detail != ""
        for before, mask in self._origins.before[end.node]:
            if is_label and known_scheme and mask == _DOT and self._is_site(host):
                site = _End(before, scheme, host, port, f".{text}")
                self._note(known_scheme, site, subdomains=True)
            elif is_variable and (part == "scheme" or (is_label and mask != _DOT)):
                self._wide.append(_End(before, scheme, host, port, text))
            else:
                for character in characters_of(mask):
                    read = f"{character}{text}"
                    if is_label:
                        yield _End(before, scheme, f"{character}{host}", port, read)
                    elif part == "scheme":
                        yield _End(before, f"{character}{scheme}", host, port, read)
                    elif part != "port" or not detail:
                        yield _End(before, scheme, host, port, read)
                    elif is_variable or port == "*":
                        yield _End(before, scheme, host, "*", read)
                        break  # one digit is an example of all
                    else:
                        yield _End(before, scheme, host, f"{character}{port}", read)

    def _note(self, scheme: str, end: _End, *, subdomains: bool = False) -> None:
        """Note a host that is spelled out, and whether a network could change its pages."""
        port: Port = int(end.port) if end.port.isdigit() else "*" if end.port else None
        self._patterns[OriginPattern(scheme, end.host, port, subdomains)] = None
        if scheme == "http" and not is_loopback(end.host):
            self._insecure.append(end)

    def _is_site(self, host: str) -> bool:
        """Return whether all names under a host belong to its owner."""
        name = host.removesuffix(".")
        if not name or name == "localhost":
            return name != ""
        return self._suffixes.site(name) is not None and self._suffixes.at_or_under(name) is None

    def _other_origins(self) -> Iterator[str]:
        """Yield origins that the expression matches, but does not spell out."""
        spelled_out = OriginMatcher((), self._patterns)
        for text in self._likely_texts():
            if _matches(self._expression, text) and not spelled_out.matches(text):
                yield text

    def _likely_texts(self) -> Iterator[str]:
        # Origins with https are what most readers know.
        for end in sorted(self._wide, key=_scheme, reverse=True)[:_MAX_WIDE]:
            start = self._origins.starts[end.node]
            for other in _OTHER_TEXTS if end.host else _OTHER_ENDS:
                yield f"{start}{other.lstrip('.') if start[-1:] == '/' else other}{end.text}"
        # Assertions limit the texts to those that contain others.
        for name in re.findall(r"[a-z0-9-]+(?:\\?\.[a-z0-9-]+)+", self._expression.pattern):
            yield f"https://{name}.evil.test".replace("\\", "")
        yield from islice(self._origins.texts(), _MAX_TRIED)


def _scheme(end: _End) -> str:
    return "" if end.node is None else end.node[1].scheme


def _is_insecure(text: str) -> bool:
    origin = parse_origin(text)
    return origin is not None and origin.scheme == "http" and not is_loopback(origin.host)
