"""Path expressions: the path patterns that they mean."""

from __future__ import annotations

import re
import sys
import warnings

import pytest

from corswsgi.path_expressions import MAX_PATTERNS, Meaning, find_meaning


@pytest.mark.parametrize(
    ("written", "patterns"),
    [
        ("/(api)/*", ["/api/*"]),
        ("/(api)/.*", ["/api/*"]),
        ("/(signup|login|api/.*|ping)", ["/signup", "/login", "/api/*", "/ping"]),
        ("/api/v[12]/.*", ["/api/v1/*", "/api/v2/*"]),
        ("/api/v[1-3]/*", ["/api/v1/*", "/api/v2/*", "/api/v3/*"]),
        ("/api/v(1|2)/*", ["/api/v1/*", "/api/v2/*"]),
        ("/api/(users|orders)(/.*)?", ["/api/users/*", "/api/orders/*"]),
        ("/api/(?:users|orders)(?:/.*)?$", ["/api/users/*", "/api/orders/*"]),
        ("(/api|/v2)/.*", ["/api/*", "/v2/*"]),
        ("/api/.*|/v2/.*", ["/api/*", "/v2/*"]),
        ("^/api/.*|^/v2/.*", ["/api/*", "/v2/*"]),
        ("(/api/*|/v2*)", ["/api/*", "/v2/*"]),
        ("/api(s)?/.*", ["/api/*", "/apis/*"]),
        ("/a{2}b{0,2}$", ["/aa", "/aab", "/aabb"]),
        ("/api(/v1)?/.*", ["/api/*"]),
        ("/(api/)?(.*)", ["/*"]),
        ("/(.*)", ["/*"]),
        ("/.*/?", ["/*"]),
        (".*", ["/*"]),
        ("/api.*", ["/api/*"]),
        ("/api.*$", ["/api/*"]),
        ("/api/*.*", ["/api/*"]),
        ("/api/**", ["/api/*"]),
        ("/api*.+", ["/api/*"]),
        ("/api/.*?", ["/api/*"]),
        ("/api/(?P<rest>.+)", ["/api/*"]),
        (r"\/api\/.*", ["/api/*"]),
        ("/v1.0/(x|y)", ["/v1.0/x", "/v1.0/y"]),
        # Beginnings.
        ("^/api", ["/api/*"]),
        (r"\A/api/", ["/api/*"]),
        ("/api/?", ["/api/*"]),
        ("^$", ["/"]),
        ("(/a)?$", ["/a"]),
        ("^/", ["/*"]),
        # The end is written.
        ("^/api$", ["/api"]),
        ("^/api/$", ["/api/"]),
        (r"/api/?\Z", ["/api", "/api/"]),
        # Without a slash.
        ("api/(a|b)$", ["/api/a", "/api/b"]),
        ("api/.*", ["/api/*"]),
        ("^api/", ["/api/*"]),
    ],
)
def test_patterns(written: str, patterns: list[str]) -> None:
    assert find_meaning(written) == Meaning(tuple(patterns))


@pytest.mark.parametrize(
    ("written", "pattern"),
    [
        ("/items/<int:id>", "/items/*"),
        ("/items/<id>/parts", "/items/*"),
        ("/items/{id}", "/items/*"),
        ("/items/{id:int}/parts", "/items/*"),
        ("/items/:id/parts", "/items/*"),
        ("/items/<path:rest>", "/items/*"),
        ("items/<id>", "/items/*"),
        (r"^items/(?P<pk>[0-9]+)/$", "/items/*"),
        (r"/items/\d+$", "/items/*"),
        (r"/items/[^/]+", "/items/*"),
        (r"/items/[^/]*/x*", "/items/*"),
        ("/items/[0-9a-f]{24}", "/items/*"),
        ("/items/[ab]+", "/items/*"),
        ("/items/[^/]", "/items/*"),
        ("/items/[a-z]", "/items/*"),
        ("/items/[123456789]", "/items/*"),
        (r"/items/\w", "/items/*"),
        ("/items/.{3}", "/items/*"),
        ("/items/[^x]*", "/items/*"),
        (r"/items/.*\.json", "/items/*"),
        (r"/items/.*\d", "/items/*"),
        ("/items(/[a-z]+)*", "/items/*"),
        ("/items(/[a-z]+)+/?", "/items/*"),
    ],
)
def test_patterns_that_match_more(written: str, pattern: str) -> None:
    assert find_meaning(written) == Meaning((pattern,), is_wide=True)


