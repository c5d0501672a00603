"""Where engines do something else than the standard: what, in which version, and why.

Each row is a part of a model of that engine: the model of the standard, with all rows of an engine
laid over it, has to come to exactly what the engine does.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corswsgi.browser import Fetch, PreflightCache, Request, Response
from corswsgi.browser.cache import Entry, Key
from corswsgi.browser.messages import get_header, without_headers
from corswsgi.browser.model import Course, NetworkError
from corswsgi.browser.reasons import Failure
from corswsgi.browser.urls import URL
from corswsgi.browser.values import is_safelisted_request_header, unsafe_request_header_names
from corswsgi.tools.engines import Engine

VERSIONS: Mapping[Engine, str] = {"chromium": "156", "firefox": "153", "webkit": "2.50"}
"""The versions in which these were seen."""


class WildcardIsAuthorization(Course):
    """Lets ``*`` cover Authorization, in a preflight's response."""

    def preflight_failure(self, unsafe: tuple[str, ...], response: Response) -> Failure | None:
        failure = super().preflight_failure(unsafe, response)
        if failure is None or failure.reason != "authorization_not_listed":
            return failure
        return None


class NoClientHints(Course):
    """Needs no permission for client hints."""

    def unsafe_names(self) -> tuple[str, ...]:
        return tuple(name for name in super().unsafe_names() if name not in ("dpr", "width"))


class NegativeIsNought(Course):
    """Reads a negative max-age as 0."""

    def remember(self, response: Response) -> None:
        if max_age(response).startswith("-"):
            response = with_max_age(response, "0")
        super().remember(response)


class EmptyLocationIsNone(Course):
    """Takes an empty Location for none."""

    def locations(self, response: Response) -> list[str]:
        found = super().locations(response)
        return [] if found == [""] else found


class SameLocations(Course):
    """Takes the same Location twice for one."""

    def locations(self, response: Response) -> list[str]:
        return [*dict.fromkeys(super().locations(response))]


class NoWildcardsWithCredentials(PreflightCache):
    """Does not remember ``*`` of a preflight for a fetch with credentials."""

    def store(
        self,
        origin: str,
        url: str,
        include: bool,
        max_age: int,
        methods: Iterable[str],
        names: Iterable[str],
    ) -> None:
        if include:
            methods = [method for method in methods if method != "*"]
            names = [name for name in names if name != "*"]
        super().store(origin, url, include, max_age, methods, names)


class LastOnly(PreflightCache):
    """Remembers the last preflight of a URL only."""

    def store(self, origin: str, url: str, include: bool, *what: Any) -> None:
        self.clear(origin, url)
        super().store(origin, url, include, *what)


class NoWildcards(PreflightCache):
    """Remembers ``*`` as a name, and no more."""

    def method_keys(self, method: str) -> list[Key]:
        return super().method_keys(method)[:1]

    def header_keys(self, name: str) -> list[Key]:
        return super().header_keys(name)[:1]


class CredentialsApart(PreflightCache):
    """Does not use what was allowed with credentials for a fetch without."""

    def matching(self, origin: str, url: str, include: bool, keys: list[Key]) -> list[Entry]:
        found = super().matching(origin, url, include, keys)
        return [entry for entry in found if entry.credentials == include]


class MalformedIsNought(Course):
    """Does not remember a preflight whose max-age is no number."""

    def remember(self, response: Response) -> None:
        age = max_age(response)
        if age and not age.isdigit():
            response = with_max_age(response, "0")
        super().remember(response)


class PreflightsRedirects(Course):
    """Sends a preflight after each redirect of what had one, needed or not."""

    @property
    def began_with_one(self) -> bool:
        return self.may_have_preflight

    def needs_preflight(self, unsafe: tuple[str, ...]) -> bool:
        if len(self.urls) == 1 or not self.began_with_one:
            return super().needs_preflight(unsafe)
        where = self.origin, self.url.href, self.include
        return not self.cache.allows_method(*where, self.method) or not all(
            self.cache.allows_header(*where, name) for name in unsafe
        )


class PreflightsOwnRedirects(PreflightsRedirects):
    """As that, and of what has headers that need permission, even of the page's own origin."""

    @property
    def began_with_one(self) -> bool:
        headers = self.fetch.headers
        return self.may_have_preflight or bool(unsafe_request_header_names(headers))


