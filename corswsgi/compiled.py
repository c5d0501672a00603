"""CompiledPolicy: a policy in the form that decides about requests.

It needs neither an environ nor a response object, and puts together every header
value that does not depend on the request when the policy is compiled.
"""

from __future__ import annotations

from sys import getsizeof

from .decision import (
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    PREFLIGHT_VARY,
    REFUSED,
    REFUSED_PREFLIGHT,
    Decision,
    Header,
    Refusal,
)
from .fetch import (
    CORS_SAFELISTED_METHODS,
    FORBIDDEN_METHODS,
    NON_WILDCARD_REQUEST_HEADER,
    is_token,
    list_members,
)
from .findings import ANY
from .memory import DecisionCache
from .origins import MAX_ORIGIN_LENGTH, OriginCallable, OriginMatcher, parse_origin
from .requests import CORSRequest

# Of the requested headers, in characters. Longer ones are not cached.
_MAX_CACHED_LENGTH = 512

# In characters. The longest registered method is UPDATEREDIRECTREF.
_MAX_METHOD_LENGTH = 64
_MAX_ECHOED_LENGTH = 1024
_MAX_ECHOED_COMMAS = 128

# The answer to a request without Origin if other origins may get other headers.
_NO_ORIGIN_VARIES = Decision(True, "no_origin", (), ("Origin",))

# How many empty list members to accept: "a reasonable number",
# https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1.2
_SPARE_COMMAS = 16


