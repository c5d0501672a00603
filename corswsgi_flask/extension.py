"""CORS(app) and CORS(blueprint)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState

from corswsgi import Policy, Problem
from corswsgi.errors import refuse, shown
from corswsgi.marks import NOT_GIVEN, NotGiven, frozen

from .options import read_app, read_layer
from .policies import AppPolicies


class CORS:
    """CORS for all of a Flask application, or for a blueprint.

    ``CORS(app, origins=["https://app.example.com"])``, or ``CORS().init_app(app, ...)``.

    `app`
        The application, or a blueprint that is not registered yet.

    `policy`
        A `corswsgi.Policy`, instead of options; or None: no CORS, but where paths, blueprints or
        views have some of their own.

    `resources`
        The paths that are governed, others having no CORS at all: a path pattern, a list of them,
        or a mapping from them to a Policy, a dict of options, or None. Options are laid over those
        given here. ``/health`` is itself, ``/api/*`` is ``/api`` and everything below it; the
        longest match wins. For applications only.

    `options`
        Those of `corswsgi.Policy`, except that ``methods`` are by default those of the route that
        a request leads to, and ``origins`` is ``"*"``.

    Each of them is read from ``app.config`` too, as ``CORS_`` and its name in upper case
    (``CORS_RESOURCES`` included), and the arguments are laid over that.

    A request is governed by its view's policy (`cors`), or its innermost blueprint's, its path's,
    the application's: the first that there is. Preflights are answered before the application
    sees them, by the policy of the view that they ask about.

    Raises `PolicyError` with all that is wrong; what is wrong only with what blueprints and views
    say besides is raised before the application's first response.
    """

    def __init__(
        self,
        app: Flask | Blueprint | None = None,
        policy: Policy | NotGiven | None = NOT_GIVEN,
        *,
        resources: str | Iterable[str] | Mapping[str, Any] | NotGiven = NOT_GIVEN,
        **options: Any,
    ) -> None:
        given = {"policy": policy, "resources": resources, **options}
        # It may be read for several applications.
        self._given = {name: frozen(value) for name, value in given.items()}
        if app is not None:
            self._init(app, self._given)

    def init_app(
        self,
        app: Flask | Blueprint,
        policy: Policy | NotGiven | None = NOT_GIVEN,
        *,
        resources: str | Iterable[str] | Mapping[str, Any] | NotGiven = NOT_GIVEN,
        **options: Any,
    ) -> None:
        """Install it, with arguments laid over those of the constructor."""
        more = {"policy": policy, "resources": resources, **options}
        given = {name: value for name, value in more.items() if value is not NOT_GIVEN}
        self._init(app, {**self._given, **given})

    def _init(self, app: Flask | Blueprint, given: Mapping[str, Any]) -> None:
        options = dict(given)
        policy, resources = options.pop("policy"), options.pop("resources")
        if isinstance(app, Flask):
            _init_app(app, policy, resources, options)
        elif isinstance(app, Blueprint):
            _init_blueprint(app, policy, resources, options)
        else:
            hint = "for another WSGI application, there is corswsgi.CORSMiddleware(app, policy)."
            message = f"{shown(app)} is neither a Flask application nor a blueprint."
            refuse([Problem("app", app, "wrong_type", message, hint)])


def _init_app(app: Flask, policy: object, resources: object, options: Mapping[str, Any]) -> None:
    policies = AppPolicies.of(app)
    layer, layers, problems = read_app(app.config, policy, resources, options, stacklevel=4)
    if policies.app_layer is not NOT_GIVEN:
        hint = (
            "say all in one CORS(app, ...): for some paths with resources={...}, for a blueprint "
            "with CORS(blueprint, ...), for a view with @cors(...)."
        )
        problems.insert(0, _given_twice("app", app, hint))
    refuse(problems)
    policies.set_app_layer(layer, layers)
    policies.install()


def _init_blueprint(
    blueprint: Blueprint, policy: object, resources: object, options: Mapping[str, Any]
) -> None:
    layer, problems = read_layer(policy, options, stacklevel=4)
    if resources is not NOT_GIVEN:
        problems.append(
            Problem(
                "resources",
                resources,
                "without_effect",
                "a blueprint has routes, not paths.",
                "give them to CORS(app, resources=...), or decorate the views with @cors(...).",
            )
        )
    refuse(problems)

    def install(state: BlueprintSetupState) -> None:
        policies = AppPolicies.of(cast(Flask, state.app))
        name = f"{state.name_prefix}.{state.name}".lstrip(".")
        if name in policies.blueprints:
            refuse([_given_twice("blueprint", blueprint, "say all in one CORS(blueprint, ...).")])
        policies.blueprints[name] = layer
        policies.install()

    blueprint.record(install)


def _given_twice(option: str, value: object, hint: str) -> Problem:
    return Problem(option, value, "given_twice", f"{shown(value)} has a CORS already.", hint)
