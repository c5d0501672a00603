"""Calls of CORS() and decorators: how several of them for the same thing are united."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from corswsgi.errors import Caller, Notice, PolicyError, Problem, find_caller, refuse, safe_repr
from corswsgi.names import OPTION_NAMES, Names
from corswsgi.origins import NO_ORIGIN
from corswsgi.paths import PathPatterns, as_wsgi
from corswsgi.policy import Policy, make_policy
from corswsgi.policy_callables import check_policy_callable
from corswsgi.validation import OPTIONS

from .layers import (
    STAND_IN,
    UNSET,
    Layer,
    Layers,
    MergedNames,
    PlacedNames,
    Reading,
    Unset,
    flatten,
    read_paths,
)

if TYPE_CHECKING:
    from corswsgi.policy_callables import PolicyCallable

EVERYWHERE = "/*"
"""The pattern of all paths."""

OFF = Layer(None)

# This character cannot occur in a path. It stands for the unknown rest of one.
_ANYTHING = "\0"

_EXAMPLE = '{"origins": ["https://app.example.com"]}'

_HINT = (
    "remove one of them. Paths can have options of their own, as in "
    'resources={"/api/*": {"max_age": 60}}.'
)

# Stands for the policies that a function returns. No options contradict it, it allows no origin,
# and no message lists its origins.
_UNKNOWN = Policy(origins=lambda _: False)

Reader = Callable[[object, Mapping[str, Any], Names], Reading]
"""Reads a policy or options, with their names."""


class Parts(NamedTuple):
    """The layers that ``CORS()`` sets for the paths of an application or of a blueprint."""

    paths: Mapping[str, Layers]
    """The layers by path pattern."""
    elsewhere: Layers
    """The options that all calls have in common. At other paths, they only apply to views.

    If the calls disagree about the origins, no origin is allowed.
    """

    @property
    def depends_on_request(self) -> bool:
        """Whether a function returns the policy of each request."""
        return any(layer.value is _UNKNOWN for layer in self.elsewhere)

    def at(self, path: str, is_open: bool) -> Layers:
        """Return the layers for a route, which is open if variable parts follow its `path`.

        Other routes have no layers of the call, so what is around the blueprint applies to them.

        Raises `PolicyError` if a pattern matches only some of the route's paths.
        """
        patterns: PathPatterns[str] = PathPatterns({pattern: pattern for pattern in self.paths})
        found = patterns.find(path + _ANYTHING if is_open else path, "")
        inside = [name for name in self.paths if is_open and as_wsgi(name).startswith(path)]
        refuse(_only_some(name, path) for name in inside if name != found)
        return self.paths.get(found, ())


def _only_some(pattern: str, path: str) -> Problem:
    return Problem(
        f"resources[{pattern!r}]",
        pattern,
        "without_effect",
        f"{pattern!r} matches only some of the paths below {path!r}, which lead to one view of the "
        "blueprint. The resources of a blueprint choose views, and not paths.",
        f"write CORS(app, resources={{{pattern!r}: ...}}) instead.",
    )


class PartsByName:
    """The parts of blueprints, by their names."""

    def __init__(self) -> None:
        self._parts: dict[str, Parts] = {}

    def add(self, name: str, parts: Parts) -> None:
        """Add the parts of a call. Raises `PolicyError` if they contradict those of another one."""
        known = [self._parts[name]] if name in self._parts else []
        combined, problems = combine([*known, parts])
        refuse(problems)
        self._parts[name] = combined

    def patterns(self) -> list[tuple[str, list[str]]]:
        """Return the names of blueprints, and the path patterns of each."""
        each = self._parts.items()
        return [
            (name, [path for path in parts.paths if path != EVERYWHERE]) for name, parts in each
        ]

    def at(self, names: Iterable[str], path: str, is_open: bool) -> Layers:
        """Return the layers of some blueprints, the outermost first, for a route."""
        parts = [self._parts[name] for name in names if name in self._parts]
        return tuple(layer for each in parts for layer in each.at(path, is_open))


NO_PARTS = Parts({}, ())
"""The parts of no call."""


class Call(NamedTuple):
    """A call of ``CORS()``."""

    given: tuple[object, ...]
    """Its arguments."""
    own: Layer
    """The policy or the options."""
    paths: Mapping[str, Layer] | None
    """The layers within it, by path pattern; None if no paths are given."""
    caller: Caller
    ask: PolicyCallable | None = None
    """The function that returns the policy of a request."""

    def parts(self, paths: Mapping[str, Layer] | None = None) -> Parts:
        """Return the layers of the call. `paths` are those to use if it has none."""
        paths = paths if self.paths is None else self.paths
        if paths is None:
            return Parts({EVERYWHERE: (self.own,)}, (self.own,))
        return Parts({path: (self.own, layer) for path, layer in paths.items()}, (self.own,))


def read_call(
    policy: object, resources: object, options: Mapping[str, Any], read: Reader, names: Names
) -> tuple[Call, list[Problem], list[Notice]]:
    """Read the arguments of ``CORS()``. `policy` and `resources` may be `UNSET`.

    `policy` may also be a function that returns the policy of a request. `Call.own` then has a
    policy that stands for those that it returns.
    """
    ask = None
    if callable(policy) and not isinstance(policy, Policy | Unset | type):
        ask = policy
    own, problems, notices = read(policy if ask is None else _UNKNOWN, options, names)
    problem = None if ask is None else check_policy_callable(ask)
    problems = problems if problem is None else [problem, *problems]
    paths = None
    if resources is not UNSET:
        paths, more_problems, more_notices = read_resources("resources", resources, read)
        problems, notices = problems + more_problems, notices + more_notices
    call = Call((policy, resources, options), own, paths, find_caller(), ask)
    return call, problems, notices


def read_resources(
    name: str, resources: object, read: Reader
) -> tuple[dict[str, Layer], list[Problem], list[Notice]]:
    """Read path patterns: one, several, or a mapping from them to a policy, options or None."""

    def read_path(place: str, options: Mapping[Any, Any]) -> Reading:
        return read(UNSET, options, PlacedNames(OPTION_NAMES, place))

    return read_paths(name, _as_mapping(resources), read_path, _EXAMPLE)


def _as_mapping(resources: object) -> object:
    """Return a path pattern, or several of them, as a mapping to empty options."""
    if isinstance(resources, str | re.Pattern):
        return {resources: {}}
    if isinstance(resources, Iterable) and not isinstance(resources, Mapping | bytes):
        return {path: {} for path in resources}
    return resources


def combine(parts: Collection[Parts]) -> tuple[Parts, list[Problem]]:
    """Return the parts of several calls as one, and where they contradict each other.

    Each call is a unit: a path gets the options of the calls that name it, and of no others.
    """
    problems: list[Problem] = []
    combined, *others = parts or [NO_PARTS]
    for other in others:
        combined, more = _combine(combined, other)
        problems += more
    return combined, problems


def _combine(one: Parts, other: Parts) -> tuple[Parts, list[Problem]]:
    paths: dict[str, Layers] = {}
    problems: list[Problem] = []
    for path in {**one.paths, **other.paths}:
        try:
            layer, *others = [
                flatten(each.paths[path]) for each in (one, other) if path in each.paths
            ]
        except PolicyError as error:
            problems += error.problems
            continue
        if others:
            layer, more = unite(layer, others[0], _HINT)
            problems += more if path == EVERYWHERE else [_at(path, problem) for problem in more]
        paths[path] = (layer,)
    return Parts(paths, (_agreement(one.elsewhere[0], other.elsewhere[0]),)), problems


def _at(path: str, problem: Problem) -> Problem:
    """Add the path to the option of a problem, unless the option is written there."""
    is_named = repr(path) in problem.option
    return problem if is_named else replace(problem, option=f"{problem.option} at {path!r}")


def unite(one: Layer, other: Layer, hint: str) -> tuple[Layer, list[Problem]]:
    """Return a layer with the options of two layers for the same thing.

    Also return the problems, if both set an option to different values. `hint` says what to do.
    """
    first, second = one.value, other.value
    layer, different = one, {"policy": (first, second)}
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        names = {**dict.fromkeys(first, one.names), **dict.fromkeys(second, other.names)}
        place = ", ".join(dict.fromkeys((one.place, other.place)))
        notices = one.notices + other.notices
        layer = Layer({**first, **second}, MergedNames(names), place, notices)
        different = {
            option: (first[option], second[option]) for option in first if option in second
        }
    return layer, [
        Problem(
            one.names.option(option, value),
            another,
            "given_twice",
            f"{_source(value)} in {one.place} contradicts {_source(another)} in {other.place}.",
            hint,
        )
        for option, (value, another) in different.items()
        if not _is_same(option, value, another)
    ]


def _source(value: object) -> str:
    return safe_repr(list(value) if isinstance(value, tuple) else value)


def _agreement(one: Layer, other: Layer) -> Layer:
    """Return a layer with what two layers have in common.

    If they disagree about the origins, it allows none. The default would allow any origin.
    """
    first, second = one.value, other.value
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        both = [option for option in first if option in second]
        same = {name: first[name] for name in both if _is_same(name, first[name], second[name])}
        if "origins" not in same and ("origins" in first or "origins" in second):
            same["origins"] = NO_ORIGIN
        return Layer(same, one.names)
    return one if first == second else Layer({"origins": NO_ORIGIN})


def _is_same(option: str, one: object, other: object) -> bool:
    """Return whether two values of an option mean the same, however they are written."""
    if one == other:
        return True
    if option not in OPTIONS:
        return False
    given: dict[str, object] = {"origins": STAND_IN}
    try:
        policies = [make_policy({**given, option: value}) for value in (one, other)]
    except PolicyError:
        return False
    return policies[0] == policies[1]
