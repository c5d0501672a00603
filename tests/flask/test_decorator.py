"""@cors: its arguments, the attribute that it sets, and problems with the layers around it."""

from __future__ import annotations

import inspect
import re
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.views import MethodView

from corswsgi import Policy, PolicyError
from corswsgi.adapters import Layer
from corswsgi_flask import CORS, cors, cross_origin
from tests.conformance.cases import APP, REFUSES, admits, grants
from tests.flask.crossing import NO_POLICY, Crossing, cross, plain, preflight, problems_of

OTHER = "https://other.example"
EXPOSED = grants("*", None, Expose_Headers="X-V")
LAID_OVER = grants(Expose_Headers="X-V")

mark = cors(expose_headers=["X-V"])


@cors(max_age=2)
class Decorated(MethodView):
    def get(self) -> str:
        raise NotImplementedError


def test_values_are_checked_when_decorated() -> None:
    with pytest.raises(PolicyError) as refused:
        cors(origin=[APP], max_age=-1, supports_credentials="yes")  # type: ignore[call-overload] # mistakes
    assert problems_of(refused.value) == [
        ("origin", "unknown_option"),
        ("supports_credentials", "wrong_type"),
        ("max_age", "out_of_range"),
    ]
    assert refused.value.problems[0].hint == "did you mean 'origins'?"
    with pytest.raises(PolicyError) as refused:
        cors("https://app.example.com")  # type: ignore[call-overload] # a mistake
    assert problems_of(refused.value) == [("policy", "wrong_type")]
    with pytest.raises(PolicyError) as refused:
        cors(Policy(origins="*"), max_age=1)
    assert problems_of(refused.value) == [("max_age", "not_alone")]


def test_two_decorators_that_agree_are_united() -> None:
    app = Flask("united")

    @app.route("/view", methods=["GET", "PUT"])
    @cors(origins=[APP], expose_headers="X-V", max_age=60)
    @cors(max_age=timedelta(minutes=1), allow_headers=["X-A"], origins={APP})
    @cors
    def view() -> str:
        return "view"

    admitted = admits(headers="X-A", max_age="60", methods=admits()["Access-Control-Allow-Methods"])
    assert preflight(app, "/view").cors == admitted
    assert cross(app, "/view") == Crossing(200, LAID_OVER, is_readable=True)
    assert cross(app, "/view", origin=OTHER) == Crossing(200, REFUSES, is_readable=False)


@pytest.mark.parametrize(
    ("outer", "inner", "option", "message"),
    [
        (cors(max_age=1), cors(max_age=2), "max_age", r"2 in {} contradicts 1 in {}"),
        (cors(None), cors(max_age=2), "policy", r"{{'max_age': 2}} in {} contradicts None in {}"),
        (cors, cors(None), "policy", r"None in {} contradicts {{}} in {}"),
        (cors(Policy(origins=[APP])), cors, "policy", r"{{}} in {} contradicts Policy\(.*\) in {}"),
    ],
)
def test_two_decorators_that_contradict_each_other(
    outer: Any, inner: Any, option: str, message: str
) -> None:
    view = inner(plain())
    with pytest.raises(PolicyError) as refused:
        outer(view)
    assert problems_of(refused.value) == [(option, "given_twice")]
    place = r"flask/test_decorator\.py:\d+"
    [problem] = refused.value.problems
    assert re.fullmatch(message.format(place, place) + r"\.", problem.message)
    assert problem.hint is not None
    assert problem.hint.startswith("decorate it once.")


def test_policies_that_agree() -> None:
    app = Flask("united")
    for number, decorate in enumerate((cors(None), cors(Policy(origins=[APP])))):
        app.add_url_rule(f"/{number}", str(number), decorate(decorate(plain())))
    same = cors(Policy(origins=[APP]))(cors(Policy(origins=APP))(plain()))
    app.add_url_rule("/2", "2", same)
    assert cross(app, "/0") == NO_POLICY
    for path in ("/1", "/2"):
        assert cross(app, path) == Crossing(200, grants(), is_readable=True)


def test_a_function_for_two_routes() -> None:
    """If the options were united, the first route would allow credentials."""
    app = Flask("routes")
    view = plain()
    app.add_url_rule("/open", "open", cors(origins=[APP])(view))
    first = inspect.currentframe().f_lineno - 1  # type: ignore[union-attr] # CPython has it
    with pytest.raises(PolicyError) as refused:
        cors(supports_credentials=True)(view)
    [problem] = refused.value.problems
    assert (problem.option, problem.value, problem.reason) == ("cors", view, "given_twice")
    place = f"flask/test_decorator.py:{first}"
    assert problem.message.endswith(f" has an @cors with other options already, in {place}.")
    hint = "decorate it once. For a second route, write a function that calls it."
    assert problem.hint == hint
    assert cors(origins=(APP,))(view) is view

    @app.route("/private")
    @cors(supports_credentials=True, origins=[OTHER])
    def private() -> str:
        return view()

    assert cross(app, "/open") == Crossing(200, grants(), is_readable=True)
    assert cross(app, "/private", origin=OTHER).cors == grants(OTHER, Allow_Credentials="true")


