"""The harnesses with few examples, and the command that runs them with many."""

from __future__ import annotations

import re
import runpy
import sys
from itertools import count
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import CORSRequest, decide
from tests.conformance.cases import APP
from tests.fuzz import long_run, requested_headers, response_headers
from tests.fuzz.harnesses import HARNESSES, Harness


@pytest.mark.parametrize("harness", HARNESSES, ids=lambda harness: harness.name)
def test_harness(harness: Harness) -> None:
    given(*harness.given)(harness.check)()


def check_small(number: int) -> None:
    assert number < 100


NUMBERS = Harness("numbers", check_small, (st.integers(0, 1000),))


def test_a_long_run_says_what_it_tried(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = Harness("small", check_small, (st.integers(0, 9),))
    assert long_run.run(small, 7, seconds=0, examples=20)
    assert capsys.readouterr().out == "small: 10 examples, seeds 7 to 7, 0 s\n"
    monkeypatch.setattr(long_run, "time", SimpleNamespace(monotonic=count().__next__))
    assert long_run.run(small, 7, seconds=2, examples=20)
    assert capsys.readouterr().out == "small: 20 examples, seeds 7 to 8, 3 s\n"


def test_a_failure_can_be_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert not long_run.run(NUMBERS, 7, seconds=60)
    out = capsys.readouterr().out
    assert "numbers: FAILED. Try it again with: --seconds 0 --seed 7 'numbers'" in out
    # Usually it is 100. Mutation tests run without shrinking.
    assert re.search(r"\n    number=\d{3,4},\n", out)


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(long_run, "HARNESSES", [NUMBERS])
    assert long_run.main(["--seconds", "0"]) == 1
    with pytest.raises(SystemExit, match="2"):
        long_run.main(["letters"])
    assert "unknown: letters" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["fuzz", "--help"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_module("tests.fuzz", run_name="__main__")


def test_inputs_that_random_ones_rarely_hit() -> None:
    credentials = decide(response_headers.POLICIES[-1], CORSRequest("GET", APP))
    response_headers.check_apply(credentials, [(response_headers.EXPOSE, "*, X-C")])
    for preflights in (
        [("PUT", "x-a"), ("PUT", "x-b"), ("PATCH", "x-a")],
        [("GET", "x" * 1024), ("GET", "x" * 1025)],
        [("GET", "," * 128), ("GET", "," * 129)],
    ):
        requested_headers.check_preflight("*", "*", True, preflights)
