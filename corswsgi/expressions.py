"""Expressions: analyse which origins a regular expression can match, and how long that takes.

The automaton of an expression is followed together with a grammar of well-formed origins. Nothing
is sampled: the result covers every origin that the expression matches. Single origins are only
tried to find examples for messages.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, lru_cache
from heapq import heappop, heappush
from itertools import chain, count, islice
from typing import NamedTuple

from .automata import ALPHABET, Automaton, TooComplexError, characters_of, mask_of
from .origins import (
    DEFAULT_PORTS,
    MAX_ORIGIN_LENGTH,
    OriginPattern,
    Port,
    is_loopback,
    parse_origin,
)
from .suffixes import PublicSuffixes

_MAX_NODES = 5_000
_MAX_EDGES = 25_000
_MAX_TEXTS = 2_000  # literal ends of hosts
_MAX_TRIED = 100  # origins
_MAX_BRANCHES = 100
_MAX_HOST = 254  # characters, with a dot at the end
_MAX_WIDE = 20

# After some characters of an origin: its part, its scheme ("" for others than http and https), and
# the rest of what the next characters depend on.
_State = tuple[str, str, str]
_START: _State = ("scheme", "", "")
_Node = tuple[int, _State]
"""A position of an automaton, and the state of the grammar after its character."""

_LOWER = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_DOT = mask_of(".")
_MAX_PORT = "65535"
_SCHEMES_WITHOUT_ORIGINS = ("ws", "wss", "ftp", "file", "data", "blob", "about", "javascript")
_SCHEME_PREFIXES = frozenset(
    scheme[:end]
    for scheme in (*DEFAULT_PORTS, *_SCHEMES_WITHOUT_ORIGINS)
    for end in range(1, len(scheme) + 1)
)

# Put where an expression matches other text than what it spells out.
_OTHER_TEXTS = (".evil.test", "evil", "evil.test", "evil-", "-evil", "evilevilevil", "a", "1")


class Faults(NamedTuple):
    """The reasons why no policy can use an expression."""

    is_empty: bool
    """Whether it matches no origin."""
    dead_branches: tuple[str, ...]
    """Those of its alternatives that match no origin."""
    is_catastrophic: bool
    """Whether one origin can keep Python's matcher busy for seconds."""


class Reach(NamedTuple):
    """The origins that an expression can match."""

    patterns: tuple[OriginPattern, ...]
    """What the expression spells out. Unless it is `wide`, they include all that it matches."""
    wide: str | None
    """An origin on a site that it does not spell out; empty if an example was not found."""
    insecure: str | None
    """An origin with http that is not loopback; empty if an example was not found."""


@lru_cache(maxsize=256)
def find_faults(expression: re.Pattern[str]) -> Faults:
    """Find out whether an expression matches any origin in reasonable time."""
    try:
        automaton = _automaton(expression)
        if automaton.is_catastrophic:
            # Atomic groups prevent some of what the automaton allows.
            return Faults(False, (), not automaton.is_atomic)
        if _is_empty(expression):
            return Faults(True, (), False)
        return Faults(False, tuple(_dead_branches(expression)), False)
    except TooComplexError:
        return Faults(False, (), False)


@lru_cache(maxsize=256)
def find_reach(expression: re.Pattern[str]) -> Reach:
    """Find out which origins an expression can match. Raises `TooComplexError`."""
    if _automaton(expression).is_catastrophic:
        raise TooComplexError
    return _Search(_origins(expression), expression, PublicSuffixes()).reach()


# Most expressions are analysed for their faults and for their reach, one right after the other.
@lru_cache(maxsize=4)
def _automaton(expression: re.Pattern[str]) -> Automaton:
    return Automaton.of(expression)


@lru_cache(maxsize=4)
def _origins(expression: re.Pattern[str]) -> _Origins:
    return _Origins(_automaton(expression))


def corrected_expression(expression: re.Pattern[str]) -> str | None:
    """Return the sound expression that was probably meant, as a raw string; None if unknown.

    It can be used with credentials.
    """
    for source in _corrections(expression.pattern):
        with suppress(re.error, TooComplexError):
            corrected = re.compile(source, expression.flags & re.IGNORECASE)
            if any(find_faults(corrected)):
                continue
            patterns, wide, insecure = find_reach(corrected)
            is_named = all("." in each.host.strip(".") or each.is_loopback for each in patterns)
            if wide is None and insecure is None and is_named:
                return f"r'{source}'"
    return None


