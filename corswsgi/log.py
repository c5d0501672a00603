"""Log: the logger ``corswsgi``. Each of its records has a field ``reason``.

Values that clients send are escaped and shortened with `corswsgi.errors.safe_repr`.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Mapping
from functools import partial
from inspect import getattr_static
from itertools import count
from types import FunctionType, MethodType
from typing import Literal

from .errors import safe_repr

logger: logging.Logger = logging.getLogger("corswsgi")

FailureReason = Literal["origin_check_failed", "policy_check_failed", "debug_check_failed"]

_CONSEQUENCES: Mapping[FailureReason, str] = {
    "origin_check_failed": "treating the origin as not allowed",
    "policy_check_failed": "refusing the request",
    "debug_check_failed": "treating debug mode as off",
}

# Applications have few callables. The limit is for those that create classes for single requests.
_MAX_FAILURES = 1024


class FailureCounts:
    """How often each callable has failed. Any thread may count."""

    def __init__(self) -> None:
        self._counts: dict[object, Iterator[int]] = {}

    def next(self, key: object) -> int:
        """Count a failure, and return how many there have been with the same key.

        Failures that come after the limit of keys have one count in common.
        """
        counted = self._counts.get(key)
        if counted is None:
            if len(self._counts) >= _MAX_FAILURES:
                key = None
            # setdefault() and next() are atomic. A lock could be left locked in a forked process.
            counted = self._counts.setdefault(key, count(1))
        return next(counted)

    def clear(self) -> None:
        """Forget all failures, so that the next ones are logged in full."""
        self._counts.clear()


# One for the process: applications may create policies, and functions in them, for each request.
failure_counts: FailureCounts = FailureCounts()
"""The failures that have been logged in this process."""


def log_failure(
    subject: str, function: object, fault: Exception | str, reason: FailureReason
) -> None:
    """Log that a callable failed: the first time in full, and then each power of ten in short.

    `subject` names the callable, with ``{}`` for its repr. `fault` is the exception that it raised,
    whose lines of code are logged, or a text such as "returned None". Exceptions whose types have
    the same name are counted together.

    The standard formatting of tracebacks is not used, because it ends with the error's message,
    which may contain line breaks that a client sent.
    """
    # The name and not the type, which may be created for a single failure.
    kind = f"{type(fault).__module__}.{type(fault).__qualname__}"
    number = failure_counts.next((reason, _code_of(function), kind))
    if str(number).rstrip("0") != "1":
        return
    text = fault if isinstance(fault, str) else f"raised {safe_repr(fault)}"
    lines = ""
    if number > 1:
        text = f"failed again, {number} times so far: it {text}"
    elif isinstance(fault, Exception):
        lines = "\n" + "".join(traceback.format_tb(fault.__traceback__)).rstrip()
    logger.error(
        "%s %s; %s%s",
        subject.format(safe_repr(function)),
        text,
        _CONSEQUENCES[reason],
        lines,
        extra={"reason": reason},
    )


def _code_of(function: object) -> object:
    """Return the code of a function, which stays the same if the function is created again.

    For other callables, return their type.
    """
    if isinstance(function, partial):
        function = function.func
    # Statically, because any object may be called, and its attributes may be computed.
    function = getattr_static(function, "__wrapped__", function)
    if isinstance(function, MethodType):
        function = function.__func__
    return function.__code__ if type(function) is FunctionType else type(function)
