"""The policy that applies to a request, and the headers of all kinds of responses."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import product
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    make_response,
    redirect,
    request,
    send_file,
)
from flask.views import MethodView
from werkzeug.routing import Map, Rule

from corswsgi import CORSMiddleware, Policy, PolicyError
from corswsgi.browser import Browser
from corswsgi_flask import CORS, cors, current_cors
from tests.conformance.cases import (
    APP,
    DEFAULT_METHODS,
    EVIL,
    PREFLIGHT_VARY,
    REFUSES,
    admits,
    grants,
)
from tests.flask import served
from tests.flask.crossing import NO_POLICY, Crossing, cross, plain, preflight, problems_of
from tests.helpers.wsgi import environ_of, get, send

OTHER = "https://other.example"
EXPOSED = grants("*", None, Expose_Headers="X-V")
LAID_OVER = grants(Expose_Headers="X-V")

mark = cors(expose_headers=["X-V"])


class Decorated(MethodView):
    init_every_request = False

    def get(self) -> str:
        raise NotImplementedError

    @cors(allow_headers=["X-A"])
    def put(self) -> str:
        raise NotImplementedError

    @cors(None)
    def delete(self) -> str:
        raise NotImplementedError


# Which layer applies.


def test_the_innermost_layer_applies() -> None:
    """The order is: view, innermost blueprint, path, application."""
    app = Flask("specific")
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    CORS(
        app,
        origins=[APP],
        max_age=1,
        expose_headers=["X-App"],
        resources={"/*": {}, "/path/*": {"max_age": 2, "expose_headers": ["X-Path"]}},
    )
    CORS(outer, max_age=3)
    CORS(inner, max_age=4, expose_headers=["X-Inner"])
    app.get("/app")(plain())
    app.get("/path/path", endpoint="path")(plain())
    outer.get("/path/outer")(plain())
    inner.get("/path/inner")(plain())
    inner.get("/path/view", endpoint="marked")(cors(max_age=5)(plain()))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    for path, age, exposed in (
        ("/app", "1", "X-App"),
        ("/path/path", "2", "X-Path"),
        ("/path/outer", "3", "X-Path"),
        ("/path/inner", "4", "X-Inner"),
        ("/path/view", "5", "X-Inner"),
    ):
        assert preflight(app, path, "GET").cors == admits(max_age=age)
        expected = grants(Expose_Headers=exposed)
        assert cross(app, path) == Crossing(200, expected, is_readable=True)


def test_a_policy_replaces_and_none_turns_off() -> None:
    app = Flask("replaced")
    CORS(app, origins=[APP], expose_headers=["X-App"], max_age=1)
    off, policy = Blueprint("off", __name__), Blueprint("policy", __name__)
    CORS(off, policy=None)
    CORS(policy, policy=Policy(origins=[OTHER]))
    app.get("/policy")(cors(Policy(origins=[OTHER]))(plain()))
    app.get("/none", endpoint="none")(cors(None)(plain()))
    off.get("/off")(plain())
    off.get("/on", endpoint="on")(mark(plain()))
    policy.get("/blueprint")(plain())
    policy.get("/laid", endpoint="laid")(mark(plain()))
    app.register_blueprint(off)
    app.register_blueprint(policy)
    for path in ("/policy", "/blueprint"):
        assert cross(app, path, origin=OTHER) == Crossing(200, grants(OTHER), is_readable=True)
        assert preflight(app, path, "GET", OTHER).cors == admits(OTHER)
        assert cross(app, path) == Crossing(200, REFUSES, is_readable=False)
    for path in ("/none", "/off"):
        assert cross(app, path) == NO_POLICY
        asked = preflight(app, path, "GET")
        assert (asked.status, asked.cors) == (200, {})  # the application answered it
    expected = grants(OTHER, Expose_Headers="X-V")
    assert cross(app, "/laid", origin=OTHER) == Crossing(200, expected, is_readable=True)
    # After None, options turn CORS on again.
    assert cross(app, "/on") == Crossing(200, LAID_OVER, is_readable=True)


def test_none_for_the_application_and_options_for_a_view() -> None:
    app = Flask("off")
    CORS(app, policy=None)
    app.get("/view")(cors(origins=[APP])(plain()))
    app.get("/other", endpoint="other")(plain())
    assert cross(app, "/view") == Crossing(200, grants(), is_readable=True)
    assert cross(app, "/other") == NO_POLICY


def test_a_route_with_any_method_and_one_added_later() -> None:
    app = Flask("rules")
    CORS(app, origins=[APP])
    app.view_functions["any"] = plain()
    app.url_map.add(Rule("/any", endpoint="any"))
    app.url_map.add(Rule("/old", redirect_to="any"))
    app.url_map.add(Rule("/away", redirect_to="https://away.example/"))
    app.url_map.add(Rule("/loop", redirect_to="loop"))
    for path in ("/any", "/old", "/away", "/loop"):
        assert preflight(app, path, "PUT").cors == admits()
        assert preflight(app, path, "CHICKEN").status == 403
    app.url_map.add(Rule("/late", endpoint="late", methods=["PUT"]))
    app.view_functions["late"] = cors(max_age=1)(plain())
    for path in ("/any", "/late"):
        max_age = {"/any": "600", "/late": "1"}[path]
        assert preflight(app, path, "PUT").cors == admits(max_age=max_age)
    app.url_map.add(Rule("/wrong", endpoint="wrong"))
    app.view_functions["wrong"] = plain()
    vars(app.view_functions["wrong"])["cors_policy"] = {"max_age": -1}
    for _ in range(2):
        assert preflight(app, "/wrong", "PUT").status == 403
    app.url_map.add(Rule("/handlers", endpoint="handlers"))
    app.view_functions["handlers"] = Decorated.as_view("handlers")
    assert preflight(app, "/handlers", "GET").cors == admits(max_age="0")
    assert preflight(app, "/handlers", "PUT").cors == admits(max_age="0", headers="X-A")
    assert preflight(app, "/handlers", "DELETE").cors == {}


def test_a_view_under_several_paths() -> None:
    app = Flask("paths")
    CORS(
        app,
        origins=[APP],
        resources={
            "/files/public/*": {"origins": "*"},
            "/files/*": {},
            "/files/secret/*": None,
            "/exact": {"max_age": 1},
            "/slashed/": {"max_age": 2},
            "/slashed": {"max_age": 3},
        },
    )
    app.get("/files/<path:path>")(mark(lambda path: path))
    app.get("/<path:path>", endpoint="others")(lambda path: path)
    app.add_url_rule("/slashed/", "slashed", plain(), strict_slashes=False)
    assert cross(app, "/files/a") == Crossing(200, LAID_OVER, is_readable=True)
    assert cross(app, "/files/public/a") == Crossing(200, EXPOSED, is_readable=True)
    # The layer of a view is inside that of a path.
    assert cross(app, "/files/secret/a") == Crossing(200, LAID_OVER, is_readable=True)
    assert cross(app, "/exact") == Crossing(200, grants(), is_readable=True)
    assert cross(app, "/exactly") == NO_POLICY
    assert preflight(app, "/exact", "GET").cors == admits(max_age="1")
    for slashed, age in (("/slashed/", "2"), ("/slashed", "3")):
        assert cross(app, slashed) == Crossing(200, grants(), is_readable=True)
        assert preflight(app, slashed, "GET").cors == admits(max_age=age)
    assert preflight(app, "/other", "GET").cors == {}


def test_paths_are_those_that_flask_matches() -> None:
    app = Flask("paths")
    CORS(app, origins="*", resources={"/*": {}, "/admin/*": None})
    app.get("/admin/view")(plain())
    app.get("/<area>/<item>", endpoint="items")(lambda **_: "view")
    for path in ("/admin/view", "//admin/view", "///admin/view", "/admin/item", "//admin/item"):
        assert cross(app, path) == NO_POLICY
        assert preflight(app, path, "GET").cors == {}
    assert cross(app, "/admin//view") == Crossing(308, {}, is_readable=False)
    assert preflight(app, "/admin//view", "GET").cors == {}
    assert cross(app, "//admin/is/missing") == Crossing(404, {}, is_readable=False)
    assert cross(app, "/view") == Crossing(404, grants("*", None), is_readable=True)


def test_layers_that_never_meet_are_not_refused() -> None:
    app = Flask("apart")
    CORS(
        app,
        origins=[APP],
        resources={"/*": {}, "/public/*": {"origins": "*"}, "/public/own/*": {}},
    )
    app.get("/admin/<path:path>")(cors(supports_credentials=True)(lambda path: path))
    app.get("/public/own/<path:path>", endpoint="o")(
        cors(supports_credentials=True)(lambda path: path)
    )
    expected = grants(Allow_Credentials="true")
    assert cross(app, "/admin/x") == Crossing(200, expected, is_readable=True)
    assert cross(app, "/public/own/x") == Crossing(200, expected, is_readable=True)


def test_layers_that_meet_at_some_paths_are_refused() -> None:
    app = Flask("together")
    app.testing = True
    CORS(app, origins=[APP], resources={"/*": {}, "/public/*": {"origins": "*"}})
    app.get("/<path:path>")(cors(supports_credentials=True)(lambda path: path))
    with pytest.raises(PolicyError) as refused:
        cross(app, "/admin/x")
    assert problems_of(refused.value) == [
        (
            "view '<lambda>' at '/public/*'.resources['/public/*'].origins",
            "wildcard_with_credentials",
        )
    ]


# Every response has its headers.

SEEN = grants(Expose_Headers="X-A")


def aborted(status: int) -> str:
    abort(status)


def aborted_with() -> str:
    abort(make_response("no", 402))


def fails() -> str:
    raise LookupError("secret")


def handled() -> str:
    raise ArithmeticError


def streamed() -> Response:
    def chunks() -> Iterator[str]:
        yield from ("a", "b", "c")

    return Response(chunks())


def file() -> Response:
    return send_file(io.BytesIO(b"file"), mimetype="text/plain")


def cookie() -> Response:
    response = make_response("cookie")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    response.vary.add("Accept")
    return response


def stray() -> Response:
    return Response("stray", headers={"Access-Control-Allow-Origin": "*"})


async def asynchronous() -> str:
    return "asynchronous"


class Things(MethodView):
    def get(self) -> str:
        return "thing"

    def put(self) -> str:
        return "put"


VIEWS: dict[str, Callable[..., Any]] = {
    "/plain": lambda: "plain",
    "/slash/": lambda: "slash",
    "/abort/<int:status>": aborted,
    "/abort/response": aborted_with,
    "/fails": fails,
    "/handled": handled,
    "/streamed": streamed,
    "/file": file,
    "/cookie": cookie,
    "/stray": stray,
    "/redirect": lambda: redirect("/plain"),
    "/asynchronous": asynchronous,
    "/things": Things.as_view("things"),
}


def application(**config: Any) -> Flask:
    """Return an application that has many kinds of responses."""
    app = Flask("responses", static_folder=str(Path(__file__).parent / "static"))
    app.config.update(config)
    app.register_error_handler(ArithmeticError, lambda _error: ("handled", 409))
    app.register_error_handler(404, lambda _error: ("missing", 404))
    for path, view in VIEWS.items():
        app.add_url_rule(path, path.replace(".", ""), view)
    app.add_url_rule("/write", "write", lambda: "written", methods=["PUT"])
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    inner.add_url_rule("/view", "view", lambda: "inner")
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.register_blueprint(outer, name="again", url_prefix="/again")
    CORS(app, origins=[APP], expose_headers=["X-A"])
    return app


RESPONSES: list[tuple[str, str, int]] = [
    ("GET", "/plain", 200),
    ("HEAD", "/plain", 200),
    ("POST", "/plain", 405),
    ("GET", "/missing", 404),
    ("GET", "/slash", 308),
    ("GET", "/slash/", 200),
    ("GET", "//plain", 200),
    ("GET", "/outer//inner/view", 308),
    ("GET", "/abort/401", 401),
    ("GET", "/abort/403", 403),
    ("GET", "/abort/500", 500),
    ("GET", "/abort/response", 402),
    ("GET", "/fails", 500),
    ("GET", "/handled", 409),
    ("GET", "/streamed", 200),
    ("GET", "/file", 200),
    ("GET", "/redirect", 302),
    ("GET", "/asynchronous", 200),
    ("GET", "/static/text.txt", 200),
    ("GET", "/static/missing.txt", 404),
    ("GET", "/things", 200),
    ("PUT", "/things", 200),
    ("PUT", "/write", 200),
    ("GET", "/write", 405),
    ("GET", "/outer/inner/view", 200),
    ("GET", "/again/inner/view", 200),
    ("PUT", "/missing", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), RESPONSES)
def test_every_response_has_its_headers(method: str, path: str, status: int) -> None:
    app = application()
    assert cross(app, path, method) == Crossing(status, SEEN, is_readable=True)
    refused = get(app, path, method, [("Origin", EVIL)])
    assert (refused.status, refused.cors) == (status, REFUSES)
    same = get(app, path, method)
    assert (same.status, same.cors) == (status, REFUSES)


def test_a_view_that_sets_its_own_headers() -> None:
    assert cross(application(), "/stray") == Crossing(200, SEEN, is_readable=True)
    assert get(application(), "/stray", headers=[("Origin", EVIL)]).cors == REFUSES


def test_other_headers_stay() -> None:
    response = get(application(), "/cookie", headers=[("Origin", APP)])
    assert response.cors == {**SEEN, "Vary": "Accept, Origin"}
    cookies = [value for name, value in response.headers if name == "Set-Cookie"]
    assert cookies == ["a=1; Path=/", "b=2; Path=/"]


@pytest.mark.parametrize("path", ["/plain", "/missing", "/slash", "/write"])
def test_a_hook_that_refuses_everything(path: str) -> None:
    """Preflights have no credentials, and are answered before any hook."""
    app = application()
    runs = []

    @app.before_request
    def authenticate() -> tuple[str, int]:
        runs.append(1)
        return "who are you?", 401

    assert preflight(app, path, "GET").status == 204
    assert not runs
    assert cross(app, path) == Crossing(401, SEEN, is_readable=True)


def test_a_hook_that_sets_its_own_headers() -> None:
    app = application()

    @app.after_request
    def write(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Credentials"] = "true"
        return response

    assert cross(app, "/plain") == Crossing(200, SEEN, is_readable=True)
    assert get(app, "/plain", headers=[("Origin", EVIL)]).cors == REFUSES
    assert preflight(app, "/plain", "GET").cors == admits()


def test_an_exception_in_production_is_a_500() -> None:
    response = get(application(), "/fails", headers=[("Origin", APP)])
    assert (response.status, response.cors) == (500, SEEN)
    assert b"secret" not in response.body


def test_an_exception_in_tests_is_raised() -> None:
    with pytest.raises(LookupError):
        get(application(TESTING=True), "/fails", headers=[("Origin", APP)])


def test_a_plain_options_request_is_the_applications() -> None:
    response = get(application(), "/plain", "OPTIONS", [("Origin", APP)])
    assert (response.status, response.cors) == (200, {**SEEN, "Vary": PREFLIGHT_VARY})
    assert ("Allow", "GET, HEAD, OPTIONS") in [
        (name, ", ".join(sorted(value.split(", ")))) for name, value in response.headers
    ]


def test_under_an_application_root() -> None:
    """Paths do not include SCRIPT_NAME."""
    app = application(APPLICATION_ROOT="/api")
    below = {"SCRIPT_NAME": "/api"}
    client = app.test_client()
    asked = client.options(
        "/slash",
        headers={"Origin": APP, "Access-Control-Request-Method": "GET"},
        environ_overrides={**below, "PATH_INFO": "/slash"},
    )
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Methods"] == DEFAULT_METHODS
    response = client.get(
        "/slash", headers={"Origin": APP}, environ_overrides={**below, "PATH_INFO": "/slash"}
    )
    assert response.status_code == 308
    assert response.location == "http://localhost/api/slash/"
    assert response.headers["Access-Control-Allow-Origin"] == APP


def wrapped(inner: Any) -> Callable[..., Any]:
    """Return a WSGI middleware that answers for one path, and copies the environ."""

    def middleware(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/closed":
            headers = iter(
                [("Content-Type", "text/plain")]
            )  # a list is required, but rarely missed
            start_response("503 Service Unavailable", headers)
            return [b"closed"]
        return inner({**environ}, start_response)

    return middleware


def test_a_middleware_inside() -> None:
    app = Flask("wrapped")
    app.add_url_rule("/view", "view", lambda: "view")
    app.wsgi_app = wrapped(app.wsgi_app)  # type: ignore[method-assign] # Flask documents this way
    CORS(app, origins=[APP], resources=["/view", "/closed"])
    assert cross(app, "/view") == Crossing(200, grants(), is_readable=True)
    assert cross(app, "/closed") == Crossing(503, grants(), is_readable=True)
    closed = app.test_client().get("/closed", headers={"Origin": APP})
    assert closed.headers["Content-Type"] == "text/plain"
    assert cross(app, "/missing") == Crossing(404, {}, is_readable=False)


def test_a_middleware_outside() -> None:
    """The inner one decides, as for any WSGI application."""
    app = application()
    outer = CORSMiddleware(app, Policy(origins="*"))
    assert get(outer, "/plain", headers=[("Origin", APP)]).cors == SEEN


# The methods that a policy allows by default.


def test_a_method_that_the_route_does_not_support() -> None:
    """The script can read the application's 405."""
    app = Flask("methods")
    app.get("/items")(plain())
    CORS(app, origins=[APP])
    assert preflight(app, "/items", "PUT").cors == admits()
    for method in ("PUT", "DELETE", "QUERY"):
        outcome = Browser(app, APP).fetch("/items", method=method)
        assert (outcome.status, outcome.preflights) == (405, 1)
    assert preflight(app, "/missing", "DELETE").cors == admits()


