"""Application: the function that returns the policy. Flask's tests test the rest."""

from __future__ import annotations

from typing import Any

import pytest

from corswsgi import Policy, PolicyError
from corswsgi.adapters import UNSET, Application


def policy_for(environ: Any) -> Policy | None:
    raise NotImplementedError


def test_a_function_is_kept_and_replaced() -> None:
    application: Application[int] = Application()
    for _ in range(2):
        stand_in = application.use(policy_for)
        assert isinstance(stand_in, Policy)
        assert application.ask is policy_for
    # Another call does not forget it.
    assert application.use(UNSET) is UNSET
    assert application.ask is policy_for


@pytest.mark.parametrize("policy", [None, UNSET, Policy(origins="*"), "text", int])
def test_other_policies(policy: Any) -> None:
    application: Application[int] = Application()
    assert application.use(policy) is policy
    assert application.ask is None


def test_a_second_function_is_refused() -> None:
    application: Application[int] = Application()
    application.use(policy_for)
    with pytest.raises(PolicyError) as refused:
        application.use(lambda environ: None)
    assert [problem.reason for problem in refused.value.problems] == ["given_twice"]
    assert application.ask is policy_for
