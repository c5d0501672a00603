"""The reasons why a script gets a response or not, and the steps of the Fetch standard behind them.

A step is written as the name of its algorithm and its number: ``CORS check, step 4``.
"""

from __future__ import annotations

from typing import Literal

FetchReason = Literal[
    # The script gets the response.
    "same_origin",
    "cors_allowed",
    # The script gets an opaque response.
    "opaque",
    # The browser does not send the request.
    "forbidden_method",
    "no_cors_method",
    "not_same_origin",
    "mixed_content",
    # The CORS check fails, for the preflight or for another response.
    "allow_origin_missing",
    "allow_origin_multiple",
    "allow_origin_wildcard",
    "allow_origin_mismatch",
    "allow_credentials_missing",
    # The preflight fails.
    "preflight_redirected",
    "preflight_status",
    "allow_methods_malformed",
    "allow_headers_malformed",
    "method_not_allowed",
    "authorization_not_listed",
    "headers_not_allowed",
    # A redirect cannot be followed.
    "redirect_malformed",
    "redirect_not_http",
    "redirect_with_credentials",
    "too_many_redirects",
]
"""Why a script gets a response or not."""

ALLOWED: frozenset[FetchReason] = frozenset({"same_origin", "cors_allowed"})
"""The reasons for which the script gets the response."""

STANDARD = "https://fetch.spec.whatwg.org/"

ANCHORS = {
    "CORS check": "cors-check",
    "CORS-preflight fetch": "cors-preflight-fetch",
    "HTTP-redirect fetch": "http-redirect-fetch",
    "Main fetch": "main-fetch",
    "Request constructor": "dom-request",
    "forbidden method": "forbidden-method",
    "opaque filtered response": "concept-filtered-response-opaque",
}
"""The anchors of the algorithms and terms that steps name."""


def link_to(step: str) -> str:
    """Return the link to a step's algorithm in the Fetch standard."""
    return f"{STANDARD}#{ANCHORS[step.partition(', step ')[0]]}"


class NetworkError(Exception):
    """A network error: it ends the fetch, and the script gets a TypeError.

    https://fetch.spec.whatwg.org/#concept-network-error
    """

    reason: FetchReason
    step: str
    """The step of the Fetch standard that failed."""
    cause: str
    """The cause in one or more sentences, the first of which starts in lower case."""

    def __init__(self, reason: FetchReason, step: str, cause: str) -> None:
        super().__init__(reason, step, cause)
        self.reason = reason
        self.step = step
        self.cause = cause
