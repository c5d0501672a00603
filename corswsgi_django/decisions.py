"""The Decision about a request: where nothing has to be awaited, and where something may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from corswsgi import Decision, Policy, decide
from corswsgi.decision import REFUSED, REFUSED_PREFLIGHT
from corswsgi.log import log_failure
from corswsgi.rules import Rules
from corswsgi.wsgi import DECISION

from . import callables
from .apps import installed
from .policies import Governor, Policies
from .routes import find_view
from .signals import check_request_enabled

IN_FORCE = "corswsgi_django.marks"
"""The key of request.META for the marks that a decorator has put in force itself."""

_ANSWER = "corswsgi_django.check_request_enabled"
"""The key of request.META for what the receivers have answered: they are asked once."""

_REQUESTED_METHOD = "HTTP_ACCESS_CONTROL_REQUEST_METHOD"


def cors_decision(request: HttpRequest) -> Decision | None:
    """Return the `corswsgi.Decision` about a request; None where no policy governs it.

    For views and loggers, below the middleware or in a view with ``@cors``. It is made at the
    first call, or when the response is there. In coroutines, use `acors_decision`.
    """
    decision: Decision | None = request.META.get(DECISION)
    return decision or decided(request, _governor_of_any(request))


async def acors_decision(request: HttpRequest) -> Decision | None:
    """Return what `cors_decision` returns, in a coroutine."""
    decision: Decision | None = request.META.get(DECISION)
    return decision or await adecided(request, _governor_of_any(request))


def is_preflight(meta: Mapping[str, Any]) -> bool:
    """Tell whether a request is a CORS-preflight request (Fetch, 3.3.2)."""
    return (
        meta["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ORIGIN" in meta and _REQUESTED_METHOD in meta
    )


def governor_of(policies: Policies, request: HttpRequest) -> Governor:
    """Return what governs a request: by the view that it has got to, or would have."""
    if IN_FORCE in request.META:
        return policies.governor(request.path_info, request.META[IN_FORCE])
    match = request.resolver_match
    view = find_view(request) if match is None else match.func
    if view is None:
        return policies.governor(request.path_info)
    return policies.governor_of_view(view, request.path_info, request.META["REQUEST_METHOD"])


def governor_of_preflight(policies: Policies, request: HttpRequest) -> Governor:
    """Return what governs a preflight: by the view that it asks about."""
    view = find_view(request)
    if view is None:
        return policies.governor(request.path_info)
    marks, method = policies.marks(view), request.META[_REQUESTED_METHOD]
    return policies.preflight_governor(request.path_info, marks, method)


def decided(request: HttpRequest, governor: Governor) -> Decision | None:
    """Decide about a request, and leave the Decision in request.META."""
    policy = governor.policy
    if policy is None:
        return None
    decision = _decide(request.META, policy)
    if not decision.allowed and _has_to_ask_signal(governor, decision):
        decision = _answered(request.META, policy, _ask_signal(request), decision)
    return _left(request.META, governor, policy, decision)


async def adecided(request: HttpRequest, governor: Governor) -> Decision | None:
    """Do what `decided` does, without blocking whoever waits."""
    policy = governor.policy
    if policy is None:
        return None
    meta = request.META
    if policy.origin_set.callables and callables.has_to_be_asked(
        policy, origin := meta.get("HTTP_ORIGIN", "")
    ):
        answer = await callables.ask(policy, origin)
        decision = _answered(meta, policy, answer, _decide(meta, policy, origin_allowed=False))
    else:
        decision = _decide(meta, policy)
    if not decision.allowed and _has_to_ask_signal(governor, decision):
        decision = _answered(meta, policy, await _aask_signal(request), decision)
    return _left(meta, governor, policy, decision)


def _governor_of_any(request: HttpRequest) -> Governor:
    find = governor_of_preflight if is_preflight(request.META) else governor_of
    return find(installed().policies, request)


def _decide(
    meta: Mapping[str, Any], policy: Policy, *, origin_allowed: bool | None = None
) -> Decision:
    return decide(
        policy,
        meta["REQUEST_METHOD"],
        meta.get("HTTP_ORIGIN"),
        meta.get(_REQUESTED_METHOD),
        meta.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
        meta.get("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK") == "true",
        origin_allowed=origin_allowed,
    )


def _answered(
    meta: Mapping[str, Any], policy: Policy, answer: bool | None, refusal: Decision
) -> Decision:
    """Return what an answer about the origin comes to; `refusal` is what a no comes to."""
    if answer:
        return _decide(meta, policy, origin_allowed=True)
    if answer is None:
        refusals = REFUSED_PREFLIGHT if is_preflight(meta) else REFUSED
        return refusals["origin_check_failed"]
    return refusal


def _left(
    meta: dict[str, Any], governor: Governor, policy: Policy, decision: Decision
) -> Decision | None:
    """Leave a decision where loggers find it."""
    if governor.needs_signal and not meta.get(_ANSWER):
        # No policy governs it. But the next one's origin may be allowed, so that caches must know.
        return policy.derive(Rules).no_origin if check_request_enabled.receivers else None
    meta[DECISION] = decision
    return decision


def _has_to_ask_signal(governor: Governor, decision: Decision) -> bool:
    return (
        governor.asks_signal
        and bool(check_request_enabled.receivers)
        and decision.reason in ("origin_not_allowed", "origin_check_failed")
    )


def _ask_signal(request: HttpRequest) -> bool | None:
    if _ANSWER not in request.META:
        try:
            answers = check_request_enabled.send(sender=None, request=request)
            request.META[_ANSWER] = any(answer for _, answer in answers)
        except Exception as error:
            _fail(request, error)
    answer: bool | None = request.META[_ANSWER]
    return answer


async def _aask_signal(request: HttpRequest) -> bool | None:
    if _ANSWER not in request.META:
        try:
            answers = await check_request_enabled.asend(sender=None, request=request)
            request.META[_ANSWER] = any(answer for _, answer in answers)
        except Exception as error:
            _fail(request, error)
    answer: bool | None = request.META[_ANSWER]
    return answer


def _fail(request: HttpRequest, error: Exception) -> None:
    request.META[_ANSWER] = None
    log_failure("a receiver of check_request_enabled", error, "origin_check_failed")
