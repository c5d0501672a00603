"""What a browser does with a cross-origin ``fetch()``, in Python, for tests and explanations.

It knows nothing of policies: it judges what comes over the wire, by the Fetch standard, as
Chromium, Firefox and WebKit do.
"""

try:
    from .client import Browser
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"corswsgi.browser needs {error.name}: pip install 'corswsgi[tools]'", name=error.name
    ) from error
from .cache import MAX_AGE_LIMITS, PreflightCache
from .messages import Exchange, Headers, Request, Response
from .model import Credentials, Fetch, Mode, Result, fetching
from .outcome import Outcome
from .reasons import FetchReason, Verdict
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
    "Result",
    "Verdict",
    "fetching",
    "parse_url",
]
