"""What a browser does for a fetch: every reason, with what goes over the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

import pytest

from corswsgi.browser import Browser, Credentials, FetchReason, Headers, Mode
from tests.model.scripted import (
    ACCEPT,
    API,
    OTHER,
    PAGE,
    URL,
    Answer,
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

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

OK = answer(Allow_Origin=PAGE)
PUT = {"method": "PUT"}
INCLUDE = {"credentials": "include"}
CHECK, PREFLIGHT = "4.10 CORS check, step", "4.8 CORS-preflight fetch, step"
MAIN, REDIRECT = "4.1 Main fetch, step", "4.5 HTTP-redirect fetch, step"
REFUSED = "CORS policy: the preflight's response was not accepted: "
NOT_ANY = " Where the credentials mode is 'include', '*' is no wildcard."
NO_ORIGIN = "the response has no Access-Control-Allow-Origin header."


@dataclass
class Case:
    """A fetch that comes to nothing, and why."""

    reason: FetchReason
    step: str
    words: str
    """What is said after who fetches what."""
    sent: Sequence[Sent] = (actual(),)
    script: Script = field(default_factory=dict)
    fetch: dict[str, Any] = field(default_factory=dict)
    url: str = URL
    last: str = ""
    """The URL that is blocked, where it is not the one that is fetched."""
    origin: str = PAGE


def unread(reason: FetchReason, step: int, words: str, fetch: Any = None, **cors: str) -> Case:
    """Return a response that script may not read."""
    asked = fetch or {}
    script = {"GET /x": answer(**cors)}
    return Case(reason, f"{CHECK} {step}", f"CORS policy: {words}", script=script, fetch=asked)


def unpermitted(
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
    """Return a preflight that does not permit what it is about."""
    names = ",".join(sorted(name.lower() for name, _ in headers))
    return Case(
        reason,
        step,
        REFUSED + words,
        (preflight(method, names),),
        {"OPTIONS /x": answer(status, *lines, **cors)},
        {"method": method, "headers": headers, "credentials": credentials},
    )


def unpermitted_list(reason: FetchReason, step: str, words: str, **given: Any) -> Case:
    """Return a preflight whose lists do not permit what it is about."""
    cors = {"Allow_Origin": PAGE, "Allow_Credentials": "true"}
    return unpermitted(reason, f"{PREFLIGHT} {step}", words, **{**cors, **given})


def stuck(
    reason: FetchReason, step: int, words: str, location: str, status: int = 302, **rest: Any
) -> Case:
    """Return a redirect to where it does not go on."""
    script = {"GET /x": moved(location, status, Allow_Origin="*")}
    words = f"CORS policy: it was redirected to {location!r}, {words}"
    return Case(reason, f"{REDIRECT} {step}", words, script=script, **rest)


CREDENTIALS_NEEDED = (
    "the credentials mode is 'include', so that Access-Control-Allow-Credentials has to be 'true', "
    "and it {}."
)
WILDCARD = (
    "Access-Control-Allow-Origin is '*', which does not do where the credentials mode is 'include':"
    " it has to name the origin."
)
SEVERAL = "Access-Control-Allow-Origin has several values, {!r}, and may have one."
X_A = (("X-A", "1"),)
AUTHORIZATION = (("Authorization", "Basic eDp5"),)
NAMED_ONLY = (
    "Access-Control-Allow-Headers is {!r}, and 'authorization' has to be named: '*' does not stand "
    "for it. (Engines of today take it for that all the same; the standard, and Firefox' console, "
    "announce that this ends.)"
)

FAILURES: list[Case] = [
    *(
        Case(
            "forbidden_method",
            "2.2.1 forbidden method",
            f"fetch(): {method!r} is a forbidden method: script cannot send it.",
            (),
            fetch={"method": method, "mode": mode},
        )
        for method, mode in (("TRACE", "cors"), ("Connect", "same-origin"), ("track", "no-cors"))
    ),
    *(
        Case(
            "no_cors_method",
            "5.4 Request class",
            f"fetch(): the mode is 'no-cors', which allows GET, HEAD and POST, not {method!r}.",
            (),
            fetch={"method": method, "mode": "no-cors"},
        )
        for method in ("PUT", "PATCH", "patch")
    ),
    Case(
        "not_same_origin",
        f"{MAIN} 12",
        "its mode, 'same-origin': 'https://api.test/x' is not of the page's own origin.",
        (),
        fetch={"mode": "same-origin"},
    ),
    *(
        Case(
            "mixed_content",
            f"{MAIN} 7",
            f"the rules for mixed content: a page that came over https cannot fetch {url!r}, which "
            "is not secure.",
            (),
            fetch={"mode": mode},
            url=url,
        )
        for url, mode in (("http://api.test/x", "cors"), ("http://127.test/", "no-cors"))
    ),
    # The CORS check.
    unread("allow_origin_missing", 2, NO_ORIGIN),
    unread("allow_origin_missing", 2, NO_ORIGIN, INCLUDE, Allow_Credentials="true"),
    *(
        unread("allow_origin_multiple", 4, SEVERAL.format(value), Allow_Origin=value)
        for value in (f"{PAGE}, {OTHER}", f"{PAGE}, *", "*, *", f"{PAGE},")
    ),
    unread("allow_origin_wildcard", 4, WILDCARD, INCLUDE, Allow_Origin="*"),
    *(
        unread(
            "allow_origin_mismatch",
            4,
            f"Access-Control-Allow-Origin is {value!r}, and not {PAGE!r}.",
            Allow_Origin=value,
        )
        for value in (OTHER, "", "null", f"{PAGE}/", "https://PAGE.test", f"{PAGE}:443", "**")
    ),
    *(
        unread(
            "allow_credentials_missing",
            8,
            CREDENTIALS_NEEDED.format(f"is {value!r}"),
            INCLUDE,
            Allow_Origin=PAGE,
            Allow_Credentials=value,
        )
        for value in ("True", "false", "", "true, true")
    ),
    unread(
        "allow_credentials_missing",
        8,
        CREDENTIALS_NEEDED.format("is not there"),
        INCLUDE,
        Allow_Origin=PAGE,
    ),
    # The preflight.
    *(
        unpermitted(
            "preflight_redirected",
            f"{PREFLIGHT} 8",
            f"it was answered with a redirect ({status}), and a preflight is never redirected.",
            status=status,
            lines=(("Location", "/y"),),
            Allow_Origin=PAGE,
            Allow_Methods="PUT",
        )
        for status in (301, 302, 303, 307, 308)
    ),
    *(
        unpermitted(
            "preflight_status",
            f"{PREFLIGHT} 8",
            f"its status is {status}, and not an ok status (200 to 299).",
            status=status,
            Allow_Origin=PAGE,
            Allow_Methods="PUT",
        )
        for status in (300, 304, 401, 404, 405, 500)
    ),
    unpermitted("allow_origin_missing", f"{CHECK} 2", NO_ORIGIN, Allow_Methods="PUT"),
    unpermitted(
        "allow_origin_missing",
        f"{CHECK} 2",
        f"{NO_ORIGIN} Its status, 405, is no ok status (200 to 299) either.",
        status=405,
    ),
    unpermitted(
        "allow_origin_wildcard",
        f"{CHECK} 4",
        WILDCARD,
        credentials="include",
        Allow_Origin="*",
        Allow_Methods="PUT",
    ),
    unpermitted(
        "allow_credentials_missing",
        f"{CHECK} 8",
        CREDENTIALS_NEEDED.format("is not there"),
        credentials="include",
        Allow_Origin=PAGE,
        Allow_Methods="PUT",
    ),
    unpermitted_list(
        "allow_methods_malformed",
        "7.3",
        "Access-Control-Allow-Methods cannot be read: 'PUT DELETE' is no method.",
        Allow_Methods="PATCH, PUT DELETE",
    ),
    unpermitted_list(
        "allow_headers_malformed",
        "7.3",
        "Access-Control-Allow-Headers cannot be read: 'x-a;x-b' is no header name.",
        Allow_Methods="PUT",
        Allow_Headers="x-a;x-b",
    ),
    unpermitted_list(
        "method_not_allowed",
        "7.5",
        "Access-Control-Allow-Methods names nothing, and the method is 'PUT'.",
    ),
    unpermitted_list(
        "method_not_allowed",
        "7.5",
        "Access-Control-Allow-Methods is 'GET, DELETE', and the method is 'PUT'.",
        Allow_Methods="GET,,DELETE",
    ),
    unpermitted_list(
        "method_not_allowed",
        "7.5",
        f"Access-Control-Allow-Methods is '*', and the method is 'PUT'.{NOT_ANY}",
        credentials="include",
        Allow_Methods="*",
    ),
    unpermitted_list(
        "method_not_allowed",
        "7.5",
        "Access-Control-Allow-Methods is 'PATCH', and the method is 'patch'. Methods are "
        "case-sensitive, and fetch() does not write 'patch' in upper case for you.",
        method="patch",
        Allow_Methods="PATCH",
    ),
    unpermitted_list(
        "method_not_allowed",
        "7.5",
        "Access-Control-Allow-Methods is 'put', and the method is 'PUT'. Methods are "
        "case-sensitive.",
        Allow_Methods="put",
    ),
    unpermitted_list(
        "authorization_not_listed",
        "7.6",
        NAMED_ONLY.format("*, x-a"),
        headers=AUTHORIZATION,
        method="GET",
        Allow_Headers="*, x-a",
    ),
    unpermitted_list(
        "headers_not_allowed",
        "7.6",
        "Access-Control-Allow-Headers names nothing, and the request has 'authorization', 'x-a'.",
        headers=(*X_A, *AUTHORIZATION),
        method="POST",
    ),
    unpermitted_list(
        "headers_not_allowed",
        "7.7",
        "Access-Control-Allow-Headers is 'X-B, x-c', and the request has 'x-a'.",
        headers=(*X_A, ("X-B", "1")),
        method="GET",
        Allow_Headers="X-B, x-c",
    ),
    unpermitted_list(
        "headers_not_allowed",
        "7.7",
        f"Access-Control-Allow-Headers is '*', and the request has 'x-a'.{NOT_ANY}",
        headers=X_A,
        method="GET",
        credentials="include",
        Allow_Headers="*",
    ),
    # Redirects.
    stuck("redirect_malformed", 5, "which is no URL.", "https://["),
    stuck("redirect_malformed", 5, "which is no URL.", "https://a:99999/", 308),
    Case(
        "redirect_malformed",
        f"{REDIRECT} 5",
        "CORS policy: it was redirected to '/y, /y', which is more than one Location header.",
        script={"GET /x": answer(301, ("Location", "/y"), ("location", "/y"), Allow_Origin="*")},
    ),
    stuck("redirect_not_http", 6, "and 'mailto' is neither http nor https.", "mailto:a@b"),
    stuck("redirect_not_http", 6, "and 'data' is neither http nor https.", "data:,x", 307),
    *(
        stuck(
            "redirect_with_credentials",
            step,
            "and a user name or a password may not be there.",
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
        "CORS policy: it was redirected to 'https://user@api.test/y', and a user name or a "
        "password may not be there.",
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
    # What fails after a redirect.
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
        f"CORS policy: (redirected from {URL!r}, and as origin 'null', since that led from one "
        "foreign origin to another one) Access-Control-Allow-Origin is "
        f"{PAGE!r}, and not 'null'.",
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
        f"CORS policy: (redirected from {PAGE + '/x'!r}) the preflight's response was not accepted:"
        " Access-Control-Allow-Methods names nothing, and the method is 'PUT'.",
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
        "the rules for mixed content: a page that came over https cannot fetch "
        "'http://api.test/y', which is not secure.",
        script={"GET /x": moved("http://api.test/y", Allow_Origin="*")},
        last="http://api.test/y",
    ),
    Case(
        "not_same_origin",
        f"{MAIN} 12",
        "its mode, 'same-origin': 'https://api.test/y' is not of the page's own origin.",
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
    assert failures | {"same_origin", "cors_allowed", "opaque"} == {*get_args(FetchReason)}


@pytest.mark.parametrize(
    ("credentials", "allow_origin", "step"),
    [
        ("same-origin", "*", 3),
        ("omit", "*", 3),
        ("same-origin", PAGE, 5),
        ("omit", PAGE, 5),
        ("include", PAGE, 7),
    ],
)
def test_allowed(credentials: Credentials, allow_origin: str, step: int) -> None:
    cors = {"Allow_Origin": allow_origin, "Allow_Credentials": "true"}
    server = Server({"GET /x": answer(418, **cors)})
    outcome = Browser(server, PAGE).fetch(URL, credentials=credentials)
    assert (outcome.reason, outcome.step) == ("cors_allowed", f"{CHECK} {step}")
    assert outcome.explanation == f"Access to fetch at {URL!r} from origin {PAGE!r} is allowed."
    assert sent(outcome) == [actual()]
    assert (outcome.allowed, outcome.status, outcome.body) == (True, 418, b"body")


def test_a_page_without_an_origin() -> None:
    server = Server({"GET /x": answer(Allow_Origin="null", Allow_Credentials="true")})
    outcome = Browser(server, "null").fetch(URL, credentials="include")
    assert outcome.reason == "cors_allowed"
    assert outcome.explanation == f"Access to fetch at {URL!r} from origin 'null' is allowed."
    assert sent(outcome) == [actual(origin="null")]


@pytest.mark.parametrize(
    ("method", "origin"),
    [
        ("GET", ()),
        ("HEAD", ()),
        ("POST", (f"Origin: {PAGE}",)),
        ("PUT", (f"Origin: {PAGE}",)),
        ("patch", (f"Origin: {PAGE}",)),
    ],
)
@pytest.mark.parametrize("mode", ["cors", "same-origin"])
def test_the_own_origin(mode: Mode, method: str, origin: tuple[str, ...]) -> None:
    """CORS is not asked, whatever the method and the headers; Origin goes with what changes."""
    url = f"{PAGE}/x"
    lines = (("Set-Cookie", "a=b"), ("Set-Cookie2", "c=d"), ("X-A", "1"))
    browser = Browser(Server({f"{method} /x": answer(404, *lines, Allow_Origin=OTHER)}), PAGE)
    outcome = browser.fetch(url, method, X_A, mode=mode)
    assert (outcome.reason, outcome.step) == ("same_origin", f"{MAIN} 12")
    assert outcome.explanation == f"{url!r} is of the page's own origin: CORS is not asked."
    assert sent(outcome) == [("actual", f"{method} {url}", ACCEPT, "X-A: 1", *origin)]
    assert (outcome.allowed, outcome.status) == (True, 404)
    assert outcome.readable_headers == {"access-control-allow-origin": OTHER, "x-a": "1"}


@pytest.mark.parametrize("url", ["https://page.test:8443/x", "https://www.page.test/x"])
def test_another_port_and_a_subdomain_are_other_origins(url: str) -> None:
    outcome = Browser(Server({"GET /x": OK}), PAGE).fetch(url)
    assert (outcome.reason, sent(outcome)) == ("cors_allowed", [actual(url=url)])


@pytest.mark.parametrize(
    ("method", "origin"), [("GET", ()), ("HEAD", ()), ("POST", (f"Origin: {PAGE}",))]
)
def test_no_cors(method: str, origin: tuple[str, ...]) -> None:
    server = Server({f"{method} /x": answer(200, *X_A, Allow_Origin="*", Expose_Headers="*")})
    headers = {"Accept": "text/html", "X-A": "1", "Range": "bytes=0-1", "Content-Type": "a/b"}
    outcome = Browser(server, PAGE).fetch(URL, method, headers, mode="no-cors")
    assert (outcome.reason, outcome.step) == ("opaque", "2.2.6 opaque filtered response")
    assert outcome.explanation == (
        f"The mode is 'no-cors': {URL!r} was fetched, and script can read neither its status nor "
        "its headers nor its body."
    )
    assert sent(outcome) == [("actual", f"{method} {URL}", "Accept: text/html", *origin)]
    assert (outcome.allowed, outcome.status, outcome.body) == (False, None, None)
    assert outcome.readable_headers == {}
    assert outcome.ignored_headers == ("X-A", "Range", "Content-Type")


def test_no_cors_stays_opaque_on_the_way_back() -> None:
    server = Server({"GET /x": moved(f"{PAGE}/y"), "GET /y": answer()})
    outcome = Browser(server, PAGE).fetch(URL, mode="no-cors")
    assert outcome.reason == "opaque"
    assert sent(outcome) == [
        ("actual", f"GET {URL}", ACCEPT),
        ("redirected", f"GET {PAGE}/y", ACCEPT),
    ]


def test_no_cors_and_the_own_origin() -> None:
    outcome = Browser(Server({"GET /x": answer()}), PAGE).fetch(f"{PAGE}/x", mode="no-cors")
    assert (outcome.reason, outcome.body) == ("same_origin", b"body")


@pytest.mark.parametrize(
    ("origin", "url"),
    [
        (PAGE, "http://localhost/x"),
        (PAGE, "http://a.localhost:8000/x"),
        (PAGE, "http://127.0.0.1/x"),
        (PAGE, "http://[::1]/x"),
        ("http://page.test", "http://api.test/x"),
        ("http://page.test", "https://api.test/x"),
    ],
)
def test_what_is_no_mixed_content(origin: str, url: str) -> None:
    outcome = Browser(Server({"GET /x": answer(Allow_Origin=origin)}), origin).fetch(url)
    assert (outcome.reason, sent(outcome)) == ("cors_allowed", [actual(url=url, origin=origin)])


@pytest.mark.parametrize(
    ("method", "headers", "asked"),
    [
        ("PUT", (), preflight("PUT")),
        ("put", (), preflight("PUT")),
        ("patch", (), preflight("patch")),
        ("Delete", (), preflight("DELETE")),
        ("options", (), preflight("OPTIONS")),
        ("GET", X_A, preflight("GET", "x-a")),
        ("GET", (("X-B", "1"), *AUTHORIZATION, *X_A), preflight("GET", "authorization,x-a,x-b")),
        ("POST", (("Content-Type", "application/json"),), preflight("POST", "content-type")),
        ("HEAD", (("Accept", "{}"),), preflight("HEAD", "accept")),
        # The browser's own Accept counts.
        ("GET", (("Accept-Language", "a" * 128),) * 8, preflight("GET", "accept,accept-language")),
        ("GET", (("Accept-Language", "a" * 103),) * 10, preflight("GET", "accept,accept-language")),
    ],
)
def test_preflights(method: str, headers: Headers, asked: Sent) -> None:
    written = asked[3].split()[-1]
    names = {"Allow_Headers": ",".join(("ACCEPT", *(name.upper() for name, _ in headers)))}
    granted = answer(299, Allow_Origin="*", Allow_Methods=written, **names)
    # The preflight for OPTIONS and the request itself are answered alike.
    script = {f"{written} /x": answer(Allow_Origin="*"), "OPTIONS /x": granted}
    outcome = Browser(Server(script), PAGE).fetch(URL, method, headers)
    lines = [f"{name}: {value}" for name, value in headers]
    accept = [] if lines[:1] == ["Accept: {}"] else [ACCEPT]
    request = ("actual", f"{written} {URL}", *accept, *lines, f"Origin: {PAGE}")
    assert (outcome.reason, sent(outcome)) == ("cors_allowed", [asked, request])
    assert outcome.preflights == 1


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("get", ()),
        ("HEAD", ()),
        ("POST", (("Content-Type", "text/plain;charset=UTF-8"),)),
        ("GET", (("Accept", "a/b"), ("Accept-Language", "de"), ("Range", "bytes=0-"))),
        ("GET", (("Accept-Language", "a" * 127),) * 8),
        (
            "GET",
            (("Accept-Language", "a" * 127),) * 7 + (("Range", "bytes=0-9"), ("Accept", "a" * 126)),
        ),
        ("POST", (("Content-Language", "de"),)),
    ],
)
def test_what_needs_no_preflight(method: str, headers: Headers) -> None:
    outcome = Browser(Server({f"{method.upper()} /x": OK}), PAGE).fetch(URL, method, headers)
    assert (outcome.reason, outcome.preflights, len(outcome.exchanges)) == ("cors_allowed", 0, 1)


@pytest.mark.parametrize(
    ("method", "headers", "credentials", "allows"),
    [
        ("CHICKEN", X_A, "omit", {"Allow_Methods": "*", "Allow_Headers": "*"}),
        ("PUT", X_A, "include", {"Allow_Methods": "*, PUT", "Allow_Headers": "*, X-a"}),
        ("GET", AUTHORIZATION, "same-origin", {"Allow_Headers": "*, AUTHORIZATION"}),
        ("GET", AUTHORIZATION, "include", {"Allow_Headers": "authorization"}),
        ("*", (), "include", {"Allow_Methods": "*"}),
        ("POST", X_A, "omit", {"Allow_Methods": "PUT", "Allow_Headers": "x-b,, x-a"}),
    ],
)
def test_wildcards_and_names(
    method: str, headers: Headers, credentials: Credentials, allows: dict[str, str]
) -> None:
    cors = {"Allow_Origin": PAGE, "Allow_Credentials": "true"}
    script = {"OPTIONS /x": answer(204, **cors, **allows), f"{method} /x": answer(**cors)}
    outcome = Browser(Server(script), PAGE).fetch(URL, method, headers, credentials)
    lines = [f"{name}: {value}" for name, value in headers]
    names = ",".join(name.lower() for name, _ in headers)
    assert sent(outcome) == [preflight(method, names), actual(method, *lines)]
    assert outcome.reason == "cors_allowed"


SENT = (
    ("X-B", "2"),
    ("X-A", "1"),
    ("X-b", "3"),
    ("Content-Type", "text/plain"),
    ("Pragma", "no-cache"),
    ("Set-Cookie", "c=d"),
    ("*", "star"),
)
SAFE = {"content-type": "text/plain", "pragma": "no-cache"}
ALL = {"x-a": "1", "x-b": "2, 3", **SAFE}


@pytest.mark.parametrize(
    ("exposed", "credentials", "readable"),
    [
        ([], "omit", SAFE),
        ([""], "omit", SAFE),
        (["X-A"], "omit", {"x-a": "1", **SAFE}),
        (["x-a,, X-B "], "include", ALL),
        (["X-C", "x-b"], "omit", {"x-b": "2, 3", **SAFE}),
        (["x-a, X B"], "omit", SAFE),
        (["x-a", "("], "omit", SAFE),
        (["Set-Cookie, Set-Cookie2"], "omit", SAFE),
        (["X-A, *"], "include", {"*": "star", "x-a": "1", **SAFE}),
    ],
)
def test_readable_headers(
    exposed: list[str], credentials: Credentials, readable: dict[str, str]
) -> None:
    lines = (*SENT, *(("Access-Control-Expose-Headers", value) for value in exposed))
    cors = {"Allow_Origin": PAGE, "Allow_Credentials": "true"}
    browser = Browser(Server({"GET /x": answer(200, *lines, **cors)}), PAGE)
    found = browser.fetch(URL, credentials=credentials).readable_headers
    assert [*found.items()] == sorted(readable.items())


@pytest.mark.parametrize("exposed", ["*", "x-c, *"])
@pytest.mark.parametrize("credentials", ["omit", "same-origin"])
def test_all_headers_are_readable_but_cookies(credentials: Credentials, exposed: str) -> None:
    answered = answer(200, *SENT, Allow_Origin=PAGE, Expose_Headers=exposed)
    outcome = Browser(Server({"GET /x": answered}), PAGE).fetch(URL, credentials=credentials)
    assert outcome.readable_headers == {
        "*": "star",
        "access-control-allow-origin": PAGE,
        "access-control-expose-headers": exposed,
        **ALL,
    }


BODY_LINES = (
    ("Content-Type", "text/plain"),
    ("Content-Encoding", "br"),
    ("content-language", "de"),
    ("Content-Location", "/z"),
    ("X-A", "1"),
)


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        *((status, "POST", "GET") for status in (301, 302, 303)),
        *((status, "POST", "POST") for status in (307, 308)),
        *((status, "PUT", "PUT") for status in (301, 302, 307, 308)),
        *((303, method, "GET") for method in ("PUT", "PATCH", "DELETE", "post", "OPTIONS")),
    ],
)
def test_methods_and_bodies_of_redirected_requests(status: int, method: str, then: str) -> None:
    script = {f"{method.upper()} /x": moved("/y", status), f"{then} /y": answer()}
    server = Server(script)
    outcome = Browser(server, PAGE).fetch(f"{PAGE}/x", method, BODY_LINES, body=b"bytes")
    kept = BODY_LINES[-1:] if then == "GET" else BODY_LINES
    lines = [f"{name}: {value}" for name, value in kept]
    origin = () if then == "GET" else (f"Origin: {PAGE}",)
    assert sent(outcome)[1:] == [("redirected", f"{then} {PAGE}/y", ACCEPT, *lines, *origin)]
    assert [body for _, _, body in server.got] == [b"bytes", b"" if then == "GET" else b"bytes"]
    assert outcome.reason == "same_origin"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_get_and_head_stay_and_keep_their_headers(method: str, status: int) -> None:
    script = {f"{method} /x": moved("y", status), f"{method} /y": answer()}
    outcome = Browser(Server(script), PAGE).fetch(f"{PAGE}/x", method, BODY_LINES)
    lines = [f"{name}: {value}" for name, value in BODY_LINES]
    assert sent(outcome)[1:] == [("redirected", f"{method} {PAGE}/y", ACCEPT, *lines)]


@pytest.mark.parametrize(
    "answered",
    [
        answer(302, Allow_Origin="*"),
        moved("/y", 300, Allow_Origin="*"),
        moved("/y", 304, Allow_Origin="*"),
        moved("/y", 201, Allow_Origin="*"),
    ],
)
def test_what_is_no_redirect(answered: Answer) -> None:
    outcome = Browser(Server({"GET /x": answered}), PAGE).fetch(URL)
    assert (outcome.reason, outcome.status) == ("cors_allowed", answered.status)


@pytest.mark.parametrize(
    ("hops", "origin"),
    [
        ([PAGE, API], PAGE),
        ([PAGE, PAGE, API], PAGE),
        ([API, API, API], PAGE),
        ([PAGE, API, API], PAGE),
        ([API, PAGE], "null"),
        ([API, OTHER], "null"),
        ([PAGE, API, OTHER], "null"),
        ([API, OTHER, OTHER], "null"),
        ([API, OTHER, API], "null"),
        ([API, "https://api.test:8443"], "null"),
    ],
)
def test_the_origin_after_redirects(hops: list[str], origin: str) -> None:
    """It is null where one that is not the page's has redirected to yet another one."""
    urls = [f"{host}/{number}" for number, host in enumerate(hops)]
    script = {f"GET /{number}": moved(url, Allow_Origin="*") for number, url in enumerate(urls[1:])}
    script[f"GET /{len(hops) - 1}"] = answer(Allow_Origin="*")
    outcome = Browser(Server(script), PAGE).fetch(urls[0])
    assert sent(outcome)[-1] == redirected("GET", urls[-1], origin=origin)
    assert outcome.reason == "cors_allowed"
    assert [exchange.request.url for exchange in outcome.exchanges] == urls


