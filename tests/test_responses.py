"""The answer to a preflight, as adapters use it."""

from __future__ import annotations

import logging

import pytest

from corswsgi import CORSRequest, Policy, decide
from corswsgi.names import Names
from corswsgi.responses import preflight_response

APP = "https://app.example.com"
EVIL = "https://evil.test"
POLICY = Policy(origins=[APP])
VARY = ("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
TEXT = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("X-Content-Type-Options", "nosniff"),
]


class SettingNames(Names):
    def option(self, option: str, value: object = None) -> str:
        return f"MY_{option.upper()}"


@pytest.mark.parametrize("debug", [True, False])
def test_an_allowed_preflight(debug: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    request = CORSRequest("OPTIONS", APP, "PUT")
    decision = decide(POLICY, request)
    response = preflight_response(request, decision, POLICY, debug=debug)
    assert (response.status, response.headers, response.body) == (204, decision.added, b"")
    assert response.headers[-1] == VARY
    assert caplog.records == []


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
def test_a_refused_preflight(level: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(level, "corswsgi")
    request = CORSRequest("OPTIONS", EVIL, "PUT", path="/a")
    status, headers, body = preflight_response(request, decide(POLICY, request), POLICY)
    assert (status, body) == (403, b"")
    assert [*headers] == [*TEXT, ("Content-Length", "0"), VARY]
    expected = [f"refused 'OPTIONS' '/a' from the origin '{EVIL}': origin_not_allowed"]
    assert caplog.messages == (expected if level == logging.DEBUG else [])


def test_a_refused_preflight_in_debug_mode(caplog: pytest.LogCaptureFixture) -> None:
    request = CORSRequest("OPTIONS", EVIL, "PUT", path="/a")
    decision = decide(POLICY, request)
    response = preflight_response(request, decision, POLICY, SettingNames(), debug=True)
    body = response.body.decode()
    assert body.endswith(f"To allow it, add '{EVIL}' to MY_ORIGINS.\n")
    assert [*response.headers] == [
        *TEXT,
        ("Content-Length", str(len(body))),
        ("Access-Control-Allow-Origin", APP),
        VARY,
    ]
    assert caplog.messages == [f"'OPTIONS' '/a': {body.rstrip()}"]


def test_a_preflight_that_is_answered_in_debug_mode_with_success() -> None:
    request = CORSRequest("OPTIONS", APP, "CHICKEN")
    response = preflight_response(request, decide(POLICY, request), POLICY, debug=True)
    assert response.status == 200, "the console then names the method, and not the status"


def test_a_decision_without_a_status() -> None:
    """An adapter may refuse a preflight by a decision about an actual request."""
    decision = decide(POLICY, CORSRequest("GET", EVIL))
    request = CORSRequest("OPTIONS", EVIL, "PUT")
    assert preflight_response(request, decision, POLICY).status == 403
