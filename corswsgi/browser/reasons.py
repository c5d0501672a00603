"""Reasons: what a browser's verdict can be, and on which step of the standard it rests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FetchReason = Literal[
    # Script gets the response.
    "same_origin",
    "cors_allowed",
    # The response is there, and script can see nothing of it.
    "opaque",
    # The request is not even sent.
    "forbidden_method",
    "no_cors_method",
    "not_same_origin",
    "mixed_content",
    # The CORS check, of a preflight's or of any other response.
    "allow_origin_missing",
    "allow_origin_multiple",
    "allow_origin_wildcard",
    "allow_origin_mismatch",
    "allow_credentials_missing",
    # The preflight.
    "preflight_redirected",
    "preflight_status",
    "allow_methods_malformed",
    "allow_headers_malformed",
    "method_not_allowed",
    "authorization_not_listed",
    "headers_not_allowed",
    # Redirects.
    "redirect_malformed",
    "redirect_not_http",
    "redirect_with_credentials",
    "too_many_redirects",
]
"""Why script gets a response, or does not."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A network error of the standard: the browser goes no further."""

    reason: FetchReason
    step: str
    """The step of the Fetch standard, such as ``4.10 CORS check, step 4``."""
    cause: str
    """What is wrong, in a sentence."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the browser makes of a fetch."""

    reason: FetchReason
    step: str
    """The step of the Fetch standard on which it rests."""
    explanation: str
    """In words, as the browser's console has it."""

    @property
    def allowed(self) -> bool:
        """True where script gets the response: its status, its body, and some of its headers."""
        return self.reason in ("same_origin", "cors_allowed")
