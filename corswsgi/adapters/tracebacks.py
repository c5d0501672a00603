"""Tracebacks for fetches: a debugger answers exceptions with a page that scripts cannot read."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from logging import Logger
from typing import TYPE_CHECKING, Any

from corswsgi.errors import safe_repr
from corswsgi.origins import is_loopback, parse_origin, parse_pattern
from corswsgi.policy import Policy, decide
from corswsgi.requests import CORSRequest
from corswsgi.suffixes import PublicSuffixes
from corswsgi.wsgi import DECISION

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def answer_errors(
    app: WSGIApplication,
    policy_for: Callable[[WSGIEnvironment], Policy | None],
    logger: Logger,
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Run an application under a debugger, which wraps it.

    The response to an exception is its traceback as text, if the request is a fetch from an origin
    that may read it (see `may_read_traceback`). Otherwise, the exception is raised, and the
    debugger shows its own page. `policy_for` returns the policy that applies to a request.
    """
    has_started = False

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        nonlocal has_started
        has_started = True
        return start_response(status, headers, exc_info)

    try:
        return app(environ, start)
    except Exception as error:
        policy = None if has_started or not _is_fetch(environ) else policy_for(environ)
        request = CORSRequest.from_environ(environ)
        if policy is None or not may_read_traceback(policy, request):
            raise
        # For this origin alone: with "*", a cache could give the response to every page.
        environ[DECISION] = decision = decide(policy, request, origin_allowed=True)
        # The debugger would have printed it. The standard formatting ends with the error's message,
        # which may contain line breaks that a client sent.
        frames = "".join(traceback.format_tb(error.__traceback__)).rstrip()
        method, path = safe_repr(request.method), safe_repr(request.path)
        logger.error("Exception on %s %s: %s\n%s", method, path, safe_repr(error), frames)
        body = traceback.format_exc().encode("utf-8", "backslashreplace")
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
            *decision.added,
        ]
        start_response("500 Internal Server Error", headers)
        return [] if request.method == "HEAD" else [body]


def may_read_traceback(policy: Policy, request: CORSRequest) -> bool:
    """Return whether a page may read a traceback, which discloses code and values.

    The policy has to allow the page's origin, and either list it, itself or with a pattern, or it
    has to be on this machine. A policy for any origin, a pattern that includes a public suffix, an
    expression or a callable may allow pages that their author does not know.
    """
    origin = parse_origin(request.origin or "")
    if origin is None or not decide(policy, request).allowed:
        return False
    if origin.scheme in ("http", "https") and is_loopback(origin.host):
        return True
    listed = [rule for rule in policy.origins if isinstance(rule, str) and _is_of_owners(rule)]
    return bool(listed) and decide(Policy(origins=listed), request).allowed


def _is_of_owners(rule: str) -> bool:
    """Return whether an origin or a pattern has known owners: not ``*`` or ``https://*.com``."""
    pattern = parse_pattern(rule)
    if pattern is None or not pattern.subdomains:
        return pattern is not None
    return PublicSuffixes().at_or_under(pattern.host.removesuffix(".")) is None


def _is_fetch(environ: WSGIEnvironment) -> bool:
    """Return whether a page of another origin called ``fetch()``, as opposed to a navigation.

    Submitting a form sends an Origin, too. Browsers mark navigations with Sec-Fetch-Mode, on HTTPS
    and localhost.
    """
    own = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
    return (
        environ.get("HTTP_ORIGIN", own) != own
        and environ.get("HTTP_SEC_FETCH_SITE") != "same-origin"
        and environ.get("HTTP_SEC_FETCH_MODE") != "navigate"
    )
