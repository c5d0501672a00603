"""The arguments of CORS() and @cors, and the keys of app.config."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, NamedTuple

from corswsgi import Problem, adapters

_PREFIX = "CORS_"

# Options of Flask-CORS that have no effect here, and the reason.
_WITHOUT_EFFECT = {
    "send_wildcard": "a policy for any origin always sends '*'",
    "vary_header": "Vary is set whenever another origin would get other headers",
    "always_send": "requests without Origin get the headers that are the same for every origin",
    "automatic_options": "preflights never reach the view, and other OPTIONS requests always do",
    "intercept_exceptions": "error responses get the same headers as all others",
    "headers": "it is an old name for allow_headers, which allows every header by default",
}

_EXAMPLE = '{"origins": ["https://app.example.com"]}'
_KEYS = [option for option in adapters.OPTIONS if option != "allow_private_network"] + ["resources"]
_IGNORED_KEYS = {"allow_private_network", *_WITHOUT_EFFECT}


class Arguments(NamedTuple):
    """The arguments of ``CORS(app)``."""

    policy: object
    resources: object
    options: Mapping[str, Any]


CONFIG_NAMES = adapters.ConfigNames(_PREFIX)


def read_options(
    policy: object, given: Mapping[str, Any], names: adapters.Names = adapters.OPTION_NAMES
) -> adapters.Reading:
    """Read a policy or options, some of which may be those of Flask-CORS."""
    options, notices = adapters.drop_ignored(given, _WITHOUT_EFFECT, names)
    # Flask-CORS accepts None for no headers, and digits.
    if options.get("expose_headers", "") is None:
        del options["expose_headers"]
    max_age = options.get("max_age")
    if isinstance(max_age, str) and max_age.isdecimal():
        options["max_age"] = int(max_age)
    layer, problems, more = adapters.read_layer(policy, options, names)
    return adapters.Reading(layer, problems, notices + more)


def make_table(
    config: MutableMapping[str, Any],
    arguments: Arguments | None,
    routes: Callable[[], Iterable[adapters.Route]],
    warned: list[object],
) -> adapters.PolicyTable:
    """Make the table from app.config, and the arguments of ``CORS(app)`` laid over it.

    `arguments` is None without ``CORS(app)``. Notices that are in `warned` are not repeated.
    Raises `PolicyError` with all problems.
    """
    policy, resources, given = arguments or (adapters.UNSET, adapters.UNSET, {})
    options, problems = adapters.read_config(config, _PREFIX, _KEYS, _IGNORED_KEYS)
    place, in_config = CONFIG_NAMES.option("resources"), options.pop("resources", adapters.UNSET)
    if resources is not adapters.UNSET:
        place = "resources"
    elif in_config is not adapters.UNSET:
        resources = in_config
        if arguments is None:
            message, hint = "has no effect without CORS(app).", "call CORS(app), or remove it."
            problems.append(Problem(place, in_config, "without_effect", f"{place} {message}", hint))
    below = {name: options[name] for name in options if name not in given}
    readings = [read_options(policy, below, CONFIG_NAMES), read_options(policy, given)]
    notices: list[adapters.Notice] = []
    for reading in readings:
        # Both report a policy of the wrong type.
        problems += [problem for problem in reading.problems if problem not in problems]
        notices += reading.notices
    paths = None
    if resources is not adapters.UNSET:
        paths, more, others = adapters.read_paths(
            place, _as_mapping(resources), _read_path, _EXAMPLE
        )
        problems += more
        notices += others
    adapters.refuse(problems)
    new = [notice for notice in notices if notice not in warned]
    adapters.warn(new)
    warned += new
    off = adapters.Layer(None)
    layers = [reading.layer for reading in readings]
    if arguments is None:
        # CORS is off for the application, and its config provides defaults for views.
        layers.append(off)
    unmatched = adapters.UNSET if paths is None else off
    return adapters.PolicyTable(layers, paths=paths, unmatched=unmatched, routes=routes)


def _as_mapping(resources: object) -> object:
    """Return a path pattern, or several of them, as a mapping to empty options."""
    if isinstance(resources, str):
        return {resources: {}}
    if isinstance(resources, Iterable) and not isinstance(resources, Mapping | bytes):
        return {path: {} for path in resources}
    return resources


def _read_path(place: str, options: Mapping[Any, Any]) -> adapters.Reading:
    return read_options(adapters.UNSET, options, adapters.PlacedNames(adapters.OPTION_NAMES, place))
