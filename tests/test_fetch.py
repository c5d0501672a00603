"""The vocabulary of the Fetch standard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi.fetch import is_forbidden_request_header, is_token, list_members, normalize_method


@pytest.mark.parametrize(
    ("method", "normalized"),
    [
        ("get", "GET"),
        ("Delete", "DELETE"),
        ("options", "OPTIONS"),
        ("put", "PUT"),
        ("patch", "patch"),
        ("PATCH", "PATCH"),
        ("chicken", "chicken"),
        ("", ""),
    ],
)
def test_normalize_method(method: str, normalized: str) -> None:
    assert normalize_method(method) == normalized


@pytest.mark.parametrize("text", ["", "a b", "a,b", "a:b", "\xe9", "a\n", "(a)", '"a"', "a/b"])
def test_no_token(text: str) -> None:
    assert not is_token(text)


@pytest.mark.parametrize("text", ["a", "X-A", "!#$%&'*+-.^_`|~", "0"])
def test_token(text: str) -> None:
    assert is_token(text)


@pytest.mark.parametrize("name", ["Cookie", "SEC-A", "proxy-b", "Access-Control-Request-Method"])
def test_forbidden_request_header(name: str) -> None:
    assert is_forbidden_request_header(name)


@pytest.mark.parametrize("name", ["Authorization", "X-HTTP-Method", "Security", "Proxy"])
def test_other_request_header(name: str) -> None:
    assert not is_forbidden_request_header(name)


@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters=", \t"), min_size=1)))
def test_list_members(names: list[str]) -> None:
    assert list_members(" ,\t".join(names)) == names
    assert list_members("".join(f",{name} ," for name in names)) == names
