"""Origins: parsed origins, origin patterns, and OriginMatcher, which matches many patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address
from typing import Literal, NamedTuple

from .errors import safe_repr
from .log import log_failure

OriginCallable = Callable[[str], bool]
"""Returns whether a well-formed origin is allowed. It is called for every request."""

Port = int | Literal["*"] | None
"""None: the scheme's default port; ``"*"``: any port."""

OriginRule = str | re.Pattern[str] | OriginCallable
"""One of a policy's origins: an origin pattern, an expression for whole origins, or a callable."""

# 255 octets in a DNS message. https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
_MAX_HOST_LENGTH = 253
_MAX_PORT = 65535
DEFAULT_PORTS = {"http": 80, "https": 443}

NO_ORIGIN: OriginRule = re.compile("(?!)")
"""An expression that matches no origin, for adapters that accept an empty list of origins."""

MAX_ORIGIN_LENGTH = 32 + len("://") + _MAX_HOST_LENGTH + len(".:65535")
"""In characters: the longest possible host name, with room for the scheme and the port."""

# https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin
# https://url.spec.whatwg.org/#host-serializing
# Hosts of http and https are domains or addresses. Hosts of other schemes (browser extensions, apps
# in a web view) are opaque: Safari's extensions have an identifier in upper case, and Electron's
# apps are `app://.`. The URL standard allows more characters in domains than these. No real host
# uses them, and origins such as `https://example.com{.evil.test` have deceived other libraries.
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

# Such a host is an IPv4 address or invalid. https://url.spec.whatwg.org/#ends-in-a-number-checker
_ends_in_number = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?").fullmatch
_match_wildcard_port = re.compile(r"(?P<origin>.*):\*", re.DOTALL).fullmatch

# Names for private networks. https://www.rfc-editor.org/rfc/rfc6762#appendix-G
_PRIVATE_NAMES = (
    *(".internal", ".intranet", ".private", ".corp", ".home", ".lan"),
    *(".local", ".localdomain", ".home.arpa"),
)

# Replaces the `*.` of a pattern while the rest is parsed: the shortest label that it matches.
_ANY_LABEL = "a."


class Origin(NamedTuple):
    """A tuple origin (https://html.spec.whatwg.org/#concept-origin-tuple)."""

    scheme: str
    host: str
    port: int | None
    """None for the scheme's default port."""


@dataclass(frozen=True, slots=True)
class OriginPattern:
    """One origin, or a set of origins written with ``*``."""

    scheme: str
    host: str
    """The host without ``*.``: ``example.org`` for ``https://*.example.org``."""
    port: Port
    subdomains: bool
    """Whether the host was written with ``*.``, which matches one or more labels before it."""

    def __str__(self) -> str:
        """Return the pattern as it is written in a configuration."""
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{'*.' if self.subdomains else ''}{self.host}{port}"

    @property
    def is_exact(self) -> bool:
        """Whether the pattern has no ``*``, so it matches only itself."""
        return self.port != "*" and not self.subdomains

    @property
    def is_loopback(self) -> bool:
        """Whether the host is ``localhost``, a name under it, or a loopback address."""
        return is_loopback(self.host)


def parse_origin(text: str) -> Origin | None:
    """Parse an origin in the form in which browsers serialize it; None for anything else.

    The form is lower case, without a default port or a slash, with domains in Punycode, dotted IPv4
    addresses and compressed IPv6 addresses. Other serializations, and origins that no page can
    have (``null``, ``file://``, ``wss://a.example``), are None.
    https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin
    """
    parts = _split(text)
    return Origin(*parts) if parts is not None else None


