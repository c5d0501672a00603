"""Routes of an application, and the rows of a table about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from corswsgi.errors import Problem
from corswsgi.origins import NO_ORIGIN

from .layers import Applied, Layers
from .views import ViewLayers


class Route(NamedTuple):
    """A route of the application."""

    name: str
    """For messages, such as ``view 'items'``."""
    path: str
    """Its path without variable parts: all of it, or up to the first variable part."""
    is_open: bool
    """Whether variable parts follow `path`."""
    view: ViewLayers
    methods: tuple[str, ...] = ()
    """The methods that it takes; empty if the framework does not say."""


class Row(NamedTuple):
    """A row of the table: what applies to some methods of a route."""

    route: Route
    pattern: str | None
    """The path pattern that matches; None if none does."""
    methods: tuple[str, ...]
    """The methods that the row is about; empty for all that have no row of their own."""
    applied: Applied
    problems: tuple[Problem, ...]
    """The contradictions between the layers; `applied` then refuses every origin."""

    @property
    def lacks_origins(self) -> bool:
        """Whether the view has layers without effect, because there are no origins."""
        policy, methods = self.applied.policy, self.methods[:1] or ("",)
        is_empty = policy is not None and policy.origins == (NO_ORIGIN,)
        return is_empty and bool(self.route.view.of(*methods))


def groups(route: Route) -> Iterator[tuple[tuple[str, ...], Layers]]:
    """Yield the layers of a route, each with the methods that have them."""
    view = route.view
    for method, layers in view.by_method.items():
        if not route.methods or method in route.methods:
            yield (method,), layers
    # If every method has layers of its own, problems of the enclosing ones alone do not matter.
    if not route.methods or any(method not in view.by_method for method in route.methods):
        yield (), view.enclosing
