"""CORS for Python web applications: the policy, the header logic, and a WSGI middleware."""

from .decision import Decision, DecisionReason, decide
from .errors import PolicyError, Problem, ProblemReason
from .policy import Policy
from .wsgi import CORSMiddleware

__all__ = [
    "CORSMiddleware",
    "Decision",
    "DecisionReason",
    "Policy",
    "PolicyError",
    "Problem",
    "ProblemReason",
    "decide",
]
