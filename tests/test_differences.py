"""Differences: near misses of origins and of paths."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import CORSRequest, Policy, decide
from corswsgi.differences import (
    NearOrigin,
    explain_expression,
    explain_no_pattern,
    nearest_origin,
    similar_pattern,
)
from corswsgi.origins import parse_origin
from corswsgi.paths import PathPatterns

EXPRESSION = re.compile(r"https://\w+\.example\.com")


def is_open(origin: str) -> bool:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("origin", "rules", "expected"),
    [
        ("http://a.test", ["https://a.test"], ("origin_scheme", "https://a.test")),
        ("https://a.test", ["http://a.test"], ("origin_scheme", "http://a.test")),
        ("capacitor://localhost", ["http://localhost"], ("origin_scheme", "http://localhost")),
        ("http://a.test:8000", ["http://a.test"], ("origin_port", "http://a.test")),
        ("http://a.test", ["http://a.test:8000"], ("origin_port", "http://a.test:8000")),
        ("http://a.test:1", ["http://a.test:2"], ("origin_port", "http://a.test:2")),
        ("https://www.a.test", ["https://a.test"], ("origin_www", "https://a.test")),
        ("https://a.test", ["https://www.a.test"], ("origin_www", "https://www.a.test")),
        *(
            (f"http://{one}:5173", [f"http://{other}:5173"], ("origin_host_alias", f"{other}:5173"))
            for one, other in [
                ("localhost", "127.0.0.1"),
                ("127.0.0.1", "[::1]"),
                ("[::1]", "localhost"),
                ("0.0.0.0", "localhost"),
                ("localhost", "0.0.0.0"),
            ]
        ),
        ("https://a.test/", ["https://a.test"], ("origin_slash", "https://a.test")),
        ("https://a.test", ["https://a.test/"], ("origin_slash", "https://a.test/")),
        ("https://A.test", ["https://a.test"], ("origin_case", "https://a.test")),
        ("https://a.test", ["https://A.TEST"], ("origin_case", "https://A.TEST")),
        ("app://ABC", ["app://abc"], ("origin_case", "app://abc")),
        # Two differences: the host is named first.
        ("http://localhost:1", ["http://127.0.0.1:2"], ("origin_host_alias", "http://127.0.0.1:2")),
        ("http://a.test:8000", ["https://a.test"], ("origin_scheme", "https://a.test")),
        # The nearest one counts, and of equal ones the first.
        (
            "http://a.test:1",
            ["https://a.test", "http://a.test", "http://a.test:2"],
            ("origin_port", "http://a.test"),
        ),
        # More differences, and others.
        ("http://localhost:1", ["https://127.0.0.1:2"], None),
        ("https://a.test", ["https://b.test", "https://x.a.test", "https://a.test.evil"], None),
        ("https://a.test", ["https://a.test"], None),
        ("http://a.localhost:1", ["http://localhost:1", "http://b.localhost:1"], None),
        ("null", ["https://a.test"], None),
        ("", ["https://a.test"], None),
        ("https://a.test", ["*", "null", "", is_open, 7], None),
    ],
)
def test_origins(origin: str, rules: list[Any], expected: tuple[str, str] | None) -> None:
    near = nearest_origin(origin, rules)
    if expected is None:
        assert near is None
    else:
        assert near is not None
        assert near.cause == expected[0]
        assert near.listed == near.allowed
        assert near.listed.endswith(expected[1])
        assert near.listed in rules


@pytest.mark.parametrize(
    ("origin", "rule", "cause", "allowed"),
    [
        ("http://a.b.example.org", "https://*.example.org", "scheme", "https://a.b.example.org"),
        ("https://a.example.org:1", "https://*.example.org", "port", "https://a.example.org"),
        ("https://example.org", "https://*.example.org", "www", "https://www.example.org"),
        ("http://127.0.0.1:7", "http://localhost:*", "host_alias", "http://localhost:7"),
        ("https://localhost:80", "http://localhost:*", "scheme", "http://localhost"),
        ("https://A.example.org", "https://*.example.org", "case", "https://a.example.org"),
        ("http://a.example.com", EXPRESSION, "scheme", "https://a.example.com"),
        ("https://www.a.example.com", EXPRESSION, "www", "https://a.example.com"),
        (
            "https://example.com",
            re.compile(r"https://www\.example\.com"),
            "www",
            "https://www.example.com",
        ),
        ("https://a.example.com/", EXPRESSION, "slash", "https://a.example.com"),
        ("https://A.example.com", EXPRESSION, "case", "https://a.example.com"),
        ("http://[::1]:5", re.compile(r"http://localhost:\d"), "host_alias", "http://localhost:5"),
    ],
)
def test_patterns_and_expressions(origin: str, rule: Any, cause: Any, allowed: str) -> None:
    listed = rule if isinstance(rule, str) else rule.pattern
    assert nearest_origin(origin, [rule]) == NearOrigin(f"origin_{cause}", listed, allowed)  # type: ignore[arg-type] # from a table


@pytest.mark.parametrize(
    ("origin", "rule"),
    [
        ("https://evil.test", "https://*.example.org"),
        ("https://evilexample.org", "https://*.example.org"),
        ("https://evil.test", EXPRESSION),
        ("http://localhost:1", EXPRESSION),
        ("https://a.example.com", EXPRESSION),
    ],
)
def test_unrelated_patterns_and_expressions(origin: str, rule: Any) -> None:
    assert nearest_origin(origin, [rule]) is None


HOSTS = st.sampled_from(
    ["a.test", "www.a.test", "b.a.test", "localhost", "127.0.0.1", "[::1]", "0.0.0.0", "A.test"]
)
ORIGINS = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "https", "app"]),
    HOSTS,
    st.sampled_from(["", ":80", ":443", ":8000"]),
    st.sampled_from(["", "", "/"]),
)
RULES = st.lists(
    st.sampled_from(
        [
            *("https://a.test", "https://*.a.test", "http://a.test:*", "https://*.a.test:*"),
            *("http://localhost:*", "http://127.0.0.1:8000", "http://[::1]", "app://localhost"),
            re.compile(r"https://(\w+\.)?a\.test"),
        ]
    ),
    min_size=1,
    unique=True,
)


@given(ORIGINS, RULES)
def test_the_policy_allows_the_near_origin_and_not_the_other(origin: str, rules: Any) -> None:
    policy = Policy(origins=rules)
    near = nearest_origin(origin, policy.origins)
    if near is not None and not decide(policy, CORSRequest("GET", origin)).allowed:
        assert near.allowed != origin
        assert decide(policy, CORSRequest("GET", near.allowed)).allowed
        assert near.listed in [rule if isinstance(rule, str) else rule.pattern for rule in rules]


@given(st.text(), RULES)
def test_any_text(origin: str, rules: Any) -> None:
    near = nearest_origin(origin, rules)
    assert near is None or parse_origin(origin.rstrip("/").lower())


# Paths.


@pytest.mark.parametrize(
    ("path", "patterns", "text"),
    [
        (
            "/api/x",
            ["/api"],
            "'/api/x'; did you mean '/api/*'? The pattern '/api' matches only itself.",
        ),
        (
            "/api/x",
            ["/api/"],
            "'/api/x'; did you mean '/api/*'? The pattern '/api/' matches only itself.",
        ),
        ("/x", ["/"], "'/x'; did you mean '/*'? The pattern '/' matches only itself."),
        (
            "/x/",
            ["/x", "/y"],
            "'/x/'; did you mean '/x'? A slash at the end makes another path.",
        ),
        ("/x", ["/x/"], "'/x'; did you mean '/x/'? A slash at the end makes another path."),
        ("/API/x", ["/api/*"], "'/API/x'; did you mean '/api/*'? Paths are case-sensitive."),
        ("/api/x", ["/API/*"], "'/api/x'; did you mean '/API/*'? Paths are case-sensitive."),
        ("/item/1", ["/items/*"], "'/item/1'; did you mean '/items/*'?"),
        ("/v1/items", ["/v1/item"], "'/v1/items'; did you mean '/v1/item'?"),
        (
            "/v1/api/x",
            ["/api/*"],
            "'/v1/api/x'; did you mean '/v1/api/*'? The whole path is compared.",
        ),
        ("/apikeys", ["/api/*"], "'/apikeys'. Patterns with a policy: '/api/*'."),
        ("/x", ["/", "/y"], "'/x'. Patterns with a policy: '/', '/y'."),
        ("/", ["/a", "/b/*"], "'/'. Patterns with a policy: '/a', '/b/*'."),
        (
            "/x",
            [f"/a{number}" for number in range(25)],
            (
                "'/x'. Patterns with a policy: '/a0', '/a1', '/a2', '/a3', '/a4', '/a5', "
                "'/a6', '/a7', '/a8', '/a9' and 15 more."
            ),
        ),
        ("/x", [], "'/x'."),
        (
            "/\u00e9t\u00e9/x",
            ["/\u00e9t\u00e9"],
            (
                "'/\\xe9t\\xe9/x'; did you mean '/\\xe9t\\xe9/*'? The pattern '/\\xe9t\\xe9' "
                "matches only itself."
            ),
        ),
        ("/a\n", ["/b"], "'/a\\n'. Patterns with a policy: '/b'."),
    ],
)
def test_path_patterns(path: str, patterns: list[str], text: str) -> None:
    path = path.encode().decode("latin-1")
    assert explain_no_pattern(path, patterns) == f"no policy matches {text}"


@pytest.mark.parametrize(
    ("path", "pattern", "meant"),
    [
        ("/x", "/app/*", "/*"),
        ("/", "/app/*", "/*"),
        ("/api/x", "/app/api/*", "/api/*"),
        ("/health", "/app/health", "/health"),
    ],
)
def test_patterns_with_the_place_where_an_application_is_mounted(
    path: str, pattern: str, meant: str
) -> None:
    assert explain_no_pattern(path, [pattern], "/app") == (
        f"no policy matches {path!r}; did you mean {meant!r}? The application is mounted at "
        "'/app', and only the path below that is compared."
    )


@pytest.mark.parametrize(
    ("path", "expression", "text"),
    [
        ("/plain", "^/api/", "."),
        ("/api", "^/api/", ", which matches '/api/'. A slash at the end makes another path."),
        ("/api/", "^/api$", ", which matches '/api'. A slash at the end makes another path."),
        ("/API/x", "^/api/", ", which matches '/api/x'. Paths are case-sensitive."),
        ("/item/1", "^/items/", ", which matches '/items/1'."),
        (
            "/x",
            "^/app/",
            (
                ", which matches '/app/x'. The application is mounted at '/app', and only the path "
                "below that is compared."
            ),
        ),
        ("/v1/api/x", "^/api/", ", which matches '/api/x'. The whole path is compared."),
        (
            "/\u00e9",
            "^/\u00e9/",
            ", which matches '/\\xe9/'. A slash at the end makes another path.",
        ),
    ],
)
def test_expressions_for_paths(path: str, expression: str, text: str) -> None:
    compiled, path = re.compile(expression), path.encode().decode("latin-1")
    start = explain_expression(path, "URLS", compiled, "/app").partition(". URLS is ")
    assert start[0].startswith("no policy matches '/")
    assert start[2] == f"{expression!a}{text}"


@given(st.text(alphabet="/aA*s\u00e9\x00", max_size=8), st.sampled_from(["", "/a", "/\u00e9"]))
def test_any_path(path: str, mounted_at: str) -> None:
    path = f"/{path}".encode().decode("latin-1")
    for text in (
        explain_no_pattern(path, ["/a", "/as/*", "/"], mounted_at),
        explain_expression(path, "URLS", re.compile("^/a/$"), mounted_at),
    ):
        assert text.startswith("no policy matches '/")
        assert text.isprintable()


@pytest.mark.parametrize(
    ("pattern", "paths", "meant"),
    [
        ("/x", ["/api/x"], "/api/x"),
        ("/x", ["/y", "/api/v1/x"], "/api/v1/x"),
        ("/x/*", ["/api/v1/x/y"], "/api/v1/x/*"),
        ("/x/*", ["/api/x"], "/api/x/*"),
        ("/x/", ["/x"], "/x"),
        ("/x", ["/x/"], "/x/"),
        ("/API/*", ["/api/x/y"], "/api/*"),
        ("/Api/x", ["/api/x"], "/api/x"),
        ("/apis/*", ["/api/x"], "/api/*"),
        ("/item", ["/items"], "/items"),
        ("/x", ["/x/\0"], "/x/*"),
        ("/x/*", ["/api/x/\0"], "/api/x/*"),
        ("/\u00e9", ["/api/\u00c3\u00a9"], "/api/\u00e9"),
        ("/x", ["/y", "/api/y"], None),
        ("/x", [], None),
    ],
)
def test_a_pattern_like_one_that_matches_nothing(
    pattern: str, paths: list[str], meant: str | None
) -> None:
    assert similar_pattern(pattern, paths) == meant
    if meant is not None:
        assert any(PathPatterns({meant: True}).find(path, False) for path in paths)


segments = st.lists(st.sampled_from(["a", "A", "as", "b", ""]), max_size=4)


@given(segments, st.booleans(), st.lists(segments, max_size=3))
def test_a_similar_pattern_matches_a_path(
    own: list[str], below: bool, others: list[list[str]]
) -> None:
    pattern = "/" + "/".join([*own, "*"] if below else own)
    paths = ["/" + "/".join(each) for each in others]
    meant = similar_pattern(pattern, paths)
    assert meant is None or any(PathPatterns({meant: True}).find(path, False) for path in paths)
