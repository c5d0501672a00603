"""The policy that applies to a request, and the Decision about it."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest

from corswsgi import CORSRequest, Decision
from corswsgi.adapters import (
    NO_LAYERS,
    Applied,
    Steps,
    ViewLayers,
    adecide_with,
    as_wsgi,
    decide_now,
    decide_with,
    decision_steps,
)

from .apps import CorswsgiConfig, installed
from .lookups import aask, ask
from .routing import find_views
from .views import name_of

PATH = "corswsgi_django.path"
"""The key of request.META for the original path of a request that came through the middleware."""

_METHOD = "HTTP_ACCESS_CONTROL_REQUEST_METHOD"

# The key of request.META for the last `Applied`, and the Decision that was made with it.
_DECIDED = "corswsgi_django.decided"


def cors_decision(request: HttpRequest) -> Decision | None:
    """Return the `corswsgi.Decision` about a request; None if no policy applies to it.

    For views and log messages, below the middleware or in a view with ``@cors``. The decision is
    made at the first call, or when the response is there. In coroutines, use `acors_decision`: this
    function raises `SynchronousOnlyOperation` if callables or receivers have to run.
    """
    return decided(request, _applied_to_any(request))


async def acors_decision(request: HttpRequest) -> Decision | None:
    """Return the same as `cors_decision`, in a coroutine."""
    return await adecided(request, _applied_to_any(request))


def is_preflight(request: HttpRequest) -> bool:
    """Return whether a request is a CORS-preflight request."""
    # The same as CORSRequest.is_preflight, without reading the other headers.
    meta = request.META
    return meta["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ORIGIN" in meta and _METHOD in meta


def requested_method(request: HttpRequest) -> str:
    """Return the method that a request has, or that a preflight asks about."""
    # Not the method in META: middleware may override it with the one from a header.
    return request.META[_METHOD] if is_preflight(request) else request.method or ""


def applied_to(
    app: CorswsgiConfig, request: HttpRequest, layers: ViewLayers | None, *, preflight: bool
) -> Applied:
    """Return what applies to a request, by the view that it has led to.

    For a preflight, that is the view that it asks about. `layers` are those of the view; None if
    they are unknown.
    """
    table = app.table
    if layers is None:
        match = None if preflight else request.resolver_match
        views = (match.func,) if match else find_views(request, app.languages, preflight=preflight)
        if len(views) > 1:
            find = partial(applied_to, app, request, preflight=preflight)
            return table.agree([(name_of(each), find(app.layers_of(each))) for each in views])
        layers = app.layers_of(views[0]) if views else NO_LAYERS
    # Nearly every request takes this path. find() would return the same.
    if layers.is_empty and not preflight and table.everywhere is not None:
        return table.everywhere
    if (urlconf := getattr(request, "urlconf", None)) is not None:
        app.report_urlconf(urlconf)
    path = as_wsgi(request.META.get(PATH) or request.path_info)
    if preflight:
        return table.find_for_preflight(path, layers, request.META[_METHOD])
    return table.find(path, layers, request.method or "")


def decided(request: HttpRequest, applied: Applied) -> Decision | None:
    """Decide about a request."""
    decision = decide_now(applied, request.META)
    return decision or decide_with(partial(ask, request), _steps(request, applied))


async def adecided(request: HttpRequest, applied: Applied) -> Decision | None:
    """Decide about a request, in a coroutine."""
    decision = decide_now(applied, request.META)
    return decision or await adecide_with(partial(aask, request), _steps(request, applied))


def _steps(request: HttpRequest, applied: Applied) -> Steps:
    """Decide with look-ups, once for each request, unless something else applies to it now."""
    known: tuple[Applied, Decision | None] | None = request.META.get(_DECIDED)
    if known is not None and known[0] is applied:
        return known[1]
    decision = yield from decision_steps(applied, CORSRequest.from_environ(request.META))
    request.META[_DECIDED] = applied, decision
    return decision


def _applied_to_any(request: HttpRequest) -> Applied:
    return applied_to(installed(), request, None, preflight=is_preflight(request))
