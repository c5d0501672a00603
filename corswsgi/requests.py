"""CORSRequest: the parts of a request that CORS looks at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class CORSRequest(NamedTuple):
    """The parts of a request that a policy decides about, and that debug mode reports.

    https://fetch.spec.whatwg.org/#http-requests
    """

    method: str
    """The request's method, as it was sent."""
    origin: str | None = None
    """The value of ``Origin``; None if the header is missing."""
    requested_method: str | None = None
    """The value of ``Access-Control-Request-Method``; None if the header is missing."""
    requested_headers: str = ""
    """The value of ``Access-Control-Request-Headers``; several lines are joined with commas."""
    path: str = ""
    """The path as in PATH_INFO. Only log messages use it."""
    fetch_site: str = ""
    """The value of ``Sec-Fetch-Site``. Only debug mode uses it."""
    fetch_mode: str = ""
    """The value of ``Sec-Fetch-Mode``. Only debug mode uses it."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, Any]) -> CORSRequest:
        """Read a request from a WSGI environ (PEP 3333) or from Django's ``request.META``."""
        get = environ.get
        return cls(
            environ["REQUEST_METHOD"],
            get("HTTP_ORIGIN"),
            get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"),
            get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", ""),
            get("PATH_INFO", ""),
            get("HTTP_SEC_FETCH_SITE", ""),
            get("HTTP_SEC_FETCH_MODE", ""),
        )

    @property
    def is_preflight(self) -> bool:
        """Whether this is a CORS-preflight request.

        https://fetch.spec.whatwg.org/#cors-preflight-request
        """
        return (
            self.method == "OPTIONS"
            and self.origin is not None
            and self.requested_method is not None
        )

    @property
    def is_cross_origin_fetch(self) -> bool:
        """Whether the browser says that a page of another origin called ``fetch()``.

        An ``Origin`` does not tell: browsers also send it with same-origin POST requests. Browsers
        send these two headers to HTTPS and loopback addresses only.
        https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-site-header
        """
        return self.fetch_site in ("cross-site", "same-site") and self.fetch_mode == "cors"
