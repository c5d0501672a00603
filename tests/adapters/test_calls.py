"""Several calls of CORS() for the same thing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import CORSRequest, Policy, PolicyError, decide
from corswsgi.adapters import (
    NO_ORIGIN,
    OPTION_NAMES,
    UNSET,
    Layer,
    PartsByName,
    merge,
    read_call,
    read_layer,
)
from corswsgi.adapters.calls import NO_PARTS, Parts, combine, unite

APP = "https://app.example.com"
OTHER = "https://other.example"
ONE = Policy(origins=[APP])


def parts(policy: Any = UNSET, resources: Any = UNSET, **options: Any) -> Parts:
    call, problems, notices = read_call(policy, resources, options, read_layer, OPTION_NAMES)
    assert (problems, notices) == ([], [])
    return call.parts()


def policies(*calls: Parts) -> dict[str, Policy | None]:
    combined, problems = combine(calls)
    assert problems == []
    return {path: merge(layers).policy for path, layers in combined.paths.items()}


def contradictions(*calls: Parts) -> list[tuple[str, str]]:
    _, problems = combine(calls)
    assert {problem.reason for problem in problems} == {"given_twice"}
    assert all(problem.hint for problem in problems)
    return [(problem.option, problem.message) for problem in problems]


def test_no_call() -> None:
    assert combine([]) == (NO_PARTS, [])


def test_a_call_reports_all_problems() -> None:
    _, problems, notices = read_call(
        UNSET,
        {"a": {"methods": "patch"}},
        {"max_age": -1, "allow_private_network": True},
        read_layer,
        OPTION_NAMES,
    )
    assert [(problem.option, problem.reason) for problem in problems] == [
        ("max_age", "out_of_range"),
        ("resources['a']", "malformed_path"),
    ]
    assert [notice.option for notice in notices] == [
        "allow_private_network",
        "resources['a'].methods",
    ]


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([parts()], {"/*": Policy(origins="*")}),
        ([parts(resources="/a", max_age=1)], {"/a": Policy(origins="*", max_age=1)}),
        # Options that one call sets.
        (
            [parts(max_age=1), parts(origins=[APP], methods=["PUT"])],
            {"/*": Policy(origins=[APP], max_age=1, methods=["PUT"])},
        ),
        (
            [parts(resources={"/*": {"origins": "*"}}), parts(expose_headers="X-A")],
            {"/*": Policy(origins="*", expose_headers="X-A")},
        ),
        # The same value in other words.
        (
            [
                parts(origins=APP, methods=["PUT", "GET"], max_age=60, allow_headers="X-A"),
                parts(
                    origins=[APP],
                    methods={"GET", "PUT"},
                    max_age=timedelta(minutes=1),
                    allow_headers={"x-a"},
                ),
            ],
            {"/*": Policy(origins=APP, methods=["PUT", "GET"], max_age=60, allow_headers="X-A")},
        ),
        # Each call has its own paths.
        (
            [
                parts(origins=[APP], supports_credentials=True),
                parts(resources={"/a": {"origins": [OTHER]}}, max_age=1),
            ],
            {
                "/*": Policy(origins=[APP], supports_credentials=True),
                "/a": Policy(origins=[OTHER], max_age=1),
            },
        ),
        (
            [parts(resources={"/a": {"max_age": 1}}), parts(resources={"/a": {"methods": "PUT"}})],
            {"/a": Policy(origins="*", max_age=1, methods="PUT")},
        ),
        # Policies, and None.
        ([parts(ONE), parts(Policy(origins=APP))], {"/*": ONE}),
        ([parts(ONE), parts(resources={"/a": None})], {"/*": ONE, "/a": None}),
        ([parts(None), parts(None)], {"/*": None}),
        (
            [parts(None, "/a"), parts(None, {"/b": {}})],
            {"/a": Policy(origins="*")} | {"/b": Policy(origins="*")},
        ),
        (
            [parts(ONE, {"/a": {"max_age": 1}}), parts(resources={"/a": ONE.replace(max_age=1)})],
            {"/a": ONE.replace(max_age=1)},
        ),
        # A third one.
        (
            [parts(max_age=1), parts(methods="PUT"), parts(origins=APP, max_age=1)],
            {"/*": Policy(origins=APP, methods="PUT", max_age=1)},
        ),
    ],
)
def test_calls_that_agree(calls: list[Parts], expected: dict[str, Policy | None]) -> None:
    assert policies(*calls) == expected


PLACE = r"adapters/test_calls\.py:\d+"


@pytest.mark.parametrize(
    ("one", "other", "option", "message"),
    [
        ({"max_age": 1}, {"max_age": 2}, "max_age", "1 in {} contradicts 2 in {}"),
        (
            {"origins": [APP], "max_age": 1},
            {"resources": {"/*": {"origins": [OTHER]}}},
            "origins",
            rf"\['{APP}'\] in {{}} contradicts \['{OTHER}'\] in {{}}",
        ),
        (
            {"resources": {"/a": {"max_age": 1}}},
            {"resources": ["/a", "/b"], "max_age": 2},
            "resources['/a'].max_age",
            "1 in {} contradicts 2 in {}",
        ),
        (
            {"resources": "/a", "max_age": 1},
            {"resources": {"/a": {"max_age": 2}}},
            "max_age at '/a'",
            "1 in {} contradicts 2 in {}",
        ),
        ({"policy": None}, {}, "policy", r"None in {} contradicts {{}} in {}"),
        ({"policy": ONE}, {"max_age": 1}, "policy", r"Policy\(.*\) in {} contradicts .* in {}"),
        ({"policy": ONE}, {"policy": None}, "policy", r"Policy\(.*\) in {} contradicts None in {}"),
    ],
)
def test_calls_that_contradict_each_other(one: Any, other: Any, option: str, message: str) -> None:
    [(found, text)] = contradictions(parts(**one), parts(**other))
    assert found == option
    assert re.fullmatch(message.format(PLACE, PLACE) + r"\.", text)
    # The hint: remove one of them.
    policies(parts(**one))
    policies(parts(**other))


def test_the_hint_about_paths() -> None:
    one, other = parts(max_age=1), parts(max_age=2)
    [problem] = combine([one, other])[1]
    assert problem.hint is not None
    resources = re.search(r"resources=({.*})\.$", problem.hint)
    assert resources is not None
    found = policies(one, parts(resources=eval(resources[1])))
    assert found == {
        "/*": Policy(origins="*", max_age=1),
        "/api/*": Policy(origins="*", max_age=60),
    }


def test_a_third_call_names_both_earlier_places() -> None:
    layers = [Layer({"max_age": 1}, place="a.py:1"), Layer({}, place="b.py:2")]
    united, problems = unite(layers[0], layers[1], "")
    assert (united.place, problems) == ("a.py:1, b.py:2", [])
    [problem] = unite(united, Layer({"max_age": 2}, place="c.py:3"), "")[1]
    assert problem.message == "1 in a.py:1, b.py:2 contradicts 2 in c.py:3."


def test_values_that_cannot_be_compared_contradict_each_other() -> None:
    assert unite(Layer({"origins": "null"}), Layer({"origins": "*"}), "")[1]
    assert unite(Layer({"unheard_of": 1}), Layer({"unheard_of": 2}), "")[1]


def test_a_policy_that_does_not_fit_options_over_it() -> None:
    call = parts(Policy(origins="*"), {"/a": {"supports_credentials": True}})
    _, problems = combine([call, parts(resources="/a")])
    assert [(problem.option, problem.reason) for problem in problems] == [
        ("origins", "wildcard_with_credentials")
    ]


NOWHERE = {"origins": NO_ORIGIN}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (parts(max_age=1, methods="PUT"), parts(max_age=1, methods="GET"), {"max_age": 1}),
        (parts(ONE), parts(ONE), ONE),
        (parts(None), parts(None), None),
        (parts(origins=APP), parts(origins=[APP]), {"origins": APP}),
        # They disagree about the origins.
        (parts(max_age=1), parts(ONE), NOWHERE),
        (parts(ONE), parts(Policy(origins=[OTHER])), NOWHERE),
        (parts(None), parts(ONE), NOWHERE),
        (parts(origins=APP), parts(), NOWHERE),
        (parts(), parts(origins=APP), NOWHERE),
        (
            parts(origins=APP, max_age=1),
            parts(origins=OTHER, max_age=1),
            {"max_age": 1, **NOWHERE},
        ),
    ],
)
def test_layers_elsewhere(one: Parts, other: Parts, expected: object) -> None:
    for calls in ([one, other], [other, one], [one, other, one]):
        combined, _ = combine(calls)
        [layer] = combined.elsewhere
        if isinstance(expected, dict) and "origins" in expected:
            assert isinstance(layer.value, dict)
            assert merge([layer]).policy == Policy(**expected)
        else:
            assert layer.value == expected


def policy_for(environ: Any) -> Policy | None:
    raise NotImplementedError


def test_a_function_that_returns_the_policy() -> None:
    options: dict[str, Any] = {}
    call, problems, _ = read_call(policy_for, {"/a": {}}, options, read_layer, OPTION_NAMES)
    assert (call.ask, problems) == (policy_for, [])
    assert call.parts().depends_on_request
    assert not parts().depends_on_request
    assert not NO_PARTS.depends_on_request
    # Another policy stands for its policies. It allows no origin.
    policy = merge([call.own]).policy
    assert policy is not None
    assert not decide(policy, CORSRequest("GET", APP)).allowed


def test_a_function_that_cannot_return_the_policy() -> None:
    _, problems, _ = read_call(lambda: None, UNSET, {"max_age": 1}, read_layer, OPTION_NAMES)
    assert [(problem.option, problem.reason) for problem in problems] == [
        ("policy", "wrong_type"),
        ("max_age", "not_alone"),
    ]


some_options = st.fixed_dictionaries(
    {},
    optional={
        "origins": st.sampled_from([[APP], [OTHER], "*"]),
        "max_age": st.sampled_from([1, 2]),
        "methods": st.sampled_from(["PUT", "GET"]),
        "resources": st.dictionaries(
            st.sampled_from(["/a", "/a/*", "/*"]),
            st.one_of(st.none(), st.just(ONE), st.just({}), st.just({"max_age": 1})),
        ),
    },
)


@given(some_options, some_options)
def test_the_order_of_calls_does_not_matter(one: Any, other: Any) -> None:
    calls = parts(**one), parts(**other)
    (forward, problems), (backward, others) = combine(calls), combine(calls[::-1])
    assert {problem.option.rpartition(".")[2] for problem in problems} == {
        problem.option.rpartition(".")[2] for problem in others
    }
    if not problems:
        assert policies(*calls) == policies(*calls[::-1])
        for path in {**forward.paths, **backward.paths}:
            # A path has the policy of the calls that name it.
            alone = [policies(each)[path] for each in calls if path in each.paths]
            assert len(alone) == 2 or policies(*calls)[path] == alone[0]


# Blueprints.

LIMITED = {"/api/*": {"max_age": 1}, "/api/v1/*": {"max_age": 2}, "/api/x": {"max_age": 3}}


@pytest.mark.parametrize(
    ("resources", "path", "is_open", "max_age"),
    [
        (UNSET, "/", True, 0),
        ("/*", "/api", False, 0),
        (LIMITED, "/api", False, 1),
        (LIMITED, "/api/", False, 1),
        (LIMITED, "/api/v1/", True, 2),
        (LIMITED, "/api/x", False, 3),
        (LIMITED, "/api/xy", True, 1),
        (LIMITED, "/api/y/", True, 1),
        (LIMITED, "/other", False, None),
        (LIMITED, "/apikeys", True, None),
        ({}, "/", False, None),
    ],
)
def test_the_layers_of_a_route(
    resources: Any, path: str, is_open: bool, max_age: int | None
) -> None:
    call = parts(UNSET, resources, max_age=0)
    policy = merge(call.at(path, is_open)).policy
    assert policy == (None if max_age is None else Policy(origins="*", max_age=max_age))


@pytest.mark.parametrize("path", ["/", "/api", "/api/"])
def test_routes_that_lead_to_several_patterns_are_refused(path: str) -> None:
    call = parts(UNSET, LIMITED)
    with pytest.raises(PolicyError) as raised:
        call.at(path, True)
    assert {problem.reason for problem in raised.value.problems} == {"without_effect"}
    problem = raised.value.problems[-1]
    assert problem.option == "resources['/api/x']"
    assert problem.message == (
        f"'/api/x' matches only some of the paths below {path!r}, which lead to one view of the "
        "blueprint. The resources of a blueprint choose views, and not paths."
    )


def test_parts_by_name() -> None:
    found = PartsByName()
    for name, call in (("a", parts(max_age=1)), ("a.b", parts(methods="PUT", resources="/x"))):
        found.add(name, call)
    found.add("a", parts(origins=APP))
    layers = found.at(["a", "a.c", "a.b"], "/x", False)
    assert merge(layers).policy == Policy(origins=APP, max_age=1, methods="PUT")
    # What is around the inner blueprint applies elsewhere.
    assert merge(found.at(["a", "a.b"], "/y", False)).policy == Policy(origins=APP, max_age=1)
    assert found.at(["b"], "/y", False) == ()
    with pytest.raises(PolicyError, match="contradicts"):
        found.add("a", parts(max_age=2))
    assert merge(found.at(["a"], "/", False)).policy == Policy(origins=APP, max_age=1)
