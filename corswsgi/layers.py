"""What is said about a part of an application, laid over what is said about the whole.

It serves the adapters: of an application, its blueprints, paths and views, each may have a policy
of its own, a few options that differ, or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .errors import PolicyError, Problem
from .policy import Policy

Layer = Policy | Mapping[str, Any] | None
"""A Policy, which replaces what encloses it; options, which are laid over it; or None: no CORS."""

# The values of some options are judged by the origins that they go with. This one is above
# suspicion, and stands in where the origins are another layer's.
_STAND_IN = "https://corswsgi.example"


def check_options(options: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a layer's options, whatever they may be laid over."""
    try:
        Policy(**{"origins": _STAND_IN, **options})
    except PolicyError as error:
        return [*error.problems]
    return []


def combined(layers: Iterable[Layer]) -> Policy | None:
    """Return the policy that `layers` come to, the outermost first; None if there is to be none.

    Options are laid over whatever they are in, a None in between included: it turns CORS off, and
    the options on again. Where nobody says which origins, it is any (and without credentials).

    Raises `PolicyError` if options that are right on their own do not go together.
    """
    is_on = False
    policy: Policy | None = None
    options: dict[str, Any] = {}
    for layer in layers:
        is_on = layer is not None
        if isinstance(layer, Policy):
            policy, options = layer, {}
        elif layer is not None:
            options = {**options, **layer}
    if not is_on:
        return None
    if policy is not None:
        return policy.replace(**options) if options else policy
    if "origins" in options:
        return Policy(**options)
    try:
        return Policy(origins="*", **options)
    except PolicyError as error:
        raise PolicyError(map(_left_out, error.problems)) from None


def _left_out(problem: Problem) -> Problem:
    """Say of a problem with the origins that nobody has written them."""
    if problem.option != "origins":
        return problem
    return replace(problem, message=f"left out, they are '*', and {problem.message}")
