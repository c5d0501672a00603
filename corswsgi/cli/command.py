"""The command line: ``python -m corswsgi``."""

from __future__ import annotations

import click

from .engines import PACKAGES, Engine
from .migrate import migrate

NEEDED = "The demo needs {name}: pip install 'corswsgi[cli,flask,django]'"


@click.group()
def main() -> None:
    """Show what CORS allows, and why."""


main.add_command(migrate)


@main.command()
@click.option(
    "--browser",
    "engine",
    type=click.Choice([*PACKAGES]),
    help="Run the page in this browser, without a window, and print the results.",
)
@click.option(
    "--once", is_flag=True, help="Exit after the table is printed, with status 0 if all agree."
)
def demo(engine: Engine | None, once: bool) -> None:
    """Serve an API with WSGI, Flask and Django, and pages of an allowed and a refused origin."""
    try:
        from .demo.run import run  # noqa: PLC0415 - imports the frameworks
    except ModuleNotFoundError as error:
        raise click.ClickException(NEEDED.format(name=error.name)) from error
    try:
        agreed = run(engine, once=once)
    except (FileNotFoundError, TimeoutError) as error:  # the browser is missing or does not respond
        raise click.ClickException(str(error)) from error
    if once:
        raise SystemExit(not agreed)
