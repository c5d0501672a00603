"""Runs the same cases in the model and in a browser engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corswsgi.browser import Browser, Fetch, Outcome, Request, Response, main_fetch
from corswsgi.cli.engines import Engine, open_in
from tests.engines.differential.cases import Case
from tests.engines.differential.disagreements import Disagreement, cache_with, fetch_run_with
from tests.engines.differential.server import COOKIE, CaseServer, Origins, Received, listening

Fetched = tuple[str, int, tuple[tuple[str, str], ...]]
"""The response that a script gets: its type, status and headers."""

PATIENCE = 60
"""In seconds: how long to wait for the next results of an engine."""

# Headers that servers and clients add.
NOT_COMPARED = {"date", "server", "connection", "via", "keep-alive"}


@dataclass(frozen=True)
class Observation:
    """The responses that the script gets and the requests that the server receives."""

    fetched: tuple[Fetched, ...]
    received: tuple[Received, ...]


def compared_headers(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    # Engines decode bytes beyond ASCII differently, which is irrelevant to CORS.
    return tuple(
        (name, value if value.isascii() else "(not ASCII)")
        for name, value in sorted(headers.items())
        if name not in NOT_COMPARED
    )


def fetched_from(outcome: Outcome) -> Fetched:
    """Return the response that the script gets."""
    headers = compared_headers(outcome.readable_headers)
    if outcome.reason == "opaque":
        return "opaque", 0, ()
    if not outcome.allowed:
        return "TypeError", 0, ()
    kind = "basic" if outcome.reason == "same_origin" else "cors"
    assert outcome.status is not None
    return kind, outcome.status, headers


class ModifiedBrowser(Browser):
    """The model, modified by rows of the table of disagreements."""

    rows: Sequence[Disagreement] = ()

    def main_fetch(self, fetch: Fetch) -> Generator[Request, Response, Outcome]:
        return main_fetch(fetch, self.cache, fetch_run_with(self.rows))


def run_in_model(
    number: int, case: Case, origins: Origins, rows: Sequence[Disagreement] = ()
) -> tuple[Observation, tuple[Outcome, ...]]:
    """Run a case in the model, modified by rows of the table of disagreements."""
    server = CaseServer({number: case})
    server.origins = origins
    browser = ModifiedBrowser(server, origins.page, base_url=origins.api, cache=cache_with(rows))
    browser.rows = rows
    browser.cookies = dict([COOKIE.split("=")])
    outcomes = tuple(
        browser.fetch(server.url("engine", number), **vars(fetch)) for fetch in case.fetches
    )
    received = tuple(server.received["engine", number])
    return Observation(tuple(map(fetched_from, outcomes)), received), outcomes


def run_in_engine(
    engine: Engine, cases: Mapping[int, Case], progress: Callable[[int], None]
) -> tuple[dict[int, Observation], Origins]:
    """Run all cases in an engine, in one page."""
    server = CaseServer(cases)
    results: dict[int, list[dict[str, Any]]] = {}
    posted = threading.Condition()

    def collect(_client: str, found: dict[str, Any]) -> None:
        with posted:
            results.update({int(number): result for number, result in found.items()})
            posted.notify()
        progress(len(found))

    server.posted = collect
    with listening(server) as (page, api):
        local = "http://127.0.0.1"
        server.origins = Origins(f"{local}:{page}", f"{local}:{api}", f"http://localhost:{api}")
        with open_in(engine, f"{server.origins.page}/#engine"), posted:
            while len(results) < len(cases):
                if not posted.wait(PATIENCE):
                    raise TimeoutError(
                        f"{engine}: results of {len(results)} of {len(cases)} cases only"
                    )
    observations = {
        number: Observation(
            tuple(
                (
                    result["type"],
                    result["status"],
                    compared_headers(dict(result["headers"])),
                )
                for result in results[number]
            ),
            tuple(server.received["engine", number]),
        )
        for number in cases
    }
    return observations, server.origins
