"""PolicyTable: the policy that applies to a path, a view and a method."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import CORSRequest, Policy, PolicyError, decide
from corswsgi.adapters import (
    DECISION,
    NO_LAYERS,
    NO_ORIGIN,
    UNSET,
    Applied,
    Layer,
    Names,
    PlacedNames,
    PolicyTable,
    Route,
    Row,
    ViewLayers,
    read_layer,
)

APP = "https://app.example.com"
OTHER = "https://other.example"
EVIL = "https://evil.test"
OFF = Layer(None)
DEFAULTS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY")


def layer(place: str | None = None, **options: Any) -> Layer:
    names = Names() if place is None else PlacedNames(Names(), place)
    return read_layer(UNSET, options, names).layer


OUTER = layer("CORS(app)", origins=[APP])
STRICT = layer("@cors", origins=[OTHER])
CREDENTIALS = layer("@cors", supports_credentials=True)

API, NOTHING, EVERYTHING = (("URLS", re.compile(each)) for each in ("^/api", "(?!)", ""))


def view(*layers: Layer, **handlers: Layer | None) -> ViewLayers:
    return ViewLayers(
        layers, {name: [each or UNSET] for name, each in handlers.items()} if handlers else None
    )


def policy_of(applied: Applied) -> Policy:
    assert applied.policy is not None
    return applied.policy


def origins(applied: Applied) -> tuple[object, ...] | None:
    return None if applied.policy is None else applied.policy.origins


# Finding what applies to a request.


def test_the_application_alone() -> None:
    table = PolicyTable([OUTER, layer(max_age=5)])
    for path in ("/", "/x/..", ""):
        applied = table.find(path)
        assert applied.policy == Policy(origins=[APP], max_age=5)
        assert applied.names.option("origins") == "CORS(app).origins"
        assert not applied.is_optional
    assert table.find("/") is table.find("/other"), "nothing is merged for each request"


def test_everywhere() -> None:
    table = PolicyTable([OUTER])
    assert table.everywhere is table.find("/")
    assert PolicyTable([OUTER], paths={"/a": OFF}).everywhere is None
    assert PolicyTable([OUTER], covers=EVERYTHING).everywhere is None


def test_no_layers_at_all() -> None:
    assert PolicyTable([]).find("/").policy is None
    assert PolicyTable([OUTER, OFF]).find("/").policy is None


def test_path_patterns() -> None:
    paths = {
        "/api/*": layer(max_age=1),
        "/api/open": layer(origins="*"),
        "/api/off/*": OFF,
        "/caf\xe9/*": STRICT,
    }
    table = PolicyTable([OUTER], paths=paths)
    for path, origin, max_age in (
        ("/", APP, 600),
        ("/apikeys", APP, 600),
        ("/api", APP, 1),
        ("/api/x", APP, 1),
        ("/api/open", "*", 600),
        ("/api/open/x", APP, 1),
        ("/caf\xc3\xa9/x", OTHER, 600),
        ("/caf\xe9/x", APP, 600),
    ):
        policy = policy_of(table.find(path))
        assert (policy.origins, policy.max_age) == ((origin,), max_age), path
    assert table.find("/api/off").policy is None
    assert table.patterns.find("/api/x", None) == "/api/*"


@pytest.mark.parametrize(
    ("unmatched", "expected"),
    [
        ([], (APP,)),
        ([OFF], None),
        ([layer(origins=[OTHER])], (OTHER,)),
        ([layer()], (APP,)),
        ([STRICT, OFF], None),
    ],
)
def test_unmatched_paths(unmatched: list[Layer], expected: object) -> None:
    table = PolicyTable([OUTER], paths={"/api/*": layer()}, unmatched=unmatched)
    assert origins(table.find("/")) == expected
    assert origins(table.find("/api/x")) == (APP,)


def test_layers_of_views() -> None:
    table = PolicyTable([OUTER], paths={"/api/*": layer(max_age=1)})
    own = view(STRICT, layer(max_age=9))
    assert policy_of(table.find("/", own)).origins == (OTHER,)
    assert table.find("/", view(layer(max_age=9))).policy == Policy(origins=[APP], max_age=9)
    assert table.find("/api/x", view(layer(methods=["PUT"]))).policy == Policy(
        origins=[APP], max_age=1, methods=["PUT"]
    )
    assert table.find("/", view(OFF)).policy is None
    assert table.find("/", NO_LAYERS).policy == Policy(origins=[APP])
    assert table.find("/", own) is table.find("/", own), "merged once"
    assert table.find("/", own) is not table.find("/api", own)
    names = table.find("/", view(STRICT)).names
    assert (names.option("origins"), names.option("max_age")) == ("@cors.origins", "max_age")


def test_layers_of_single_methods() -> None:
    table = PolicyTable([OUTER])
    each = view(layer(max_age=1), GET=STRICT, POST=None, PUT=OFF)
    assert origins(table.find("/", each, "GET")) == (OTHER,)
    assert origins(table.find("/", each, "get")) == (OTHER,)
    assert table.find("/", each, "POST").policy == Policy(origins=[APP], max_age=1)
    assert table.find("/", each, "PUT").policy is None
    only_get = view(GET=STRICT)
    assert origins(table.find("/", only_get, "GET")) == (OTHER,)
    assert table.find("/", only_get, "POST") is table.find("/")


def test_paths_with_dot_segments() -> None:
    """They can be those of any pattern, so they are refused, whatever a view says."""
    table = PolicyTable([OUTER], paths={"/api/*": STRICT})
    for path in ("/api/../x", "/..", "/x/./y"):
        for each in (NO_LAYERS, view(layer(origins="*")), view(OFF)):
            policy = policy_of(table.find(path, each))
            for origin in (APP, OTHER, EVIL):
                assert not decide(policy, CORSRequest("GET", origin)).allowed
    assert origins(table.find("/.../x")) == (APP,)


@pytest.mark.parametrize(
    ("application", "paths", "unmatched", "is_refused"),
    [
        (OUTER, {"/a/*": layer()}, [], False),
        (OUTER, {"/a/*": layer(max_age=1)}, [], True),
        (OUTER, {"/a/*": OFF}, [], True),
        (OUTER, {"/a/*": layer()}, [OFF], True),
        (OUTER, {"/*": layer()}, [OFF], False),
        (OUTER, {"/*": layer(), "/a/*": layer()}, [OFF], False),
        (OFF, {"/a/*": OFF}, [], False),
        (OUTER, {}, [OFF], False),
    ],
)
def test_dot_segments_do_not_matter_if_all_paths_have_one_policy(
    application: Layer, paths: dict[str, Layer], unmatched: list[Layer], is_refused: bool
) -> None:
    table = PolicyTable([application], paths=paths, unmatched=unmatched)
    assert (origins(table.find("/a/..")) == (NO_ORIGIN,)) is is_refused


def test_origins_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    table = PolicyTable([layer(origins=[APP]), layer(max_age=5)], paths={"/a": layer(methods="*")})
    matchers = {
        id(policy_of(applied).origin_matcher)
        for applied in (
            table.find("/"),
            table.find("/a"),
            table.find("/", view(layer(max_age=9))),
        )
    }
    assert len(matchers) == 1


# Look-ups, and paths that are not covered.


def test_look_ups() -> None:
    """They are not asked if a path or a view names origins."""
    table = PolicyTable([OUTER], paths={"/api/*": STRICT, "/x/*": layer()}, look_ups=("signal",))
    assert table.find("/").look_ups == ("signal",)
    assert table.find("/x").look_ups == ("signal",)
    assert table.find("/api").look_ups == ()
    assert table.find("/", view(layer(max_age=1))).look_ups == ("signal",)
    assert table.find("/", view(STRICT)).look_ups == ()
    assert table.find("/", view(Layer(Policy(origins="*")))).look_ups == ()
    assert table.find("/api", view(layer(max_age=1))).look_ups == ()
    assert table.find("/x", view(layer(max_age=1), GET=STRICT), "GET").look_ups == ()


def test_paths_that_are_not_covered() -> None:
    table = PolicyTable([OUTER], covers=API, look_ups=("signal",))
    covered, other = table.find("/api"), table.find("/")
    assert (origins(covered), covered.look_ups, covered.is_optional) == ((APP,), ("signal",), False)
    assert (origins(other), other.look_ups, other.is_optional) == ((NO_ORIGIN,), ("signal",), True)


@pytest.mark.parametrize("first", ["/api", "/"])
def test_views_with_layers_at_paths_that_are_not_covered(first: str) -> None:
    """A view with layers has CORS everywhere; one without CORS has it nowhere."""
    table = PolicyTable([OUTER], covers=API, look_ups=("signal",))
    own, off, empty = view(layer(max_age=1)), view(OFF), view(layer(), GET=OFF)
    for path in (first, "/api", "/"):
        applied = table.find(path, own)
        assert applied.policy == Policy(origins=[APP], max_age=1)
        assert (applied.look_ups, applied.is_optional) == (("signal",), False)
        assert table.find(path, off).policy is None
        assert table.find(path, empty, "GET").policy is None
        assert table.find(path, empty, "POST").policy == Policy(origins=[APP])


@pytest.mark.parametrize("first", ["/api", "/"])
def test_covered_and_other_paths_are_merged_apart(first: str) -> None:
    """The policy of an invalid view differs: outside, there are no options of the path."""
    table = PolicyTable(
        [OUTER], unmatched=[layer(max_age=7)], covers=API, paths={"/api/v2/*": layer(max_age=2)}
    )
    each = view(layer(methods=["PUT"]))
    for path in (first, "/api", "/"):
        assert policy_of(table.find(path, each)).max_age == 7
    assert policy_of(table.find("/api/v2", each)).max_age == 2
    assert table.find("/", each) is not table.find("/api", each)


def test_path_patterns_are_covered() -> None:
    table = PolicyTable([OUTER], covers=NOTHING, paths={"/x/*": layer(max_age=1)})
    assert not table.find("/x").is_optional
    assert table.find("/").is_optional
    assert not table.find("/x/..").is_optional


def test_uncovered_without_a_policy() -> None:
    applied = PolicyTable([OFF], covers=NOTHING, look_ups=("signal",)).find("/")
    assert applied.policy is None


# Preflights.


def max_age(table: PolicyTable, *arguments: Any) -> int | None:
    return policy_of(table.find_for_preflight(*arguments)).max_age


def test_one_policy_keeps_its_max_age() -> None:
    table = PolicyTable([OUTER])
    assert max_age(table, "/", NO_LAYERS, "PUT") == 600
    assert max_age(table, "/", view(layer(max_age=5)), "PUT") == 5
    assert table.find_for_preflight("/", NO_LAYERS, "PUT") is table.find("/")
    assert table.find_for_preflight("/", view(OFF), "PUT").policy is None


@pytest.mark.parametrize(
    ("handlers", "methods"),
    [
        ({"POST": layer(allow_headers=["X-A"])}, ["PUT", "POST", "DELETE"]),
        ({"GET": STRICT}, ["PUT", "GET"]),
        ({"POST": OFF}, ["PUT"]),
        ({"PUT": layer(expose_headers=["X-A"])}, ["PUT", "POST"]),
        ({"POST": layer(supports_credentials=True)}, ["PUT", "POST"]),
    ],
)
def test_methods_with_different_policies_are_not_cached(
    handlers: dict[str, Layer], methods: list[str]
) -> None:
    table = PolicyTable([OUTER])
    each = ViewLayers([layer(max_age=50)], {name: [own] for name, own in handlers.items()})
    for method in methods:
        found = table.find("/", each, method)
        applied = table.find_for_preflight("/", each, method)
        expected = policy_of(found).replace(max_age=0)
        assert applied.policy == expected, "nothing else is changed"
        assert applied.names is found.names
        assert table.find_for_preflight("/", each, method) is applied, "made once"


def test_methods_with_equal_policies_are_cached() -> None:
    table = PolicyTable([OUTER])
    handlers = {"PUT": [layer(max_age=5)], "POST": [layer(max_age=5)]}
    assert max_age(table, "/", ViewLayers([layer(max_age=5)], handlers), "PUT") == 5
    assert max_age(table, "/", ViewLayers([], handlers), "PUT") == 0, "GET has another policy"


def test_equal_policies_with_different_look_ups_are_not_cached() -> None:
    """Receivers may allow an origin for PUT, and POST is then sent without a preflight."""
    table = PolicyTable([OUTER], look_ups=("signal",))
    each = view(layer(), POST=layer(origins=[APP]))
    assert table.find("/", each, "PUT").policy == table.find("/", each, "POST").policy
    for method, look_ups in (("PUT", ("signal",)), ("POST", ())):
        applied = table.find_for_preflight("/", each, method)
        assert (policy_of(applied).max_age, applied.look_ups) == (0, look_ups)


def test_any_method() -> None:
    table = PolicyTable([layer(origins=[APP], methods="*")])
    each = view(POST=layer(allow_headers=["X-A"]))
    applied = table.find_for_preflight("/", each, "PUT")
    assert (policy_of(applied).max_age, policy_of(applied).methods) == (0, ("*",))
    assert max_age(table, "/", view(layer(allow_headers=["X-A"])), "PUT") == 600


def test_any_origin_stays_any_origin() -> None:
    applied = PolicyTable([layer()]).find_for_preflight("/", view(POST=STRICT), "PUT")
    assert policy_of(applied).allows_any_origin
    assert policy_of(applied).max_age == 0


def by_method(**views: ViewLayers) -> Callable[[str], tuple[str, ViewLayers]]:
    return lambda method: ("/", views.get(method, NO_LAYERS))


@pytest.mark.parametrize(
    ("method", "views", "expected"),
    [
        ("PUT", {}, 600),
        ("PUT", {"PUT": view(layer(max_age=5))}, 0),
        ("PUT", {"POST": view(layer(allow_headers=["X-A"]))}, 0),
        ("PUT", {"REPORT": view(layer(allow_headers=["X-A"]))}, 0),
        ("PUT", {"UNKNOWN": view(layer(allow_headers=["X-A"]))}, 600),
        ("PUT", {"POST": view(layer())}, 600),
        ("PUT", {"POST": view(OFF)}, 0),
        ("PUT", {"POST": view(PUT=STRICT)}, 600),
        ("PUT", {"POST": view(POST=STRICT)}, 0),
        ("SPECIAL", {"SPECIAL": view(SPECIAL=STRICT)}, 0),
    ],
)
def test_methods_that_lead_to_different_views(
    method: str, views: dict[str, ViewLayers], expected: int
) -> None:
    routes = [route("/", NO_LAYERS, "REPORT"), *(route("/", each) for each in views.values())]
    table = PolicyTable([OUTER], routes=lambda: routes)
    own = views.get(method, NO_LAYERS)
    assert max_age(table, "/", own, method, by_method(**views)) == expected


def test_other_methods_are_not_asked_about_if_there_is_one_policy() -> None:
    def others(method: str) -> tuple[str, ViewLayers]:
        asked.append(method)
        return "/", NO_LAYERS

    names = {*DEFAULTS, "REPORT", "*"}
    cases: list[tuple[dict[str, Layer], list[ViewLayers], set[str]]] = [
        ({}, [NO_LAYERS], set()),
        ({}, [NO_LAYERS, view(layer())], names),
        ({"/a": layer()}, [NO_LAYERS], names),
        ({}, [], {*DEFAULTS, "*"}),
    ]
    for paths, views, expected in cases:
        routes = [route("/", each, "REPORT") for each in views]
        asked: list[str] = []
        table = PolicyTable([OUTER], paths=paths, routes=partial(list, routes))
        assert max_age(table, "/", NO_LAYERS, "PUT", others) == 600
        assert {*asked} == expected
        assert max_age(table, "/", view(layer(max_age=5)), "PUT", others) == 0


def test_methods_that_are_redirected_to_different_paths() -> None:
    table = PolicyTable([OUTER], paths={"/a/*": layer(max_age=5), "/b/*": layer(max_age=5)})
    for other, expected in (("/b/", 5), ("/c/", 0)):
        applied = table.find_for_preflight(
            "/a/", NO_LAYERS, "PUT", dict.fromkeys([*DEFAULTS, "*"], (other, NO_LAYERS)).__getitem__
        )
        assert policy_of(applied).max_age == expected


LAYERS = st.sampled_from(
    [
        layer(),
        layer(max_age=600),
        layer(max_age=5),
        layer(origins=[APP]),
        layer(allow_headers=["X-A"]),
        STRICT,
        CREDENTIALS,
        OFF,
    ]
)


@given(
    st.lists(LAYERS, max_size=2),
    st.dictionaries(st.sampled_from(DEFAULTS), LAYERS),
    st.sampled_from(DEFAULTS),
)
def test_a_cached_answer_is_right_for_all_methods(
    enclosing: list[Layer], handlers: dict[str, Layer], method: str
) -> None:
    table = PolicyTable([OUTER], look_ups=("signal",))
    each = ViewLayers(enclosing, {name: [own] for name, own in handlers.items()})
    found = table.find("/", each, method)
    applied = table.find_for_preflight("/", each, method)
    if found.policy is None:
        assert applied.policy is None
        return
    policy = policy_of(applied)
    assert policy == found.policy.replace(max_age=policy.max_age), "only max_age may differ"
    if policy.max_age != 0:
        for name in DEFAULTS:
            other = table.find("/", each, name)
            assert (other.policy, other.look_ups) == (applied.policy, applied.look_ups)


def test_uncovered_preflights() -> None:
    table = PolicyTable([OUTER], covers=NOTHING, look_ups=("signal",))
    applied = table.find_for_preflight("/", view(POST=layer(max_age=600)), "PUT")
    assert (policy_of(applied).max_age, applied.is_optional) == (0, True)
    assert applied.look_ups == ("signal",)


# Default methods.


def route(
    path: str,
    each: ViewLayers = NO_LAYERS,
    *methods: str,
    is_open: bool = False,
    name: str = "view 'a'",
) -> Route:
    return Route(name, path, is_open, each, methods)


def test_routed_methods_are_allowed_by_default() -> None:
    routes = [route("/a", NO_LAYERS, "GET", "REPORT"), route("/b", NO_LAYERS, "LOCK", "PUT")]
    table = PolicyTable([OUTER], routes=lambda: routes)
    assert table.routed_methods == ("LOCK", "REPORT")
    applied = table.find_for_preflight("/", NO_LAYERS, "PUT")
    assert policy_of(applied).methods == (*DEFAULTS, "LOCK", "REPORT")
    assert decide(policy_of(applied), CORSRequest("OPTIONS", APP, "REPORT")).allowed
    assert policy_of(applied).max_age == 600
    assert policy_of(table.find("/")).methods is None
    each = view(POST=STRICT)
    both = policy_of(table.find_for_preflight("/", each, "PUT"))
    assert (both.methods, both.max_age) == ((*DEFAULTS, "LOCK", "REPORT"), 0)


@pytest.mark.parametrize("methods", [["PUT"], "*", [], list(DEFAULTS)])
def test_methods_that_are_given_stay(methods: Any) -> None:
    table = PolicyTable(
        [OUTER, layer(methods=methods)], routes=lambda: [route("/a", NO_LAYERS, "REPORT")]
    )
    for each in (NO_LAYERS, view(POST=STRICT)):
        applied = table.find_for_preflight("/", each, "PUT")
        assert policy_of(applied).methods == policy_of(table.find("/")).methods


def test_unusual_methods_of_routes() -> None:
    """Frameworks accept any text."""
    names = ("A B", "*", "A*B", "TRACE", "trace", "", "patch", "put", "report", "OPTIONS")
    table = PolicyTable([OUTER], routes=lambda: [route("/a", NO_LAYERS, *names)])
    assert table.routed_methods == ("OPTIONS", "report")
    applied = table.find_for_preflight("/", NO_LAYERS, "PUT")
    assert policy_of(applied).methods == (*DEFAULTS, "OPTIONS", "report")


def test_routes_that_are_added_later() -> None:
    routes = [route("/a", NO_LAYERS, "LOCK")]
    table = PolicyTable([OUTER], routes=lambda: routes)
    assert policy_of(table.find_for_preflight("/", NO_LAYERS, "PUT")).methods == (*DEFAULTS, "LOCK")
    routes.append(route("/b", NO_LAYERS, "REPORT"))
    assert table.routed_methods == ("LOCK",)
    before, table = table, table.reread()
    assert before.routed_methods == ("LOCK",)
    assert policy_of(table.find_for_preflight("/", NO_LAYERS, "PUT")).methods == (
        *DEFAULTS,
        "LOCK",
        "REPORT",
    )


# Routes with one policy.


@pytest.mark.parametrize(
    ("routes", "paths", "expected"),
    [
        ([route("/a")], {}, (APP,)),
        ([route("/a", is_open=True)], {}, (APP,)),
        ([route("/a"), route("/b", is_open=True)], {}, (APP,)),
        ([route("/a", view(STRICT))], {}, (OTHER,)),
        ([route("/a", view(STRICT)), route("/b", view(STRICT))], {}, (OTHER,)),
        ([route("/a", view(STRICT)), route("/b")], {}, None),
        ([route("/a", view(GET=STRICT))], {}, None),
        ([route("/a")], {"/a": STRICT}, (OTHER,)),
        ([route("/a"), route("/b")], {"/a": STRICT}, None),
        ([route("/a", is_open=True)], {"/a": STRICT}, None),
        ([], {}, None),
    ],
)
def test_find_constant(routes: list[Route], paths: dict[str, Layer], expected: object) -> None:
    table = PolicyTable([OUTER], paths=paths)
    applied = table.find_constant(routes)
    assert (applied and origins(applied)) == expected
    if applied is not None:
        assert applied is table.find(routes[0].path, routes[0].view, "GET")


def test_find_constant_of_views_with_equal_layers() -> None:
    same = layer(max_age=1)
    routes = [route("/a", view(same)), route("/b", view(same))]
    assert PolicyTable([OUTER]).find_constant(routes) is not None


def test_find_constant_of_paths_that_are_not_covered() -> None:
    table = PolicyTable([OUTER], covers=API)
    assert table.find_constant([route("/api"), route("/")]) is None
    assert table.find_constant([route("/api", is_open=True)]) is None
    assert table.find_constant([route("/")]) is table.find("/")


# extra_methods


def test_extra_methods() -> None:
    """They belong to the application's options, and not to a policy of a path or a view."""
    paths = {"/x/*": layer(methods=["PUT"]), "/y/*": layer(max_age=5)}
    table = PolicyTable(
        [OUTER],
        paths=paths,
        extra_methods=("OPTIONS", "LOCK"),
        routes=lambda: [route("/a", NO_LAYERS, "LOCK", "REPORT")],
    )
    every = (*DEFAULTS, "OPTIONS", "LOCK", "REPORT")
    routed = (*DEFAULTS, "LOCK", "REPORT")
    policy = Layer(Policy(origins=[APP]))
    for path, each, expected in (
        ("/", NO_LAYERS, every),
        ("/y", NO_LAYERS, every),
        ("/", view(layer(max_age=5)), every),
        ("/x", NO_LAYERS, ("PUT",)),
        ("/", view(layer(methods=["PUT"])), ("PUT",)),
        ("/", view(policy), routed),
    ):
        applied = table.find_for_preflight(path, each, "PUT")
        assert policy_of(applied).methods == expected


