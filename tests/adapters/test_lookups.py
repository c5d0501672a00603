"""Look-ups: the steps of a decision, in synchronous and in asynchronous code."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import CORSRequest, Decision, Policy
from corswsgi.adapters import (
    NO_ORIGIN,
    Applied,
    adecide_with,
    checked_truth,
    combined_truth,
    decide_now,
    decide_with,
    decision_steps,
    refusing_policy,
)
from corswsgi.decision import PREFLIGHT_VARY
from tests.helpers.wsgi import environ_of

APP = "https://app.example.com"
EVIL = "https://evil.test"
ONE = Policy(origins=[APP])


def never(origin: str) -> bool:
    raise NotImplementedError


def also_never(origin: str) -> bool:
    raise NotImplementedError


CALLABLE = Policy(origins=[APP, never, also_never])
REFUSES_ALL = Policy(origins=NO_ORIGIN)

Answers = dict[object, object]
Runner = Callable[[Applied, CORSRequest, Answers], tuple["Decision | None", list[object]]]


def run_sync(
    applied: Applied, request: CORSRequest, answers: Answers
) -> tuple[Decision | None, list[object]]:
    asked: list[object] = []

    def ask(look_up: object) -> object:
        asked.append(look_up)
        return answers[look_up]

    return decide_with(ask, decision_steps(applied, request)), asked


def run_async(
    applied: Applied, request: CORSRequest, answers: Answers
) -> tuple[Decision | None, list[object]]:
    asked: list[object] = []

    async def ask(look_up: object) -> object:
        await asyncio.sleep(0)
        asked.append(look_up)
        return answers[look_up]

    async def main() -> Decision | None:
        return await adecide_with(ask, decision_steps(applied, request))

    return asyncio.run(main()), asked


class Case(NamedTuple):
    name: str
    applied: Applied
    request: CORSRequest
    answers: Answers
    reason: str | None
    """The reason of the decision; None: no policy applies."""
    asked: list[object]
    logged: int = 0


def get(origin: str | None) -> CORSRequest:
    return CORSRequest("GET", origin)


def preflight(origin: str, method: str = "PUT") -> CORSRequest:
    return CORSRequest("OPTIONS", origin, method)


def options(origin: str | None = None) -> CORSRequest:
    """Return an OPTIONS request that is not a preflight."""
    return CORSRequest("OPTIONS", origin)


def looked_up(policy: Policy | None, *look_ups: object, is_optional: bool = False) -> Applied:
    return Applied(policy, look_ups=look_ups, is_optional=is_optional)


BOTH = Applied(CALLABLE, look_ups=("signal",))
OPTIONAL = looked_up(REFUSES_ALL, "signal", is_optional=True)
INVALID = looked_up(refusing_policy("policy_invalid"), "signal")
YES: Answers = {never: True, also_never: True, "signal": True, "other": True}
NO: Answers = {never: False, also_never: False, "signal": False, "other": False}
FAILS: Answers = dict.fromkeys(YES, ValueError("no"))
ALL: list[object] = [never, also_never, "signal"]

CASES = [
    Case("off", looked_up(None, "signal"), get(EVIL), YES, None, []),
    Case("listed", Applied(ONE), get(APP), {}, "origin_allowed", []),
    Case("not listed", Applied(ONE), get(EVIL), {}, "origin_not_allowed", []),
    Case("no Origin", BOTH, get(None), {}, "no_origin", []),
    Case("listed before callables", BOTH, get(APP), {}, "origin_allowed", []),
    Case("callable allows", BOTH, get(EVIL), YES, "origin_allowed", [never]),
    Case("preflight: callable allows", BOTH, preflight(EVIL), YES, "preflight_allowed", [never]),
    Case(
        "second callable allows",
        BOTH,
        get(EVIL),
        {**NO, also_never: True},
        "origin_allowed",
        [never, also_never],
    ),
    Case(
        "callable fails, second allows",
        BOTH,
        get(EVIL),
        {never: ValueError(), also_never: True},
        "origin_allowed",
        [never, also_never],
        1,
    ),
    Case(
        "look-up allows",
        BOTH,
        get(EVIL),
        {**NO, "signal": True},
        "origin_allowed",
        [never, also_never, "signal"],
    ),
    Case(
        "preflight: look-up allows",
        BOTH,
        preflight(EVIL),
        {**NO, "signal": True},
        "preflight_allowed",
        [never, also_never, "signal"],
    ),
    Case(
        "callable fails, look-up allows",
        BOTH,
        get(EVIL),
        {**FAILS, "signal": True},
        "origin_allowed",
        [never, also_never, "signal"],
        2,
    ),
    Case(
        "callable fails, look-up refuses",
        BOTH,
        get(EVIL),
        {**FAILS, "signal": False},
        "origin_check_failed",
        [never, also_never, "signal"],
        2,
    ),
    Case(
        "callables refuse, look-up fails",
        BOTH,
        get(EVIL),
        {**NO, "signal": OSError()},
        "origin_check_failed",
        [never, also_never, "signal"],
        1,
    ),
    Case(
        "look-up returns something else",
        looked_up(ONE, "signal"),
        get(EVIL),
        {"signal": "yes"},
        "origin_check_failed",
        ["signal"],
        1,
    ),
    Case(
        "look-up fails without logging",
        looked_up(ONE, "signal"),
        preflight(EVIL),
        {"signal": None},
        "origin_check_failed",
        ["signal"],
    ),
    Case("all refuse", BOTH, get(EVIL), NO, "origin_not_allowed", [never, also_never, "signal"]),
    Case(
        "two look-ups",
        looked_up(ONE, "signal", "other"),
        get(EVIL),
        {"signal": False, "other": True},
        "origin_allowed",
        ["signal", "other"],
    ),
    Case("false look-ups", looked_up(ONE, "", 0, ()), get(EVIL), {}, "origin_not_allowed", []),
    Case("null", BOTH, get("null"), YES, "origin_null", []),
    Case("malformed", BOTH, get("https://Evil.test"), YES, "origin_not_allowed", []),
    Case("long", BOTH, get("https://" + "a" * 9999), YES, "origin_not_allowed", []),
    Case("another reason", BOTH, preflight(APP, "CHICKEN"), YES, "method_not_allowed", []),
    Case(
        "allowed by a look-up, another reason",
        looked_up(ONE, "signal"),
        preflight(EVIL, "CHICKEN"),
        YES,
        "method_not_allowed",
        ["signal"],
    ),
    Case("invalid", INVALID, get(EVIL), YES, "policy_invalid", []),
    Case("invalid, preflight", INVALID, preflight(EVIL), YES, "policy_invalid", []),
    Case("any origin", looked_up(Policy(origins="*"), "x"), get(EVIL), YES, "origin_allowed", []),
    Case("optional: allowed", OPTIONAL, get(EVIL), YES, "origin_allowed", ["signal"]),
    Case("optional: preflight", OPTIONAL, preflight(EVIL), YES, "preflight_allowed", ["signal"]),
    Case("optional: refused", OPTIONAL, get(EVIL), NO, "no_origin", ["signal"]),
    Case("optional: fails", OPTIONAL, preflight(EVIL), FAILS, "no_origin", ["signal"], 1),
    Case("optional: no Origin", OPTIONAL, get(None), {}, "no_origin", []),
    Case("optional: OPTIONS", OPTIONAL, options(), {}, "no_origin", []),
    Case("optional: refused, OPTIONS", OPTIONAL, options(EVIL), NO, "no_origin", ["signal"]),
    Case("optional: allowed, OPTIONS", OPTIONAL, options(EVIL), YES, "origin_allowed", ["signal"]),
    Case("OPTIONS", looked_up(ONE, "signal"), options(APP), {}, "origin_allowed", []),
    Case("OPTIONS, refused", BOTH, options(EVIL), NO, "origin_not_allowed", ALL),
    Case("OPTIONS, failed", BOTH, options(EVIL), FAILS, "origin_check_failed", ALL, 3),
    Case("optional: null", OPTIONAL, preflight("null"), YES, "no_origin", []),
    Case(
        "optional: nothing to ask",
        looked_up(REFUSES_ALL, "", is_optional=True),
        get(EVIL),
        {},
        None,
        [],
    ),
]


@pytest.mark.parametrize("runner", [run_sync, run_async])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_decisions(runner: Runner, case: Case, caplog: pytest.LogCaptureFixture) -> None:
    decision, asked = runner(case.applied, case.request, case.answers)
    assert (decision and decision.reason) == case.reason
    assert asked == case.asked
    assert [vars(each)["reason"] for each in caplog.records] == (
        ["origin_check_failed"] * case.logged
    )
    if decision is not None:
        is_answered = case.request.is_preflight and case.reason != "no_origin"
        assert (decision.status is not None) == is_answered
        if case.request.method == "OPTIONS":
            assert decision.vary == PREFLIGHT_VARY
        else:
            assert decision.vary == ("Origin",) or decision.headers[0][1] == "*"
    if case.reason in ("origin_allowed", "preflight_allowed"):
        assert decision is not None
        value = dict(decision.headers)["Access-Control-Allow-Origin"]
        assert value in (case.request.origin, "*")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_give_the_same_decision(case: Case) -> None:
    arguments = (case.applied, case.request, case.answers)
    assert run_sync(*arguments) == run_async(*arguments)


def test_an_exception_that_is_not_an_answer_passes_through() -> None:
    def ask(look_up: object) -> object:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decide_with(ask, decision_steps(BOTH, get(EVIL)))


class NoTruth:
    def __bool__(self) -> bool:
        raise ValueError


async def coroutine_function() -> bool:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(True, True), (False, False), ("yes", True), (None, False), ([], False), (1, True)],
)
def test_checked_truth(answer: object, expected: bool, caplog: pytest.LogCaptureFixture) -> None:
    assert checked_truth("the receiver {}", print, answer) is expected
    assert caplog.records == []


@pytest.mark.parametrize("make", [NoTruth, ValueError, coroutine_function, asyncio.Future])
def test_answers_without_a_truth(
    make: Callable[[], object], caplog: pytest.LogCaptureFixture
) -> None:
    loop = asyncio.new_event_loop()
    answer = asyncio.Future(loop=loop) if make is asyncio.Future else make()
    assert checked_truth("the receiver {}", print, answer) is None
    loop.close()
    (record,) = caplog.records
    assert (record.levelname, vars(record)["reason"]) == ("ERROR", "origin_check_failed")
    assert record.getMessage().startswith("the receiver <built-in function print> raised ")
    is_awaitable = make in (coroutine_function, asyncio.Future)
    assert ("a coroutine instead of its result" in record.getMessage()) is is_awaitable


ORIGINS = st.sampled_from([None, APP, EVIL, "null", "https://Evil.test", "https://a.example.org"])
POLICIES = st.sampled_from(
    [
        None,
        ONE,
        CALLABLE,
        REFUSES_ALL,
        Policy(origins="*"),
        Policy(origins=["https://*.example.org"]),
        refusing_policy("policy_invalid"),
    ]
)
LOOK_UPS = st.lists(st.sampled_from(["signal", "", "other"]), max_size=2).map(tuple)


@given(
    st.builds(Applied, POLICIES, look_ups=LOOK_UPS, is_optional=st.booleans()),
    st.sampled_from(["GET", "POST", "OPTIONS"]),
    ORIGINS,
    st.sampled_from([None, "PUT", "CHICKEN"]),
    st.sampled_from([YES, NO, FAILS]),
)
def test_the_shortcut_decides_like_the_steps(
    applied: Applied, method: str, origin: str | None, requested: str | None, answers: Answers
) -> None:
    headers = [("Origin", origin)] if origin is not None else []
    if requested is not None:
        headers.append(("Access-Control-Request-Method", requested))
        headers.append(("Access-Control-Request-Headers", "x-a"))
    environ: dict[str, Any] = environ_of("/", method, headers)
    decision = decide_now(applied, environ)
    if decision is None:
        return
    logging.disable()
    try:
        steps, asked = run_sync(applied, CORSRequest.from_environ(environ), answers)
    finally:
        logging.disable(logging.NOTSET)
    assert decision == steps
    assert asked == []


@pytest.mark.parametrize(
    ("answers", "combined"),
    [
        ([], False),
        ([False, None], False),
        ([0, "yes"], True),
        ([True, LookupError("a\nb")], None),
    ],
)
def test_answers_are_combined(
    answers: list[Any], combined: bool | None, caplog: pytest.LogCaptureFixture
) -> None:
    pairs = [(f"function {number}", answer) for number, answer in enumerate(answers)]
    assert combined_truth("the receiver {}", pairs) is combined
    texts = [record.getMessage() for record in caplog.records]
    assert len(texts) == (1 if combined is None else 0)
    for text in texts:
        assert text.startswith("the receiver 'function 1' raised LookupError('a\\nb')")


@pytest.mark.parametrize(
    ("applied", "method", "origin", "requested", "reason"),
    [
        (Applied(ONE), "GET", APP, None, "origin_allowed"),
        (Applied(ONE), "GET", APP, "PUT", "origin_allowed"),
        (Applied(ONE), "GET", EVIL, None, "origin_not_allowed"),
        (Applied(ONE), "GET", None, None, "no_origin"),
        (Applied(ONE), "OPTIONS", APP, None, None),
        (Applied(ONE), "OPTIONS", APP, "PUT", "preflight_allowed"),
        (Applied(ONE), "OPTIONS", APP, "CHICKEN", "method_not_allowed"),
        (Applied(ONE), "OPTIONS", EVIL, "PUT", "origin_not_allowed"),
        (Applied(ONE), "OPTIONS", None, "PUT", None),
        (looked_up(ONE, "signal"), "GET", APP, None, "origin_allowed"),
        (looked_up(ONE, "signal"), "OPTIONS", APP, "PUT", "preflight_allowed"),
        (looked_up(ONE, ""), "GET", EVIL, None, "origin_not_allowed"),
        (looked_up(ONE, "signal"), "GET", EVIL, None, None),
        (looked_up(ONE, "signal"), "OPTIONS", EVIL, "PUT", None),
        (Applied(CALLABLE), "GET", APP, None, None),
        (Applied(CALLABLE), "OPTIONS", APP, "PUT", None),
        (Applied(None), "GET", APP, None, None),
        (OPTIONAL, "GET", APP, None, None),
    ],
)
def test_the_shortcut_decides_about_most_requests(
    applied: Applied, method: str, origin: str | None, requested: str | None, reason: str | None
) -> None:
    headers = [] if origin is None else [("Origin", origin)]
    if requested is not None:
        headers.append(("Access-Control-Request-Method", requested))
    decision = decide_now(applied, environ_of("/", method, headers))
    assert (decision and decision.reason) == reason
