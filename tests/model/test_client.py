"""The client: a browser's tab, and where its requests go."""

from __future__ import annotations

import importlib
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

import pytest
from urllib3.exceptions import NewConnectionError
from werkzeug.serving import WSGIRequestHandler, make_server

import corswsgi
from corswsgi.browser import Browser, Credentials, Mode, PreflightCache
from tests.model.scripted import ACCEPT, API, PAGE, URL, Answer, Server, actual, answer, moved, sent

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

OK = answer(Allow_Origin=PAGE, Allow_Credentials="true")


def browser(**script: Any) -> Browser:
    """Return a browser for a server that answers at ``/x``."""
    return Browser(Server({f"{method} /x": found for method, found in script.items()}), PAGE)


@pytest.mark.parametrize(
    ("origin", "meant"),
    [
        ("https://page.test/", "https://page.test"),
        ("https://Page.test", "https://page.test"),
        ("https://page.test:443", "https://page.test"),
        ("http://page.test:8000/x?y", "http://page.test:8000"),
        ("page.test", "https://page.test"),
        ("localhost:3000", "http://localhost:3000"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("*", None),
        ("", None),
        ("Null", None),
        ("/items", None),
        (None, None),
        (b"https://page.test", None),
    ],
)
def test_what_is_no_origin(origin: Any, meant: str | None) -> None:
    with pytest.raises(ValueError, match="origin") as caught:
        Browser(Server({}), origin)
    assert str(caught.value) == (
        f"the origin is {origin!r}, and has to be in the form in which a browser sends it "
        f"(scheme://host or scheme://host:port){f'; did you mean {meant!r}?' if meant else '.'}"
    )


class Asynchronous:
    async def __call__(self, scope: object, receive: object, send: object) -> None:
        raise NotImplementedError


async def asynchronous(scope: object, receive: object, send: object) -> None:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (None, "^the target is None, and has to be a WSGI application or the base URL of a"),
        (object(), "^the target is <object object .*For a test client, give its application"),
        (Asynchronous(), "is an ASGI application, and has to be a WSGI application: serve it,"),
        (asynchronous, "is an ASGI application, and has to be a WSGI application: serve it,"),
    ],
)
def test_what_is_no_target(target: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Browser(target, PAGE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": None}, r"^None is no method\.$"),
        ({"method": "PUT", "body": {"a": 1}}, r"^{'a': 1} is no body: give text or bytes"),
        ({"headers": {"X-A": 1}}, r"^'X-A': 1 is no header\.$"),
        ({"headers": [(b"X-A", "1")]}, r"^b'X-A': '1' is no header\.$"),
        ({"headers": "X-A: 1"}, r"^'X-A: 1' are no headers: give a mapping, or pairs of texts\.$"),
    ],
)
def test_arguments_of_other_types(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        browser().fetch(URL, **arguments)


def test_the_cookies_of_a_test_client_are_morsels() -> None:
    cookies = SimpleCookie({"session": "1"})
    assert Browser(Server({}), PAGE, cookies=cookies).cookies == {"session": "1"}


def test_an_outcome_is_neither_true_nor_false() -> None:
    message = r"^An outcome is neither true nor false: say \.allowed, or \.status == 200\.$"
    with pytest.raises(TypeError, match=message):
        bool(browser().fetch(URL, "TRACE"))


@pytest.mark.parametrize("origin", ["null", "http://localhost:3000", "https://[::1]"])
def test_origins(origin: str) -> None:
    assert Browser(Server({}), origin).origin == origin


@pytest.mark.parametrize("base", ["localhost:8000", "/x", "", "mailto:a@b", "http://["])
def test_what_is_no_base_url(base: str) -> None:
    message = f"{base!r} is not the base URL of a server, such as 'http://localhost:8000'."
    cases: list[dict[str, Any]] = [{"target": base}, {"target": Server({}), "base_url": base}]
    for arguments in cases:
        with pytest.raises(ValueError, match="base URL") as caught:
            Browser(origin=PAGE, **arguments)
        assert str(caught.value) == message


MODES = "one of 'cors', 'no-cors', 'same-origin'."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        *(
            (
                {"url": url},
                f"{url!r} is no path and no URL without a user name and a password.",
            )
            for url in ("https://[", "https://user@api.test/", "https://:password@api.test/")
        ),
        *(
            ({"method": method}, f"{method!r} is no method.")
            for method in ("", "P T", "PUT\n", "G\xcbT")
        ),
        (
            {"credentials": "Include"},
            "credentials is 'Include', and has to be one of 'omit', 'same-origin', 'include'.",
        ),
        ({"mode": "navigate"}, f"mode is 'navigate', and has to be {MODES}"),
        ({"mode": None}, f"mode is None, and has to be {MODES}"),
        ({"body": ""}, "A request with GET cannot have a body."),
        ({"method": "head", "body": b"x"}, "A request with HEAD cannot have a body."),
        ({"headers": {"X A": "1"}}, "'X A': '1' is no header."),
        ({"headers": {"": "1"}}, "'': '1' is no header."),
        ({"headers": {"X-A": "a\nb"}}, "'X-A': 'a\\nb' is no header."),
        ({"headers": [("X-A", "a\0")]}, "'X-A': 'a\\x00' is no header."),
        ({"headers": [("Cookie", "\u20ac")]}, "'Cookie': '\u20ac' is no header."),
    ],
)
def test_arguments_that_are_none(arguments: dict[str, Any], message: str) -> None:
    server = Server({})
    with pytest.raises(ValueError, match=r"[.]$") as caught:
        Browser(server, PAGE).fetch(**{"url": URL, **arguments})
    assert str(caught.value) == message
    assert server.got == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept-Language": " de\t\r\n", "Accept": "a/b"},
        [("Accept-Language", "de"), ("Accept", "a/b")],
        iter([("Accept-Language", "de"), ("Accept", "a/b")]),
        {"Accept-Language": "de", "Accept": "a/b"}.items(),
    ],
)
def test_kinds_of_headers(headers: Any) -> None:
    outcome = browser(GET=OK).fetch(URL, headers=headers)
    lines = ("Accept-Language: de", "Accept: a/b", f"Origin: {PAGE}")
    assert sent(outcome) == [("actual", f"GET {URL}", *lines)]


