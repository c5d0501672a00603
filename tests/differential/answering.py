"""The application that answers as cases say, records what it was asked, and serves the page."""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.differential.cases import Answer, Case

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGE = Path(__file__).with_name("page.html").read_bytes()

Asked = tuple[str, ...]
"""A request as the server has seen it: method, host and path, and headers that CORS is about."""

ASKED = (
    *("HTTP_ORIGIN", "HTTP_ACCESS_CONTROL_REQUEST_METHOD", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
    *("HTTP_AUTHORIZATION", "CONTENT_TYPE", "HTTP_X_A", "HTTP_X_B"),
    *("HTTP_CONTENT_LANGUAGE", "HTTP_IF_NONE_MATCH", "HTTP_X_REQUESTED_WITH"),
)


COOKIE = "known=1"
FIRST = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "PUT")]


class Origins(NamedTuple):
    """Who is who, for this run."""

    page: str
    api: str
    other: str


class Answering:
    """Cases by their address, ``/{who}/{number}/...``; what it was asked, by the same."""

    def __init__(self, cases: Mapping[int, Case]) -> None:
        self.cases = cases
        self.asked: dict[tuple[str, int], list[Asked]] = defaultdict(list)
        self.posted: Callable[[str, dict[str, Any]], None] = lambda _who, _results: None
        self.origins = Origins("", "", "")
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        path = environ["PATH_INFO"]
        body, headers, status = b"", [("Content-Type", "text/plain")], 200
        if path == "/":
            body, headers = PAGE, [("Content-Type", "text/html"), ("Set-Cookie", COOKIE)]
        elif match := re.fullmatch(r"/(\w+)/(\d+)/(.*)", path):
            answer = self._answer(environ, match[1], int(match[2]), match[3])
            status, headers = answer.status, [*headers, *answer.headers]
        elif path == "/cases":
            who = environ["QUERY_STRING"]
            cases = [self._told(who, number) for number in self.cases]
            body = json.dumps({"first": f"{self.origins.api}/first", "cases": cases}).encode()
        elif path == "/first":
            headers += FIRST
        elif path.startswith("/results/"):
            length = int(environ["CONTENT_LENGTH"])
            self.posted(path[9:], json.loads(environ["wsgi.input"].read(length)))
        headers = [("Cache-Control", "no-store"), *headers]
        bodiless = status == 204 or environ["REQUEST_METHOD"] == "HEAD"
        if not bodiless:
            headers.append(("Content-Length", str(len(body))))
        start_response(f"{status} Status", headers)
        return [] if bodiless else [body]

    def _told(self, who: str, number: int) -> dict[str, Any]:
        """Write a case for the page."""
        inits = [fetch.init() for fetch in self.cases[number].fetches]
        return {"number": number, "url": self.address(who, number), "inits": inits}

    def address(self, who: str, number: int) -> str:
        start = self.origins.page if self.cases[number].is_own else self.origins.api
        return f"{start}/{who}/{number}/0"

    def _answer(self, environ: WSGIEnvironment, who: str, number: int, rest: str) -> Answer:
        """Find the answer, and fill in what its values stand for; record the request."""
        case = self.cases[number]
        host = environ["HTTP_HOST"]
        asked = environ["REQUEST_METHOD"], host, rest
        is_preflight = "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        # What script says of Accept is not CORS' matter; engines do not agree on its encoding.
        accept = environ.get("HTTP_ACCEPT", "") if is_preflight else ""
        # Cookies are a host's, whatever the port. The third origin is another host, of which
        # engines have none; the model does not know that.
        has_cookie = COOKIE in environ.get("HTTP_COOKIE", "") and not host.startswith("localhost")
        cookie = "cookie" if has_cookie else ""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        lines = (environ.get(name, "") for name in ASKED)
        with self._lock:
            self.asked[who, number].append((*asked, accept, cookie, body, *lines))
        # Addresses on the way are 0, 1, 2; where Locations were joined, there is more behind that.
        hop = int(rest.partition(",")[0] or 0)
        method = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
        known = case.answers
        if environ["REQUEST_METHOD"] == "OPTIONS" and method is not None:
            known = case.preflights
        answer = known[min(hop, len(known) - 1)]
        directory = f"/{who}/{number}"
        filled = {
            "{method}": method or "",
            "{asked}": environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", ""),
            "@{api}": "@" + self.origins.api.partition("//")[2],
            "@{page}": "@" + self.origins.page.partition("//")[2],
            "//{api}": "//" + self.origins.api.partition("//")[2],
            "{page}/next": f"{self.origins.page}{directory}/{hop + 1}",
            "{api}/next": f"{self.origins.api}{directory}/{hop + 1}",
            "{other}/next": f"{self.origins.other}{directory}/{hop + 1}",
            "{page}": self.origins.page,
            "{api}": self.origins.api,
            "{other}": self.origins.other,
        }

        def fill(name: str, value: str) -> str:
            for mark, text in filled.items():
                value = value.replace(mark, text)
            if name == "Location":
                value = re.sub(r"[/\\]?next", f"{directory}/{hop + 1}", value)
            return value

        return Answer(answer.status, tuple((name, fill(name, v)) for name, v in answer.headers))


class Quiet(WSGIRequestHandler):
    """Says nothing; and takes methods in lower case, which waitress refuses."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextmanager
def listening(app: WSGIApplication) -> Iterator[tuple[int, int]]:
    """Serve an application on two ports of the loopback: for the page, and for the server."""
    servers = [
        make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet) for _ in range(2)
    ]
    threads = [threading.Thread(target=server.serve_forever, args=(0.05,)) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield servers[0].port, servers[1].port
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join(20)
            server.server_close()