def test_the_own_origin_is_asked_after_another_one() -> None:
    """What came by way of another origin is of that origin."""
    script = {"GET /x": moved(f"{PAGE}/y", Allow_Origin="*"), "GET /y": answer()}
    outcome = Browser(Server(script), PAGE).fetch(URL)
    assert (outcome.reason, outcome.step) == ("allow_origin_missing", f"{CHECK} 2")
    script["GET /y"] = answer(200, *X_A, ("Pragma", "no-cache"), Allow_Origin="null")
    outcome = Browser(Server(script), PAGE).fetch(URL)
    assert (outcome.reason, outcome.step) == ("cors_allowed", f"{CHECK} 5")
    assert outcome.readable_headers == {"pragma": "no-cache"}


@pytest.mark.parametrize(
    ("hops", "kept"),
    [
        ([PAGE, PAGE, PAGE], [True, True, True]),
        ([PAGE, API, PAGE], [True, False, False]),
        ([PAGE, PAGE, "https://page.test:8443"], [True, True, False]),
    ],
)
def test_authorization_goes_away_with_the_first_other_origin(
    hops: list[str], kept: list[bool]
) -> None:
    script = {
        f"GET /{number}": moved(f"{host}/{number + 1}", Allow_Origin="*")
        for number, host in enumerate(hops[1:])
    }
    script["GET /2"] = answer(Allow_Origin="*")
    server = Server(script)
    outcome = Browser(server, PAGE).fetch(f"{hops[0]}/0", headers=AUTHORIZATION)
    assert ["HTTP_AUTHORIZATION" in headers for _, headers, _ in server.got] == kept
    assert (outcome.allowed, outcome.preflights) == (True, 0)


