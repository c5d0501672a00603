"""Reports: what a developer is told about one request, in the log and in a preflight's body.

A request is its environ here, or whatever else maps the names of CGI (PEP 3333) to texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from .decision import Decision
from .errors import shown
from .explanation import OPTION_NAMES, explain, explain_origin, explained
from .headers import EXPOSE_HEADERS, Header, cors_headers
from .log import logger
from .policy import Policy

Environ = Mapping[str, Any]

TEXT = (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))
"""The headers of an answer that says something, or that has no body but might."""


def refused_preflight(
    environ: Environ,
    decision: Decision,
    policy: Policy | None,
    names: Mapping[str, str] = OPTION_NAMES,
) -> tuple[int, tuple[Header, ...], bytes]:
    """Return a debugging answer to a preflight that was refused, and log what it says.

    It is a status, the headers that let a browser's console name the cause, and a body. `names`
    are the words for the options, where they are not those of `Policy`.
    """
    origin: str = environ["HTTP_ORIGIN"]
    method: str = environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"]
    headers: str = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
    why = explain(decision, policy, origin, method, headers, names)
    text = f"corswsgi refused this preflight ({decision.reason}): {why}"
    _warn(environ, text, decision)
    told = explained(decision, policy, origin, method)
    return told.status or HTTPStatus.FORBIDDEN, told.added, f"{text}\n".encode()


def log_refusal(environ: Environ, decision: Decision) -> None:
    """Log a refusal at DEBUG: ordinary traffic causes it."""
    logger.debug(
        "refused %s %s of the origin %s: %s",
        shown(environ.get("REQUEST_METHOD")),
        shown(environ.get("PATH_INFO")),
        shown(environ.get("HTTP_ORIGIN")),
        decision.reason,
        extra={"reason": decision.reason},
    )


def log_replaced(
    environ: Environ,
    decision: Decision,
    headers: list[Header],
    cure: str = "give its path no policy (None)",
) -> None:
    """Log the CORS headers of the application that do not survive."""
    kept = cors_headers(decision.apply(headers))
    replaced = [
        f"{name}: {value}"
        for name, value in cors_headers(headers)
        if (name, value) not in kept and name.lower() != EXPOSE_HEADERS.lower()
    ]
    if replaced:
        text = (
            f"the policy replaces what the application has set itself: "
            f"{shown(', '.join(replaced))}. To let it write its own CORS headers, {cure}."
        )
        _warn(environ, text, decision)


def _warn(environ: Environ, text: str, decision: Decision | None) -> None:
    """Log a warning about a request."""
    logger.warning(
        "%s %s: %s",
        shown(environ.get("REQUEST_METHOD")),
        shown(environ.get("PATH_INFO")),
        text,
        extra={"reason": "no_policy" if decision is None else decision.reason},
    )


def log_unreadable(
    environ: Environ,
    policy: Policy | None,
    decision: Decision,
    names: Mapping[str, str] = OPTION_NAMES,
) -> None:
    """Log that a page cannot read its response, if the browser says that a page has asked.

    A same-origin POST has an Origin too: without these headers, nobody knows that it is none.
    """
    if not decision.allowed and _is_fetch(environ):
        why = explain_origin(decision, policy, environ.get("HTTP_ORIGIN", ""), names)
        text = f"corswsgi refused this request's page ({decision.reason}): {why}"
        _warn(environ, text, decision)


def log_ungoverned(environ: Environ, why: str) -> None:
    """Log that no policy governs a request, if the browser says that another origin has asked."""
    if _is_fetch(environ):
        _warn(environ, f"no policy governs this request: {why}", None)


def _is_fetch(environ: Environ) -> bool:
    return (
        environ.get("HTTP_SEC_FETCH_SITE") in ("cross-site", "same-site")
        and environ.get("HTTP_SEC_FETCH_MODE") == "cors"
    )
