"""The arguments of CORS() and @cors, and the keys of app.config."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from corswsgi import Problem
from corswsgi.adapters import (
    OPTION_NAMES,
    OPTIONS,
    UNSET,
    Layer,
    Names,
    Notice,
    PlacedNames,
    Reading,
    Unset,
    did_you_mean,
    read_layer,
    read_paths,
    snapshot,
)

_PREFIX = "CORS_"

# Options of Flask-CORS that have no effect here, and the reason.
_WITHOUT_EFFECT = {
    "send_wildcard": "a policy for any origin always sends '*'",
    "vary_header": "Vary is set whenever another origin would get other headers",
    "always_send": "requests without Origin get the headers that are the same for every origin",
    "automatic_options": "preflights never reach the view, and other OPTIONS requests always do",
    "intercept_exceptions": "error responses get the same headers as all others",
    "headers": "it is an old name of allow_headers, which allows every header by default",
}


class Arguments(NamedTuple):
    """The arguments of ``CORS(app)``."""

    policy: object
    resources: object
    options: Mapping[str, Any]


NO_ARGUMENTS = Arguments(UNSET, UNSET, {})


class Configuration(NamedTuple):
    """The layers of an application and its paths, read from app.config and ``CORS(app)``."""

    layers: tuple[Layer, ...]
    paths: dict[str, Layer] | None
    """None if there are no resources: the layers then apply to all paths."""
    problems: list[Problem]
    notices: list[Notice]


class _ConfigNames(Names):
    """The options as keys of app.config."""

    def option(self, option: str, value: object = None) -> str:  # noqa: ARG002 - for subclasses
        return _PREFIX + option.upper()

    def assignment(self, option: str, source: str) -> str:
        return f"{self.option(option)} = {source}"


CONFIG_NAMES = _ConfigNames()


def read_options(
    policy: object, given: Mapping[str, Any], names: Names = OPTION_NAMES
) -> Reading:
    """Read a policy or options, some of which may be those of Flask-CORS."""
    options: dict[str, Any] = {}
    notices: list[Notice] = []
    for name, value in given.items():
        if name in _WITHOUT_EFFECT:
            option = names.option(name)
            message = f"{option} has no effect: {_WITHOUT_EFFECT[name]}."
            notices.append(Notice(option, value, "deprecated_option", message, "remove it."))
        elif name == "expose_headers" and value is None:
            pass  # the default of Flask-CORS: no headers
        elif name == "max_age" and isinstance(value, str) and value.isdecimal():
            options[name] = int(value)
        else:
            options[name] = value
    layer, problems, more = read_layer(policy, options, names)
    return Reading(layer, problems, notices + more)


def read_configuration(config: Mapping[str, Any], arguments: Arguments) -> Configuration:
    """Read app.config, and the arguments of ``CORS(app)`` laid over it."""
    values = {key: snapshot(value) for key, value in config.items() if key.startswith(_PREFIX)}
    problems = _unknown_keys(values)
    unknown = {problem.option for problem in problems}
    options = {
        key.removeprefix(_PREFIX).lower(): value
        for key, value in values.items()
        if key not in unknown
    }
    resources, resources_name = options.pop("resources", UNSET), f"{_PREFIX}RESOURCES"
    if not isinstance(arguments.resources, Unset):
        resources, resources_name = arguments.resources, "resources"
    if not isinstance(arguments.policy, Unset):
        options = {}  # a policy replaces all of it
    else:
        options = {name: options[name] for name in options if name not in arguments.options}
    readings = [
        read_options(UNSET, options, CONFIG_NAMES),
        read_options(arguments.policy, arguments.options),
    ]
    problems += [problem for reading in readings for problem in reading.problems]
    notices = [notice for reading in readings for notice in reading.notices]
    paths = None
    if not isinstance(resources, Unset):
        paths, more, others = _read_resources(resources_name, resources)
        problems += more
        notices += others
    return Configuration(tuple(reading.layer for reading in readings), paths, problems, notices)


def _unknown_keys(config: Mapping[str, Any]) -> list[Problem]:
    known = [*OPTIONS, "resources"]
    problems = []
    for key, value in config.items():
        name = key.removeprefix(_PREFIX).lower()
        if name in _WITHOUT_EFFECT or (name in known and key.isupper()):
            continue
        hint = did_you_mean(name, known, lambda name: _PREFIX + name.upper(), "keys")
        message = f"{key} is not a key that corswsgi knows."
        problems.append(Problem(key, value, "unknown_option", message, hint))
    return problems


def _read_resources(
    name: str, given: object
) -> tuple[dict[str, Layer], list[Problem], list[Notice]]:
    """Read a path pattern, several of them, or a mapping from them."""
    if isinstance(given, str):
        given = [given]
    if isinstance(given, Iterable) and not isinstance(given, Mapping | bytes):
        given = {path: {} for path in given}

    def read(place: str, options: Mapping[Any, Any]) -> Reading:
        return read_options(UNSET, options, PlacedNames(OPTION_NAMES, place))

    return read_paths(name, given, read, '{"origins": ["https://app.example.com"]}')
