"""`Browser`: a tab that is open on a page of some origin."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import replace
from http.cookies import Morsel
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, get_args

from corswsgi.fetch import is_token, normalize_method
from corswsgi.origins import is_loopback, parse_origin

from .cache import PreflightCache
from .header_values import (
    is_forbidden_request_header_line,
    is_header_value,
    is_no_cors_safelisted_request_header,
    normalize_value,
)
from .messages import Headers, Request, Response, get_header
from .model import Credentials, Fetch, Mode, main_fetch
from .outcome import Outcome
from .transports import send_over_http, send_to_application
from .urls import parse_url

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

GivenHeaders = Mapping[str, str] | Iterable[tuple[str, str]]
"""Request headers as ``fetch()`` accepts them: a mapping or pairs."""

DEFAULT_BASE_URL = "https://localhost"


class Browser:
    """A tab that is open on a page of some origin, whose script fetches from an application.

    Like a real browser, it sends preflights, checks responses, follows redirects and caches
    preflights, according to the Fetch standard (https://fetch.spec.whatwg.org/).

        browser = Browser(app, origin="https://app.example")
        outcome = browser.fetch("/items", method="PUT", credentials="include")
        assert outcome.allowed, outcome

    ``target``
        A WSGI application, which receives the requests for all hosts, or the base URL of a server,
        such as ``http://localhost:8000``. With a base URL, requests are sent over HTTP, also to
        other hosts if a URL or a redirect names them.
    ``origin``
        The origin of the page, written as browsers send it. ``"null"`` stands for a page without
        an origin, such as a sandboxed frame.
    ``base_url``
        The base of relative URLs if `target` is an application. Default: ``https://localhost``.
    ``cookies``
        Names and values of cookies. They are sent to every host with every request that has
        credentials, but not with preflights. ``Set-Cookie`` has no effect.
    ``cache``
        The `PreflightCache`. By default, each `Browser` has its own, with Chromium's limit for
        Access-Control-Max-Age.

    Raises ValueError if an argument is not valid.
    """

    origin: str
    """The origin of the page."""

    cookies: dict[str, str]
    """The cookies of requests with credentials. You can change them at any time."""

    cache: PreflightCache
    """The preflight cache. ``browser.cache.now += 600`` lets ten minutes pass."""

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
            name = "target" if isinstance(target, str) else "base_url"
            raise ValueError(
                f"{name} is {found!r}, which is not an absolute URL with http or https, such as "
                "'http://localhost:8000'."
            )
        self.origin = _checked_origin(origin)
        # The cookies of Django's test client are http.cookies.Morsel objects.
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
        """Fetch a URL as a script does with ``fetch(url, {method, headers, ...})``.

        `url` is an absolute URL or relative to the base URL. CORS does not apply to URLs of the
        page's own origin. The other arguments have the defaults of ``fetch()``. A text `body` gets
        the Content-Type that browsers add, unless `headers` include one.

        If the browser blocks the fetch, the `Outcome` tells why; this is not an exception.

        Raises ValueError if an argument is not valid, for which ``fetch()`` would throw a
        TypeError: a URL with another scheme than http or https, a method, header or mode that is
        not valid, or a body with GET or HEAD. Exceptions of the application are not caught. If a
        server cannot be reached, urllib3 raises one of its exceptions.
        """
        fetch, ignored = self._request(url, method, headers, credentials, mode, body)
        steps = self.main_fetch(fetch)
        response: Response | None = None
        while True:
            try:
                request = next(steps) if response is None else steps.send(response)
            except StopIteration as stopped:
                outcome: Outcome = stopped.value
                return replace(outcome, ignored_headers=ignored)
            response = self._send(request)

    def main_fetch(self, fetch: Fetch) -> Generator[Request, Response, Outcome]:
        """Run `main_fetch`. Subclasses may run another model."""
        return main_fetch(fetch, self.cache)

    def _request(
        self,
        url: str,
        method: str,
        headers: GivenHeaders,
        credentials: Credentials,
        mode: Mode,
        body: str | bytes | None,
    ) -> tuple[Fetch, tuple[str, ...]]:
        """Create a request from the arguments of ``fetch()``, and return the ignored headers.

        https://fetch.spec.whatwg.org/#dom-request
        """
        parsed = parse_url(url, self._base_url)
        if parsed is None:
            raise ValueError(f"url is {url!r}, which is not a valid URL.")
        if parsed.has_credentials:
            raise ValueError(
                f"url is {url!r}, but must not include a user name or a password. To send them, "
                "set the header Authorization."
            )
        if not parsed.is_http:
            raise ValueError(
                f"url is {url!r}, but corswsgi.browser supports the schemes http and https only."
            )
        if not (isinstance(method, str) and is_token(method)):
            raise ValueError(f"method is {method!r}, which is not a valid HTTP method.")
        if not (body is None or isinstance(body, (str, bytes))):
            raise ValueError(
                f"body is {body!r}, but must be str or bytes, such as json.dumps(...)."
            )
        for name, value, known in (
            ("credentials", credentials, Credentials),
            ("mode", mode, Mode),
        ):
            if value not in get_args(known):
                options = ", ".join(map(repr, get_args(known)))
                raise ValueError(f"{name} is {value!r}, but must be one of {options}.")
        method = normalize_method(method)
        if body is not None and method in ("GET", "HEAD"):
            raise ValueError(f"A request with the method {method} cannot have a body.")
        lines, ignored = _checked_headers(headers, mode)
        if isinstance(body, str):
            if get_header(lines, "content-type") is None:
                lines = (*lines, ("Content-Type", "text/plain;charset=UTF-8"))
            body = body.encode()
        cookies = {**self.cookies}
        return Fetch(self.origin, parsed, method, lines, credentials, mode, body, cookies), ignored


def _check_target(target: object) -> None:
    """Raise ValueError if the target is neither a URL nor a WSGI application."""
    if isinstance(target, str):
        return
    if not callable(target):
        raise ValueError(
            f"target is {target!r}, but must be a WSGI application or the base URL of a server. "
            "If it is a test client, pass its application instead."
        )
    if _is_coroutine(target):
        raise ValueError(
            f"target is {target!r}, which is an ASGI application, but must be a WSGI application "
            "or the base URL of a server. Serve the application, for example with uvicorn in a "
            "thread, and pass the base URL."
        )


def _is_coroutine(target: Callable[..., object]) -> bool:
    """Check whether `target` returns coroutines, as ASGI applications do."""
    return iscoroutinefunction(target) or iscoroutinefunction(type(target).__call__)


def _checked_origin(origin: object) -> str:
    if isinstance(origin, str) and (origin == "null" or parse_origin(origin) is not None):
        return origin
    suggestion = ""
    if isinstance(origin, str):
        scheme = "http" if origin.startswith(("localhost", "127.")) else "https"
        whole = origin if "://" in origin else f"{scheme}://{origin}"
        parsed = parse_url(whole)
        if (
            parsed is not None
            and parse_origin(parsed.origin) is not None
            and ("." in parsed.host or is_loopback(parsed.host))
        ):
            suggestion = f" Did you mean {parsed.origin!r}?"
    raise ValueError(
        f"origin is {origin!r}, but must be written as browsers send it: scheme://host, "
        f"scheme://host:port or null.{suggestion}"
    )


def _checked_headers(given: GivenHeaders, mode: Mode) -> tuple[Headers, tuple[str, ...]]:
    """Return the headers that scripts can set, and the names of those that they cannot set.

    https://fetch.spec.whatwg.org/#headers-class
    """
    if isinstance(given, (str, bytes)):
        raise ValueError(
            f"headers is {given!r}, but must be a mapping or pairs, such as {{'X-Name': 'value'}}."
        )
    pairs = given.items() if isinstance(given, Mapping) else given
    kept: list[tuple[str, str]] = []
    ignored: list[str] = []
    for name, text in pairs:
        are_texts = isinstance(name, str) and isinstance(text, str)
        value = normalize_value(text) if are_texts else ""
        if not (are_texts and is_token(name) and is_header_value(value)):
            raise ValueError(f"headers contains {name!r}: {text!r}, which is not a valid header.")
        # In the mode no-cors, all values of a repeated header are checked together.
        joined = ", ".join([*(has for known, has in kept if known.lower() == name.lower()), value])
        if is_forbidden_request_header_line(name, value) or (
            mode == "no-cors" and not is_no_cors_safelisted_request_header(name, joined)
        ):
            ignored.append(name)
        else:
            kept.append((name, value))
    return tuple(kept), tuple(ignored)
