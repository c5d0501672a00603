"""The marks that @cors leaves on a view, its class and its methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from inspect import isfunction
from typing import Any

from corswsgi.layers import Layer
from corswsgi.marks import MARK, NotGiven, mark_of, wrapped

Marks = tuple[Layer, ...]
"""Layers, the outermost first."""


def view_name(view: Any) -> str:
    """Return a view's name, or that of its class, as one would import it."""
    bearer = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
    named = bearer if hasattr(bearer, "__qualname__") else type(bearer)
    return f"{named.__module__}.{named.__qualname__}"


def _marked_below(view: Any, depth: int = 4) -> Iterator[Any]:
    """Yield marked views among the variables that a view closes over, as decorators do."""
    for each in wrapped(view):
        for cell in getattr(each, "__closure__", None) or ():
            with suppress(ValueError):  # an empty one
                inner = cell.cell_contents
                if callable(inner) and hasattr(inner, MARK):
                    yield inner
                elif depth and isfunction(inner):
                    yield from _marked_below(inner, depth - 1)


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
        self._bearers: list[Any] = [view]
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

    def hidden(self) -> Any:
        """Return a view whose mark nothing sees before it runs, if there is one.

        A decorator without functools.wraps hides it.
        """
        seen = {*map(id, self.enclosing), *(id(marks[-1]) for marks in self.by_method.values())}
        for bearer in self._bearers:
            for view in _marked_below(bearer):
                if id(getattr(view, MARK)) not in seen:
                    return view
        return None

    def _read(self, view_class: type, actions: dict[str, str]) -> None:
        names: list[str] = getattr(view_class, "http_method_names", [])
        self.methods = tuple(map(str.upper, names))
        for name in names:
            handler = getattr(view_class, actions.get(name, name), None)
            if handler is None and name == "head":
                # View.setup() does this, for each request.
                handler = getattr(view_class, actions.get("get", "get"), None)
            self._bearers.append(handler)
            mark = mark_of(handler)
            if not isinstance(mark, NotGiven):
                self.by_method[name.upper()] = (*self.enclosing, mark)
