"""URLs as browsers parse them."""

from __future__ import annotations

from typing import NamedTuple

import ada_url  # implements the URL standard; Node.js uses the same parser

from corswsgi.origins import is_loopback


class URL(NamedTuple):
    """A URL record (https://url.spec.whatwg.org/#concept-url)."""

    href: str
    """The serialized URL without the parts that are not sent: fragment, user name and password."""
    origin: str
    """The serialized origin; ``null`` for schemes that have no origin."""
    scheme: str
    host: str
    has_credentials: bool
    """Whether the URL included a user name or a password."""

    @property
    def is_http(self) -> bool:
        """Whether the scheme is an HTTP(S) scheme (https://fetch.spec.whatwg.org/#http-scheme)."""
        return self.scheme in ("http", "https")

    @property
    def is_potentially_trustworthy(self) -> bool:
        """Whether a page over https may fetch this URL.

        https://w3c.github.io/webappsec-secure-contexts/#is-url-trustworthy
        """
        return self.scheme != "http" or is_loopback(self.host)


def parse_url(text: str, base: str | None = None) -> URL | None:
    """Parse a URL, which may be relative to `base`; return None if it is not valid.

    https://url.spec.whatwg.org/#concept-url-parser
    """
    try:
        url = ada_url.URL(text, base=base)
    except ValueError:
        return None
    has_credentials = bool(url.username or url.password)
    url.hash = ""
    if has_credentials:  # ada_url refuses to set these for schemes that cannot have them
        url.username = url.password = ""
    return URL(url.href, url.origin, url.protocol[:-1], url.hostname, has_credentials)
