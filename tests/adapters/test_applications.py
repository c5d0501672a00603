"""Application: the function that returns the policy. Flask's tests test the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from corswsgi import Policy, PolicyError
from corswsgi.adapters import (
    UNSET,
    Application,
    ConfigNames,
    Configuration,
    RegisteredView,
    read_layer,
)

ONE = Policy(origins="*")


class Empty(Application[int]):
    """An application without routes."""

    def __init__(self) -> None:
        super().__init__()
        self.configuration = Configuration(dict, ConfigNames("CORS_"), [], read_layer, tuple)

    def iter_rules(self) -> Iterable[int]:
        return []

    def count_views(self) -> int:
        return 0

    def views(self) -> list[RegisteredView]:
        return []


@pytest.mark.parametrize("policy", [ONE, None])
def test_a_function_is_asked_once_for_each_request(policy: Policy | None) -> None:
    application = Empty()
    asked = []

    def policy_for(environ: Any) -> Policy | None:
        asked.append(environ)
        return policy

    application.configure(policy_for, UNSET, {})
    for number in (1, 2):
        environ: dict[str, Any] = {}
        for _ in range(3):
            application.keep_table(environ)
        table = environ[application.table_key]
        assert table.find("/").policy is policy
        assert table.is_off is (policy is None)
        assert len(asked) == number


def test_without_a_function_nothing_is_kept() -> None:
    application = Empty()
    with pytest.raises(PolicyError):
        application.configure(lambda environ: None, UNSET, {"max_age": 1})
    application.configure(UNSET, UNSET, {})
    environ: dict[str, Any] = {}
    application.keep_table(environ)
    assert environ == {}
