"""CORS(app), CORS(blueprint) and init_app()."""

from __future__ import annotations

import copy
import pickle
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask

from corswsgi import Policy, PolicyError
from corswsgi_flask import CORS, cors
from corswsgi_flask.commands import cors as commands
from tests.conformance.cases import APP, EVIL, admits, grants
from tests.conformance.cases import REFUSES as REFUSED_HEADERS
from tests.flask.crossing import NO_POLICY, Crossing, cross, plain, preflight, problems_of

OTHER = "https://other.example"
ANY_ORIGIN = Crossing(200, grants("*", None), is_readable=True)
ONE = Crossing(200, grants(), is_readable=True)
REFUSED = Crossing(200, REFUSED_HEADERS, is_readable=False)


def application(**config: Any) -> Flask:
    """Return an application with three views."""
    app = Flask("extension")
    app.config.update(config)
    for path in ("/view", "/api/view", "/other"):
        app.add_url_rule(path, path, lambda: "view", methods=["GET", "PUT"])
    return app


def refused(app: Any, **options: Any) -> list[tuple[str, str, str | None]]:
    """Return the options, reasons and hints of the problems."""
    with pytest.raises(PolicyError) as error:
        CORS(app, **options)
    return [(problem.option, problem.reason, problem.hint) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("source", "options", "reason"),
    [
        (r"https://([a-z0-9]+-?)+\.example\.com", {}, "slow_expression"),
        (r"https://a\.example/.*", {}, "malformed_origin"),
        (
            r"https://app\.example\.com.*",
            {"supports_credentials": True},
            "wildcard_with_credentials",
        ),
        (r"https?://app\.example\.com", {"supports_credentials": True}, "insecure_origin"),
    ],
)
def test_expressions_that_are_refused(source: str, options: Any, reason: str) -> None:
    ((option, found, hint),) = refused(application(), origins=[re.compile(source)], **options)
    assert (option, found) == ("origins", reason)
    corrected = re.search(r"did you mean r'(.*?)'\?", str(hint))
    assert corrected is not None
    CORS(application(), origins=[re.compile(corrected[1])], supports_credentials=True)


def test_without_arguments_it_is_a_public_api() -> None:
    app = application()
    CORS(app)
    assert cross(app, "/view", "PUT", EVIL) == ANY_ORIGIN


def test_registered() -> None:
    app = application()
    CORS(app)
    assert "corswsgi" in app.extensions


def test_arguments_are_read_at_once() -> None:
    """Iterators can be arguments, and later changes of a list have no effect."""
    origins, below = [APP], [APP]
    app = application(CORS_ORIGINS=(origin for origin in [APP]))
    CORS(
        app,
        resources={"/view": {"origins": origins}, "/other": {}, "/api/*": {"origins": below}},
        allow_headers=map(str, ["X-A"]),
        expose_headers=(name for name in ["X-B"]),
    )
    for each in (origins, below):
        each.append(EVIL)
    expected = grants(Expose_Headers="X-B")
    for path in ("/view", "/other", "/api/view"):
        assert preflight(app, path).cors == admits(headers="X-A")
        assert cross(app, path) == Crossing(200, expected, is_readable=True)
        assert cross(app, path, origin=EVIL) == REFUSED
    extension = CORS(origins=iter([APP]), resources=iter(["/view"]))
    for _ in range(2):
        app = application()
        extension.init_app(app)
        assert cross(app, "/view") == ONE
        assert cross(app, "/other") == NO_POLICY


def test_a_policy_as_the_second_argument() -> None:
    app, other = application(), application()
    CORS(app, Policy(origins=[APP]))
    CORS().init_app(other, Policy(origins=[APP]))
    assert cross(app, "/view") == cross(other, "/view") == ONE
    with pytest.raises(PolicyError, match=r"resources=\[?"):
        CORS(application(), {"/api/*": {}})  # type: ignore[arg-type] # a mistake


def test_an_application_factory() -> None:
    extension = CORS(max_age=1)

    def create_app(origin: str) -> Flask:
        app = Flask("factory")
        app.config["CORS_ORIGINS"] = [origin]
        extension.init_app(app)
        app.add_url_rule("/view", "view", lambda: "view")
        return app

    one, other = create_app(APP), create_app(EVIL)
    assert cross(one, "/view") == ONE
    assert cross(other, "/view") == REFUSED
    assert preflight(other, "/view", "GET", EVIL).cors == admits(EVIL, max_age="1")


