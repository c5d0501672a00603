"""Running the demo: the table in the terminal, and the servers until somebody stops them."""

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

from corswsgi.tools.engines import Engine, engine_version, find_engine, open_in

from .apis import policy_text
from .judging import Row, engine_agrees, judge, verdict_of
from .site import Pages, serving

PATIENCE = 60
"""In seconds: how long a browser may take."""

Seen = Sequence[Mapping[str, str]]
"""What an engine has made of each fetch, by the way."""


def run(engine: Engine | None, *, once: bool, console: Console | None = None) -> bool:
    """Serve, judge and print; then wait for Ctrl+C, unless `once`. Tell whether all agree.

    FileNotFoundError where there is no such browser.
    """
    console = console or Console(highlight=False)
    with quiet(), serving(settings) as pages:
        origins = pages.origins
        api = {"allowed": origins.allowed, "refused": origins.refused}
        pages.rows = judge(origins.api, api)
        seen = None if engine is None else ask(engine, pages)
        agreed = tell(console, pages, engine, seen)
        if not once:
            console.print(f"\nThe table in your own browser: [bold]{origins.allowed}[/]")
            console.print("(Ctrl+C stops.)")
            wait_for_interrupt()
    return agreed


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the log from telling of each preflight that is refused, as is meant."""
    logger = logging.getLogger("corswsgi")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def ask(engine: Engine, pages: Pages) -> Seen:
    """Have an engine run the page, and wait for what it posts."""
    with open_in(engine, f"{pages.origins.allowed}/"):
        try:
            return pages.results.get(timeout=PATIENCE)
        except Empty:
            raise TimeoutError(f"{engine} has posted nothing in {PATIENCE} seconds") from None


def wait_for_interrupt() -> None:
    """Wait for Ctrl+C."""
    stopped = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stopped.set())
    stopped.wait()
    signal.signal(signal.SIGINT, before)


def tell(console: Console, pages: Pages, engine: Engine | None, seen: Seen | None) -> bool:
    """Print the table, and whether all agree."""
    origins, rows = pages.origins, pages.rows
    console.print(f"An API at   {origins.api}, by WSGI, Flask and Django;")
    console.print(f"a page at   {origins.allowed}, whose origin its policy allows, and")
    console.print(f"another at  {origins.refused}, whose origin it refuses.\n")
    console.print(policy_text(origins.allowed), markup=False, soft_wrap=True)
    console.print()
    console.print(table_of(rows, engine, seen))
    wrong = [row for row in rows if not row.agrees]
    for row in wrong:
        for way, outcome in row.outcomes.items():
            console.print(f"\n{way}, {row.telling.title}:\n{outcome}", markup=False)
    apart = [] if seen is None else [*differing(rows, seen)]
    if engine is not None:
        version = engine_version(find_engine(engine) or [])
        alike = f"agrees on all {len(rows)}" if not apart else f"differs on {len(apart)}"
        console.print(f"\n{version} {alike}.", end="")
    if not wrong:
        console.print(f"\nWSGI, Flask and Django agree on all {len(rows)}, as is meant.")
    return not (wrong or apart)


def differing(rows: Sequence[Row], seen: Seen) -> list[Row]:
    """Name the rows on which an engine has another verdict."""
    return [row for row, found in zip(rows, seen, strict=True) if not engine_agrees(row, found)]


def table_of(rows: Sequence[Row], engine: Engine | None, seen: Seen | None) -> Table:
    """Lay out the table, for 80 columns."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("origin", no_wrap=True)
    table.add_column("fetch", overflow="fold")
    table.add_column("model", no_wrap=True)
    if engine is not None:
        table.add_column(engine, no_wrap=True)
    table.add_column("why", overflow="fold")
    for number, row in enumerate(rows):
        cells = [Text(row.telling.page), Text(row.telling.title), verdict(verdict_of(row.outcome))]
        if seen is not None:
            cells.append(seen_verdict(row, seen[number]))
        why = Text(row.telling.lesson)
        if verdict_of(row.outcome) == "blocked":
            why.append(f" ({row.outcome.reason})", "dim")
        table.add_row(*cells, why)
    return table


def verdict(text: str) -> Text:
    """Write a verdict, in its colour."""
    return Text(text, {"blocked": "red", "opaque": "yellow"}.get(text, "green"))


def seen_verdict(row: Row, found: Mapping[str, str]) -> Text:
    """Write an engine's verdict, or each way's where they are not the model's."""
    if engine_agrees(row, found):
        return verdict(found["wsgi"])
    return Text(", ".join(f"{way}: {text}" for way, text in found.items()), "bold red")