def test_a_header_may_be_there_twice() -> None:
    server = Server({"GET /x": OK})
    outcome = Browser(server, PAGE).fetch(URL, headers=[("Accept", "a/b"), ("Accept", "c/d")])
    assert sent(outcome) == [
        ("actual", f"GET {URL}", "Accept: a/b", "Accept: c/d", f"Origin: {PAGE}")
    ]
    (request,) = server.got
    assert request[1]["HTTP_ACCEPT"] == "a/b, c/d"


def test_headers_that_script_cannot_set_are_left_out() -> None:
    headers = [
        ("COOKIE", "a=b"),
        ("Accept", "a/b"),
        ("Origin", "https://evil.test"),
        ("Sec-A", "1"),
        ("X-Method-Override", "GET, trace"),
        ("X-HTTP-Method", "PUT"),
    ]
    permits = answer(Allow_Origin=PAGE, Allow_Headers="x-http-method")
    outcome = browser(GET=OK, OPTIONS=permits).fetch(URL, headers=headers)
    assert outcome.ignored_headers == ("COOKIE", "Origin", "Sec-A", "X-Method-Override")
    lines = ("Accept: a/b", "X-HTTP-Method: PUT", f"Origin: {PAGE}")
    assert sent(outcome)[1:] == [("actual", f"GET {URL}", *lines)]


