"""The table of disagreements: how engines depart from the standard, and why.

Each row modifies the model of the standard. With all rows of an engine, the model must have the
same results as the engine.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corswsgi.browser import Fetch, PreflightCache, Request, Response
from corswsgi.browser.cache import Entry, Key
from corswsgi.browser.header_values import is_safelisted_request_header, unsafe_request_header_names
from corswsgi.browser.messages import delete_headers, get_header
from corswsgi.browser.model import FetchRun
from corswsgi.browser.reasons import NetworkError
from corswsgi.browser.urls import URL
from corswsgi.cli.engines import Engine

VERSIONS: Mapping[Engine, str] = {"chromium": "156", "firefox": "153", "webkit": "2.50"}
"""The versions that the table is about."""


class WildcardCoversAuthorization(FetchRun):
    """``*`` covers Authorization in the response to a preflight."""

    def check_preflight(
        self, unsafe_names: tuple[str, ...], response: Response
    ) -> NetworkError | None:
        error = super().check_preflight(unsafe_names, response)
        if error is None or error.reason != "authorization_not_listed":
            return error
        return None


class SafelistedClientHints(FetchRun):
    """Client hints need no preflight."""

    def unsafe_names(self) -> tuple[str, ...]:
        return tuple(name for name in super().unsafe_names() if name not in ("dpr", "width"))


class NegativeMaxAgeIsZero(FetchRun):
    """A negative max-age is 0."""

    def cache_preflight(self, response: Response) -> None:
        if max_age(response).startswith("-"):
            response = with_max_age(response, "0")
        super().cache_preflight(response)


class EmptyLocationIsIgnored(FetchRun):
    """An empty Location is ignored."""

    def locations(self, response: Response) -> list[str]:
        found = super().locations(response)
        return [] if found == [""] else found


class IdenticalLocationsAreOne(FetchRun):
    """Identical Location headers count as one."""

    def locations(self, response: Response) -> list[str]:
        return [*dict.fromkeys(super().locations(response))]


class NoCachedWildcardsWithCredentials(PreflightCache):
    """``*`` is not cached for a fetch with credentials."""

    def store(
        self,
        origin: str,
        url: str,
        with_credentials: bool,
        max_age: int,
        methods: Iterable[str],
        names: Iterable[str],
    ) -> None:
        if with_credentials:
            methods = [method for method in methods if method != "*"]
            names = [name for name in names if name != "*"]
        super().store(origin, url, with_credentials, max_age, methods, names)


class LastPreflightOnly(PreflightCache):
    """The cache holds the last preflight of a URL only."""

    def store(self, origin: str, url: str, with_credentials: bool, *allowed: Any) -> None:
        self.clear(origin, url)
        super().store(origin, url, with_credentials, *allowed)


class NoCachedWildcards(PreflightCache):
    """A cached ``*`` is a name, not a wildcard."""

    def method_keys(self, method: str) -> list[Key]:
        return super().method_keys(method)[:1]

    def header_keys(self, name: str) -> list[Key]:
        return super().header_keys(name)[:1]


class SeparateCredentials(PreflightCache):
    """An entry with credentials does not apply to fetches without credentials."""

    def matches(
        self, origin: str, url: str, with_credentials: bool, keys: list[Key]
    ) -> list[Entry]:
        found = super().matches(origin, url, with_credentials, keys)
        return [entry for entry in found if entry.credentials == with_credentials]


class MalformedMaxAgeIsZero(FetchRun):
    """A max-age that is not a number is 0."""

    def cache_preflight(self, response: Response) -> None:
        age = max_age(response)
        if age and not age.isdigit():
            response = with_max_age(response, "0")
        super().cache_preflight(response)


class PreflightsRedirects(FetchRun):
    """If the first request had a preflight, every redirected request has one."""

    @property
    def preflights_redirects(self) -> bool:
        return self.may_have_preflight

    def needs_preflight(self, unsafe_names: tuple[str, ...]) -> bool:
        if len(self.urls) == 1 or not self.preflights_redirects:
            return super().needs_preflight(unsafe_names)
        key = self.origin, self.url.href, self.with_credentials
        return not self.cache.allows_method(*key, self.method) or not all(
            self.cache.allows_header(*key, name) for name in unsafe_names
        )


class PreflightsRedirectsWithUnsafeHeaders(PreflightsRedirects):
    """The same applies if the first request had unsafe headers, also to the page's own origin."""

    @property
    def preflights_redirects(self) -> bool:
        headers = self.fetch.headers
        return self.may_have_preflight or bool(unsafe_request_header_names(headers))


