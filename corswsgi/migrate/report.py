"""The report: the configuration to paste, and every difference in a sentence."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from .comparison import Attempt

if TYPE_CHECKING:
    from corswsgi.browser import Credentials

    from .comparison import Change, Comparison, Difference, Route
    from .migration import Migration

WIDTH = 79
MAX_NAMED = 3
"""How many origins or routes a sentence names, if there are more."""

TITLES: dict[Change, str] = {
    "lost": "Worked for a listed origin, and will be blocked. Look at each of these:",
    "closed": "Open to origins that are not listed, and will be closed:",
    "opened": "Blocked until now, and will be readable:",
}
COUNTED: dict[Change, str] = {
    "lost": "worked for a listed origin, will be blocked",
    "closed": "open to other origins, will be blocked",
    "opened": "blocked, will be readable",
}
EFFECTS: dict[Change, str] = {
    "lost": "was readable, will be blocked",
    "closed": "was readable, will be blocked",
    "opened": "was blocked, will be readable",
}


# For a header, and with or without cookies (None: both): the methods.
_How = tuple[tuple[tuple[str, str] | None, str | None, tuple[str, ...]], ...]


class _Sentence(NamedTuple):
    """Differences that are told in one sentence."""

    methods: tuple[str, ...]
    routes: tuple[Route, ...]
    origins: tuple[str, ...]
    header: tuple[str, str] | None
    credentials: str | None
    """None: with and without cookies."""


def report(migration: Migration, comparison: Comparison, *, everything: bool = False) -> str:
    """Return the report about a migration. It fits into 80 columns."""
    parts = [
        f"{migration.library} {migration.version}".strip() + f" in {migration.place}",
        *_imports(migration),
        *_configuration(migration),
        *_remarks(migration),
        _summary(comparison),
    ]
    for change, title in TITLES.items():
        found = [each for each in comparison.differences if each.change == change]
        sentences = _all(found) if everything else _grouped(found)
        lines = [_wrapped(_text(change, each), "  - ", "    ") for each in sentences]
        if lines:
            parts.append("\n".join([title, *lines]))
    return "\n\n".join(parts) + "\n"


def _imports(migration: Migration) -> Iterator[str]:
    if migration.imports:
        lines = [_wrapped(text, "  - ", "    ") for text in migration.imports]
        yield "\n".join(["Change these imports:", *lines])


def _configuration(migration: Migration) -> Iterator[str]:
    yield "Paste this configuration:"
    for snippet in migration.snippets:
        title = f"# {snippet.title}\n" if snippet.title else ""
        yield textwrap.indent(f"{title}{snippet.source}", "    ")


def _remarks(migration: Migration) -> Iterator[str]:
    if migration.remarks:
        lines = [_wrapped(text, "  - ", "    ") for text in dict.fromkeys(migration.remarks)]
        yield "\n".join(["Note:", *lines])


def _summary(comparison: Comparison) -> str:
    routes, origins = len(comparison.routes), len(comparison.origins)
    text = (
        f"Compared {_counted(routes, 'route')} and {_counted(origins, 'origin')} in "
        f"{_counted(comparison.fetches, 'fetch', 'fetches')}, without running views: "
    )
    counts = [
        f"  {words}: {sum(each.change == change for each in comparison.differences)}"
        for change, words in COUNTED.items()
    ]
    if not comparison.differences:
        return _wrapped(f"{text}no differences.", "", "")
    return "\n".join([_wrapped(text.strip(), "", ""), *counts])


def _counted(number: int, noun: str, plural: str | None = None) -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def _all(differences: Iterable[Difference]) -> Iterator[_Sentence]:
    for _, route, origin, attempt in differences:
        method, header, credentials = attempt
        yield _Sentence((method,), (route,), (origin,), header, credentials)


def _grouped(differences: Iterable[Difference]) -> Iterator[_Sentence]:
    """Yield few sentences: each for all routes, origins and methods with the same difference."""
    attempts: dict[tuple[Route, str], list[Attempt]] = {}
    for _, route, origin, attempt in differences:
        attempts.setdefault((route, origin), []).append(attempt)
    routes: dict[tuple[str, _How], list[Route]] = {}
    for (route, origin), tried in attempts.items():
        routes.setdefault((origin, _summarized(tried)), []).append(route)
    origins: dict[tuple[tuple[Route, ...], _How], list[str]] = {}
    for (origin, how), found in routes.items():
        origins.setdefault((tuple(found), how), []).append(origin)
    for (which, how), pages in origins.items():
        for header, credentials, methods in how:
            yield _Sentence(methods, which, tuple(pages), header, credentials)


def _summarized(attempts: Collection[Attempt]) -> _How:
    """Return methods by header and credentials.

    A difference without a header covers those with headers.
    """
    found: dict[tuple[tuple[str, str] | None, str | None], dict[str, None]] = {}
    for method, header, credentials in attempts:
        if header is None or Attempt(method, None, credentials) not in attempts:
            other: Credentials = "omit" if credentials == "include" else "include"
            is_both = Attempt(method, header, other) in attempts
            found.setdefault((header, None if is_both else credentials), {})[method] = None
    return tuple((*key, tuple(methods)) for key, methods in found.items())


def _text(change: Change, sentence: _Sentence) -> str:
    methods, routes, origins, header, credentials = sentence
    given = {"include": ["with cookies"], "omit": ["without cookies"], None: []}[credentials]
    given += [] if header is None else [f"with the header {header[0]}"]
    how = f" {' and '.join(given)}" if given else ""
    where = _named([route.path for route in routes], "routes")
    return f"{', '.join(methods)} {where} from {_named(origins, 'origins')}{how}: {EFFECTS[change]}"


def _named(texts: Iterable[str], noun: str) -> str:
    each = [*dict.fromkeys(texts)]
    if len(each) <= MAX_NAMED + 1:
        return ", ".join(each)
    return f"{', '.join(each[:MAX_NAMED])} and {len(each) - MAX_NAMED} more {noun}"


def _wrapped(text: str, first: str, other: str) -> str:
    return textwrap.fill(
        text,
        width=WIDTH,
        initial_indent=first,
        subsequent_indent=other,
        break_long_words=False,
        break_on_hyphens=False,
    )
