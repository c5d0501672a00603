"""Messages: the requests that a browser makes, and the responses that it gets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Headers = tuple[tuple[str, str], ...]
"""Header lines in their order; a name may be there more than once."""

Kind = Literal["preflight", "actual", "redirected"]
"""What a request is for; ``"redirected"`` is an actual request that a redirect has led to."""


_MAX_SHOWN = 1000
"""In bytes: how much of a preflight's body is shown."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request, with those of its headers that CORS is about."""

    kind: Kind
    method: str
    url: str
    """Absolute, without a fragment."""
    headers: Headers
    body: bytes | None = None
    has_credentials: bool = False
    """Whether cookies go with it (4.6, includeCredentials)."""

    def __str__(self) -> str:
        return "\n".join([f"{self.method} {self.url}", *lines_of(self.headers)])


@dataclass(frozen=True, slots=True)
class Response:
    """A response, whether or not script may see it."""

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
    def shown_response(self) -> str:
        """The response as text; a preflight's with its body.

        In debug mode, that says what was refused, and what to change.
        """
        body = self.response.body[:_MAX_SHOWN] if self.request.kind == "preflight" else b""
        text = body.decode(errors="replace").strip()
        return f"{self.response}\n\n{text}" if text else str(self.response)


def get_header(headers: Headers, name: str) -> str | None:
    """Get a header's value: all its lines, joined with ``, `` (2.2.2, to get from a header list).

    `name` is in lower case.
    """
    values = [value for found, value in headers if found.lower() == name]
    return ", ".join(values) if values else None


def without_headers(headers: Headers, names: Iterable[str]) -> Headers:
    """Delete headers (2.2.2, to delete from a header list). `names` are in lower case."""
    return tuple((name, value) for name, value in headers if name.lower() not in names)


def lines_of(headers: Headers) -> list[str]:
    """Write headers as lines of text."""
    return [f"{name}: {value}" for name, value in headers]
