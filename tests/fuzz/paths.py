"""Path patterns, compared with the documented rule: the longest pattern that matches wins."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

from corswsgi import CORSMiddleware, Policy
from corswsgi.path_expressions import find_meaning
from corswsgi.paths import PathPatterns, check_path
from tests.helpers.wsgi import Application, environ_of, send

APP = "https://app.example.com"

SEGMENTS = st.sampled_from(["a", "b", "ab", "A", "", ".", "..", "...", ".a", "caf\xe9", "a b", "*"])
PATTERNS = st.builds(
    lambda segments, end: "/" + "/".join(segments) + end,
    st.lists(SEGMENTS, max_size=4),
    st.sampled_from(["", "/*", "/"]),
)
# As they are sent: escaped, or encoded twice.
SENT = st.lists(
    SEGMENTS
    | st.sampled_from(["%2e", "%2E%2e", "..%2f", "%2fa", "a%2fb", "%61", "%2561", "%252e"]),
    max_size=5,
).map(lambda segments: "/" + "/".join(segments))
# Segments of expressions. One that begins with a letter never ends with a wildcard.
_ALTERNATIVES = st.lists(
    st.sampled_from(["a", "b", "ab", "a/b", "b/.*", "a(/.*)?", "[ab]", "[^/]+"]),
    min_size=1,
    max_size=3,
).map("|".join)
_PARTS = (
    st.sampled_from(
        ["/a", "/ab", "/b?", "/[ab]", r"/\d+", "/[a-z]*", "/.*", "/.+", "/*", "/", "/?"]
    )
    | _ALTERNATIVES.map("/({})".format)
    | _ALTERNATIVES.map("(/({}))?".format)
    | _ALTERNATIVES.map("(/({}))+".format)
    | st.sampled_from(["a", "b", "ab$", "a|b"]).map("/(?!{})".format)
)
PATH_EXPRESSIONS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "^"]),
    st.lists(_PARTS, min_size=1, max_size=4).map("".join),
    st.sampled_from(["", "", "$"]),
).map(re.compile)
RECEIVED = st.text() | st.text(st.sampled_from("/.a*\n"), max_size=12)


def as_received(text: str) -> str:
    """Return a path as in PATH_INFO: bytes as Latin-1."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def find(patterns: list[str], path: str) -> str | None:
    """Return the longest pattern that matches a path; it is longer than its ``/*``."""
    found = [pattern for pattern in patterns if as_received(pattern) == path]
    for pattern in patterns:
        below = as_received(pattern.removesuffix("/*"))
        if pattern.endswith("/*") and (path == below or path.startswith(f"{below}/")):
            found.append(pattern)
    # An exact match wins: /a over /a/*.
    return min(
        found, key=lambda pattern: (-len(pattern.removesuffix("/*")), len(pattern)), default=None
    )


def is_dotted(path: str) -> bool:
    """Return whether a path has a segment that is resolved like ``..``."""
    return any(segment in (".", "..") for segment in path.split("/")[1:])


def accepted(patterns: list[str]) -> list[str]:
    """Return the patterns that are accepted."""
    return [pattern for pattern in patterns if check_path("path", pattern) is None]


def check_find(patterns: list[str], path: str) -> None:
    """The longest pattern wins. Paths with dot segments have a value of their own."""
    patterns = accepted(patterns)
    compiled: PathPatterns[str | None] = PathPatterns({pattern: pattern for pattern in patterns})
    assert compiled.find(path, None) == find(patterns, path)
    dotted: PathPatterns[str | None] = PathPatterns(dict.fromkeys(patterns, "x"), dotted="dotted")
    found = "x" if find(patterns, path) else None
    assert dotted.find(path, None) == ("dotted" if is_dotted(path) else found)


def check_middleware(patterns: list[str], sent: str) -> None:
    """A request gets the policy of its decoded path, and none for ambiguous paths."""
    patterns = accepted(["/only", *patterns])
    resources = {
        pattern: Policy(origins="*", expose_headers=[f"X-{number}"])
        for number, pattern in enumerate(patterns)
    }
    application = Application()
    middleware = CORSMiddleware(application, resources=resources)
    environ = environ_of(sent, headers=[("Origin", APP)])
    path: str = environ["PATH_INFO"]
    response = send(middleware, environ)
    assert application.runs == 1
    pattern = find(patterns, path)
    expected: dict[str, str] = {}
    if pattern is not None:
        expected["Access-Control-Allow-Origin"] = "*"
        expected["Access-Control-Expose-Headers"] = f"X-{patterns.index(pattern)}"
    if is_dotted(path):
        expected = {"Vary": "Origin"}
    assert response.cors == expected


def check_meaning(expression: re.Pattern[str], data: Any) -> None:
    """The suggested patterns match all paths that an expression matches, and hardly any others."""
    meaning = find_meaning(expression)
    if meaning is None:
        return
    values = dict.fromkeys(meaning.patterns, True) | dict.fromkeys(meaning.excluded, False)
    assert accepted([*values]) == [*values]
    patterns = PathPatterns(values)
    path = data.draw(st.from_regex(expression, fullmatch=True, alphabet="/abc1"))
    assert not path.startswith("/") or patterns.find(path, False)
    if not meaning.is_wide:
        pattern = data.draw(st.sampled_from(meaning.patterns))
        below = data.draw(st.sampled_from(["", "/", "/a", "/c/1"]))
        path = pattern.removesuffix("/*") + below if pattern.endswith("/*") else pattern
        # `/.+` and `(?!...)` leave a few of them out, and `/*` is read as a wildcard.
        longer = (path, f"{path}/", f"{path}/c")
        written = re.compile(expression.pattern.replace("/*", "(/.*)?"))
        assert not patterns.find(path, False) or any(map(written.match, longer))
