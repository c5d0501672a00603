"""The client: a tab of a browser that is open on a page of some origin."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import replace
from functools import partial
from http.cookies import Morsel
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, get_args

from corswsgi.fetch import is_token, normalize_method
from corswsgi.origins import is_loopback, parse_origin

from .cache import PreflightCache
from .messages import Exchange, Headers, Request, Response, get_header
from .model import Credentials, Fetch, Mode, Result, fetching
from .outcome import Outcome
from .targets import send_over_http, send_to_application
from .urls import parse_url
from .values import (
    is_forbidden_request_header_line,
    is_header_value,
    is_no_cors_safelisted_request_header,
    normalize_value,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

GivenHeaders = Mapping[str, str] | Iterable[tuple[str, str]]
"""Request headers, as ``fetch()`` takes them: a mapping, or pairs."""

DEFAULT_BASE_URL = "https://localhost"


class Browser:
    """A tab on a page of some origin, whose script fetches from an application.

    It does what browsers do: it sends preflights, judges responses, follows redirects, and
    remembers preflights, by the Fetch standard (https://fetch.spec.whatwg.org/).

        browser = Browser(app, origin="https://app.example")
        outcome = browser.fetch("/items", method="PUT", credentials="include")
        assert outcome.allowed, outcome

    ``target``
        A WSGI application, which then answers for every host; or the base URL of a server, such
        as ``http://localhost:8000``, which is asked over HTTP (and so is any other host that an
        address or a redirect names).
    ``origin``
        The page's, in the form in which browsers send it; ``"null"`` for a page without one, such
        as a sandboxed frame.
    ``base_url``
        What paths are relative to, where `target` is an application; by default
        ``https://localhost``.
    ``cookies``
        Names and values. They go with every request that has credentials (never with a preflight),
        to whatever host; none is stored.
    ``cache``
        What is remembered of preflights: a `PreflightCache`, by default one of its own, with
        Chromium's limit on max-age.

    ValueError, in words, for arguments that are none of these.
    """

    origin: str
    """The page's."""

    cookies: dict[str, str]
    """What goes with requests that have credentials; to be changed at any time."""

    cache: PreflightCache
    """What is remembered of preflights; ``browser.cache.now += 600`` lets ten minutes pass."""

    def __init__(
        self,
        target: WSGIApplication | str,
        origin: str,
        *,
        base_url: str = DEFAULT_BASE_URL,
        cookies: Mapping[str, str | Morsel[str]] | None = None,
        cache: PreflightCache | None = None,
    ) -> None:
        _check_target(target)
        base = parse_url(target if isinstance(target, str) else base_url)
        if base is None or not base.is_http:
            found = target if isinstance(target, str) else base_url
            message = f"{found!r} is not the base URL of a server, such as 'http://localhost:8000'."
            raise ValueError(message)
        self.origin = _checked_origin(origin)
        # Cookies of test clients are morsels (http.cookies), which have a value.
        self.cookies = {
            name: value if isinstance(value, str) else value.value
            for name, value in (cookies or {}).items()
        }
        self._base_url = base.href
        self._send = send_over_http() if isinstance(target, str) else send_to_application(target)
        self.cache = PreflightCache() if cache is None else cache

    def __repr__(self) -> str:
        return f"<Browser on a page of {self.origin}, for {self._base_url}>"

    def fetch(
        self,
        url: str,
        method: str = "GET",
        headers: GivenHeaders = (),
        credentials: Credentials = "same-origin",
        mode: Mode = "cors",
        body: str | bytes | None = None,
    ) -> Outcome:
        """Fetch, as script does with ``fetch(url, {method, headers, credentials, mode, body})``.

        `url` is a path, or an absolute URL, whose scheme and host are then the request's; the
        page's own origin means that CORS is not asked. Defaults are those of ``fetch()``. A body
        that is text gets the content type that browsers give it, unless there is one.

        What the browser blocks is an `Outcome`, never an exception. ValueError for arguments that
        are none (where script would get a TypeError): what is no URL of http or https, no method,
        no header, no mode; a body with GET or HEAD. What the application raises is not caught; a
        server that cannot be reached is an exception of urllib3.
        """
        fetch, ignored = self._request(url, method, headers, credentials, mode, body)
        course = self.course(fetch)
        exchanges: list[Exchange] = []
        advance: Callable[[], Request] = partial(next, course)
        while True:
            try:
                request = self._with_cookies(advance())
            except StopIteration as stopped:
                result: Result = stopped.value
                break
            response = self._send(request)
            exchanges.append(Exchange(request, response))
            advance = partial(course.send, response)
        return Outcome(
            allowed=result.verdict.allowed,
            reason=result.verdict.reason,
            step=result.verdict.step,
            explanation=result.verdict.explanation,
            status=result.response.status if result.response else None,
            readable_headers=result.readable_headers,
            body=result.response.body if result.response else None,
            exchanges=tuple(exchanges),
            ignored_headers=ignored,
        )

    def course(self, fetch: Fetch) -> Generator[Request, Response, Result]:
        """Make a fetch: `fetching`, or what a subclass has instead."""
        return fetching(fetch, self.cache)

    def _request(
        self,
        url: str,
        method: str,
        headers: GivenHeaders,
        credentials: Credentials,
        mode: Mode,
        body: str | bytes | None,
    ) -> tuple[Fetch, tuple[str, ...]]:
        """Make a request of fetch()'s arguments (5.4, Request class), and tell what was ignored."""
        parsed = parse_url(url, self._base_url)
        if parsed is None or parsed.has_credentials:
            raise ValueError(f"{url!r} is no path and no URL without a user name and a password.")
        if not parsed.is_http:
            raise ValueError(f"{url!r} is neither http nor https, and nothing else is modelled.")
        if not (isinstance(method, str) and is_token(method)):
            raise ValueError(f"{method!r} is no method.")
        if not (body is None or isinstance(body, (str, bytes))):
            raise ValueError(f"{body!r} is no body: give text or bytes, such as json.dumps(...).")
        for name, value, known in (
            ("credentials", credentials, Credentials),
            ("mode", mode, Mode),
        ):
            if value not in get_args(known):
                one = ", ".join(map(repr, get_args(known)))
                raise ValueError(f"{name} is {value!r}, and has to be one of {one}.")
        method = normalize_method(method)
        if body is not None and method in ("GET", "HEAD"):
            raise ValueError(f"A request with {method} cannot have a body.")
        lines, ignored = _checked_headers(headers, mode)
        if isinstance(body, str):
            if get_header(lines, "content-type") is None:
                lines = (*lines, ("Content-Type", "text/plain;charset=UTF-8"))
            body = body.encode()
        return Fetch(self.origin, parsed, method, lines, credentials, mode, body), ignored

    def _with_cookies(self, request: Request) -> Request:
        """Add the cookies to a request that has credentials (4.6, step 8.21)."""
        if not self.cookies or not request.has_credentials:
            return request
        text = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return replace(request, headers=(*request.headers, ("Cookie", text)))


