"""The preflight cache."""

from __future__ import annotations

import pytest

from corswsgi.browser import MAX_AGE_LIMITS, PreflightCache
from tests.browser.scripted import API, OTHER, PAGE, URL


def stored(
    *names: str, with_credentials: bool = False, max_age: int = 60, limit: int = 7200
) -> PreflightCache:
    """Return a cache with methods, in upper case, and header names, in other cases."""
    cache = PreflightCache(limit)
    methods = [name for name in names if name.isupper() or name == "*"]
    headers = [name for name in names if not name.isupper() or name == "*"]
    cache.store(PAGE, URL, with_credentials, max_age, methods, headers)
    return cache


@pytest.mark.parametrize(
    ("method", "allowed"), [("PUT", True), ("put", False), ("DELETE", False), ("*", False)]
)
def test_methods_are_case_sensitive(method: str, allowed: bool) -> None:
    assert stored("PUT").allows_method(PAGE, URL, False, method) is allowed


@pytest.mark.parametrize(
    ("name", "allowed"), [("x-a", True), ("X-A", True), ("x-b", False), ("PUT", False)]
)
def test_header_names_are_case_insensitive(name: str, allowed: bool) -> None:
    assert stored("PUT", "X-a").allows_header(PAGE, URL, False, name) is allowed


def test_methods_and_headers_are_distinguished() -> None:
    cache = PreflightCache()
    cache.store(PAGE, URL, False, 60, ["x-a"], ["PUT"])
    assert cache.allows_method(PAGE, URL, False, "x-a")
    assert not cache.allows_method(PAGE, URL, False, "PUT")
    assert cache.allows_header(PAGE, URL, False, "put")
    assert not cache.allows_header(PAGE, URL, False, "x-a")


@pytest.mark.parametrize("with_credentials", [False, True])
def test_a_wildcard_does_not_cover_authorization(with_credentials: bool) -> None:
    cache = stored("*", with_credentials=with_credentials)
    assert cache.allows_method(PAGE, URL, with_credentials, "CHICKEN")
    assert cache.allows_header(PAGE, URL, with_credentials, "x-a")
    assert not cache.allows_header(PAGE, URL, with_credentials, "authorization")
    assert not cache.allows_header(PAGE, URL, with_credentials, "Authorization")


def test_authorization_is_allowed_if_it_is_listed() -> None:
    assert stored("*", "Authorization").allows_header(PAGE, URL, False, "authorization")


@pytest.mark.parametrize(
    ("stored_with", "asked_with", "allowed"),
    [(False, False, True), (False, True, False), (True, False, True), (True, True, True)],
)
def test_credentials(stored_with: bool, asked_with: bool, allowed: bool) -> None:
    cache = stored("PUT", "x-a", with_credentials=stored_with)
    assert cache.allows_method(PAGE, URL, asked_with, "PUT") is allowed
    assert cache.allows_header(PAGE, URL, asked_with, "x-a") is allowed


@pytest.mark.parametrize(
    ("origin", "url"), [(OTHER, URL), ("null", URL), (PAGE, f"{URL}?"), (PAGE, f"{API}/y")]
)
def test_another_origin_and_another_url_are_not_allowed(origin: str, url: str) -> None:
    cache = stored("PUT", "x-a")
    assert not cache.allows_method(origin, url, False, "PUT")
    assert not cache.allows_header(origin, url, False, "x-a")


@pytest.mark.parametrize(
    ("max_age", "limit", "seconds"),
    [(5, 7200, 5), (7200, 7200, 7200), (7201, 7200, 7200), (10**25, 600, 600)],
)
def test_entries_expire(max_age: int, limit: int, seconds: int) -> None:
    cache = stored("PUT", max_age=max_age, limit=limit)
    for now, allowed in ((0, True), (seconds - 0.5, True), (seconds, False), (seconds + 1, False)):
        cache.now = now
        assert cache.allows_method(PAGE, URL, False, "PUT") is allowed


def test_a_max_age_of_zero() -> None:
    assert not stored("PUT", max_age=0).allows_method(PAGE, URL, False, "PUT")


def test_limits() -> None:
    assert MAX_AGE_LIMITS == {"chromium": 7200, "firefox": 86400, "webkit": 600}
    assert (PreflightCache().limit, PreflightCache().now) == (7200, 0)


@pytest.mark.parametrize("again", [60, 600, 5])
def test_the_next_preflight_sets_when_an_entry_expires(again: int) -> None:
    cache = stored("PUT")
    cache.now = 30
    cache.store(PAGE, URL, False, again, ["PUT"], [])
    for now, allowed in ((30 + again - 1, True), (30 + again, False)):
        cache.now = now
        assert cache.allows_method(PAGE, URL, False, "PUT") is allowed


def test_the_next_preflight_can_remove_an_entry() -> None:
    cache = stored("PUT")
    cache.store(PAGE, URL, False, 0, ["PUT"], [])
    assert not cache.allows_method(PAGE, URL, False, "PUT")


def test_an_entry_without_credentials_does_not_change_with_one_that_has_them() -> None:
    cache = stored("PUT", max_age=60)
    cache.store(PAGE, URL, True, 10, ["PUT"], [])
    cache.now = 10
    assert not cache.allows_method(PAGE, URL, True, "PUT")
    assert cache.allows_method(PAGE, URL, False, "PUT")


def test_a_wildcard_expires_with_the_name_that_it_matches() -> None:
    """An entry for `*` matches every method, so a preflight that lists one renews it."""
    cache = stored("*", max_age=10)
    cache.now = 5
    cache.store(PAGE, URL, False, 10, ["PUT"], [])
    cache.now = 12
    assert cache.allows_method(PAGE, URL, False, "PATCH")
    assert not cache.allows_header(PAGE, URL, False, "x-a")


def test_entries_add_up() -> None:
    cache = stored("PUT")
    cache.store(PAGE, URL, False, 60, ["DELETE"], ["x-a"])
    assert [cache.allows_method(PAGE, URL, False, one) for one in ("PUT", "DELETE")] == [True, True]
    assert cache.allows_header(PAGE, URL, False, "x-a")


def test_clear_removes_one_origin_at_one_url() -> None:
    cache = stored("PUT", "x-a", with_credentials=True)
    cache.store(OTHER, URL, False, 60, ["PUT"], [])
    cache.store(PAGE, f"{API}/y", False, 60, ["PUT"], [])
    cache.clear(PAGE, URL)
    assert not cache.allows_method(PAGE, URL, False, "PUT")
    assert not cache.allows_header(PAGE, URL, False, "x-a")
    assert cache.allows_method(OTHER, URL, False, "PUT")
    assert cache.allows_method(PAGE, f"{API}/y", False, "PUT")
    cache.clear(PAGE, URL)


def test_expired_entries_are_removed() -> None:
    cache = PreflightCache()
    for _ in range(100):
        cache.store("https://a", "https://b/", False, 5, ["PUT"], ["X-A"])
        cache.now += 6
    keys = [*cache.method_keys("PUT"), *cache.header_keys("X-A")]
    assert cache.matches("https://a", "https://b/", False, keys) == []
    kept = cache._entries["https://a", "https://b/"]  # noqa: SLF001 - not visible otherwise
    assert sum(map(len, kept.values())) == 2
