"""What the tests share."""

from __future__ import annotations

import pytest
from hypothesis import settings

from corswsgi.tools.engines import Engine
from tests.programs import needed_engine

# The same examples every time, and no time limit: machines of tests are noisy.
settings.register_profile("corswsgi", deadline=None, derandomize=True, max_examples=200)
settings.load_profile("corswsgi")


@pytest.fixture(scope="session")
def chromium() -> Engine:
    """Name Chromium, which is there."""
    return needed_engine("chromium")


@pytest.fixture(scope="session", params=["chromium", "firefox", "webkit"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Name each engine in turn, which is there."""
    return needed_engine(request.param)
