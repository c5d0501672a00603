"""What corswsgi logs, under the logger ``corswsgi``; each record has a field ``reason``.

Values that a client sent are escaped and cut (`corswsgi.errors.shown`) before they get here.
"""

from __future__ import annotations

import logging
import traceback

from .errors import shown

logger = logging.getLogger("corswsgi")


def log_failure(what: str, error: Exception, reason: str) -> None:
    """Log that `what` raised, with the places where it did.

    The standard traceback is not used: it ends in the error's message as it is, which may hold
    what a client sent, line breaks included.
    """
    places = "".join(traceback.format_tb(error.__traceback__)).rstrip()
    logger.error(
        "%s raised %s, which counts as a no\n%s",
        what,
        shown(error),
        places,
        extra={"reason": reason},
    )
