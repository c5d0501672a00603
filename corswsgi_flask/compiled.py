"""The policy of every rule of a URL map, compiled from what is said about its parts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from corswsgi import Policy, PolicyError, Problem
from corswsgi.errors import refuse, within
from corswsgi.fetch import FORBIDDEN_METHODS, is_token
from corswsgi.layers import Layer, combined
from corswsgi.marks import NOT_GIVEN, NotGiven
from corswsgi.options import ANY
from corswsgi.origins import NOBODY
from corswsgi.policy import DEFAULT_METHODS
from corswsgi.resources import Resources, as_wsgi

from .marks import ViewMarks

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule

# No path has it: it stands for the unknown rest of one.
_ANYTHING = "\0"

Choose = Callable[[str, str], Policy | None]
Methods = tuple[str, ...] | None


class Governor(NamedTuple):
    """What governs a rule: a policy, or None; or, if `choose` is there, what it says."""

    rule: Rule | None
    policy: Policy | None
    choose: Choose | None
    """Given a path and a method."""


class CompiledPolicies:
    """The policy of every rule of an application's URL map; immutable but for rules added later.

    `outer` are the application's layers, `resources` those of its paths, `blueprints` those of
    its blueprints by their registered names. Raises `PolicyError` with all that do not go together.
    """

    by_rule: dict[int, Governor]
    """What governs each rule, by the identity of the rule: rules are not hashable."""
    elsewhere: Governor
    """What governs a request that no route matches."""
    methods: set[str]
    """The methods that there are by default, and those that any route has."""

    def __init__(
        self,
        app: Flask,
        outer: tuple[Layer, ...],
        resources: Mapping[str, Layer] | None,
        blueprints: Mapping[str, Layer],
    ) -> None:
        self._app = app
        self._outer = outer
        self._resources = resources
        self._blueprints = blueprints
        self._patterns: Resources[str | None] = Resources({path: path for path in resources or ()})
        self._made: dict[tuple[int, ...], _Made] = {}
        self._routed: dict[tuple[int, Methods], Policy] = {}
        self._base_of: dict[int, Policy] = {}
        self._problems: list[Problem] = []
        self._said: set[tuple[int, ...]] = set()
        self.elsewhere = self._by_path(None, "no view", (), None)
        rules = [*app.url_map.iter_rules()]
        self.methods = {*DEFAULT_METHODS}.union(*(rule.methods or () for rule in rules))
        self.by_rule = {id(rule): self._governor(rule) for rule in rules}
        refuse(self._problems)

    @property
    def is_uniform(self) -> bool:
        """Whether one policy, but for the methods of routes, is all that there is."""
        return len(self._made) <= 1

    def governor(self, rule: Rule | None) -> Governor:
        """Return what governs requests to `rule`, or to no route."""
        if rule is None:
            return self.elsewhere
        return self.by_rule.get(id(rule)) or self._add(rule)

    def narrowed(self, policy: Policy, others: Iterable[tuple[str, Policy | None]]) -> Policy:
        """Return a policy without the methods that have another one at the same URL.

        What one answer lists, a browser remembers for the URL, and does not ask about again.
        """
        same = self._base_of.get(id(policy), policy)
        found = [(name, self._base_of.get(id(other), other) is same) for name, other in others]
        if all(is_same for _, is_same in found):
            return policy
        return self._for_route(policy, tuple(name for name, is_same in found if is_same))

    def _add(self, rule: Rule) -> Governor:
        """Compile a rule that was added to the URL map itself, which Flask cannot prevent."""
        self._said.clear()
        governor = self._governor(rule)
        problems, self._problems = self._problems, []
        refuse(problems)
        return self.by_rule.setdefault(id(rule), governor)

    def _governor(self, rule: Rule) -> Governor:
        place = f"view {rule.endpoint!r}"
        try:
            view = ViewMarks(self._app.view_functions.get(rule.endpoint))
        except PolicyError as error:
            self._problems += within(place, error.problems)
            return Governor(rule, None, None)
        names = view.methods if rule.methods is None else rule.methods
        blueprints = str(rule.endpoint).split(".")[:-1]
        enclosing: list[Any] = [
            self._blueprints.get(".".join(blueprints[: depth + 1]), NOT_GIVEN)
            for depth in range(len(blueprints))
        ]
        enclosing = [layer for layer in (*enclosing, *view.enclosing) if layer is not NOT_GIVEN]
        if names is None:
            return self._by_path(rule, place, enclosing, ANY)
        marks = {name: view.by_method.get(name, NOT_GIVEN) for name in names}
        methods = _written(rule, names)
        # It governs what is not routed as well, such as the answer of 405. Where all methods are
        # marked, that is no reason to refuse anything.
        is_routed = any(marks[name] is NOT_GIVEN for name in methods)
        others = self._by_path(rule, place, enclosing, methods, is_routed=is_routed)
        groups = {
            name: self._by_path(rule, place, [*enclosing, mark], methods)
            for name, mark in marks.items()
            if not isinstance(mark, NotGiven)
        }
        if not groups:
            return others

        def choose(path: str, method: str) -> Policy | None:
            # Werkzeug routes `patch`, which fetch() sends as it is written, to what answers PATCH.
            _, policy, by_path = groups.get(method.upper(), others)
            return policy if by_path is None else by_path(path, method)

        return Governor(rule, None, choose)

    def _by_path(
        self,
        rule: Rule | None,
        place: str,
        inner: Collection[Layer],
        methods: Methods,
        *,
        is_routed: bool = True,
    ) -> Governor:
        """Return what governs a rule, or no view, whose own layers are `inner`."""
        if self._resources is None:
            policy = self._policy(place, (*self._outer, *inner), methods, is_routed)
            return Governor(rule, policy, None)
        found: dict[str | None, Policy | None] = {}
        for pattern in self._possible(rule):
            path_layer = None if pattern is None else self._resources[pattern]
            there = place if pattern is None else f"{place} at {pattern!r}"
            layers = (*self._outer, path_layer, *inner)
            found[pattern] = self._policy(there, layers, methods, is_routed)
        if len({*map(id, found.values())}) == 1:
            return Governor(rule, found.popitem()[1], None)
        otherwise = found.pop(None, None)
        policies: Resources[Policy | None] = Resources(
            {pattern: policy for pattern, policy in found.items() if pattern},
            Policy(origins=NOBODY),
        )
        return Governor(rule, None, lambda path, _method: policies.find(path, otherwise))

    def _possible(self, rule: Rule | None) -> set[str | None]:
        """Return the path patterns that may govern a rule; None for that none does."""
        patterns: set[str | None] = {*(self._resources or ())}
        if rule is None:
            return {*patterns, None}
        fixed, placeholder, _ = rule.rule.partition("<")
        path = as_wsgi(fixed)
        if not placeholder:
            bare = path.rstrip("/")
            forms = [path] if rule.strict_slashes else [bare or "/", f"{bare}/"]
            return {self._patterns.find(form, None) for form in forms}
        return {
            self._patterns.find(path + _ANYTHING, None),
            *(pattern for pattern in patterns if pattern is not None and pattern.startswith(fixed)),
        }

    def _policy(
        self, place: str, layers: tuple[Layer, ...], methods: Methods, is_routed: bool
    ) -> Policy | None:
        # Most routes share all of their layers, and many their methods too.
        key = tuple(map(id, layers))
        if key not in self._made:
            try:
                self._made[key] = _Made(layers, combined(layers), ())
            except PolicyError as error:
                self._made[key] = _Made(layers, None, error.problems)
        made = self._made[key]
        if is_routed and key not in self._said:
            self._said.add(key)
            self._problems += within(place, made.problems)
        if made.policy is None or made.policy.methods is not None or methods is None:
            return made.policy
        return self._for_route(made.policy, methods)

    def _for_route(self, policy: Policy, methods: tuple[str, ...]) -> Policy:
        key = id(policy), methods
        if key not in self._routed:
            is_routed = policy.methods is None
            routed = policy.for_route(methods) if is_routed else policy.narrowed_to(methods)
            self._base_of[id(routed)] = policy
            self._routed[key] = routed
        return self._routed[key]


class _Made(NamedTuple):
    """What some layers come to."""

    layers: tuple[Layer, ...]
    """Kept here, lest others get their identities."""
    policy: Policy | None
    problems: tuple[Problem, ...]


def _written(rule: Rule, methods: Iterable[str]) -> tuple[str, ...]:
    """Return a rule's methods in the order of the defaults: those that browsers can send to it."""
    names = {name for name in methods if is_token(name) and name != "*"} - FORBIDDEN_METHODS
    if getattr(rule, "provide_automatic_options", False):
        names.discard("OPTIONS")
    return (*filter(names.__contains__, DEFAULT_METHODS), *sorted(names - {*DEFAULT_METHODS}))