class CompiledPolicy:
    """A policy with every constant header value prepared. Get it from `Policy.compiled`.

    Its only state is two caches of decisions, which share the memory of all policies.
    """

    no_origin: Decision
    """The decision about a request without Origin."""
    oversized_origin: Decision
    """The decision about an actual request whose origin is longer than MAX_ORIGIN_LENGTH."""
    unlisted_origin: Decision | None
    """The decision about an actual request whose origin is not cached; None: evaluate it.

    It is set if the policy has exact origins only, so that refusing takes one look-up. A cache of
    refusals would not help against a stream of new origins.
    """

    def __init__(
        self,
        *,
        origins: OriginMatcher,
        allows_any_origin: bool,
        methods: tuple[str, ...],
        allow_headers: tuple[str, ...],
        expose_headers: tuple[str, ...],
        supports_credentials: bool,
        max_age: int | None,
        refusal: Refusal = "origin_not_allowed",
    ) -> None:
        """Compile the options of a policy.

        `refusal` is the reason for refusing an origin. If it is another one than the default, it
        is the reason for refusing every request.
        """
        self.refusal = refusal
        self._origins = origins
        self._headers = _RequestedHeaders(allow_headers, echoes=supports_credentials)
        self._expose_headers = ", ".join(expose_headers)
        self._supports_credentials = supports_credentials
        self._max_age = max_age
        self._any: Decision | None = None
        refuses_all = refusal != "origin_not_allowed"
        self.no_origin = REFUSED[refusal] if refuses_all else _NO_ORIGIN_VARIES
        self.oversized_origin = REFUSED[refusal]
        if allows_any_origin:
            # The same for every request, with or without Origin, so caches need no Vary.
            headers = self._actual_headers("*")
            self.no_origin = Decision(True, "no_origin", headers, ())
            self.oversized_origin = self._any = Decision(True, "origin_allowed", headers, ())
        only_exact = origins.only_exact and self._any is None
        self.unlisted_origin = REFUSED[refusal] if only_exact else None
        # If the policy has exact origins only, all others are refused, but `null` has a reason of
        # its own.
        keys = [*origins.exact, "null"] if only_exact else None
        self._actual_cache: DecisionCache[str] = DecisionCache(keys)
        self._preflight_cache: DecisionCache[tuple[str, str, str]] = DecisionCache()
        self._cached = self._actual_cache.decisions
        self._cached_preflights = self._preflight_cache.decisions

        self._methods = None if methods == ANY else CORS_SAFELISTED_METHODS.union(methods)
        # With credentials, `*` is a method name, so the requested method is echoed.
        # https://fetch.spec.whatwg.org/#http-access-control-allow-methods
        self._echoes_method = methods == ANY and supports_credentials
        self._allow_methods = ", ".join(methods)
        self._max_method_length = max(_MAX_METHOD_LENGTH, *map(len, methods), 0)

    @property
    def callables(self) -> tuple[OriginCallable, ...]:
        """The callables among the policy's origins."""
        return self._origins.callables

    def needs_look_up(self, origin: str) -> bool:
        """Return whether the callables have to be asked about an origin."""
        return (
            bool(self._origins.callables)
            and not self._origins.matches(origin)
            and parse_origin(origin) is not None
        )

    def decide(self, request: CORSRequest, origin_allowed: bool | None = None) -> Decision:
        """Decide about a request; see `corswsgi.decide`."""
        origin = request.origin
        if origin is not None and request.is_preflight:
            method, headers = request.requested_method or "", request.requested_headers
            if origin_allowed is None:
                return self.decide_preflight(origin, method, headers)
            return self._evaluate_preflight(origin, method, headers, origin_allowed)
        if origin_allowed is None:
            decision = self.no_origin if origin is None else self.decide_actual(origin)
        elif origin is None:
            decision = _NO_ORIGIN_VARIES
        else:
            decision = self._evaluate(origin, origin_allowed)
        return decision.for_options() if request.method == "OPTIONS" else decision

    def decide_options(self, origin: str | None) -> Decision:
        """Decide about an OPTIONS request that is not a preflight."""
        return self.decide(CORSRequest("OPTIONS", origin))

    def decide_failed(self, request: CORSRequest) -> Decision:
        """Decide about a request whose origin could not be looked up: refuse it."""
        if request.is_preflight:
            return REFUSED_PREFLIGHT["origin_check_failed"]
        refused = REFUSED["origin_check_failed"]
        return refused.for_options() if request.method == "OPTIONS" else refused

    def decide_actual(self, origin: str) -> Decision:
        """Decide about an actual request."""
        if len(origin) > MAX_ORIGIN_LENGTH:
            return self.oversized_origin
        return self._cached.get(origin, self.unlisted_origin) or self._decide_and_cache(origin)

    def _decide_and_cache(self, origin: str) -> Decision:
        decision = self._evaluate(origin, None)
        if self._any is None and self._is_repeatable(origin, decision):
            self._actual_cache.add(origin, decision, getsizeof(origin))
        return decision

    def _evaluate(self, origin: str, origin_allowed: bool | None) -> Decision:
        """Decide about an actual request without the cache."""
        if self._any is not None and origin_allowed is None:
            return self._any
        refused = self._refuses_origin(origin, origin_allowed)
        if refused is not None:
            return REFUSED[refused]
        return Decision(True, "origin_allowed", self._actual_headers(origin), ("Origin",))

    def decide_preflight(self, origin: str, method: str, headers: str) -> Decision:
        """Decide about a preflight; `headers` may be empty."""
        if self._any is not None:
            origin = "*"
        if self._headers.are_ignored:
            headers = ""
        # Hashing takes time in proportion to the length, so oversized values are not looked up.
        if (
            len(headers) > self._headers.max_length
            or len(origin) > MAX_ORIGIN_LENGTH
            or len(method) > self._max_method_length
        ):
            return self._evaluate_preflight(origin, method, headers, None)
        if self.unlisted_origin is not None and origin not in self._cached:
            return REFUSED_PREFLIGHT[self.refusal]
        key = (origin, method, headers)
        decision = self._cached_preflights.get(key)
        if decision is None:
            decision = self._evaluate_preflight(origin, method, headers, None)
            if (
                decision.allowed
                and len(headers) <= _MAX_CACHED_LENGTH
                and self._is_repeatable(origin, decision)
            ):
                # The answer may repeat the requested headers.
                size = getsizeof(origin) + getsizeof(method) + 2 * getsizeof(headers)
                self._preflight_cache.add(key, decision, size)
        return decision

    def _evaluate_preflight(
        self, origin: str, method: str, headers: str, origin_allowed: bool | None
    ) -> Decision:
        """Decide about a preflight without the cache."""
        refused = self._refuses_origin(origin, origin_allowed)
        if refused is None and not self.allows_method(method):
            refused = "method_not_allowed"
        if refused is None:
            refused = self._headers.refuses(headers)
        if refused is not None:
            return REFUSED_PREFLIGHT[refused]
        if self._any is not None and origin_allowed is None:
            origin = "*"
        pairs = self.preflight_headers(origin, method, headers)
        return Decision(True, "preflight_allowed", pairs, PREFLIGHT_VARY, 204)

    def preflight_headers(self, origin: str, method: str, headers: str) -> tuple[Header, ...]:
        """Return the headers of the response to a preflight of an allowed origin.

        https://fetch.spec.whatwg.org/#http-responses
        """
        pairs = self._origin_headers(origin)
        methods = method if self._echoes_method else self._allow_methods
        if methods:
            pairs.append(("Access-Control-Allow-Methods", methods))
        names = self._headers.answer(headers)
        if names:
            pairs.append(("Access-Control-Allow-Headers", names))
        if self._max_age is not None:
            pairs.append(("Access-Control-Max-Age", str(self._max_age)))
        return tuple(pairs)

    def allows_method(self, method: str) -> bool:
        """Return whether the requested method is allowed. Methods are case-sensitive."""
        if len(method) > self._max_method_length:
            return False
        if self._methods is not None:
            return method in self._methods
        return is_token(method) and method.upper() not in FORBIDDEN_METHODS

    def _actual_headers(self, origin: str) -> tuple[Header, ...]:
        pairs = self._origin_headers(origin)
        if self._expose_headers:
            pairs.append((EXPOSE_HEADERS, self._expose_headers))
        return tuple(pairs)

    def _origin_headers(self, origin: str) -> list[Header]:
        pairs = [(ALLOW_ORIGIN, origin)]
        if self._supports_credentials:
            pairs.append(("Access-Control-Allow-Credentials", "true"))
        return pairs

    def _refuses_origin(self, origin: str, origin_allowed: bool | None) -> Refusal | None:
        if self.refusal != "origin_not_allowed":
            return self.refusal
        if self._any is not None and origin_allowed is None:
            return None
        if origin == "null":
            return "origin_null"
        if len(origin) > MAX_ORIGIN_LENGTH:
            return "origin_not_allowed"
        if origin_allowed is None:
            if self._origins.matches(origin):
                return None
            origin_allowed = self._origins.look_up(origin)
            if origin_allowed is None:
                return "origin_check_failed"
        elif parse_origin(origin) is None:
            return "origin_not_allowed"
        return None if origin_allowed else "origin_not_allowed"

    def _is_repeatable(self, origin: str, decision: Decision) -> bool:
        """Return whether deciding again gives the same result, because no callable was asked."""
        if self._origins.callables:
            return decision.allowed and self._origins.matches(origin)
        return True


