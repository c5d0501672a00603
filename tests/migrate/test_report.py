"""The report about a migration: golden texts in 80 columns."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from corswsgi.migrate import Comparison, Migration, Snippet, report
from corswsgi.migrate.comparison import Attempt, Change, Difference, Route

ROUTES = [Route(f"/{name}", f"https://localhost/{name}", ()) for name in "abcdefg"]
EVIL = "https://evil.example"
THREE = "https://a.example, https://b.example, https://c.example"
JSON = ("Content-Type", "application/json")


def migration(**given: Any) -> Migration:
    application: Any = None
    options: dict[str, Any] = {
        "library": "Flask-CORS",
        "version": "6.0.5",
        "place": "the Flask application x",
        "snippets": [Snippet("CORS(app)"), Snippet("@cors()\ndef view(): ...", "the view x")],
        "remarks": [],
        "imports": [],
        "old": nullcontext(application),
        "new": nullcontext(application),
        "routes": ROUTES,
    }
    return Migration(**{**options, **given})


def lines(*differences: Difference, everything: bool = False, **given: Any) -> list[str]:
    comparison = Comparison(tuple(ROUTES), ("https://a.example", "null"), 1234, differences)
    text = report(migration(**given), comparison, everything=everything)
    assert text.endswith("\n")
    assert max(map(len, text.splitlines())) <= 79
    return text.splitlines()


def test_without_differences() -> None:
    assert lines() == [
        "Flask-CORS 6.0.5 in the Flask application x",
        "",
        "Paste this configuration:",
        "",
        "    CORS(app)",
        "",
        "    # the view x",
        "    @cors()",
        "    def view(): ...",
        "",
        "Compared 7 routes and 2 origins in 1,234 fetches, without running views: no",
        "differences.",
    ]


def test_imports_and_remarks() -> None:
    found = lines(imports=["a.py, line 1: x -> y"], remarks=["A remark. " * 10, "A remark. " * 10])
    assert found[2:4] == ["Change these imports:", "  - a.py, line 1: x -> y"]
    assert found[13:16] == [
        "Note:",
        "  - A remark. A remark. A remark. A remark. A remark. A remark. A remark. A",
        "    remark. A remark. A remark.",
    ]


def sentences(*differences: Difference, everything: bool = False) -> list[str]:
    """Return the sentences without line breaks."""
    found = lines(*differences, everything=everything)
    text = "\n".join(found).split("\n\n")
    return [" ".join(each.split()) for part in text[5:] for each in part.split("\n  - ")[1:]]


def difference(
    change: Change = "closed",
    route: int = 0,
    origin: str = "https://evil.example",
    method: str = "GET",
    header: tuple[str, str] | None = None,
    credentials: Any = "include",
) -> Difference:
    return Difference(change, ROUTES[route], origin, Attempt(method, header, credentials))


def test_the_parts() -> None:
    found = lines(
        difference("opened", origin="https://b.example"),
        difference("lost", origin="https://a.example"),
        difference("closed"),
    )
    assert found[10:] == [
        "Compared 7 routes and 2 origins in 1,234 fetches, without running views:",
        "  worked for a listed origin, will be blocked: 1",
        "  open to other origins, will be blocked: 1",
        "  blocked, will be readable: 1",
        "",
        "Worked for a listed origin, and will be blocked. Look at each of these:",
        "  - GET /a from https://a.example with cookies: was readable, will be blocked",
        "",
        "Open to origins that are not listed, and will be closed:",
        "  - GET /a from https://evil.example with cookies: was readable, will be",
        "    blocked",
        "",
        "Blocked until now, and will be readable:",
        "  - GET /a from https://b.example with cookies: was blocked, will be readable",
    ]


BLOCKED = "was readable, will be blocked"
BOTH = ("omit", "include")


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        (
            [difference(credentials=each) for each in BOTH],
            [f"GET /a from https://evil.example: {BLOCKED}"],
        ),
        (
            [difference(credentials="omit", header=JSON)],
            [f"GET /a from {EVIL} without cookies and with the header Content-Type: {BLOCKED}"],
        ),
        (
            [difference(credentials=each, header=JSON) for each in BOTH],
            [f"GET /a from https://evil.example with the header Content-Type: {BLOCKED}"],
        ),
        # Without the header it is blocked, too.
        (
            [difference(header=each) for each in (None, JSON)],
            [f"GET /a from https://evil.example with cookies: {BLOCKED}"],
        ),
        (
            [
                difference(method="GET"),
                difference(method="PUT"),
                difference(method="PUT", header=JSON),
            ],
            [f"GET, PUT /a from https://evil.example with cookies: {BLOCKED}"],
        ),
        (
            [difference(route=each) for each in range(7)],
            [f"GET /a, /b, /c and 4 more routes from https://evil.example with cookies: {BLOCKED}"],
        ),
        (
            [difference(route=each) for each in range(4)],
            [f"GET /a, /b, /c, /d from https://evil.example with cookies: {BLOCKED}"],
        ),
        (
            [difference(origin=f"https://{each}.example") for each in "abcde"],
            [f"GET /a from {THREE} and 2 more origins with cookies: {BLOCKED}"],
        ),
        (
            [difference(route=0, method="GET"), difference(route=1, method="PUT")],
            [
                f"GET /a from https://evil.example with cookies: {BLOCKED}",
                f"PUT /b from https://evil.example with cookies: {BLOCKED}",
            ],
        ),
    ],
)
def test_the_same_difference_is_told_once(
    differences: list[Difference], expected: list[str]
) -> None:
    assert sentences(*differences) == expected
    assert len(sentences(*differences, everything=True)) == len(differences)


def test_every_difference_in_a_sentence() -> None:
    differences = [difference(), difference(header=JSON, credentials="omit")]
    assert sentences(*differences, everything=True) == [
        f"GET /a from {EVIL} with cookies: {BLOCKED}",
        f"GET /a from {EVIL} without cookies and with the header Content-Type: {BLOCKED}",
    ]
