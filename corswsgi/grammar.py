"""Grammar: the texts that are well-formed origins, as a deterministic automaton.

It accepts what `parse_origin` does, except that it does not limit lengths, and does not know the
shortest form of IPv6 addresses.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from .automata import ALPHABET, mask_of
from .origins import DEFAULT_PORTS


class State(NamedTuple):
    """The state after some characters of an origin."""

    part: str
    """``scheme``, ``colon``, ``slash``, ``host`` (from the second slash on) or ``port``."""
    scheme: str
    """``http`` or ``https``, from the colon on; empty for others."""
    detail: str
    """The rest of what the next characters depend on."""


START = State("scheme", "", "")

_LOWER = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_MAX_PORT = "65535"
_SCHEMES_WITHOUT_ORIGINS = ("ws", "wss", "ftp", "file", "data", "blob", "about", "javascript")
_SCHEME_PREFIXES = frozenset(
    scheme[:end]
    for scheme in (*DEFAULT_PORTS, *_SCHEMES_WITHOUT_ORIGINS)
    for end in range(1, len(scheme) + 1)
)


@cache
def transitions(state: State) -> tuple[tuple[int, State], ...]:
    """Return the states that can follow a state, each with the characters that lead to it."""
    found: dict[State, int] = {}
    for character in ALPHABET:
        following = _next(state, character)
        if following is not None:
            found[following] = found.get(following, 0) | mask_of(character)
    return tuple((mask, following) for following, mask in found.items())


def is_origin(state: State) -> bool:
    """Return whether a text that leads to a state is an origin."""
    part, scheme, detail = state
    if part == "port":
        return detail not in ("", str(DEFAULT_PORTS.get(scheme)))
    return part == "host" and (
        detail in ("name", "name.", "]", "opaque") or (detail[:2] == "4:" and detail[2:] != "")
    )


def _next(state: State, character: str) -> State | None:
    part, scheme, detail = state
    if part == "scheme":
        return _in_scheme(detail, character)
    if part == "colon":
        return State("slash", scheme, "") if character == "/" else None
    if part == "slash":
        return State("host", scheme, "") if character == "/" else None
    if part == "port":
        port = _in_port(detail, character, DEFAULT_PORTS.get(scheme))
        return None if port is None else State("port", scheme, port)
    if character == ":" and detail != "[":
        return State("port", scheme, "") if is_origin(state) else None
    host = _in_host(detail, character) if scheme else _in_opaque_host(character)
    return None if host is None else State("host", scheme, host)


def _in_scheme(detail: str, character: str) -> State | None:
    """`detail` is the scheme so far, or ``+`` if it cannot become one that is known."""
    if character == ":":
        if not detail or detail in _SCHEMES_WITHOUT_ORIGINS:
            return None
        return State("colon", detail if detail in DEFAULT_PORTS else "", "")
    if character not in _LOWER and (not detail or character not in f"{_DIGITS}+-."):
        return None
    known = detail + character
    return State("scheme", "", known if known in _SCHEME_PREFIXES else "+")


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
    if len(port) >= len(_MAX_PORT) and port > _MAX_PORT:
        return None
    return f"{'<' if port < _MAX_PORT[: len(port)] else '>'}{len(port)}"


def _in_opaque_host(character: str) -> str | None:
    return "opaque" if character.isalnum() or character in "._-" else None


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
