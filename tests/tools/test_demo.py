"""The demo: its table, in the terminal and in every engine, and what it says when they differ."""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import django
import pytest
import urllib3
from click.testing import CliRunner, Result
from django.conf import LazySettings
from django.test import override_settings

from corswsgi.tools.command import main
from corswsgi.tools.demo import judging, run
from corswsgi.tools.demo.apis import WAYS, Served, django_api
from corswsgi.tools.demo.fetches import FETCHES
from corswsgi.tools.demo.site import serving
from corswsgi.tools.engines import Engine


class SettingsOfTheDemo:
    """Stands for Django's settings, which are configured already, and lays the demo's over them."""

    configured = False
    override: Any = None

    def configure(self, **values: Any) -> None:
        self.override = override_settings(**values)
        self.override.enable()


@pytest.fixture(autouse=True)
def demo_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[SettingsOfTheDemo]:
    settings = SettingsOfTheDemo()
    monkeypatch.setattr(run, "settings", settings)
    yield settings
    if settings.override is not None:
        settings.override.disable()
        django.setup()  # logging, as it was


def demo(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["demo", *arguments])


def test_it_is_what_is_meant() -> None:
    result = demo("--once")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1] == f"WSGI, Flask and Django agree on all {len(FETCHES)}, as is meant."
    assert sum(line.startswith(("allowed ", "refused ")) for line in lines) == len(FETCHES)
    assert 15 <= len(FETCHES) <= 30


def test_engines_agree(engine: Engine) -> None:
    result = demo("--once", "--browser", engine)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-2].endswith(f" agrees on all {len(FETCHES)}.")


@pytest.mark.parametrize(("once", "code"), [(["--once"], 1), ([], 0)])
def test_an_engine_that_differs(
    monkeypatch: pytest.MonkeyPatch, chromium: Engine, once: list[str], code: int
) -> None:
    waited = []
    monkeypatch.setattr(run, "wait_for_interrupt", lambda: waited.append(True))

    def ask(_engine: Engine, pages: Any) -> list[dict[str, str]]:
        seen = [dict.fromkeys(WAYS, judging.verdict_of(row.outcome)) for row in pages.rows]
        seen[7]["flask"] = "200"
        return seen

    monkeypatch.setattr(run, "ask", ask)
    result = demo(*once, "--browser", chromium)
    assert result.exit_code == code
    assert " differs on 1.\n" in result.output
    assert "flask: 200" in result.output
    assert waited == ([] if once else [True])
    assert ("The table in your own browser: http://localhost:" in result.output) == (not once)


def test_a_model_that_differs_from_what_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(FETCHES[8], reason="preflight_status")
    monkeypatch.setattr(judging, "FETCHES", (*FETCHES[:8], wrong))
    result = demo("--once")
    assert result.exit_code == 1
    for way in WAYS:
        assert f"\n{way}, DELETE /items:\n<Outcome blocked (method_not_allowed)" in result.output
    assert "as is meant" not in result.output


def test_a_browser_that_posts_nothing(monkeypatch: pytest.MonkeyPatch, chromium: Engine) -> None:
    monkeypatch.setattr(run, "PATIENCE", 0.01)
    result = demo("--browser", chromium)
    assert result.exit_code == 1
    assert result.output == "Error: chromium has posted nothing in 0.01 seconds\n"


def test_a_browser_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    result = demo("--browser", "firefox")
    assert result.exit_code == 1
    assert result.output == "Error: there is no firefox here (Debian: firefox-esr).\n"


@pytest.mark.parametrize("name", ["flask", "django"])
def test_a_framework_that_is_not_there(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delitem(sys.modules, "corswsgi.tools.demo.run")
    for module in ("apis", "judging", "site"):
        monkeypatch.delitem(sys.modules, f"corswsgi.tools.demo.{module}")
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, f"{name}.conf", None)
    result = demo("--once")
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: the demo needs {name}")
    assert result.output.endswith(": pip install 'corswsgi[tools,flask,django]'\n")


def test_the_command_is_there() -> None:
    """As a process of its own, where Django's settings are the demo's."""
    command = [sys.executable, "-W", "error", "-m", "corswsgi", "demo", "--once"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("as is meant.\n")


def test_the_module_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["corswsgi", "demo", "--help"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("corswsgi", run_name="__main__")
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("Usage: python -m corswsgi demo [OPTIONS]\n")


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "click", None)
    monkeypatch.delitem(sys.modules, "corswsgi.tools.command")
    message = "^python -m corswsgi needs click: pip install 'corswsgi.tools.'$"
    with pytest.raises(SystemExit, match=message):
        runpy.run_module("corswsgi", run_name="__main__")


def test_ctrl_c_stops_it() -> None:
    before = signal.getsignal(signal.SIGINT)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    run.wait_for_interrupt()
    timer.join()
    assert signal.getsignal(signal.SIGINT) is before


def test_the_page_loads_nothing_from_elsewhere(demo_settings: LazySettings) -> None:
    with serving(demo_settings) as pages:
        allowed = pages.origins.allowed
        for path, kind in (("/", "html"), ("/page.css", "css"), ("/page.js", "javascript")):
            response = urllib3.request("GET", f"{allowed}{path}")
            assert response.status == 200
            assert response.headers["Content-Type"].partition(";")[0] == f"text/{kind}"
            assert response.headers["Content-Security-Policy"] == (
                f"default-src 'self'; connect-src 'self' {pages.origins.api}; "
                f"frame-src {allowed} {pages.origins.refused}; img-src data:"
            )
            assert b"http:" not in response.data
            assert b"https:" not in response.data
        assert urllib3.request("GET", f"{allowed}/favicon.ico").status == 404


def test_results_are_of_the_page_and_complete(demo_settings: LazySettings) -> None:
    with serving(demo_settings) as pages:
        results = f"{pages.origins.allowed}/results"
        for body in (b"", b"{}", b"[{}]", b"no JSON"):
            headers = {"Content-Type": "application/json"}
            assert urllib3.request("POST", results, body=body, headers=headers).status == 400
        assert pages.results.empty()


def test_another_name_of_this_machine_leads_to_the_page(demo_settings: LazySettings) -> None:
    with serving(demo_settings) as pages:
        allowed = pages.origins.allowed
        for host in ("evil.test", allowed.replace("http://localhost", "127.0.0.1")):
            response = urllib3.request(
                "GET", f"{allowed}/rows", headers={"Host": host}, redirect=False
            )
            assert (response.status, response.headers["Location"]) == (302, f"{allowed}/")


def test_django_is_configured_once() -> None:
    settings = SettingsOfTheDemo()
    settings.configured = True
    django_api(Served("http://localhost:1", "http://localhost:2"), settings)  # type: ignore[arg-type]  # stands for them
    assert settings.override is None
