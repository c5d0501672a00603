"""The CORS-preflight cache (Fetch, 4.9), on a clock of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from corswsgi.fetch import NON_WILDCARD_REQUEST_HEADER

MAX_AGE_LIMITS = {"chromium": 7200, "firefox": 86400, "webkit": 600}
"""In seconds: the longest that each engine remembers a preflight, whatever the server says."""

DEFAULT_MAX_AGE = 5
"""In seconds: how long a preflight is remembered of which the server says nothing (4.8, 7.9)."""


Key = tuple[str, str]
"""``"method"`` or ``"header"``, and what is allowed."""


@dataclass(slots=True)
class Entry:
    """What is remembered of one method or header name (4.9, cache entry)."""

    expires: float
    credentials: bool


class PreflightCache:
    """What a browser remembers of preflights.

    It has no clock but `now`, in seconds, which stands still until somebody moves it: tests
    need neither wait nor hurry.
    """

    __slots__ = ("_entries", "limit", "now")

    limit: int
    """In seconds: the browser's own limit on max-age."""

    now: float

    def __init__(self, limit: int = MAX_AGE_LIMITS["chromium"]) -> None:
        self.limit = limit
        self.now = 0.0
        self._entries: dict[tuple[str, str], dict[Key, list[Entry]]] = {}

    def allows_method(self, origin: str, url: str, include: bool, method: str) -> bool:
        """Tell whether there is a method cache entry match.

        `include` is whether the fetch's credentials mode is ``"include"``.
        """
        return bool(self.matching(origin, url, include, self.method_keys(method)))

    def allows_header(self, origin: str, url: str, include: bool, name: str) -> bool:
        """Tell whether there is a header-name cache entry match."""
        return bool(self.matching(origin, url, include, self.header_keys(name)))

    def store(
        self,
        origin: str,
        url: str,
        include: bool,
        max_age: int,
        methods: Iterable[str],
        names: Iterable[str],
    ) -> None:
        """Remember what a preflight has allowed (4.8, steps 7.10 to 7.15)."""
        expires = self.now + min(max_age, self.limit)
        entries = self._entries.setdefault((origin, url), {})
        for key, known in entries.items():
            entries[key] = [entry for entry in known if self.now < entry.expires]
        for keys in [*map(self.method_keys, methods), *map(self.header_keys, names)]:
            matching = self.matching(origin, url, include, keys)
            if not matching:
                matching = [Entry(expires, include)]
                entries.setdefault(keys[0], []).extend(matching)
            # The standard sets the max-age of an entry that is there, and does not say from when on
            # it counts; engines count from this preflight.
            for entry in matching:
                entry.expires = expires

    def clear(self, origin: str, url: str) -> None:
        """Clear cache entries: forget what was allowed to an origin at a URL."""
        self._entries.pop((origin, url), None)

    def matching(self, origin: str, url: str, include: bool, keys: list[Key]) -> list[Entry]:
        """Find the entries of these keys that count (4.9, cache entry match)."""
        entries = self._entries.get((origin, url), {})
        return [
            entry
            for key in keys
            for entry in entries.get(key, ())
            if self.now < entry.expires and entry.credentials >= include
        ]

    def method_keys(self, method: str) -> list[Key]:
        """Name the entries that allow a method, its own first (4.9, method cache entry match)."""
        return [("method", method), ("method", "*")]

    def header_keys(self, name: str) -> list[Key]:
        """Name the entries that allow a header (4.9, header-name cache entry match)."""
        own = ("header", name.lower())
        # `*` does not stand for Authorization.
        covered = name.lower() != NON_WILDCARD_REQUEST_HEADER.lower()
        return [own, ("header", "*")] if covered else [own]
