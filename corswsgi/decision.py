"""Decision: the answer to one request, and the reason for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, get_args

from .fetch import CORS_RESPONSE_HEADERS, is_token, list_members

Header = tuple[str, str]

Refusal = Literal[
    "origin_not_allowed",
    "origin_null",
    "origin_check_failed",
    "policy_check_failed",
    "policy_invalid",
    "method_not_allowed",
    "headers_not_allowed",
    "headers_too_long",
]
"""Every reason to refuse a request."""

DecisionReason = Literal["no_origin", "origin_allowed", "preflight_allowed"] | Refusal
"""Every reason that a `Decision` can have; ``docs/reference.md`` explains each."""

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
EXPOSE_HEADERS = "Access-Control-Expose-Headers"
_ALLOW_ORIGIN_LOWER = ALLOW_ORIGIN.lower()
_EXPOSE_HEADERS_LOWER = EXPOSE_HEADERS.lower()

# Applications send few header names. The limits are for those that let clients choose names.
_MAX_UNRELATED_NAMES = 256
_MAX_UNRELATED_LENGTH = 64  # in characters

PREFLIGHT_VARY = (
    "Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of a policy to one request. Immutable, and shared between requests.

    https://fetch.spec.whatwg.org/#http-responses
    """

    allowed: bool
    """False if the policy refuses. True without an Origin, which is not a CORS request."""

    reason: DecisionReason
    """A name from the closed set `DecisionReason`."""

    headers: tuple[Header, ...]
    """The CORS response headers to set, as pairs of name and value. ``Vary`` is not among them."""

    vary: tuple[str, ...]
    """The names to merge into ``Vary``."""

    status: int | None = None
    """The status to answer a preflight with; None: run the application.

    204 or 403, and in debug mode 200 for some refusals."""

    replaces: bool = field(init=False, repr=False, compare=False)
    """Whether CORS headers that the application sets are replaced."""
    sends_wildcard: bool = field(init=False, repr=False, compare=False)
    """Whether ``Access-Control-Allow-Origin: *`` is among the headers."""
    added: tuple[Header, ...] = field(init=False, repr=False, compare=False)
    """`headers` and ``Vary``: what to append to a response that has neither."""

    def __post_init__(self) -> None:
        vary = (("Vary", ", ".join(self.vary)),) if self.vary else ()
        object.__setattr__(self, "replaces", bool(self.headers) or self.reason != "no_origin")
        wildcard = (ALLOW_ORIGIN, "*") in self.headers
        object.__setattr__(self, "sends_wildcard", wildcard)
        object.__setattr__(self, "added", self.headers + vary)

    def for_options(self) -> Decision:
        """Return the decision about an OPTIONS request that is not a preflight.

        It has the ``Vary`` of preflights. A cache that stores answers to OPTIONS must not give one
        to a preflight, or the reverse, and it only knows the ``Vary`` of the answer it has stored.
        https://www.rfc-editor.org/rfc/rfc9111#section-4.1
        """
        return replace(self, vary=PREFLIGHT_VARY)

    def is_applied_to(self, headers: Iterable[Header]) -> bool:
        """Return whether response headers are what `apply` would return."""
        headers = [*headers]
        values = ", ".join([value for name, value in headers if name.lower() == "vary"])
        if merged_vary(values, self.vary) != values:
            return False
        # Lower case, because a component in between may change the case of names.
        own = [(name.lower(), value) for name, value in cors_headers(headers)]
        if not self.headers:
            return not (own and self.replaces)
        # apply() keeps an application's header instead of "*".
        return any(
            name == _ALLOW_ORIGIN_LOWER and self.headers[0][1] in (value, "*")
            for name, value in own
        )

    def apply(
        self, headers: Iterable[Header], unrelated_names: set[str] | None = None
    ) -> list[Header]:
        """Return the response headers to send for an application's response `headers`.

        CORS response headers of the application are replaced, but never widened: if the policy
        sends ``*`` and the application named an origin, the application's header is kept. The
        names in ``Access-Control-Expose-Headers`` are merged if the origin is allowed. ``Vary`` is
        merged. All other headers stay as they are, in their order. A request without Origin keeps
        the application's CORS headers, too, unless the policy allows any origin.

        Names that are neither ``Vary`` nor CORS response headers are added to `unrelated_names`,
        up to a limit. If all names are known to be unrelated, appending `added` is equivalent.
        """
        unrelated_names = set() if unrelated_names is None else unrelated_names
        headers = [*headers]  # it may be an iterator
        result = [*headers, *self.added]
        vary_at = None
        vary_name = vary = ""
        exposes = keeps_origin = False
        dropped: list[int] = []
        # One pass with indices. A comprehension for each purpose would take twice as long, and
        # many applications send Vary with every response.
        for place, (name, value) in enumerate(headers):
            if name in unrelated_names:
                continue
            lower = name.lower()
            if lower == "vary":
                if vary_at is None:
                    vary_at, vary_name, vary = place, name, value
                else:
                    # One line means the same as several, and some caches read only one.
                    # https://www.rfc-editor.org/rfc/rfc9110#section-5.3
                    vary = f"{vary}, {value}"
                    dropped.append(place)
            elif lower not in CORS_RESPONSE_HEADERS:
                is_full = len(unrelated_names) >= _MAX_UNRELATED_NAMES
                if not is_full and len(name) <= _MAX_UNRELATED_LENGTH:
                    unrelated_names.add(name)
            elif self.sends_wildcard and lower == _ALLOW_ORIGIN_LOWER and value != "*":
                keeps_origin = True
            elif self.replaces:
                dropped.append(place)
                exposes = exposes or lower == _EXPOSE_HEADERS_LOWER
        if vary_at is not None:
            result[vary_at] = (vary_name, merged_vary(vary, self.vary))
            if self.vary:
                del result[-1]
        if keeps_origin or (exposes and self.allowed):
            decided = self.headers[1:] if keeps_origin else self.headers
            decided_at = slice(len(headers), len(headers) + len(self.headers))
            result[decided_at] = _with_exposed(decided, headers)
        if dropped:
            for place in reversed(dropped):
                del result[place]
        return result


