"""What people write: keyword arguments, app.config, and what Flask-CORS has taught them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from corswsgi import Policy, PolicyError, Problem
from corswsgi.errors import shown, within, wrong_type
from corswsgi.layers import Layer, check_options, combined
from corswsgi.marks import NOT_GIVEN, NotGiven, check_given, frozen
from corswsgi.options import did_you_mean
from corswsgi.policy import OPTIONS
from corswsgi.resources import check_path

_PREFIX = "CORS_"

# Options of Flask-CORS, and what happens instead of what they were there to change.
_WITHOUT_MEANING = {
    "send_wildcard": "a policy for any origin always answers '*'",
    "vary_header": "Vary is merged wherever another origin would get another answer",
    "always_send": "a request without Origin gets the headers that are the same for everybody",
    "automatic_options": "preflights never reach the view, and any other OPTIONS request does",
    "intercept_exceptions": "the responses to errors get the headers like all others",
    "headers": "it was allow_headers once, and any request header is allowed without it",
}


def read_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what app.config says about CORS, by its keys."""
    return {key: frozen(value) for key, value in config.items() if key.startswith(_PREFIX)}


def read_layer(
    policy: object, given: Mapping[str, Any], stacklevel: int
) -> tuple[Layer, list[Problem]]:
    """Read what one of CORS() and @cors() was given, and what is wrong with it on its own.

    `stacklevel` says whose line to warn of; 1 is the caller's.
    """
    options = _read_options(given, stacklevel + 1)
    if isinstance(policy, NotGiven):
        return options, check_options(options)
    problems = check_given(policy, options)
    return (policy if isinstance(policy, Policy) else None), problems


def read_app(
    config: Mapping[str, Any],
    policy: object,
    resources: object,
    given: Mapping[str, Any],
    stacklevel: int,
    *,
    is_in_force: bool = True,
) -> tuple[Layer, dict[str, Layer] | None, list[Problem]]:
    """Read what CORS(app) was given over app.config: for the application, and for its paths.

    `is_in_force` is False where they are only what others are laid over.
    """
    said = read_config(config)
    problems = _unknown_keys(said)
    for problem in problems:
        del said[problem.option]
    # The keys stay at hand, so that problems name what was written.
    keys = {key.removeprefix(_PREFIX).lower(): key for key in said}
    from_config = {name: said[key] for name, key in keys.items()}
    of_paths, of_paths_name = from_config.pop("resources", NOT_GIVEN), keys.get("resources", "")
    if resources is not NOT_GIVEN:
        of_paths, of_paths_name = resources, "resources"
    layer, found = read_layer(policy, {**from_config, **given}, stacklevel + 1)
    layers = None
    if of_paths is not NOT_GIVEN:
        layers, path_problems = _read_resources(of_paths_name, of_paths, stacklevel + 1)
        found += path_problems
    if not found and is_in_force:
        found = _check_together(layer, layers, of_paths_name)
    for problem in found:
        key = None if problem.option in given else keys.get(problem.option)
        problems.append(problem if key is None else replace(problem, option=key))
    return layer, layers, problems


def _check_together(layer: Layer, layers: Mapping[str, Layer] | None, option: str) -> list[Problem]:
    """Return what is wrong with layers that are right on their own."""
    if layers is None:
        return _problems_of((layer,))
    return [
        problem
        for path, over in layers.items()
        for problem in within(f"{option}[{shown(path)}]", _problems_of((layer, over)))
    ]


def _problems_of(layers: tuple[Layer, ...]) -> list[Problem]:
    try:
        combined(layers)
    except PolicyError as error:
        return [*error.problems]
    return []


def _read_options(given: Mapping[str, Any], stacklevel: int) -> dict[str, Any]:
    """Return the options that mean something; warn of those of Flask-CORS that no longer do."""
    options = {}
    for name, value in given.items():
        if name in _WITHOUT_MEANING:
            warnings.warn(
                f"corswsgi_flask: {name} has no effect and can go: {_WITHOUT_MEANING[name]}.",
                DeprecationWarning,
                stacklevel=stacklevel + 1,
            )
        elif name == "expose_headers" and value is None:
            pass  # Flask-CORS' default, which is ours too: none.
        elif name == "max_age" and isinstance(value, str) and value.isdecimal():
            options[name] = int(value)
        else:
            options[name] = frozen(value)
    return options


def _unknown_keys(config: Mapping[str, Any]) -> list[Problem]:
    """Return the keys of app.config that say nothing."""
    known = [*OPTIONS, "resources"]
    found = []
    for key, value in config.items():
        name = key.removeprefix(_PREFIX).lower()
        if name in _WITHOUT_MEANING or (name in known and key.isupper()):
            continue
        hint = did_you_mean(name, known, lambda name: _PREFIX + name.upper(), "keys")
        found.append(Problem(key, value, "unknown_option", "there is no such key.", hint))
    return found


def _read_resources(
    option: str, given: object, stacklevel: int
) -> tuple[dict[str, Layer], list[Problem]]:
    """Read a path pattern, several, or a mapping of them to a Policy, options or None."""
    if isinstance(given, str):
        given = [given]
    if isinstance(given, Iterable) and not isinstance(given, Mapping | bytes):
        given = {path: {} for path in given}
    if not isinstance(given, Mapping):
        hint = 'as in resources={"/api/*": {"origins": ["https://app.example.com"]}}.'
        return {}, [wrong_type(option, given, "a path, or a list or mapping of paths", hint)]
    layers: dict[str, Layer] = {}
    problems: list[Problem] = []
    for path, governor in given.items():
        name = f"{option}[{shown(path)}]"
        if (problem := check_path(name, path)) is not None:
            problems.append(problem)
        if governor is None or isinstance(governor, Policy):
            layers[path] = governor
        elif isinstance(governor, Mapping):
            layers[path] = options = _read_options(governor, stacklevel + 1)
            problems += within(name, check_options(options))
        else:
            hint = 'as in {"origins": ["https://app.example.com"]}.'
            problems.append(wrong_type(name, governor, "a Policy, a dict of options or None", hint))
    return layers, problems
