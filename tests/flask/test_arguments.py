"""The arguments of CORS(app), the keys of app.config, and the problems with both."""

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
from tests.conformance.cases import APP, EVIL, admits, grants
from tests.conformance.cases import REFUSES as REFUSED_HEADERS
from tests.flask.crossing import NO_POLICY, Crossing, cross, preflight
from tests.flask.test_extension import application, refused

ONE = Crossing(200, grants(), is_readable=True)
REFUSED = Crossing(200, REFUSED_HEADERS, is_readable=False)


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
        dangerously_allow=[],
    )
    assert preflight(app, "/view").cors == admits(
        methods="PUT", headers="X-A", max_age="60", Allow_Credentials="true"
    )
    expected = grants(Allow_Credentials="true", Expose_Headers="X-B")
    assert cross(app, "/view", "PUT").cors == expected


def test_config() -> None:
    app = application(
        CORS_ORIGINS=["http://*.example.com"],
        CORS_METHODS=["PUT"],
        CORS_ALLOW_HEADERS=["X-A"],
        CORS_EXPOSE_HEADERS="X-B",
        CORS_SUPPORTS_CREDENTIALS=True,
        CORS_MAX_AGE="60",
        CORS_DANGEROUSLY_ALLOW=["insecure_origins"],
        CORS_RESOURCES={"/view": {}},
    )
    CORS(app)
    origin = "http://a.example.com"
    assert preflight(app, "/view", origin=origin).cors == admits(
        origin, methods="PUT", headers="X-A", max_age="60", Allow_Credentials="true"
    )
    assert cross(app, "/other") == NO_POLICY


def test_arguments_are_laid_over_the_config() -> None:
    app = application(CORS_ORIGINS=[EVIL], CORS_MAX_AGE=7, CORS_RESOURCES="/other")
    extension = CORS(origins=[EVIL], resources="/api/*", expose_headers=["X-A"])
    extension.init_app(app, origins=[APP], resources="/view")
    assert cross(app, "/view") == Crossing(200, grants(Expose_Headers="X-A"), is_readable=True)
    assert cross(app, "/view", origin=EVIL) == REFUSED
    assert preflight(app, "/view").cors == admits(max_age="7")
    assert cross(app, "/other") == NO_POLICY
    # The extension itself is unchanged, for other applications.
    other = application()
    extension.init_app(other)
    assert cross(other, "/api/view", origin=EVIL).is_readable
    assert cross(other, "/view", origin=EVIL) == NO_POLICY


@pytest.mark.parametrize(
    "resources",
    ["/api/*", ["/api/*"], {"/api/*"}, {"/api/*": {}}, {"/api/*": Policy(origins=[APP])}],
)
def test_resources(resources: Any) -> None:
    app = application()
    CORS(app, origins=[APP], resources=resources)
    assert cross(app, "/api/view") == ONE
    assert cross(app, "/api/view", origin=EVIL) == REFUSED
    assert cross(app, "/view") == NO_POLICY
    assert cross(app, "/api/missing") == Crossing(404, grants(), is_readable=True)
    assert cross(app, "/missing") == Crossing(404, {}, is_readable=False)


def test_resources_over_a_policy() -> None:
    app = application()
    CORS(
        app,
        policy=Policy(origins=[APP], max_age=1),
        resources={"/api/*": {"max_age": 2}, "/other": None},
    )
    assert preflight(app, "/api/view").cors == admits(max_age="2")
    assert cross(app, "/other") == NO_POLICY
    assert cross(app, "/view") == NO_POLICY


WITHOUT_EFFECT = [  # options of Flask-CORS
    "send_wildcard",
    "vary_header",
    "always_send",
    "automatic_options",
    "intercept_exceptions",
    "headers",
]


@pytest.mark.parametrize("name", WITHOUT_EFFECT)
def test_options_without_effect(name: str) -> None:
    """Each causes a warning at the line that has the option."""
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
        written = rf"({name}|CORS_{name.upper()}|resources\['/api/\*'\]\.{name})"
        sentence = rf"{written} has no effect, because [^.]+\. Remove it\."
        assert re.fullmatch(sentence, str(warning.message))


