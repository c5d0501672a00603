"""Looks for processes by their command lines."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path


def running(word: str) -> set[str]:
    """Return the processes whose command line contains a word."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # the process has ended
            if word in path.read_text(errors="replace"):
                found.add(path.parent.name)
    return found


def wait_until_gone(word: str) -> bool:
    """Wait up to 20 seconds until there is no such process.

    The children of xvfb-run can outlive it for a moment.
    """
    paused = threading.Event()
    return any(not running(word) or paused.wait(0.1) for _ in range(200))
