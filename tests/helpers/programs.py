"""Programs that tests need, but pip cannot install."""

from __future__ import annotations

import os

import pytest

from corswsgi.cli.engines import PACKAGES, Engine, find_engine


def needed_engine(engine: Engine) -> Engine:
    """Return the engine if it is installed. Otherwise skip the test, or fail it in CI."""
    if find_engine(engine) is None:
        missing = f"{engine} is not installed (Debian packages: {PACKAGES[engine]})"
        if os.environ.get("CI"):
            pytest.fail(f"{missing}, but CI must not skip any test")
        pytest.skip(missing)
    return engine
