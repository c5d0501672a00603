"""Preflights: the requested method and headers, compared with a naive reading of the lists."""

from __future__ import annotations

import string

from hypothesis import strategies as st

from corswsgi import CORSRequest, Policy, decide
from corswsgi.decision import PREFLIGHT_VARY

APP = "https://app.example.com"
TOKEN = {*string.ascii_letters, *string.digits, *"!#$%&'*+-.^_`|~"}
FORBIDDEN = {"CONNECT", "TRACE", "TRACK"}
DEFAULT_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY"]

NAMES = ["X-A", "x-b", "Authorization", "Content-Type", "X-Kelvin", "X-" + "n" * 40]
LISTS = st.lists(st.sampled_from(NAMES), unique=True)
METHODS = st.sampled_from(["GET", "PUT", "REPORT", "put", "TRACE", "Track", "", "P UT", "A" * 64])
SEPARATORS = st.sampled_from([",", ", ", " ,", ",,", "\t,\t", ",\n", ", , "])
MEMBERS = st.sampled_from(
    [
        *NAMES,
        *map(str.upper, NAMES),
        *map(str.lower, NAMES),
        "",
        "*",
        "x y",
        "x-\N{KELVIN SIGN}elvin",
    ]
) | st.text(st.characters(max_codepoint=0xFF), max_size=3)
REQUESTED = (
    st.builds(
        lambda members, separator: separator.join(members),
        st.lists(MEMBERS, max_size=8),
        SEPARATORS,
    )
    | st.sampled_from(["x-a", "x-b", "X-A, x-b"])
    | st.integers(0, 300).map(lambda count: "," * count)
    | st.integers(1022, 1026).map(lambda count: "x" * count)
    | st.integers(0, 300).map(lambda count: ",".join(["x-a"] * count))
    | st.integers(0, 300).map(lambda count: " " * 8 * count + "x-a")
    | st.text()
)


def is_token(text: str) -> bool:
    """Return whether a text is a token (https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)."""
    return text != "" and {*text} <= TOKEN


def members(text: str) -> list[str]:
    """Return the members of a list, in lower case."""
    stripped = [member.strip(" \t") for member in text.split(",")]
    # Only letters of ASCII: some others become one in lower case.
    return [
        "".join(each.lower() if each.isascii() else each for each in member)
        for member in stripped
        if member
    ]


def check_preflight(
    methods: list[str] | str | None,
    names: list[str] | str,
    has_credentials: bool,
    preflights: list[tuple[str, str]],
) -> None:
    """Each answer has the exact headers, or names the first reason to refuse."""
    policy = Policy(
        origins=[APP], methods=methods, allow_headers=names, supports_credentials=has_credentials
    )
    listed = DEFAULT_METHODS if methods is None else methods
    for method, requested in preflights * 2:  # the second time from the cache
        if methods == "*":
            allows_method = is_token(method) and method.upper() not in FORBIDDEN
        else:
            allows_method = method in [*listed, "GET", "HEAD", "POST"]
        asked = members(requested)
        if names == "*":
            allows_headers = not has_credentials or all(map(is_token, asked))
        else:
            allows_headers = {*asked} <= {*map(str.lower, names)}
        decision = decide(policy, CORSRequest("OPTIONS", APP, method, requested))
        assert decision.vary == PREFLIGHT_VARY
        if len(requested) > 1024 and (names != "*" or has_credentials):
            assert decision.reason in ("headers_too_long", "method_not_allowed")
        if decision.reason == "headers_too_long":
            # No browser sends such a list: it sends each allowed name once.
            allowed_length = 0 if names == "*" else len(", ".join(names))
            assert allows_method
            assert len(requested) > 2 * allowed_length + 16 or requested.count(",") > 16
            if names == "*":
                assert len(requested) > 1024 or requested.count(",") > 128
            assert (decision.headers, decision.status) == ((), 403)
            continue
        if not allows_method or not allows_headers:
            reason = "headers_not_allowed" if allows_method else "method_not_allowed"
            assert (decision.reason, decision.headers, decision.status) == (reason, (), 403)
            continue
        expected = {"Access-Control-Allow-Origin": APP, "Access-Control-Max-Age": "600"}
        if has_credentials:
            expected["Access-Control-Allow-Credentials"] = "true"
        allowed_methods = method if methods == "*" and has_credentials else ", ".join(listed)
        allowed_names = ", ".join(names)
        if names == "*":
            allowed_names = "*, Authorization"
            if has_credentials:
                allowed_names = ",".join(dict.fromkeys(asked))
        if allowed_methods:
            expected["Access-Control-Allow-Methods"] = allowed_methods
        if allowed_names:
            expected["Access-Control-Allow-Headers"] = allowed_names
        assert (decision.reason, decision.status) == ("preflight_allowed", 204)
        assert dict(decision.headers) == expected
        assert len(decision.headers) == len(expected)


GIVEN = (
    st.sampled_from([None, "*", [], ["PUT", "REPORT"]]),
    st.just("*") | LISTS,
    st.booleans(),
    st.lists(st.tuples(METHODS | st.text(max_size=3), REQUESTED), min_size=1, max_size=4),
)
