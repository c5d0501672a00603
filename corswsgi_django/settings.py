"""The settings: what people write, and what django-cors-headers has taught them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, NamedTuple

from django.utils.module_loading import import_string

from corswsgi import Policy, PolicyError, Problem
from corswsgi.corrections import corrected_origin
from corswsgi.errors import shown, within, wrong_type
from corswsgi.layers import Layer, combined
from corswsgi.marks import frozen
from corswsgi.options import did_you_mean
from corswsgi.origins import NOBODY
from corswsgi.resources import check_path

from .callables import as_origin_callable
from .defaults import default_headers, default_max_age, default_methods

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
"""What the options of a policy are called among the settings."""

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
"""Settings that have an older name, which counts where the newer one is not there."""

REMOVED = {
    "CORS_MODEL": "origins from a database are a callable among CORS_ALLOWED_ORIGINS",
    "CORS_REPLACE_HTTPS_REFERER": "list the origins that may write in CSRF_TRUSTED_ORIGINS",
    "CORS_URLS_ALLOW_ALL_REGEX": 'write CORS_RESOURCES = {"/path/*": {"CORS_ALLOW_ALL_ORIGINS": '
    "True}}",
}
"""Settings that django-cors-headers has had once, and what to write instead."""

_OPTIONS = {setting: option for option, setting in OPTION_SETTINGS.items() if option != "origins"}
_OF_A_PATH = (ORIGINS, EXPRESSIONS, ALLOW_ALL, *OLDER.values(), *_OPTIONS)

KNOWN = (*_OF_A_PATH, URLS, RESOURCES)
"""The names of all settings."""

_DEFAULTS: Mapping[str, Any] = {
    "origins": (NOBODY,),
    "methods": default_methods,
    "allow_headers": default_headers,
    "max_age": default_max_age,
}

_EVERYWHERE = r"^.*$"

# What re.compile() raises: of too large numbers and of too many parentheses, too.
_NO_EXPRESSION = (re.error, OverflowError, RecursionError)

_assignment = re.compile(rf"\b({'|'.join(OPTION_SETTINGS)})=")
# `origins` and `methods` are words of everyday language too.
_name = re.compile(rf"\b({'|'.join(set(OPTION_SETTINGS) - {'origins', 'methods'})})\b")


class Settings(NamedTuple):
    """The settings, read."""

    options: Mapping[str, Any]
    """The options of `corswsgi.Policy` that hold for all paths but those of `resources`."""
    resources: Mapping[str, Layer]
    """What is laid over that, by path pattern."""
    urls: re.Pattern[str] | None
    """What the paths that `options` hold for have to match, from their start; None: any."""
    problems: list[Problem]
    """Everything that is wrong."""


def cors_settings(settings: object) -> dict[str, Any]:
    """Return the settings that are named CORS_something, by their names."""
    names = (name for name in dir(settings) if name.startswith(PREFIX) and name.isupper())
    return {name: getattr(settings, name) for name in names}


def read_settings(settings: object) -> Settings:
    """Read Django's settings; what is unknown among them is not read."""
    given = cors_settings(settings)
    layer = _Layer(given)
    options = {**_DEFAULTS, **layer.options}
    problems = layer.problems + layer.check((options,))
    urls, problem = _read_urls(given.get(URLS, _EVERYWHERE))
    problems += [problem] if problem is not None else []
    resources: dict[str, Layer] = {}
    written = given.get(RESOURCES, {})
    if isinstance(written, Mapping):
        for path, value in written.items():
            resources[path], found = _read_resource(path, value, None if problems else options)
            problems += found
    else:
        hint = 'as in CORS_RESOURCES = {"/static/*": None}.'
        problems.append(wrong_type(RESOURCES, written, "a mapping from paths", hint))
    return Settings(options, resources, urls, problems)


