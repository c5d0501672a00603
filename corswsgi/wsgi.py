"""CORSMiddleware: a policy in front of a WSGI application."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from logging import DEBUG
from types import MethodType
from typing import TYPE_CHECKING, Any

from .asgi import check_application
from .compiled import CompiledPolicy
from .decision import Decision, Header
from .differences import explain_no_pattern
from .errors import PolicyError, Problem, warn, wrong_type
from .log import log_failure, logger
from .names import OPTION_NAMES, Names
from .origins import NO_ORIGIN
from .paths import PathPatterns, read_patterns
from .policy import Policy
from .policy_callables import ask_policy, check_policy_callable, explain_callable
from .reports import Reports, log_refusal
from .requests import CORSRequest
from .responses import NO_EXPLANATION, preflight_response
from .rules import is_async

if TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .policy_callables import PolicyCallable

    # The policy of a path, and its compiled form; or a callable that returns the policy; or
    # neither. These are plain tuples because unpacking named tuples takes five times as long. (Any:
    # the type checker cannot tell that there is a Policy if there is a CompiledPolicy.)
    Target = tuple[Any, CompiledPolicy | None, PolicyCallable | None]
    # reconfigure() replaces it as a whole, and a request uses one from its start to its end.
    Configuration = tuple[Target, PathPatterns[Target] | None]

    ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
    Write = Callable[[bytes], object]
    Call = tuple[StartResponse, WSGIEnvironment, "CORSMiddleware", Policy, Decision]
    LateCall = tuple[
        StartResponse,
        WSGIEnvironment,
        "CORSMiddleware",
        PolicyCallable,
        str | None,  # the Origin
        object,  # the middleware that had decided when this one was called
        list[tuple[Policy, Decision] | None],  # the result: empty until the response starts
    ]

DECISION = "corswsgi.decision"
"""The environ's key for the `Decision` about a request."""

# Nested middlewares share Decisions, so these cannot tell who decided. (A token for each request
# would have to be made each time.)
DECIDED_BY = "corswsgi.decided_by"
"""The environ's key for the middleware that made the Decision."""

_REQUESTED_METHOD = "HTTP_ACCESS_CONTROL_REQUEST_METHOD"

_USAGE = "write CORSMiddleware(app, Policy(origins=[...]))."

_is_logged = logger.isEnabledFor