def test_a_redirected_request_has_a_preflight_of_its_own() -> None:
    grants = {"Allow_Origin": "*", "Allow_Methods": "PUT", "Allow_Headers": "x-a,authorization"}
    script = {
        "OPTIONS /x": answer(**grants),
        "PUT /x": moved(f"{OTHER}/y", 307, Allow_Origin="*"),
        "OPTIONS /y": answer(**grants),
        "PUT /y": answer(Allow_Origin="null"),
    }
    server = Server(script)
    outcome = Browser(server, PAGE).fetch(URL, "PUT", (*X_A, *AUTHORIZATION), body="text")
    lines = ("X-A: 1", "Content-Type: text/plain;charset=UTF-8")
    before = (lines[0], "Authorization: Basic eDp5", lines[1])
    assert sent(outcome) == [
        preflight("PUT", "authorization,x-a"),
        actual("PUT", *before),
        preflight("PUT", "x-a", url=f"{OTHER}/y", origin="null"),
        redirected("PUT", f"{OTHER}/y", *lines, origin="null"),
    ]
    assert (outcome.reason, outcome.step) == ("cors_allowed", f"{CHECK} 5")
    assert [body for _, _, body in server.got] == [b"", b"text", b"", b"text"]


def test_a_redirect_can_take_the_need_for_a_preflight_away() -> None:
    script = {
        "OPTIONS /x": answer(Allow_Origin="*", Allow_Methods="PUT"),
        "PUT /x": moved("/y", 303, Allow_Origin="*"),
        "GET /y": answer(Allow_Origin="*"),
    }
    outcome = Browser(Server(script), PAGE).fetch(URL, "PUT")
    assert sent(outcome) == [preflight("PUT"), actual("PUT"), redirected("GET", f"{API}/y")]
    assert outcome.reason == "cors_allowed"


