"""Judging: the fetches of the demo through the model, and beside it what an engine made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corswsgi.browser import Browser, Exchange, Outcome

from .apis import WAYS
from .fetches import FETCHES, Telling


@dataclass(frozen=True)
class Row:
    """A fetch, and what the model makes of it in each of the ways."""

    telling: Telling
    outcomes: Mapping[str, Outcome]

    @property
    def outcome(self) -> Outcome:
        """The outcome of plain WSGI, which is to be that of all."""
        return self.outcomes["wsgi"]

    @property
    def agrees(self) -> bool:
        """Whether it is what was to be shown, in every way."""
        verdicts = {*map(verdict_of, self.outcomes.values())}
        reasons = {outcome.reason for outcome in self.outcomes.values()}
        return len(verdicts) == 1 and reasons == {self.telling.reason}


def judge(api: str, origins: Mapping[str, str]) -> list[Row]:
    """Make all fetches as the model does, one tab for each page and way."""
    tabs = {
        (page, way): Browser(f"{api}/{way}/", origin)
        for page, origin in origins.items()
        for way in WAYS
    }
    return [
        Row(
            telling,
            {
                way: tabs[telling.page, way].fetch(f"{api}/{way}{telling.path}", **telling.options)
                for way in WAYS
            },
        )
        for telling in FETCHES
    ]


def verdict_of(outcome: Outcome) -> str:
    """Say in a word or two what script gets: ``200``, ``blocked``, ``opaque``."""
    if outcome.reason == "opaque":
        return "opaque"
    return str(outcome.status) if outcome.allowed else "blocked"


def engine_agrees(row: Row, seen: Mapping[str, str]) -> bool:
    """Tell whether an engine's verdicts, by their way, are the model's."""
    return all(seen.get(way) == verdict_of(outcome) for way, outcome in row.outcomes.items())


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Write rows for the page."""
    return [
        {
            "page": row.telling.page,
            "path": row.telling.path,
            "title": row.telling.title,
            "lesson": row.telling.lesson,
            "options": row.telling.options,
            "ways": {
                way: {
                    "verdict": verdict_of(outcome),
                    "reason": outcome.reason,
                    "step": outcome.step,
                    "explanation": outcome.explanation,
                    "readable": [*outcome.readable_headers],
                    "exchanges": [_exchange_as_json(exchange) for exchange in outcome.exchanges],
                }
                for way, outcome in row.outcomes.items()
            },
        }
        for row in rows
    ]


def _exchange_as_json(exchange: Exchange) -> dict[str, str]:
    return {
        "kind": exchange.request.kind,
        "request": str(exchange.request),
        "response": exchange.shown_response,
    }
