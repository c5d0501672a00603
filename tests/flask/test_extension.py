"""CORS(app): what it may be given, and what it refuses."""

from __future__ import annotations

import re
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import Policy, PolicyError
from corswsgi_flask import CORS, cors
from tests.conformance.cases import APP, EVIL, REFUSES, admits, grants
from tests.flask.crossing import Crossing, cross, preflight

ANYBODY = Crossing(200, grants("*", None), is_readable=True)
ONE = Crossing(200, grants(), is_readable=True)
NOBODY = Crossing(200, REFUSES, is_readable=False)
UNGOVERNED = Crossing(200, {}, is_readable=False)


def application(**config: Any) -> Flask:
    app = Flask("extension")
    app.config.update(config)
    for path in ("/view", "/api/view", "/other"):
        app.add_url_rule(path, path, lambda: "view", methods=["GET", "PUT"])
    return app


def refused(app: Any, **options: Any) -> list[tuple[str, str, str | None]]:
    """Return what is refused: options, reasons and hints."""
    with pytest.raises(PolicyError) as error:
        CORS(app, **options)
    return [(problem.option, problem.reason, problem.hint) for problem in error.value.problems]


def test_bare_is_a_public_api() -> None:
    app = application()
    CORS(app)
    assert cross(app, "/view", "PUT", EVIL) == ANYBODY


def test_options() -> None:
    app = application()
    CORS(
        app,
        origins=[APP],
        methods=["PUT"],
        allow_headers=["X-A"],
        expose_headers=["X-B"],
        supports_credentials=True,
        max_age=timedelta(minutes=1),
        allow_private_network=True,
    )
    assert preflight(app, "/view").cors == admits(
        methods="PUT", headers="X-A", max_age="60", Allow_Credentials="true"
    )
    expected = grants(Allow_Credentials="true", Expose_Headers="X-B")
    assert cross(app, "/view", "PUT").cors == expected
    asked = preflight(app, "/view", headers=[("Access-Control-Request-Private-Network", "true")])
    assert asked.cors["Access-Control-Allow-Private-Network"] == "true"


def test_configuration() -> None:
    app = application(
        CORS_ORIGINS=["http://*.example.com"],
        CORS_METHODS=["PUT"],
        CORS_ALLOW_HEADERS=["X-A"],
        CORS_EXPOSE_HEADERS="X-B",
        CORS_SUPPORTS_CREDENTIALS=True,
        CORS_MAX_AGE="60",
        CORS_ALLOW_PRIVATE_NETWORK=True,
        CORS_DANGEROUSLY_ALLOW=["insecure_origins"],
        CORS_RESOURCES={"/view": {}},
    )
    CORS(app)
    origin = "http://a.example.com"
    assert preflight(app, "/view", origin=origin).cors == admits(
        origin, methods="PUT", headers="X-A", max_age="60", Allow_Credentials="true"
    )
    assert cross(app, "/other") == UNGOVERNED


def test_arguments_are_laid_over_the_configuration() -> None:
    app = application(CORS_ORIGINS=[EVIL], CORS_MAX_AGE=7, CORS_RESOURCES="/other")
    extension = CORS(origins=[EVIL], resources="/api/*", expose_headers=["X-A"])
    extension.init_app(app, origins=[APP], resources="/view")
    assert cross(app, "/view") == Crossing(200, grants(Expose_Headers="X-A"), is_readable=True)
    assert cross(app, "/view", origin=EVIL) == NOBODY
    assert preflight(app, "/view").cors == admits(methods="GET, HEAD, PUT", max_age="7")
    assert cross(app, "/other") == UNGOVERNED
    # The extension itself is as it was, for other applications.
    other = application()
    extension.init_app(other)
    assert cross(other, "/api/view", origin=EVIL).is_readable
    assert cross(other, "/view", origin=EVIL) == UNGOVERNED


def test_registered() -> None:
    app = application()
    CORS(app)
    assert "corswsgi" in app.extensions


def test_what_is_given_is_read_when_it_is_given() -> None:
    """Iterators are read once, and lists are not looked at again."""
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
        assert preflight(app, path).cors == admits(methods="GET, HEAD, PUT", headers="X-A")
        assert cross(app, path) == Crossing(200, expected, is_readable=True)
        assert cross(app, path, origin=EVIL) == NOBODY
    extension = CORS(origins=iter([APP]), resources=iter(["/view"]))
    for _ in range(2):
        app = application()
        extension.init_app(app)
        assert cross(app, "/view") == ONE
        assert cross(app, "/other") == UNGOVERNED


