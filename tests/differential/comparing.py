"""Comparing: the same cases through the model and through an engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corswsgi.browser import Browser, Fetch, Outcome, Request, Response, Result, fetching
from corswsgi.tools.engines import Engine, open_in
from tests.differential.answering import COOKIE, Answering, Asked, Origins, listening
from tests.differential.cases import Case
from tests.differential.disagreements import Disagreement, cache_of, course_of

Fetched = tuple[str, int, tuple[tuple[str, str], ...]]
"""What script sees of a fetch: the response's type, its status, its headers."""

PATIENCE = 60
"""In seconds: how long an engine may post nothing."""

# What servers and clients add of their own.
NOT_COMPARED = {"date", "server", "connection", "via", "keep-alive"}


@dataclass(frozen=True)
class Seen:
    """What is compared: what script sees of each fetch, and what the server was asked."""

    fetched: tuple[Fetched, ...]
    asked: tuple[Asked, ...]


def compared(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    # Beyond ASCII, engines do not agree on the encoding, which is no matter of CORS.
    return tuple(
        (name, value if value.isascii() else "(not ASCII)")
        for name, value in sorted(headers.items())
        if name not in NOT_COMPARED
    )


def of_outcome(outcome: Outcome) -> Fetched:
    """Write an outcome as script sees it."""
    headers = compared(outcome.readable_headers)
    if outcome.reason == "opaque":
        return "opaque", 0, ()
    if not outcome.allowed:
        return "TypeError", 0, ()
    kind = "basic" if outcome.reason == "same_origin" else "cors"
    assert outcome.status is not None
    return kind, outcome.status, headers


class Departing(Browser):
    """The model, with rows of the table of disagreements laid over it."""

    rows: Sequence[Disagreement] = ()

    def course(self, fetch: Fetch) -> Generator[Request, Response, Result]:
        return fetching(fetch, self.cache, course_of(self.rows))


def through_model(
    number: int, case: Case, origins: Origins, rows: Sequence[Disagreement] = ()
) -> tuple[Seen, tuple[Outcome, ...]]:
    """Run a case through the model, with rows of the table laid over it."""
    answering = Answering({number: case})
    answering.origins = origins
    browser = Departing(answering, origins.page, base_url=origins.api, cache=cache_of(rows))
    browser.rows = rows
    browser.cookies = dict([COOKIE.split("=")])
    outcomes = tuple(
        browser.fetch(answering.address("engine", number), **vars(fetch)) for fetch in case.fetches
    )
    asked = tuple(answering.asked["engine", number])
    return Seen(tuple(map(of_outcome, outcomes)), asked), outcomes


def through_engine(
    engine: Engine, cases: Mapping[int, Case], progress: Callable[[int], None]
) -> tuple[dict[int, Seen], Origins]:
    """Run all cases through an engine, in one page."""
    answering = Answering(cases)
    results: dict[int, list[dict[str, Any]]] = {}
    posted = threading.Condition()

    def collect(_who: str, found: dict[str, Any]) -> None:
        with posted:
            results.update({int(number): result for number, result in found.items()})
            posted.notify()
        progress(len(found))

    answering.posted = collect
    with listening(answering) as (page, api):
        local = "http://127.0.0.1"
        answering.origins = Origins(f"{local}:{page}", f"{local}:{api}", f"http://localhost:{api}")
        with open_in(engine, f"{answering.origins.page}/#engine"), posted:
            while len(results) < len(cases):
                if not posted.wait(PATIENCE):
                    raise TimeoutError(f"{engine}: {len(results)} of {len(cases)} cases came back")
    seen = {
        number: Seen(
            tuple(
                (
                    result["type"],
                    result["status"],
                    compared(dict(result["headers"])),
                )
                for result in results[number]
            ),
            tuple(answering.asked["engine", number]),
        )
        for number in cases
    }
    return seen, answering.origins
