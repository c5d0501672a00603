"""The Django app: it holds the table of policies, and registers the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any, ClassVar, cast

from django.apps import AppConfig, apps
from django.conf import settings
from django.core import mail
from django.core.checks import Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.urls import URLResolver, get_resolver

from corswsgi import PolicyError, adapters
from corswsgi.adapters import (
    UNSET,
    CorsSettings,
    IdentityCache,
    PolicyTable,
    Route,
    TableKeeper,
    ViewLayers,
    deep_snapshot,
    refuse,
)

from .defaults import default_methods
from .lookups import Receivers
from .routing import View, all_views, languages_of
from .settings import KNOWN, read_settings
from .views import name_of, view_layers

_WATCHED = (*KNOWN, "ROOT_URLCONF")


class CorswsgiConfig(TableKeeper, AppConfig):
    """``"corswsgi_django"`` in INSTALLED_APPS."""

    name = "corswsgi_django"
    verbose_name: str = "CORS"

    check_at: float = 0
    """When to call `keep_up`, on the clock of `time.monotonic`."""

    reports: adapters.Reports = adapters.Reports()
    """The reports of debug mode since the settings have changed."""

    _views: ClassVar[IdentityCache[ViewLayers]] = IdentityCache()
    _languages: ClassVar[IdentityCache[tuple[str, ...]]] = IdentityCache()
    _urlconfs: IdentityCache[None] = IdentityCache()

    def read_configuration(self) -> object:
        """Return the settings."""
        values = [getattr(settings, name, UNSET) for name in _WATCHED]
        # A copy of an iterator would use it up.
        return [each if isinstance(each, Iterator) else deep_snapshot(each) for each in values]

    def make_table(self) -> PolicyTable:
        """Make the table of the settings, and log notices about them."""
        read = read_settings(settings)
        table = make_table(read)
        self.log_notices(read.notices)
        return table

    def make_first_table(self) -> PolicyTable:
        """Make the table. Raises `ImproperlyConfigured` with all problems of the settings."""
        try:
            return super().make_first_table()
        except PolicyError as error:
            # `from error` would print everything twice.
            raise ImproperlyConfigured(str(error)) from None

    def on_change(self) -> None:
        """Report everything again."""
        self._urlconfs, self.reports = IdentityCache(), adapters.Reports()

    def layers_of(self, view: Callable[..., Any]) -> ViewLayers:
        """Return the layers of a view."""
        return self._views.get(id(view), (view,), view_layers, view)

    def languages(self, resolver: URLResolver) -> tuple[str, ...]:
        """Return languages whose routes differ; nothing if no route depends on the language."""
        key = id(resolver), id(settings.LANGUAGES), settings.LANGUAGE_CODE
        return self._languages.get(key, (resolver, settings.LANGUAGES), languages_of, resolver)

    def keep_up(self) -> None:
        """Follow settings that have changed, and report problems of views.

        In debug mode and in tests, every request does this, and problems are raised. Otherwise,
        requests do this once a second, and problems are logged.
        """
        # Django's test runner, and pytest-django, create the outbox.
        strict = settings.DEBUG or hasattr(mail, "outbox")
        self.check_at = monotonic() + (not strict)
        self.follow(strict=strict)

    def report_urlconf(self, urlconf: Any) -> None:
        """Log problems of the views that only the URLconf of a request has, once."""
        resolver = get_resolver(urlconf)
        self._urlconfs.get(id(resolver), (resolver,), self._report, urlconf)

    def _report(self, urlconf: Any) -> None:
        self.table.report_problems(strict=False, routes=all_routes(urlconf))

    def ready(self) -> None:
        """Register the checks, and listen to override_settings."""
        from .checks import check_all  # noqa: PLC0415 - it looks at other applications

        register(check_all, Tags.security)
        setting_changed.connect(self._on_change)

    def _on_change(self, *, setting: str, **_more: Any) -> None:
        if setting in _WATCHED:
            self.check_at = 0
            self.forget()


def make_table(read: CorsSettings) -> PolicyTable:
    """Return the table for settings. Raises `PolicyError` with all of their problems."""
    refuse(read.problems)
    return PolicyTable(
        read.layers,
        paths=read.paths,
        covers=None if read.urls is None else ("CORS_URLS_REGEX", read.urls),
        look_ups=(Receivers(),),
        extra_methods=default_methods,
        routes=all_routes,
    )


def all_routes(
    urlconf: Any = None, accepts: Callable[[View], bool] | None = None
) -> Iterator[Route]:
    """Yield the routes to the accepted views of a URLconf; None: of ROOT_URLCONF."""
    layers_of = installed().layers_of
    for path, is_open, view in all_views(urlconf):
        if accepts is None or accepts(view):
            layers = layers_of(view)
            yield Route(name_of(view), path, is_open, layers, layers.methods)


def installed() -> CorswsgiConfig:
    """Return the app. Raises `ImproperlyConfigured` if it is not installed."""
    try:
        return cast(CorswsgiConfig, apps.get_app_config("corswsgi_django"))
    except LookupError as error:
        message = 'corswsgi_django is not installed: add "corswsgi_django" to INSTALLED_APPS.'
        raise ImproperlyConfigured(message) from error
