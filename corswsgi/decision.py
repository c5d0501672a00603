"""A Policy compiled, and decide(): what to answer to one request, and why.

Everything here is a function of a few strings. No environ, no response object, and no text that
could have been put together when the policy was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeVar, get_args

from .fetch import (
    CORS_SAFELISTED_METHODS,
    FORBIDDEN_METHODS,
    NON_WILDCARD_REQUEST_HEADER,
    is_token,
    list_members,
)
from .headers import (
    EXPOSE_HEADERS,
    Header,
    needs_merging,
    with_exposed,
    with_vary,
    without_cors_headers,
)
from .options import ANY
from .origins import MAX_ORIGIN_LENGTH, parse_origin
from .policy import DEFAULT_METHODS, Policy

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

Key = TypeVar("Key")

PREFLIGHT_VARY = (
    "Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
)

# Decisions kept for one policy. An entry is under a kilobyte, of which a client determines the
# origin and, for preflights, the requested headers; full caches start over, because what comes
# back will be there again soon and a cleverer order would cost every request.
_MAX_SETTLED = 4096
_MAX_PREFLIGHTS = 1024

# In characters. The longest registered method is UPDATEREDIRECTREF.
_MAX_METHOD_LENGTH = 64
_MAX_ECHO_LENGTH = 1024
_MAX_ECHO_COMMAS = 128

# How many empty members to put up with, as RFC 9110, 5.6.1.2, asks for "a reasonable number".
_SPARE_COMMAS = 16


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

    _added: tuple[Header, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_added", tuple(with_vary(self.headers, self.vary)))

    def apply(self, headers: Sequence[Header]) -> list[Header]:
        """Return what the policy makes of an application's response headers; a new list.

        CORS response headers that the application set itself are replaced, and those of
        ``Access-Control-Expose-Headers`` united with the policy's for an allowed origin. Vary is
        merged. All other headers stay, in their order. What is no CORS request, under a policy
        that answers it nothing, keeps its CORS response headers too.
        """
        if not needs_merging(headers):
            return [*headers, *self._added]
        if self.reason == "no_origin" and not self.headers:
            return with_vary(headers, self.vary)
        ruled: Sequence[Header] = self.headers
        if self.allowed:
            credentialed = any(name == "Access-Control-Allow-Credentials" for name, _ in ruled)
            ruled = with_exposed(headers, ruled, with_credentials=credentialed)
        return with_vary([*without_cors_headers(headers), *ruled], self.vary)


def _refusals(*, status: int | None, vary: tuple[str, ...]) -> Mapping[Refusal, Decision]:
    return MappingProxyType(
        {reason: Decision(False, reason, (), vary, status) for reason in get_args(Refusal)}
    )


# A refusal depends on nothing but its reason: it tells a stranger nothing about the policy.
REFUSED = _refusals(status=None, vary=("Origin",))
"""The refusals of an actual request, by their reason. The application runs all the same."""

REFUSED_PREFLIGHT = _refusals(status=403, vary=PREFLIGHT_VARY)
"""The refusals of a preflight, by their reason."""


class Rules:
    """A Policy compiled: every header value that does not depend on the request, ready to send.

    Get it with ``policy.derive(Rules)``, so that each policy has one. Its only state is two
    bounded caches of decisions, which any thread may fill, and lose, at any time.
    """

    policy: Policy
    no_origin: Decision
    """What is answered to a request without Origin."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._origins = policy.origin_set
        self._settled: dict[str, Decision] = {}
        self._preflights: dict[tuple[str, str, str, bool], Decision] = {}
        self._any: Decision | None = None
        self.no_origin = Decision(True, "no_origin", (), ("Origin",))
        if policy.allows_any_origin:
            # The same for everybody, with an Origin or without: nothing to vary by.
            headers = self._actual_headers("*")
            self._any = Decision(True, "origin_allowed", headers, ())
            self.no_origin = Decision(True, "no_origin", headers, ())

        methods = DEFAULT_METHODS if policy.methods is None else policy.methods
        self._methods = None if methods == ANY else CORS_SAFELISTED_METHODS.union(methods)
        # With credentials, `*` is a name like another (Fetch, 3.3.3), and the request is echoed.
        self._echoes_method = methods == ANY and policy.supports_credentials
        self._allow_methods = ", ".join(methods)

        names = policy.allow_headers
        self._names = None if names == ANY else frozenset(map(str.lower, names))
        self._echoes_headers = names == ANY and policy.supports_credentials
        self._allow_headers = ", ".join(names)
        if names == ANY:
            self._allow_headers = f"*, {NON_WILDCARD_REQUEST_HEADER}"
        # Twice each name, a space on both sides, and some empty members: longer than that is no
        # honest request, and refused for its length alone. See GHSA-vh9x-phq6-fx54.
        self._max_commas = 2 * len(names) + _SPARE_COMMAS
        self._max_length = 2 * len(self._allow_headers) + 3 * self._max_commas
        if self._echoes_headers:
            self._max_commas = _MAX_ECHO_COMMAS
            self._max_length = _MAX_ECHO_LENGTH

    def actual(self, origin: str) -> Decision:
        """Decide about an actual request of `origin`."""
        if len(origin) <= MAX_ORIGIN_LENGTH:
            decision = self._settled.get(origin)
            if decision is not None:
                return decision
        return self.judge_actual(origin, None)

    def judge_actual(self, origin: str, answer: bool | None) -> Decision:
        """Decide about an actual request afresh, with or without an `answer` about its origin."""
        if self._any is not None and answer is None:
            return self._any
        refused = self._refuses_origin(origin, answer)
        if refused is None:
            headers = self._actual_headers(origin)
            decision = Decision(True, "origin_allowed", headers, ("Origin",))
        else:
            decision = REFUSED[refused]
        if answer is None and self._is_settled(origin, decision):
            _remember(self._settled, origin, decision, _MAX_SETTLED)
        return decision

    def preflight(self, origin: str, method: str, headers: str, private_network: bool) -> Decision:
        """Decide about a preflight; `headers` may be empty."""
        if self._any is not None:
            origin = "*"
        if self._names is None and not self._echoes_headers:
            headers = ""
        # Hashing a text takes as long as the text is: what is too long is not looked for.
        if (
            len(headers) > self._max_length
            or len(origin) > MAX_ORIGIN_LENGTH
            or len(method) > _MAX_METHOD_LENGTH
        ):
            return self.judge_preflight(origin, method, headers, private_network, None)
        key = (origin, method, headers, private_network)
        decision = self._preflights.get(key)
        if decision is None:
            decision = self.judge_preflight(origin, method, headers, private_network, None)
            if decision.allowed and self._is_settled(origin, decision):
                _remember(self._preflights, key, decision, _MAX_PREFLIGHTS)
        return decision

    def judge_preflight(
        self, origin: str, method: str, headers: str, private_network: bool, answer: bool | None
    ) -> Decision:
        """Decide about a preflight afresh, with or without an `answer` about its origin."""
        refused = self._refuses_origin(origin, answer)
        if refused is None and not self.allows_method(method):
            refused = "method_not_allowed"
        if refused is None:
            refused = self._refuses_headers(headers)
        if refused is None and private_network and not self.policy.allow_private_network:
            refused = "private_network_not_allowed"
        if refused is not None:
            return REFUSED_PREFLIGHT[refused]
        return Decision(
            True,
            "preflight_allowed",
            self.preflight_headers(origin, method, headers, private_network),
            PREFLIGHT_VARY,
            204,
        )

    def preflight_headers(
        self, origin: str, method: str, headers: str, private_network: bool
    ) -> tuple[Header, ...]:
        """Return the headers that say what is allowed, for a preflight of an allowed origin."""
        pairs = self._origin_headers("*" if self._any is not None else origin)
        methods = method if self._echoes_method else self._allow_methods
        if methods:
            pairs.append(("Access-Control-Allow-Methods", methods))
        names = _echoed(headers) if self._echoes_headers else self._allow_headers
        if names:
            pairs.append(("Access-Control-Allow-Headers", names))
        if self.policy.max_age is not None:
            pairs.append(("Access-Control-Max-Age", str(self.policy.max_age)))
        if private_network and self.policy.allow_private_network:
            pairs.append(("Access-Control-Allow-Private-Network", "true"))
        return tuple(pairs)

    def allows_method(self, method: str) -> bool:
        """Tell whether the requested method is allowed, in the case in which it is written."""
        if len(method) > _MAX_METHOD_LENGTH:
            return False
        if self._methods is not None:
            return method in self._methods
        return is_token(method) and method.upper() not in FORBIDDEN_METHODS

    def _actual_headers(self, origin: str) -> tuple[Header, ...]:
        pairs = self._origin_headers(origin)
        if self.policy.expose_headers:
            pairs.append((EXPOSE_HEADERS, ", ".join(self.policy.expose_headers)))
        return tuple(pairs)

    def _origin_headers(self, origin: str) -> list[Header]:
        pairs = [("Access-Control-Allow-Origin", origin)]
        if self.policy.supports_credentials:
            pairs.append(("Access-Control-Allow-Credentials", "true"))
        return pairs

    def _refuses_origin(self, origin: str, answer: bool | None) -> Refusal | None:
        if self._any is not None and answer is None:
            return None
        if origin == "null":
            return "origin_null"
        if len(origin) > MAX_ORIGIN_LENGTH:
            return "origin_not_allowed"
        if answer is None:
            if self._origins.matches(origin):
                return None
            answer = self._origins.ask(origin) if self._origins.has_callables else False
            if answer is None:
                return "origin_check_failed"
        elif parse_origin(origin) is None:
            return "origin_not_allowed"
        return None if answer else "origin_not_allowed"

    def _refuses_headers(self, headers: str) -> Refusal | None:
        if not headers or (self._names is None and not self._echoes_headers):
            return None
        if len(headers) > self._max_length or headers.count(",") > self._max_commas:
            return "headers_too_long"
        names = list_members(headers.lower())
        # Lower-casing maps some letters beyond ASCII into it (the Kelvin sign is one).
        allowed = headers.isascii() and (
            all(map(is_token, names)) if self._names is None else self._names.issuperset(names)
        )
        return None if allowed else "headers_not_allowed"

    def _is_settled(self, origin: str, decision: Decision) -> bool:
        """Tell whether the same decision will be made about `origin` again, and is worth keeping.

        What a callable answered may change. Among exact origins, finding none is as cheap.
        """
        if self._origins.has_callables:
            return decision.allowed and self._origins.matches(origin)
        return decision.allowed or (not self._origins.is_exact and len(origin) <= MAX_ORIGIN_LENGTH)


