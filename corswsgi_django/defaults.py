"""The defaults of the settings, to extend: ``CORS_ALLOW_HEADERS = [*default_headers, "x-a"]``."""

from corswsgi.adapters import DEFAULT_METHODS

default_headers: tuple[str, ...] = (
    "accept",
    "authorization",
    "content-type",
    "user-agent",
    "x-csrftoken",
    "x-requested-with",
)
"""The default of CORS_ALLOW_HEADERS, as in django-cors-headers."""

default_methods: tuple[str, ...] = (*DEFAULT_METHODS, "OPTIONS")
"""The default of CORS_ALLOW_METHODS. Class-based views handle OPTIONS.

Other methods in the ``http_method_names`` of views are allowed, too, if the setting is left out.
"""

default_max_age = 86400
"""The default of CORS_PREFLIGHT_MAX_AGE in seconds, as in django-cors-headers."""
