"""Suggestions: guess the value that you meant when you wrote an invalid one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from difflib import get_close_matches
from unicodedata import normalize

from .origins import DEFAULT_PORTS, is_loopback, parse_pattern, serialized_ipv6

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

_matches_any_origin = re.compile(r"\^?(?:https?\??://|[a-z(|)]+://)?\.?[*+]\$?").fullmatch


def corrected_origin(text: str) -> str | None:
    """Return the origin pattern that `text` was probably meant to be; None if unknown."""
    if text == "null" or ("@" in text and "://" not in text):
        return None
    plain = _port_expression.sub(":*", text)
    if plain != text:
        plain = plain.removeprefix("^")
    guess = _corrected_expression(plain) if "\\" in plain else _corrected_url(plain)
    return guess if guess != text and guess is not None and parse_pattern(guess) else None


def _corrected_expression(text: str) -> str:
    r"""Return the pattern for an expression in a string, such as ``^https://.*\.example\.com$``."""
    text = re.sub(r"^\^|\$$", "", text)
    text = re.sub(r"\(?(?:\.|\[[^]]*\]|\\w)[*+]\)?\\\.", "*.", text)
    # Other operators have no counterpart in patterns. They stay, so the result is not a pattern.
    return text.replace("\\.", ".")


def _corrected_url(text: str) -> str | None:
    text = re.sub(r"^(?i:(https?))(?::?/*)(?=[^s:/])", r"\1://", text.strip().rstrip(",;"))
    if text.startswith("//"):
        text = f"https:{text}"
    elif "://" not in text:
        host = re.split(r":(?!.*\])|/", text)[0]
        text = f"{'http' if is_loopback(host) else 'https'}://{text}"
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
    if host.startswith("*") and not host.startswith("*."):
        host = f"*.{host[1:]}"
    suffix = ":*" if any_port else ""
    if url["port"] and int(url["port"]) != DEFAULT_PORTS[scheme]:
        suffix = f":{int(url['port'])}"
    return f"{scheme}://{_corrected_host(host)}{suffix}"


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
    parts = split_list(text)
    origins = [part if parse_pattern(part) else corrected_origin(part) for part in parts]
    found = [origin for origin in origins if origin is not None]
    # A comma separates. A space may also be a typing error inside of one origin.
    is_list = bool(re.search("[,;]", text)) or all("://" in part for part in parts)
    return found if is_list and len(parts) == len(found) > 1 else None


def split_list(text: str) -> list[str]:
    """Split a string at commas, semicolons and white space."""
    return [part for part in re.split(r"[,;\s]+", text) if part]


def as_https(pattern: str) -> str:
    """Return the pattern of an ``http`` origin with ``https`` instead."""
    text = f"https{pattern.removeprefix('http')}"
    return corrected_origin(text) or text


def is_meant_for_any_origin(text: str) -> bool:
    """Return whether `text` was probably meant to match any origin, such as ``https://*``."""
    return _matches_any_origin(text) is not None


def did_you_mean(
    name: str,
    known: Collection[str],
    written: Callable[[str], str] = str,
    kind: str = "options",
) -> str:
    """Return a hint with the member of `known` that `name` was probably meant to be, or with all.

    `written` maps a member to what you write for it; `kind` is a word for the members.
    """
    close = get_close_matches(name.lower(), known, n=1)
    if close:
        return f"did you mean {written(close[0])!r}?"
    return f"the {kind} are {', '.join(map(written, known))}."