class NoRules:
    """Stands in for `Rules` where the policy could not be told: it refuses everything."""

    policy = None
    no_origin = REFUSED["policy_check_failed"]

    def actual(self, origin: str) -> Decision:
        return REFUSED["policy_check_failed"]

    def preflight(self, origin: str, method: str, headers: str, private_network: bool) -> Decision:
        return REFUSED_PREFLIGHT["policy_check_failed"]


def decide(
    policy: Policy,
    method: str,
    origin: str | None,
    requested_method: str | None = None,
    requested_headers: str | None = None,
    private_network: bool = False,
    *,
    origin_allowed: bool | None = None,
) -> Decision:
    """Decide what `policy` answers to a request (Fetch, 3.3 CORS protocol).

    It is all that an adapter for a further framework needs, and works on the request's texts:

    - `method`: the request's method;
    - `origin`: its ``Origin``, or None;
    - `requested_method`: its ``Access-Control-Request-Method``, or None;
    - `requested_headers`: its ``Access-Control-Request-Headers``, or None; several lines are
      joined with commas;
    - `private_network`: whether ``Access-Control-Request-Private-Network`` is ``true``;
    - `origin_allowed`: what the caller found out about the origin by its own means, such as an
      asynchronous look-up; None to let the policy tell. True does not admit what no policy can
      allow: ``null``, and what is no well-formed origin.

    A preflight is OPTIONS with an origin and a requested method; its answer has a status. For
    anything else, run the application and give its headers to ``Decision.apply``.
    """
    rules = policy.derive(Rules)
    if origin is None:
        return rules.no_origin
    if method != "OPTIONS" or requested_method is None:
        if origin_allowed is None:
            return rules.actual(origin)
        return rules.judge_actual(origin, origin_allowed)
    headers = requested_headers or ""
    if origin_allowed is None:
        return rules.preflight(origin, requested_method, headers, private_network)
    return rules.judge_preflight(origin, requested_method, headers, private_network, origin_allowed)


def _echoed(headers: str) -> str:
    return ",".join(dict.fromkeys(list_members(headers.lower())))


def _remember(cache: dict[Key, Decision], key: Key, decision: Decision, limit: int) -> None:
    if len(cache) >= limit:
        cache.clear()
    cache[key] = decision
