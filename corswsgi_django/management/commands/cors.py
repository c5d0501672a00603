"""The command ``manage.py cors migrate``."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Migrate from django-cors-headers."""

    help = (
        "Print the settings of corswsgi for a project with django-cors-headers, and compare what "
        "both allow, route by route, without running views. Exits with 1 if something that worked "
        "for a listed origin will be blocked."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 - as in BaseCommand; settings are old

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("subcommand", choices=["migrate"])
        parser.add_argument(
            "--all", action="store_true", help="list each difference in a sentence of its own"
        )

    def handle(self, *_arguments: Any, **options: Any) -> None:
        """Print the report, and exit with the status."""
        try:
            from corswsgi.cli.migrate import run  # noqa: PLC0415 - the command line is an extra
            from corswsgi.migrate import find_django_migration  # noqa: PLC0415
        except ModuleNotFoundError as error:
            message = f"migrate needs {error.name}: pip install 'corswsgi[cli]'"
            raise CommandError(message) from error
        sys.exit(run(find_django_migration, everything=options["all"]))