@pytest.mark.parametrize(
    "application", [[OUTER, layer(methods=["PUT"])], [Layer(Policy(origins=[APP]))]]
)
def test_extra_methods_do_not_matter_if_the_application_names_methods(
    application: list[Layer],
) -> None:
    table = PolicyTable(application, extra_methods=("OPTIONS",))
    assert table.find("/").extra_methods == ()


# Problems.


def test_contradictions_of_the_application_and_its_paths_are_raised() -> None:
    paths = {
        "/a": layer("resources['/a']", origins="*"),
        "/b": layer("resources['/b']", origins=["http://a.example"]),
    }
    outer = layer("CORS(app)", origins=[APP], supports_credentials=True)
    with pytest.raises(PolicyError) as raised:
        PolicyTable([outer], paths=paths)
    assert [(each.option, each.reason) for each in raised.value.problems] == [
        ("resources['/a'].origins", "wildcard_with_credentials"),
        ("resources['/b'].origins", "insecure_origin"),
    ]


def test_the_same_problem_of_several_paths_is_raised_once() -> None:
    outer = layer("CORS(app)", origins="*", supports_credentials=True)
    with pytest.raises(PolicyError) as raised:
        PolicyTable([outer], paths={"/a": layer(), "/b": layer(max_age=1)})
    assert [each.option for each in raised.value.problems] == ["CORS(app).origins"]


