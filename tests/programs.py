"""Programs that tests need and that Python's package manager does not bring."""

from __future__ import annotations

import os
import shutil

import pytest


def needed(program: str) -> str:
    """Return where a program is. Without it a test is skipped, but never in CI."""
    found = shutil.which(program)
    if found is not None:
        return found
    if os.environ.get("CI"):
        pytest.fail(f"there is no {program}, and in CI nothing is skipped")
    pytest.skip(f"there is no {program}")
