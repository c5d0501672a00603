"""Settings that all tests share."""

from __future__ import annotations

from hypothesis import settings

# The same examples every time, and no deadline, because test machines are slow at times.
settings.register_profile("corswsgi", deadline=None, derandomize=True, max_examples=200)
settings.load_profile("corswsgi")