def test_problems_with_values_that_cannot_be_hashed() -> None:
    """The layers of third parties may not have been read before."""
    wrong = Layer({"max_age": [], "origins": [APP]})
    with pytest.raises(PolicyError) as raised:
        PolicyTable([wrong])
    assert [each.option for each in raised.value.problems] == ["max_age"]
    table = PolicyTable([OUTER], routes=lambda: [route("/a", view(wrong))])
    assert [each.option for each in table.problems()] == ["view 'a'.max_age"]


INVALID = layer("@cors", origins="*")
SECURE = layer("CORS(app)", origins=[APP], supports_credentials=True)
PATHS = {"/api/*": layer(max_age=5), "/off/*": OFF, "/api/open": layer(supports_credentials=False)}


def problems(routes: list[Route], paths: dict[str, Layer] | None = None) -> list[tuple[str, str]]:
    table = PolicyTable([SECURE], paths=paths, routes=lambda: routes)
    return [(each.option, each.reason) for each in table.problems()]


def test_no_problems() -> None:
    routes = [route("/a"), route("/b", view(layer(max_age=1), GET=OFF)), route("/c", view(STRICT))]
    assert problems(routes) == problems(routes, PATHS) == []


@pytest.mark.parametrize(
    ("path", "is_open", "places"),
    [
        ("/other", False, ["view 'a'"]),
        ("/api/x", False, ["view 'a' at '/api/*'"]),
        ("/api/open", False, []),
        ("/api/", True, ["view 'a' at '/api/*'"]),
        ("/api/v1/", True, ["view 'a' at '/api/*'"]),
        ("/", True, ["view 'a' at '/api/*'", "view 'a' at '/off/*'", "view 'a'"]),
        ("/off/x", False, ["view 'a' at '/off/*'"]),
    ],
)
def test_problems_name_the_patterns(path: str, is_open: bool, places: list[str]) -> None:
    reason = "wildcard_with_credentials"
    routes = [route(path, view(INVALID), is_open=is_open)]
    assert problems(routes, PATHS) == [(f"{place}.@cors.origins", reason) for place in places]