class PreflightsWithPageOrigin(FetchRun):
    """Preflights after a redirect have the page's origin, even if the request's origin is ``null``.

    If the URL has the page's own origin, the answer does not need to allow an origin.
    """

    is_redirected_preflight = False

    @property
    def origin(self) -> str:
        return self.fetch.origin if self.is_redirected_preflight else super().origin

    def preflight(self, unsafe_names: tuple[str, ...]) -> Generator[Request, Response, None]:
        self.is_redirected_preflight = len(self.urls) > 1
        yield from super().preflight(unsafe_names)
        self.is_redirected_preflight = False

    def check_preflight(
        self, unsafe_names: tuple[str, ...], response: Response
    ) -> NetworkError | None:
        if self.is_redirected_preflight and self.url.origin == self.fetch.origin:
            names = {"access-control-allow-origin", "access-control-allow-credentials"}
            allows = (
                ("Access-Control-Allow-Origin", self.origin),
                ("Access-Control-Allow-Credentials", "true"),
            )
            lines = delete_headers(response.headers, names)
            response = Response(response.status, lines + allows)
        return super().check_preflight(unsafe_names, response)


class StartsWithFirstHeaders(FetchRun):
    """Each redirect starts with the headers of the first request.

    Authorization does not return once it has been removed.
    """

    authorization_returns = False

    def follow_redirect(self, response: Response) -> bool:
        lost = get_header(self.headers, "authorization") is None
        self.headers = self.fetch.headers
        if lost and not self.authorization_returns:
            self.headers = delete_headers(self.headers, {"authorization"})
        return super().follow_redirect(response)


class AuthorizationReturns(StartsWithFirstHeaders):
    """Authorization returns, too."""

    authorization_returns = True


class RemovesBodyHeadersByFirstMethod(FetchRun):
    """The method of the first request decides whether a redirect removes the body's headers.

    The preflight still asks for them.
    """

    removes_body_headers = False

    def follow_redirect(self, response: Response) -> bool:
        status, method = response.status, self.fetch.method
        self.removes_body_headers = (status == 303 and method not in ("GET", "HEAD")) or (
            status in (301, 302) and method == "POST"
        )
        return super().follow_redirect(response)

    def request(self) -> Request:
        request = super().request()
        if not self.removes_body_headers:
            return request
        return dataclasses.replace(
            request, headers=delete_headers(request.headers, {"content-type"})
        )


class KeepsOriginHeader(FetchRun):
    """A request that a redirect has turned into a GET keeps its Origin header."""

    def request(self) -> Request:
        request = super().request()
        has_origin = get_header(request.headers, "origin") is not None
        if has_origin or self.fetch.method in ("GET", "HEAD") or self.origin == "null":
            return request
        return dataclasses.replace(request, headers=(*request.headers, ("Origin", self.origin)))


class NoCredentialsInURLs(FetchRun):
    """Redirects to URLs with a user name or a password are not followed."""

    def location_url(self, locations: list[str]) -> URL:
        target = super().location_url(locations)
        if target.has_credentials:
            raise NetworkError("redirect_with_credentials", "HTTP-redirect fetch", "")
        return target


class PreflightsCredentialsInURLs(FetchRun):
    """A redirect from the page's own origin to a URL with a password fails after the preflight."""

    fails = False

    def location_url(self, locations: list[str]) -> URL:
        if self.tainting == "basic":
            self.fails = any("@" in location for location in locations)
            locations = [re.sub("//.*@", "//", location) for location in locations]
        return super().location_url(locations)

    def request(self) -> Request:
        if self.fails and self.tainting == "cors":
            raise NetworkError("redirect_with_credentials", "HTTP-redirect fetch", "")
        return super().request()


class JoinsLocations(FetchRun):
    """Several Location headers are joined with commas."""

    def locations(self, response: Response) -> list[str]:
        found = super().locations(response)
        return [", ".join(found)] if found else []


class EmptyLocationIsMalformed(FetchRun):
    """An empty Location is an error."""

    def locations(self, response: Response) -> list[str]:
        found = super().locations(response)
        return ["", ""] if found == [""] else found


