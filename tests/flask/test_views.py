"""The layers of views: where @cors can be, and which layer applies to a method."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.views import MethodView, View

from corswsgi import PolicyError
from corswsgi_flask import CORS, cors
from tests.conformance.cases import APP, EVIL, REFUSES, admits, grants
from tests.flask.crossing import NO_POLICY, Crossing, cross, plain, preflight, problems_of
from tests.helpers.wsgi import get

EXPOSED = grants("*", None, Expose_Headers="X-V")
LAID_OVER = grants(Expose_Headers="X-V")

mark = cors(expose_headers=["X-V"])


def wrapping(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate with functools.wraps."""

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return wrapper


def chained(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate without copying the attributes of the view."""

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

# Only one method of these classes is decorated.
ONE_METHOD = [
    PLACES[10],
    on_a_wrapped_class,
    on_a_chained_class,
    PLACES[14],
    PLACES[15],
]


@pytest.mark.parametrize("place", PLACES)
def test_alone(place: Callable[[Flask], None]) -> None:
    """Without CORS(app), the decorated view allows any origin, and others have no policy."""
    app = Flask("alone")
    place(app)
    app.add_url_rule("/other", "other", plain())
    for _ in range(2):  # the first request is handled like the second
        assert cross(app, "/view") == Crossing(200, EXPOSED, is_readable=True)
    if place in ONE_METHOD:
        # The other methods have no policy, so browsers must not cache the answer.
        assert preflight(app, "/view", "GET").cors == admits("*", max_age="0")
        assert preflight(app, "/view", "PUT").cors == {}
        assert cross(app, "/view", "POST") == Crossing(405, {}, is_readable=False)
    else:
        assert preflight(app, "/view", "GET").cors == admits("*")
        assert preflight(app, "/view", "PUT").cors == admits("*")
        assert cross(app, "/view", "PUT") == Crossing(405, EXPOSED, is_readable=True)
    assert cross(app, "/other") == NO_POLICY
    assert preflight(app, "/other", "GET").cors == {}
    assert cross(app, "/missing") == Crossing(404, {}, is_readable=False)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("is_first", [True, False])
def test_in_an_application(place: Callable[[Flask], None], is_first: bool) -> None:
    """Options are laid over those of CORS(app), which may be called before or after."""
    app = Flask("whole")
    if is_first:
        CORS(app, origins=[APP], allow_headers=["X-H"])
    place(app)
    app.add_url_rule("/other", "other", plain())
    if not is_first:
        CORS(app, origins=[APP], allow_headers=["X-H"])
    assert cross(app, "/view") == Crossing(200, LAID_OVER, is_readable=True)
    assert cross(app, "/view", origin=EVIL) == Crossing(200, REFUSES, is_readable=False)
    max_age = "0" if place in ONE_METHOD else "600"
    assert preflight(app, "/view", "GET").cors == admits(headers="X-H", max_age=max_age)
    assert cross(app, "/other") == Crossing(200, grants(), is_readable=True)


def test_an_attribute_of_the_same_name_is_refused() -> None:
    app = Flask("foreign")
    app.testing = True
    CORS(app)
    view = plain()
    vars(view)["cors_policy"] = "public"
    app.get("/view")(view)
    with pytest.raises(PolicyError) as refused:
        cross(app, "/view")
    assert problems_of(refused.value) == [("view 'view'.cors_policy", "wrong_type")]


def test_a_view_that_wraps_itself() -> None:
    app = Flask("loop")
    CORS(app, origins=[APP])
    view = plain()
    vars(view)["__wrapped__"] = view
    app.get("/view")(view)
    assert cross(app, "/view") == Crossing(200, grants(), is_readable=True)


def test_a_property_that_returns_new_options_each_time() -> None:
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


def test_the_innermost_layer_of_a_class_applies() -> None:
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
        headers="X-2", max_age="0", Allow_Credentials="true"
    )
    expected = grants(Allow_Credentials="true", Expose_Headers="X-3")
    assert cross(app, "/all") == Crossing(200, expected, is_readable=True)


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
    """Browsers must not cache an answer if the methods of a URL have different policies."""
    app = Flask("methods")
    CORS(app, origins=[APP], max_age=9)
    app.add_url_rule("/things", view_func=Things.as_view("things"))
    for method in ("GET", "HEAD", "PATCH", "POST", "PUT"):
        assert preflight(app, "/things", method).cors == admits(max_age="0")
    assert preflight(app, "/things", "DELETE").cors == {}
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


def test_a_layer_that_applies_to_no_method_is_not_checked() -> None:
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
    # For other methods, the class allows credentials and names no origins.
    assert cross(app, "/own", "POST") == Crossing(405, REFUSES, is_readable=False)


def test_a_layer_that_another_view_inherits_is_checked() -> None:
    class Own(MethodView):
        @cors(origins=[APP])
        def get(self) -> str:
            raise NotImplementedError

    app = Flask("shared")
    app.testing = True
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
