"""Error handlers: functions that ``@cors`` decorates, and that are called with an exception."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from inspect import CO_VARARGS, iscoroutinefunction
from types import FunctionType, MethodType
from typing import Any

from .layers import Layer
from .views import ATTRIBUTE, set_layer, wrapped_views

Handling = Callable[[Any], AbstractContextManager[object]]
"""Returns the context in which an error handler runs, which it gets."""

# The key in the attributes of a handler: its identity, because functools.wraps copies attributes,
# and the function that it wraps.
_HANDLER = "cors_handler"


def decorate_view(view: Any, layer: Layer, handling: Handling, *, hint: str) -> Any:
    """Attach a layer to a view, and return what the decorator returns: usually the view itself.

    If it may be an error handler, the result is a function that calls it within the context
    `handling`, but only with an exception as the last argument, so views are as fast as before.
    Bound methods cannot have attributes, and get such a function, too. `hint` is for `set_layer`.
    """
    function = view.__func__ if isinstance(view, staticmethod | classmethod) else view
    inner = None if isinstance(function, MethodType) else unwrapped_handler(function)
    own = function if inner is None else inner
    is_bound = isinstance(own, MethodType)
    if not is_bound:
        set_layer(own, layer, hint=hint)
        if inner is not None:
            setattr(function, ATTRIBUTE, getattr(own, ATTRIBUTE))
        if inner is not None or not _may_handle_errors(own):
            return view
    handler = _wrapped(function, handling)
    if is_bound:
        setattr(handler, ATTRIBUTE, layer)
    return handler if function is view else type(view)(handler)


@contextmanager
def noted(environ: MutableMapping[str, Any], key: str, handler: Any) -> Iterator[None]:
    """Note in an environ which error handler has returned the response, unless it raises."""
    before, environ[key] = environ.get(key), handler
    try:
        yield
    except BaseException:
        environ[key] = before
        raise
    # Again, because it may have called another one.
    environ[key] = handler


def unwrapped_handler(view: Any) -> Any:
    """Return the view that `decorate_view` has wrapped; None if it has not wrapped this one."""
    function = getattr(view, "__func__", view)
    identity, inner = getattr(function, "__dict__", {}).get(_HANDLER, (None, None))
    return inner if identity == id(function) else None


def _may_handle_errors(view: Any) -> bool:
    """Return whether a function can be called with an exception.

    Methods count without their object. The signature is not used: reading it evaluates annotations
    in Python 3.14 and newer, which may fail.
    """
    code = getattr([*wrapped_views(view)][-1], "__code__", None)
    if code is None or not isinstance(view, FunctionType):
        return False
    names = code.co_varnames[: code.co_argcount]
    return bool(names[names[:1] in (("self",), ("cls",)) :] or code.co_flags & CO_VARARGS)


def _wrapped(view: Any, handling: Handling) -> Any:
    handler: Any
    if iscoroutinefunction(view):

        @wraps(view)
        async def handler(*args: Any, **named: Any) -> Any:
            if not (args and isinstance(args[-1], BaseException)):
                return await view(*args, **named)
            with handling(handler):
                return await view(*args, **named)

    else:

        @wraps(view)
        def handler(*args: Any, **named: Any) -> Any:
            if not (args and isinstance(args[-1], BaseException)):
                return view(*args, **named)
            with handling(handler):
                return view(*args, **named)

    setattr(handler, _HANDLER, (id(handler), view))
    return handler