def _read_resource(
    path: object, value: object, outer: Mapping[str, Any] | None
) -> tuple[Layer, list[Problem]]:
    """Read one of CORS_RESOURCES; `outer` is what it is laid over, None if that is refused."""
    place = f"{RESOURCES}[{shown(path)}]"
    problem = check_path(place, path)
    problems = [problem] if problem is not None else []
    if value is None or isinstance(value, Policy):
        return value, problems
    if not isinstance(value, Mapping):
        hint = 'as in {"CORS_ALLOW_ALL_ORIGINS": True}.'
        return None, [*problems, wrong_type(place, value, "a dict of settings or None", hint)]
    for name in value:
        if name not in _OF_A_PATH:
            message = f"there is no such setting of a path: {shown(name)}."
            hint = setting_meant(str(name), _OF_A_PATH)
            problems.append(Problem(place, name, "unknown_option", message, hint))
    layer = _Layer({str(name): item for name, item in value.items()})
    # Without what it is laid over, it is judged on its own.
    enclosing = _DEFAULTS if outer is None else outer
    found = layer.problems + layer.check((enclosing, layer.options))
    return layer.options, problems + within(place, found)


def _read_urls(value: object) -> tuple[re.Pattern[str] | None, Problem | None]:
    if value == _EVERYWHERE:
        return None, None
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        return value, None
    if not isinstance(value, str):
        hint = r'as in CORS_URLS_REGEX = r"^/api/.*$".'
        return None, wrong_type(URLS, value, "a regular expression", hint)
    try:
        return re.compile(value), None
    except _NO_EXPRESSION as error:
        return None, _malformed(URLS, value, error)