class PreflightsAsPage(Course):
    """Sends a preflight after a redirect as the page, even where its origin is ``null`` by then.

    Where it goes to the page's own origin, its answer need not allow an origin.
    """

    is_redirected_preflight = False

    @property
    def origin(self) -> str:
        return self.fetch.origin if self.is_redirected_preflight else super().origin

    def preflight(self, unsafe: tuple[str, ...]) -> Generator[Request, Response, None]:
        self.is_redirected_preflight = len(self.urls) > 1
        yield from super().preflight(unsafe)
        self.is_redirected_preflight = False

    def preflight_failure(self, unsafe: tuple[str, ...], response: Response) -> Failure | None:
        if self.is_redirected_preflight and self.url.origin == self.fetch.origin:
            names = {"access-control-allow-origin", "access-control-allow-credentials"}
            allows = (
                ("Access-Control-Allow-Origin", self.origin),
                ("Access-Control-Allow-Credentials", "true"),
            )
            lines = without_headers(response.headers, names)
            response = Response(response.status, lines + allows)
        return super().preflight_failure(unsafe, response)


class StartsFromTheFirst(Course):
    """Takes the headers of the first request for each hop, and away what that hop takes away.

    Authorization that has been taken away does not return.
    """

    authorization_returns = False

    def redirect(self, response: Response) -> bool:
        lost = get_header(self.headers, "authorization") is None
        self.headers = self.fetch.headers
        if lost and not self.authorization_returns:
            self.headers = without_headers(self.headers, {"authorization"})
        return super().redirect(response)


class AuthorizationReturns(StartsFromTheFirst):
    """As that, and Authorization does."""

    authorization_returns = True


class NoBodyAgain(Course):
    """Judges by the first method whether a redirect takes the body's headers away.

    A preflight asks for them all the same.
    """

    has_no_body = False

    def redirect(self, response: Response) -> bool:
        status, method = response.status, self.fetch.method
        self.has_no_body = (status == 303 and method not in ("GET", "HEAD")) or (
            status in (301, 302) and method == "POST"
        )
        return super().redirect(response)

    def request(self) -> Request:
        request = super().request()
        if not self.has_no_body:
            return request
        return dataclasses.replace(
            request, headers=without_headers(request.headers, {"content-type"})
        )


class KeepsOrigin(Course):
    """Names the origin in a GET that a redirect has made of another method."""

    def request(self) -> Request:
        request = super().request()
        has_origin = get_header(request.headers, "origin") is not None
        if has_origin or self.fetch.method in ("GET", "HEAD") or self.origin == "null":
            return request
        return dataclasses.replace(request, headers=(*request.headers, ("Origin", self.origin)))


class NoCredentialsInURLs(Course):
    """Follows no redirect to an address with a user name or a password."""

    def checked_location(self, locations: list[str]) -> URL:
        target = super().checked_location(locations)
        if target.has_credentials:
            raise NetworkError(Failure("redirect_with_credentials", "", ""))
        return target


class PreflightsCredentialsInURLs(Course):
    """Fails on an address with a password only after its preflight, out of the page's origin."""

    fails = False

    def checked_location(self, locations: list[str]) -> URL:
        if self.tainting == "basic":
            self.fails = any("@" in location for location in locations)
            locations = [re.sub("//.*@", "//", location) for location in locations]
        return super().checked_location(locations)

    def request(self) -> Request:
        if self.fails and self.tainting == "cors":
            raise NetworkError(Failure("redirect_with_credentials", "", ""))
        return super().request()


class JoinedLocations(Course):
    """Takes several Location lines for one value, with commas in it."""

    def locations(self, response: Response) -> list[str]:
        found = super().locations(response)
        return [", ".join(found)] if found else []


class EmptyLocationIsMalformed(Course):
    """Does not follow an empty Location, and fails."""

    def locations(self, response: Response) -> list[str]:
        found = super().locations(response)
        return ["", ""] if found == [""] else found


class DeleteBecomesGet(Course):
    """Turns DELETE into GET on the way to another origin."""

    def redirect(self, response: Response) -> bool:
        goes_on = super().redirect(response)
        if goes_on and self.method == "DELETE" and self.urls[-1].origin != self.urls[-2].origin:
            self.method = "GET"
        return goes_on


