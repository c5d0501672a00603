"""The Decision about the current request, for views and log messages."""

from __future__ import annotations

from flask import current_app, request
from werkzeug.local import LocalProxy

from corswsgi import CORSRequest, Decision, decide
from corswsgi.adapters import DECISION

from .application import ApplicationCORS


def _decision() -> Decision | None:
    environ = request.environ
    decision: Decision | None = environ.get(DECISION)
    if decision is None:
        app = current_app._get_current_object()  # type: ignore[attr-defined] # a LocalProxy
        policy = ApplicationCORS.of(app).applied(environ).policy
        if policy is not None:
            decision = decide(policy, CORSRequest.from_environ(environ))
    return decision


current_cors: Decision = LocalProxy(_decision)  # type: ignore[assignment] # as flask.request is
"""The `corswsgi.Decision` about the current request: ``current_cors.allowed``, ``.reason``.

It is determined at each access until the response starts, and is final from then on. If no policy
applies to the request, it is false and equal to None.
"""
