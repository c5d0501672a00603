"""The grammar of well-formed origins, compared with `parse_origin`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi.automata import ALPHABET, mask_of
from corswsgi.grammar import START, State, is_origin, transitions
from corswsgi.origins import parse_origin

_PIECES = ["http", "https", "ws", "wss", "file", "app", "a+b-c.d", "://", ":", "/", ".", "-", "_"]
_PIECES += [
    "localhost",
    "example",
    "com",
    "A",
    "xn--a",
    "127",
    "0",
    "0x1",
    "0xg",
    "1a",
    "255",
    "256",
]
_PIECES += ["1.2.3.4", "01", "99", "199", "249", "300", "25", "[::1]", "[", "]", "::", "f", "x"]
_PIECES += [":80", ":443", ":8080", ":65535", ":65536", ":6553", ":4430", ":0", ":70000", ":123456"]

_TEXTS = st.one_of(
    st.lists(st.sampled_from(_PIECES), max_size=8).map("".join),
    st.builds(
        "{}://{}{}".format,
        st.sampled_from(["http", "https", "app"]),
        st.lists(st.sampled_from(_PIECES), max_size=6).map("".join),
        st.sampled_from(["", ":80", ":443", ":8080", ":65536"]),
    ),
    st.builds(
        "https://{}".format,
        st.lists(st.sampled_from(["0", "1", "25", "256", "0x", "a", "."]), max_size=9).map("".join),
    ),
    st.builds("http://a:{}".format, st.integers(0, 99999)),
    st.text(ALPHABET, max_size=12),
)


def state_after(text: str) -> State | None:
    state = START
    for character in text:
        bit = mask_of(character)
        following = [after for mask, after in transitions(state) if mask & bit]
        if not following:
            return None
        (state,) = following
    return state


def is_accepted(text: str) -> bool:
    state = state_after(text)
    return state is not None and is_origin(state)


@given(_TEXTS)
def test_it_accepts_what_is_parsed(text: str) -> None:
    # It does not know the form of IPv6 addresses, and limits no lengths.
    if "[" not in text:
        assert is_accepted(text) == (parse_origin(text) is not None)


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("https://[::1]", True),
        ("https://[::1]:8443", True),
        ("https://[::1", False),
        ("https://[::g]", False),
        ("https://[::1]a", False),
        ("https://[::1].", False),
        ("https://a[::1]", False),
        ("app://[::1]", False),
        ("https://[1.2.3.4]", False),
        ("https://" + "a" * 300, True),
        ("https://1.2.3.4", True),
        ("https://1.2.3", False),
        ("https://1.2.3.4.", False),
        ("https://1.2.3.4.5", False),
        ("https://1.2.3.04", False),
        ("https://1.2.3.0x4", False),
        ("https://1.2.3.256", False),
        ("https://1.2.3.4a", True),
        ("https://a.0x", False),
        ("https://a.0xg", True),
        ("https://a.1", False),
        ("https://a.1.", False),
        ("https://a.1.b", True),
        ("https://a:65535", True),
        ("https://a:65536", False),
        ("https://a:655350", False),
        ("https://a:443", False),
        ("https://a:4430", True),
        ("http://a:443", True),
        ("http://a:80", False),
        ("app://a:80", True),
        ("https://a:", False),
        ("https://a:01", False),
        ("wss://a", False),
        ("wssx://a", True),
        ("app://.A_-", True),
        ("1app://a", False),
        ("https:/a", False),
        ("https:a", False),
        ("https://", False),
        ("", False),
    ],
)
def test_origins(text: str, accepted: bool) -> None:
    assert is_accepted(text) == accepted


@pytest.mark.parametrize(
    ("text", "scheme"), [("http://a", "http"), ("https:", "https"), ("app:", "")]
)
def test_the_scheme_is_known(text: str, scheme: str) -> None:
    state = state_after(text)
    assert state is not None
    assert state.scheme == scheme


def test_the_number_of_states_is_limited() -> None:
    found, waiting = {START}, [START]
    while waiting:
        new = {after for _, after in transitions(waiting.pop())} - found
        found |= new
        waiting += new
    assert len(found) < 300
