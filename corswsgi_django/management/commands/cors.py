"""The command ``manage.py cors migrate``."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from corswsgi.cli.migrate import HELP, run
from corswsgi.migrate import find_django_migration


class Command(BaseCommand):
    """Migrate from django-cors-headers."""

    help = HELP
    requires_system_checks: list[str] = []  # noqa: RUF012 - as in BaseCommand; the settings are those of another library

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("subcommand", choices=["migrate"])
        parser.add_argument("--all", action="store_true", help="list each difference")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        """Print the report, and exit with the status."""
        sys.exit(run(find_django_migration, everything=options["all"]))
