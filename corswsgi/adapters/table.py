"""PolicyTable: the policy that applies to a path, a view and a method."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from corswsgi.differences import explain_expression, explain_no_pattern
from corswsgi.errors import PolicyError, Problem, prefixed, refuse, safe_repr
from corswsgi.fetch import FORBIDDEN_METHODS, is_token
from corswsgi.log import failure_counts, logger
from corswsgi.origins import NO_ORIGIN
from corswsgi.paths import PathPatterns, as_wsgi
from corswsgi.policy import Policy, make_policy, refusing_policy
from corswsgi.validation import DEFAULT_METHODS
from corswsgi.wsgi import DECISION

from .caches import IdentityCache
from .layers import Applied, Layer, Layers, merge
from .routes import Route, Row, groups
from .views import NO_LAYERS, ViewLayers

# This character cannot occur in a path. It stands for the unknown rest of one.
_ANYTHING = "\0"

OTHER_METHODS = "*"
"""Stands for all methods that no route names. Scripts send them if a policy allows any method."""

_INVALID = refusing_policy("policy_invalid")

# Each takes about 10 KB. There are many if each request has a new policy.
_MAX_TABLES = 256


def log_invalid(error: Exception) -> None:
    """Log that parts of the configuration are invalid, so their policies refuse every origin."""
    logger.error(
        "CORS is refused where it is misconfigured. %s", error, extra={"reason": "policy_invalid"}
    )


class _Place(NamedTuple):
    """The layers of a path, and the policy that applies there to views without layers."""

    layers: Layers
    pattern: str | None
    applied: Applied
    is_final: bool = False
    """Whether layers of views are ignored."""


class PolicyTable:
    """Finds the policy that applies to a request.

    `application`
        The layers of the application, the outermost first.

    `paths`
        Layers by path pattern (``/health``, ``/api/*``). The longest match wins.

    `unmatched`
        The layers for paths that no pattern matches, for example ``[Layer(None)]``.

    `covers`
        The name of a setting, and its value: an expression for decoded paths. The application's
        layers only apply to paths that it matches. To paths that no pattern matches either, only
        `look_ups` can allow an origin.

    `look_ups`
        Further look-ups for origins that the application's own origins do not include; see
        `decision_steps`. They are not asked if a path or a view names origins.

    `extra_methods`
        Further methods that the application's options allow if ``methods`` is left out. They do not
        belong to the defaults of a `Policy` object.

    `routes`
        A function that returns the routes of the application, for `problems` and `rows`, and for
        the methods that a policy allows by default.

    Paths are encoded as in WSGI's PATH_INFO. Raises `PolicyError` with all contradictions between
    the layers of the application and its paths.
    """

    patterns: PathPatterns[str | None]
    """The path patterns."""
    is_off: ClassVar[bool] = False
    """Whether it is the table of requests that have no policy; see `with_policy`."""
    everywhere: Applied | None
    """The policy of all views without layers, if it does not depend on the path; or None."""

    def __init__(
        self,
        application: Iterable[Layer],
        *,
        paths: Mapping[str, Layer] | None = None,
        unmatched: Iterable[Layer] = (),
        covers: tuple[str, re.Pattern[str]] | None = None,
        look_ups: tuple[object, ...] = (),
        extra_methods: tuple[str, ...] = (),
        routes: Callable[[], Iterable[Route]] = tuple,
    ) -> None:
        layers = tuple(application)
        self._extra_methods = () if _sets(layers, "methods") else extra_methods
        self._application = _with_parsed_origins(layers)
        self._look_ups = look_ups
        self._routes = routes
        self._covers = covers
        others = tuple(unmatched)
        self._inner = paths, others
        self._is_of_request = False  # whether `with_policy` made it
        self._with_policies: IdentityCache[PolicyTable] = IdentityCache(_MAX_TABLES)
        self._merged: IdentityCache[Applied] = IdentityCache()
        self._preflights: IdentityCache[Applied | None] = IdentityCache()
        self._agreed: IdentityCache[Applied] = IdentityCache()
        problems: list[Problem] = []
        places = {
            path: self._place((layer,), path, problems) for path, layer in (paths or {}).items()
        }
        self._is_unset = bool(others) and others[-1].value is None
        self._unmatched = self._place(others, None, problems)
        refuse(_unique(problems))
        self.patterns = PathPatterns({path: path for path in places})
        self._paths = PathPatterns(places, self._dotted(places)) if places else None
        self._places: dict[str | None, _Place] = {None: self._unmatched}
        self._places.update(places)
        self._uncovered = self._unmatched
        if covers is not None:
            nothing = _replaced(self._unmatched.applied, origins=NO_ORIGIN)
            applied = Applied(nothing.policy, nothing.names, look_ups, True, self._extra_methods)
            layers = (*self._unmatched.layers, Layer(None))
            self._uncovered = _Place(layers, None, applied)
        self._is_simple = self._paths is None and covers is None
        self.everywhere = self._unmatched.applied if self._is_simple else None

    @classmethod
    def checked(
        cls, make: Callable[[], PolicyTable], *inner: Layer
    ) -> tuple[PolicyTable, PolicyError | None]:
        """Make a table, and return it with all problems, including those of views.

        The policies that the problems affect refuse every origin. If the table cannot be made, only
        a policy or None in the `inner` layers, or of a view, is not affected.
        """
        try:
            table = make()
        except PolicyError as error:
            return cls([Layer(_INVALID), *inner]), error
        problems = table.problems()
        return table, PolicyError(problems) if problems else None

    def with_policy(self, policy: Policy | None) -> PolicyTable:
        """Return a table with a policy in place of the application's layers.

        It is for policies that depend on the request, such as those of tenants. Contradictions
        between them and other layers are logged when they are found. A policy that refuses every
        request is not affected by other layers.

        With None, CORS stays off unless a path or a view names origins.
        """
        return self._with_policies.get(id(policy), (policy,), self._make_with_policy, policy)

    def find(self, path: str, view: ViewLayers = NO_LAYERS, method: str = "") -> Applied:
        """Return what applies to a request for `path`, which leads to `view`."""
        place = self._unmatched if self._is_simple else self._find_place(path)
        if view.is_empty or place.is_final:
            return place.applied
        layers = view.of(method)
        return self._merge(place, layers) if layers else place.applied

    def find_for_handler(
        self,
        path: str,
        handler: ViewLayers,
        method: str,
        find: Callable[[], tuple[str, ViewLayers]],
    ) -> Applied:
        """Return what applies to the response of an error handler with layers.

        `find` returns the path and the view of the request. If the handler names no origins, its
        options are laid over what applies to the view, and CORS stays off where a path, the view
        or the application turns it off.
        """
        inner = handler.of(method)
        if _sets(inner, "origins"):
            return self.find(path, handler, method)
        path, view = find()
        outer, place = view.of(method), self._find_place(path)
        is_unset = self._is_unset and place is self._unmatched
        around = (*(self._application if is_unset else place.layers), *outer)
        if place.is_final or around[-1].value is None:
            return self.find(path, view, method)
        if not outer:
            return self._merge(place, inner)
        layers = (*outer, *inner)
        key = (id(place), *map(id, layers))
        return self._merged.get(key, layers, self._merged_for_handler, place, layers)

    def agree(self, found: Sequence[tuple[str, Applied]]) -> Applied:
        """Return what applies to a request that may lead to several views.

        `found` has the name of each, and what applies to it. If their policies differ, every origin
        is refused, because it is not known which of them the request is for.
        """
        owners = tuple(applied for _, applied in found)
        return self._agreed.get(tuple(map(id, owners)), owners, _agreed, found)

    def find_constant(self, routes: Iterable[Route]) -> Applied | None:
        """Return what applies to all requests for `routes`, so that an adapter can store it.

        Returns None if that depends on the path or on the method.
        """
        found = []
        for route in routes:
            if route.view.by_method or (route.is_open and not self._is_simple):
                return None
            found.append(self.find(route.path, route.view))
        return found[0] if found and all(applied is found[0] for applied in found) else None

    def find_for_preflight(
        self,
        path: str,
        view: ViewLayers,
        method: str,
        others: Callable[[str], tuple[str, ViewLayers]] | None = None,
    ) -> Applied:
        """Return what applies to a preflight that asks about `method` of `view`.

        `others` is needed if the methods of a URL lead to different views: it returns the path and
        the view for a method, or for `OTHER_METHODS`.

        If the methods of the URL have different policies, browsers must not cache the answer: they
        cache allowed headers for a URL, whatever the method, and never ask about GET, HEAD and
        POST (https://fetch.spec.whatwg.org/#concept-cache).
        """
        applied = self.find(path, view, method)
        if applied.policy is None:
            return applied
        targets: list[tuple[str, ViewLayers, str]] = []
        if others is None:
            if view.by_method:
                targets = [(path, view, name) for name in [*view.by_method, OTHER_METHODS]]
        elif view.is_empty and self._has_one_policy:
            pass  # asking for the other views takes time
        else:
            names = dict.fromkeys(
                [*DEFAULT_METHODS, *self.routed_methods, *view.by_method, OTHER_METHODS]
            )
            targets = [(*others(name), name) for name in names]
        differs = bool(targets) and any(
            not _is_alike(self.find(*target), applied) for target in targets
        )
        # Cached, because it makes a new policy.
        key = (id(applied), differs)
        made = self._preflights.get(key, (applied,), self._make_for_preflight, applied, differs)
        return made or applied

    def explain_no_policy(
        self, applied: Applied, path: str, environ: Mapping[str, Any]
    ) -> str | None:
        """Explain why no policy applies to a request, for debug mode.

        `applied` is what was found for the `path`. The result is None if a policy applies, or if
        the configuration turns CORS off for the request, or if a middleware around the application
        has decided about it.
        """
        if DECISION in environ:
            return None
        mounted_at = environ.get("SCRIPT_NAME", "")
        if self._covers is not None and applied.is_optional:
            return explain_expression(path, *self._covers, mounted_at)
        if applied is not self._unmatched.applied or not self._is_unset:
            return None
        patterns = [
            pattern
            for pattern, place in self._places.items()
            if pattern is not None and place.applied.policy is not None
        ]
        if patterns:
            return explain_no_pattern(path, patterns, mounted_at)
        return (
            f"no policy applies to {safe_repr(path)}: neither the application nor the view has "
            "one. To allow other origins, write CORS(app, ...), or @cors(...) for the view."
        )

    @property
    def path_policies(self) -> list[Applied]:
        """The policies of the path patterns and of all other paths, for views without layers."""
        return [place.applied for place in self._places.values()]

    @cached_property
    def routed_methods(self) -> tuple[str, ...]:
        """The methods that the application routes, beyond those that every policy allows."""
        methods = {method for route in self._routes() for method in route.methods}
        usual = FORBIDDEN_METHODS.union(DEFAULT_METHODS)
        # Frameworks accept any text as a method, and policies do not.
        return tuple(
            sorted(
                name
                for name in methods
                if name.upper() not in usual and is_token(name) and "*" not in name
            )
        )

    @cached_property
    def _has_one_policy(self) -> bool:
        """Whether one policy applies to all paths and views, as far as the routes are known."""
        views = [route.view for route in self._routes()]
        return self._is_simple and bool(views) and all(view.is_empty for view in views)

    def reread(self) -> PolicyTable:
        """Return a table for the routes that the application has now; this one stays as it is."""
        table = copy(self)
        attributes = vars(table)
        attributes["_preflights"] = IdentityCache()
        attributes["_with_policies"] = IdentityCache(_MAX_TABLES)
        for name in ("routed_methods", "_has_one_policy"):
            attributes.pop(name, None)
        return table

    def rows(self, routes: Iterable[Route] | None = None) -> Iterator[Row]:
        """Yield a row for each route, each path pattern that may match it, and each policy.

        `routes` are others than those of the application, or some of them.
        """
        for route in self._routes() if routes is None else routes:
            for place in self._places_for(route):
                for methods, layers in groups(route):
                    if layers:
                        applied = self._merge(place, layers)
                        problems = self._problems_of(place, layers)
                    else:
                        applied, problems = place.applied, ()
                    yield Row(route, place.pattern, methods, applied, problems)

    def problems(self, routes: Iterable[Route] | None = None) -> list[Problem]:
        """Return all contradictions between the layers of views and the layers around them.

        `routes` are other routes than those of the application.
        """
        found: list[Problem] = []
        reported: set[tuple[object, ...]] = set()
        for route in self._routes() if routes is None else routes:
            found += prefixed(route.name, route.view.problems)
            for place in self._places_for(route):
                at = "" if place.pattern is None else f" at {place.pattern!r}"
                for _, layers in groups(route):
                    key = (place.pattern, *map(id, layers))
                    if layers and key not in reported:
                        reported.add(key)
                        found += prefixed(f"{route.name}{at}", self._problems_of(place, layers))
        return _unique(found)

    def report_problems(self, *, strict: bool, routes: Iterable[Route] | None = None) -> None:
        """Raise `PolicyError` with the `problems`, if `strict`; otherwise log them.

        The policies of the affected views refuse every origin.
        """
        problems = self.problems(routes)
        if not problems:
            return
        error = PolicyError(problems)
        if strict:
            raise error
        log_invalid(error)

    def _make_with_policy(self, policy: Policy | None) -> PolicyTable:
        paths, unmatched = self._inner
        kind = PolicyTable if policy is not None else _OffTable
        try:
            table = kind(
                [Layer(policy)],
                paths=paths,
                unmatched=unmatched,
                covers=self._covers,
                look_ups=self._look_ups,
                extra_methods=self._extra_methods,
                routes=self._routes,
            )
        except PolicyError as error:
            _log_once(error)
            policy = _INVALID
        if policy is not None and policy.compiled.refusal != "origin_not_allowed":
            table = PolicyTable([], routes=self._routes)
            table._unmatched = _Place((), None, Applied(policy), is_final=True)
        # These do not depend on the policy, and take time.
        for name in ("routed_methods", "_has_one_policy"):
            vars(table)[name] = getattr(self, name)
        table._is_of_request = True
        return table

    def _find_place(self, path: str) -> _Place:
        place = self._unmatched
        if self._paths is not None:
            place = self._paths.find(path, place)
        if place is self._unmatched and self._covers is not None:
            decoded = path if path.isascii() else path.encode("latin-1").decode("utf-8", "replace")
            if self._covers[1].match(decoded) is None:
                return self._uncovered
        return place

    def _place(self, inner: Layers, pattern: str | None, problems: list[Problem]) -> _Place:
        layers = (*self._application, *inner)
        try:
            return _Place(layers, pattern, self._applied(layers))
        except PolicyError as error:
            problems += error.problems
            return _Place(layers, pattern, Applied(None))

    def _dotted(self, places: Mapping[str, _Place]) -> _Place | None:
        """Return the place of paths with a segment ``..``, which can be those of any pattern."""
        every = [place.applied.policy for place in places.values()]
        if "/*" not in places:
            every.append(self._unmatched.applied.policy)
        if all(policy is every[0] for policy in every):
            return None
        return _Place((), None, Applied(Policy(origins=NO_ORIGIN)), is_final=True)

    def _applied(self, layers: Layers) -> Applied:
        """Merge layers. Raises `PolicyError` if they contradict each other."""
        applied = merge(layers)
        # Layers inside the application's replace its origins and methods if they name some.
        inner = layers[len(self._application) :]
        return Applied(
            applied.policy,
            applied.names,
            look_ups=() if _sets(inner, "origins") else self._look_ups,
            extra_methods=() if _sets(inner, "methods") else self._extra_methods,
        )

    def _merge(self, place: _Place, inner: Layers) -> Applied:
        """Merge the layers of a view into those of a place, or return what was merged before."""
        # Not `place.pattern`, which is None for two places. A place lives as long as the table.
        key = (id(place), *map(id, inner))
        return self._merged.get(key, inner, self._merged_or_invalid, place, inner)

    def _merged_or_invalid(self, place: _Place, inner: Layers) -> Applied:
        try:
            return self._applied((*place.layers, *inner))
        except PolicyError as error:
            if self._is_of_request:
                _log_once(PolicyError(self.problems() or error.problems))
            return Applied(_INVALID)

    def _merged_for_handler(self, place: _Place, inner: Layers) -> Applied:
        """Merge the layers of a view and of an error handler, which are not checked before."""
        if problems := self._problems_of(place, inner):
            _log_once(PolicyError(problems))
        return self._merged_or_invalid(place, inner)

    def _problems_of(self, place: _Place, layers: Layers) -> tuple[Problem, ...]:
        try:
            self._applied((*place.layers, *layers))
        except PolicyError as error:
            return error.problems
        return ()

    def _make_for_preflight(self, applied: Applied, differs: bool) -> Applied | None:
        """Return what applies to preflights instead of `applied`; None if nothing else does.

        `applied` itself would keep its entry in the cache alive.
        """
        options: dict[str, object] = {"max_age": 0} if differs else {}
        if applied.policy is not None and applied.policy.methods is None:
            extra = (*applied.extra_methods, *self.routed_methods)
            if extra:
                options["methods"] = tuple(dict.fromkeys([*DEFAULT_METHODS, *extra]))
        return _replaced(applied, **options) if options else None

    def _places_for(self, route: Route) -> list[_Place]:
        """Return the places that a route may lead to."""
        if not route.is_open:
            return [self._find_place(route.path)]
        found = {
            self.patterns.find(route.path + _ANYTHING, None),
            *filter(lambda path: path and as_wsgi(path).startswith(route.path), self._places),
        }
        return [self._places[pattern] for pattern in sorted(found, key=str)]


class _OffTable(PolicyTable):
    """The table of requests that have no policy: options alone do not turn CORS on."""

    is_off = True

    def _applied(self, layers: Layers) -> Applied:
        return super()._applied(layers) if _sets(layers, "origins") else Applied(None)


def _log_once(error: PolicyError) -> None:
    """Log an error that a request has brought up, unless an equal one was logged before."""
    if failure_counts.next(("policy_invalid", str(error))) == 1:
        log_invalid(error)


def _with_parsed_origins(layers: Layers) -> Layers:
    """Merge the layers of the application, so that its origins are parsed once for all views."""
    if _sets(layers, "origins"):
        with suppress(PolicyError):
            applied = merge(layers)
            if applied.policy is not None:
                return (Layer(applied.policy, applied.names),)
    return layers


def _unique(problems: Iterable[Problem]) -> list[Problem]:
    """Leave repeated problems out. Their values can be anything, so they may not be hashable."""
    return [*{(each.option, each.message): each for each in problems}.values()]


def _is_alike(one: Applied, other: Applied) -> bool:
    """Return whether the same requests are allowed."""
    return (
        (one.policy is other.policy or one.policy == other.policy)
        and one.look_ups == other.look_ups
        and one.is_optional == other.is_optional
    )


def _agreed(found: Sequence[tuple[str, Applied]]) -> Applied:
    _, first = found[0]
    if all(_is_alike(first, other) for _, other in found):
        return first
    logger.error(
        "CORS is refused for a URL that leads to views with different policies: %s. Give these "
        "views the same policy, or different URLs.",
        ", ".join(name for name, _ in found),
        extra={"reason": "policy_invalid"},
    )
    return Applied(_INVALID)


def _sets(layers: Layers, option: str) -> bool:
    """Return whether any of the layers sets an option."""
    return any(
        isinstance(layer.value, Policy) or (layer.value or {}).get(option) is not None
        for layer in layers
    )


def _replaced(applied: Applied, **options: object) -> Applied:
    """Return `applied` with options of its policy replaced."""
    if applied.policy is None:
        return applied
    return replace(applied, policy=make_policy(options, applied.names, applied.policy))