@pytest.mark.parametrize(
    ("url", "credentials", "has_cookies"),
    [
        (URL, "omit", False),
        (URL, "same-origin", False),
        (URL, "include", True),
        (f"{PAGE}/x", "omit", False),
        (f"{PAGE}/x", "same-origin", True),
        (f"{PAGE}/x", "include", True),
    ],
)
def test_cookies(url: str, credentials: Credentials, has_cookies: bool) -> None:
    server = Server({"GET /x": OK})
    tab = Browser(server, PAGE, cookies={"a": "b", "c": "d"})
    outcome = tab.fetch(url, credentials=credentials)
    cookie = ("Cookie: a=b; c=d",) if has_cookies else ()
    origin = (f"Origin: {PAGE}",) if url == URL else ()
    assert sent(outcome) == [("actual", f"GET {url}", ACCEPT, *origin, *cookie)]
    (request,) = server.got
    assert request[1].get("HTTP_COOKIE") == ("a=b; c=d" if has_cookies else None)


def test_preflights_have_no_cookies_and_redirected_requests_do() -> None:
    grants = answer(Allow_Origin=PAGE, Allow_Credentials="true", Allow_Methods="PUT")
    see_other = moved("/y", 303, Allow_Origin=PAGE, Allow_Credentials="true")
    server = Server({"OPTIONS /x": grants, "PUT /x": see_other, "GET /y": OK})
    outcome = Browser(server, PAGE, cookies={"a": "b"}).fetch(URL, "PUT", credentials="include")
    assert [headers.get("HTTP_COOKIE") for _, headers, _ in server.got] == [None, "a=b", "a=b"]
    assert outcome.allowed


def test_cookies_are_copied_may_be_changed_and_are_never_stored() -> None:
    server = Server({"GET /x": answer(200, ("Set-Cookie", "e=f"))})
    given = {"a": "b"}
    tab = Browser(server, PAGE, cookies=given)
    given.clear()
    tab.fetch(f"{PAGE}/x")
    assert tab.cookies == {"a": "b"}
    tab.cookies["c"] = "d"
    tab.fetch(f"{PAGE}/x")
    tab.cookies.clear()
    tab.fetch(f"{PAGE}/x")
    assert [headers.get("HTTP_COOKIE") for _, headers, _ in server.got] == ["a=b", "a=b; c=d", None]


@pytest.mark.parametrize(
    ("body", "headers", "content_type", "got"),
    [
        ("\u20ac", {}, "text/plain;charset=UTF-8", b"\xe2\x82\xac"),
        ("", {}, "text/plain;charset=UTF-8", b""),
        ("a=b", {"content-type": "text/plain"}, "text/plain", b"a=b"),
        (b"\0\xff", {}, None, b"\0\xff"),
        (b"x", {"Content-Type": "text/plain"}, "text/plain", b"x"),
        (None, {}, None, b""),
        # A form of many bytes is not looked into.
        (
            "a=b&c" * 999,
            {"Content-Type": "application/x-www-form-urlencoded"},
            "application/x-www-form-urlencoded",
            b"a=b&c" * 999,
        ),
    ],
)
def test_bodies(
    body: str | bytes | None, headers: dict[str, str], content_type: str | None, got: bytes
) -> None:
    server = Server({"POST /x": OK})
    outcome = Browser(server, PAGE).fetch(URL, "POST", headers, body=body)
    name = next(iter(headers), "Content-Type")
    lines = [] if content_type is None else [f"{name}: {content_type}"]
    assert sent(outcome) == [actual("POST", *lines)]
    (request,) = server.got
    assert (request[1].get("CONTENT_TYPE"), request[2]) == (content_type, got)


