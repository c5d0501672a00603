"""A pytest plugin: the fixture ``cors_browser``.

It stands beside the packages, and imports them only where the fixture is used, so that a test run
without it pays nothing.
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

HINT = "(corswsgi's own reason is in its log: pytest --log-level=DEBUG.)"
"""For refusals, of which nothing is disclosed outside debug mode."""

_MOST_SHOWN = 20

_OUTCOMES = pytest.StashKey["list[Outcome]"]()


@pytest.fixture
def cors_browser(request: pytest.FixtureRequest) -> Callable[..., Browser]:
    """Open pages of any origin: ``cors_browser("https://app.example").fetch("/items")``.

    It takes what `corswsgi.browser.Browser` takes, the page's origin first. What it fetches from
    is `target`, or else the application of the fixtures ``app`` or ``client``, as Flask's users
    have them, or else that of Django's settings. Paths are relative to `base_url`; by default
    ``https://localhost``, or what Flask's SERVER_NAME and Django's tests have instead.

    A test that fails shows every request and response of its fetches.
    """
    from corswsgi.browser import Browser  # noqa: PLC0415 - only where the fixture is used

    outcomes = request.node.stash.setdefault(_OUTCOMES, [])

    class Reporting(Browser):
        """Keeps outcomes, for the report of a test that fails."""

        def fetch(self, *args: Any, **options: Any) -> Outcome:
            __tracebackhide__ = True
            outcome = super().fetch(*args, **options)
            outcomes.append(outcome)
            return outcome

    def browse(origin: str, target: WSGIApplication | str | None = None, **options: Any) -> Browser:
        __tracebackhide__ = True
        if target is None:
            target, base_url = _found(request)
            options.setdefault("base_url", base_url)
        return Reporting(target, origin, **options)

    return browse


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what went over the wire to the report of a test that failed."""
    report = yield
    outcomes = item.stash.get(_OUTCOMES, [])
    if report.when == "teardown":
        outcomes.clear()
    if report.failed and outcomes:
        told = [*map(str, outcomes[-_MOST_SHOWN:])]
        if len(outcomes) > _MOST_SHOWN:
            told.insert(0, f"(of {len(outcomes)} fetches, the last {_MOST_SHOWN})")
        if any(outcome.reason == "allow_origin_missing" for outcome in outcomes):
            told.append(HINT)
        report.sections.append(("What the browser did", "\n\n".join(told)))
    return report


def _found(request: pytest.FixtureRequest) -> tuple[WSGIApplication, str]:
    """Find the application that is tested, and where it is."""
    for name in ("app", "client"):
        try:
            found = request.getfixturevalue(name)
        except pytest.FixtureLookupError as error:
            if error.argname != name:  # a fixture that this one needs
                raise
            continue
        except pytest.skip.Exception:
            # pytest-django's own client, where there are no settings
            if name == "client" and _has_pytest_django(request.config):
                continue
            raise
        application = found if name == "app" else getattr(found, "application", None)
        if callable(application) and not _is_asgi(application):
            config = getattr(application, "config", None)  # Flask's
            host = config.get("SERVER_NAME") if isinstance(config, Mapping) else None
            return application, f"https://{host or 'localhost'}"
    application = _found_django()
    if application is None:
        raise pytest.UsageError(
            "cors_browser has found neither a fixture named app or client with a WSGI application, "
            "nor Django's settings (ASGI applications have to be served); say what to fetch from: "
            "cors_browser(origin, target=...)."
        )
    return application, "https://testserver"


def _is_asgi(application: Callable[..., object]) -> bool:
    call = type(application).__call__
    return inspect.iscoroutinefunction(application) or inspect.iscoroutinefunction(call)


def _has_pytest_django(config: pytest.Config) -> bool:
    return config.pluginmanager.hasplugin("django")


def _found_django() -> WSGIApplication | None:
    """Find what Django's servers serve, with the middleware that the settings have by now."""
    if "django.conf" not in sys.modules:
        return None
    from django.conf import settings  # noqa: PLC0415 - only where Django is used
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
    return _leaving_connections_alone(application)


def _leaving_connections_alone(application: WSGIApplication) -> WSGIApplication:
    """Keep requests from closing a test's database connections, as Django's test client does.

    To look whether a connection is too old counts as use of the database, which pytest-django
    refuses to tests without its mark.
    """
    from django.core.signals import request_finished, request_started  # noqa: PLC0415 - only where Django is used
    from django.db import close_old_connections  # noqa: PLC0415 - only where Django is used

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
