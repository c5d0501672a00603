"""Comparisons of two configurations through the browser model."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

import pytest

from corswsgi import CORSMiddleware, Policy
from corswsgi.migrate.comparison import (
    MAX_DISGUISED,
    MAX_LISTED,
    STRANGER,
    Attempt,
    Comparison,
    Route,
    attempts,
    compare,
    compared_origins,
)

APP = "https://app.example.com"
JSON = ("Content-Type", "application/json")


def route(*methods: str, listed: Iterable[str] = (APP,), is_public: bool = False) -> Route:
    return Route("/", "https://localhost/", methods, frozenset(listed), is_public)


ROUTE = route("GET", "PUT", "HEAD", "OPTIONS")


def plain(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return []


def compared(old: Policy | None, new: Policy | None, which: Route = ROUTE) -> Comparison:
    before, after = (CORSMiddleware(plain, each, resources={"/none": None}) for each in (old, new))
    return compare(nullcontext(before), nullcontext(after), [which], ["X-A"])


def changes(old: Policy | None, new: Policy | None, which: Route = ROUTE) -> set[tuple[Any, ...]]:
    return {
        (each.change, each.origin, each.attempt.method, each.attempt.credentials)
        for each in compared(old, new, which).differences
    }


LISTED = Policy(origins=[APP], supports_credentials=True)
PUBLIC = Policy(origins="*")


def test_the_same_policies() -> None:
    comparison = compared(LISTED, LISTED)
    assert comparison.differences == ()
    assert comparison.routes == (ROUTE,)
    assert comparison.origins == compared_origins([ROUTE])
    listed, others = (len([*attempts(ROUTE, ["X-A"], is_brief=each)]) for each in (False, True))
    assert comparison.fetches == listed + others * (len(comparison.origins) - 1)


def test_what_worked_for_a_listed_origin() -> None:
    assert changes(LISTED, None) == {
        ("lost", APP, method, credentials)
        for method in ("GET", "PUT")
        for credentials in ("omit", "include")
    }
    assert changes(LISTED, LISTED.replace(methods=["GET"])) == {
        ("lost", APP, "PUT", "omit"),
        ("lost", APP, "PUT", "include"),
    }
    (headers,) = {
        each.attempt.header
        for each in compared(LISTED, LISTED.replace(allow_headers=["X-B"])).differences
    } - {JSON, ("Authorization", "Bearer x")}
    assert headers == ("X-A", "x")


def test_what_other_origins_could_do() -> None:
    found = changes(PUBLIC, LISTED.replace(supports_credentials=False))
    assert {change for change, *_ in found} == {"closed"}
    assert {origin for _, origin, *_ in found} == {*compared_origins([ROUTE])} - {APP}


def test_a_public_route() -> None:
    found = changes(PUBLIC, LISTED, route("GET", is_public=True))
    assert {origin for change, origin, *_ in found if change == "closed"} == {"null"}
    assert ("lost", STRANGER, "GET", "omit") in found
    assert ("opened", APP, "GET", "include") in found


@pytest.mark.parametrize(
    ("origin", "others"),
    [
        (
            APP,
            [
                "http://app.example.com",
                "https://app.example.com:4443",
                "https://app.example.com.evil.example",
                "https://evilapp.example.com",
            ],
        ),
        (
            "http://localhost:3000",
            [
                "https://localhost:3000",
                "http://localhost:3001",
                "http://localhost.evil.example:3000",
                "http://evillocalhost:3000",
            ],
        ),
        ("http://127.0.0.1", ["https://127.0.0.1", "http://127.0.0.1:4443"]),
        ("http://[::1]:80", []),
        ("https://[::1]", ["http://[::1]", "https://[::1]:4443"]),
        ("capacitor://localhost", []),
    ],
)
def test_origins_that_resemble_a_listed_one(origin: str, others: list[str]) -> None:
    assert compared_origins([route(listed=[origin])]) == (origin, *others, STRANGER, "null")


def test_many_origins() -> None:
    origins = compared_origins(
        [route(listed=[f"https://a{number}.example" for number in range(99)])]
    )
    assert len(origins) == MAX_LISTED + MAX_DISGUISED * 4 + 2


def test_attempts() -> None:
    assert [*attempts(ROUTE, ["X-A"], is_brief=True)] == [
        Attempt(method, None, credentials)
        for method in ("GET", "PUT")
        for credentials in ("omit", "include")
    ]
    assert Attempt("PUT", JSON, "include") in attempts(ROUTE, [], is_brief=False)
    assert Attempt("GET", ("X-A", "x"), "omit") in attempts(ROUTE, ["X-A"], is_brief=False)
    post = route("POST")
    assert Attempt("POST", JSON, "omit") in attempts(post, [], is_brief=True)
    only_options = route("OPTIONS")
    assert {each.method for each in attempts(only_options, [], is_brief=True)} == {"GET"}
    many = [f"X-{number}" for number in range(20)]
    assert len([*attempts(only_options, many, is_brief=False)]) == 2
    assert len([*attempts(post, many, is_brief=False)]) == 2 * (1 + 1 + 1 + 5)
