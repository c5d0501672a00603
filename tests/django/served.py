"""The Django project that the tests put behind real servers and in front of real browsers.

Its settings are in served_settings.py, and what a test changes of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.urls import path

from corswsgi_django import cors


def items(request: HttpRequest) -> HttpResponse:
    """Send a header that script may read, and one that it may not."""
    return HttpResponse("items", headers={"X-A": "1", "X-B": "1"})


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    """Answer in pieces."""

    def chunks() -> Iterator[bytes]:
        yield b"one "
        yield b"two"

    return StreamingHttpResponse(chunks())


def fails(request: HttpRequest) -> HttpResponse:
    """Fail."""
    raise LookupError


def missing(request: HttpRequest) -> HttpResponse:
    """Find nothing."""
    raise Http404


def token(request: HttpRequest) -> HttpResponse:
    """Answer with the CSRF token, and set its cookie."""
    return HttpResponse(get_token(request))


def login(request: HttpRequest) -> HttpResponse:
    """Begin a session."""
    request.session["user"] = "somebody"
    return HttpResponse("welcome")


def who(request: HttpRequest) -> HttpResponse:
    """Answer who has begun the session."""
    return HttpResponse(request.session.get("user", "nobody"))


@cors(origins=["http://localhost:*"], methods=["PUT"])
async def marked(request: HttpRequest) -> HttpResponse:
    """Answer to pages of this machine."""
    return HttpResponse("marked")


urlpatterns = [
    path("items/", items),
    path("streamed", streamed),
    path("fails", fails),
    path("missing", missing),
    path("token", token),
    path("login", login),
    path("who", who),
    path("marked", marked),
    path("off", cors(None)(items)),
    path("exposing", cors(expose_headers=["X-A"])(items)),
]
