"""Browsers that are not installed or do not terminate. tests/engines opens real browsers."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from corswsgi.cli.engines import find_engine, open_in
from tests.helpers.processes import wait_until_gone


def test_a_browser_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    message = (
        "^webkit is not installed. Install it; on Debian: apt install webkit2gtk-driver xvfb xauth$"
    )
    with pytest.raises(FileNotFoundError, match=message), open_in("webkit", "http://localhost"):
        raise NotImplementedError


def test_a_browser_that_does_not_terminate_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stubborn = tmp_path / "chromium"
    stubborn.write_text("#!/bin/sh\ntrap '' TERM\ntouch $TMPDIR/../here\nsleep 60 & wait; wait\n")
    stubborn.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("corswsgi.cli.engines._CLOSING", 0.5)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    url = f"http://localhost/{tmp_path.name}/stubborn"
    with open_in("chromium", url):
        paused = threading.Event()
        here = tmp_path / "here"
        assert any(here.exists() or paused.wait(0.1) for _ in range(100))
    assert wait_until_gone(url)


def test_browsers_are_opened_on_posix_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corswsgi.cli.engines.os.name", "nt")
    assert find_engine("chromium") is None
