"""Path patterns for the regular expressions of other libraries."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi.migrate.paths import MAX_ALTERNATIVES, covers, literal_pattern, path_patterns
from corswsgi.paths import PathPatterns, check_path

ROUTES = {"/": "/", "/api/x": "/api/x", "/items/1": "/items/*", "/ingest": "/ingest"}


@pytest.mark.parametrize(
    ("expression", "patterns"),
    [
        (r".*", ("/*",)),
        (r"/*", ("/*",)),
        (r"/.*", ("/*",)),
        (r"/api/*", ("/api/*",)),
        (r"/api*", ("/api/*",)),
        (r"/api/.*", ("/api/*",)),
        (r"/api/.+", ("/api/*",)),
        (r"^/api/.*$", ("/api/*",)),
        (r"/(api)/*", ("/api/*",)),
        (r"/api/", ("/api/*",)),
        (r"^/api$", ("/api",)),
        (r"^/$", ("/",)),
        (r"/a\.json$", ("/a.json",)),
        (r"/(signup|api/.*)$", ("/signup", "/api/*")),
        (r"/(?:a|b)/(c|d)$", ("/a/c", "/a/d", "/b/c", "/b/d")),
        (r"/api(/v1)?/x$", ("/api/v1/x", "/api/x")),
        (r"/a$|/b$", ("/a", "/b")),
        # There is no counterpart: those of the routes that match.
        (r"/(?!ingest).*", ("/", "/api/x", "/items/*")),
        (r"/api/[a-z]+$", ("/api/x",)),
        (r"(/\w+)+$", ("/api/x", "/items/*", "/ingest")),
        (r"/items/\d", ("/items/*",)),
        (r"/none/\d", ()),
    ],
)
def test_expressions(expression: str, patterns: tuple[str, ...]) -> None:
    assert path_patterns(re.compile(expression), ROUTES) == patterns
    assert [check_path("", pattern) for pattern in patterns] == [None] * len(patterns)


def test_too_many_alternatives() -> None:
    letters = "|".join("abcdefgh")
    expression = f"/({letters})({letters})({letters})"
    assert MAX_ALTERNATIVES < 8 * 8
    assert path_patterns(re.compile(expression), {"/abc": "/abc"}) == ("/abc",)


@pytest.mark.parametrize(
    ("path", "pattern"), [("/health", "/health"), ("health", "/health"), ("/api/*", "/api/*")]
)
def test_literal_paths(path: str, pattern: str) -> None:
    assert literal_pattern(path) == pattern


PREFIXES = st.lists(st.sampled_from(["/a", "/b", "/ab"]), max_size=3).map("".join)
PATTERNS = st.builds(str.__add__, PREFIXES, st.sampled_from(["", "/*"]))
PATHS = st.lists(st.sampled_from(["/a", "/b", "/ab", "/c"]), min_size=1, max_size=4).map("".join)


@given(PATTERNS.filter(bool), PATTERNS.filter(bool), st.lists(PATHS))
def test_a_pattern_that_covers_another_one_matches_its_paths(
    pattern: str, other: str, paths: list[str]
) -> None:
    if covers(pattern, other):
        for path in paths:
            if PathPatterns({other: True}).find(path, default=False):
                assert PathPatterns({pattern: True}).find(path, default=False)
