"""Settings that all tests share."""

from __future__ import annotations

import pytest
from hypothesis import settings

from corswsgi.log import failure_counts
from tests.conformance.cases import CASES

# The same examples every time, and no deadline, because test machines are slow at times.
settings.register_profile("corswsgi", deadline=None, derandomize=True, max_examples=200)
settings.load_profile("corswsgi")


@pytest.fixture(autouse=True)
def _no_failures() -> None:
    """Let every test see the full record of a failure, which is logged once in a process."""
    failure_counts.clear()


_ROW = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Accept the name of a conformance row for ``-k``, such as ``-k "another origin"``.

    pytest would take the space for a syntax error.
    """
    keyword: str = config.option.keyword
    if " " in keyword and any(case.name == keyword for case in CASES):
        config.stash[_ROW] = keyword
        config.option.keyword = ""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Select the conformance row that ``-k`` names."""
    row = config.stash.get(_ROW, None)
    if row is not None:
        others = [item for item in items if not item.name.endswith(f"[{row}]")]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]
