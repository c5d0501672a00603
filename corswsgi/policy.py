"""Policy: which cross-origin requests are allowed. What a user writes, and all its options."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NoReturn, TypeVar

from .errors import PolicyError
from .options import ANY, OptionReader
from .origins import NOBODY, OriginCallable, OriginRule, OriginSet

T = TypeVar("T")

DEFAULT_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
"""What ``methods=None`` allows where nobody knows the methods of the route."""

_DEFAULTS: dict[str, object] = {
    "origins": None,
    "methods": None,
    "allow_headers": ANY,
    "expose_headers": (),
    "supports_credentials": False,
    "max_age": 600,
    "allow_private_network": False,
    "dangerously_allow": frozenset(),
}

_JUDGING_ORIGINS = frozenset({"origins", "supports_credentials", "dangerously_allow"})

OPTIONS = tuple(_DEFAULTS)
"""The names of all options."""


@dataclass(frozen=True, init=False, repr=False, eq=False, slots=True)
class Policy:
    """Which cross-origin requests are allowed: validated when made, then never changed.

    Options are given by keyword. Where a list is expected, any iterable does, and one string is a
    list of one. Two policies are equal if they allow the same, callables being equal only to
    themselves; the order of lists does not count.

    Raises `PolicyError`, with every problem of every option, if anything is refused. What is
    refused, and why, is listed in ``docs/reference.md``.

    The options, each readable as an attribute of its name:

    `origins` (required)
        The origins whose pages may read responses. ``"*"`` for any, or one or an iterable of:

        - origin patterns, ``scheme://host[:port]`` exactly as browsers send them. A host that
          starts with ``*.`` stands for one or more labels, a port ``*`` for any port;
        - compiled regular expressions, which have to match the whole origin;
        - callables ``(origin: str) -> bool``, asked at every request. One that raises, or answers
          anything but True or False, refuses, and is logged.

        Expressions and callables see well-formed origins only, and never ``null``.

    `methods` (default None: GET, HEAD, POST, PUT, PATCH, DELETE)
        Method names, normalized as ``fetch()`` does (Fetch, 2.2.1), or ``"*"`` for any. The
        CORS-safelisted GET, HEAD and POST are allowed whatever is listed: browsers do not ask.

    `allow_headers` (default ``"*"``)
        Names of the request headers that script may set, or ``"*"`` for any, ``Authorization``
        included (Fetch, 2.2.2, leaves it out of a bare ``*``).

    `expose_headers` (default none)
        Names of the response headers that script may read beyond the safelisted ones (Fetch,
        2.2.2), or ``"*"`` for any, without credentials only.

    `supports_credentials` (default False)
        Whether requests with cookies, client certificates or HTTP authentication may be read.

    `max_age` (default 600)
        For how many seconds (int or timedelta, at most a day) a browser may remember a preflight.
        0 turns its cache off; None leaves the header out, which browsers take as 5.

    `allow_private_network` (default False)
        Whether to answer ``Access-Control-Request-Private-Network`` with yes. Legacy: browsers
        now ask their user.

    `dangerously_allow` (default none)
        Names of refusals to lift: ``"insecure_origins"``, ``"public_suffixes"``.
    """

    origins: tuple[OriginRule, ...]
    methods: tuple[str, ...] | None
    allow_headers: tuple[str, ...]
    expose_headers: tuple[str, ...]
    supports_credentials: bool
    max_age: int | None
    allow_private_network: bool
    dangerously_allow: frozenset[str]
    origin_set: OriginSet = field(init=False)
    """The origins, compiled. Empty if any origin is allowed."""
    is_for_route: bool = field(init=False)
    """Whether `methods` are those that a route has, and not what somebody wrote."""

    _derived: dict[Callable[[Policy], Any], Any] = field(init=False)

    def __init__(
        self,
        *,
        origins: str
        | re.Pattern[str]
        | OriginCallable
        | Iterable[str | re.Pattern[str] | OriginCallable]
        | None = None,
        methods: str | Iterable[str] | None = None,
        allow_headers: str | Iterable[str] = ANY,
        expose_headers: str | Iterable[str] = (),
        supports_credentials: bool = False,
        max_age: int | timedelta | None = 600,
        allow_private_network: bool = False,
        dangerously_allow: str | Iterable[str] = (),
        # NoReturn makes type checkers refuse them too, with the line.
        **unknown: NoReturn,
    ) -> None:
        reader = OptionReader()
        reader.unknown(unknown, _DEFAULTS)
        values: dict[str, object] = {
            "origins": (rules := reader.origins(origins)),
            "methods": reader.methods(methods),
            "allow_headers": reader.allow_headers(allow_headers),
            "expose_headers": (exposed := reader.expose_headers(expose_headers)),
            "supports_credentials": reader.boolean("supports_credentials", supports_credentials),
            "max_age": reader.max_age(max_age),
            "allow_private_network": reader.boolean("allow_private_network", allow_private_network),
            "dangerously_allow": (dangers := reader.dangerously_allow(dangerously_allow)),
            "origin_set": reader.origin_set(rules),
            "is_for_route": False,
            "_derived": {},
        }
        if supports_credentials is True:
            reader.check_credentials(rules, exposed, dangers)
        if reader.problems:
            raise PolicyError(reader.problems)
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def allows_any_origin(self) -> bool:
        """True for ``origins="*"``."""
        # Not `==`, which would ask a callable whether it is equal to "*".
        return self.origins is ANY

    def replace(self, **options: Any) -> Policy:
        """Return a policy with these options in place of this one's; all of it is checked anew.

        But for the origins, where nothing that they are judged by has changed: a hundred thousand
        are not parsed again for each view that has an option of its own.
        """
        values = {**{name: getattr(self, name) for name in _DEFAULTS}, **options}
        if not _JUDGING_ORIGINS.isdisjoint(options) or self.origins is ANY:
            return Policy(**values)
        policy = Policy(**{**values, "origins": NOBODY})
        for name in ("origins", "origin_set"):
            object.__setattr__(policy, name, getattr(self, name))
        return policy

    def for_route(self, methods: Iterable[str]) -> Policy:
        """Return this policy with the methods that a route has, for adapters that know them.

        They are upper-case tokens, or ``"*"`` alone. Nothing is checked, because no other option
        depends on them: a hundred thousand origins are not parsed again for each route.
        """
        return self._with_methods(methods, is_for_route=True)

    def narrowed_to(self, methods: Iterable[str]) -> Policy:
        """Return this policy with some of its methods, for adapters; nothing is checked either."""
        return self._with_methods(methods, is_for_route=self.is_for_route)

    def _with_methods(self, methods: Iterable[str], *, is_for_route: bool) -> Policy:
        policy = object.__new__(Policy)
        values = {name: getattr(self, name) for name in (*_DEFAULTS, "origin_set")}
        own = {"methods": tuple(methods), "is_for_route": is_for_route, "_derived": {}}
        for name, value in {**values, **own}.items():
            object.__setattr__(policy, name, value)
        return policy

    def derive(self, make: Callable[[Policy], T]) -> T:
        """Return what `make` makes of this policy: made at the first call, then kept with it.

        This is how what is compiled from a policy, and its caches, live exactly as long as it.
        """
        try:
            made: T = self._derived[make]
        except KeyError:
            # setdefault: of two threads that come first together, both have to get the same one.
            made = self._derived.setdefault(make, make(self))
        return made

    def __eq__(self, other: object) -> bool:
        return self._value() == other._value() if isinstance(other, Policy) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._value())

    def __repr__(self) -> str:
        options = (
            f"{name}={_written(getattr(self, name))}"
            for name, default in _DEFAULTS.items()
            if getattr(self, name) != default
        )
        return f"Policy({', '.join(options)})"

    # A copy of what never changes is itself (frameworks deep-copy their settings).
    def __copy__(self) -> Policy:
        return self

    def __deepcopy__(self, memo: object) -> Policy:
        return self

    def __reduce__(self) -> tuple[Callable[..., Policy], tuple[dict[str, object]]]:
        return _unpickled, ({name: getattr(self, name) for name in _DEFAULTS},)

    def _value(self) -> tuple[object, ...]:
        return (
            frozenset(("callable", id(rule)) if callable(rule) else rule for rule in self.origins),
            None if self.methods is None else frozenset(self.methods),
            frozenset(map(str.lower, self.allow_headers)),
            frozenset(map(str.lower, self.expose_headers)),
            self.supports_credentials,
            self.max_age,
            self.allow_private_network,
            self.dangerously_allow,
        )


def _unpickled(options: dict[str, Any]) -> Policy:
    return Policy(**options)


def _written(value: object) -> str:
    """Return an option's value as one would write it."""
    if isinstance(value, tuple) and [*map(repr, value)] == [repr("*")]:
        return repr("*")
    if isinstance(value, frozenset):
        return repr(sorted(value))
    return repr(list(value)) if isinstance(value, tuple) else repr(value)
