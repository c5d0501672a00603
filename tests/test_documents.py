"""What docs/testing.md says of reasons and of engines is what the code says."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from corswsgi.browser import MAX_AGE_LIMITS, FetchReason, Verdict
from corswsgi.tools.engines import PACKAGES
from tests.differential.disagreements import DISAGREEMENTS, VERSIONS

DOCUMENT = (Path(__file__).parents[1] / "docs" / "testing.md").read_text()


def rows_below(header: str) -> list[list[str]]:
    """Read the table that has this header: the cells of each row."""
    _, _, below = DOCUMENT.partition(f"\n{header}\n")
    rule, *rows = below.partition("\n\n")[0].splitlines()
    assert set(rule) == set("| -"), f"docs/testing.md has no table {header!r}"
    return [row.removeprefix("| ").removesuffix(" |").split(" | ") for row in rows]


def test_every_reason_is_listed_once() -> None:
    rows = rows_below("| reason | script gets | meaning and step |")
    assert [name for name, _, _ in rows] == [f"`{reason}`" for reason in get_args(FetchReason)]


def test_what_script_gets_for_each_reason() -> None:
    gets = {
        name.strip("`"): script
        for name, script, _ in rows_below("| reason | script gets | meaning and step |")
    }
    for reason in get_args(FetchReason):
        refused = "an opaque response" if reason == "opaque" else "a TypeError"
        allowed = Verdict(reason, "", "").allowed
        assert gets[reason] == ("the response" if allowed else refused)


def test_every_disagreement_is_listed() -> None:
    assert rows_below("| what | engines | reason |") == [
        [row.what, ", ".join(row.engines), row.reason] for row in DISAGREEMENTS
    ]


def test_the_versions_are_those_of_the_table() -> None:
    assert rows_below("| engine | version |") == [list(row) for row in VERSIONS.items()]
    assert VERSIONS.keys() == PACKAGES.keys() == MAX_AGE_LIMITS.keys()


def test_what_the_engines_need_on_debian_is_named() -> None:
    for packages in PACKAGES.values():
        for package in packages.split(", "):
            assert f"`{package}`" in DOCUMENT
