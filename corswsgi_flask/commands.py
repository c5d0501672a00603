"""The command ``flask cors``."""

from __future__ import annotations

import click
from flask.cli import ScriptInfo

from corswsgi import PolicyError
from corswsgi.adapters import note_texts
from corswsgi.cli.migrate import command_for

from .application import ApplicationCORS


@click.command()
@click.pass_context
def check(context: click.Context) -> None:
    """Print all problems of the CORS configuration, and exit with 1 if there are any.

    Notes, about a configuration that is valid but may not be what you want, do not change that.
    """
    try:
        # with_appcontext would print the traceback of an error in the application's module.
        app = context.ensure_object(ScriptInfo).load_app()
        cors = ApplicationCORS.of(app)
        table, error = cors.checked()
    except PolicyError as raised:
        error = raised
    if error is not None:
        click.echo(str(error), err=True)
        context.exit(1)
    hosts = [app.config.get("SERVER_NAME"), *(app.config.get("TRUSTED_HOSTS") or ())]
    place = "SERVER_NAME and TRUSTED_HOSTS"
    texts = [*note_texts(table, hosts, place, app.config, debug=app.debug), *cors.notes(table)]
    for text in texts:
        click.echo(f"Note: {text}", err=True)
    count = f"{len(texts)} note{'' if len(texts) == 1 else 's'}"
    click.echo(f"No problems, {count}." if texts else "The CORS configuration has no problems.")


cors: click.Group = click.Group(
    "cors", commands=[check, command_for(ScriptInfo)], help="Check or migrate."
)
