"""@cors, on views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from corswsgi import Policy, Problem
from corswsgi.errors import refuse, shown
from corswsgi.marks import MARK, NOT_GIVEN, NotGiven

from . import signals
from .options import read_layer

View = TypeVar("View", bound=Callable[..., Any])


@overload
def cors(policy: View, /) -> View: ...
@overload
def cors(
    policy: Policy | NotGiven | None = NOT_GIVEN, /, **options: Any
) -> Callable[[View], View]: ...
def cors(policy: Any = NOT_GIVEN, /, **options: Any) -> Any:
    """Give a view a policy of its own.

    ``@cors(expose_headers=["X-Total"])`` lays options over what encloses the view: the policy of
    its blueprint, of its path, of CORS(app), of app.config. ``@cors(policy)`` replaces that,
    ``@cors(None)`` turns CORS off. Where nobody says which origins, it is any.

    It stands above or below ``@app.route``, under decorators that use ``functools.wraps``, on a
    class of views, on one of its methods, and in its ``decorators``. All that it does is to set
    the view's attribute ``cors_policy`` to what it was given: a `Policy`, a dict of options, or
    None.

    The options are those of `corswsgi.Policy`, except that ``methods`` are by default the methods
    that the route has. Raises `PolicyError` with all that is wrong with them; what is wrong with
    them and what they are laid over is raised before the application's first response.
    """
    if callable(policy):
        return cors()(policy)  # @cors, without parentheses
    layer, problems = read_layer(policy, options, stacklevel=2)
    refuse(problems)

    def mark(view: View) -> View:
        bearer = view.__func__ if isinstance(view, staticmethod | classmethod) else view
        # The class' own one, and not what it inherits.
        if MARK in getattr(bearer, "__dict__", ()):
            hint = "decorate it once. For another route to the same function, wrap it in another."
            refuse([Problem("cors", view, "given_twice", f"{shown(view)} has one already.", hint)])
        try:
            setattr(bearer, MARK, layer)
        except (AttributeError, TypeError):
            message = f"{shown(view)} cannot bear a mark: nothing would come of it."
            hint = "decorate the function itself; of a class of views, put it in `decorators`."
            refuse([Problem("cors", view, "without_effect", message, hint)])
        signals.connect()
        return view

    return mark


cross_origin = cors
"""The name that Flask-CORS has for it."""
