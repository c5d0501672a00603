"""A model of what browsers do with a cross-origin ``fetch()``, for tests and explanations.

The model follows the Fetch standard (https://fetch.spec.whatwg.org/) and has been compared with
Chromium, Firefox and WebKit. It does not know policies: it evaluates requests and responses only.
"""

try:
    from .client import Browser
except ModuleNotFoundError as _error:
    raise ModuleNotFoundError(
        f"corswsgi.browser needs {_error.name}: pip install 'corswsgi[browser]'", name=_error.name
    ) from _error
from .cache import MAX_AGE_LIMITS, PreflightCache
from .messages import Exchange, Headers, Request, Response
from .model import Credentials, Fetch, Mode, main_fetch
from .outcome import Outcome
from .reasons import FetchReason
from .urls import URL, parse_url

__all__ = [
    "MAX_AGE_LIMITS",
    "URL",
    "Browser",
    "Credentials",
    "Exchange",
    "Fetch",
    "FetchReason",
    "Headers",
    "Mode",
    "Outcome",
    "PreflightCache",
    "Request",
    "Response",
    "main_fetch",
    "parse_url",
]
