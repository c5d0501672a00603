"""Requests that bypass the middleware are handled like all others."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from threading import Barrier, Event
from types import ModuleType
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from a2wsgi import ASGIMiddleware
from flask import (
    Flask,
    Response,
    abort,
    redirect,
    request,
    request_finished,
    request_started,
    session,
)
from werkzeug.debug import DebuggedApplication
from werkzeug.middleware.proxy_fix import ProxyFix

from corswsgi import CORSMiddleware, Policy, PolicyError
from corswsgi.browser import Browser
from corswsgi_flask import CORS, cors, current_cors
from tests.conformance.cases import APP, EVIL, Pairs, admits, grants
from tests.flask.crossing import NO_POLICY, Crossing, cross, plain, preflight, problems_of
from tests.helpers.wsgi import environ_of, get, send

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

EXPOSED = grants("*", None, Expose_Headers="X-V")
OPTIONS: Any = {"origins": [APP], "expose_headers": ["X-V"]}

mark = cors(expose_headers=["X-V"])


def fails() -> str:
    raise LookupError("secret")


def streamed() -> Response:
    def chunks() -> Iterator[str]:
        yield from ("a", "b", "c")

    return Response(chunks())


def remembered() -> str:
    session["seen"] = True
    return "remembered"


def stray() -> Response:
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"}
    return Response("stray", headers=headers)


VIEWS: dict[str, Callable[[], Any]] = {
    "/plain": lambda: "plain",
    "/slash/": lambda: "slash",
    "/abort": lambda: abort(403),
    "/fails": fails,
    "/handled": lambda: 1 / 0,
    "/streamed": streamed,
    "/remembered": remembered,
    "/stray": stray,
    "/redirect": lambda: redirect("/plain"),
    "/current": lambda: current_cors.reason,
}


class Application(Flask):
    """An application that has many kinds of responses, and records which hooks run."""

    def __init__(self, *, decorate: bool, authenticate: bool = False) -> None:
        super().__init__("fallback")
        self.secret_key = "secret"
        self.runs: list[str] = []
        self.register_error_handler(ZeroDivisionError, lambda _error: ("handled", 409))
        for path, view in VIEWS.items():
            view_func = cors(**OPTIONS)(lambda view=view: view()) if decorate else view
            self.add_url_rule(path, path, view_func)

        @self.before_request
        def before() -> tuple[str, int] | None:
            self.runs.append(f"{request.method} {request.path}")
            return ("Log in first.", 401) if authenticate else None


def older_wsgi_app(app: Flask) -> WSGIApplication:
    served = app.wsgi_app
    CORS(app, **OPTIONS)
    return served


def older_proxy_fix(app: Flask) -> WSGIApplication:
    served = ProxyFix(app.wsgi_app)
    CORS(app, **OPTIONS)
    return served


def extension(app: Flask) -> WSGIApplication:
    CORS(app, **OPTIONS)
    return app


def extension_without_policy(app: Flask) -> WSGIApplication:
    CORS(app, policy=None)
    return app


# Whether views are decorated, the tested set-up, and one in which all requests come through.
SETUPS = [
    pytest.param(False, older_wsgi_app, extension, id="older wsgi_app"),
    pytest.param(False, older_proxy_fix, extension, id="older ProxyFix"),
    pytest.param(True, lambda app: app, extension_without_policy, id="@cors alone"),
    pytest.param(
        True, lambda app: app.wsgi_app, extension_without_policy, id="@cors alone, older wsgi_app"
    ),
]
WITHOUT_REFERENCE = [pytest.param(*setup.values[:2], id=setup.id) for setup in SETUPS]
ASKS: Pairs = [("Access-Control-Request-Method", "PUT")]
REQUESTS = [
    (method, path, [("Origin", origin), *headers])
    for path in [*VIEWS, "/slash", "/missing"]
    for method, headers in (("GET", []), ("HEAD", []), ("POST", []), ("OPTIONS", ASKS))
    for origin in (APP, EVIL)
] + [("GET", "/plain", []), ("OPTIONS", "/plain", [("Origin", APP)])]


@pytest.mark.parametrize("authenticate", [False, True])
@pytest.mark.parametrize(("decorate", "setup", "reference"), SETUPS)
def test_every_response_is_the_same(
    decorate: bool, setup: Any, reference: Any, authenticate: bool, subtests: pytest.Subtests
) -> None:
    """It is the same as that to a request that came through, from the first request on."""
    for method, path, headers in REQUESTS:
        with subtests.test(method=method, path=path, headers=headers):
            expected_app = Application(decorate=decorate, authenticate=authenticate)
            expected = get(reference(expected_app), path, method, headers)
            app = Application(decorate=decorate, authenticate=authenticate)
            served = setup(app)
            for _ in range(2):
                app.runs.clear()
                response = get(served, path, method, headers)
                assert (response.status, response.cors) == (expected.status, expected.cors)
                assert response.body == expected.body
                assert app.runs == expected_app.runs
            app.runs.clear()
            # So is the response to a request that comes through.
            assert get(app, path, method, headers).cors == expected.cors
            assert app.runs == expected_app.runs


@pytest.mark.parametrize(("decorate", "setup"), WITHOUT_REFERENCE)
def test_preflights_are_not_refused_by_authentication(decorate: bool, setup: Any) -> None:
    app = Application(decorate=decorate, authenticate=True)
    outcome = Browser(setup(app), APP).fetch("/plain", method="PUT")
    assert (outcome.status, outcome.preflights) == (401, 1)
    assert app.runs == ["PUT /plain"]


def test_the_session_and_the_policy_share_vary() -> None:
    app = Application(decorate=False)
    response = get(older_wsgi_app(app), "/remembered", headers=[("Origin", APP)])
    assert response.cors == grants(vary="Cookie, Origin", Expose_Headers="X-V")


@pytest.mark.parametrize("is_older", [True, False])
def test_callables_are_asked_once(is_older: bool) -> None:
    asked: list[str] = []

    def is_allowed(origin: str) -> bool:
        asked.append(origin)
        return True

    app = Flask("asked")
    app.put("/view")(plain())
    older = app.wsgi_app
    CORS(app, origins=is_allowed)
    # Both ways are in use, and neither does what the other has done.
    get(older, "/view", headers=[("Origin", APP)])
    asked.clear()
    served = older if is_older else app
    for method, headers in (("OPTIONS", ASKS), ("PUT", ())):
        response = get(served, "/view", method, [("Origin", APP), *headers])
        assert response.cors["Access-Control-Allow-Origin"] == APP
        assert asked == [APP]
        asked.clear()


def test_an_application_is_only_watched_if_something_bypasses_the_middleware() -> None:
    app = Flask("watched")
    app.get("/view")(plain())
    older = app.wsgi_app
    CORS(app, origins=[APP])
    before = [*request_finished.receivers_for(app)]
    started = [*request_started.receivers_for(app)]
    assert cross(app, "/view") == Crossing(200, grants(), is_readable=True)
    assert [*request_finished.receivers_for(app)] == before
    assert [*request_started.receivers_for(app)] == started
    get(older, "/view")
    assert len([*request_finished.receivers_for(app)]) == len(before) + 1


def test_a_hook_that_sets_its_own_headers() -> None:
    app = Flask("alone")

    @app.after_request
    def stray(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "https://stray.example"
        return response

    app.put("/view")(cors(origins=[APP])(plain()))
    older: Any = app.wsgi_app
    for served in (older, app, older):
        asked = get(served, "/view", "OPTIONS", [("Origin", APP), *ASKS])
        assert (asked.status, asked.cors, asked.body) == (204, admits(), b"")
        assert not [name for name, _ in asked.headers if name.lower().startswith("content-")]
        assert get(served, "/view", "PUT", [("Origin", APP)]).cors == grants()


@pytest.mark.parametrize("is_trapped", [True, False])
def test_a_preprocessor_that_answers_before_all_hooks(is_trapped: bool) -> None:
    app = Flask("preprocessed")
    app.config["TRAP_HTTP_EXCEPTIONS"] = is_trapped
    app.url_value_preprocessor(lambda _endpoint, _values: abort(418))
    app.register_error_handler(418, lambda _error: ("teapot", 418))
    app.put("/view")(plain())
    older = app.wsgi_app
    CORS(app, origins=[APP])
    for _ in range(2):
        asked = get(older, "/view", "OPTIONS", [("Origin", APP), *ASKS])
        assert (asked.status, asked.cors, asked.body) == (204, admits(), b"")
        response = get(older, "/view", "PUT", [("Origin", APP)])
        assert (response.status, response.cors) == (418, grants())


def test_a_preflight_without_a_policy_is_the_applications() -> None:
    app = Flask("off")
    app.put("/view")(plain())
    older = app.wsgi_app
    CORS(app, origins=[APP], resources="/api/*")
    for _ in range(2):
        asked = get(older, "/view", "OPTIONS", [("Origin", APP), *ASKS])
        assert (asked.status, asked.cors) == (200, {})


@pytest.mark.parametrize("is_decorated", [True, False])
def test_problems_are_raised_by_the_first_request(is_decorated: bool) -> None:
    app = Flask("problems")
    app.testing = True
    view = plain()
    app.get("/view")(cors(supports_credentials=True)(view))
    older = app.wsgi_app
    if not is_decorated:
        CORS(app)
    for _ in range(2):
        for path in ("/view", "/missing"):
            with pytest.raises(PolicyError) as error:
                get(older, path)
            assert problems_of(error.value) == [
                ("view 'view'.origins", "wildcard_with_credentials")
            ]


def test_under_the_debugger() -> None:
    app = Flask("alone")
    app.debug = True

    @app.get("/fails")
    @mark
    def fails() -> str:
        raise LookupError("the cause")

    app.get("/")(plain())
    debugged = DebuggedApplication(app, evalex=True)
    assert send(debugged, environ_of("/")).status == 200
    local = "http://localhost:3000"
    for origin, expected in ((local, grants(local, Expose_Headers="X-V")), (APP, {})):
        response = send(debugged, environ_of("/fails", headers=[("Origin", origin)]))
        assert (response.status, response.cors) == (500, expected)


def test_in_debug_mode_a_refusal_is_explained() -> None:
    app = Flask("alone")
    app.debug = True
    app.get("/view")(cors(methods=["GET"])(plain()))
    assert b"(method_not_allowed)" in preflight(app, "/view").body


def test_an_application_without_decorated_views_is_left_alone() -> None:
    """Its config and its attributes may mean something else."""
    cors(origins=[APP])(plain())
    app = Flask("untouched")
    app.config.update(CORS_ENABLED=True, CORS_RESOURCES=r"/api/.*", CORS_ORIGINS=None)
    before = app.wsgi_app
    view = plain()
    vars(view)["cors_policy"] = "a value of another library"
    app.get("/view")(view)
    app.view_functions["mock"] = Mock(__name__="mock")
    for _ in range(2):
        assert cross(app, "/view") == NO_POLICY
        assert preflight(app, "/view", "GET").status == 200
    assert app.wsgi_app == before


@pytest.mark.parametrize(("decorate", "setup"), WITHOUT_REFERENCE)
def test_first_requests_in_several_threads(decorate: bool, setup: Any) -> None:
    requests = [
        ("GET", "/plain", [("Origin", APP)], grants(Expose_Headers="X-V")),
        ("OPTIONS", "/plain", [("Origin", APP), *ASKS], admits()),
    ]
    for _ in range(5):
        app = Application(decorate=decorate)
        served = setup(app)
        barrier = Barrier(6)

        def first(
            number: int, served: WSGIApplication = served, barrier: Barrier = barrier
        ) -> tuple[object, object]:
            method, path, headers, expected = requests[number % 2]
            barrier.wait()
            return get(served, path, method, headers).cors, expected

        with ThreadPoolExecutor(6) as pool:
            for found, expected in pool.map(first, range(6)):
                assert found == expected


def test_a_request_that_began_before_the_middleware_was_installed() -> None:
    """Another thread handles the first request in the meantime."""
    app = Application(decorate=True)
    has_begun, may_continue = Event(), Event()
    make_context = app.request_context

    def slow_context(environ: Any) -> Any:
        context = make_context(environ)
        if environ["PATH_INFO"] == "/streamed":
            has_begun.set()
            may_continue.wait()
        return context

    app.request_context = slow_context  # type: ignore[method-assign] # to wait in between
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(get, app, "/streamed", "GET", [("Origin", APP)])
        has_begun.wait()
        assert get(app, "/plain", headers=[("Origin", APP)]).status == 200
        may_continue.set()
        assert future.result().cors == grants(Expose_Headers="X-V")


# connexion 3 keeps the wsgi_app from its constructor, and answers preflights before Flask.

SPECIFICATION = {
    "openapi": "3.0.0",
    "info": {"title": "items", "version": "1"},
    "paths": {
        "/items": {
            "get": {"operationId": "handlers.get", "responses": {"200": {"description": "-"}}},
            "put": {"operationId": "handlers.put", "responses": {"200": {"description": "-"}}},
        }
    },
}


# connexion and the libraries that it uses call deprecated functions of others and of Python.
of_connexion = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::PendingDeprecationWarning", "ignore:Using .httpx."
)


@pytest.fixture
def connexion_app(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An application of connexion with two handlers, of which one is decorated."""
    with warnings.catch_warnings():
        # connexion uses deprecated names of Starlette and of jsonschema.
        warnings.simplefilter("ignore")
        connexion = import_module("connexion")
    handlers = ModuleType("handlers")
    vars(handlers)["get"] = lambda: ["item"]
    vars(handlers)["put"] = mark(lambda: "put")
    monkeypatch.setitem(sys.modules, "handlers", handlers)
    app = connexion.FlaskApp("connexion")
    app.add_api(SPECIFICATION)
    return app


