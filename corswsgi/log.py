"""Log: the logger ``corswsgi``. Each of its records has a field ``reason``.

Values that clients send are escaped and shortened with `corswsgi.errors.safe_repr`.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from typing import Literal

from .errors import safe_repr

logger: logging.Logger = logging.getLogger("corswsgi")

FailureReason = Literal["origin_check_failed", "policy_check_failed", "debug_check_failed"]

_CONSEQUENCES: Mapping[FailureReason, str] = {
    "origin_check_failed": "treating the origin as not allowed",
    "policy_check_failed": "refusing the request",
    "debug_check_failed": "treating debug mode as off",
}


def log_failure(subject: str, error: Exception, reason: FailureReason) -> None:
    """Log that a callable raised, with the lines of code where it happened.

    `subject` names the callable. The standard formatting of tracebacks is not used, because it ends
    with the error's message, which may contain line breaks that a client sent.
    """
    lines = "".join(traceback.format_tb(error.__traceback__)).rstrip()
    logger.error(
        "%s raised %s; %s\n%s",
        subject,
        safe_repr(error),
        _CONSEQUENCES[reason],
        lines,
        extra={"reason": reason},
    )
