"""IdentityCache: a cache that is keyed by the identities of objects."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar
from weakref import ref

T = TypeVar("T")

# For values that refer to their owners, and for owners without weak references: both stay until the
# cache is emptied.
_MAX_ENTRIES = 4096


class IdentityCache(Generic[T]):
    """A cache for objects that cannot be hashed, such as views and layers.

    An entry lives as long as its owners. So views that are created for single requests leave
    nothing behind. Any thread may use it.
    """

    def __init__(self, max_entries: int = _MAX_ENTRIES) -> None:
        """Empty the cache when it has `max_entries`, and another one is added."""
        self._max_entries = max_entries
        self._entries: dict[object, tuple[T, list[object]]] = {}

    def get(
        self, key: object, owners: tuple[object, ...], make: Callable[..., T], *arguments: object
    ) -> T:
        """Return the value for `key`, which ``make(*arguments)`` returns at the first call.

        `key` consists of identities of the `owners`. When one of them is deleted, so is the entry,
        because another object may get the same identity.
        """
        entry = self._entries.get(key)
        if entry is None:
            value = make(*arguments)
            # Called with the reference, which is the default of pop().
            forget = partial(self._entries.pop, key)
            if len(self._entries) >= self._max_entries:
                self._entries.clear()
            kept = [_reference(owner, forget) for owner in owners]
            # setdefault() is atomic, so all threads get the same value.
            entry = self._entries.setdefault(key, (value, kept))
        return entry[0]


def _reference(owner: object, forget: Callable[[object], object]) -> object:
    """Return a weak reference; the owner itself if it cannot have one."""
    try:
        return ref(owner, forget)
    except TypeError:
        return owner