@of_connexion
def test_connexion_actual_responses(connexion_app: Any) -> None:
    CORS(connexion_app.app, origins=[APP])
    server: Any = ASGIMiddleware(connexion_app)
    for method, expected in (("GET", grants()), ("PUT", grants(Expose_Headers="X-V"))):
        response = get(server, "/items", method, [("Origin", APP)])
        names = {name.title(): value for name, value in response.cors.items()}
        assert (response.status, names) == (200, expected)
        refused = get(server, "/items", method, [("Origin", EVIL)])
        assert (refused.status, refused.cors) == (200, {"vary": "Origin"})


@of_connexion
def test_connexion_with_the_middleware_around_it(connexion_app: Any) -> None:
    """The set-up in docs/flask.md: preflights, and errors that connexion answers itself."""
    inner: Any = ASGIMiddleware(connexion_app)
    server = CORSMiddleware(inner, Policy(origins=[APP]))
    browser = Browser(server, APP)
    for method, path, status in (("GET", "/items", 200), ("PUT", "/items", 200)):
        assert browser.fetch(path, method=method).status == status
    assert browser.fetch("/items", method="DELETE").status == 405
    assert browser.fetch("/missing").status == 404
    assert not Browser(server, EVIL).fetch("/items").allowed
    asked = get(server, "/items", "OPTIONS", [("Origin", APP), *ASKS])
    assert (asked.status, asked.cors) == (204, admits())
