"""CORSMiddleware: the WSGI protocol, policy callables, nested middlewares, configuration."""

from __future__ import annotations

import contextlib
import gc
import io
import logging
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any
from wsgiref.util import FileWrapper

import pytest
from a2wsgi import ASGIMiddleware
from django.core.handlers.asgi import ASGIHandler
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from corswsgi import CORSMiddleware, CORSRequest, Decision, Policy, PolicyError, decide
from corswsgi.responses import preflight_response
from tests.conformance.cases import APP, EVIL, asking, from_, grants
from tests.helpers.wsgi import Application, Pairs, environ_of, get, send

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ONE = Policy(origins=[APP])
OTHER = Policy(origins=["https://other.test"], supports_credentials=True)
KEY = "corswsgi.decision"


def granted(response: Any) -> bool:
    return bool(response.cors == grants())


def test_a_middleware_that_is_entered_again() -> None:
    """The application rewrites the path, and calls the same middleware with the same environ."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/public/a":
            environ["PATH_INFO"] = "/private"
            return middleware(environ, start_response)
        plain(start_response)
        return []

    public = {"/public/*": Policy(origins="*")}
    middleware = CORSMiddleware(app, ONE, resources=public)
    assert send(middleware, environ_of("/public/a", headers=from_(EVIL))).cors == {"Vary": "Origin"}


# The application's body, its ways to answer, and its errors.


class Body:
    """An iterable that counts what is done with it."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = iter(chunks)
        self.asked = self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self.asked += 1
        return next(self.chunks)

    def close(self) -> None:
        self.closed += 1


def plain(start_response: StartResponse) -> Any:
    return start_response("200 OK", [("Content-Type", "text/plain")])


def test_the_body_is_the_applications_own_object() -> None:
    body = Body([b"a", b"b"])

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        plain(start_response)
        return body

    returned = CORSMiddleware(app, ONE)(environ_of(headers=from_(APP)), lambda *_: lambda _: None)
    assert returned is body
    assert (body.asked, body.closed) == (0, 0)
    response = get(CORSMiddleware(app, ONE), headers=from_(APP))
    assert (response.body, body.closed) == (b"ab", 1)


def test_a_stream_is_not_read_ahead_and_may_start_late() -> None:
    log: list[str] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        log.append("runs")
        plain(start_response)
        log.append("started")
        yield b"a"
        log.append("goes on")
        yield b"b"

    for policy in (ONE, lambda environ: ONE):
        log.clear()
        started: list[Any] = []
        body = CORSMiddleware(app, policy)(
            environ_of(headers=from_(APP)),
            lambda *args, log=started: log.append(args),
        )
        assert (log, started) == ([], [])
        chunks = iter(body)
        assert next(chunks) == b"a"
        assert log == ["runs", "started"]
        assert ("Access-Control-Allow-Origin", APP) in started[0][1]
        assert list(chunks) == [b"b"]


def test_write() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        write = plain(start_response)
        write(b"written, ")
        return [b"returned"]

    for policy in (ONE, lambda environ: ONE):
        response = get(CORSMiddleware(app, policy), headers=from_(APP))
        assert response.body == b"written, returned"
        assert granted(response)


def test_file_wrapper() -> None:
    wrapper = FileWrapper(io.BytesIO(b"content"))

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        plain(start_response)
        assert environ["wsgi.file_wrapper"] is FileWrapper
        return wrapper

    environ = environ_of(headers=from_(APP))
    environ["wsgi.file_wrapper"] = FileWrapper
    returned = CORSMiddleware(app, ONE)(environ, lambda *_: lambda _: None)
    assert returned is wrapper, "a server can only send a file itself if it gets its own wrapper"


def test_a_callable_is_called_once_for_two_starts() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        plain(start_response)
        try:
            raise ValueError
        except ValueError:
            start_response("500 Oh", [("Content-Type", "text/plain")], sys.exc_info())
        return []

    for tenant, cors in (("one", grants()), ("none", {})):
        tenants = Tenants()
        headers = [*from_(APP), ("X-Tenant", tenant)]
        assert get(CORSMiddleware(app, tenants), headers=headers).cors == cors
        assert tenants.asked == ["GET"]


