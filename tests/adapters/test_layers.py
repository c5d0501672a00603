"""Layers: reading arguments, merging layers, and the names in messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from corswsgi import Policy, PolicyError, Problem
from corswsgi.adapters import (
    OPTION_NAMES,
    OPTIONS,
    UNSET,
    Layer,
    Names,
    PlacedNames,
    Reading,
    deep_snapshot,
    merge,
    read_layer,
    read_paths,
    read_shared,
    snapshot,
)

APP = "https://app.example.com"
OTHER = "https://other.example"
ONE = Policy(origins=[APP], max_age=5)


class SettingNames(Names):
    """Names of settings, as in Django."""

    def __init__(self, prefix: str = "CORS_") -> None:
        self.prefix = prefix

    def option(self, option: str, value: object = None) -> str:
        return f"{self.prefix}{option.upper()}"

    def assignment(self, option: str, source: str) -> str:
        return f"{self.option(option)} = {source}"

    def expression(self) -> str:
        return f"{self.prefix}REGEXES"


# Snapshots.


def test_snapshot_reads_an_iterator_once() -> None:
    assert snapshot(iter([APP, OTHER])) == (APP, OTHER)
    assert snapshot([APP]) == (APP,)
    assert snapshot({APP}) == frozenset({APP})
    assert snapshot({APP: 1}.keys()) == frozenset({APP})


@pytest.mark.parametrize("value", ["text", b"bytes", {"a": 1}, ONE, None, 5, re.compile("a"), len])
def test_snapshot_keeps_other_values(value: object) -> None:
    assert snapshot(value) is value


def test_later_changes_of_a_list_have_no_effect() -> None:
    origins = [APP]
    layer = read_layer(UNSET, {"origins": origins}).layer
    origins.append(OTHER)
    policy = merge([layer]).policy
    assert policy is not None
    assert policy.origins == (APP,)


# Reading.


def test_read_options() -> None:
    reading = read_layer(UNSET, {"methods": iter(["put"]), "supports_credentials": True})
    assert reading.layer.value == {"methods": ("put",), "supports_credentials": True}
    assert (reading.layer.names, reading.problems, reading.notices) == (OPTION_NAMES, [], [])


@pytest.mark.parametrize("policy", [ONE, None])
def test_read_a_policy(policy: Policy | None) -> None:
    names = SettingNames()
    layer, problems, notices = read_layer(policy, {}, names)
    assert (layer.value, layer.names, problems, notices) == (policy, names, [], [])


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        (len, "adapted"),
        ([APP, len], (APP, "adapted")),
        ({len}, ("adapted",)),
        (iter([APP, len]), (APP, "adapted")),
        (APP, APP),
        (re.compile("a"), re.compile("a")),
        (5, 5),
    ],
)
def test_callables_are_adapted(origins: object, expected: object) -> None:
    options = {"origins": origins, "max_age": 5}
    reading = read_layer(UNSET, options, adapt=lambda function: "adapted")
    assert reading.layer.value == {"origins": expected, "max_age": 5}
    assert read_layer(UNSET, {"max_age": 5}, adapt=snapshot).layer.value == {"max_age": 5}


def test_read_problems_and_notices_of_options() -> None:
    options = {
        "origins": "https://a.example/",
        "orgins": 1,
        "max_age": -1,
        "methods": ["patch"],
        "allow_private_network": True,
    }
    _, problems, notices = read_layer(UNSET, options, SettingNames())
    assert [(each.option, each.reason) for each in problems] == [
        ("CORS_ORGINS", "unknown_option"),
        ("CORS_ORIGINS", "not_canonical"),
        ("CORS_MAX_AGE", "out_of_range"),
    ]
    assert [(each.option, each.reason) for each in notices] == [
        ("CORS_ALLOW_PRIVATE_NETWORK", "deprecated_option"),
        ("CORS_METHODS", "method_case"),
    ]


def test_problems_with_options_that_need_no_origins_are_found_at_once() -> None:
    options = {"supports_credentials": True, "expose_headers": "*"}
    (problem,) = read_layer(UNSET, options).problems
    assert (problem.option, problem.reason) == ("expose_headers", "wildcard_with_credentials")
    assert read_layer(UNSET, {"supports_credentials": True}).problems == []


@pytest.mark.parametrize("policy", ["*", [APP], {"origins": "*"}, False, Policy])
def test_something_else_than_a_policy(policy: object) -> None:
    layer, problems, notices = read_layer(policy, {"max_age": 1})
    (problem,) = problems
    assert (problem.option, problem.value, problem.reason) == ("policy", policy, "wrong_type")
    assert (layer.value, notices) == (None, [])


@pytest.mark.parametrize("policy", [ONE, None])
def test_a_policy_and_options(policy: Policy | None) -> None:
    options = {"max_age": 1, "orgins": "*"}
    _, problems, _ = read_layer(policy, options, SettingNames())
    assert [(each.option, each.value, each.reason) for each in problems] == [
        ("CORS_MAX_AGE", 1, "not_alone"),
        ("CORS_ORGINS", "*", "not_alone"),
    ]
    assert problems[0].message == (
        "CORS_MAX_AGE was given together with a policy, which sets every option."
    )


def read_options(place: str, options: Mapping[Any, Any]) -> Reading:
    return read_layer(UNSET, options, PlacedNames(OPTION_NAMES, place))


def test_read_paths() -> None:
    given = {"/a": ONE, "/b/*": None, "/c": {"max_age": 5, "methods": ["patch"]}}
    layers, problems, notices = read_paths("resources", given, read_options, "{...}")
    assert [*layers] == [*given]
    assert [each.value for each in layers.values()] == [
        ONE,
        None,
        {"max_age": 5, "methods": ("patch",)},
    ]
    assert [each.names.option("origins") for each in layers.values()] == [
        "resources['/a'].origins",
        "resources['/b/*'].origins",
        "resources['/c'].origins",
    ]
    assert problems == []
    assert [each.option for each in notices] == ["resources['/c'].methods"]


def test_problems_of_paths() -> None:
    given = {"a": ONE, 5: None, "/x": "*", "/y": {"max_age": -1}, "/z": [APP]}
    layers, problems, _ = read_paths("resources", given, read_options, "{'origins': [...]}")
    assert [(each.option, each.reason) for each in problems] == [
        ("resources['a']", "malformed_path"),
        ("resources[5]", "wrong_type"),
        ("resources['/x']", "wrong_type"),
        ("resources['/y'].max_age", "out_of_range"),
        ("resources['/z']", "wrong_type"),
    ]
    assert problems[2].hint == "write resources['/x'] = {'origins': [...]}."
    assert [*layers] == ["a", 5, "/y"]


@pytest.mark.parametrize("given", [["/a"], "/a", 5, ONE])
def test_paths_that_are_not_a_mapping(given: object) -> None:
    layers, (problem,), notices = read_paths("CORS_RESOURCES", given, read_options, "{...}")
    assert (problem.option, problem.reason) == ("CORS_RESOURCES", "wrong_type")
    assert problem.hint == 'write CORS_RESOURCES = {"/api/*": {...}}.'
    assert (layers, notices) == ({}, [])


# Merging.


def layer(names: Names = OPTION_NAMES, **options: Any) -> Layer:
    return Layer(options, names)


OFF = Layer(None)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([], None),
        ([OFF], None),
        ([Layer(ONE), OFF], None),
        ([layer()], Policy(origins="*")),
        ([layer(max_age=5)], Policy(origins="*", max_age=5)),
        ([layer(supports_credentials=False)], Policy(origins="*")),
        ([layer(origins=[APP]), layer(max_age=5)], ONE),
        ([layer(origins=[OTHER], max_age=5), layer(origins=[APP])], ONE),
        ([layer(origins=[OTHER]), Layer(ONE)], ONE),
        ([Layer(ONE), layer(max_age=7)], Policy(origins=[APP], max_age=7)),
        ([Layer(ONE), layer(origins="*")], Policy(origins="*", max_age=5)),
        ([Layer(ONE), OFF, layer(max_age=7)], Policy(origins=[APP], max_age=7)),
        ([OFF, layer(max_age=7)], Policy(origins="*", max_age=7)),
        ([Layer(ONE), OFF, layer()], ONE),
        (
            [layer(origins=[APP]), layer(supports_credentials=True), layer(max_age=5)],
            Policy(origins=[APP], supports_credentials=True, max_age=5),
        ),
    ],
)
def test_merge(layers: list[Layer], expected: Policy | None) -> None:
    applied = merge(layers)
    assert applied.policy == expected
    assert (applied.look_ups, applied.is_optional) == ((), False)


def test_a_policy_without_options_over_it_stays_the_same_object() -> None:
    assert merge([layer(max_age=1), Layer(ONE), layer()]).policy is ONE


def test_options_are_named_as_in_the_layer_that_set_them() -> None:
    inner = PlacedNames(OPTION_NAMES, "view 'a'")
    outer = SettingNames()
    names = merge([layer(outer, origins=[APP], max_age=1), layer(inner, max_age=2)]).names
    assert names.option("origins") == "CORS_ORIGINS"
    assert names.assignment("origins", "'*'") == "CORS_ORIGINS = '*'"
    assert names.expression() == "CORS_REGEXES"
    assert names.option("max_age") == "view 'a'.max_age"
    assert names.assignment("max_age", "5") == '"max_age": 5'
    assert names.option("methods") == "methods", "no layer set it"
    assert names.expression() == "CORS_REGEXES"


def test_a_policy_sets_all_names() -> None:
    outer, inner = SettingNames(), PlacedNames(OPTION_NAMES, "view 'a'")
    names = merge([layer(outer, max_age=1), Layer(ONE, inner)]).names
    assert {names.option(option) for option in OPTIONS} == {f"view 'a'.{each}" for each in OPTIONS}
    assert names.expression() == "re.compile(...)"
    assert merge([layer(outer, max_age=1), OFF]).names.option("max_age") == "CORS_MAX_AGE"


def problems_of(*layers: Layer) -> list[Problem]:
    with pytest.raises(PolicyError) as raised:
        merge(layers)
    return [*raised.value.problems]


def test_layers_that_contradict_each_other() -> None:
    outer, inner = SettingNames("A_"), SettingNames("B_")
    (problem,) = problems_of(layer(outer, origins="*"), layer(inner, supports_credentials=True))
    assert (problem.option, problem.reason) == ("A_ORIGINS", "wildcard_with_credentials")
    assert "With B_SUPPORTS_CREDENTIALS, any site could read" in problem.message
    assert problem.hint is not None
    assert 'beside it, as in B_ORIGINS = ["https://app.example.com"]' in problem.hint
    (problem,) = problems_of(Layer(ONE), layer(inner, origins=["http://a.example", APP]), OFF_ON)
    assert (problem.option, problem.value) == ("B_ORIGINS", "http://a.example")


OFF_ON = layer(SettingNames("C_"), supports_credentials=True)


def test_credentials_without_origins() -> None:
    (problem,) = problems_of(layer(SettingNames(), supports_credentials=True))
    assert (problem.option, problem.value) == ("CORS_ORIGINS", None)
    assert problem.reason == "wildcard_with_credentials"
    assert "any origin would be allowed" in problem.message
    assert "CORS_SUPPORTS_CREDENTIALS" in problem.message
    assert problem.hint == (
        'write CORS_ORIGINS = ["https://app.example.com"], or remove CORS_SUPPORTS_CREDENTIALS.'
    )


def test_all_problems_are_raised_at_once() -> None:
    problems = problems_of(
        layer(SettingNames(), supports_credentials=True, expose_headers="*", max_age=-1)
    )
    assert [each.option for each in problems] == [
        "CORS_MAX_AGE",
        "CORS_EXPOSE_HEADERS",
        "CORS_ORIGINS",
    ]


def test_origins_of_a_layer_are_read_again_and_again() -> None:
    def origins() -> Iterator[str]:
        yield APP

    read = read_layer(UNSET, {"origins": origins()}).layer
    for _ in range(2):
        assert merge([read, layer(max_age=5)]).policy == ONE


def test_placed_names() -> None:
    names = PlacedNames(SettingNames(), "resources['/a']")
    assert names.option("origins") == "resources['/a'].CORS_ORIGINS"
    assert names.assignment("origins", "'*'") == "\"CORS_ORIGINS\": '*'"
    assert names.expression_assignment("r'(?=a).'") == "re.compile(r'(?=a).')"
    assert names.expression() == "CORS_REGEXES"


def test_deep_snapshots() -> None:
    rows = {"/a": {"origins": [APP]}, "/b": None}
    given: dict[str, Any] = {"resources": rows, "origins": [APP], "policy": Policy(origins="*")}
    before = deep_snapshot(given)
    assert before == {**given, "resources": {**rows, "/a": {"origins": (APP,)}}, "origins": (APP,)}
    assert deep_snapshot(given) == before
    rows["/a"]["origins"].append("https://b.example")  # type: ignore[index] # it is not None
    assert deep_snapshot(given) != before


@pytest.mark.parametrize("error", [RuntimeError, ValueError])
def test_what_another_thread_changes_is_read_again(error: type[Exception]) -> None:
    reads: list[int] = []

    def read(changes: int) -> Iterator[str]:
        reads.append(changes)
        yield APP
        if len(reads) <= changes:
            raise error
        yield OTHER

    assert read_shared(lambda: read(3)) == [APP, OTHER]
    assert len(reads) == 4
    with pytest.raises(error):
        read_shared(lambda: read(10**6))
    with pytest.raises(ZeroDivisionError):
        read_shared(lambda: [1 // 0])
