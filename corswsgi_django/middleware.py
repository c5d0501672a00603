"""CORSMiddleware for MIDDLEWARE."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from .apps import installed
from .decisions import PATH, adecided, applied_to, decided, is_preflight
from .responses import answer_preflight, apply

Response = HttpResponseBase
GetResponse = Callable[[HttpRequest], Response] | Callable[[HttpRequest], Awaitable[Response]]


class CORSMiddleware:
    """Answer CORS-preflight requests, and set the CORS headers of all responses.

    Put ``"corswsgi_django.middleware.CORSMiddleware"`` first in ``MIDDLEWARE``, so that no other
    middleware can answer before it. It runs as a coroutine if the next middleware does.

    Raises `ImproperlyConfigured` when the server starts, with all problems of the settings.
    `corswsgi_django.cors_decision` returns the `corswsgi.Decision` about a request.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response: Callable[[HttpRequest], Any] = get_response
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
        if self._begin(request):
            applied = applied_to(request)
            decision = decided(request, applied)
            if decision is not None and decision.status is not None:
                return answer_preflight(request, applied, decision)
            response: Response = self._get_response(request)
        else:
            response = self._get_response(request)
            applied = applied_to(request)
            decision = decided(request, applied)
        apply(request, response, applied, decision, self._unrelated_names)
        return response

    async def _acall(self, request: HttpRequest) -> Response:
        if self._begin(request):
            applied = applied_to(request)
            decision = await adecided(request, applied)
            if decision is not None and decision.status is not None:
                return answer_preflight(request, applied, decision)
            response: Response = await self._get_response(request)
        else:
            response = await self._get_response(request)
            applied = applied_to(request)
            decision = await adecided(request, applied)
        apply(request, response, applied, decision, self._unrelated_names)
        return response

    def _begin(self, request: HttpRequest) -> bool:
        """Prepare a request, and return whether it is a preflight."""
        self._app.report_problems()
        request.META[PATH] = request.path_info
        return is_preflight(request)
