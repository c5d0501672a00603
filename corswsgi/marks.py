"""Marks: what a decorated view says about its CORS, where adapters find it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, Final

from .errors import Problem, refuse, shown, wrong_type
from .layers import Layer
from .policy import Policy

MARK = "cors_policy"
"""The attribute of a marked view: its `Layer`. ``functools.wraps`` carries it along."""


class NotGiven:
    """The type of `NOT_GIVEN`, where None says something."""


NOT_GIVEN: Final = NotGiven()


def frozen(value: Any) -> Any:
    """Return a value that is read more than once, and later than it was given."""
    if isinstance(value, str | bytes | Mapping | Policy) or not isinstance(value, Iterable):
        return value
    # Callables and expressions are not iterable. The order of a set is nobody's.
    return frozenset(value) if isinstance(value, AbstractSet) else tuple(value)


def check_given(policy: object, options: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a `policy` that was given, and with `options` beside it."""
    if policy is not None and not isinstance(policy, Policy):
        hint = "options have names, as in origins=[...], and so have paths, as in resources=[...]."
        return [wrong_type("policy", policy, "a Policy or None", hint)]
    return [
        Problem(
            name,
            value,
            "not_alone",
            "it was given beside a policy, which says everything.",
            "write one or the other. policy.replace(...) makes a policy that differs.",
        )
        for name, value in options.items()
    ]


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