def test_two_calls_that_agree() -> None:
    """The usual two: one for the paths, and one for a header."""
    app = application()
    CORS(app, resources={r"/*": {"origins": "*"}})
    CORS(app, expose_headers="Authorization")
    for path in ("/view", "/api/view", "/other"):
        expected = grants("*", None, Expose_Headers="Authorization")
        assert cross(app, path, origin=EVIL) == Crossing(200, expected, is_readable=True)
        assert preflight(app, path).cors == admits("*")


def test_two_calls_for_different_paths() -> None:
    """Each call is a unit: its paths do not get the options of the other."""
    app = application()
    CORS(app, supports_credentials=True, origins=[APP])
    CORS(app, resources={r"/api/*": {"origins": [OTHER, APP], "methods": ["GET", "PUT"]}})
    credentials = grants(Allow_Credentials="true")
    for path in ("/view", "/other", "/apikeys"):
        status = 404 if path == "/apikeys" else 200
        assert cross(app, path) == Crossing(status, credentials, is_readable=True)
        assert cross(app, path, origin=OTHER) == Crossing(status, REFUSED_HEADERS, False)
    assert preflight(app, "/view").cors == admits(headers=None, Allow_Credentials="true")
    assert preflight(app, "/view", origin=OTHER).status == 403
    for origin in (APP, OTHER):
        expected = Crossing(200, grants(origin), is_readable=True)
        assert cross(app, "/api/view", origin=origin) == expected
        assert preflight(app, "/api/view", origin=origin).cors == admits(origin, methods="GET, PUT")
    assert cross(app, "/api/view", origin=EVIL) == REFUSED


def test_calls_with_resources_each() -> None:
    app = application(CORS_EXPOSE_HEADERS="X-A")
    app.add_url_rule("/decorated", "decorated", cors(max_age=5)(plain()))
    CORS(app, origins=[APP], max_age=1, resources="/view")
    CORS(app, origins=[APP], max_age=2, resources={"/api/*": Policy(origins=[EVIL])})
    exposed = Crossing(200, grants(Expose_Headers="X-A"), is_readable=True)
    assert cross(app, "/view") == exposed
    assert preflight(app, "/view").cors == admits(max_age="1")
    assert cross(app, "/api/view", origin=EVIL) == Crossing(200, grants(EVIL), is_readable=True)
    assert cross(app, "/other") == NO_POLICY
    # Where CORS is off, a view has the options that the calls have in common.
    assert cross(app, "/decorated") == exposed
    assert cross(app, "/decorated", origin=EVIL) == REFUSED


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"origins": [APP]}, {"origins": [OTHER]}),
        ({"origins": [APP], "supports_credentials": True}, {}),
        ({"policy": Policy(origins=[APP])}, {"policy": Policy(origins=[OTHER])}),
        ({"policy": None}, {"policy": Policy(origins=[APP])}),
    ],
)
def test_views_elsewhere_if_calls_disagree_about_the_origins(one: Any, other: Any) -> None:
    for first, second in ((one, other), (other, one)):
        app = application()
        CORS(app, resources="/view", **first)
        CORS(app, resources="/api/*", **second)
        app.get("/none", endpoint="none")(cors(expose_headers=["X-A"])(plain()))
        app.get("/own", endpoint="own")(cors(origins=[APP])(plain()))
        for origin in (APP, OTHER, EVIL):
            assert cross(app, "/none", origin=origin) == REFUSED
        assert cross(app, "/own") == ONE
        assert cross(app, "/other") == NO_POLICY
        result = app.test_cli_runner().invoke(commands, ["check"])
        assert result.stderr == (
            "Note: view 'none' has a decorator without origins, and nothing around it names some, "
            'so no origin is allowed. Write @cors(origins=["https://app.example.com"]).\n'
        )


def test_calls_that_share_the_resources_of_the_config() -> None:
    app = application(CORS_RESOURCES={"/view": {"origins": [APP]}})
    CORS(app, max_age=1)
    CORS(app, expose_headers="X-A")
    CORS(app, resources="/other")
    expected = Crossing(200, grants(Expose_Headers="X-A"), is_readable=True)
    assert cross(app, "/view") == expected
    assert preflight(app, "/view").cors == admits(max_age="1")
    assert cross(app, "/other", origin=EVIL) == ANY_ORIGIN
    assert cross(app, "/api/view") == NO_POLICY


