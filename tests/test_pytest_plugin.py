"""The fixture cors_browser: how it finds applications, and the reports of failing tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.conf import LazySettings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

import corswsgi_pytest
from corswsgi.browser import Browser

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

APP = """
    import pytest
    from flask import Flask, request
    from corswsgi_flask import CORS

    def make():
        app = Flask("tested")
        app.config.update({config})
        CORS(app, origins=["https://app.example"])

        @app.route("/items")
        def items():
            return request.host_url

        return app
"""
FIXTURES = {
    "app": """
    @pytest.fixture
    def app():
        return make()
    """,
    "client": """
    @pytest.fixture
    def client():
        return make().test_client()
    """,
}
TESTS = """
    def test_allowed(cors_browser):
        outcome = cors_browser("https://app.example").fetch("/items")
        assert (outcome.allowed, outcome.body) == (True, b"{url}")

    def test_refused(cors_browser):
        refused = cors_browser(origin="https://evil.example", base_url="https://api.example")
        outcome = refused.fetch("/items", method="PUT")
        assert not outcome.allowed
        assert outcome.exchanges[0].request.url == "https://api.example/items"
"""


@pytest.mark.parametrize("fixture", FIXTURES)
@pytest.mark.parametrize(
    ("config", "url"),
    [("{}", "https://localhost/"), ("SERVER_NAME='api.test'", "https://api.test/")],
)
def test_flask(pytester: pytest.Pytester, fixture: str, config: str, url: str) -> None:
    config = "" if config == "{}" else config
    pytester.makeconftest(APP.format(config=config) + FIXTURES[fixture])
    pytester.makepyfile(TESTS.format(url=url))
    pytester.runpytest_inprocess("-p", "no:django").assert_outcomes(passed=2)


def test_a_failure_shows_requests_and_responses(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(APP.format(config="") + FIXTURES["app"])
    pytester.makepyfile(
        """
        def test_it(cors_browser):
            assert cors_browser("https://evil.example").fetch("/items", method="PUT").allowed

        def test_without_the_fixture():
            assert False

        def test_passes(cors_browser):
            assert not cors_browser("https://evil.example").fetch("/items").allowed
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:django")
    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*<Outcome blocked (allow_origin_missing); sent: preflight>*",
            "*- Fetches by cors_browser -*",
            "<Outcome blocked (allow_origin_missing); sent: preflight>",
            "  > OPTIONS https://localhost/items",
            "  > Origin: https://evil.example",
            "  < 403",
        ]
    )
    assert result.stdout.str().count("Fetches by cors_browser") == 1
    assert corswsgi_pytest.HINT in result.stdout.str()