def test_twenty_redirects_are_followed() -> None:
    script = {f"GET /{number}": moved(f"/{number + 1}") for number in range(20)}
    outcome = Browser(Server({**script, "GET /20": answer()}), PAGE).fetch(f"{PAGE}/0")
    assert (outcome.reason, len(outcome.exchanges)) == ("same_origin", 21)


def test_the_own_origin_may_redirect_to_itself_with_credentials_in_the_url() -> None:
    location = "https://user:password@page.test/y"
    server = Server({"GET /x": moved(location), "GET /y": answer()})
    outcome = Browser(server, PAGE).fetch(f"{PAGE}/x")
    assert outcome.reason == "same_origin"
    assert sent(outcome)[1:] == [("redirected", f"GET {PAGE}/y", ACCEPT)]
    assert [headers["HTTP_HOST"] for _, headers, _ in server.got] == ["page.test", "page.test"]


def test_no_cors_may_be_redirected_with_credentials_in_the_url() -> None:
    location = "https://user:password@other.test/y"
    server = Server({"GET /x": moved(location), "GET /y": answer()})
    outcome = Browser(server, PAGE).fetch(URL, mode="no-cors")
    assert outcome.reason == "opaque"
    assert sent(outcome)[1:] == [("redirected", f"GET {OTHER}/y", ACCEPT)]