def test_the_unusual_methods_of_any_route_are_allowed() -> None:
    app = Flask("methods")
    app.get("/items")(plain())
    app.add_url_rule("/dav", "dav", plain(), methods=["PROPFIND", "TRACE", "FOO BAR", "*"])
    app.add_url_rule("/own", "own", cors(methods=["DELETE"])(plain()), methods=["PUT"])
    CORS(app, origins=[APP])
    with_propfind = f"{DEFAULT_METHODS}, PROPFIND"
    for path, status in (("/dav", 200), ("/items", 405), ("/missing", 404)):
        assert preflight(app, path, "PROPFIND").cors == admits(methods=with_propfind)
        assert Browser(app, APP).fetch(path, method="PROPFIND").status == status
        for method in ("TRACE", "OPTIONS", "MKCOL", "*"):
            asked = preflight(app, path, method)
            assert (asked.status, asked.cors) == (403, {"Vary": PREFLIGHT_VARY})
    # Methods that are given are the only ones.
    assert preflight(app, "/own", "DELETE").cors == admits(methods="DELETE")
    assert preflight(app, "/own", "PUT").status == 403


def test_options_is_allowed_if_a_view_handles_it() -> None:
    app = Flask("methods")
    app.add_url_rule("/own", "own", plain(), methods=["OPTIONS", "PUT"])
    CORS(app, origins=[APP])
    assert preflight(app, "/own", "OPTIONS").cors == admits(methods=f"{DEFAULT_METHODS}, OPTIONS")


