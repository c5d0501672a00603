"""The documents agree with the code, and so do the tables in docs/testing.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from corswsgi.browser import MAX_AGE_LIMITS, FetchReason
from corswsgi.browser.reasons import ALLOWED, ANCHORS
from corswsgi.cli.engines import PACKAGES
from tests.engines.differential.disagreements import DISAGREEMENTS, VERSIONS

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "testing.md").read_text()

ALGORITHMS = ("CORS check", "CORS-preflight fetch", "HTTP-redirect fetch", "Main fetch")


def rows_below(header: str) -> list[list[str]]:
    """Return the cells of the table with this header, row by row."""
    _, _, below = DOCUMENT.partition(f"\n{header}\n")
    rule, *rows = below.partition("\n\n")[0].splitlines()
    assert set(rule) == set("| -"), f"docs/testing.md has no table {header!r}"
    return [row.removeprefix("| ").removesuffix(" |").split(" | ") for row in rows]


def test_every_reason_is_listed_once() -> None:
    rows = rows_below("| reason | script gets | meaning | step |")
    assert [name for name, *_ in rows] == [f"`{reason}`" for reason in get_args(FetchReason)]


def test_the_results_of_each_reason() -> None:
    gets = {
        name.strip("`"): script
        for name, script, *_ in rows_below("| reason | script gets | meaning | step |")
    }
    for reason in get_args(FetchReason):
        refused = "an opaque response" if reason == "opaque" else "a TypeError"
        assert gets[reason] == ("the response" if reason in ALLOWED else refused)


def test_steps_link_to_the_standard() -> None:
    for _, _, _, step in rows_below("| reason | script gets | meaning | step |"):
        link, _, number = step.partition(", step ")
        algorithm, _, url = link.strip("[)").partition("](")
        assert url == f"https://fetch.spec.whatwg.org/#{ANCHORS[algorithm]}"
        assert bool(number) == (algorithm in ALGORITHMS)


def test_every_disagreement_is_listed() -> None:
    assert rows_below("| behaviour | engines | reason |") == [
        [row.behaviour, ", ".join(row.engines), row.reason] for row in DISAGREEMENTS
    ]


def test_the_versions_are_those_of_the_table() -> None:
    assert rows_below("| engine | version |") == [list(row) for row in VERSIONS.items()]
    assert VERSIONS.keys() == PACKAGES.keys() == MAX_AGE_LIMITS.keys()


def test_the_debian_packages_of_the_engines_are_listed() -> None:
    for packages in PACKAGES.values():
        for package in packages.split(", "):
            assert f"`{package}`" in DOCUMENT


@pytest.mark.parametrize("name", ["SECURITY.md", "CONTRIBUTING.md"])
def test_named_files_exist(name: str) -> None:
    text = (ROOT / name).read_text()
    found = re.findall(r"`((?:corswsgi|tests|benchmarks|docs)\w*/[\w./-]*)`", text)
    assert len(found) > 10
    assert [path for path in found if not (ROOT / path).exists()] == []