def test_a_location_is_relative_to_what_redirected_and_loses_its_fragment() -> None:
    script = {
        "GET /a/x": moved(f"{API}/b/x#x", Allow_Origin="*"),
        "GET /b/x": moved("../c?d#e", Allow_Origin="*"),
        "GET /c": answer(Allow_Origin="*"),
    }
    outcome = Browser(Server(script), PAGE).fetch(f"{PAGE}/a/x#y")
    urls = [exchange.request.url for exchange in outcome.exchanges]
    assert urls == [f"{PAGE}/a/x", f"{API}/b/x", f"{API}/c?d"]


def remembering(max_age: str | None = "60", **cors: str) -> Server:
    """Return a server whose preflights are remembered."""
    ages = {} if max_age is None else {"Max_Age": max_age}
    allows = {"Allow_Origin": PAGE, "Allow_Credentials": "true"}
    lists = {"Allow_Methods": "PUT", "Allow_Headers": "X-A", **cors}
    methods = ("GET", "PUT", "DELETE")
    return Server(
        {
            "OPTIONS /x": answer(204, **allows, **lists, **ages),
            **{f"{method} /x": answer(**allows) for method in methods},
        }
    )


@pytest.mark.parametrize(
    ("max_age", "seconds"),
    [("60", 60), (None, 5), ("-1", 5), ("60, 60", 5), ("99999", 7200)],
)
def test_preflights_are_remembered(max_age: str | None, seconds: int) -> None:
    browser = Browser(remembering(max_age), PAGE)

    def preflights() -> int:
        outcome = browser.fetch(URL, "PUT", X_A)
        assert outcome.reason == "cors_allowed"
        return outcome.preflights

    assert [preflights(), preflights()] == [1, 0]
    browser.cache.now += seconds - 1
    assert preflights() == 0
    browser.cache.now += 1
    assert [preflights(), preflights()] == [1, 0]