class AsksAsAtFirst(Course):
    """Asks in a preflight after a redirect for all headers that were there at first."""

    def unsafe_names(self) -> tuple[str, ...]:
        if len(self.urls) == 1:
            return super().unsafe_names()
        return unsafe_request_header_names(self.fetch.headers)


class RemembersRefusals(Course):
    """Remembers what a preflight says though it does not allow the request; forgets nothing."""

    def preflight_failure(self, unsafe: tuple[str, ...], response: Response) -> Failure | None:
        failure = super().preflight_failure(unsafe, response)
        if failure is not None and failure.reason in ("method_not_allowed", "headers_not_allowed"):
            self.remember(response)
        return failure

    def forget(self) -> None:
        pass


class WebKitWildcards(PreflightCache):
    """Lets ``*`` stand for Authorization, and for nothing where there are credentials."""

    def header_keys(self, name: str) -> list[Key]:
        return [("header", name.lower()), ("header", "*")]

    def matching(self, origin: str, url: str, include: bool, keys: list[Key]) -> list[Entry]:
        return super().matching(origin, url, include, keys[:1] if include else keys)


class StricterValues(Course):
    """Needs permission for what it does not safelist: beyond ASCII in Accept, empty parameters."""

    def __init__(self, fetch: Fetch, cache: PreflightCache) -> None:
        super().__init__(fetch, cache)
        self.strict = {
            name.lower()
            for name, value in self.headers
            if (name == "Accept" and not value.isascii())
            or (name == "Content-Type" and value.endswith(";;"))
        }
        if fetch.mode == "no-cors":
            self.headers = without_headers(self.headers, self.strict)

    def unsafe_names(self) -> tuple[str, ...]:
        here = {name.lower() for name, _ in self.headers}
        return tuple(sorted({*super().unsafe_names(), *(self.strict & here)}))


class JoinsLines(Course):
    """Joins the lines of a request header before it judges them."""

    def unsafe_names(self) -> tuple[str, ...]:
        names = dict.fromkeys(name.lower() for name, _ in self.headers)
        joined = tuple((name, get_header(self.headers, name) or "") for name in names)
        return unsafe_request_header_names(joined)


class NoLimitOnAll(Course):
    """Has no limit on the size of all safelisted headers together."""

    def unsafe_names(self) -> tuple[str, ...]:
        return unsafe_request_header_names(
            tuple(line for line in self.headers if not is_safelisted_request_header(*line))
        )


def max_age(response: Response) -> str:
    found = [value for name, value in response.headers if name.lower() == "access-control-max-age"]
    return ", ".join(found)


def with_max_age(response: Response, value: str) -> Response:
    lines = [line for line in response.headers if line[0].lower() != "access-control-max-age"]
    headers = (*lines, ("Access-Control-Max-Age", value))
    return Response(response.status, headers, response.body)


@dataclass(frozen=True)
class Disagreement:
    """One thing that engines do otherwise."""

    what: str
    engines: Sequence[Engine]
    reason: str
    course: type[Course] | None = None
    cache: type[PreflightCache] | None = None


