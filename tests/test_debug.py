"""Debug mode: explanations, and log messages."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import CORSMiddleware, CORSRequest, Policy, PolicyError, decide
from corswsgi.debug import explain_preflight
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
        ("http://app.example.com",),
        403,
        told(Access_Control_Allow_Origin=APP),
        "origin_not_allowed",
        (
            "'http://app.example.com' is not allowed, but 'https://app.example.com' is: they are "
            "different origins. 'http://app.example.com' cannot be added to the configuration: "
            "'http://app.example.com' is not HTTPS"
        ),
    ),
    (PATTERN, (EVIL,), 403, told(), "origin_not_allowed", "add 'https://evil.test' to origins"),
    (
        ONE,
        ("https://App.example.com/",),
        403,
        told(Access_Control_Allow_Origin=APP),
        "origin_not_allowed",
        (
            "'https://App.example.com/' is not a valid origin in the form that browsers send. "
            "'https://app.example.com' is allowed: write the origin in lower case, and without a "
            "slash at the end.\n"
        ),
    ),
    (
        ONE,
        ("a.test",),
        403,
        told(Access_Control_Allow_Origin=APP),
        "origin_not_allowed",
        "'a.test' is not a valid origin in the form that browsers send.\n",
    ),
    (
        Policy(origins=["https://other.test", "http://127.0.0.1:5173"]),
        ("http://localhost:5173",),
        403,
        told(Access_Control_Allow_Origin="http://127.0.0.1:5173"),
        "origin_not_allowed",
        (
            "the origin 'http://localhost:5173' is not allowed, but 'http://127.0.0.1:5173' is: "
            "they are different origins. To allow it, add 'http://localhost:5173' to origins.\n"
        ),
    ),
    (
        PATTERN,
        ("http://b.example.org",),
        403,
        told(Access_Control_Allow_Origin="https://b.example.org"),
        "origin_not_allowed",
        "but 'https://b.example.org' is, by 'https://*.example.org': they are different origins.",
    ),
    (
        ONE,
        ("null",),
        403,
        told(Access_Control_Allow_Origin=APP),
        "origin_null",
        (
            "a redirect from another origin. If the request was redirected, let the page request "
            "this URL directly. Otherwise, serve the page over http://localhost or https, and"
        ),
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
    (
        ONE,
        (APP, "PUT", "access-control-allow-origin,x-a,vary"),
        200,
        LISTS,
        "headers_not_allowed",
        (
            "): the page sends response headers in its request: 'access-control-allow-origin', "
            "'vary'. Remove them from the headers that the script sets: only servers send them.\n"
        ),
    ),
    (
        ONE,
        (APP, "PUT", "Access-Control-Allow-Origin,x-b"),
        200,
        LISTS,
        "headers_not_allowed",
        (
            "only servers send them. Also, these request headers are not allowed: 'x-b'. To allow "
            "them, add them to allow_headers.\n"
        ),
    ),
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
def test_a_refused_fetch_is_reported_once(policy: Any, caplog: pytest.LogCaptureFixture) -> None:
    """No matter for which path, and whether the names of the response's headers are known."""
    application, is_debugging = Application(sends=[("X-A", "1")]), False
    switched = CORSMiddleware(application, policy, debug=lambda: is_debugging)
    always = CORSMiddleware(application, policy, debug=True)
    for middleware, debug, count in (
        (CORSMiddleware(application, policy), True, 0),
        (always, False, 1),
        (always, False, 0),
        (switched, False, 0),
        (switched, True, 1),
        (switched, True, 0),
        (switched, False, 0),
    ):
        is_debugging = debug
        for path, expected in (("/a", count), ("/b", 0)):
            caplog.clear()
            response = get(middleware, path, headers=[*from_(EVIL), *CROSS_SITE])
            assert (response.status, response.body) == (200, b"ran")
            assert response.cors == {"Vary": "Origin"}
            found = [(record.levelname, vars(record)["reason"]) for record in caplog.records]
            assert found == [("WARNING", "origin_not_allowed")] * expected
    assert application.runs == 14


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
    assert (record.levelname, vars(record)["reason"]) == ("WARNING", "headers_replaced")
    assert "set: 'Access-Control-Allow-Origin', 'Access-Control-Max-Age'. " in record.getMessage()
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


def no_policy_for(environ: Any) -> Policy | None:
    return None


@pytest.mark.parametrize(
    ("policy", "resources", "text"),
    [
        (None, {"/x/*": None, "/y": ONE}, None),
        (None, {"/y": ONE, "/z/*": None}, "no policy matches '/x'. Patterns with a policy: '/y'."),
        (None, {"/xs": ONE}, "no policy matches '/x'; did you mean '/xs'?"),
        (None, {"/y": None}, "no policy matches '/x'."),
        (
            no_policy_for,
            {"/y": ONE},
            f"no policy applies: {no_policy_for!r} returned None for '/x'.",
        ),
        (no_policy_for, {"/x": None}, None),
    ],
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_debug_warns_about_a_page_without_a_policy(
    policy: Any, resources: Any, text: str | None, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        environ["PATH_INFO"] = "/changed" if policy is None else "/x"
        try:
            raise LookupError
        except LookupError:
            start_response("200 OK", (each for each in [("X-A", "1")]), sys.exc_info())
        return []

    headers = [*asking(APP, "PUT"), *CROSS_SITE]
    for debug in (True, False):
        middleware = CORSMiddleware(app, policy, resources=resources, debug=debug)
        for _ in range(2):
            response = send(middleware, environ_of("/x", method, headers))
            assert (response.status, [*response.headers]) == (200, [("X-A", "1")])
    assert caplog.messages == ([] if text is None else [f"'{method}' '/x': {text}"])
    assert {vars(record)["reason"] for record in caplog.records} <= {"no_policy"}


@pytest.mark.parametrize("inner", [{"/y": ONE}, {"/x": None}])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_policy_around_a_middleware_without_one(
    inner: Any, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    middleware = CORSMiddleware(Application(), resources=inner, debug=True)
    get(CORSMiddleware(middleware, ONE), "/x", method, [*from_(APP), *CROSS_SITE])
    assert caplog.records == []


def test_no_policy_at_all(caplog: pytest.LogCaptureFixture) -> None:
    middleware = CORSMiddleware(Application(), ONE, debug=True)
    middleware.reconfigure(None)
    get(middleware, "/x", headers=[*from_(APP), *CROSS_SITE])
    assert caplog.records == []
