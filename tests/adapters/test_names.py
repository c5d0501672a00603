"""SettingNames: the names of settings, of which three are for the origins."""

from __future__ import annotations

import re

import pytest

from corswsgi import PolicyError
from corswsgi.adapters import BLUEPRINT_NAMES, CallNames, Layer, PlacedNames, SettingNames, merge

APP = "https://app.example.com"
EXPRESSION = re.compile("https://.*")
NAMES = SettingNames(
    {"origins": "MY_ORIGINS", "supports_credentials": "MY_CREDENTIALS"},
    "MY_ALLOW_ALL",
    "MY_REGEXES",
    iter([EXPRESSION]),
)


class Uncomparable:
    def __eq__(self, other: object) -> bool:
        raise NotImplementedError

    __hash__ = None  # type: ignore[assignment]  # it cannot be hashed either


@pytest.mark.parametrize(
    ("option", "value", "name"),
    [
        ("origins", None, "MY_ORIGINS"),
        ("origins", APP, "MY_ORIGINS"),
        ("origins", "*", "MY_ALLOW_ALL"),
        ("origins", EXPRESSION, "MY_REGEXES"),
        ("origins", re.compile("a"), "MY_ORIGINS"),
        ("origins", Uncomparable(), "MY_ORIGINS"),
        ("supports_credentials", "*", "MY_CREDENTIALS"),
        ("methods", "*", "methods"),
        ("missing", None, "missing"),
    ],
)
def test_options(option: str, value: object, name: str) -> None:
    assert NAMES.option(option, value) == name
    assert NAMES.option(option, value) == name, "the iterator was read once"


@pytest.mark.parametrize(
    ("option", "source", "written"),
    [
        ("origins", '"*"', "MY_ALLOW_ALL = True"),
        ("origins", f'["{APP}"]', f'MY_ORIGINS = ["{APP}"]'),
        ("supports_credentials", "True", "MY_CREDENTIALS = True"),
        ("methods", '"*"', 'methods = "*"'),
    ],
)
def test_assignments(option: str, source: str, written: str) -> None:
    assert NAMES.assignment(option, source) == written
    assert NAMES.expression() == "MY_REGEXES"


@pytest.mark.parametrize(
    ("origins", "name"),
    [("*", "MY_ALLOW_ALL"), ([EXPRESSION], "MY_REGEXES"), (["http://a.example"], "MY_ORIGINS")],
)
def test_problems_are_worded_with_them(origins: object, name: str) -> None:
    options = {"origins": origins, "supports_credentials": True}
    with pytest.raises(PolicyError) as raised:
        merge([Layer(options, NAMES)])
    (problem,) = raised.value.problems
    assert problem.option == name
    assert "MY_CREDENTIALS" in problem.message


def test_calls() -> None:
    names = CallNames("CORS(app)", ("resources",))
    assert names.option("origins") == "origins"
    assert names.described("origins") == "origins of CORS(app)"
    assert names.others == BLUEPRINT_NAMES.others == ("resources",)
    assert CallNames("its @cors").others == ()


def test_hidden_lists() -> None:
    names = SettingNames({"origins": "MY_ORIGINS"}, "MY_ALLOW_ALL", "MY_REGEXES", (), "MY_ORIGINS")
    assert names.hidden_list == PlacedNames(names, "X").hidden_list == "MY_ORIGINS"
    assert NAMES.hidden_list is None
    assert NAMES.expression_assignment("r'a'") == "MY_REGEXES = [r'a']"


def test_merged_names_know_the_layers() -> None:
    outer, inner = CallNames("CORS(app)"), CallNames("its @cors")
    names = merge(
        [Layer({"origins": APP, "max_age": 1}, outer), Layer({"max_age": 2}, inner)]
    ).names
    assert names.at("origins") is outer
    assert names.at("max_age") is inner
    assert (names.depth("origins"), names.depth("max_age"), names.depth("methods")) == (0, 1, 0)
    assert names.described("max_age") == "max_age of its @cors"
    assert names.expression_assignment("r'a'") == "re.compile(r'a')"
