"""@cors for views."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, TypeVar, overload

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest

from corswsgi import Policy, Problem, adapters
from corswsgi.adapters import (
    ATTRIBUTE,
    NO_LAYERS,
    UNSET,
    DecoratorNames,
    Layer,
    Unset,
    ViewLayers,
    read_layer,
    refuse,
    safe_repr,
    set_layer,
    view_name,
    warn,
    warn_at,
)

from .apps import installed
from .decisions import PATH, is_preflight, requested_method
from .lookups import as_origin_callable
from .middleware import CORSMiddleware

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from corswsgi import PolicyOptions

View = TypeVar("View", bound=Callable[..., Any])

_HINT = (
    "decorate it once. For a second route, write a view that calls it; for a class whose base "
    "class is decorated, decorate the class itself, without method_decorator()."
)

# The key of request.META that is set while a decorated view runs whose policy will be applied.
_APPLYING = "corswsgi_django.applying"

_HIDDEN = (
    "the middleware cannot see the @cors of {}, so preflights are answered with the settings. Move "
    "it above the decorator that hides it, such as @api_view."
)


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
    layer, problems, notices = read_layer(policy, options, adapt=as_origin_callable)
    refuse(problems)
    warn(notices)
    layer = Layer(layer.value, DecoratorNames(), layer.place)

    def decorate(view: Any) -> Any:
        if not callable(view):
            _refuse(view, "cannot be called", "decorate a view.")
        return _decorate_class(view, layer) if isinstance(view, type) else _decorate(view, layer)

    return decorate


def _refuse(view: object, why: str, hint: str) -> None:
    message = f"{safe_repr(view)} {why}, so @cors would have no effect."
    refuse([Problem("cors", view, "without_effect", message, hint)])


def _decorate_class(view: Any, layer: Layer) -> Any:
    """Decorate dispatch(), because as_view() copies its attributes to the view."""
    dispatch: Any = getattr(view, "dispatch", None)
    if dispatch is None:
        _refuse(view, "has no method dispatch()", "decorate a class of views.")
    # It may be inherited, and the base class may be decorated.
    view.dispatch = _decorate(dispatch, layer, is_own="dispatch" in vars(view))
    return view


def _decorate(view: Any, layer: Layer, *, is_own: bool = True) -> Any:
    if hasattr(view, "_ninja_operation"):
        # @api.get, below @cors, has registered this function, and never calls another one.
        set_layer(view, layer, hint=_HINT)
        return view

    @wraps(view)
    def decorated(*args: Any, **named: Any) -> Any:
        # The request comes after the object if the method was decorated itself.
        requests = [each for each in (*args, *named.values()) if hasattr(each, "META")]
        layers = _layers_to_apply(requests[0], view, layer) if requests else None
        if layers is None:
            return view(*args, **named)

        def run(_request: HttpRequest) -> Any:
            with _applying(requests[0]):
                return view(*args, **named)

        async def arun(_request: HttpRequest) -> Any:
            with _applying(requests[0]):
                return await view(*args, **named)

        # dispatch() of a class of asynchronous views returns a coroutine, but is a plain function.
        places = [getattr(each, "__self__", each) for each in adapters.wrapped_views(view)]
        is_async = True in [getattr(each, "view_is_async", False) for each in (*places, *args[:1])]
        get_response = arun if is_async or iscoroutinefunction(view) else run
        return CORSMiddleware(get_response, layers)(requests[0])

    with suppress(Exception):
        # django-ninja would look the names in annotations up in this module.
        vars(decorated)["__signature__"] = signature(view, eval_str=True)
    if not is_own:
        vars(decorated).pop(ATTRIBUTE, None)
    layer = set_layer(decorated, layer, hint=_HINT)
    if iscoroutinefunction(view):
        markcoroutinefunction(decorated)
    return decorated


@contextmanager
def _applying(request: HttpRequest) -> Iterator[None]:
    """Ignore the policies of other decorated views that this view calls."""
    request.META[_APPLYING] = True
    try:
        yield
    finally:
        del request.META[_APPLYING]


def _layers_to_apply(request: HttpRequest, view: Any, layer: Layer) -> ViewLayers | None:
    """Return the layers that a decorator has to apply itself; None if it has nothing to do."""
    match, has_middleware = request.resolver_match, PATH in request.META
    if _APPLYING in request.META:
        return None
    seen = NO_LAYERS if match is None else installed().layers_of(match.func)
    # A preflight may have led to the handler of OPTIONS, and asks about another one.
    is_asked = is_preflight(request) and not (has_middleware or seen.is_empty)
    if is_asked or seen.of(requested_method(request)):
        return None if has_middleware else seen
    if has_middleware:
        warn_at(view, _HIDDEN.format(view_name(view)))
    return ViewLayers([layer])
