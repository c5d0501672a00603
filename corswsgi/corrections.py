"""Corrections: what somebody who wrote something else than an origin pattern probably meant."""

from __future__ import annotations

import re
from unicodedata import normalize
from urllib.parse import urlsplit

from .origins import DEFAULT_PORTS, is_loopback, parse_pattern, serialized_ipv6

# Lower-case letters of the scripts of Europe, less sharp s and final sigma, Kana, Han and Hangul.
_is_plain_idn = re.compile(
    r"[-a-z0-9.*\u00e0-\u03c1\u03c3-\u052f\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fa5\uac00-\ud7a3]+"
).fullmatch


# ":[0-9]+" and the like, at the end.
_port_expression = re.compile(r":(?:\[0-9\]|\\d)(?:[*+]|\{[0-9,]+\})\$?$")


def corrected_origin(text: str) -> str | None:
    """Guess the pattern that `text` was meant to be; None if there is no good guess."""
    if text == "null" or ("@" in text and "://" not in text):
        return None
    plain = _port_expression.sub(":*", text)
    if plain != text:
        plain = plain.removeprefix("^")
    guess = _corrected_expression(plain) if "\\" in plain else _corrected_url(plain)
    return guess if guess != text and guess is not None and parse_pattern(guess) else None


def _corrected_expression(text: str) -> str:
    r"""``^https://.*\.example\.com$`` is a text that was meant as an expression."""
    text = re.sub(r"^\^|\$$", "", text)
    text = re.sub(r"\(?(?:\.|\[[^]]*\]|\\w)[*+]\)?\\\.", "*.", text)
    # Whatever else it said has no counterpart among patterns, and is still there.
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
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    if scheme not in DEFAULT_PORTS:
        return f"{scheme}://{parts.netloc}"  # what is opaque has a case of its own
    if host.startswith("*") and not host.startswith("*."):
        host = f"*.{host[1:]}"
    suffix = ":*" if any_port else ""
    if port is not None and port != DEFAULT_PORTS[scheme]:
        suffix = f":{port}"
    return f"{scheme}://{_corrected_host(host)}{suffix}"


def _corrected_host(host: str) -> str:
    try:
        if ":" in host:
            return f"[{serialized_ipv6(host)}]"
        # Python's codec is older than what browsers do (UTS 46). They agree on these letters.
        if not host.isascii() and _is_plain_idn(host) and normalize("NFKC", host) == host:
            return host.encode("idna").decode("ascii")
    except ValueError:
        return host
    return host


def split_origins(text: str) -> list[str] | None:
    """Return the origins in a text that holds several, corrected; None if it does not."""
    parts = [part for part in re.split(r"[,;\s]+", text) if part]
    origins = [part if parse_pattern(part) else corrected_origin(part) for part in parts]
    found = [origin for origin in origins if origin is not None]
    # A space may be a slip in the middle of one origin; a comma is none.
    is_list = bool(re.search("[,;]", text)) or all("://" in part for part in parts)
    return found if is_list and len(parts) == len(found) > 1 else None


def as_https(pattern: str) -> str:
    """Return the pattern of an ``http`` origin with ``https`` instead."""
    text = f"https{pattern.removeprefix('http')}"
    return corrected_origin(text) or text
