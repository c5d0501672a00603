"""The layers that @cors attaches to a view, its class and its methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.views import View

from corswsgi import PolicyError
from corswsgi.adapters import (
    Layer,
    Unset,
    ViewLayers,
    class_names,
    closed_over,
    inherited_layer,
    layer_of,
    view_name,
    wrapped_views,
)

# The admin site, and documentation that browsers open.
_NOT_FOR_OTHER_ORIGINS = ("django.contrib.admin.", "ninja.openapi.")
_SESSION_AUTHENTICATION = "rest_framework.authentication.SessionAuthentication"


def view_layers(view: Callable[..., Any]) -> ViewLayers:
    """Return the layers of a view."""
    try:
        layer = layer_of(view)
        for each, view_class in classes_of(view):
            # as_view() copies the attributes of dispatch() to the function that it returns, but not
            # those of a dispatch() that a subclass or a mixin has overridden.
            if isinstance(layer, Unset):
                layer = inherited_layer(view_class, "dispatch")
            handlers = {
                name.upper(): [inherited_layer(view_class, handler)]
                for name, handler in _handlers(each, view_class).items()
            }
            return ViewLayers([layer], handlers)
        handlers = _operation_layers(view)
        shared = next(iter(handlers.values()), [])
        if all(layers == shared for layers in handlers.values()):
            # Most paths have one operation. Then no method has another policy.
            return ViewLayers([layer, *shared], dict.fromkeys(handlers, ()))
        return ViewLayers([layer], handlers)
    except PolicyError as error:
        return ViewLayers.invalid(error)


def view_and_handlers(view: Callable[..., Any]) -> Iterator[Any]:
    """Yield a view, and the functions that handle its HTTP methods."""
    yield view
    for operation in operations_of(view):
        yield from (operation.run, operation.view_func)
    for each, view_class in classes_of(view):
        for handler in _handlers(each, view_class).values():
            yield getattr(view_class, handler, None)


def name_of(view: Any) -> str:
    """Return the name of a view, for messages."""
    # All views of django-ninja have the same name.
    names = [view_name(operation.view_func) for operation in operations_of(view)]
    return ", ".join(dict.fromkeys(names)) or view_name(view)


def operations_of(view: Any) -> list[Any]:
    """Return the operations of a view of django-ninja: the functions for its HTTP methods."""
    for each in closed_over(view):
        if "ninja.operation.PathView" in class_names(type(each)):
            return [*each.operations]
    return []


def checks_csrf(view: Any) -> bool:
    """Return whether Django or a framework for APIs checks CSRF tokens before a view runs."""
    if not getattr(view, "csrf_exempt", False):
        return not [*wrapped_views(view)][-1].__module__.startswith(_NOT_FOR_OTHER_ORIGINS)
    # Django REST framework and django-ninja exempt all views, and check tokens for cookies alone.
    given = getattr(view, "initkwargs", {})
    for _, owner in classes_of(view):
        classes = given.get("authentication_classes", getattr(owner, "authentication_classes", ()))
        return any(_SESSION_AUTHENTICATION in class_names(each) for each in classes)
    return any(
        getattr(auth, "csrf", False)
        for operation in operations_of(view)
        if not getattr(operation, "csrf_exempt", False)
        for auth in operation.auth_callbacks
    )


def _operation_layers(view: Any) -> dict[str, list[Layer | Unset]]:
    # The first operation for a method handles it. decorate_view() decorates run().
    return {
        method.upper(): [layer_of(operation.run), layer_of(operation.view_func)]
        for operation in reversed(operations_of(view))
        for method in operation.methods
    }


def classes_of(view: Any) -> Iterator[tuple[Any, type]]:
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
