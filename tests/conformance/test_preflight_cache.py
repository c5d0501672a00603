"""A cached preflight allows no fetch that its own preflight would refuse, nor the reverse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from corswsgi.browser import Browser, Outcome
from tests.conformance.cases import APP
from tests.conformance.fetches import of_any_method
from tests.conformance.preflight_cache import FETCHES, JSON, SCENARIOS, URL, without_the_rule

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Scenario = Callable[[str], "WSGIApplication"]


def wrong_pairs(app: WSGIApplication) -> Iterator[tuple[dict[str, Any], dict[str, Any], Outcome]]:
    """Yield two fetches of which the second has another result than without the first."""
    alone = [Browser(app, APP).fetch(URL, **init).allowed for init in FETCHES]
    assert {True, False} == {*alone}, "the policies differ"
    for first, (init, allowed) in product(FETCHES, zip(FETCHES, alone, strict=True)):
        browser = Browser(app, APP)
        browser.fetch(URL, **first)
        second = browser.fetch(URL, **init)
        if second.allowed != allowed:
            yield first, init, second


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_the_cache_changes_nothing(scenario: Scenario) -> None:
    assert [*wrong_pairs(scenario(APP))] == []


def test_without_the_rule_the_cache_allows_a_post_that_its_own_preflight_refuses() -> None:
    found = [*wrong_pairs(without_the_rule(APP))]
    assert {init["method"] for _, init, _ in found} == {"POST"}
    assert ("PUT", JSON) in [(first["method"], init["headers"]) for first, init, _ in found]
    assert all(outcome.allowed and not outcome.preflights for _, _, outcome in found)


@of_any_method
def test_a_path_with_one_policy_is_cached() -> None:
    browser = Browser(SCENARIOS[-1](APP), APP)
    fetched = [browser.fetch(URL, method="PUT", headers={"X-A": "1"}) for _ in range(2)]
    assert [(outcome.allowed, outcome.preflights) for outcome in fetched] == [(True, 1), (True, 0)]
