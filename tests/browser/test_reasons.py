"""Every reason for which a fetch fails, with the requests that are sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

import pytest

from corswsgi.browser import Browser, Credentials, FetchReason, Headers
from corswsgi.browser.reasons import ALLOWED, ANCHORS, link_to
from tests.browser.scripted import (
    ACCEPT,
    API,
    OTHER,
    PAGE,
    URL,
    Script,
    Sent,
    Server,
    actual,
    answer,
    moved,
    preflight,
    redirected,
    sent,
)

OK = answer(Allow_Origin=PAGE)
PUT = {"method": "PUT"}
INCLUDE = {"credentials": "include"}
CHECK, PREFLIGHT = "CORS check, step", "CORS-preflight fetch, step"
MAIN, REDIRECT = "Main fetch, step", "HTTP-redirect fetch, step"
REFUSED = "CORS policy: the preflight failed: "
NOT_ANY = " '*' is not a wildcard if the credentials mode is 'include'."
NO_ORIGIN = "the response has no Access-Control-Allow-Origin header."


@dataclass
class Case:
    """A fetch that fails, and the expected outcome."""

    reason: FetchReason
    step: str
    words: str
    """The explanation after "... has been blocked by "."""
    sent: Sequence[Sent] = (actual(),)
    script: Script = field(default_factory=dict)
    fetch: dict[str, Any] = field(default_factory=dict)
    url: str = URL
    last: str = ""
    """The URL that is blocked, if the fetch was redirected to it."""
    origin: str = PAGE


def failing_check(
    reason: FetchReason, step: int, words: str, fetch: Any = None, **cors: str
) -> Case:
    """Return a case with a response that fails the CORS check."""
    asked = fetch or {}
    script = {"GET /x": answer(**cors)}
    return Case(reason, f"{CHECK} {step}", f"CORS policy: {words}", script=script, fetch=asked)


def failing_preflight(
    reason: FetchReason,
    step: str,
    words: str,
    *,
    method: str = "PUT",
    headers: Headers = (),
    credentials: Credentials = "same-origin",
    status: int = 204,
    lines: Headers = (),
    **cors: str,
) -> Case:
    """Return a case with a preflight that fails."""
    names = ",".join(sorted(name.lower() for name, _ in headers))
    return Case(
        reason,
        step,
        REFUSED + words,
        (preflight(method, names),),
        {"OPTIONS /x": answer(status, *lines, **cors)},
        {"method": method, "headers": headers, "credentials": credentials},
    )


def failing_list(reason: FetchReason, step: str, words: str, **given: Any) -> Case:
    """Return a case with a preflight whose lists do not allow the request."""
    cors = {"Allow_Origin": PAGE, "Allow_Credentials": "true"}
    return failing_preflight(reason, f"{PREFLIGHT} {step}", words, **{**cors, **given})


def failing_redirect(
    reason: FetchReason, step: int, words: str, location: str, status: int = 302, **rest: Any
) -> Case:
    """Return a case with a redirect that is not followed."""
    script = {"GET /x": moved(location, status, Allow_Origin="*")}
    words = f"CORS policy: it was redirected to {location!r}, {words}"
    return Case(reason, f"{REDIRECT} {step}", words, script=script, **rest)


CREDENTIALS_NEEDED = (
    "the credentials mode is 'include', so Access-Control-Allow-Credentials must be 'true', but it "
    "is {}."
)
WILDCARD = (
    "Access-Control-Allow-Origin is '*', but it must name the origin if the credentials mode is "
    "'include'."
)
SEVERAL = "Access-Control-Allow-Origin has several values, {!r}, but only one is allowed."
X_A = (("X-A", "1"),)
AUTHORIZATION = (("Authorization", "Basic eDp5"),)
NAMED_ONLY = (
    "the request has the header 'authorization', but Access-Control-Allow-Headers is {!r}, and '*' "
    "does not include 'authorization'. (Browsers do not follow the standard here yet: they accept "
    "'*'. Firefox announces in its console that this will change.)"
)

FAILURES: list[Case] = [
    *(
        Case(
            "forbidden_method",
            "forbidden method",
            f"fetch(): {method!r} is a forbidden method, which scripts cannot send.",
            (),
            fetch={"method": method, "mode": mode},
        )
        for method, mode in (("TRACE", "cors"), ("Connect", "same-origin"), ("track", "no-cors"))
    ),
    *(
        Case(
            "no_cors_method",
            "Request constructor",
            "fetch(): the mode is 'no-cors', which allows GET, HEAD and POST only, but the method "
            f"is {method!r}.",
            (),
            fetch={"method": method, "mode": "no-cors"},
        )
        for method in ("PUT", "PATCH", "patch")
    ),
    Case(
        "not_same_origin",
        f"{MAIN} 12",
        "the mode 'same-origin': 'https://api.test/x' does not have the origin of the page.",
        (),
        fetch={"mode": "same-origin"},
    ),
    *(
        Case(
            "mixed_content",
            f"{MAIN} 7",
            f"mixed content rules: a page over https must not fetch {url!r}, which is not secure.",
            (),
            fetch={"mode": mode},
            url=url,
        )
        for url, mode in (("http://api.test/x", "cors"), ("http://127.test/", "no-cors"))
    ),
    # The CORS check.
    failing_check("allow_origin_missing", 2, NO_ORIGIN),
    failing_check("allow_origin_missing", 2, NO_ORIGIN, INCLUDE, Allow_Credentials="true"),
    *(
        failing_check("allow_origin_multiple", 4, SEVERAL.format(value), Allow_Origin=value)
        for value in (f"{PAGE}, {OTHER}", f"{PAGE}, *", "*, *", f"{PAGE},")
    ),
    failing_check("allow_origin_wildcard", 4, WILDCARD, INCLUDE, Allow_Origin="*"),
    *(
        failing_check(
            "allow_origin_mismatch",
            4,
            f"Access-Control-Allow-Origin is {value!r}, but the origin is {PAGE!r}.",
            Allow_Origin=value,
        )
        for value in (OTHER, "", "null", f"{PAGE}/", "https://PAGE.test", f"{PAGE}:443", "**")
    ),
    *(
        failing_check(
            "allow_credentials_missing",
            8,
            CREDENTIALS_NEEDED.format(repr(value)),
            INCLUDE,
            Allow_Origin=PAGE,
            Allow_Credentials=value,
        )
        for value in ("True", "false", "", "true, true")
    ),
    failing_check(
        "allow_credentials_missing",
        8,
        CREDENTIALS_NEEDED.format("missing"),
        INCLUDE,
        Allow_Origin=PAGE,
    ),
    # The preflight.
    *(
        failing_preflight(
            "preflight_redirected",
            f"{PREFLIGHT} 8",
            f"it was answered with a redirect ({status}), which browsers do not follow for a "
            "preflight.",
            status=status,
            lines=(("Location", "/y"),),
            Allow_Origin=PAGE,
            Allow_Methods="PUT",
        )
        for status in (301, 302, 303, 307, 308)
    ),
    *(
        failing_preflight(
            "preflight_status",
            f"{PREFLIGHT} 8",
            f"its status is {status}, but it must be an ok status (200 to 299).",
            status=status,
            Allow_Origin=PAGE,
            Allow_Methods="PUT",
        )
        for status in (300, 304, 401, 404, 405, 500)
    ),
    failing_preflight("allow_origin_missing", f"{CHECK} 2", NO_ORIGIN, Allow_Methods="PUT"),
    failing_preflight(
        "allow_origin_missing",
        f"{CHECK} 2",
        f"{NO_ORIGIN} Its status, 405, is not an ok status (200 to 299) either.",
        status=405,
    ),
    failing_preflight(
        "allow_origin_wildcard",
        f"{CHECK} 4",
        WILDCARD,
        credentials="include",
        Allow_Origin="*",
        Allow_Methods="PUT",
    ),
    failing_preflight(
        "allow_credentials_missing",
        f"{CHECK} 8",
        CREDENTIALS_NEEDED.format("missing"),
        credentials="include",
        Allow_Origin=PAGE,
        Allow_Methods="PUT",
    ),
    failing_list(
        "allow_methods_malformed",
        "7.3",
        "Access-Control-Allow-Methods contains 'PUT DELETE', not a valid method.",
        Allow_Methods="PATCH, PUT DELETE",
    ),
    failing_list(
        "allow_headers_malformed",
        "7.3",
        "Access-Control-Allow-Headers contains 'x-a;x-b', not a valid header name.",
        Allow_Methods="PUT",
        Allow_Headers="x-a;x-b",
    ),
    failing_list(
        "method_not_allowed",
        "7.5",
        "the method is 'PUT', but Access-Control-Allow-Methods is missing or empty.",
    ),
    failing_list(
        "method_not_allowed",
        "7.5",
        "the method is 'PUT', but Access-Control-Allow-Methods is 'GET, DELETE'.",
        Allow_Methods="GET,,DELETE",
    ),
    failing_list(
        "method_not_allowed",
        "7.5",
        f"the method is 'PUT', but Access-Control-Allow-Methods is '*'.{NOT_ANY}",
        credentials="include",
        Allow_Methods="*",
    ),
    failing_list(
        "method_not_allowed",
        "7.5",
        "the method is 'patch', but Access-Control-Allow-Methods is 'PATCH'. Methods are "
        "case-sensitive, and fetch() does not convert 'patch'.",
        method="patch",
        Allow_Methods="PATCH",
    ),
    failing_list(
        "method_not_allowed",
        "7.5",
        "the method is 'PUT', but Access-Control-Allow-Methods is 'put'. Methods are "
        "case-sensitive.",
        Allow_Methods="put",
    ),
    failing_list(
        "authorization_not_listed",
        "7.6",
        NAMED_ONLY.format("*, x-a"),
        headers=AUTHORIZATION,
        method="GET",
        Allow_Headers="*, x-a",
    ),
    failing_list(
        "headers_not_allowed",
        "7.6",
        "the request has the headers 'authorization', 'x-a', but Access-Control-Allow-Headers is "
        "missing or empty.",
        headers=(*X_A, *AUTHORIZATION),
        method="POST",
    ),
    failing_list(
        "headers_not_allowed",
        "7.7",
        "the request has the header 'x-a', but Access-Control-Allow-Headers is 'X-B, x-c'.",
        headers=(*X_A, ("X-B", "1")),
        method="GET",
        Allow_Headers="X-B, x-c",
    ),
    failing_list(
        "headers_not_allowed",
        "7.7",
        f"the request has the header 'x-a', but Access-Control-Allow-Headers is '*'.{NOT_ANY}",
        headers=X_A,
        method="GET",
        credentials="include",
        Allow_Headers="*",
    ),
    # Redirects.
    failing_redirect("redirect_malformed", 5, "which is not a valid URL.", "https://["),
    failing_redirect("redirect_malformed", 5, "which is not a valid URL.", "https://a:99999/", 308),
    Case(
        "redirect_malformed",
        f"{REDIRECT} 5",
        "CORS policy: it was redirected to '/y, /y', which is more than one Location header.",
        script={"GET /x": answer(301, ("Location", "/y"), ("location", "/y"), Allow_Origin="*")},
    ),
    failing_redirect(
        "redirect_not_http", 6, "but the scheme 'mailto' is neither http nor https.", "mailto:a@b"
    ),
    failing_redirect(
        "redirect_not_http", 6, "but the scheme 'data' is neither http nor https.", "data:,x", 307
    ),
    *(
        failing_redirect(
            "redirect_with_credentials",
            step,
            "which must not include a user name or a password.",
            location,
        )
        for step, location in (
            (9, "https://user@api.test/y"),
            (9, "https://:password@other.test/"),
            (10, "https://user:password@page.test/y"),
        )
    ),
    Case(
        "redirect_with_credentials",
        f"{REDIRECT} 9",
        "CORS policy: it was redirected to 'https://user@api.test/y', which must not include a "
        "user name or a password.",
        (("actual", f"GET {PAGE}/x", ACCEPT),),
        {"GET /x": moved("https://user@api.test/y")},
        url=f"{PAGE}/x",
    ),
    Case(
        "too_many_redirects",
        f"{REDIRECT} 7",
        "CORS policy: it was redirected more than 20 times.",
        (actual(), *(redirected("GET", URL),) * 20),
        {"GET /x": moved("/x", Allow_Origin="*")},
    ),
    # Failures after a redirect.
    Case(
        "allow_origin_missing",
        f"{CHECK} 2",
        f"CORS policy: (redirected from {URL!r}) {NO_ORIGIN}",
        (actual(), redirected("GET", f"{API}/y")),
        {"GET /x": moved("/y", Allow_Origin="*"), "GET /y": answer()},
        last=f"{API}/y",
    ),
    Case(
        "allow_origin_mismatch",
        f"{CHECK} 4",
        f"CORS policy: (redirected from {URL!r}, now with the origin 'null' since another origin "
        f"redirected elsewhere) Access-Control-Allow-Origin is {PAGE!r}, but the origin is 'null'.",
        (actual(), redirected("GET", f"{OTHER}/y", origin="null")),
        {"GET /x": moved(f"{OTHER}/y", Allow_Origin="*"), "GET /y": OK},
        last=f"{OTHER}/y",
    ),
    Case(
        "allow_origin_missing",
        f"{CHECK} 2",
        f"CORS policy: (redirected from {URL!r}) {NO_ORIGIN}",
        (actual(origin="null"), redirected("GET", f"{OTHER}/y", origin="null")),
        {"GET /x": moved(f"{OTHER}/y", Allow_Origin="null"), "GET /y": answer()},
        last=f"{OTHER}/y",
        origin="null",
    ),
    Case(
        "method_not_allowed",
        f"{PREFLIGHT} 7.5",
        f"CORS policy: (redirected from {PAGE + '/x'!r}) the preflight failed: the method is "
        "'PUT', but Access-Control-Allow-Methods is missing or empty.",
        (
            ("actual", f"PUT {PAGE}/x", ACCEPT, f"Origin: {PAGE}"),
            preflight("PUT", url=f"{API}/y"),
        ),
        {"PUT /x": moved(f"{API}/y", 307), "OPTIONS /y": OK},
        PUT,
        url=f"{PAGE}/x",
        last=f"{API}/y",
    ),
    Case(
        "mixed_content",
        f"{MAIN} 7",
        "mixed content rules: a page over https must not fetch 'http://api.test/y', which is not "
        "secure.",
        script={"GET /x": moved("http://api.test/y", Allow_Origin="*")},
        last="http://api.test/y",
    ),
    Case(
        "not_same_origin",
        f"{MAIN} 12",
        "the mode 'same-origin': 'https://api.test/y' does not have the origin of the page.",
        (("actual", f"GET {PAGE}/x", ACCEPT),),
        {"GET /x": moved(f"{API}/y")},
        {"mode": "same-origin"},
        url=f"{PAGE}/x",
        last=f"{API}/y",
    ),
]


@pytest.mark.parametrize("case", FAILURES, ids=lambda case: f"{case.reason}: {case.words[-40:]}")
def test_failures(case: Case) -> None:
    server = Server(case.script)
    outcome = Browser(server, case.origin).fetch(case.url, **case.fetch)
    assert (outcome.reason, outcome.step) == (case.reason, case.step)
    assert outcome.link.startswith("https://fetch.spec.whatwg.org/#")
    assert outcome.explanation == (
        f"Access to fetch at {case.last or case.url!r} from origin {case.origin!r} has been blocked"
        f" by {case.words}"
    )
    assert sent(outcome) == [*case.sent]
    assert len(server.got) == len(case.sent)
    assert (outcome.allowed, outcome.status, outcome.body) == (False, None, None)
    assert outcome.readable_headers == {}


def test_every_reason_has_a_test() -> None:
    failures = {case.reason for case in FAILURES}
    assert failures | ALLOWED | {"opaque"} == {*get_args(FetchReason)}


@pytest.mark.parametrize(
    ("step", "anchor"),
    [
        ("CORS check, step 4", "cors-check"),
        ("CORS-preflight fetch, step 7.5", "cors-preflight-fetch"),
        ("HTTP-redirect fetch, step 5", "http-redirect-fetch"),
        ("Main fetch, step 12", "main-fetch"),
        ("Request constructor", "dom-request"),
        ("forbidden method", "forbidden-method"),
        ("opaque filtered response", "concept-filtered-response-opaque"),
    ],
)
def test_links_to_steps(step: str, anchor: str) -> None:
    assert link_to(step) == f"https://fetch.spec.whatwg.org/#{anchor}"


def test_every_anchor_has_a_step() -> None:
    steps = {case.step.partition(", step ")[0] for case in FAILURES}
    assert steps | {"opaque filtered response"} == {*ANCHORS}