# Different policies for the methods of one URL: browsers must not cache the answers.

Setup = Callable[[Flask, list[str]], None]


def recorded(runs: list[str]) -> Callable[[], str]:
    """Return a view that records its runs."""

    def view() -> str:
        runs.append(request.method)
        return "view"

    return view


def two_functions(app: Flask, runs: list[str]) -> None:
    CORS(app, origins=[APP])
    app.put("/items")(recorded(runs))
    app.post("/items", endpoint="post")(cors(origins=[OTHER])(recorded(runs)))


def two_functions_with_any_method(app: Flask, runs: list[str]) -> None:
    CORS(app, origins=[APP], methods="*")
    app.put("/items")(recorded(runs))
    app.post("/items", endpoint="post")(cors(Policy(origins=[OTHER], methods="*"))(recorded(runs)))


def fewer_headers(app: Flask, runs: list[str]) -> None:
    CORS(app, origins=[APP])
    app.put("/items")(recorded(runs))
    app.post("/items", endpoint="post")(cors(allow_headers=["X-A"])(recorded(runs)))


def a_method_of_a_class(app: Flask, runs: list[str]) -> None:
    class Items(MethodView):
        def put(self) -> str:
            return recorded(runs)()

        @cors(allow_headers=["X-A"])
        def post(self) -> str:
            raise NotImplementedError

    CORS(app, origins=[APP])
    app.add_url_rule("/items", view_func=Items.as_view("items"))


