"""The demo: its table in the terminal and its page."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace

import pytest
import urllib3

from corswsgi.cli.demo import comparison, run
from corswsgi.cli.demo.apis import VARIANTS, Addresses, django_api
from corswsgi.cli.demo.fetches import FETCHES
from corswsgi.cli.demo.site import serving
from tests.helpers.demo import DemoSettings, demo, demo_settings


def test_the_table() -> None:
    result = demo("--once")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1] == f"WSGI, Flask and Django agree on all {len(FETCHES)}, as expected."
    assert sum(line.startswith(("allowed ", "refused ")) for line in lines) == len(FETCHES)
    assert 15 <= len(FETCHES) <= 30


def test_unexpected_outcomes(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(FETCHES[8], reason="preflight_status")
    monkeypatch.setattr(comparison, "FETCHES", (*FETCHES[:8], wrong))
    result = demo("--once")
    assert result.exit_code == 1
    for variant in VARIANTS:
        outcome = "<Outcome blocked (method_not_allowed)"
        assert f"\n{variant}, DELETE /items:\n{outcome}" in result.output
    assert "as expected" not in result.output


def test_ctrl_c_stops_it() -> None:
    before = signal.getsignal(signal.SIGINT)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    run.wait_for_interrupt()
    timer.join()
    assert signal.getsignal(signal.SIGINT) is before


def test_the_page_loads_nothing_from_elsewhere() -> None:
    with demo_settings() as settings, serving(settings) as pages:
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


def test_invalid_results_are_refused() -> None:
    with demo_settings() as settings, serving(settings) as pages:
        results = f"{pages.origins.allowed}/results"
        for body in (b"", b"{}", b"[{}]", b"not JSON"):
            headers = {"Content-Type": "application/json"}
            assert urllib3.request("POST", results, body=body, headers=headers).status == 400
        assert pages.results.empty()


def test_other_host_names_redirect_to_the_page() -> None:
    with demo_settings() as settings, serving(settings) as pages:
        allowed = pages.origins.allowed
        for host in ("evil.test", allowed.replace("http://localhost", "127.0.0.1")):
            response = urllib3.request(
                "GET", f"{allowed}/rows", headers={"Host": host}, redirect=False
            )
            assert (response.status, response.headers["Location"]) == (302, f"{allowed}/")


def test_configured_django_settings_are_kept() -> None:
    settings = DemoSettings()
    settings.configured = True
    django_api(Addresses("http://localhost:1", "http://localhost:2"), settings)  # type: ignore[arg-type]  # replaces LazySettings
    assert settings.override is None
