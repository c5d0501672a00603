"""The long run of the harnesses: ``tox -e fuzz -- [--seconds N] [--seed N] [NAME ...]``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from functools import wraps
from typing import Any

from hypothesis import HealthCheck, given, seed, settings

from tests.fuzz.harnesses import HARNESSES, Harness

EXAMPLES = 2000
"""The examples of one round. Each round has a seed of its own."""


def run_round(harness: Harness, number: int, examples: int) -> int:
    """Try examples, and return how many there were. Raises the exception of one that fails."""
    count = 0

    @wraps(harness.check)
    def counted(**arguments: Any) -> None:
        nonlocal count
        count += 1
        harness.check(**arguments)

    chosen = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    seed(number)(chosen(given(*harness.given)(counted)))()
    return count


def run(harness: Harness, first: int, seconds: float, examples: int = EXAMPLES) -> bool:
    """Run rounds until the time is over, and return whether all examples passed."""
    start, number, count = time.monotonic(), first, 0
    while True:
        try:
            count += run_round(harness, number, examples)
        except Exception as error:
            again = f"--seconds 0 --seed {number} {harness.name!r}"
            print(f"{harness.name}: FAILED. Try it again with: {again}")  # noqa: T201 - a command
            print(f"{type(error).__name__}: {error}")  # noqa: T201 - a command
            print(*getattr(error, "__notes__", ()), sep="\n")  # noqa: T201 - a command
            return False
        if time.monotonic() - start >= seconds:
            taken = time.monotonic() - start
            print(  # noqa: T201 - a command
                f"{harness.name}: {count:,} examples, seeds {first} to {number}, {taken:.0f} s",
                flush=True,
            )
            return True
        number += 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    names = [harness.name for harness in HARNESSES]
    parser = argparse.ArgumentParser(prog="tox -e fuzz --", description="Try to break corswsgi.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(names)} (all)")
    parser.add_argument("--seconds", type=float, default=60, help="for each harness (60)")
    parser.add_argument("--seed", type=int, default=5, help="of the first round (5)")
    chosen = parser.parse_args(arguments)
    if unknown := {*chosen.names} - {*names}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    harnesses = [each for each in HARNESSES if each.name in (chosen.names or names)]
    results = [run(each, chosen.seed, chosen.seconds) for each in harnesses]
    return 0 if all(results) else 1