def test_patterns_that_are_not_ascii() -> None:
    paths = {"/caf\xe9/*": layer()}
    for path, is_open in (("/caf\xc3\xa9/", True), ("/caf", True), ("/caf\xc3\xa9/x", False)):
        found = problems([route(path, view(INVALID), is_open=is_open)], paths)
        assert "view 'a' at '/caf\xe9/*'.@cors.origins" in [option for option, _ in found]


def test_problems_of_single_methods() -> None:
    each = view(STRICT, GET=INVALID)
    expected = [("view 'a'.@cors.origins", "wildcard_with_credentials")]
    assert problems([route("/a", each)]) == expected
    assert problems([route("/a", each, "GET", "POST")]) == expected
    assert problems([route("/a", each, "POST")]) == [], "GET is not routed"


def test_problems_of_layers_that_every_method_corrects() -> None:
    """If every method has layers of its own, the enclosing ones never apply alone."""
    each = view(INVALID, GET=STRICT, POST=STRICT)
    assert problems([route("/a", each, "GET", "POST")]) == []
    assert len(problems([route("/a", each, "GET", "POST", "PUT")])) == 1
    assert len(problems([route("/a", each)])) == 1


def test_a_view_with_several_routes_is_reported_once() -> None:
    each = view(INVALID)
    assert len(problems([route("/a", each), route("/b", each)])) == 1
    assert len(problems([route("/a", view(INVALID)), route("/b", view(INVALID), name="b")])) == 1
    other = layer("@cors", origins="*")
    assert len(problems([route("/a", each), route("/b", view(other), name="b")])) == 2