def test_a_policy_as_the_second_argument() -> None:
    app, other = application(), application()
    CORS(app, Policy(origins=[APP]))
    CORS().init_app(other, Policy(origins=[APP]))
    assert cross(app, "/view") == cross(other, "/view") == ONE
    with pytest.raises(PolicyError, match="and so have paths, as in"):
        CORS(application(), {"/api/*": {}})  # type: ignore[arg-type] # what people type


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
    assert cross(other, "/view") == NOBODY
    assert preflight(other, "/view", "GET", EVIL).cors == admits(EVIL, "GET, HEAD", max_age="1")


@pytest.mark.parametrize(
    "resources",
    ["/api/*", ["/api/*"], {"/api/*"}, {"/api/*": {}}, {"/api/*": Policy(origins=[APP])}],
)
def test_resources(resources: Any) -> None:
    app = application()
    CORS(app, origins=[APP], resources=resources)
    assert cross(app, "/api/view") == ONE
    assert cross(app, "/api/view", origin=EVIL) == NOBODY
    assert cross(app, "/view") == UNGOVERNED
    assert cross(app, "/api/missing") == Crossing(404, grants(), is_readable=True)
    assert cross(app, "/missing") == Crossing(404, {}, is_readable=False)


def test_resources_over_a_policy() -> None:
    app = application()
    CORS(
        app,
        policy=Policy(origins=[APP], max_age=1),
        resources={"/api/*": {"max_age": 2}, "/other": None},
    )
    assert preflight(app, "/api/view").cors == admits(methods="GET, HEAD, PUT", max_age="2")
    assert cross(app, "/other") == UNGOVERNED
    assert cross(app, "/view") == UNGOVERNED


def test_credentials_for_the_origins_of_resources() -> None:
    """What the whole application says is not in force there: it need not be allowed alone."""
    app = application()
    CORS(app, supports_credentials=True, resources={"/api/*": {"origins": [APP]}})
    expected = grants(Allow_Credentials="true")
    assert cross(app, "/api/view") == Crossing(200, expected, is_readable=True)


# What Flask-CORS has taught.

WITHOUT_MEANING = [
    "send_wildcard",
    "vary_header",
    "always_send",
    "automatic_options",
    "intercept_exceptions",
    "headers",
]


@pytest.mark.parametrize("name", WITHOUT_MEANING)
def test_options_without_a_meaning(name: str) -> None:
    """One sentence each, that blames the line that has the option."""
    here = Path(__file__).name
    option: dict[str, Any] = {name: True}
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        CORS(application(), **option)
        CORS(application(**{f"CORS_{name.upper()}": True}))
        CORS().init_app(application(), resources={"/api/*": option})
        cors(**option)
    assert [Path(warning.filename).name for warning in warned] == [here] * 4
    for warning in warned:
        assert warning.category is DeprecationWarning
        sentence = rf"corswsgi_flask: {name} has no effect and can go: [^.]+\."
        assert re.fullmatch(sentence, str(warning.message))


def test_options_that_stay_what_they_were() -> None:
    app = application(CORS_EXPOSE_HEADERS=None, CORS_MAX_AGE="86400")
    CORS(app, origins=APP, methods=["GET", "PUT", "OPTIONS"], allow_headers="Content-Type")
    assert preflight(app, "/view").cors == admits(
        methods="GET, PUT, OPTIONS", headers="Content-Type", max_age="86400"
    )
    assert cross(app, "/view") == ONE
    for max_age in (None, 0, timedelta(days=1)):
        CORS(application(), max_age=max_age)


def test_any_origin_reflected_with_credentials_is_refused() -> None:
    hint = "list the origins that may, or leave supports_credentials out."
    expected = [("origins", "wildcard_with_credentials", hint)]
    assert refused(application(), supports_credentials=True) == expected
    assert refused(application(), supports_credentials=True, origins="*") == expected
    in_config = application(CORS_ORIGINS="*", CORS_SUPPORTS_CREDENTIALS=True)
    assert refused(in_config) == [("CORS_ORIGINS", "wildcard_with_credentials", hint)]
    assert refused(
        application(), supports_credentials=True, resources={"/a": {"origins": "*"}, "/b": {}}
    ) == [
        ("resources['/a'].origins", "wildcard_with_credentials", hint),
        ("resources['/b'].origins", "wildcard_with_credentials", hint),
    ]


