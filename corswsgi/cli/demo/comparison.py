"""Runs the fetches of the demo through the model and compares the results with a browser's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corswsgi.browser import Browser, Exchange, Outcome

from .apis import VARIANTS
from .fetches import FETCHES, Example


@dataclass(frozen=True)
class Row:
    """A fetch and its outcomes in the model, by the variant of the API."""

    example: Example
    outcomes: Mapping[str, Outcome]

    @property
    def outcome(self) -> Outcome:
        """The outcome with plain WSGI. All variants should have the same outcome."""
        return self.outcomes["wsgi"]

    @property
    def agrees(self) -> bool:
        """Whether all variants have the expected outcome."""
        results = {*map(result_of, self.outcomes.values())}
        reasons = {outcome.reason for outcome in self.outcomes.values()}
        return len(results) == 1 and reasons == {self.example.reason}


def run_model(api: str, origins: Mapping[str, str]) -> list[Row]:
    """Run all fetches through the model, with one tab for each page and variant."""
    tabs = {
        (page, variant): Browser(f"{api}/{variant}/", origin)
        for page, origin in origins.items()
        for variant in VARIANTS
    }
    return [
        Row(
            example,
            {
                variant: tabs[example.page, variant].fetch(
                    f"{api}/{variant}{example.path}", **example.options
                )
                for variant in VARIANTS
            },
        )
        for example in FETCHES
    ]


def result_of(outcome: Outcome) -> str:
    """Return what the script gets: the status, ``blocked`` or ``opaque``."""
    if outcome.reason == "opaque":
        return "opaque"
    return str(outcome.status) if outcome.allowed else "blocked"


def engine_agrees(row: Row, results: Mapping[str, str]) -> bool:
    """Check whether the results of a browser, by variant, are the same as the model's."""
    return all(
        results.get(variant) == result_of(outcome) for variant, outcome in row.outcomes.items()
    )


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return rows as JSON for the page."""
    return [
        {
            "page": row.example.page,
            "path": row.example.path,
            "title": row.example.title,
            "lesson": row.example.lesson,
            "options": row.example.options,
            "variants": {
                variant: {
                    "result": result_of(outcome),
                    "reason": outcome.reason,
                    "step": outcome.step,
                    "link": outcome.link,
                    "explanation": outcome.explanation,
                    "readable": [*outcome.readable_headers],
                    "exchanges": [_exchange_as_json(exchange) for exchange in outcome.exchanges],
                }
                for variant, outcome in row.outcomes.items()
            },
        }
        for row in rows
    ]


def _exchange_as_json(exchange: Exchange) -> dict[str, str]:
    return {
        "kind": exchange.request.kind,
        "request": str(exchange.request),
        "response": exchange.response_text,
    }
