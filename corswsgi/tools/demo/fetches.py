"""The fetches of the demo: what each shows, and what is to come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from corswsgi.browser import Credentials, FetchReason, Mode

Page = Literal["allowed", "refused"]
"""The page that fetches: the one whose origin the API's policy lists, or the other one."""


@dataclass(frozen=True)
class Telling:
    """A fetch that tells something."""

    page: Page
    path: str
    reason: FetchReason
    """What a browser is to make of it."""
    lesson: str
    """What it shows, in a line."""
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    credentials: Credentials = "same-origin"
    mode: Mode = "cors"

    @property
    def options(self) -> dict[str, Any]:
        """The options of `Browser.fetch`, and of ``fetch()``; what is by default is left out."""
        given: dict[str, Any] = {} if self.method == "GET" else {"method": self.method}
        if self.headers:
            given["headers"] = self.headers
        if self.credentials != "same-origin":
            given["credentials"] = self.credentials
        if self.mode != "cors":
            given["mode"] = self.mode
        return given

    @property
    def title(self) -> str:
        """The fetch in a few words: ``PUT /items, Content-Type``."""
        extras = [*self.headers]
        if self.credentials != "same-origin":
            extras.append("cookies")
        if self.mode != "cors":
            extras.append(self.mode)
        return ", ".join([f"{self.method} {self.path}", *extras])


FETCHES = (
    Telling("allowed", "/items", "cors_allowed", "the policy lists this page's origin"),
    Telling(
        "allowed",
        "/items",
        "cors_allowed",
        "and it supports credentials",
        credentials="include",
    ),
    Telling(
        "allowed", "/items", "cors_allowed", "a POST as of forms needs no preflight", method="POST"
    ),
    Telling("allowed", "/items", "cors_allowed", "other methods are asked for first", method="PUT"),
    Telling("allowed", "/items", "cors_allowed", "and then that is remembered", method="PUT"),
    Telling(
        "allowed",
        "/items",
        "cors_allowed",
        "JSON has a preflight, even in a POST",
        method="POST",
        headers={"Content-Type": "application/json"},
    ),
    Telling(
        "allowed",
        "/items",
        "cors_allowed",
        "a header that the policy allows",
        headers={"X-Token": "1"},
    ),
    Telling(
        "allowed",
        "/items",
        "headers_not_allowed",
        "a header that it does not",
        headers={"X-Other": "1"},
    ),
    Telling(
        "allowed", "/items", "method_not_allowed", "a method that it does not", method="DELETE"
    ),
    Telling(
        "allowed",
        "/items",
        "method_not_allowed",
        "it allows PATCH, and methods have a case",
        method="patch",
    ),
    Telling("allowed", "/missing", "cors_allowed", "errors can be read, too"),
    Telling("allowed", "/broken", "cors_allowed", "even when the application fails"),
    Telling("allowed", "/moved", "cors_allowed", "redirects are followed"),
    Telling("allowed", "/away", "allow_origin_mismatch", "elsewhere, the page is origin 'null'"),
    Telling("allowed", "/internal/items", "allow_origin_missing", "there is no policy here"),
    Telling(
        "allowed",
        "/internal/items",
        "opaque",
        "no-cors fetches, and shows nothing",
        mode="no-cors",
    ),
    Telling("allowed", "/public/items", "cors_allowed", "public: anybody may read"),
    Telling(
        "allowed",
        "/public/items",
        "allow_origin_wildcard",
        "public: '*' is never for cookies",
        credentials="include",
    ),
    Telling(
        "allowed",
        "/public/items",
        "cors_allowed",
        "public: it is named beside '*'",
        headers={"Authorization": "Bearer 1"},
    ),
    Telling("refused", "/public/items", "cors_allowed", "public: anybody is this page, too"),
    Telling("refused", "/items", "allow_origin_missing", "the policy does not list this page"),
    Telling(
        "refused",
        "/items",
        "allow_origin_missing",
        "and yet it arrives: CORS is no CSRF protection",
        method="POST",
    ),
    Telling(
        "refused",
        "/items",
        "allow_origin_mismatch",
        "this one does not arrive: it is asked for first",
        method="PUT",
    ),
)
