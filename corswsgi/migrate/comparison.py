"""A comparison of two configurations: which fetches of pages each of them allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from corswsgi.browser import Browser
from corswsgi.origins import DEFAULT_PORTS, parse_origin

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from corswsgi.browser import Credentials

    Application = AbstractContextManager[WSGIApplication]

Change = Literal["lost", "closed", "opened"]
"""A fetch of a listed origin is blocked; one of another origin is; or one is readable."""

STRANGER = "https://evil.example"
MAX_LISTED = 25
MAX_DISGUISED = 3
"""For how many of the listed origins the origins that resemble them are compared."""

MAX_HEADERS = 5
"""How many of the named headers are compared."""

_JSON = ("Content-Type", "application/json")
_AUTHORIZATION = ("Authorization", "Bearer x")


class Route(NamedTuple):
    """A route of the application, and what the old configuration says about it."""

    path: str
    """As users write it, such as ``/items/<id>``."""
    url: str
    """A URL that leads to it."""
    methods: tuple[str, ...]
    listed: frozenset[str] = frozenset()
    """The origins that the old configuration lists for it."""
    is_public: bool = False
    """Whether the old configuration allows any origin, without credentials."""


class Attempt(NamedTuple):
    """A fetch that the script of a page tries."""

    method: str
    header: tuple[str, str] | None
    credentials: Credentials


class Difference(NamedTuple):
    """A fetch that only one of the two configurations allows."""

    change: Change
    route: Route
    origin: str
    attempt: Attempt


@dataclass(frozen=True)
class Comparison:
    """All fetches that were compared."""

    routes: tuple[Route, ...]
    origins: tuple[str, ...]
    fetches: int
    differences: tuple[Difference, ...]


def compare(
    old: Application, new: Application, routes: Iterable[Route], headers: Iterable[str] = ()
) -> Comparison:
    """Fetch every route from pages of listed and of other origins, with both configurations.

    `headers` are names of request headers to try besides the usual ones.
    """
    compared = tuple(routes)
    origins = compared_origins(compared)
    listed = frozenset(origin for route in compared for origin in route.listed)
    fetches = [
        (route, origin, attempt)
        for route in compared
        for origin in origins
        for attempt in attempts(route, headers, is_brief=origin not in listed)
    ]
    results = []
    for application in (old, new):
        with application as entered:
            results.append([_is_readable(entered, *fetch) for fetch in fetches])
    # What any origin could do.
    public = {
        (route, attempt)
        for (route, origin, attempt), was_readable in zip(fetches, results[0], strict=True)
        if route.is_public and origin == STRANGER and was_readable
    }
    differences = []
    for (route, origin, attempt), was, is_readable in zip(fetches, *results, strict=True):
        if was is not is_readable:
            is_meant = origin in route.listed or (
                (route, attempt) in public and attempt.credentials == "omit" and origin != "null"
            )
            change: Change = "opened" if is_readable else "lost" if is_meant else "closed"
            differences.append(Difference(change, route, origin, attempt))
    return Comparison(compared, origins, len(fetches), tuple(differences))


def _is_readable(application: WSGIApplication, route: Route, origin: str, attempt: Attempt) -> bool:
    headers = () if attempt.header is None else (attempt.header,)
    # A new browser each time: no preflight is in its cache.
    browser = Browser(application, origin, cookies={"session": "1"})
    return browser.fetch(route.url, attempt.method, headers, attempt.credentials).allowed


def attempts(route: Route, headers: Iterable[str], *, is_brief: bool) -> Iterator[Attempt]:
    """Yield the fetches of a route. Those of unlisted origins are fewer."""
    methods = sorted({*route.methods} - {"HEAD", "OPTIONS"})
    # A POST has a preflight only with such a header.
    tried: list[tuple[str, tuple[str, str] | None]]
    tried = [(method, None) for method in methods or ["GET"]]
    tried += [(method, _JSON) for method in methods if method == "POST" or not is_brief]
    if not is_brief:
        others = [_AUTHORIZATION, *((name, "x") for name in [*headers][:MAX_HEADERS])]
        tried += [(method, header) for method in methods for header in others]
    for method, header in tried:
        yield Attempt(method, header, "omit")
        yield Attempt(method, header, "include")


def compared_origins(routes: Iterable[Route]) -> tuple[str, ...]:
    """Return the listed origins of routes, origins that resemble them, and others."""
    listed = [*dict.fromkeys(origin for route in routes for origin in sorted(route.listed))]
    found = dict.fromkeys(listed[:MAX_LISTED])
    for origin in listed[:MAX_DISGUISED]:
        found |= dict.fromkeys(_disguised(origin))
    return (*found, STRANGER, "null")


def _disguised(origin: str) -> Iterator[str]:
    """Yield origins that loose comparisons mistake for a listed one."""
    parsed = parse_origin(origin)
    if parsed is None or parsed.scheme not in DEFAULT_PORTS:
        return
    scheme, host, port = parsed
    other = "http" if scheme == "https" else "https"
    suffix = "" if port is None else f":{port}"
    yield f"{other}://{host}{suffix}"
    yield f"{scheme}://{host}:{4443 if port is None else port + 1}"
    if not host.startswith("[") and not host[-1].isdigit():
        yield f"{scheme}://{host}.evil.example{suffix}"
        yield f"{scheme}://evil{host}{suffix}"
