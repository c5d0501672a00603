"""@cors with flask-restful and flask-restx: on resources, on their methods, and in their lists."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from flask import Blueprint, Flask

from corswsgi import PolicyError
from corswsgi_flask import CORS, cors, cross_origin
from tests.conformance.cases import APP, EVIL, REFUSES, admits, grants
from tests.flask.crossing import Crossing, cross, preflight
from tests.helpers.wsgi import get

EXPOSED = grants(Expose_Headers="X-V")

with warnings.catch_warnings():
    # They use deprecated names of other packages.
    warnings.simplefilter("ignore")
    PACKAGES: dict[str, Any] = {
        name: import_module(name) for name in ("flask_restful", "flask_restx")
    }

mark = cors(expose_headers=["X-V"])

WHOLE: dict[str, dict[str, Any]] = {
    "decorators": {"decorators": [mark]},
    "method_decorators": {"method_decorators": [mark]},
    "the outermost is first": {"method_decorators": [mark, lambda method: method]},
}


def resource(package: Any, **attributes: Any) -> type:
    def get(self: Any) -> Any:
        return {"method": "get"}

    def put(self: Any) -> Any:
        return {"method": "put"}

    return type("Things", (package.Resource,), {"get": get, "put": put, **attributes})


def application() -> Flask:
    app = Flask("restful")
    app.testing = True
    CORS(app, origins=[APP], max_age=9)
    return app


def added(package: Any, cls: type, app: Flask, **options: Any) -> Any:
    api = package.Api(app, **options)
    api.add_resource(cls, "/things")
    return api


def on_the_class(package: Any, app: Flask) -> None:
    added(package, mark(resource(package)), app)


def in_the_api(package: Any, app: Flask) -> None:
    added(package, resource(package), app, decorators=[mark])


def in_a_blueprint(package: Any, app: Flask) -> None:
    blueprint = Blueprint("api", __name__)
    api = package.Api(blueprint)
    api.add_resource(resource(package, method_decorators=(mark,)), "/things")
    app.register_blueprint(blueprint)


def above_route(package: Any, app: Flask) -> None:
    mark(package.Api(app).route("/things")(resource(package)))


def below_route(package: Any, app: Flask) -> None:
    package.Api(app).route("/things")(mark(resource(package)))


def in_a_namespace(package: Any, app: Flask) -> None:
    namespace = package.Namespace("things", path="/", decorators=[mark])
    namespace.route("/things")(resource(package))
    package.Api(app).add_namespace(namespace)


def from_attributes(attributes: dict[str, Any]) -> Callable[[Any, Flask], None]:
    def install(package: Any, app: Flask) -> None:
        added(package, resource(package, **attributes), app)

    return install


COMMON = {
    "on the class": on_the_class,
    "in the Api": in_the_api,
    "in a blueprint": in_a_blueprint,
    **{name: from_attributes(attributes) for name, attributes in WHOLE.items()},
}
OF_RESTX = {"above route": above_route, "below route": below_route, "namespace": in_a_namespace}
INSTALLED = [
    pytest.param(package, install, id=f"{name}, {how}")
    for name, package in PACKAGES.items()
    for how, install in {**COMMON, **(OF_RESTX if name == "flask_restx" else {})}.items()
]


@pytest.mark.parametrize(("package", "install"), INSTALLED)
def test_on_a_whole_resource(package: Any, install: Callable[[Any, Flask], None]) -> None:
    app = application()
    install(package, app)
    for method in ("GET", "PUT"):
        assert preflight(app, "/things", method).cors == admits(max_age="9")
        assert cross(app, "/things", method) == Crossing(200, EXPOSED, is_readable=True)
    assert get(app, "/things", "HEAD", [("Origin", APP)]).cors == EXPOSED
    assert cross(app, "/things", "POST") == Crossing(405, EXPOSED, is_readable=True)
    assert cross(app, "/things", origin=EVIL) == Crossing(200, REFUSES, is_readable=False)
    assert cross(app, "/missing") == Crossing(404, grants(), is_readable=True)


def decorated_method(package: Any) -> type:
    @mark
    def decorated(self: Any) -> Any:
        return {"method": "get"}

    return resource(package, get=decorated)


def one_method(package: Any) -> list[type]:
    both = decorated_method(package)
    in_mapping = resource(package, method_decorators={"get": [mark]})
    return [both, *([in_mapping] if package.__name__ == "flask_restful" else [])]


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
def test_on_one_method(package: Any) -> None:
    for cls in one_method(package):
        app = application()
        added(package, cls, app)
        for method in ("GET", "PUT"):
            # The policies of the methods differ.
            assert preflight(app, "/things", method).cors == admits(max_age="0")
        assert cross(app, "/things") == Crossing(200, EXPOSED, is_readable=True)
        assert get(app, "/things", "HEAD", [("Origin", APP)]).cors == EXPOSED
        assert cross(app, "/things", "PUT") == Crossing(200, grants(), is_readable=True)


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
def test_the_order_of_layers(package: Any) -> None:
    """A method is inside the list, in which the last one is outermost."""

    @cors(expose_headers=["X-1"])
    def decorated(self: Any) -> Any:
        return {"method": "get"}

    lists = [cors(max_age=2, expose_headers=["X-2"]), cors(max_age=3, allow_headers=["X-3"])]
    app = application()
    added(package, mark(resource(package, get=decorated, method_decorators=lists)), app)
    for method, exposed in (("GET", "X-1"), ("PUT", "X-2")):
        expected = grants(Expose_Headers=exposed)
        assert preflight(app, "/things", method).cors == admits(headers="X-3", max_age="0")
        got = get(app, "/things", method, [("Origin", APP)])
        assert (got.status, got.cors) == (200, expected)


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
def test_without_parentheses(package: Any) -> None:
    app = Flask("alone")
    added(package, resource(package, method_decorators=[cross_origin]), app)
    for _ in range(2):
        assert cross(app, "/things") == Crossing(200, grants("*", None), is_readable=True)


def test_a_resource_without_cors_for_the_application() -> None:
    """The first request is handled like all others."""
    for package in PACKAGES.values():
        for attributes in ({"method_decorators": [mark]}, {"decorators": [mark]}):
            app = Flask("alone")
            added(package, resource(package, **attributes), app)
            expected = grants("*", None, Expose_Headers="X-V")
            for _ in range(2):
                assert cross(app, "/things") == Crossing(200, expected, is_readable=True)


# Errors.


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
def test_errors_of_a_resource_have_its_policy(package: Any) -> None:
    def fails(self: Any) -> Any:
        package.abort(409, message="later")

    app = application()
    added(package, mark(resource(package, get=fails)), app)
    assert cross(app, "/things") == Crossing(409, EXPOSED, is_readable=True)


def test_error_handlers_of_restx() -> None:
    def fails(self: Any) -> Any:
        raise LookupError("nothing")

    package = PACKAGES["flask_restx"]
    app = application()
    api = added(package, resource(package, get=fails), app)

    handle = mark(lambda error: ({"message": str(error)}, 410))
    api.errorhandler(LookupError)(handle)
    assert cross(app, "/things") == Crossing(410, EXPOSED, is_readable=True)
    assert cross(app, "/things", "PUT") == Crossing(200, grants(), is_readable=True)


@pytest.mark.parametrize("is_on_first", [True, False])
@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
def test_errors_of_the_configuration_are_raised(package: Any, is_on_first: bool) -> None:
    """An error handler of the API or of the application does not hide them."""
    app = Flask("problems")
    app.testing = True
    app.register_error_handler(Exception, lambda error: ("hidden", 500))
    cls = resource(package, method_decorators=[cors(supports_credentials=True)])
    api = added(package, cls, app)
    if package.__name__ == "flask_restx":
        api.errorhandler(Exception)(lambda error: ({"message": "hidden"}, 500))
    if is_on_first:
        CORS(app)
    for _ in range(2):
        for path in ("/things", "/missing"):
            with pytest.raises(PolicyError, match="things"):
                get(app, path)
