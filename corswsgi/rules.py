"""A Policy compiled, and decide(): from a few strings to a Decision.

No environ, no response object, and no text that could have been put together when the policy was
made.
"""

from __future__ import annotations

from .decision import PREFLIGHT_VARY, REFUSED, REFUSED_PREFLIGHT, Decision, Refusal
from .fetch import (
    CORS_SAFELISTED_METHODS,
    FORBIDDEN_METHODS,
    NON_WILDCARD_REQUEST_HEADER,
    is_token,
    list_members,
)
from .headers import EXPOSE_HEADERS, Header
from .options import ANY
from .origins import MAX_ORIGIN_LENGTH, parse_origin
from .policy import DEFAULT_METHODS, Policy

# How many decisions are kept for one policy. A client determines the origin and, for preflights,
# the requested headers. Full caches start over: what comes back will be there again soon, and a
# cleverer order would cost every request.
_MAX_SETTLED = 4096
_MAX_PREFLIGHTS = 1024
_MAX_KEPT_LENGTH = 512  # of the requested headers, in characters

# In characters. Of the methods that are registered, UPDATEREDIRECTREF is the longest.
_MAX_METHOD_LENGTH = 64
_MAX_ECHO_LENGTH = 1024
_MAX_ECHO_COMMAS = 128

# The answer to a request without Origin, where one with an Origin may get another.
_VARIES = Decision(True, "no_origin", (), ("Origin",))

# How many empty members to put up with: RFC 9110, 5.6.1.2, asks for "a reasonable number".
_SPARE_COMMAS = 16