def test_problems_with_reading_the_layers_of_a_view() -> None:
    with pytest.raises(PolicyError) as raised:
        Policy(origins="https://a.example/", max_age=[])  # type: ignore[arg-type]
    routes = [route("/a", ViewLayers.invalid(raised.value))]
    assert problems(routes + routes) == [
        ("view 'a'.origins", "not_canonical"),
        ("view 'a'.max_age", "wrong_type"),
    ]


def test_invalid_views_refuse_and_others_work() -> None:
    table = PolicyTable([SECURE], routes=lambda: [route("/a", view(INVALID))])
    invalid = view(INVALID, POST=STRICT)
    applied = table.find("/a", invalid, "GET")
    for origin in (None, APP, EVIL):
        decision = decide(policy_of(applied), CORSRequest("GET", origin))
        assert (decision.allowed, decision.reason) == (False, "policy_invalid")
    preflight = table.find_for_preflight("/a", invalid, "PUT")
    decision = decide(policy_of(preflight), CORSRequest("OPTIONS", APP, "PUT"))
    assert (decision.status, decision.reason) == (403, "policy_invalid")
    assert origins(table.find("/a", invalid, "POST")) == (OTHER,)
    assert max_age(table, "/a", invalid, "POST") == 0
    assert table.find("/a").policy == Policy(origins=[APP], supports_credentials=True)


