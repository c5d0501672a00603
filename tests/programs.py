"""Programs that tests need and that Python's package manager does not bring."""

from __future__ import annotations

import os

import pytest

from corswsgi.tools.engines import PACKAGES, Engine, find_engine


def needed_engine(engine: Engine) -> Engine:
    """Name an engine that is there. Without it a test is skipped, but never in CI."""
    if find_engine(engine) is None:
        missing = f"there is no {engine} (Debian: {PACKAGES[engine]})"
        if os.environ.get("CI"):
            pytest.fail(f"{missing}, and in CI nothing is skipped")
        pytest.skip(missing)
    return engine