def test_a_decorator_that_is_kept_in_a_variable() -> None:
    app = Flask("variable")
    exposing, allowing = cors(expose_headers="X-V"), cors(origins=[APP])

    @app.route("/view")
    @exposing
    @allowing
    def view() -> str:
        return "view"

    assert cross(app, "/view") == Crossing(200, LAID_OVER, is_readable=True)
    second = plain()
    exposing(second)
    with pytest.raises(PolicyError, match=r"options\s+already"):
        allowing(second)


def test_two_decorators_of_a_class() -> None:
    @cors(expose_headers="X-V")
    @cors(origins=[APP])
    class Views(MethodView):
        def get(self) -> str:
            return "view"

    app = Flask("class")
    app.add_url_rule("/view", view_func=Views.as_view("view"))
    assert cross(app, "/view") == Crossing(200, LAID_OVER, is_readable=True)
    for decorate in (cors(max_age=1), cors):
        with pytest.raises(PolicyError, match=r"options\s+already"):
            decorate(Views)
    assert cors(origins={APP}, expose_headers=["X-V"])(Views) is Views


def test_two_decorators_of_an_object() -> None:
    class View:
        def __call__(self) -> str:
            raise NotImplementedError

    view = cors(origins=[APP])(View())
    assert cors(origins=APP)(view) is view
    with pytest.raises(PolicyError, match=r"options\s+already"):
        cors(max_age=1)(view)


def test_a_subclass_has_a_policy_of_its_own() -> None:
    @cors(max_age=1)
    class Again(Decorated):
        pass

    app = Flask("again")
    app.add_url_rule("/again", view_func=Again.as_view("again"))
    assert preflight(app, "/again", "GET").cors == admits("*", max_age="1")


def test_it_sets_a_public_attribute() -> None:
    policy = Policy(origins="*")
    for decorate, expected in (
        (cors(max_age=1), {"max_age": 1}),
        (cors(policy), policy),
        (cors(None), None),
        (cors, {}),
    ):
        view = decorate(plain())
        assert view() == "view"
        layer = vars(view)["cors_policy"]
        assert isinstance(layer, Layer)
        assert layer.value == expected
    assert cross_origin is cors


def test_views_that_cannot_have_attributes() -> None:
    class Slotted:
        __slots__ = ()

        def __call__(self) -> str:
            raise NotImplementedError

    views: tuple[Any, ...] = (Slotted(), len)
    for view in views:
        with pytest.raises(PolicyError) as refused:
            cors(max_age=1)(view)
        assert problems_of(refused.value) == [("cors", "without_effect")]


def test_a_bound_method_gets_a_function_with_the_attribute() -> None:
    class Views:
        def method(self) -> str:
            return "view"

    app = Flask("bound")
    CORS(app, origins=[APP])
    app.add_url_rule("/view", "view", mark(Views().method))
    assert cross(app, "/view") == Crossing(200, LAID_OVER, is_readable=True)
    assert not hasattr(Views.method, "cors_policy")


def test_applications_and_blueprints_are_refused() -> None:
    """The hint names the class to use, and works."""
    blueprint, app = Blueprint("blueprint", __name__), Flask("refused")
    blueprint.get("/view")(plain())
    given: tuple[Any, ...] = (blueprint, app)
    for each, written in zip(given, ("CORS(blueprint, ...)", "CORS(app, ...)"), strict=True):
        for decorate in (cors, cross_origin, cors(origins=[APP])):
            with pytest.raises(PolicyError) as refused:
                decorate(each)
            assert problems_of(refused.value) == [("cors", "wrong_type")]
            assert refused.value.problems[0].hint == f"write {written}."
    names = {"CORS": CORS, "blueprint": blueprint, "app": app}
    exec("CORS(blueprint, origins=['https://app.example.com'])", names)
    app.register_blueprint(blueprint)
    assert cross(app, "/view") == Crossing(200, grants(), is_readable=True)


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


def test_credentials_for_the_origins_of_the_application() -> None:
    """Whether both are possible together depends on the application."""
    app, other = Flask("apart"), Flask("other")
    for each in (app, other):
        each.get("/view")(cors(supports_credentials=True)(plain()))
        each.get("/again", endpoint="again")(cors(supports_credentials=True)(plain()))
        each.testing = True
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


def test_without_the_extension_the_config_applies() -> None:
    app = Flask("configured")
    app.config.update(CORS_ORIGINS=[APP], CORS_SEND_WILDCARD=True)
    app.get("/view")(mark(plain()))
    app.get("/other", endpoint="other")(plain())
    with pytest.warns(DeprecationWarning, match="CORS_SEND_WILDCARD"):
        assert cross(app, "/view") == Crossing(200, LAID_OVER, is_readable=True)
    assert cross(app, "/other") == NO_POLICY


def test_without_the_extension_the_config_may_be_incomplete() -> None:
    app = Flask("defaults")
    app.config["CORS_SUPPORTS_CREDENTIALS"] = True
    app.get("/view")(cors(origins=[APP])(plain()))
    expected = grants(Allow_Credentials="true")
    for _ in range(2):
        assert cross(app, "/view") == Crossing(200, expected, is_readable=True)


def test_deprecated_options_warn_at_the_line_of_the_caller() -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        cors(allow_private_network=True)
        cors(send_wildcard=True)  # type: ignore[call-overload] # an option of Flask-CORS
    assert [warning.category for warning in warned] == [DeprecationWarning] * 2
    assert {Path(warning.filename) for warning in warned} == {Path(__file__)}