HERE = Path(__file__).name


IS_KEY = "it is a key of the config, and not an argument. Remove it."
VARY = "Vary is set whenever another origin would get other headers. Remove it."
COOKIES = "Remove it. If pages send cookies, write supports_credentials=True."
OPTIONS = ["methods", "allow_headers", "expose_headers", "supports_credentials", "max_age"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("support_credentials", f"it is misspelled, and Flask-CORS ignores it, too. {COOKIES}"),
        ("vary_headers", VARY),
        ("CORS_SUPPORT_CREDENTIALS", IS_KEY),
        *((f"CORS_{name.upper()}", IS_KEY) for name in (*WITHOUT_EFFECT, "vary_headers")),
        *(
            (f"CORS_{name.upper()}", f"{IS_KEY} If you mean it, write {name}=... instead.")
            for name in OPTIONS
        ),
    ],
)
def test_arguments_without_effect(name: str, reason: str) -> None:
    option: dict[str, Any] = {name: True}
    app = application()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        CORS(app, **option)
        cors(**option)
    expected = f"{name} has no effect, because {reason}"
    assert [str(each.message) for each in warned] == [expected] * 2
    assert {(each.category, Path(each.filename).name) for each in warned} == {
        (DeprecationWarning, HERE)
    }
    assert preflight(app, "/view").cors == admits("*")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("CORS_ORIGINS", "did you mean 'origins'?"),
        ("origin", "did you mean 'origins'?"),
        ("supports_credetials", "did you mean 'supports_credentials'?"),
    ],
)
def test_arguments_that_may_be_meant(name: str, hint: str) -> None:
    assert refused(application(), **{name: [APP]}) == [(name, "unknown_option", hint)]


def test_the_usual_recipe_sets_a_key_late() -> None:
    app = application()
    CORS(app, supports_credentials=True, origins=[APP])
    app.config["CORS_HEADERS"] = "Content-Type"
    with pytest.warns(DeprecationWarning, match="CORS_HEADERS has no effect") as warned:
        assert cross(app, "/view").cors == grants(Allow_Credentials="true")
    assert cross(app, "/view").cors == grants(Allow_Credentials="true")
    assert [Path(each.filename).name for each in warned] == [HERE]


@pytest.mark.parametrize("is_testing", [True, False])
def test_a_late_key_that_causes_a_problem(is_testing: bool) -> None:
    app = application()
    app.testing = is_testing
    CORS(app, resources={r"/*": {"origins": "*"}})
    app.config["CORS_SUPPORTS_CREDENTIALS"] = True
    with pytest.warns(UserWarning, match="CORS_SUPPORTS_CREDENTIALS is ignored") as warned:
        assert cross(app, "/view").cors == grants("*", None)
    assert cross(app, "/view").cors == grants("*", None)
    assert [Path(each.filename).name for each in warned] == [HERE]


def test_late_keys_of_the_application() -> None:
    app = application()
    CORS(app, allow_headers=["Content-Type"])
    app.config.update(
        CORS_ALLOW_ORIGINS="*",
        CORS_ALLOW_HEADERS=["Content-Type", "Authorization"],
        CORS_ALLOW_METHODS=["GET"],
    )
    with pytest.warns(UserWarning, match="is not a key of corswsgi") as warned:
        assert cross(app, "/view").cors == grants("*", None)
    assert [str(each.message).partition(" ")[0] for each in warned] == [
        "CORS_ALLOW_ORIGINS",
        "CORS_ALLOW_METHODS",
    ]
    assert preflight(app, "/view").cors == admits("*", headers="Content-Type")


@pytest.mark.parametrize("key", ["CORS_OPTIONS", "CORS_ENABLED", "CORS_ALLOWED_ORIGINS"])
def test_keys_of_the_application(key: str) -> None:
    app = application(**{key: [APP]})
    with pytest.warns(UserWarning, match=rf"{key} is .*rename it, as in 'MY_{key}'") as warned:
        CORS(app)
    assert [Path(each.filename).name for each in warned] == [HERE]
    assert cross(app, "/view").cors == grants("*", None)


