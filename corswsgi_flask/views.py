"""The layers that @cors attaches to a view, its class and its methods."""

from __future__ import annotations

from collections.abc import Iterable

from flask.views import MethodView

from corswsgi import PolicyError
from corswsgi.adapters import Layer, Unset, ViewLayers, layer_of, wrapped_views


def view_layers(view: object, enclosing: Iterable[Layer | Unset] = ()) -> ViewLayers:
    """Return the layers of a view, within the `enclosing` ones of its blueprints."""
    classes = [getattr(each, "view_class", None) for each in wrapped_views(view)]
    view_class = next((each for each in classes if isinstance(each, type)), None)
    dispatch = getattr(view_class, "dispatch_request", None)
    handlers = {}
    try:
        if view_class is not None and issubclass(view_class, MethodView):
            for method in sorted({*(view_class.methods or ()), "HEAD"}):
                handler = getattr(view_class, method.lower(), None)
                if handler is None and method == "HEAD":
                    handler = getattr(view_class, "get", None)
                handlers[method] = [layer_of(handler)]
        own = [layer_of(view_class), layer_of(view), layer_of(dispatch)]
    except PolicyError as error:
        return ViewLayers.invalid(error)
    return ViewLayers([*enclosing, *own], handlers)
