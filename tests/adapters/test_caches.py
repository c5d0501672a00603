"""IdentityCache: its entries live as long as their owners."""

from __future__ import annotations

import gc
import threading
import weakref
from functools import partial

import pytest

from corswsgi import Policy
from corswsgi.adapters import IdentityCache, Layer, PolicyTable, ViewLayers, layer_of


class Owner:
    pass


class Slotted:
    """An object that cannot have weak references."""

    __slots__ = ()


def test_a_value_is_made_once() -> None:
    cache: IdentityCache[object] = IdentityCache()
    owner = Owner()
    first = cache.get(id(owner), (owner,), object)
    assert cache.get(id(owner), (owner,), object) is first
    assert cache.get((id(owner), 1), (owner,), object) is not first


def test_an_entry_lives_as_long_as_its_owners() -> None:
    cache: IdentityCache[object] = IdentityCache()
    owners = [Owner(), Owner()]
    key = (id(owners[0]), id(owners[1]))
    value = weakref.ref(cache.get(key, tuple(owners), Owner))
    gc.collect()
    assert cache.get(key, tuple(owners), str) is value()
    owners.pop()
    assert value() is None
    assert cache.get(key, tuple(owners), lambda: "second") == "second"


def test_an_owner_without_weak_references_lives_as_long_as_its_entry() -> None:
    cache: IdentityCache[str] = IdentityCache(max_entries=3)
    owner = Slotted()
    key = id(owner)
    cache.get(key, (owner,), lambda: "first")
    del owner
    assert id(Slotted()) != key, "or another object could get its identity"
    for number in range(3):
        cache.get((number,), (), str)
    assert cache.get(key, (), lambda: "second") == "second"


def test_entries_that_keep_their_owners_alive_are_limited() -> None:
    cache: IdentityCache[object] = IdentityCache(max_entries=10)
    for _ in range(100):
        owner = Owner()
        cache.get(id(owner), (owner,), partial(tuple, [owner]))
        assert len(cache._entries) <= 10  # noqa: SLF001 - not public


def test_threads_get_the_same_value() -> None:
    cache: IdentityCache[object] = IdentityCache()
    owners = [Owner() for _ in range(200)]
    found: set[tuple[int, int]] = set()
    barrier = threading.Barrier(8)

    def run() -> None:
        barrier.wait()
        for number, owner in enumerate(owners):
            found.add((number, id(cache.get(id(owner), (owner,), Owner))))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(owners)


def test_the_first_value_stays() -> None:
    cache: IdentityCache[str] = IdentityCache()
    owner = Owner()
    get = partial(cache.get, id(owner), (owner,))

    def make() -> str:
        return "second" if get(lambda: "first") else ""

    assert get(make) == get(str) == "first", "another thread may be faster"


def test_owners_come_and_go_in_threads() -> None:
    cache: IdentityCache[tuple[int, int]] = IdentityCache()
    found: set[bool] = set()

    def run(thread: int) -> None:
        for turn in range(3000):
            owner = Owner()
            value = cache.get(id(owner), (owner,), lambda turn=turn: (thread, turn))
            found.add(value == (thread, turn))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {True}, "identities are used again and again"
    assert cache._entries == {}  # noqa: SLF001 - not public


def test_a_failure_is_not_cached() -> None:
    cache: IdentityCache[object] = IdentityCache()

    def fails() -> object:
        raise LookupError

    with pytest.raises(LookupError):
        cache.get(1, (), fails)
    assert cache.get(1, (), lambda: "made") == "made"


@pytest.mark.parametrize("methods", [["GET"], None])
def test_layers_of_single_requests_leave_nothing_in_a_table(methods: list[str] | None) -> None:
    """As with views that are created for each request, for preflights and for other requests."""
    table = PolicyTable([Layer(Policy(origins=["https://app.example.com"], methods=methods))])
    references: list[weakref.ref[object]] = []
    for number in range(5):
        view = ViewLayers([Layer({"max_age": number})], {"PATCH": [Layer({"max_age": 9})]})
        references += [
            weakref.ref(find("/", view, method))
            for find in (table.find, table.find_for_preflight)
            for method in ("GET", "PATCH")
        ]
    del view
    gc.collect()
    assert [reference() for reference in references] == [None] * len(references)


def test_an_attribute_that_is_a_mapping_leaves_nothing_in_a_table() -> None:
    """Each call of `layer_of` makes another layer of it."""
    table = PolicyTable([Layer(Policy(origins=["https://app.example.com"]))])
    view = Owner()
    view.cors_policy = {"max_age": 1}  # type: ignore[attr-defined] # as other libraries do
    for _ in range(5):
        table.find("/", ViewLayers([layer_of(view)]), "GET")
    assert len(table._merged._entries) == 0  # noqa: SLF001 - not public


def test_a_table_keeps_only_some_policies_of_requests() -> None:
    """They would stay as long as the table, because theirs refer to them."""
    table = PolicyTable([Layer(Policy(origins="*"))])
    policies = [weakref.ref(table.with_policy(Policy(origins="*"))) for _ in range(1000)]
    gc.collect()
    assert 0 < sum(policy() is not None for policy in policies) <= 256
    again = table.reread()
    assert again.with_policy(None) is again.with_policy(None)
