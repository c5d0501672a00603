"""The settings of django-cors-headers. tests/django/test_settings.py has more."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from corswsgi.adapters import (
    CorsSettings,
    cors_settings,
    describe_overrides,
    known_settings,
    read_cors_settings,
    setting_format,
    turn_off,
)

APP = "https://app.example.com"
FORMAT = setting_format(lambda item: item)


def read(**settings: Any) -> CorsSettings:
    return read_cors_settings(SimpleNamespace(**settings), FORMAT, {"max_age": 7})


def test_settings_are_read_over_the_defaults() -> None:
    found = read(CORS_ORIGIN_WHITELIST=[APP], CORS_RESOURCES={"/a": None}, DEBUG=True)
    assert [layer.value for layer in found.layers] == [{"max_age": 7}, {"origins": (APP,)}]
    assert [*found.paths] == ["/a"]
    assert (found.problems, found.notices) == ([], [])
    assert cors_settings(SimpleNamespace(CORS_X=1, cors_y=2, CORS_z=3)) == {"CORS_X": 1}
    assert {"CORS_RESOURCES", "CORS_URLS_REGEX"} < {*known_settings(FORMAT)}


def test_turning_cors_off() -> None:
    assert turn_off(SimpleNamespace(), ["/a", "/b"]) == "CORS_RESOURCES = {'/a': None, '/b': None}"
    assert turn_off(SimpleNamespace(), ["/a"], str.upper) == "CORS_RESOURCES = {/A: None}"
    for resources in ({}, {"/c": None}):
        given = SimpleNamespace(CORS_RESOURCES=resources)
        assert turn_off(given, ["/a", "/b"]) == (
            "CORS_RESOURCES['/a'] = None; CORS_RESOURCES['/b'] = None"
        )


class Overriding:
    def check_preflight(self) -> None:
        raise NotImplementedError

    add_response_headers = check_preflight


@pytest.mark.parametrize(
    ("middleware", "bases"),
    [(Overriding, [__name__]), (object, []), (print, []), (None, [])],
)
def test_nothing_is_overridden(middleware: object, bases: list[str]) -> None:
    assert describe_overrides(middleware, "a.B", bases, []) is None


def test_one_hint_for_methods_with_the_same_replacement() -> None:
    found = describe_overrides(Overriding, "a.B", [], [])
    assert found is not None
    assert found[0] == (
        "a.B overrides check_preflight(), add_response_headers() of django-cors-headers, which "
        "corswsgi never calls."
    )
    assert found[1] == (
        "write instead: another middleware above CORSMiddleware, which sees its responses."
    )
