"""Browsers are found, asked for their version, opened, and gone afterwards."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from corswsgi.tools.engines import Engine, engine_version, find_engine, open_in
from tests.browser import listening

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

NAMES = {"chromium": "Chromium ", "firefox": "Mozilla Firefox ", "webkit": "WebKitGTK "}


def running(word: str) -> set[str]:
    """Name the processes whose command line has a word in it."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it may have ended meanwhile
            if word in path.read_text(errors="replace"):
                found.add(path.parent.name)
    return found


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
        # xvfb-run goes before what it has started.
        deadline = time.monotonic() + 20
        while running(url) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not running(url)


def test_a_browser_that_is_not_there_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    message = r"^there is no webkit here \(Debian: webkit2gtk-driver, xvfb, xauth\)\.$"
    with pytest.raises(FileNotFoundError, match=message), open_in("webkit", "http://localhost"):
        raise NotImplementedError
