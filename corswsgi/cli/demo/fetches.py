"""The fetches of the demo, with the expected outcome and an explanation of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from corswsgi.browser import Credentials, FetchReason, Mode

Page = Literal["allowed", "refused"]
"""The page that fetches: one whose origin the policy of the API allows, or one that it refuses."""


@dataclass(frozen=True)
class Example:
    """A fetch that illustrates a rule of CORS."""

    page: Page
    path: str
    reason: FetchReason
    """The expected reason of the outcome."""
    lesson: str
    """The rule that the fetch illustrates, in one line."""
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    credentials: Credentials = "same-origin"
    mode: Mode = "cors"

    @property
    def options(self) -> dict[str, Any]:
        """The options of `Browser.fetch` and of ``fetch()`` that differ from their defaults."""
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
        """A summary of the fetch, such as ``PUT /items, Content-Type``."""
        extras = [*self.headers]
        if self.credentials != "same-origin":
            extras.append("cookies")
        if self.mode != "cors":
            extras.append(self.mode)
        return ", ".join([f"{self.method} {self.path}", *extras])


FETCHES = (
    Example("allowed", "/items", "cors_allowed", "the policy allows this page's origin"),
    Example(
        "allowed",
        "/items",
        "cors_allowed",
        "the policy supports credentials",
        credentials="include",
    ),
    Example(
        "allowed",
        "/items",
        "cors_allowed",
        "a POST like a form's needs no preflight",
        method="POST",
    ),
    Example("allowed", "/items", "cors_allowed", "other methods need a preflight", method="PUT"),
    Example("allowed", "/items", "cors_allowed", "the preflight is cached", method="PUT"),
    Example(
        "allowed",
        "/items",
        "cors_allowed",
        "JSON needs a preflight, even in a POST",
        method="POST",
        headers={"Content-Type": "application/json"},
    ),
    Example(
        "allowed",
        "/items",
        "cors_allowed",
        "the policy allows the header",
        headers={"X-Token": "1"},
    ),
    Example(
        "allowed",
        "/items",
        "headers_not_allowed",
        "the policy does not allow the header",
        headers={"X-Other": "1"},
    ),
    Example(
        "allowed",
        "/items",
        "method_not_allowed",
        "the policy does not allow the method",
        method="DELETE",
    ),
    Example(
        "allowed",
        "/items",
        "method_not_allowed",
        "methods are case-sensitive: use PATCH",
        method="patch",
    ),
    Example("allowed", "/missing", "cors_allowed", "scripts can read error responses"),
    Example("allowed", "/broken", "cors_allowed", "even if the application fails"),
    Example("allowed", "/moved", "cors_allowed", "redirects are followed"),
    Example(
        "allowed", "/away", "allow_origin_mismatch", "after this redirect, the origin is 'null'"
    ),
    Example("allowed", "/internal/items", "allow_origin_missing", "no policy applies here"),
    Example(
        "allowed",
        "/internal/items",
        "opaque",
        "no-cors sends, but hides the response",
        mode="no-cors",
    ),
    Example("allowed", "/public/items", "cors_allowed", "public: any origin may read"),
    Example(
        "allowed",
        "/public/items",
        "allow_origin_wildcard",
        "public: '*' never allows cookies",
        credentials="include",
    ),
    Example(
        "allowed",
        "/public/items",
        "cors_allowed",
        "public: Authorization is listed beside '*'",
        headers={"Authorization": "Bearer 1"},
    ),
    Example("refused", "/public/items", "cors_allowed", "public: any origin includes this page"),
    Example("refused", "/items", "allow_origin_missing", "the policy refuses this page's origin"),
    Example(
        "refused",
        "/items",
        "allow_origin_missing",
        "it arrives anyway: CORS does not stop CSRF",
        method="POST",
    ),
    Example(
        "refused",
        "/items",
        "allow_origin_mismatch",
        "it does not arrive: the preflight fails",
        method="PUT",
    ),
)
