"""CORS(app, policy_for): a function returns the policy of a request."""

from __future__ import annotations

import gc
import logging
import re
import weakref
from typing import Any

import pytest
from flask import Blueprint, Flask, abort, g, request
from werkzeug.debug import DebuggedApplication

from corswsgi import Policy, PolicyError
from corswsgi_flask import CORS, cors, current_cors
from corswsgi_flask.commands import cors as commands
from tests.conformance.cases import APP, EVIL, PREFLIGHT_VARY, REFUSES, admits, grants
from tests.flask.crossing import NO_POLICY, Crossing, cross, plain, preflight, problems_of
from tests.helpers.wsgi import environ_of, get, send

STAND_IN = "https://corswsgi.example"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ONE, TWO = "https://one.example", "https://two.example"
POLICIES = {
    "/one": Policy(origins=[ONE], max_age=1),
    "/two": Policy(origins=[TWO], max_age=2, supports_credentials=True),
    "/any": Policy(origins="*", max_age=3),
}
CREDENTIALS = {"Allow_Credentials": "true"}
REFUSED = {"Vary": PREFLIGHT_VARY}


CROSS_SITE = [("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "cross-site")]


class Tenants:
    """Returns the policy of the path's first segment, and counts the calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, environ: Any) -> Policy | None:
        self.calls += 1
        return POLICIES.get(environ["PATH_INFO"][:4])


def application(function: Any, **options: Any) -> Flask:
    app = Flask("tenants")
    CORS(app, function, **options)
    for view in ("/one/plain", "/two/plain", "/any/plain", "/off/plain"):
        app.add_url_rule(view, view, plain(), methods=["GET", "PUT"])
    return app


def test_each_request_has_the_policy_that_the_function_returns() -> None:
    tenants = Tenants()
    app = application(tenants)
    for _ in range(2):
        for path, origin, other, more, admitted in (
            ("/one", ONE, TWO, {}, admits(ONE, max_age="1")),
            ("/two", TWO, ONE, CREDENTIALS, admits(TWO, headers=None, max_age="2", **CREDENTIALS)),
        ):
            assert preflight(app, f"{path}/plain", origin=origin).cors == admitted
            assert preflight(app, f"{path}/plain", origin=other).cors == REFUSED
            got = get(app, f"{path}/plain", headers=[("Origin", origin)])
            assert (got.status, got.cors) == (200, grants(origin, **more))
            assert get(app, f"{path}/plain", headers=[("Origin", other)]).cors == REFUSES
            assert cross(app, f"{path}/missing", origin=origin).status == 404
        assert cross(app, "/any/plain").cors == grants("*", None)
        assert cross(app, "/off/plain") == NO_POLICY
    assert tenants.calls == 2 * 12


def test_views_blueprints_and_paths_are_laid_over_it() -> None:
    app = application(Tenants(), resources={"/one/*": {"expose_headers": ["X-P"]}, "/two/*": {}})
    blueprint = Blueprint("blueprint", __name__)
    CORS(blueprint, expose_headers=["X-B"])
    blueprint.get("/one/blueprint")(plain())
    app.register_blueprint(blueprint)
    app.get("/one/view", endpoint="view")(cors(allow_headers=["X-V"])(plain()))
    app.get("/one/own", endpoint="own")(cors(Policy(origins=[APP]))(plain()))
    app.get("/one/none", endpoint="none")(cors(None)(plain()))
    app.get("/none/own", endpoint="turned on")(cors(origins=[APP])(plain()))
    app.register_error_handler(404, cors(expose_headers=["X-E"])(lambda error: ("handled", 404)))
    exposes = grants(ONE, Expose_Headers="X-P")
    assert cross(app, "/one/plain", origin=ONE) == Crossing(200, exposes, is_readable=True)
    assert cross(app, "/one/blueprint", origin=ONE).cors == grants(ONE, Expose_Headers="X-B")
    expected = admits(ONE, headers="X-V", max_age="1")
    assert preflight(app, "/one/view", "GET", ONE).cors == expected
    assert cross(app, "/one/own") == Crossing(200, grants(), is_readable=True)
    assert cross(app, "/one/none", origin=ONE).cors == {}
    # CORS is off for other paths, as with any other policy.
    assert cross(app, "/any/plain") == NO_POLICY
    assert cross(app, "/none/own") == Crossing(200, grants(), is_readable=True)
    assert cross(app, "/one/missing", origin=ONE).cors == grants(ONE, Expose_Headers="X-E")


def test_what_routing_and_hooks_have_stored() -> None:
    """An actual request asks when the response starts, and a preflight before the application."""

    def policy_for(environ: Any) -> Policy | None:
        stored = environ.get("tenant")
        return None if stored is None else POLICIES[f"/{stored}"]

    app = Flask("stored")

    @app.before_request
    def before() -> None:
        request.environ["tenant"] = (request.view_args or {}).get("tenant", "two")

    CORS(app, policy_for)
    app.get("/<tenant>/view")(lambda tenant: tenant)
    assert cross(app, "/one/view", origin=ONE) == Crossing(200, grants(ONE), is_readable=True)
    assert get(app, "/", headers=[("Origin", TWO)]).cors == grants(TWO, Allow_Credentials="true")
    assert preflight(app, "/one/view", "GET", ONE).cors == {}


def test_current_cors() -> None:
    tenants = Tenants()
    app = application(tenants)
    app.get("/one/reason", endpoint="reason")(lambda: current_cors.reason)
    app.get("/off/reason", endpoint="off")(lambda: str(bool(current_cors)))
    for origin, reason in ((ONE, b"origin_allowed"), (TWO, b"origin_not_allowed")):
        assert get(app, "/one/reason", headers=[("Origin", origin)]).body == reason
    assert get(app, "/off/reason", headers=[("Origin", ONE)]).body == b"False"


def fails(environ: Any) -> Policy | None:
    raise LookupError("no tenant")


@pytest.mark.parametrize("function", [fails, lambda environ: "https://one.example"])
def test_a_function_that_fails_refuses_the_request(
    function: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = application(function)
    app.get("/own")(cors(Policy(origins="*"))(plain()))
    for path in ("/one/plain", "/own"):
        assert cross(app, path) == Crossing(200, REFUSES, is_readable=False)
        assert preflight(app, path, "GET").cors == REFUSED
    (record,) = caplog.records
    assert vars(record)["reason"] == "policy_check_failed"
    assert "; refusing the request" in record.getMessage()


async def asynchronous(environ: Any) -> Policy | None:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (asynchronous, "coroutine_function"),
        (lambda: None, "wrong_type"),
        (lambda one, two: None, "wrong_type"),
        (Tenants, "wrong_type"),
        ("https://app.example.com", "wrong_type"),
    ],
)
def test_functions_that_are_refused(function: Any, reason: str) -> None:
    for init in (lambda app: CORS(app, function), lambda app: CORS().init_app(app, function)):
        with pytest.raises(PolicyError) as refused:
            init(Flask("refused"))
        assert problems_of(refused.value) == [("policy", reason)]


def test_the_fix_of_a_function_without_an_argument() -> None:
    with pytest.raises(PolicyError) as refused:
        CORS(Flask("refused"), lambda: None)  # type: ignore[arg-type, misc] # a mistake
    assert "def policy_for(environ): ..." in str(refused.value.problems[0].hint)
    names: dict[str, Any] = {}
    exec("def policy_for(environ): ...", names)
    CORS(Flask("fixed"), names["policy_for"])


def test_options_beside_a_function_are_refused() -> None:
    with pytest.raises(PolicyError) as refused:
        CORS(Flask("refused"), Tenants(), origins=[APP])
    assert problems_of(refused.value) == [("origins", "not_alone")]


def test_a_refused_function_is_not_installed() -> None:
    app = Flask("refused")
    with pytest.raises(PolicyError):
        CORS(app, Tenants(), expose_headers=["X-A"])
    CORS(app, origins=[APP])
    app.get("/one/view")(plain())
    assert cross(app, "/one/view") == Crossing(200, grants(), is_readable=True)
    assert cross(app, "/one/view", origin=ONE) == Crossing(200, REFUSES, is_readable=False)


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        (None, {"origins": [APP]}),
        (None, {"resources": {"/two/*": {"origins": [APP]}}}),
        (None, {}),
        (Policy(origins=[APP]), {}),
        ("off", {}),
        ("same", {"resources": "/one/*"}),
        ("another", {}),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_another_call_beside_a_function_is_refused(
    policy: Any, options: dict[str, Any], is_first: bool
) -> None:
    tenants = Tenants()
    given = {"same": (tenants,), "another": (Tenants(),), "off": (None,), None: ()}
    arguments = given.get(policy, (policy,))
    app = Flask("several")

    def call_with_a_function() -> None:
        CORS(app, tenants)

    def call_without() -> None:
        CORS(app, *arguments, **options)

    calls = [call_with_a_function, call_without]
    first, second = calls if is_first else calls[::-1]
    first()
    with pytest.raises(PolicyError) as refused:
        second()
    assert problems_of(refused.value) == [("policy", "given_twice")]
    [problem] = refused.value.problems
    place = r"flask/test_tenants\.py:\d+"
    assert re.fullmatch(
        "a function that returns the policy stands for all options of the application, and "
        rf"CORS\(app\) was called in {place}, and again in {place}\.",
        problem.message,
    )
    assert "corswsgi.example" not in str(refused.value)
    # The first one stays.
    app.get("/one/view")(plain())
    expected = grants(ONE) if is_first or policy == "same" else None
    assert expected is None or cross(app, "/one/view", origin=ONE).cors == expected
    assert cross(app, "/one/view", origin=STAND_IN).cors.get(ALLOW_ORIGIN) in (None, "*")


def test_the_fix_of_another_call() -> None:
    tenants = Tenants()
    app = Flask("fixed")
    CORS(app, tenants)
    with pytest.raises(PolicyError) as refused:
        CORS(app, max_age=60, resources="/api/*")
    fix = re.search(r"as in (CORS\(.*\))\.$", str(refused.value.problems[0].hint))
    assert fix is not None
    fixed = Flask("fixed")
    fixed.get("/api/view")(plain())
    always = Policy(origins=[ONE])
    eval(fix[1], {"CORS": CORS, "app": fixed, "policy_for": lambda environ: always})
    assert preflight(fixed, "/api/view", "GET", ONE).cors == admits(ONE, max_age="60")


@pytest.mark.parametrize("repeated", [1, 3])
@pytest.mark.parametrize("pattern", ["/*", "/one/*"])
def test_the_paths_of_a_function(pattern: str, repeated: int) -> None:
    tenants = Tenants()
    app = Flask("paths")
    resources = {pattern: {"expose_headers": ["X-P"]}}
    for _ in range(repeated):
        CORS(app, tenants, resources=resources)
    app.get("/one/view")(plain())
    expected = grants(ONE, Expose_Headers="X-P")
    assert cross(app, "/one/view", origin=ONE) == Crossing(200, expected, is_readable=True)
    assert cross(app, "/one/view", origin=STAND_IN).cors == REFUSES


def test_a_path_of_a_function_without_cors() -> None:
    app = application(Tenants(), resources={"/*": None})
    app.get("/one/view")(cors(origins=[APP])(plain()))
    assert cross(app, "/one/plain", origin=ONE) == NO_POLICY
    assert cross(app, "/one/view") == Crossing(200, grants(), is_readable=True)


def test_without_a_policy_only_origins_turn_cors_on() -> None:
    """Other options of paths, blueprints, views and error handlers do not."""
    app = application(
        Tenants(),
        resources={
            "/*": {"expose_headers": ["X-P"]},
            "/off/path": {"origins": [APP]},
            "/off/policy": Policy(origins=[APP]),
        },
    )
    blueprint = Blueprint("blueprint", __name__)
    CORS(blueprint, max_age=1)
    blueprint.get("/off/blueprint")(plain())
    blueprint.get("/off/named", endpoint="named")(cors(origins=[APP])(plain()))
    app.register_blueprint(blueprint)
    app.get("/off/path", endpoint="path")(cors(max_age=5)(plain()))
    app.get("/off/policy", endpoint="policy")(plain())
    app.get("/off/view", endpoint="view")(cors(expose_headers=["X-V"])(plain()))
    app.get("/off/me", endpoint="me")(cors(supports_credentials=True)(plain()))
    app.register_error_handler(404, cors(expose_headers=["X-E"])(lambda error: ("handled", 404)))
    for path in ("/off/plain", "/off/blueprint", "/off/view", "/off/me"):
        assert cross(app, path) == NO_POLICY
        assert preflight(app, path, "GET").cors == {}
    assert cross(app, "/off/missing") == Crossing(404, {}, is_readable=False)
    exposes = grants(Expose_Headers="X-P")
    assert cross(app, "/off/named") == Crossing(200, exposes, is_readable=True)
    for path in ("/off/path", "/off/policy"):
        assert cross(app, path) == Crossing(200, grants(), is_readable=True)


def test_options_without_a_policy_are_explained(caplog: pytest.LogCaptureFixture) -> None:
    tenants = Tenants()
    app = application(tenants, resources={"/off/*": {"expose_headers": ["X-P"]}})
    app.debug = True
    cross(app, "/off/plain", origin=ONE, headers=CROSS_SITE)
    assert caplog.messages == [
        f"'GET' '/off/plain': no policy applies: {tenants!r} returned None for '/off/plain'."
    ]


def test_the_check_does_not_show_the_policy_that_stands_for_others() -> None:
    app = application(Tenants())
    app.config.update(SERVER_NAME="api.example.org", SECRET_KEY="secret")
    app.get("/one/me", endpoint="me")(cors(supports_credentials=True)(plain()))
    result = app.test_cli_runner().invoke(commands, ["check"])
    assert (result.stdout, result.stderr) == ("The CORS configuration has no problems.\n", "")


def test_a_new_policy_for_each_request_does_not_fill_the_memory() -> None:
    created: list[weakref.ref[object]] = []

    class Rule:
        def __call__(self, origin: str) -> bool:
            return origin == ONE

    def policy_for(environ: Any) -> Policy:
        rule = Rule()
        created.append(weakref.ref(rule))
        return Policy(origins=[rule])

    app = application(policy_for)
    for _ in range(300):
        assert cross(app, "/one/plain", origin=ONE).is_readable
    gc.collect()
    assert len(created) == 300
    assert sum(rule() is not None for rule in created) <= 256


def test_a_function_for_a_blueprint_is_refused() -> None:
    with pytest.raises(PolicyError) as refused:
        CORS(Blueprint("blueprint", __name__), Tenants())
    assert problems_of(refused.value) == [("policy", "wrong_type")]
    assert "CORS(app, policy_for)" in str(refused.value.problems[0].hint)


def test_contradictions_are_refused_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """They are known when a request comes, so they are not raised in tests either."""
    app = application(Tenants(), resources={"/one/*": {}, "/two/*": {}, "/any/*": {}})
    app.testing = True
    for tenant in ("one", "any"):
        view = cors(supports_credentials=True)(plain())
        app.get(f"/{tenant}/me", endpoint=tenant)(view)
    for _ in range(3):
        expected = grants(ONE, Allow_Credentials="true")
        assert cross(app, "/one/me", origin=ONE) == Crossing(200, expected, is_readable=True)
        assert cross(app, "/any/me") == Crossing(200, REFUSES, is_readable=False)
        assert cross(app, "/any/plain") == Crossing(200, grants("*", None), is_readable=True)
    (record,) = caplog.records
    assert vars(record)["reason"] == "policy_invalid"
    assert "view 'any' at '/any/*'.origins" in record.getMessage()


def test_an_equal_error_of_another_policy_is_not_logged_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = application(lambda environ: Policy(origins="*"))
    app.get("/me")(cors(supports_credentials=True)(plain()))
    for _ in range(3):
        assert cross(app, "/me") == Crossing(200, REFUSES, is_readable=False)
    assert [vars(record)["reason"] for record in caplog.records] == ["policy_invalid"]


def test_a_policy_that_contradicts_a_path_refuses_everything(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = application(Tenants(), resources={"/any/*": {"supports_credentials": True}, "/one/*": {}})
    for _ in range(2):
        assert cross(app, "/any/plain") == Crossing(200, REFUSES, is_readable=False)
        assert cross(app, "/one/plain", origin=ONE).cors == grants(ONE)
    assert [vars(record)["reason"] for record in caplog.records] == ["policy_invalid"]


def test_requests_that_bypass_the_middleware() -> None:
    tenants = Tenants()
    app = Flask("bypassed")
    app.get("/one/plain")(plain())
    older: Any = app.wsgi_app
    CORS(app, tenants)
    for served in (older, app):
        tenants.calls = 0
        assert cross(served, "/one/plain", origin=ONE).cors == grants(ONE)
        assert tenants.calls == 1
        assert preflight(served, "/one/plain", "GET", ONE).cors == admits(ONE, max_age="1")
        assert tenants.calls == 2


def test_debug_mode_asks_once(caplog: pytest.LogCaptureFixture) -> None:
    tenants = Tenants()
    app = application(tenants)
    app.debug = True
    assert b"(origin_not_allowed)" in preflight(app, "/one/plain", origin=EVIL).body
    assert tenants.calls == 1
    assert cross(app, "/one/plain", origin=EVIL).cors == REFUSES
    assert tenants.calls == 2


@pytest.mark.parametrize("ask", [cross, preflight])
def test_debug_mode_reports_that_there_is_no_policy(
    ask: Any, caplog: pytest.LogCaptureFixture
) -> None:
    tenants = Tenants()
    app = application(tenants)
    for app.debug in (False, True):
        ask(app, "/off/plain", origin=ONE, headers=CROSS_SITE)
    method = "GET" if ask is cross else "OPTIONS"
    assert caplog.messages == [
        f"'{method}' '/off/plain': no policy applies: {tenants!r} returned None for '/off/plain'."
    ]


def test_tracebacks_under_the_debugger() -> None:
    tenants = Tenants()
    app = application(tenants)
    app.debug = True
    app.get("/one/fails", endpoint="fails")(lambda: str(1 / 0))
    debugged = DebuggedApplication(app, evalex=True)
    response = send(debugged, environ_of("/one/fails", headers=[("Origin", ONE)]))
    assert (response.status, response.cors, tenants.calls) == (500, grants(ONE), 1)


def test_a_policy_for_each_request() -> None:
    app = application(lambda environ: Policy(origins=[ONE]))
    app.get("/view")(cors(expose_headers=["X-V"])(lambda: g.get("nothing", "view")))
    for _ in range(3):
        assert cross(app, "/view", origin=ONE).cors == grants(ONE, Expose_Headers="X-V")


def test_rules_that_are_added_later() -> None:
    app = application(Tenants())
    assert cross(app, "/one/late", origin=ONE).status == 404
    app.view_functions["late"] = cors(expose_headers=["X-V"])(lambda: abort(409))
    app.url_map.add(app.url_rule_class("/one/late", endpoint="late"))
    expected = grants(ONE, Expose_Headers="X-V")
    assert cross(app, "/one/late", origin=ONE) == Crossing(409, expected, is_readable=True)


def test_without_problems_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert cross(application(Tenants()), "/one/plain", origin=ONE).is_readable
    assert caplog.records == []
