"""Suggestions: guess the value that you meant when you wrote an invalid one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from difflib import get_close_matches
from typing import NamedTuple
from unicodedata import normalize

from .automata import TooComplexError
from .expressions import Reach, corrected_expression, find_faults, find_reach
from .origins import DEFAULT_PORTS, is_private, parse_pattern, serialized_ipv6
from .suffixes import PublicSuffixes

# Python's codec implements IDNA 2003, browsers implement UTS 46. They agree on these letters: the
# lower-case letters of the scripts of Europe without sharp s and final sigma, Kana, Han and Hangul.
_is_safe_idn = re.compile(
    r"[-a-z0-9.*\u00e0-\u03c1\u03c3-\u052f\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fa5\uac00-\ud7a3]+"
).fullmatch

# ":[0-9]+", ":\d{2,5}$" and the like, at the end.
_port_expression = re.compile(r":(?:\[0-9\]|\\d)(?:[*+]|\{[0-9,]+\})\$?$")

# urllib.parse.urlsplit() depends on the Python version: new ones refuse "https://*.[::1]".
_split_url = re.compile(
    r"""
    (?P<scheme> [^:/?#]+ ) ://
    (?P<authority>
        (?: [^/?#]* @ )?
        (?: [^][/?#]* \[ (?P<ipv6> [^][/?#]* ) \] | (?P<host> [^][:/?#]* ) )
        (?: : (?P<port> [0-9]{0,9} ) )?
    )
    (?: [/?#] .* )?
    """,
    re.VERBOSE | re.DOTALL,
).fullmatch

_matches_any_origin = re.compile(r"\^?(?:https?\??://|[a-z(|)]+://)?\.?[*+]\$?(?::\*)?").fullmatch

# Of one computer, with a `*` in place of the port, or behind a part of it.
_any_port_of_loopback = re.compile(
    r"^((?:https?://)?(?:localhost|127\.0\.0\.1|\[::1\])):?[0-9]*\*(?=/|$)", re.IGNORECASE
)

_any_host = re.compile(r"(https?)://\*:([0-9]+)/?").fullmatch

# Addresses with a `*` for parts, which may be the last ones: `192.168.*`.
_some_addresses = re.compile(r"[0-9]{1,3}(?:\.(?:[0-9]{1,3}|\*)){1,3}").fullmatch
_ADDRESS_PARTS = 4

# "http//:", "http:/", "https;//", "https:\\", "https:\/\/" and "https://https://".
_scheme = re.compile(r"^(?:(?i:(https?))(?::?\\\\|:(?:\\/){2}|[:;/]+))+(?=[^\s:;/])")

# The text of a missing or boolean value, from an f-string or an environment variable.
_MISSING = frozenset({"none", "null", "undefined", "nil", "nan", "true", "false"})

UNSPECIFIED_HOSTS = frozenset({"0.0.0.0", "[::]"})  # noqa: S104 - nothing is bound to it
"""Servers listen on these addresses. Pages have the name or address that was entered."""

_split_wildcards = re.compile(
    r"(?: (?P<scheme> https? ) :// )? (?P<host> [a-z0-9._*-]+ ) (?P<port> :(?: [0-9]+ | \*) )? /?",
    re.VERBOSE,
).fullmatch

_METHOD = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|QUERY"

# The options, by a word that only names for them contain.
_NOUNS = {
    "credential": "supports_credentials",
    "expose": "expose_headers",
    "origin": "origins",
    "method": "methods",
    "header": "allow_headers",
    "maxage": "max_age",
    "resource": "resources",
}


class Recipe(NamedTuple):
    """A regular expression to write instead of a pattern."""

    source: str
    """It as a raw string."""
    is_safe: bool
    """Whether it can be used with credentials."""
    is_address: bool = False
    """Whether the hosts are IP addresses."""


def is_missing(text: str) -> bool:
    """Return whether a text, or the host in it, is the text of a missing value: ``None``."""
    host = re.sub(r"^[a-z]+://|[:/].*$", "", text.strip().lower())
    return host in _MISSING


def corrected_origin(text: str) -> str | None:
    """Return the origin pattern that `text` was probably meant to be; None if unknown."""
    if is_missing(text) or ("@" in text and "://" not in text):
        return None
    plain = _any_port_of_loopback.sub(r"\1:*", re.sub(r"\*{2,}", "*", text))
    plain = _port_expression.sub(":*", plain)
    if plain != text:
        plain = plain.removeprefix("^")
    plain = _scheme.sub(r"\1://", re.sub(r"^blob:", "", plain.strip()))
    guess = _corrected_expression(plain) if "\\" in plain else _corrected_url(plain)
    return guess if guess != text and guess is not None and parse_pattern(guess) else None


def _corrected_expression(text: str) -> str:
    r"""Return the pattern for an expression in a string, such as ``^https://.*\.example\.com$``."""
    text = re.sub(r"^\^|\$$", "", text)
    text = re.sub(r"\(?(?:\.|\[[^]]*\]|\\w)[*+]\)?\\\.", "*.", text)
    # Other operators have no counterpart in patterns. They stay, so the result is not a pattern.
    return text.replace("\\.", ".")


def _corrected_url(text: str) -> str | None:
    text = text.rstrip(",;")
    if "://" not in text[1:]:
        text = text.lstrip(":/")
        scheme = _usual_scheme(text)
        if scheme is None:
            return None
        text = f"{scheme}://{text}"
    if re.match("[^/]*://[^/?#]*https?:?//", text):
        return None  # two of them run together
    any_port = re.search(r":\*(?=/|$)", text)
    if any_port:
        text = text.replace(":*", "", 1)
    url = _split_url(text)
    if url is None:
        return None
    scheme = url["scheme"].lower()
    scheme = {"ws": "http", "wss": "https"}.get(scheme, scheme)
    if scheme not in DEFAULT_PORTS:
        return f"{scheme}://{url['authority']}"  # hosts of other schemes are case-sensitive
    host = f"[{url['ipv6']}]" if url["host"] is None else url["host"].lower()
    host = _corrected_host(host)
    if host in UNSPECIFIED_HOSTS:
        scheme, host = "http", "localhost"
    if host.startswith("*") and not host.startswith("*."):
        if not _is_domain(host[1:]):
            return None
        host = f"*.{host[1:]}"
    suffix = ":*" if any_port else ""
    if url["port"] and int(url["port"]) != DEFAULT_PORTS[scheme]:
        suffix = f":{int(url['port'])}"
    return f"{scheme}://{host}{suffix}"


def _usual_scheme(text: str) -> str | None:
    """Return the scheme that is usual for a host; None if the text is a word, and not a host."""
    host, port = re.findall(r"^(\[[^]]*\]|[^:/?#]*)(:[0-9*]+)?", text)[0]
    if "." not in host and not port and host.lower() != "localhost" and not host.startswith("["):
        return None
    return "http" if is_private(host) or is_private(host.removeprefix("*.")) else "https"


def _is_domain(name: str) -> bool:
    """Return whether a name that follows a ``*`` is a whole domain, and not the end of a label.

    ``*name.vercel.app`` is meant for several names. There are none below ``name.vercel.app``.
    """
    suffixes, above = PublicSuffixes(), name.partition(".")[2]
    return name[:1].isalnum() and not (suffixes.site(name) == name and suffixes.has_tenants(above))


def _corrected_host(host: str) -> str:
    try:
        if host.startswith("["):
            return f"[{serialized_ipv6(host[1:-1])}]"
        if not host.isascii() and _is_safe_idn(host) and normalize("NFKC", host) == host:
            return host.encode("idna").decode("ascii")
    except ValueError:
        return host
    return host


def split_origins(text: str) -> list[str] | None:
    """Return the corrected origins in a string that holds several; None if it does not."""
    parts = [each for part in split_list(text) for each in _split_joined(part)]
    origins = [part if parse_pattern(part) else corrected_origin(part) for part in parts]
    found = [origin for origin in origins if origin is not None]
    # A comma separates. A space may also be a typing error inside of one origin.
    count = sum("://" in part for part in parts)
    is_list = bool(re.search("[,;]", text)) or count in (0, len(parts))
    return found if is_list and len(parts) == len(found) > 1 else None


def _split_joined(text: str) -> list[str]:
    """Split origins that run together, as they do if a comma is missing between two strings."""
    parts = re.split("(?<=.)(?=https?://)", text)
    if all(re.fullmatch("https?://[^/?#]+/?", part) for part in parts):
        return parts
    return [text]


def split_methods(text: str) -> list[str]:
    """Split methods that run together, as they do if a comma is missing; nothing for others."""
    methods: list[str] = re.findall(_METHOD, text)
    return methods if "".join(methods) == text and len(methods) > 1 else []


def split_list(text: str) -> list[str]:
    """Split a string at commas, semicolons and white space."""
    return [part for part in re.split(r"[,;\s]+", text) if part]


def expression_in(text: str) -> str | None:
    """Return the regular expression that a string is, as a raw string; None if it is not one.

    It can be used with credentials.
    """
    if not re.search(r"[\\(|^$]", text):
        return None
    try:
        expression = re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return None
    reach = _reach(expression)
    if reach is None:
        return None
    if reach.wide is None and reach.insecure is None:
        return raw_string(text)
    return corrected_expression(expression)


def expression_for(text: str) -> Recipe | None:
    """Return an expression for a pattern with a ``*`` in another place than patterns can have."""
    found = _split_wildcards(re.sub(r"\*{2,}", "*", text.strip().lower()))
    if found is None or found["host"] == "*" or "*" not in found["host"].removeprefix("*."):
        return None
    host = found["host"]
    is_address = _some_addresses(host) is not None
    if not found["scheme"] and not is_address:
        return None
    scheme = found["scheme"] or "http"
    if is_address:
        host += ".*" * (_ADDRESS_PARTS - 1 - host.count(".")) if host.endswith("*") else ""
    part = r"\d{1,3}" if is_address else "[a-z0-9-]+"
    source = f"{scheme}://{host}".replace(".", r"\.").replace("*", part)
    port = found["port"] or ""
    source += r"(:\d+)?" if port == ":*" else port
    reach = _reach(re.compile(source))
    if reach is None:
        return None
    is_safe = reach.wide is None and reach.insecure is None
    return Recipe(raw_string(source), is_safe, is_address)


def example_for_any_host(text: str) -> str | None:
    """Return an example of the origins that a text with any host and one port is meant for."""
    found = _any_host(text)
    return None if found is None else f"{found[1]}://localhost:{int(found[2])}"


def _reach(expression: re.Pattern[str]) -> Reach | None:
    """Return the origins that a sound expression matches; None for others, and if it is unknown."""
    try:
        return None if any(find_faults(expression)) else find_reach(expression)
    except TooComplexError:
        return None


def raw_string(text: str) -> str:
    """Return a text without line breaks as a raw string in Python."""
    return f'r"{text}"' if "'" in text else f"r'{text}'"


def as_https(pattern: str) -> str:
    """Return the pattern of an ``http`` origin with ``https`` instead."""
    text = f"https{pattern.removeprefix('http')}"
    return corrected_origin(text) or text


def is_meant_for_any_origin(text: str) -> bool:
    """Return whether `text` was probably meant to match any origin, such as ``https://*``."""
    return _matches_any_origin(text) is not None


def meant_option(name: str) -> str:
    """Return the option whose noun is in a name, such as ``allowed_origins``; or the name."""
    squeezed = re.sub("[^a-z]", "", name.lower())
    return next((option for noun, option in _NOUNS.items() if noun in squeezed), name)


def did_you_mean(
    name: str,
    known: Collection[str],
    written: Callable[[str], str] = str,
    kind: str = "options",
) -> str:
    """Return a hint with the member of `known` that `name` was probably meant to be, or with all.

    `written` maps a member to what you write for it; `kind` is a word for the members.
    """
    words = sorted(re.split("[^a-z]+", name.lower()))
    same = [member for member in known if sorted(member.split("_")) == words]
    close = same or get_close_matches(name.lower(), known, n=1)
    if close:
        return f"did you mean {written(close[0])!r}?"
    return f"the {kind} are {', '.join(map(written, known))}."
