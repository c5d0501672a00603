"""The marks that @cors leaves on a view, its class and its methods."""

from __future__ import annotations

from flask.views import MethodView

from corswsgi.layers import Layer
from corswsgi.marks import NOT_GIVEN, NotGiven, mark_of, wrapped


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
