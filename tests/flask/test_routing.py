"""The view that a preflight asks about, proxies, and applications in applications."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask, Request, g, has_app_context, has_request_context, request, session
from flask.sessions import SecureCookieSessionInterface
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter, Map, Rule, ValidationError

from corswsgi_flask import CORS, cors
from corswsgi_flask.routing import Overlaps, Router
from tests.conformance.cases import APP, PREFLIGHT_VARY, Pairs, admits, grants
from tests.flask.crossing import Crossing, cross, preflight
from tests.helpers.wsgi import Response, environ_of, get, send

OTHER = "https://other.example"


def host(name: str) -> Pairs:
    return [("Host", name)]


def asked(app: Flask, path: str, headers: Pairs, method: str = "GET") -> Response:
    response = preflight(app, path, method, headers=headers)
    assert response.status in (204, 403)
    if response.status == 403:
        assert response.cors == {"Vary": PREFLIGHT_VARY}
    return response


def test_hosts() -> None:
    app = Flask("hosts", host_matching=True, static_host="static.example")
    CORS(app, origins=[APP])
    app.get("/view", host="a.example")(lambda: "a")
    app.add_url_rule("/view", "b", cors(max_age=1)(lambda: "b"), host="b.example")
    assert asked(app, "/view", host("a.example")).cors == admits()
    assert asked(app, "/view", host("b.example")).cors == admits(max_age="1")
    # No route matches other hosts.
    assert asked(app, "/view", host("c.example"), "PUT").cors == admits()
    assert cross(app, "/view", headers=host("b.example")) == Crossing(200, grants(), True)
    assert cross(app, "/view", headers=host("c.example")) == Crossing(404, grants(), True)


def test_subdomains() -> None:
    app = Flask("subdomains", subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.com"
    CORS(app, origins=[APP])
    app.get("/view")(lambda: "main")
    app.add_url_rule("/view", "b", cors(max_age=1)(lambda: "b"), subdomain="b")
    assert asked(app, "/view", host("example.com")).cors == admits()
    assert asked(app, "/view", host("b.example.com")).cors == admits(max_age="1")


def test_a_host_that_is_not_trusted() -> None:
    app = Flask("trusted")
    app.config["TRUSTED_HOSTS"] = ["good.example"]
    app.get("/view")(lambda: "view")
    CORS(app, origins=[APP], methods=["PUT"])
    for name in ("good.example", "evil.example"):
        assert asked(app, "/view", host(name)).cors == admits(methods="PUT")


def test_a_redirect_to_the_view_of_defaults() -> None:
    app = Flask("defaults")
    CORS(app, origins=[APP])

    @app.get("/pages/", defaults={"page": 1})
    @app.get("/pages/<int:page>")
    @cors(max_age=1)
    def pages(page: int) -> str:
        return str(page)

    assert asked(app, "/pages/1", ()).cors == admits(max_age="1")
    assert cross(app, "/pages/1") == Crossing(308, grants(), is_readable=True)
    assert cross(app, "/pages/2") == Crossing(200, grants(), is_readable=True)


def test_a_redirect_has_the_policy_of_its_target() -> None:
    app = Flask("redirects")
    CORS(
        app,
        origins=[APP],
        resources={
            "/*": {},
            "/slash/": {"allow_headers": ["X-7"]},
            "/below/a/": {"allow_headers": ["X-8"]},
            "/\u00fc/*": None,
        },
    )
    app.get("/slash/")(lambda: "slash")
    app.get("/below/<name>/", endpoint="below")(lambda name: name)
    # Other methods are not redirected, so their policy may differ.
    assert asked(app, "/below/a", ()).cors == admits(headers="X-8", max_age="0")
    assert asked(app, "/below/b", ()).cors == admits()
    app.get("/private/", endpoint="private")(cors(origins=[OTHER])(lambda: "private"))
    app.get("/\u00fc/b\u00fc/", endpoint="umlaut")(lambda: "umlaut")
    assert asked(app, "/slash", ()).cors == admits(headers="X-7", max_age="0")
    assert asked(app, "/private", ()).status == 403
    assert cross(app, "/private") == Crossing(308, {"Vary": "Origin"}, is_readable=False)
    assert cross(app, "/private", origin=OTHER) == Crossing(308, grants(OTHER), is_readable=True)
    assert cross(app, "/%C3%BC/b%C3%BC") == Crossing(308, {}, is_readable=False)


def test_under_a_script_name() -> None:
    app = Flask("script")
    CORS(app, origins=[APP])
    app.get("/slash/")(cors(allow_headers=["X-A"])(lambda: "slash"))
    mounted = DispatcherMiddleware(Flask("root"), {"/mount": app})
    response = get(
        mounted,
        "/mount/slash",
        "OPTIONS",
        [("Origin", APP), ("Access-Control-Request-Method", "GET")],
    )
    assert response.cors == admits(headers="X-A", max_age="0")
    moved = get(mounted, "/mount/slash", headers=[("Origin", APP)])
    assert (moved.status, moved.cors) == (308, grants())


class InSession(BaseConverter):
    """Accepts values that are in the session."""

    def to_python(self, value: str) -> str:
        if value not in session.get("known", ["known"]):
            raise ValidationError
        return value


def test_a_converter_that_needs_the_context() -> None:
    app = Flask("context")
    app.secret_key = "secret"
    app.url_map.converters["known"] = InSession
    CORS(app, origins=[APP])
    app.get("/<known:name>")(cors(max_age=1)(lambda name: name))
    assert asked(app, "/known", ()).cors == admits(max_age="1")
    assert asked(app, "/unknown", (), "PUT").cors == admits()
    seen = grants(vary="Cookie, Origin")  # the session was read
    assert cross(app, "/known").cors == seen
    assert cross(app, "/unknown") == Crossing(404, seen, is_readable=True)


class Failing(BaseConverter):
    error: type[Exception] = LookupError

    def to_python(self, value: str) -> str:
        raise self.error(value)


class FailingInContext(Failing):
    error = RuntimeError


@pytest.mark.parametrize("converter", [Failing, FailingInContext])
def test_a_converter_that_fails_refuses(
    converter: type[Failing], caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask("failing")
    app.url_map.converters["failing"] = converter
    CORS(app, origins=[APP])
    app.get("/<failing:name>")(lambda name: name)
    assert asked(app, "/x", ()).status == 403
    assert [vars(record)["reason"] for record in caplog.records] == ["policy_check_failed"]


# ProxyFix, and other applications.


def forwarded(name: str) -> Pairs:
    return [("Host", "internal"), ("X-Forwarded-Host", name)]


@pytest.mark.parametrize("is_outside", [True, False])
def test_proxy_fix(is_outside: bool) -> None:
    """It can be outside or inside, because only the host changes."""
    app = Flask("proxied")
    app.get("/view")(cors(max_age=1)(lambda: "view"))

    def fix() -> None:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1)  # type: ignore[method-assign] # Flask documents this way

    if is_outside:
        CORS(app, origins=[APP])
        fix()
    else:
        fix()
        CORS(app, origins=[APP])
    headers = forwarded("a.example")
    assert asked(app, "/view", headers).cors == admits(max_age="1")
    assert cross(app, "/view", headers=headers) == Crossing(200, grants(), is_readable=True)


def test_proxy_fix_and_hosts() -> None:
    app = Flask("proxied", host_matching=True, static_host="static.example")
    CORS(app, origins=[APP])
    app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1)  # type: ignore[method-assign] # Flask documents this way
    app.get("/view", host="a.example")(cors(max_age=1)(lambda: "view"))
    headers = forwarded("a.example")
    assert asked(app, "/view", headers).cors == admits(max_age="1")
    assert cross(app, "/view", headers=headers) == Crossing(200, grants(), is_readable=True)


def test_an_application_mounted_in_another() -> None:
    """Each has its own policy if the dispatcher is outside the middleware."""
    outer, inner = Flask("outer"), Flask("inner")
    CORS(outer, origins=[OTHER])
    CORS(inner, origins=[APP])
    inner.put("/view")(lambda: "inner")
    outer.put("/view")(lambda: "outer")
    outer.wsgi_app = DispatcherMiddleware(outer.wsgi_app, {"/in": inner})  # type: ignore[method-assign] # Flask documents this way
    assert asked(outer, "/in/view", (), "PUT").cors == admits()
    assert cross(outer, "/in/view", "PUT") == Crossing(200, grants(), is_readable=True)
    assert cross(outer, "/in/no") == Crossing(404, grants(), is_readable=True)
    assert cross(outer, "/view", "PUT", OTHER) == Crossing(200, grants(OTHER), is_readable=True)
    assert asked(outer, "/view", (), "PUT").status == 403


def test_an_application_called_by_a_view_of_another() -> None:
    outer, inner = Flask("outer"), Flask("inner")
    CORS(outer, origins=[OTHER])
    inner.get("/view")(lambda: "inner")

    @outer.get("/view")
    @cors(expose_headers=["X-A"])
    def call() -> Any:
        return inner.wsgi_app

    expected = grants(OTHER, Expose_Headers="X-A")
    assert cross(outer, "/view", origin=OTHER) == Crossing(200, expected, is_readable=True)


def test_an_application_mounted_inside() -> None:
    """An application that was mounted before CORS(app) changes the path of its requests."""
    outer, inner = Flask("outer"), Flask("inner")
    inner.get("/view")(lambda: "private")
    inner.get("/slash/", endpoint="slash")(lambda: "slash")
    outer.get("/view")(cors(origins="*")(lambda: "public"))
    outer.wsgi_app = DispatcherMiddleware(outer.wsgi_app, {"/in": inner})  # type: ignore[method-assign] # Flask documents this way
    CORS(outer, origins=[OTHER], resources={"/*": {}, "/in/off/*": None})
    for path, status in (("/in/view", 200), ("/in/missing", 404), ("/in/slash", 308)):
        assert cross(outer, path) == Crossing(status, {"Vary": "Origin"}, is_readable=False)
        expected = Crossing(status, grants(OTHER), is_readable=True)
        assert cross(outer, path, origin=OTHER) == expected
        assert asked(outer, path, ()).status == 403
    assert cross(outer, "/in/off/x", origin=OTHER) == Crossing(404, {}, is_readable=False)
    assert cross(outer, "/view") == Crossing(200, grants("*", None), is_readable=True)


def test_the_view_of_an_application_that_another_one_is_mounted_in() -> None:
    """The environ and the context have a request of the other application."""
    outer, inner = Flask("outer"), Flask("inner")
    CORS(inner, origins=[APP])

    @outer.route("/<path:path>", methods=["GET", "PUT"])
    @cors(origins="*")
    def pass_on(path: str) -> Any:
        seen = get(inner, f"/{path}", request.method, [("Origin", APP)])
        return dict(seen.cors)

    inner.get("/view")(cors(max_age=1)(lambda: "inner"))
    for path in ("/view", "/missing"):
        response = get(outer, path, headers=[("Origin", APP)])
        assert response.cors == grants("*", None)
        assert json.loads(response.body) == grants()


@pytest.mark.parametrize("is_same", [True, False])
def test_an_environ_that_is_passed_on(is_same: bool) -> None:
    outer, inner = Flask("outer"), Flask("inner")
    CORS(inner, origins=[APP])
    seen: list[dict[str, str]] = []

    @outer.get("/<path:path>")
    def pass_on(path: str) -> str:
        environ = request.environ if is_same else {**request.environ}
        environ["PATH_INFO"] = f"/in/{path}"
        seen.append(send(inner, environ).cors)
        return path

    inner.get("/in/view")(cors(expose_headers=["X-A"])(lambda: "inner"))
    for path, expected in (("view", grants(Expose_Headers="X-A")), ("missing", grants())):
        get(outer, f"/{path}", headers=[("Origin", APP)])
        assert seen.pop() == expected


def test_a_middleware_inside_during_a_404_of_another_application() -> None:
    """A 404 of another application is not one of this application."""
    outer, inner = Flask("outer"), Flask("inner")

    def closed(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"closed"]

    inner.wsgi_app = closed  # type: ignore[method-assign, assignment] # Flask documents this way
    inner.get("/view")(cors(expose_headers=["X-A"])(lambda: "view"))
    CORS(inner, origins=[APP])
    seen: list[dict[str, str]] = []

    @outer.errorhandler(404)
    def elsewhere(_error: Any) -> str:
        seen.append(send(inner, request.environ).cors)
        return "elsewhere"

    get(outer, "/view", headers=[("Origin", APP)])
    assert seen == [grants(Expose_Headers="X-A")]


def test_a_redirect_to_another_host() -> None:
    app = Flask("hosts", host_matching=True, static_host="static.example")
    CORS(app, origins=[APP])
    app.url_map.add(Rule("/old", host="a.example", redirect_to="http://b.example/view"))
    app.get("/view", host="a.example")(cors(max_age=1)(lambda: "view"))
    assert asked(app, "/old", host("a.example"), "PUT").cors == admits()


def test_a_redirect_outside_the_application() -> None:
    app = Flask("script")
    CORS(app, origins=[APP], resources={"/*": {"max_age": 7}, "/view": {"max_age": 1}})
    app.url_map.add(Rule("/up", redirect_to="/mountain/view"))
    app.get("/view")(lambda: "view")
    app.get("/mountain/view", endpoint="mountain")(lambda: "view")
    mounted = DispatcherMiddleware(Flask("root"), {"/mount": app})
    response = get(
        mounted, "/mount/up", "OPTIONS", [("Origin", APP), ("Access-Control-Request-Method", "PUT")]
    )
    assert response.cors == admits(max_age="7")


def test_a_method_that_no_route_of_the_url_supports() -> None:
    """The policy of GET applies if there is one, so that it is the same in each process."""
    app = Flask("methods")
    CORS(app, origins=[APP])
    for number, method in enumerate(("DELETE", "GET", "PATCH", "PUT")):
        view = cors(max_age=number, expose_headers=[f"X-{method}"])(lambda: "view")
        app.add_url_rule("/view", method, view, methods=[method])
    assert cross(app, "/view", "POST").cors == grants(Expose_Headers="X-GET")
    asked_about = [("Origin", APP), ("Access-Control-Request-Method", "POST")]
    assert get(app, "/view", "OPTIONS", asked_about).cors["Access-Control-Max-Age"] == "0"


class OwnRequest(Request):
    """A request class that does not accept more arguments than Flask gives."""

    def __init__(self, environ: Any) -> None:
        super().__init__(environ)
        self.tenant = environ["HTTP_HOST"]


class OwnFlask(Flask):
    """An application that reads an attribute of its own request class."""

    request_class = OwnRequest

    def create_url_adapter(self, request: Any) -> Any:
        assert request is None or request.tenant
        return super().create_url_adapter(request)


def test_an_application_with_its_own_request_class() -> None:
    app = OwnFlask("own")
    CORS(app, origins=[APP])
    app.route("/view", methods=["GET", "PUT"])(lambda: "view")
    assert cross(app, "/view", "PUT") == Crossing(200, grants(), is_readable=True)
    assert cross(app, "/view", "POST") == Crossing(405, grants(), is_readable=True)


def test_the_environ_is_not_changed() -> None:
    """The request that preflights are matched with is not stored in it."""
    app = Flask("environ")
    CORS(app, origins=[APP])
    app.put("/view")(lambda: "view")
    environ = environ_of(
        "/view", "OPTIONS", [("Origin", APP), ("Access-Control-Request-Method", "PUT")]
    )
    assert send(app, environ).status == 204
    assert "werkzeug.request" not in environ


def test_a_context_whose_hooks_fail() -> None:
    """They rely on other hooks, which do not run for a preflight."""
    app = Flask("context")
    app.secret_key = "secret"
    app.url_map.converters["known"] = InSession
    CORS(app, origins=[APP])
    app.before_request(lambda: setattr(g, "opened", True))

    @app.teardown_request
    def close(_error: Any) -> None:
        assert g.opened

    app.put("/<known:name>")(lambda name: name)
    assert asked(app, "/known", (), "PUT").cors == admits()
    assert get(app, "/known", "PUT", [("Origin", APP)]).status == 200


def test_a_redirect_to_a_url_with_other_methods() -> None:
    app = Flask("redirects")
    CORS(app, origins=[APP], resources={"/*": {}, "/new": {"allow_headers": ["X-A"]}})
    app.url_map.add(Rule("/old", redirect_to="new"))
    app.put("/new")(lambda: "new")
    for method in ("PUT", "PATCH"):
        assert asked(app, "/old", (), method).cors == admits(headers="X-A")


# A URL is matched once.


class Counting(BaseConverter):
    """Records its conversions."""

    seen: list[str]

    def to_python(self, value: str) -> str:
        self.seen.append(value)
        if value == "rejected":
            raise ValidationError
        return value


class CountingInContext(Counting):
    """Records its conversions, and needs the session."""

    def to_python(self, value: str) -> str:
        converted = super().to_python(value)
        session.get("any")
        return converted


def counting(converter: type[Counting]) -> tuple[Flask, list[str]]:
    """Return an application with several rules for one URL, and the conversions for them."""
    app = Flask("counting")
    app.secret_key = "secret"
    seen: list[str] = []
    own = type("Own", (converter,), {"seen": seen})
    other = type("Other", (converter,), {"seen": seen})
    app.url_map.converters.update(own=own, other=other)
    return app, seen


@pytest.mark.parametrize("options", [{}, {"resources": {"/*": {}}}], ids=["app", "resources"])
@pytest.mark.parametrize(("debug", "method"), [(False, "PUT"), (True, "PUT"), (True, "CHICKEN")])
def test_a_preflight_converts_values_once(
    options: dict[str, Any], debug: bool, method: str
) -> None:
    app, seen = counting(Counting)
    app.debug = debug
    CORS(app, origins=[APP], **options)
    app.route("/<own:name>", methods=["GET", "PUT", "DELETE"])(lambda name: name)
    app.get("/elsewhere", endpoint="elsewhere")(cors(max_age=1)(lambda: "elsewhere"))
    for name in ("a", "rejected"):
        assert preflight(app, f"/{name}", method).status in (204, 200)
        assert seen == [name]
        seen.clear()


def test_a_preflight_converts_values_once_for_each_rule_that_answers() -> None:
    app, seen = counting(Counting)
    CORS(app, origins=[APP])
    app.route("/<own:name>", methods=["GET", "DELETE"])(lambda name: name)
    app.put("/<other:name>", endpoint="put")(lambda name: name)
    app.get("/elsewhere", endpoint="elsewhere")(cors(max_age=1)(lambda: "elsewhere"))
    assert asked(app, "/a", (), "PUT").cors == admits()
    assert seen == ["a", "a"]


def test_a_preflight_converts_values_once_outside_of_the_middleware() -> None:
    app, seen = counting(Counting)
    inner = app.wsgi_app
    CORS(app, origins=[APP], resources={"/*": {}})
    app.route("/<own:name>", methods=["GET", "PUT"])(lambda name: name)
    pair = [("Origin", APP), ("Access-Control-Request-Method", "PUT")]
    assert get(inner, "/a", "OPTIONS", pair).cors == admits()
    assert seen == ["a", "a"], "Flask matches it, too"


@pytest.mark.parametrize("fails", [False, True])
def test_a_converter_that_needs_the_context_runs_once_in_it(fails: bool) -> None:
    """At first it runs without a context, because leaving one runs teardown functions."""
    app, seen = counting(CountingInContext)
    CORS(app, origins=[APP], resources=["/*", "/b"])
    app.route("/<own:name>", methods=["GET", "PUT"])(lambda name: name)
    app.post("/<other:name>", endpoint="post")(lambda name: name)
    left: list[str] = []

    @app.teardown_request
    def leave(_error: Any) -> None:
        left.append("left")
        if fails:
            raise LookupError

    assert asked(app, "/a", (), "PUT").cors == admits()
    assert seen == ["a", "a", "a"], "without a context, for PUT and for POST"
    assert left == ["left"]


@pytest.mark.parametrize("converter", [Failing, FailingInContext])
def test_no_context_stays_if_a_converter_fails(converter: type[Failing]) -> None:
    app = Flask("failing")
    app.url_map.converters["failing"] = converter
    CORS(app, origins=[APP])
    app.get("/<failing:name>")(lambda name: name)
    assert asked(app, "/x", ()).status == 403
    assert not has_request_context()
    assert not has_app_context()


def test_a_session_that_cannot_be_opened() -> None:
    class Broken(SecureCookieSessionInterface):
        def open_session(self, *_arguments: Any) -> Any:
            raise LookupError

    app, _ = counting(CountingInContext)
    app.session_interface = Broken()
    CORS(app, origins=[APP])
    app.get("/<own:name>")(lambda name: name)
    assert asked(app, "/x", ()).status == 403
    assert not has_request_context()


RULES: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    string=st.sampled_from(
        [
            *("/", "/a", "/a/", "/a/b", "/a//b", "/<x>", "/<x>/", "/<int:x>", "/a/<x>", "/<x>/b"),
            *("/<path:x>", "/<path:x>/", "/<x>/<y>", "/1", "/a/<int:x>/"),
        ]
    ),
    methods=st.none()
    | st.lists(st.sampled_from(["GET", "PUT", "POST", "REPORT"]), min_size=1, max_size=3),
    strict_slashes=st.none() | st.booleans(),
    merge_slashes=st.none() | st.booleans(),
    build_only=st.sampled_from([False, False, False, True]),
    redirect_to=st.sampled_from([None, None, None, "a", "a/b"]),
    defaults=st.sampled_from([None, None, {"x": "1"}]),
    alias=st.sampled_from([False, False, True]),
    endpoint=st.sampled_from(["one", "two"]),
)
MAPS: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    strict_slashes=st.booleans(),
    merge_slashes=st.booleans(),
    redirect_defaults=st.booleans(),
)


def bound(options: dict[str, Any], rules: list[dict[str, Any]]) -> Map:
    return Map([Rule(**rule) for rule in rules], **options)


def rule(string: str, *methods: str, **options: Any) -> dict[str, Any]:
    return {"string": string, "methods": methods, "endpoint": "one", **options}


@settings(deadline=None)
@example(
    {}, [rule("/<x>", "GET", "PUT"), rule("/", "GET", defaults={"x": "1"})], "/1", ["PUT", "GET"]
)
@example(
    {"merge_slashes": False},
    [rule("/a//b", "GET", merge_slashes=True), rule("/a/b", "PUT", endpoint="two")],
    "/a/b",
    ["POST", "GET"],
)
@given(
    MAPS,
    st.lists(RULES, min_size=1, max_size=5),
    st.sampled_from(["/", "/a", "/a/", "/a/b", "/a//b", "/1", "/1/", "/a/1", "/a/1/", "//a", "/b"]),
    st.permutations(["GET", "HEAD", "PUT", "POST", "REPORT", "*", "put", ""]),
)
def test_rules_that_take_two_methods_are_matched_once(
    options: dict[str, Any], rules: list[dict[str, Any]], path: str, methods: list[str]
) -> None:
    """The result is the same as if each method was matched."""
    app = Flask("matched", static_folder=None)
    app.url_map = bound(options, rules)
    environ = environ_of(path, "OPTIONS")
    once = Router(app, environ, path, Overlaps(app.url_map))
    for method in methods:
        assert once.find(method) == Router(app, environ, path).find(method)
