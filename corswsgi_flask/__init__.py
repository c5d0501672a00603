"""CORS for Flask applications, blueprints and views."""

from .current import current_cors
from .decorator import cors, cross_origin
from .extension import CORS

__all__ = ["CORS", "cors", "cross_origin", "current_cors"]