@pytest.mark.parametrize(
    ("written", "patterns", "excluded"),
    [
        ("/(?!ingest).*", ["/*"], ["/ingest/*"]),
        ("/(?!ingest/).*", ["/*"], ["/ingest/*"]),
        ("/(?!ingest$).*", ["/*"], ["/ingest"]),
        ("/(?!ingest/.*).*", ["/*"], ["/ingest/*"]),
        ("^(?!/admin|/static).*$", ["/*"], ["/admin/*", "/static/*"]),
        ("^/api/(?!private/).*$", ["/api/*"], ["/api/private/*"]),
        ("/api(?!/private).*", ["/api/*"], ["/api/private/*"]),
        ("/(a|b)/(?!c).*", ["/a/*", "/b/*"], ["/a/c/*", "/b/c/*"]),
        ("/(?!a)(?!b).*", ["/*"], ["/a/*", "/b/*"]),
        ("/(?!$).*", ["/*"], ["/"]),
    ],
)
def test_paths_that_are_left_out(written: str, patterns: list[str], excluded: list[str]) -> None:
    assert find_meaning(written) == Meaning(tuple(patterns), tuple(excluded))


@pytest.mark.parametrize(
    "written",
    [
        r"/api/v\d+/.*",
        "/img[a-z]+",
        "/api/*/x",
        "/*/api",
        "/*/*",
        "/api*s",
        "/api/*[0-9]",
        "/api/+",
        "/a{2,}",
        "/a{9}",
        "/(ab)*",
        "/(api/*)+",
        "/a$b",
        "/a^b",
        r"/api\b",
        # Too many.
        "/(a|b|c|d|e|f|g|h|i)",
        "/[abc][abc]",
        "/(?!a|b|c|d|e|f|g|h|i).*",
        "(((x?){8}){8}){8}",
        "(" * 2000 + ")" * 2000,
        # Everything, or nearly.
        "/<name>",
        "/.*/x",
        "/[a-z]+/x",
        r"/.*\.json",
        # Left out, in other ways.
        "/((?!a).*|b)",
        "/((?!a).*)?",
        "/(?!.*a).*",
        "/(?!).*",
        "/api(?!/).*",
        r"/(?!\d+).*",
        "/(?!a)(a/*|b)",
        "/(?=a).*",
        "/.*(?<!x)",
        "/.*(?!x)",
        "/(?i:a)/.*",
        "(?i)/api/.*",
        "/(a)/\\1",
        # Not expressions.
        "/api/[",
        "/api/((",
        "/a{99999999999999999999}",
    ],
)
def test_without_a_clear_meaning(written: str) -> None:
    assert find_meaning(written) is None


def test_the_number_of_patterns() -> None:
    several = [f"/{character}" for character in "abcdefgh"]
    assert len(several) == MAX_PATTERNS
    assert find_meaning(f"({'|'.join(several)})$") == Meaning(tuple(several))
    assert find_meaning("/[abcdefgh]") == Meaning(tuple(several))


def test_compiled_expressions() -> None:
    assert find_meaning(re.compile("/api/v1/*")) == Meaning(("/api/v1/*",))
    assert find_meaning(re.compile("/(a|b)  # comment", re.VERBOSE)) == Meaning(("/a", "/b"))
    assert find_meaning(re.compile("/api/.*", re.IGNORECASE)) is None
    # Placeholders are for texts alone.
    assert find_meaning(re.compile("/<id>")) == Meaning(("/<id>",))


def test_atomic_groups() -> None:
    """Python 3.11 and newer have them."""
    expected = Meaning(("/a/*",)) if sys.version_info >= (3, 11) else None
    assert find_meaning("/(?>a)/.*") == expected
    assert find_meaning("/a/.*+") == expected


def test_no_warnings_of_the_parser() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find_meaning("/api/[[a]/.*") == Meaning(("/api/[/*", "/api/a/*"))
