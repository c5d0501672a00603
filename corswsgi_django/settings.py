"""The settings, which are those of django-cors-headers and a few more."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple

from django.utils.module_loading import import_string

from corswsgi import Problem
from corswsgi.adapters import (
    NO_ORIGIN,
    UNSET,
    Layer,
    Names,
    Notice,
    PlacedNames,
    Reading,
    corrected_origin,
    did_you_mean,
    read_layer,
    read_paths,
    safe_repr,
    snapshot,
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
    "origins": (NO_ORIGIN,),
    "allow_headers": default_headers,
    "max_age": default_max_age,
}

_EVERYWHERE = r"^.*$"

# Raised by re.compile(); the last two for huge numbers and for deep nesting.
_INVALID_EXPRESSION = (re.error, OverflowError, RecursionError)


class Settings(NamedTuple):
    """The settings, read."""

    layers: tuple[Layer, ...]
    """The defaults, and the settings laid over them."""
    paths: dict[str, Layer]
    """CORS_RESOURCES."""
    urls: re.Pattern[str] | None
    """CORS_URLS_REGEX: `layers` apply to paths that it matches; None: to all."""
    problems: list[Problem]
    notices: list[Notice]


class SettingNames(Names):
    """The options as settings. There are three for the origins."""

    def __init__(
        self, given: Collection[str] = (), expressions: Iterable[re.Pattern[str]] = ()
    ) -> None:
        """Use older names if they are `given`. `expressions` come from the setting for these."""
        self._expressions = [*expressions]
        self._names = {
            name: older if older in given and name not in given else name
            for name, older in OLDER.items()
        }

    def name(self, setting: str) -> str:
        """Return the name of a setting, which may be its older one."""
        return self._names.get(setting, setting)

    def option(self, option: str, value: object = None) -> str:
        """Return the setting for an option."""
        if isinstance(value, str) and value == "*" and option == "origins":
            return self.name(ALLOW_ALL)
        if any(value is expression for expression in self._expressions):
            return self.name(EXPRESSIONS)
        return self.name(OPTION_SETTINGS.get(option, option))

    def assignment(self, option: str, source: str) -> str:
        """Return what to write into the settings."""
        if option == "origins" and source == '"*"':
            return f"{self.name(ALLOW_ALL)} = True"
        return f"{self.option(option)} = {source}"

    def expression(self) -> str:
        """Return the setting for regular expressions."""
        return self.name(EXPRESSIONS)


def cors_settings(settings: object) -> dict[str, Any]:
    """Return the settings whose names begin with ``CORS_``."""
    names = (name for name in dir(settings) if name.startswith(PREFIX) and name.isupper())
    return {name: getattr(settings, name) for name in names}


def read_settings(settings: object) -> Settings:
    """Read Django's settings. Unknown ones are ignored here, and reported by the checks."""
    given = cors_settings(settings)
    layer, problems, notices = _read(given, SettingNames)
    urls, problem = _read_urls(given.get(URLS, _EVERYWHERE))
    problems += [problem] if problem is not None else []
    paths, more, others = read_paths(
        RESOURCES, given.get(RESOURCES, {}), _read_path, '{"CORS_ALLOW_ALL_ORIGINS": True}'
    )
    layers = (Layer(_DEFAULTS, SettingNames()), layer)
    return Settings(layers, paths, urls, problems + more, notices + others)


def _read_path(place: str, value: Mapping[Any, Any]) -> Reading:
    """Read one of CORS_RESOURCES."""
    unknown = [
        Problem(
            place,
            name,
            "unknown_option",
            f"{safe_repr(name)} is not a setting for paths.",
            setting_meant(str(name), _OF_A_PATH),
        )
        for name in value
        if name not in _OF_A_PATH
    ]
    given = {str(name): item for name, item in value.items()}
    layer, problems, notices = _read(
        given, lambda *arguments: PlacedNames(SettingNames(*arguments), place)
    )
    return Reading(layer, unknown + problems, notices)


def _read_urls(value: object) -> tuple[re.Pattern[str] | None, Problem | None]:
    if value == _EVERYWHERE:
        return None, None
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        return value, None
    if not isinstance(value, str):
        hint = r'write CORS_URLS_REGEX = r"^/api/.*$".'
        return None, wrong_type(URLS, value, "a regular expression", hint)
    try:
        return re.compile(value), None
    except _INVALID_EXPRESSION as error:
        return None, _malformed(URLS, value, error)


