"""Decision: a value, and what it makes of an application's response headers."""

from __future__ import annotations

import dataclasses

import pytest

from corswsgi import CORSRequest, Decision, Policy, decide
from corswsgi.decision import merged_vary

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


def test_as_many_unrelated_names_as_the_limit() -> None:
    unrelated_names = {f"x-{number}" for number in range(255)}
    ALLOWED.apply([("X-A", "1"), ("X-B", "1")], unrelated_names)
    assert "X-A" in unrelated_names
    assert len(unrelated_names) == 256
