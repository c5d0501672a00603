"""The model: which requests a browser sends for a fetch, and which responses it allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from corswsgi.browser import Browser, Credentials, Headers, Mode
from tests.browser.scripted import (
    ACCEPT,
    API,
    OTHER,
    PAGE,
    URL,
    Answer,
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
CHECK = "CORS check, step"
X_A = (("X-A", "1"),)
AUTHORIZATION = (("Authorization", "Basic eDp5"),)


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
    """CORS does not apply, but requests that may change something have an Origin header."""
    url = f"{PAGE}/x"
    lines = (("Set-Cookie", "a=b"), ("Set-Cookie2", "c=d"), ("X-A", "1"))
    browser = Browser(Server({f"{method} /x": answer(404, *lines, Allow_Origin=OTHER)}), PAGE)
    outcome = browser.fetch(url, method, X_A, mode=mode)
    assert (outcome.reason, outcome.step) == ("same_origin", "Main fetch, step 12")
    assert outcome.explanation == f"{url!r} has the origin of the page, so CORS does not apply."
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
    assert (outcome.reason, outcome.step) == ("opaque", "opaque filtered response")
    assert outcome.explanation == (
        f"The mode is 'no-cors': the browser has fetched {URL!r}, but the script cannot read the "
        "status, the headers or the body of the response."
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
def test_secure_urls_are_not_mixed_content(origin: str, url: str) -> None:
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
        # The size includes the Accept header that the browser adds.
        ("GET", (("Accept-Language", "a" * 128),) * 8, preflight("GET", "accept,accept-language")),
        ("GET", (("Accept-Language", "a" * 103),) * 10, preflight("GET", "accept,accept-language")),
    ],
)
def test_preflights(method: str, headers: Headers, asked: Sent) -> None:
    written = asked[3].split()[-1]
    names = {"Allow_Headers": ",".join(("ACCEPT", *(name.upper() for name, _ in headers)))}
    granted = answer(299, Allow_Origin="*", Allow_Methods=written, **names)
    # If the method is OPTIONS, the preflight and the actual request get the same answer.
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
def test_requests_without_a_preflight(method: str, headers: Headers) -> None:
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
def test_responses_that_are_not_redirects(answered: Answer) -> None:
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
    """It is null once an origin other than the page's redirects to yet another origin."""
    urls = [f"{host}/{number}" for number, host in enumerate(hops)]
    script = {f"GET /{number}": moved(url, Allow_Origin="*") for number, url in enumerate(urls[1:])}
    script[f"GET /{len(hops) - 1}"] = answer(Allow_Origin="*")
    outcome = Browser(Server(script), PAGE).fetch(urls[0])
    assert sent(outcome)[-1] == redirected("GET", urls[-1], origin=origin)
    assert outcome.reason == "cors_allowed"
    assert [exchange.request.url for exchange in outcome.exchanges] == urls


def test_a_redirect_back_to_the_own_origin_needs_cors() -> None:
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


def cacheable(max_age: str | None = "60", **cors: str) -> Server:
    """Return a server whose preflights are cached."""
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
def test_preflights_are_cached(max_age: str | None, seconds: int) -> None:
    browser = Browser(cacheable(max_age), PAGE)

    def preflights() -> int:
        outcome = browser.fetch(URL, "PUT", X_A)
        assert outcome.reason == "cors_allowed"
        return outcome.preflights

    assert [preflights(), preflights()] == [1, 0]
    browser.cache.now += seconds - 1
    assert preflights() == 0
    browser.cache.now += 1
    assert [preflights(), preflights()] == [1, 0]


def test_a_max_age_of_zero_disables_the_cache() -> None:
    browser = Browser(cacheable("0"), PAGE)
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
def test_which_fetches_the_cache_covers(
    first: dict[str, Any], second: dict[str, Any], preflights: int
) -> None:
    browser = Browser(cacheable(), PAGE)
    assert browser.fetch(**{"url": URL, **first}).preflights == 1
    assert browser.fetch(**{"url": URL, **second}).preflights == preflights


@pytest.mark.parametrize(
    ("fetch", "answered"), [({"method": "PUT"}, "PUT /x"), ({"headers": X_A}, "GET /x")]
)
def test_a_failure_clears_the_cache(fetch: dict[str, Any], answered: str) -> None:
    server = cacheable()
    browser = Browser(server, PAGE)
    assert browser.fetch(URL, **fetch).preflights == 1
    server.script = {**server.script, answered: answer()}
    outcome = browser.fetch(URL, **fetch)
    assert (outcome.reason, outcome.preflights) == ("allow_origin_missing", 0)
    assert browser.fetch(URL, **fetch).preflights == 1


def test_a_failure_without_a_preflight_does_not_clear_the_cache() -> None:
    server = cacheable()
    browser = Browser(server, PAGE)
    browser.fetch(URL, "PUT")
    server.script = {**server.script, "GET /x": answer()}
    assert browser.fetch(URL).reason == "allow_origin_missing"
    assert browser.fetch(URL, "PUT").preflights == 0


def test_a_failure_after_a_redirect_clears_the_cache_of_the_last_url() -> None:
    server = cacheable()
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


def test_a_preflight_that_fails_is_not_cached() -> None:
    browser = Browser(cacheable(Allow_Headers="X-B"), PAGE)
    assert browser.fetch(URL, "PUT", X_A).reason == "headers_not_allowed"
    assert browser.fetch(URL, "PUT").preflights == 1


@pytest.mark.parametrize(
    ("url", "method", "origin"),
    [
        ("http://localhost/x", "POST", "null"),
        ("https://localhost/x", "POST", PAGE),
    ],
)
def test_no_cors_does_not_send_a_secure_origin_to_an_insecure_url(
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
def test_responses_without_a_body(method: str, status: int, body: bytes) -> None:
    script = {f"{method} /x": Answer(status, (("Access-Control-Allow-Origin", "*"),), b"body")}
    outcome = Browser(Server(script), PAGE).fetch(URL, method)
    assert (outcome.status, outcome.body) == (status, body)
    assert outcome.exchanges[0].response.body == b"body"


@pytest.mark.parametrize(
    ("urls", "preflights"),
    [([URL, f"{OTHER}/away"], [1, 2]), ([f"{OTHER}/away", URL], [2, 1])],
)
def test_the_cache_distinguishes_null_from_the_page(urls: list[str], preflights: list[int]) -> None:
    """The same URL is fetched with the page's origin and, after a redirect, with ``null``."""

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