def _read(given: Mapping[str, Any], make_names: Any) -> Reading:
    """Read the settings of all paths, or of one, as a layer."""
    names: Names = make_names(given)
    problems = [
        wrong_type(names.option(name), value, "a value that can be read twice", "write a list.")
        for name, value in given.items()
        if name in KNOWN and isinstance(value, Iterator)
    ]
    given = {name: value for name, value in given.items() if not isinstance(value, Iterator)}
    if "CORS_ALLOW_METHODS" in given and given["CORS_ALLOW_METHODS"] is None:
        hint = "was an environment variable not set? Otherwise write a list."
        problems.append(wrong_type(names.option("methods"), None, "a list", hint))
        given = {name: given[name] for name in given if name != "CORS_ALLOW_METHODS"}
    written = {
        name: given[real]
        for name, older in OLDER.items()
        if (real := older if older in given and name not in given else name) in given
    }
    expressions = _read_expressions(names.expression(), written.get(EXPRESSIONS, ()), problems)
    names = make_names(given, expressions)
    listed = _read_origins(names, written.get(ORIGINS, ()), problems)
    allow_all = written.get(ALLOW_ALL, False)
    if not isinstance(allow_all, bool):
        assignment = names.assignment("origins", '"*"')
        hint = f"write {assignment}, or remove it. (The string 'False' would count as true.)"
        option = names.option("origins", "*")
        problems.append(wrong_type(option, allow_all, "True or False", hint))
    options = {
        option: snapshot(given[setting]) for setting, option in _OPTIONS.items() if setting in given
    }
    rules = (*listed, *expressions)
    if allow_all is True and rules:
        # The list has no effect at the moment, as under DEBUG, but must be valid nevertheless.
        problems += read_layer(UNSET, {"origins": rules}, names).problems
    if written:
        options["origins"] = "*" if allow_all is True else rules or (NO_ORIGIN,)
    reading = read_layer(UNSET, options, names)
    return Reading(reading.layer, problems + reading.problems, reading.notices)


def _read_origins(names: Names, value: object, problems: list[Problem]) -> list[object]:
    option, allow_any = names.option("origins"), names.assignment("origins", '"*"')
    found: list[object] = []
    for item in _items(option, value, problems):
        if isinstance(item, str) and item == "*":
            message = "'*' is not a valid origin."
            hint = f"write {allow_any} to allow any origin, without credentials."
            problems.append(Problem(option, item, "malformed_origin", message, hint))
        elif isinstance(item, str) and _is_dotted_path(item):
            found += _imported(option, item, problems)
        elif isinstance(item, type):
            problems.append(wrong_type(option, item, "an origin or a function", None))
        else:
            found.append(as_origin_callable(item))
    return found


def _imported(option: str, path: str, problems: list[Problem]) -> list[object]:
    """Import a callable by its dotted path."""
    try:
        function = import_string(path)
    except ImportError as error:
        # If it begins with the name of a module, it was not meant as an origin.
        is_path = find_spec(path.partition(".")[0]) is not None
        corrected = None if is_path else corrected_origin(path)
        message = (
            f"{safe_repr(path)} is not a valid origin (scheme://host), and cannot be imported as a "
            f"callable: {error}."
        )
        hint = None if corrected is None else f"did you mean {corrected!r}?"
        problems.append(Problem(option, path, "not_importable", message, hint))
        return []
    if not callable(function) or isinstance(function, type):
        hint = "name a function that takes an origin and returns True or False."
        expected = f"a function behind {safe_repr(path)}"
        problems.append(wrong_type(option, function, expected, hint))
        return []
    return [as_origin_callable(function)]


def _read_expressions(
    option: str, value: object, problems: list[Problem]
) -> list[re.Pattern[str]]:
    found = []
    for item in _items(option, value, problems):
        if isinstance(item, str):
            try:
                found.append(re.compile(item))
            except _INVALID_EXPRESSION as error:
                problems.append(_malformed(option, item, error))
        elif isinstance(item, re.Pattern) and isinstance(item.pattern, str):
            found.append(item)
        else:
            hint = r'write [r"https://pr-\d+\.example\.com"].'
            problems.append(wrong_type(option, item, "a regular expression", hint))
    return found


def _items(option: str, value: object, problems: list[Problem]) -> tuple[Any, ...]:
    if isinstance(value, str | re.Pattern) or callable(value):
        return (value,)
    if isinstance(value, Iterable) and not isinstance(value, Mapping | bytes | bytearray):
        return (*snapshot(value),)
    hint = "write [] for none."
    if value is None:
        hint = f"was an environment variable not set? Otherwise {hint}"
    problems.append(wrong_type(option, value, "a list", hint))
    return ()


def setting_meant(name: str, known: Collection[str]) -> str:
    """Return a hint with the setting that `name` was probably meant to be, or with all `known`."""
    option = name.removeprefix(PREFIX).lower()
    if option in OPTION_SETTINGS:
        return f"did you mean {OPTION_SETTINGS[option]!r}?"
    bare = [setting.removeprefix(PREFIX).lower() for setting in known]
    return did_you_mean(option, bare, lambda found: PREFIX + found.upper(), "settings")


def _is_dotted_path(text: str) -> bool:
    return "." in text and all(map(str.isidentifier, text.split(".")))


def _malformed(option: str, text: str, error: Exception) -> Problem:
    message = f"{safe_repr(text)} is not a valid regular expression: {error}."
    return Problem(option, text, "malformed_expression", message, None)
