"""The defaults of the settings, to extend: ``CORS_ALLOW_HEADERS = [*default_headers, "x-a"]``."""

default_headers = (
    "accept",
    "authorization",
    "content-type",
    "user-agent",
    "x-csrftoken",
    "x-requested-with",
)
"""What CORS_ALLOW_HEADERS is where it is not set: that of django-cors-headers."""

default_methods = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
"""What CORS_ALLOW_METHODS is where it is not set: that of django-cors-headers."""

default_max_age = 86400
"""What CORS_PREFLIGHT_MAX_AGE is where it is not set, in seconds: that of django-cors-headers."""
