"""What is done to Django's responses, and the responses to preflights."""

from __future__ import annotations

from http import HTTPStatus
from logging import DEBUG

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, ResponseHeaders

from corswsgi import Decision
from corswsgi.fetch import CORS_RESPONSE_HEADERS
from corswsgi.headers import merged_vary
from corswsgi.log import logger
from corswsgi.reports import (
    TEXT,
    log_refusal,
    log_replaced,
    log_ungoverned,
    log_unreadable,
    refused_preflight,
)

from .policies import Governor


def preflight_response(
    request: HttpRequest, governor: Governor, decision: Decision
) -> HttpResponse:
    """Return the response to a preflight that `decision` is about."""
    if decision.allowed:
        response = HttpResponse(status=HTTPStatus.NO_CONTENT, headers=dict(decision.added))
        del response.headers["Content-Type"]
        return response
    body, status, added = b"", HTTPStatus.FORBIDDEN.value, decision.added
    if settings.DEBUG:
        policy, names = governor.policy, governor.names
        status, added, body = refused_preflight(request.META, decision, policy, names)
    elif logger.isEnabledFor(DEBUG):
        log_refusal(request.META, decision)
    length = ("Content-Length", str(len(body)))
    return HttpResponse(body, status=status, headers=dict([*TEXT, length, *added]))


def apply(
    request: HttpRequest,
    response: HttpResponseBase,
    governor: Governor,
    decision: Decision | None,
    harmless: set[str],
) -> None:
    """Do to a response what its decision rules; `harmless` is as in `Decision.apply`."""
    if decision is None:
        if governor.needs_signal and settings.DEBUG:
            log_ungoverned(request.META, "its path does not match CORS_URLS_REGEX.")
        return
    if not decision.allowed:
        _report_refusal(request, governor, decision)
    headers = response.headers
    vary = ""
    for name in headers:
        if name not in harmless:
            # As Django writes it, for sessions and CSRF protection: nearly every response has it.
            if name != "Vary":
                _replace(request, headers, decision, harmless)
                return
            vary = headers[name]
    for name, value in decision.headers:
        headers[name] = value
    if decision.vary:
        headers["Vary"] = merged_vary(vary, decision.vary)


def _report_refusal(request: HttpRequest, governor: Governor, decision: Decision) -> None:
    if logger.isEnabledFor(DEBUG):
        log_refusal(request.META, decision)
    if settings.DEBUG:
        log_unreadable(request.META, governor.policy, decision, governor.names)


def _replace(
    request: HttpRequest, headers: ResponseHeaders, decision: Decision, harmless: set[str]
) -> None:
    """Do to headers, some of which CORS has a say in, what a decision rules."""
    before = [*headers.items()]
    if settings.DEBUG:
        cure = f'write @cors(None), or CORS_RESOURCES = {{"{request.path_info}": None}}'
        log_replaced(request.META, decision, before, cure)
    ruled = dict(decision.apply(before, harmless))
    for name, _ in before:
        if name not in ruled and name.lower() in CORS_RESPONSE_HEADERS:
            del headers[name]
    for name, value in ruled.items():
        if headers.get(name) != value:
            headers[name] = value
