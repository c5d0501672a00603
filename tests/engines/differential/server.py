"""The server: it answers as the cases define, records requests, and serves the page."""

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

from tests.engines.differential.cases import Answer, Case

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGE = Path(__file__).with_name("page.html").read_bytes()

Received = tuple[str, ...]
"""A request that the server received: method, host, path and the headers relevant to CORS."""

RECORDED = (
    *("HTTP_ORIGIN", "HTTP_ACCESS_CONTROL_REQUEST_METHOD", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
    *("HTTP_AUTHORIZATION", "CONTENT_TYPE", "HTTP_X_A", "HTTP_X_B"),
    *("HTTP_CONTENT_LANGUAGE", "HTTP_IF_NONE_MATCH", "HTTP_X_REQUESTED_WITH"),
)


COOKIE = "known=1"
FIRST = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "PUT")]


class Origins(NamedTuple):
    """The origins of this run: of the page, of the server and of a third party."""

    page: str
    api: str
    other: str


class CaseServer:
    """Serves cases at ``/{client}/{number}/...``, and records requests by client and number."""

    def __init__(self, cases: Mapping[int, Case]) -> None:
        self.cases = cases
        self.received: dict[tuple[str, int], list[Received]] = defaultdict(list)
        self.posted: Callable[[str, dict[str, Any]], None] = lambda _client, _results: None
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
            client = environ["QUERY_STRING"]
            cases = [self._case_as_json(client, number) for number in self.cases]
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

    def _case_as_json(self, client: str, number: int) -> dict[str, Any]:
        """Return a case as JSON for the page."""
        inits = [fetch.init() for fetch in self.cases[number].fetches]
        return {"number": number, "url": self.url(client, number), "inits": inits}

    def url(self, client: str, number: int) -> str:
        """Return the URL of a case."""
        origin = self.origins.page if self.cases[number].is_same_origin else self.origins.api
        return f"{origin}/{client}/{number}/0"

    def _answer(self, environ: WSGIEnvironment, client: str, number: int, rest: str) -> Answer:
        """Record the request, and return its answer with the placeholders replaced."""
        case = self.cases[number]
        host = environ["HTTP_HOST"]
        target = environ["REQUEST_METHOD"], host, rest
        is_preflight = "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        # Engines encode a given Accept header differently, which is irrelevant to CORS.
        accept = environ.get("HTTP_ACCEPT", "") if is_preflight else ""
        # Browsers have no cookies for the third origin, because it has another host. The model
        # sends its cookies to every host.
        has_cookie = COOKIE in environ.get("HTTP_COOKIE", "") and not host.startswith("localhost")
        cookie = "cookie" if has_cookie else ""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        lines = (environ.get(name, "") for name in RECORDED)
        with self._lock:
            self.received[client, number].append((*target, accept, cookie, body, *lines))
        # The URLs of a chain of redirects end in 0, 1, 2. If an engine joins several Locations, a
        # comma follows.
        position = int(rest.partition(",")[0] or 0)
        method = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
        answers = case.answers
        if environ["REQUEST_METHOD"] == "OPTIONS" and method is not None:
            answers = case.preflights
        answer = answers[min(position, len(answers) - 1)]
        directory = f"/{client}/{number}"
        replacements = {
            "{method}": method or "",
            "{asked}": environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", ""),
            "@{api}": "@" + self.origins.api.partition("//")[2],
            "@{page}": "@" + self.origins.page.partition("//")[2],
            "//{api}": "//" + self.origins.api.partition("//")[2],
            "{page}/next": f"{self.origins.page}{directory}/{position + 1}",
            "{api}/next": f"{self.origins.api}{directory}/{position + 1}",
            "{other}/next": f"{self.origins.other}{directory}/{position + 1}",
            "{page}": self.origins.page,
            "{api}": self.origins.api,
            "{other}": self.origins.other,
        }

        def fill(name: str, value: str) -> str:
            for placeholder, text in replacements.items():
                value = value.replace(placeholder, text)
            if name == "Location":
                value = re.sub(r"[/\\]?next", f"{directory}/{position + 1}", value)
            return value

        return Answer(answer.status, tuple((name, fill(name, v)) for name, v in answer.headers))


class Quiet(WSGIRequestHandler):
    """A request handler without a log. It accepts methods in lower case, unlike waitress."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextmanager
def listening(app: WSGIApplication) -> Iterator[tuple[int, int]]:
    """Serve an application on two ports: one for the page and one for the server."""
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
