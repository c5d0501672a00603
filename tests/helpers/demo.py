"""Runs the demo, with its Django settings over those of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import django
from click.testing import CliRunner, Result
from django.test import override_settings

from corswsgi.cli.command import main
from corswsgi.cli.demo import run


class DemoSettings:
    """Replaces Django's settings, which are configured already, and overrides them."""

    configured = False
    override: Any = None

    def configure(self, **values: Any) -> None:
        self.override = override_settings(**values)
        self.override.enable()


@contextmanager
def demo_settings() -> Iterator[Any]:
    """Let the demo configure Django's settings; restore them on exit."""
    settings = DemoSettings()
    with mock.patch.object(run, "settings", settings):
        try:
            yield settings
        finally:
            settings.override.disable()
            django.setup()  # restores the logging configuration


def demo(*arguments: str) -> Result:
    """Run the command ``demo``."""
    with demo_settings():
        return CliRunner().invoke(main, ["demo", *arguments])
