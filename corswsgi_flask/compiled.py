"""The policy of every rule of a URL map, compiled from what is said about its parts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from corswsgi import Policy, PolicyError, Problem
from corswsgi.fetch import FORBIDDEN_METHODS
from corswsgi.layers import Layer, combined
from corswsgi.policy import DEFAULT_METHODS
from corswsgi.resources import Resources, as_wsgi

from .marks import mark_of
from .options import NOT_GIVEN, refuse, within

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule

# No path has it: it stands for the unknown rest of one.
_ANYTHING = "\0"

Choose = Callable[[str, str], Policy | None]


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
        self._made: dict[object, Policy | None] = {}
        self._problems: list[Problem] = []
        self.elsewhere = self._by_path(None, "no view", (), None)
        self.by_rule = {id(rule): self._governor(rule) for rule in app.url_map.iter_rules()}
        self._made.clear()
        refuse(self._problems)

    def add(self, rule: Rule) -> Governor:
        """Compile a rule that was added to the URL map itself, which Flask cannot prevent."""
        governor = self._governor(rule)
        self._made.clear()
        problems, self._problems = self._problems, []
        refuse(problems)
        return self.by_rule.setdefault(id(rule), governor)

    def _governor(self, rule: Rule) -> Governor:
        view = self._app.view_functions.get(rule.endpoint)
        view_class = getattr(view, "view_class", None)
        names = rule.methods if rule.methods is not None else getattr(view, "methods", None)
        blueprints = str(rule.endpoint).split(".")[:-1]
        enclosing: list[Any] = [
            self._blueprints.get(".".join(blueprints[: depth + 1]), NOT_GIVEN)
            for depth in range(len(blueprints))
        ]
        enclosing += [mark_of(view_class), mark_of(view)]
        marks = {name: _handler_mark(view_class, name) for name in names or ()}
        groups: dict[str, Governor] = {}
        for name in ["", *marks]:
            mark = marks.get(name, NOT_GIVEN)
            # What one answer allows, a browser remembers: it lists no method of another policy.
            alike = [other for other in names or () if marks[other] is mark]
            layers = [layer for layer in (*enclosing, mark) if layer is not NOT_GIVEN]
            methods = "*" if names is None else _written(rule, alike)
            place = f"view {rule.endpoint!r}"
            groups[name] = self._by_path(rule, place, tuple(layers), methods)
        if all(mark is NOT_GIVEN for mark in marks.values()):
            return groups[""]

        def choose(path: str, method: str) -> Policy | None:
            # Werkzeug routes `patch`, which fetch() sends as it is written, to what answers PATCH.
            _, policy, by_path = groups.get(method.upper()) or groups[""]
            return policy if by_path is None else by_path(path, method)

        return Governor(rule, None, choose)

    def _by_path(
        self,
        rule: Rule | None,
        place: str,
        inner: tuple[Layer, ...],
        methods: str | tuple[str, ...] | None,
    ) -> Governor:
        """Return what governs a rule, or no view, whose own layers are `inner`."""
        if self._resources is None:
            return Governor(rule, self._policy(place, (*self._outer, *inner), methods), None)
        found: dict[str | None, Policy | None] = {}
        for pattern in self._possible(rule):
            path_layer = None if pattern is None else self._resources[pattern]
            there = place if pattern is None else f"{place} at {pattern!r}"
            found[pattern] = self._policy(there, (*self._outer, path_layer, *inner), methods)
        if len({*map(id, found.values())}) == 1:
            return Governor(rule, found.popitem()[1], None)
        otherwise = found.pop(None, None)
        policies = Resources({pattern: policy for pattern, policy in found.items() if pattern})
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
        self, place: str, layers: tuple[Layer, ...], methods: str | tuple[str, ...] | None
    ) -> Policy | None:
        # Most routes share all of their layers, and many their methods too.
        key = tuple(map(id, layers))
        try:
            if key not in self._made:
                self._made[key] = combined(layers)
        except PolicyError as error:
            self._problems += within(place, error.problems)
            self._made[key] = None
        policy = self._made[key]
        if policy is None or policy.methods is not None or methods is None:
            return policy
        if (key, methods) not in self._made:
            self._made[key, methods] = policy.replace(methods=methods)
        return self._made[key, methods]


def _handler_mark(view_class: object, method: str) -> Any:
    """Return the mark of what answers `method` in a class, if it has one."""
    names = [method.lower(), "get"] if method == "HEAD" else [method.lower()]
    for name in (*names, "dispatch_request"):
        handler = getattr(view_class, name, None)
        if handler is not None:
            return mark_of(handler)
    return NOT_GIVEN


def _written(rule: Rule, methods: Collection[str]) -> tuple[str, ...]:
    """Return a rule's methods in the order of the defaults, without those of Flask's own making."""
    names = {*methods} - FORBIDDEN_METHODS
    if getattr(rule, "provide_automatic_options", False):
        names.discard("OPTIONS")
    return (*filter(names.__contains__, DEFAULT_METHODS), *sorted(names - {*DEFAULT_METHODS}))