class Rules:
    """A Policy compiled: every header value that does not depend on the request, ready to send.

    Get it with ``policy.derive(Rules)``, so that each policy has one. Its only state is two
    bounded caches of decisions, which any thread may fill, and start over, at any time.
    """

    policy: Policy
    no_origin: Decision
    """What is decided about a request without Origin."""
    too_long: Decision
    """What is decided about an actual request whose origin is over MAX_ORIGIN_LENGTH."""
    settled: dict[str, Decision | None]
    """What has been decided about actual requests, by their origin, as far as it is kept.

    Where exact origins are all that there is, each has a place, None until it is decided about.
    """
    stranger: Decision | None
    """What is decided about an origin that is not in `settled`; None: it has to be judged.

    It is there where exact origins are all that there is, so that refusing takes one look-up. A
    cache of refusals would be defeated by a stream of origins never seen before.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._origins = policy.origin_set
        self._headers = _RequestedHeaders(policy)
        self._preflights: dict[tuple[str, str, str, bool], Decision] = {}
        self._any: Decision | None = None
        self.no_origin = _VARIES
        self.too_long = REFUSED["origin_not_allowed"]
        if policy.allows_any_origin:
            # The same for everybody, with an Origin or without: nothing to vary by.
            headers = self._actual_headers("*")
            self.no_origin = Decision(True, "no_origin", headers, ())
            self.too_long = self._any = Decision(True, "origin_allowed", headers, ())
        only_exact = self._origins.only_exact and self._any is None
        self.stranger = REFUSED["origin_not_allowed"] if only_exact else None
        self.settled = dict.fromkeys(self._origins.exact if only_exact else ())
        self._start_over()

        methods = DEFAULT_METHODS if policy.methods is None else policy.methods
        self._methods = None if methods == ANY else CORS_SAFELISTED_METHODS.union(methods)
        # With credentials, `*` is a name like another (Fetch, 3.3.3): the request is echoed.
        self._echoes_method = methods == ANY and policy.supports_credentials
        self._allow_methods = ", ".join(methods)
        self._max_method_length = max(_MAX_METHOD_LENGTH, *map(len, methods), 0)

    def actual(self, origin: str) -> Decision:
        """Decide about an actual request of `origin`."""
        if len(origin) > MAX_ORIGIN_LENGTH:
            return self.too_long
        return self.settled.get(origin, self.stranger) or self.settle(origin)

    def settle(self, origin: str) -> Decision:
        """Decide about an actual request of an origin that is neither too long nor `settled`."""
        decision = self.judge_actual(origin, None)
        if self._any is None and self._will_stand(origin, decision):
            # Not `== 0`: two threads may have taken the last place at once.
            if self._room <= 0:
                if self.stranger is not None:
                    return decision  # the first to come are kept: nobody else can take the room
                self.settled = {}
                self._start_over()
            self.settled[origin] = decision
            self._room -= 1
        return decision

    def _start_over(self) -> None:
        self._room = _MAX_SETTLED
        if self._any is None:
            self.settled["null"] = REFUSED["origin_null"]

    def judge_actual(self, origin: str, answer: bool | None) -> Decision:
        """Decide about an actual request afresh, with or without an `answer` about its origin."""
        if self._any is not None and answer is None:
            return self._any
        refused = self._refuses_origin(origin, answer)
        if refused is not None:
            return REFUSED[refused]
        return Decision(True, "origin_allowed", self._actual_headers(origin), ("Origin",))

    def preflight(self, origin: str, method: str, headers: str, private_network: bool) -> Decision:
        """Decide about a preflight; `headers` may be empty."""
        if self._any is not None:
            origin = "*"
        if self._headers.are_ignored:
            headers = ""
        # Hashing a text takes as long as the text is: what is too long is not looked for.
        if (
            len(headers) > self._headers.max_length
            or len(origin) > MAX_ORIGIN_LENGTH
            or len(method) > self._max_method_length
        ):
            return self.judge_preflight(origin, method, headers, private_network, None)
        if self.stranger is not None and origin not in self.settled:
            return REFUSED_PREFLIGHT["origin_not_allowed"]
        key = (origin, method, headers, private_network)
        decision = self._preflights.get(key)
        if decision is None:
            decision = self.judge_preflight(origin, method, headers, private_network, None)
            if (
                decision.allowed
                and len(headers) <= _MAX_KEPT_LENGTH
                and self._will_stand(origin, decision)
            ):
                if len(self._preflights) >= _MAX_PREFLIGHTS:
                    self._preflights = {}
                self._preflights[key] = decision
        return decision

    def judge_preflight(
        self, origin: str, method: str, headers: str, private_network: bool, answer: bool | None
    ) -> Decision:
        """Decide about a preflight afresh, with or without an `answer` about its origin."""
        refused = self._refuses_origin(origin, answer)
        if refused is None and not self.allows_method(method):
            refused = "method_not_allowed"
        if refused is None:
            refused = self._headers.refuses(headers)
        if refused is None and private_network and not self.policy.allow_private_network:
            refused = "private_network_not_allowed"
        if refused is not None:
            return REFUSED_PREFLIGHT[refused]
        if self._any is not None and answer is None:
            origin = "*"
        pairs = self.preflight_headers(origin, method, headers, private_network)
        return Decision(True, "preflight_allowed", pairs, PREFLIGHT_VARY, 204)

    def preflight_headers(
        self, origin: str, method: str, headers: str, private_network: bool
    ) -> tuple[Header, ...]:
        """Return the headers that say what is allowed, for a preflight of an allowed origin."""
        pairs = self._origin_headers(origin)
        methods = method if self._echoes_method else self._allow_methods
        if methods:
            pairs.append(("Access-Control-Allow-Methods", methods))
        names = self._headers.answer(headers)
        if names:
            pairs.append(("Access-Control-Allow-Headers", names))
        if self.policy.max_age is not None:
            pairs.append(("Access-Control-Max-Age", str(self.policy.max_age)))
        if private_network and self.policy.allow_private_network:
            pairs.append(("Access-Control-Allow-Private-Network", "true"))
        return tuple(pairs)

    def allows_method(self, method: str) -> bool:
        """Tell whether the requested method is allowed, in the case in which it is written."""
        if len(method) > self._max_method_length:
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
            answer = self._origins.ask(origin)
            if answer is None:
                return "origin_check_failed"
        elif parse_origin(origin) is None:
            return "origin_not_allowed"
        return None if answer else "origin_not_allowed"

    def _will_stand(self, origin: str, decision: Decision) -> bool:
        """Tell whether the decision about `origin` would be the same again: no callable made it."""
        if self._origins.callables:
            return decision.allowed and self._origins.matches(origin)
        return True


class _RequestedHeaders:
    """What a policy says to Access-Control-Request-Headers."""

    are_ignored: bool
    """True if any are allowed, and the answer to all of them is the same."""
    max_length: int
    """In characters; what is longer is refused unread, in the time that a length takes."""

    def __init__(self, policy: Policy) -> None:
        names = policy.allow_headers
        self._names = None if names == ANY else frozenset(map(str.lower, names))
        self._allowed = ", ".join(names)
        self._echoes = names == ANY and policy.supports_credentials
        self.are_ignored = names == ANY and not self._echoes
        if self.are_ignored:
            # A bare `*` leaves Authorization out (Fetch, 4.8, CORS non-wildcard names).
            self._allowed = f"*, {NON_WILDCARD_REQUEST_HEADER}"
        # Each name twice, a space on both sides, and some empty members: what is longer is no
        # honest request for them. GHSA-vh9x-phq6-fx54 was a header of a mebibyte of commas.
        self._max_commas = 2 * len(names) + _SPARE_COMMAS
        self.max_length = 2 * len(self._allowed) + 3 * self._max_commas
        if self._echoes:
            self._max_commas = _MAX_ECHO_COMMAS
            self.max_length = _MAX_ECHO_LENGTH

    def refuses(self, requested: str) -> Refusal | None:
        """Return why the names `requested` are refused; None if they are allowed."""
        if not requested or self.are_ignored:
            return None
        if len(requested) > self.max_length or requested.count(",") > self._max_commas:
            return "headers_too_long"
        names = list_members(requested.lower())
        allowed = (
            all(map(is_token, names)) if self._names is None else self._names.issuperset(names)
        )
        # Lower-casing maps some letters beyond ASCII into it, such as the Kelvin sign.
        return None if allowed and requested.isascii() else "headers_not_allowed"

    def answer(self, requested: str) -> str:
        """Return the value of Access-Control-Allow-Headers for `requested` names; may be empty."""
        if not self._echoes:
            return self._allowed
        return ",".join(dict.fromkeys(list_members(requested.lower())))


class NoRules:
    """Stands in for `Rules` where the policy could not be told: it refuses everything."""

    policy = None
    no_origin = REFUSED["policy_check_failed"]

    def actual(self, _origin: str) -> Decision:
        """Refuse."""
        return REFUSED["policy_check_failed"]

    def preflight(self, *_request: str | bool) -> Decision:
        """Refuse."""
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
      allow: ``null``, and what is no well-formed origin. Give it with every request of a policy
      (any value will do without an origin), or shared caches get one answer for all.

    A preflight is OPTIONS with an origin and a requested method; its answer has a status. For
    anything else, run the application and give its headers to ``Decision.apply``.
    """
    rules = policy.derive(Rules)
    if origin is None:
        return rules.no_origin if origin_allowed is None else _VARIES
    if method != "OPTIONS" or requested_method is None:
        if origin_allowed is None:
            return rules.actual(origin)
        return rules.judge_actual(origin, origin_allowed)
    headers = requested_headers or ""
    if origin_allowed is None:
        return rules.preflight(origin, requested_method, headers, private_network)
    return rules.judge_preflight(origin, requested_method, headers, private_network, origin_allowed)
