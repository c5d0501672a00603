"""@cors for views."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from flask import Blueprint, Flask

from corswsgi import Policy, Problem
from corswsgi.adapters import (
    DECORATOR,
    UNSET,
    CallNames,
    Layer,
    Unset,
    decorate_view,
    refuse,
    safe_repr,
    warn,
)

from . import fallback
from .arguments import read_options

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from corswsgi import PolicyOptions

View = TypeVar("View", bound=Callable[..., Any])


@overload
def cors(policy: View, /) -> View: ...
@overload
def cors(
    policy: Policy | Unset | None = UNSET, /, **options: Unpack[PolicyOptions]
) -> Callable[[View], View]: ...
def cors(policy: Any = UNSET, /, **options: Any) -> Any:
    """Set the policy of a view.

    ``@cors(expose_headers=["X-Total"])`` lays options over the policy of the view's blueprint, of
    its path, of CORS(app) and of app.config. ``@cors(policy)`` replaces it, and ``@cors(None)``
    turns CORS off. Without any origins, every origin is allowed.

    The decorator can be above or below ``@app.route``, below decorators that use
    ``functools.wraps``, on a class of views, on one of its methods, and in its ``decorators``. It
    sets the attribute ``cors_policy`` of the view.

    Below ``@app.errorhandler``, it applies to the responses of the error handler, whatever the
    view. With origins, it is laid over the policy of the path, and otherwise over that of the view;
    CORS stays off where it is off. A function that can be called with an exception is therefore
    wrapped; all others are returned unchanged.

    The options are those of `corswsgi.Policy`. Raises `PolicyError` with all problems of the
    options; problems together with the enclosing layers are raised as described at `CORS`.
    """
    if isinstance(policy, Blueprint):
        _refuse(policy)
    if callable(policy):
        return cors()(policy)  # @cors, without parentheses
    layer, problems, notices = read_options(policy, options, CallNames("its @cors"))
    refuse(problems)
    warn(notices)

    def decorate(view: View) -> View:
        if isinstance(view, Flask | Blueprint):
            _refuse(view)
        fallback.watch_applications()
        hint = "decorate it once. For a second route, write a function that calls it."
        decorated: View = decorate_view(view, layer, fallback.handling, hint=hint)
        return decorated

    # For `method_decorators` of flask-restful and flask-restx.
    setattr(decorate, DECORATOR, layer)
    return decorate


def _refuse(app: object) -> None:
    """Refuse an application or a blueprint."""
    message = f"{safe_repr(app)} is not a view. @cors is for single views."
    hint = "write CORS(app, ...)." if isinstance(app, Flask) else "write CORS(blueprint, ...)."
    refuse([Problem("cors", app, "wrong_type", message, hint)])


setattr(cors, DECORATOR, Layer({}))

cross_origin = cors
"""The name of the decorator in Flask-CORS."""
