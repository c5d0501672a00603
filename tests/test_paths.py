"""Path patterns: the paths that they match, and the patterns that are refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from corswsgi import CORSMiddleware, Notice, Policy, PolicyError, Problem
from corswsgi.paths import (
    PathPatterns,
    ReadPath,
    as_wsgi,
    check_path,
    normalize_path,
    read_patterns,
)
from tests.helpers.wsgi import Application, get

POLICY = Policy(origins="*")
LISTED = "list the paths that you mean, as in '/api/v1/*', '/api/v2/*'."


def refused(path: Any) -> Problem:
    with pytest.raises(PolicyError) as raised:
        CORSMiddleware(Application(), resources={path: POLICY})
    (problem,) = raised.value.problems
    return problem


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("", LISTED),
        ("api", "/api"),
        ("api/v1", "/api/v1"),
        ("api/", "/api/"),
        ("api/*", "/api/*"),
        ("/*/api", LISTED),
        ("/api/*/x", LISTED),
        ("/api/**", "/api/*"),
        ("/api.*", "/api/*"),
        ("/api/*.json", LISTED),
        ("/*/*", LISTED),
        ("/a+b/.*", LISTED),
        (r"/api/v\d+/.*", LISTED),
        ("/api/.+", "/api/*"),
        ("/api/(.+)", "/api/*"),
        ("/(api)/*", "/api/*"),
        ("/(api)", "/api"),
        ("/foo(bar)/.*", "/foobar/*"),
        ("/api(/v1)/*", "/api/v1/*"),
        ("/api/$", "/api/"),
        ("/api/?", "/api/*"),
        ("^/api/", "/api/*"),
        ("^/api", "/api/*"),
        ("https://a.example/api/*", "/api/*"),
        ("https://a.example", LISTED),
        ("/api?x=1", "/api"),
        ("/api?x=(1)", "/api"),
        ("/api?", "/api"),
        ("/api#x", "/api"),
        ("?x", None),
        ("/caf%C3%A9", "/caf\xe9"),
        ("/a%20b/*", "/a b/*"),
        ("/a%20b/.*", "/a b/*"),
        ("/a%2525", None),
        ("/a%00", None),
        ("/a%3Fb", None),
        ("/api/../x", None),
        ("/./x", None),
        ("/x/..", None),
        ("/a\nb", None),
        ("/a\x00b", None),
        ("/a\x00b/.*", None),
        ("/\ud800", None),
    ],
)
def test_a_malformed_path(path: str, hint: str | None) -> None:
    problem = refused(path)
    assert problem.reason == "malformed_path"
    assert problem.option == f"resources[{path!a}]"
    assert problem.value == path
    expected = hint if hint in (None, LISTED) else f"did you mean {hint!r}?"
    assert problem.hint == expected
    if hint not in (None, LISTED):
        CORSMiddleware(Application(), resources={str(hint): POLICY})


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        (
            "/(signup|login|api/.*|ping)",
            "list the paths: '/signup', '/login', '/api/*', '/ping'.",
        ),
        ("/api/v[12]/.*", "list the paths: '/api/v1/*', '/api/v2/*'."),
        (
            "/(?!ingest).*",
            'write resources = {"/*": ..., "/ingest/*": None}, where ... stands for your options.',
        ),
        ("/items/<int:id>", "did you mean '/items/*', which matches everything below '/items'?"),
        ("/(|a)/%41", None),
        ("/(a|[.])/.*", LISTED),
        ("/(?![.]).*", LISTED),
    ],
)
def test_an_expression(path: str, hint: str | None) -> None:
    """All suggested patterns are valid. ``tests/test_path_expressions.py`` has more expressions."""
    assert refused(path).hint == hint


@pytest.mark.filterwarnings("ignore:.* is read as")
@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("*", "/*"),
        (".*", "/*"),
        ("/.*", "/*"),
        ("^.*$", "/*"),
        ("^/.*$", "/*"),
        ("^/*", "/*"),
        ("/api/.*", "/api/*"),
        ("^/api/.*", "/api/*"),
        ("^/api/.*$", "/api/*"),
        ("/api*", "/api/*"),
        ("^/api*$", "/api/*"),
        ("/v1.0/.*", "/v1.0/*"),
        ("/a b/.*", "/a b/*"),
    ],
)
def test_an_expression_that_is_understood(written: str, path: str) -> None:
    place, notice = f"resources[{written!r}]", None
    if "/api*" in written:
        message = f"{written!r} is read as '/api/*', which does not match '/apikeys'."
        notice = Notice(place, written, "path_wildcard", message, "Write '/api/*'.")
    assert [*read_patterns("resources", {written: 1})] == [ReadPath(place, path, 1, None, notice)]
    other = Policy(origins="https://other.example")
    middleware = CORSMiddleware(Application(), other, resources={written: POLICY})
    below = path.removesuffix("/*")
    for sent in (below or "/", f"{below}/", f"{below}/x", f"{below}/x/y"):
        assert get(middleware, sent, headers=[("Origin", "https://a.example")]).cors == {
            "Access-Control-Allow-Origin": "*"
        }
    outside = get(middleware, "/apikeys", headers=[("Origin", "https://a.example")])
    assert ("Vary" in outside.cors) is (path != "/*")


@pytest.mark.parametrize(
    ("written", "path"),
    [
        (r"/service\+path", "/service+path"),
        (r"^/a\.b$", "/a.b"),
        ("^/a$", "/a"),
        ("^/$", "/"),
        (r"\/a\/.*", "/a/*"),
        (r"/v1\.0/.*", "/v1.0/*"),
        (r"/f\(x\)", "/f(x)"),
    ],
)
def test_an_expression_with_escaped_characters(written: str, path: str) -> None:
    assert normalize_path(written) == path
    assert check_path("resources", written) is None


@pytest.mark.parametrize(
    "path",
    ["", "^", "$", "^$", "^/a", "/a$", r"^/a\.b", "a", r"\.a", "a/*", "/a.*", r"/a\d", "/a+b"],
)
def test_other_texts_stay_as_they_are(path: str) -> None:
    assert normalize_path(path) == path


SEGMENTS = st.text("abc.-_~%+ ", min_size=1).filter(lambda text: text.strip() == text)
PATHS = st.lists(SEGMENTS).map(lambda segments: "".join(f"/{segment}" for segment in segments))
SPACE = st.text(" \t\n\xa0", min_size=1)


@given(PATHS, st.sampled_from(["/*", "/.*", "/"]), SPACE, st.sampled_from(["before", "after"]))
def test_white_space_around_a_path(path: str, end: str, space: str, side: str) -> None:
    path = f"{path}{end}"
    assume(check_path("resources", path) is None)
    meant = normalize_path(path)
    for written in (space + path, path + space):
        assert refused(written).message.endswith(" has white space that is not part of the path.")
        assert refused(written).hint == f"did you mean {meant!r}?"


@given(PATHS, SPACE, st.sampled_from(["*", ".*"]))
def test_white_space_before_a_wildcard(path: str, space: str, wildcard: str) -> None:
    assume(check_path("resources", f"{path}/{wildcard}") is None)
    assert refused(f"{path}/{space}{wildcard}").hint == f"did you mean {f'{path}/*'!r}?"


@given(PATHS, st.sampled_from([r"/\*", "/*$", r"/\*$"]), st.booleans())
def test_an_expression_that_matches_a_star_or_slashes(
    path: str, end: str, is_anchored: bool
) -> None:
    r"""`/api/\*` matches ``/api/*``, and `/api/*$` matches ``/api//``, but not ``/api/x``."""
    assume(check_path("resources", f"{path}/*") is None)
    below = f"everything below {path!r}" if path else "every path"
    written = f"{'^' if is_anchored else ''}{path}{end}"
    assert refused(written).hint == f"did you mean {f'{path}/*'!r}, which matches {below}?"


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("api/* ", "did you mean '/api/*'?"),
        (" ", LISTED),
        ("/api /*", "did you mean '/api/*'?"),
        (r"/a\*b", LISTED),
        (r"/api\*", "did you mean '/api/*', which matches everything below '/api'?"),
        (r"\*", "did you mean '/*', which matches every path?"),
    ],
)
def test_other_texts_with_white_space_or_a_star(written: str, hint: str) -> None:
    assert refused(written).hint == hint


def test_two_spellings_of_a_path() -> None:
    same: Any = {"/api/*": Policy(origins="*"), "/api/.*": Policy(origins="*")}
    assert [entry.problem for entry in read_patterns("resources", same)] == [None, None]
    CORSMiddleware(Application(), resources=same)
    same["/api*"] = None
    with pytest.raises(PolicyError) as raised:
        CORSMiddleware(Application(), resources=same)
    (problem,) = raised.value.problems
    assert (problem.option, problem.value, problem.reason, problem.message, problem.hint) == (
        "resources['/api*']",
        "/api*",
        "given_twice",
        "'/api*' matches the same paths as '/api/*', with another value.",
        "keep one of them, '/api/*'.",
    )


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        (re.compile("/api/.*"), "did you mean '/api/*'?"),
        (re.compile("^/(a|b)$"), "list the paths: '/a', '/b'."),
    ],
)
def test_a_compiled_expression(path: re.Pattern[str], hint: str) -> None:
    problem = refused(path)
    assert (problem.reason, problem.hint) == ("wrong_type", hint)
    assert problem.option == f"resources[{path!r}]"


@pytest.mark.parametrize(
    "path",
    [b"/api", 1, None, ("/a", "/b"), re.compile(b"/api/.*"), re.compile("/a", re.IGNORECASE)],
)
def test_a_path_of_another_type(path: object) -> None:
    problem = refused(path)
    assert problem.reason == "wrong_type"
    assert problem.hint is not None
    assert "/api/*" in problem.hint


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/*",
        "/api",
        "/api/*",
        "/a/b/c/*",
        "/a b",
        "/caf\xe9",
        "/100%",
        "/a+b",
        "//x",
        "//*",
        "/c++",
        "/Products(1)",
        "/f(x)/*",
        "/f(x",
        "/f)",
        "/$metadata",
        "/a:b",
        "/v1.0",
    ],
)
def test_a_path_that_is_accepted(path: str) -> None:
    CORSMiddleware(Application(), resources={path: POLICY})


def test_all_problems_of_resources_at_once() -> None:
    policy: Any = "*"
    resources: Any = {"api": {"origins": "*"}, "/x": "*", "/ok": None}
    debug: Any = "no"
    with pytest.raises(PolicyError) as raised:
        CORSMiddleware(Application(), policy, resources=resources, debug=debug)
    assert [(problem.option, problem.reason) for problem in raised.value.problems] == [
        ("policy", "wrong_type"),
        ("resources['api']", "malformed_path"),
        ("resources['api']", "wrong_type"),
        ("resources['/x']", "wrong_type"),
        ("debug", "wrong_type"),
    ]


@pytest.mark.parametrize(
    ("path", "is_dotted"),
    [
        ("/api/..", True),
        ("/api/../x", True),
        ("/./api", True),
        ("/..", True),
        ("/api/...", False),
        ("/api/.x", False),
        ("/api/x..", False),
        ("/api/.../x", False),
    ],
)
def test_paths_with_dot_segments(path: str, is_dotted: bool) -> None:
    assert (check_path("path", path) is None) is not is_dotted
    assert PathPatterns({path: "own"}, "dotted").find(path, "none") == (
        "dotted" if is_dotted else "own"
    )
    patterns = PathPatterns({"/*": "root"}, dotted="dotted")
    assert patterns.find(path, "none") == ("dotted" if is_dotted else "root")
    assert PathPatterns({"/*": "root"}).find(path, "none") == "root"


def test_as_wsgi() -> None:
    assert as_wsgi("/caf\xe9") == "/caf\xc3\xa9"
    assert PathPatterns({"/caf\xe9/*": True}).find("/caf\xc3\xa9/x", False)


class Path(str):
    """A path that cannot be hashed, and counts how often it was searched and how much was taken."""

    searched = taken = 0

    def __hash__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, place: Any) -> str:
        part = super().__getitem__(place)
        self.taken = max(self.taken, len(part))
        return part

    def find(self, *arguments: Any) -> int:
        self.searched += 1
        return super().find(*arguments)


@pytest.mark.parametrize(
    "path", ["/x" * 40_000, "/" + "x" * 80_000, "/" * 80_000, "/" + "x" * 80_000 + "/x"]
)
def test_a_long_path_is_neither_read_nor_walked(path: str) -> None:
    resources = PathPatterns({"/api/*": True, "/a/b/c/d/*": True})
    long = Path(path)
    assert resources.find(long, False) is False
    assert long.searched <= 6, "no further than the deepest pattern"
    assert long.taken <= len("/a/b/c/d"), "the time to hash a text grows with its length"


def test_a_segment_that_only_begins_like_a_dot_segment() -> None:
    patterns = PathPatterns({"/*": "root"}, dotted="dotted")
    assert patterns.find("/..\n", "none") == "root"


@pytest.mark.parametrize("path", ["/X*", "/Xa*", "/aX*", "/X/a*", "/a/X*"])
def test_a_path_keeps_its_segments(path: str) -> None:
    assert normalize_path(path) == f"{path.removesuffix('*')}/*"
