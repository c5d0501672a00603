"""Debug mode: explanations, and log messages."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import CORSMiddleware, CORSRequest, Policy, PolicyError, decide
from corswsgi.debug import explain_preflight, log_no_policy
from corswsgi.fetch import list_members
from corswsgi.names import Names
from corswsgi.policy import refusing_policy
from tests.conformance.cases import (
    APP,
    CASES,
    EVIL,
    PREFLIGHT_VARY,
    REFUSES_PREFLIGHT,
    asking,
    from_,
    grants,
)
from tests.helpers.wsgi import Application, Response, environ_of, get, send

ONE = Policy(origins=[APP], methods=["PUT"], allow_headers=["X-A"])
ECHO = Policy(origins=[APP], supports_credentials=True, methods="*")
PATTERN = Policy(origins=["https://*.example.org"])


def ask(policy: Policy, *arguments: Any, debug: bool = True) -> Response:
    middleware = CORSMiddleware(Application(), policy, debug=debug)
    return get(middleware, method="OPTIONS", headers=asking(*arguments))


def told(**headers: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {**named, "Vary": PREFLIGHT_VARY}


LISTS = told(
    Access_Control_Allow_Origin=APP,
    Access_Control_Allow_Methods="PUT",
    Access_Control_Allow_Headers="X-A",
)
ECHOED = told(Access_Control_Allow_Origin=APP, Access_Control_Allow_Credentials="true")
ECHOED_METHOD = {**ECHOED, "Access-Control-Allow-Methods": "PUT"}


def answers_nothing(origin: str) -> Any:
    return None


REFUSED: list[tuple[Policy, tuple[Any, ...], int, dict[str, str], str, str]] = [
    (
        ONE,
        (EVIL,),
        403,
        told(Access_Control_Allow_Origin=APP),
        "origin_not_allowed",
        "add 'https://evil.test' to origins",
    ),
    (
        Policy(origins=[APP], supports_credentials=True),
        ("http://a.test",),
        403,
        told(Access_Control_Allow_Origin=APP),
        "origin_not_allowed",
        "It cannot be added to the configuration: 'http://a.test' is not HTTPS",
    ),
    (PATTERN, (EVIL,), 403, told(), "origin_not_allowed", "add 'https://evil.test' to origins"),
    (
        ONE,
        ("https://A.test/",),
        403,
        told(Access_Control_Allow_Origin=APP),
        "origin_not_allowed",
        "'https://A.test/' is not a valid origin in the form that browsers send",
    ),
    (
        ONE,
        ("null",),
        403,
        told(Access_Control_Allow_Origin=APP),
        "origin_null",
        "http://localhost or https",
    ),
    (
        Policy(origins=answers_nothing),
        (EVIL,),
        403,
        told(),
        "origin_check_failed",
        "The log of corswsgi has details.",
    ),
    (ONE, (APP, "DELETE"), 200, LISTS, "method_not_allowed", "add it to methods"),
    (ONE, (APP, "put"), 200, LISTS, "method_not_allowed", "'put' is not allowed, but 'PUT' is."),
    (ECHO, (APP, "TRACE"), 403, ECHOED, "method_not_allowed", "not a method that browsers send"),
    (ECHO, (APP, "A\xe9"), 403, ECHOED, "method_not_allowed", "'A\\xe9'"),
    (
        Policy(origins="*", methods="*"),
        (EVIL, "A" * 65),
        403,
        told(
            Access_Control_Allow_Origin="*",
            Access_Control_Allow_Methods="*",
            Access_Control_Allow_Headers="*, Authorization",
        ),
        "method_not_allowed",
        "not a method that browsers send",
    ),
    (
        ECHO,
        (APP, "PUT", "x-a, b@d"),
        200,
        ECHOED_METHOD,
        "headers_not_allowed",
        "these are not valid header names: 'b@d'.",
    ),
    (ONE, (APP, "PUT", "x-a, x-b,X-C"), 200, LISTS, "headers_not_allowed", "allowed: 'x-b', 'X-C'"),
    (ONE, (APP, "PUT", "x" * 999), 403, LISTS, "headers_too_long", "999 characters and 0 commas"),
    (ECHO, (APP, "PUT", "," * 999), 403, ECHOED_METHOD, "headers_too_long", "999 commas"),
    (
        refusing_policy("policy_invalid"),
        (APP,),
        403,
        told(),
        "policy_invalid",
        "The log of corswsgi has the error.",
    ),
]


@pytest.mark.parametrize(("policy", "arguments", "status", "headers", "reason", "why"), REFUSED)
def test_a_refused_preflight_is_explained(
    policy: Policy,
    arguments: tuple[Any, ...],
    status: int,
    headers: dict[str, str],
    reason: str,
    why: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    response = ask(policy, *arguments)
    assert (response.status, response.cors) == (status, headers)
    body = response.body.decode("ascii")
    assert body.startswith(f"corswsgi refused this preflight ({reason}): ")
    assert why in body
    assert dict(response.headers)["Content-Length"] == str(len(response.body))
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    (record,) = warnings
    assert (record.name, vars(record)["reason"]) == ("corswsgi", reason)
    assert f"{record.getMessage()}\n" == f"'OPTIONS' '/': {body}"
    assert record.getMessage().isprintable()


@pytest.mark.parametrize(("policy", "arguments"), [case[:2] for case in REFUSED])
def test_without_debug_nothing_is_disclosed(policy: Policy, arguments: tuple[Any, ...]) -> None:
    response = ask(policy, *arguments, debug=False)
    assert (response.status, response.cors, response.body) == (403, REFUSES_PREFLIGHT, b"")


def browser_allows(response: Response, origin: str, method: str, names: list[str]) -> bool:
    """Evaluate a preflight without credentials as browsers do.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch
    """
    headers = response.cors
    if headers.get("Access-Control-Allow-Origin") not in (origin, "*"):
        return False
    if not 200 <= response.status <= 299:
        return False
    methods = list_members(headers.get("Access-Control-Allow-Methods", ""))
    if method not in {"GET", "HEAD", "POST", *methods} and "*" not in methods:
        return False
    allowed = list_members(headers.get("Access-Control-Allow-Headers", "").lower())
    return all(name in allowed or ("*" in allowed and name != "authorization") for name in names)


NAME = st.sampled_from(["x-a", "x-b", "authorization", "content-type", "x" * 40])
POLICIES = [
    ONE,
    PATTERN,
    Policy(origins="*"),
    Policy(origins=[APP], methods=[], allow_headers=[]),
    Policy(origins=[APP], methods=["A" * 65]),
    Policy(origins="*", methods="*"),
    Policy(origins=[APP], methods="*", allow_headers=["X-A", "Authorization"]),
]


@given(
    st.sampled_from(POLICIES),
    st.sampled_from([APP, EVIL, "null", "https://a.example.org"]),
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "put", "Chicken", "A" * 65, "B" * 65]),
    st.sets(NAME, max_size=5).map(sorted),
)
def test_debug_mode_does_not_change_what_browsers_allow(
    policy: Policy, origin: str, method: str, names: list[str]
) -> None:
    arguments = (policy, origin, method, ",".join(names) or None)
    logging.disable()
    try:
        debugging, plain = ask(*arguments), ask(*arguments, debug=False)
    finally:
        logging.disable(logging.NOTSET)
    assert (plain.status == 204) == browser_allows(plain, origin, method, names)
    assert (debugging.status == 204) == (plain.status == 204)
    assert browser_allows(debugging, origin, method, names) == (plain.status == 204)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.status != 403], ids=lambda case: case.name
)
def test_debug_changes_nothing_but_refused_preflights(case: Any) -> None:
    logging.disable()
    try:
        answers = []
        for debug in (False, True):
            application = Application(case.app_status, case.sends)
            options = case.resources or {}
            middleware = CORSMiddleware(
                application,
                case.options and Policy(**case.options),
                resources={path: value and Policy(**value) for path, value in options.items()},
                debug=debug,
            )
            response = get(middleware, case.path, case.method, case.request)
            answers.append((response, application.runs))
    finally:
        logging.disable(logging.NOTSET)
    assert answers[0] == answers[1]


def test_debug_can_be_a_callable() -> None:
    state = {"debug": False}
    for policy in (ONE, lambda environ: ONE):
        middleware = CORSMiddleware(Application(), policy, debug=lambda: state["debug"])
        for debug in (False, True, False):
            state["debug"] = debug
            response = get(middleware, method="OPTIONS", headers=asking(EVIL))
            assert bool(response.body) is debug


CROSS_SITE = [("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "cross-site")]


@pytest.mark.parametrize(
    ("policy", "origin", "reason", "why"),
    [
        (ONE, EVIL, "origin_not_allowed", "To allow it, add 'https://evil.test' to origins."),
        (lambda environ: ONE, EVIL, "origin_not_allowed", "add 'https://evil.test' to origins."),
        (ONE, "null", "origin_null", "and add that origin to origins."),
        (
            Policy(origins=[APP], supports_credentials=True),
            "http://a.test",
            "origin_not_allowed",
            "could read your users' data.",
        ),
        (
            lambda environ: Policy(origins=[APP], supports_credentials=True),
            "http://a.test",
            "origin_not_allowed",
            "could read your users' data.",
        ),
        (lambda environ: "*", EVIL, "policy_check_failed", "The log of corswsgi has details."),
    ],
)
def test_debug_warns_about_a_refused_page(
    policy: Any, origin: str, reason: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    middleware = CORSMiddleware(Application(), policy, debug=True)
    get(middleware, headers=[*from_(origin), *CROSS_SITE])
    record = caplog.records[-1]
    assert (record.levelname, vars(record)["reason"]) == ("WARNING", reason)
    assert record.getMessage().startswith(
        f"'GET' '/': corswsgi refused access to this response ({reason}): "
    )
    assert record.getMessage().endswith(why)


@pytest.mark.parametrize("policy", [ONE, Policy(origins="https://*.a.test"), lambda environ: ONE])
def test_the_same_refused_fetch_twice(policy: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The second response has no header whose name is not known yet."""
    application, is_debugging = Application(sends=[("X-A", "1")]), True
    switched = CORSMiddleware(application, policy, debug=lambda: is_debugging)
    for middleware, count in (
        (CORSMiddleware(application, policy), 0),
        (CORSMiddleware(application, policy, debug=True), 1),
        (switched, 1),
    ):
        for _ in range(2):
            caplog.clear()
            response = get(middleware, headers=[*from_(EVIL), *CROSS_SITE])
            assert (response.status, response.body) == (200, b"ran")
            assert response.cors == {"Vary": "Origin"}
            found = [(record.levelname, vars(record)["reason"]) for record in caplog.records]
            assert found == [("WARNING", "origin_not_allowed")] * count
    is_debugging = False
    caplog.clear()
    assert get(switched, headers=[*from_(EVIL), *CROSS_SITE]).cors == {"Vary": "Origin"}
    assert caplog.records == []
    assert application.runs == 7


