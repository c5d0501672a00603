"""Options in a mapping with other keys, such as Flask's ``app.config``."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, NamedTuple

from corswsgi.errors import Notice, Problem, refuse, warn
from corswsgi.names import OPTION_NAMES, Names
from corswsgi.suggestions import did_you_mean, meant_option
from corswsgi.validation import OPTIONS

from .layers import UNSET, Layer, PlacedNames, Reading, read_paths, snapshot
from .names import CallNames
from .table import PolicyTable, Route

_CALL_NAMES = CallNames("CORS(app)", ("resources",))
_DEPRECATED = "allow_private_network"
_EXAMPLE = '{"origins": ["https://app.example.com"]}'


class Arguments(NamedTuple):
    """The arguments of ``CORS(app)``."""

    policy: object
    resources: object
    options: Mapping[str, Any]


class ConfigNames(Names):
    """The names of options as keys: a prefix and the option in upper case."""

    def __init__(self, prefix: str) -> None:
        """Use `prefix`, such as ``CORS_``."""
        self.prefix = prefix

    def option(self, option: str, value: object = None) -> str:
        """Return the key for an option."""
        del value  # the same key for all values
        return self.prefix + option.upper()

    def assignment(self, option: str, source: str) -> str:
        """Return the key and its value."""
        return f"{self.option(option)} = {source}"


def read_config(
    config: MutableMapping[str, Any], prefix: str, known: Collection[str], ignored: Collection[str]
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the options in a config by their names, and the problems with unknown keys.

    `known` and `ignored` are the names of options; hints do not suggest the ignored ones. An
    iterator in the config is replaced by what it yields, so that the config can be read again.
    """
    options: dict[str, Any] = {}
    problems = []
    for key in [key for key in config if key.startswith(prefix)]:
        name = key.removeprefix(prefix).lower()
        if key.isupper() and (name in known or name in ignored):
            if isinstance(config[key], Iterator):
                config[key] = snapshot(config[key])
            options[name] = snapshot(config[key])
        else:
            message = f"{key} is not a key that corswsgi knows."
            hint = did_you_mean(meant_option(name), known, ConfigNames(prefix).option, "keys")
            problems.append(Problem(key, config[key], "unknown_option", message, hint))
    return options, problems


def make_table(
    config: MutableMapping[str, Any],
    names: ConfigNames,
    ignored: Collection[str],
    arguments: Arguments | None,
    read: Callable[[object, Mapping[str, Any], Names], Reading],
    routes: Callable[[], Iterable[Route]],
    warned: list[object],
) -> PolicyTable:
    """Make the table from a config, and the arguments of ``CORS(app)`` laid over it.

    `names` are those of the config's keys, and `ignored` are options of another library. `read`
    reads a policy or options. `arguments` is None without ``CORS(app)``. Notices that are in
    `warned` are not repeated. Raises `PolicyError` with all problems.
    """
    policy, resources, given = arguments or (UNSET, UNSET, {})
    ignored = {_DEPRECATED, *ignored}
    known = [option for option in OPTIONS if option != _DEPRECATED] + ["resources"]
    options, problems = read_config(config, names.prefix, known, ignored)
    place, in_config = names.option("resources"), options.pop("resources", UNSET)
    if resources is not UNSET:
        place = "resources"
    elif in_config is not UNSET:
        resources = in_config
        if arguments is None:
            message, hint = "has no effect without CORS(app).", "call CORS(app), or remove it."
            problems.append(Problem(place, in_config, "without_effect", f"{place} {message}", hint))
    below = {name: options[name] for name in options if name not in given}
    readings = [read(policy, below, names), read(policy, given, _CALL_NAMES)]
    notices: list[Notice] = []
    for reading in readings:
        # Both report a policy of the wrong type.
        problems += [problem for problem in reading.problems if problem not in problems]
        notices += reading.notices

    def read_path(place: str, options: Mapping[Any, Any]) -> Reading:
        return read(UNSET, options, PlacedNames(OPTION_NAMES, place))

    paths = None
    if resources is not UNSET:
        paths, more, others = read_paths(place, _as_mapping(resources), read_path, _EXAMPLE)
        problems += more
        notices += others
    refuse(problems)
    new = [notice for notice in notices if notice not in warned]
    warn(new)
    warned += new
    off = Layer(None)
    layers = [reading.layer for reading in readings]
    if arguments is None:
        # CORS is off for the application, and its config provides defaults for views.
        layers.append(off)
    return PolicyTable(
        layers, paths=paths, unmatched=UNSET if paths is None else off, routes=routes
    )


def _as_mapping(resources: object) -> object:
    """Return a path pattern, or several of them, as a mapping to empty options."""
    if isinstance(resources, str | re.Pattern):
        return {resources: {}}
    if isinstance(resources, Iterable) and not isinstance(resources, Mapping | bytes):
        return {path: {} for path in resources}
    return resources


def drop_ignored(
    options: Mapping[str, Any], ignored: Mapping[str, str], names: Names
) -> tuple[dict[str, Any], list[Notice]]:
    """Return the options without the `ignored` ones, and a notice about each of these.

    They are options of another library that have no effect here. `ignored` has the reasons.
    """
    notices = []
    for name in [name for name in options if name in ignored]:
        message = f"has no effect, because {ignored[name]}."
        option, value = names.option(name), options[name]
        notices.append(Notice(option, value, "deprecated_option", message, "Remove it."))
    return {name: options[name] for name in options if name not in ignored}, notices