def test_what_an_application_gets() -> None:
    seen: list[WSGIEnvironment] = []

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        seen.append(environ)
        start_response("200 OK", [("Access-Control-Allow-Origin", f" \t{PAGE} ")])
        return [b"a", b"b"]

    outcome = Browser(application, PAGE).fetch(
        "https://api.test:8443/a%20b/%C3%A9?c=%20d#e", "post"
    )
    assert (outcome.reason, outcome.body) == ("cors_allowed", b"ab")
    names = ("wsgi.url_scheme", "HTTP_HOST", "SERVER_PORT", "SCRIPT_NAME", "PATH_INFO")
    (environ,) = seen
    assert [environ[name] for name in (*names, "QUERY_STRING", "REQUEST_METHOD")] == [
        "https",
        "api.test:8443",
        "8443",
        "",
        "/a b/\xc3\xa9",
        "c=%20d",
        "POST",
    ]
    assert {name: value for name, value in environ.items() if name.startswith("HTTP_")} == {
        "HTTP_HOST": "api.test:8443",
        "HTTP_ACCEPT": "*/*",
        "HTTP_ORIGIN": PAGE,
    }


@pytest.mark.parametrize(
    ("base", "url", "whole"),
    [
        (None, "/x", "https://localhost/x"),
        (None, "x", "https://localhost/x"),
        (None, "//api.test/x", URL),
        (API, "/x#y", URL),
        ("https://api.test/v1/", "../x", URL),
        ("https://api.test/v1/", URL, URL),
        (API, "https://other.test:8443/x", "https://other.test:8443/x"),
    ],
)
def test_base_urls(base: str | None, url: str, whole: str) -> None:
    server = Server({"GET /x": OK})
    tab = Browser(server, PAGE) if base is None else Browser(server, PAGE, base_url=base)
    assert sent(tab.fetch(url)) == [actual(url=whole)]


def test_a_cache_may_be_shared() -> None:
    grants = answer(Allow_Origin=PAGE, Allow_Methods="PUT")
    server = Server({"OPTIONS /x": grants, "PUT /x": OK})
    cache = PreflightCache(limit=1)
    first, second = (Browser(server, PAGE, cache=cache) for _ in range(2))
    assert first.cache is second.cache is cache
    assert [tab.fetch(URL, "PUT").preflights for tab in (first, second)] == [1, 0]
    assert Browser(server, PAGE).fetch(URL, "PUT").preflights == 1
    cache.now += 1
    assert second.fetch(URL, "PUT").preflights == 1


def test_a_browser_in_a_line() -> None:
    tab = Browser(Server({}), PAGE, base_url="https://API.test/v1")
    assert repr(tab) == "<Browser on a page of https://page.test, for https://api.test/v1>"
    tab = Browser("http://localhost:8000", "null")
    assert repr(tab) == "<Browser on a page of null, for http://localhost:8000/>"


def test_outcomes_in_a_line() -> None:
    grants = answer(Allow_Origin=PAGE, Allow_Methods="PUT")
    tab = browser(GET=answer(), POST=OK, PUT=OK, OPTIONS=grants)
    assert [
        repr(tab.fetch(URL)),
        repr(tab.fetch(URL, "POST")),
        repr(tab.fetch(URL, "PUT")),
        repr(tab.fetch(URL, mode="no-cors")),
        repr(tab.fetch(URL, "TRACE")),
    ] == [
        "<Outcome blocked (allow_origin_missing); sent: actual>",
        "<Outcome allowed, 200 (cors_allowed); sent: actual>",
        "<Outcome allowed, 200 (cors_allowed); sent: preflight, actual>",
        "<Outcome opaque (opaque); sent: actual>",
        "<Outcome blocked (forbidden_method); sent: nothing>",
    ]


