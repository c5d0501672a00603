"""CORSMiddleware: a policy in front of a WSGI application."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from logging import DEBUG
from types import MethodType
from typing import TYPE_CHECKING

from .configuration import USAGE, check_configuration, compile_configuration
from .decision import Decision
from .errors import PolicyError, shown, wrong_type
from .headers import Header
from .log import log_failure, logger
from .options import is_async
from .origins import MAX_ORIGIN_LENGTH
from .policy import Policy
from .reports import TEXT, log_refusal, log_replaced, log_unreadable, refused_preflight
from .rules import NoRules, Rules

if TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .configuration import Configuration, PolicyCallable

    ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
    Write = Callable[[bytes], object]
    Call = tuple[StartResponse, WSGIEnvironment, "CORSMiddleware", Policy | None, Decision]
    LateCall = tuple[
        StartResponse,
        WSGIEnvironment,
        "CORSMiddleware",
        PolicyCallable,
        str | None,  # the Origin
        Decision | None,  # the one that was there before
        list[tuple[Policy | None, Decision] | None],  # what has been decided: empty, or one
    ]

DECISION = "corswsgi.decision"
"""The environ's key for the `Decision` about a request."""

_is_logged = logger.isEnabledFor
_FORBIDDEN = "403 Forbidden"
_REQUESTED_METHOD = "HTTP_ACCESS_CONTROL_REQUEST_METHOD"


class CORSMiddleware:
    """Answers CORS-preflight requests, and sets the CORS headers of an application's responses.

    `app`
        Any WSGI application.

    `policy`
        A `Policy`; or a callable from the environ to a `Policy` or None, which is asked once a
        request: for a preflight at once, for an actual request when the application starts its
        response, so that it may use what routing left in the environ. None is no CORS: the
        application is on its own. A callable that raises is logged, and refuses.

    `resources`
        A mapping from path patterns to a `Policy` or None. ``/health`` is itself, ``/api/*`` is
        ``/api`` and everything below it; the longest match wins. What none matches (nor has a
        path, as in ``OPTIONS *``), `policy` governs.

    `debug`
        True, or a callable that is asked when it matters and answers True: refused preflights
        say why, to the browser, in their body, and in the log. It discloses the policy.

    Raises `PolicyError` with every problem of these arguments.

    The `Decision` about a request is in ``environ["corswsgi.decision"]``; with a callable, once
    the response has started. An inner middleware's decision stands.
    """

    def __init__(
        self,
        app: WSGIApplication,
        policy: Policy | PolicyCallable | None = None,
        *,
        resources: Mapping[str, Policy | None] | None = None,
        debug: bool | Callable[[], bool] = False,
    ) -> None:
        problems = check_configuration(policy, resources, required=True)
        if not callable(app):
            problems.append(wrong_type("app", app, "a WSGI application", USAGE))
        if not isinstance(debug, bool) and (not callable(debug) or is_async(debug)):
            problems.append(
                wrong_type(
                    "debug",
                    debug,
                    "True, False or a callable",
                    "(The text 'False' would be true.)",
                )
            )
        if problems:
            raise PolicyError(problems)
        self._app = app
        self._debug = debug
        # Names of response headers that are known to have nothing to do with CORS.
        self.harmless: set[str] = set()
        self._configuration: Configuration = compile_configuration(policy, resources)

    def reconfigure(
        self,
        policy: Policy | PolicyCallable | None,
        *,
        resources: Mapping[str, Policy | None] | None = None,
    ) -> None:
        """Put another configuration in force, at any time and from any thread.

        It replaces policy and resources both: what is not given is gone. Requests under way
        finish under the one that they began with. With None and no resources,
        the middleware lets everything through untouched. Raises `PolicyError`, and changes
        nothing, if anything is refused.
        """
        problems = check_configuration(policy, resources, required=False)
        if problems:
            raise PolicyError(problems)
        self._configuration = compile_configuration(policy, resources)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a preflight, or run the application (PEP 3333)."""
        governor, resources = self._configuration
        if resources is not None:
            governor = resources.find(environ.get("PATH_INFO") or "/", governor)
        rules, policy_for = governor
        origin = environ.get("HTTP_ORIGIN")
        is_preflight = (
            origin is not None
            and environ["REQUEST_METHOD"] == "OPTIONS"
            and _REQUESTED_METHOD in environ
        )
        if rules is None:
            if policy_for is None:
                return self._app(environ, start_response)
            if is_preflight:
                asked = _ask(policy_for, environ)
                if asked is None:
                    return self._app(environ, start_response)
                return self._answer(asked, environ, start_response)
            before = environ.get(DECISION)
            late: LateCall = (start_response, environ, self, policy_for, origin, before, [])
            return self._app(environ, MethodType(_start_late, late))
        if is_preflight:
            return self._answer(rules, environ, start_response)
        if origin is None:
            decision = rules.no_origin
        else:
            # rules.actual(origin), written out: a call is a tenth of what all this takes.
            if len(origin) > MAX_ORIGIN_LENGTH:
                decision = rules.too_long
            else:
                decision = rules.settled.get(origin, rules.stranger) or rules.settle(origin)
            if not decision.allowed and _is_logged(DEBUG):
                log_refusal(environ, decision)
        environ[DECISION] = decision
        # A bound method of plain data is the cheapest callable there is: a closure over as many
        # names takes 1.3 times as long to make, and so does functools.partial.
        return self._app(
            environ, MethodType(_start, (start_response, environ, self, rules.policy, decision))
        )

    def _answer(
        self, rules: Rules | NoRules, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer a preflight."""
        origin: str = environ["HTTP_ORIGIN"]
        method: str = environ[_REQUESTED_METHOD]
        headers: str = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
        private_network = environ.get("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK") == "true"
        decision = rules.preflight(origin, method, headers, private_network)
        environ[DECISION] = decision
        if decision.allowed:
            start_response("204 No Content", [*decision.added])
            return []
        if self.is_debugging():
            status, added, body = refused_preflight(environ, decision, rules.policy)
            line = "200 OK" if status == HTTPStatus.OK else _FORBIDDEN
            start_response(line, [*TEXT, ("Content-Length", str(len(body))), *added])
            return [body]
        if _is_logged(DEBUG):
            log_refusal(environ, decision)
        start_response(_FORBIDDEN, [*TEXT, ("Content-Length", "0"), *decision.added])
        return []

    def is_debugging(self) -> bool:
        """Tell whether debug mode is on, now."""
        if isinstance(self._debug, bool):
            return self._debug
        try:
            return self._debug() is True
        except Exception as error:
            log_failure(f"the debug callable {shown(self._debug)}", error, "debug_check_failed")
            return False


