"""The settings, which are those of django-cors-headers and a few more."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from corswsgi import Problem
from corswsgi.adapters import (
    NO_ORIGIN,
    UNSET,
    Layer,
    Names,
    Notice,
    PlacedNames,
    Reading,
    SettingNames,
    did_you_mean,
    read_expression,
    read_expressions,
    read_layer,
    read_list,
    read_origins,
    read_paths,
    safe_repr,
    wrong_type,
)

from .defaults import default_headers, default_max_age
from .lookups import as_origin_callable

PREFIX = "CORS_"

OPTION_SETTINGS = {
    "origins": "CORS_ALLOWED_ORIGINS",
    "methods": "CORS_ALLOW_METHODS",
    "allow_headers": "CORS_ALLOW_HEADERS",
    "expose_headers": "CORS_EXPOSE_HEADERS",
    "supports_credentials": "CORS_ALLOW_CREDENTIALS",
    "max_age": "CORS_PREFLIGHT_MAX_AGE",
    "allow_private_network": "CORS_ALLOW_PRIVATE_NETWORK",
    "dangerously_allow": "CORS_DANGEROUSLY_ALLOW",
}
"""The settings for the options of a policy."""

ORIGINS = "CORS_ALLOWED_ORIGINS"
EXPRESSIONS = "CORS_ALLOWED_ORIGIN_REGEXES"
ALLOW_ALL = "CORS_ALLOW_ALL_ORIGINS"
URLS = "CORS_URLS_REGEX"
RESOURCES = "CORS_RESOURCES"

OLDER = {
    ORIGINS: "CORS_ORIGIN_WHITELIST",
    EXPRESSIONS: "CORS_ORIGIN_REGEX_WHITELIST",
    ALLOW_ALL: "CORS_ORIGIN_ALLOW_ALL",
}
"""Settings with an older name, which is used if the newer one is missing."""

REMOVED = {
    "CORS_MODEL": "add a function that reads the database to CORS_ALLOWED_ORIGINS",
    "CORS_REPLACE_HTTPS_REFERER": "list the origins that may write in CSRF_TRUSTED_ORIGINS",
    "CORS_URLS_ALLOW_ALL_REGEX": 'write CORS_RESOURCES = {"/path/*": {"CORS_ALLOW_ALL_ORIGINS": '
    "True}}",
}
"""Settings that django-cors-headers has removed, and their replacements."""

_OPTIONS = {setting: option for option, setting in OPTION_SETTINGS.items() if option != "origins"}
_OF_A_PATH = (ORIGINS, EXPRESSIONS, ALLOW_ALL, *OLDER.values(), *_OPTIONS)

KNOWN = (*_OF_A_PATH, URLS, RESOURCES)
"""The names of all settings."""

_DEFAULTS: Mapping[str, Any] = {
    "origins": NO_ORIGIN,
    "methods": None,  # see PolicyTable's extra_methods
    "allow_headers": default_headers,
    "max_age": default_max_age,
}

_EVERYWHERE = r"^.*$"


class Settings(NamedTuple):
    """The settings after reading."""

    layers: tuple[Layer, ...]
    """The defaults, and the settings laid over them."""
    paths: dict[str, Layer]
    """CORS_RESOURCES."""
    urls: re.Pattern[str] | None
    """CORS_URLS_REGEX: `layers` apply to paths that it matches; None: to all."""
    problems: list[Problem]
    notices: list[Notice]


def setting_names(
    given: Collection[str] = (), expressions: Iterable[re.Pattern[str]] = ()
) -> SettingNames:
    """Return the names of the settings, and older ones for those that are `given` under them.

    `expressions` are those of CORS_ALLOWED_ORIGIN_REGEXES.
    """
    names = {
        name: older if older in given and name not in given else name
        for name, older in OLDER.items()
    }
    options = {option: names.get(name, name) for option, name in OPTION_SETTINGS.items()}
    return SettingNames(options, names[ALLOW_ALL], names[EXPRESSIONS], expressions)


def cors_settings(settings: object) -> dict[str, Any]:
    """Return the settings whose names begin with ``CORS_``."""
    names = (name for name in dir(settings) if name.startswith(PREFIX) and name.isupper())
    return {name: getattr(settings, name) for name in names}


def read_settings(settings: object) -> Settings:
    """Read Django's settings. Unknown ones are ignored here, and reported by the checks."""
    given = cors_settings(settings)
    layer, problems, notices = _read(given, setting_names)
    urls = None
    if (written := given.get(URLS, _EVERYWHERE)) != _EVERYWHERE:
        usage = r'write CORS_URLS_REGEX = r"^/api/.*$".'
        urls = read_expression(URLS, written, problems, usage)
    paths, more, others = read_paths(
        RESOURCES, given.get(RESOURCES, {}), _read_path, '{"CORS_ALLOW_ALL_ORIGINS": True}'
    )
    layers = (Layer(_DEFAULTS, setting_names()), layer)
    return Settings(layers, paths, urls, problems + more, notices + others)


