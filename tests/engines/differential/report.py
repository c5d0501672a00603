"""Reports on how an engine's results compare with the model's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from corswsgi.cli.engines import Engine, engine_version, find_engine
from tests.engines.differential.cases import Case
from tests.engines.differential.comparison import Observation, run_in_engine, run_in_model
from tests.engines.differential.disagreements import DISAGREEMENTS, Disagreement
from tests.engines.differential.server import Origins

BATCH = 900
"""Cases per browser process. Chromium evicts random cached preflights if there are over 1,024."""


@dataclass(frozen=True)
class Failure:
    """A case that neither the model nor the table of disagreements explains."""

    number: int
    case: Case
    model: Observation
    engine: Observation

    def __str__(self) -> str:
        lines = [f"{self.number}: {self.case}"]
        for name, observed in (("model", self.model), ("engine", self.engine)):
            lines += [f"  {name}: {fetched}" for fetched in observed.fetched]
            lines += [f"  {name} sent {' | '.join(request)}" for request in observed.received]
        return "\n".join(lines)


@dataclass
class Report:
    """The results of an engine."""

    engine: Engine
    version: str
    agreed: int = 0
    explained: int = 0
    """The number of cases that the table of disagreements explains."""
    needed: Counter[str] = field(default_factory=Counter)
    """The number of cases that need each row of the table."""
    again: int = 0
    """The number of cases that were run a second time, because the first run was not explained."""
    failures: list[Failure] = field(default_factory=list)

    @property
    def stale(self) -> list[str]:
        """The rows of this engine that no case needs."""
        return [row.behaviour for row in rows_of(self.engine) if not self.needed[row.behaviour]]


def rows_of(engine: Engine) -> list[Disagreement]:
    return [row for row in DISAGREEMENTS if engine in row.engines]


def batches(cases: Mapping[int, Case]) -> Iterator[dict[int, Case]]:
    numbers = iter(cases)
    while batch := {number: cases[number] for number in islice(numbers, BATCH)}:
        yield batch


def report_on(engine: Engine, cases: Mapping[int, Case], progress: Callable[[int], None]) -> Report:
    """Run cases in an engine and compare the results with the model's.

    Cases that are not explained run a second time, because a busy browser or a full cache can
    change a result once.
    """
    command = find_engine(engine)
    assert command is not None
    report = Report(engine, engine_version(command))
    for batch in batches(cases):
        failures = compare(report, batch, *run_in_engine(engine, batch, progress))
        again = {failure.number: failure.case for failure in failures}
        report.again += len(again)
        if again:
            observations, origins = run_in_engine(engine, again, lambda _: None)
            report.failures += compare(report, again, observations, origins)
    return report


def compare(
    report: Report,
    cases: Mapping[int, Case],
    observations: Mapping[int, Observation],
    origins: Origins,
) -> list[Failure]:
    """Compare the results of an engine with the model, and return the failures."""
    rows = rows_of(report.engine)
    failures = []
    for number, case in cases.items():
        if run_in_model(number, case, origins)[0] == observations[number]:
            report.agreed += 1
            continue
        model, _ = run_in_model(number, case, origins, rows)
        if model != observations[number]:
            failures.append(Failure(number, case, model, observations[number]))
            continue
        report.explained += 1
        for row in rows:
            others = [other for other in rows if other is not row]
            if run_in_model(number, case, origins, others)[0] != model:
                report.needed[row.behaviour] += 1
    return failures
