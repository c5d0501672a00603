"""The layers that @cors attaches to a view, its class and its methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask
from flask.views import MethodView, http_method_funcs

from corswsgi import PolicyError
from corswsgi.adapters import (
    Layer,
    RegisteredView,
    Unset,
    ViewLayers,
    decorator_layers,
    layer_of,
    read_shared,
    view_name,
    wrapped_views,
)

_METHODS = ("dispatch_request", *sorted(http_method_funcs))


def view_layers(view: object, enclosing: Iterable[Layer | Unset] = ()) -> ViewLayers:
    """Return the layers of a view, within the `enclosing` ones of its blueprints."""
    classes = [getattr(each, "view_class", None) for each in wrapped_views(view)]
    view_class = next((each for each in classes if isinstance(each, type)), None)
    dispatch = getattr(view_class, "dispatch_request", None)
    # Of flask-restful and flask-restx, which apply them to each request.
    late = getattr(view_class, "method_decorators", ())
    handlers = {}
    try:
        if view_class is not None and issubclass(view_class, MethodView):
            for method in sorted({*(view_class.methods or ()), "HEAD"}):
                name = method.lower()
                if method == "HEAD" and not hasattr(view_class, name):
                    name = "get"
                own = decorator_layers(late.get(name)) if isinstance(late, Mapping) else []
                handlers[method] = [*own, layer_of(getattr(view_class, name, None))]
        own = [layer_of(view_class), layer_of(view), layer_of(dispatch), *decorator_layers(late)]
    except PolicyError as error:
        return ViewLayers.invalid(error)
    return ViewLayers([*enclosing, *own], handlers)


def registered_views(app: Flask) -> list[RegisteredView]:
    """Return the views and the error handlers of an application and of its blueprints."""
    views = []
    for endpoint, view in read_shared(app.view_functions.items):
        view_class = getattr(view, "view_class", None)
        methods = [getattr(view_class, name, None) for name in _METHODS]
        views.append(RegisteredView(f"view {endpoint!r}", [view, *methods], view_layers(view)))
    for handler in _leaves(app.error_handler_spec):
        name = f"error handler {view_name(handler)}"
        views.append(RegisteredView(name, [handler], view_layers(handler), is_handler=True))
    return views


def _leaves(found: object) -> list[Any]:
    """Return the error handlers in nested dictionaries, by blueprint, code and exception."""
    if isinstance(found, dict):
        return [leaf for each in read_shared(found.values) for leaf in _leaves(each)]
    return [found]
