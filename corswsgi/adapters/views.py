"""Layers of views: how decorators attach them, and how adapters find them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from inspect import getattr_static
from linecache import getline
from traceback import walk_stack
from types import FrameType, FunctionType
from typing import Any

from corswsgi.errors import Caller, PolicyError, Problem, refuse, safe_repr
from corswsgi.policy import Policy, refusing_policy

from .calls import unite
from .layers import UNSET, Layer, Layers, Unset

ATTRIBUTE = "cors_policy"
"""The attribute of a view that holds its `Layer`. ``functools.wraps`` copies it."""

DECORATOR = "cors_layer"
"""The attribute of a decorator that holds the `Layer` that it attaches."""


def set_layer(view: Any, layer: Layer, *, hint: str) -> Layer:
    """Attach a layer to a view, and return the view's layer.

    If the view has a layer already, both are united. Raises `PolicyError` if they contradict each
    other, or may be meant for two routes (`hint` then says what to do), or if the view cannot have
    attributes.
    """
    known = layer_of(view) if has_layer(view) else UNSET
    if isinstance(known, Layer):
        united, problems = unite(known, layer, hint)
        refuse(problems)
        if not (_has_same_options(known, layer) or _is_stacked(view, known)):
            place = known.place and f", in {known.place}"
            message = f"{safe_repr(view)} has an @cors with other options already{place}."
            refuse([Problem("cors", view, "given_twice", message, hint)])
        layer = united
    try:
        setattr(view, ATTRIBUTE, layer)
    except (AttributeError, TypeError):
        message = f"{safe_repr(view)} cannot carry a policy, so @cors would have no effect."
        fix = "decorate the function itself, or the class of views."
        refuse([Problem("cors", view, "without_effect", message, fix)])
    return layer


def _has_same_options(one: Layer, other: Layer) -> bool:
    """Return whether two layers that do not contradict each other set the same options."""
    first, second = one.value, other.value
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return {*first} == {*second}
    return True


def _is_stacked(view: Any, known: Layer) -> bool:
    """Return whether a decorator is written together with the one that attached a layer.

    Otherwise, each may be for a route of its own.
    """
    inner = [*wrapped_views(view)][-1]
    if getattr(getattr(view, "__wrapped__", None), ATTRIBUTE, None) is known:
        return True  # functools.wraps has copied the layer, and the other view keeps it
    frames = [frame for frame, _ in walk_stack(None)]
    if isinstance(inner, type):
        return any(_is_above(frame, inner, known) for frame in frames)
    code = getattr(inner, "__code__", None)
    if code is None:
        return False
    lines = [line for _, _, line in code.co_lines() if line is not None]
    return any(
        frame.f_code.co_filename == code.co_filename
        and code.co_firstlineno <= frame.f_lineno <= max(lines)
        for frame in frames
    )


def _is_above(frame: FrameType, view_class: type, known: Layer) -> bool:
    """Return whether a frame defines a class, and runs a decorator above that of a layer.

    Before Python 3.13, a class does not know its lines.
    """
    names = [name for name in view_class.__qualname__.split(".") if name != "<locals>"]
    file, _, line = known.place.rpartition(":")
    written = getline(frame.f_code.co_filename, frame.f_lineno)
    return (
        frame.f_code.co_name == ["<module>", *names][-2]
        and Caller(frame.f_code.co_filename, frame.f_lineno, "", {}).place.startswith(f"{file}:")
        # Python 3.10 runs all decorators of a class at the line of `class`.
        and (
            frame.f_lineno < int(line or 0)
            or re.match(rf"\s*class {view_class.__name__}\b", written) is not None
        )
    )


def has_layer(view: object) -> bool:
    """Return whether a view has a layer of its own, and not one that its class inherited."""
    return ATTRIBUTE in getattr(view, "__dict__", ())


def wrapped_views(view: Any) -> Iterator[Any]:
    """Yield a view and the views it wraps, with functools.wraps or as a functools.partial."""
    seen: set[int] = set()
    while view is not None and id(view) not in seen:
        seen.add(id(view))
        yield view
        view = view.func if isinstance(view, partial) else getattr(view, "__wrapped__", None)


def layer_of(view: Any) -> Layer | Unset:
    """Return the layer of a view, of a view that it wraps, or of its ``__call__`` method.

    Raises `PolicyError` if the attribute is not a layer.
    """
    called = getattr(type(view), "__call__", None)  # noqa: B004 - the method itself is wanted
    for place in [*wrapped_views(view), called]:
        layer: object = getattr(place, ATTRIBUTE, UNSET)
        if isinstance(layer, Unset):
            continue
        if isinstance(layer, Layer):
            return layer
        if layer is None or isinstance(layer, Policy | Mapping):
            return Layer(layer)
        message = f"{safe_repr(layer)} is of type {type(layer).__name__}, and not a policy."
        hint = "decorate the view with @cors(...), or rename the attribute."
        refuse([Problem(ATTRIBUTE, layer, "wrong_type", message, hint)])
    return UNSET


def inherited_layer(view_class: type, name: str) -> Layer | Unset:
    """Return the layer of a method, or else of one that it overrides."""
    layers = (layer_of(vars(each).get(name)) for each in view_class.__mro__)
    return next((layer for layer in layers if isinstance(layer, Layer)), UNSET)


def closed_over(view: Any) -> Iterator[Any]:
    """Yield the values of the variables that a view, and the views that it wraps, close over."""
    for each in wrapped_views(view):
        for cell in getattr(each, "__closure__", None) or ():
            with suppress(ValueError):  # the variable has no value yet
                yield cell.cell_contents


def decorator_layers(decorators: object) -> list[Layer | Unset]:
    """Return the layers that a list of decorators attaches to a view, the outermost first.

    This is for decorators that a framework applies when a request comes, and not at start-up.
    """
    each = reversed(decorators) if isinstance(decorators, list | tuple) else ()
    return [getattr(decorator, DECORATOR, UNSET) for decorator in each]


def hidden_layers(view: Any, depth: int = 4) -> Iterator[tuple[Callable[..., Any], Layer]]:
    """Yield decorated views among the variables that a view closes over, with their layers.

    Decorators without functools.wraps hide views in this way.
    """
    for inner in closed_over(view):
        # Nothing here may evaluate a lazy object or a proxy.
        layer = getattr_static(inner, ATTRIBUTE, None)
        if callable(inner) and isinstance(layer, Layer):
            yield inner, layer
        elif depth and type(inner) is FunctionType:
            yield from hidden_layers(inner, depth - 1)


def hidden_view(views: Iterable[Any], layers: ViewLayers) -> Any:
    """Return a decorated view that `views` hide, if there is one that `layers` do not include."""
    seen = {*layers.enclosing, *(layer for own in layers.by_method.values() for layer in own)}
    hidden = (found for view in views for found in hidden_layers(view))
    return next((found for found, layer in hidden if layer not in seen), None)


def class_names(item: Any) -> list[str]:
    """Return the names of a class and of its bases, as in imports; nothing for other objects."""
    # isinstance() would evaluate a lazy object.
    bases = item.__mro__ if issubclass(type(item), type) else ()
    return [f"{each.__module__}.{each.__qualname__}" for each in bases]


def view_name(view: Any) -> str:
    """Return the name of a view, or of its class, as in an import."""
    # Viewsets of Django REST framework name their class `cls`.
    owner = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
    named = owner if hasattr(owner, "__qualname__") else type(owner)
    return f"{named.__module__}.{named.__qualname__}"


def warn_at(view: object, text: str) -> None:
    """Emit a RuntimeWarning at the first line of a view, once."""
    functions = (each for each in reversed([*wrapped_views(view)]) if hasattr(each, "__code__"))
    function = next(functions, None)
    if function is None:  # an object that can be called
        warnings.warn(text, RuntimeWarning, stacklevel=2)
        return
    warnings.warn_explicit(
        text,
        RuntimeWarning,
        function.__code__.co_filename,
        function.__code__.co_firstlineno,
        registry=function.__globals__.setdefault("__warningregistry__", {}),
    )


class ViewLayers:
    """The layers of a view, of its class and of its methods."""

    __slots__ = ("by_method", "enclosing", "is_empty", "methods", "problems")

    enclosing: Layers
    """The layers for all methods of the view."""
    by_method: Mapping[str, Layers]
    """The layers for methods that have one of their own, together with the enclosing ones."""
    is_empty: bool
    """Whether there are no layers."""
    methods: tuple[str, ...]
    """The methods that the view's class may handle; empty for a function."""
    problems: tuple[Problem, ...]
    """Problems with reading the layers. The policy then refuses every origin."""

    def __init__(
        self,
        enclosing: Iterable[Layer | Unset] = (),
        handlers: Mapping[str, Iterable[Layer | Unset]] | None = None,
        problems: Iterable[Problem] = (),
    ) -> None:
        """Combine the `enclosing` layers with those of the `handlers` of single methods."""
        self.enclosing = _given(enclosing)
        self.by_method = {
            method: (*self.enclosing, *own)
            for method, layers in (handlers or {}).items()
            if (own := _given(layers))
        }
        self.methods = tuple(handlers or ())
        self.is_empty = not (self.enclosing or self.by_method)
        self.problems = tuple(problems)

    @classmethod
    def invalid(cls, error: PolicyError) -> ViewLayers:
        """Return the layers of a view whose layers cannot be read."""
        return cls([Layer(refusing_policy("policy_invalid"))], problems=error.problems)

    def of(self, method: str) -> Layers:
        """Return the layers for a method.

        Frameworks treat ``patch`` like ``PATCH``, although ``fetch()`` sends it as it is written.
        """
        return self.by_method.get(method.upper(), self.enclosing)


def _given(layers: Iterable[Layer | Unset]) -> Layers:
    return tuple(layer for layer in layers if isinstance(layer, Layer))


NO_LAYERS = ViewLayers()
"""The layers of a view without ``@cors``."""
