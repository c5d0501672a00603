"""Path patterns that come closest to the regular expressions of other libraries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from corswsgi.paths import check_path

MAX_ALTERNATIVES = 50
"""Of one expression. Beyond, the patterns are those of the application's routes."""

# The innermost group, and how it is repeated.
_group = re.compile(r"\((?:\?:)?((?:[^()\\]|\\.)*)\)([?*+]?)").search
_open_end = re.compile(r"(?:/?\.[*+]|/?\*)\??$").search

_UNKNOWN = "("


def path_patterns(expression: re.Pattern[str], routes: Mapping[str, str]) -> tuple[str, ...]:
    """Return the path patterns for an expression that matches the start of a path.

    `routes` maps paths of the application to the patterns for their routes. If the expression has
    no counterpart, the result is the patterns for those routes that it matches.
    """
    found = [_translated(part) for part in _expanded(expression.pattern)]
    if None in found:
        found = [pattern for path, pattern in routes.items() if expression.match(path)]
    return tuple(dict.fromkeys(pattern for pattern in found if pattern is not None))


def literal_pattern(path: str) -> str:
    """Return the path pattern for a path that is not an expression."""
    return path if check_path("", path) is None else f"/{path.strip('/')}"


def covers(pattern: str, other: str) -> bool:
    """Return whether a path pattern matches everything that another one matches."""
    if not pattern.endswith("/*"):
        return pattern == other
    return f"{other.removesuffix('/*')}/".startswith(pattern[:-1])


def _translated(text: str) -> str | None:
    """Return the pattern for an expression without groups; None if there is none."""
    plain = re.sub(r"\\([-/._])", r"\1", text.removeprefix("^").removesuffix("$"))
    end = _open_end(plain)
    if end is not None or not text.endswith("$"):
        plain = f"{plain[: end.start() if end else None].rstrip('/')}/*"
    if re.search(r"[][\\?+(){}|^$]", plain) or check_path("", plain) is not None:
        return None
    return plain


def _expanded(text: str) -> Iterator[str]:
    """Yield the alternatives of an expression, without groups."""
    waiting = [text]
    while waiting:
        part = waiting.pop(0)
        group = _group(part)
        if group is None:
            yield from part.split("|")
        elif group[1].startswith("?") or group[2] in ("*", "+") or len(waiting) > MAX_ALTERNATIVES:
            yield _UNKNOWN  # a look-ahead, or a repetition
        else:
            branches = [*group[1].split("|"), *([""] if group[2] else [])]
            before, after = part[: group.start()], part[group.end() :]
            waiting += [before + branch + after for branch in branches]
