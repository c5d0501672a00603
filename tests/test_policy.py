"""Policy: a policy as a value, its compiled form, and decisions."""

from __future__ import annotations

import copy
import dataclasses
import multiprocessing
import pickle
import re
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, get_args

import pytest

from corswsgi import Decision, Policy, PolicyError, decide
from corswsgi.compiled import CompiledPolicy
from corswsgi.decision import Refusal
from corswsgi.names import Names
from corswsgi.origins import NO_ORIGIN
from corswsgi.policy import PolicyOptions, make_policy, refusing_policy
from corswsgi.requests import CORSRequest
from corswsgi.validation import DEFAULT_METHODS, OPTIONS

APP = "https://app.example.com"


def allow(origin: str) -> bool:
    raise NotImplementedError


def get(policy: Policy, origin: str | None, origin_allowed: bool | None = None) -> Decision:
    return decide(policy, CORSRequest("GET", origin), origin_allowed=origin_allowed)


def preflight(policy: Policy, method: str, origin: str = APP) -> Decision:
    return decide(policy, CORSRequest("OPTIONS", origin, method))


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
    assert not get(policy, "https://evil.test").allowed
    assert "Equal" in repr(policy)
    assert policy == policy.replace(max_age=600)
    assert policy != Policy(origins=[Equal()], supports_credentials=True)


def test_defaults() -> None:
    policy = Policy(origins=APP)
    assert (
        policy.origins,
        policy.methods,
        policy.allow_headers,
        policy.expose_headers,
        policy.supports_credentials,
        policy.max_age,
        policy.dangerously_allow,
    ) == ((APP,), None, ("*",), (), False, 600, frozenset())


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
    {"origins": APP, "methods": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY"]},
    {"origins": APP, "methods": []},
    {"origins": APP, "allow_headers": []},
    {"origins": APP, "expose_headers": ["X-A"]},
    {"origins": APP, "supports_credentials": True},
    {"origins": APP, "max_age": 0},
    {"origins": APP, "max_age": None},
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


def test_later_changes_of_a_list_have_no_effect() -> None:
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
        policy.replace(orgins="*")  # type: ignore[call-arg]  # that is the test


def test_dataclasses_replace() -> None:
    policy = Policy(origins=[APP], methods="*")
    assert dataclasses.replace(policy, max_age=1) == policy.replace(max_age=1)


def test_keyword_only() -> None:
    with pytest.raises(TypeError):
        Policy(APP)  # type: ignore[call-arg]  # that is the test


def test_the_typed_options_are_all_options() -> None:
    assert {*PolicyOptions.__annotations__} == {*OPTIONS}


def test_all_problems_are_raised_at_once() -> None:
    with pytest.raises(PolicyError) as raised:
        Policy(origins="null", max_age=-1, methods="/", unknown=1)  # type: ignore[call-arg]  # that is the test
    assert [problem.option for problem in raised.value.problems] == [
        "unknown",
        "origins",
        "methods",
        "max_age",
    ]


@pytest.mark.parametrize("value", [True, False])
def test_allow_private_network_is_deprecated(value: bool) -> None:
    with pytest.warns(
        DeprecationWarning, match=r"^allow_private_network has no effect\."
    ) as caught:
        policy = Policy(origins=APP, allow_private_network=value)
    assert caught[0].filename == __file__
    assert policy == Policy(origins=APP)
    assert repr(policy) == f"Policy(origins=['{APP}'])"
    assert not hasattr(policy, "allow_private_network")
    with pytest.warns(DeprecationWarning, match="Remove it") as caught:
        assert policy.replace(allow_private_network=value) == policy
    assert caught[0].filename == __file__


def test_a_method_in_an_unusual_case_causes_a_warning() -> None:
    with pytest.warns(UserWarning, match="write 'PATCH'") as caught:
        policy = Policy(origins=APP, methods=["put", "patch"])
    assert policy.methods == ("PUT", "patch")
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="'Query'") as caught:
        Policy(origins=APP).replace(methods="Query")
    assert caught[0].filename == __file__


def test_a_warning_is_not_repeated_for_derived_policies() -> None:
    """Warnings are errors in these tests."""
    policy = make_policy({"origins": APP, "methods": "patch", "allow_private_network": True})
    assert policy.replace(max_age=1).methods == ("patch",)
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_make_policy() -> None:
    policy = make_policy({"origins": APP, "max_age": 1})
    assert policy == Policy(origins=APP, max_age=1)
    assert make_policy({"max_age": 2}, base=policy) == Policy(origins=APP, max_age=2)
    assert make_policy({}, base=policy) == policy
    with pytest.raises(PolicyError, match="no origins are given"):
        make_policy({})


class Shouted(Names):
    def option(self, option: str, value: object = None) -> str:
        return option.upper()


