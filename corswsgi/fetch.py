"""Terms of the Fetch standard: header names, methods, tokens, safelists and forbidden names.

The sets of header names are in lower case, as HTTP/2 and HTTP/3 send them.
"""

from __future__ import annotations

import re

# https://fetch.spec.whatwg.org/#http-responses
# The last one is from Private Network Access, which browsers no longer implement.
CORS_RESPONSE_HEADERS = frozenset(
    {
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "access-control-allow-methods",
        "access-control-allow-headers",
        "access-control-max-age",
        "access-control-expose-headers",
        "access-control-allow-private-network",
    }
)

# https://fetch.spec.whatwg.org/#http-requests
CORS_REQUEST_HEADERS = frozenset(
    {
        "origin",
        "access-control-request-method",
        "access-control-request-headers",
        "access-control-request-private-network",
    }
)

# https://fetch.spec.whatwg.org/#cors-safelisted-method
CORS_SAFELISTED_METHODS = frozenset({"GET", "HEAD", "POST"})
# https://fetch.spec.whatwg.org/#forbidden-method
FORBIDDEN_METHODS = frozenset({"CONNECT", "TRACE", "TRACK"})
# https://fetch.spec.whatwg.org/#concept-method-normalize
_NORMALIZED_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})

# The request header that `*` does not include.
# https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name
NON_WILDCARD_REQUEST_HEADER = "Authorization"

# https://fetch.spec.whatwg.org/#forbidden-response-header-name
FORBIDDEN_RESPONSE_HEADERS = frozenset({"set-cookie", "set-cookie2"})

# https://fetch.spec.whatwg.org/#forbidden-request-header
# X-HTTP-Method and similar names are not among them, because only some of their values are
# forbidden. The last one is from Private Network Access.
_FORBIDDEN_REQUEST_HEADERS = frozenset(
    {
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "access-control-request-private-network",
    }
)

# Headers that HTTP defines for one direction only, so listing them for the other is a mistake.
# Headers that some APIs use both ways, such as Authorization, are not among them.
RESPONSE_ONLY_HEADERS = CORS_RESPONSE_HEADERS | {
    "age",
    "etag",
    "location",
    "retry-after",
    "server",
    "vary",
    "www-authenticate",
}
REQUEST_ONLY_HEADERS = CORS_REQUEST_HEADERS | {
    "cookie",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "referer",
    "user-agent",
}

# https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch


def is_token(text: str) -> bool:
    """Return whether `text` is a token. Methods and header names are tokens."""
    return _is_token(text) is not None


def normalize_method(method: str) -> str:
    """Normalize a method as ``fetch()`` does: ``put`` becomes PUT, ``patch`` stays as it is.

    https://fetch.spec.whatwg.org/#concept-method-normalize
    """
    upper = method.upper()
    return upper if upper in _NORMALIZED_METHODS else method


def is_forbidden_request_header(name: str) -> bool:
    """Return whether scripts can never set the request header `name`, in any case.

    https://fetch.spec.whatwg.org/#forbidden-request-header
    """
    lower = name.lower()
    return lower in _FORBIDDEN_REQUEST_HEADERS or lower.startswith(("proxy-", "sec-"))


def list_members(value: str) -> list[str]:
    """Split the comma-separated list in a header value, and leave empty members out.

    Recipients must accept empty members (https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1.2).
    The members are expected to be tokens, so a comma is never part of one.
    """
    return [member for part in value.split(",") if (member := part.strip(" \t"))]
