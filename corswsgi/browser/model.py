"""The model of what a browser does for one ``fetch()`` of a page, without any I/O.

`main_fetch` yields requests and receives responses. It follows the Fetch standard
(https://fetch.spec.whatwg.org/) in its review draft of June 2026.

Besides CORS, the model includes what decides whether CORS applies: forbidden methods and headers,
mixed content and modes. It excludes URLs other than http and https, cookie storage, response
caches, service workers, Content Security Policy and blocked ports.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from corswsgi.fetch import CORS_SAFELISTED_METHODS, FORBIDDEN_METHODS, FORBIDDEN_RESPONSE_HEADERS

from .cache import DEFAULT_MAX_AGE, PreflightCache
from .checks import REDIRECT_STATUSES, cors_check, preflight_check
from .header_values import extract_header_list_values, extract_max_age, unsafe_request_header_names
from .messages import Exchange, Headers, Kind, Request, Response, delete_headers, get_header
from .outcome import Outcome
from .reasons import FetchReason, NetworkError
from .urls import URL, parse_url

Credentials = Literal["omit", "same-origin", "include"]
"""A credentials mode (https://fetch.spec.whatwg.org/#concept-request-credentials-mode)."""

Mode = Literal["cors", "no-cors", "same-origin"]
"""A mode that ``fetch()`` accepts (https://fetch.spec.whatwg.org/#concept-request-mode)."""

MAX_REDIRECTS = 20
"""https://fetch.spec.whatwg.org/#http-redirect-fetch, step 7"""

# https://fetch.spec.whatwg.org/#null-body-status
NULL_BODY_STATUSES = frozenset({101, 103, 204, 205, 304})

# https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name
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
# https://fetch.spec.whatwg.org/#request-body-header-name
_BODY_HEADERS = ("content-encoding", "content-language", "content-location", "content-type")
# https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name
_NON_WILDCARD_HEADERS = ("authorization",)

_BLOCKERS: Mapping[FetchReason, str] = {
    "mixed_content": "mixed content rules",
    "not_same_origin": "the mode 'same-origin'",
    "forbidden_method": "fetch()",
    "no_cors_method": "fetch()",
}
"""The rules that block a fetch, as browsers' consoles name them. Default: CORS policy."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """The request of a page's script, as the Request constructor creates it.

    https://fetch.spec.whatwg.org/#dom-request
    """

    origin: str
    """The serialized origin of the page, which is ``null`` for a sandboxed frame, for example."""
    url: URL
    """The URL; its scheme must be http or https."""
    method: str
    """The normalized method."""
    headers: Headers
    """The headers, without those that scripts cannot set."""
    credentials: Credentials
    mode: Mode
    body: bytes | None = None
    cookies: Mapping[str, str] = field(default_factory=dict)
    """The cookies to send with every request that has credentials."""


class FetchRun:
    """The state of a fetch.

    It holds the parts of the request that redirects change
    (https://fetch.spec.whatwg.org/#concept-request) and the requests that have been sent.
    """

    def __init__(self, fetch: Fetch, cache: PreflightCache) -> None:
        self.fetch = fetch
        self.cache = cache
        self.with_credentials: bool = fetch.credentials == "include"
        self.method: str = fetch.method
        self.headers: Headers = fetch.headers
        if get_header(fetch.headers, "accept") is None:
            self.headers = (("Accept", "*/*"), *fetch.headers)
        self.body = fetch.body
        self.urls: list[URL] = [fetch.url]
        self.tainting: Literal["basic", "cors", "opaque"] = "basic"
        self.may_have_preflight: bool = False
        self.exchanges: list[Exchange] = []

    @property
    def url(self) -> URL:
        """The current URL (https://fetch.spec.whatwg.org/#concept-request-current-url)."""
        return self.urls[-1]

    @property
    def origin(self) -> str:
        """The origin that is sent, which is ``null`` once the request is tainted.

        A request becomes tainted if a URL that is not of the page's origin redirects to yet another
        origin.

        https://fetch.spec.whatwg.org/#byte-serializing-a-request-origin
        """
        page = self.fetch.origin
        redirects = zip(self.urls, self.urls[1:], strict=False)
        is_tainted = any(last.origin not in (page, next_.origin) for last, next_ in redirects)
        return "null" if is_tainted else page

    def run(self) -> Generator[Request, Response, Outcome]:
        """Fetch the URL and follow redirects, then return the outcome."""
        try:
            self.check_method()
            while True:
                response = yield from self.fetch_steps()
                if not self.follow_redirect(response):
                    return self.response_outcome(response)
        except NetworkError as error:
            if self.may_have_preflight:
                self.clear_cache()
            return self.error_outcome(error)

    def check_method(self) -> None:
        """Raise NetworkError for a method that the Request constructor refuses.

        https://fetch.spec.whatwg.org/#dom-request
        """
        if self.method.upper() in FORBIDDEN_METHODS:
            cause = f"{self.method!r} is a forbidden method, which scripts cannot send."
            raise NetworkError("forbidden_method", "forbidden method", cause)
        if self.fetch.mode == "no-cors" and self.method not in CORS_SAFELISTED_METHODS:
            cause = (
                "the mode is 'no-cors', which allows GET, HEAD and POST only, but the method is "
                f"{self.method!r}."
            )
            raise NetworkError("no_cors_method", "Request constructor", cause)

    def fetch_steps(self) -> Generator[Request, Response, Response]:
        """Fetch the current URL, with a preflight if needed.

        https://fetch.spec.whatwg.org/#main-fetch, steps 7 and 12, and
        https://fetch.spec.whatwg.org/#http-fetch, step 4
        """
        url, fetch = self.url, self.fetch
        if fetch.origin.startswith("https:") and not url.is_potentially_trustworthy:
            cause = f"a page over https must not fetch {url.href!r}, which is not secure."
            raise NetworkError("mixed_content", "Main fetch, step 7", cause)
        if url.origin == fetch.origin and self.tainting == "basic":
            return (yield from self.send(self.request()))
        if fetch.mode == "same-origin":
            cause = f"{url.href!r} does not have the origin of the page."
            raise NetworkError("not_same_origin", "Main fetch, step 12", cause)
        if fetch.mode == "no-cors":
            self.tainting = "opaque"
            return (yield from self.send(self.request()))
        self.tainting = "cors"
        unsafe_names = self.unsafe_names()
        if self.method not in CORS_SAFELISTED_METHODS or unsafe_names:
            self.may_have_preflight = True
        if self.needs_preflight(unsafe_names):
            yield from self.preflight(unsafe_names)
        response = yield from self.send(self.request())
        error = cors_check(
            self.origin, with_credentials=self.with_credentials, headers=response.headers
        )
        if error is not None:
            raise self.with_context(error)
        return response

    def with_context(self, error: NetworkError, stage: str = "") -> NetworkError:
        """Return the error with the redirect and the stage at which it happened in its cause."""
        redirect = ""
        if len(self.urls) > 1:
            redirect = f"redirected from {self.urls[-2].href!r}"
            if self.origin == "null" != self.fetch.origin:
                redirect += ", now with the origin 'null' since another origin redirected elsewhere"
            redirect = f"({redirect}) "
        return NetworkError(error.reason, error.step, f"{redirect}{stage}{error.cause}")

    def send(self, request: Request) -> Generator[Request, Response, Response]:
        """Send a request and record it with its response."""
        response = yield request
        self.exchanges.append(Exchange(request, response))
        return response

    def request(self) -> Request:
        """Return the actual request.

        https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
        """
        mode, url, origin = self.fetch.mode, self.url, self.origin
        headers = self.headers
        # https://fetch.spec.whatwg.org/#append-a-request-origin-header, with the default referrer
        # policy
        if mode != "cors" and origin.startswith("https:") and url.scheme == "http":
            origin = "null"
        if self.tainting == "cors" or self.method not in ("GET", "HEAD"):
            headers = (*headers, ("Origin", origin))
        is_same_origin = self.fetch.credentials == "same-origin" and self.tainting == "basic"
        has_credentials = self.with_credentials or is_same_origin
        if has_credentials and self.fetch.cookies:
            cookies = "; ".join(f"{name}={value}" for name, value in self.fetch.cookies.items())
            headers = (*headers, ("Cookie", cookies))
        kind: Kind = "actual" if len(self.urls) == 1 else "redirected"
        return Request(kind, self.method, url.href, headers, self.body, has_credentials)

    def unsafe_names(self) -> tuple[str, ...]:
        """Return the names of the headers that a preflight must allow."""
        return unsafe_request_header_names(self.headers)

    def clear_cache(self) -> None:
        """Clear the cache entries of a fetch that has failed.

        https://fetch.spec.whatwg.org/#main-fetch, step 12
        """
        self.cache.clear(self.origin, self.url.href)

    def needs_preflight(self, unsafe_names: tuple[str, ...]) -> bool:
        """Check whether the request needs permission that the preflight cache does not have.

        https://fetch.spec.whatwg.org/#http-fetch, step 4.1
        """
        key = self.origin, self.url.href, self.with_credentials
        return (
            self.method not in CORS_SAFELISTED_METHODS
            and not self.cache.allows_method(*key, self.method)
        ) or not all(self.cache.allows_header(*key, name) for name in unsafe_names)

    def preflight(self, unsafe_names: tuple[str, ...]) -> Generator[Request, Response, None]:
        """Send a preflight and cache its response; raise NetworkError if it fails.

        https://fetch.spec.whatwg.org/#cors-preflight-fetch
        """
        headers = [("Accept", "*/*"), ("Access-Control-Request-Method", self.method)]
        if unsafe_names:
            headers.append(("Access-Control-Request-Headers", ",".join(unsafe_names)))
        headers.append(("Origin", self.origin))
        request = Request("preflight", "OPTIONS", self.url.href, tuple(headers))
        response = yield from self.send(request)
        error = self.check_preflight(unsafe_names, response)
        if error is not None:
            raise self.with_context(error, "the preflight failed: ")
        self.cache_preflight(response)

    def check_preflight(
        self, unsafe_names: tuple[str, ...], response: Response
    ) -> NetworkError | None:
        """Return the network error of a preflight that fails.

        https://fetch.spec.whatwg.org/#cors-preflight-fetch, steps 7 and 8
        """
        return preflight_check(
            self.origin,
            self.method,
            unsafe_names,
            with_credentials=self.with_credentials,
            response=response,
        )

    def cache_preflight(self, response: Response) -> None:
        """Store in the cache what a preflight allows.

        https://fetch.spec.whatwg.org/#cors-preflight-fetch, steps 7.8 to 7.15
        """
        headers = response.headers
        self.cache.store(
            self.origin,
            self.url.href,
            self.with_credentials,
            extract_max_age(headers, DEFAULT_MAX_AGE),
            extract_header_list_values(headers, "access-control-allow-methods") or (),
            extract_header_list_values(headers, "access-control-allow-headers") or (),
        )

    def follow_redirect(self, response: Response) -> bool:
        """Update the request for a redirect; return False if the response is not a redirect.

        https://fetch.spec.whatwg.org/#http-redirect-fetch
        """
        locations = self.locations(response)
        if response.status not in REDIRECT_STATUSES or not locations:
            return False
        url = self.location_url(locations)
        if self.becomes_get(response.status):
            self.method, self.body = "GET", None
            self.headers = delete_headers(self.headers, _BODY_HEADERS)
        if url.origin != self.url.origin:
            self.headers = delete_headers(self.headers, _NON_WILDCARD_HEADERS)
        self.urls.append(url)
        return True

    def becomes_get(self, status: int) -> bool:
        """Check whether a redirect with this status turns the request into a GET.

        https://fetch.spec.whatwg.org/#http-redirect-fetch, step 12
        """
        if status in (301, 302):
            return self.method == "POST"
        return status == 303 and self.method not in ("GET", "HEAD")

    def locations(self, response: Response) -> list[str]:
        """Return the values of the Location headers. A valid redirect has exactly one."""
        return [value for name, value in response.headers if name.lower() == "location"]

    def location_url(self, locations: list[str]) -> URL:
        """Return the URL that a redirect leads to; raise NetworkError if it must not be followed.

        https://fetch.spec.whatwg.org/#http-redirect-fetch, steps 3 to 10
        """
        location = ", ".join(locations)
        url = parse_url(location, self.url.href) if len(locations) == 1 else None
        step = "HTTP-redirect fetch, step"
        prefix = f"it was redirected to {location!r}"
        if url is None:
            why = "not a valid URL" if len(locations) == 1 else "more than one Location header"
            raise NetworkError("redirect_malformed", f"{step} 5", f"{prefix}, which is {why}.")
        if not url.is_http:
            cause = f"{prefix}, but the scheme {url.scheme!r} is neither http nor https."
            raise NetworkError("redirect_not_http", f"{step} 6", cause)
        if len(self.urls) > MAX_REDIRECTS:
            cause = f"it was redirected more than {MAX_REDIRECTS} times."
            raise NetworkError("too_many_redirects", f"{step} 7", cause)
        if url.has_credentials:
            cause = f"{prefix}, which must not include a user name or a password."
            if self.fetch.mode == "cors" and url.origin != self.fetch.origin:
                raise NetworkError("redirect_with_credentials", f"{step} 9", cause)
            if self.tainting == "cors":  # another origin redirects to the origin of the page
                raise NetworkError("redirect_with_credentials", f"{step} 10", cause)
        return url

    def response_outcome(self, response: Response) -> Outcome:
        """Return the outcome with the parts of the response that the script can read.

        https://fetch.spec.whatwg.org/#main-fetch, steps 14 and 21, and
        https://fetch.spec.whatwg.org/#concept-filtered-response
        """
        headers = response.headers
        if self.method == "HEAD" or response.status in NULL_BODY_STATUSES:
            response = replace(response, body=b"")
        if self.tainting == "opaque":
            explanation = (
                f"The mode is 'no-cors': the browser has fetched {self.url.href!r}, but the script "
                "cannot read the status, the headers or the body of the response."
            )
            return self.outcome("opaque", "opaque filtered response", explanation)
        names = {name.lower() for name, _ in headers} - FORBIDDEN_RESPONSE_HEADERS
        if self.tainting == "basic":
            explanation = f"{self.url.href!r} has the origin of the page, so CORS does not apply."
            return self.outcome("same_origin", "Main fetch, step 12", explanation, response, names)
        is_any = get_header(headers, "access-control-allow-origin") == "*"
        return self.outcome(
            "cors_allowed",
            f"CORS check, step {7 if self.with_credentials else 3 if is_any else 5}",
            f"{self.access()} is allowed.",
            response,
            names & self.exposed_names(headers),
        )

    def exposed_names(self, headers: Headers) -> set[str]:
        """Return the names of the response headers that a cross-origin script can read.

        https://fetch.spec.whatwg.org/#main-fetch, step 14, and
        https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name
        """
        try:
            names = extract_header_list_values(headers, "access-control-expose-headers") or ()
        except ValueError:
            names = ()
        if "*" in names and not self.with_credentials:
            return {name.lower() for name, _ in headers}
        return {*SAFELISTED_RESPONSE_HEADERS, *(name.lower() for name in names)}

    def error_outcome(self, error: NetworkError) -> Outcome:
        """Return the outcome of a fetch that has failed."""
        blocker = _BLOCKERS.get(error.reason, "CORS policy")
        explanation = f"{self.access()} has been blocked by {blocker}: {error.cause}"
        return self.outcome(error.reason, error.step, explanation)

    def access(self) -> str:
        """Describe the access that is allowed or blocked, as browsers' consoles do."""
        return f"Access to fetch at {self.url.href!r} from origin {self.fetch.origin!r}"

    def outcome(
        self,
        reason: FetchReason,
        step: str,
        explanation: str,
        response: Response | None = None,
        names: Iterable[str] = (),
    ) -> Outcome:
        """Return an outcome, with the response and the header names that the script can read."""
        headers: Headers = () if response is None else response.headers
        readable = {name: get_header(headers, name) or "" for name in sorted(names)}
        return Outcome(
            reason=reason,
            step=step,
            explanation=explanation,
            status=None if response is None else response.status,
            readable_headers=MappingProxyType(readable),
            body=None if response is None else response.body,
            exchanges=tuple(self.exchanges),
        )


def main_fetch(
    fetch: Fetch, cache: PreflightCache, kind: type[FetchRun] = FetchRun
) -> Generator[Request, Response, Outcome]:
    """Fetch: yield each request, receive its response and return the outcome.

    `kind` is a subclass of `FetchRun`, for models of browsers that depart from the standard.

    https://fetch.spec.whatwg.org/#main-fetch
    """
    return (yield from kind(fetch, cache).run())
