"""Real browsers are found, opened and closed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from corswsgi.cli.engines import Engine, engine_version, find_engine, open_in
from tests.engines.browser import listening
from tests.helpers.processes import running, wait_until_gone

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

NAMES = {"chromium": "Chromium ", "firefox": "Mozilla Firefox ", "webkit": "WebKitGTK "}


def test_a_page_is_opened_and_closed(engine: Engine) -> None:
    asked = threading.Event()

    def page(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        asked.set()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"here"]

    command = find_engine(engine)
    assert command is not None
    assert engine_version(command).startswith(NAMES[engine])
    assert " built on " not in engine_version(command)
    with listening(page) as port:
        url = f"http://127.0.0.1:{port}/of-the-test-of-engines-{port}"
        with open_in(engine, url):
            assert asked.wait(30)
            assert running(url)
        assert wait_until_gone(url)
