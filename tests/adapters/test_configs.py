"""The calls of CORS(app), and options in a config with other keys."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from corswsgi import Policy, PolicyError
from corswsgi.adapters import (
    NO_ORIGIN,
    UNSET,
    ConfigNames,
    Configuration,
    Ignored,
    Layer,
    Route,
    ViewLayers,
    drop_ignored,
    ignored_keys,
    read_layer,
)
from corswsgi.adapters.configs import read_config

APP = "https://app.example.com"
OTHER = "https://other.example"
NAMES = ConfigNames("CORS_")


def test_names() -> None:
    assert NAMES.option("max_age", -1) == "CORS_MAX_AGE"
    assert NAMES.assignment("max_age", "600") == "CORS_MAX_AGE = 600"


def test_read_config() -> None:
    keys: dict[str, Any] = {"CORS_ORIGINS": (APP,), "CORS_OLD": 1, "CORS_ALLOW_PRIVATE_NETWORK": 0}
    expected = {"origins": (APP,), "old": 1, "allow_private_network": 0}
    assert read_config(keys, "CORS_", ["old"]) == (expected, {})


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("CORS_ORIGIN", "origins"),
        ("CORS_ORGINS", "origins"),
        ("CORS_ORIGNIS", "origins"),
        ("CORS_origins", "origins"),
        ("cors_origins", "origins"),
        ("CORS_RESOURCE", "resources"),
        ("CORS_METHOD", "methods"),
        ("CORS_MAXAGE", "max_age"),
        ("CORS_SUPPORT_CREDENTIALS", "supports_credentials"),
        ("CORS_ALLOWED_HEADERS", "allow_headers"),
        ("CORS_EXPOSE_HEADER", "expose_headers"),
        ("CORS_OPTIONS", None),
        ("CORS_ENABLED", None),
        ("CORS_ALLOWED_ORIGINS", None),
        ("CORS_ALLOW_ORIGINS", None),
        ("CORS_ALLOW_METHODS", None),
        ("CORS_ORIGIN_WHITELIST", None),
        ("CORS_WHITELIST", None),
        ("CORS_old", None),
        ("CORS_", None),
    ],
)
def test_unknown_keys(key: str, near: str | None) -> None:
    assert read_config({key: 1}, "CORS_", ["old"]) == ({}, {key: near})


def test_keys_without_the_prefix() -> None:
    assert read_config({"cors_enabled": 1}, "CORS_", []) == ({}, {})


def test_drop_ignored() -> None:
    ignored = {"old": Ignored("it is old"), "bad": Ignored("it is bad", "Write good=True.")}
    options, notices = drop_ignored({"old": 1, "max_age": 2, "bad": 3}, ignored, NAMES)
    assert options == {"max_age": 2}
    assert [(each.option, each.value, each.message, each.hint) for each in notices] == [
        ("CORS_OLD", 1, "has no effect, because it is old.", "Remove it."),
        ("CORS_BAD", 3, "has no effect, because it is bad.", "Write good=True."),
    ]
    assert {notice.reason for notice in notices} == {"deprecated_option"}


def test_ignored_keys() -> None:
    reason = "it is a key of the config, and not an argument"
    assert ignored_keys(NAMES, ["old"], ["max_age"]) == {
        "CORS_OLD": Ignored(reason),
        "CORS_MAX_AGE": Ignored(reason, "Remove it. If you mean it, write max_age=... instead."),
    }


# The configuration of an application.


class App:
    """An application with a config and with views."""

    def __init__(self, *views: Any, **config: Any) -> None:
        self.config = config
        self.views = views
        self.configuration = Configuration(
            lambda: self.config, NAMES, ["old"], read_layer, self.routes
        )

    def routes(self) -> Iterable[Route]:
        for number, value in enumerate(self.views):
            yield Route(f"view {number}", f"/{number}", False, ViewLayers([Layer(value)]))

    def cors(self, *, policy: Any = UNSET, resources: Any = UNSET, **options: Any) -> None:
        self.configuration.add(policy, resources, options)

    def problems(self) -> list[tuple[str, str]]:
        with pytest.raises(PolicyError) as raised:
            self.configuration.make_table()
        return [(problem.option, problem.reason) for problem in raised.value.problems]

    def policy(self, path: str = "/x") -> Policy | None:
        return self.configuration.make_table().find(path).policy


def refused(app: App, **arguments: Any) -> list[tuple[str, str]]:
    with pytest.raises(PolicyError) as raised:
        app.cors(**arguments)
    return [(problem.option, problem.reason) for problem in raised.value.problems]


def test_an_iterator_in_the_config_can_be_read_again() -> None:
    app = App(CORS_ORIGINS=iter([APP]))
    app.cors()
    assert app.config == {"CORS_ORIGINS": (APP,)}
    assert app.policy() == Policy(origins=[APP])


def test_the_first_call_without_problems_counts() -> None:
    app = App()
    assert refused(app, max_age=-1) == [("max_age", "out_of_range")]
    assert app.configuration.calls == ()
    assert app.policy() is None
    app.cors(max_age=1)
    for _ in range(2):
        app.cors(max_age=2 - 1)
    assert len(app.configuration.calls) == 1
    assert app.policy() == Policy(origins="*", max_age=1)


def policy_for(environ: Any) -> Policy | None:
    raise NotImplementedError


def test_a_function_that_returns_the_policy() -> None:
    app = App()
    assert app.configuration.ask is None
    assert refused(app, policy=policy_for, max_age=1) == [("max_age", "not_alone")]
    assert app.configuration.ask is None
    for _ in range(2):
        app.cors(policy=policy_for, resources="/a")
        assert app.configuration.ask is policy_for
    for other in ({}, {"policy": policy_for}, {"policy": lambda environ: None}, {"max_age": 1}):
        assert refused(app, **other) == [("policy", "given_twice")]
    assert app.configuration.ask is policy_for


def test_the_paths_of_a_function_are_within_its_policies() -> None:
    app = App()
    app.cors(policy=policy_for, resources={"/*": {"max_age": 5}})
    table = app.configuration.make_table().with_policy(Policy(origins=[APP]))
    assert table.find("/x").policy == Policy(origins=[APP], max_age=5)


def test_calls_that_disagree_about_the_origins() -> None:
    """Each path has the origins of its call. Views elsewhere have none."""
    app = App({"max_age": 5}, {"origins": [OTHER]}, CORS_EXPOSE_HEADERS=["X-A"])
    app.cors(resources="/a")
    app.cors(resources={"/b": {}}, origins=[APP])
    table = app.configuration.make_table()
    anywhere = Policy(origins="*", expose_headers=["X-A"])
    assert table.find("/a").policy == anywhere
    assert table.find("/b").policy == anywhere.replace(origins=[APP])
    assert table.find("/x").policy is None
    first, second = table.rows()
    assert first.lacks_origins
    assert first.applied.policy == anywhere.replace(origins=NO_ORIGIN, max_age=5)
    assert second.applied.policy == anywhere.replace(origins=[OTHER])


# Values that nothing uses.

INVALID = {"CORS_ORIGINS": "https://a.example,https://b.example"}


@pytest.mark.parametrize(
    "arguments",
    [
        {"origins": [APP]},
        {"policy": Policy(origins=[APP])},
        {"policy": None},
        {"resources": {"/a": {"origins": [APP]}, "/b": Policy(origins=[APP]), "/c": None}},
        {"origins": [APP], "resources": "/a"},
        {"resources": {}},
    ],
)
@pytest.mark.parametrize("key", [INVALID, {"CORS_ORIGIN": [APP]}])
def test_values_that_are_overridden_everywhere_are_not_checked(
    arguments: Mapping[str, Any], key: Mapping[str, Any]
) -> None:
    app = App({"origins": (APP,)}, None, Policy(origins=[APP]), **key)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "CORS_ORIGIN is not a key of corswsgi")
        app.cors(**arguments)
        table = app.configuration.make_table()
    assert table.problems() == []


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"max_age": 5},
        {"resources": {"/a": {"origins": [APP]}, "/b": {}}},
        {"policy": None, "resources": {"/a": {}}},
    ],
)
def test_values_that_are_used_somewhere_are_checked(arguments: Mapping[str, Any]) -> None:
    assert refused(App(**INVALID), **arguments) == [("CORS_ORIGINS", "several_in_one")]
    for key in ("CORS_ORIGIN", "CORS_origins", "cors_origins"):
        assert refused(App(**{key: 1}), **arguments) == [(key, "unknown_option")]


@pytest.mark.parametrize(
    ("view", "is_used"),
    [({}, True), ({"max_age": 1}, True), ({"origins": APP}, False), (None, False)],
)
@pytest.mark.parametrize("arguments", [None, {"policy": None}, {"resources": {}}])
def test_values_that_views_use_where_cors_is_off(view: Any, is_used: bool, arguments: Any) -> None:
    """The view comes after CORS(app), and without CORS(app), the config is for views alone."""
    app = App(**INVALID)
    if arguments is not None:
        app.cors(**arguments)
    app.views = (view,)
    if is_used:
        assert app.problems() == [("CORS_ORIGINS", "several_in_one")]
    else:
        assert app.policy() is None


def test_options_of_the_call_are_those_of_views_where_cors_is_off() -> None:
    app = App({"max_age": 1}, **INVALID)
    app.cors(origins=[APP], resources="/a")
    table = app.configuration.make_table()
    [(_, _, _, applied, problems)] = table.rows()
    assert (applied.policy, problems) == (Policy(origins=[APP], max_age=1), ())


def test_resources_that_nothing_uses() -> None:
    app = App(CORS_RESOURCES=7)
    app.cors(resources="/a")
    assert app.policy("/a") == Policy(origins="*")
    assert App(CORS_RESOURCES="/a").problems() == [("CORS_RESOURCES", "without_effect")]
    assert refused(App(CORS_RESOURCES=7)) == [("CORS_RESOURCES", "wrong_type")]


def test_with_problems_of_the_arguments_misspelled_keys_are_reported_too() -> None:
    app = App(CORS_ORIGIN=[APP])
    assert refused(app, origins=[OTHER], max_age=-1) == [
        ("CORS_ORIGIN", "unknown_option"),
        ("max_age", "out_of_range"),
    ]


# Keys that are set after CORS(app).


def late(arguments: Mapping[str, Any], config: Mapping[str, Any], *views: Any) -> App:
    app = App(*views)
    app.cors(**arguments)
    app.config.update(config)
    return app


@pytest.mark.parametrize(
    ("arguments", "config", "ignored", "policy"),
    [
        ({}, {"CORS_MAX_AGE": -1, "CORS_METHODS": ["PUT"]}, ["CORS_MAX_AGE"], {"methods": "PUT"}),
        ({}, {"CORS_SUPPORTS_CREDENTIALS": True}, ["CORS_SUPPORTS_CREDENTIALS"], {}),
        (
            {"resources": {"/x": {"origins": "*"}}},
            {"CORS_SUPPORTS_CREDENTIALS": True, "CORS_MAX_AGE": 5},
            ["CORS_SUPPORTS_CREDENTIALS"],
            {"max_age": 5},
        ),
        (
            {},
            {"CORS_MAX_AGE": -1, "CORS_SUPPORTS_CREDENTIALS": True},
            ["CORS_MAX_AGE", "CORS_SUPPORTS_CREDENTIALS"],
            {},
        ),
        # A key that may be meant to allow less is kept.
        (
            {},
            {"CORS_ORIGINS": [APP], "CORS_MAX_AGE": -1},
            ["CORS_MAX_AGE"],
            {"origins": [APP]},
        ),
        (
            {},
            {"CORS_ORIGINS": "*", "CORS_SUPPORTS_CREDENTIALS": True},
            ["CORS_SUPPORTS_CREDENTIALS"],
            {},
        ),
    ],
)
def test_late_keys_that_cause_problems_are_ignored(
    arguments: Any, config: Any, ignored: list[str], policy: Any
) -> None:
    app = late(arguments, config)
    with pytest.warns(UserWarning, match="was set after") as caught:
        table = app.configuration.make_table()
    assert [str(warning.message).partition(" ")[0] for warning in caught] == ignored
    for each in (table, app.configuration.make_table()):
        assert each.find("/x").policy == Policy(**{"origins": "*", **policy})


def test_the_notice_about_a_late_key() -> None:
    app = late({}, {"CORS_MAX_AGE": -1})
    with pytest.warns(UserWarning, match="CORS_MAX_AGE") as caught:
        app.configuration.make_table()
    [warning] = caught
    assert str(warning.message) == (
        "CORS_MAX_AGE is ignored, because it was set after CORS(app), and would be refused: -1 is "
        "not a whole number of seconds from 0 to 86400. Remove it, or correct it and set it before "
        "CORS(app): did you mean 0? 0 turns the cache off, None leaves the header out."
    )
    # The warning is about the line of CORS(app).
    assert warning.filename == __file__
    assert warning.lineno == App.cors.__code__.co_firstlineno + 1


def test_a_late_key_that_a_view_does_not_fit() -> None:
    app = late({"origins": [APP]}, {"CORS_SUPPORTS_CREDENTIALS": True}, {"origins": "*"})
    with pytest.warns(UserWarning, match="CORS_SUPPORTS_CREDENTIALS is ignored"):
        table = app.configuration.make_table()
    assert table.problems() == []
    assert table.find("/x").policy == Policy(origins=[APP])


@pytest.mark.parametrize(
    ("config", "problems"),
    [
        ({"CORS_ORIGINS": "null"}, [("CORS_ORIGINS", "null_origin")]),
        ({"CORS_RESOURCES": "a"}, [("CORS_RESOURCES['a']", "malformed_path")]),
        (
            {"CORS_ORIGINS": "null", "CORS_MAX_AGE": -1},
            [("CORS_ORIGINS", "null_origin"), ("CORS_MAX_AGE", "out_of_range")],
        ),
        ({"CORS_ORIGIN": [APP]}, [("CORS_ORIGIN", "unknown_option")]),
        ({"CORS_RESOURCE": "/a"}, [("CORS_RESOURCE", "unknown_option")]),
        ({"CORS_METHOD": ["GET"]}, [("CORS_METHOD", "unknown_option")]),
        ({"CORS_ALLOW_HEADER": ["X-A"]}, [("CORS_ALLOW_HEADER", "unknown_option")]),
        ({"CORS_EXPOSED_HEADERS": []}, [("CORS_EXPOSED_HEADERS", "unknown_option")]),
        ({"CORS_METHODS": ["a b"]}, [("CORS_METHODS", "several_in_one")]),
        ({"CORS_ALLOW_HEADERS": ["a b"]}, [("CORS_ALLOW_HEADERS", "several_in_one")]),
        ({"CORS_EXPOSE_HEADERS": ["a b"]}, [("CORS_EXPOSE_HEADERS", "several_in_one")]),
        ({"CORS_SUPPORTS_CREDENTIALS": "false"}, [("CORS_SUPPORTS_CREDENTIALS", "wrong_type")]),
        ({"CORS_SUPPORTS_CREDENTIALS": None}, [("CORS_SUPPORTS_CREDENTIALS", "wrong_type")]),
        ({"CORS_SUPPORT_CREDENTIALS": False}, [("CORS_SUPPORT_CREDENTIALS", "unknown_option")]),
    ],
)
def test_late_keys_that_may_be_meant_to_allow_less_are_not_ignored(
    config: Any, problems: Any
) -> None:
    assert late({}, config).problems() == problems


@pytest.mark.parametrize(
    "config",
    [
        {"CORS_ORIGIN": "*"},
        {"CORS_ORGINS": ["*"]},
        {"CORS_METHOD": "*"},
        {"CORS_MAXAGE": -1},
        {"CORS_SUPPORT_CREDENTIALS": True},
    ],
)
def test_late_keys_that_are_misspelled(config: Any) -> None:
    [key] = config
    app = late({}, config)
    with pytest.warns(UserWarning, match=rf"{key} is not a key of corswsgi, .* Did you mean"):
        assert app.policy() == Policy(origins="*")


def test_credentials_that_are_turned_off_late() -> None:
    app = App(CORS_ORIGINS=[APP], CORS_SUPPORTS_CREDENTIALS=True)
    app.cors()
    app.config["CORS_SUPPORTS_CREDENTIALS"] = "false"
    assert app.problems() == [("CORS_SUPPORTS_CREDENTIALS", "wrong_type")]
    app.config["CORS_SUPPORTS_CREDENTIALS"] = False
    assert app.policy() == Policy(origins=[APP])


def test_problems_that_are_not_those_of_late_keys() -> None:
    app = late({}, {"CORS_MAX_AGE": -1}, {"supports_credentials": True})
    assert app.problems() == [("CORS_MAX_AGE", "out_of_range")]
    # A key was removed.
    app = App(CORS_ORIGINS=[APP], CORS_SUPPORTS_CREDENTIALS=True)
    app.cors()
    del app.config["CORS_ORIGINS"]
    assert app.problems() == [("CORS_ORIGINS", "wildcard_with_credentials")]
    app.config["CORS_METHODS"] = ["PUT"]
    assert app.problems() == [("CORS_ORIGINS", "wildcard_with_credentials")]


def test_a_late_value_of_an_earlier_key() -> None:
    app = App(CORS_MAX_AGE=5)
    app.cors()
    app.config["CORS_MAX_AGE"] = 6
    assert app.policy() == Policy(origins="*", max_age=6)
    app.config["CORS_MAX_AGE"] = -1
    with pytest.warns(UserWarning, match="CORS_MAX_AGE is ignored"):
        assert app.policy() == Policy(origins="*", max_age=5)


# Keys that may belong to the application.


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("CORS_OPTIONS", ""),
        ("CORS_ENABLED", ""),
        ("CORS_ALLOWED_ORIGINS", "Did you mean 'CORS_ORIGINS'? "),
    ],
)
def test_keys_of_the_application(key: str, meant: str) -> None:
    app = App(**{key: 1})
    with pytest.warns(UserWarning, match=key) as caught:
        app.cors()
    app.cors(max_age=5)
    assert app.policy() == Policy(origins="*", max_age=5)
    [warning] = caught
    assert str(warning.message) == (
        f"{key} is not a key of corswsgi, and has no effect. {meant}If it belongs to your "
        f"application, rename it, as in 'MY_{key}'."
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        App(**{f"MY_{key}": 1}).cors()