def test_report_problems(caplog: pytest.LogCaptureFixture) -> None:
    table = PolicyTable([SECURE], routes=lambda: [route("/a", view(INVALID))])
    with pytest.raises(PolicyError) as raised:
        table.report_problems(strict=True)
    assert caplog.records == []
    table.report_problems(strict=False)
    (record,) = caplog.records
    assert (record.levelno, vars(record)["reason"]) == (logging.ERROR, "policy_invalid")
    assert str(raised.value) in record.getMessage(), "the complete error"
    assert "view 'a'.@cors.origins" in record.getMessage()


@pytest.mark.parametrize("strict", [True, False])
def test_nothing_to_report(strict: bool, caplog: pytest.LogCaptureFixture) -> None:
    table = PolicyTable([SECURE], routes=lambda: [route("/a", view(STRICT))])
    table.report_problems(strict=strict)
    assert caplog.records == []


def test_report_problems_of_other_routes(caplog: pytest.LogCaptureFixture) -> None:
    table = PolicyTable([SECURE], routes=lambda: [route("/a", view(INVALID))])
    table.report_problems(strict=False, routes=[route("/b", view(STRICT))])
    assert caplog.records == []
    table.report_problems(strict=False, routes=[route("/b", view(INVALID), name="view 'b'")])
    (record,) = caplog.records
    assert "view 'b'.@cors.origins" in record.getMessage()
    assert "view 'a'" not in record.getMessage()