class DeleteBecomesGet(FetchRun):
    """DELETE becomes GET on a redirect to another origin."""

    def follow_redirect(self, response: Response) -> bool:
        goes_on = super().follow_redirect(response)
        if goes_on and self.method == "DELETE" and self.urls[-1].origin != self.urls[-2].origin:
            self.method = "GET"
        return goes_on


class PreflightsFirstHeaders(FetchRun):
    """A preflight after a redirect asks for all headers of the first request."""

    def unsafe_names(self) -> tuple[str, ...]:
        if len(self.urls) == 1:
            return super().unsafe_names()
        return unsafe_request_header_names(self.fetch.headers)


class CachesRefusals(FetchRun):
    """A preflight that refuses the request is cached, and errors do not clear the cache."""

    def check_preflight(
        self, unsafe_names: tuple[str, ...], response: Response
    ) -> NetworkError | None:
        error = super().check_preflight(unsafe_names, response)
        if error is not None and error.reason in ("method_not_allowed", "headers_not_allowed"):
            self.cache_preflight(response)
        return error

    def clear_cache(self) -> None:
        pass


class WebKitWildcards(PreflightCache):
    """A cached ``*`` covers Authorization. With credentials, it covers nothing."""

    def header_keys(self, name: str) -> list[Key]:
        return [("header", name.lower()), ("header", "*")]

    def matches(
        self, origin: str, url: str, with_credentials: bool, keys: list[Key]
    ) -> list[Entry]:
        return super().matches(
            origin, url, with_credentials, keys[:1] if with_credentials else keys
        )


class StricterValues(FetchRun):
    """Accept beyond ASCII and Content-Type with empty parameters need a preflight."""

    def __init__(self, fetch: Fetch, cache: PreflightCache) -> None:
        super().__init__(fetch, cache)
        self.strict = {
            name.lower()
            for name, value in self.headers
            if (name == "Accept" and not value.isascii())
            or (name == "Content-Type" and value.endswith(";;"))
        }
        if fetch.mode == "no-cors":
            self.headers = delete_headers(self.headers, self.strict)

    def unsafe_names(self) -> tuple[str, ...]:
        here = {name.lower() for name, _ in self.headers}
        return tuple(sorted({*super().unsafe_names(), *(self.strict & here)}))


class JoinsLines(FetchRun):
    """Repeated request headers are joined before they are checked."""

    def unsafe_names(self) -> tuple[str, ...]:
        names = dict.fromkeys(name.lower() for name, _ in self.headers)
        joined = tuple((name, get_header(self.headers, name) or "") for name in names)
        return unsafe_request_header_names(joined)


class NoTotalLimit(FetchRun):
    """There is no limit for the total length of safelisted headers."""

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
    """A row of the table: a behaviour of engines that differs from the standard."""

    behaviour: str
    engines: Sequence[Engine]
    reason: str
    fetch_run: type[FetchRun] | None = None
    cache: type[PreflightCache] | None = None


