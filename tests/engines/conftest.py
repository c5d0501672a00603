"""The browsers that tests open."""

from __future__ import annotations

import pytest

from corswsgi.cli.engines import Engine
from tests.helpers.programs import needed_engine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that open a browser: they are slow and do not depend on the Python version."""
    for item in items:
        if {"engine", "chromium"} & {*getattr(item, "fixturenames", ())}:
            item.add_marker("once")


@pytest.fixture(scope="session")
def chromium() -> Engine:
    """Return Chromium, or skip the test."""
    return needed_engine("chromium")


@pytest.fixture(scope="session", params=["chromium", "firefox", "webkit"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Return each engine in turn, or skip the test."""
    return needed_engine(request.param)