def test_what_is_not_to_be_remembered_is_not() -> None:
    browser = Browser(remembering("0"), PAGE)
    assert [browser.fetch(URL, "PUT").preflights for _ in range(2)] == [1, 1]


@pytest.mark.parametrize(
    ("first", "second", "preflights"),
    [
        ({"method": "PUT"}, {"headers": X_A}, 0),
        ({"method": "PUT"}, {"method": "PUT", "headers": X_A}, 0),
        ({"method": "PUT"}, {"headers": {"X-B": "1"}}, 1),
        ({"method": "PUT"}, {"method": "DELETE"}, 1),
        ({"method": "PUT"}, {"method": "PUT", "credentials": "include"}, 1),
        ({"method": "PUT", "credentials": "include"}, {"method": "PUT"}, 0),
        ({"method": "PUT", "url": f"{URL}?y"}, {"method": "PUT"}, 1),
        ({"method": "PUT", "url": f"{URL}#y"}, {"method": "PUT"}, 0),
    ],
)
def test_what_is_remembered_for_what(
    first: dict[str, Any], second: dict[str, Any], preflights: int
) -> None:
    browser = Browser(remembering(), PAGE)
    assert browser.fetch(**{"url": URL, **first}).preflights == 1
    assert browser.fetch(**{"url": URL, **second}).preflights == preflights


