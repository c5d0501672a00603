"""The command line: ``python -m corswsgi``."""

from __future__ import annotations

import click

from .engines import PACKAGES, Engine

NEEDED = "the demo needs {name}: pip install 'corswsgi[tools,flask,django]'"


@click.group()
def main() -> None:
    """Show what CORS does, and why."""


@main.command()
@click.option(
    "--browser",
    "engine",
    type=click.Choice([*PACKAGES]),
    help="Run the page in this browser, without a window, and print its verdicts.",
)
@click.option("--once", is_flag=True, help="Do not go on serving; exit with 0 if all agree.")
def demo(engine: Engine | None, once: bool) -> None:
    """Serve an API three ways, and pages of an allowed and of a refused origin."""
    try:
        from .demo.run import run  # noqa: PLC0415 - it needs frameworks, and takes a while
    except ModuleNotFoundError as error:
        raise click.ClickException(NEEDED.format(name=error.name)) from error
    try:
        agreed = run(engine, once=once)
    except (FileNotFoundError, TimeoutError) as error:  # no such browser, or not one that works
        raise click.ClickException(str(error)) from error
    if once:
        raise SystemExit(not agreed)
