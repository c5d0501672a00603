"""Responses: the answer to a preflight."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from logging import DEBUG
from typing import Any, NamedTuple

from .debug import explain_preflight, refusal_for_console
from .decision import Decision, Header
from .log import logger
from .names import OPTION_NAMES, Names
from .policy import Policy
from .reports import Reports, log_refusal
from .requests import CORSRequest

_TEXT = (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))

NO_EXPLANATION = (*_TEXT, ("Content-Length", "0"))
"""The headers of a refused preflight without a body, except for those of the decision."""

_is_logged = logger.isEnabledFor


class PreflightResponse(NamedTuple):
    """The response to a preflight."""

    status: HTTPStatus
    headers: tuple[Header, ...]
    body: bytes


def preflight_response(
    request: CORSRequest | Mapping[str, Any],
    decision: Decision,
    policy: Policy,
    names: Names = OPTION_NAMES,
    *,
    debug: bool = False,
    reports: Reports | None = None,
) -> PreflightResponse:
    """Return the response to a preflight, and log a refusal.

    `request` may be the environ. It is only read for an explanation or a log message.

    In debug mode, the body and the log explain a refusal, and the headers let the browser's
    console name the cause. `names` says how the options are written, and `reports` has those that
    have been logged before; None: none.
    """
    if decision.allowed:
        return PreflightResponse(HTTPStatus.NO_CONTENT, decision.added, b"")
    if not (debug or _is_logged(DEBUG)):
        return PreflightResponse(HTTPStatus.FORBIDDEN, NO_EXPLANATION + decision.added, b"")
    if not isinstance(request, CORSRequest):
        request = CORSRequest.from_environ(request)
    body = b""
    if debug:
        why = explain_preflight(decision, policy, request, names)
        text = f"corswsgi refused this preflight ({decision.reason}): {why}"
        (reports or Reports()).warn(request, text, decision.reason)
        decision = refusal_for_console(decision, policy, request)
        body = f"{text}\n".encode()
    else:
        log_refusal(request, decision)
    status = HTTPStatus(decision.status or HTTPStatus.FORBIDDEN)
    length = ("Content-Length", str(len(body)))
    return PreflightResponse(status, (*_TEXT, length, *decision.added), body)
