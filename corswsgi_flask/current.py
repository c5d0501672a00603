"""The Decision about the current request, for views and loggers."""

from __future__ import annotations

from flask import current_app, request
from werkzeug.local import LocalProxy

from corswsgi import Decision, decide
from corswsgi.wsgi import DECISION

from .policies import AppPolicies
from .routes import requested_method


def _decision() -> Decision | None:
    environ = request.environ
    decision: Decision | None = environ.get(DECISION)
    if decision is None:
        app = current_app._get_current_object()  # type: ignore[attr-defined] # a LocalProxy
        policy = AppPolicies.of(app).policy_for(environ)
        if policy is not None:
            decision = decide(
                policy,
                environ["REQUEST_METHOD"],
                environ.get("HTTP_ORIGIN"),
                requested_method(environ),
                environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
                environ.get("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK") == "true",
            )
    return decision


current_cors: Decision = LocalProxy(_decision)  # type: ignore[assignment] # as flask.request is
"""The `corswsgi.Decision` about the current request: ``current_cors.allowed``, ``.reason``.

It is found out at each access until the response starts, from when it is final. Where no policy
governs the request it is false, and equal to None.
"""
