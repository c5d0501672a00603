"""CORSMiddleware, for MIDDLEWARE."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from .apps import installed
from .decisions import (
    PATH,
    RULED,
    adecided,
    decided,
    governor_of,
    governor_of_preflight,
    is_preflight,
)
from .responses import apply, preflight_response

Response = HttpResponseBase
GetResponse = Callable[[HttpRequest], Response] | Callable[[HttpRequest], Awaitable[Response]]


class CORSMiddleware:
    """Answers CORS-preflight requests, and sets the CORS headers of all responses.

    ``"corswsgi_django.middleware.CORSMiddleware"`` stands first in ``MIDDLEWARE``, so that no
    other can answer before it. It runs as a coroutine where what it wraps is one.

    Raises `ImproperlyConfigured`, when the server starts, with all that is wrong with the
    settings. The `corswsgi.Decision` about a request is what `corswsgi_django.cors_decision`
    returns.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response: Callable[[HttpRequest], Any] = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        self._app = installed()
        # Now, and not at the first request: a server with wrong settings does not start.
        _ = self._app.policies
        self._harmless: set[str] = set()

    def __call__(self, request: HttpRequest) -> Response | Awaitable[Response]:
        """Answer a preflight, or run what is below."""
        if self._is_async:
            return self._acall(request)
        meta = request.META
        response: Response
        meta[PATH] = request.path_info
        if meta["REQUEST_METHOD"] == "OPTIONS" and is_preflight(meta):
            governor = governor_of_preflight(self._app.policies, request)
            decision = decided(request, governor)
            if decision is not None and decision.status is not None:
                return preflight_response(request, governor, decision)
            response = self._get_response(request)
        else:
            response = self._get_response(request)
            ruled: object = meta.get(RULED)
            if ruled is response:
                return response
            governor = governor_of(self._app.policies, request)
            decision = decided(request, governor)
        apply(request, response, governor, decision, self._harmless)
        return response

    async def _acall(self, request: HttpRequest) -> Response:
        meta = request.META
        response: Response
        meta[PATH] = request.path_info
        if meta["REQUEST_METHOD"] == "OPTIONS" and is_preflight(meta):
            governor = governor_of_preflight(self._app.policies, request)
            decision = await adecided(request, governor)
            if decision is not None and decision.status is not None:
                return preflight_response(request, governor, decision)
            response = await self._get_response(request)
        else:
            response = await self._get_response(request)
            ruled: object = meta.get(RULED)
            if ruled is response:
                return response
            governor = governor_of(self._app.policies, request)
            decision = await adecided(request, governor)
        apply(request, response, governor, decision, self._harmless)
        return response