@pytest.mark.parametrize(
    ("fetch", "answered"), [({"method": "PUT"}, "PUT /x"), ({"headers": X_A}, "GET /x")]
)
def test_a_failure_forgets(fetch: dict[str, Any], answered: str) -> None:
    server = remembering()
    browser = Browser(server, PAGE)
    assert browser.fetch(URL, **fetch).preflights == 1
    server.script = {**server.script, answered: answer()}
    outcome = browser.fetch(URL, **fetch)
    assert (outcome.reason, outcome.preflights) == ("allow_origin_missing", 0)
    assert browser.fetch(URL, **fetch).preflights == 1


def test_a_failure_that_needed_no_preflight_does_not_forget() -> None:
    server = remembering()
    browser = Browser(server, PAGE)
    browser.fetch(URL, "PUT")
    server.script = {**server.script, "GET /x": answer()}
    assert browser.fetch(URL).reason == "allow_origin_missing"
    assert browser.fetch(URL, "PUT").preflights == 0


def test_a_failure_after_a_redirect_forgets_where_it_failed() -> None:
    server = remembering()
    grants = server.script["OPTIONS /x"]
    server.script = {**server.script, "OPTIONS /y": grants, "PUT /y": OK}
    browser = Browser(server, PAGE)
    assert [browser.fetch(f"{API}/{path}", "PUT").preflights for path in "xy"] == [1, 1]
    server.script = {
        **server.script,
        "PUT /x": moved("/y", 307, Allow_Origin=PAGE),
        "PUT /y": answer(),
    }
    outcome = browser.fetch(URL, "PUT")
    assert (outcome.reason, outcome.preflights) == ("allow_origin_missing", 0)
    server.script = {**server.script, "PUT /x": OK, "PUT /y": OK}
    assert [browser.fetch(f"{API}/{path}", "PUT").preflights for path in "xy"] == [0, 1]


