"""Policy: a policy as a value, its compiled form, and decisions."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from corswsgi import Policy, PolicyError, decide
from corswsgi.errors import Problem
from corswsgi.origins import NO_ORIGIN
from corswsgi.policy import PolicyOptions, make_policy, refusing_policy
from corswsgi.requests import CORSRequest

APP = "https://app.example.com"


def allow(origin: str) -> bool:
    raise NotImplementedError


class Equal:
    """A callable that has its own idea of equality, as objects that build queries do."""

    def __call__(self, origin: str) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        raise NotImplementedError

    __hash__ = object.__hash__


def test_a_callable_is_not_compared() -> None:
    policy = Policy(origins=[Equal()], supports_credentials=True)
    assert not policy.allows_any_origin
    assert not decide(policy, "GET", "https://evil.test").allowed
    assert "Equal" in repr(policy)


def test_defaults() -> None:
    policy = Policy(origins=APP)
    assert (
        policy.origins,
        policy.methods,
        policy.allow_headers,
        policy.expose_headers,
        policy.supports_credentials,
        policy.max_age,
        policy.allow_private_network,
        policy.dangerously_allow,
    ) == ((APP,), None, ("*",), (), False, 600, False, frozenset())


def test_repr_shows_what_is_not_the_default() -> None:
    policy = Policy(
        origins=[APP, "https://*.example.org"],
        methods=["PUT"],
        expose_headers="X-A",
        supports_credentials=True,
        max_age=None,
        dangerously_allow=["public_suffixes", "insecure_origins"],
    )
    text = (
        "Policy(origins=['https://app.example.com', 'https://*.example.org'], methods=['PUT'], "
        "expose_headers=['X-A'], supports_credentials=True, max_age=None, "
        "dangerously_allow=['insecure_origins', 'public_suffixes'])"
    )
    assert repr(policy) == text
    assert eval(text, {"Policy": Policy}) == policy
    assert repr(Policy(origins="*")) == "Policy(origins='*')"
    assert repr(Policy(origins=APP, allow_headers=[])) == (
        "Policy(origins=['https://app.example.com'], allow_headers=[])"
    )


EQUAL: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"origins": APP}, {"origins": [APP]}),
    ({"origins": [APP, "https://b.example"]}, {"origins": ["https://b.example", APP]}),
    ({"origins": APP, "methods": "put"}, {"origins": APP, "methods": ["PUT"]}),
    ({"origins": APP, "allow_headers": "X-A"}, {"origins": APP, "allow_headers": "x-a"}),
    ({"origins": APP, "max_age": timedelta(seconds=60)}, {"origins": APP, "max_age": 60}),
    ({"origins": allow}, {"origins": [allow]}),
    ({"origins": re.compile("https://a")}, {"origins": re.compile("https://a")}),
]


DIFFERENT: list[dict[str, Any]] = [
    {"origins": APP},
    {"origins": "*"},
    {"origins": [APP, "https://b.example"]},
    {"origins": re.compile("https://a")},
    {"origins": re.compile("https://a", re.IGNORECASE)},
    {"origins": allow},
    {"origins": lambda origin: True},
    {"origins": APP, "methods": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]},
    {"origins": APP, "methods": []},
    {"origins": APP, "allow_headers": []},
    {"origins": APP, "expose_headers": ["X-A"]},
    {"origins": APP, "supports_credentials": True},
    {"origins": APP, "max_age": 0},
    {"origins": APP, "max_age": None},
    {"origins": APP, "allow_private_network": True},
    {"origins": APP, "dangerously_allow": "insecure_origins"},
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_by_value(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert Policy(**one) == Policy(**other)
    assert hash(Policy(**one)) == hash(Policy(**other))


def test_different_by_value() -> None:
    policies = [Policy(**options) for options in DIFFERENT]
    assert len(set(policies)) == len(policies)
    assert policies[0] != "Policy"
    assert policies[0] is not None


def test_immutable() -> None:
    policy = Policy(origins=APP)
    with pytest.raises(AttributeError):
        policy.max_age = 0  # type: ignore[misc]  # that is the test
    with pytest.raises(AttributeError):
        del policy.max_age
    with pytest.raises((AttributeError, TypeError)):
        policy.other = 0  # type: ignore[attr-defined]  # that is the test


def test_the_lists_given_are_not_kept() -> None:
    origins = [APP]
    policy = Policy(origins=origins)
    origins.append("https://evil.test")
    assert policy.origins == (APP,)


def test_copies() -> None:
    policy = Policy(origins=[APP, "https://*.example.org"], max_age=0)
    assert copy.copy(policy) is policy
    assert copy.deepcopy({"a": policy})["a"] is policy
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_replace() -> None:
    policy = Policy(origins=[APP], max_age=0)
    replaced = policy.replace(expose_headers="X-A")
    assert replaced == Policy(origins=APP, max_age=0, expose_headers="X-A")
    assert policy == Policy(origins=APP, max_age=0)
    assert Policy(origins="*").replace(max_age=1) == Policy(origins="*", max_age=1)
    with pytest.raises(PolicyError):
        policy.replace(orgins="*")


def test_dataclasses_replace() -> None:
    policy = Policy(origins=[APP], methods="*")
    assert dataclasses.replace(policy, max_age=1) == policy.replace(max_age=1)


def test_keyword_only() -> None:
    with pytest.raises(TypeError):
        Policy(APP)  # type: ignore[call-arg]  # that is the test
