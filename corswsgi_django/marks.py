"""The marks that @cors leaves on a view, its class and its methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corswsgi.layers import Layer
from corswsgi.marks import NotGiven, mark_of, wrapped

Marks = tuple[Layer, ...]
"""Layers, the outermost first."""


class ViewMarks:
    """What the marks of a view say, for each method. Raises `PolicyError` if one is none."""

    enclosing: Marks
    """Those that are there for all methods."""
    by_method: dict[str, Marks]
    """Those of methods that have marks of their own, beside those of the view."""
    is_bare: bool
    """Whether there are none at all."""
    methods: tuple[str, ...]
    """The methods that the view's class may have handlers for; none for a function."""

    def __init__(self, view: Callable[..., Any]) -> None:
        self.by_method = {}
        self.methods = ()
        # as_view() copies the attributes of a class' dispatch() to the function that it makes.
        mark = mark_of(view)
        self.enclosing = () if isinstance(mark, NotGiven) else (mark,)
        for each in wrapped(view):
            # `cls` is what Django REST framework has for it, in viewsets with `actions`.
            view_class = getattr(each, "view_class", None) or getattr(each, "cls", None)
            if isinstance(view_class, type):
                self._read(view_class, getattr(each, "actions", None) or {})
                break
        self.is_bare = not (self.enclosing or self.by_method)

    def of(self, method: str) -> Marks:
        """Return the marks that hold for a method."""
        return self.by_method.get(method, self.enclosing)

    def _read(self, view_class: type, actions: dict[str, str]) -> None:
        names: list[str] = getattr(view_class, "http_method_names", [])
        self.methods = tuple(map(str.upper, names))
        for name in names:
            handler = getattr(view_class, actions.get(name, name), None)
            if handler is None and name == "head":
                # View.setup() does this, for each request.
                handler = getattr(view_class, actions.get("get", "get"), None)
            mark = mark_of(handler)
            if not isinstance(mark, NotGiven):
                self.by_method[name.upper()] = (*self.enclosing, mark)
