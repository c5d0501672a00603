"""The mark that @cors leaves on a view."""

from __future__ import annotations

from typing import Any

from corswsgi.layers import Layer

from .options import NOT_GIVEN, NotGiven

MARK = "cors_policy"
"""The attribute of a marked view: its `Layer`. ``functools.wraps`` carries it along."""


def mark_of(view: Any) -> Layer | NotGiven:
    """Return the mark of a view, or of what it wraps."""
    while view is not None:
        layer: Layer | NotGiven = getattr(view, MARK, NOT_GIVEN)
        if layer is not NOT_GIVEN:
            return layer
        view = getattr(view, "__wrapped__", None)
    return NOT_GIVEN
