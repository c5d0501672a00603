"""The Django app: it holds the table of policies, and registers the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from threading import Lock
from typing import Any, ClassVar, cast

from django.apps import AppConfig, apps
from django.conf import settings
from django.core import mail
from django.core.checks import Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from corswsgi import PolicyError
from corswsgi.adapters import IdentityCache, PolicyTable, Route, ViewLayers, refuse

from .defaults import default_methods
from .lookups import Receivers
from .routing import all_views
from .settings import PREFIX, Settings, read_settings
from .views import view_layers, view_name


class CorswsgiConfig(AppConfig):
    """``"corswsgi_django"`` in INSTALLED_APPS."""

    name = "corswsgi_django"
    verbose_name: str = "CORS"

    is_reported: bool = False
    """Whether problems of views were reported since the settings have changed."""

    _views: ClassVar[IdentityCache[ViewLayers]] = IdentityCache()
    _reporting = Lock()

    @cached_property
    def table(self) -> PolicyTable:
        """The table of policies: made at the first use, and again after tests change settings.

        Raises `ImproperlyConfigured` with all problems of the settings.
        """
        try:
            return make_table(read_settings(settings))
        except PolicyError as error:
            # `from error` would print everything twice.
            raise ImproperlyConfigured(str(error)) from None

    def layers_of(self, view: Callable[..., Any]) -> ViewLayers:
        """Return the layers of a view."""
        return self._views.get(id(view), (view,), view_layers, view)

    def report_problems(self) -> None:
        """Report problems of views, at the first request: raise in debug mode and in tests."""
        with self._reporting:
            if not self.is_reported:
                # Django's test runner, and pytest-django, create the outbox.
                self.table.report_problems(strict=settings.DEBUG or hasattr(mail, "outbox"))
                self.is_reported = True

    def ready(self) -> None:
        """Register the checks, and listen to override_settings."""
        from .checks import check_all  # noqa: PLC0415 - it looks at other applications

        register(check_all, Tags.security)
        setting_changed.connect(self._on_change)

    def _on_change(self, *, setting: str, **_more: Any) -> None:
        if setting.startswith(PREFIX) or setting == "ROOT_URLCONF":
            vars(self).pop("table", None)
            self.is_reported = False


def make_table(read: Settings) -> PolicyTable:
    """Return the table for settings. Raises `PolicyError` with all of their problems."""
    refuse(read.problems)
    urls = read.urls

    def covers(path: str) -> bool:
        decoded = path if path.isascii() else path.encode("latin-1").decode("utf-8", "replace")
        return urls is None or urls.match(decoded) is not None

    return PolicyTable(
        read.layers,
        paths=read.paths,
        covers=None if urls is None else covers,
        look_ups=(Receivers(),),
        extra_methods=default_methods,
        routes=all_routes,
    )


def all_routes() -> Iterator[Route]:
    """Yield the routes of ROOT_URLCONF."""
    layers_of = installed().layers_of
    for path, is_open, view in all_views():
        layers = layers_of(view)
        yield Route(view_name(view), path, is_open, layers, layers.methods)


def installed() -> CorswsgiConfig:
    """Return the app. Raises `ImproperlyConfigured` if it is not installed."""
    try:
        return cast(CorswsgiConfig, apps.get_app_config("corswsgi_django"))
    except LookupError as error:
        message = 'corswsgi_django is not installed: add "corswsgi_django" to INSTALLED_APPS.'
        raise ImproperlyConfigured(message) from error
