"""Headers that are mappings: the same result as `Decision.apply`."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import CORSRequest, Decision, Policy, decide
from corswsgi.adapters import add_to_mapping, apply_to_mapping, list_headers

APP = "https://app.example.com"
EVIL = "https://evil.test"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


class Headers(MutableMapping[str, str]):
    """Headers as in Django: names are case-insensitive, and keep the case of the last value."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.store: dict[str, tuple[str, str]] = {}
        self.changes = 0
        self.update(headers)
        self.changes = 0

    def __getitem__(self, name: str) -> str:
        return self.store[name.lower()][1]

    def __setitem__(self, name: str, value: str) -> None:
        self.changes += 1
        self.store[name.lower()] = name, value

    def __delitem__(self, name: str) -> None:
        self.changes += 1
        del self.store[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.store.values())

    def __len__(self) -> int:
        return len(self.store)


ONE = Policy(origins=[APP])
DECISIONS = [
    decide(ONE, CORSRequest("GET", APP)),
    decide(ONE, CORSRequest("GET", EVIL)),
    decide(ONE, CORSRequest("GET")),
    decide(Policy(origins="*", expose_headers=["X-A"]), CORSRequest("GET", APP)),
    decide(Policy(origins=[APP], expose_headers=["X-A"]), CORSRequest("GET", APP)),
    decide(ONE, CORSRequest("OPTIONS", APP, "PUT")),
]
NAMES = ["Content-Type", "Vary", "vary", ALLOW_ORIGIN, ALLOW_ORIGIN.lower(), "X-A"]
NAMES += ["Access-Control-Expose-Headers", "access-control-max-age"]
HEADERS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(["", "*", APP, "Accept, X-B", "Origin"])),
    unique_by=lambda header: header[0].lower(),
)


def lower(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted((name.lower(), value) for name, value in headers)


@given(st.sampled_from(DECISIONS), HEADERS)
def test_mappings_and_lists_get_the_same_headers(
    decision: Decision, own: list[tuple[str, str]]
) -> None:
    headers, again = Headers(dict(own)), Headers(dict(own))
    unrelated_names: set[str] = set()
    expected = lower(decision.apply(own))
    for each in (headers, again):
        before = [*each.items()]
        if not add_to_mapping(decision, each, unrelated_names):
            assert [*each.items()] == before
            apply_to_mapping(decision, each, unrelated_names)
        assert lower([*each.items()]) == expected
    assert unrelated_names <= {"Content-Type", "X-A"}


@pytest.mark.parametrize("own", [{}, {"Vary": "Accept"}, {"X-A": "1", "Vary": "Accept"}])
def test_nothing_else_is_changed(own: dict[str, str]) -> None:
    added, applied = Headers(own), Headers(own)
    assert add_to_mapping(DECISIONS[0], added, {"X-A"})
    apply_to_mapping(DECISIONS[0], applied, {"X-A"})
    for headers in (added, applied):
        assert headers.changes == 2
        assert [*headers] == [*own, *(name for name in (ALLOW_ORIGIN, "Vary") if name not in own)]
    assert not add_to_mapping(DECISIONS[0], added, {"X-A"}), "it has been decided about"
    apply_to_mapping(DECISIONS[0], applied, {"X-A"})
    assert applied.changes == 2, "nothing is left to change"


def test_a_list_of_headers_and_cookies() -> None:
    cookies = SimpleCookie("a=1; b=2")
    cookies["b"]["samesite"] = "Lax"
    assert list_headers(Headers({"X-A": "1"}), cookies) == [
        ("X-A", "1"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2; SameSite=Lax"),
    ]
