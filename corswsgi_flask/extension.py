"""CORS(app) and CORS(blueprint)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState

from corswsgi import Policy, Problem, adapters
from corswsgi.adapters import BLUEPRINT_NAMES, UNSET, Unset, given_arguments, refuse

from . import fallback
from .application import ApplicationCORS
from .arguments import read_options

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from typing_extensions import Unpack

    from corswsgi import PolicyOptions

    PolicyCallable = Callable[[WSGIEnvironment], Policy | None]
    Resources = str | Iterable[str] | Mapping[str, Policy | Mapping[str, Any] | None]


class CORS:
    """Enable CORS for a Flask application or for a blueprint.

    ``CORS(app, origins=["https://app.example.com"])``, or ``CORS().init_app(app, ...)``.

    `app`
        The application, or a blueprint that is not registered yet.

    `policy`
        A `corswsgi.Policy` instead of options; or None to turn CORS off, except for paths,
        blueprints and views that have options of their own. For an application, it can also be a
        function from the WSGI environ to a Policy or None. It is called once for each request: for
        a preflight before the application runs, and otherwise when the response starts. If it
        fails, the request is refused. If it returns None, only paths, blueprints and views that
        name origins have CORS. Another call for the application is refused.

    `resources`
        The paths that CORS is enabled for: a path pattern, a list of them, or a mapping from them
        to a Policy, a dict of options, or None. Options are laid over those given here.
        ``/health`` matches itself, ``/api/*`` matches ``/api`` and everything below it, and the
        longest match wins. For a blueprint, they are the whole paths of its routes.

    `options`
        The options of `corswsgi.Policy`. ``origins`` is ``"*"`` by default.

    Every argument can be set in ``app.config`` instead, as ``CORS_`` and its name in upper case
    (``CORS_RESOURCES``, too). Arguments take precedence. The config is read by ``CORS(app)``, and
    again when the application handles its first request.

    Several calls are united: each is about its own paths, or about all. Two calls must not set an
    option of the same path to different values. Decorated views at other paths get the
    options that the calls have in common, and no origin if the calls disagree about the origins.

    The policy of a request is that of its view (`cors`), or else of its innermost blueprint, of
    its path, or of the application. Preflights are answered before the application runs, with the
    policy of the view that they ask about.

    Raises `PolicyError` with all problems. Problems that only appear together with the options of
    blueprints and views are raised by every request in debug mode and in tests; otherwise they
    are logged, and the affected views refuse CORS. ``flask cors check`` prints all of them.
    """

    def __init__(
        self,
        app: Flask | Blueprint | None = None,
        policy: Policy | PolicyCallable | Unset | None = UNSET,
        *,
        resources: Resources | Unset = UNSET,
        **options: Unpack[PolicyOptions],
    ) -> None:
        self._given: dict[str, Any] = given_arguments(policy, resources, options)
        if app is not None:
            _install(app, self._given)

    def init_app(
        self,
        app: Flask | Blueprint,
        policy: Policy | PolicyCallable | Unset | None = UNSET,
        *,
        resources: Resources | Unset = UNSET,
        **options: Unpack[PolicyOptions],
    ) -> None:
        """Install it, with the arguments laid over those of the constructor."""
        _install(app, {**self._given, **given_arguments(policy, resources, options)})


adapters.refuse_use(
    CORS,
    'CORS(app) changes the application in place. If you wrote "app = CORS(app)", remove "app =".',
)


def _install(app: object, given: Mapping[str, Any]) -> None:
    options = {**given}
    arguments = options.pop("policy", UNSET), options.pop("resources", UNSET), options
    if isinstance(app, Flask):
        cors = ApplicationCORS.of(app)
        cors.configure(*arguments)
        fallback.install(app, cors)
    elif isinstance(app, Blueprint):
        _install_on_blueprint(app, *arguments)
    else:
        message = f"{adapters.safe_repr(app)} is not a Flask application or a blueprint."
        hint = "for another WSGI application, write corswsgi.CORSMiddleware(app, policy)."
        refuse([Problem("app", app, "wrong_type", message, hint)])


def _install_on_blueprint(
    blueprint: Blueprint, policy: object, resources: object, options: Mapping[str, Any]
) -> None:
    if callable(policy):
        message = "a function that returns the policy is for applications, not for blueprints."
        hint = 'write CORS(app, policy_for). The function may look at environ["PATH_INFO"].'
        refuse([Problem("policy", policy, "wrong_type", message, hint)])
    call, problems, notices = adapters.read_call(
        policy, resources, options, read_options, BLUEPRINT_NAMES
    )
    refuse(problems)
    adapters.warn(notices)

    def install(state: BlueprintSetupState) -> None:
        app = cast(Flask, state.app)
        cors = ApplicationCORS.of(app)
        name = f"{state.name_prefix}.{state.name}".lstrip(".")
        cors.blueprints.add(name, call.parts())
        fallback.install(app, cors)

    blueprint.record(install)
