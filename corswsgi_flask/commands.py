"""The command ``flask cors``."""

from __future__ import annotations

import click
from flask.cli import ScriptInfo

from corswsgi import PolicyError

from .application import ApplicationCORS


@click.group()
def cors() -> None:
    """Check the CORS configuration."""


@cors.command()
@click.pass_context
def check(context: click.Context) -> None:
    """Print all problems of the CORS configuration, and exit with 1 if there are any."""
    try:
        # with_appcontext would print the traceback of an error in the application's module.
        app = context.ensure_object(ScriptInfo).load_app()
        problems = ApplicationCORS.of(app).problems()
    except PolicyError as error:
        problems = error.problems
    if problems:
        click.echo(str(PolicyError(problems)), err=True)
        context.exit(1)
    click.echo("The CORS configuration has no problems.")
