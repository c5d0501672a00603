"""Layers: a policy or options for a part of an application, and how layers are merged.

The application, its paths, its blueprints and its views can each have a layer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, TypeVar

from corswsgi.errors import Notice, PolicyError, Problem, find_caller, wrong_type
from corswsgi.names import OPTION_NAMES, Names
from corswsgi.paths import read_patterns
from corswsgi.policy import Policy, make_policy
from corswsgi.validation import OPTIONS, read_options

T = TypeVar("T")

LayerValue = Policy | Mapping[str, Any] | None
"""A Policy replaces the enclosing layers, options are laid over them, None turns CORS off."""


class Unset:
    """The type of `UNSET`, for arguments for which None has a meaning."""


UNSET: Final = Unset()

# Some options are validated together with the origins. This origin is always valid, and stands in
# if the origins are in another layer.
STAND_IN = "https://corswsgi.example"


# Another thread that adds things disturbs a few of these at most.
_MAX_READS = 100


@dataclass(frozen=True, eq=False)  # without slots, so that it can have weak references
class Layer:
    """A policy or options for a part of an application. Layers are compared by identity."""

    value: LayerValue
    names: Names = OPTION_NAMES
    """How the options of this layer are written, for messages."""
    place: str = ""
    """The file and the line where it is written, such as ``shop/app.py:12``."""
    notices: tuple[Notice, ...] = ()
    """The notices about its options, for check commands."""


Layers = tuple[Layer, ...]
"""Layers, the outermost first."""


@dataclass(frozen=True)
class Applied:
    """The policy that applies to a request."""

    policy: Policy | None
    """None: CORS is off, and the application's headers are left alone."""
    names: Names = OPTION_NAMES
    """How each option is written in the layer that set it, for messages."""
    look_ups: tuple[object, ...] = ()
    """Further look-ups to ask about an origin that the policy refuses; see `decision_steps`."""
    is_optional: bool = False
    """Whether no policy applies unless a look-up allows the origin."""
    extra_methods: tuple[str, ...] = ()
    """Further methods that are allowed if the policy names none; see `PolicyTable`."""

    @property
    def narrows(self) -> bool:
        """Whether a response that any origin may read gets other headers."""
        policy = None if self.is_optional else self.policy
        return policy is not None and (not policy.allows_any_origin or policy.supports_credentials)


class Reading(NamedTuple):
    """The result of reading one layer."""

    layer: Layer
    problems: list[Problem]
    notices: list[Notice]

    def with_notices(self, more: Iterable[Notice]) -> Reading:
        """Return the result with `more` notices before the others, and with all on the layer."""
        notices = [*more, *self.notices]
        return Reading(replace(self.layer, notices=tuple(notices)), self.problems, notices)


class MergedNames(Names):
    """The names of several layers: each option is written where it was set last."""

    def __init__(self, names: Mapping[str, Names], depths: Mapping[str, int] | None = None) -> None:
        """Use the names of each option's layer.

        `depths` are the numbers of the layers, the outermost first.
        """
        self._names = names
        self._depths = depths or {}

    def _names_of(self, option: str) -> Names:
        return self._names.get(option, OPTION_NAMES)

    def option(self, option: str, value: object = None) -> str:
        """Return the name of an option in the layer that set it."""
        return self._names_of(option).option(option, value)

    def assignment(self, option: str, source: str) -> str:
        """Return what to write in the layer that set the option."""
        return self._names_of(option).assignment(option, source)

    def expression(self) -> str:
        """Return what to use in the layer that set the origins."""
        return self._names_of("origins").expression()

    def expression_assignment(self, source: str) -> str:
        """Return what to write in the layer that set the origins."""
        return self._names_of("origins").expression_assignment(source)

    def described(self, option: str) -> str:
        """Return the name of an option, and where its layer is."""
        return self._names_of(option).described(option)

    def depth(self, option: str) -> int:
        """Return the number of the layer that set an option."""
        return self._depths.get(option, 0)

    def at(self, option: str) -> Names:
        """Return the names of the layer that set an option."""
        return self._names_of(option).at(option)