@pytest.mark.parametrize(
    "setup",
    [two_functions, two_functions_with_any_method, fewer_headers, a_method_of_a_class],
)
def test_a_browser_asks_again_about_a_method_with_another_policy(setup: Setup) -> None:
    """The policy of POST refuses JSON, so a POST with JSON must not run after a PUT with JSON."""
    runs: list[str] = []
    app = Flask("methods")
    setup(app, runs)
    browser = Browser(app, APP)
    json: Any = {"headers": {"Content-Type": "application/json"}, "body": "{}"}
    asked = preflight(
        app, "/items", "PUT", headers=[("Access-Control-Request-Headers", "content-type")]
    )
    methods = asked.cors["Access-Control-Allow-Methods"]
    assert methods in (DEFAULT_METHODS, "*")  # nothing is left out
    assert asked.cors == admits(methods=methods, max_age="0")
    first = browser.fetch("/items", method="PUT", **json)
    assert (first.status, first.preflights) == (200, 1)
    second = browser.fetch("/items", method="POST", **json)
    assert (second.status, second.preflights) == (None, 1)
    assert runs == ["PUT"]
    third = browser.fetch("/items", method="PUT", **json)
    assert (third.status, third.preflights) == (200, 1)


def test_answers_are_cached_if_the_policies_are_equal() -> None:
    app = Flask("methods")
    CORS(app, origins=[APP], allow_headers=["X-A"])
    app.put("/items")(plain())
    app.post("/items", endpoint="post")(cors(allow_headers=["X-A"])(plain()))
    app.get("/other", endpoint="other")(cors(max_age=1)(plain()))
    assert preflight(app, "/items", "PUT").cors == admits(headers="X-A")
    assert preflight(app, "/other", "PUT").cors == admits(headers="X-A", max_age="1")


