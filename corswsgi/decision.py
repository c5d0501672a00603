"""Decision: what to answer to one request, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

from .fetch import CORS_RESPONSE_HEADERS
from .headers import EXPOSE_HEADERS_LOWER, Header, cors_headers, merged_vary, with_exposed

Refusal = Literal[
    "origin_not_allowed",
    "origin_null",
    "origin_check_failed",
    "policy_check_failed",
    "method_not_allowed",
    "headers_not_allowed",
    "headers_too_long",
    "private_network_not_allowed",
]
"""Every way to be refused."""

DecisionReason = Literal["no_origin", "origin_allowed", "preflight_allowed"] | Refusal
"""Every reason that a `Decision` can have; ``docs/reference.md`` says what each one means."""

# An application sends few names; one that lets its clients choose them shall not fill the memory.
_MAX_HARMLESS = 256

PREFLIGHT_VARY = (
    "Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy answers to one request, and why. Immutable, and shared between requests."""

    allowed: bool
    """False if the policy refuses. True for a request without Origin, which CORS has no say in."""

    reason: DecisionReason
    """A name from the closed set `DecisionReason`."""

    headers: tuple[Header, ...]
    """The CORS response headers to set, as pairs of name and value; Vary is not among them."""

    vary: tuple[str, ...]
    """The names to merge into Vary."""

    status: int | None = None
    """The status to answer with at once (a preflight's: 204, or 403); None: run the application."""

    replaces: bool = field(init=False, repr=False, compare=False)
    """Whether CORS headers that the application sets itself are replaced."""
    added: tuple[Header, ...] = field(init=False, repr=False, compare=False)
    """`headers`, and Vary: what to add to a response that sends none of them."""

    def __post_init__(self) -> None:
        vary = (("Vary", ", ".join(self.vary)),) if self.vary else ()
        object.__setattr__(self, "replaces", bool(self.headers) or self.reason != "no_origin")
        object.__setattr__(self, "added", self.headers + vary)

    def is_applied_to(self, headers: list[Header]) -> bool:
        """Tell whether response headers say already what this decision makes of them."""
        values = ", ".join([value for name, value in headers if name.lower() == "vary"])
        if merged_vary(values, self.vary) != values:
            return False
        # Names are compared in lower case: what stands in between may write them otherwise.
        own = [(name.lower(), value) for name, value in cors_headers(headers)]
        if self.headers:
            name, value = self.headers[0]
            return (name.lower(), value) in own
        return not (own and self.replaces)

    def apply(self, headers: list[Header], harmless: set[str] | None = None) -> list[Header]:
        """Return what the policy makes of an application's response headers; a new list.

        CORS response headers that the application set itself are replaced, and those of
        ``Access-Control-Expose-Headers`` united with the policy's for an allowed origin. Vary is
        merged. All other headers stay, in their order. What is no CORS request, under a policy
        that answers it nothing, keeps its CORS response headers too.

        Names that are neither Vary nor CORS response headers are put into `harmless`, up to a
        bound. To a response that has only such names, adding `added` comes to the same.
        """
        if harmless is None:
            harmless = set()
        result = [*headers, *self.added]
        vary_at = None
        vary_name = vary = ""
        exposes = False
        dropped: list[int] = []
        # One pass with indices, and not a comprehension for each purpose, which would take twice
        # as long: many applications send Vary with every response.
        for place, (name, value) in enumerate(headers):
            if name in harmless:
                continue
            lower = name.lower()
            if lower == "vary":
                if vary_at is None:
                    vary_at, vary_name, vary = place, name, value
                else:
                    # One line means the same as several (RFC 9110, 5.3); some caches read one.
                    vary = f"{vary}, {value}"
                    dropped.append(place)
            elif lower not in CORS_RESPONSE_HEADERS:
                if len(harmless) < _MAX_HARMLESS:
                    harmless.add(name)
            elif self.replaces:
                dropped.append(place)
                exposes = exposes or lower == EXPOSE_HEADERS_LOWER
        if vary_at is not None:
            result[vary_at] = (vary_name, merged_vary(vary, self.vary))
            if self.vary:
                del result[-1]
        if exposes and self.allowed:
            own = [headers[place] for place in dropped]
            ruled = slice(len(headers), len(headers) + len(self.headers))
            result[ruled] = with_exposed(self.headers, own)
        if dropped:
            for place in reversed(dropped):
                del result[place]
        return result


def _refusals(*, status: int | None, vary: tuple[str, ...]) -> Mapping[Refusal, Decision]:
    return MappingProxyType(
        {reason: Decision(False, reason, (), vary, status) for reason in get_args(Refusal)}
    )


# A refusal depends on nothing but its reason: it tells a stranger nothing about the policy.
REFUSED = _refusals(status=None, vary=("Origin",))
"""The refusals of an actual request, by their reason. The application runs all the same."""

REFUSED_PREFLIGHT = _refusals(status=403, vary=PREFLIGHT_VARY)
"""The refusals of a preflight, by their reason."""
