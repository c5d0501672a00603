"""The outcome of a fetch: whether the script gets the response, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import indent

from .messages import Exchange
from .reasons import ALLOWED, FetchReason, link_to


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    """The outcome of a ``fetch()``, with every request and response.

    ``repr()`` is a summary in one line; ``str()`` includes every request and response.
    """

    reason: FetchReason
    """Why the script gets the response or not."""
    step: str
    """The step of the Fetch standard that decided, such as ``CORS check, step 4``."""
    explanation: str
    """The reason in words, similar to the message in the browser's console."""
    status: int | None
    """The status of the response, if the script gets it."""
    readable_headers: Mapping[str, str]
    """The response headers that the script can read, sorted, with names in lower case.

    The values of repeated headers are joined.
    """
    body: bytes | None
    """The body of the response, if the script gets it."""
    exchanges: tuple[Exchange, ...]
    """Every request in order, with its response: preflights, the actual request and redirects."""
    ignored_headers: tuple[str, ...] = ()
    """The given request headers that scripts cannot set. Browsers ignore them silently."""

    @property
    def allowed(self) -> bool:
        """Whether the script gets the response. False for an opaque response (``no-cors``)."""
        return self.reason in ALLOWED

    @property
    def link(self) -> str:
        """The link to the step's algorithm in the Fetch standard."""
        return link_to(self.step)

    @property
    def preflights(self) -> int:
        """The number of preflights. 0 if none was needed or the preflight cache had the answer."""
        return sum(exchange.request.kind == "preflight" for exchange in self.exchanges)

    def __bool__(self) -> bool:
        """Raise TypeError, because ``assert browser.fetch(...)`` would always pass."""
        raise TypeError(
            "An Outcome has no truth value, because it could be mistaken for .allowed. "
            "Use .allowed or .status == 200 instead."
        )

    def __repr__(self) -> str:
        result = f"allowed, {self.status}" if self.allowed else "blocked"
        if self.reason == "opaque":
            result = "opaque"
        kinds = ", ".join(exchange.request.kind for exchange in self.exchanges) or "nothing"
        return f"<Outcome {result} ({self.reason}); sent: {kinds}>"

    def __str__(self) -> str:
        parts = [repr(self), f"  {self.explanation}", f"  {self.step}: {self.link}"]
        if self.ignored_headers:
            parts.append(f"  Ignored, since scripts cannot set: {', '.join(self.ignored_headers)}")
        for exchange in self.exchanges:
            parts.append(f"{exchange.request.kind}:")
            parts.append(indent(str(exchange.request), "  > "))
            parts.append(indent(exchange.response_text, "  < ", lambda _: True))
        return "\n".join(parts)
