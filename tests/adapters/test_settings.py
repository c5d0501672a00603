"""SettingFormat: settings in which three names are for the origins."""

from __future__ import annotations

import re
from typing import Any

import pytest

from corswsgi import Policy
from corswsgi.adapters import Layer, SettingFormat, merge

APP = "https://app.example.com"
EVIL = "https://evil.test"
EXPRESSION = re.compile("https://app.example.com")


def adapt(function: object) -> object:
    raise NotImplementedError


FORMAT = SettingFormat(
    "MY_",
    {"origins": "MY_ORIGINS", "methods": "MY_METHODS", "max_age": "MY_MAX_AGE"},
    "MY_REGEXES",
    "MY_ALLOW_ALL",
    {"MY_ORIGINS": "MY_WHITELIST"},
    adapt,
)


def policy_of(settings: dict[str, Any]) -> Policy | None:
    layer, problems, notices = FORMAT.read(settings)
    assert (problems, notices) == ([], [])
    return merge([Layer({"origins": EVIL}), layer]).policy


def test_known_settings() -> None:
    assert FORMAT.origins == "MY_ORIGINS"
    assert FORMAT.known == (
        *("MY_ORIGINS", "MY_REGEXES", "MY_ALLOW_ALL", "MY_WHITELIST"),
        *("MY_METHODS", "MY_MAX_AGE"),
    )


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({}, {"origins": EVIL}),
        ({"OTHER": 1, "MY_OTHER": 2}, {"origins": EVIL}),
        ({"MY_ORIGINS": [APP]}, {"origins": APP}),
        ({"MY_WHITELIST": [APP]}, {"origins": APP}),
        ({"MY_WHITELIST": [EVIL], "MY_ORIGINS": [APP]}, {"origins": APP}),
        ({"MY_REGEXES": [EXPRESSION], "MY_ORIGINS": APP}, {"origins": [APP, EXPRESSION]}),
        ({"MY_ALLOW_ALL": True, "MY_ORIGINS": APP}, {"origins": "*"}),
        ({"MY_ALLOW_ALL": False, "MY_ORIGINS": APP}, {"origins": APP}),
        ({"MY_MAX_AGE": 7, "MY_METHODS": "PUT"}, {"origins": EVIL, "max_age": 7, "methods": "PUT"}),
    ],
)
def test_settings_are_options(settings: dict[str, Any], options: dict[str, Any]) -> None:
    assert policy_of(settings) == Policy(**options)


def test_settings_without_origins_allow_none() -> None:
    policy = policy_of({"MY_ORIGINS": []})
    assert policy is not None
    assert policy.origin_matcher.look_up(EVIL) is False


@pytest.mark.parametrize(
    ("settings", "option", "hint"),
    [
        ({"MY_ORIGINS": iter([APP])}, "MY_ORIGINS", "write a list."),
        ({"MY_WHITELIST": iter([APP])}, "MY_WHITELIST", "write a list."),
        ({"MY_METHODS": None}, "MY_METHODS", "was an environment variable not set? Otherwise "),
        ({"MY_ALLOW_ALL": "yes"}, "MY_ALLOW_ALL", "write "),
        ({"MY_ORIGINS": ["*"]}, "MY_ORIGINS", "leave it out. To allow any origin"),
        ({"MY_ALLOW_ALL": True, "MY_ORIGINS": ["null"]}, "MY_ORIGINS", ""),
        ({"MY_REGEXES": ["("]}, "MY_REGEXES", ""),
    ],
)
def test_problems_have_the_names_of_settings(
    settings: dict[str, Any], option: str, hint: str
) -> None:
    (problem,) = FORMAT.read(settings).problems
    assert problem.option == option
    assert (problem.hint or "").startswith(hint)
    (problem,) = FORMAT.read_path("RESOURCES['/a']", settings).problems
    assert problem.option == f"RESOURCES['/a'].{option}"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("MY_MAX_AGES", "did you mean 'MY_MAX_AGE'?"),
        ("MY_MAX_AGE_", "did you mean 'MY_MAX_AGE'?"),
        (7, "the settings are "),
    ],
)
def test_unknown_settings_of_paths_are_problems(name: Any, hint: str) -> None:
    assert FORMAT.read({str(name): 1}).problems == []
    (problem,) = FORMAT.read_path("RESOURCES['/a']", {name: 1}).problems
    assert (problem.option, problem.reason) == ("RESOURCES['/a']", "unknown_option")
    assert problem.message == f"{str(name)!r} is not a setting for paths."
    assert problem.hint is not None
    assert problem.hint.startswith(hint), problem.hint


def test_an_option_is_the_setting_for_it() -> None:
    assert FORMAT.meant("MY_MAX_AGE", FORMAT.known) == "did you mean 'MY_MAX_AGE'?"
    assert FORMAT.meant("max_age", FORMAT.known) == "did you mean 'MY_MAX_AGE'?"
