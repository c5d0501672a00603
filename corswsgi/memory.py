"""Memory: the limit of the decisions that all policies of a process cache.

Clients choose the origin and the requested headers, and so they choose the entries of the caches.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from threading import Lock
from typing import Any, Generic, TypeVar
from weakref import ref

from .decision import Decision

K = TypeVar("K")

_LIMIT = 16 * 2**20  # in bytes; docs/reference.md states it

# Upper bounds for the parts of an entry, in bytes, with CPython on 64 bits. A test measures them.
# A dictionary that has just grown has, for each entry, room for four of 24 bytes and six indices of
# 4 bytes.
_PLACE = 120
_DECISION = 256  # the object, its tuples without the headers, and the key if it is a tuple
_HEADER = 96  # a pair of name and value, and its places in two tuples
_CACHE = 384  # a dictionary with its first entry, and the references to it


class Memory:
    """Counts the bytes in caches of decisions, so that they can be emptied when it is full.

    Only decisions count, because all else depends on the configuration alone. The limit is never
    exceeded, because each change happens under one lock. Reading a cache needs no lock. No request
    waits for the lock: if another thread has it, the decision is just not cached. So it does not
    matter either if the same thread has it, in a signal handler or in the garbage collector.

    Emptying everything is cheaper than an order of eviction, which would cost time in each request:
    the entries that are still needed soon return.
    """

    def __init__(self, limit: int) -> None:
        """Limit the caches to `limit` bytes together."""
        self.limit: int = limit
        self.lock: Lock = Lock()
        self.counted: int = 0
        """The bytes in all caches, including those that are gone. Change it with the lock only."""
        self.caches: dict[int, ref[DecisionCache[Any]]] = {}
        """The caches that are not empty, by identity. Change it with the lock only."""
        self.gone: list[tuple[int, int]] = []
        """The identities and sizes of caches that were deleted.

        They are subtracted later, because a cache may be deleted while its thread has the lock.
        """

    @property
    def used(self) -> int:
        """The bytes in all caches, at the moment."""
        with self.lock:
            self.subtract_gone()
            return self.counted

    def empty(self) -> None:
        """Empty all caches. Call it with the lock only."""
        caches = self.caches
        for reference in [*caches.values()]:
            cache = reference()
            if cache is not None:
                cache.empty()
        caches.clear()
        self.counted = 0

    def start_over(self) -> None:
        """Empty all caches and replace the lock, in a process that was just forked.

        At the fork, a thread may have had the lock, and it is not in this process. Or a signal
        handler forked, and the thread that it interrupted goes on with the old lock; see
        `DecisionCache.add`.
        """
        self.lock = Lock()
        self.empty()
        # Not the same object, which an interrupted thread may be emptying.
        self.caches = {}

    def subtract_gone(self) -> None:
        """Give back what deleted caches used. Call it with the lock only."""
        while self.gone:
            identity, size = self.gone.pop()
            # If it is absent, all caches were emptied after this one was deleted.
            if self.caches.pop(identity, None) is not None:
                self.counted -= size


MEMORY: Memory = Memory(_LIMIT)
"""The memory for the policies of this process."""

with suppress(AttributeError):  # there is no fork() on Windows
    # Not before the fork, too: waiting for the lock would never end in a signal handler that has
    # interrupted the thread with the lock.
    os.register_at_fork(after_in_child=MEMORY.start_over)


class DecisionCache(Generic[K]):
    """Decisions of one policy, which count in the `Memory` of the process."""

    __slots__ = ("__weakref__", "_decided", "_is_fixed", "decisions", "size")

    decisions: dict[K, Decision | None]
    """The dictionary, which is always the same one. Only the cache may change it."""
    size: int
    """In bytes, as the memory counts."""

    def __init__(self, keys: Iterable[K] | None = None) -> None:
        """Create an empty cache. With `keys`, it has only those, with None until they are decided.

        Such keys are never absent, so a policy can treat absent ones as refused.
        """
        self.decisions = dict.fromkeys(keys or ())
        self.size = 0
        self._is_fixed = keys is not None
        self._decided: list[K] = []

    def add(self, key: K, decision: Decision, length: int) -> None:
        """Cache a decision if there is room, or if others can make room for it.

        `length` is the size of the texts that it holds alive, in bytes.
        """
        memory = MEMORY
        lock = memory.lock
        # Not `with` and no helpers, because a stream of new origins comes here with each request.
        if not lock.acquire(False):
            return
        try:
            if memory.gone:
                memory.subtract_gone()
            size = length + _PLACE
            limit = memory.limit
            if decision.allowed:
                size += _DECISION + _HEADER * len(decision.added)
            else:
                # Refusals are shared. They get half of the memory, and push nothing out.
                limit //= 2
            if memory.counted + size + _CACHE > limit:
                # Exact origins do not push each other out: the first ones stay.
                if self._is_fixed or not decision.allowed:
                    return
                memory.empty()
            # First the references, so that emptying all caches does not miss a decision, if the
            # process is forked in between.
            if not self.size:
                memory.caches[id(self)] = ref(self)
                size += _CACHE
            if self._is_fixed:
                self._decided.append(key)
            memory.counted += size
            self.size += size
            self.decisions[key] = decision
        finally:
            lock.release()
            if lock is not memory.lock:
                self._start_over(key)

    def empty(self) -> None:
        """Remove all decisions; for the memory, which has the lock."""
        if self._is_fixed:
            for key in self._decided:
                self.decisions[key] = None
            self._decided = []
        else:
            self.decisions.clear()
        self.size = 0

    def _start_over(self, key: K) -> None:
        """Empty all caches, as a signal handler has forked during `add`, and this is the child.

        The counts may be wrong, and this cache may have a decision that is not counted.
        """
        with MEMORY.lock:
            if self._is_fixed:
                self._decided.append(key)
            self.empty()
            MEMORY.empty()

    def __del__(self) -> None:
        if self.size:
            MEMORY.gone.append((id(self), self.size))