def test_a_policy_over_the_config() -> None:
    app = application(CORS_ORIGINS="a,b", CORS_MAX_AGE=-1)
    CORS(app, Policy(origins=[APP]))
    assert cross(app, "/view") == ONE


def test_options_that_mean_the_same_as_in_flask_cors() -> None:
    app = application(CORS_EXPOSE_HEADERS=None, CORS_MAX_AGE="86400")
    CORS(app, origins=APP, methods=["GET", "PUT", "OPTIONS"], allow_headers="Content-Type")
    assert preflight(app, "/view").cors == admits(
        methods="GET, PUT, OPTIONS", headers="Content-Type", max_age="86400"
    )
    assert cross(app, "/view") == ONE
    for max_age in (None, 0, timedelta(days=1)):
        CORS(application(), max_age=max_age)


def test_any_origin_reflected_with_credentials_is_refused() -> None:
    [found] = refused(application(), supports_credentials=True, origins="*")
    assert found[:2] == ("origins", "wildcard_with_credentials")
    in_config = application(CORS_ORIGINS="*", CORS_SUPPORTS_CREDENTIALS=True)
    [found] = refused(in_config)
    assert found[:2] == ("CORS_ORIGINS", "wildcard_with_credentials")
    assert found[2] is not None
    assert "CORS_SUPPORTS_CREDENTIALS" in found[2]
    both = application()
    found_both = refused(
        both, supports_credentials=True, resources={"/a": {"origins": "*"}, "/b": {}}
    )
    assert [found[:2] for found in found_both] == [
        ("resources['/a'].origins", "wildcard_with_credentials"),
        ("origins", "wildcard_with_credentials"),
    ]


def test_strings_are_never_regular_expressions() -> None:
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
        (r"/(api)/*", "did you mean '/api/*'?"),
        (r"/api/v[12]/.*", "list the paths: '/api/v1/*', '/api/v2/*'."),
        (r"/api/v\d+/.*", "list the paths that you mean, as in '/api/v1/*', '/api/v2/*'."),
        ("/api/<id>", "did you mean '/api/*', which matches everything below '/api'?"),
    ):
        given: tuple[Any, ...] = (path, [path], {path: {}})
        for resources in given:
            found = refused(application(), resources=resources)
            assert found == [(f"resources[{path!r}]", "malformed_path", hint)]


@pytest.mark.parametrize("resources", [None, 7, b"/api/*"])
def test_resources_of_another_type(resources: Any) -> None:
    [(option, reason, _)] = refused(application(), resources=resources)
    assert (option, reason) == ("resources", "wrong_type")
    [(option, reason, _)] = refused(application(CORS_RESOURCES=resources))
    assert (option, reason) == ("CORS_RESOURCES", "wrong_type")


def test_a_compiled_expression_for_paths() -> None:
    expression: Any = re.compile("/api/.*")
    given: tuple[Any, ...] = (expression, [expression], {expression: {}})
    for resources in given:
        assert refused(application(), resources=resources) == [
            ("resources[re.compile('/api/.*')]", "wrong_type", "did you mean '/api/*'?")
        ]
    assert refused(application(CORS_RESOURCES=expression)) == [
        ("CORS_RESOURCES[re.compile('/api/.*')]", "wrong_type", "did you mean '/api/*'?")
    ]


def test_two_spellings_of_a_path() -> None:
    CORS(application(), resources=["/api/*", r"/api/.*"])
    given: dict[str, Any] = {"*": {"max_age": 7}, r"/.*": {"max_age": 8}}
    assert refused(application(), resources=given) == [
        (r"resources['/.*']", "given_twice", "keep one of them, '/*'.")
    ]