def test_a_preflight_that_fails_is_not_remembered() -> None:
    browser = Browser(remembering(Allow_Headers="X-B"), PAGE)
    assert browser.fetch(URL, "PUT", X_A).reason == "headers_not_allowed"
    assert browser.fetch(URL, "PUT").preflights == 1


@pytest.mark.parametrize(
    ("url", "method", "origin"),
    [
        ("http://localhost/x", "POST", "null"),
        ("https://localhost/x", "POST", PAGE),
    ],
)
def test_no_cors_does_not_name_a_secure_origin_to_what_is_not(
    url: str, method: str, origin: str
) -> None:
    outcome = Browser(Server({f"{method} /x": OK}), PAGE).fetch(url, method, mode="no-cors")
    assert sent(outcome) == [actual(method, url=url, origin=origin)]


@pytest.mark.parametrize(
    ("method", "status", "body"),
    [
        ("GET", 200, b"body"),
        ("HEAD", 200, b""),
        *(("GET", status, b"") for status in (101, 103, 204, 205, 304)),
    ],
)
def test_what_has_no_body(method: str, status: int, body: bytes) -> None:
    script = {f"{method} /x": Answer(status, (("Access-Control-Allow-Origin", "*"),), b"body")}
    outcome = Browser(Server(script), PAGE).fetch(URL, method)
    assert (outcome.status, outcome.body) == (status, body)
    assert outcome.exchanges[0].response.body == b"body"


@pytest.mark.parametrize(
    ("urls", "preflights"),
    [([URL, f"{OTHER}/away"], [1, 2]), ([f"{OTHER}/away", URL], [2, 1])],
)
def test_what_is_remembered_for_null_is_not_for_the_page(
    urls: list[str], preflights: list[int]
) -> None:
    """Of the same address, asked once as the page and once, after a redirect, as ``null``."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        allows = [
            ("Access-Control-Allow-Origin", environ["HTTP_ORIGIN"]),
            ("Access-Control-Allow-Methods", "PUT"),
        ]
        goes = environ["PATH_INFO"] == "/away" and environ["REQUEST_METHOD"] == "PUT"
        start_response("307 Moved" if goes else "200 OK", [*allows, ("Location", URL)])
        return []

    browser = Browser(application, PAGE)
    outcomes = [browser.fetch(url, "PUT") for url in urls]
    assert [outcome.reason for outcome in outcomes] == ["cors_allowed"] * 2
    assert [outcome.preflights for outcome in outcomes] == preflights


def test_no_cors_has_no_cookies_of_the_same_origin_elsewhere() -> None:
    outcome = Browser(Server({"GET /x": OK}), PAGE).fetch(URL, mode="no-cors")
    assert [exchange.request.has_credentials for exchange in outcome.exchanges] == [False]


def test_the_length_can_be_read() -> None:
    server = Server({"GET /x": answer(200, ("Content-Length", "4"), Allow_Origin="*")})
    assert dict(Browser(server, PAGE).fetch(URL).readable_headers) == {"content-length": "4"}


def test_the_last_redirect_is_named() -> None:
    hops = {"GET /x": moved("/y", Allow_Origin="*"), "GET /y": moved("/z", Allow_Origin="*")}
    outcome = Browser(Server({**hops, "GET /z": answer()}), PAGE).fetch(URL)
    assert f"(redirected from '{API}/y') the response has no" in outcome.explanation
