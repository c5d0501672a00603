"""Reports: for each engine, on how many cases it agrees with the model, and on which not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from corswsgi.tools.engines import Engine, engine_version, find_engine
from tests.differential.answering import Origins
from tests.differential.cases import Case
from tests.differential.comparing import Seen, through_engine, through_model
from tests.differential.disagreements import DISAGREEMENTS, Disagreement

BATCH = 900
"""Cases for one browser: Chromium forgets preflights at random when it holds more than 1,024."""


@dataclass(frozen=True)
class Failure:
    """A case on which an engine does what neither the model nor the table says."""

    number: int
    case: Case
    model: Seen
    engine: Seen

    def __str__(self) -> str:
        lines = [f"{self.number}: {self.case}"]
        for name, seen in (("model", self.model), ("engine", self.engine)):
            lines += [f"  {name}: {fetched}" for fetched in seen.fetched]
            lines += [f"  {name} asked {' | '.join(asked)}" for asked in seen.asked]
        return "\n".join(lines)


@dataclass
class Report:
    """What has come of an engine's cases."""

    engine: Engine
    version: str
    agreed: int = 0
    explained: int = 0
    """Cases that the table explains."""
    needed: Counter[str] = field(default_factory=Counter)
    """For each row of the table, the cases that it is needed for."""
    again: int = 0
    """Cases that were run a second time, since the first was not explained."""
    failures: list[Failure] = field(default_factory=list)

    @property
    def stale(self) -> list[str]:
        """Rows of this engine that no case needs."""
        return [row.what for row in rows_of(self.engine) if not self.needed[row.what]]


def rows_of(engine: Engine) -> list[Disagreement]:
    return [row for row in DISAGREEMENTS if engine in row.engines]


def batches(cases: Mapping[int, Case]) -> Iterator[dict[int, Case]]:
    numbers = iter(cases)
    while batch := {number: cases[number] for number in islice(numbers, BATCH)}:
        yield batch


def report_on(engine: Engine, cases: Mapping[int, Case], progress: Callable[[int], None]) -> Report:
    """Run cases through an engine, and compare; what is not explained runs once more.

    The second time is for what passes: a browser that was too busy, a cache that was full.
    """
    command = find_engine(engine)
    assert command is not None
    report = Report(engine, engine_version(command))
    for batch in batches(cases):
        failures = compare(report, batch, *through_engine(engine, batch, progress))
        again = {failure.number: failure.case for failure in failures}
        report.again += len(again)
        if again:
            seen, origins = through_engine(engine, again, lambda _: None)
            report.failures += compare(report, again, seen, origins)
    return report


def compare(
    report: Report, cases: Mapping[int, Case], seen: Mapping[int, Seen], origins: Origins
) -> list[Failure]:
    """Compare what an engine has done with the model, and count; return what is not explained."""
    rows = rows_of(report.engine)
    failures = []
    for number, case in cases.items():
        if through_model(number, case, origins)[0] == seen[number]:
            report.agreed += 1
            continue
        model, _ = through_model(number, case, origins, rows)
        if model != seen[number]:
            failures.append(Failure(number, case, model, seen[number]))
            continue
        report.explained += 1
        for row in rows:
            others = [other for other in rows if other is not row]
            if through_model(number, case, origins, others)[0] != model:
                report.needed[row.what] += 1
    return failures
