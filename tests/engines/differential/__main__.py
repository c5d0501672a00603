"""The differential run: ``python -m tests.engines.differential [--cases N] [ENGINE ...]``."""

from __future__ import annotations

import os
import time
from functools import partial

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from corswsgi.cli.engines import PACKAGES, Engine, find_engine
from tests.engines.differential.cases import cases
from tests.engines.differential.disagreements import VERSIONS
from tests.engines.differential.report import Report, report_on


@click.command()
@click.option("--cases", "count", default=3000, show_default=True, help="The number of cases.")
@click.option("--seed", default=5, show_default=True, help="The seed of the random cases.")
@click.argument("engines", nargs=-1, type=click.Choice([*PACKAGES]))
def main(count: int, seed: int, engines: tuple[Engine, ...]) -> None:
    """Compare browser engines with the model.

    The exit status is 1 if the model and the table of disagreements do not explain a case. An
    engine that is not installed is skipped, except in CI.
    """
    console = Console(width=80)
    installed = [engine for engine in engines or PACKAGES if is_installed(console, engine)]
    numbered = dict(enumerate(cases(count, seed)))
    reports: list[tuple[Report, float]] = []
    with Progress(console=console) as progress:
        for engine in installed:
            task = progress.add_task(engine, total=count)
            start = time.monotonic()
            report = report_on(engine, numbered, partial(progress.advance, task))
            reports.append((report, time.monotonic() - start))
    for report, _ in reports:
        for failure in report.failures:
            console.print(str(failure), markup=False, highlight=False)
        for behaviour in report.stale:
            console.print(f"{report.engine}: no case needs the row {behaviour!r}.", markup=False)
    for report, _ in reports:
        print_rows(console, report)
    console.print(summary(reports))
    raise SystemExit(any(report.failures or report.stale for report, _ in reports))


def is_installed(console: Console, engine: Engine) -> bool:
    """Check whether an engine is installed. In CI, raise an exception if it is not."""
    if find_engine(engine) is not None:
        return True
    missing = f"{engine} is not installed (Debian packages: {PACKAGES[engine]})"
    if os.environ.get("CI"):
        raise click.ClickException(f"{missing}, but CI must not skip any engine.")
    console.print(f"{missing}, so it is skipped.", highlight=False)
    return False


def print_rows(console: Console, report: Report) -> None:
    written = VERSIONS[report.engine]
    console.print(f"{report.version} (the table is for version {written}):", highlight=False)
    for behaviour, needed in report.needed.most_common():
        console.print(f"  {needed:>5}  {behaviour}", markup=False, highlight=False)


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
