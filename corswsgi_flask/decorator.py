"""@cors for views."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from corswsgi import Policy
from corswsgi.adapters import UNSET, CallNames, Unset, refuse, set_layer, warn

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
    only sets the attribute ``cors_policy`` of the view.

    The options are those of `corswsgi.Policy`. Raises `PolicyError` with all problems of the
    options; problems together with the enclosing layers are raised as described at `CORS`.
    """
    if callable(policy):
        return cors()(policy)  # @cors, without parentheses
    layer, problems, notices = read_options(policy, options, CallNames("its @cors"))
    refuse(problems)
    warn(notices)

    def decorate(view: View) -> View:
        function = view.__func__ if isinstance(view, staticmethod | classmethod) else view
        hint = "decorate it once. For a second route, write a function that calls it."
        set_layer(function, layer, hint=hint)
        fallback.watch_applications()
        return view

    return decorate


cross_origin = cors
"""The name of the decorator in Flask-CORS."""
