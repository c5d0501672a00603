"""The public names of Flask-CORS, as this project has them.

Many of its tests share one application, in which a single configuration is refused here. That one
is left out, as a view or a path without CORS, so that only the tests about it fail.
"""

from collections.abc import Mapping
from typing import Any

from flask import Flask

import corswsgi_flask
from corswsgi import PolicyError


def cross_origin(*args: Any, **options: Any) -> Any:
    """Return the decorator; if its options are refused, one that does nothing."""
    try:
        return corswsgi_flask.cross_origin(*args, **options)
    except PolicyError:
        return lambda view: view


class CORS(corswsgi_flask.CORS):
    """The extension, without the resources that are refused."""

    def __init__(self, app: Any = None, **arguments: Any) -> None:
        """Leave refused resources out, if there are others."""
        resources = arguments.get("resources")
        if app is not None and isinstance(resources, Mapping):
            others = {name: arguments[name] for name in arguments if name != "resources"}
            accepted = {
                path: options
                for path, options in resources.items()
                if not _is_refused({path: options}, others)
            }
            arguments = {**others, "resources": accepted or resources}
        super().__init__(app, **arguments)


def _is_refused(resources: Mapping[Any, Any], others: Mapping[str, Any]) -> bool:
    try:
        corswsgi_flask.CORS(Flask("probe"), resources=resources, **others)
    except PolicyError:
        return True
    return False


__all__ = ["CORS", "cross_origin"]