def test_several_views_agree_or_refuse(caplog: pytest.LogCaptureFixture) -> None:
    table = PolicyTable([OUTER], look_ups=("look-up",))
    plain, same = table.find("/a"), table.find("/a", view(layer(expose_headers=[])))
    strict, off = table.find("/a", view(STRICT)), table.find("/a", view(OFF))
    exposing = table.find("/a", view(layer(expose_headers=["X-A"])))
    assert table.agree([("a", plain), ("b", same), ("c", plain)]) is plain
    assert table.agree([("a", off), ("b", off)]) is off
    assert caplog.records == []
    different = ([strict, plain], [plain, plain, exposing], [off, plain], [plain, off])
    for found in different:
        for _ in range(3):
            applied = table.agree([(f"view {number}", each) for number, each in enumerate(found)])
            decision = decide(policy_of(applied), CORSRequest("OPTIONS", APP, "PUT"))
            assert (decision.status, decision.reason) == (403, "policy_invalid")
            assert applied.look_ups == ()
    # Once for each combination.
    assert len(caplog.records) == len(different)
    for record in caplog.records:
        assert (record.levelno, vars(record)["reason"]) == (logging.ERROR, "policy_invalid")
        assert "different policies: view 0, view 1" in record.getMessage()


def test_rows_that_lack_origins() -> None:
    table = PolicyTable(
        [layer(origins=NO_ORIGIN)],
        routes=lambda: [
            route("/a", view(layer(expose_headers=["X-A"]))),
            route("/b", view(layer(max_age=1), PUT=layer(expose_headers=["X-A"]))),
            route("/c", view(STRICT)),
            route("/d", view(OFF)),
            route("/e", NO_LAYERS),
            route("/f", view(PUT=layer(expose_headers=["X-A"]))),
        ],
    )
    found = [(row.route.path, row.methods) for row in table.rows() if row.lacks_origins]
    assert found == [("/a", ()), ("/b", ("PUT",)), ("/b", ()), ("/f", ("PUT",))]


# The rows of the table.


