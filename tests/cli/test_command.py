"""The command line."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
from click.testing import CliRunner

from corswsgi.cli.command import main
from tests.helpers.demo import demo


def test_a_browser_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    result = demo("--browser", "firefox")
    assert result.exit_code == 1
    assert result.output == (
        "Error: firefox is not installed. Install it; on Debian: apt install firefox-esr\n"
    )


@pytest.mark.parametrize("name", ["flask", "django"])
def test_a_framework_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delitem(sys.modules, "corswsgi.cli.demo.run")
    for module in ("apis", "comparison", "site"):
        monkeypatch.delitem(sys.modules, f"corswsgi.cli.demo.{module}")
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, f"{name}.conf", None)
    result = CliRunner().invoke(main, ["demo", "--once"])
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: The demo needs {name}")
    assert result.output.endswith(": pip install 'corswsgi[cli,flask,django]'\n")


def test_the_demo_in_its_own_process() -> None:
    """Django's settings are those of the demo."""
    command = [sys.executable, "-W", "error", "-m", "corswsgi", "demo", "--once"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("as expected.\n")


def run_module() -> None:
    """Run the module ``corswsgi.__main__``.

    runpy cannot, because pytest rewrites the asserts of installed plugins with an import hook that
    runpy does not support.
    """
    importlib.import_module("corswsgi.__main__")


def test_the_module_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["corswsgi", "demo", "--help"])
    with pytest.raises(SystemExit) as stopped:
        run_module()
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("Usage: python -m corswsgi demo [OPTIONS]\n")


def test_a_missing_requirement_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "click", None)
    monkeypatch.delitem(sys.modules, "corswsgi.cli.command")
    message = "^python -m corswsgi needs click: pip install 'corswsgi.cli.'$"
    with pytest.raises(SystemExit, match=message):
        run_module()
