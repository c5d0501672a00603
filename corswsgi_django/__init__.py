"""CORS for Django: for all of a project, by path and by view, by the policy of corswsgi."""

from .decisions import acors_decision, cors_decision
from .decorator import cors

__all__ = ["acors_decision", "cors", "cors_decision"]
