"""Each test that takes `is_async` runs behind a WSGI handler and behind an ASGI handler."""

from __future__ import annotations

import pytest


@pytest.fixture(params=[False, True], ids=["wsgi", "asgi"])
def is_async(request: pytest.FixtureRequest) -> bool:
    given: bool = request.param
    return given