class PlacedNames(Names):
    """Names of options within something else, such as ``resources['/a'].origins``."""

    def __init__(self, names: Names, place: str) -> None:
        """Put `place` before the names of `names`."""
        self._names = names
        self._place = place

    def option(self, option: str, value: object = None) -> str:
        """Return the name of an option, behind that of its place."""
        return f"{self._place}.{self._names.option(option, value)}"

    def assignment(self, option: str, source: str) -> str:
        """Return what to write within the place, as an item of a dict."""
        return _as_item(self._names.assignment(option, source))

    def expression(self) -> str:
        """Return what to use within the place."""
        return self._names.expression()

    def expression_assignment(self, source: str) -> str:
        """Return what to write within the place."""
        return _as_item(self._names.expression_assignment(source))

    @property
    def hidden_list(self) -> str | None:
        """The name of a list within the place."""
        return self._names.hidden_list


def _as_item(assignment: str) -> str:
    """Return an assignment as an item of a dict: ``"name": value``."""
    found = re.fullmatch("([A-Za-z_]+) ?= ?(.*)", assignment, re.DOTALL)
    return assignment if found is None else f'"{found[1]}": {found[2]}'


def snapshot(value: Any) -> Any:
    """Return an immutable copy of a value, which may be an iterator, to read more than once."""
    if isinstance(value, str | bytes | Mapping | Policy) or not isinstance(value, Iterable):
        return value
    return frozenset(value) if isinstance(value, AbstractSet) else tuple(value)


def read_shared(read: Callable[[], Iterable[T]]) -> list[T]:
    """Return what `read` returns, which another thread may change at the same time.

    Python then raises RuntimeError for a dictionary that is iterated over, and ValueError for a
    list that is sorted. Reading again soon succeeds. An error that stays is raised.
    """
    for _ in range(_MAX_READS):
        with suppress(RuntimeError, ValueError):
            return [*read()]
    return [*read()]


def given_arguments(
    policy: object, resources: object, options: Mapping[str, Any]
) -> dict[str, object]:
    """Return copies of the arguments of ``CORS()`` that were given, by their names.

    They are read more than once, and may be changed in between.
    """
    arguments = {"policy": policy, "resources": resources, **options}
    return {name: deep_snapshot(value) for name, value in arguments.items() if value is not UNSET}


def deep_snapshot(value: Any) -> Any:
    """Return an immutable copy of a value, and of the values of mappings in it."""
    if isinstance(value, Mapping):
        return {key: deep_snapshot(item) for key, item in value.items()}
    return snapshot(value)


def read_layer(
    policy: object,
    options: Mapping[str, Any],
    names: Names = OPTION_NAMES,
    adapt: Callable[[object], object] | None = None,
) -> Reading:
    """Read the arguments of ``CORS()`` or ``@cors``: a policy, None, or options.

    `policy` is `UNSET` if it was not given. `adapt` replaces callables among the origins, for
    frameworks that can await them. Problems that depend on enclosing layers are found by `merge`.
    """
    place = find_caller().place
    if isinstance(policy, Unset):
        options = {name: snapshot(value) for name, value in options.items()}
        if adapt is not None and "origins" in options:
            options["origins"] = _adapted(options["origins"], adapt)
        read = read_options({"origins": STAND_IN, **options}, names)
        return Reading(Layer(options, names, place), read.problems, read.notices)
    if policy is not None and not isinstance(policy, Policy):
        hint = "name each argument, as in origins=[...] or resources=[...]."
        return Reading(
            Layer(None, names, place), [wrong_type("policy", policy, "a Policy or None", hint)], []
        )
    problems = [
        Problem(
            names.option(name, value),
            value,
            "not_alone",
            f"{names.option(name)} was given together with a policy, which sets every option.",
            "give either a policy or options. policy.replace(...) returns a changed policy.",
        )
        for name, value in options.items()
    ]
    return Reading(Layer(policy, names, place), problems, [])


def _adapted(origins: object, adapt: Callable[[object], object]) -> object:
    if isinstance(origins, tuple | frozenset):
        return tuple(adapt(item) if callable(item) else item for item in origins)
    return adapt(origins) if callable(origins) else origins


