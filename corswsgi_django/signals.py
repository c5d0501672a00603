"""The signal that lets code allow single requests."""

from typing import Any

from django.dispatch import Signal


class _CheckRequestEnabled(Signal):
    def _log_robust_failure(self, receiver: Any, err: Exception) -> None:
        """Log nothing: Django would not escape the message of the error, and `lookups` logs it."""


check_request_enabled: Signal = _CheckRequestEnabled()
"""Sent with ``request`` if the settings do not allow the origin of a request.

A receiver that returns a true value allows the origin for this request; the other settings,
including credentials, stay the same. The signal is sent at most once for each request, and not if a
view or CORS_RESOURCES names origins. If a receiver raises, the error is logged and the origin is
refused.
"""
