"""What governs which path: the arguments of a middleware, checked and compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .errors import Problem, shown, wrong_type
from .options import is_async
from .origins import NOBODY
from .policy import Policy
from .resources import Resources, check_path
from .rules import Rules

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    PolicyCallable = Callable[[WSGIEnvironment], Policy | None]
    # What governs a path: a policy, one to be asked for, or neither. Plain tuples, because
    # unpacking named ones takes five times as long.
    Governor = tuple[Rules | None, PolicyCallable | None]
    # What reconfigure() replaces, whole: a request uses one of them from its start to its end.
    Configuration = tuple[Governor, Resources[Governor] | None]

USAGE = "as in CORSMiddleware(app, Policy(origins=[...]))."
"""The hint for arguments that are of no use."""


def check_configuration(
    policy: object, resources: Mapping[str, object] | None, *, required: bool
) -> list[Problem]:
    """Return everything that is wrong with a configuration."""
    problems = []
    if policy is None:
        if required and not resources:
            problems.append(
                Problem(
                    "policy",
                    None,
                    "required",
                    "neither a policy nor resources were given: there is nothing to do.",
                    f"{USAGE} reconfigure(None) turns a middleware off.",
                )
            )
    elif is_async(policy):
        problems.append(
            Problem(
                "policy",
                policy,
                "coroutine_function",
                f"{shown(policy)} is a coroutine function, whose answer WSGI cannot await.",
                "give a plain function.",
            )
        )
    elif not isinstance(policy, Policy) and (isinstance(policy, type) or not callable(policy)):
        problems.append(wrong_type("policy", policy, "a Policy, a callable or None", USAGE))
    if resources is not None and not isinstance(resources, Mapping):
        problems.append(
            wrong_type(
                "resources",
                resources,
                "a mapping from paths to policies",
                'as in resources={"/api/*": Policy(origins=[...])}.',
            )
        )
        return problems
    for path, governor in (resources or {}).items():
        option = f"resources[{shown(path)}]"
        if (problem := check_path(option, path)) is not None:
            problems.append(problem)
        if governor is not None and not isinstance(governor, Policy):
            problems.append(
                wrong_type(option, governor, "a Policy or None", "as in Policy(origins=[...]).")
            )
    return problems


def compile_configuration(
    policy: Policy | PolicyCallable | None, resources: Mapping[str, Policy | None] | None
) -> Configuration:
    """Compile a configuration that `check_configuration` has nothing to say about."""
    governors: dict[str, Governor] = {
        path: (None if governor is None else governor.derive(Rules), None)
        for path, governor in (resources or {}).items()
    }
    otherwise: Governor = (
        (policy.derive(Rules), None) if isinstance(policy, Policy) else (None, policy)
    )
    return otherwise, Resources(governors, (_nobody(), None)) if governors else None


def _nobody() -> Rules:
    """Return rules that refuse."""
    return Policy(origins=NOBODY).derive(Rules)