def test_an_outcome_in_full() -> None:
    grants = answer(204, ("Vary", "Origin"), Allow_Origin=PAGE, Allow_Headers="*")
    tab = browser(OPTIONS=grants, GET=answer(404, ("Content-Type", "text/html")))
    outcome = tab.fetch(URL, headers={"X-A": "1", "Host": "x", "Date": ""})
    assert (
        str(outcome)
        == """\
<Outcome blocked (allow_origin_missing); sent: preflight, actual>
  Access to fetch at 'https://api.test/x' from origin 'https://page.test' has been blocked by CORS \
policy: the response has no Access-Control-Allow-Origin header.
  (Fetch, 4.10 CORS check, step 2)
  Script cannot set, and the browser leaves out: Host, Date
preflight:
  > OPTIONS https://api.test/x
  > Accept: */*
  > Access-Control-Request-Method: GET
  > Access-Control-Request-Headers: x-a
  > Origin: https://page.test
  < 204
  < Access-Control-Allow-Origin: https://page.test
  < Access-Control-Allow-Headers: *
  < Vary: Origin
actual:
  > GET https://api.test/x
  > Accept: */*
  > X-A: 1
  > Origin: https://page.test
  < 404
  < Content-Type: text/html"""
    )


def test_an_outcome_of_nothing_that_was_sent_in_full() -> None:
    assert (
        str(browser().fetch(URL, mode="same-origin"))
        == """\
<Outcome blocked (not_same_origin); sent: nothing>
  Access to fetch at 'https://api.test/x' from origin 'https://page.test' has been blocked by its \
mode, 'same-origin': 'https://api.test/x' is not of the page's own origin.
  (Fetch, 4.1 Main fetch, step 12)"""
    )


