"""Reports: the log messages of debug mode, and those about refusals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .debug import explain_origin
from .decision import ALLOW_ORIGIN, EXPOSE_HEADERS, Decision, Header, cors_headers
from .errors import safe_repr
from .log import logger
from .names import OPTION_NAMES, Names
from .policy import Policy
from .requests import CORSRequest

# Clients choose the values in messages. Applications have fewer causes than this.
_MAX_REPORTED = 1024

_WITH_CREDENTIALS = ("Access-Control-Allow-Credentials", "true")


class Reports:
    """Logs the messages of debug mode, each cause once. Any thread may use it."""

    def __init__(self) -> None:
        self._reported: set[int] = set()

    def warn(
        self, request: CORSRequest, text: str, reason: str, cause: tuple[str, ...] | None = None
    ) -> None:
        """Log a warning about a request, unless there was one with the same cause and reason.

        The cause is the text, unless another one is given. The request's method and path, which
        are logged in front of the text, do not matter.
        """
        # Hashes, because texts can be long.
        key = hash((reason, cause or text))
        if key in self._reported:
            return
        if len(self._reported) >= _MAX_REPORTED:
            self._reported.clear()
        self._reported.add(key)
        logger.warning(
            "%s %s: %s",
            safe_repr(request.method),
            safe_repr(request.path),
            text,
            extra={"reason": reason},
        )

    def report_response(
        self,
        environ: Mapping[str, Any],
        decision: Decision,
        policy: Policy,
        headers: Iterable[Header],
        names: Names = OPTION_NAMES,
        *,
        fix: str = "give its path no policy (None)",
    ) -> None:
        """Report what a page cannot do with a response, and headers that the policy replaces.

        `headers` are those of the application; `fix` says how to turn CORS off for the path.
        """
        request, headers = CORSRequest.from_environ(environ), [*headers]
        self._report_replaced(request, decision, headers, fix)
        if not request.is_cross_origin_fetch:
            return
        if decision.allowed:
            self._report_cookies(request, decision, headers)
        else:
            why = explain_origin(decision, policy, request.origin or "", names)
            text = f"corswsgi refused access to this response ({decision.reason}): {why}"
            self.warn(request, text, decision.reason)

    def report_no_policy(
        self, environ: Mapping[str, Any], why: str | None, headers: Iterable[Header]
    ) -> None:
        """Report that no policy applies to the request of a page of another origin.

        `why` is None if the configuration says so, and `headers` are those of the application,
        which may allow the origin itself.
        """
        request = CORSRequest.from_environ(environ)
        names = [name.lower() for name, _ in headers]
        if why is not None and request.is_cross_origin_fetch and ALLOW_ORIGIN.lower() not in names:
            self.warn(request, why, "no_policy")

    def _report_replaced(
        self, request: CORSRequest, decision: Decision, headers: list[Header], fix: str
    ) -> None:
        kept, given = cors_headers(decision.apply(headers)), cors_headers(headers)
        replaced = {
            name.lower(): safe_repr(name)
            for name, value in given
            if (name, value) not in kept and name.lower() != EXPOSE_HEADERS.lower()
        }
        if replaced:
            text = (
                "the policy replaces headers that the application set: "
                f"{', '.join(replaced.values())}. Remove them from the application, because the "
                f"policy sets them; or, to let the application decide, {fix}."
            )
            # All of its names, because a policy replaces more of them if it refuses the origin.
            names = sorted({name.lower() for name, _ in given})
            self.warn(request, text, "headers_replaced", (request.path, *names))

    def _report_cookies(
        self, request: CORSRequest, decision: Decision, headers: list[Header]
    ) -> None:
        """Report cookies that browsers do not store for a page of another site.

        https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-storage-model
        """
        if request.fetch_site != "cross-site" or _WITH_CREDENTIALS not in decision.headers:
            return
        for name, value in headers:
            if name.lower() == "set-cookie" and (lacking := _lacking_attributes(value)):
                cookie = value.partition(";")[0].partition("=")[0].strip()
                text = (
                    "browsers do not store or send the cookie "
                    f"{safe_repr(cookie)} for this page, which is on another site, because the "
                    f"cookie lacks {lacking}. Set SameSite=None and Secure. (Some browsers never "
                    "store cookies for other sites. A page on the same site avoids that.)"
                )
                self.warn(request, text, "cookie_not_sent")


def _lacking_attributes(cookie: str) -> str:
    """Return the attributes that a Set-Cookie lacks for requests from other sites."""
    attributes: dict[str, str] = {}
    for part in cookie.split(";")[1:]:
        name, _, value = part.partition("=")
        attributes[name.strip().lower()] = value.strip().lower()
    lacking = [] if attributes.get("samesite") == "none" else ["SameSite=None"]
    return " and ".join(lacking if "secure" in attributes else [*lacking, "Secure"])


def log_refusal(request: CORSRequest, decision: Decision) -> None:
    """Log a refusal at level DEBUG, because ordinary traffic causes it."""
    logger.debug(
        "refused %s %s from the origin %s: %s",
        safe_repr(request.method),
        safe_repr(request.path),
        safe_repr(request.origin),
        decision.reason,
        extra={"reason": decision.reason},
    )
