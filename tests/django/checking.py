"""What the checks of a project report."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.checks import CheckMessage
from django.http import (
    HttpRequest,
    HttpResponse,
)
from django.test import override_settings

CORS = "corswsgi_django.middleware.CORSMiddleware"


CSRF = "django.middleware.csrf.CsrfViewMiddleware"


SESSION = "django.contrib.sessions.middleware.SessionMiddleware"


COMMON = "django.middleware.common.CommonMiddleware"


SECURITY = "django.middleware.security.SecurityMiddleware"


WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"


def view(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError


def messages(**settings: Any) -> list[CheckMessage]:
    """Return what the check says of a project; `urls` are its URL patterns."""
    urls = tuple(settings.pop("urls", ()))
    with override_settings(ROOT_URLCONF=urls, **settings):
        found = checks.run_checks(tags=[checks.Tags.security])
    return [message for message in found if (message.id or "").startswith("corswsgi.")]


def said(**settings: Any) -> dict[str, str]:
    """Return what the check says, by its identifiers: message and hint in one."""
    found = messages(**settings)
    texts = {message.id or "": f"{message.msg} -> {message.hint}" for message in found}
    assert len(texts) == len(found)
    return texts