def merged_vary(value: str, names: Iterable[str]) -> str:
    """Return a value of ``Vary`` with the `names` added that it lacks; ``*`` stays as it is."""
    lower = value.lower()
    if "*" in lower and "*" in list_members(lower):
        return value
    for name in names:
        # A name that is not a substring cannot be a member, and need not be looked for.
        wanted = name.lower()
        if wanted not in lower or wanted not in list_members(lower):
            kept = value.rstrip(", \t")
            value = f"{kept}, {name}" if kept else name
    return value


def _with_exposed(decided: Sequence[Header], own: Iterable[Header]) -> list[Header]:
    """Return the headers `decided`, with the names that an application exposes in `own` merged in.

    Members that are not tokens are left out, because one of them makes a browser ignore the whole
    header (https://fetch.spec.whatwg.org/#extract-header-list-values). So is ``*`` with
    credentials, where it is not a wildcard (https://fetch.spec.whatwg.org/#http-access-control-expose-headers).
    """
    exposed = [value for name, value in own if name.lower() == _EXPOSE_HEADERS_LOWER]
    no_wildcard = ("Access-Control-Allow-Credentials", "true") in decided
    names: dict[str, str] = {}
    for value in [*(value for name, value in decided if name == EXPOSE_HEADERS), *exposed]:
        for member in list_members(value):
            if is_token(member) and not (no_wildcard and member == "*"):
                names.setdefault(member.lower(), member)
    kept = [header for header in decided if header[0] != EXPOSE_HEADERS]
    return [*kept, (EXPOSE_HEADERS, ", ".join(names.values()))] if names else kept


def cors_headers(headers: Iterable[Header]) -> list[Header]:
    """Return the CORS response headers among `headers`."""
    return [header for header in headers if header[0].lower() in CORS_RESPONSE_HEADERS]


def _refusals(*, status: int | None, vary: tuple[str, ...]) -> Mapping[Refusal, Decision]:
    return MappingProxyType(
        {reason: Decision(False, reason, (), vary, status) for reason in get_args(Refusal)}
    )


# A refusal depends on nothing but its reason, so it discloses nothing about the policy.
REFUSED = _refusals(status=None, vary=("Origin",))
"""The refusals of an actual request, by their reason. The application runs nevertheless."""

REFUSED_PREFLIGHT = _refusals(status=403, vary=PREFLIGHT_VARY)
"""The refusals of a preflight, by their reason."""