class _Layer:
    """Settings of all paths, or of one, as options of a policy."""

    options: dict[str, Any]
    problems: list[Problem]
    """What is wrong with how they are written; what `check` finds is wrong with the options."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        # The settings are read again, by checks and after changes.
        self.problems = [
            wrong_type(name, value, "what can be read twice", "write a list.")
            for name, value in given.items()
            if name in KNOWN and isinstance(value, Iterator)
        ]
        if "CORS_ALLOW_METHODS" in given and given["CORS_ALLOW_METHODS"] is None:
            hint = "was an environment variable not set? Otherwise write a list."
            self.problems.append(wrong_type("CORS_ALLOW_METHODS", None, "a list", hint))
        if self.problems:
            given = {
                name: value for name, value in given.items() if not isinstance(value, Iterator)
            }
        self._names = {
            name: older if name not in given and older in given else name
            for name, older in OLDER.items()
        }
        written = {name: given[real] for name, real in self._names.items() if real in given}
        self._expressions = self._read_expressions(written.get(EXPRESSIONS, ()))
        self._listed = self._read_origins(written.get(ORIGINS, ()))
        self._allows_all = self._read_allow_all(written.get(ALLOW_ALL, False))
        self.options = {
            option: frozen(given[setting])
            for setting, option in _OPTIONS.items()
            if setting in given
        }
        if written:
            rules = (*self._listed, *self._expressions) or (NOBODY,)
            self.options["origins"] = "*" if self._allows_all else rules

    def check(self, layers: tuple[Mapping[str, Any], ...]) -> list[Problem]:
        """Return what is wrong with layers of options, of which this is the innermost."""
        problems = []
        if self._allows_all and (self._listed or self._expressions):
            # They say nothing for now, as under DEBUG, and shall be right all the same.
            rules = (*self._listed, *self._expressions)
            problems += _problems(({"origins": rules},))
        return [self._renamed(problem) for problem in problems + _problems(layers)]

    def _renamed(self, problem: Problem) -> Problem:
        """Say of a problem which setting it is of, in the words of settings."""
        setting = OPTION_SETTINGS[problem.option]
        if problem.option == "origins":
            setting = self._names[ORIGINS]
            if problem.value == "*" and self._allows_all:
                setting = self._names[ALLOW_ALL]
            elif any(problem.value is expression for expression in self._expressions):
                setting = self._names[EXPRESSIONS]
        hint = None if problem.hint is None else in_settings(problem.hint)
        return replace(problem, option=setting, message=in_settings(problem.message), hint=hint)

    def _read_origins(self, value: object) -> tuple[object, ...]:
        name = self._names[ORIGINS]
        found = []
        for item in self._items(name, value):
            if isinstance(item, str) and item == "*":
                message = "'*' is no origin."
                hint = f"write {ALLOW_ALL} = True for any origin, without credentials."
                self.problems.append(Problem(name, item, "malformed_origin", message, hint))
            elif isinstance(item, str) and _is_dotted_path(item):
                found += self._imported(name, item)
            elif isinstance(item, type):
                self.problems.append(wrong_type(name, item, "an origin or a function", None))
            else:
                found.append(as_origin_callable(item))
        return tuple(found)

    def _imported(self, name: str, path: str) -> list[object]:
        try:
            ask = import_string(path)
        except ImportError as error:
            # What begins with the name of a module was meant as one.
            is_path = find_spec(path.partition(".")[0]) is not None
            corrected = None if is_path else corrected_origin(path)
            message = (
                f"{shown(path)} is no origin (scheme://host), and no callable that could be "
                f"imported: {error}."
            )
            hint = None if corrected is None else f"did you mean {corrected!r}?"
            self.problems.append(Problem(name, path, "not_importable", message, hint))
            return []
        if not callable(ask) or isinstance(ask, type):
            hint = "name a function that takes an origin, and answers True or False."
            self.problems.append(wrong_type(name, ask, f"a function behind {shown(path)}", hint))
            return []
        return [as_origin_callable(ask)]

    def _read_expressions(self, value: object) -> tuple[re.Pattern[str], ...]:
        name = self._names[EXPRESSIONS]
        found = []
        for item in self._items(name, value):
            if isinstance(item, str):
                try:
                    found.append(re.compile(item))
                except _NO_EXPRESSION as error:
                    self.problems.append(_malformed(name, item, error))
            elif isinstance(item, re.Pattern) and isinstance(item.pattern, str):
                found.append(item)
            else:
                hint = r'as in [r"https://pr-\d+\.example\.com"].'
                self.problems.append(wrong_type(name, item, "a regular expression", hint))
        return tuple(found)

    def _read_allow_all(self, value: object) -> bool:
        name = self._names[ALLOW_ALL]
        if not isinstance(value, bool):
            hint = f"write {name} = True, or leave it out. (The text 'False' would be true.)"
            self.problems.append(wrong_type(name, value, "True or False", hint))
        return value is True

    def _items(self, name: str, value: object) -> tuple[Any, ...]:
        if isinstance(value, str | re.Pattern) or callable(value):
            return (value,)
        if isinstance(value, Iterable) and not isinstance(value, Mapping | bytes | bytearray):
            return (*frozen(value),)
        hint = "write [] for none."
        if value is None:
            hint = f"was an environment variable not set? Otherwise {hint}"
        self.problems.append(wrong_type(name, value, "a list", hint))
        return ()


def setting_meant(name: str, known: Collection[str]) -> str:
    """Return a hint that names the setting that `name` was probably meant to be, or all `known`."""
    option = name.removeprefix(PREFIX).lower()
    if option in OPTION_SETTINGS:
        return f"did you mean {OPTION_SETTINGS[option]!r}?"
    bare = [setting.removeprefix(PREFIX).lower() for setting in known]
    return did_you_mean(option, bare, lambda found: PREFIX + found.upper(), "settings")


def in_settings(text: str) -> str:
    """Return a text about the options of a policy in the words of settings."""
    for old, new in (
        ('origins="*"', f"{ALLOW_ALL} = True"),
        (
            "An expression has to be compiled: re.compile(...).",
            f"An expression belongs into {EXPRESSIONS}.",
        ),
        (
            "compile a regular expression: re.compile(...).",
            f"there is {EXPRESSIONS}.",
        ),
        ("as in 'https://*.example.com'.", f'as in {ORIGINS} = ["https://*.example.com"].'),
    ):
        text = text.replace(old, new)
    text = _assignment.sub(lambda match: f"{OPTION_SETTINGS[match[1]]} = ", text)
    return _name.sub(lambda match: OPTION_SETTINGS[match[1]], text)


def _problems(layers: tuple[Mapping[str, Any], ...]) -> list[Problem]:
    try:
        combined(layers)
    except PolicyError as error:
        return [*error.problems]
    return []


def _is_dotted_path(text: str) -> bool:
    return "." in text and all(map(str.isidentifier, text.split(".")))


def _malformed(name: str, text: str, error: Exception) -> Problem:
    message = f"{shown(text)} is no regular expression: {error}."
    return Problem(name, text, "malformed_expression", message, None)
