"""Header values, as browsers parse them: what a page may set freely, and lists in responses.

Sections are those of the Fetch standard.
"""

from __future__ import annotations

import re
from urllib.request import parse_http_list

from corswsgi.fetch import FORBIDDEN_METHODS, is_forbidden_request_header, is_token, list_members

from .messages import Headers

MAX_SAFELISTED_VALUE = 128
"""In bytes: the longest value of a CORS-safelisted request-header."""

MAX_SAFELISTED_VALUES = 1024
"""In bytes: beyond that, CORS-safelisted request-headers together are no longer safelisted."""

MAX_SECONDS = 2**31
"""RFC 9111, 1.2.2: no number of seconds is larger."""

_SAFELISTED_CONTENT_TYPES = frozenset(
    {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
)
_METHOD_OVERRIDES = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})

# 2.2.2: a CORS-unsafe request-header byte; and those that languages are written without.
_has_unsafe_byte = re.compile(r'[\x00-\x08\x0a-\x1f"():<>?@\[\\\]{}\x7f]').search
_is_language = re.compile(r"[0-9A-Za-z *,\-.;=]*").fullmatch

# 2.2.6, to parse a single range header value, without white space, and with a start.
_match_range = re.compile(r"bytes=([0-9]+)-([0-9]*)").fullmatch

# MIME Sniffing, 4.4, as far as the essence. HTTP white space goes around it, and before the `;`.
_HTTP_SPACE = "\t\n\r "
_match_essence = re.compile(r"([^/;]+)/([^;]+)(?:;.*)?", re.DOTALL).fullmatch

_is_delta_seconds = re.compile(r"[0-9]+").fullmatch


def normalize_value(value: str) -> str:
    """Strip the white space around a header value (2.2.2, to normalize)."""
    return value.strip(_HTTP_SPACE)


def is_header_value(value: str) -> bool:
    """Tell whether a normalized text can be sent as a header value (2.2.2)."""
    return all(character <= "\xff" and character not in "\0\n\r" for character in value)


def is_forbidden_request_header_line(name: str, value: str) -> bool:
    """Tell whether script can never set this header (2.2.2, forbidden request-header)."""
    if name.lower() in _METHOD_OVERRIDES:
        methods = parse_http_list(value)  # in quotes, a comma does not separate
        return any(method.strip(_HTTP_SPACE).upper() in FORBIDDEN_METHODS for method in methods)
    return is_forbidden_request_header(name)


def mime_essence(value: str) -> str | None:
    """Parse a MIME type (MIME Sniffing, 4.4) as far as its essence; None for what is none."""
    match = _match_essence(value.strip(_HTTP_SPACE))
    if match is None:
        return None
    kind, subtype = match[1], match[2].rstrip(_HTTP_SPACE)
    return f"{kind}/{subtype}".lower() if is_token(kind) and is_token(subtype) else None


def is_safelisted_request_header(name: str, value: str) -> bool:
    """Tell whether a header needs no permission (2.2.2, CORS-safelisted request-header)."""
    if len(value) > MAX_SAFELISTED_VALUE:
        return False
    match name.lower():
        case "accept":
            return not _has_unsafe_byte(value)
        case "accept-language" | "content-language":
            return _is_language(value) is not None
        case "content-type":
            return not _has_unsafe_byte(value) and mime_essence(value) in _SAFELISTED_CONTENT_TYPES
        case "range":
            match = _match_range(value)
            return match is not None and (not match[2] or int(match[1]) <= int(match[2]))
        case _:
            return False


def is_no_cors_safelisted_request_header(name: str, value: str) -> bool:
    """Tell whether script may set a header without CORS (2.2.2)."""
    return name.lower() != "range" and is_safelisted_request_header(name, value)


def unsafe_request_header_names(headers: Headers) -> tuple[str, ...]:
    """Name the headers that need permission (2.2.2, CORS-unsafe request-header names).

    In lower case, sorted, each once.
    """
    unsafe = set()
    safelisted = set()
    size = 0
    for name, value in headers:
        if is_safelisted_request_header(name, value):
            safelisted.add(name.lower())
            size += len(value)
        else:
            unsafe.add(name.lower())
    return tuple(sorted(unsafe | safelisted if size > MAX_SAFELISTED_VALUES else unsafe))


def list_of_names(headers: Headers, name: str) -> tuple[str, ...] | None:
    """Extract a list of methods or of header names (2.2.2, to extract header list values).

    It may be on several lines. None where the header is not there; ValueError, with the member,
    where one is not a token.
    """
    values = [value for found, value in headers if found.lower() == name]
    if not values:
        return None
    members = [member for value in values for member in list_members(value)]
    for member in members:
        if not is_token(member):
            raise ValueError(member)
    return tuple(members)


def max_age_of(headers: Headers, default: int) -> int:
    """Extract how long a preflight may be remembered (4.8, steps 7.8 and 7.9), in seconds.

    `default` is for a header that is not there, is there twice, or is no number.
    """
    values = [value for name, value in headers if name.lower() == "access-control-max-age"]
    if len(values) != 1 or not _is_delta_seconds(values[0]):
        return default
    # RFC 9111, 1.2.2: what is larger is taken for that. (Python refuses thousands of digits.)
    digits = values[0].lstrip("0")
    return min(int(digits[:11] or 0), MAX_SECONDS)
