"""Django's responses: those to preflights, and the headers of all others."""

from __future__ import annotations

from logging import DEBUG

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from corswsgi import CORSRequest, Decision
from corswsgi.adapters import (
    DECIDED_BY,
    DECISION,
    Applied,
    add_to_mapping,
    apply_to_mapping,
    log_no_policy,
    log_refusal,
    logger,
    preflight_response,
    report_response,
    safe_repr,
)

# Plain WSGI middleware around Django finds the Decision, and this, in META, which is the environ.
_DJANGO = object()


def answer_preflight(
    request: HttpRequest, applied: Applied, decision: Decision | None
) -> HttpResponse | None:
    """Return the response to a preflight; None if it is for the application."""
    if applied.policy is None or decision is None or decision.status is None:
        return None
    request.META[DECISION], request.META[DECIDED_BY] = decision, _DJANGO
    if decision.allowed:
        response = HttpResponse(status=decision.status, headers=dict(decision.added))
        del response.headers["Content-Type"]
        return response
    status, headers, body = preflight_response(
        request.META, decision, applied.policy, applied.names, debug=settings.DEBUG
    )
    response = HttpResponse(body, status=status, headers=dict(headers))
    # Ordinary traffic causes refusals, so Django does not warn about this response. It logs any
    # other response to the request. (The logger `corswsgi` has refusals, at level DEBUG.)
    vars(response)["_has_been_logged"] = True
    return response


def apply(
    request: HttpRequest,
    response: HttpResponseBase,
    applied: Applied,
    decision: Decision | None,
    unrelated_names: set[str],
) -> None:
    """Set the CORS headers of a response; `unrelated_names` is as in `Decision.apply`."""
    if decision is None or applied.policy is None:
        if applied.is_optional and settings.DEBUG:
            why = "its path does not match CORS_URLS_REGEX."
            log_no_policy(CORSRequest.from_environ(request.META), why)
        return
    request.META[DECISION], request.META[DECIDED_BY] = decision, _DJANGO
    if not decision.allowed and logger.isEnabledFor(DEBUG):
        log_refusal(CORSRequest.from_environ(request.META), decision)
    # Nearly every response ends here. (Reading settings.DEBUG takes a tenth of the time.)
    is_reported = not decision.allowed and settings.DEBUG
    if not is_reported and add_to_mapping(decision, response.headers, unrelated_names):
        return
    if settings.DEBUG:
        asked = CORSRequest.from_environ(request.META)
        fix = f"write @cors(None), or CORS_RESOURCES = {{{safe_repr(request.path_info)}: None}}"
        headers = [*response.headers.items()]
        report_response(asked, decision, applied.policy, headers, applied.names, fix=fix)
    apply_to_mapping(decision, response.headers, unrelated_names)
