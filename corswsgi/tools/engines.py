"""Engines: Chromium, Firefox and WebKit on this machine, opened on a page without a window."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

Engine = Literal["chromium", "firefox", "webkit"]

PACKAGES: dict[Engine, str] = {
    "chromium": "chromium",
    "firefox": "firefox-esr",
    "webkit": "webkit2gtk-driver, xvfb, xauth",
}
"""What to install on Debian."""

_CHROMIUM_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # Without the debugging port, it would leave as soon as the page has been loaded.
    "--remote-debugging-port=0",
    # Any host of .test is this machine.
    "--host-resolver-rules=MAP *.test 127.0.0.1",
)
# Cookies go to other sites, as by default; a headless Chromium is incognito, and sends none.
_CHROMIUM_PREFERENCES = json.dumps({"profile": {"cookie_controls_mode": 0}})

_CLOSING = 20  # seconds


def find_engine(engine: Engine) -> list[str] | None:
    """Find a browser with this engine: the command that starts it, None where there is none.

    On POSIX alone: elsewhere, processes are not closed in groups.
    """
    if os.name != "posix":
        return None
    if engine == "webkit":
        xvfb = shutil.which("xvfb-run")
        found = [*map(str, Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser"))]
        return [xvfb, "-a", found[0]] if xvfb and found else None
    names = {"chromium": ("chromium", "chromium-browser"), "firefox": ("firefox-esr", "firefox")}
    return next(([path] for name in names[engine] if (path := shutil.which(name))), None)


def engine_version(command: list[str]) -> str:
    """Ask a browser for its name and version."""
    asked = subprocess.run(
        [*command, "--version"], capture_output=True, text=True, check=True, timeout=_CLOSING
    )
    return asked.stdout.partition(" built on ")[0].strip()


@contextmanager
def open_in(engine: Engine, url: str) -> Iterator[None]:
    """Have a page open in a new browser, with a profile of its own.

    FileNotFoundError, with the names of packages, where there is no such browser.
    """
    command = find_engine(engine)
    if command is None:
        raise FileNotFoundError(f"there is no {engine} here (Debian: {PACKAGES[engine]}).")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [*command, *_arguments(engine, profile), url],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "TMPDIR": profile},  # what they leave there goes with it
        )
        try:
            yield
        finally:
            # The whole group: xvfb-run and the engines leave children behind.
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(_CLOSING)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _arguments(engine: Engine, profile: str) -> list[str]:
    if engine == "chromium":
        preferences = Path(profile, "Default", "Preferences")
        preferences.parent.mkdir()
        preferences.write_text(_CHROMIUM_PREFERENCES)
        return [*_CHROMIUM_FLAGS, f"--user-data-dir={profile}"]
    if engine == "firefox":
        return ["--headless", "--no-remote", "--profile", profile]
    return ["--private"]
