"""Outcomes: what a fetch has come to, for people and for their tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import indent

from .messages import Exchange
from .reasons import FetchReason


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    """What a browser has made of a ``fetch()``, and what went over the wire.

    ``repr()`` says it in a line, ``str()`` with every request and response.
    """

    allowed: bool
    """True where script gets the response. False as well for an opaque one (mode ``no-cors``)."""
    reason: FetchReason
    """Why; one of a closed set of names."""
    step: str
    """The step of the Fetch standard that decided."""
    explanation: str
    """Why, in words, as the browser's console has it."""
    status: int | None
    """The response's status, if script gets it."""
    readable_headers: Mapping[str, str]
    """The response headers that script can read: names in lower case, sorted; lines joined."""
    body: bytes | None
    """The response's body, if script gets it."""
    exchanges: tuple[Exchange, ...]
    """Every request that was made, in order, with its response: preflights, and redirects."""
    ignored_headers: tuple[str, ...]
    """Request headers that script cannot set: browsers leave them out without a word."""

    @property
    def preflights(self) -> int:
        """How many of the requests were preflights: 0 where the cache answered."""
        return sum(exchange.request.kind == "preflight" for exchange in self.exchanges)

    def __bool__(self) -> bool:
        """Refuse to be tested as it is: a test of it would never fail."""
        raise TypeError("An outcome is neither true nor false: say .allowed, or .status == 200.")

    def __repr__(self) -> str:
        verdict = f"allowed, {self.status}" if self.allowed else "blocked"
        if self.reason == "opaque":
            verdict = "opaque"
        kinds = ", ".join(exchange.request.kind for exchange in self.exchanges) or "nothing"
        return f"<Outcome {verdict} ({self.reason}); sent: {kinds}>"

    def __str__(self) -> str:
        parts = [repr(self), f"  {self.explanation}", f"  (Fetch, {self.step})"]
        if self.ignored_headers:
            names = ", ".join(self.ignored_headers)
            parts.append(f"  Script cannot set, and the browser leaves out: {names}")
        for exchange in self.exchanges:
            parts.append(f"{exchange.request.kind}:")
            parts.append(indent(str(exchange.request), "  > "))
            parts.append(indent(exchange.shown_response, "  < ", lambda _: True))
        return "\n".join(parts)