def test_make_policy_words_problems_with_names() -> None:
    base = Policy(origins=["https://*.com", "http://a.test"])
    with pytest.raises(PolicyError) as raised:
        make_policy({"supports_credentials": True, "max_age": -1}, Shouted(), base)
    assert [problem.option for problem in raised.value.problems] == [
        "MAX_AGE",
        "ORIGINS",
        "ORIGINS",
    ]
    assert "SUPPORTS_CREDENTIALS" in raised.value.problems[1].message


@pytest.mark.parametrize(
    ("options", "shared"),
    [
        ({"methods": ["PUT"], "expose_headers": "X-A", "allow_headers": (), "max_age": 3}, True),
        ({"supports_credentials": True}, False),
        ({"dangerously_allow": "public_suffixes"}, False),
        ({"origins": "https://*.example.com"}, False),
    ],
)
def test_origins_are_shared_if_their_checks_stay_the_same(
    options: dict[str, Any], shared: bool
) -> None:
    policy = Policy(origins=["https://*.example.com", re.compile("https://a\\.test"), allow])
    derived = make_policy(options, base=policy)
    assert (derived.origins is policy.origins) is shared
    assert (derived.origin_matcher is policy.origin_matcher) is shared
    assert get(derived, "https://a.example.com").allowed
    assert derived == Policy(**{"origins": policy.origins, **options})


@pytest.mark.parametrize(
    "options", [{"supports_credentials": True}, {"expose_headers": "*", "max_age": 1}]
)
def test_replaced_options_are_checked_together_with_the_others(options: dict[str, Any]) -> None:
    origins: Any = "*" if "supports_credentials" in options else APP
    policy = Policy(origins=origins, supports_credentials=origins != "*")
    with pytest.raises(PolicyError) as raised:
        policy.replace(**options)
    assert raised.value.problems[0].reason == "wildcard_with_credentials"


def test_origins_are_compared_last() -> None:
    policy, other = Policy(origins=allow), Policy(origins=allow, max_age=1)
    same = Policy(origins=allow)
    for each in (policy, other, same):
        object.__setattr__(each, "origins", None)  # comparing these would raise
    assert policy != other
    assert policy == same


def allow_test_names(origin: str) -> bool:
    return origin.endswith(".test")


def fail_for_all(origin: str) -> bool:
    raise LookupError


COPIED = {
    "any origin": Policy(origins="*"),
    "any origin in a list": Policy(origins=["*"], expose_headers="*", methods="*", max_age=None),
    "exact": Policy(origins=[APP, "app://."], supports_credentials=True, methods=()),
    "patterns": Policy(
        origins=["https://*.example.com", "http://localhost:*", "app://.x:*"],
        supports_credentials=True,
        dangerously_allow=["insecure_origins", "public_suffixes"],
        methods=["PUT", "get"],
        allow_headers=["X-A", "x-b"],
        expose_headers=["X-C"],
        max_age=timedelta(minutes=1),
    ),
    "dangerous": Policy(
        origins=["http://*.com", re.compile("(?i)https://A[0-9]")],
        supports_credentials=True,
        dangerously_allow=("public_suffixes", "insecure_origins", "expressions"),
    ),
    "expressions": Policy(origins=[re.compile("https://[ab].test"), re.compile(APP)], max_age=0),
    "callables": Policy(origins=[APP, allow_test_names, fail_for_all]),
    "no origins": Policy(origins=NO_ORIGIN),
    "no origins with credentials": Policy(origins=[NO_ORIGIN], supports_credentials=True),
    "no origins, replaced": Policy(origins=NO_ORIGIN).replace(max_age=1),
    **{reason: refusing_policy(reason) for reason in get_args(Refusal)},
    "refusing, replaced": refusing_policy("policy_invalid").replace(origins=APP),
}


def behaviour(policy: Policy) -> list[object]:
    """Return everything that can be told about a policy from outside."""
    origins = [APP, "https://a.example.com", "http://localhost:1", "https://a.test", "http://a.com"]
    origins += ["app://.", "app://.x:1", "app://a.x", "https://evil.example", "https://A1", "null"]
    decisions = [
        decide(policy, CORSRequest(method, origin, requested, names))
        for origin in (*origins, None)
        for method in ("GET", "OPTIONS")
        for requested in ("PUT", "GET", "patch")
        for names in ("", "x-a", "x-z")
    ]
    matcher = policy.origin_matcher
    return [
        *(repr(policy), decisions, policy.allows_any_origin, matcher.exact, matcher.only_exact),
        *(policy.origins == (NO_ORIGIN,), [rule is NO_ORIGIN for rule in policy.origins]),
    ]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", COPIED)
