"""Origins: what a browser sends, patterns for them, and a set of patterns matched in one step."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Literal, NamedTuple

from .errors import shown
from .log import log_failure, logger

OriginCallable = Callable[[str], bool]
"""Answers for one well-formed origin whether it is allowed; asked for every request."""

Port = int | Literal["*"] | None
"""None for the scheme's default port, ``"*"`` for any port."""

OriginRule = str | re.Pattern[str] | OriginCallable
"""One member of a policy's origins: a pattern, an expression that must match whole, a callable."""

_MAX_HOST_LENGTH = 253  # RFC 1035, 2.3.4: 255 octets on the wire, as text
_MAX_PORT = 65535
DEFAULT_PORTS = {"http": 80, "https": 443}

NOBODY: OriginRule = re.compile("(?!)")
"""An expression that no origin matches, for adapters whose configuration may list none."""

MAX_ORIGIN_LENGTH = 32 + len("://") + _MAX_HOST_LENGTH + len(".:65535")
"""In characters: the longest host name there can be, with room for the scheme and the port."""

# URL standard, 4.3 and 4.7: how a browser serializes an origin (HTML, 7.1.1, ASCII serialization).
# Hosts of http and https are domains or addresses. Those of other schemes (browser extensions,
# apps in a web view) are opaque: Safari's extensions have an identifier in upper case, Electron's
# apps are `app://.`. Labels are letters, digits, hyphens and underscores, although the URL standard
# lets more through: nobody's host has it, and `https://example.com{.evil.test` has deceived other
# libraries.
_LABEL = r"[a-z0-9_-]{1,63}"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*\.?"
_match_origin = re.compile(
    rf"""
    (?:
        (?P<scheme> https? ) :// (?P<host> {_DOMAIN} | \[ [0-9a-f:]+ \] )
      | (?P<other>
            (?! (?: https? | wss? | ftp | file | data | blob | about | javascript ) : )
            [a-z][a-z0-9+.-]{{0,31}}
        )
        :// (?P<opaque> [A-Za-z0-9._-]+ )
    )
    (?: : (?P<port> [1-9][0-9]{{0,4}} ) )?
    """,
    re.VERBOSE,
).fullmatch

# A host that ends in a number is an IPv4 address, or no host at all (URL standard, 3.5).
_ends_in_number = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?").fullmatch
_match_wildcard_port = re.compile(r"(?P<origin>.*):\*", re.DOTALL).fullmatch

# What stands in for the `*` of a pattern while the rest of it is checked.
_ANY_LABEL = "any-label."


class Origin(NamedTuple):
    """A tuple origin (HTML standard, 7.1.1): where a page comes from."""

    scheme: str
    host: str
    port: int | None
    """None for the scheme's default port."""


@dataclass(frozen=True, slots=True)
class OriginPattern:
    """One origin, or all that ``*`` stands for in it."""

    scheme: str
    host: str
    """Without ``*.``: of ``https://*.example.org``, it is ``example.org``."""
    port: Port
    subdomains: bool
    """True where the host stood behind ``*.``: one or more labels before it."""

    @property
    def is_exact(self) -> bool:
        """True for a pattern without ``*``: it matches nothing but itself."""
        return self.port != "*" and not self.subdomains

    @property
    def is_loopback(self) -> bool:
        """True for ``localhost``, what is under it, and loopback addresses.

        Secure Contexts, 3.1.
        """
        return is_loopback(self.host)


def parse_origin(text: str) -> Origin | None:
    """Parse an origin in the one form in which a browser serializes it; None for anything else.

    Lower case, no default port, no path or slash, punycode, dotted IPv4, compressed IPv6. So is
    None what names no origin that a page can have: ``null``, ``file://``, ``wss://a.example``.
    """
    parts = _split(text)
    return Origin(*parts) if parts is not None else None


def _split(text: str) -> tuple[str, str, int | None] | None:
    """Do what `parse_origin` does, without the names, which take longer than all the rest."""
    if len(text) > MAX_ORIGIN_LENGTH or (match := _match_origin(text)) is None:
        return None
    scheme, host, other, opaque, digits = match.groups()
    port = int(digits) if digits else None
    if port is not None and (port > _MAX_PORT or port == DEFAULT_PORTS.get(scheme)):
        return None
    if scheme is None:
        return other, opaque, port
    return (scheme, host, port) if _is_serialized_host(host) else None


def parse_pattern(text: str) -> OriginPattern | None:
    """Parse an origin pattern, ``scheme://host[:port]``, in its one form; None for anything else.

    A host that starts with ``*.`` stands for one or more labels, a port ``*`` for any port.
    """
    if "*" not in text:
        origin = parse_origin(text)
        return origin and OriginPattern(origin.scheme, origin.host, origin.port, False)
    any_port = _match_wildcard_port(text)
    if any_port is not None:
        text = any_port["origin"]
    before, wildcard, after = text.partition("://*.")
    origin = parse_origin(f"{before}://{_ANY_LABEL}{after}" if wildcard else text)
    if origin is None or (any_port is not None and origin.port is not None):
        return None
    host = origin.host.removeprefix(_ANY_LABEL) if wildcard else origin.host
    if not host:
        return None
    return OriginPattern(
        origin.scheme, host, "*" if any_port is not None else origin.port, bool(wildcard)
    )


