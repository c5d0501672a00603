"""The project that tests/engines/test_django.py serves, in process."""

from __future__ import annotations

from importlib import import_module

import pytest

from tests.django.project import Project
from tests.django.served import urlpatterns

CORS = "corswsgi_django.middleware.CORSMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"


@pytest.mark.parametrize(
    ("path", "status"),
    [(path, 200) for path in ("/items/", "/streamed", "/who", "/marked", "/off", "/token")]
    + [("/missing", 404), ("/fails", 500), ("/login", 200)],
)
def test_the_project_in_process(path: str, status: int) -> None:
    engine = "django.contrib.sessions.backends.signed_cookies"
    one = Project(urlpatterns, {"MIDDLEWARE": [CORS, SESSION], "SESSION_ENGINE": engine})
    assert one.fetch(path).status == status


@pytest.mark.parametrize("module", ["settings", "wsgi", "asgi"])
def test_what_servers_load(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTS_DJANGO_SETTINGS", '{"APPEND_SLASH": false}')
    loaded = import_module(f"tests.django.served_{module}")
    assert loaded.APPEND_SLASH is False if module == "settings" else callable(loaded.application)
