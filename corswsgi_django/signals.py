"""The signal that lets code allow single requests."""

from django.dispatch import Signal

check_request_enabled = Signal()
"""Sent with ``request`` where the settings do not allow a request's origin.

A receiver that answers something true allows it, for this request, with the other settings as
they are (credentials included). It is sent at most once a request, and not where a view or
CORS_RESOURCES names origins of its own. A receiver that raises refuses, and is logged.
"""