def test_copies_are_the_same(name: str) -> None:
    policy = COPIED[name]
    expected = behaviour(policy)
    pickled = [pickle.dumps(policy, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    re.purge()  # otherwise the expressions would be the same objects at times
    copies = [
        *map(pickle.loads, pickled),
        pickle.loads(pickle.dumps(pickle.loads(pickled[-1]))),
        pickle.loads(pickle.dumps({"a": policy, "b": [policy]}))["b"][0],
        *(copy.copy(policy), copy.deepcopy(policy), policy.replace()),
        pickle.loads(pickled[-1]).replace(),
        pickle.loads(pickled[-1]).replace(max_age=5).replace(max_age=policy.max_age),
    ]
    for each in copies:
        assert each == policy
        assert hash(each) == hash(policy)
        assert behaviour(each) == expected


def test_policies_in_another_process() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        sent = {name: pool.apply_async(behaviour, (policy,)) for name, policy in COPIED.items()}
        for name, policy in COPIED.items():
            expected = behaviour(policy)
            # The repr of a function has its address.
            own = slice(1, None) if name == "callables" else slice(None)
            assert sent[name].get(timeout=60)[own] == expected[own]
        returned = pool.apply(refusing_policy, ("policy_invalid",))
        assert returned == refusing_policy("policy_invalid")


def test_a_notice_is_not_repeated_by_copies() -> None:
    with pytest.warns(UserWarning, match="method_case|not the same method"):
        policy = Policy(origins=APP, methods=["patch"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for each in (pickle.loads(pickle.dumps(policy)), copy.deepcopy(policy), policy.replace()):
            assert each == policy
            assert each.methods == ("patch",)


def test_the_compiled_form_is_made_once() -> None:
    policy = Policy(origins=APP)
    assert isinstance(policy.compiled, CompiledPolicy)
    assert policy.compiled is policy.compiled
    assert copy.copy(policy).compiled is policy.compiled
    assert pickle.loads(pickle.dumps(policy)).compiled is not policy.compiled
    assert policy.replace(max_age=1).compiled is not policy.compiled


def test_threads_get_the_same_compiled_form() -> None:
    count = 8
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(count) as pool:
            for _ in range(50):
                policy, barrier = Policy(origins=APP), Barrier(count)

                def compiled(policy: Policy = policy, barrier: Barrier = barrier) -> CompiledPolicy:
                    barrier.wait()
                    return policy.compiled

                found = [pool.submit(compiled) for _ in range(count)]
                assert {id(future.result()) for future in found} == {id(policy.compiled)}
    finally:
        sys.setswitchinterval(interval)


def test_another_thread_may_compile_first(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = Policy(origins=APP)
    first, second = Policy(origins=APP).compiled, Policy(origins=APP).compiled

    def compile_late(policy: Policy) -> CompiledPolicy:
        policy._compiled[None] = first  # noqa: SLF001 - the race cannot be arranged otherwise
        return second

    monkeypatch.setattr(Policy, "_compile", compile_late)
    assert policy.compiled is first


def test_the_compiled_form_has_the_options() -> None:
    policy = Policy(
        origins=APP,
        methods=["PUT"],
        allow_headers=["X-A"],
        expose_headers=["X-B"],
        supports_credentials=True,
        max_age=7,
    )
    assert dict(get(policy, APP).headers) == {
        "Access-Control-Allow-Origin": APP,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "X-B",
    }
    assert dict(preflight(policy, "PUT").headers) == {
        "Access-Control-Allow-Origin": APP,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "PUT",
        "Access-Control-Allow-Headers": "X-A",
        "Access-Control-Max-Age": "7",
    }
    assert dict(get(Policy(origins="*"), APP).headers)["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("method", DEFAULT_METHODS)
def test_methods_are_allowed_by_default(method: str) -> None:
    assert preflight(Policy(origins=APP), method).allowed
    assert not preflight(Policy(origins=APP), method.lower() + "x").allowed


def test_decide() -> None:
    policy = Policy(origins=APP)
    assert get(policy, APP).reason == "origin_allowed"
    assert get(policy, "https://evil.test").reason == "origin_not_allowed"
    assert get(policy, None).reason == "no_origin"
    assert preflight(policy, "PUT").status == 204
    assert get(policy, APP, origin_allowed=False).reason == "origin_not_allowed"
    assert get(policy, "https://b.test", origin_allowed=True).reason == "origin_allowed"
    assert get(policy, "null", origin_allowed=True).reason == "origin_null"
    assert get(Policy(origins="*"), None, origin_allowed=True).vary == ("Origin",)


@pytest.mark.parametrize("reason", get_args(Refusal))
def test_a_refusing_policy(reason: Refusal) -> None:
    policy = refusing_policy(reason)
    assert policy.origins == (NO_ORIGIN,)
    for decision in (get(policy, APP), get(policy, "https://evil.test")):
        assert (decision.allowed, decision.reason, decision.headers) == (False, reason, ())
    refused = preflight(policy, "PUT")
    assert (refused.allowed, refused.reason, refused.status) == (False, reason, 403)
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert policy.replace(max_age=1) == refusing_policy(reason).replace(max_age=1)
    assert get(policy.replace(max_age=1), APP).reason == reason
    # An ordinary policy without origins can get some; one that refuses everything stays so.
    named = "origin_allowed" if reason == "origin_not_allowed" else reason
    assert get(policy.replace(origins=APP), APP).reason == named
    is_default = reason == "origin_not_allowed"
    assert (policy == Policy(origins=NO_ORIGIN)) is is_default
    assert (get(policy, None).reason == "no_origin") is is_default
