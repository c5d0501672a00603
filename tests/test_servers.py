"""The middleware behind gunicorn and waitress, over real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from corswsgi import CORSMiddleware
from tests.helpers.servers import WSGI_SERVERS, Received, raw, serving
from tests.helpers.wsgi import get
from tests.served import APP, served
from tests.soaked import ONE, POLICIES, TWO, application, soaked

Pairs = tuple[tuple[str, str], ...]

PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


@pytest.fixture(scope="module", params=WSGI_SERVERS)
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with serving(request.param, "tests.served:served") as port:
        yield port


GRANTED = (
    ("Access-Control-Allow-Origin", APP),
    ("Access-Control-Expose-Headers", "X-Request-Id"),
    ("Vary", "Accept, Origin"),
)
ADMITTED = (
    ("Access-Control-Allow-Headers", "X-A, X-B"),
    ("Access-Control-Allow-Methods", "PUT"),
    ("Access-Control-Allow-Origin", APP),
    ("Access-Control-Max-Age", "600"),
    ("Vary", PREFLIGHT_VARY),
)


def test_several_requests_on_one_connection(port: int) -> None:
    """HTTP/1.1 keep-alive: each answer is complete and does not affect the next one."""
    ask = f"OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: {APP}\r\nAccess-Control-Request-Method: "
    get = f"GET /missing HTTP/1.1\r\nHost: a\r\nOrigin: {APP}\r\n\r\n"
    missing = tuple((name, value.replace("Accept, ", "")) for name, value in GRANTED)
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        for _ in range(3):
            refused = (("Vary", PREFLIGHT_VARY),)
            assert raw(connection, f"{ask}DELETE\r\n\r\n") == (403, refused, b"")
            assert raw(connection, get) == (404, missing, b"missing")
        # Last, because waitress closes a connection after any 204.
        assert raw(connection, f"{ask}PUT\r\n\r\n") == (204, ADMITTED, b"")


@pytest.mark.parametrize(
    ("origin", "expected"),
    [(APP, GRANTED), ("https://evil.test", GRANTED[-1:]), (f"{APP}/", GRANTED[-1:])],
)
def test_a_streamed_body(port: int, origin: str, expected: Pairs) -> None:
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        request = f"GET / HTTP/1.1\r\nHost: a\r\nOrigin: {origin}\r\n\r\n"
        assert raw(connection, request) == (200, expected, b"one two three")


def test_two_lines_of_one_header(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        lines = "Access-Control-Request-Headers: x-a\r\nAccess-Control-Request-Headers: x-b\r\n"
        request = (
            f"OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: {APP}\r\n"
            f"Access-Control-Request-Method: PUT\r\n{lines}\r\n"
        )
        assert raw(connection, request) == (204, ADMITTED, b"")
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        twice = f"Origin: {APP}\r\nOrigin: {APP}\r\n"
        refused = raw(connection, f"GET /missing HTTP/1.1\r\nHost: a\r\n{twice}\r\n")
        assert refused.cors in ((("Vary", "Origin"),), ()), "two origins are not a valid one"


def test_hostile_bytes(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        origin = "https://\xe9\xff.test"
        response = raw(connection, f"GET / HTTP/1.1\r\nHost: a\r\nOrigin: {origin}\r\n\r\n")
        # A server may refuse such a request itself, with no header of ours.
        assert response.cors in (GRANTED[-1:], ())


def test_the_served_application_is_correct_wsgi() -> None:
    for path, body in (("/", b"one two three"), ("/missing", b"missing")):
        assert get(served, path, headers=[("Origin", APP)]).body == body


def consistent(request: str) -> set[Received]:
    """Return the answers to a request under each policy of the soaked application alone."""
    lines = request.strip().splitlines()
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines[2:])]
    answers: set[Received] = set()
    for policy in POLICIES:
        middleware = CORSMiddleware(application, POLICIES[0])
        middleware.reconfigure(policy)
        response = get(middleware, method=lines[0].partition(" ")[0], headers=headers)
        answers.add(Received(response.status, tuple(sorted(response.cors.items())), b""))
    return answers


REQUESTS = [
    f"{method} / HTTP/1.1\r\nHost: a\r\nOrigin: {origin}\r\n{asks}\r\n"
    for method, asks in (("GET", ""), ("OPTIONS", "Access-Control-Request-Method: PUT\r\n"))
    for origin in (ONE, TWO)
]


@pytest.mark.parametrize("server", WSGI_SERVERS)
def test_a_soak_while_the_policy_changes(server: str) -> None:
    """Each answer is that of exactly one policy."""
    expected = {request: consistent(request) for request in REQUESTS}
    seen: dict[str, set[Received]] = {request: set() for request in REQUESTS}

    def ask(port: int, request: str) -> None:
        # A connection for each: waitress closes one after a 204.
        for _ in range(300):
            with socket.create_connection(("127.0.0.1", port), 10) as connection:
                seen[request].add(raw(connection, request))

    with serving(server, "tests.soaked:soaked") as port:
        threads = [threading.Thread(target=ask, args=(port, request)) for request in REQUESTS * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for request in REQUESTS:
        assert seen[request] <= expected[request]
        assert len(seen[request]) > 1, "the policy has changed"


def test_the_policy_of_the_soaked_application_changes() -> None:
    deadline = time.monotonic() + 10
    answers: set[str] = set()
    while len(answers) < len(POLICIES) and time.monotonic() < deadline:
        answers.add(str(get(soaked, headers=[("Origin", ONE)]).headers))
    assert len(answers) == len(POLICIES)
