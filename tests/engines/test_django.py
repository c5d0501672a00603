"""Django behind real servers, as scripts in Chromium see it, also with incorrect settings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core import checks
from django.test import override_settings

from corswsgi.cli.engines import Engine
from tests.engines.browser import BLOCKED, Expected, Page, listening, run_fetches
from tests.helpers.servers import serving

SERVERS = {
    "gunicorn": "tests.django.served_wsgi:application",
    "uvicorn": "tests.django.served_asgi:application",
    "runserver": "",
}
CORS = "corswsgi_django.middleware.CORSMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
STACK = [CORS, SESSION, COMMON, CSRF]

WITH = {"credentials": "include"}
FETCHES: dict[str, tuple[str, dict[str, Any]]] = {
    "items": ("/items/", {}),
    "a redirect": ("/items", {}),
    "put": ("/items/", {"method": "PUT"}),
    "missing": ("/missing", {}),
    "fails": ("/fails", {}),
    "streamed": ("/streamed", {}),
    "no such header": ("/items/", {"headers": {"X-No": "1"}}),
    "marked": ("/marked", {}),
    "marked, put": ("/marked", {"method": "PUT"}),
    "off": ("/off", {}),
    "exposing": ("/exposing", {}),
    "static": ("/static/a.txt", {}),
    "token": ("/token", WITH),
    "login": ("/login", {**WITH, "method": "POST", "headers": {"X-CSRFToken": "{{token}}"}}),
    "who": ("/who", WITH),
}
TOKEN = "200 with a token"
CAN_LOG_IN = {"token": TOKEN, "login": "200 welcome", "who": "200 somebody"}


@contextmanager
def running(server: str, settings: dict[str, Any]) -> Iterator[str]:
    """Serve the project with additional settings, and yield its origin."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.django.served_settings",
        "TESTS_DJANGO_SETTINGS": json.dumps(settings),
    }
    with serving(server, SERVERS[server], **environment) as port:
        yield f"http://localhost:{port}"


def identifiers(settings: dict[str, Any], host: str) -> set[str | None]:
    """Return the identifiers of the messages of `manage.py check`, for a page on `host`."""
    text = json.dumps(settings).replace("PAGE", origin_of(3000, host))
    base = {"MIDDLEWARE": STACK, "ALLOWED_HOSTS": ["localhost"], "STATIC_URL": "/static/"}
    with override_settings(ROOT_URLCONF="tests.django.served", **{**base, **json.loads(text)}):
        found = checks.run_checks(tags=[checks.Tags.security])
    return {message.id for message in found}


def origin_of(page_port: int, host: str) -> str:
    return f"http://{host}:{page_port}"


def results_in(
    chromium: Engine, server: str, host: str, settings: dict[str, Any], names: list[str]
) -> dict[str, str]:
    """Run fetches in a page on `host`, and return the results by name.

    In the settings, PAGE stands for the origin of the page.
    """
    page = Page()
    with listening(page) as page_port:
        page_origin = origin_of(page_port, host)
        text = json.dumps(settings).replace("PAGE", page_origin)
        chosen: Expected = {name: (*FETCHES[name], {}) for name in names}
        with running(server, json.loads(text)) as api:
            results = run_fetches(chromium, page, page_origin, api, chosen)
    return {name: brief(result) for name, result in results.items()}


def brief(result: dict[str, Any]) -> str:
    """Summarize a result. Of Django's own pages, only the status is kept."""
    if result == BLOCKED:
        return "blocked"
    body = result["body"].strip()
    told = "with a token" if len(body) == 64 else "" if body.startswith("<!") else body
    headers = f" {','.join(result['headers'])}" if result["headers"] else ""
    return f"{result['status']} {told}".strip() + headers


