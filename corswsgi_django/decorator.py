"""@cors for views."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, overload

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest

from corswsgi import Policy, Problem
from corswsgi.adapters import (
    UNSET,
    Layer,
    Names,
    Unset,
    has_layer,
    read_layer,
    refuse,
    safe_repr,
    set_layer,
    snapshot,
    warn,
    wrapped_views,
)

from .apps import installed
from .decisions import HIDDEN, PATH
from .lookups import as_origin_callable
from .middleware import CORSMiddleware
from .views import view_name

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from corswsgi import PolicyOptions

View = TypeVar("View", bound=Callable[..., Any])

_HINT = (
    "decorate it once. For a second route, write a view that calls it; for a class whose base "
    "class is decorated, decorate the class itself, without method_decorator()."
)


class _DecoratorNames(Names):
    def option(self, option: str, value: object = None) -> str:  # noqa: ARG002 - of the base class
        return f"{option} of its @cors"


@overload
def cors(policy: View, /) -> View: ...
@overload
def cors(
    policy: Policy | Unset | None = UNSET, /, **options: Unpack[PolicyOptions]
) -> Callable[[View], View]: ...
def cors(policy: Any = UNSET, /, **options: Any) -> Any:
    """Set the policy of a view.

    ``@cors(expose_headers=["X-Total"])`` lays options over the policy of the settings for the path,
    ``@cors(policy)`` replaces it, and ``@cors(None)`` turns CORS off. The options are those of
    `corswsgi.Policy`; callables among the origins may be coroutine functions.

    It decorates functions, coroutine functions, classes of views and their methods, including those
    of Django REST framework. Put it above decorators that do not use ``functools.wraps``, such as
    ``@api_view``: below them, the middleware cannot see it before the view runs, and warns.

    The decorator only marks the view, and the middleware decides. If a request did not pass through
    the middleware, the decorator applies the middleware to the view alone.

    Raises `PolicyError` with all problems of the options. ``manage.py check`` reports problems
    together with the settings.
    """
    if callable(policy):
        return cors()(policy)  # @cors, without parentheses
    given = {name: snapshot(value) for name, value in options.items()}
    origins = given.get("origins")
    if isinstance(origins, tuple | frozenset):
        given["origins"] = tuple(map(as_origin_callable, origins))
    elif callable(origins):
        given["origins"] = as_origin_callable(origins)
    layer, problems, notices = read_layer(policy, given)
    refuse(problems)
    warn(notices)
    layer = Layer(layer.value, _DecoratorNames())

    def decorate(view: Any) -> Any:
        if not callable(view):
            message = f"{safe_repr(view)} cannot be called, so @cors would have no effect."
            refuse([Problem("cors", view, "without_effect", message, "decorate a view.")])
        return _decorate_class(view, layer) if isinstance(view, type) else _decorate(view, layer)

    return decorate


def _decorate_class(view: Any, layer: Layer) -> Any:
    """Decorate dispatch(), because as_view() copies its attributes to the view."""
    dispatch: Any = getattr(view, "dispatch", None)
    if dispatch is None:
        message = f"{safe_repr(view)} has no method dispatch(), so @cors would have no effect."
        refuse([Problem("cors", view, "without_effect", message, "decorate a class of views.")])
    # It may be inherited, and the base class may be decorated.
    view.dispatch = _decorate(dispatch, layer, is_own="dispatch" in vars(view))
    return view


def _decorate(view: Any, layer: Layer, *, is_own: bool = True) -> Any:
    @wraps(view)
    def decorated(*arguments: Any, **named: Any) -> Any:
        # The request comes after the object if the method was decorated itself.
        requests = (each for each in (*arguments, *named.values()) if hasattr(each, "META"))
        request: HttpRequest | None = next(requests, None)
        if request is None:
            return view(*arguments, **named)
        is_below_middleware = PATH in request.META
        _reveal(request, view, layer, warns=is_below_middleware)
        if is_below_middleware:
            return view(*arguments, **named)
        # dispatch() of a class of asynchronous views returns a coroutine, but is a plain function.
        owners = (getattr(getattr(view, "func", None), "__self__", None), *arguments[:1])
        is_async = any(getattr(owner, "view_is_async", False) is True for owner in owners)

        def get_response(_request: HttpRequest) -> Any:
            return view(*arguments, **named)

        if is_async or iscoroutinefunction(view):
            markcoroutinefunction(get_response)
        return CORSMiddleware(get_response)(request)

    if not is_own:
        vars(decorated).pop("cors_policy", None)
    set_layer(decorated, layer, hint=_HINT)
    if iscoroutinefunction(view):
        markcoroutinefunction(decorated)
    return decorated


def _reveal(request: HttpRequest, view: Any, layer: Layer, *, warns: bool) -> None:
    """Tell the middleware about a layer that it cannot see, and warn once at the view's own line."""
    match = request.resolver_match
    if match is not None and installed().layers_of(match.func).of(request.method or ""):
        return
    request.META.setdefault(HIDDEN, layer)
    if not warns:
        return
    text = (
        f"the middleware cannot see the @cors of {view_name(view)}, so preflights are answered with "
        "the settings. Move it above the decorator that hides it, such as @api_view."
    )
    functions = (each for each in reversed([*wrapped_views(view)]) if hasattr(each, "__code__"))
    function = next(functions, None)
    if function is None:  # an object that can be called
        warnings.warn(text, RuntimeWarning, stacklevel=1)
        return
    warnings.warn_explicit(
        text,
        RuntimeWarning,
        function.__code__.co_filename,
        function.__code__.co_firstlineno,
        registry=function.__globals__.setdefault("__warningregistry__", {}),
    )
