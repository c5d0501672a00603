"""Notes for the check commands: configurations that are valid, but that you may not want."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from secrets import token_hex
from typing import Any

from corswsgi.differences import similar_pattern
from corswsgi.errors import Notice, Problem, notice_text, safe_repr
from corswsgi.origins import is_private, parse_pattern, without_port
from corswsgi.paths import PathPatterns, as_wsgi

from .analysis import (
    AllowedOrigin,
    allowed_origins,
    enumerate_texts,
    site_of,
    wide_expressions,
)
from .layers import Applied
from .routes import Route
from .table import PolicyTable

# This character cannot occur in a path. It stands for the unknown rest of one.
_ANYTHING = "\0"

# Origins of development servers, to find expressions that match some.
_LOOPBACK = [
    f"http://{host}{port}"
    for host in ("localhost", "a.localhost", "127.0.0.1", "[::1]")
    for port in ("", ":3000", ":5000", ":5173", ":8000", ":8080")
]


def refuse_to_answer(look_up: Any, origin: str) -> object:
    """Allow no origin, in place of look-ups that need a request."""
    del look_up, origin
    return False


def notes(
    table: PolicyTable,
    hosts: Iterable[object],
    *,
    debug: bool,
    ask: Callable[[Any, str], object] = refuse_to_answer,
) -> list[Notice]:
    """Return the notes about the policies of a table.

    `hosts` are the host names of the application, as far as they are known; `ask` asks one of the
    `Applied.look_ups` about an origin. Callables are asked about random origins.
    """
    found: dict[tuple[str, str], Notice] = {}
    names = [host for host in hosts if isinstance(host, str)]
    # Public services often list a private name as well, for health checks.
    private = [] if debug or not all(map(is_private, names)) else names
    views = [row.applied for row in table.rows()]
    for applied in {id(each): each for each in [*table.path_policies, *views]}.values():
        for notice in _notes_of(applied, private, debug=debug, ask=ask):
            found.setdefault((notice.option, notice.message), notice)
    return [*found.values()]


def note_texts(
    table: PolicyTable,
    hosts: Iterable[object],
    hosts_setting: str,
    settings: Mapping[str, Any],
    *,
    debug: bool,
) -> Iterator[str]:
    """Yield the `notes`, and those about views, expressions and the session cookie, as text.

    `hosts` are the values of `hosts_setting`. `settings` are those of the session's cookie, such as
    ``SESSION_COOKIE_SECURE``; without a ``SECRET_KEY`` among them, there are no sessions.
    """
    for note in notes(table, hosts := [*hosts], debug=debug):
        yield f"{note.sentence} {note.hint}"
    for name in without_origins(table):
        yield (
            f"{name} has a decorator without origins, and nothing around it names some, so no "
            'origin is allowed. Write @cors(origins=["https://app.example.com"]).'
        )
    applied = [*table.path_policies, *(row.applied for row in table.rows())]
    policies = [each.policy for each in {id(each): each for each in applied}.values()]
    for wide in wide_expressions(policies):
        if (text := wide.describe_wide()) is not None:
            yield _with_hint(text, wide.suggest("list the origins that you trust."))
        if (text := wide.describe_insecure()) is not None:
            hint = wide.suggest("write https:// instead of http:// or https?://.")
            yield _with_hint(text, hint)
    cookie = "SESSION_COOKIE"
    same_site, secure = settings.get(f"{cookie}_SAMESITE"), settings.get(f"{cookie}_SECURE")
    origins = allowed_origins(each for each in policies if each and each.supports_credentials)
    others = on_other_sites(origins, [host for host in hosts if isinstance(host, str)])
    if others and settings.get("SECRET_KEY") and not (same_site == "None" and secure):
        text, hint = describe_cookie(cookie, same_site, secure, others, hosts_setting)
        yield f"{text} Write {hint}"


def notice_texts(notices: Iterable[Notice], table: PolicyTable) -> Iterator[str]:
    """Yield `notices`, and those about the layers of views, as text.

    Python hides the warnings about deprecated options of modules.
    """
    views = [row.route.view for row in table.rows()]
    layers = [
        layer
        for view in views
        for own in (view.enclosing, *view.by_method.values())
        for layer in own
    ]
    texts = [notice_text(each) for each in notices]
    texts += [f"{layer.place}: {notice_text(each)}" for layer in layers for each in layer.notices]
    yield from dict.fromkeys(texts)


def unmatched_patterns(
    place: str, patterns: Iterable[str], routes: Collection[Route]
) -> Iterator[str]:
    """Yield a text about each path pattern that no route can match. `place` is where they are."""
    for pattern in patterns:
        if not any(_may_match(pattern, route) for route in routes):
            paths = [route.path for route in routes if not route.is_open]
            opened = [f"{route.path}{_ANYTHING}" for route in routes if route.is_open]
            meant = similar_pattern(pattern, paths + opened)
            hint = (
                "Correct it, or remove it."
                if meant is None
                else f"Did you mean {safe_repr(meant)}?"
            )
            yield f"{place}: no route matches the path pattern {safe_repr(pattern)}. {hint}"


def _may_match(pattern: str, route: Route) -> bool:
    patterns = PathPatterns({pattern: True})
    if not route.is_open:
        return patterns.find(route.path, False)
    is_inside = as_wsgi(pattern).startswith(route.path)
    return is_inside or patterns.find(route.path + _ANYTHING, False)


def _with_hint(text: str, hint: str) -> str:
    return f"{text} {hint[0].upper()}{hint[1:]}"


def _notes_of(
    applied: Applied, private: list[str], *, debug: bool, ask: Callable[[Any, str], object]
) -> Iterator[Notice]:
    policy = applied.policy
    if policy is None:
        return
    if policy.allows_any_origin and private:
        option = applied.names.option("origins", "*")
        message = (
            f"any origin is allowed, and the application has a private address ({private[0]}). Any "
            "web site can read it through the browsers of people on that network."
        )
        hint = "List the origins that may read it, if it is not meant for all of them."
        yield Notice(option, "*", "private_address", message, hint)
    loopback: dict[str, list[object]] = {}
    for rule in policy.origins:
        option = applied.names.option("origins", rule)
        if callable(rule):
            yield from _open_look_up(option, rule, lambda look_up, origin: look_up(origin))
        elif _matches_loopback(rule):
            loopback.setdefault(option, []).append(rule)
    if debug or not policy.supports_credentials:
        loopback = {}
    for option, rules in loopback.items():
        written = enumerate_texts(safe_repr(getattr(rule, "pattern", rule)) for rule in rules)
        message = (
            f"these allow http on loopback addresses, with credentials: {written}. Any program on "
            "a visitor's computer that serves a page there can read responses with the visitor's "
            "cookies."
        )
        yield Notice(option, rules, "loopback_origin", message, "Allow them in debug mode only.")
    for look_up in applied.look_ups:
        yield from _open_look_up(applied.names.option("origins"), look_up, ask)


def _open_look_up(option: str, look_up: Any, ask: Callable[[Any, str], object]) -> Iterator[Notice]:
    """Yield a note if a look-up allows origins that do not exist."""
    origins = [f"https://x{token_hex(8)}.{domain}" for domain in ("example", "test", "invalid")]
    try:
        is_open = bool(look_up) and all(ask(look_up, origin) is True for origin in origins)
    except Exception:
        return  # it may need a database; requests log the error, and refuse the origin
    if is_open:
        message = f"{safe_repr(look_up)} allows any origin, for example {origins[0]}."
        hint = 'Write "*" for any origin, or let it compare the origin with those that it knows.'
        yield Notice(option, look_up, "allows_any_origin", message, hint)


def _matches_loopback(rule: object) -> bool:
    if isinstance(rule, str):
        pattern = parse_pattern(rule)
        return pattern is not None and pattern.scheme == "http" and pattern.is_loopback
    return isinstance(rule, re.Pattern) and any(map(rule.fullmatch, _LOOPBACK))


def view_problems(table: PolicyTable) -> list[tuple[str, Problem]]:
    """Return the problems of views, each once, with the name of its view."""
    found = {
        # Not by their values, which may not be hashable.
        (row.route.name, problem.option, problem.message): (row.route.name, problem)
        for row in table.rows()
        for problem in (*row.route.view.problems, *row.problems)
    }
    return [*found.values()]


def without_origins(table: PolicyTable) -> list[str]:
    """Return the names of views with layers that have no effect, because there are no origins."""
    rows = (row for row in table.rows() if not (row.route.view.problems or row.problems))
    return [*dict.fromkeys(row.route.name for row in rows if row.lacks_origins)]


def on_other_sites(origins: Iterable[AllowedOrigin], hosts: Iterable[object]) -> list[str]:
    """Return the origins that are on other sites than `hosts`.

    Returns nothing if no hosts are known, or if ``*`` stands for any host.
    """
    # Some hosts are None or empty, because a variable was not set.
    known = [without_port(host) for host in hosts if host and isinstance(host, str)]
    own = set() if "*" in known else {site_of(host.removeprefix(".")) for host in known}
    return [origin.written for origin in origins if own and origin.site not in own]


def describe_cookie(
    name: str, same_site: object, secure: object, origins: list[str], hosts: str
) -> tuple[str, str]:
    """Return a warning about a cookie that browsers do not send from other sites, and a hint.

    `name` is the beginning of the cookie's settings, such as ``SESSION_COOKIE``, and `hosts` is the
    setting for the application's hosts.
    """
    text = (
        "these origins may send cookies, but are on other sites than the application's hosts "
        f"({hosts}): {enumerate_texts(origins)}. Browsers do not send them the cookie with "
        f"{name}_SAMESITE = {same_site!r} and {name}_SECURE = {secure!r}."
    )
    hint = (
        f'{name}_SAMESITE = "None" and {name}_SECURE = True. (Some browsers never send cookies to '
        "other sites. A page on the same site avoids that.)"
    )
    return text, hint
