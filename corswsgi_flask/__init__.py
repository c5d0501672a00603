"""CORS for Flask: on applications, blueprints and views, by the policy of corswsgi."""

from .current import current_cors
from .decorator import cors, cross_origin
from .extension import CORS

__all__ = ["CORS", "cors", "cross_origin", "current_cors"]
