"""What the tests share."""

from __future__ import annotations

import pytest
from hypothesis import settings

from corswsgi.tools.engines import Engine
from tests.programs import needed_engine

# The same examples every time, and no time limit: machines of tests are noisy.
settings.register_profile("corswsgi", deadline=None, derandomize=True, max_examples=200)
settings.load_profile("corswsgi")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens a browser: that takes long, and is the same whatever the Python."""
    for item in items:
        if {"engine", "chromium"} & {*getattr(item, "fixturenames", ())}:
            item.add_marker("once")


@pytest.fixture(scope="session")
def chromium() -> Engine:
    """Name Chromium, which is there."""
    return needed_engine("chromium")


@pytest.fixture(scope="session", params=["chromium", "firefox", "webkit"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Name each engine in turn, which is there."""
    return needed_engine(request.param)
