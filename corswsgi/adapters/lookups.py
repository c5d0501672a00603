"""Look-ups: ask callables about an origin, in synchronous and in asynchronous code.

`decision_steps` contains the whole procedure and only leaves out how to ask. `decide_with` calls,
`adecide_with` awaits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from inspect import isawaitable, iscoroutine
from typing import Any

from corswsgi.decision import Decision
from corswsgi.log import log_failure
from corswsgi.origins import checked_answer, parse_origin
from corswsgi.requests import CORSRequest

from .layers import Applied

Steps = Generator[Any, object, "Decision | None"]
"""Yields the look-ups to ask, is sent the answers (or exceptions), and returns the Decision."""


def decision_steps(applied: Applied, request: CORSRequest) -> Steps:
    """Decide about a request, and yield each look-up to run for its origin.

    These are callables among the policy's origins, and then, if the policy refuses the origin,
    `Applied.look_ups`. One that is false is not asked. An answer is True or False, or the exception
    that was raised, which is logged and refuses the origin. None refuses it without logging.
    Returns None if no policy applies.
    """
    if applied.policy is None:
        return None
    compiled = applied.policy.compiled
    origin = request.origin
    answer: bool | None = False
    if origin is not None and compiled.needs_look_up(origin):
        answer = yield from _ask(compiled.callables, origin)
        if answer is None:
            decision = compiled.decide_failed(request)
        else:
            decision = compiled.decide(request, answer)
    else:
        decision = compiled.decide(request)
    look_ups = [look_up for look_up in applied.look_ups if look_up]
    if (
        look_ups
        and origin is not None
        and decision.reason in ("origin_not_allowed", "origin_check_failed")
        and parse_origin(origin) is not None
    ):
        answer = yield from _ask(look_ups, origin)
        if answer is None:
            decision = compiled.decide_failed(request)
        elif answer:
            decision = compiled.decide(request, answer)
    if applied.is_optional and not answer:
        # Another origin may be allowed, so caches must not reuse this response for it.
        return compiled.decide(CORSRequest(request.method)) if look_ups else None
    return decision


def _ask(look_ups: Iterable[object], origin: str) -> Generator[Any, object, bool | None]:
    """Ask until one allows the origin; None if none does and one failed."""
    result: bool | None = False
    for look_up in look_ups:
        given = yield look_up
        answer = None if given is None else checked_answer(look_up, origin, given)
        if answer:
            return True
        result = None if answer is None else result
    return result


def checked_truth(subject: str, function: object, answer: object) -> bool | None:
    """Return whether an answer counts as true; None if it is an exception or cannot be used.

    This is logged; `subject` names the `function` that answered, with ``{}`` for its repr.
    (Look-ups themselves must return a bool.)
    """
    try:
        if isinstance(answer, Exception):
            raise answer
        if isawaitable(answer):
            if iscoroutine(answer):
                answer.close()
            raise TypeError("it returned a coroutine instead of its result")
        return bool(answer)
    except Exception as error:
        log_failure(subject, function, error, "origin_check_failed")
        return None


def combined_truth(subject: str, answers: Iterable[tuple[object, object]]) -> bool | None:
    """Combine the answers of functions that can each allow an origin; None if one failed.

    `answers` are pairs of a function and its answer; for `subject`, see `checked_truth`.
    """
    checked = [checked_truth(subject, function, answer) for function, answer in answers]
    return None if None in checked else any(checked)


def decide_now(applied: Applied, environ: Mapping[str, Any]) -> Decision | None:
    """Decide about a request without look-ups; None if `decision_steps` is needed.

    This is a shortcut: it decides about nearly every request, and takes a third of the time.
    """
    policy = applied.policy
    if policy is None or applied.is_optional:
        return None
    compiled = policy.compiled
    origin = environ.get("HTTP_ORIGIN")
    if environ["REQUEST_METHOD"] == "OPTIONS":
        method = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
        if origin is None or method is None or compiled.callables:
            return None
        headers = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
        decision = compiled.decide_preflight(origin, method, headers)
    elif origin is None:
        return compiled.no_origin
    elif compiled.callables:
        return None
    else:
        decision = compiled.decide_actual(origin)
    return decision if decision.allowed or not any(applied.look_ups) else None


def decide_with(ask: Callable[[Any], object], steps: Steps) -> Decision | None:
    """Run the steps of a decision; `ask` is called with each look-up."""
    answer: object = None
    while True:
        try:
            look_up = steps.send(answer)
        except StopIteration as stop:
            decision: Decision | None = stop.value
            return decision
        answer = ask(look_up)


async def adecide_with(ask: Callable[[Any], Awaitable[object]], steps: Steps) -> Decision | None:
    """Run the steps of a decision; the result of `ask` is awaited for each look-up."""
    answer: object = None
    while True:
        try:
            look_up = steps.send(answer)
        except StopIteration as stop:
            decision: Decision | None = stop.value
            return decision
        answer = await ask(look_up)