class OriginSet:
    """A set of origin rules, compiled: it matches in one step, however many patterns it holds.

    Exact origins are found by their hash, patterns by as many look-ups as the longest of them
    has labels; what a client sends decides about neither. Expressions and callables come last,
    are asked about well-formed origins only, and cost what they cost.
    """

    __slots__ = (
        "_depth",
        "_expressions",
        "_ports",
        "callables",
        "exact",
        "only_exact",
    )

    exact: frozenset[str]
    """The exact origins."""

    only_exact: bool
    """True if there is nothing else than exact origins."""

    callables: tuple[OriginCallable, ...]
    """Those that `ask` asks about what `matches` does not match."""

    def __init__(
        self,
        exact: Iterable[str],
        others: Iterable[OriginPattern | re.Pattern[str] | OriginCallable] = (),
    ) -> None:
        """Compile origins in the form that `parse_origin` takes, and everything that is wider."""
        ports: dict[str, set[tuple[str, Port]]] = {}
        expressions: list[re.Pattern[str]] = []
        callables: list[OriginCallable] = []
        for rule in others:
            if isinstance(rule, OriginPattern):
                key = f".{rule.host}" if rule.subdomains else rule.host
                ports.setdefault(key, set()).add((rule.scheme, rule.port))
            elif isinstance(rule, re.Pattern):
                expressions.append(rule)
            else:
                callables.append(rule)
        self.exact = frozenset(exact)
        self._ports = {key: frozenset(values) for key, values in ports.items()}
        self._depth = max((key.count(".") for key in ports if key[0] == "."), default=0)
        self._expressions = tuple(expressions)
        self.callables = tuple(callables)
        self.only_exact = not (ports or expressions or callables)

    def matches(self, origin: str) -> bool:
        """Tell whether an exact origin, a pattern or an expression matches `origin` as sent."""
        if origin in self.exact:
            return True
        if not (self._ports or self._expressions):
            return False
        parts = _split(origin)
        if parts is None:
            return False
        if self._ports and self._matches_pattern(*parts):
            return True
        return any(expression.fullmatch(origin) for expression in self._expressions)

    def ask(self, origin: str) -> bool | None:
        """Ask the callables about `origin`: True if one allows it, None if it could not be told.

        They are not asked about what is no well-formed origin. One that raises, or answers
        something else than a bool, is logged and allows nothing.
        """
        if not self.callables or parse_origin(origin) is None:
            return False
        answer: bool | None = False
        for ask in self.callables:
            try:
                given: object = ask(origin)
            except Exception as error:
                given = error
            one = checked_answer(ask, origin, given)
            if one:
                return True
            answer = None if one is None else answer
        return answer

    def _matches_pattern(self, scheme: str, host: str, port: int | None) -> bool:
        ports = self._ports.get(host)
        position = len(host)
        for _ in range(self._depth + 1):
            if ports is not None and ((scheme, port) in ports or (scheme, "*") in ports):
                return True
            position = host.rfind(".", 0, position)
            if position < 0:
                break
            ports = self._ports.get(host[position:])
        return False


def checked_answer(ask: object, origin: str, given: object) -> bool | None:
    """Return what a callable has answered about an origin, or the exception that it has raised.

    None, and a line in the log, for anything but True and False.
    """
    if isinstance(given, bool):
        return given
    if isinstance(given, Exception):
        log_failure(f"the origins callable {shown(ask)}", given, "origin_check_failed")
        return None
    logger.error(
        "the origins callable %s answered %s for %s; True or False was expected, "
        "so the origin is refused",
        shown(ask),
        shown(given),
        shown(origin),
        extra={"reason": "origin_check_failed"},
    )
    return None


def _is_serialized_host(host: str) -> bool:
    if host[0] == "[":
        try:
            return serialized_ipv6(host[1:-1]) == host[1:-1]
        except AddressValueError:
            return False
    name = host.removesuffix(".")
    # The first character decides for nearly every host, at a tenth of the expression's price.
    if name[name.rfind(".") + 1].isdigit() and _ends_in_number(host):
        try:
            return str(IPv4Address(host)) == host
        except AddressValueError:
            return False
    return len(name) <= _MAX_HOST_LENGTH


def serialized_ipv6(text: str) -> str:
    """Serialize an IPv6 address as the URL standard does (3.5): never with a dotted tail.

    Raises `ValueError` if `text` is none.
    """
    address = IPv6Address(text)
    if address.ipv4_mapped is not None:
        mapped = int(address.ipv4_mapped)
        return f"::ffff:{mapped >> 16:x}:{mapped & 0xFFFF:x}"
    return address.compressed


def is_loopback(host: str) -> bool:
    """Tell whether a host is localhost, under it, or a loopback address (Secure Contexts, 3.1)."""
    host = host.removesuffix(".")
    if host == "[::1]" or host == "localhost" or host.endswith(".localhost"):
        return True
    return host.startswith("127.") and bool(_ends_in_number(host))
