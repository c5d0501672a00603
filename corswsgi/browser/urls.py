"""URLs, as browsers parse them."""

from __future__ import annotations

from typing import NamedTuple

import ada_url  # the URL standard itself, as Node.js parses

from corswsgi.origins import is_loopback


class URL(NamedTuple):
    """An absolute URL (URL standard, 4.1), in its one serialization."""

    href: str
    """Without what is never sent: the fragment, a user name, a password."""
    origin: str
    """Serialized; ``null`` where the scheme has none."""
    scheme: str
    host: str
    has_credentials: bool
    """Whether there was a user name or a password in it."""

    @property
    def is_http(self) -> bool:
        """Whether the scheme is an HTTP(S) scheme (2.1)."""
        return self.scheme in ("http", "https")

    @property
    def is_potentially_trustworthy(self) -> bool:
        """Whether a secure page may fetch it (Secure Contexts, 3.2)."""
        return self.scheme != "http" or is_loopback(self.host)


def parse_url(text: str, base: str | None = None) -> URL | None:
    """Parse a URL, which may be relative to `base`; None for what is none."""
    try:
        url = ada_url.URL(text, base=base)
    except ValueError:
        return None
    has_credentials = bool(url.username or url.password)
    url.hash = ""
    if has_credentials:  # others may be of a scheme without, where it is an error to set them
        url.username = url.password = ""
    return URL(url.href, url.origin, url.protocol[:-1], url.hostname, has_credentials)
