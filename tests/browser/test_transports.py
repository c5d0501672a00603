"""Transports: requests to a WSGI application and over HTTP."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from urllib3.exceptions import NewConnectionError
from werkzeug.serving import WSGIRequestHandler, make_server

from corswsgi.browser import Browser
from tests.browser.scripted import (
    OK,
    PAGE,
    URL,
    Server,
    answer,
    moved,
    sent,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def test_the_environ_of_an_application() -> None:
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


class Lazy:
    """An application that starts its response when the body is read, and counts close() calls."""

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
def test_exceptions_of_an_application_are_not_caught(error: Exception) -> None:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        raise error

    with pytest.raises(type(error), match="first"):
        Browser(application, PAGE).fetch(URL)
    lazy = Lazy(LookupError("later"))
    with pytest.raises(LookupError, match="later"):
        Browser(lazy, PAGE).fetch(URL)
    assert lazy.closed == 1


class Quiet(WSGIRequestHandler):
    """A request handler without a log."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
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
    """A server receives what an application would receive, besides the headers that HTTP adds."""
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


def test_urllib3_does_not_follow_redirects() -> None:
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


def test_a_server_that_cannot_be_reached() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # without listen()
        tab = Browser(f"http://127.0.0.1:{bound.getsockname()[1]}", PAGE)
        with pytest.raises(NewConnectionError):
            tab.fetch("/x")


@pytest.mark.parametrize(
    ("url", "path", "name", "port"),
    [
        ("https://api.test//double/x", "//double/x", "api.test", "443"),
        ("https://api.test/%FF%2f", "/\xff/", "api.test", "443"),
        ("https://[::1]:8/", "/", "::1", "8"),
    ],
)
def test_urls_are_not_changed(url: str, path: str, name: str, port: str) -> None:
    seen: list[tuple[str, ...]] = []

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        names = ("PATH_INFO", "SERVER_NAME", "SERVER_PORT", "REQUEST_URI")
        seen.append(tuple(environ[name] for name in names))
        start_response("200 OK", [])
        return []

    Browser(application, PAGE).fetch(f"{url}?q=%FF")
    assert seen == [(path, name, port, f"{url[url.index('/', 8) :]}?q=%FF")]


def test_write_adds_to_the_body() -> None:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        write = start_response("200 OK", [("Access-Control-Allow-Origin", "*")])
        write(b"hello ")
        return [b"world"]

    assert Browser(application, PAGE).fetch(URL).body == b"hello world"


@pytest.mark.parametrize("is_started", [True, False])
def test_an_error_page_replaces_the_response(is_started: bool) -> None:
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


def test_an_error_after_the_start_of_the_body_is_raised() -> None:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"first"
        try:
            raise LookupError("later")
        except LookupError:
            start_response("500 Oops", [], sys.exc_info())

    with pytest.raises(LookupError, match="later"):
        Browser(application, PAGE).fetch(URL)


@pytest.mark.parametrize(("times", "message"), [(0, "was not called"), (2, "a second time")])
def test_a_response_is_started_once(times: int, message: str) -> None:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        for _ in range(times):
            start_response("200 OK", [])
        return []

    with pytest.raises(RuntimeError, match=message):
        Browser(application, PAGE).fetch(URL)


@pytest.mark.parametrize("host", ["a..b", ".b.test", f"{'a' * 64}.test", "api.test:0"])
def test_all_hosts_that_browsers_accept(host: str) -> None:
    server = Server({"GET /x": moved(f"https://{host}/y", Allow_Origin="*"), "GET /y": OK})
    outcome = Browser(server, PAGE).fetch(URL)
    assert [headers["HTTP_HOST"] for _, headers, _ in server.got] == ["api.test", host]
    assert outcome.exchanges[1].request.url == f"https://{host}/y"
