"""The pytest plugin, which provides the fixture ``cors_browser``.

pytest imports this package in every test run. It is separate from the package ``corswsgi``, and
imports it only when the fixture is used, so that other test runs do not become slower.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from corswsgi.browser import Browser, Outcome

HINT = "(To see why corswsgi refused a request, run pytest --log-level=DEBUG.)"
"""Printed for refused requests, because responses do not disclose the reason in production."""

_MAX_REPORTED = 20

_OUTCOMES = pytest.StashKey["list[Outcome]"]()


@pytest.fixture
def cors_browser(request: pytest.FixtureRequest) -> Callable[..., Browser]:
    """Return a function that opens a page of an origin in the browser model.

        cors_browser("https://app.example").fetch("/items")

    The function accepts the arguments of `corswsgi.browser.Browser`, with the page's origin first.
    If you do not pass `target`, the page fetches from the application of your fixture ``app`` or
    ``client``, or from the application of Django's settings. The default of `base_url` is
    ``https://`` with the host in Flask's SERVER_NAME, ``localhost`` or, for Django, ``testserver``.

    If the test fails, its report includes every request and response.
    """
    from corswsgi.browser import Browser  # noqa: PLC0415 - see the module's docstring

    outcomes = request.node.stash.setdefault(_OUTCOMES, [])

    class Reporting(Browser):
        """Records outcomes for the report of a failing test."""

        def fetch(self, *args: Any, **options: Any) -> Outcome:
            __tracebackhide__ = True
            outcome = super().fetch(*args, **options)
            outcomes.append(outcome)
            return outcome

    def browse(origin: str, target: WSGIApplication | str | None = None, **options: Any) -> Browser:
        __tracebackhide__ = True
        if target is None:
            target, base_url = _find_application(request)
            options.setdefault("base_url", base_url)
        return Reporting(target, origin, **options)

    return browse


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the requests and responses to the report of a test that failed."""
    report = yield
    outcomes = item.stash.get(_OUTCOMES, [])
    if report.when == "teardown":
        outcomes.clear()
    if report.failed and outcomes:
        parts = [*map(str, outcomes[-_MAX_REPORTED:])]
        if len(outcomes) > _MAX_REPORTED:
            parts.insert(0, f"(the last {_MAX_REPORTED} of {len(outcomes)} fetches)")
        if any(outcome.reason == "allow_origin_missing" for outcome in outcomes):
            parts.append(HINT)
        report.sections.append(("Fetches by cors_browser", "\n\n".join(parts)))
    return report


def _find_application(request: pytest.FixtureRequest) -> tuple[WSGIApplication, str]:
    """Return the application under test and its base URL."""
    for name in ("app", "client"):
        try:
            found = request.getfixturevalue(name)
        except pytest.FixtureLookupError as error:
            if error.argname != name:  # a fixture that `name` depends on is missing
                raise
            continue
        except pytest.skip.Exception:
            # The client of pytest-django skips the test if Django has no settings.
            if name == "client" and _has_pytest_django(request.config):
                continue
            raise
        application = found if name == "app" else getattr(found, "application", None)
        if callable(application) and not _is_asgi(application):
            config = getattr(application, "config", None)  # of a Flask application
            host = config.get("SERVER_NAME") if isinstance(config, Mapping) else None
            return application, f"https://{host or 'localhost'}"
    application = _find_django_application()
    if application is None:
        raise pytest.UsageError(
            "cors_browser needs an application to fetch from, but found neither a fixture named "
            "app or client with a WSGI application nor Django settings. Pass a WSGI application or "
            "the base URL of a server: cors_browser(origin, target=...). An ASGI application must "
            "be served first."
        )
    return application, "https://testserver"


def _is_asgi(application: Callable[..., object]) -> bool:
    call = type(application).__call__
    return inspect.iscoroutinefunction(application) or inspect.iscoroutinefunction(call)


def _has_pytest_django(config: pytest.Config) -> bool:
    return config.pluginmanager.hasplugin("django")


def _find_django_application() -> WSGIApplication | None:
    """Return the WSGI application of Django's current settings."""
    if "django.conf" not in sys.modules:
        return None
    from django.conf import settings  # noqa: PLC0415 - Django may be missing
    from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415 - as above
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415 - as above
    from django.utils.module_loading import import_string  # noqa: PLC0415 - as above

    if not settings.configured:
        return None
    application: WSGIApplication | None = None
    if settings.WSGI_APPLICATION is not None:
        application = import_string(settings.WSGI_APPLICATION)
    if application is None or type(application) is WSGIHandler:
        application = get_wsgi_application()
    return _keep_connections(application)


def _keep_connections(application: WSGIApplication) -> WSGIApplication:
    """Return the application without the closing of old database connections.

    Django's test client disables it, too. It uses the database, which pytest-django forbids in
    tests without the mark ``django_db``.
    """
    from django.core.signals import request_finished, request_started  # noqa: PLC0415 - Django may be missing
    from django.db import close_old_connections  # noqa: PLC0415 - Django may be missing

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        signals = [
            signal
            for signal in (request_started, request_finished)
            if signal.disconnect(close_old_connections)
        ]
        try:
            body = application(environ, start_response)
            try:
                yield from body
            finally:
                if hasattr(body, "close"):
                    body.close()
        finally:
            for signal in signals:
                signal.connect(close_old_connections)

    return wrapped
