"""The application that tests/engines/test_flask.py serves, in process."""

from __future__ import annotations

import pytest

from tests.flask.crossing import cross
from tests.flask.served import app


@pytest.mark.parametrize(
    ("path", "status", "is_readable"),
    [
        ("/items/", 200, True),
        ("/streamed", 200, True),
        ("/fails", 500, True),
        ("/private", 200, False),
        ("/off", 200, False),
    ],
)
def test_the_application_in_process(path: str, status: int, is_readable: bool) -> None:
    crossing = cross(app, path, origin="http://localhost:8000")
    assert (crossing.status, crossing.is_readable) == (status, is_readable)
