"""CORS for Python web applications: the policy, the decision, and a WSGI middleware."""

from .decision import Decision, DecisionReason
from .errors import Notice, NoticeReason, PolicyError, Problem, ProblemReason
from .policy import Policy, PolicyOptions, decide
from .requests import CORSRequest
from .wsgi import CORSMiddleware

__all__ = [
    "CORSMiddleware",
    "CORSRequest",
    "Decision",
    "DecisionReason",
    "Notice",
    "NoticeReason",
    "Policy",
    "PolicyError",
    "PolicyOptions",
    "Problem",
    "ProblemReason",
    "decide",
]