def test_the_same_call_twice() -> None:
    app, extension = application(), CORS(origins=iter([APP]), resources={"/view": {"max_age": 1}})
    for _ in range(2):
        extension.init_app(app)
    assert cross(app, "/view") == ONE
    assert cross(app, "/other") == NO_POLICY


def test_calls_that_contradict_each_other_name_both_places() -> None:
    app = application()
    CORS(app, origins=[APP], max_age=1)
    with pytest.raises(PolicyError) as error:
        CORS(app, origins=[EVIL], resources={"/*": {"max_age": 2}, "/api/*": {}})
    line = sys._getframe().f_lineno  # noqa: SLF001 - documented
    first, second = f"flask/test_extension.py:{line - 3}", f"flask/test_extension.py:{line - 1}"
    assert [(problem.option, problem.message) for problem in error.value.problems] == [
        ("origins", f"['{APP}'] in {first} contradicts ['{EVIL}'] in {second}."),
        ("max_age", f"1 in {first} contradicts 2 in {second}."),
    ]
    assert problems_of(error.value)[0] == ("origins", "given_twice")
    assert max(map(len, str(error.value).splitlines())) < 80
    assert cross(app, "/view") == ONE
    # The hint: remove one of them, and give paths options of their own.
    CORS(app, resources={"/api/*": {"origins": [EVIL]}})
    assert cross(app, "/view") == ONE
    assert cross(app, "/api/view", origin=EVIL).cors == grants(EVIL)


def test_another_wsgi_application() -> None:
    [(option, reason, hint)] = refused(lambda environ, start_response: [])
    assert (option, reason) == ("app", "wrong_type")
    assert hint is not None
    assert "CORSMiddleware" in hint


def test_the_config_is_read_again_at_the_first_request() -> None:
    app = application(CORS_ORIGINS=[EVIL], CORS_MAX_AGE=1)
    CORS(app, expose_headers=["X-A"])
    app.config["CORS_ORIGINS"].append(APP)
    app.config["CORS_ALLOW_HEADERS"] = ["X-B"]
    app.config["CORS_RESOURCES"] = "/view"
    del app.config["CORS_MAX_AGE"]
    assert cross(app, "/view") == Crossing(200, grants(Expose_Headers="X-A"), is_readable=True)
    assert preflight(app, "/view").cors == admits(headers="X-B")
    assert cross(app, "/other") == NO_POLICY
    # It is not read a third time.
    app.config["CORS_ORIGINS"] = [EVIL]
    assert cross(app, "/view").is_readable


def test_the_config_may_come_after_the_extension() -> None:
    app = application()
    CORS(app)
    app.config.update(CORS_ORIGINS=[APP], CORS_SUPPORTS_CREDENTIALS=True)
    expected = grants(Allow_Credentials="true")
    assert cross(app, "/view") == Crossing(200, expected, is_readable=True)
    assert cross(app, "/view", origin=EVIL) == REFUSED


@pytest.mark.parametrize("is_testing", [True, False])
def test_a_mistake_in_the_config_after_the_extension(
    caplog: pytest.LogCaptureFixture, is_testing: bool
) -> None:
    app = application()
    app.testing = is_testing
    CORS(app)
    app.config["CORS_ORIGNS"] = [EVIL]
    app.config["CORS_MAX_AGE"] = -1
    if is_testing:
        for _ in range(2):
            with pytest.raises(PolicyError) as error:
                cross(app, "/view")
            assert problems_of(error.value) == [
                ("CORS_ORIGNS", "unknown_option"),
                ("CORS_MAX_AGE", "out_of_range"),
            ]
        return
    # In production, the application works, and CORS is refused.
    for path in ("/view", "/other"):
        assert cross(app, path) == REFUSED
        assert preflight(app, path).status == 403
    [record] = caplog.records
    assert vars(record)["reason"] == "policy_invalid"
    assert "CORS_ORIGNS" in record.getMessage()
    assert "CORS_MAX_AGE" in record.getMessage()


