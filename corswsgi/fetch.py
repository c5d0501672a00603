"""The vocabulary of the Fetch standard: header names, tokens, safelists and forbidden names.

Names are compared in lower case here, as HTTP/2 and HTTP/3 send them. The section that each
piece implements is named beside it; all are of https://fetch.spec.whatwg.org/.
"""

from __future__ import annotations

import re

# 3.3.3 HTTP responses, and Private Network Access (legacy) for the last one.
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

# 3.3.2 HTTP requests.
CORS_REQUEST_HEADERS = frozenset(
    {
        "origin",
        "access-control-request-method",
        "access-control-request-headers",
        "access-control-request-private-network",
    }
)

# 2.2.1 Methods.
CORS_SAFELISTED_METHODS = frozenset({"GET", "HEAD", "POST"})
FORBIDDEN_METHODS = frozenset({"CONNECT", "TRACE", "TRACK"})
_NORMALIZED_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})

# 2.2.2 Headers: a request header that `*` does not cover.
NON_WILDCARD_REQUEST_HEADER = "Authorization"

# 2.2.2 Headers: forbidden response-header names.
FORBIDDEN_RESPONSE_HEADERS = frozenset({"set-cookie", "set-cookie2"})

# 2.2.2 Headers: forbidden request-headers. Those that are forbidden by their value only
# (X-HTTP-Method and its kin) may be allowed. The last one is Private Network Access's.
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

# Names that HTTP defines for one direction only, so that listing them for the other is a slip.
# Names that real APIs use both ways (Authorization with a fresh token in a response) are left out.
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

# RFC 9110, 5.6.2: the grammar of methods and of header names.
_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch


def is_token(text: str) -> bool:
    """Tell whether `text` is a token, as method and header names are (RFC 9110, 5.6.2)."""
    return _is_token(text) is not None


def normalize_method(method: str) -> str:
    """Normalize a method as ``fetch()`` does (2.2.1): ``put`` is PUT, ``patch`` stays as it is."""
    upper = method.upper()
    return upper if upper in _NORMALIZED_METHODS else method


def is_forbidden_request_header(name: str) -> bool:
    """Tell whether script can never set the request header `name` (2.2.2), whatever its case."""
    lower = name.lower()
    return lower in _FORBIDDEN_REQUEST_HEADERS or lower.startswith(("proxy-", "sec-"))


def list_members(value: str) -> list[str]:
    """Split a header's comma-separated list, without its white space and empty members.

    RFC 9110, 5.6.1: a recipient has to put up with empty members. Names have no quoted strings,
    so that a comma always separates.
    """
    return [member for part in value.split(",") if (member := part.strip(" \t"))]
