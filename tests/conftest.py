"""What the tests share."""

from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import settings

# The same examples every time, and no time limit: machines of tests are noisy.
settings.register_profile("corswsgi", deadline=None, derandomize=True, max_examples=200)
settings.load_profile("corswsgi")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return where Chromium is. Without it a test is skipped, but never in CI."""
    found = shutil.which("chromium")
    if found is not None:
        return found
    if os.environ.get("CI"):
        pytest.fail("there is no chromium, and in CI nothing is skipped")
    pytest.skip("there is no chromium")
