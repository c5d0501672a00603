"""The requests that a browser sends and the responses that it receives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Headers = tuple[tuple[str, str], ...]
"""Header lines in their order. A name may occur more than once."""

Kind = Literal["preflight", "actual", "redirected"]
"""The purpose of a request; ``"redirected"`` is an actual request that follows a redirect."""


_MAX_BODY_LENGTH = 1000
"""In bytes: how much of the body of a preflight's response is printed."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request with the headers that are relevant to CORS."""

    kind: Kind
    method: str
    url: str
    """The absolute URL without a fragment."""
    headers: Headers
    body: bytes | None = None
    has_credentials: bool = False
    """Whether the browser adds cookies.

    ``includeCredentials`` in https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
    """

    def __str__(self) -> str:
        return "\n".join([f"{self.method} {self.url}", *lines_of(self.headers)])


@dataclass(frozen=True, slots=True)
class Response:
    """A response as the browser receives it, whether or not the script can read it."""

    status: int
    headers: Headers
    body: bytes = b""

    def __str__(self) -> str:
        return "\n".join([str(self.status), *lines_of(self.headers)])


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its response."""

    request: Request
    response: Response

    @property
    def response_text(self) -> str:
        """The response as text, with the body if it answers a preflight.

        In debug mode, that body explains what was refused and how to allow it.
        """
        body = self.response.body[:_MAX_BODY_LENGTH] if self.request.kind == "preflight" else b""
        text = body.decode(errors="replace").strip()
        return f"{self.response}\n\n{text}" if text else str(self.response)


def get_header(headers: Headers, name: str) -> str | None:
    """Return the values of all header lines with a name, joined with ``, ``.

    `name` must be in lower case. https://fetch.spec.whatwg.org/#concept-header-list-get
    """
    values = [value for found, value in headers if found.lower() == name]
    return ", ".join(values) if values else None


def delete_headers(headers: Headers, names: Iterable[str]) -> Headers:
    """Return the headers without those with one of the `names`, which must be in lower case.

    https://fetch.spec.whatwg.org/#concept-header-list-delete
    """
    return tuple((name, value) for name, value in headers if name.lower() not in names)


def lines_of(headers: Headers) -> list[str]:
    """Format headers as lines of text."""
    return [f"{name}: {value}" for name, value in headers]
