"""Header values that scripts may set, and the parsing of those in responses."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corswsgi.browser.header_values import (
    extract_header_list_values,
    extract_max_age,
    is_forbidden_request_header_line,
    is_header_value,
    is_no_cors_safelisted_request_header,
    is_safelisted_request_header,
    mime_essence,
    normalize_value,
    unsafe_request_header_names,
)
from corswsgi.browser.messages import Headers
from corswsgi.fetch import is_token

BYTES = [chr(code) for code in range(256)]
LATIN_1 = st.text(st.characters(max_codepoint=0xFF))
TOKENS = st.text(st.sampled_from("!#$%&'*+-.^_`|~09AZaz"), min_size=1)
SAFELISTED = ("Accept", "Accept-Language", "Content-Language", "Content-Type", "Range")
NAMES = st.sampled_from((*SAFELISTED, "accept", "RANGE", "X-A", "x-a", "Authorization")) | TOKENS
# Arbitrary values, and values that are safelisted or almost safelisted.
VALUES = (
    LATIN_1
    | st.sampled_from(["text/plain", "text/html", "de", "bytes=0-1", "a" * 128, "a" * 129])
    | st.builds("bytes={}-{}".format, st.integers(0, 20), st.integers(0, 20))
)
LINES = st.lists(st.tuples(NAMES, VALUES))


@pytest.mark.parametrize(
    ("name", "value", "is_safelisted"),
    [
        ("Accept", "", True),
        ("ACCEPT", "text/html, */*;q=0.1", True),
        ("Accept", "a" * 128, True),
        ("Accept", "a" * 129, False),
        ("Accept-Language", "de, en;q=0.5", True),
        ("accept-language", "a" * 128, True),
        ("Accept-Language", "a" * 129, False),
        ("Accept-Language", "de_DE", False),
        ("Content-Language", "de-*", True),
        ("Content-Language", "de@", False),
        ("Content-Language", "", True),
        ("Content-Language", "a" * 129, False),
        ("Content-Type", "text/plain", True),
        ("Content-Type", "TEXT/Plain; charset=utf-8", True),
        ("Content-Type", "multipart/form-data; boundary=x", True),
        ("content-type", "application/x-www-form-urlencoded", True),
        ("Content-Type", "text/plain;" + "a" * 117, True),
        ("Content-Type", "text/plain;" + "a" * 118, False),
        ("Content-Type", "application/json", False),
        ("Content-Type", "text/plain, application/json", False),
        ("Content-Type", 'text/plain; charset="utf-8"', False),
        ("Content-Type", "text/plain;(", False),
        ("Content-Type", "text", False),
        ("Content-Type", "", False),
        ("Range", "bytes=0-", True),
        ("RANGE", "bytes=0-0", True),
        ("Range", "bytes=9-10", True),
        ("Range", "bytes=10-9", False),
        ("Range", "bytes=-5", False),
        ("Range", "bytes=-", False),
        ("Range", "bytes=0", False),
        ("Range", "bytes=0-1,3-4", False),
        ("Range", "bytes = 0-1", False),
        ("Range", "bytes=0- 1", False),
        ("Range", "Bytes=0-1", False),
        ("Range", "items=0-1", False),
        ("Range", "bytes=\xb2-3", False),
        ("Range", "bytes=" + "0" * 121 + "-", True),
        ("Range", "bytes=" + "0" * 122 + "-", False),
        ("Authorization", "", False),
        ("X-A", "1", False),
        ("DPR", "1", False),
    ],
)
def test_safelisted_request_headers(name: str, value: str, is_safelisted: bool) -> None:
    assert is_safelisted_request_header(name, value) is is_safelisted
    without_cors = is_safelisted and name.lower() != "range"
    assert is_no_cors_safelisted_request_header(name, value) is without_cors


@pytest.mark.parametrize(("name", "before"), [("Accept", ""), ("Content-Type", "text/plain;")])
def test_unsafe_bytes(name: str, before: str) -> None:
    """These are the separators and the control characters except the tab; all are ASCII."""
    unsafe = [byte for byte in BYTES if not is_safelisted_request_header(name, before + byte)]
    control = [byte for byte in BYTES[:32] if byte != "\t"]
    assert unsafe == [*control, *'"():<>?@[\\]{}\x7f']


@pytest.mark.parametrize("name", ["Accept-Language", "Content-Language"])
def test_bytes_of_languages(name: str) -> None:
    safe = [byte for byte in BYTES if is_safelisted_request_header(name, byte)]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    assert safe == [*" *,-.0123456789;=", *letters]


def is_range(value: str) -> bool:
    unit, equals, numbers = value.partition("=")
    start, dash, end = numbers.partition("-")
    if (unit, equals, dash) != ("bytes", "=", "-") or not start or len(value) > 128:
        return False
    if set(start + end) - set("0123456789"):
        return False
    return end == "" or not int(start) > int(end)


@given(
    st.from_regex(r"bytes ?=? ?[0-9]*-?[0-9]*,?", fullmatch=True)
    | st.builds("bytes={}-{}".format, st.integers(0, 20), st.integers(-1, 20))
    | LATIN_1
)
def test_ranges_by_an_oracle(value: str) -> None:
    assert is_safelisted_request_header("Range", value) == is_range(value)


@given(NAMES | st.text(), VALUES | st.text())
def test_nothing_longer_or_of_another_name_is_safelisted(name: str, value: str) -> None:
    if is_safelisted_request_header(name, value):
        assert name.lower() in map(str.lower, SAFELISTED)
        assert len(value) <= 128
        assert is_safelisted_request_header(name.swapcase(), value)


@pytest.mark.parametrize(
    ("name", "value", "is_forbidden"),
    [
        ("Cookie", "a=b", True),
        ("SEC-Anything", "", True),
        ("Proxy-Anything", "", True),
        ("X-A", "TRACE", False),
        ("Method", "TRACE", False),
        ("X-HTTP-Method", "TRACE", True),
        ("x-http-method-override", "trace", True),
        ("X-Method-Override", "GET, Track", True),
        ("X-Method-Override", ",connect\t,", True),
        ("X-HTTP-Method-Override", "", False),
        ("X-HTTP-Method-Override", "PUT", False),
        ("X-HTTP-Method-Override", "TRACES, xTRACE", False),
        ("X-HTTP-Method-Override", '"TRACE"', False),
        ("X-HTTP-Method-Override", "TRACE TRACK", False),
    ],
)
def test_forbidden_request_headers(name: str, value: str, is_forbidden: bool) -> None:
    assert is_forbidden_request_header_line(name, value) is is_forbidden


@given(st.sampled_from(["TRACE", "track", "Connect"]), st.lists(TOKENS), st.lists(TOKENS))
def test_one_forbidden_method_among_others_is_enough(
    method: str, before: list[str], after: list[str]
) -> None:
    value = " ,\t".join([*before, method, *after])
    assert is_forbidden_request_header_line("X-HTTP-Method-Override", value)


@pytest.mark.parametrize(
    ("value", "essence"),
    [
        ("text/plain", "text/plain"),
        ("TEXT/Plain", "text/plain"),
        (" \t\r\ntext/plain\n ", "text/plain"),
        ("text/plain;charset=utf-8", "text/plain"),
        ("text/plain \t;\n", "text/plain"),
        ("text/plain;/;", "text/plain"),
        ("a+b/c.d", "a+b/c.d"),
        ("", None),
        ("text", None),
        ("text/", None),
        ("text/;", None),
        ("/plain", None),
        ("text /plain", None),
        ("text/ plain", None),
        ("text/plain,text/html", None),
        ("text/plain/x", None),
        ("text;a/plain", None),
        ("text/pl\xe4in", None),
        ("text/plain\x0b", None),
    ],
)
def test_mime_essence(value: str, essence: str | None) -> None:
    assert mime_essence(value) == essence


@given(st.text() | st.text(st.sampled_from("aA/; \n")))
def test_an_essence_is_two_tokens_and_its_own_essence(value: str) -> None:
    essence = mime_essence(value)
    if essence is not None:
        kind, _, subtype = essence.partition("/")
        assert is_token(kind)
        assert is_token(subtype)
        assert mime_essence(f" {essence.upper()} ; {value}") == essence


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ((), ()),
        ((("Accept", "*/*"), ("X-B", "1"), ("x-a", "2"), ("X-A", "3")), ("x-a", "x-b")),
        ((("Accept", "{}"), ("accept", "*/*")), ("accept",)),
        ((("Accept", "a" * 128),) * 8, ()),
        ((*(("Accept", "a" * 128),) * 8, ("Range", "bytes=0-")), ("accept", "range")),
        ((*(("Accept", "a" * 128),) * 8, ("Accept-Language", "")), ()),
        (
            (*(("Accept", "a" * 128),) * 8, ("Accept-Language", "a")),
            ("accept", "accept-language"),
        ),
        ((*(("Accept", "a" * 128),) * 8, ("X-A", "a" * 2000)), ("x-a",)),
        ((*(("Accept", "a" * 129),) * 9, ("Accept-Language", "de")), ("accept",)),
    ],
)
def test_unsafe_request_header_names(lines: Headers, names: tuple[str, ...]) -> None:
    assert unsafe_request_header_names(lines) == names


@given(LINES)
def test_unsafe_names_are_sorted_in_lower_case_and_unique(lines: list[tuple[str, str]]) -> None:
    names = unsafe_request_header_names(tuple(lines))
    assert [*names] == sorted({name.lower() for name in names})
    assert set(names) <= {name.lower() for name, _ in lines}
    assert unsafe_request_header_names(tuple(reversed(lines))) == names


@given(st.lists(st.tuples(NAMES, VALUES | st.just("a" * 128)), max_size=12), NAMES, VALUES)
def test_adding_a_header_removes_no_unsafe_name(
    lines: list[tuple[str, str]], name: str, value: str
) -> None:
    before = unsafe_request_header_names(tuple(lines))
    after = unsafe_request_header_names((*lines, (name, value)))
    assert set(before) <= set(after)
    assert (name.lower() in after) >= (not is_safelisted_request_header(name, value))


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ((), None),
        (("",), ()),
        ((" ,\t,",), ()),
        (("PUT",), ("PUT",)),
        (("put ,PUT,,*",), ("put", "PUT", "*")),
        (("X-A", "x-b, x-c"), ("X-A", "x-b", "x-c")),
    ],
)
def test_extract_header_list_values(values: tuple[str, ...], names: tuple[str, ...] | None) -> None:
    lines = tuple(("Allow", value) for value in values)
    assert extract_header_list_values((("Other", "x"), *lines, ("Allowed", "y")), "allow") == names


@pytest.mark.parametrize(
    ("values", "member"),
    [
        (("PUT DELETE",), "PUT DELETE"),
        (("x-a, x-b;x-c",), "x-b;x-c"),
        (('"PUT"',), '"PUT"'),
        (("PUT", "x\xe9"), "x\xe9"),
        (("PUT\x0b",), "PUT\x0b"),
    ],
)
def test_lists_with_invalid_names(values: tuple[str, ...], member: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its argument is checked below
        extract_header_list_values(tuple(("Allow", value) for value in values), "allow")
    assert caught.value.args == (member,)


@given(st.lists(st.lists(TOKENS)), st.text(st.sampled_from(" \t")), st.integers(0, 2))
def test_lists_round_trip_on_lines_with_white_space_and_empty_members(
    listed: list[list[str]], space: str, empty: int
) -> None:
    comma = f"{space},{space}" + f",{space}" * empty
    lines = tuple(("allow", comma + comma.join(names) + comma) for names in listed)
    expected = tuple(name for names in listed for name in names)
    assert extract_header_list_values(lines, "allow") == (expected if listed else None)


@given(st.lists(st.text()))
def test_any_list_has_tokens_or_raises_value_error(values: Sequence[str]) -> None:
    try:
        names = extract_header_list_values(tuple(("Allow", value) for value in values), "allow")
    except ValueError as error:
        (member,) = error.args
        assert not is_token(member)
        assert any(member in value for value in values)
    else:
        assert (names is None) == (not values)
        assert all(map(is_token, names or ()))


@pytest.mark.parametrize(
    ("values", "seconds"),
    [
        ((), 5),
        (("0",), 0),
        (("600",), 600),
        (("0600",), 600),
        (("9" * 25,), 2**31),
        (("",), 5),
        (("-1",), 5),
        (("+600",), 5),
        (("10.5",), 5),
        (("600s",), 5),
        (("1_0",), 5),
        (("\xb2",), 5),
        (("\u0661",), 5),
        (("2147483647",), 2**31 - 1),
        (("9" * 5000,), 2**31),
        ((f"{'0' * 5000}60",), 60),
        (("600, 600",), 5),
        (("600", "600"), 5),
    ],
)
def test_max_age(values: tuple[str, ...], seconds: int) -> None:
    lines = tuple(("access-control-MAX-age", value) for value in values)
    assert extract_max_age((("Age", "7"), *lines), 5) == seconds


@given(st.text() | st.integers().map(str))
def test_a_max_age_is_digits_or_the_default(value: str) -> None:
    seconds = extract_max_age((("Access-Control-Max-Age", value),), -1)
    is_number = value.isascii() and value.isdigit()
    assert seconds == (min(int(value), 2**31) if is_number else -1)


@pytest.mark.parametrize(
    ("value", "normalized"),
    [(" \t\r\na b\n\r\t ", "a b"), ("\x0ba\x0c", "\x0ba\x0c"), ("\xa0", "\xa0"), (" ", "")],
)
def test_normalize_value(value: str, normalized: str) -> None:
    assert normalize_value(value) == normalized


@given(st.text() | st.text(st.sampled_from("a \t\r\n\x0b")))
def test_normalizing_is_idempotent(value: str) -> None:
    normalized = normalize_value(value)
    assert normalize_value(normalized) == normalized
    assert value.replace(normalized, "", 1).strip("\t\n\r ") == ""


def test_characters_of_header_values() -> None:
    assert [byte for byte in BYTES if not is_header_value(f"a{byte}b")] == ["\0", "\n", "\r"]
    assert is_header_value("")
    assert not is_header_value("\u0100")


@given(st.text(), st.text())
@example("X-HTTP-Method", "\u0131,\udcff")
def test_any_text_can_be_checked(name: str, value: str) -> None:
    assert is_safelisted_request_header(name, value) in (False, True)
    assert is_forbidden_request_header_line(name, value) in (False, True)
    for known in SAFELISTED:
        names = unsafe_request_header_names(((known, value), (name, value)))
        assert {*names} <= {known.lower(), name.lower()}
