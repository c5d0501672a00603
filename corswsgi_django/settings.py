"""The settings, which are those of django-cors-headers and a few more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from corswsgi import Problem
from corswsgi.adapters import NO_ORIGIN, Layer, Notice, SettingFormat, read_expression, read_paths

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

_EXPRESSIONS = "CORS_ALLOWED_ORIGIN_REGEXES"
_ALLOW_ALL = "CORS_ALLOW_ALL_ORIGINS"
_URLS = "CORS_URLS_REGEX"
_RESOURCES = "CORS_RESOURCES"

OLDER = {
    "CORS_ALLOWED_ORIGINS": "CORS_ORIGIN_WHITELIST",
    _EXPRESSIONS: "CORS_ORIGIN_REGEX_WHITELIST",
    _ALLOW_ALL: "CORS_ORIGIN_ALLOW_ALL",
}
"""Settings with an older name, which is used if the newer one is missing."""

REMOVED = {
    "CORS_MODEL": "add a function that reads the database to CORS_ALLOWED_ORIGINS",
    "CORS_REPLACE_HTTPS_REFERER": "list the origins that may write in CSRF_TRUSTED_ORIGINS",
    "CORS_URLS_ALLOW_ALL_REGEX": 'write CORS_RESOURCES = {"/path/*": {"CORS_ALLOW_ALL_ORIGINS": '
    "True}}",
}
"""Settings that django-cors-headers has removed, and their replacements."""

FORMAT = SettingFormat(PREFIX, OPTION_SETTINGS, _EXPRESSIONS, _ALLOW_ALL, OLDER, as_origin_callable)

KNOWN = (*FORMAT.known, _URLS, _RESOURCES)
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


def cors_settings(settings: object) -> dict[str, Any]:
    """Return the settings whose names begin with ``CORS_``."""
    names = (name for name in dir(settings) if name.startswith(PREFIX) and name.isupper())
    return {name: getattr(settings, name) for name in names}


def read_settings(settings: object) -> Settings:
    """Read Django's settings. Unknown ones are ignored here, and reported by the checks."""
    given = cors_settings(settings)
    layer, problems, notices = FORMAT.read(given)
    urls = None
    if (written := given.get(_URLS, _EVERYWHERE)) != _EVERYWHERE:
        usage = r'write CORS_URLS_REGEX = r"^/api/.*$".'
        urls = read_expression(_URLS, written, problems, usage)
    paths, more, others = read_paths(
        _RESOURCES, given.get(_RESOURCES, {}), FORMAT.read_path, '{"CORS_ALLOW_ALL_ORIGINS": True}'
    )
    layers = (Layer(_DEFAULTS, FORMAT.names()), layer)
    return Settings(layers, paths, urls, problems + more, notices + others)
