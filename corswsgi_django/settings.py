"""The settings, which are those of django-cors-headers and a few more."""

from __future__ import annotations

from corswsgi.adapters import (
    NO_ORIGIN,
    CorsSettings,
    known_settings,
    read_cors_settings,
    setting_format,
)

from .defaults import default_headers, default_max_age
from .lookups import as_origin_callable

FORMAT = setting_format(as_origin_callable)

KNOWN = known_settings(FORMAT)
"""The names of all settings."""

_DEFAULTS = {
    "origins": NO_ORIGIN,
    "methods": None,  # see PolicyTable's extra_methods
    "allow_headers": default_headers,
    "max_age": default_max_age,
}


def read_settings(settings: object) -> CorsSettings:
    """Read Django's settings. Unknown ones are ignored here, and reported by the checks."""
    return read_cors_settings(settings, FORMAT, _DEFAULTS)
