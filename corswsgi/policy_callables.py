"""Policy callables: functions from the environ to the policy of a request."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import TYPE_CHECKING

from .errors import Problem, safe_repr
from .log import log_failure
from .policy import Policy, refusing_policy
from .rules import is_async

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    PolicyCallable = Callable[[WSGIEnvironment], Policy | None]

_FAILED = refusing_policy("policy_check_failed")


def check_policy_callable(function: Callable[..., object]) -> Problem | None:
    """Return the problem with a callable that cannot return policies; None if it may be able to."""
    if is_async(function):
        message = f"{safe_repr(function)} is a coroutine function, which WSGI cannot await."
        hint = "pass a plain function."
        return Problem("policy", function, "coroutine_function", message, hint)
    try:
        parameters = signature(function)
    except Exception:
        return None  # it is not known, or has annotations that cannot be evaluated
    try:
        parameters.bind({})
    except TypeError:
        message = f"{safe_repr(function)} cannot be called with the environ as its only argument."
        hint = "write def policy_for(environ): ..., which returns a Policy or None."
        return Problem("policy", function, "wrong_type", message, hint)
    return None


def ask_policy(policy_for: PolicyCallable, environ: WSGIEnvironment) -> Policy | None:
    """Call a policy callable. If it fails, this is logged, and the policy refuses the request."""
    fault: Exception | str
    try:
        policy = policy_for(environ)
    except Exception as error:
        fault = error
    else:
        if policy is None or isinstance(policy, Policy):
            return policy
        fault = f"returned {safe_repr(policy)} instead of a Policy or None"
    log_failure("the policy callable {}", policy_for, fault, "policy_check_failed")
    return _FAILED


def explain_callable(policy_for: PolicyCallable, path: str) -> str:
    """Explain that a callable returned no policy, for debug mode."""
    return f"no policy applies: {safe_repr(policy_for)} returned None for {safe_repr(path)}."
