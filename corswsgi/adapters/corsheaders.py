"""The settings of django-cors-headers, and the methods of its middleware."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from corswsgi.errors import Notice, Problem

from .layers import Layer, read_paths
from .settings import SettingFormat
from .values import read_expression, strings

_PREFIX = "CORS_"

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
"""The settings for the options of a policy. The last one is new."""

_EXPRESSIONS = "CORS_ALLOWED_ORIGIN_REGEXES"
_ALLOW_ALL = "CORS_ALLOW_ALL_ORIGINS"
_URLS = "CORS_URLS_REGEX"
_RESOURCES = "CORS_RESOURCES"

_EVERYWHERE = r"^.*$"

OLDER = {
    "CORS_ALLOWED_ORIGINS": "CORS_ORIGIN_WHITELIST",
    _EXPRESSIONS: "CORS_ORIGIN_REGEX_WHITELIST",
    _ALLOW_ALL: "CORS_ORIGIN_ALLOW_ALL",
}
"""Settings with an older name, which is used if the newer one is missing."""

REMOVED_SETTINGS = {
    "CORS_MODEL": "Add a function that reads the database to CORS_ALLOWED_ORIGINS",
    "CORS_REPLACE_HTTPS_REFERER": "List the origins that may write in CSRF_TRUSTED_ORIGINS",
    "CORS_URLS_ALLOW_ALL_REGEX": 'Write CORS_RESOURCES = {"/path/*": {"CORS_ALLOW_ALL_ORIGINS": '
    "True}}",
}
"""Settings that django-cors-headers has removed, and their replacements."""

FOREST = (
    (
        "django_forest adds django-cors-headers to MIDDLEWARE, and an expression that matches any "
        "site to CORS_ALLOWED_ORIGIN_REGEXES."
    ),
    (
        'after init_forest(): settings.MIDDLEWARE.remove("corsheaders.middleware.CorsMiddleware"); '
        r"settings.CORS_ALLOWED_ORIGIN_REGEXES = [r'https://(.+\.)?forestadmin\.com']"
    ),
)
"""A sentence about the package django_forest, which changes the settings, and a hint."""

_DECIDE_ORIGIN = ("origin_found_in_white_lists", "regex_domain_match", "_url_in_whitelist")

# The methods of its middleware that projects override, and their replacements.
_METHODS = {
    **dict.fromkeys(_DECIDE_ORIGIN, ""),
    "is_enabled": "CORS_URLS_REGEX or CORS_RESOURCES",
    "check_signal": "a receiver of corswsgi_django.signals.check_request_enabled",
    **dict.fromkeys(
        ("check_preflight", "add_response_headers", "process_request", "process_response"),
        "another middleware above CORSMiddleware, which sees its responses",
    ),
}


def setting_format(adapt: Callable[[object], object]) -> SettingFormat:
    """Return the format of the settings. For `adapt`, see `read_layer`."""
    return SettingFormat(_PREFIX, OPTION_SETTINGS, _EXPRESSIONS, _ALLOW_ALL, OLDER, adapt)


class CorsSettings(NamedTuple):
    """The settings after reading."""

    layers: tuple[Layer, ...]
    """The defaults, and the settings laid over them."""
    paths: dict[str, Layer]
    """CORS_RESOURCES."""
    urls: re.Pattern[str] | None
    """CORS_URLS_REGEX: `layers` apply to paths that it matches; None: to all."""
    problems: list[Problem]
    notices: list[Notice]


def turn_off(settings: object, paths: Iterable[str], written: Callable[[str], str] = repr) -> str:
    """Return what to write to leave the headers of some paths alone: an assignment.

    Other paths in the settings stay as they are. `written` is how a path is written.
    """
    if hasattr(settings, _RESOURCES):
        return "; ".join(f"{_RESOURCES}[{written(path)}] = None" for path in paths)
    return f"{_RESOURCES} = {{{', '.join(f'{written(path)}: None' for path in paths)}}}"


def choose_setter(settings: object, paths: Iterable[str]) -> str:
    """Return a hint for views that set headers which a policy sets, too."""
    return (
        "remove the header from the views, because the policy sets it. If a view should decide "
        f"itself, write {turn_off(settings, paths)}."
    )


def known_settings(setting_format: SettingFormat) -> tuple[str, ...]:
    """Return the names of all settings."""
    return (*setting_format.known, _URLS, _RESOURCES)


def cors_settings(settings: object) -> dict[str, Any]:
    """Return the settings whose names begin with ``CORS_``."""
    names = (name for name in dir(settings) if name.startswith(_PREFIX) and name.isupper())
    return {name: getattr(settings, name) for name in names}


def read_cors_settings(
    settings: object, setting_format: SettingFormat, defaults: Mapping[str, Any]
) -> CorsSettings:
    """Read the attributes of an object such as Django's settings. Unknown ones are ignored."""
    given = cors_settings(settings)
    layer, problems, notices = setting_format.read(given)
    urls = None
    if (written := given.get(_URLS, _EVERYWHERE)) != _EVERYWHERE:
        usage = r'write CORS_URLS_REGEX = r"^/api/.*$".'
        urls = read_expression(_URLS, written, problems, usage)
    usage = '{"CORS_ALLOW_ALL_ORIGINS": True}'
    resources = given.get(_RESOURCES, {})
    paths, more, others = read_paths(_RESOURCES, resources, setting_format.read_path, usage)
    layers = (Layer(defaults, setting_format.names()), layer)
    unused = setting_format.unused(given, known_settings(setting_format), REMOVED_SETTINGS)
    return CorsSettings(layers, paths, urls, problems + more, [*notices, *others, *unused])


def describe_overrides(
    middleware: Any, name: str, bases: Iterable[str], origins: object
) -> tuple[str, str] | None:
    """Return a sentence about overridden methods that are never called, and a hint, or None.

    `middleware` is a class whose `name` is a path for imports, `bases` are the modules of the
    middleware that it is derived from, and `origins` are those that the settings list.
    """
    defined: set[str] = set()
    for each in getattr(middleware, "__mro__", ()):
        if each.__module__ in bases:
            break
        defined |= {*vars(each)}
    found = [method for method in _METHODS if method in defined]
    if not found:
        return None
    hints = []
    if not defined.isdisjoint(_DECIDE_ORIGIN):
        value = repr([*strings(origins), f"{name.rpartition('.')[0]}.is_allowed"])
        hints.append(f"CORS_ALLOWED_ORIGINS = {value}, and a function is_allowed(origin)")
    hints += dict.fromkeys(_METHODS[method] for method in found if _METHODS[method])
    overridden = ", ".join(f"{method}()" for method in found)
    text = f"{name} overrides {overridden} of django-cors-headers, which corswsgi never calls."
    return text, f"write instead: {'; '.join(hints)}."
