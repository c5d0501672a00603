"""Differences: the listed origin or path pattern that a request misses by a little."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from .errors import safe_repr
from .origins import DEFAULT_PORTS, Origin, OriginPattern, is_loopback, parse_origin, parse_pattern
from .paths import PathPatterns

OriginDifference = Literal[
    "origin_scheme",
    "origin_port",
    "origin_www",
    "origin_host_alias",
    "origin_slash",
    "origin_case",
]
"""By what an origin differs from a listed one."""

# With more differences, an origin is just another one.
_MAX_DIFFERENCES = 2

# How a path differs from one that matches, and what to know about that.
_Difference = Literal["slash", "case", "mount", "number", "prefix"]
_EXPLAINED: dict[_Difference, str] = {
    "slash": " A slash at the end makes another path.",
    "case": " Paths are case-sensitive.",
    "mount": " The application is mounted at {}, and only the path below that is compared.",
    "number": "",
    "prefix": " The whole path is compared.",
}

_MAX_LISTED = 10


class NearOrigin(NamedTuple):
    """A listed origin that differs a little from another one."""

    cause: OriginDifference
    listed: str
    """The origin, the pattern, or the source of the expression, as it is listed."""
    allowed: str
    """An origin that `listed` allows."""


def nearest_origin(origin: str, rules: Iterable[object]) -> NearOrigin | None:
    """Return the rule that differs least from an origin that no rule allows; None if all do a lot.

    `origin` and the `rules` may be in forms that browsers do not send, such as with a slash at the
    end. Rules that are not origin patterns or expressions are left out.
    """
    plain = parse_origin(_plain(origin))
    if plain is None:
        return None
    found: list[tuple[int, NearOrigin]] = []
    for rule in rules:
        if isinstance(rule, str):
            found += _compare(origin, plain, rule)
        elif isinstance(rule, re.Pattern):
            found += _compare_expression(origin, plain, rule)
    return min(found, key=lambda each: each[0])[1] if found else None


def _plain(text: str) -> str:
    return text.rstrip("/").lower()


def _compare(origin: str, plain: Origin, rule: str) -> Iterator[tuple[int, NearOrigin]]:
    """Yield the number of differences from an origin pattern, and the most important of them."""
    pattern = parse_pattern(_plain(rule))
    host = None if pattern is None else _compare_hosts(plain.host, pattern)
    if pattern is None or host is None:
        return
    causes, allowed_host = host
    port = plain.port if pattern.port == "*" else pattern.port
    if plain.scheme != pattern.scheme:
        causes.append("origin_scheme")
    if plain.port != port:
        causes.append("origin_port")
    if origin.endswith("/") != rule.endswith("/"):
        causes.append("origin_slash")
    if origin.islower() != rule.islower():
        causes.append("origin_case")
    if 0 < len(causes) <= _MAX_DIFFERENCES:
        allowed = rule if pattern.is_exact else _written(pattern.scheme, allowed_host, port)
        yield len(causes), NearOrigin(causes[0], rule, allowed)


def _compare_hosts(host: str, pattern: OriginPattern) -> tuple[list[OriginDifference], str] | None:
    """Return how a host differs from that of a pattern, and a host that matches; None: a lot."""
    if pattern.subdomains:
        if host.endswith(f".{pattern.host}"):
            return [], host
        return (["origin_www"], f"www.{host}") if host == pattern.host else None
    if host == pattern.host:
        return [], host
    if host.removeprefix("www.") == pattern.host.removeprefix("www."):
        return ["origin_www"], pattern.host
    if _is_this_machine(host) and _is_this_machine(pattern.host):
        return ["origin_host_alias"], pattern.host
    return None


def _is_this_machine(host: str) -> bool:
    """Return whether a host is one of the names that people use for their own machine."""
    # Names under localhost are used for different applications.
    is_own = is_loopback(host) and not host.endswith(".localhost")
    return is_own or host == "0.0.0.0"  # noqa: S104 - compared, not bound


def _compare_expression(
    origin: str, plain: Origin, expression: re.Pattern[str]
) -> Iterator[tuple[int, NearOrigin]]:
    """Yield the first origin with one difference that an expression matches."""
    scheme, host, port = plain
    near: list[tuple[OriginDifference, str]] = [
        ("origin_slash" if origin.endswith("/") else "origin_case", _written(scheme, host, port)),
        ("origin_scheme", _written("http" if scheme == "https" else "https", host, port)),
        ("origin_www", _written(scheme, host.removeprefix("www."), port)),
        ("origin_www", _written(scheme, f"www.{host}", port)),
    ]
    if _is_this_machine(host):
        aliases = ("localhost", "127.0.0.1", "[::1]")
        near += [("origin_host_alias", _written(scheme, alias, port)) for alias in aliases]
    for cause, text in near:
        if text != origin and expression.fullmatch(text):
            yield 1, NearOrigin(cause, expression.pattern, text)
            return


def _written(scheme: str, host: str, port: int | str | None) -> str:
    return f"{scheme}://{host}" + ("" if port in (None, DEFAULT_PORTS.get(scheme)) else f":{port}")


def explain_no_pattern(path: str, patterns: Iterable[str], mounted_at: str = "") -> str:
    """Explain that no path pattern matches a path, and name one that may have been meant.

    `path` and `mounted_at` are WSGI's PATH_INFO and SCRIPT_NAME.
    """
    written = [*patterns]
    text = f"no policy matches {safe_repr(_decoded(path))}"
    meant = _nearest_pattern(path, written, mounted_at)
    if meant is not None:
        pattern, why = meant
        return f"{text}; did you mean {safe_repr(pattern)}?{why}"
    listed = ", ".join(map(safe_repr, written[:_MAX_LISTED]))
    more = f" and {len(written) - _MAX_LISTED} more" if len(written) > _MAX_LISTED else ""
    return f"{text}. Patterns with a policy: {listed}{more}." if listed else f"{text}."


def explain_expression(
    path: str, setting: str, expression: re.Pattern[str], mounted_at: str = ""
) -> str:
    """Explain that the expression of a setting does not match a path, and name one that matches.

    `path` and `mounted_at` are as in `explain_no_pattern`. The expression is for decoded paths.
    """
    text = (
        f"no policy matches {safe_repr(_decoded(path))}. {setting} is "
        f"{safe_repr(expression.pattern)}"
    )
    for difference, near in _near_paths(_decoded(path), _decoded(mounted_at)):
        if expression.match(near):
            why = _EXPLAINED[difference].format(safe_repr(mounted_at))
            return f"{text}, which matches {safe_repr(near)}.{why}"
    return f"{text}."


def _nearest_pattern(path: str, patterns: list[str], mounted_at: str) -> tuple[str, str] | None:
    """Return the pattern that may have been meant, and a sentence about the difference."""
    exact = PathPatterns({pattern: pattern for pattern in patterns})
    lower = PathPatterns({pattern.lower(): pattern for pattern in patterns})
    for difference, near in _near_paths(path, mounted_at):
        found = (lower if difference == "case" else exact).find(near, "")
        if found:
            why = _EXPLAINED[difference].format(safe_repr(_decoded(mounted_at)))
            if difference == "mount":
                # Without the place where it is mounted.
                below = found.removeprefix(_decoded(mounted_at))
                found = below if below != found and below.startswith("/") else "/*"
            elif difference == "prefix":
                found = _decoded(path.removesuffix(near)) + found
            return found, why
    for pattern in patterns:
        # `/` alone is not meant for everything if there are others.
        if not pattern.endswith("*") and (pattern != "/" or len(patterns) == 1):
            below = pattern.rstrip("/") + "/"
            if _decoded(path).startswith(below):
                return f"{below}*", f" The pattern {safe_repr(pattern)} matches only itself."
    return None


def similar_pattern(pattern: str, paths: Iterable[str]) -> str | None:
    """Return a pattern for one of some paths that differs a little from one for none of them.

    `paths` are those of WSGI.
    """
    plain = pattern.removesuffix("/*")
    exact, lower = PathPatterns({pattern: True}), PathPatterns({pattern.lower(): True})
    for path in paths:
        for difference, near in _near_paths(path, ""):
            if (lower if difference == "case" else exact).find(near, False):
                depth = plain.count("/") + path.count("/") - near.count("/") + 1
                start = "/".join(path.split("/")[:depth])
                return _decoded(path if plain == pattern else f"{start}/*")
        if _decoded(path).startswith(below := pattern.rstrip("/") + "/"):
            return f"{below}*"
    return None


def _near_paths(path: str, mounted_at: str) -> Iterator[tuple[_Difference, str]]:
    """Yield paths that differ from `path` in one way, the most likely ones first."""
    if path.endswith("/"):
        yield "slash", path.rstrip("/")
    else:
        yield "slash", f"{path}/"
    yield "case", path.lower()
    if mounted_at:
        yield "mount", mounted_at + path
    segments = path.split("/")
    for place, segment in enumerate(segments[:_MAX_LISTED]):
        if segment:
            other = segment.removesuffix("s") if segment.endswith("s") else f"{segment}s"
            yield "number", "/".join([*segments[:place], other, *segments[place + 1 :]])
    for start in range(2, min(len(segments), _MAX_LISTED)):
        if rest := "/".join(segments[start:]):
            yield "prefix", f"/{rest}"


def _decoded(path: str) -> str:
    """Return a path of WSGI as text."""
    return path.encode("latin-1", "replace").decode("utf-8", "replace")
