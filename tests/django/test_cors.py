"""The command ``manage.py cors migrate``. Its output is tested in tests/cli."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

OLD = ["corsheaders.middleware.CorsMiddleware"]
APP = "https://app.example.com"


def view(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("origins", "status"), [([APP], 0), ([APP, "http://b.example"], 1)], ids=["same", "lost"]
)
def test_migrate(capsys: pytest.CaptureFixture[str], origins: list[str], status: int) -> None:
    settings: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": origins, "CORS_ALLOW_CREDENTIALS": True}
    settings |= {"MIDDLEWARE": OLD, "ROOT_URLCONF": (path("me", view),)}
    with override_settings(**settings), pytest.raises(SystemExit) as stopped:
        call_command("cors", "migrate", all=True)
    assert stopped.value.code == status
    assert capsys.readouterr().out.startswith("django-cors-headers ")


def test_without_anything_to_migrate(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        call_command("cors", "migrate")
    assert stopped.value.code == 2
    message = "MIDDLEWARE does not have the middleware of django-cors-headers."
    assert capsys.readouterr().err == f"Error: {message}\n"


def test_other_subcommands() -> None:
    with pytest.raises(CommandError, match="invalid choice: 'check'"):
        call_command("cors", "check")


def test_a_missing_requirement_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "corswsgi.cli.migrate", None)
    message = r"^migrate needs corswsgi.cli.migrate: pip install 'corswsgi\[cli\]'$"
    with pytest.raises(CommandError, match=message):
        call_command("cors", "migrate")
