"""Tracebacks: which pages may read them, and the answer to an exception."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from corswsgi import CORSRequest, Policy
from corswsgi.adapters import (
    NO_ORIGIN,
    answer_errors,
    may_read_traceback,
    refusing_policy,
)
from tests.conformance.cases import APP, EVIL, Pairs, grants
from tests.helpers.wsgi import Response, environ_of, send

ANY = Policy(origins="*")
LOCAL = "http://localhost:3000"


def everyone(origin: str) -> bool:
    assert origin
    return True


@pytest.mark.parametrize(
    ("origins", "origin", "expected"),
    [
        ([APP], APP, True),
        ([APP], EVIL, False),
        ([APP], LOCAL, False),
        (["https://*.example.com"], APP, True),
        (["http://localhost:*"], LOCAL, True),
        ("*", APP, False),
        ("*", "null", False),
        ("*", "a b", False),
        ("*", None, False),
        ("*", LOCAL, True),
        ("*", "https://localhost", True),
        ("*", "http://app.localhost:1", True),
        ("*", "http://127.0.0.1:8000", True),
        ("*", "http://[::1]:8000", True),
        ("*", "capacitor://localhost", False),
        ("*", "http://localhost.evil.test", False),
        ("*", "http://127.evil.test", False),
        ("*", "http://192.168.0.1", False),
        (["capacitor://localhost"], "capacitor://localhost", True),
        ([re.compile(r"https?://.*")], APP, False),
        ([re.compile(r"https?://.*"), APP], APP, True),
        ([re.compile(r"https?://.*"), APP], EVIL, False),
        ([re.compile(r"https?://.*")], LOCAL, True),
        (["https://*.com"], APP, False),
        (["https://*.com", APP], APP, True),
        (["https://*.github.io"], "https://evil.github.io", False),
        (["https://*.github.io."], "https://evil.github.io.", False),
        (["https://*.github.io:*"], "https://evil.github.io:8443", False),
        (["https://*.amazonaws.com"], "https://evil.s3.amazonaws.com", False),
        (["https://*.mine.github.io"], "https://a.mine.github.io", True),
        (["https://mine.github.io"], "https://mine.github.io", True),
        (["https://mine.github.io:*"], "https://mine.github.io:8443", True),
        (["http://*.localhost"], "http://app.localhost", True),
        ([everyone], APP, False),
        ([everyone, APP], EVIL, False),
        ([everyone], LOCAL, True),
        (NO_ORIGIN, APP, False),
    ],
)
def test_pages_that_may_read_a_traceback(origins: Any, origin: str | None, expected: bool) -> None:
    assert may_read_traceback(Policy(origins=origins), CORSRequest("GET", origin)) is expected


def test_an_invalid_policy_allows_no_page() -> None:
    for origin in (APP, LOCAL):
        assert not may_read_traceback(refusing_policy("policy_invalid"), CORSRequest("GET", origin))


def fails(_environ: Any, _start_response: Any) -> Iterator[bytes]:
    raise LookupError("the cause\n\x1b[1mforged\u2028 \udcff")


def answered(policy: Policy | None, *headers: tuple[str, str], method: str = "GET") -> Response:
    logger = logging.getLogger("tests.tracebacks")
    environ = environ_of("/a%0A%1B", method, headers)

    def app(environ: Any, start_response: Any) -> Any:
        return answer_errors(fails, lambda _: policy, logger, environ, start_response)

    return send(app, environ)


@pytest.mark.parametrize(
    ("policy", "origin"),
    [(Policy(origins=[APP]), APP), (ANY, LOCAL), (Policy(origins=[LOCAL, APP]), LOCAL)],
)
def test_the_answer_is_for_one_origin(
    policy: Policy, origin: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = answered(policy, ("Origin", origin))
    assert answer.status == 500
    assert answer.cors == grants(origin)
    assert answer.body.startswith(b"Traceback (most recent call last):\n")
    assert "the cause\n\x1b[1mforged\u2028 \\udcff\n".encode() in answer.body
    kept = {name: value for name, value in answer.headers if name not in answer.cors}
    assert kept == {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(answer.body)),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    assert answered(policy, ("Origin", origin), method="HEAD").body == b""
    for record in caplog.records:
        first, *lines = logging.Formatter().format(record).split("\n")
        assert re.fullmatch(
            r"Exception on '(GET|HEAD)' '/a\\n\\x1b': "
            r"LookupError\('the cause\\n\\x1b\[1mforged\\u2028 \\udcff'\)",
            first,
        )
        assert all(line.startswith("  ") and line.isprintable() for line in lines)
    assert len(caplog.records) == 2


OWN = ("Origin", "http://127.0.0.1")


@pytest.mark.parametrize(
    ("policy", "headers"),
    [
        (None, [("Origin", APP)]),
        (ANY, []),
        (ANY, [("Origin", EVIL)]),
        (ANY, [("Origin", "null")]),
        (Policy(origins=[APP]), [("Origin", EVIL)]),
        (Policy(origins=[APP]), [("Origin", APP), ("Sec-Fetch-Mode", "navigate")]),
        (Policy(origins=[APP]), [("Origin", APP), ("Sec-Fetch-Site", "same-origin")]),
        (Policy(origins=["http://127.0.0.1"]), [OWN]),
    ],
)
def test_all_others_are_left_to_the_debugger(policy: Policy | None, headers: Pairs) -> None:
    with pytest.raises(LookupError):
        answered(policy, *headers)
