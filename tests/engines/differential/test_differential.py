"""A part of the differential run. To run all cases: ``python -m tests.engines.differential``."""

from __future__ import annotations

import runpy
import sys
from dataclasses import replace
from typing import get_args

import pytest
from click.testing import CliRunner

from corswsgi.browser import FetchReason
from corswsgi.cli.engines import PACKAGES, Engine
from tests.engines.differential import report
from tests.engines.differential.__main__ import main
from tests.engines.differential.cases import KNOWN, Answer, Case, Fetch, cases
from tests.engines.differential.comparison import Observation, run_in_engine, run_in_model
from tests.engines.differential.disagreements import DISAGREEMENTS
from tests.engines.differential.report import Report, batches, compare, rows_of
from tests.engines.differential.server import Origins

ORIGINS = Origins("http://127.0.0.1:1", "http://127.0.0.1:2", "http://localhost:2")
CASES = dict(enumerate(cases(1300)))


def test_engines_agree(engine: Engine) -> None:
    """Some cases of each kind agree. Only the whole run looks for rows that no case needs."""
    some = {number: CASES[number] for number in [*range(len(KNOWN)), *range(len(KNOWN), 1300, 5)]}
    found = report.report_on(engine, some, lambda _: None)
    assert [str(failure) for failure in found.failures] == []
    assert (found.agreed + found.explained) == len(some)
    assert found.agreed > 200


def test_the_cases_are_the_same_every_time_and_of_every_kind() -> None:
    assert dict(enumerate(cases(1300))) == CASES
    kinds = {case.name.split()[0] for case in CASES.values()}
    assert kinds == {
        "requests",
        "preflights",
        "responses",
        "redirects",
        "cached",
        "modes",
        "known:",
    }


def test_the_cases_reach_every_reason() -> None:
    reached = {
        outcome.reason
        for number, case in CASES.items()
        for outcome in run_in_model(number, case, ORIGINS)[1]
    }
    # A page over https would need a certificate. The other reasons occur in later cases.
    missing = {"mixed_content", "too_many_redirects", "no_cors_method"}
    assert {*get_args(FetchReason)} - reached <= missing


@pytest.mark.parametrize("engine", PACKAGES)
def test_every_row_of_the_table_departs_from_the_standard(engine: Engine) -> None:
    rows = rows_of(engine)
    pretended = {
        number: run_in_model(number, case, ORIGINS, rows)[0] for number, case in CASES.items()
    }
    found = Report(engine, "")
    assert compare(found, CASES, pretended, ORIGINS) == []
    assert found.stale == []


def test_rows_are_complete_and_unique() -> None:
    assert all(row.engines and row.reason for row in DISAGREEMENTS)
    assert len({row.behaviour for row in DISAGREEMENTS}) == len(DISAGREEMENTS)


HEADERS = (("cache-control", "no-store"), ("content-length", "0"), ("content-type", "text/plain"))
ONE = Case("one", (Fetch("PUT"),))


@pytest.mark.parametrize(
    "change",
    [
        {"fetched": (("cors", 201, HEADERS),)},
        {"fetched": (("TypeError", 0, ()),)},
        {"fetched": (("cors", 200, HEADERS[1:]),)},
        {"fetched": (("cors", 200, (*HEADERS[:-1], ("content-type", "text/html"))),)},
        {"received": ()},
    ],
    ids=str,
)
def test_an_unexplained_case_fails(change: dict[str, tuple[()]]) -> None:
    right, _ = run_in_model(0, ONE, ORIGINS)
    assert right.fetched == (("cors", 200, HEADERS),)
    found = Report("webkit", "")
    assert compare(found, {0: ONE}, {0: right}, ORIGINS) == []
    (failure,) = compare(found, {0: ONE}, {0: replace(right, **change)}, ORIGINS)
    assert (failure.number, failure.case, failure.model) == (0, ONE, right)
    assert "Case(name='one'" in str(failure)
    assert "  model sent OPTIONS | 127.0.0.1:2 | 0" in str(failure)
    assert (found.agreed, found.explained) == (1, 0)


def test_cases_come_in_batches() -> None:
    assert [len(batch) for batch in batches(CASES)] == [900, 400]


def test_an_unexplained_case_runs_again(monkeypatch: pytest.MonkeyPatch, chromium: Engine) -> None:
    """A case fails only if it is not explained twice."""
    right, _ = run_in_model(0, ONE, ORIGINS)
    wrong = Observation((("TypeError", 0, ()),), ())
    for second, failures in ((right, 0), (wrong, 1)):
        answers = iter([({0: wrong}, ORIGINS), ({0: second}, ORIGINS)])
        monkeypatch.setattr(report, "run_in_engine", lambda *_, left=answers: next(left))
        found = report.report_on(chromium, {0: ONE}, lambda _: None)
        assert (found.again, len(found.failures), found.agreed) == (1, failures, 1 - failures)


def test_an_engine_without_results_is_an_error(
    monkeypatch: pytest.MonkeyPatch, chromium: Engine
) -> None:
    monkeypatch.setattr("tests.engines.differential.comparison.PATIENCE", 0.01)
    with pytest.raises(TimeoutError, match="chromium: results of 0 of 1 cases only"):
        run_in_engine(chromium, {0: ONE}, lambda _: None)


@pytest.mark.parametrize("is_right", [True, False])
def test_the_report_of_the_command(monkeypatch: pytest.MonkeyPatch, is_right: bool) -> None:
    found = Report("firefox", "Firefox 1", agreed=7, explained=2, again=1)
    found.needed.update(row.behaviour for row in rows_of("firefox"))
    if not is_right:
        found.needed.popitem()
        seen, _ = run_in_model(0, ONE, ORIGINS)
        found.failures.append(
            report.Failure(0, replace(ONE, preflights=(Answer(500),)), seen, seen)
        )
    monkeypatch.setattr("tests.engines.differential.__main__.report_on", lambda *_: found)
    monkeypatch.setattr("tests.engines.differential.__main__.find_engine", lambda _: ["firefox"])
    result = CliRunner().invoke(main, ["--cases", "9", "firefox"])
    assert result.exit_code == (0 if is_right else 1)
    assert "Firefox 1 (the table is for version 153):" in result.output
    assert max(map(len, result.output.splitlines())) <= 80
    assert ("needs the row" in result.output) == (not is_right)
    assert ("model sent OPTIONS" in result.output) == (not is_right)


@pytest.mark.parametrize(("in_ci", "code"), [("", 0), ("true", 1)])
def test_a_missing_engine_is_skipped_except_in_ci(
    monkeypatch: pytest.MonkeyPatch, in_ci: str, code: int
) -> None:
    monkeypatch.setenv("CI", in_ci)
    monkeypatch.setenv("PATH", "")
    result = CliRunner().invoke(main, ["webkit"])
    assert result.exit_code == code
    assert "webkit is not installed" in result.output


def test_the_help_of_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "tests.engines.differential.__main__")
    monkeypatch.setattr(sys, "argv", ["differential", "--help"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("tests.engines.differential", run_name="__main__")
    assert stopped.value.code == 0
    assert "Usage: " in capsys.readouterr().out
