"""@cors on error handlers: its options apply to the responses that the handler returns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort
from flask.views import MethodView

from corswsgi import Policy, PolicyError
from corswsgi.policy import refusing_policy
from corswsgi_flask import CORS, cors, current_cors
from tests.conformance.cases import APP, EVIL, PREFLIGHT_VARY, REFUSES, admits, grants
from tests.flask.crossing import NO_POLICY, Crossing, cross, plain, preflight, problems_of
from tests.helpers.wsgi import get

mark = cors(expose_headers=["X-H"])
EXPOSED = grants(Expose_Headers="X-H")

Handler = Callable[[Any], Any]


@mark
def function(error: Exception) -> Any:
    return "handled", 418


@mark
async def coroutine(error: Exception) -> Any:
    await asyncio.sleep(0)
    return "handled", 418


class Called:
    @mark
    def __call__(self, error: Exception) -> Any:
        return "handled", 418

    @mark
    def method(self, error: Exception) -> Any:
        return "handled", 418

    @mark
    @staticmethod
    def static(error: Exception) -> Any:
        return "handled", 418

    @mark
    @classmethod
    def of_class(cls, error: Exception) -> Any:
        return "handled", 418

    def bound(self, error: Exception) -> Any:
        return "handled", 418


def answering() -> Handler:
    """Return a new handler."""

    def answers(error: Exception) -> Response:
        return Response("handled", 418)

    return answers


def logged(handler: Handler) -> Handler:
    """Decorate without functools.wraps."""

    def wrapper(error: Exception) -> Any:
        return handler(error)

    return wrapper


HANDLERS: dict[str, Handler] = {
    "function": function,
    "coroutine": coroutine,
    "object": Called(),
    "method": Called().method,
    "static method": Called().static,
    "class method": Called().of_class,
    "bound method": mark(Called().bound),
    "response": mark(answering()),
    "hidden": logged(function),
}


def application(*arguments: Any, **options: Any) -> Flask:
    app = Flask("handled")
    app.get("/view", endpoint="view")(plain())
    app.get("/own", endpoint="own")(cors(max_age=5, expose_headers=["X-Own"])(lambda: abort(403)))
    app.get("/fails", endpoint="fails")(lambda: str(1 / 0))
    app.get("/slash/", endpoint="slash")(plain())
    if arguments or options:
        CORS(app, *arguments, **options)
    return app


@pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS)
def test_all_kinds_of_handlers(handler: Handler) -> None:
    app = application(origins=[APP], max_age=9)
    for kind in (403, 404, 405, ZeroDivisionError):
        app.register_error_handler(kind, handler)
    for _ in range(2):
        for method, path in (("GET", "/missing"), ("POST", "/view"), ("GET", "/fails")):
            assert cross(app, path, method) == Crossing(418, EXPOSED, is_readable=True)
            refused = Crossing(418, REFUSES, is_readable=False)
            assert cross(app, path, method, EVIL) == refused
        # Its options are laid over those of the view.
        assert cross(app, "/own") == Crossing(418, EXPOSED, is_readable=True)
        assert cross(app, "/view") == Crossing(200, grants(), is_readable=True)
        assert get(app, "/slash", headers=[("Origin", APP)]).cors == grants()
    # Preflights are not affected.
    assert preflight(app, "/own", "GET").cors == admits(max_age="5")
    assert preflight(app, "/missing", "GET").cors == admits(max_age="9")
    options = get(app, "/missing", "OPTIONS", [("Origin", APP)])
    assert (options.status, options.cors) == (418, {**EXPOSED, "Vary": PREFLIGHT_VARY})


@pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS)
def test_without_cors_for_the_application(handler: Handler) -> None:
    """The first request is handled like the second, and like one that bypasses the middleware."""
    expected = Crossing(418, grants("*", None, Expose_Headers="X-H"), is_readable=True)
    app = application()
    app.view_functions["own"] = plain()
    older: Any = app.wsgi_app
    app.register_error_handler(404, handler)
    for served in (app, app, older):
        assert cross(served, "/missing") == expected
        assert cross(served, "/view") == NO_POLICY


def test_a_handler_of_a_blueprint() -> None:
    app = application(
        origins=[APP], resources={"/api/*": {"allow_headers": ["X-A"]}, "/open/*": {"origins": "*"}}
    )
    blueprint = Blueprint("blueprint", __name__)
    blueprint.get("/fails")(lambda: abort(410))
    blueprint.register_error_handler(410, function)
    app.register_blueprint(blueprint, url_prefix="/api")
    app.register_blueprint(blueprint, url_prefix="/open", name="open")
    app.register_blueprint(blueprint, url_prefix="/other", name="other")
    assert cross(app, "/api/fails") == Crossing(418, EXPOSED, is_readable=True)
    expected = grants("*", None, Expose_Headers="X-H")
    assert cross(app, "/open/fails") == Crossing(418, expected, is_readable=True)
    # CORS is off for the path, and the options turn it on.
    assert cross(app, "/other/fails").cors == EXPOSED


def plain_failure() -> Callable[[], str]:
    """Return a new view that fails."""

    def view() -> str:
        abort(410)

    return view


OFF = Crossing(418, {}, is_readable=False)
ANY = Crossing(418, grants("*", None, Expose_Headers="X-H"), is_readable=True)
OF_APP = Crossing(418, EXPOSED, is_readable=True)
REFUSED = Crossing(418, REFUSES, is_readable=False)


@pytest.mark.parametrize(
    ("arguments", "options", "decorate", "expected"),
    [
        # CORS is off explicitly.
        ([None], {}, None, OFF),
        ([None], {"resources": {"/api/*": {"origins": "*"}}}, None, OFF),
        ([], {"resources": {"/*": {"origins": "*"}, "/fails/*": None}}, None, OFF),
        ([], {"resources": {"/fails/*": None}}, cors(None), OFF),
        ([], {"origins": "*"}, cors(None), OFF),
        ([], {"resources": "/api/*"}, cors(None), OFF),
        ([], {}, cors(None), OFF),
        # The view has other origins.
        ([], {"origins": "*"}, cors(origins=[APP]), OF_APP),
        ([], {"origins": "*"}, cors(Policy(origins=[APP])), OF_APP),
        ([], {"origins": [EVIL]}, cors(origins=[APP]), OF_APP),
        ([], {"origins": [APP]}, cors(origins=[EVIL]), REFUSED),
        ([None], {}, cors(origins=[APP]), OF_APP),
        ([], {"resources": {"/fails/*": None}}, cors(origins=[APP]), OF_APP),
        ([], {}, cors(origins=[APP]), OF_APP),
        # Nothing is configured there, so it is as for a view.
        ([], {}, None, ANY),
        ([], {"resources": "/api/*"}, None, ANY),
        ([], {"resources": "/api/*", "origins": [APP]}, None, OF_APP),
    ],
)
def test_without_origins_it_allows_no_more_than_the_view(
    arguments: Any, options: Any, decorate: Any, expected: Crossing
) -> None:
    def serve(handler: Any) -> Flask:
        app = application(*arguments, **options)
        view = plain_failure()
        app.get("/fails/view", endpoint="failing")(decorate(view) if decorate else view)
        app.register_error_handler(410, handler(answering()))
        return app

    app = serve(mark)
    for _ in range(3):
        assert cross(app, "/fails/view") == expected
    # One that names origins is laid over the application and the path.
    app = serve(cors(origins=[APP], max_age=5))
    assert cross(app, "/fails/view") == Crossing(418, grants(), is_readable=True)


def test_a_tenant_without_a_policy() -> None:
    policies = {"/none": None, "/refuses": refusing_policy("policy_invalid")}
    app = application(lambda environ: policies.get(environ["PATH_INFO"], Policy(origins=[APP])))
    app.register_error_handler(404, function)
    assert cross(app, "/none") == OFF
    assert cross(app, "/refuses") == REFUSED
    assert cross(app, "/missing") == OF_APP


def test_another_method_of_a_view() -> None:
    app = application(origins=[APP])
    app.post("/off", endpoint="off")(cors(None)(plain()))
    app.post("/on", endpoint="on")(plain())
    app.register_error_handler(405, function)
    assert cross(app, "/off") == OFF
    assert cross(app, "/on") == OF_APP


def test_a_view_and_a_handler_that_contradict_each_other(caplog: pytest.LogCaptureFixture) -> None:
    app = application(origins=[APP])
    app.get("/any", endpoint="any")(cors(origins="*")(plain_failure()))
    app.register_error_handler(410, cors(supports_credentials=True)(answering()))
    for _ in range(2):
        assert cross(app, "/any") == REFUSED
    (record,) = caplog.records
    assert vars(record)["reason"] == "policy_invalid"
    assert "origins: all origins are allowed ('*')" in record.getMessage()


def test_none_and_a_policy() -> None:
    app = application(origins=[APP])
    app.register_error_handler(404, cors(None)(answering()))
    app.register_error_handler(405, cors(Policy(origins=[EVIL]))(logged(answering())))
    assert cross(app, "/missing") == Crossing(418, {}, is_readable=False)
    assert cross(app, "/view", "POST", EVIL) == Crossing(418, grants(EVIL), is_readable=True)


def test_a_handler_that_fails_leaves_the_policy_of_the_view() -> None:
    app = application(origins=[APP])

    @app.errorhandler(404)
    @mark
    def fails(error: Exception) -> str:
        raise LookupError

    expected = grants()
    assert cross(app, "/missing") == Crossing(500, expected, is_readable=True)


def test_a_failure_after_a_handler_has_the_policy_of_the_view() -> None:
    app = application(origins=[APP])
    app.register_error_handler(404, cors(origins="*")(answering()))

    @app.after_request
    def fails(response: Response) -> Response:
        if response.status_code == 418:
            raise LookupError
        return response

    assert cross(app, "/missing") == Crossing(500, grants(), is_readable=True)
    assert cross(app, "/missing", origin=EVIL) == Crossing(500, REFUSES, is_readable=False)


def test_a_handler_of_500_is_noted() -> None:
    app = application(origins=[APP])
    app.register_error_handler(404, function)
    app.register_error_handler(500, function)
    for _ in range(2):
        assert cross(app, "/missing") == OF_APP
        assert cross(app, "/fails") == OF_APP


def test_a_handler_that_calls_another_one() -> None:
    app = application(origins=[APP])
    outer = cors(expose_headers=["X-Outer"])(lambda error: [function(error)][0])
    app.register_error_handler(404, outer)
    expected = grants(Expose_Headers="X-Outer")
    assert cross(app, "/missing") == Crossing(418, expected, is_readable=True)


def test_a_method_of_the_application() -> None:
    class Application(Flask):
        @mark
        def handle_http_exception(self, error: Any) -> Any:
            return super().handle_http_exception(error)

    app = Application("subclass")
    CORS(app, origins=[APP])
    app.get("/view")(plain())
    assert cross(app, "/missing") == Crossing(404, EXPOSED, is_readable=True)
    assert cross(app, "/view") == Crossing(200, grants(), is_readable=True)


def test_a_handler_is_a_function_like_any_other() -> None:
    assert function(ValueError()) == ("handled", 418)  # without a request
    app = application(origins=[APP])
    app.add_url_rule("/<error>", view_func=function)

    @mark
    async def view(name: str) -> str:
        return name

    app.add_url_rule("/async/<name>", "async", view)
    assert cross(app, "/missing") == Crossing(418, EXPOSED, is_readable=True)
    assert get(app, "/async/name", headers=[("Origin", APP)]).body == b"name"


def test_current_cors_in_a_handler() -> None:
    app = application(origins=[APP])
    app.register_error_handler(404, cors(origins=[EVIL])(lambda error: current_cors.reason))
    for origin, reason in ((EVIL, b"origin_allowed"), (APP, b"origin_not_allowed")):
        assert get(app, "/missing", headers=[("Origin", origin)]).body == reason


def test_mounted_applications_have_their_own_handlers() -> None:
    inner, outer = application(origins=[APP]), application(origins=[APP, EVIL])
    inner.register_error_handler(404, function)

    def mounted(environ: Any, start_response: Any) -> Any:
        return inner(environ, start_response)

    served = outer.wsgi_app

    def dispatch(environ: Any, start_response: Any) -> Any:
        return (mounted if environ["PATH_INFO"] == "/inner" else served)(environ, start_response)

    outer.wsgi_app = dispatch  # type: ignore[method-assign] # as Flask documents
    assert cross(outer, "/inner") == Crossing(418, EXPOSED, is_readable=True)
    assert cross(outer, "/missing") == Crossing(404, grants(), is_readable=True)


def test_contradictions_are_reported() -> None:
    app = application(origins="*")
    app.testing = True
    app.register_error_handler(404, cors(supports_credentials=True)(answering()))
    for path in ("/view", "/missing"):
        with pytest.raises(PolicyError) as refused:
            cross(app, path)
        name = f"error handler {__name__}.answering.<locals>.answers"
        assert problems_of(refused.value) == [(f"{name}.origins", "wildcard_with_credentials")]


def test_contradictions_in_production(caplog: pytest.LogCaptureFixture) -> None:
    app = application(origins="*")
    app.register_error_handler(404, cors(supports_credentials=True)(answering()))
    assert cross(app, "/missing") == Crossing(418, REFUSES, is_readable=False)
    assert cross(app, "/view") == Crossing(200, grants("*", None), is_readable=True)
    (record,) = caplog.records
    assert vars(record)["reason"] == "policy_invalid"
    assert "answers.origins" in record.getMessage()


# Catch-all handlers do not hide our errors.


def invalid(app: Flask) -> None:
    app.get("/invalid", endpoint="invalid")(cors(supports_credentials=True)(plain()))


def invalid_handler(app: Flask) -> None:
    app.register_error_handler(404, cors(supports_credentials=True)(answering()))


@pytest.mark.parametrize("mode", ["debug", "testing"])
@pytest.mark.parametrize("propagate", [None, False])
@pytest.mark.parametrize("install", [invalid, invalid_handler])
@pytest.mark.parametrize("how", ["extension", "bypassed", "alone"])
def test_a_handler_of_all_exceptions(
    how: str, install: Callable[[Flask], None], propagate: bool | None, mode: str
) -> None:
    app = Flask("all")
    setattr(app, mode, True)
    app.config["PROPAGATE_EXCEPTIONS"] = propagate
    app.register_error_handler(Exception, lambda error: ("hidden", 500))
    install(app)
    served: Any = app.wsgi_app
    if how != "alone":
        CORS(app)
    if how == "extension":
        served = app
    for _ in range(2):
        with pytest.raises(PolicyError):
            get(served, "/missing")
    with app.test_request_context("/missing"):
        pass  # it raises at requests only


def test_other_errors_still_reach_a_handler_of_all_exceptions() -> None:
    app = application(origins=[APP])
    app.testing = True
    app.register_error_handler(Exception, mark(answering()))
    assert cross(app, "/fails") == Crossing(418, EXPOSED, is_readable=True)


def test_views_are_called_as_before() -> None:
    """Only functions that can be called with an exception are wrapped."""

    class Views(MethodView):
        def get(self) -> str:
            raise NotImplementedError

    views = (plain(), Views, Views.get, lambda *, name: name)
    for view in views:
        assert mark(view) is view
