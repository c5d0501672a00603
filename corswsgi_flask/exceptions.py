"""What Werkzeug's debugger leaves out: the page whose fetch failed cannot read its answer."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from corswsgi import Policy, decide
from corswsgi.errors import shown
from corswsgi.wsgi import DECISION

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask


def answer_error(
    app: Flask,
    middleware: WSGIApplication,
    policy_for: Callable[[WSGIEnvironment], Policy | None],
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Run a middleware under the debugger, which wraps all of the application.

    An exception is answered with its traceback, as text, if a fetch of an allowed origin's page
    has caused it. Otherwise it goes on, to the debugger's own page.
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
        decision = decide(policy, environ["REQUEST_METHOD"], environ["HTTP_ORIGIN"])
        if not decision.allowed:
            raise
        environ[DECISION] = decision
        # The debugger would have printed it: the terminal shall not stay silent.
        app.logger.exception(
            "Exception on %s [%s]", shown(environ["PATH_INFO"]), environ["REQUEST_METHOD"]
        )
        body = traceback.format_exc().encode("utf-8", "backslashreplace")
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
        ]
        start_response("500 INTERNAL SERVER ERROR", decision.apply(headers))
        return [body]


def _is_fetch(environ: WSGIEnvironment) -> bool:
    """Tell whether this is a fetch of another origin's page, and no person's own browsing.

    A form that is sent to the application itself has an Origin too, and where any is allowed, so
    is its own. Browsers tell navigations by Sec-Fetch-Mode (on HTTPS and localhost).
    """
    own = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
    return (
        environ.get("HTTP_ORIGIN", own) != own
        and environ.get("HTTP_SEC_FETCH_SITE") != "same-origin"
        and environ.get("HTTP_SEC_FETCH_MODE") != "navigate"
    )
