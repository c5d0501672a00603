"""CORSMiddleware for MIDDLEWARE."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from corswsgi import Decision
from corswsgi.adapters import Applied, ViewLayers

from .apps import installed
from .decisions import PATH, adecided, applied_to, decided, is_preflight
from .responses import answer_preflight, apply

Response = HttpResponseBase

# The key of request.META for a response whose headers ``@cors`` has set.
_DONE = "corswsgi_django.done"


class CORSMiddleware:
    """Answer CORS-preflight requests, and set the CORS headers of all responses.

    Put ``"corswsgi_django.middleware.CORSMiddleware"`` first in ``MIDDLEWARE``, so that no other
    middleware can answer before it. It runs as a coroutine if the next middleware does.

    Raises `ImproperlyConfigured` when the server starts, with all problems of the settings.
    `corswsgi_django.cors_decision` returns the `corswsgi.Decision` about a request.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[..., Any], layers: ViewLayers | None = None) -> None:
        """Wrap the next middleware, or a view with its `layers`, as ``@cors`` does."""
        self._get_response = get_response
        self._layers = layers
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        self._app = installed()
        # Here and not at the first request, so that a server with wrong settings does not start.
        _ = self._app.table
        self._unrelated_names: set[str] = set()

    def __call__(self, request: HttpRequest) -> Response | Awaitable[Response]:
        """Answer a preflight, or run the next middleware."""
        if self._is_async:
            return self._acall(request)
        applied = self._begin(request)
        if applied is not None:
            answer = answer_preflight(request, applied, decided(request, applied))
            if answer is not None:
                return answer
        response: Response = self._get_response(request)
        applied = applied or applied_to(self._app, request, self._layers, preflight=False)
        return self._finish(request, response, applied, decided(request, applied))

    async def _acall(self, request: HttpRequest) -> Response:
        applied = self._begin(request)
        if applied is not None:
            answer = answer_preflight(request, applied, await adecided(request, applied))
            if answer is not None:
                return answer
        response: Response = await self._get_response(request)
        applied = applied or applied_to(self._app, request, self._layers, preflight=False)
        return self._finish(request, response, applied, await adecided(request, applied))

    def _begin(self, request: HttpRequest) -> Applied | None:
        """Return what applies to a preflight; None for any other request."""
        if monotonic() >= self._app.check_at:
            self._app.keep_up()
        if self._layers is None:
            request.META[PATH] = request.path_info
        # Checked twice, because a call takes longer.
        if request.META["REQUEST_METHOD"] == "OPTIONS" and is_preflight(request):
            return applied_to(self._app, request, self._layers, preflight=True)
        return None

    def _finish(
        self, request: HttpRequest, response: Response, applied: Applied, decision: Decision | None
    ) -> Response:
        """Set the headers of a response, unless ``@cors`` has set them."""
        meta = request.META
        if self._layers is not None:
            if not isinstance(response, HttpResponseBase):
                return response  # Django reports it
            meta[_DONE] = response, decision
        elif _DONE in meta and _is_applied(response, *meta[_DONE]):
            return response
        apply(request, response, applied, decision, self._unrelated_names)
        return response


def _is_applied(response: Response, done: Response, decision: Decision | None) -> bool:
    """Return whether a response has the headers of ``@cors``: it is the same, or a copy."""
    if decision is None or response is done:
        return response is done
    return decision.is_applied_to([*response.headers.items()])
