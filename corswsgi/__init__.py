"""CORS for Python web applications: the policy, the header logic, and a WSGI middleware."""

from .decision import Decision, DecisionReason
from .errors import PolicyError, Problem, ProblemReason
from .policy import Policy
from .rules import decide
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