def test_a_notice_about_the_config_is_given_once() -> None:
    app = application(CORS_ALLOW_PRIVATE_NETWORK=True)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        CORS(app)
        assert [Path(warning.filename) for warning in warned] == [Path(__file__)]
        app.config["CORS_METHODS"] = ["GET", "patch"]
        cross(app, "/view")
    [first, second] = warned
    assert first.category is DeprecationWarning
    assert "CORS_ALLOW_PRIVATE_NETWORK" in str(first.message)
    assert second.category is UserWarning
    assert "CORS_METHODS" in str(second.message)


def test_credentials_without_origins_are_refused_at_once() -> None:
    [(option, reason, hint)] = refused(application(), supports_credentials=True)
    assert (option, reason) == ("origins", "wildcard_with_credentials")
    assert hint == 'write origins=["https://app.example.com"], or remove supports_credentials.'


def test_an_error_leaves_the_application_unchanged() -> None:
    app = application()
    refused(app, origin=[APP])
    assert cross(app, "/view") == NO_POLICY
    CORS(app, origins=[APP])
    assert cross(app, "/view") == ONE


def test_credentials_for_the_origins_of_resources() -> None:
    """No request gets the options of the application alone, so they are not checked alone."""
    app = application()
    CORS(app, supports_credentials=True, resources={"/api/*": {"origins": [APP]}})
    expected = grants(Allow_Credentials="true")
    assert cross(app, "/api/view") == Crossing(200, expected, is_readable=True)


def test_arguments_that_blueprints_cannot_have() -> None:
    blueprint = Blueprint("blueprint", __name__)
    with pytest.raises(PolicyError) as refused:
        CORS(blueprint, resources="api/*", methds=["GET"])  # type: ignore[call-arg] # mistakes
    assert problems_of(refused.value) == [
        ("methds", "unknown_option"),
        ("resources['api/*']", "malformed_path"),
    ]
    CORS(blueprint, max_age=1)
    CORS(blueprint, max_age=2)
    with pytest.raises(PolicyError) as refused:
        Flask("app").register_blueprint(blueprint)
    assert problems_of(refused.value) == [("max_age", "given_twice")]
    with pytest.raises(AssertionError, match="record"):
        CORS(blueprint)  # it is registered already


def test_deprecated_options_of_a_blueprint_warn_at_the_line_of_the_caller() -> None:
    blueprint = Blueprint("blueprint", __name__)
    with pytest.warns(DeprecationWarning, match="allow_private_network") as warned:
        CORS(blueprint, allow_private_network=True)
    assert [Path(warning.filename) for warning in warned] == [Path(__file__)]


def test_a_blueprint_registered_under_two_names() -> None:
    app, blueprint = Flask("app"), Blueprint("blueprint", __name__)
    blueprint.get("/view")(plain())
    CORS(blueprint, origins=[APP])
    app.register_blueprint(blueprint)
    app.register_blueprint(blueprint, name="again", url_prefix="/again")
    for path in ("/view", "/again/view"):
        assert cross(app, path) == ONE


def test_two_calls_for_a_blueprint() -> None:
    app, blueprint = Flask("app"), Blueprint("blueprint", __name__)
    blueprint.get("/view")(plain())
    CORS(blueprint, origins=[APP])
    CORS(blueprint, expose_headers="X-A")
    for number in range(2):
        app.register_blueprint(blueprint, name=f"b{number}", url_prefix=f"/{number}")
    expected = Crossing(200, grants(Expose_Headers="X-A"), is_readable=True)
    for number in range(2):
        assert cross(app, f"/{number}/view") == expected


def blueprint_with(**arguments: Any) -> Flask:
    """Return an application with CORS, and with a blueprint at /api that has its own."""
    app, blueprint = Flask("limited"), Blueprint("limited", __name__)
    for rule in ("/", "/v1/items/<int:number>", "/v2/<path:rest>"):
        blueprint.add_url_rule(rule, re.sub(r"\W", "", rule) or "index", plain_with_arguments)
    CORS(app, origins=[EVIL])
    CORS(blueprint, **arguments)
    app.register_blueprint(blueprint, url_prefix="/api")
    app.add_url_rule("/api/other", "other", plain())
    return app


def plain_with_arguments(**_arguments: Any) -> str:
    return "view"