@pytest.mark.parametrize("server", ["gunicorn", "uvicorn"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_scripts_can_read_what_the_settings_allow(chromium: Engine, server: str, host: str) -> None:
    """The page is on the site of the server or, with 127.0.0.1 as its host, on another site."""
    settings: dict[str, Any] = {
        "CORS_ALLOWED_ORIGINS": ["PAGE"],
        "CORS_ALLOW_CREDENTIALS": True,
        "CORS_EXPOSE_HEADERS": ["X-A"],
        "CSRF_TRUSTED_ORIGINS": ["PAGE"],
    }
    if host != "localhost":
        for cookie in ("SESSION", "CSRF"):
            settings |= {f"{cookie}_COOKIE_SAMESITE": "None", f"{cookie}_COOKIE_SECURE": True}
    # The page is served over http, from a loopback host, and a view allows any port of it.
    assert identifiers(settings, host) == {"corswsgi.W008", "corswsgi.W020"}
    is_local = host == "localhost"
    expected = {
        "items": "200 items x-a",
        "a redirect": "200 items x-a",
        "put": "403",  # by the CSRF protection; scripts can read it
        "missing": "404",
        "fails": "500",
        "streamed": "200 one two",
        "no such header": "blocked",
        "marked": "200 marked" if is_local else "blocked",
        "marked, put": "403" if is_local else "blocked",
        "off": "blocked",
        "exposing": "200 items x-a",
        **CAN_LOG_IN,
    }
    assert results_in(chromium, server, host, settings, [*expected]) == expected


RIGHT: dict[str, Any] = {
    "CORS_ALLOWED_ORIGINS": ["PAGE"],
    "CORS_ALLOW_CREDENTIALS": True,
    "CSRF_TRUSTED_ORIGINS": ["PAGE"],
}
READ = {"items": "200 items"}
NOT_READ = {"items": "blocked"}
NO_LOGIN = {"token": TOKEN, "login": "403"}
SECURE = {
    f"{cookie}_COOKIE_{name}": value
    for cookie in ("SESSION", "CSRF")
    for name, value in (("SAMESITE", "None"), ("SECURE", True))
}
CLOSED: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": []}
# With credentials, wide expressions are errors.
PUBLIC: dict[str, Any] = {**CLOSED, "CORS_ALLOW_CREDENTIALS": False}
WITH_WHITENOISE: dict[str, Any] = {
    "CORS_ALLOWED_ORIGINS": ["https://app.example.com"],
    "MIDDLEWARE": [CORS, WHITENOISE],
    "WHITENOISE_USE_FINDERS": True,
    "WHITENOISE_AUTOREFRESH": True,
}

# The check's number, the host of the page, changes to the correct settings, and the results.
MISTAKES: list[tuple[str, str, dict[str, Any], dict[str, str]]] = [
    ("W001", "localhost", {"CORS_ALLOWED_ORIGIN": ["PAGE"], **CLOSED}, NOT_READ),
    (
        "W002",
        "localhost",
        {"CORS_REPLACE_HTTPS_REFERER": True, "CSRF_TRUSTED_ORIGINS": []},
        NO_LOGIN,
    ),
    ("W003", "localhost", {"CORS_ORIGIN_WHITELIST": ["PAGE"], **CLOSED}, NOT_READ),
    ("W004", "localhost", {"MIDDLEWARE": STACK[1:]}, NOT_READ),
    (
        "W005",
        "localhost",
        {"MIDDLEWARE": [COMMON, CORS, SESSION, CSRF]},
        {"items": "200 items", "a redirect": "blocked"},
    ),
    (
        "W006",
        "localhost",
        {"MIDDLEWARE": ["corsheaders.middleware.CorsMiddleware", *STACK], **CLOSED},
        {"marked": "200 marked", "marked, put": "blocked"},
    ),
    ("W007", "localhost", {"CSRF_TRUSTED_ORIGINS": []}, NO_LOGIN),
    (
        "W008",
        "localhost",
        {
            "CORS_ALLOWED_ORIGINS": ["http://localhost:*"],
            "CSRF_TRUSTED_ORIGINS": ["http://localhost:1"],
        },
        NO_LOGIN,
    ),
    (
        "W009",
        "127.0.0.1",
        {**SECURE, "SESSION_COOKIE_SAMESITE": "Lax"},
        {**CAN_LOG_IN, "who": "200 nobody"},
    ),
    ("W010", "127.0.0.1", {**SECURE, "CSRF_COOKIE_SAMESITE": "Lax"}, NO_LOGIN),
    (
        "W011",
        "evilexample.test",
        {**PUBLIC, "CORS_ALLOWED_ORIGIN_REGEXES": [r"http://.*example\.test(:\d+)?"]},
        READ,
    ),
    (
        "W012",
        "app.example.test",
        {**PUBLIC, "CORS_ALLOWED_ORIGIN_REGEXES": [r"https?://\w+\.example\.test(:\d+)?"]},
        READ,
    ),
    ("W013", "localhost", WITH_WHITENOISE, {"static": "blocked"}),
    ("W014", "localhost", CLOSED, {"exposing": "blocked"}),
]


@pytest.mark.parametrize(
    ("number", "host", "settings", "expected"), MISTAKES, ids=[mistake[0] for mistake in MISTAKES]
)
def test_a_mistake_has_the_effect_that_its_check_describes(
    chromium: Engine, number: str, host: str, settings: dict[str, Any], expected: dict[str, str]
) -> None:
    settings = {**RIGHT, **settings}
    assert f"corswsgi.{number}" in identifiers(settings, host)
    assert results_in(chromium, "gunicorn", host, settings, [*expected]) == expected


def test_whitenoise_with_the_fix_of_the_check(chromium: Engine) -> None:
    settings = {**WITH_WHITENOISE, "CORS_RESOURCES": {"/static/*": None}}
    assert "corswsgi.W013" not in identifiers(settings, "localhost")
    seen = results_in(chromium, "gunicorn", "localhost", settings, ["static"])
    assert seen == {"static": "200 a static file"}


def test_runserver_and_static_files(chromium: Engine) -> None:
    settings = {**RIGHT, "DEBUG": True, "MIDDLEWARE": [*STACK, WHITENOISE]}
    settings["INSTALLED_APPS"] = ["corswsgi_django", "django.contrib.staticfiles"]
    assert "corswsgi.W015" in identifiers(settings, "localhost")
    names = ["items", "static"]
    seen = results_in(chromium, "runserver", "localhost", settings, names)
    assert seen == {"items": "200 items", "static": "blocked"}
    settings["INSTALLED_APPS"].insert(0, "whitenoise.runserver_nostatic")
    assert "corswsgi.W015" not in identifiers(settings, "localhost")
    seen = results_in(chromium, "runserver", "localhost", settings, names)
    assert seen == {"items": "200 items", "static": "200 a static file"}