def _start(
    call: Call, status: str, headers: list[Header], exc_info: ExcInfo | None = None
) -> Write:
    """Start the response of an application whose decision was made when its request came in."""
    start_response, environ, middleware, policy, decision = call
    if environ.get(DECISION) is decision or _takes_over(environ, headers, decision):
        headers = _ruled(environ, middleware, policy, decision, headers)
    if exc_info is None:
        return start_response(status, headers)
    return start_response(status, headers, exc_info)


def _start_late(
    call: LateCall, status: str, headers: list[Header], exc_info: ExcInfo | None = None
) -> Write:
    """Start a response whose policy is asked for now: once, though it may be started twice."""
    start_response, environ, middleware, policy_for, origin, before, decided = call
    if not decided:
        inner = environ.get(DECISION)
        if inner is None or inner is before or not inner.is_applied_to(headers):
            rules = _ask(policy_for, environ)
            if rules is None:
                decided.append(None)
            else:
                decision = rules.no_origin if origin is None else rules.actual(origin)
                if not decision.allowed and _is_logged(DEBUG):
                    log_refusal(environ, decision)
                decided.append((rules.policy, decision))
                environ[DECISION] = decision
                headers = _ruled(environ, middleware, rules.policy, decision, headers)
    elif decided[0] is not None:
        policy, decision = decided[0]
        again = (start_response, environ, middleware, policy, decision)
        return _start(again, status, headers, exc_info)
    if exc_info is None:
        return start_response(status, headers)
    return start_response(status, headers, exc_info)


def _ruled(
    environ: WSGIEnvironment,
    middleware: CORSMiddleware,
    policy: Policy | None,
    decision: Decision,
    headers: list[Header],
) -> list[Header]:
    """Return what the policy makes of response headers; in debug mode, say what is of interest."""
    harmless = middleware.harmless
    for name, _ in headers:
        if name not in harmless:
            if middleware.is_debugging():
                log_replaced(environ, decision, headers)
                log_unreadable(environ, policy, decision)
            return decision.apply(headers, harmless)
    if not decision.allowed and middleware.is_debugging():
        log_unreadable(environ, policy, decision)
    return [*headers, *decision.added]  # what apply() would do, for next to nothing


def _takes_over(environ: WSGIEnvironment, headers: list[Header], decision: Decision) -> bool:
    """Put `decision` in force, unless a middleware further in has applied its own.

    It has decided, but the response may be another one: of something in between that answers
    when the application fails, for instance.
    """
    inner = environ.get(DECISION)
    if inner is not None and inner.is_applied_to(headers):
        return False
    environ[DECISION] = decision
    return True


def _ask(policy_for: PolicyCallable, environ: WSGIEnvironment) -> Rules | NoRules | None:
    """Ask which policy governs a request. It fails closed."""
    try:
        policy = policy_for(environ)
    except Exception as error:
        log_failure(f"the policy callable {shown(policy_for)}", error, "policy_check_failed")
        return NoRules()
    if policy is None:
        return None
    if isinstance(policy, Policy):
        return policy.derive(Rules)
    logger.error(
        "the policy callable %s answered %s; a Policy or None was expected, so the request is "
        "refused",
        shown(policy_for),
        shown(policy),
        extra={"reason": "policy_check_failed"},
    )
    return NoRules()
