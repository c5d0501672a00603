"""The Decision about a request: where nothing has to be awaited, and where something may be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from inspect import isawaitable, iscoroutine
from typing import Any, cast

from django.core.exceptions import SynchronousOnlyOperation
from django.http import HttpRequest

from corswsgi import Decision
from corswsgi.decision import REFUSED, REFUSED_PREFLIGHT
from corswsgi.errors import shown
from corswsgi.log import log_failure
from corswsgi.origins import parse_origin
from corswsgi.rules import Rules
from corswsgi.wsgi import DECISION

from . import callables
from .apps import installed
from .policies import Governor, Policies
from .routes import find_view
from .signals import check_request_enabled

PATH = "corswsgi_django.path"
"""The key of request.META for the path as it came in: it is there below the middleware."""

RULED = "corswsgi_django.ruled"
"""The key of request.META for the response that a view's own policy has been applied to."""

_GOVERNOR = "corswsgi_django.governor"
"""The key of request.META for the `Governor` by which the Decision there was made."""

_ANSWER = "corswsgi_django.check_request_enabled"
"""The key of request.META for what the receivers have answered: they are asked once."""

_REQUESTED_METHOD = "HTTP_ACCESS_CONTROL_REQUEST_METHOD"


def cors_decision(request: HttpRequest) -> Decision | None:
    """Return the `corswsgi.Decision` about a request; None where no policy governs it.

    For views and loggers, below the middleware or in a view with ``@cors``. It is made at the
    first call, or when the response is there. In coroutines, use `acors_decision`: this one raises
    `SynchronousOnlyOperation` if callables or receivers have to be asked.
    """
    return decided(request, _governor_of_any(request))


async def acors_decision(request: HttpRequest) -> Decision | None:
    """Return what `cors_decision` returns, in a coroutine."""
    return await adecided(request, _governor_of_any(request))


