"""@cors on views and CORS(blueprint): where they stand, and what they are laid over."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from flask import Blueprint, Flask, Response
from flask.views import MethodView, View
from werkzeug.debug import DebuggedApplication
from werkzeug.routing import Rule

from corswsgi import Policy, PolicyError
from corswsgi_flask import CORS, cors, cross_origin
from tests.conformance.cases import APP, EVIL, PREFLIGHT_VARY, REFUSES, admits, grants
from tests.flask.crossing import Crossing, cross, preflight
from tests.helpers.wsgi import environ_of, get, send

OTHER = "https://other.example"
EXPOSED = grants("*", None, Expose_Headers="X-V")
LAID_OVER = grants(Expose_Headers="X-V")
UNGOVERNED = Crossing(200, {}, is_readable=False)

mark = cors(expose_headers=["X-V"])


def plain() -> Callable[[], str]:
    """Return a new function each time: what is marked stays marked."""

    def view() -> str:
        return "view"

    return view


def wrapping(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate as most people do."""

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return wrapper


def chained(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate without copying the attributes of what is wrapped."""

    @functools.wraps(view, updated=())
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return wrapper


class Decorated(MethodView):
    decorators = [mark]  # noqa: RUF012 - as Flask's manual has it

    def get(self) -> str:
        return "view"


class Inheriting(Decorated):
    pass


@mark
class Marked(MethodView):
    def get(self) -> str:
        return "view"


class InheritingMark(Marked):
    pass


class MarkedMethod(MethodView):
    @mark
    def get(self) -> str:
        return "view"


class MarkedDispatch(View):
    @mark
    def dispatch_request(self) -> str:
        return "view"


def below(app: Flask) -> None:
    app.get("/view")(mark(plain()))


def above(app: Flask) -> None:
    mark(app.get("/view")(plain()))


def under_wraps(app: Flask) -> None:
    app.get("/view")(wrapping(wrapping(mark(plain()))))


def under_a_chain(app: Flask) -> None:
    app.get("/view")(wrapping(chained(mark(plain()))))


def over_wraps(app: Flask) -> None:
    app.get("/view")(mark(wrapping(plain())))


def asynchronous(app: Flask) -> None:
    @app.get("/view")
    @mark
    async def view() -> str:
        return "view"


def on_a_class(view: type[View]) -> Callable[[Flask], None]:
    def install(app: Flask) -> None:
        app.add_url_rule("/view", view_func=view.as_view("view"))

    return install


def on_a_wrapped_class(app: Flask) -> None:
    app.add_url_rule("/view", view_func=wrapping(MarkedMethod.as_view("view")))


def on_a_chained_class(app: Flask) -> None:
    app.add_url_rule("/view", view_func=chained(MarkedMethod.as_view("view")))


def as_a_partial(app: Flask) -> None:
    app.add_url_rule("/view", "view", functools.partial(mark(plain())))


class Called:
    @mark
    def __call__(self) -> str:
        return "view"

    @mark
    def method(self) -> str:
        return "view"


def as_a_callable(app: Flask) -> None:
    app.add_url_rule("/view", "view", Called())


def as_a_bound_method(app: Flask) -> None:
    app.add_url_rule("/view", "view", Called().method)


class StaticMethod(MethodView):
    @mark
    @staticmethod
    def get() -> str:
        return "view"


class ClassMethod(MethodView):
    @mark
    @classmethod
    def get(cls) -> str:
        return "view"


class WithHelper(View):
    def get(self) -> str:
        return "view"

    @mark
    def dispatch_request(self) -> str:
        return self.get()


class MarkedMethodDispatch(MethodView):
    @mark
    def dispatch_request(self, **kwargs: Any) -> Any:
        return super().dispatch_request(**kwargs)

    def get(self) -> str:
        return "view"


def on_as_view(app: Flask) -> None:
    class Plain(MethodView):
        def get(self) -> str:
            return "view"

    app.add_url_rule("/view", view_func=mark(Plain.as_view("view")))


def in_a_blueprint(app: Flask) -> None:
    blueprint = Blueprint("blueprint", __name__)
    blueprint.get("/view")(mark(plain()))
    app.register_blueprint(blueprint)


def a_blueprint(app: Flask) -> None:
    blueprint = Blueprint("blueprint", __name__)
    blueprint.get("/view")(plain())
    CORS(blueprint, expose_headers=["X-V"])
    app.register_blueprint(blueprint)


def a_nested_blueprint(app: Flask) -> None:
    inner, outer = Blueprint("inner", __name__), Blueprint("outer", __name__)
    outer.register_blueprint(inner)
    inner.get("/view")(plain())
    CORS(inner, expose_headers=["X-V"])
    app.register_blueprint(outer)


def an_enclosing_blueprint(app: Flask) -> None:
    inner, outer = Blueprint("inner", __name__), Blueprint("outer", __name__)
    CORS().init_app(outer, expose_headers=["X-V"])
    inner.get("/view")(plain())
    outer.register_blueprint(inner)
    app.register_blueprint(outer, name="renamed")


PLACES = [
    below,
    above,
    under_wraps,
    under_a_chain,
    over_wraps,
    asynchronous,
    on_a_class(Decorated),
    on_a_class(Inheriting),
    on_a_class(Marked),
    on_a_class(InheritingMark),
    on_a_class(MarkedMethod),
    on_a_class(MarkedDispatch),
    on_a_wrapped_class,
    on_a_chained_class,
    on_a_class(StaticMethod),
    on_a_class(ClassMethod),
    on_a_class(WithHelper),
    on_a_class(MarkedMethodDispatch),
    as_a_partial,
    as_a_callable,
    as_a_bound_method,
    on_as_view,
    in_a_blueprint,
    a_blueprint,
    a_nested_blueprint,
    an_enclosing_blueprint,
]


@pytest.mark.parametrize("place", PLACES)
def test_alone(place: Callable[[Flask], None]) -> None:
    """Without CORS(app), any origin may read what is marked, and nothing else is governed."""
    app = Flask("alone")
    place(app)
    app.add_url_rule("/other", "other", plain())
    for _ in range(2):  # the first request is as good as the second
        assert cross(app, "/view") == Crossing(200, EXPOSED, is_readable=True)
    assert preflight(app, "/view", "GET").cors == admits("*", "GET, HEAD")
    # Refused; or, where only one method of a class is marked, without any policy.
    assert preflight(app, "/view", "PUT").cors in ({"Vary": PREFLIGHT_VARY}, {})
    assert cross(app, "/other") == UNGOVERNED
    assert preflight(app, "/other", "GET").cors == {}
    assert cross(app, "/missing") == Crossing(404, {}, is_readable=False)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("is_first", [True, False])
def test_in_an_application(place: Callable[[Flask], None], is_first: bool) -> None:
    """Options are laid over those of CORS(app), whichever comes first."""
    app = Flask("whole")
    if is_first:
        CORS(app, origins=[APP], allow_headers=["X-H"])
    place(app)
    app.add_url_rule("/other", "other", plain())
    if not is_first:
        CORS(app, origins=[APP], allow_headers=["X-H"])
    assert cross(app, "/view") == Crossing(200, LAID_OVER, is_readable=True)
    assert cross(app, "/view", origin=EVIL) == Crossing(200, REFUSES, is_readable=False)
    assert preflight(app, "/view", "GET").cors == admits(methods="GET, HEAD", headers="X-H")
    assert cross(app, "/other") == Crossing(200, grants(), is_readable=True)


def test_a_preflight_as_the_first_request_of_a_marked_view() -> None:
    """Nothing is in front of the application yet: its hooks run, but have no say."""
    app = Flask("alone")
    ran: list[str] = []

    @app.before_request
    def refuse() -> tuple[str, int]:
        ran.append("before")
        return "who are you?", 401

    @app.after_request
    def stray(response: Response) -> Response:
        assert ran
        response.headers["Access-Control-Allow-Origin"] = "https://stray.example"
        return response

    app.put("/view")(mark(plain()))
    for _ in range(2):
        asked = preflight(app, "/view")
        assert (asked.status, asked.cors, asked.body) == (204, admits("*", "PUT"), b"")
        assert not [name for name, _ in asked.headers if name.lower().startswith("content-")]
        assert ran == ["before"]
    assert cross(app, "/view") == Crossing(401, EXPOSED, is_readable=True)


def test_alone_under_the_debugger() -> None:
    app = Flask("alone")
    app.debug = True

    @app.get("/fails")
    @mark
    def fails() -> str:
        raise LookupError("the cause")

    app.get("/")(plain())
    debugged = DebuggedApplication(app, evalex=True)
    assert send(debugged, environ_of("/")).status == 200
    response = send(debugged, environ_of("/fails", headers=[("Origin", APP)]))
    assert (response.status, response.cors) == (500, EXPOSED)


def test_requests_that_do_not_come_through() -> None:
    """Something that has got hold of the inner callable goes past the middleware."""
    app = Flask("alone")
    app.get("/view")(mark(plain()))
    past: Any = app.wsgi_app
    for _ in range(2):
        assert get(past, "/view", headers=[("Origin", APP)]).cors == EXPOSED
        asked = [("Origin", APP), ("Access-Control-Request-Method", "GET")]
        assert get(past, "/view", "OPTIONS", asked).cors == admits("*", "GET, HEAD")
        assert cross(app, "/view") == Crossing(200, EXPOSED, is_readable=True)


def test_alone_in_debug_mode_a_refusal_says_why() -> None:
    app = Flask("alone")
    app.debug = True
    app.get("/view")(mark(plain()))
    assert b"(method_not_allowed)" in preflight(app, "/view").body


def test_the_most_specific_rules() -> None:
    """View, innermost blueprint, path, application."""
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
        assert preflight(app, path, "GET").cors == admits(methods="GET, HEAD", max_age=age)
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
        assert preflight(app, path, "GET", OTHER).cors == admits(OTHER, "GET, HEAD")
        assert cross(app, path) == Crossing(200, REFUSES, is_readable=False)
    for path in ("/none", "/off"):
        assert cross(app, path) == UNGOVERNED
        asked = preflight(app, path, "GET")
        assert (asked.status, asked.cors) == (200, {})  # the application's own
    expected = grants(OTHER, Expose_Headers="X-V")
    assert cross(app, "/laid", origin=OTHER) == Crossing(200, expected, is_readable=True)
    # What is laid over "off" is on again, over the options around it.
    assert cross(app, "/on") == Crossing(200, LAID_OVER, is_readable=True)


def test_an_application_that_is_off_but_for_its_views() -> None:
    app = Flask("off")
    CORS(app, policy=None)
    app.get("/view")(cors(origins=[APP])(plain()))
    app.get("/other", endpoint="other")(plain())
    assert cross(app, "/view") == Crossing(200, grants(), is_readable=True)
    assert cross(app, "/other") == UNGOVERNED


def test_alone_the_configuration_holds_all_the_same() -> None:
    app = Flask("configured")
    app.config.update(CORS_ORIGINS=[APP], CORS_SEND_WILDCARD=True)
    app.get("/view")(mark(plain()))
    app.get("/other", endpoint="other")(plain())
    with pytest.warns(DeprecationWarning, match="send_wildcard"):
        assert cross(app, "/view") == Crossing(200, LAID_OVER, is_readable=True)
    assert cross(app, "/other") == UNGOVERNED


def test_several_applications_share_a_view() -> None:
    view = mark(plain())
    one, two, three = Flask("one"), Flask("two"), Flask("three")
    for app in (one, two, three):
        app.get("/view")(view)
    CORS(one, origins=[APP])
    CORS(two, origins=[OTHER])
    assert cross(one, "/view") == Crossing(200, LAID_OVER, is_readable=True)
    assert cross(two, "/view") == Crossing(200, REFUSES, is_readable=False)
    assert cross(three, "/view") == Crossing(200, EXPOSED, is_readable=True)


def test_an_application_without_marks_stays_as_it_is() -> None:
    """Whatever others in the same process do, and whatever its configuration means to others."""
    cors(origins=[APP])(plain())
    app = Flask("untouched")
    app.config.update(CORS_ENABLED=True, CORS_RESOURCES=r"/api/.*", CORS_ORIGINS=None)
    before = app.wsgi_app
    view = plain()
    vars(view)["cors_policy"] = "what others mean by it"
    app.get("/view")(view)
    app.view_functions["mock"] = Mock(__name__="mock")
    for _ in range(2):
        assert cross(app, "/view") == UNGOVERNED
        assert preflight(app, "/view", "GET").status == 200
    assert app.wsgi_app == before


def test_an_attribute_that_is_no_mark() -> None:
    app = Flask("foreign")
    CORS(app)
    view = plain()
    vars(view)["cors_policy"] = "public"
    app.get("/view")(view)
    with pytest.raises(PolicyError) as refused:
        cross(app, "/view")
    assert problems_of(refused.value) == [("view 'view'.cors_policy", "wrong_type")]


def test_what_wraps_itself() -> None:
    app = Flask("loop")
    CORS(app, origins=[APP])
    view = plain()
    vars(view)["__wrapped__"] = view
    app.get("/view")(view)
    assert cross(app, "/view") == Crossing(200, grants(), is_readable=True)


# Methods.


class Things(MethodView):
    init_every_request = False

    def get(self) -> str:
        return "get"

    @cors(max_age=1)
    def put(self) -> str:
        return "put"

    @cors(None)
    def delete(self) -> str:
        return "delete"

    def patch(self) -> str:
        return "patch"


def test_single_methods() -> None:
    """An answer lists no method of another policy: a browser would not ask about it again."""
    app = Flask("methods")
    CORS(app, origins=[APP], max_age=9)
    app.add_url_rule("/things", view_func=Things.as_view("things"))
    for method in ("GET", "HEAD", "PATCH"):
        asked = preflight(app, "/things", method)
        assert asked.cors == admits(methods="GET, HEAD, PATCH", max_age="9")
    assert preflight(app, "/things", "PUT").cors == admits(methods="PUT", max_age="1")
    assert preflight(app, "/things", "DELETE").cors == {}
    assert preflight(app, "/things", "POST").status == 204  # safelisted, as by every policy
    assert preflight(app, "/things", "CHICKEN").status == 403
    for method in ("GET", "PUT", "PATCH"):
        assert cross(app, "/things", method) == Crossing(200, grants(), is_readable=True)
    assert get(app, "/things", "DELETE", [("Origin", APP)]).cors == {}
    assert cross(app, "/things", "CHICKEN").status is None
    assert cross(app, "/things", "POST") == Crossing(405, grants(), is_readable=True)


def test_methods_in_lower_case_reach_the_same_handler() -> None:
    class Off(MethodView):
        @cors(None)
        def patch(self) -> str:
            return "patch"

    app = Flask("methods")
    CORS(app, origins=[APP], methods="*")
    app.add_url_rule("/off", view_func=Off.as_view("off"))
    for method in ("patch", "PATCH"):
        assert preflight(app, "/off", method).cors == {}
        response = app.test_client().open("/off", method=method, headers={"Origin": APP})
        assert (response.text, response.headers.get("Access-Control-Allow-Origin")) == (
            "patch",
            None,
        )


def test_the_methods_of_the_route() -> None:
    app = Flask("methods")
    CORS(app, origins=[APP])
    app.get("/items")(plain())
    app.put("/items", endpoint="put")(plain())
    app.add_url_rule("/all", "all", plain(), methods=["PATCH", "CHICKEN", "POST", "GET"])
    app.add_url_rule("/own", "own", plain(), methods=["OPTIONS", "PUT"])
    app.add_url_rule("/given", "given", cors(methods=["DELETE"])(plain()), methods=["PUT"])
    app.add_url_rule("/trace", "trace", plain(), methods=["PUT", "TRACE"])
    app.url_map.add(Rule("/any", endpoint="given"))
    for path, method, methods in (
        ("/items", "GET", "GET, HEAD"),
        ("/items", "PUT", "PUT"),
        ("/items", "DELETE", None),
        ("/all", "PATCH", "GET, HEAD, POST, PATCH, CHICKEN"),
        ("/own", "PUT", "PUT, OPTIONS"),
        ("/own", "OPTIONS", "PUT, OPTIONS"),
        ("/items", "OPTIONS", None),
        ("/given", "DELETE", "DELETE"),
        ("/given", "PUT", None),
        ("/trace", "PUT", "PUT"),
        ("/trace", "TRACE", None),
        ("/missing", "DELETE", "GET, HEAD, POST, PUT, PATCH, DELETE"),
    ):
        asked = preflight(app, path, method)
        if methods is None:
            assert (asked.status, asked.cors) == (403, {"Vary": PREFLIGHT_VARY}), path
        else:
            assert (asked.status, asked.cors) == (204, admits(methods=methods)), path


def test_a_route_with_any_method_and_one_added_later() -> None:
    app = Flask("rules")
    CORS(app, origins=[APP])
    app.view_functions["any"] = plain()
    app.url_map.add(Rule("/any", endpoint="any"))
    app.url_map.add(Rule("/old", redirect_to="any"))
    app.url_map.add(Rule("/away", redirect_to="https://away.example/"))
    app.url_map.add(Rule("/loop", redirect_to="loop"))
    assert preflight(app, "/any", "CHICKEN").cors == admits(methods="*")
    assert preflight(app, "/old", "CHICKEN").cors == admits(methods="*")
    for path in ("/away", "/loop"):
        assert preflight(app, path, "PUT").cors == admits()
    app.url_map.add(Rule("/late", endpoint="late", methods=["PUT"]))
    app.view_functions["late"] = cors(max_age=1)(plain())
    assert preflight(app, "/late", "PUT").cors == admits(methods="PUT", max_age="1")
    app.url_map.add(Rule("/wrong", endpoint="wrong"))
    app.view_functions["wrong"] = cors(origins="*", supports_credentials=False)(plain())
    vars(app.view_functions["wrong"])["cors_policy"]["supports_credentials"] = True
    for _ in range(2):
        assert preflight(app, "/wrong", "PUT").status == 403  # it fails closed, and says why
    app.url_map.add(Rule("/handlers", endpoint="handlers"))
    app.view_functions["handlers"] = Things.as_view("handlers")
    assert preflight(app, "/handlers", "PUT").cors == admits(methods="PUT", max_age="1")
    assert preflight(app, "/handlers", "DELETE").cors == {}
    assert preflight(app, "/handlers", "CHICKEN").status == 403


def lists(app: Flask, path: str, method: str) -> str | None:
    return preflight(app, path, method).cors.get("Access-Control-Allow-Methods")


def test_no_answer_lists_a_method_of_another_policy_at_its_url() -> None:
    """A browser would remember it, and not ask about that other one."""
    app = Flask("overlapping")
    CORS(app, origins=[APP])
    app.put("/items/special", endpoint="special")(cors(None)(plain()))
    app.route("/items/<id>", methods=["GET", "PUT"], endpoint="items")(lambda **_: "item")
    app.url_map.add(Rule("/any/<id>", endpoint="items"))
    app.delete("/any/special", endpoint="any special")(cors(max_age=1)(plain()))
    assert lists(app, "/items/1", "GET") == lists(app, "/items/1", "PUT") == "GET, HEAD, PUT"
    assert lists(app, "/items/special", "GET") == "GET, HEAD"
    assert lists(app, "/items/special", "PUT") is None
    assert lists(app, "/any/1", "CHICKEN") == "*"
    assert lists(app, "/any/special", "PATCH") == "GET, HEAD, POST, PUT, PATCH"
    # Of methods that no route has, there are too many to keep a list with each.
    assert lists(app, "/any/special", "CHICKEN") is None
    other = Flask("known")
    CORS(other, origins=[APP], methods="*")
    other.route("/view", methods=["CHICKEN"])(plain())
    other.delete("/view", endpoint="delete")(cors(None)(plain()))
    assert lists(other, "/view", "CHICKEN") == "CHICKEN"
    assert lists(other, "/view", "DUCK") is None
    assert lists(app, "/any/special", "DELETE") == "DELETE"


@pytest.mark.parametrize("methods", ["*", ["GET", "PUT", "DELETE"]])
def test_methods_that_are_given_do_not_speak_for_another_policy(methods: Any) -> None:
    app = Flask("given")
    CORS(app, origins=[APP], methods=methods)
    app.add_url_rule("/things", view_func=Things.as_view("things"))
    app.put("/rules")(plain())
    app.delete("/rules", endpoint="delete")(cors(None)(plain()))
    is_any = methods == "*"
    assert lists(app, "/things", "PUT") == "PUT"
    assert lists(app, "/things", "GET") == ("GET, HEAD, POST, PATCH" if is_any else "GET")
    assert lists(app, "/rules", "GET") == ("GET, HEAD, POST, PUT, PATCH" if is_any else "GET, PUT")
    for path in ("/things", "/rules"):
        assert lists(app, path, "DELETE") is None
    # Where nothing else is, it is what was given.
    assert lists(app, "/missing", "PUT") == ("*" if is_any else "GET, PUT, DELETE")


def test_a_refusal_names_the_route() -> None:
    app = Flask("debugged")
    app.debug = True
    CORS(app, origins=[APP])
    app.get("/view")(plain())
    body = preflight(app, "/view").body
    assert b"the route does not take the method 'PUT', only GET, HEAD. To allow it, add" in body


def test_debug_mode_does_not_blame_the_route_for_methods_that_were_given() -> None:
    app = Flask("debugged")
    app.debug = True
    CORS(app, origins=[APP], methods=["GET", "PATCH"])

    @app.route("/", methods=["GET", "PUT"])
    def items() -> str:
        raise NotImplementedError

    @app.patch("/")
    @cors(origins=[APP])
    def patch() -> str:
        raise NotImplementedError

    answer = preflight(app, "/", "PUT")
    assert b"the method 'PUT' is not allowed. To allow it, add it to methods." in answer.body
    # Another policy has PATCH.
    assert answer.cors["Access-Control-Allow-Methods"] == "GET"


def test_methods_that_no_browser_sends() -> None:
    app = Flask("odd")
    CORS(app, origins=[APP])
    app.add_url_rule("/view", "view", plain(), methods=["*", "FOO BAR", "TRACE", "PUT"])
    assert lists(app, "/view", "PUT") == "PUT"
    assert lists(app, "/view", "DELETE") is None


# Paths.


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
    # The view is more specific than the path, and lays its options over what is around that.
    assert cross(app, "/files/secret/a") == Crossing(200, LAID_OVER, is_readable=True)
    assert cross(app, "/exact") == Crossing(200, grants(), is_readable=True)
    assert cross(app, "/exactly") == UNGOVERNED
    assert preflight(app, "/exact", "GET").cors == admits(methods="GET, HEAD", max_age="1")
    for slashed, age in (("/slashed/", "2"), ("/slashed", "3")):
        assert cross(app, slashed) == Crossing(200, grants(), is_readable=True)
        assert preflight(app, slashed, "GET").cors == admits(methods="GET, HEAD", max_age=age)
    assert preflight(app, "/other", "GET").cors == {}


def test_the_path_that_flask_routes_by() -> None:
    app = Flask("paths")
    CORS(app, origins="*", resources={"/*": {}, "/admin/*": None})
    app.get("/admin/view")(plain())
    app.get("/<area>/<item>", endpoint="items")(lambda **_: "view")
    for path in ("/admin/view", "//admin/view", "///admin/view", "/admin/item", "//admin/item"):
        assert cross(app, path) == UNGOVERNED
        assert preflight(app, path, "GET").cors == {}
    assert cross(app, "/admin//view") == Crossing(308, {}, is_readable=False)
    assert preflight(app, "/admin//view", "GET").cors == {}
    assert cross(app, "//admin/is/missing") == Crossing(404, {}, is_readable=False)
    assert cross(app, "/view") == Crossing(404, grants("*", None), is_readable=True)


# What is refused.


def problems_of(error: PolicyError) -> list[tuple[str, str]]:
    return [(problem.option, problem.reason) for problem in error.problems]


def test_values_are_checked_when_decorated() -> None:
    with pytest.raises(PolicyError) as refused:
        cors(origin=[APP], max_age=-1, supports_credentials="yes")
    assert problems_of(refused.value) == [
        ("origin", "unknown_option"),
        ("supports_credentials", "wrong_type"),
        ("max_age", "out_of_range"),
    ]
    assert refused.value.problems[0].hint == "did you mean 'origins'?"
    with pytest.raises(PolicyError) as refused:
        cors("https://app.example.com")  # type: ignore[call-overload] # what people type
    assert problems_of(refused.value) == [("policy", "wrong_type")]
    with pytest.raises(PolicyError) as refused:
        cors(Policy(origins="*"), max_age=1)
    assert problems_of(refused.value) == [("max_age", "not_alone")]


def test_credentials_may_be_decided_apart_from_origins() -> None:
    """Whether they go together is known with the application only."""
    app, other = Flask("apart"), Flask("other")
    for each in (app, other):
        each.get("/view")(cors(supports_credentials=True)(plain()))
        each.get("/again", endpoint="again")(cors(supports_credentials=True)(plain()))
    CORS(app, origins=[APP])
    CORS(other)
    expected = grants(Allow_Credentials="true")
    assert cross(app, "/view") == Crossing(200, expected, is_readable=True)
    for _ in range(2):
        with pytest.raises(PolicyError) as refused:
            cross(other, "/missing")
        assert problems_of(refused.value) == [
            ("view 'view'.origins", "wildcard_with_credentials"),
            ("view 'again'.origins", "wildcard_with_credentials"),
        ]


def test_the_innermost_of_marks_rules() -> None:
    """Class, decorators, dispatch_request, method."""

    @cors(max_age=1, expose_headers=["X-1"], allow_headers=["X-1"], supports_credentials=True)
    class All(MethodView):
        decorators = [cors(max_age=2, expose_headers=["X-2"], allow_headers=["X-2"])]  # noqa: RUF012 - as Flask's manual has it

        @cors(max_age=3, expose_headers=["X-3"])
        def dispatch_request(self, **kwargs: Any) -> Any:
            return super().dispatch_request(**kwargs)

        @cors(max_age=4)
        def get(self) -> str:
            return "get"

    app = Flask("marks")
    CORS(app, origins=[APP])
    app.add_url_rule("/all", view_func=All.as_view("all"))
    assert preflight(app, "/all", "GET").cors == admits(
        methods="GET, HEAD", headers="X-2", max_age="4", Allow_Credentials="true"
    )
    expected = grants(Allow_Credentials="true", Expose_Headers="X-3")
    assert cross(app, "/all") == Crossing(200, expected, is_readable=True)


def test_what_governs_no_method_is_no_reason_to_refuse() -> None:
    class Own(MethodView):
        decorators = [cors(supports_credentials=True)]  # noqa: RUF012 - as Flask's manual has it

        @cors(origins=[APP])
        def get(self) -> str:
            return "get"

    app = Flask("own")
    CORS(app)
    app.add_url_rule("/own", view_func=Own.as_view("own"))
    expected = grants(Allow_Credentials="true")
    assert cross(app, "/own") == Crossing(200, expected, is_readable=True)
    assert cross(app, "/own", "POST") == Crossing(405, {}, is_readable=False)


def test_what_two_views_share_is_refused_all_the_same() -> None:
    class Own(MethodView):
        @cors(origins=[APP])
        def get(self) -> str:
            raise NotImplementedError

    app = Flask("shared")
    blueprint = Blueprint("blueprint", __name__)
    CORS(app)
    CORS(blueprint, supports_credentials=True)
    blueprint.add_url_rule("/own", view_func=Own.as_view("own"))
    blueprint.get("/plain")(plain())
    app.register_blueprint(blueprint)
    with pytest.raises(PolicyError) as refused:
        cross(app, "/own")
    assert problems_of(refused.value) == [
        ("view 'blueprint.view'.origins", "wildcard_with_credentials")
    ]


def test_alone_the_configuration_need_not_be_right_on_its_own() -> None:
    app = Flask("defaults")
    app.config["CORS_SUPPORTS_CREDENTIALS"] = True
    app.get("/view")(cors(origins=[APP])(plain()))
    expected = grants(Allow_Credentials="true")
    for _ in range(2):
        assert cross(app, "/view") == Crossing(200, expected, is_readable=True)


def test_marks_that_are_made_afresh() -> None:
    class Computed:
        def __init__(self, origin: str) -> None:
            self.origin = origin

        @property
        def cors_policy(self) -> dict[str, Any]:
            return {"origins": [self.origin]}

        def __call__(self) -> str:
            return "view"

    app = Flask("computed")
    origins = [f"https://o{number}.example" for number in range(9)]
    CORS(app, policy=None)
    for origin in origins:
        app.add_url_rule(f"/{origin[8:10]}", origin[8:10], Computed(origin))
    for origin in origins:
        for other in origins:
            assert cross(app, f"/{origin[8:10]}", origin=other).is_readable == (origin == other)


def test_what_cannot_bear_a_mark() -> None:
    class Slotted:
        __slots__ = ()

        def __call__(self) -> str:
            raise NotImplementedError

    class Plain:
        def method(self) -> str:
            raise NotImplementedError

    views: tuple[Any, ...] = (Plain().method, Slotted(), len)
    for view in views:
        with pytest.raises(PolicyError) as refused:
            cors(max_age=1)(view)
        assert problems_of(refused.value)[0][0] == "cors"


def test_a_combination_that_cannot_occur_is_not_refused() -> None:
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


def test_a_combination_that_can_occur_is_refused_with_its_place() -> None:
    app = Flask("together")
    CORS(app, origins=[APP], resources={"/*": {}, "/public/*": {"origins": "*"}})
    app.get("/<path:path>")(cors(supports_credentials=True)(lambda path: path))
    with pytest.raises(PolicyError) as refused:
        cross(app, "/admin/x")
    assert problems_of(refused.value) == [
        ("view '<lambda>' at '/public/*'.origins", "wildcard_with_credentials")
    ]


def test_what_is_marked_is_marked_once() -> None:
    view = mark(plain())
    with pytest.raises(PolicyError) as refused:
        cors(max_age=1)(view)
    assert problems_of(refused.value) == [("cors", "given_twice")]

    @cors(max_age=1)
    class Again(Marked):  # what it inherits is not its own
        pass

    app = Flask("again")
    app.add_url_rule("/again", view_func=Again.as_view("again"))
    assert preflight(app, "/again", "GET").cors == admits("*", "GET, HEAD", max_age="1")


def test_the_mark_is_a_public_attribute() -> None:
    policy = Policy(origins="*")
    for decorate, expected in (
        (cors(max_age=1), {"max_age": 1}),
        (cors(policy), policy),
        (cors(None), None),
        (cors, {}),
    ):
        view = decorate(plain())
        assert view() == "view"
        assert vars(view)["cors_policy"] == expected
    assert cross_origin is cors


def test_blueprints_are_refused_what_they_cannot_have() -> None:
    blueprint = Blueprint("blueprint", __name__)
    with pytest.raises(PolicyError) as refused:
        CORS(blueprint, resources="/api/*", methds=["GET"])
    assert problems_of(refused.value) == [
        ("methds", "unknown_option"),
        ("resources", "without_effect"),
    ]
    CORS(blueprint)
    CORS(blueprint)
    with pytest.raises(PolicyError) as refused:
        Flask("app").register_blueprint(blueprint)
    assert problems_of(refused.value) == [("blueprint", "given_twice")]
    with pytest.raises(AssertionError, match="record"):
        CORS(blueprint)  # too late: it is registered
