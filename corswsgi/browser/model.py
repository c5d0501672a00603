"""The model: what a browser does for one ``fetch()`` of a page, without any I/O.

`fetching` yields the requests and is sent the responses, one after the other. Sections and steps
are those of the Fetch standard, https://fetch.spec.whatwg.org/, in its review draft of June 2026.

Beyond CORS there is in it what decides whether CORS is asked at all: forbidden methods and headers,
mixed content, and modes. Addresses other than http and https, the storage of cookies, caches of
responses, service workers, Content Security Policy and blocked ports are not.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from corswsgi.fetch import CORS_SAFELISTED_METHODS, FORBIDDEN_METHODS, FORBIDDEN_RESPONSE_HEADERS

from .cache import DEFAULT_MAX_AGE, PreflightCache
from .checks import REDIRECT_STATUSES, cors_check, preflight_check
from .messages import Headers, Kind, Request, Response, get_header, without_headers
from .reasons import Failure, Verdict
from .urls import URL, parse_url
from .values import list_of_names, max_age_of, unsafe_request_header_names

Credentials = Literal["omit", "same-origin", "include"]
"""A credentials mode (2.2.5)."""

Mode = Literal["cors", "no-cors", "same-origin"]
"""A mode (2.2.5), of those that ``fetch()`` can have."""

MAX_REDIRECTS = 20
"""4.5, step 7."""

NULL_BODY_STATUSES = frozenset({101, 103, 204, 205, 304})
"""2.2.3: null body status."""

# 2.2.2: CORS-safelisted response-header names.
SAFELISTED_RESPONSE_HEADERS = frozenset(
    {
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    }
)
# 2.2.2: request-body-header names; and what is taken away on the way to another origin.
_BODY_HEADERS = ("content-encoding", "content-language", "content-location", "content-type")
_AUTHORIZATION = ("authorization",)


@dataclass(frozen=True, slots=True)
class Fetch:
    """What a page asks for: a request as ``fetch()`` makes it (5.4, the Request constructor)."""

    origin: str
    """The page's, serialized; ``null`` for a sandboxed frame, for example."""
    url: URL
    """Of http or https."""
    method: str
    """Normalized."""
    headers: Headers
    """Those that script can set."""
    credentials: Credentials
    mode: Mode
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of it."""

    verdict: Verdict
    response: Response | None
    """The response whose status and body script gets, if it gets one."""
    readable_headers: Mapping[str, str]
    """Those that script can read: names in lower case, sorted; several lines joined."""


class NetworkError(Exception):
    """Ends a fetch, from wherever in it."""

    def __init__(self, failure: Failure, stage: str = "") -> None:
        super().__init__()
        self.failure = failure
        self.stage = stage


class Course:
    """The parts of a request that change on its way (2.2.5, Requests)."""

    def __init__(self, fetch: Fetch, cache: PreflightCache) -> None:
        self.fetch = fetch
        self.cache = cache
        self.include = fetch.credentials == "include"
        self.method = fetch.method
        self.headers = fetch.headers
        if get_header(fetch.headers, "accept") is None:
            self.headers = (("Accept", "*/*"), *fetch.headers)
        self.body = fetch.body
        self.urls = [fetch.url]
        self.tainting: Literal["basic", "cors", "opaque"] = "basic"
        self.may_have_preflight = False

    @property
    def url(self) -> URL:
        """The current URL."""
        return self.urls[-1]

    @property
    def origin(self) -> str:
        """The origin as it is sent (3.2, to byte-serialize a request origin).

        It is ``null`` as soon as a third origin is in play: one that redirected from elsewhere than
        the page's own origin to yet another one (2.2.5, redirect-taint).
        """
        own = self.fetch.origin
        hops = zip(self.urls, self.urls[1:], strict=False)
        tainted = any(last.origin not in (own, next_.origin) for last, next_ in hops)
        return "null" if tainted else own

    def run(self) -> Generator[Request, Response, Response]:
        """Main fetch (4.1), again after each redirect."""
        self.check_method()
        try:
            while True:
                response = yield from self.hop()
                if not self.redirect(response):
                    return response
        except NetworkError:
            if self.may_have_preflight:
                self.forget()
            raise

    def check_method(self) -> None:
        """Refuse what the Request constructor refuses (5.4, Request class)."""
        if self.method.upper() in FORBIDDEN_METHODS:
            cause = f"{self.method!r} is a forbidden method: script cannot send it."
            raise NetworkError(Failure("forbidden_method", "2.2.1 forbidden method", cause))
        if self.fetch.mode == "no-cors" and self.method not in CORS_SAFELISTED_METHODS:
            cause = f"the mode is 'no-cors', which allows GET, HEAD and POST, not {self.method!r}."
            raise NetworkError(Failure("no_cors_method", "5.4 Request class", cause))

    def hop(self) -> Generator[Request, Response, Response]:
        """One round of main fetch, and of HTTP fetch (4.4)."""
        url, fetch = self.url, self.fetch
        if fetch.origin.startswith("https:") and not url.is_potentially_trustworthy:
            cause = f"a page that came over https cannot fetch {url.href!r}, which is not secure."
            raise NetworkError(Failure("mixed_content", "4.1 Main fetch, step 7", cause))
        if url.origin == fetch.origin and self.tainting == "basic":
            return (yield self.request())
        if fetch.mode == "same-origin":
            cause = f"{url.href!r} is not of the page's own origin."
            raise NetworkError(Failure("not_same_origin", "4.1 Main fetch, step 12", cause))
        if fetch.mode == "no-cors":
            self.tainting = "opaque"
            return (yield self.request())
        self.tainting = "cors"
        unsafe = self.unsafe_names()
        if self.method not in CORS_SAFELISTED_METHODS or unsafe:
            self.may_have_preflight = True
        if self.needs_preflight(unsafe):
            yield from self.preflight(unsafe)
        response = yield self.request()
        failure = cors_check(self.origin, include=self.include, headers=response.headers)
        if failure is not None:
            raise NetworkError(failure, self.on_the_way())
        return response

    def on_the_way(self) -> str:
        """Say that a redirect has led here."""
        if len(self.urls) == 1:
            return ""
        told = ""
        if self.origin == "null" != self.fetch.origin:
            told = ", and as origin 'null', since that led from one foreign origin to another one"
        return f"(redirected from {self.urls[-2].href!r}{told}) "

    def request(self) -> Request:
        """The actual request (4.6, HTTP-network-or-cache fetch)."""
        mode, url, origin = self.fetch.mode, self.url, self.origin
        headers = self.headers
        # 3.2, to append a request Origin header, by the referrer policy that is the default.
        if mode != "cors" and origin.startswith("https:") and url.scheme == "http":
            origin = "null"
        if self.tainting == "cors" or self.method not in ("GET", "HEAD"):
            headers = (*headers, ("Origin", origin))
        kind: Kind = "actual" if len(self.urls) == 1 else "redirected"
        is_own = self.fetch.credentials == "same-origin" and self.tainting == "basic"
        return Request(kind, self.method, url.href, headers, self.body, self.include or is_own)

    def unsafe_names(self) -> tuple[str, ...]:
        """Name the headers that need permission."""
        return unsafe_request_header_names(self.headers)

    def forget(self) -> None:
        """Clear cache entries, after what has failed (4.1, step 12)."""
        self.cache.clear(self.origin, self.url.href)

    def needs_preflight(self, unsafe: tuple[str, ...]) -> bool:
        """Tell whether the cache does not answer already (4.4, step 4.1)."""
        where = self.origin, self.url.href, self.include
        return (
            self.method not in CORS_SAFELISTED_METHODS
            and not self.cache.allows_method(*where, self.method)
        ) or not all(self.cache.allows_header(*where, name) for name in unsafe)

    def preflight(self, unsafe: tuple[str, ...]) -> Generator[Request, Response, None]:
        """CORS-preflight fetch (4.8)."""
        url, origin = self.url.href, self.origin
        headers = [("Accept", "*/*"), ("Access-Control-Request-Method", self.method)]
        if unsafe:
            headers.append(("Access-Control-Request-Headers", ",".join(unsafe)))
        headers.append(("Origin", origin))
        response = yield Request("preflight", "OPTIONS", url, tuple(headers))
        failure = self.preflight_failure(unsafe, response)
        if failure is not None:
            stage = f"{self.on_the_way()}the preflight's response was not accepted: "
            raise NetworkError(failure, stage)
        self.remember(response)

    def preflight_failure(self, unsafe: tuple[str, ...], response: Response) -> Failure | None:
        """Judge a preflight's response (4.8, steps 7 and 8)."""
        return preflight_check(
            self.origin, self.method, unsafe, include=self.include, response=response
        )

    def remember(self, response: Response) -> None:
        """Remember what a preflight allows (4.8, steps 7.8 to 7.15)."""
        headers = response.headers
        self.cache.store(
            self.origin,
            self.url.href,
            self.include,
            max_age_of(headers, DEFAULT_MAX_AGE),
            list_of_names(headers, "access-control-allow-methods") or (),
            list_of_names(headers, "access-control-allow-headers") or (),
        )

    def redirect(self, response: Response) -> bool:
        """HTTP-redirect fetch (4.5): go where the response points to; False if it does not."""
        locations = self.locations(response)
        if response.status not in REDIRECT_STATUSES or not locations:
            return False
        target = self.checked_location(locations)
        if self.becomes_get(response.status):
            self.method, self.body = "GET", None
            self.headers = without_headers(self.headers, _BODY_HEADERS)
        if target.origin != self.url.origin:
            self.headers = without_headers(self.headers, _AUTHORIZATION)
        self.urls.append(target)
        return True

    def becomes_get(self, status: int) -> bool:
        """Tell whether a redirect turns the request into a GET (4.5, step 12)."""
        if status in (301, 302):
            return self.method == "POST"
        return status == 303 and self.method not in ("GET", "HEAD")

    def locations(self, response: Response) -> list[str]:
        """Name where a response points to (2.2.6, location URL): one place, if it can be read."""
        return [value for name, value in response.headers if name.lower() == "location"]

    def checked_location(self, locations: list[str]) -> URL:
        """Parse where a redirect points to (4.5, steps 3 to 10)."""
        location = ", ".join(locations)
        target = parse_url(location, self.url.href) if len(locations) == 1 else None
        step = "4.5 HTTP-redirect fetch, step"
        leads = f"it was redirected to {location!r}"
        if target is None:
            why = "no URL" if len(locations) == 1 else "more than one Location header"
            cause = f"{leads}, which is {why}."
            raise NetworkError(Failure("redirect_malformed", f"{step} 5", cause))
        if not target.is_http:
            cause = f"{leads}, and {target.scheme!r} is neither http nor https."
            raise NetworkError(Failure("redirect_not_http", f"{step} 6", cause))
        if len(self.urls) > MAX_REDIRECTS:
            cause = f"it was redirected more than {MAX_REDIRECTS} times."
            raise NetworkError(Failure("too_many_redirects", f"{step} 7", cause))
        if target.has_credentials:
            cause = f"{leads}, and a user name or a password may not be there."
            if self.fetch.mode == "cors" and target.origin != self.fetch.origin:
                raise NetworkError(Failure("redirect_with_credentials", f"{step} 9", cause))
            if self.tainting == "cors":  # back to the page's own origin
                raise NetworkError(Failure("redirect_with_credentials", f"{step} 10", cause))
        return target

    def result(self, response: Response) -> Result:
        """Filter the response (2.2.6, Responses; 4.1, step 14)."""
        headers = response.headers
        if self.method == "HEAD" or response.status in NULL_BODY_STATUSES:  # 4.1, step 21
            response = replace(response, body=b"")
        if self.tainting == "opaque":
            verdict = Verdict(
                "opaque",
                "2.2.6 opaque filtered response",
                f"The mode is 'no-cors': {self.url.href!r} was fetched, and script can read "
                "neither its status nor its headers nor its body.",
            )
            return Result(verdict, None, MappingProxyType({}))
        readable = {name.lower() for name, _ in headers} - FORBIDDEN_RESPONSE_HEADERS
        if self.tainting == "basic":
            verdict = Verdict(
                "same_origin",
                "4.1 Main fetch, step 12",
                f"{self.url.href!r} is of the page's own origin: CORS is not asked.",
            )
        else:
            readable &= self.exposed(headers)
            is_any = get_header(headers, "access-control-allow-origin") == "*"
            verdict = Verdict(
                "cors_allowed",
                f"4.10 CORS check, step {7 if self.include else 3 if is_any else 5}",
                f"Access to fetch at {self.url.href!r} from origin {self.fetch.origin!r} is "
                "allowed.",
            )
        shown = {name: get_header(headers, name) or "" for name in sorted(readable)}
        return Result(verdict, response, MappingProxyType(shown))

    def exposed(self, headers: Headers) -> set[str]:
        """Name what script may read (4.1, step 14; 2.2.2, CORS-safelisted response-header name)."""
        try:
            names = list_of_names(headers, "access-control-expose-headers") or ()
        except ValueError:
            names = ()
        if "*" in names and not self.include:
            return {name.lower() for name, _ in headers}
        return {*SAFELISTED_RESPONSE_HEADERS, *(name.lower() for name in names)}


def fetching(
    fetch: Fetch, cache: PreflightCache, kind: type[Course] = Course
) -> Generator[Request, Response, Result]:
    """Make a fetch (4, Fetching): yield each request, be sent its response, return the result.

    `kind` is for models of what departs from the standard.
    """
    course = kind(fetch, cache)
    try:
        response = yield from course.run()
    except NetworkError as error:
        failure = error.failure
        what = f"Access to fetch at {course.url.href!r} from origin {fetch.origin!r}"
        explanation = (
            f"{what} has been blocked by {_blocker(failure)}: {error.stage}{failure.cause}"
        )
        verdict = Verdict(failure.reason, failure.step, explanation)
        return Result(verdict, None, MappingProxyType({}))
    return course.result(response)


def _blocker(failure: Failure) -> str:
    """Name what blocks it, as consoles do."""
    others = {
        "mixed_content": "the rules for mixed content",
        "not_same_origin": "its mode, 'same-origin'",
        "forbidden_method": "fetch()",
        "no_cors_method": "fetch()",
    }
    return others.get(failure.reason, "CORS policy")
