"""The policy that applies to a request, and the Decision about it."""

from __future__ import annotations

from django.http import HttpRequest

from corswsgi import CORSRequest, Decision
from corswsgi.adapters import (
    DECISION,
    NO_LAYERS,
    Applied,
    ViewLayers,
    adecide_with,
    as_wsgi,
    decide_now,
    decide_with,
    decision_steps,
)

from .apps import installed
from .lookups import aask, ask
from .routing import find_view

PATH = "corswsgi_django.path"
"""The key of request.META for the original path; it is there below the middleware."""

HIDDEN = "corswsgi_django.hidden"
"""The key of request.META for the layer of a view that only its call revealed."""

# The key of request.META for the `Applied` that the Decision there was made with.
_APPLIED = "corswsgi_django.applied"


def cors_decision(request: HttpRequest) -> Decision | None:
    """Return the `corswsgi.Decision` about a request; None if no policy applies to it.

    For views and log messages, below the middleware or in a view with ``@cors``. The decision is
    made at the first call, or when the response is there. In coroutines, use `acors_decision`: this
    function raises `SynchronousOnlyOperation` if callables or receivers have to run.
    """
    return decided(request, applied_to(request))


async def acors_decision(request: HttpRequest) -> Decision | None:
    """Return the same as `cors_decision`, in a coroutine."""
    return await adecided(request, applied_to(request))


def is_preflight(request: HttpRequest) -> bool:
    """Return whether a request is a CORS-preflight request."""
    meta = request.META
    return meta["REQUEST_METHOD"] == "OPTIONS" and CORSRequest.from_environ(meta).is_preflight


def applied_to(request: HttpRequest) -> Applied:
    """Return what applies to a request, by the view that it leads to.

    For a preflight, that is the view that it asks about.
    """
    app, meta = installed(), request.META
    path: str = meta.get(PATH) or request.path_info
    path = path if path.isascii() else as_wsgi(path)
    preflight = is_preflight(request)
    match = None if preflight else request.resolver_match
    view = find_view(request) if match is None else match.func
    layers = NO_LAYERS if view is None else app.layers_of(view)
    # Not the method in META: middleware may override it with the one from a header.
    method = request.method or ""
    if preflight:
        method = meta["HTTP_ACCESS_CONTROL_REQUEST_METHOD"]
    if HIDDEN in meta and not layers.of(method):
        layers = ViewLayers([meta[HIDDEN]])
    if preflight:
        return app.table.find_for_preflight(path, layers, method)
    return app.table.find(path, layers, method)


def decided(request: HttpRequest, applied: Applied) -> Decision | None:
    """Decide about a request, and store the Decision in request.META."""
    meta = request.META
    if meta.get(_APPLIED) is not applied:
        decision = decide_now(applied, meta)
        if decision is None:
            steps = decision_steps(applied, CORSRequest.from_environ(meta))
            decision = decide_with(lambda look_up: ask(look_up, request), steps)
        _store(request, applied, decision)
    stored: Decision | None = meta.get(DECISION)
    return stored


async def adecided(request: HttpRequest, applied: Applied) -> Decision | None:
    """Do the same as `decided`, in a coroutine."""
    meta = request.META
    if meta.get(_APPLIED) is not applied:
        decision = decide_now(applied, meta)
        if decision is None:
            steps = decision_steps(applied, CORSRequest.from_environ(meta))
            decision = await adecide_with(lambda look_up: aask(look_up, request), steps)
        _store(request, applied, decision)
    stored: Decision | None = meta.get(DECISION)
    return stored


def _store(request: HttpRequest, applied: Applied, decision: Decision | None) -> None:
    meta = request.META
    meta[_APPLIED] = applied
    if decision is None:
        meta.pop(DECISION, None)
    else:
        meta[DECISION] = decision
