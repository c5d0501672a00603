"""The whole differential run: ``python -m tests.differential [--cases N] [ENGINE ...]``."""

from __future__ import annotations

import os
import time
from functools import partial

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from corswsgi.tools.engines import PACKAGES, Engine, find_engine
from tests.differential.cases import cases
from tests.differential.disagreements import VERSIONS
from tests.differential.report import Report, report_on


@click.command()
@click.option("--cases", "count", default=3000, show_default=True, help="How many cases.")
@click.option("--seed", default=5, show_default=True, help="Which ones.")
@click.argument("engines", nargs=-1, type=click.Choice([*PACKAGES]))
def main(count: int, seed: int, engines: tuple[Engine, ...]) -> None:
    """Compare engines with the model; exits with 1 if a case is not explained.

    An engine that is not there is left out, but never in CI.
    """
    console = Console(width=80)
    there = [engine for engine in engines or PACKAGES if is_there(console, engine)]
    numbered = dict(enumerate(cases(count, seed)))
    reports: list[tuple[Report, float]] = []
    with Progress(console=console) as progress:
        for engine in there:
            task = progress.add_task(engine, total=count)
            start = time.monotonic()
            report = report_on(engine, numbered, partial(progress.advance, task))
            reports.append((report, time.monotonic() - start))
    for report, _ in reports:
        for failure in report.failures:
            console.print(str(failure), markup=False, highlight=False)
        for what in report.stale:
            console.print(f"{report.engine}: no case needs the row {what!r}", markup=False)
    for report, _ in reports:
        tell_rows(console, report)
    console.print(summary(reports))
    raise SystemExit(any(report.failures or report.stale for report, _ in reports))


def is_there(console: Console, engine: Engine) -> bool:
    """Tell whether an engine is there; in CI, it has to be."""
    if find_engine(engine) is not None:
        return True
    missing = f"there is no {engine} here (Debian: {PACKAGES[engine]})"
    if os.environ.get("CI"):
        raise click.ClickException(f"{missing}, and in CI nothing is skipped")
    console.print(f"{missing}: it is left out.", highlight=False)
    return False


def tell_rows(console: Console, report: Report) -> None:
    written = VERSIONS[report.engine]
    console.print(f"{report.version} (the table was written with {written}):", highlight=False)
    for what, needed in report.needed.most_common():
        console.print(f"  {needed:>5}  {what}", markup=False, highlight=False)


def summary(reports: list[tuple[Report, float]]) -> Table:
    table = Table("engine")
    for column in ("cases", "agreed", "in the table", "failed", "run again", "seconds"):
        table.add_column(column, justify="right")
    for report, seconds in reports:
        failed = len(report.failures)
        counts = (report.agreed, report.explained, failed, report.again, round(seconds))
        total = report.agreed + report.explained + failed
        table.add_row(report.engine, str(total), *map(str, counts))
    return table


if __name__ == "__main__":
    main()
