"""Browser engines: find Chromium, Firefox and WebKit, and open pages in them without a window."""

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
"""The Debian packages of each engine."""

_CHROMIUM_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # Without a debugging port, headless Chromium exits as soon as the page is loaded.
    "--remote-debugging-port=0",
    # Hosts that end in .test resolve to this machine.
    "--host-resolver-rules=MAP *.test 127.0.0.1",
)
# Headless Chromium is incognito and blocks third-party cookies. This restores the usual default.
_CHROMIUM_PREFERENCES = json.dumps({"profile": {"cookie_controls_mode": 0}})

_CLOSING = 20  # seconds


def find_engine(engine: Engine) -> list[str] | None:
    """Return the command that starts a browser with this engine, or None if there is none.

    Always return None if the system is not POSIX, because `open_in` needs process groups.
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
    """Return the name and version of a browser."""
    asked = subprocess.run(
        [*command, "--version"], capture_output=True, text=True, check=True, timeout=_CLOSING
    )
    return asked.stdout.partition(" built on ")[0].strip()


@contextmanager
def open_in(engine: Engine, url: str) -> Iterator[None]:
    """Open a page in a new browser with a new profile, and close the browser on exit.

    Raises FileNotFoundError, which names the packages to install, if the browser is not installed.
    """
    command = find_engine(engine)
    if command is None:
        raise FileNotFoundError(
            f"{engine} is not installed. Install it; on Debian: apt install "
            f"{PACKAGES[engine].replace(',', '')}"
        )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [*command, *_arguments(engine, profile), url],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "TMPDIR": profile},  # so temporary files are deleted, too
        )
        try:
            yield
        finally:
            # Terminate the process group: xvfb-run and the engines leave child processes behind.
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