class Lazy:
    """Starts its response when it is read, and knows that it was closed."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.closed = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Lazy:
        self.start_response = start_response
        return self

    def __iter__(self) -> Iterator[bytes]:
        write = self.start_response("201 Created", [("Access-Control-Allow-Origin", "*")])
        assert callable(write)
        yield b"a"
        if self.error is not None:
            raise self.error
        yield b"b"

    def close(self) -> None:
        self.closed += 1


def test_an_application_that_is_lazy() -> None:
    application = Lazy()
    outcome = Browser(application, PAGE).fetch(URL)
    assert (outcome.status, outcome.body, application.closed) == (201, b"ab", 1)


@pytest.mark.parametrize("error", [LookupError("first"), StopIteration("first")])
def test_what_an_application_raises_is_not_caught(error: Exception) -> None:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        raise error

    with pytest.raises(type(error), match="first"):
        Browser(application, PAGE).fetch(URL)
    lazy = Lazy(LookupError("later"))
    with pytest.raises(LookupError, match="later"):
        Browser(lazy, PAGE).fetch(URL)
    assert lazy.closed == 1


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - as there
        pass


@contextmanager
def served(application: WSGIApplication) -> Iterator[str]:
    """Serve an application over HTTP, and yield its URL."""
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


LINES = ("Accept: a/b", "Accept: c/d", "X-A: 1", f"Origin: {PAGE}", "Cookie: a=b")


def test_a_server() -> None:
    """What goes over HTTP is what an application gets, but for what HTTP itself adds."""
    allows = {"Allow_Origin": PAGE, "Allow_Credentials": "true"}
    lists = {"Allow_Methods": "patch", "Allow_Headers": "x-a"}
    repeated = (("X-B", "1"), ("Set-Cookie", "c=d"), ("X-B", "2"), ("Set-Cookie", "e=f"))
    expose = (("Access-Control-Expose-Headers", "X-A"), ("Access-Control-Expose-Headers", "x-b"))
    server = Server(
        {
            "OPTIONS /x": answer(204, **allows, **lists),
            "patch /x": answer(404, *repeated, *expose, **allows),
        }
    )
    with served(server) as url:
        tab = Browser(url, PAGE, cookies={"a": "b"})
        headers = [("Accept", "a/b"), ("Accept", "c/d"), ("X-A", "1")]
        outcome = tab.fetch("/x?y", "patch", headers, "include", body=b"\0bytes")
        again = tab.fetch("/x", "patch", credentials="include", body=b"")
        assert sent(outcome)[1] == ("actual", f"patch {url}/x?y", *LINES)
    assert (outcome.reason, outcome.status, outcome.body) == ("cors_allowed", 404, b"body")
    assert outcome.readable_headers == {"x-b": "1, 2"}
    response = outcome.exchanges[1].response
    lines = [line for line in response.headers if line[0] in ("X-B", "Set-Cookie")]
    assert sorted(lines) == sorted(repeated)
    assert again.allowed
    assert [asked for asked, _, _ in server.got] == ["OPTIONS /x", "patch /x"] * 2
    assert server.got[1][1]["HTTP_ACCEPT"] == "a/b,c/d"
    assert server.got[1][1]["HTTP_COOKIE"] == "a=b"
    assert server.got[1][2] == b"\0bytes"


def test_redirects_of_a_server_are_followed_by_the_model() -> None:
    script = {"GET /x": moved("/y", Allow_Origin="*"), "GET /y": answer(Allow_Origin=PAGE)}
    with served(Server(script)) as url:
        outcome = Browser(url, PAGE).fetch("/x")
    assert [exchange.response.status for exchange in outcome.exchanges] == [302, 200]
    assert [exchange.request.kind for exchange in outcome.exchanges] == ["actual", "redirected"]
    assert outcome.exchanges[1].request.url == f"{url}/y"
    assert outcome.allowed


def test_a_server_may_redirect_to_another_one() -> None:
    with served(Server({"GET /y": answer(Allow_Origin="null")})) as other:
        first = Server({"GET /x": moved(f"{other}/y", Allow_Origin="*")})
        with served(first) as url:
            outcome = Browser(url, PAGE).fetch("/x")
    assert [exchange.request.url for exchange in outcome.exchanges] == [f"{url}/x", f"{other}/y"]
    assert (outcome.allowed, outcome.body) == (True, b"body")


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and does not listen
        tab = Browser(f"http://127.0.0.1:{bound.getsockname()[1]}", PAGE)
        with pytest.raises(NewConnectionError):
            tab.fetch("/x")


@pytest.mark.parametrize("missing", ["ada_url", "urllib3"])
def test_what_is_not_installed_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*sys.modules]:
        if name.startswith("corswsgi.browser"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(corswsgi, "browser")
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module("corswsgi.browser")
    assert (str(caught.value), caught.value.name) == (
        f"corswsgi.browser needs {missing}: pip install 'corswsgi[tools]'",
        missing,
    )


def test_cookies_do_not_come_back_with_another_origins_redirect() -> None:
    script = {
        "GET /a": moved(f"{API}/b"),
        "GET /b": moved(f"{PAGE}/c", Allow_Origin="*"),
        "GET /c": answer(Allow_Origin="*"),
    }
    server = Server(script)
    outcome = Browser(server, PAGE, cookies={"a": "1"}).fetch(f"{PAGE}/a")
    assert outcome.reason == "cors_allowed"
    assert [headers.get("HTTP_COOKIE") for _, headers, _ in server.got] == ["a=1", None, None]


@pytest.mark.parametrize(
    ("url", "path", "name", "port"),
    [
        ("https://api.test//double/x", "//double/x", "api.test", "443"),
        ("https://api.test/%FF%2f", "/\xff/", "api.test", "443"),
        ("https://[::1]:8/", "/", "::1", "8"),
    ],
)
def test_addresses_reach_an_application_as_they_are(
    url: str, path: str, name: str, port: str
) -> None:
    seen: list[tuple[str, ...]] = []

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        names = ("PATH_INFO", "SERVER_NAME", "SERVER_PORT", "REQUEST_URI")
        seen.append(tuple(environ[name] for name in names))
        start_response("200 OK", [])
        return []

    Browser(application, PAGE).fetch(f"{url}?q=%FF")
    assert seen == [(path, name, port, f"{url[url.index('/', 8) :]}?q=%FF")]


@pytest.mark.parametrize(
    ("headers", "mode", "ignored"),
    [
        ([("Content-Type", "text/plain"), ("content-type", "text/plain")], "no-cors", 1),
        ([("Accept", "a/b"), ("accept", "c/d")], "no-cors", 0),
        ([("Accept", "a" * 100), ("Accept", "a" * 100)], "no-cors", 1),
        ([("Accept", "a" * 100), ("Accept", "a" * 100)], "cors", 0),
        ([("X-HTTP-Method-Override", '"a,TRACE,b"')], "cors", 0),
        ([("X-HTTP-Method-Override", 'a, trace ,b"')], "cors", 1),
    ],
)
def test_repeated_and_quoted_headers(
    headers: list[tuple[str, str]], mode: Mode, ignored: int
) -> None:
    granted = answer(Allow_Origin="*", Allow_Headers="*")
    script = {"GET /x": answer(Allow_Origin="*"), "OPTIONS /x": granted}
    outcome = Browser(Server(script), PAGE).fetch(URL, headers=headers, mode=mode)
    assert len(outcome.ignored_headers) == ignored


@pytest.mark.parametrize("mode", ["cors", "no-cors", "same-origin"])
@pytest.mark.parametrize("url", ["mailto:a@b", "data:,x", "blob:https://page.test/1", "ftp://a/b"])
@pytest.mark.parametrize("origin", [PAGE, "null"])
def test_only_http_is_modelled(origin: str, url: str, mode: Mode) -> None:
    server = Server({})
    message = f"^'{url}' is neither http nor https, and nothing else is modelled\\.$"
    with pytest.raises(ValueError, match=message):
        Browser(server, origin).fetch(url, mode=mode)
    assert server.got == []


def test_what_the_body_of_a_preflight_says_is_shown() -> None:
    script = {
        "OPTIONS /x": Answer(403, (("Content-Type", "text/plain"),), b"Refused.\n\nBecause.\n")
    }
    outcome = Browser(Server(script), PAGE).fetch(URL, "PUT")
    assert str(outcome).endswith(
        "  < 403\n  < Content-Type: text/plain\n  < \n  < Refused.\n  < \n  < Because."
    )


def test_what_is_written_is_a_part_of_the_body() -> None:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        write = start_response("200 OK", [("Access-Control-Allow-Origin", "*")])
        write(b"hello ")
        return [b"world"]

    assert Browser(application, PAGE).fetch(URL).body == b"hello world"


@pytest.mark.parametrize("is_started", [True, False])
def test_an_error_page_takes_the_place_of_a_response(is_started: bool) -> None:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        if is_started:
            start_response("200 OK", [])
        try:
            raise LookupError("here")
        except LookupError:
            start_response("500 Oops", [("Access-Control-Allow-Origin", "*")], sys.exc_info())
        return [b"error page"]

    outcome = Browser(application, PAGE).fetch(URL)
    assert (outcome.allowed, outcome.status, outcome.body) == (True, 500, b"error page")


def test_an_error_after_the_first_of_the_body_is_raised() -> None:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"first"
        try:
            raise LookupError("later")
        except LookupError:
            start_response("500 Oops", [], sys.exc_info())

    with pytest.raises(LookupError, match="later"):
        Browser(application, PAGE).fetch(URL)


@pytest.mark.parametrize(("times", "message"), [(0, "has not called"), (2, "twice")])
def test_a_response_is_started_once(times: int, message: str) -> None:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        for _ in range(times):
            start_response("200 OK", [])
        return []

    with pytest.raises(RuntimeError, match=message):
        Browser(application, PAGE).fetch(URL)


@pytest.mark.parametrize("host", ["a..b", ".b.test", f"{'a' * 64}.test", "api.test:0"])
def test_any_host_that_is_one_for_browsers(host: str) -> None:
    server = Server({"GET /x": moved(f"https://{host}/y", Allow_Origin="*"), "GET /y": OK})
    outcome = Browser(server, PAGE).fetch(URL)
    assert [headers["HTTP_HOST"] for _, headers, _ in server.got] == ["api.test", host]
    assert outcome.exchanges[1].request.url == f"https://{host}/y"
