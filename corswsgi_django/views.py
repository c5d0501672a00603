"""The layers that @cors attaches to a view, its class and its methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.views import View

from corswsgi import PolicyError
from corswsgi.adapters import (
    UNSET,
    Layer,
    Unset,
    ViewLayers,
    layer_of,
    wrapped_views,
)


def view_layers(view: Callable[..., Any]) -> ViewLayers:
    """Return the layers of a view."""
    try:
        layer = layer_of(view)
        for each, view_class in _classes(view):
            # as_view() copies the attributes of dispatch() to the function that it returns, but not
            # those of a dispatch() that a subclass or a mixin has overridden.
            if isinstance(layer, Unset):
                layer = _inherited(view_class, "dispatch")
            handlers = {
                name.upper(): [_inherited(view_class, handler)]
                for name, handler in _handlers(each, view_class).items()
            }
            return ViewLayers([layer], handlers)
        return ViewLayers([layer])
    except PolicyError as error:
        return ViewLayers.invalid(error)


def view_and_handlers(view: Callable[..., Any]) -> Iterator[Any]:
    """Yield a view, and the methods of its class that handle HTTP methods."""
    yield view
    for each, view_class in _classes(view):
        for handler in _handlers(each, view_class).values():
            yield getattr(view_class, handler, None)


def _classes(view: Any) -> Iterator[tuple[Any, type]]:
    """Yield the function that as_view() returned, with the class of views."""
    for each in wrapped_views(view):
        # Viewsets of Django REST framework, which have `actions`, name it `cls`.
        view_class = getattr(each, "view_class", None) or getattr(each, "cls", None)
        if isinstance(view_class, type):
            yield each, view_class
            return


def _handlers(view: Any, view_class: type) -> dict[str, str]:
    """Return the names of the methods that handle each HTTP method."""
    actions: dict[str, str] = getattr(view, "actions", None) or {}
    # as_view() may have got other names than the class has.
    given = getattr(view, "view_initkwargs", {}).get("http_method_names", ())
    names = dict.fromkeys(
        [*View.http_method_names, *getattr(view_class, "http_method_names", ()), *given]
    )
    handlers = {name: actions.get(name, name) for name in names}
    if not hasattr(view_class, handlers["head"]):
        # View.setup() does the same for each request.
        handlers["head"] = actions.get("get", "get")
    return handlers


def _inherited(view_class: type, name: str) -> Layer | Unset:
    """Return the layer of a method, or else of one that it overrides."""
    layers = (layer_of(vars(each).get(name)) for each in view_class.__mro__)
    return next((layer for layer in layers if isinstance(layer, Layer)), UNSET)