def _corrections(source: str) -> Iterator[str]:
    """Yield an expression with one correction, with two, and so on."""
    scheme = "http" if re.search(r"localhost|127|\[::1", source) else "https"
    rest = r"(?:\((?:\?:)?/?(?:\.[*+]\??)?\)\??|/?(?:\.[*+]\??)?)\$?$"
    for pattern, replacement in (
        # A path, or anything, after the host. Of loopback hosts, the port is often variable.
        (rf"(?<![*+?.])(localhost|127[\\.01]+|\[::1\\?\]){rest}", r"\1(:\\d+)?"),
        (rf"(?<!\)){rest}", ""),
        # A dot that was meant literally. Escapes, character classes and `.*` stay as they are.
        (r"(\\.|\[[^]]*\]|\.[*+?{])|\.", lambda match: match[1] or r"\."),
        (r"^\^?\(?(?:\?:)?https?\??(?:\|https?)?\)?://", f"{scheme}://"),
        (r"^\^?(?!https?:)(?!.*://)", f"{scheme}://"),
        (r"^(https?://)\(?\.[*+]\)?(?:\\\.)?(?=[a-z0-9])", r"\1(.+\\.)?"),
    ):
        corrected = re.sub(pattern, replacement, source, count=0)
        if corrected != source:
            source = corrected
            yield source


# The grammar of well-formed origins, as a deterministic automaton. It accepts what `parse_origin`
# does, except for limits of length and the shortest form of IPv6 addresses.


@cache
def _transitions(state: _State) -> tuple[tuple[int, _State], ...]:
    """Return the states that can follow a state, each with the characters that lead to it."""
    found: dict[_State, int] = {}
    for character in ALPHABET:
        following = _next(state, character)
        if following is not None:
            found[following] = found.get(following, 0) | mask_of(character)
    return tuple((mask, following) for following, mask in found.items())


def _next(state: _State, character: str) -> _State | None:
    part, scheme, detail = state
    if part == "scheme":
        return _in_scheme(detail, character)
    if part == "colon" or part == "slash":
        return ("slash" if part == "colon" else "host", scheme, "") if character == "/" else None
    if part == "port":
        port = _in_port(detail, character, DEFAULT_PORTS.get(scheme))
        return None if port is None else ("port", scheme, port)
    if character == ":" and detail != "[":
        return ("port", scheme, "") if _is_accepted(state) else None
    if not scheme:
        is_opaque = character.isalnum() or character in "._-"
        return ("host", scheme, "opaque") if is_opaque else None
    host = _in_host(detail, character)
    return None if host is None else ("host", scheme, host)


def _is_accepted(state: _State) -> bool:
    """Return whether a text that leads to a state is an origin."""
    part, scheme, detail = state
    if part == "port":
        return detail not in ("", str(DEFAULT_PORTS.get(scheme)))
    return part == "host" and (
        detail in ("name", "name.", "]", "opaque") or (detail[:2] == "4:" and detail[2:] != "")
    )


def _in_scheme(detail: str, character: str) -> _State | None:
    """`detail` is the scheme so far, or ``+`` if it cannot become one that is known."""
    if character == ":":
        if not detail or detail in _SCHEMES_WITHOUT_ORIGINS:
            return None
        return "colon", detail if detail in DEFAULT_PORTS else "", ""
    if character not in _LOWER and (not detail or character not in f"{_DIGITS}+-."):
        return None
    known = detail + character
    return "scheme", "", known if known in _SCHEME_PREFIXES else "+"


def _in_port(detail: str, character: str, default: int | None) -> str | None:
    """`detail` is the port so far, or how it compares with the highest one and its length."""
    if character not in _DIGITS or (character == "0" and not detail):
        return None
    if detail[:1] in ("<", ">"):
        length = int(detail[1]) + 1
        return None if length > (5 if detail[0] == "<" else 4) else f"{detail[0]}{length}"
    port = detail + character
    if _MAX_PORT.startswith(port) or str(default).startswith(port):
        return port
    if len(port) > 5 or (len(port) == 5 and port > _MAX_PORT):
        return None
    return f"{'<' if port < _MAX_PORT[: len(port)] else '>'}{len(port)}"


