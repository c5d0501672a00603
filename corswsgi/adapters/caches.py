"""IdentityCache: a cache that is keyed by the identities of objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

# Applications may create views for single requests. Their entries must not fill the memory.
_MAX_ENTRIES = 4096


class IdentityCache(Generic[T]):
    """A cache for objects that cannot be hashed, such as views and layers. A full one is emptied.

    Any thread may fill and empty it.
    """

    def __init__(self) -> None:
        self._entries: dict[tuple[object, ...], tuple[object, T]] = {}

    def get(
        self, key: tuple[object, ...], owner: object, make: Callable[..., T], *arguments: object
    ) -> T:
        """Return the value for `key`, which ``make(*arguments)`` returns at the first call.

        `key` contains identities of `owner`, or of its items. The owner is kept with the value, so
        that no other object gets the same identity.
        """
        entry = self._entries.get(key)
        if entry is None:
            if len(self._entries) >= _MAX_ENTRIES:
                self._entries = {}
            entry = self._entries[key] = owner, make(*arguments)
        return entry[1]
