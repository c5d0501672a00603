"""Reports of debug mode: each cause once, headers that are replaced, and lost cookies."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from corswsgi import CORSRequest, Policy, decide
from corswsgi.names import Names
from corswsgi.reports import Reports, log_refusal

APP = "https://app.example.com"
EVIL = "https://evil.test"
POLICY = Policy(origins=[APP])
CREDENTIALS = Policy(origins=[APP], supports_credentials=True)


class SettingNames(Names):
    def option(self, option: str, value: object = None) -> str:
        return f"MY_{option.upper()}"


def environ_of(
    origin: str = APP, site: str = "cross-site", mode: str = "cors", path: str = "/a"
) -> dict[str, str]:
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "HTTP_ORIGIN": origin,
        "HTTP_SEC_FETCH_SITE": site,
        "HTTP_SEC_FETCH_MODE": mode,
    }


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert all(record.levelname == "WARNING" for record in caplog.records)
    return [vars(record)["reason"] for record in caplog.records]


def test_each_cause_once(caplog: pytest.LogCaptureFixture) -> None:
    reports, other = Reports(), Reports()
    for path in ("/a\r", "/b"):
        request = CORSRequest("GET", path=path)
        reports.warn(request, "text", "one")
        reports.warn(request, "text", "two")
        reports.warn(request, "other", "two")
        other.warn(request, "text", "one")
    assert reasons(caplog) == ["one", "two", "two", "one"]
    assert caplog.messages[0] == "'GET' '/a\\r': text"


def test_clients_cannot_fill_the_memory(caplog: pytest.LogCaptureFixture) -> None:
    reports, request = Reports(), CORSRequest("GET")
    for number in range(3000):
        reports.warn(request, f"text {number}", "one")
    assert len(caplog.records) == 3000
    (kept,) = vars(reports).values()
    assert 0 < len(kept) <= 1024
    # Others are not lost.
    reports.warn(request, "text 2999", "one")
    reports.warn(request, "text 0", "one")
    assert caplog.messages[3000:] == ["'GET' '': text 0"]


@pytest.mark.parametrize("make", [list, iter])
def test_replaced_and_unreadable(
    make: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    headers = [("Access-Control-Allow-Origin", "*"), ("Content-Type", "text/plain")]
    environ = environ_of(EVIL)
    decision = decide(POLICY, CORSRequest.from_environ(environ))
    reports = Reports()
    for _ in range(2):
        reports.report_response(
            environ, decision, POLICY, make(headers), SettingNames(), fix="write @cors(None)"
        )
    replaced, unreadable = caplog.messages
    assert replaced == (
        "'GET' '/a': the policy replaces headers that the application set: "
        "'Access-Control-Allow-Origin'. Remove them from the application, because the policy sets "
        "them; or, to let the application decide, write @cors(None)."
    )
    assert unreadable.endswith(f"To allow it, add '{EVIL}' to MY_ORIGINS.")
    assert reasons(caplog) == ["headers_replaced", "origin_not_allowed"]


def test_replaced_headers_are_reported_once_for_a_path(caplog: pytest.LogCaptureFixture) -> None:
    headers = [
        ("access-control-allow-origin", "*"),
        ("Access-Control-Allow-Methods", "GET, " * 100),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Expose-Headers", "X-A"),
    ]
    reports = Reports()
    for path in ("/a", "/b"):
        for origin in (APP, EVIL, APP):
            environ = environ_of(origin, mode="navigate", path=path)
            decision = decide(CREDENTIALS, CORSRequest.from_environ(environ))
            reports.report_response(environ, decision, CREDENTIALS, headers)
    found = "'access-control-allow-origin', 'Access-Control-Allow-Methods'. Remove"
    assert [found in text for text in caplog.messages] == [True, True]
    assert [text.split()[1] for text in caplog.messages] == ["'/a':", "'/b':"]
    # Another response of the same path.
    environ = environ_of(EVIL, mode="navigate")
    decision = decide(CREDENTIALS, CORSRequest.from_environ(environ))
    reports.report_response(environ, decision, CREDENTIALS, headers[:1])
    assert reasons(caplog) == ["headers_replaced"] * 3


@pytest.mark.parametrize(
    ("site", "mode", "why", "headers", "is_logged"),
    [
        ("cross-site", "cors", "no policy.", [("X-A", "1")], True),
        ("same-site", "cors", "no policy.", [], True),
        ("same-origin", "cors", "no policy.", [], False),
        ("cross-site", "navigate", "no policy.", [], False),
        ("", "", "no policy.", [], False),
        ("cross-site", "cors", None, [], False),
        ("cross-site", "cors", "no policy.", [("access-control-allow-origin", "*")], False),
    ],
)
def test_no_policy(
    site: str,
    mode: str,
    why: str | None,
    headers: Any,
    is_logged: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    Reports().report_no_policy(environ_of(EVIL, site, mode, "/a\r"), why, iter(headers))
    assert caplog.messages == ["'GET' '/a\\r': no policy."] * is_logged
    assert reasons(caplog) == ["no_policy"] * is_logged


@pytest.mark.parametrize(
    ("cookie", "lacking"),
    [
        ("session=1", "SameSite=None and Secure"),
        ("session=1; Path=/; SameSite=Lax; HttpOnly", "SameSite=None and Secure"),
        ("session=1; SameSite=Strict; Secure", "SameSite=None"),
        ("session=1;secure;HttpOnly", "SameSite=None"),
        ("session=1; SameSite=None", "Secure"),
        ("session=Secure; samesite = none", "Secure"),
        ("session; Path=/secure; SameSite=None", "Secure"),
        ("session=1; SameSite=None; Secure", None),
        ("session=1;SAMESITE=NONE;SECURE;Partitioned", None),
        ("session=1; secure=; samesite = none ", None),
    ],
)
def test_cookies(cookie: str, lacking: str | None, caplog: pytest.LogCaptureFixture) -> None:
    headers = [("X-A", "session=1"), ("set-cookie", cookie)]
    environ = environ_of()
    decision = decide(CREDENTIALS, CORSRequest.from_environ(environ))
    Reports().report_response(environ, decision, CREDENTIALS, headers)
    expected = (
        "'GET' '/a': browsers do not store or send the cookie 'session' for this page, which is on "
        f"another site, because the cookie lacks {lacking}. Set SameSite=None and Secure. (Some "
        "browsers never store cookies for other sites. A page on the same site avoids that.)"
    )
    assert caplog.messages == ([] if lacking is None else [expected])
    assert reasons(caplog) == ([] if lacking is None else ["cookie_not_sent"])


@pytest.mark.parametrize(
    ("policy", "origin", "site", "mode", "expected"),
    [
        (CREDENTIALS, APP, "cross-site", "cors", ["cookie_not_sent"] * 2),
        (CREDENTIALS, APP, "same-site", "cors", []),
        (CREDENTIALS, APP, "same-origin", "cors", []),
        (CREDENTIALS, APP, "cross-site", "navigate", []),
        (CREDENTIALS, APP, "", "", []),
        (CREDENTIALS, EVIL, "cross-site", "cors", ["origin_not_allowed"]),
        (POLICY, APP, "cross-site", "cors", []),
        (Policy(origins="*"), APP, "cross-site", "cors", []),
    ],
)
def test_cookies_are_reported_if_the_page_may_send_them(
    policy: Policy,
    origin: str,
    site: str,
    mode: str,
    expected: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    environ, reports = environ_of(origin, site, mode), Reports()
    decision = decide(policy, CORSRequest.from_environ(environ))
    for value in ("1", "2"):
        headers = [("Set-Cookie", f"a={value}"), ("Set-Cookie", f"b\r={value}")]
        reports.report_response(environ, decision, policy, headers)
    assert reasons(caplog) == expected
    assert all(text.isprintable() for text in caplog.messages)


def test_a_refusal_at_level_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "corswsgi")
    request = CORSRequest("GET", EVIL, path="/a")
    for _ in range(2):
        log_refusal(request, decide(POLICY, request))
    assert (
        caplog.messages == [f"refused 'GET' '/a' from the origin '{EVIL}': origin_not_allowed"] * 2
    )
