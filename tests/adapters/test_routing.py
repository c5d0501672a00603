"""MethodRouter: which rule a URL and a method lead to, and how often a path is matched."""

from __future__ import annotations

import pytest

from corswsgi.adapters import MethodRouter

Step = int | str | frozenset[str] | None


class Router(MethodRouter[int]):
    """Has a table of matches by path and method, and counts the matches."""

    def __init__(self, matches: dict[tuple[str | None, str], Step], alike: str = "") -> None:
        super().__init__("/start")
        self.matches = matches
        self.alike = alike
        self.matched: list[tuple[str | None, str]] = []

    def match(self, path: str | None, method: str) -> Step:
        self.matched.append((path, method))
        return self.matches.get((path, method))

    def are_alike(self, path: str | None, one: str, other: str, step: Step) -> bool:
        assert step is None or step in self.matches.values()
        return {one, other} <= {*self.alike.split()}


@pytest.mark.parametrize(
    ("matches", "method", "found"),
    [
        ({(None, "GET"): 1}, "GET", (1, "/start")),
        ({(None, "GET"): 1}, "PUT", (None, "/start")),
        ({(None, "PATCH"): 1}, "patch", (1, "/start")),
        ({(None, "GET"): 1}, "", (1, "/start")),
        # Redirects: the path is encoded, and the one that is matched next is not.
        ({(None, "GET"): "/\xe9", ("/\xe9", "GET"): 0}, "GET", (0, "/\xc3\xa9")),
        ({(None, "GET"): "/a", ("/a", "GET"): "/b", ("/b", "GET"): 2}, "GET", (2, "/b")),
        ({(None, "GET"): "/a", ("/a", "GET"): "/a"}, "GET", (None, "/a")),
        # Other methods, the usual ones first.
        ({(None, "PUT"): frozenset({"A", "POST"}), (None, "POST"): 3}, "PUT", (3, "/start")),
        ({(None, "PUT"): frozenset({"B", "A"}), (None, "A"): 4}, "PUT", (4, "/start")),
    ],
)
def test_matches(
    matches: dict[tuple[str | None, str], Step], method: str, found: tuple[int | None, str]
) -> None:
    assert Router(matches).find(method) == found


def test_a_path_is_matched_once_for_methods_that_are_alike() -> None:
    router = Router({(None, "GET"): "/a", ("/a", "GET"): 1, ("/a", "PUT"): 2}, "GET POST")
    for _ in range(2):
        for method in ("GET", "POST", "get"):
            assert router.find(method) == (1, "/a")
    assert router.matched == [(None, "GET"), ("/a", "GET")]
    assert router.find("PUT") == (None, "/start")


def test_loops_end() -> None:
    """A redirect may be followed five times."""
    long: dict[tuple[str | None, str], Step] = {(None, "GET"): "/1"}
    for number in range(1, 5):
        long[f"/{number}", "GET"] = f"/{number + 1}"
    assert Router({**long, ("/5", "GET"): 1}).find("GET") == (1, "/5")
    assert Router({**long, ("/5", "GET"): "/6", ("/6", "GET"): 1}).find("GET") == (None, "/6")