DISAGREEMENTS: Sequence[Disagreement] = (
    Disagreement(
        "`*` covers Authorization",
        ("chromium", "firefox", "webkit"),
        "The exception came after the wildcard; engines log that they will follow.",
        WildcardIsAuthorization,
    ),
    Disagreement(
        "client hints need no permission",
        ("chromium",),
        "DPR, Width and their kin were safelisted once; the standard dropped them.",
        NoClientHints,
    ),
    Disagreement(
        "a negative max-age is 0",
        ("chromium", "webkit"),
        "It reads a signed number; to the standard it is no number, which means 5 seconds.",
        NegativeIsNought,
    ),
    Disagreement(
        "an empty Location is none",
        ("chromium",),
        "To the standard it is a relative URL, and leads to where it came from.",
        EmptyLocationIsNone,
    ),
    Disagreement(
        "the same Location twice is one",
        ("chromium", "firefox"),
        "To the standard it cannot be read, since it may be there once.",
        SameLocations,
    ),
    Disagreement(
        "a preflight replaces the one before",
        ("chromium", "webkit"),
        "It keeps one answer for each origin and URL, where the standard adds entries up.",
        cache=LastOnly,
    ),
    Disagreement(
        "`*` is no wildcard where it is remembered with credentials",
        ("chromium",),
        "The standard forgets there that it was none when the preflight was judged.",
        cache=NoWildcardsWithCredentials,
    ),
    Disagreement(
        "`*` is not remembered as a wildcard",
        ("firefox",),
        "It compares what it remembers by name.",
        cache=NoWildcards,
    ),
    Disagreement(
        "what is remembered with credentials is for fetches with credentials",
        ("firefox",),
        "It is stricter than the standard, and sends a preflight more.",
        cache=CredentialsApart,
    ),
    Disagreement(
        "a malformed max-age is 0",
        ("firefox",),
        "To the standard, what is no number means 5 seconds.",
        MalformedIsNought,
    ),
    Disagreement(
        "redirects of what had a preflight have one",
        ("webkit",),
        "Even where the redirected request needs no permission.",
        PreflightsRedirects,
    ),
    Disagreement(
        "redirects of what had a preflight, or has such headers, have one",
        ("firefox",),
        "Even where the redirected request needs no permission.",
        PreflightsOwnRedirects,
    ),
    Disagreement(
        "preflights after redirects are the page's",
        ("firefox",),
        "They name the page as their origin, even where the request then is null's.",
        PreflightsAsPage,
    ),
    Disagreement(
        "values are safelisted by stricter rules",
        ("firefox",),
        "Accept beyond ASCII, and parameters of a content type that are empty, need permission.",
        StricterValues,
    ),
    Disagreement(
        "a redirect takes away what a body had by the first method",
        ("firefox",),
        "Its preflight asks for it all the same.",
        NoBodyAgain,
    ),
    Disagreement(
        "no address with a password is followed",
        ("chromium",),
        "The standard allows it within the page's own origin.",
        NoCredentialsInURLs,
    ),
    Disagreement(
        "an address with a password, out of the page's own origin, has a preflight",
        ("webkit",),
        "And fails after it.",
        PreflightsCredentialsInURLs,
    ),
    Disagreement(
        "what was no GET at first names its origin",
        ("webkit",),
        "The standard has no Origin in a GET of the page's own origin.",
        KeepsOrigin,
    ),
    Disagreement(
        "an empty Location cannot be followed",
        ("webkit",),
        "To the standard it is a relative URL, and leads to where it came from.",
        EmptyLocationIsMalformed,
    ),
    Disagreement(
        "several Locations are one value",
        ("webkit",),
        "To the standard they cannot be read.",
        JoinedLocations,
    ),
    Disagreement(
        "each redirect starts from the first request's headers",
        ("webkit",),
        "What a body had is back after the next redirect.",
        StartsFromTheFirst,
    ),
    Disagreement(
        "each redirect starts from the first request's headers, Authorization included",
        ("firefox",),
        "Authorization, too, is back after the next redirect.",
        AuthorizationReturns,
    ),
    Disagreement(
        "DELETE becomes GET on the way to another origin",
        ("webkit",),
        "As its other ports do; the standard turns only POST into GET.",
        DeleteBecomesGet,
    ),
    Disagreement(
        "redirects are asked for with the headers of the first request",
        ("webkit",),
        "Its preflight names what the redirected request no longer has.",
        AsksAsAtFirst,
    ),
    Disagreement(
        "refusals are remembered",
        ("webkit",),
        "It stores a preflight's lists before it compares them.",
        RemembersRefusals,
    ),
    Disagreement(
        "`*` covers Authorization in what is remembered",
        ("webkit",),
        "As in the preflight itself.",
        cache=WebKitWildcards,
    ),
    # These two replace what the others above add to, and stand last.
    Disagreement(
        "lines of a request header are joined first",
        ("chromium", "webkit"),
        "Together they are longer than one may be; the standard judges each, and all their names.",
        JoinsLines,
    ),
    Disagreement(
        "all safelisted headers together may be of any size",
        ("firefox",),
        "The standard lets them have 1024 bytes.",
        NoLimitOnAll,
    ),
)


def course_of(rows: Iterable[Disagreement]) -> type[Course]:
    """Lay rows over the model."""
    return type("Departing", (*(row.course for row in rows if row.course), Course), {})


def cache_of(rows: Iterable[Disagreement]) -> PreflightCache:
    """Lay rows over the cache."""
    kind = type("Departing", (*(row.cache for row in rows if row.cache), PreflightCache), {})
    cache: PreflightCache = kind()
    return cache