class _RequestedHeaders:
    """The answer of a policy to ``Access-Control-Request-Headers``."""

    are_ignored: bool
    """True if any header is allowed and the answer is always the same."""
    max_length: int
    """In characters. Longer values are refused unread."""

    def __init__(self, names: tuple[str, ...], *, echoes: bool) -> None:
        """Compile `names`; with `echoes`, the requested names are the answer to ``*``.

        With credentials, `*` is a header name and not a wildcard.
        https://fetch.spec.whatwg.org/#http-access-control-allow-headers
        """
        self._names = None if names == ANY else frozenset(map(str.lower, names))
        self._allowed = ", ".join(names)
        self._echoes = names == ANY and echoes
        self.are_ignored = names == ANY and not self._echoes
        if self.are_ignored:
            # A bare `*` does not cover Authorization.
            # https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name
            self._allowed = f"*, {NON_WILDCARD_REQUEST_HEADER}"
        # Room for each name twice, a space on both sides, and some empty members. No browser
        # sends more. (GHSA-vh9x-phq6-fx54: a header of one mebibyte of commas.)
        self._max_commas = 2 * len(names) + _SPARE_COMMAS
        self.max_length = 2 * len(self._allowed) + 3 * self._max_commas
        if self._echoes:
            self._max_commas = _MAX_ECHOED_COMMAS
            self.max_length = _MAX_ECHOED_LENGTH

    def refuses(self, requested: str) -> Refusal | None:
        """Return the reason for refusing the names `requested`; None if they are allowed."""
        if not requested or self.are_ignored:
            return None
        if len(requested) > self.max_length or requested.count(",") > self._max_commas:
            return "headers_too_long"
        names = list_members(requested.lower())
        allowed = (
            all(map(is_token, names)) if self._names is None else self._names.issuperset(names)
        )
        # str.lower() turns some letters beyond ASCII into ASCII letters, such as the Kelvin sign.
        return None if allowed and requested.isascii() else "headers_not_allowed"

    def answer(self, requested: str) -> str:
        """Return the value of ``Access-Control-Allow-Headers``; it may be empty."""
        if not self._echoes:
            return self._allowed
        return ",".join(dict.fromkeys(list_members(requested.lower())))
