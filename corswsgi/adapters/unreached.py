"""Decorators that no request reaches: what is known about them without running the application."""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterable, Iterator, Sequence
from inspect import getattr_static
from typing import Any, NamedTuple

from .handlers import unwrapped_handler
from .layers import Layer
from .views import ATTRIBUTE, ViewLayers, hidden_view, view_name, wrapped_views


class RegisteredView(NamedTuple):
    """A view or an error handler that the application has."""

    name: str
    """For messages, such as ``view 'items'``."""
    functions: Sequence[Any]
    """The view, and the methods of its class."""
    layers: ViewLayers
    """The layers that apply."""
    is_handler: bool = False
    """Whether it is an error handler."""


def unreached(views: Sequence[RegisteredView]) -> Iterator[str]:
    """Yield a sentence about each view whose own ``@cors``, or that of a function, has no effect.

    A decorator without functools.wraps hides it, an error handler was registered below it, or it is
    on a function that is not a view.
    """
    known = {layer for view in views for layer in _all_layers(view.layers)}
    for view in views:
        hidden = None if view.is_handler else hidden_view(view.functions, view.layers)
        called = [each for each, layer in _called(view.functions) if layer not in known]
        if hidden is not None:
            yield (
                f"{view.name}: a decorator hides the @cors of {view_name(hidden)}, so it has no "
                "effect. Move @cors above that decorator, or use functools.wraps in it."
            )
        elif called:
            yield (
                f"{view.name} uses {view_name(called[0])}, whose @cors has no effect, because it "
                f"is not a view of the application. Move @cors to {view.name}."
            )
        if view.is_handler and not (view.layers.is_empty or _is_wrapped(view.functions)):
            yield (
                f"{view.name}: its @cors has no effect, because the error handler was registered "
                "below it. Move @cors below @app.errorhandler."
            )


def _all_layers(layers: ViewLayers) -> Iterator[Layer]:
    yield from layers.enclosing
    for own in layers.by_method.values():
        yield from own


def _called(functions: Iterable[Any]) -> Iterator[tuple[Callable[..., Any], Layer]]:
    """Yield decorated functions among the global names that functions use, with their layers."""
    for each in (inner for function in functions for inner in wrapped_views(function)):
        names = getattr(each, "__globals__", {})
        for instruction in dis.get_instructions(each) if hasattr(each, "__code__") else ():
            if instruction.opname == "LOAD_GLOBAL":
                # Nothing here may evaluate a lazy object or a proxy.
                used = names.get(instruction.argval)
                layer = getattr_static(used, ATTRIBUTE, None)
                if callable(used) and isinstance(layer, Layer):
                    yield used, layer


def _is_wrapped(functions: Iterable[Any]) -> bool:
    """Return whether an error handler is one that `decorate_view` has returned, or its method."""
    each = [inner for function in functions for inner in wrapped_views(function)]
    called = [getattr(type(function), "__call__", None) for function in functions]  # noqa: B004 - the method itself is wanted
    return any(unwrapped_handler(function) is not None for function in (*each, *called))