def test_a_static_path_beside_a_placeholder() -> None:
    app = Flask("overlapping")
    CORS(app, origins=[APP])
    app.put("/items/special", endpoint="special")(cors(None)(plain()))
    app.route("/items/<id>", methods=["GET", "PUT"], endpoint="items")(lambda **_: "item")
    assert preflight(app, "/items/1", "PUT").cors == admits()
    assert preflight(app, "/items/special", "GET").cors == admits(max_age="0")
    assert preflight(app, "/items/special", "PUT").cors == {}


def test_an_unknown_method_where_policies_differ() -> None:
    app = Flask("methods")
    CORS(app, origins=[APP], methods="*")
    app.put("/items")(plain())
    app.delete("/items", endpoint="delete")(cors(None)(plain()))
    assert preflight(app, "/items", "CHICKEN").cors == admits(methods="*", max_age="0")


# Problems between the layers.


def contradicting(**config: Any) -> Flask:
    """Return an application with two views that allow credentials to any origin."""
    app = Flask("contradicting")
    app.config.update(config)
    CORS(app, expose_headers=["X-A"])
    for name in ("one", "two"):
        app.get(f"/{name}", endpoint=name)(cors(supports_credentials=True)(plain()))
    app.get("/fine", endpoint="fine")(cors(supports_credentials=True, origins=[APP])(plain()))
    app.get("/plain", endpoint="plain")(plain())
    return app


@pytest.mark.parametrize("mode", ["DEBUG", "TESTING"])
@pytest.mark.parametrize("path", ["/one", "/plain", "/missing"])
def test_problems_between_layers_are_raised(mode: str, path: str) -> None:
    app = contradicting(**{mode: True})
    for _ in range(2):
        with pytest.raises(PolicyError) as error:
            get(app, path)
        assert problems_of(error.value) == [
            ("view 'one'.origins", "wildcard_with_credentials"),
            ("view 'two'.origins", "wildcard_with_credentials"),
        ]


def test_problems_between_layers_in_production(caplog: pytest.LogCaptureFixture) -> None:
    app = contradicting()
    for _ in range(2):
        for path in ("/one", "/two"):
            assert cross(app, path) == Crossing(200, REFUSES, is_readable=False)
            environ = environ_of(path, headers=[("Origin", APP)])
            send(app, environ)
            assert environ["corswsgi.decision"].reason == "policy_invalid"
            assert preflight(app, path).status == 403
        expected = grants(Allow_Credentials="true", Expose_Headers="X-A")
        assert cross(app, "/fine") == Crossing(200, expected, is_readable=True)
        expected = grants("*", None, Expose_Headers="X-A")
        assert cross(app, "/plain") == Crossing(200, expected, is_readable=True)
    [record] = caplog.records
    assert (record.name, vars(record)["reason"]) == ("corswsgi", "policy_invalid")
    assert "view 'one'.origins" in record.getMessage()
    assert "view 'two'.origins" in record.getMessage()


def test_first_requests_in_several_threads(caplog: pytest.LogCaptureFixture) -> None:
    app = contradicting()
    barrier = Barrier(8)

    def first(number: int) -> tuple[int, Mapping[str, str]]:
        barrier.wait()
        response = get(app, ["/one", "/fine"][number % 2], headers=[("Origin", APP)])
        return response.status, response.cors

    with ThreadPoolExecutor(8) as pool:
        found = [*pool.map(first, range(8))]
    expected = grants(Allow_Credentials="true", Expose_Headers="X-A")
    assert found == [(200, REFUSES), (200, expected)] * 4
    assert len(caplog.records) == 1


# Debug mode names the options as they are written.


def test_debug_mode_names_the_options() -> None:
    app = Flask("debugged")
    app.debug = True
    app.config.update(CORS_ORIGINS=[APP], CORS_METHODS=["GET"])
    CORS(app, allow_headers=["X-A"], resources={"/*": {}, "/a": {"allow_headers": ["X-B"]}})
    for path in ("/a", "/b"):
        app.get(path, endpoint=path)(plain())
    wants_header = [("Access-Control-Request-Headers", "x-c")]
    for path, method, origin, headers, name in (
        ("/a", "GET", EVIL, (), "CORS_ORIGINS"),
        ("/a", "PUT", APP, (), "CORS_METHODS"),
        ("/a", "GET", APP, wants_header, "resources['/a'].allow_headers"),
        ("/b", "GET", APP, wants_header, "allow_headers"),
    ):
        body = preflight(app, path, method, origin, headers).body.decode()
        assert f"to {name}." in body, body


def test_debug_mode_names_the_options_of_a_decorator() -> None:
    app = Flask("debugged")
    app.debug = True
    app.config["CORS_METHODS"] = ["GET"]
    CORS(app, origins=[APP])
    app.get("/view")(cors(methods=["PATCH"])(plain()))
    app.get("/other", endpoint="other")(plain())
    assert b"add it to methods." in preflight(app, "/view").body
    assert b"add it to CORS_METHODS." in preflight(app, "/other").body


