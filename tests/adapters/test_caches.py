"""IdentityCache: its limit, and the objects that it keeps alive."""

from __future__ import annotations

import gc
import threading
import weakref
from functools import partial

import pytest

from corswsgi.adapters import IdentityCache


class Owner:
    pass


def test_a_value_is_made_once() -> None:
    cache: IdentityCache[object] = IdentityCache()
    owner = Owner()
    first = cache.get((id(owner),), owner, object)
    assert cache.get((id(owner),), owner, object) is first
    assert cache.get((id(owner), 1), owner, object) is not first


def test_owners_are_kept_alive_until_the_cache_is_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corswsgi.adapters.caches._MAX_ENTRIES", 3)
    cache: IdentityCache[str] = IdentityCache()
    owner = Owner()
    reference, key = weakref.ref(owner), (id(owner),)
    cache.get(key, owner, lambda: "first")
    del owner
    gc.collect()
    assert reference() is not None, "or another object could get its identity"
    for number in range(3):
        cache.get((number,), None, str)
    gc.collect()
    assert reference() is None
    assert cache.get(key, None, lambda: "second") == "second"


def test_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corswsgi.adapters.caches._MAX_ENTRIES", 10)
    cache: IdentityCache[int] = IdentityCache()
    for number in range(100):
        cache.get((number,), None, int)
        assert len(cache._entries) <= 10  # noqa: SLF001 - not public


def test_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corswsgi.adapters.caches._MAX_ENTRIES", 10)
    cache: IdentityCache[int] = IdentityCache()
    found: set[tuple[int, int]] = set()

    def run() -> None:
        for turn in range(2000):
            number = turn % 25
            found.add((number, cache.get((number,), None, partial(int, number))))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {(number, number) for number in range(25)}
    assert len(cache._entries) <= 10 + len(threads)  # noqa: SLF001 - not public


def test_a_failure_is_not_cached() -> None:
    cache: IdentityCache[object] = IdentityCache()

    def fails() -> object:
        raise LookupError

    with pytest.raises(LookupError):
        cache.get((1,), None, fails)
    assert cache.get((1,), None, lambda: "made") == "made"
