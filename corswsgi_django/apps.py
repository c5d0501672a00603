"""The application: it holds the policies, and registers the checks."""

from __future__ import annotations

from typing import Any, cast

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from corswsgi import PolicyError

from .policies import Policies
from .settings import PREFIX


class CorswsgiConfig(AppConfig):
    """``"corswsgi_django"`` in INSTALLED_APPS."""

    name = "corswsgi_django"
    verbose_name = "CORS"

    _policies: Policies | None = None

    @property
    def policies(self) -> Policies:
        """The settings, compiled when they are first needed, and again when a test changes them.

        Raises `ImproperlyConfigured` with everything that is wrong, each by its setting.
        """
        policies = self._policies
        if policies is None:
            try:
                policies = self._policies = Policies(settings)
            except PolicyError as error:
                # `from error` would print all of it twice.
                raise ImproperlyConfigured(str(error)) from None
        return policies

    def ready(self) -> None:
        """Register the checks, and listen to override_settings."""
        from .checks import check_all  # noqa: PLC0415 - it looks at other applications

        register(check_all, Tags.security)
        setting_changed.connect(self._on_change)

    def _on_change(self, *, setting: str, **_more: Any) -> None:
        if setting.startswith(PREFIX):
            self._policies = None


def installed() -> CorswsgiConfig:
    """Return the application. Raises `ImproperlyConfigured` if it is not installed."""
    try:
        config = apps.get_app_config("corswsgi_django")
    except LookupError as error:
        message = 'corswsgi_django is in use: add "corswsgi_django" to INSTALLED_APPS.'
        raise ImproperlyConfigured(message) from error
    return cast(CorswsgiConfig, config)
