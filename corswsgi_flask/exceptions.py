"""Tracebacks for fetches: Werkzeug's debugger answers them with a page that scripts cannot read."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response

from corswsgi import CORSRequest, Policy, decide
from corswsgi.adapters import DECISION, safe_repr

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def answer_error(
    app: Flask,
    middleware: WSGIApplication,
    policy_for: Callable[[WSGIEnvironment], Policy | None],
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Run the middleware under the debugger, which wraps the whole application.

    The response to an exception is its traceback as text, if the request is a fetch from an
    allowed origin. Otherwise, the exception is raised, and the debugger shows its own page.
    """
    has_started = False

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        nonlocal has_started
        has_started = True
        return start_response(status, headers, exc_info)

    try:
        return middleware(environ, start)
    except Exception:
        policy = None if has_started or not _is_fetch(environ) else policy_for(environ)
        if policy is None:
            raise
        decision = decide(policy, CORSRequest.from_environ(environ))
        if not decision.allowed:
            raise
        environ[DECISION] = decision
        # The debugger would have printed it in the terminal.
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        app.logger.exception("Exception on %s %s", safe_repr(method), safe_repr(path))
        body = traceback.format_exc().encode("utf-8", "backslashreplace")
        response = Response(body, 500, [*decision.added], mimetype="text/plain")
        return response(environ, start_response)


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