def _read_path(place: str, value: Mapping[Any, Any]) -> Reading:
    """Read one entry of CORS_RESOURCES."""
    given = {str(name): item for name, item in value.items()}
    layer, problems, notices = _read(given, lambda *args: PlacedNames(setting_names(*args), place))
    for name in given:
        if name not in _OF_A_PATH:
            message = f"{safe_repr(name)} is not a setting for paths."
            hint = setting_meant(name, _OF_A_PATH)
            problems.append(Problem(place, name, "unknown_option", message, hint))
    return Reading(layer, problems, notices)


def _read(given: Mapping[str, Any], make_names: Callable[..., Names]) -> Reading:
    """Read the settings of all paths, or of one, as a layer."""
    names = make_names(given)
    problems: list[Problem] = []
    kept = {name: value for name, value in given.items() if not isinstance(value, Iterator)}
    for name in KNOWN:
        if name in given and name not in kept:
            expected = "a value that can be read twice"
            problems.append(wrong_type(names.option(name), given[name], expected, "write a list."))
    if kept.get("CORS_ALLOW_METHODS", ()) is None:
        read_list(names.option("methods"), kept.pop("CORS_ALLOW_METHODS"), problems)

    def read(setting: str, default: object) -> Any:
        return kept.get(setting, kept.get(OLDER[setting], default))

    expressions = read_expressions(names.expression(), read(EXPRESSIONS, ()), problems)
    names = make_names(given, expressions)
    listed = read_origins(names, read(ORIGINS, ()), problems)
    rules = (*listed, *expressions)
    allow_all = read(ALLOW_ALL, False)
    if not isinstance(allow_all, bool):
        assignment = names.assignment("origins", '"*"')
        hint = f"write {assignment}, or remove it. (The string 'False' would count as true.)"
        problems.append(wrong_type(names.option("origins", "*"), allow_all, "True or False", hint))
    if allow_all is True:
        # The lists have no effect, for example while DEBUG is on, but are checked nevertheless.
        lists = {"origins": rules or NO_ORIGIN}
        problems += read_layer(UNSET, lists, names, as_origin_callable).problems
        rules = ("*",)
    options = {option: kept[setting] for setting, option in _OPTIONS.items() if setting in kept}
    if not {*OLDER, *OLDER.values()}.isdisjoint(kept):
        options["origins"] = rules or NO_ORIGIN
    reading = read_layer(UNSET, options, names, as_origin_callable)
    return Reading(reading.layer, problems + reading.problems, reading.notices)


def setting_meant(name: str, known: Collection[str]) -> str:
    """Return a hint with the setting that `name` was probably meant to be, or with all `known`."""
    option = name.removeprefix(PREFIX).lower()
    if option in OPTION_SETTINGS:
        return f"did you mean {OPTION_SETTINGS[option]!r}?"
    bare = [setting.removeprefix(PREFIX).lower() for setting in known]
    return did_you_mean(option, bare, lambda found: PREFIX + found.upper(), "settings")
