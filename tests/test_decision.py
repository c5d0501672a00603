"""Decision: a value, and what it makes of an application's response headers."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import CORSRequest, Decision, Policy, decide
from corswsgi.decision import merged_vary
from corswsgi.fetch import is_token, list_members

APP = "https://app.example.com"
EVIL = "https://evil.test"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
EXPOSE = "Access-Control-Expose-Headers"
ONE = Policy(origins=[APP])
ANY = Policy(origins="*")
CREDENTIALS = Policy(origins=[APP], supports_credentials=True, methods="*")

Pairs = list[tuple[str, str]]

ALLOWED = decide(ONE, CORSRequest("GET", APP))
REFUSED = decide(ONE, CORSRequest("GET", EVIL))
NO_ORIGIN = decide(ONE, CORSRequest("GET"))
WILDCARD = decide(ANY, CORSRequest("GET", APP))


def test_a_decision_is_a_value() -> None:
    headers = ((ALLOW_ORIGIN, APP),)
    decision = decide(ONE, CORSRequest("GET", APP))
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
    own = [("Content-Type", "text/plain"), ("vary", "Accept"), ("Set-Cookie", "a"), ("X", "1")]
    before = own.copy()
    first = ALLOWED.apply(own)
    first.append(("Evil", "1"))
    assert own == before
    assert ALLOWED.apply([]) == [(ALLOW_ORIGIN, APP), ("Vary", "Origin")]
    assert ALLOWED.apply(own) == [
        ("Content-Type", "text/plain"),
        ("vary", "Accept, Origin"),
        ("Set-Cookie", "a"),
        ("X", "1"),
        (ALLOW_ORIGIN, APP),
    ]


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ([(ALLOW_ORIGIN, APP)], [(ALLOW_ORIGIN, APP)]),
        ([("access-control-allow-origin", "null")], [("access-control-allow-origin", "null")]),
        ([(ALLOW_ORIGIN, "*")], [(ALLOW_ORIGIN, "*")]),
        (
            [(ALLOW_ORIGIN, APP), ("Vary", "Accept"), ("Access-Control-Allow-Credentials", "true")],
            [(ALLOW_ORIGIN, APP), ("Vary", "Accept")],
        ),
        ([("X", "1"), (ALLOW_ORIGIN, APP), (EXPOSE, "X-B")], [("X", "1"), (ALLOW_ORIGIN, APP)]),
    ],
)
@pytest.mark.parametrize("origin", [APP, EVIL, None])
@pytest.mark.parametrize("exposes", [(), ["X-A"]])
def test_the_applications_own_header_is_never_widened(
    own: Pairs, expected: Pairs, origin: str | None, exposes: list[str]
) -> None:
    policy = Policy(origins="*", expose_headers=exposes)
    applied = decide(policy, CORSRequest("GET", origin)).apply(own)
    names = [*exposes, *("X-B" for name, _ in own if name == EXPOSE)]
    more = [(EXPOSE, ", ".join(names))] if names else []
    assert applied == [*expected, *more]


NAMES = st.sampled_from(
    ["Content-Type", "Set-Cookie", "Vary", "vary", "Access-Control-Allow-Origin", "X-A"]
) | st.sampled_from(["access-control-expose-headers", "Access-Control-Max-Age"])
TEXT = (
    st.just("Accept, *")
    | st.text()
    | st.text(st.characters(max_codepoint=0xFF))
    | st.just("authorization,x-a")
)
HEADERS = st.lists(st.tuples(NAMES, TEXT))
DECISIONS = [
    ALLOWED,
    REFUSED,
    NO_ORIGIN,
    WILDCARD,
    decide(ANY, CORSRequest("GET", None)),
    decide(Policy(origins=APP, expose_headers="X-A"), CORSRequest("GET", APP)),
    decide(Policy(origins="*", expose_headers="X-A"), CORSRequest("GET", APP)),
    decide(CREDENTIALS, CORSRequest("GET", APP)),
    decide(ONE, CORSRequest("OPTIONS", APP, "PUT")),
    decide(ONE, CORSRequest("OPTIONS", EVIL, "PUT")),
]


def members(headers: Pairs, wanted: str) -> list[str]:
    values = [value for name, value in headers if name.lower() == wanted]
    return [member.lower() for value in values for member in list_members(value)]


def is_cors(name: str) -> bool:
    return name.lower().startswith("access-control-")


@given(st.sampled_from(DECISIONS), HEADERS)
def test_apply(decision: Decision, own: Pairs) -> None:
    before = own.copy()
    unrelated_names: set[str] = set()
    applied = decision.apply(own, unrelated_names)
    assert own == before
    assert applied == decision.apply(own) == decision.apply(own, unrelated_names)
    assert applied == decision.apply(iter(own)) == decision.apply(tuple(own))
    assert not any(name.lower() == "vary" or is_cors(name) for name in unrelated_names)
    if all(name in unrelated_names for name, _ in own):
        assert applied == [*own, *decision.added]

    def others(headers: Pairs) -> Pairs:
        return [pair for pair in headers if pair[0].lower() != "vary" and not is_cors(pair[0])]

    assert others(applied) == others(own), "all other headers stay, in their order"

    kept, had = members(applied, "vary"), members(own, "vary")
    assert set(had) <= set(kept), "Vary keeps its members"
    if "*" not in had:
        assert set(kept) == set(had) | {name.lower() for name in decision.vary}
        for name in decision.vary:
            assert kept.count(name.lower()) == max(1, had.count(name.lower()))
    assert sum(name.lower() == "vary" for name, _ in applied) <= 1

    cors = [pair for pair in applied if is_cors(pair[0])]
    if decision.reason == "no_origin" and not decision.headers:
        assert cors == [pair for pair in own if is_cors(pair[0])]
        return
    expected = [pair for pair in decision.headers if pair[0] != EXPOSE]
    named = [pair for pair in own if pair[0].lower() == ALLOW_ORIGIN.lower() and pair[1] != "*"]
    if named and (ALLOW_ORIGIN, "*") in expected:
        expected = [*named, *(pair for pair in expected if pair[0] != ALLOW_ORIGIN)]
    else:
        assert len({name.lower() for name, _ in cors}) == len(cors), "never two of a header"
    assert [pair for pair in cors if pair[0].lower() != EXPOSE.lower()] == expected
    exposed = members(applied, EXPOSE.lower())
    assert set(members([*decision.headers], EXPOSE.lower())) <= set(exposed)
    assert all(map(is_token, exposed))
    if not decision.allowed:
        assert exposed == []


@given(st.sampled_from(DECISIONS), HEADERS)
def test_applied_headers_are_recognized(decision: Decision, own: Pairs) -> None:
    applied = decision.apply(own)
    assert decision.is_applied_to(applied)
    assert decision.is_applied_to(iter(applied))
    assert decision.is_applied_to(iter(own)) == decision.is_applied_to(own)
    assert decision.is_applied_to([(name.upper(), value) for name, value in applied])


@pytest.mark.parametrize(
    ("decision", "headers", "expected"),
    [
        (ALLOWED, [], False),
        (ALLOWED, [("Vary", "Origin")], False),
        (ALLOWED, [(ALLOW_ORIGIN, APP)], False),
        (ALLOWED, [(ALLOW_ORIGIN, "*"), ("Vary", "Origin")], False),
        (ALLOWED, [(ALLOW_ORIGIN, APP), ("Vary", "*")], True),
        (ALLOWED, [(ALLOW_ORIGIN, APP), ("Vary", "Accept"), ("vary", "origin")], True),
        (REFUSED, [("Vary", "Origin")], True),
        (REFUSED, [("Vary", "Origin"), (ALLOW_ORIGIN, APP)], False),
        (NO_ORIGIN, [("Vary", "Origin"), (ALLOW_ORIGIN, APP)], True),
        (NO_ORIGIN, [(ALLOW_ORIGIN, APP)], False),
        (WILDCARD, [(ALLOW_ORIGIN, "*")], True),
        (WILDCARD, [(ALLOW_ORIGIN, APP)], True),
        (WILDCARD, [("Vary", "Origin")], False),
    ],
)
def test_is_applied_to(decision: Decision, headers: Pairs, expected: bool) -> None:
    assert decision.is_applied_to(headers) is expected


@pytest.mark.parametrize(
    ("value", "names", "expected"),
    [
        ("", ["Origin"], "Origin"),
        (", ", ["Origin"], "Origin"),
        ("Accept", [], "Accept"),
        ("Accept", ["Origin"], "Accept, Origin"),
        ("Accept,\t", ["Origin"], "Accept, Origin"),
        ("origin", ["Origin"], "origin"),
        ("X-Origin", ["Origin"], "X-Origin, Origin"),
        ("Accept , ORIGIN", ["Origin", "Accept"], "Accept , ORIGIN"),
        ("Accept, *", ["Origin"], "Accept, *"),
        ("X*", ["Origin"], "X*, Origin"),
        ("*", ["Origin"], "*"),
    ],
)
def test_merged_vary(value: str, names: list[str], expected: str) -> None:
    assert merged_vary(value, names) == expected


def test_no_more_unrelated_names_than_the_limit() -> None:
    unrelated_names = {f"x-{number}" for number in range(256)}
    applied = ALLOWED.apply([("X-A", "1"), ("Vary", "Accept")], unrelated_names)
    assert applied == [("X-A", "1"), ("Vary", "Accept, Origin"), (ALLOW_ORIGIN, APP)]
    assert len(unrelated_names) == 256


def test_no_longer_unrelated_names_than_the_limit() -> None:
    unrelated_names: set[str] = set()
    short, long = "x" * 64, "y" * 65
    own = [(short, "1"), (long, "2")]
    assert ALLOWED.apply(own, unrelated_names) == [*own, *ALLOWED.added]
    assert unrelated_names == {short}
