"""The arguments of CORS() and @cors, and the keys of app.config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from corswsgi import adapters
from corswsgi.adapters import Ignored

_REASONS = {
    "send_wildcard": "a policy for any origin always sends '*'",
    "vary_header": "Vary is set whenever another origin would get other headers",
    "always_send": "requests without Origin get the headers that are the same for every origin",
    "automatic_options": "preflights never reach the view, and other OPTIONS requests always do",
    "intercept_exceptions": "error responses get the same headers as all others",
    "headers": "it is an old name for allow_headers, which allows every header by default",
}

WITHOUT_EFFECT = {name: Ignored(reason) for name, reason in _REASONS.items()}
"""Options of Flask-CORS that have no effect here, as arguments and as keys."""

# Flask-CORS ignores unknown arguments, so these had no effect there either. CORS_ORIGINS and
# CORS_RESOURCES are not among them: without the origins or the paths, more would be allowed.
_MISSPELLED = {
    "vary_headers": WITHOUT_EFFECT["vary_header"],
    "support_credentials": Ignored(
        "it is misspelled, and Flask-CORS ignores it, too",
        "Remove it. If pages send cookies, write supports_credentials=True.",
    ),
}
CONFIG_NAMES = adapters.ConfigNames("CORS_")
_OPTIONS = ["methods", "allow_headers", "expose_headers", "supports_credentials", "max_age"]
_IGNORED = {**WITHOUT_EFFECT, **_MISSPELLED}
_IGNORED |= adapters.ignored_keys(CONFIG_NAMES, _IGNORED, _OPTIONS)


def read_options(
    policy: object, given: Mapping[str, Any], names: adapters.Names = adapters.OPTION_NAMES
) -> adapters.Reading:
    """Read a policy or options, some of which may be those of Flask-CORS."""
    options, notices = adapters.drop_ignored(given, _IGNORED, names)
    # Flask-CORS accepts None for no headers, and digits.
    if options.get("expose_headers", "") is None:
        del options["expose_headers"]
    max_age = options.get("max_age")
    if isinstance(max_age, str) and max_age.isdecimal():
        options["max_age"] = int(max_age)
    return adapters.read_layer(policy, options, names).with_notices(notices)