def _split(text: str) -> tuple[str, str, int | None] | None:
    """Parse an origin into a plain tuple. Creating an `Origin` takes longer than all the rest."""
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
    """Parse an origin pattern, ``scheme://host[:port]``; None for anything else.

    A host that starts with ``*.`` matches one or more labels, none of them empty, a port ``*`` any
    port. The rest has the form that `parse_origin` expects.
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


class OriginMatcher:
    """Compiled origins. The number of exact origins and patterns does not affect the speed.

    An exact origin takes one look-up, and a pattern takes as many look-ups as the longest pattern
    has labels, whatever a client sends. Expressions and callables come last, one after the other,
    and see only well-formed origins.
    """

    __slots__ = (
        "_depth",
        "_expressions",
        "_hosts",
        "_parents",
        "callables",
        "exact",
        "only_exact",
    )

    exact: frozenset[str]
    """The exact origins."""

    only_exact: bool
    """Whether there are no patterns, expressions or callables."""

    callables: tuple[OriginCallable, ...]
    """The callables, which `look_up` calls, and `matches` does not."""

    def __init__(
        self,
        exact: Iterable[str],
        others: Iterable[OriginPattern | re.Pattern[str] | OriginCallable] = (),
    ) -> None:
        """Compile origins.

        `exact` are origins in the form that `parse_origin` accepts, `others` is everything else.
        """
        hosts: dict[str, set[tuple[str, Port]]] = {}
        parents: dict[str, set[tuple[str, Port]]] = {}
        expressions: list[re.Pattern[str]] = []
        callables: list[OriginCallable] = []
        for rule in others:
            if isinstance(rule, OriginPattern):
                compiled = parents if rule.subdomains else hosts
                compiled.setdefault(rule.host, set()).add((rule.scheme, rule.port))
            elif isinstance(rule, re.Pattern):
                expressions.append(rule)
            else:
                callables.append(rule)
        self.exact = frozenset(exact)
        # Apart, because opaque hosts can be any text with dots, such as `.x`.
        self._hosts = {host: frozenset(ports) for host, ports in hosts.items()}
        self._parents = {host: frozenset(ports) for host, ports in parents.items()}
        self._depth = max((host.count(".") + 1 for host in parents), default=0)
        self._expressions = tuple(expressions)
        self.callables = tuple(callables)
        self.only_exact = not (hosts or parents or expressions or callables)

    def matches(self, origin: str) -> bool:
        """Return whether an exact origin, a pattern or an expression matches an origin.

        `origin` is the value that a client sent; it need not be well-formed.
        """
        if origin in self.exact:
            return True
        if not (self._hosts or self._parents or self._expressions):
            return False
        parts = _split(origin)
        if parts is None:
            return False
        if self._matches_pattern(*parts):
            return True
        return any(expression.fullmatch(origin) for expression in self._expressions)

    def look_up(self, origin: str) -> bool | None:
        """Call the callables. Return True if one of them allows the origin, or None if one failed.

        They are not called if the origin is not well-formed. A callable fails if it raises, or
        returns anything but True or False. Failures are logged.
        """
        if not self.callables or parse_origin(origin) is None:
            return False
        result: bool | None = False
        for function in self.callables:
            try:
                returned: object = function(origin)
            except Exception as error:
                returned = error
            answer = checked_answer(function, origin, returned)
            if answer:
                return True
            result = None if answer is None else result
        return result

    def _matches_pattern(self, scheme: str, host: str, port: int | None) -> bool:
        ports = self._hosts.get(host)
        if ports is not None and ((scheme, port) in ports or (scheme, "*") in ports):
            return True
        position = len(host)
        for _ in range(self._depth):
            position = host.rfind(".", 0, position)
            if position < 0:
                break
            ports = self._parents.get(host[position + 1 :])
            if (
                ports is not None
                and ((scheme, port) in ports or (scheme, "*") in ports)
                # Opaque hosts may have empty labels, which `*.` does not match.
                and "" not in host[:position].split(".")
            ):
                return True
        return False


def checked_answer(function: object, origin: str, answer: object) -> bool | None:
    """Return the answer of a callable about an origin; None, and a log record, if it failed.

    `answer` is the value that it returned, or the exception that it raised. Anything but True and
    False is a failure.
    """
    if isinstance(answer, bool):
        return answer
    fault = (
        answer
        if isinstance(answer, Exception)
        else (f"returned {safe_repr(answer)} for {safe_repr(origin)} instead of True or False")
    )
    log_failure("the origins callable {}", function, fault, "origin_check_failed")
    return None


def _is_serialized_host(host: str) -> bool:
    if host[0] == "[":
        try:
            return serialized_ipv6(host[1:-1]) == host[1:-1]
        except AddressValueError:
            return False
    name = host.removesuffix(".")
    # Checking one character first takes a tenth of the time, and suffices for nearly every host.
    if name[name.rfind(".") + 1].isdigit() and _ends_in_number(host):
        try:
            return str(IPv4Address(host)) == host
        except AddressValueError:
            return False
    return len(name) <= _MAX_HOST_LENGTH


def serialized_ipv6(text: str) -> str:
    """Serialize an IPv6 address as browsers do, without dotted IPv4 notation at the end.

    https://url.spec.whatwg.org/#concept-ipv6-serializer

    Raises `ValueError` if `text` is not an IPv6 address.
    """
    address = IPv6Address(text)
    if address.ipv4_mapped is not None:
        mapped = int(address.ipv4_mapped)
        return f"::ffff:{mapped >> 16:x}:{mapped & 0xFFFF:x}"
    return address.compressed


def is_loopback(host: str) -> bool:
    """Return whether a host is localhost, a name under it, or a loopback address.

    https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy
    """
    host = host.removesuffix(".")
    if host == "[::1]" or host == "localhost" or host.endswith(".localhost"):
        return True
    return host.startswith("127.") and bool(_ends_in_number(host))


def without_port(host: str) -> str:
    """Return a host that may have a port, or be an IPv6 address, without the port."""
    return host if host.count(":") > 1 and "[" not in host else re.sub(r":[0-9*]*$", "", host)


def is_private(host: str) -> bool:
    """Return whether a host, with or without a port, belongs to a private network or a loopback."""
    name = without_port(host.lower().strip("."))
    try:
        return not ip_address(name.strip("[]")).is_global
    except ValueError:
        # A name without dots is only resolved on a private network.
        is_single = bool(name) and "." not in name and "*" not in name
        return is_single or is_loopback(name) or name.endswith(_PRIVATE_NAMES)
