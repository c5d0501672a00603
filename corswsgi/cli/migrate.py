"""The command ``migrate``, of ``python -m corswsgi``, ``flask cors`` and ``manage.py cors``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from corswsgi.migrate import Migration

NEEDED = "migrate needs {name}: pip install 'corswsgi[cli]'"

HELP = """Print the configuration of corswsgi for an application with another CORS library.

The application is loaded with its Flask-CORS, django-cors-headers or wsgicors. The configuration
to paste comes from the effective configuration of that library, after defaults and settings. Then
every route is fetched with the old configuration and with the new one, from pages of the listed
origins, of origins that resemble them, and of others, as browsers do it. Every difference is
listed.

The application's own code does not run: the fetches lead to copies of its routes with views that
do nothing, so nothing is read or changed, whatever the method. CORS headers that views, hooks and
other middleware set are therefore not compared. (Receivers of django-cors-headers'
check_request_enabled do run.)

Exits with 1 if a fetch that worked for a listed origin is blocked by the new configuration, with 2
if there is nothing to migrate, and otherwise with 0.
"""

everything: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--all", "everything", is_flag=True, help="List each difference in a sentence of its own."
)


@click.command(help=HELP)
@click.argument("application", metavar="MODULE:APPLICATION")
@everything
@click.pass_context
def migrate(context: click.Context, application: str, everything: bool) -> None:
    """Migrate the application that is named."""

    def find() -> Migration:
        from corswsgi.migrate import find_migration, load  # noqa: PLC0415 - see run()

        return find_migration(*load(application))

    context.exit(run(find, everything=everything))


def command_for(info: type[Any]) -> click.Command:
    """Return the command for an application that ``load_app()`` of the context's object loads."""

    @click.command("migrate", help=HELP)
    @everything
    @click.pass_context
    def command(context: click.Context, everything: bool) -> None:
        def find() -> Migration:
            from corswsgi.migrate import find_migration  # noqa: PLC0415 - see run()

            return find_migration(context.ensure_object(info).load_app())

        context.exit(run(find, everything=everything))

    return command


def run(find: Callable[[], Migration], *, everything: bool) -> int:
    """Print the report about a migration, and return the exit status."""
    try:
        # The browser model needs an extra.
        from corswsgi.migrate import MigrationError, compare, report  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise click.ClickException(NEEDED.format(name=error.name)) from error
    try:
        migration = find()
    except MigrationError as error:
        click.echo(f"Error: {error}", err=True)
        return 2
    comparison = compare(migration.old, migration.new, migration.routes, migration.headers)
    click.echo(report(migration, comparison, everything=everything), nl=False)
    return int(any(each.change == "lost" for each in comparison.differences))