@pytest.mark.parametrize(
    ("install", "text"),
    [
        (
            lambda app: CORS(app, resources="/api"),
            "'/api/x'; did you mean '/api/*'? The pattern '/api' matches",
        ),
        (lambda app: CORS(app, resources={"/a": {}}), "'/api/x'. Patterns with a policy: '/a'."),
        (
            lambda app: app.get("/", endpoint="a")(cors(plain())),
            "'/api/x': neither the application nor the view",
        ),
        (lambda app: CORS(app, None), None),
        (lambda app: CORS(app, None, resources={"/api/*": None, "/a": {}}), None),
        (lambda app: CORS(app, resources={"/api/*": None, "/a": {}}), None),
        (lambda app: app.view_functions.update(view=cors(None)(plain())), None),
        (lambda app: (app.get("/", endpoint="a")(cors(plain())), CORS(app, None)), None),
        (CORS, None),
    ],
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize("bypasses", [False, True])
def test_debug_mode_reports_once_that_no_policy_applies(
    install: Any, text: str | None, method: str, bypasses: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask("debugged")
    app.debug = True
    wsgi_app = app.wsgi_app
    app.add_url_rule("/api/x", "view", plain(), methods=["GET", "OPTIONS"])
    install(app)
    asking = [("Origin", APP), ("Access-Control-Request-Method", "PUT")]
    sent = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors")]
    for path in ("/api/x",) if text is None else ("/api/x", "/api/missing"):
        caplog.clear()
        for _ in range(2):
            get(wsgi_app if bypasses else app, path, method, [*asking, *sent])
            get(app, path)
        start = f"'{method}' '{path}': no policy "
        found = [record.getMessage().partition(start) for record in caplog.records]
        assert len(found) == (text is not None)
        for before, _, message in found:
            assert (before, str(text).replace("/api/x", path) in message) == ("", True)


def test_debug_mode_reports_replaced_headers(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask("debugged")
    app.debug = True
    CORS(app, origins=[APP])
    app.get("/stray")(stray)
    get(app, "/stray", headers=[("Origin", EVIL)])
    [record] = caplog.records
    assert "replaces headers" in record.getMessage()


# The application that tests/engines/test_flask.py serves.


@pytest.mark.parametrize(
    ("path", "status", "is_readable"),
    [
        ("/items/", 200, True),
        ("/streamed", 200, True),
        ("/fails", 500, True),
        ("/private", 200, False),
        ("/off", 200, False),
    ],
)
def test_the_application_in_process(path: str, status: int, is_readable: bool) -> None:
    crossing = cross(served.app, path, origin="http://localhost:8000")
    assert (crossing.status, crossing.is_readable) == (status, is_readable)


def test_every_method_of_a_url_without_strict_slashes_is_compared() -> None:
    """Werkzeug does not name all methods of such a URL in its 405."""
    app = Flask("slashes")
    CORS(app, origins=[APP])
    strict = cors(origins=[OTHER])
    add: dict[str, Any] = {"strict_slashes": False}
    app.add_url_rule("/a", "create", plain(), methods=["POST"], **add)
    app.add_url_rule("/a/", "read", strict(plain()), methods=["GET", "DELETE"], **add)
    answer = preflight(app, "/a", "POST")
    assert (answer.status, answer.cors) == (204, admits(max_age="0"))


@pytest.mark.parametrize("has_cors", [True, False])
def test_with_an_invalid_config_views_do_not_allow_more(
    has_cors: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask("invalid")
    if has_cors:
        CORS(app, origins=[APP], methods=["GET"], allow_headers=["x-a"])

    @app.route("/own")
    def own() -> Response:
        return Response(headers={"Access-Control-Allow-Origin": OTHER})

    app.add_url_rule("/view", "view", cors(origins=[OTHER])(plain()))
    app.add_url_rule("/off", "off", cors(None)(plain()))
    app.add_url_rule("/policy", "policy", cors(Policy(origins=OTHER))(plain()))
    app.config["CORS_RESOURCES"] = "/api/<int:id>"
    asked = preflight(app, "/view", "DELETE", OTHER)
    assert (asked.status, asked.cors) == (403, {"Vary": PREFLIGHT_VARY})
    found = {path: get(app, path, headers=[("Origin", OTHER)]).cors for path in ("/view", "/off")}
    assert found == {"/view": REFUSES, "/off": {}}
    assert get(app, "/policy", headers=[("Origin", OTHER)]).cors == grants(OTHER)
    kept = {"Access-Control-Allow-Origin": OTHER}
    assert get(app, "/own").cors == (REFUSES if has_cors else kept)
    assert [record.levelname for record in caplog.records if record.name == "corswsgi"] == ["ERROR"]


def test_log_handlers_may_read_the_decision_when_problems_are_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Flask("filtered")
    app.add_url_rule("/", "view", cors(supports_credentials=True)(plain()))
    seen: list[str] = []

    class Reading(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            seen.append(current_cors.reason)
            return True

    reading = Reading()
    logger = logging.getLogger("corswsgi")
    logger.addFilter(reading)
    try:
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(get, app, "/", headers=[("Origin", APP)]).result(timeout=10)
    finally:
        logger.removeFilter(reading)
    assert answer.cors == REFUSES
    assert seen == ["policy_invalid"]


# Rules that are added while the application serves requests.


def add(app: Flask, view: Callable[[], str], *methods: str, path: str = "/items") -> None:
    """Add a rule as an application can while it serves requests."""
    endpoint = f"late {len(app.view_functions)}"
    app.view_functions[endpoint] = view
    app.url_map.add(Rule(path, endpoint=endpoint, methods=methods))


def test_max_age_after_a_rule_was_added() -> None:
    """The new rule has not been reached yet, and another one of its URL is asked about."""
    app = Flask("late")
    CORS(app, origins=[APP])
    app.put("/items")(plain())
    assert preflight(app, "/items", "PUT").cors == admits()
    add(app, cors(allow_headers=["X-A"])(plain()), "GET")
    assert preflight(app, "/items", "PUT").cors == admits(max_age="0")
    assert preflight(app, "/items", "GET").cors == admits(headers="X-A", max_age="0")


def test_methods_of_a_rule_that_was_added() -> None:
    app = Flask("late")
    CORS(app, origins=[APP])
    app.put("/items")(plain())
    assert preflight(app, "/items", "REPORT").status == 403
    add(app, plain(), "REPORT", path="/elsewhere")
    methods = f"{DEFAULT_METHODS}, REPORT"
    assert preflight(app, "/items", "REPORT").cors == admits(methods=methods)


def test_a_rule_whose_view_is_missing_is_refused() -> None:
    """Flask itself adds the rule to the URL map first, and its view a moment later."""
    app = Flask("late")
    CORS(app, origins=[APP])
    app.put("/items")(plain())
    app.url_map.add(Rule("/early", endpoint="early"))  # the application may handle it itself
    assert preflight(app, "/items", "PUT").cors == admits()
    assert preflight(app, "/early", "PUT").cors == admits()
    app.url_map.add(Rule("/late", endpoint="late"))
    for _ in range(2):
        assert preflight(app, "/late", "PUT").cors == {"Vary": PREFLIGHT_VARY}
        assert cross(app, "/late") == Crossing(500, REFUSES, is_readable=False)
        assert cross(app, "/items", "PUT") == Crossing(200, grants(), is_readable=True)
    app.view_functions["late"] = cors(origins=[OTHER])(plain())
    app.view_functions["early"] = cors(origins=[OTHER])(plain())
    for path in ("/late", "/early"):
        assert cross(app, path) == Crossing(200, REFUSES, is_readable=False)
        assert cross(app, path, "PUT").status is None
        assert cross(app, path, "PUT", OTHER) == Crossing(200, grants(OTHER), is_readable=True)


def test_an_invalid_view_that_is_added_is_refused_and_reported_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Flask("late")
    CORS(app, expose_headers=["X-A"])
    app.route("/items", methods=["GET", "PUT"])(plain())
    anyone = grants("*", None, Expose_Headers="X-A")
    assert cross(app, "/items") == Crossing(200, anyone, is_readable=True)
    add(app, cors(supports_credentials=True)(plain()), "GET", path="/wrong")
    for _ in range(2):
        assert cross(app, "/wrong") == Crossing(200, REFUSES, is_readable=False)
        assert preflight(app, "/wrong", "GET").cors == {"Vary": PREFLIGHT_VARY}
        assert cross(app, "/items") == Crossing(200, anyone, is_readable=True)
    add(app, plain(), "GET", path="/fine")
    assert cross(app, "/fine") == Crossing(200, anyone, is_readable=True)
    [record] = [record for record in caplog.records if record.name == "corswsgi"]
    assert vars(record)["reason"] == "policy_invalid"
    assert "credentials" in record.getMessage()


@pytest.mark.parametrize("mode", ["debug", "testing"])
def test_an_invalid_view_that_is_added_is_raised(mode: str) -> None:
    app = Flask("late")
    setattr(app, mode, True)
    CORS(app)
    app.route("/items", methods=["GET", "PUT"])(plain())
    assert preflight(app, "/items").status == 204
    add(app, cors(supports_credentials=True)(plain()), "GET", path="/wrong")
    with suppress(PolicyError):  # only in debug mode, which explains the refusal
        assert preflight(app, "/items").status == 403
    for path in ("/wrong", "/items"):
        with pytest.raises(PolicyError):
            get(app, path, headers=[("Origin", APP)])


def test_the_first_decorated_view_is_added_late() -> None:
    app = Flask("late")
    app.get("/before")(plain())
    cors(plain())  # another application's
    assert cross(app, "/before") == NO_POLICY
    add(app, cors(origins=[APP])(plain()), "GET", "PUT")
    assert cross(app, "/items", "PUT") == Crossing(200, grants(), is_readable=True)
    assert cross(app, "/before") == NO_POLICY


def test_readers_see_the_old_or_the_new_table() -> None:
    """Two threads ask while rules with a strict policy are added to each URL of another one."""
    app = Flask("late")
    CORS(app, origins=[APP])
    paths = [f"/{number}" for number in range(40)]
    for path in paths:
        app.add_url_rule(path, path, plain(), methods=["PUT"])
    is_done = Event()

    refused, uncached = {"Vary": PREFLIGHT_VARY}, admits(max_age="0")
    right = {
        "PUT": [admits(), uncached],
        "POST": [admits(), uncached, refused],  # the 405 of PUT at first, then that of GET
        "GET": [admits(), refused],
    }

    def ask() -> list[object]:
        wrong: list[object] = []
        while not is_done.is_set():
            for path, method in product(paths, right):
                answer = preflight(app, path, method).cors
                wrong += [(path, method, answer)] * (answer not in right[method])
        return wrong

    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(ask) for _ in range(2)]
        try:
            for path in paths:
                add(app, cors(origins=[OTHER])(plain()), "GET", path=path)
                # From now on, no request may see the old table.
                assert preflight(app, path, "PUT").cors == admits(max_age="0")
                assert preflight(app, path, "GET").cors == {"Vary": PREFLIGHT_VARY}
                assert cross(app, path) == Crossing(200, REFUSES, is_readable=False)
        finally:
            is_done.set()
        assert [*map(Future.result, asking)] == [[], []]


class GrowingMap(Map):
    """A URL map to which a rule is added while it is iterated over, at the times in `grows_at`."""

    grows_at: int | None = None
    iterated = 0

    def iter_rules(self, endpoint: Any | None = None) -> Iterator[Rule]:
        self.iterated += 1
        grows = self.iterated == self.grows_at
        for rules in self._rules_by_endpoint.values():
            if grows:
                self.add(Rule(f"/{self.iterated}", endpoint="new"))
            yield from rules


class GrowingFlask(Flask):
    url_map_class = GrowingMap


def growing(*, grows_at: int | None) -> GrowingMap:
    """Send requests before and after a rule is added, and return the map."""
    app = GrowingFlask("growing")
    CORS(app, origins=[APP])
    app.put("/items")(plain())
    app.view_functions["new"] = plain()
    assert isinstance(app.url_map, GrowingMap)
    app.url_map.grows_at, app.url_map.iterated = grows_at, 0
    assert preflight(app, "/items", "PUT").cors == admits()
    assert cross(app, "/items", "PUT") == Crossing(200, grants(), is_readable=True)
    add(app, cors(origins=[OTHER])(plain()), "GET")
    assert preflight(app, "/items", "PUT").cors == admits(max_age="0")
    assert preflight(app, "/items", "GET").cors == {"Vary": PREFLIGHT_VARY}
    return app.url_map


def test_rules_may_be_added_while_they_are_read(caplog: pytest.LogCaptureFixture) -> None:
    iterated = growing(grows_at=None).iterated
    assert iterated > 6
    for number in range(1, iterated + 1):
        assert growing(grows_at=number).iterated > iterated
    assert caplog.records == []


def test_a_decorated_method_on_a_rule_whose_paths_have_different_resources() -> None:
    class Both(MethodView):
        def get(self, name: str = "") -> str:
            return "get"

        @cors(expose_headers=["X-V"])
        def put(self, name: str = "") -> str:
            return "put"

    app = Flask("resources")
    app.add_url_rule("/x/<name>", view_func=Both.as_view("open"))
    app.add_url_rule("/both/", view_func=Both.as_view("slash"), strict_slashes=False)
    app.add_url_rule("/one", view_func=Both.as_view("one"))
    app.add_url_rule("/plain/", "plain", lambda: "plain", strict_slashes=False)
    other: dict[str, Any] = {"origins": [OTHER]}
    resources = {"/*": {}, "/x/other": other, "/x/off": None, "/both": other, "/plain": other}
    CORS(app, origins=[APP], resources=resources)
    for path, origin in (
        ("/x/app", APP),
        ("/both/", APP),
        ("/one", APP),
        ("/x/other", OTHER),
        ("/both", OTHER),
    ):
        refused = EVIL if origin == OTHER else OTHER
        exposed = grants(origin, Expose_Headers="X-V")
        assert cross(app, path, "GET", origin) == Crossing(200, grants(origin), True)
        assert cross(app, path, "PUT", origin) == Crossing(200, exposed, True)
        assert cross(app, path, "GET", refused) == Crossing(200, {"Vary": "Origin"}, False)
        assert cross(app, path, "PUT", refused).status is None
        assert preflight(app, path, "PUT", origin).cors == admits(origin, max_age="0")
    for path, origin in (("/plain/", APP), ("/plain", OTHER)):
        assert cross(app, path, "GET", origin) == Crossing(200, grants(origin), True)
        assert cross(app, path, "GET", EVIL) == Crossing(200, {"Vary": "Origin"}, False)
    # @cors turns CORS on again.
    assert cross(app, "/x/off", "GET") == NO_POLICY
    assert cross(app, "/x/off", "PUT") == Crossing(200, grants(Expose_Headers="X-V"), True)


@pytest.mark.parametrize("resources", [None, {"/a/*": {}}, {"/*": {}, "/a/*": {}}])
def test_dot_segments_if_all_paths_have_one_policy(resources: dict[str, Any] | None) -> None:
    app = Flask("dotted")
    app.route("/<path:path>", methods=["GET", "PUT"])(lambda path: path)
    CORS(app, origins=[APP], resources=resources or {"/*": {}})
    is_refused = resources is not None and "/*" not in resources
    for path in ("/a/..%2fb", "/a/../b", "/a/."):
        expected = {"Vary": "Origin"} if is_refused else grants()
        assert get(app, path, "GET", [("Origin", APP)]).cors == expected
        expected = {"Vary": PREFLIGHT_VARY} if is_refused else admits()
        assert preflight(app, path).cors == expected


def hides(view: Callable[[], str]) -> Callable[[], str]:
    """Decorate without functools.wraps."""
    return lambda: view()  # noqa: PLW0108 - hiding it is the point


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("debug", [True, False])
def test_hidden_decorators_are_reported_once(
    debug: bool, is_whole: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask("hidden")
    app.debug = debug
    if is_whole:
        CORS(app, origins=[APP])
    app.get("/view")(hides(mark(plain())))
    for _ in range(3):
        assert cross(app, "/view").status == 200
    [record] = caplog.records
    assert (vars(record)["reason"], record.levelname) == ("hidden_decorator", "WARNING")
    assert record.getMessage().startswith("view '<lambda>': a decorator hides the @cors")


def test_the_fix_of_a_hidden_decorator(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask("fixed")
    app.debug = True
    CORS(app, origins=[APP])
    app.get("/view")(mark(hides(plain())))
    assert cross(app, "/view") == Crossing(200, LAID_OVER, is_readable=True)
    assert caplog.records == []