def test_all_problems_at_once() -> None:
    app = application(
        CORS_ORIGIN=[APP], CORS_MAX_AGE=-1, CORS_EXPOSE_HEADER="X-A", CORS_methods="GET"
    )
    found = refused(
        app,
        origin=[APP],
        methods="GET,",
        resources={"api": {"origins": "null"}, "/a": 7, re.compile("/b"): None},
    )
    assert [(option, reason) for option, reason, _ in found] == [
        ("CORS_ORIGIN", "unknown_option"),
        ("CORS_EXPOSE_HEADER", "unknown_option"),
        ("CORS_methods", "unknown_option"),
        ("CORS_MAX_AGE", "out_of_range"),
        ("origin", "unknown_option"),
        ("methods", "not_a_token"),
        ("resources['api']", "malformed_path"),
        ("resources['api'].origins", "null_origin"),
        ("resources['/a']", "wrong_type"),
        ("resources[re.compile('/b')]", "wrong_type"),
    ]
    hints = {option: hint for option, _, hint in found}
    assert hints["CORS_ORIGIN"] == "did you mean 'CORS_ORIGINS'?"
    assert hints["CORS_EXPOSE_HEADER"] == "did you mean 'CORS_EXPOSE_HEADERS'?"
    assert hints["CORS_methods"] == "did you mean 'CORS_METHODS'?"
    assert hints["origin"] == "did you mean 'origins'?"
    assert hints["resources['api']"] == "did you mean '/api'?"


def test_a_problem_is_named_as_it_was_written() -> None:
    assert refused(application(CORS_MAX_AGE=1), max_age=-1)[0][0] == "max_age"
    assert refused(application(CORS_MAX_AGE=-1))[0][0] == "CORS_MAX_AGE"


def test_origins_that_are_none() -> None:
    assert [found[:2] for found in refused(application(), origins=None)] == [
        ("origins", "required")
    ]
    assert [found[:2] for found in refused(application(CORS_ORIGINS=None))] == [
        ("CORS_ORIGINS", "required")
    ]


def test_a_policy_with_options() -> None:
    found = refused(application(), policy=Policy(origins=[APP]), methods=["PUT"])
    assert [(option, reason) for option, reason, _ in found] == [("methods", "not_alone")]
    [(option, reason, _)] = refused(application(), policy="*")
    assert (option, reason) == ("policy", "wrong_type")


def test_resources_in_the_config_without_the_extension() -> None:
    app = Flask("alone")
    app.config["CORS_RESOURCES"] = "/api/*"
    app.add_url_rule("/view", "view", cors(lambda: "view"))
    app.testing = True
    with pytest.raises(PolicyError, match=r"CORS_RESOURCES has no effect without CORS\(app\)"):
        cross(app, "/view")


def test_the_message_fits_a_terminal() -> None:
    given: Any = {"supports_credentials": "yes", "resources": {"api/*": {}}}
    with pytest.raises(PolicyError) as error:
        CORS(application(CORS_ORIGIN="*"), **given)
    text = str(error.value)
    assert max(map(len, text.splitlines())) < 80
    assert text.startswith("3 problems in the CORS configuration:\n  - CORS_ORIGIN is not ")
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
def test_any_arguments_are_accepted_or_refused_with_a_reason(
    config: dict[str, Any], arguments: dict[str, Any]
) -> None:
    app = application(**{f"CORS_{name.upper()}": value for name, value in config.items()})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            CORS(app, **arguments)
    except PolicyError as error:
        assert all(problem.message for problem in error.problems)
        assert str(error)
    else:
        assert cross(app, "/view", origin=EVIL).status == 200


@pytest.mark.parametrize("value", [True, False, None])
def test_allow_private_network_warns_and_has_no_effect(value: Any) -> None:
    """It is accepted everywhere. The warning is about the line of the caller."""
    app = application(CORS_ALLOW_PRIVATE_NETWORK=value)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        CORS(app, resources={"/view": {"allow_private_network": value}, "/*": {}})
        CORS(application(), origins=[APP], allow_private_network=value)
    assert [str(warning.message).partition(" ")[0] for warning in warned] == [
        "CORS_ALLOW_PRIVATE_NETWORK",
        "resources['/view'].allow_private_network",
        "allow_private_network",
    ]
    for warning in warned:
        assert warning.category is DeprecationWarning
        assert Path(warning.filename) == Path(__file__)
    for path in ("/view", "/other"):
        headers = [("Access-Control-Request-Private-Network", "true")]
        assert preflight(app, path, headers=headers).cors == admits("*")
