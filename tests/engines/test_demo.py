"""The demo in real browsers."""

from __future__ import annotations

from typing import Any

import pytest

from corswsgi.cli.demo import comparison, run
from corswsgi.cli.demo.apis import VARIANTS
from corswsgi.cli.demo.fetches import FETCHES
from corswsgi.cli.engines import Engine
from tests.helpers.demo import demo


def test_engines_agree(engine: Engine) -> None:
    result = demo("--once", "--browser", engine)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-2].endswith(f" agrees on all {len(FETCHES)}.")


@pytest.mark.parametrize(("once", "code"), [(["--once"], 1), ([], 0)])
def test_an_engine_that_differs(
    monkeypatch: pytest.MonkeyPatch, chromium: Engine, once: list[str], code: int
) -> None:
    waited = []
    monkeypatch.setattr(run, "wait_for_interrupt", lambda: waited.append(True))

    def run_engine(_engine: Engine, pages: Any) -> list[dict[str, str]]:
        results = [dict.fromkeys(VARIANTS, comparison.result_of(row.outcome)) for row in pages.rows]
        results[7]["flask"] = "200"
        return results

    monkeypatch.setattr(run, "run_engine", run_engine)
    result = demo(*once, "--browser", chromium)
    assert result.exit_code == code
    assert " differs on 1.\n" in result.output
    assert "flask: 200" in result.output
    assert waited == ([] if once else [True])
    invitation = "To see the table in your own browser, open http://localhost:"
    assert (invitation in result.output) == (not once)


def test_a_browser_without_results(monkeypatch: pytest.MonkeyPatch, chromium: Engine) -> None:
    monkeypatch.setattr(run, "PATIENCE", 0.01)
    result = demo("--browser", chromium)
    assert result.exit_code == 1
    assert result.output == "Error: chromium has not sent its results within 0.01 seconds.\n"