DISAGREEMENTS: Sequence[Disagreement] = (
    Disagreement(
        "`*` covers Authorization",
        ("chromium", "firefox", "webkit"),
        "The standard added the exception later. Engines log that they will follow.",
        WildcardCoversAuthorization,
    ),
    Disagreement(
        "client hints need no preflight",
        ("chromium",),
        "DPR, Width and similar headers were safelisted once. The standard has removed them.",
        SafelistedClientHints,
    ),
    Disagreement(
        "a negative max-age is 0",
        ("chromium", "webkit"),
        "The engine accepts signed numbers. In the standard, it is invalid and means 5 seconds.",
        NegativeMaxAgeIsZero,
    ),
    Disagreement(
        "an empty Location is ignored",
        ("chromium",),
        "In the standard, it is a relative URL that leads to the same URL again.",
        EmptyLocationIsIgnored,
    ),
    Disagreement(
        "identical Location headers count as one",
        ("chromium", "firefox"),
        "In the standard, more than one Location is invalid.",
        IdenticalLocationsAreOne,
    ),
    Disagreement(
        "a preflight replaces the cached one",
        ("chromium", "webkit"),
        "The engine caches one answer per origin and URL. In the standard, entries add up.",
        cache=LastPreflightOnly,
    ),
    Disagreement(
        "a `*` that was cached with credentials is not a wildcard",
        ("chromium",),
        "The standard does not store that `*` was not a wildcard when the preflight was checked.",
        cache=NoCachedWildcardsWithCredentials,
    ),
    Disagreement(
        "a cached `*` is not a wildcard",
        ("firefox",),
        "The engine compares cached names literally.",
        cache=NoCachedWildcards,
    ),
    Disagreement(
        "what was cached with credentials does not apply to fetches without credentials",
        ("firefox",),
        "The engine is stricter than the standard and sends another preflight.",
        cache=SeparateCredentials,
    ),
    Disagreement(
        "a malformed max-age is 0",
        ("firefox",),
        "In the standard, it means 5 seconds.",
        MalformedMaxAgeIsZero,
    ),
    Disagreement(
        "after a preflight, redirected requests have a preflight, too",
        ("webkit",),
        "The engine sends it even if the redirected request does not need it.",
        PreflightsRedirects,
    ),
    Disagreement(
        "after a preflight or unsafe headers, redirected requests have a preflight, too",
        ("firefox",),
        "The engine sends it even if the redirected request does not need it.",
        PreflightsRedirectsWithUnsafeHeaders,
    ),
    Disagreement(
        "preflights after redirects have the page's origin",
        ("firefox",),
        "The engine sends the page's origin even if the origin of the request is null.",
        PreflightsWithPageOrigin,
    ),
    Disagreement(
        "header values are safelisted by stricter rules",
        ("firefox",),
        "Accept beyond ASCII and Content-Type with empty parameters need a preflight.",
        StricterValues,
    ),
    Disagreement(
        "the first method decides whether a redirect removes the body's headers",
        ("firefox",),
        "The preflight still asks for them.",
        RemovesBodyHeadersByFirstMethod,
    ),
    Disagreement(
        "redirects to URLs with a password are not followed",
        ("chromium",),
        "The standard allows them within the page's own origin.",
        NoCredentialsInURLs,
    ),
    Disagreement(
        "a redirect from the page's own origin to a URL with a password has a preflight",
        ("webkit",),
        "The fetch fails after the preflight. In the standard, it fails before.",
        PreflightsCredentialsInURLs,
    ),
    Disagreement(
        "a request that became a GET has an Origin header",
        ("webkit",),
        "In the standard, a GET within the page's own origin has none.",
        KeepsOriginHeader,
    ),
    Disagreement(
        "an empty Location is an error",
        ("webkit",),
        "In the standard, it is a relative URL that leads to the same URL again.",
        EmptyLocationIsMalformed,
    ),
    Disagreement(
        "several Location headers are joined",
        ("webkit",),
        "In the standard, they are an error.",
        JoinsLocations,
    ),
    Disagreement(
        "each redirect starts with the headers of the first request",
        ("webkit",),
        "Headers of the body return after the next redirect.",
        StartsWithFirstHeaders,
    ),
    Disagreement(
        "each redirect starts with the headers of the first request, even Authorization",
        ("firefox",),
        "Authorization returns after the next redirect, too.",
        AuthorizationReturns,
    ),
    Disagreement(
        "DELETE becomes GET on a redirect to another origin",
        ("webkit",),
        "Other ports of WebKit do the same. In the standard, only POST becomes GET.",
        DeleteBecomesGet,
    ),
    Disagreement(
        "preflights after redirects ask for the headers of the first request",
        ("webkit",),
        "They include headers that the redirected request no longer has.",
        PreflightsFirstHeaders,
    ),
    Disagreement(
        "refused preflights are cached",
        ("webkit",),
        "The engine caches the lists before it compares them with the request.",
        CachesRefusals,
    ),
    Disagreement(
        "a cached `*` covers Authorization",
        ("webkit",),
        "It also does in the preflight itself.",
        cache=WebKitWildcards,
    ),
    # These two rows replace results of rows above, so they must be last.
    Disagreement(
        "repeated request headers are joined before they are checked",
        ("chromium", "webkit"),
        "The joined value can exceed the limit. The standard checks each value separately.",
        JoinsLines,
    ),
    Disagreement(
        "safelisted headers have no limit for their total length",
        ("firefox",),
        "In the standard, the limit is 1024 bytes.",
        NoTotalLimit,
    ),
)


def fetch_run_with(rows: Iterable[Disagreement]) -> type[FetchRun]:
    """Return the model, modified by rows of the table."""
    return type("Modified", (*(row.fetch_run for row in rows if row.fetch_run), FetchRun), {})


def cache_with(rows: Iterable[Disagreement]) -> PreflightCache:
    """Return an empty cache, modified by rows of the table."""
    kind = type("Modified", (*(row.cache for row in rows if row.cache), PreflightCache), {})
    cache: PreflightCache = kind()
    return cache
