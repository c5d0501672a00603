"""Policy: which cross-origin requests are allowed, and the decision about a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypedDict

from .compiled import CompiledPolicy
from .decision import Decision, Refusal
from .errors import Notice, refuse, warn
from .findings import ANY
from .names import OPTION_NAMES, Names
from .origins import NO_ORIGIN, OriginCallable, OriginMatcher, OriginRule
from .requests import CORSRequest
from .validation import DEFAULT_METHODS, DEFAULTS, read_options

if TYPE_CHECKING:
    from typing_extensions import Unpack

# The checks of origins depend on these options.
_CHECKED_WITH_ORIGINS = frozenset({"origins", "supports_credentials", "dangerously_allow"})

_ORIGIN_NOT_ALLOWED: Refusal = "origin_not_allowed"


class PolicyOptions(TypedDict, total=False):
    """The options of a `Policy`, which documents them."""

    origins: (
        str
        | re.Pattern[str]
        | OriginCallable
        | Iterable[str | re.Pattern[str] | OriginCallable]
        | None
    )
    methods: str | Iterable[str] | None
    allow_headers: str | Iterable[str]
    expose_headers: str | Iterable[str]
    supports_credentials: bool
    max_age: int | timedelta | None
    allow_private_network: bool
    dangerously_allow: str | Iterable[str]


@dataclass(frozen=True, init=False, repr=False, eq=False, slots=True)
class Policy:
    """Which cross-origin requests are allowed. Checked when it is created, and immutable.

    Options are keyword arguments. If a list is expected, any iterable is accepted, and a string is
    a list with one entry. Policies are equal if they allow the same: the order of lists does not
    matter, and callables are equal only to themselves.

    Raises `PolicyError`, which lists all problems of all options at once. ``docs/reference.md``
    explains them. Emits a warning for options that are accepted but probably not meant.

    The options, which are also attributes:

    `origins` (required)
        The origins whose pages may read responses: ``"*"`` for any origin, or one or more of:

        - origin patterns (str), written ``scheme://host[:port]`` exactly as browsers send origins.
          A host that starts with ``*.`` matches one or more labels, a port ``*`` any port;
        - compiled regular expressions (re.Pattern[str]), which must match the whole origin;
        - callables ``(origin: str) -> bool``, which are called for every request that no other
          entry matches. If one raises, or returns anything but True or False, the origin is not
          allowed, and the failure is logged: in full once, and then counted.

        Expressions and callables see only well-formed origins, and never ``null``.
        https://fetch.spec.whatwg.org/#http-access-control-allow-origin

    `methods` (str, iterable of str, or None; default None)
        The allowed methods, or ``"*"`` for any. None allows GET, HEAD, POST, PUT, PATCH, DELETE and
        QUERY; adapters add all methods that the application routes. Methods are normalized as
        ``fetch()`` does (https://fetch.spec.whatwg.org/#concept-method-normalize). The
        CORS-safelisted methods GET, HEAD and POST are always allowed, because browsers accept them
        whatever the list says (https://fetch.spec.whatwg.org/#cors-safelisted-method).

    `allow_headers` (str or iterable of str; default ``"*"``)
        Names of the request headers that scripts may set, or ``"*"`` for any, which includes
        ``Authorization``. https://fetch.spec.whatwg.org/#http-access-control-allow-headers

    `expose_headers` (str or iterable of str; default none)
        Names of the response headers that scripts may read in addition to the safelisted ones
        (https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name), or ``"*"`` for any,
        without credentials only.

    `supports_credentials` (bool; default False)
        Whether pages may read responses to requests with cookies, client certificates or HTTP
        authentication. https://fetch.spec.whatwg.org/#cors-protocol-and-credentials

    `max_age` (int in seconds, timedelta, or None; default 600)
        How long browsers may cache the answer to a preflight, at most a day. 0 turns the cache
        off. None leaves the header out, which browsers treat as 5 seconds.
        https://fetch.spec.whatwg.org/#http-access-control-max-age

    `dangerously_allow` (str or iterable of str; default none)
        Names of checks to turn off: ``"insecure_origins"``, ``"public_suffixes"``,
        ``"expressions"``.

    `allow_private_network` (deprecated, not an attribute)
        Has no effect, because browsers no longer send
        ``Access-Control-Request-Private-Network``.
    """

    origins: tuple[OriginRule, ...]
    methods: tuple[str, ...] | None
    allow_headers: tuple[str, ...]
    expose_headers: tuple[str, ...]
    supports_credentials: bool
    max_age: int | None
    dangerously_allow: frozenset[str]
    origin_matcher: OriginMatcher = field(init=False)
    """The origins, compiled. It is empty if any origin is allowed."""

    _refusal: Refusal = field(init=False)
    _compiled: dict[None, CompiledPolicy] = field(init=False)  # empty until it is used

    def __init__(self, **options: Unpack[PolicyOptions]) -> None:
        read = read_options(options)
        refuse(read.problems)
        warn(read.notices)
        _set(self, read.values, _ORIGIN_NOT_ALLOWED)

    @property
    def allows_any_origin(self) -> bool:
        """Whether any origin is allowed (``origins="*"``)."""
        # Not `==`, which would call the methods of callables.
        return self.origins is ANY

    @property
    def compiled(self) -> CompiledPolicy:
        """The form of this policy that decides about requests. It has caches.

        It is created when it is first used, and every thread gets the same one.
        """
        try:
            return self._compiled[None]
        except KeyError:
            # setdefault() is atomic, so threads get the same one. A lock could be left locked in a
            # forked process.
            return self._compiled.setdefault(None, self._compile())

    def _compile(self) -> CompiledPolicy:
        return CompiledPolicy(
            origins=self.origin_matcher,
            allows_any_origin=self.allows_any_origin,
            methods=DEFAULT_METHODS if self.methods is None else self.methods,
            allow_headers=self.allow_headers,
            expose_headers=self.expose_headers,
            supports_credentials=self.supports_credentials,
            max_age=self.max_age,
            refusal=self._refusal,
        )

    def replace(self, **options: Unpack[PolicyOptions]) -> Policy:
        """Return a policy with some other options. The result is checked like a new policy.

        Origins are not parsed again if neither they nor an option that their checks depend on has
        changed.

        Raises `PolicyError`, as `Policy` does.
        """
        policy, notices = _make(options, OPTION_NAMES, self)
        warn(notices)
        return policy

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Policy):
            return NotImplemented
        # There may be many origins, so they come last.
        return self is other or (
            self._cheap_key() == other._cheap_key()
            and (
                self.origins is other.origins
                or _origins_key(self.origins) == _origins_key(other.origins)
            )
        )

    def __hash__(self) -> int:
        return hash((self._cheap_key(), _origins_key(self.origins)))

    def _cheap_key(self) -> tuple[object, ...]:
        return (
            self.supports_credentials,
            self.max_age,
            self._refusal,
            self.dangerously_allow,
            None if self.methods is None else frozenset(self.methods),
            frozenset(map(str.lower, self.allow_headers)),
            frozenset(map(str.lower, self.expose_headers)),
        )

    def __repr__(self) -> str:
        options = (
            f"{name}={_source(getattr(self, name))}"
            for name, default in DEFAULTS.items()
            if getattr(self, name) != default
        )
        return f"Policy({', '.join(options)})"

    # Policies are immutable, and frameworks deep-copy their settings.
    def __copy__(self) -> Policy:
        return self

    def __deepcopy__(self, memo: object) -> Policy:
        return self

    def __reduce__(self) -> tuple[Callable[..., Policy], tuple[dict[str, object], Refusal]]:
        return _unpickled, ({name: getattr(self, name) for name in DEFAULTS}, self._refusal)


def make_policy(
    options: Mapping[str, Any], names: Names = OPTION_NAMES, base: Policy | None = None
) -> Policy:
    """Return the policy with `options` over those of `base`, or over the defaults.

    Raises `PolicyError` with all problems, worded with `names`. Emits no warnings: see
    `corswsgi.validation.read_options` for notices. The origins of `base` are shared, and not parsed
    again, unless `options` have one that their checks depend on.
    """
    return _make(options, names, base)[0]


def refusing_policy(reason: Refusal) -> Policy:
    """Return a policy that refuses every request for one reason.

    It stands in for a policy that is unknown or invalid.
    """
    policy = make_policy({"origins": NO_ORIGIN})
    object.__setattr__(policy, "_refusal", reason)
    return policy


def _make(
    options: Mapping[str, Any], names: Names, base: Policy | None
) -> tuple[Policy, list[Notice]]:
    given: dict[str, Any] = {}
    kept: dict[str, Any] = {}
    refusal = _ORIGIN_NOT_ALLOWED
    if base is not None:
        # A policy that refuses everything still does so with other origins.
        refusal = base._refusal  # noqa: SLF001 - of the same class
        given = {name: getattr(base, name) for name in DEFAULTS if name not in options}
        # Notices about these were emitted when `base` was created.
        for name in ("methods", "allow_headers", "expose_headers"):
            if name in given and given[name] != ANY:
                kept[name] = given.pop(name)
        if base.origins is not ANY and _CHECKED_WITH_ORIGINS.isdisjoint(options):
            given["origins"] = NO_ORIGIN
            kept["origins"], kept["origin_matcher"] = base.origins, base.origin_matcher
    read = read_options({**given, **options}, names)
    refuse(read.problems)
    policy = object.__new__(Policy)
    _set(policy, {**read.values, **kept}, refusal)
    return policy, read.notices


def _set(policy: Policy, values: Mapping[str, Any], refusal: Refusal) -> None:
    for name, value in {**values, "_refusal": refusal, "_compiled": {}}.items():
        object.__setattr__(policy, name, value)


def _unpickled(options: dict[str, Any], refusal: Refusal) -> Policy:
    # Expressions are compiled again, and this one is recognized by its identity.
    origins = [
        NO_ORIGIN if isinstance(rule, re.Pattern) and rule == NO_ORIGIN else rule
        for rule in options["origins"]
    ]
    policy = make_policy({**options, "origins": origins})
    object.__setattr__(policy, "_refusal", refusal)
    return policy


def _origins_key(origins: Iterable[OriginRule]) -> frozenset[object]:
    return frozenset(("callable", id(rule)) if callable(rule) else rule for rule in origins)


def _source(value: object) -> str:
    """Return an option's value as you would write it in Python."""
    if value is ANY:
        return repr("*")
    if isinstance(value, frozenset):
        return repr(sorted(value))
    return repr(list(value)) if isinstance(value, tuple) else repr(value)


def decide(policy: Policy, request: CORSRequest, *, origin_allowed: bool | None = None) -> Decision:
    """Decide how a policy answers a request (https://fetch.spec.whatwg.org/#http-cors-protocol).

    An adapter needs only this function and `Decision.apply`. A preflight is answered with the
    status and headers of the decision. For any other request, run the application, and pass the
    headers of its response to `Decision.apply`.

    `origin_allowed` is the result of your own check of the origin, such as an asynchronous look-up;
    None leaves it to the policy. True does not allow ``null`` or an origin that is not well-formed,
    which no policy can allow. If you use it, pass it with every request of a policy, with True or
    False for requests without ``Origin``: otherwise ``Vary`` is missing, and shared caches would
    give one response to all.
    """
    return policy.compiled.decide(request, origin_allowed)