def test_texts_are_not_guessed_to_be_expressions() -> None:
    for text, meant in (
        (r"https://.*\.example\.com", "'https://*.example.com'"),
        (r"^https://app\.example\.com$", "'https://app.example.com'"),
    ):
        [(option, reason, hint)] = refused(application(), origins=text)
        assert (option, reason) == ("origins", "not_canonical")
        assert hint is not None
        assert meant in hint
        assert "re.compile(...)" in hint
    for path, hint in (
        (r"/api/.*", "did you mean '/api/*'?"),
        (r"^/api/.*$", "did you mean '/api/*'?"),
        ("*", "did you mean '/*'?"),
        (r"/api/v\d+/.*", "list what is meant: '/api/v1/*', '/api/v2/*'."),
        (r"/api/<int:id>", "list what is meant: '/api/v1/*', '/api/v2/*'."),
    ):
        given: tuple[Any, ...] = (path, [path], {path: {}})
        for resources in given:
            found = refused(application(), resources=resources)
            assert found == [(f"resources[{path!r}]", "malformed_path", hint)]


@pytest.mark.parametrize("resources", [None, 7, b"/api/*", re.compile("/api/.*")])
def test_resources_of_another_type(resources: Any) -> None:
    [(option, reason, _)] = refused(application(), resources=resources)
    assert (option, reason) == ("resources", "wrong_type")
    [(option, reason, _)] = refused(application(CORS_RESOURCES=resources))
    assert (option, reason) == ("CORS_RESOURCES", "wrong_type")


def test_everything_that_is_wrong_at_once() -> None:
    app = application(
        CORS_ORIGIN=[APP], CORS_MAX_AGE=-1, CORS_HEADER="X-A", CORS_UNHEARD=1, CORS_methods="GET"
    )
    assert refused(
        app,
        origin=[APP],
        methods="TRACE",
        resources={"api": {"origins": "null"}, "/a": 7, re.compile("/b"): None},
    ) == [
        ("CORS_ORIGIN", "unknown_option", "did you mean 'CORS_ORIGINS'?"),
        ("CORS_HEADER", "unknown_option", "did you mean 'CORS_ALLOW_HEADERS'?"),
        (
            "CORS_UNHEARD",
            "unknown_option",
            (
                "the keys are CORS_ORIGINS, CORS_METHODS, CORS_ALLOW_HEADERS, "
                "CORS_EXPOSE_HEADERS, CORS_SUPPORTS_CREDENTIALS, CORS_MAX_AGE, "
                "CORS_ALLOW_PRIVATE_NETWORK, CORS_DANGEROUSLY_ALLOW, CORS_RESOURCES."
            ),
        ),
        ("CORS_methods", "unknown_option", "did you mean 'CORS_METHODS'?"),
        ("origin", "unknown_option", "did you mean 'origins'?"),
        ("methods", "forbidden_method", "leave it out."),
        (
            "CORS_MAX_AGE",
            "out_of_range",
            "did you mean 0? 0 turns caching off, None leaves the header out.",
        ),
        (
            "resources['api']",
            "malformed_path",
            "did you mean '/api'?",
        ),
        (
            "resources['api'].origins",
            "null_origin",
            "serve the page over http://localhost or https, and list that origin.",
        ),
        ("resources['/a']", "wrong_type", 'as in {"origins": ["https://app.example.com"]}.'),
        (
            "resources[re.compile('/b')]",
            "wrong_type",
            "paths are texts, and no expressions: as in '/api/*'.",
        ),
    ]


def test_a_problem_is_named_as_it_was_written() -> None:
    assert refused(application(CORS_MAX_AGE=1), max_age=-1)[0][0] == "max_age"
    assert refused(application(CORS_MAX_AGE=-1))[0][0] == "CORS_MAX_AGE"


