"""The marks that @cors leaves on a view, its class and its methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import isfunction
from typing import Any

from django.views import View

from corswsgi.layers import Layer
from corswsgi.marks import MARK, NOT_GIVEN, NotGiven, mark_of, wrapped

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
            try:
                inner = cell.cell_contents
            except ValueError:
                continue  # a variable that has no value yet
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
        mark = mark_of(view)
        for each in wrapped(view):
            # `cls` is what Django REST framework has for it, in viewsets with `actions`.
            view_class = getattr(each, "view_class", None) or getattr(each, "cls", None)
            if isinstance(view_class, type):
                # as_view() copies the attributes of dispatch() to the function that it makes, but
                # not those of one that a subclass or a mixin has overridden.
                if isinstance(mark, NotGiven):
                    mark = _inherited(view_class, "dispatch")
                self.enclosing = () if isinstance(mark, NotGiven) else (mark,)
                self._read(each, view_class)
                break
        else:
            self.enclosing = () if isinstance(mark, NotGiven) else (mark,)
        self.is_bare = not (self.enclosing or self.by_method)

    def of(self, method: str) -> Marks:
        """Return the marks that hold for a method."""
        # Django leads `patch` to what answers PATCH.
        return self.by_method.get(method.upper(), self.enclosing)

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

    def _read(self, view: Any, view_class: type) -> None:
        actions: dict[str, str] = getattr(view, "actions", None) or {}
        # as_view() may be given others than the class has.
        given = getattr(view, "view_initkwargs", {}).get("http_method_names", ())
        names = dict.fromkeys(
            [*View.http_method_names, *getattr(view_class, "http_method_names", ()), *given]
        )
        self.methods = tuple(map(str.upper, names))
        for name in names:
            handler = actions.get(name, name)
            if name == "head" and not hasattr(view_class, handler):
                # View.setup() does this, for each request.
                handler = actions.get("get", "get")
            self._bearers.append(getattr(view_class, handler, None))
            mark = _inherited(view_class, handler)
            if not isinstance(mark, NotGiven):
                self.by_method[name.upper()] = (*self.enclosing, mark)


def _inherited(view_class: type, name: str) -> Layer | NotGiven:
    """Return the mark of a method: its own, or that of one which it overrides."""
    for each in view_class.__mro__:
        mark = mark_of(vars(each).get(name))
        if not isinstance(mark, NotGiven):
            return mark
    return NOT_GIVEN