def read_paths(
    option: str, given: object, read: Callable[[str, Mapping[Any, Any]], Reading], usage: str
) -> tuple[dict[str, Layer], list[Problem], list[Notice]]:
    """Read a mapping from path patterns to a Policy, options or None.

    `option` is its name, `read` reads the options of a path (it gets the name of the path, such as
    ``resources['/a']``), and `usage` is an example of options.
    """
    layers: dict[str, Layer] = {}
    problems: list[Problem] = []
    notices: list[Notice] = []
    if not isinstance(given, Mapping):
        hint = f'write {option} = {{"/api/*": {usage}}}.'
        return layers, [wrong_type(option, given, "a mapping from paths", hint)], notices
    for entry in read_patterns(option, given):
        place, value = entry.place, entry.value
        if entry.problem is not None:
            problems.append(entry.problem)
        if entry.notice is not None:
            notices.append(entry.notice)
        if value is None or isinstance(value, Policy):
            layers[entry.pattern] = Layer(value, PlacedNames(OPTION_NAMES, place))
        elif isinstance(value, Mapping):
            reading = read(place, value)
            layers[entry.pattern] = reading.layer
            problems += reading.problems
            notices += reading.notices
        else:
            hint = f"write {place} = {usage}."
            problems.append(wrong_type(place, value, "a Policy, a dict of options or None", hint))
    return layers, problems, notices


def flatten(layers: Layers) -> Layer:
    """Return one layer with the effect of several, the outermost first.

    Raises `PolicyError` if options contradict the policy around them.
    """
    is_on, policy, options, merged = _lay_over(layers)
    value = policy or options
    if policy is not None and options:
        value = make_policy(options, merged, policy)
    notices = [notice for layer in layers for notice in layer.notices]
    return Layer(value if is_on else None, merged, layers[0].place, tuple(notices))


def _lay_over(
    layers: Iterable[Layer],
) -> tuple[bool, Policy | None, dict[str, Any], MergedNames]:
    """Return whether CORS is on, the innermost policy, and the options over it with their names."""
    is_on = False
    policy: Policy | None = None
    options: dict[str, Any] = {}
    names: dict[str, Names] = {}
    depths: dict[str, int] = {}
    for depth, layer in enumerate(layers):
        is_on = layer.value is not None
        if isinstance(layer.value, Policy):
            policy, options = layer.value, {}
            names, depths = dict.fromkeys(OPTIONS, layer.names), dict.fromkeys(OPTIONS, depth)
        elif layer.value is not None:
            options = {**options, **layer.value}
            names |= dict.fromkeys(layer.value, layer.names)
            depths |= dict.fromkeys(layer.value, depth)
    return is_on, policy, options, MergedNames(names, depths)


def merge(layers: Iterable[Layer]) -> Applied:
    """Merge layers, the outermost first, into the policy that applies.

    Options are laid over the enclosing layers. After a None, options turn CORS on again. Without
    any origins, every origin is allowed, but not with credentials.

    Raises `PolicyError` if the layers contradict each other.
    """
    is_on, policy, options, merged = _lay_over(layers)
    if not is_on:
        return Applied(None, merged)
    if policy is None and "origins" not in options:
        if options.get("supports_credentials") is True:
            problem = _no_origins(merged.at("supports_credentials"))
            raise PolicyError([*_problems_of(options, merged), problem])
        options = {"origins": "*", **options}
    if policy is None or options:
        policy = make_policy(options, merged, policy)
    return Applied(policy, merged)


def _problems_of(options: Mapping[str, Any], names: Names) -> list[Problem]:
    return read_options({"origins": STAND_IN, **options}, names).problems


def _no_origins(names: Names) -> Problem:
    """Return the problem with credentials for any origin. `names` are those of their layer."""
    option, described = (name("supports_credentials") for name in (names.option, names.described))
    example = names.assignment("origins", '["https://app.example.com"]')
    return Problem(
        names.option("origins"),
        None,
        "wildcard_with_credentials",
        f"no origins are set, so any origin would be allowed, which is not possible with "
        f"{described}.",
        f"write {example}, or remove {option}.",
    )