@pytest.mark.parametrize(
    ("origin", "more", "debug"),
    [
        (EVIL, CROSS_SITE, False),
        (APP, CROSS_SITE, True),
        (EVIL, (), True),
        (EVIL, [("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "same-origin")], True),
        (EVIL, [("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Site", "cross-site")], True),
    ],
)
def test_no_warning_about_a_page(
    origin: str, more: Any, debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    get(CORSMiddleware(Application(), ONE, debug=debug), headers=[*from_(origin), *more])
    assert caplog.records == []


class SettingNames(Names):
    def option(self, option: str, value: object = None) -> str:
        return f"MY_{option.upper()}"


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((EVIL,), "add 'https://evil.test' to MY_ORIGINS."),
        (("null",), "and add that origin to MY_ORIGINS."),
        ((APP, "DELETE"), "add it to MY_METHODS."),
        ((APP, "PUT", "x-b"), "add them to MY_ALLOW_HEADERS."),
    ],
)
def test_explanations_name_the_options_as_they_are_written(
    arguments: tuple[str, ...], name: str
) -> None:
    origin, method, headers = (*arguments, *("PUT", "")[len(arguments) - 1 :])
    request = CORSRequest("OPTIONS", origin, method, headers)
    text = explain_preflight(decide(ONE, request), ONE, request, SettingNames())
    assert text.endswith(name)


def test_a_letter_that_lower_case_turns_into_ascii_is_named() -> None:
    policy = Policy(origins=[APP], allow_headers=["X-K"])
    request = CORSRequest("OPTIONS", APP, "PUT", "x-k, X-\N{KELVIN SIGN}")
    text = explain_preflight(decide(policy, request), policy, request)
    assert "are not allowed: 'X-\\u212a'." in text


@pytest.mark.parametrize(
    ("site", "mode", "is_logged"),
    [
        ("cross-site", "cors", True),
        ("same-site", "cors", True),
        ("same-origin", "cors", False),
        ("cross-site", "navigate", False),
        ("", "", False),
    ],
)
def test_no_policy_is_logged_if_a_page_of_another_origin_asked(
    site: str, mode: str, is_logged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    request = CORSRequest("GET", EVIL, path="/a\r", fetch_site=site, fetch_mode=mode)
    log_no_policy(request, "it matches no pattern.")
    expected = ["'GET' '/a\\r': no policy applies to this request: it matches no pattern."]
    assert [record.getMessage() for record in caplog.records] == expected * is_logged
    assert {vars(record)["reason"] for record in caplog.records} <= {"no_policy"}


@pytest.mark.parametrize("answer", [None, 1, "False", ValueError("no")])
def test_a_debug_callable_that_fails_turns_debug_mode_off(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def debug() -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    middleware = CORSMiddleware(Application(), ONE, debug=debug)
    response = get(middleware, method="OPTIONS", headers=asking(EVIL))
    assert (response.status, response.cors, response.body) == (403, REFUSES_PREFLIGHT, b"")
    assert get(middleware, headers=from_(APP)).cors == grants()
    reasons = [vars(record)["reason"] for record in caplog.records]
    assert reasons == (["debug_check_failed"] if isinstance(answer, Exception) else [])


async def asynchronous() -> bool:
    raise NotImplementedError


def test_debug_is_a_bool_or_a_plain_callable() -> None:
    wrong: list[Any] = [None, "False", 0, asynchronous]
    for debug in wrong:
        with pytest.raises(PolicyError) as raised:
            CORSMiddleware(Application(), ONE, debug=debug)
        assert [(problem.option, problem.reason) for problem in raised.value.problems] == [
            ("debug", "wrong_type")
        ]


@pytest.mark.parametrize("policy", [ONE, lambda environ: ONE], ids=["policy", "callable"])
def test_debug_logs_replaced_headers(policy: Any, caplog: pytest.LogCaptureFixture) -> None:
    sends = [
        ("Access-Control-Allow-Origin", "*"),
        ("access-control-expose-headers", "X-A"),
        ("Access-Control-Max-Age", "1\r\n"),
    ]
    middleware = CORSMiddleware(Application(sends=sends), policy, debug=True)
    send(middleware, environ_of(headers=from_(APP)))
    (record,) = caplog.records
    assert (record.levelname, vars(record)["reason"]) == ("WARNING", "origin_allowed")
    assert (
        "'Access-Control-Allow-Origin: *, Access-Control-Max-Age: 1\\r\\n'" in record.getMessage()
    )
    assert "(None)" in record.getMessage()


@pytest.mark.parametrize(
    "sends",
    [
        [],
        [("Vary", "Accept")],
        [("Access-Control-Expose-Headers", "X-A")],
        [("Access-Control-Allow-Origin", APP)],
    ],
)
def test_debug_logs_nothing_if_nothing_is_replaced(
    sends: Any, caplog: pytest.LogCaptureFixture
) -> None:
    get(CORSMiddleware(Application(sends=sends), ONE, debug=True), headers=from_(APP))
    assert caplog.records == []


def test_debug_leaves_an_inner_decision_alone(caplog: pytest.LogCaptureFixture) -> None:
    inner = CORSMiddleware(Application(), Policy(origins=EVIL))
    middleware = CORSMiddleware(inner, ONE, debug=True)
    assert get(middleware, headers=from_(EVIL)).cors == grants(EVIL)
    assert caplog.records == []


@pytest.mark.parametrize("policy", [ONE, lambda environ: ONE], ids=["policy", "callable"])
def test_ordinary_refusals_are_logged_at_debug_only(
    policy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    middleware = CORSMiddleware(Application(), policy)
    requests = (("POST", from_(EVIL)), ("OPTIONS", asking(EVIL)))
    for method, headers in requests:
        get(middleware, "/a%0D%0Ab", method, headers)
    assert caplog.records == []
    caplog.set_level(logging.DEBUG, "corswsgi")
    for method, headers in requests:
        get(middleware, "/a%0D%0Ab%1B[31m", method, headers)
        get(middleware, "/", method, asking() if method == "OPTIONS" else from_(APP))
    get(middleware, "/")
    assert [record.getMessage() for record in caplog.records] == [
        f"refused '{method}' '/a\\r\\nb\\x1b[31m' from the origin 'https://evil.test': "
        "origin_not_allowed"
        for method, _ in requests
    ]
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}
    assert {vars(record)["reason"] for record in caplog.records} == {"origin_not_allowed"}


def test_a_logged_value_is_shortened(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "corswsgi")
    environ = environ_of("/" + "x" * 9999, headers=from_("https://" + "y" * 9999))
    send(CORSMiddleware(Application(), ONE), environ)
    assert len(caplog.records[0].getMessage()) < 400


@pytest.mark.parametrize(
    ("requested", "text"),
    [
        (
            "x-a, x-b",
            (
                "these request headers are not allowed: 'x-a', 'x-b'. To allow them, add them to "
                "allow_headers."
            ),
        ),
        (
            "x-a, x-*",
            (
                "these request headers are not allowed: 'x-a', 'x-*'. To allow them, add 'x-a' to "
                "allow_headers. 'x-*' contains '*', and names cannot have wildcards."
            ),
        ),
        (
            "*",
            "these request headers are not allowed: '*'.",
        ),
    ],
)
def test_only_headers_that_would_be_accepted_are_suggested(requested: str, text: str) -> None:
    policy = Policy(origins=APP, allow_headers=["x-c"])
    request = CORSRequest("OPTIONS", APP, requested_method="PUT", requested_headers=requested)
    assert explain_preflight(decide(policy, request), policy, request) == text