def _check_target(target: object) -> None:
    """Refuse what can be neither asked nor called."""
    if isinstance(target, str):
        return
    if not callable(target):
        raise ValueError(
            f"the target is {target!r}, and has to be a WSGI application or the base URL of a "
            "server. (For a test client, give its application.)"
        )
    if _is_coroutine(target):
        raise ValueError(
            f"the target {target!r} is an ASGI application, and has to be a WSGI application: "
            "serve it, with uvicorn in a thread, for example, and give its base URL."
        )


def _is_coroutine(target: Callable[..., object]) -> bool:
    """Tell whether calling `target` gives a coroutine, as with ASGI applications."""
    return iscoroutinefunction(target) or iscoroutinefunction(type(target).__call__)


def _checked_origin(origin: object) -> str:
    if isinstance(origin, str) and (origin == "null" or parse_origin(origin) is not None):
        return origin
    meant = ""
    if isinstance(origin, str):
        scheme = "http" if origin.startswith(("localhost", "127.")) else "https"
        whole = origin if "://" in origin else f"{scheme}://{origin}"
        parsed = parse_url(whole)
        if (
            parsed is not None
            and parse_origin(parsed.origin) is not None
            and ("." in parsed.host or is_loopback(parsed.host))
        ):
            meant = f"; did you mean {parsed.origin!r}?"
    raise ValueError(
        f"the origin is {origin!r}, and has to be in the form in which a browser sends it "
        f"(scheme://host or scheme://host:port){meant or '.'}"
    )


def _checked_headers(given: GivenHeaders, mode: Mode) -> tuple[Headers, tuple[str, ...]]:
    """Keep what script can set, and name what it cannot (5.1, Headers class)."""
    if isinstance(given, (str, bytes)):
        raise ValueError(f"{given!r} are no headers: give a mapping, or pairs of texts.")
    pairs = given.items() if isinstance(given, Mapping) else given
    kept: list[tuple[str, str]] = []
    ignored: list[str] = []
    for name, text in pairs:
        are_texts = isinstance(name, str) and isinstance(text, str)
        value = normalize_value(text) if are_texts else ""
        if not (are_texts and is_token(name) and is_header_value(value)):
            raise ValueError(f"{name!r}: {text!r} is no header.")
        # Without CORS, a repeated header is judged with what is there already.
        joined = ", ".join([*(has for known, has in kept if known.lower() == name.lower()), value])
        if is_forbidden_request_header_line(name, value) or (
            mode == "no-cors" and not is_no_cors_safelisted_request_header(name, joined)
        ):
            ignored.append(name)
        else:
            kept.append((name, value))
    return tuple(kept), tuple(ignored)
