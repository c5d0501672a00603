"""What the tests share."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.programs import needed

# The same examples every time, and no time limit: machines of tests are noisy.
settings.register_profile("corswsgi", deadline=None, derandomize=True, max_examples=200)
settings.load_profile("corswsgi")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return where Chromium is."""
    return needed("chromium")