def test_origins_that_were_left_out() -> None:
    with pytest.raises(PolicyError) as error:
        CORS(application(), supports_credentials=True)
    message = error.value.problems[0].message
    assert message.startswith("left out, they are '*', and with supports_credentials, any site")
    app = application()
    app.get("/exposed", endpoint="exposed")(cors(supports_credentials=True)(lambda: ""))
    CORS(app, expose_headers="*")
    with pytest.raises(PolicyError) as error:
        cross(app, "/view")
    assert [problem.message.partition(",")[0] for problem in error.value.problems] == [
        "left out",
        "with supports_credentials",
    ]


def test_origins_of_nobody_are_refused() -> None:
    assert [found[:2] for found in refused(application(), origins=None)] == [
        ("origins", "required")
    ]
    assert [found[:2] for found in refused(application(CORS_ORIGINS=None))] == [
        ("CORS_ORIGINS", "required")
    ]


def test_a_policy_says_everything() -> None:
    app = application(CORS_MAX_AGE=1)
    found = refused(app, policy=Policy(origins=[APP]), methods=["PUT"])
    assert [option for option, _, _ in found] == ["CORS_MAX_AGE", "methods"]
    assert {reason for _, reason, _ in found} == {"not_alone"}
    [(option, reason, _)] = refused(application(), policy="*")
    assert (option, reason) == ("policy", "wrong_type")


def test_a_second_time() -> None:
    app = application()
    CORS(app)
    [(option, reason, hint)] = refused(app)
    assert (option, reason) == ("app", "given_twice")
    assert hint is not None
    assert "resources" in hint
    assert cross(app, "/view") == ANYBODY


def test_another_wsgi_application() -> None:
    [(option, reason, hint)] = refused(lambda environ, start_response: [])
    assert (option, reason) == ("app", "wrong_type")
    assert hint is not None
    assert "CORSMiddleware" in hint


def test_a_configuration_that_is_added_to_too_late() -> None:
    app = application(CORS_ORIGINS=[APP])
    CORS(app)
    app.config["CORS_ORIGINS"].append(EVIL)
    with pytest.raises(PolicyError, match="changed after"):
        cross(app, "/view")


@pytest.mark.parametrize("change", [{"CORS_ORIGINS": [EVIL]}, {"CORS_ORIGNS": [EVIL]}])
def test_a_configuration_that_comes_too_late(change: dict[str, Any]) -> None:
    app = application(CORS_MAX_AGE=1)
    CORS(app)
    app.config.update(change)
    del app.config["CORS_MAX_AGE"]
    for _ in range(2):
        with pytest.raises(PolicyError) as error:
            cross(app, "/view")
        assert [(problem.option, problem.reason) for problem in error.value.problems] == [
            ("CORS_MAX_AGE", "without_effect"),
            (*change, "without_effect"),
        ]


def test_resources_in_a_configuration_that_nobody_reads() -> None:
    app = Flask("alone")
    app.config["CORS_RESOURCES"] = "/api/*"
    app.add_url_rule("/view", "view", cors(lambda: "view"))
    app.testing = True
    with pytest.raises(PolicyError, match="only CORS"):
        cross(app, "/view")


def test_the_message_fits_a_terminal() -> None:
    with pytest.raises(PolicyError) as error:
        CORS(application(CORS_ORIGIN="*"), supports_credentials="yes", resources={"api/*": {}})
    text = str(error.value)
    assert max(map(len, text.splitlines())) < 80
    assert text.startswith("3 problems in the CORS configuration:\n  - CORS_ORIGIN: there is no")
    assert "-> did you mean '/api/*'?" in text


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=20),
    st.binary(max_size=5),
    st.lists(st.one_of(st.text(max_size=10), st.none(), st.integers()), max_size=3),
    st.dictionaries(st.text(max_size=10), st.one_of(st.none(), st.text(max_size=10)), max_size=2),
)
options = st.dictionaries(
    st.sampled_from(
        ["origins", "methods", "allow_headers", "max_age", "resources", "policy", "unheard_of"]
    ),
    anything,
    max_size=4,
)


@given(options, options)
def test_whatever_it_is_given_it_works_or_says_why(
    config: dict[str, Any], arguments: dict[str, Any]
) -> None:
    app = application(**{f"CORS_{name.upper()}": value for name, value in config.items()})
    try:
        CORS(app, **arguments)
    except PolicyError as error:
        assert all(problem.message for problem in error.problems)
        assert str(error)
    else:
        assert cross(app, "/view", origin=EVIL).status == 200
