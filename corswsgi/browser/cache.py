"""The CORS-preflight cache (https://fetch.spec.whatwg.org/#concept-cache)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from corswsgi.fetch import NON_WILDCARD_REQUEST_HEADER

MAX_AGE_LIMITS = {"chromium": 7200, "firefox": 86400, "webkit": 600}
"""In seconds: each engine's upper limit for Access-Control-Max-Age."""

DEFAULT_MAX_AGE = 5
"""In seconds: the max-age of a preflight without a valid Access-Control-Max-Age.

https://fetch.spec.whatwg.org/#cors-preflight-fetch, step 7.9
"""


Key = tuple[str, str]
"""``"method"`` or ``"header"``, and the method or header name that is allowed."""


@dataclass(slots=True)
class Entry:
    """A cache entry (https://fetch.spec.whatwg.org/#cache-entry) for a method or header name."""

    expires: float
    credentials: bool


class PreflightCache:
    """The answers to preflights that a browser has cached.

    Time passes only if you change `now`, so tests do not have to wait.
    """

    __slots__ = ("_entries", "limit", "now")

    limit: int
    """In seconds: the browser's upper limit for Access-Control-Max-Age."""

    now: float
    """The current time in seconds, which starts at 0."""

    def __init__(self, limit: int = MAX_AGE_LIMITS["chromium"]) -> None:
        self.limit = limit
        self.now = 0.0
        self._entries: dict[tuple[str, str], dict[Key, list[Entry]]] = {}

    def allows_method(self, origin: str, url: str, with_credentials: bool, method: str) -> bool:
        """Check whether there is a method cache entry match.

        `with_credentials` is true if the credentials mode of the fetch is ``"include"``.

        https://fetch.spec.whatwg.org/#concept-cache-match-method
        """
        return bool(self.matches(origin, url, with_credentials, self.method_keys(method)))

    def allows_header(self, origin: str, url: str, with_credentials: bool, name: str) -> bool:
        """Check whether there is a header-name cache entry match.

        https://fetch.spec.whatwg.org/#concept-cache-match-header
        """
        return bool(self.matches(origin, url, with_credentials, self.header_keys(name)))

    def store(
        self,
        origin: str,
        url: str,
        with_credentials: bool,
        max_age: int,
        methods: Iterable[str],
        names: Iterable[str],
    ) -> None:
        """Store the methods and header names that a preflight allows.

        https://fetch.spec.whatwg.org/#cors-preflight-fetch, steps 7.10 to 7.15
        """
        expires = self.now + min(max_age, self.limit)
        entries = self._entries.setdefault((origin, url), {})
        for key, known in entries.items():
            entries[key] = [entry for entry in known if self.now < entry.expires]
        for keys in [*map(self.method_keys, methods), *map(self.header_keys, names)]:
            matching = self.matches(origin, url, with_credentials, keys)
            if not matching:
                matching = [Entry(expires, with_credentials)]
                entries.setdefault(keys[0], []).extend(matching)
            # The standard sets the max-age of a matching entry, but does not define whether it
            # counts from the first preflight or from this one. Browsers count from this one.
            for entry in matching:
                entry.expires = expires

    def clear(self, origin: str, url: str) -> None:
        """Clear all entries for an origin and a URL.

        https://fetch.spec.whatwg.org/#concept-cache-clear
        """
        self._entries.pop((origin, url), None)

    def matches(
        self, origin: str, url: str, with_credentials: bool, keys: list[Key]
    ) -> list[Entry]:
        """Return the entries that match one of the `keys`.

        https://fetch.spec.whatwg.org/#concept-cache-match
        """
        entries = self._entries.get((origin, url), {})
        return [
            entry
            for key in keys
            for entry in entries.get(key, ())
            if self.now < entry.expires and entry.credentials >= with_credentials
        ]

    def method_keys(self, method: str) -> list[Key]:
        """Return the keys of the entries that allow a method, its own key first."""
        return [("method", method), ("method", "*")]

    def header_keys(self, name: str) -> list[Key]:
        """Return the keys of the entries that allow a header, its own key first."""
        own = ("header", name.lower())
        is_wildcard_enough = name.lower() != NON_WILDCARD_REQUEST_HEADER.lower()
        return [own, ("header", "*")] if is_wildcard_enough else [own]
