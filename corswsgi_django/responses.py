"""Django's responses: those to preflights, and the headers of all others."""

from __future__ import annotations

from logging import DEBUG

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from corswsgi import CORSRequest, Decision, adapters
from corswsgi.adapters import (
    DECIDED_BY,
    DECISION,
    Applied,
    add_to_mapping,
    apply_to_mapping,
    log_refusal,
    logger,
    preflight_response,
)

from .apps import installed
from .decisions import PATH

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
    debug, reports = settings.DEBUG, installed().reports
    status, headers, body = preflight_response(
        request.META, decision, applied.policy, applied.names, debug=debug, reports=reports
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
        if "HTTP_ORIGIN" in request.META and settings.DEBUG:
            path = adapters.as_wsgi(request.META.get(PATH) or request.path_info)
            why = installed().table.explain_no_policy(applied, path, request.META)
            installed().reports.report_no_policy(request.META, why, response.headers.items())
        return
    request.META[DECISION], request.META[DECIDED_BY] = decision, _DJANGO
    if not decision.allowed and logger.isEnabledFor(DEBUG):
        log_refusal(CORSRequest.from_environ(request.META), decision)
    # Nearly every response ends here. (Reading settings.DEBUG takes a tenth of the time.)
    is_reported = not decision.allowed and settings.DEBUG
    if not is_reported and add_to_mapping(decision, response.headers, unrelated_names):
        return
    if settings.DEBUG:
        off = adapters.turn_off(settings, [request.path_info], adapters.safe_repr)
        fix = f"write @cors(None), or {off}"
        headers = adapters.list_headers(response.headers, response.cookies)
        given = decision, applied.policy, headers, applied.names
        installed().reports.report_response(request.META, *given, fix=fix)
        # No name becomes known, so that every response is looked at.
        unrelated_names = set()
    apply_to_mapping(decision, response.headers, unrelated_names)