def is_preflight(meta: Mapping[str, Any]) -> bool:
    """Tell whether a request is a CORS-preflight request (Fetch, 3.3.2)."""
    return (
        meta["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ORIGIN" in meta and _REQUESTED_METHOD in meta
    )


def requested_method(meta: Mapping[str, Any]) -> str | None:
    """Return the method that a preflight asks about; None: the request is none."""
    return meta[_REQUESTED_METHOD] if is_preflight(meta) else None


def routed_path(request: HttpRequest) -> str:
    """Return the path of a request as it came in, whatever middleware has made of it since."""
    path: str = request.META.get(PATH) or request.path_info
    return path


def governor_of(policies: Policies, request: HttpRequest) -> Governor:
    """Return what governs a request: by the view that it has got to, or would have."""
    match = request.resolver_match
    view = find_view(request) if match is None else match.func
    if view is None:
        return policies.governor(routed_path(request))
    marks = policies.marks(view)
    if marks.is_bare and policies.everywhere is not None:
        return policies.everywhere
    # Not META's method: middleware that reads another from a header sets this one.
    return policies.governor(routed_path(request), marks.of(request.method or ""))


def governor_of_preflight(policies: Policies, request: HttpRequest) -> Governor:
    """Return what governs a preflight: by the view that it asks about."""
    view = find_view(request)
    if view is None:
        return policies.governor(routed_path(request))
    marks, method = policies.marks(view), request.META[_REQUESTED_METHOD]
    return policies.preflight_governor(routed_path(request), marks, method)


def decided(request: HttpRequest, governor: Governor) -> Decision | None:
    """Decide about a request, and leave the Decision in request.META."""
    rules, meta = governor.rules, request.META
    if rules is None:
        meta.pop(DECISION, None)
        return None
    if meta.get(_GOVERNOR) is governor and DECISION in meta:
        return cast(Decision, meta[DECISION])
    if governor.has_callables and callables.has_to_be_asked(
        rules.policy, meta.get("HTTP_ORIGIN", "")
    ):
        _forbid_in_coroutines()
    decision = _decide(meta, rules)
    if not decision.allowed and _has_to_ask_signal(governor, meta, decision):
        _forbid_in_coroutines()
        decision = _answered(meta, rules, _ask_signal(request), decision)
    if governor.needs_signal and not meta.get(_ANSWER):
        return _ungoverned(rules)
    meta[DECISION], meta[_GOVERNOR] = decision, governor
    return decision


async def adecided(request: HttpRequest, governor: Governor) -> Decision | None:
    """Do what `decided` does, without blocking whoever waits."""
    rules, meta = governor.rules, request.META
    if rules is None:
        meta.pop(DECISION, None)
        return None
    if meta.get(_GOVERNOR) is governor and DECISION in meta:
        return cast(Decision, meta[DECISION])
    if governor.has_callables and callables.has_to_be_asked(
        rules.policy, origin := meta.get("HTTP_ORIGIN", "")
    ):
        answer = await callables.ask(rules.policy, origin)
        decision = _answered(meta, rules, answer, _judge(meta, rules, is_allowed=False))
    else:
        decision = _decide(meta, rules)
    if not decision.allowed and _has_to_ask_signal(governor, meta, decision):
        decision = _answered(meta, rules, await _aask_signal(request), decision)
    if governor.needs_signal and not meta.get(_ANSWER):
        return _ungoverned(rules)
    meta[DECISION], meta[_GOVERNOR] = decision, governor
    return decision


def _forbid_in_coroutines() -> None:
    """Refuse to ask callables or receivers where they would block the event loop, or fail."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    message = (
        "cors_decision() has to ask callables or receivers, and is called in a coroutine: write "
        "`await acors_decision(request)`. (A view with @cors that a coroutine calls has to be a "
        "coroutine function.)"
    )
    raise SynchronousOnlyOperation(message)


def _governor_of_any(request: HttpRequest) -> Governor:
    find = governor_of_preflight if is_preflight(request.META) else governor_of
    return find(installed().policies, request)


def _decide(meta: Mapping[str, Any], rules: Rules) -> Decision:
    # corswsgi.decide(), written out: every request comes here.
    origin: str | None = meta.get("HTTP_ORIGIN")
    if origin is None:
        return rules.no_origin
    if meta["REQUEST_METHOD"] != "OPTIONS" or _REQUESTED_METHOD not in meta:
        return rules.actual(origin)
    return rules.preflight(origin, *_asked(meta))


def _judge(meta: Mapping[str, Any], rules: Rules, *, is_allowed: bool) -> Decision:
    """Decide about a request whose origin others have decided about."""
    origin: str = meta["HTTP_ORIGIN"]
    if is_preflight(meta):
        return rules.judge_preflight(origin, *_asked(meta), is_allowed)
    return rules.judge_actual(origin, is_allowed)


def _asked(meta: Mapping[str, Any]) -> tuple[str, str, bool]:
    """Return what a preflight asks for: a method, headers, a private network."""
    return (
        meta[_REQUESTED_METHOD],
        meta.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", ""),
        meta.get("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK") == "true",
    )


def _answered(
    meta: Mapping[str, Any], rules: Rules, answer: bool | None, refusal: Decision
) -> Decision:
    """Return what an answer about the origin comes to; `refusal` is what a no comes to."""
    if answer:
        return _judge(meta, rules, is_allowed=True)
    if answer is None:
        refusals = REFUSED_PREFLIGHT if is_preflight(meta) else REFUSED
        return refusals["origin_check_failed"]
    return refusal


def _ungoverned(rules: Rules) -> Decision | None:
    """Return what holds where receivers might have allowed something, and have not.

    No policy governs it. But the next origin may be allowed, so that caches have to know.
    """
    return rules.no_origin if check_request_enabled.receivers else None


def _has_to_ask_signal(governor: Governor, meta: Mapping[str, Any], decision: Decision) -> bool:
    return (
        governor.asks_signal
        and bool(check_request_enabled.receivers)
        and decision.reason in ("origin_not_allowed", "origin_check_failed")
        and parse_origin(meta["HTTP_ORIGIN"]) is not None
    )


def _ask_signal(request: HttpRequest) -> bool | None:
    meta = request.META
    if _ANSWER not in meta:
        # All of them run, whichever raises: send() leaves out those that come after it.
        meta[_ANSWER] = _judged(check_request_enabled.send_robust(sender=None, request=request))
    answer: bool | None = meta[_ANSWER]
    return answer


async def _aask_signal(request: HttpRequest) -> bool | None:
    meta = request.META
    if _ANSWER not in meta:
        answers = await check_request_enabled.asend_robust(sender=None, request=request)
        meta[_ANSWER] = _judged(answers)
    answer: bool | None = meta[_ANSWER]
    return answer


def _judged(answers: Iterable[tuple[object, object]]) -> bool | None:
    """Return what receivers have answered; None if one has failed, which refuses."""
    judged = [_judged_one(receiver, answer) for receiver, answer in answers]
    return None if None in judged else any(judged)


def _judged_one(receiver: object, answer: object) -> bool | None:
    try:
        if isinstance(answer, Exception):
            raise answer
        if isawaitable(answer):
            # Django takes only functions for coroutine functions, and a coroutine counts as true.
            if iscoroutine(answer):
                answer.close()
            raise TypeError("it answered a coroutine: connect a coroutine function")
        return bool(answer)
    except Exception as error:
        what = f"the receiver {shown(receiver)} of check_request_enabled"
        log_failure(what, error, "origin_check_failed")
        return None