@pytest.mark.parametrize("policy", [ONE, lambda environ: ONE], ids=["policy", "callable"])
def test_a_second_start_with_exc_info(policy: Any) -> None:
    lengths: list[int] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            raise ValueError
        except ValueError:
            start_response("500 Oh", [("Content-Type", "text/plain")], sys.exc_info())
        return [b"sorry"]

    started: list[tuple[Any, ...]] = []

    def start_response(*arguments: Any) -> Any:
        started.append(arguments)
        lengths.append(len(arguments))
        return lambda data: None

    CORSMiddleware(app, policy)(environ_of(headers=from_(APP)), start_response)
    assert lengths == [2, 3], "exc_info is handed on if it was given, and only then"
    assert started[1][2][0] is ValueError
    CORSMiddleware(app, lambda environ: None)(environ_of(headers=from_(APP)), start_response)
    assert lengths == [2, 3, 2, 3]
    for _, headers, *_ in started[:2]:
        assert headers == [("Content-Type", "text/plain"), *grants().items()]
    assert granted(get(CORSMiddleware(app, policy), headers=from_(APP)))


def test_an_applications_exception_passes_through() -> None:
    def before(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        raise LookupError

    def half_way(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        plain(start_response)
        yield b"a"
        raise LookupError

    for app in (before, half_way):
        for policy in (ONE, lambda environ: ONE, lambda environ: None):
            with pytest.raises(LookupError):
                send(CORSMiddleware(app, policy), environ_of(headers=from_(APP)))


def test_headers_that_the_application_keeps_and_shares() -> None:
    shared = [("Content-Type", "text/plain"), ("Vary", "Accept")]

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", shared)
        return []

    middleware = CORSMiddleware(app, ONE)
    for origin in (APP, EVIL, APP):
        response = send(middleware, environ_of(headers=from_(origin)))
        response.headers.append(("Evil", "1"))  # a server may do that (PEP 3333)
        assert len(response.headers) == (4 if origin == APP else 3)
    assert shared == [("Content-Type", "text/plain"), ("Vary", "Accept")]


def test_other_headers_stay_in_their_order() -> None:
    own = [("Set-Cookie", "a=1"), ("X-A", "1"), ("Set-Cookie", "b=2"), ("set-cookie", "c=3")]
    for sends in (own, [*own, ("Access-Control-Max-Age", "1")], [("vary", "X"), *own]):
        response = get(CORSMiddleware(Application(sends=sends), ONE), headers=from_(APP))
        kept = [pair for pair in response.headers if pair in own]
        assert kept == own


ONCE: dict[str, Callable[[Any], Any]] = {
    "iterator": iter,
    "tuple": tuple,
    "generator": lambda pairs: (pair for pair in pairs),
    "map": lambda pairs: map(tuple, pairs),
    "items": lambda pairs: dict(pairs).items(),
}
"""Headers that are not a list. Most of these can be read only once."""

AROUND: dict[str, Callable[[Any], Any]] = {
    "policy": lambda app: CORSMiddleware(app, ONE),
    "any origin": lambda app: CORSMiddleware(app, Policy(origins="*")),
    "callable": lambda app: CORSMiddleware(app, lambda environ: ONE),
    "no policy": lambda app: CORSMiddleware(app, lambda environ: None),
    "debug": lambda app: CORSMiddleware(app, ONE, debug=True),
    "debug, callable": lambda app: CORSMiddleware(app, lambda environ: ONE, debug=True),
    "twice": lambda app: CORSMiddleware(CORSMiddleware(app, ONE), OTHER),
    "twice, callables": lambda app: CORSMiddleware(
        CORSMiddleware(app, lambda environ: ONE), lambda environ: OTHER
    ),
    "inner only for another path": lambda app: CORSMiddleware(
        CORSMiddleware(app, resources={"/other": OTHER}), ONE
    ),
}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("kind", ONCE)
def test_headers_that_can_be_read_only_once(
    kind: str, around: str, caplog: pytest.LogCaptureFixture
) -> None:
    fetched = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors")]
    for sends in (
        [("Content-Type", "text/plain")],
        [("X-A", "1"), ("vary", "Accept"), ("X-B", "2")],
        [("X-A", "1"), ("Access-Control-Allow-Origin", "https://b.test"), ("Vary", "Origin")],
        [("Access-Control-Expose-Headers", "X-A"), ("X-A", "1")],
    ):

        def app(environ: WSGIEnvironment, start_response: Any, sends: Pairs = sends) -> list[bytes]:
            make = ONCE[kind] if "once" in environ else list
            start_response("200 OK", make(sends))
            if "twice" in environ:
                try:
                    raise LookupError
                except LookupError:
                    start_response("500 Internal Server Error", make(sends), sys.exc_info())
            return [b"ran"]

        # Two, because each reports a cause once.
        pair = [(AROUND[around](app), {}), (AROUND[around](app), {"once": True})]
        for origin in (APP, EVIL, None):
            request = [*fetched, *([] if origin is None else [("Origin", origin)])]
            for more in ({}, {"twice": True}):
                seen = []
                for middleware, once in pair:
                    caplog.clear()
                    environ = {**environ_of("/", headers=request), **more, **once}
                    response = send(middleware, environ)
                    seen.append((response.status, [*response.headers], caplog.messages))
                assert seen[0] == seen[1]
                assert {*dict(sends)} <= {*dict(seen[1][1])} | {
                    "Access-Control-Allow-Origin",
                    "Access-Control-Expose-Headers",
                }


def test_names_that_clients_choose_do_not_fill_the_memory() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [(environ["HTTP_X_NAME"], "1"), ("Content-Type", "text/plain")])
        return []

    middleware = CORSMiddleware(app, ONE)
    for number in range(1000):
        assert granted(get(middleware, headers=[*from_(APP), ("X-Name", f"x-{number}")]))
    assert len(middleware.unrelated_names) == 256


# Preflights.


def test_a_preflight_does_not_reach_the_application() -> None:
    application = Application()
    response = get(CORSMiddleware(application, ONE), method="OPTIONS", headers=asking())
    assert (response.status, response.body, application.runs) == (204, b"", 0)
    assert not [name for name, _ in response.headers if name.startswith("Content")]
    refused = get(CORSMiddleware(application, ONE), method="OPTIONS", headers=asking(EVIL))
    assert (refused.status, refused.body, application.runs) == (403, b"", 0)
    assert [pair for pair in refused.headers if pair[0] != "Vary"] == [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Length", "0"),
    ]


@pytest.mark.parametrize("level", [logging.WARNING, logging.DEBUG])
@pytest.mark.parametrize("debug", [True, False])
def test_shortcuts_answer_preflights_like_preflight_response(
    level: int, debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(level, "corswsgi")
    policy = Policy(origins=[APP], allow_headers=["X-A"])
    middleware = CORSMiddleware(Application(), policy, debug=debug)
    for pairs in (asking(), asking(EVIL), asking(APP, "CHICKEN"), asking(APP, "PUT", "x-b")):
        environ = environ_of(method="OPTIONS", headers=pairs)
        request = CORSRequest.from_environ(environ)
        decision = decide(policy, request)
        caplog.clear()
        expected = preflight_response(request, decision, policy, debug=debug)
        messages = caplog.messages
        caplog.clear()
        response = send(middleware, environ)
        assert (response.status, response.body) == (expected.status, expected.body)
        assert response.headers == [*expected.headers]
        assert caplog.messages == messages
        assert environ[KEY] == decision


def test_the_answer_to_a_preflight_may_be_changed_by_a_server() -> None:
    middleware = CORSMiddleware(Application(), ONE)
    for origin in (APP, EVIL):
        first = get(middleware, method="OPTIONS", headers=asking(origin))
        expected = first.headers.copy()
        first.headers.append(("Evil", "1"))
        assert get(middleware, method="OPTIONS", headers=asking(origin)).headers == expected


# Policy callables.


class Tenants:
    """A policy for each tenant, by the result of routing; it counts how often it is called."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, environ: WSGIEnvironment) -> Policy | None:
        self.asked.append(environ["REQUEST_METHOD"])
        return {"one": ONE, "other": OTHER}.get(environ.get("routed") or environ["HTTP_X_TENANT"])


def test_a_callable_is_called_once_and_after_routing() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        assert tenants.asked == []
        assert KEY not in environ
        environ["routed"] = "one"
        plain(start_response)
        assert isinstance(environ[KEY], Decision)
        return [b""]

    tenants = Tenants()
    middleware = CORSMiddleware(app, tenants)
    headers = [*from_(APP), ("X-Tenant", "other")]
    assert granted(get(middleware, headers=headers))
    assert tenants.asked == ["GET"]


def test_a_callable_is_called_at_once_for_a_preflight() -> None:
    tenants, application = Tenants(), Application()
    middleware = CORSMiddleware(application, tenants)
    for tenant, origin, status, runs in (
        ("one", APP, 204, 0),
        ("other", APP, 403, 0),
        ("other", "https://other.test", 204, 0),
        ("none", APP, 200, 1),
    ):
        application.runs, tenants.asked = 0, []
        headers = [*asking(origin), ("X-Tenant", tenant)]
        response = get(middleware, method="OPTIONS", headers=headers)
        assert (response.status, application.runs, tenants.asked) == (status, runs, ["OPTIONS"])
    assert response.cors == {}


def test_no_policy_leaves_the_response_alone() -> None:
    own = [("Access-Control-Allow-Origin", "*"), ("Vary", "Accept")]
    for policy in (lambda environ: None, Tenants()):
        headers = [*from_(EVIL), ("X-Tenant", "none")]
        response = get(CORSMiddleware(Application(sends=own), policy), headers=headers)
        assert response.headers == [*own, ("Content-Type", "text/plain")]


def raising(environ: WSGIEnvironment) -> Policy:
    raise KeyError(environ["PATH_INFO"])


async def asynchronous(environ: WSGIEnvironment) -> Policy:
    raise NotImplementedError


class Unshowable:
    def __repr__(self) -> str:
        raise LookupError


@pytest.mark.parametrize(
    "policy",
    [raising, lambda environ: "*", lambda environ: False, lambda environ: Unshowable()],
)
def test_a_callable_that_fails_refuses_and_is_logged(
    policy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    application = Application(sends=[("Access-Control-Allow-Origin", "*")])
    middleware = CORSMiddleware(application, policy)
    for headers in (from_(APP), ()):
        response = get(middleware, "/a%0D%0Ab", headers=headers)
        assert (response.status, response.cors) == (200, {"Vary": "Origin"})
    response = get(middleware, method="OPTIONS", headers=asking())
    assert (response.status, application.runs) == (403, 2)
    (record,) = caplog.records
    assert (record.levelname, vars(record)["reason"]) == ("ERROR", "policy_check_failed")
    assert "\r" not in record.getMessage()
    for _ in range(7):
        assert get(middleware, headers=from_(APP)).cors == {"Vary": "Origin"}
    _, again = caplog.records
    assert (again.levelname, vars(again)["reason"]) == ("ERROR", "policy_check_failed")
    assert "failed again, 10 times so far" in again.getMessage()
    debugging = get(
        CORSMiddleware(application, policy, debug=True), method="OPTIONS", headers=asking()
    )
    assert (debugging.status, len(debugging.cors)) == (403, 1)
    assert b"failed" in debugging.body


# The Decision in the environ, and nested middlewares.


def test_the_decision_is_in_the_environ() -> None:
    for headers, reason in (
        (from_(APP), "origin_allowed"),
        (from_(EVIL), "origin_not_allowed"),
        ((), "no_origin"),
    ):
        for policy in (ONE, lambda environ: ONE):
            environ = environ_of(headers=headers)
            send(CORSMiddleware(Application(), policy), environ)
            assert environ[KEY].reason == reason
    environ = environ_of(method="OPTIONS", headers=asking())
    send(CORSMiddleware(Application(), ONE), environ)
    assert environ[KEY].reason == "preflight_allowed"


LATE_ONE, LATE_OTHER = (lambda environ: ONE), (lambda environ: OTHER)


@pytest.mark.parametrize("outer", [OTHER, LATE_OTHER], ids=["policy", "callable"])
@pytest.mark.parametrize("inner", [ONE, LATE_ONE], ids=["policy", "callable"])
def test_an_inner_decision_stands(outer: Any, inner: Any) -> None:
    nested = CORSMiddleware(CORSMiddleware(Application(), inner), outer)
    assert granted(get(nested, headers=from_(APP)))
    assert get(nested, headers=from_("https://other.test")).cors == {"Vary": "Origin"}
    assert get(nested, headers=from_(EVIL)).cors == {"Vary": "Origin"}
    assert get(nested, headers=()).cors == {"Vary": "Origin"}
    refused = get(nested, method="OPTIONS", headers=asking())
    assert refused.status == 403, "the outer one meets a preflight first"


@pytest.mark.parametrize("outer", [ONE, LATE_ONE], ids=["policy", "callable"])
def test_without_an_inner_decision_the_outer_applies(outer: Any) -> None:
    own = [("Access-Control-Allow-Origin", "*")]
    for inner in (None, lambda environ: None):
        resources = {"/other": OTHER}
        nested = CORSMiddleware(
            CORSMiddleware(Application(sends=own), inner, resources=resources), outer
        )
        assert granted(get(nested, headers=from_(APP)))


@pytest.mark.parametrize("policy", [ONE, LATE_ONE], ids=["policy", "callable"])
def test_the_same_policy_twice_is_the_same_as_once(policy: Any) -> None:
    sends = [("Vary", "Accept"), ("Access-Control-Expose-Headers", "X-A")]
    once = CORSMiddleware(Application(sends=sends), policy)
    for headers in (from_(APP), from_(EVIL), ()):
        assert get(CORSMiddleware(once, policy), headers=headers) == get(once, headers=headers)


@pytest.mark.parametrize("outer", [ONE, LATE_ONE], ids=["policy", "callable"])
@pytest.mark.parametrize("inner", [OTHER, LATE_OTHER, ONE, LATE_ONE])
@pytest.mark.parametrize("starts_first", [False, True])
@pytest.mark.parametrize(
    "own",
    [
        [],
        [("Access-Control-Allow-Origin", "*")],
        [("Vary", "Origin"), ("Access-Control-Allow-Origin", "*")],
    ],
)
def test_a_response_made_between_two_middlewares(
    outer: Any, inner: Any, starts_first: bool, own: list[tuple[str, str]]
) -> None:
    """The outer policy applies to a response that handles the failure of an application."""

    def fails(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        if starts_first:
            plain(start_response)
        raise LookupError

    def answers(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        try:
            CORSMiddleware(fails, inner)(environ, start_response)
        except LookupError:
            start_response("500 Oh", [("Content-Type", "text/plain"), *own], sys.exc_info())
        return [b"sorry"]

    for headers, expected in ((from_(APP), grants()), (from_(EVIL), {"Vary": "Origin"})):
        environ = environ_of(headers=headers)
        response = send(CORSMiddleware(answers, outer), environ)
        assert (response.status, response.cors) == (500, expected)
        assert environ[KEY].allowed == (expected != {"Vary": "Origin"})


@pytest.mark.parametrize("outer", [OTHER, LATE_OTHER], ids=["policy", "callable"])
def test_an_inner_decision_is_recognized_in_any_case(outer: Any) -> None:
    def lowers(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, [(name.lower(), value) for name, value in headers])

        return CORSMiddleware(Application(), ONE)(environ, start)

    response = get(CORSMiddleware(lowers, outer), headers=from_(APP))
    assert response.cors == {name.lower(): value for name, value in grants().items()}


def test_a_response_with_only_the_same_vary_is_another_one() -> None:
    def fails(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        raise LookupError

    def answers(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        with contextlib.suppress(LookupError):
            CORSMiddleware(fails, Policy(origins=[APP], max_age=0))(environ, start_response)
        start_response("500 Oh", [("Content-Type", "text/plain"), ("Vary", "Origin")])
        return []

    outer = CORSMiddleware(answers, Policy(origins=[APP], expose_headers="X-A"))
    assert get(outer, headers=from_(APP)).cors == grants(Expose_Headers="X-A")


# Configuration.


def test_applications_that_are_not_callable_are_refused() -> None:
    wrong: list[Any] = [None, ONE, "app"]
    for app in wrong:
        with pytest.raises(PolicyError) as raised:
            CORSMiddleware(app, ONE)
        assert [problem.option for problem in raised.value.problems] == ["app"]
    swapped: Any = (ONE, Application())
    with pytest.raises(PolicyError) as raised:
        CORSMiddleware(*swapped)
    assert [problem.option for problem in raised.value.problems] == ["policy", "app"]


class OwnFastAPI(Starlette):
    """FastAPI is a subclass of Starlette."""

    __module__ = "fastapi.applications"


async def coroutine_application(scope: Any, receive: Any, send: Any) -> None:
    raise NotImplementedError


class AsyncCallable:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        raise NotImplementedError


STARLETTE_HINT = (
    "use the middleware for ASGI, as in app.add_middleware(starlette.middleware.cors."
    "CORSMiddleware, allow_origins=[...])."
)
ASGI_HINT = (
    "use the CORS middleware of its framework. Or convert it, as in CORSMiddleware(a2wsgi."
    "ASGIMiddleware(app), policy), or write an ASGI middleware with corswsgi.decide()."
)


@pytest.mark.parametrize(
    ("app", "framework", "hint"),
    [
        (Starlette(), " of starlette", STARLETTE_HINT),
        (OwnFastAPI(), " of fastapi", STARLETTE_HINT),
        (type("Own", (OwnFastAPI,), {})(), " of fastapi", STARLETTE_HINT),
        (
            ASGIHandler(),
            " of django",
            "add corswsgi_django to INSTALLED_APPS, and its middleware to MIDDLEWARE.",
        ),
        (coroutine_application, "", ASGI_HINT),
        (partial(coroutine_application), "", ASGI_HINT),
        (AsyncCallable(), "", ASGI_HINT),
    ],
)
def test_asgi_applications_are_refused(app: Any, framework: str, hint: str) -> None:
    with pytest.raises(PolicyError) as raised:
        CORSMiddleware(app, ONE)
    (problem,) = raised.value.problems
    assert (problem.option, problem.value, problem.reason) == ("app", app, "wrong_type")
    said = f" is an ASGI application{framework}, and CORSMiddleware is for WSGI applications."
    assert problem.message.endswith(said)
    assert problem.hint == hint


def test_a_converted_asgi_application() -> None:
    async def hello(request: Any) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app: Any = Starlette(routes=[Route("/", hello)])
    converted: Any = ASGIMiddleware(app)
    response = get(CORSMiddleware(converted, ONE), headers=from_(APP))
    assert (response.body, response.cors) == (b"hello", grants())


def test_wsgi_applications_with_more_parameters() -> None:
    def app(environ: Any, start_response: Any, receive: object = None) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ran"]

    assert get(CORSMiddleware(app, ONE), headers=from_(APP)).cors == grants()


def test_configurations_that_are_refused() -> None:
    wrong: list[tuple[Any, Any, str]] = [
        (None, None, "required"),
        (None, {}, "required"),
        ("*", None, "wrong_type"),
        (["https://a.example"], None, "wrong_type"),
        (asynchronous, None, "coroutine_function"),
        (Policy, None, "wrong_type"),
        (lambda: ONE, None, "wrong_type"),
        (lambda environ, start_response: ONE, None, "wrong_type"),
        (ONE, ["/a"], "wrong_type"),
        (ONE, "/a", "wrong_type"),
        (ONE, {"/a": LATE_ONE}, "wrong_type"),
    ]
    for policy, resources, reason in wrong:
        with pytest.raises(PolicyError) as raised:
            CORSMiddleware(Application(), policy, resources=resources)
        assert [problem.reason for problem in raised.value.problems] == [reason]
        if reason != "required":
            middleware = CORSMiddleware(Application(), ONE)
            with pytest.raises(PolicyError):
                middleware.reconfigure(policy, resources=resources)
            assert granted(get(middleware, headers=from_(APP))), "the old one stays in force"


def test_a_callable_whose_signature_is_not_known() -> None:
    class Unknown:
        @property
        def __signature__(self) -> object:
            raise LookupError

        def __call__(self, environ: object) -> Policy:
            return ONE

    assert granted(get(CORSMiddleware(Application(), Unknown()), headers=from_(APP)))


def test_reconfigure() -> None:
    own = [("Access-Control-Allow-Origin", "*")]
    middleware = CORSMiddleware(Application(sends=own), ONE, resources={"/off": None})
    assert get(middleware, "/off", headers=from_(APP)).cors == dict(own)
    middleware.reconfigure(OTHER)
    assert get(middleware, "/off", headers=from_(APP)).cors == {"Vary": "Origin"}
    middleware.reconfigure(None)
    assert get(middleware, headers=from_(APP)).cors == dict(own)
    assert get(middleware, method="OPTIONS", headers=asking()).status == 200
    middleware.reconfigure(None, resources={"/on": ONE})
    assert granted(get(middleware, "/on", headers=from_(APP)))
    middleware.reconfigure(LATE_ONE)
    assert granted(get(middleware, headers=from_(APP)))


def test_a_request_that_has_begun_keeps_its_policy() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        middleware.reconfigure(OTHER)
        plain(start_response)
        yield b""

    middleware = CORSMiddleware(app, ONE)
    assert granted(get(middleware, headers=from_(APP)))
    middleware.reconfigure(ONE, resources={"/x": ONE})
    assert granted(get(middleware, "/x", headers=from_(APP)))


def test_the_path_is_read_before_the_application_may_change_it() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = environ["PATH_INFO"], ""
        plain(start_response)
        return []

    middleware = CORSMiddleware(app, resources={"/mounted": ONE})
    assert granted(send(middleware, environ_of("/mounted", headers=from_(APP))))


def test_an_empty_path_is_the_root() -> None:
    environ = environ_of(headers=from_(APP))
    for path in ("", None):
        environ["PATH_INFO"] = path
        if path is None:
            del environ["PATH_INFO"]
        middleware = CORSMiddleware(Application(), resources={"/": ONE})
        assert granted(send(middleware, environ))


def test_threads_get_one_policy_or_the_other() -> None:
    """Several threads send requests while another one reconfigures."""
    public = Policy(origins="*", expose_headers="X-Public")
    policies = [
        (ONE, {"/x": None}),
        (OTHER, None),
        (public, {"/x": public}),
        (None, None),
        (lambda environ: OTHER, None),
    ]
    own = [("Access-Control-Max-Age", "own")]
    middleware = CORSMiddleware(Application(sends=own), ONE)
    requests = [
        ("GET", "/", from_(APP)),
        ("GET", "/x", from_("https://other.test")),
        ("OPTIONS", "/x", asking()),
        ("GET", "/", ()),
    ]

    def answers(path: str, method: str, headers: Any) -> str:
        response = send(middleware, environ_of(path, method, headers))
        return f"{response.status} {sorted(response.headers)}"

    consistent: list[set[str]] = [set() for _ in requests]
    for policy, resources in policies:
        middleware.reconfigure(policy, resources=resources)
        for number, (method, path, headers) in enumerate(requests):
            consistent[number].add(answers(path, method, headers))
    wrong: list[str] = []
    done = threading.Event()

    def ask() -> None:
        for turn in range(3000):
            number = turn % len(requests)
            method, path, headers = requests[number]
            answer = answers(path, method, headers)
            wrong.extend({answer} - consistent[number])

    def reconfigure() -> None:
        while not done.is_set():
            for policy, resources in policies:
                middleware.reconfigure(policy, resources=resources)

    changing = threading.Thread(target=reconfigure)
    asking_threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in (changing, *asking_threads):
        thread.start()
    for thread in asking_threads:
        thread.join()
    done.set()
    changing.join()
    assert wrong == []
    assert all(len(answers) > 1 for answers in consistent)


def test_refused_origins_among_exact_ones_are_not_kept() -> None:
    policy = Policy(origins=[APP])
    middleware = CORSMiddleware(Application(), policy)
    for number in range(10):
        get(middleware, headers=from_(f"https://a{number}.test"))
    get(middleware, headers=from_(APP))
    assert policy.compiled._cached.keys() == {APP, "null"}  # noqa: SLF001


def test_nothing_keeps_a_policy_alive() -> None:
    policy = Policy(origins=["https://*.example.org"])
    middleware = CORSMiddleware(Application(), policy)
    get(middleware, headers=from_("https://a.example.org"))
    compiled = weakref.ref(policy.compiled)
    middleware.reconfigure(ONE)
    del policy
    gc.collect()
    assert compiled() is None


STRICT = Policy(origins=["https://strict.test"])
PUBLIC = Policy(origins="*")


def test_the_innermost_refusal_stands() -> None:
    """The outermost and the innermost refusal are equal, and the same object."""
    own = [("Access-Control-Allow-Origin", "*")]
    for sends in ((), own):
        innermost = CORSMiddleware(Application(sends=sends), STRICT)
        between = CORSMiddleware(innermost, lambda environ: PUBLIC)
        environ = environ_of(headers=from_(EVIL))
        response = send(CORSMiddleware(between, STRICT), environ)
        assert response.cors == {"Vary": "Origin"}
        assert (environ[KEY].allowed, environ[KEY].reason) == (False, "origin_not_allowed")


@pytest.mark.parametrize("outer", [STRICT, lambda environ: STRICT], ids=["policy", "callable"])
@pytest.mark.parametrize("middle", [PUBLIC, lambda environ: PUBLIC], ids=["policy", "callable"])
@pytest.mark.parametrize("inner", [STRICT, lambda environ: STRICT], ids=["policy", "callable"])
def test_three_middlewares_answer_like_the_innermost(outer: Any, middle: Any, inner: Any) -> None:
    innermost = CORSMiddleware(Application(), inner)
    nested = CORSMiddleware(CORSMiddleware(innermost, middle), outer)
    for headers in ((), from_(EVIL), from_("https://strict.test")):
        assert get(nested, headers=headers) == get(innermost, headers=headers)


def test_the_applications_own_header_is_not_widened() -> None:
    own = [("Access-Control-Allow-Origin", APP), ("Vary", "Origin")]
    for policy in (PUBLIC, lambda environ: PUBLIC):
        middleware = CORSMiddleware(Application(sends=own), policy)
        for headers in ((), from_(APP), from_(EVIL)):
            assert get(middleware, headers=headers).cors == dict(own)


def test_a_decision_of_an_outer_middleware_does_not_keep_a_callable_from_deciding() -> None:
    inner = CORSMiddleware(
        Application(sends=[("Vary", "Origin")]), lambda environ: Policy(origins="*")
    )
    outer = CORSMiddleware(inner, Policy(origins=[APP]))
    assert get(outer).cors == {"Access-Control-Allow-Origin": "*", "Vary": "Origin"}


def test_all_problems_of_a_policy_and_resources_are_reported() -> None:
    policy: Any = 5
    resources: Any = [("/api/*", None)]
    with pytest.raises(PolicyError) as raised:
        CORSMiddleware(Application(), policy, resources=resources)
    assert [(problem.option, problem.reason) for problem in raised.value.problems] == [
        ("policy", "wrong_type"),
        ("resources", "wrong_type"),
    ]


@pytest.mark.parametrize("policy", [ONE, lambda environ: ONE])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_refusals_are_logged_at_level_debug(
    policy: Any, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "corswsgi")
    app = Application()
    middleware = CORSMiddleware(app, policy)
    send(middleware, environ_of("/a", method, from_(APP)))
    assert caplog.messages == []
    send(middleware, environ_of("/a", method, from_(EVIL)))
    assert caplog.messages == [
        f"refused '{method}' '/a' from the origin '{EVIL}': origin_not_allowed"
    ]
