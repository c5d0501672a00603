"""The mark that @cors leaves on a view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from flask.views import MethodView

from corswsgi import Policy, Problem
from corswsgi.errors import shown
from corswsgi.layers import Layer

from .options import NOT_GIVEN, NotGiven, refuse

MARK = "cors_policy"
"""The attribute of a marked view: its `Layer`. ``functools.wraps`` carries it along."""


def wrapped(view: Any) -> Iterator[Any]:
    """Yield a view, and what it wraps: by functools.wraps, or as a functools.partial."""
    seen: set[int] = set()
    while view is not None and id(view) not in seen:
        seen.add(id(view))
        yield view
        view = view.func if isinstance(view, partial) else getattr(view, "__wrapped__", None)


def mark_of(view: Any) -> Layer | NotGiven:
    """Return the mark of a view, of what it wraps, or of the method that calling it calls.

    Raises `PolicyError` if the attribute is something else than a mark.
    """
    called = getattr(type(view), "__call__", None)  # noqa: B004 - the method itself is wanted
    for place in [*wrapped(view), called]:
        layer: object = getattr(place, MARK, NOT_GIVEN)
        if isinstance(layer, NotGiven):
            continue
        if layer is None or isinstance(layer, Policy | Mapping):
            return layer
        message = f"{shown(layer)} is of type {type(layer).__name__}, and no policy."
        hint = "decorate the view with @cors(...), or give the attribute another name."
        refuse([Problem(MARK, layer, "wrong_type", message, hint)])
    return NOT_GIVEN


class ViewMarks:
    """What the marks of a view, of its class and of its methods say. Raises `PolicyError`."""

    enclosing: list[Layer | NotGiven]
    """Those that are there for all methods, the outermost first."""
    by_method: dict[str, Layer | NotGiven]
    """Those of single methods; for a class with a handler for each only."""
    methods: set[str] | None
    """The methods that the class has handlers for; None: it has none for single ones."""

    def __init__(self, view: object) -> None:
        classes = [getattr(each, "view_class", None) for each in wrapped(view)]
        view_class = next((each for each in classes if isinstance(each, type)), None)
        dispatch = getattr(view_class, "dispatch_request", None)
        self.enclosing = [mark_of(view_class), mark_of(view), mark_of(dispatch)]
        self.by_method = {}
        self.methods = None
        if view_class is not None and issubclass(view_class, MethodView):
            self.methods = {*(view_class.methods or ())}
            for name in {*self.methods, "HEAD"}:
                handler = getattr(view_class, name.lower(), None)
                if handler is None and name == "HEAD":
                    handler = getattr(view_class, "get", None)
                self.by_method[name] = mark_of(handler)

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return any(mark is not NOT_GIVEN for mark in (*self.enclosing, *self.by_method.values()))