def _in_host(detail: str, character: str) -> str | None:
    """`detail` says what the last label can be.

    It is empty at the start, and ends with ``.`` or ``:`` before a label. After a number and a
    colon, all labels so far are the parts of an IPv4 address. A domain whose last label is a number
    (``0x1`` is one) is not well-formed.
    """
    is_start = detail[-1:] in ("", ".", ":")
    if detail in ("[", "]") or character in "[]:":
        if detail == "[" and character in f"{_DIGITS}abcdef:":
            return "["
        return {"[": "[", "[]": "]"}.get(detail + character)
    if character == ".":
        if is_start:
            return None
        octets = int(detail[0]) if detail[1:2] == ":" else 4
        return "name." if detail == "name" else f"{octets + 1}:" if octets < 4 else "number."
    if character in _DIGITS:
        if detail == "" or detail[1:2] == ":":
            octet = _in_octet(detail[2:], character)
            return "number" if octet is None else f"{detail[:2] or '1:'}{octet}"
        if is_start:
            return "zero" if character == "0" else "number"
        return "number" if detail == "zero" else detail
    if character == "x" and (detail == "zero" or detail[2:] == "0"):
        return "hex"
    if character in "abcdef" and detail == "hex":
        return "hex"
    return "name" if character in f"{_LOWER}-_" else None


def _in_octet(detail: str, digit: str) -> str | None:
    """`detail` is the start of a number up to 255, ``+`` before its last digit, or ``=`` after."""
    if detail == "":
        return digit if digit in "012" else "3"
    if detail == "1" or (detail == "2" and digit < "5"):
        return "+"
    if detail == "2":
        return "25" if digit == "5" else "="
    return "=" if detail in ("3", "+") or (detail == "25" and digit <= "5") else None


class _Origins:
    """The origins among the texts of an automaton, as a graph of nodes.

    A node is a position of the automaton and the state of the grammar after its character. None is
    the node before the first character.
    """

    def __init__(self, automaton: Automaton) -> None:
        """Raises `TooComplexError`."""
        self.automaton = automaton
        before = self._edges_before()
        self.ends = [node for node in before if _is_accepted(node[1]) and node[0] in automaton.last]
        # Nodes that lead to an end, with their distance from it.
        self.distances: dict[_Node | None, int] = dict.fromkeys(self.ends, 0)
        self.before: dict[_Node, list[tuple[_Node | None, int]]] = {}
        waiting: deque[_Node | None] = deque(self.ends)
        while waiting:
            node = waiting.popleft()
            if node is None:
                continue
            self.before[node] = before[node]
            for earlier, _ in before[node]:
                if earlier not in self.distances:
                    self.distances[earlier] = self.distances[node] + 1
                    waiting.append(earlier)
        self.after: dict[_Node | None, list[tuple[_Node, int]]] = {}
        for node, edges in self.before.items():
            for earlier, mask in edges:
                self.after.setdefault(earlier, []).append((node, mask))
        for following in self.after.values():
            following.sort(key=lambda edge: edge[1] & -edge[1])  # letters first, as examples

    def _edges_before(self) -> dict[_Node, list[tuple[_Node | None, int]]]:
        """Return the nodes that can be reached, with the edges that lead to each."""
        found: dict[_Node, list[tuple[_Node | None, int]]] = {}
        waiting: list[_Node | None] = [None]
        edges = 0
        while waiting:
            node = waiting.pop()
            if node is None:
                positions, state = self.automaton.first, _START
            else:
                positions, state = self.automaton.followers[node[0]], node[1]
            for position in positions:
                mask = self.automaton.masks[position]
                for characters, following in _transitions(state):
                    if mask & characters:
                        edges += 1
                        after = position, following
                        if after not in found:
                            found[after] = []
                            waiting.append(after)
                        found[after].append((node, mask & characters))
            if len(found) > _MAX_NODES or edges > _MAX_EDGES:
                raise TooComplexError
        return found

    def texts(self) -> Iterator[str]:
        """Yield the origins, the shortest ones first."""
        number = count()  # newer texts come first, which keeps few of them waiting
        waiting: list[tuple[int, int, str, _Node | None]] = []
        if None in self.distances:
            waiting.append((0, 0, "", None))
        while waiting:
            _, _, text, node = heappop(waiting)
            if node is not None and not self.distances[node]:
                yield text
            for after, mask in self.after.get(node, ()):
                length = len(text) + 1 + self.distances[after]
                if length > MAX_ORIGIN_LENGTH:
                    continue
                for character in reversed([*characters_of(mask)]):
                    heappush(waiting, (length, -next(number), text + character, after))

    def text_before(self, node: _Node | None) -> str:
        """Return the shortest text that leads to a node."""
        ways: dict[_Node | None, str] = {None: ""}
        waiting: deque[_Node | None] = deque([None])
        while node not in ways:
            earlier = waiting.popleft()
            for after, mask in self.after.get(earlier, ()):
                if after not in ways:
                    ways[after] = ways[earlier] + next(characters_of(mask))
                    waiting.append(after)
        return ways[node]


