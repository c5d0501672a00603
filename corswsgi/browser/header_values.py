"""Header values: which ones scripts may set, and how browsers parse those of responses."""

from __future__ import annotations

import re
from urllib.request import parse_http_list

from corswsgi.fetch import FORBIDDEN_METHODS, is_forbidden_request_header, is_token, list_members

from .messages import Headers

MAX_SAFELISTED_VALUE = 128
"""In bytes: the maximum length of the value of a CORS-safelisted request-header."""

MAX_SAFELISTED_VALUES = 1024
"""In bytes: the maximum length of the values of all CORS-safelisted request-headers together."""

MAX_SECONDS = 2**31
"""The value of larger delta-seconds (https://www.rfc-editor.org/rfc/rfc9111#section-1.2.2)."""

_SAFELISTED_CONTENT_TYPES = frozenset(
    {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
)
_METHOD_OVERRIDES = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})

# https://fetch.spec.whatwg.org/#cors-unsafe-request-header-byte
_has_unsafe_byte = re.compile(r'[\x00-\x08\x0a-\x1f"():<>?@\[\\\]{}\x7f]').search
# https://fetch.spec.whatwg.org/#cors-safelisted-request-header, for Accept-Language
_is_language = re.compile(r"[0-9A-Za-z *,\-.;=]*").fullmatch

# https://fetch.spec.whatwg.org/#simple-range-header-value, which must have a start to be safelisted
_match_range = re.compile(r"bytes=([0-9]+)-([0-9]*)").fullmatch

# https://fetch.spec.whatwg.org/#http-whitespace
_HTTP_WHITESPACE = "\t\n\r "
# https://mimesniff.spec.whatwg.org/#parsing-a-mime-type, without the parameters
_match_essence = re.compile(r"([^/;]+)/([^;]+)(?:;.*)?", re.DOTALL).fullmatch

_is_delta_seconds = re.compile(r"[0-9]+").fullmatch


def normalize_value(value: str) -> str:
    """Strip the white space around a header value.

    https://fetch.spec.whatwg.org/#concept-header-value-normalize
    """
    return value.strip(_HTTP_WHITESPACE)


def is_header_value(value: str) -> bool:
    """Check whether a normalized text is a header value.

    https://fetch.spec.whatwg.org/#header-value
    """
    return all(character <= "\xff" and character not in "\0\n\r" for character in value)


def is_forbidden_request_header_line(name: str, value: str) -> bool:
    """Check whether a header is a forbidden request-header, which scripts cannot set.

    https://fetch.spec.whatwg.org/#forbidden-request-header
    """
    if name.lower() in _METHOD_OVERRIDES:
        methods = parse_http_list(value)  # handles quoted strings, unlike str.split()
        return any(map(_is_forbidden_method, methods))
    return is_forbidden_request_header(name)


def _is_forbidden_method(text: str) -> bool:
    return text.strip(_HTTP_WHITESPACE).upper() in FORBIDDEN_METHODS


def mime_essence(value: str) -> str | None:
    """Return the essence of a MIME type, or None if the value is not a valid MIME type.

    https://mimesniff.spec.whatwg.org/#mime-type-essence
    """
    match = _match_essence(value.strip(_HTTP_WHITESPACE))
    if match is None:
        return None
    kind, subtype = match[1], match[2].rstrip(_HTTP_WHITESPACE)
    return f"{kind}/{subtype}".lower() if is_token(kind) and is_token(subtype) else None


def is_safelisted_request_header(name: str, value: str) -> bool:
    """Check whether a header may be sent without a preflight.

    https://fetch.spec.whatwg.org/#cors-safelisted-request-header
    """
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
    """Check whether scripts may set a header in the mode ``no-cors``.

    https://fetch.spec.whatwg.org/#no-cors-safelisted-request-header
    """
    return name.lower() != "range" and is_safelisted_request_header(name, value)


def unsafe_request_header_names(headers: Headers) -> tuple[str, ...]:
    """Return the names of the headers that a preflight must allow.

    The names are in lower case, sorted and unique.

    https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names
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


def extract_header_list_values(headers: Headers, name: str) -> tuple[str, ...] | None:
    """Return the methods or header names in a header, which may have several lines.

    Return None if the header is missing. Raise ValueError with the member as its argument if a
    member is not a valid token.

    https://fetch.spec.whatwg.org/#extract-header-list-values
    """
    values = [value for found, value in headers if found.lower() == name]
    if not values:
        return None
    members = [member for value in values for member in list_members(value)]
    for member in members:
        if not is_token(member):
            raise ValueError(member)
    return tuple(members)


def extract_max_age(headers: Headers, default: int) -> int:
    """Return the value of Access-Control-Max-Age in seconds.

    Return `default` if the header is missing, repeated or not a number.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch, steps 7.8 and 7.9
    """
    values = [value for name, value in headers if name.lower() == "access-control-max-age"]
    if len(values) != 1 or not _is_delta_seconds(values[0]):
        return default
    # int() refuses numbers with thousands of digits.
    digits = values[0].lstrip("0")
    return min(int(digits[:11] or 0), MAX_SECONDS)