@pytest.mark.parametrize("pattern", ["/*", "/api/*"])
@pytest.mark.parametrize("is_mapping", [True, False])
def test_all_of_a_blueprint(pattern: str, is_mapping: bool) -> None:
    """Patterns match the whole path of the URL."""
    if is_mapping:
        app = blueprint_with(resources={pattern: {"origins": [APP]}})
    else:
        app = blueprint_with(resources=pattern, origins=[APP])
    for path in ("/api/", "/api/v1/items/7", "/api/v2/a/b"):
        assert cross(app, path) == ONE
        assert cross(app, path, origin=EVIL) == REFUSED
    assert cross(app, "/api/other", origin=EVIL).cors == grants(EVIL)


def test_a_part_of_a_blueprint() -> None:
    app = blueprint_with(
        resources={"/api/v1/*": {"origins": [APP]}, "/api/v2/*": {"origins": "*", "max_age": 2}},
        expose_headers="X-A",
    )
    expected = Crossing(200, grants(Expose_Headers="X-A"), is_readable=True)
    assert cross(app, "/api/v1/items/7") == expected
    assert cross(app, "/api/v1/items/7", origin=EVIL) == REFUSED
    assert cross(app, "/api/v2/x").cors == grants("*", None, Expose_Headers="X-A")
    assert preflight(app, "/api/v2/x", "GET").cors == admits("*", max_age="2")
    # The rest of the blueprint has the policy of the application.
    assert cross(app, "/api/").cors == {"Vary": "Origin"}
    assert cross(app, "/api/", origin=EVIL).cors == grants(EVIL)
    assert cross(app, "/api/other", origin=EVIL).cors == grants(EVIL)


def test_resources_that_match_some_paths_of_a_view() -> None:
    app = blueprint_with(resources={"/api/v2/public/*": {"origins": "*"}})
    app.testing = True
    with pytest.raises(PolicyError) as error:
        cross(app, "/api/v2/x")
    [(option, reason)] = problems_of(error.value)
    assert (option, reason) == (
        "view 'limited.v2pathrest'.resources['/api/v2/public/*']",
        "without_effect",
    )
    assert error.value.problems[0].hint == (
        "write CORS(app, resources={'/api/v2/public/*': ...}) instead."
    )
    # The hint.
    app = Flask("fixed")
    app.add_url_rule("/api/v2/<path:rest>", "view", plain_with_arguments)
    CORS(app, resources={"/api/v2/public/*": {"origins": "*"}})
    assert cross(app, "/api/v2/public/x") == ANY_ORIGIN
    assert cross(app, "/api/v2/x") == NO_POLICY


def test_nested_blueprints_with_resources() -> None:
    app = Flask("nested")
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    CORS(outer, origins=[APP], resources="/outer/*")
    CORS(inner, max_age=1, resources={"/outer/inner/a": {}})
    for path in ("/a", "/b"):
        inner.add_url_rule(path, path[1:], plain())
    outer.add_url_rule("/c", "c", plain())
    outer.register_blueprint(inner, url_prefix="/inner")
    app.register_blueprint(outer, url_prefix="/outer")
    assert cross(app, "/outer/c") == ONE
    assert preflight(app, "/outer/inner/a", "GET").cors == admits(max_age="1")
    assert cross(app, "/outer/inner/b") == ONE


def test_the_result_is_not_an_application() -> None:
    """``app = CORS(app)`` is a mistake, whose fix is in the message."""
    text = 'CORS(app) changes the application in place. If you wrote "app = CORS(app)", remove'
    app: Any = CORS(Flask("mistaken"), origins=[APP])
    for name in ("route", "get", "config", "wsgi_app", "register_blueprint", "test_client"):
        assert not hasattr(app, name)
        with pytest.raises(AttributeError, match=re.escape(text)) as raised:
            getattr(app, name)
        assert f"no attribute {name!r}" in str(raised.value)
    with pytest.raises(TypeError, match=re.escape(text)):
        app({}, print)
    assert vars(copy.deepcopy(app)) == vars(pickle.loads(pickle.dumps(app))) == vars(app)
    fixed = Flask("fixed")
    CORS(fixed, origins=[APP])
    fixed.route("/view")(plain())
    assert cross(fixed, "/view") == ONE
