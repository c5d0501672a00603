"""Django's responses: those to preflights, and the headers of all others."""

from __future__ import annotations

from logging import DEBUG

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, ResponseHeaders

from corswsgi import CORSRequest, Decision
from corswsgi.adapters import (
    CORS_RESPONSE_HEADERS,
    Applied,
    log_no_policy,
    log_refusal,
    logger,
    merged_vary,
    preflight_response,
    report_response,
)


def answer_preflight(request: HttpRequest, applied: Applied, decision: Decision) -> HttpResponse:
    """Return the response to a preflight."""
    assert applied.policy is not None, "there is no decision without a policy"  # noqa: S101 - for mypy
    asked = CORSRequest.from_environ(request.META)
    status, headers, body = preflight_response(
        asked, decision, applied.policy, applied.names, debug=settings.DEBUG
    )
    response = HttpResponse(body, status=status.value)
    del response.headers["Content-Type"]
    for name, value in headers:
        response.headers[name] = value
    return response


def apply(
    request: HttpRequest,
    response: HttpResponseBase,
    applied: Applied,
    decision: Decision | None,
    unrelated_names: set[str],
) -> None:
    """Set the CORS headers of a response; `unrelated_names` is as in `Decision.apply`."""
    if decision is None:
        if applied.is_optional and settings.DEBUG:
            why = "its path does not match CORS_URLS_REGEX."
            log_no_policy(CORSRequest.from_environ(request.META), why)
        return
    if not decision.allowed and logger.isEnabledFor(DEBUG):
        log_refusal(CORSRequest.from_environ(request.META), decision)
    headers = response.headers
    vary = ""
    for name in headers:
        if name not in unrelated_names:
            # Nearly every response has Vary, in this case, for sessions and CSRF protection.
            if name != "Vary":
                _replace(request, headers, applied, decision, unrelated_names)
                return
            vary = headers[name]
    if settings.DEBUG and not decision.allowed:
        _report(request, headers, applied, decision)
    for name, value in decision.headers:
        headers[name] = value
    if decision.vary:
        headers["Vary"] = merged_vary(vary, decision.vary)


def _replace(
    request: HttpRequest,
    headers: ResponseHeaders,
    applied: Applied,
    decision: Decision,
    unrelated_names: set[str],
) -> None:
    """Apply a decision to headers, some of which may be CORS headers."""
    if settings.DEBUG:
        _report(request, headers, applied, decision)
    before = [*headers.items()]
    after = dict(decision.apply(before, unrelated_names))
    for name, _ in before:
        if name not in after and name.lower() in CORS_RESPONSE_HEADERS:
            del headers[name]
    for name, value in after.items():
        if headers.get(name) != value:
            headers[name] = value


def _report(
    request: HttpRequest, headers: ResponseHeaders, applied: Applied, decision: Decision
) -> None:
    if applied.policy is not None:
        report_response(
            CORSRequest.from_environ(request.META),
            decision,
            applied.policy,
            [*headers.items()],
            applied.names,
            fix=f'write @cors(None), or CORS_RESOURCES = {{"{request.path_info}": None}}',
        )
