"""decide(): what the conformance table does not reach."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import Decision, DecisionReason, Policy, decide
from corswsgi.decision import Refusal
from corswsgi.fetch import is_token, list_members

APP = "https://app.example.com"
EVIL = "https://evil.test"
ONE = Policy(origins=[APP])
ANY = Policy(origins="*")
CREDENTIALS = Policy(origins=[APP], supports_credentials=True, methods="*")

TEXT = (
    st.just("Accept, *")
    | st.text()
    | st.text(st.characters(max_codepoint=0xFF))
    | st.just("authorization,x-a")
)


@pytest.mark.parametrize(
    ("policy", "origin", "answer", "allowed"),
    [
        (ONE, EVIL, True, True),
        (ONE, APP, False, False),
        (ONE, APP, None, True),
        (ONE, "null", True, False),
        (ONE, "https://Evil.test", True, False),
        (ONE, "https://" + "a" * 9999, True, False),
        (ANY, EVIL, False, False),
        (ANY, EVIL, True, True),
        (ANY, "null", True, False),
        (ANY, "null", None, True),
    ],
)
def test_the_origin_decided_elsewhere(
    policy: Policy, origin: str, answer: bool | None, allowed: bool
) -> None:
    for _ in range(2):
        actual = decide(policy, "GET", origin, origin_allowed=answer)
        assert actual.allowed is allowed
        if answer is not None:
            expected = (("Access-Control-Allow-Origin", origin),) if allowed else ()
            assert (actual.headers, actual.vary) == (expected, ("Origin",))
        preflight = decide(policy, "OPTIONS", origin, "PUT", origin_allowed=answer)
        assert (preflight.allowed, preflight.status) == (allowed, 204 if allowed else 403)
    assert decide(policy, "GET", APP).allowed, "nothing of it is remembered"
    assert decide(policy, "OPTIONS", APP, "PUT").allowed


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("GET", None), "no_origin"),
        (("OPTIONS", None, "PUT"), "no_origin"),
        (("GET", APP), "origin_allowed"),
        (("OPTIONS", APP), "origin_allowed"),
        (("OPTIONS", APP, "PUT"), "preflight_allowed"),
        (("GET", EVIL), "origin_not_allowed"),
        (("OPTIONS", EVIL, "PUT"), "origin_not_allowed"),
        (("GET", "null"), "origin_null"),
        (("OPTIONS", "null", "PUT"), "origin_null"),
        (("OPTIONS", APP, "CHICKEN"), "method_not_allowed"),
        (("OPTIONS", APP, "PUT", "x-b"), "headers_not_allowed"),
        (("OPTIONS", APP, "PUT", "," * 99), "headers_too_long"),
        (("OPTIONS", APP, "PUT", None, True), "private_network_not_allowed"),
        (("OPTIONS", EVIL, "CHICKEN", "x-b", True), "origin_not_allowed"),
        (("OPTIONS", APP, "CHICKEN", "x-b", True), "method_not_allowed"),
        (("OPTIONS", APP, "PUT", "x-b", True), "headers_not_allowed"),
    ],
)
def test_reasons(arguments: Any, reason: DecisionReason) -> None:
    decision = decide(Policy(origins=APP, allow_headers="X-A"), *arguments)
    assert decision.reason == reason
    assert decision.allowed == (reason not in get_args(Refusal))
    assert decision.status == (
        None if decision.vary == ("Origin",) else 204 if decision.allowed else 403
    )


@pytest.mark.parametrize("policy", [ONE, ANY, CREDENTIALS])
@pytest.mark.parametrize("answer", [True, False])
def test_no_origin_where_origins_are_decided_elsewhere(policy: Policy, answer: bool) -> None:
    decision = decide(policy, "GET", None, origin_allowed=answer)
    assert decision.apply([]) == [("Vary", "Origin")], "a shared cache must not give it to others"


def test_a_preflight_of_any_origin_decided_elsewhere_names_it() -> None:
    decision = decide(ANY, "OPTIONS", APP, "PUT", origin_allowed=True)
    assert dict(decision.headers)["Access-Control-Allow-Origin"] == APP


def test_each_preflight_gets_its_own_answer() -> None:
    policy = Policy(
        origins=[APP, "https://b.example"],
        methods="*",
        supports_credentials=True,
        allow_private_network=True,
    )
    preflights: list[tuple[str, str, str | None, bool]] = [
        (APP, "PUT", "x-a", False),
        (APP, "PUT", "x-a", True),
        (APP, "PUT", "x-b", False),
        (APP, "DELETE", "x-a", False),
        ("https://b.example", "PUT", "x-a", False),
    ]
    answers = {decide(policy, "OPTIONS", *preflight) for preflight in preflights * 2}
    assert len(answers) == len(preflights)


def test_letters_that_lower_case_into_ascii() -> None:
    policy = Policy(origins=APP, allow_headers="X-K")
    assert decide(policy, "OPTIONS", APP, "PUT", "X-K").allowed
    assert not decide(policy, "OPTIONS", APP, "PUT", "X-\N{KELVIN SIGN}").allowed


def test_long_methods_that_are_listed() -> None:
    policy = Policy(origins=APP, methods=["A" * 65])
    assert decide(policy, "OPTIONS", APP, "A" * 65).allowed
    assert not decide(policy, "OPTIONS", APP, "A" * 66).allowed
    assert not decide(policy, "OPTIONS", APP, "B" * 65).allowed


def test_long_lists_of_headers() -> None:
    names = [f"x-header-{number}" for number in range(200)]
    policy = Policy(origins=APP, allow_headers=names)
    for asked in (names, names[:100], [*reversed(names)]):
        assert decide(policy, "OPTIONS", APP, "PUT", ",".join(asked)).allowed


def test_a_decision_is_a_value() -> None:
    decision = decide(ONE, "GET", APP)
    headers = (("Access-Control-Allow-Origin", APP),)
    assert decision == Decision(True, "origin_allowed", headers, ("Origin",), None)
    assert hash(decision) == hash(Decision(True, "origin_allowed", headers, ("Origin",)))
    assert repr(decision) == (
        "Decision(allowed=True, reason='origin_allowed', "
        "headers=(('Access-Control-Allow-Origin', 'https://app.example.com'),), "
        "vary=('Origin',), status=None)"
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        decision.allowed = False  # type: ignore[misc]  # that is the test


def test_apply_makes_a_new_list() -> None:
    decision = decide(ONE, "GET", APP)
    own = [("Content-Type", "text/plain"), ("vary", "Accept"), ("Set-Cookie", "a"), ("X", "1")]
    before = own.copy()
    first = decision.apply(own)
    first.append(("Evil", "1"))
    assert own == before
    assert decision.apply([]) == [("Access-Control-Allow-Origin", APP), ("Vary", "Origin")]
    assert decision.apply(own) == [
        ("Content-Type", "text/plain"),
        ("vary", "Accept, Origin"),
        ("Set-Cookie", "a"),
        ("X", "1"),
        ("Access-Control-Allow-Origin", APP),
    ]


NAMES = st.sampled_from(
    ["Content-Type", "Set-Cookie", "Vary", "vary", "Access-Control-Allow-Origin", "X-A"]
) | st.sampled_from(["access-control-expose-headers", "Access-Control-Max-Age"])
HEADERS = st.lists(st.tuples(NAMES, TEXT))
DECISIONS = [
    decide(ONE, "GET", APP),
    decide(ONE, "GET", EVIL),
    decide(ONE, "GET", None),
    decide(ANY, "GET", None),
    decide(Policy(origins=APP, expose_headers="X-A"), "GET", APP),
    decide(CREDENTIALS, "GET", APP),
    decide(ONE, "OPTIONS", APP, "PUT"),
    decide(ONE, "OPTIONS", EVIL, "PUT"),
]


def members(headers: list[tuple[str, str]], wanted: str) -> list[str]:
    values = [value for name, value in headers if name.lower() == wanted]
    return [member.lower() for value in values for member in list_members(value)]


@given(st.sampled_from(DECISIONS), HEADERS)
def test_apply(decision: Decision, own: list[tuple[str, str]]) -> None:
    before = own.copy()
    harmless: set[str] = set()
    applied = decision.apply(own, harmless)
    assert own == before
    assert applied == decision.apply(own) == decision.apply(own, harmless)
    assert not any(
        name.lower() == "vary" or name.lower().startswith("access-control-") for name in harmless
    )

    def others(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [
            header
            for header in headers
            if header[0].lower() != "vary" and not header[0].lower().startswith("access-control-")
        ]

    assert others(applied) == others(own), "all other headers survive, in their order"

    kept, had = members(applied, "vary"), members(own, "vary")
    assert set(had) <= set(kept), "Vary keeps what it had"
    if "*" not in had:
        assert set(kept) == set(had) | {name.lower() for name in decision.vary}
        for name in decision.vary:
            assert kept.count(name.lower()) == max(1, had.count(name.lower()))
    assert sum(name.lower() == "vary" for name, _ in applied) <= 1

    cors = [pair for pair in applied if pair[0].lower().startswith("access-control-")]
    if decision.reason == "no_origin" and not decision.headers:
        assert cors == [pair for pair in own if pair[0].lower().startswith("access-control-")]
        return
    exposed = members(applied, "access-control-expose-headers")
    ruled = members([*decision.headers], "access-control-expose-headers")
    assert sorted(name for name, _ in cors if "Expose" not in name) == sorted(
        name for name, _ in decision.headers if "Expose" not in name
    )
    assert set(ruled) <= set(exposed)
    assert all(map(is_token, exposed))
    assert len({name.lower() for name, _ in cors}) == len(cors), "never two of a header"
    if not decision.allowed:
        assert exposed == []


@given(
    st.sampled_from([ONE, ANY, CREDENTIALS, Policy(origins=APP, allow_headers=["X-A", "X-B"])]),
    st.sampled_from(["GET", "OPTIONS"]) | TEXT,
    st.sampled_from([None, APP, EVIL]) | TEXT,
    st.none() | st.just("PUT") | TEXT,
    st.none() | TEXT,
    st.booleans(),
    st.none() | st.booleans(),
)
def test_no_input_raises_or_splits_a_header(
    policy: Policy,
    method: str,
    origin: str | None,
    requested_method: str | None,
    requested_headers: str | None,
    private_network: bool,
    origin_allowed: bool | None,
) -> None:
    arguments = (policy, method, origin, requested_method, requested_headers, private_network)
    decision = decide(*arguments, origin_allowed=origin_allowed)
    assert decision == decide(*arguments, origin_allowed=origin_allowed)
    for name, value in decision.apply([]):
        assert is_token(name)
        assert value.isascii()
        assert value.isprintable()
        assert len(value) < 1200
    if not decision.allowed:
        assert decision.headers == ()


@given(
    st.lists(st.sampled_from(["X-A", "x-b", "Authorization", "X-Long-Name"]), unique=True),
    st.data(),
)
def test_requested_headers_in_any_honest_form(allowed: list[str], data: st.DataObject) -> None:
    """Any case, order, space, and some empty members and repeats: what is meant is the same."""
    policy = Policy(origins=APP, allow_headers=allowed)
    asked = data.draw(st.lists(st.sampled_from(allowed), unique=True)) if allowed else []
    texts = []
    for name in data.draw(st.permutations(asked)):
        written = data.draw(st.sampled_from([name, name.lower(), name.upper()]))
        texts.append(data.draw(st.sampled_from(["", " ", "\t"])) + written)
    text = ",".join([*texts, *data.draw(st.lists(st.just(""), max_size=8))])
    assert decide(policy, "OPTIONS", APP, "PUT", text).allowed
    other = f"{text},x-other" if text else "x-other"
    assert decide(policy, "OPTIONS", APP, "PUT", other).reason == "headers_not_allowed"
