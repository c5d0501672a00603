"""Runs the demo: prints the table in the terminal and serves the page until Ctrl+C."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import Empty

from django.conf import settings
from rich.console import Console
from rich.table import Table
from rich.text import Text

from corswsgi.cli.engines import Engine, engine_version, find_engine, open_in

from .apis import policy_text
from .comparison import Row, engine_agrees, result_of, run_model
from .site import Pages, serving

PATIENCE = 60
"""In seconds: how long to wait for the results of a browser."""

Results = Sequence[Mapping[str, str]]
"""The results of each fetch in a browser, by the variant of the API."""


def run(engine: Engine | None, *, once: bool, console: Console | None = None) -> bool:
    """Serve the API and the page, print the table, then serve until Ctrl+C unless `once` is true.

    Return whether all results agree. Raises FileNotFoundError if the browser is not installed.
    """
    console = console or Console(highlight=False)
    with quiet(), serving(settings) as pages:
        origins = pages.origins
        api = {"allowed": origins.allowed, "refused": origins.refused}
        pages.rows = run_model(origins.api, api)
        results = None if engine is None else run_engine(engine, pages)
        agreed = print_report(console, pages, engine, results)
        if not once:
            console.print(
                f"\nTo see the table in your own browser, open [bold]{origins.allowed}[/]"
            )
            console.print("Press Ctrl+C to stop.")
            wait_for_interrupt()
    return agreed


@contextmanager
def quiet() -> Iterator[None]:
    """Disable the log of refused preflights, which the demo causes on purpose."""
    logger = logging.getLogger("corswsgi")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def run_engine(engine: Engine, pages: Pages) -> Results:
    """Open the page in a browser and wait for its results."""
    with open_in(engine, f"{pages.origins.allowed}/"):
        try:
            return pages.results.get(timeout=PATIENCE)
        except Empty:
            raise TimeoutError(
                f"{engine} has not sent its results within {PATIENCE} seconds."
            ) from None


def wait_for_interrupt() -> None:
    """Wait for Ctrl+C."""
    stopped = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stopped.set())
    stopped.wait()
    signal.signal(signal.SIGINT, before)


def print_report(
    console: Console, pages: Pages, engine: Engine | None, results: Results | None
) -> bool:
    """Print the table; return whether all results agree."""
    origins, rows = pages.origins, pages.rows
    console.print(f"API:           {origins.api} (with WSGI, Flask and Django)")
    console.print(f"Allowed page:  {origins.allowed} (the policy allows its origin)")
    console.print(f"Refused page:  {origins.refused} (the policy refuses its origin)\n")
    console.print(policy_text(origins.allowed), markup=False, soft_wrap=True)
    console.print()
    console.print(table_of(rows, engine, results))
    wrong = [row for row in rows if not row.agrees]
    for row in wrong:
        for variant, outcome in row.outcomes.items():
            console.print(f"\n{variant}, {row.example.title}:\n{outcome}", markup=False)
    different = [] if results is None else different_rows(rows, results)
    if engine is not None:
        version = engine_version(find_engine(engine) or [])
        agreement = f"differs on {len(different)}" if different else f"agrees on all {len(rows)}"
        console.print(f"\n{version} {agreement}.", end="")
    if not wrong:
        console.print(f"\nWSGI, Flask and Django agree on all {len(rows)}, as expected.")
    return not (wrong or different)


def different_rows(rows: Sequence[Row], results: Results) -> list[Row]:
    """Return the rows for which the results of a browser differ from the model's."""
    return [row for row, found in zip(rows, results, strict=True) if not engine_agrees(row, found)]


def table_of(rows: Sequence[Row], engine: Engine | None, results: Results | None) -> Table:
    """Return the table, which fits into 80 columns."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("origin", no_wrap=True)
    table.add_column("fetch", overflow="fold")
    table.add_column("model", no_wrap=True)
    if engine is not None:
        table.add_column(engine, no_wrap=True)
    table.add_column("why", overflow="fold")
    for number, row in enumerate(rows):
        result = result_of(row.outcome)
        cells = [Text(row.example.page), Text(row.example.title), result_text(result)]
        if results is not None:
            cells.append(engine_text(row, results[number]))
        why = Text(row.example.lesson)
        if result == "blocked":
            why.append(f" ({row.outcome.reason})", "dim")
        table.add_row(*cells, why)
    return table


def result_text(result: str) -> Text:
    """Return a result in its colour."""
    return Text(result, {"blocked": "red", "opaque": "yellow"}.get(result, "green"))


def engine_text(row: Row, found: Mapping[str, str]) -> Text:
    """Return the result of a browser, or those of all variants if they differ from the model's."""
    if engine_agrees(row, found):
        return result_text(found["wsgi"])
    return Text(", ".join(f"{variant}: {result}" for variant, result in found.items()), "bold red")