class CORSMiddleware:
    """Answer CORS-preflight requests, and set the CORS headers of an application's responses.

    `app`
        Any WSGI application.

    `policy`
        A `Policy`, or a callable from the environ to a `Policy` or None. A callable is called once
        for each request: for a preflight immediately, for an actual request when the application
        starts its response, so it can use what routing stored in the environ. None means no CORS:
        the application's headers are left alone. If the callable raises, the request is refused,
        and the error is logged: in full once, and then counted.

    `resources`
        A mapping from path patterns to a `Policy` or None. ``/health`` matches itself, ``/api/*``
        matches ``/api`` and everything below it, and the longest match wins. `policy` applies to
        paths that no pattern matches, and to ``OPTIONS *``. An empty path is treated like ``/``.

    `debug`
        True, or a callable that returns True while debug mode is on. Refused preflights then
        explain in their body, in the log and in the browser's console what was refused. This
        discloses the policy.

    Raises `PolicyError` with all problems of these arguments.

    The `Decision` about a request is in ``environ["corswsgi.decision"]``; with a callable, as soon
    as the response has started. If middlewares are nested, the innermost decision applies.

    https://fetch.spec.whatwg.org/#http-cors-protocol
    """

    def __init__(
        self,
        app: WSGIApplication,
        policy: Policy | PolicyCallable | None = None,
        *,
        resources: Mapping[str, Policy | None] | None = None,
        debug: bool | Callable[[], bool] = False,
    ) -> None:
        problems = _check_configuration(policy, resources, required=True)
        problems += check_application(app, _USAGE)
        if not isinstance(debug, bool) and (not callable(debug) or is_async(debug)):
            hint = "write debug=True or debug=False. (The string 'False' would count as true.)"
            problems.append(wrong_type("debug", debug, "True, False or a callable", hint))
        if problems:
            raise PolicyError(problems)
        self._app = app
        self._debug = debug
        self.reports: Reports = Reports()
        """The reports of debug mode."""
        self.unrelated_names: set[str] = set()
        """Names of response headers that are known to be unrelated to CORS."""
        self._configuration: Configuration = _compile_configuration(policy, resources)

    def reconfigure(
        self,
        policy: Policy | PolicyCallable | None,
        *,
        resources: Mapping[str, Policy | None] | None = None,
    ) -> None:
        """Replace the configuration, at any time and from any thread.

        Both `policy` and `resources` are replaced; one that is not given is removed. Requests that
        have begun finish with the old configuration. With None and no resources, the middleware
        does nothing. Raises `PolicyError`, and changes nothing, if there are problems.
        """
        problems = _check_configuration(policy, resources, required=False)
        if problems:
            raise PolicyError(problems)
        self._configuration = _compile_configuration(policy, resources)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a preflight, or run the application (PEP 3333)."""
        target, paths = self._configuration
        if paths is not None:
            target = paths.find(environ.get("PATH_INFO") or "/", target)
        policy, compiled, policy_for = target
        origin = environ.get("HTTP_ORIGIN")
        if compiled is None:
            if policy_for is None:
                if origin is not None and self._debug is not False:
                    start_response = self._start_without(environ, start_response)
                return self._app(environ, start_response)
            if (
                origin is None
                or environ["REQUEST_METHOD"] != "OPTIONS"
                or _REQUESTED_METHOD not in environ
            ):
                before = environ.get(DECIDED_BY)
                late: LateCall = (start_response, environ, self, policy_for, origin, before, [])
                return self._app(environ, MethodType(_start_late, late))
            policy = ask_policy(policy_for, environ)
            if policy is None:
                return self._app(environ, self._start_without(environ, start_response))
            return self._answer(policy, environ, start_response)
        if environ["REQUEST_METHOD"] == "OPTIONS":
            if origin is not None and _REQUESTED_METHOD in environ:
                return self._answer(policy, environ, start_response)
            decision = compiled.decide_options(origin)
            if not decision.allowed:
                _log_refusal(environ, decision)
        elif origin is None:
            decision = compiled.no_origin
        else:
            decision = compiled.decide_actual(origin)
            if not decision.allowed:
                _log_refusal(environ, decision)
        environ[DECISION] = decision
        environ[DECIDED_BY] = self
        # A bound method of plain data is the cheapest callable. A closure over as many names takes
        # 1.3 times as long to make, and so does functools.partial.
        return self._app(
            environ, MethodType(_start, (start_response, environ, self, policy, decision))
        )

    def _answer(
        self, policy: Policy, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer a preflight."""
        decision = policy.compiled.decide_preflight(
            environ["HTTP_ORIGIN"],
            environ[_REQUESTED_METHOD],
            environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", ""),
        )
        environ[DECISION] = decision
        environ[DECIDED_BY] = self
        # Shortcuts for what preflight_response() would return. They take a third of the time.
        if decision.allowed:
            start_response("204 No Content", [*decision.added])
            return []
        debug = self.is_debugging()
        if not (debug or _is_logged(DEBUG)):
            start_response("403 Forbidden", [*NO_EXPLANATION, *decision.added])
            return []
        names = self.names_for(environ) if debug else OPTION_NAMES
        status, headers, body = preflight_response(
            environ, decision, policy, names, debug=debug, reports=self.reports
        )
        start_response(f"{status.value} {status.phrase}", [*headers])
        return [body] if body else []

    def _start_without(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> StartResponse:
        """Return a `start_response` that reports in debug mode that no policy applies."""
        # The application may change the path, so the reason has to be found before it runs.
        why = self.explain_no_policy(environ) if self.is_debugging() else None
        if why is None:
            return start_response
        before = {**environ}

        def start(status: str, headers: Iterable[Header], *exc_info: Any) -> Write:
            headers = [*headers]
            self.reports.report_no_policy(before, why, headers)
            return start_response(status, headers, *exc_info)

        return start

    def is_debugging(self) -> bool:
        """Return whether debug mode is on at the moment."""
        if isinstance(self._debug, bool):
            return self._debug
        try:
            return self._debug() is True
        except Exception as error:
            log_failure("the debug callable {}", self._debug, error, "debug_check_failed")
            return False

    def names_for(self, environ: WSGIEnvironment) -> Names:  # noqa: ARG002 - subclasses use it
        """Return how the options of the policy for a request are written, for debug messages."""
        return OPTION_NAMES

    def explain_no_policy(self, environ: WSGIEnvironment) -> str | None:
        """Return why no policy applies to a request, for debug mode.

        The result is None if the configuration turns CORS off for the request, or if a middleware
        around this one has decided about it.
        """
        path = environ.get("PATH_INFO", "")
        default, paths = self._configuration
        if DECISION in environ:
            return None
        if paths is not None and paths.find(path or "/", default) is not default:
            return None
        _, _, policy_for = default
        if policy_for is not None:
            return explain_callable(policy_for, path)
        if paths is None:
            return None
        patterns = [pattern for pattern, target in paths.patterns.items() if target[1] is not None]
        return explain_no_pattern(path, patterns, environ.get("SCRIPT_NAME", ""))


def _start(
    call: Call, status: str, headers: Iterable[Header], exc_info: ExcInfo | None = None
) -> Write:
    """Start the response to a request that was decided about before the application ran."""
    start_response, environ, middleware, policy, decision = call
    # PEP 3333 requires a list. Servers also accept iterators, which can be read only once.
    if not isinstance(headers, list):
        headers = [*headers]
    # Both, because the application may call the same middleware again.
    is_own = environ.get(DECISION) is decision and environ.get(DECIDED_BY) is middleware
    if is_own or _takes_over(environ, headers, middleware, decision):
        headers = _apply(environ, middleware, policy, decision, headers)
    if exc_info is None:
        return start_response(status, headers)
    return start_response(status, headers, exc_info)


def _start_late(
    call: LateCall, status: str, headers: Iterable[Header], exc_info: ExcInfo | None = None
) -> Write:
    """Start a response, and only then ask for its policy. The application may start it twice."""
    start_response, environ, middleware, policy_for, origin, before, decided = call
    if not isinstance(headers, list):
        headers = [*headers]
    if not decided:
        inner = environ.get(DECIDED_BY)
        if inner is before or not environ[DECISION].is_applied_to(headers):
            policy = ask_policy(policy_for, environ)
            if policy is None:
                decided.append(None)
                if origin is not None and middleware.is_debugging():
                    _report_no_policy(environ, middleware, headers)
            else:
                compiled = policy.compiled
                if environ["REQUEST_METHOD"] == "OPTIONS":
                    decision = compiled.decide_options(origin)
                else:
                    decision = (
                        compiled.no_origin if origin is None else compiled.decide_actual(origin)
                    )
                if not decision.allowed:
                    _log_refusal(environ, decision)
                decided.append((policy, decision))
                environ[DECISION] = decision
                environ[DECIDED_BY] = middleware
                headers = _apply(environ, middleware, policy, decision, headers)
    elif decided[0] is not None:
        policy, decision = decided[0]
        again = (start_response, environ, middleware, policy, decision)
        return _start(again, status, headers, exc_info)
    if exc_info is None:
        return start_response(status, headers)
    return start_response(status, headers, exc_info)


def _log_refusal(environ: WSGIEnvironment, decision: Decision) -> None:
    if _is_logged(DEBUG):
        log_refusal(CORSRequest.from_environ(environ), decision)


def _apply(
    environ: WSGIEnvironment,
    middleware: CORSMiddleware,
    policy: Policy,
    decision: Decision,
    headers: list[Header],
) -> list[Header]:
    """Apply a decision to response headers; in debug mode, report what it changes."""
    unrelated_names = middleware.unrelated_names
    for name, _ in headers:
        if name not in unrelated_names:
            if middleware.is_debugging():
                _report(environ, middleware, policy, decision, headers)
                # No name becomes known, so that every response is looked at.
                return decision.apply(headers)
            return decision.apply(headers, unrelated_names)
    if not decision.allowed and middleware.is_debugging():
        _report(environ, middleware, policy, decision, headers)
    return [*headers, *decision.added]  # equivalent to apply(), see there


def _report(
    environ: WSGIEnvironment,
    middleware: CORSMiddleware,
    policy: Policy,
    decision: Decision,
    headers: list[Header],
) -> None:
    names = middleware.names_for(environ)
    middleware.reports.report_response(environ, decision, policy, headers, names)


def _report_no_policy(
    environ: WSGIEnvironment, middleware: CORSMiddleware, headers: list[Header]
) -> None:
    middleware.reports.report_no_policy(environ, middleware.explain_no_policy(environ), headers)


def _takes_over(
    environ: WSGIEnvironment,
    headers: list[Header],
    middleware: CORSMiddleware,
    decision: Decision,
) -> bool:
    """Make `decision` apply, unless an inner middleware has applied its own to this response.

    The inner one has decided, but the response may come from a component in between, for example
    from one that answers when the application fails.
    """
    if environ[DECISION].is_applied_to(headers):
        return False
    environ[DECISION] = decision
    environ[DECIDED_BY] = middleware
    return True


def _check_configuration(
    policy: object, resources: Mapping[str, object] | None, *, required: bool
) -> list[Problem]:
    """Return all problems of a configuration."""
    problems = []
    if policy is None:
        if required and not resources:
            message = "neither a policy nor resources were given, so the middleware has no effect."
            hint = f"{_USAGE} reconfigure(None) turns a middleware off."
            problems.append(Problem("policy", None, "required", message, hint))
    elif not isinstance(policy, Policy):
        if isinstance(policy, type) or not callable(policy):
            problems.append(wrong_type("policy", policy, "a Policy, a callable or None", _USAGE))
        elif (problem := check_policy_callable(policy)) is not None:
            problems.append(problem)
    if resources is not None and not isinstance(resources, Mapping):
        hint = 'write resources={"/api/*": Policy(origins=[...])}.'
        wanted = "a mapping from paths to policies"
        return [*problems, wrong_type("resources", resources, wanted, hint)]
    for entry in read_patterns("resources", resources or {}):
        if entry.problem is not None:
            problems.append(entry.problem)
        if entry.value is not None and not isinstance(entry.value, Policy):
            hint = "write Policy(origins=[...])."
            problems.append(wrong_type(entry.place, entry.value, "a Policy or None", hint))
    return problems


def _compile_configuration(
    policy: Policy | PolicyCallable | None, resources: Mapping[str, Policy | None] | None
) -> Configuration:
    """Compile a configuration in which `_check_configuration` finds no problems.

    Its notices are emitted at the line that called into corswsgi.
    """
    entries = [*read_patterns("resources", resources or {})]
    warn(entry.notice for entry in entries if entry.notice is not None)
    targets = {entry.pattern: _target(entry.value) for entry in entries}
    # A path with a segment `..` matches no pattern reliably, and is refused.
    dotted = _target(Policy(origins=NO_ORIGIN))
    return _target(policy), PathPatterns(targets, dotted) if targets else None


def _target(policy: Policy | PolicyCallable | None) -> Target:
    if isinstance(policy, Policy):
        return policy, policy.compiled, None
    return None, None, policy
