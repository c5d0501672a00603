"""Browsers are found, asked for their version, opened, and gone afterwards."""

from __future__ import annotations

import contextlib
import threading
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


def gone(word: str) -> bool:
    """Wait up to 20 seconds: xvfb-run goes before what it has started."""
    paused = threading.Event()
    return any(not running(word) or paused.wait(0.1) for _ in range(200))


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
        assert gone(url)


def test_a_browser_that_is_not_there_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    message = r"^there is no webkit here \(Debian: webkit2gtk-driver, xvfb, xauth\)\.$"
    with pytest.raises(FileNotFoundError, match=message), open_in("webkit", "http://localhost"):
        raise NotImplementedError


def test_a_browser_that_does_not_go_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stubborn = tmp_path / "chromium"
    stubborn.write_text("#!/bin/sh\ntrap '' TERM\ntouch $TMPDIR/../here\nsleep 60 & wait; wait\n")
    stubborn.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("corswsgi.tools.engines._CLOSING", 0.5)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    url = f"http://localhost/{tmp_path.name}/stubborn"
    with open_in("chromium", url):
        paused = threading.Event()
        here = tmp_path / "here"
        assert any(here.exists() or paused.wait(0.1) for _ in range(100))
    assert gone(url)


def test_browsers_are_started_on_posix_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corswsgi.tools.engines.os.name", "nt")
    assert find_engine("chromium") is None
