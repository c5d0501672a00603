"""`Browser`: its arguments, cookies and headers."""

from __future__ import annotations

import importlib
import sys
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

import pytest

import corswsgi
from corswsgi.browser import Browser, Credentials, Mode, PreflightCache
from tests.browser.scripted import (
    ACCEPT,
    API,
    OK,
    PAGE,
    URL,
    Server,
    actual,
    answer,
    browser,
    moved,
    sent,
)

if TYPE_CHECKING:
    pass


@pytest.mark.parametrize(
    ("origin", "suggestion"),
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
def test_invalid_origins(origin: Any, suggestion: str | None) -> None:
    with pytest.raises(ValueError, match="origin") as caught:
        Browser(Server({}), origin)
    assert str(caught.value) == (
        f"origin is {origin!r}, but must be written as browsers send it: scheme://host, "
        f"scheme://host:port or null.{f' Did you mean {suggestion!r}?' if suggestion else ''}"
    )


class Asynchronous:
    async def __call__(self, scope: object, receive: object, send: object) -> None:
        raise NotImplementedError


async def asynchronous(scope: object, receive: object, send: object) -> None:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (None, "^target is None, but must be a WSGI application or the base URL of a server"),
        (
            object(),
            "^target is <object object .*If it is a test client, pass its application instead",
        ),
        (
            Asynchronous(),
            "is an ASGI application, but must be a WSGI application or the base URL of a server",
        ),
        (
            asynchronous,
            "is an ASGI application, but must be a WSGI application or the base URL of a server",
        ),
    ],
)
def test_invalid_targets(target: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Browser(target, PAGE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": None}, r"^method is None, which is not a valid HTTP method\.$"),
        ({"method": "PUT", "body": {"a": 1}}, r"^body is {'a': 1}, but must be str or bytes"),
        ({"headers": {"X-A": 1}}, r"^headers contains 'X-A': 1, which is not a valid header\.$"),
        (
            {"headers": [(b"X-A", "1")]},
            r"^headers contains b'X-A': '1', which is not a valid header\.$",
        ),
        ({"headers": "X-A: 1"}, r"^headers is 'X-A: 1', but must be a mapping or pairs, "),
    ],
)
def test_arguments_of_other_types(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        browser().fetch(URL, **arguments)


def test_the_cookies_of_a_test_client_are_morsels() -> None:
    cookies = SimpleCookie({"session": "1"})
    assert Browser(Server({}), PAGE, cookies=cookies).cookies == {"session": "1"}


@pytest.mark.parametrize("origin", ["null", "http://localhost:3000", "https://[::1]"])
def test_origins(origin: str) -> None:
    assert Browser(Server({}), origin).origin == origin


@pytest.mark.parametrize("base", ["localhost:8000", "/x", "", "mailto:a@b", "http://["])
def test_invalid_base_urls(base: str) -> None:
    cases: list[dict[str, Any]] = [{"target": base}, {"target": Server({}), "base_url": base}]
    for arguments in cases:
        with pytest.raises(ValueError, match="absolute URL") as caught:
            Browser(origin=PAGE, **arguments)
        assert str(caught.value) == (
            f"{[*arguments][-1]} is {base!r}, which is not an absolute URL with http or https, "
            "such as 'http://localhost:8000'."
        )


MODES = "one of 'cors', 'no-cors', 'same-origin'."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"url": "https://["}, "url is 'https://[', which is not a valid URL."),
        *(
            (
                {"url": url},
                (
                    f"url is {url!r}, but must not include a user name or a password. To send them,"
                    " set the header Authorization."
                ),
            )
            for url in ("https://user@api.test/", "https://:password@api.test/")
        ),
        *(
            ({"method": method}, f"method is {method!r}, which is not a valid HTTP method.")
            for method in ("", "P T", "PUT\n", "G\xcbT")
        ),
        (
            {"credentials": "Include"},
            "credentials is 'Include', but must be one of 'omit', 'same-origin', 'include'.",
        ),
        ({"mode": "navigate"}, f"mode is 'navigate', but must be {MODES}"),
        ({"mode": None}, f"mode is None, but must be {MODES}"),
        ({"body": ""}, "A request with the method GET cannot have a body."),
        ({"method": "head", "body": b"x"}, "A request with the method HEAD cannot have a body."),
        ({"headers": {"X A": "1"}}, "headers contains 'X A': '1', which is not a valid header."),
        ({"headers": {"": "1"}}, "headers contains '': '1', which is not a valid header."),
        (
            {"headers": {"X-A": "a\nb"}},
            "headers contains 'X-A': 'a\\nb', which is not a valid header.",
        ),
        (
            {"headers": [("X-A", "a\0")]},
            "headers contains 'X-A': 'a\\x00', which is not a valid header.",
        ),
        (
            {"headers": [("Cookie", "\u20ac")]},
            "headers contains 'Cookie': '\u20ac', which is not a valid header.",
        ),
    ],
)
def test_invalid_arguments(arguments: dict[str, Any], message: str) -> None:
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


def test_a_header_may_be_repeated() -> None:
    server = Server({"GET /x": OK})
    outcome = Browser(server, PAGE).fetch(URL, headers=[("Accept", "a/b"), ("Accept", "c/d")])
    assert sent(outcome) == [
        ("actual", f"GET {URL}", "Accept: a/b", "Accept: c/d", f"Origin: {PAGE}")
    ]
    (request,) = server.got
    assert request[1]["HTTP_ACCEPT"] == "a/b, c/d"


def test_headers_that_scripts_cannot_set_are_ignored() -> None:
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
        # A large form is sent as it is.
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


def test_repr() -> None:
    tab = Browser(Server({}), PAGE, base_url="https://API.test/v1")
    assert repr(tab) == "<Browser on a page of https://page.test, for https://api.test/v1>"
    tab = Browser("http://localhost:8000", "null")
    assert repr(tab) == "<Browser on a page of null, for http://localhost:8000/>"


@pytest.mark.parametrize("missing", ["ada_url", "urllib3"])
def test_a_missing_requirement_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*sys.modules]:
        if name.startswith("corswsgi.browser"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(corswsgi, "browser")
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module("corswsgi.browser")
    assert (str(caught.value), caught.value.name) == (
        f"corswsgi.browser needs {missing}: pip install 'corswsgi[browser]'",
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
def test_other_schemes_are_not_supported(origin: str, url: str, mode: Mode) -> None:
    server = Server({})
    message = f"^url is '{url}', but corswsgi.browser supports the schemes http and https only\\.$"
    with pytest.raises(ValueError, match=message):
        Browser(server, origin).fetch(url, mode=mode)
    assert server.got == []