def rows(table: PolicyTable) -> list[tuple[str, str | None, tuple[str, ...], object]]:
    def described(row: Row) -> object:
        if row.problems:
            assert policy_of(row.applied).compiled.refusal == "policy_invalid"
            return [problem.option for problem in row.problems]
        return origins(row.applied)

    return [(row.route.path, row.pattern, row.methods, described(row)) for row in table.rows()]


def test_rows() -> None:
    routes = [
        route("/plain"),
        route("/api/", view(layer(max_age=1), GET=STRICT), "GET", "POST", is_open=True),
        route("/all", view(OFF, GET=STRICT, PUT=STRICT), "GET"),
        route("/", is_open=True),
        route("/off/x", view(INVALID)),
    ]
    table = PolicyTable([SECURE], paths=PATHS, routes=lambda: routes)
    assert rows(table) == [
        ("/plain", None, (), (APP,)),
        ("/api/", "/api/*", ("GET",), (OTHER,)),
        ("/api/", "/api/*", (), (APP,)),
        ("/api/", "/api/open", ("GET",), (OTHER,)),
        ("/api/", "/api/open", (), (APP,)),
        ("/all", None, ("GET",), (OTHER,)),
        ("/", "/api/*", (), (APP,)),
        ("/", "/api/open", (), (APP,)),
        ("/", "/off/*", (), None),
        ("/", None, (), (APP,)),
        ("/off/x", "/off/*", (), ["@cors.origins"]),
    ]


def test_rows_without_patterns() -> None:
    routes = [route("/a", view(layer(max_age=3)), is_open=True)]
    (row,) = PolicyTable([SECURE], routes=lambda: routes).rows()
    assert (row.route, row.pattern, row.methods, row.problems) == (routes[0], None, (), ())
    assert policy_of(row.applied).max_age == 3


def test_rows_of_paths_that_are_not_covered() -> None:
    routes = [route("/api"), route("/other"), route("/", is_open=True)]
    table = PolicyTable([SECURE], covers=API, routes=lambda: routes)
    assert [row.applied.is_optional for row in table.rows()] == [False, True, False]


def test_path_policies() -> None:
    table = PolicyTable([SECURE], paths={"/a": OFF, "/b/*": STRICT}, unmatched=[layer(max_age=1)])
    assert [origins(applied) for applied in table.path_policies] == [(APP,), None, (OTHER,)]


# Requests that no policy applies to.


def why(table: PolicyTable, path: str, view: ViewLayers = NO_LAYERS, **environ: str) -> str | None:
    return table.explain_no_policy(table.find(path, view), path, environ)


def test_no_pattern_matches() -> None:
    paths = {"/api": layer(max_age=1), "/off/*": OFF, "/b/*": STRICT}
    table = PolicyTable([OUTER], paths=paths, unmatched=[OFF])
    assert why(table, "/api/x") == (
        "no policy matches '/api/x'; did you mean '/api/*'? The pattern '/api' matches only itself."
    )
    assert why(table, "/x") == "no policy matches '/x'. Patterns with a policy: '/api', '/b/*'."
    mounted = why(table, "/x", SCRIPT_NAME="/b")
    assert mounted is not None
    assert mounted.startswith("no policy matches '/x'; did you mean '/*'? The application is mount")
    # Deliberately, or not at all.
    for path in ("/off/x", "/api", "/b/x"):
        assert why(table, path) is None
    assert why(table, "/x", view(OFF)) is None
    assert why(table, "/x", view(STRICT)) is None
    assert table.explain_no_policy(table.find("/x"), "/x", {DECISION: "of middleware"}) is None


def test_nothing_turns_cors_on() -> None:
    expected = (
        "no policy applies to '/x': neither the application nor the view has one. To allow other "
        "origins, write CORS(app, ...), or @cors(...) for the view."
    )
    for table in (
        PolicyTable([], unmatched=[OFF]),
        PolicyTable([OUTER], unmatched=[OFF]),
        PolicyTable([OUTER], unmatched=[OFF], paths={"/y": OFF}),
    ):
        assert why(table, "/x") == expected
        assert why(table, "/x", view(OFF)) is None
    assert why(PolicyTable([OUTER, OFF]), "/x") is None
    assert why(PolicyTable([OUTER], unmatched=[layer(max_age=1)]), "/x") is None
    assert why(PolicyTable([OUTER]), "/x") is None


def test_the_expression_for_paths_does_not_match() -> None:
    table = PolicyTable([OUTER], covers=API, extra_methods=("PURGE",), paths={"/off": OFF})
    expected = "no policy matches '/x'. URLS is '^/api'."
    assert why(table, "/x") == expected
    preflight = table.find_for_preflight("/x", NO_LAYERS, "PUT")
    assert table.explain_no_policy(preflight, "/x", {}) == expected
    assert why(table, "/api") is None
    assert why(table, "/off") is None
    assert why(table, "/x", view(OFF)) is None
    assert why(table, "/x", view(STRICT)) is None
