"""CORS for Django projects, their paths and views."""

from .decisions import acors_decision, cors_decision
from .decorator import cors

__all__ = ["acors_decision", "cors", "cors_decision"]
