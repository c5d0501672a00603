"""The arguments of CORS() and @cors, and the keys of app.config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from corswsgi import adapters

# Options of Flask-CORS that have no effect here, and the reason.
WITHOUT_EFFECT = {
    "send_wildcard": "a policy for any origin always sends '*'",
    "vary_header": "Vary is set whenever another origin would get other headers",
    "always_send": "requests without Origin get the headers that are the same for every origin",
    "automatic_options": "preflights never reach the view, and other OPTIONS requests always do",
    "intercept_exceptions": "error responses get the same headers as all others",
    "headers": "it is an old name for allow_headers, which allows every header by default",
}

CONFIG_NAMES = adapters.ConfigNames("CORS_")


def read_options(
    policy: object, given: Mapping[str, Any], names: adapters.Names = adapters.OPTION_NAMES
) -> adapters.Reading:
    """Read a policy or options, some of which may be those of Flask-CORS."""
    options, notices = adapters.drop_ignored(given, WITHOUT_EFFECT, names)
    # Flask-CORS accepts None for no headers, and digits.
    if options.get("expose_headers", "") is None:
        del options["expose_headers"]
    max_age = options.get("max_age")
    if isinstance(max_age, str) and max_age.isdecimal():
        options["max_age"] = int(max_age)
    layer, problems, more = adapters.read_layer(policy, options, names)
    return adapters.Reading(layer, problems, notices + more)