def test_a_failure_shows_the_last_of_many(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(APP.format(config="") + FIXTURES["app"])
    pytester.makepyfile(
        """
        def test_it(cors_browser):
            browser = cors_browser("https://evil.example")
            assert not [browser.fetch(f"/{number}") for number in range(30)]
        """
    )
    shown = pytester.runpytest_inprocess("-p", "no:django").stdout.str()
    assert "(the last 20 of 30 fetches)" in shown
    assert "> GET https://localhost/9\n" not in shown
    assert "> GET https://localhost/10\n" in shown


def test_a_failure_of_an_allowed_fetch_has_no_hint(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(APP.format(config="") + FIXTURES["app"])
    pytester.makepyfile(
        """
        def test_it(cors_browser):
            assert cors_browser("https://app.example").fetch("/nowhere").status == 200
        """
    )
    shown = pytester.runpytest_inprocess("-p", "no:django").stdout.str()
    assert "<Outcome allowed, 404 (cors_allowed); sent: actual>" in shown
    assert corswsgi_pytest.HINT not in shown


def test_a_fixture_that_is_missing_is_named(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def app(database):
            raise NotImplementedError

        def test_it(cors_browser):
            cors_browser("https://evil.example")
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:django")
    result.stdout.fnmatch_lines(["*fixture 'database' not found*"])


def test_without_an_application(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corswsgi_pytest, "_find_django_application", lambda: None)
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def client():
            return object()

        def test_it(cors_browser):
            cors_browser("https://evil.example")
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:django")
    result.stdout.fnmatch_lines(
        ["*cors_browser needs an application to fetch from, but found neither a fixture*"]
    )


def test_without_the_fixture_nothing_is_imported(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it(pytestconfig):
            assert pytestconfig.pluginmanager.hasplugin("corswsgi")
            assert "corswsgi_pytest" in sys.modules
            assert "corswsgi" not in sys.modules
        """
    )
    pytester.runpytest_subprocess("-p", "no:django", "-W", "error").assert_outcomes(passed=1)


def test_a_target_may_be_given(cors_browser: Callable[..., Browser]) -> None:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Access-Control-Allow-Origin", environ["HTTP_ORIGIN"])])
        return []

    outcome = cors_browser("https://app.example", application).fetch("/x")
    assert (outcome.allowed, outcome.exchanges[0].request.url) == (True, "https://localhost/x")


def items(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.get_host())


urlpatterns = [path("items", items)]
application = WSGIHandler()


def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [("Access-Control-Allow-Origin", "*")])
    return [b"wrapped"]


@pytest.mark.parametrize(
    ("name", "body"),
    [(None, b"testserver"), ("application", b"testserver"), ("wrapped", b"wrapped")],
)
def test_django(cors_browser: Callable[..., Browser], name: str | None, body: bytes) -> None:
    """The application of the settings is used, with the middleware of the current settings."""
    where = None if name is None else f"{__name__}.{name}"
    allowed = ["https://app.example"]
    with override_settings(
        ROOT_URLCONF=__name__, WSGI_APPLICATION=where, CORS_ALLOWED_ORIGINS=allowed
    ):
        outcome = cors_browser("https://app.example").fetch("/items")
    assert (outcome.allowed, outcome.body) == (True, body)


def test_django_keeps_its_connections(cors_browser: Callable[..., Browser]) -> None:
    """Requests do not close old database connections, which pytest-django would forbid."""
    seen: list[object] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(connected())
        return HttpResponse("here")

    def connected() -> tuple[bool, ...]:
        # disconnect() returns whether the receiver was connected.
        signals = (request_started, request_finished)
        was = tuple(signal.disconnect(close_old_connections) for signal in signals)
        for signal, there in zip(signals, was, strict=True):
            if there:
                signal.connect(close_old_connections)
        return was

    before = connected()
    assert before == (True, True)
    with override_settings(ROOT_URLCONF=(path("items", view),), WSGI_APPLICATION=None):
        assert (
            cors_browser("https://app.example").fetch("/items").exchanges[0].response.status == 200
        )
    assert seen == [(False, False)]
    assert connected() == before


@pytest.mark.parametrize("has_django", [True, False])
def test_a_client_that_skips(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, has_django: bool
) -> None:
    """Only the skip of pytest-django's own client, which has no settings, is ignored."""
    monkeypatch.setattr(corswsgi_pytest, "_find_django_application", lambda: None)
    monkeypatch.setattr("corswsgi_pytest._has_pytest_django", lambda _: has_django)
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def client():
            pytest.skip("no settings")

        def test_it(cors_browser):
            cors_browser("https://evil.example")
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:django")
    result.assert_outcomes(failed=has_django, skipped=not has_django)
    found = "cors_browser needs an application" in result.stdout.str()
    assert found == has_django


def test_pytest_django_is_recognized(pytestconfig: pytest.Config) -> None:
    assert corswsgi_pytest._has_pytest_django(pytestconfig)  # noqa: SLF001 - tested without the fixture


def test_an_asgi_application_is_refused(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        class App:
            async def __call__(self, scope, receive, send):
                raise NotImplementedError

        @pytest.fixture
        def app():
            return App()

        def test_it(cors_browser, monkeypatch):
            monkeypatch.setattr("corswsgi_pytest._find_django_application", lambda: None)
            with pytest.raises(pytest.UsageError, match="An ASGI application must be served first"):
                cors_browser("https://evil.example")
        """
    )
    pytester.runpytest_inprocess("-p", "no:django").assert_outcomes(passed=1)


def test_django_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    assert corswsgi_pytest._find_django_application() is not None  # noqa: SLF001 - tested without the fixture
    with monkeypatch.context() as patched:
        patched.setattr("django.conf.settings", LazySettings())
        assert corswsgi_pytest._find_django_application() is None  # noqa: SLF001 - tested without the fixture
    with monkeypatch.context() as patched:
        patched.delitem(sys.modules, "django.conf")
        assert corswsgi_pytest._find_django_application() is None  # noqa: SLF001 - tested without the fixture