def _is_empty(expression: re.Pattern[str]) -> bool:
    """Return whether an expression matches no origin. If it is hard to find one, return False."""
    for tried, text in enumerate(_origins(expression).texts()):
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
            if _is_empty(branch):
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


class _Step(NamedTuple):
    """A step of the search from the ends of origins towards their sites."""

    node: _Node | None
    """The node whose character comes next."""
    host: str
    """The end of the host, as far as it was read."""
    port: Port
    text: str
    """The end of the origin."""

    def key(self) -> tuple[object, ...]:
        """Return all that the search before this step depends on."""
        # The schemes http and https are parts of the nodes.
        return self if self.node is None or not self.node[1][1] else self[:3]


class _Search:
    """Reads the origins of an expression backwards, until their sites are known.

    Each character on the way has to be spelled out. A site is known after a registrable domain and
    a dot, or after the whole host.
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
        self._wide: list[tuple[str, _Step]] = []
        self._insecure: list[str] = []

    def reach(self) -> Reach:
        """Search, and return the result. Raises `TooComplexError`."""
        waiting = [_Step(node, "", None, "") for node in self._origins.ends]
        seen = {step.key() for step in waiting}
        for step in waiting:
            for new in self._before(step):
                if new.key() not in seen:
                    seen.add(new.key())
                    waiting.append(new)
            if len(waiting) > _MAX_TEXTS:
                raise TooComplexError
        wide = self._wide_example() if self._wide else None
        insecure = None
        if self._insecure:
            matching = (text for text in self._insecure if _matches(self._expression, text))
            insecure = next(matching, "")
        return Reach(tuple(self._patterns), wide, insecure)

    def _before(self, step: _Step) -> Iterator[_Step]:
        """Yield the steps before a step; none if the site is known, or cannot be known."""
        node, host, port, text = step
        if node is None:
            self._find(text.partition("://")[0], host, port)
            return
        if len(host) > _MAX_HOST:
            return  # the rest is too long to be well-formed
        position, (part, scheme, detail) = node
        is_variable = self._variable[position]
        is_label = part == "host" and detail != ""
        for before, mask in self._origins.before[node]:
            if part == "host" and scheme and not detail:
                self._find(scheme, host, port, text=f"{scheme}://{text}")
            elif is_label and scheme and mask == _DOT and self._is_site(host):
                self._find(scheme, host, port, before, f".{text}")
            elif is_variable and (part == "scheme" or (is_label and mask != _DOT)):
                self._wide.append((scheme, _Step(before, host, port, text)))
            else:
                for character in characters_of(mask):
                    read = f"{character}{text}"
                    if is_label:
                        yield _Step(before, f"{character}{host}", port, read)
                    elif part != "port" or not detail:
                        yield _Step(before, host, port, read)
                    elif is_variable or port == "*":
                        yield _Step(before, host, "*", read)
                        break  # one port is an example of all
                    else:
                        yield _Step(before, host, int(read), read)

    def _find(
        self,
        scheme: str,
        host: str,
        port: Port,
        before: _Node | None = None,
        text: str = "",
    ) -> None:
        """Note a host that is spelled out, and whether a network could change its pages.

        `before` is the node in front of a dot and the host, if names under it match, too.
        """
        self._patterns[OriginPattern(scheme, host, port, subdomains=before is not None)] = None
        if scheme == "http" and not is_loopback(host):
            self._insecure.append(f"{self._origins.text_before(before)}{text}")

    def _is_site(self, host: str) -> bool:
        """Return whether all names under a host belong to its owner."""
        name = host.removesuffix(".")
        if not name or name == "localhost":
            return name != ""
        return self._suffixes.site(name) is not None and self._suffixes.at_or_under(name) is None

    def _wide_example(self) -> str:
        # Origins with https are what most readers know.
        for _, step in sorted(self._wide, key=lambda each: each[0], reverse=True)[:_MAX_WIDE]:
            start = self._origins.text_before(step.node)
            own = self._suffixes.site(step.host) if step.host else None
            for other in _OTHER_TEXTS:
                text = f"{start}{other}{step.text}"
                if _matches(self._expression, text) and self._suffixes.site(_host(text)) != own:
                    return text
        # Assertions limit the texts to those that contain others.
        named = re.findall(r"[a-z0-9-]+(?:\\?\.[a-z0-9-]+)+", self._expression.pattern)
        texts = (f"https://{name}.evil.test".replace("\\", "") for name in named)
        for text in chain(texts, islice(self._origins.texts(), _MAX_TRIED)):
            if _matches(self._expression, text):
                return text
        return ""


def _host(text: str) -> str:
    origin = parse_origin(text)
    return "" if origin is None else origin.host
