"""What is said about the CORS of one application, and who governs its requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, request
from werkzeug.exceptions import NotFound

from corswsgi import CORSMiddleware, Policy, PolicyError, Problem
from corswsgi.errors import refuse
from corswsgi.layers import Layer
from corswsgi.marks import NOT_GIVEN, NotGiven
from corswsgi.options import ANY
from corswsgi.policy import DEFAULT_METHODS

from .compiled import CompiledPolicies
from .exceptions import answer_error
from .marks import ViewMarks
from .options import read_app, read_config
from .routes import Router, requested_method, routed_path

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

EXTENSION = "corswsgi"
"""The key of ``app.extensions``, for the `AppPolicies` of an application."""


class AppPolicies:
    """Which policy governs a request to an application.

    It gathers what CORS(app), CORS(blueprint) and the marks of views say, and compiles it before
    the application's first response.
    """

    is_installed = False
    """Whether all requests of the application come through here, by way of its `wsgi_app`."""
    app_layer: Layer | NotGiven = NOT_GIVEN
    """What CORS(app) was given."""

    def __init__(self, app: Flask) -> None:
        self.blueprints: dict[str, Layer] = {}
        """What CORS(blueprint) was given, by the name that the blueprint is registered under."""
        self._app = app
        self._resources: Mapping[str, Layer] | None = None
        self._config: Mapping[str, Any] = {}
        self._compiled: CompiledPolicies | None = None
        self._lock = Lock()
        # For the path of a request, as it came in. Applications may be mounted in each other.
        self._path_key = f"corswsgi_flask.path.{id(self)}"

    @classmethod
    def of(cls, app: Flask) -> AppPolicies:
        """Return those of an application; at the first call, empty ones."""
        if EXTENSION not in app.extensions:
            # setdefault: of two threads that come first together, both have to get the same ones.
            app.extensions.setdefault(EXTENSION, cls(app))
        policies: AppPolicies = app.extensions[EXTENSION]
        return policies

    @cached_property
    def has_marks(self) -> bool:
        """Whether any view is marked; asked when all of them are there."""
        for view in self._app.view_functions.values():
            with suppress(PolicyError):  # an attribute of the same name, which is none of ours
                if ViewMarks(view):
                    return True
        return False

    def set_app_layer(self, layer: Layer, resources: Mapping[str, Layer] | None) -> None:
        """Say what CORS(app) was given, app.config included."""
        self.app_layer, self._resources = layer, resources
        self._config = read_config(self._app.config)
        self._compiled = None

    def install(self) -> None:
        """Put a middleware in front of the application, once."""
        if self.is_installed:
            return
        self.is_installed = True
        app, path_key, middleware = self._app, self._path_key, self.middleware(self._app.wsgi_app)

        def wsgi_app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if self._compiled is None:
                self.compile()
            # What is mounted in the application changes it.
            environ[path_key] = environ.get("PATH_INFO", "")
            if "werkzeug.debug.preserve_context" in environ and not app.testing:
                return answer_error(app, middleware, self.policy_for, environ, start_response)
            return middleware(environ, start_response)

        app.wsgi_app = wsgi_app  # type: ignore[method-assign] # the manual's way to wrap it

    def has_come_through(self, environ: WSGIEnvironment) -> bool:
        """Tell whether a request has come through the middleware, and will on its way back."""
        return self._path_key in environ

    def middleware(self, app: WSGIApplication) -> CORSMiddleware:
        """Return a WSGI application under these policies."""
        return CORSMiddleware(app, self.policy_for, debug=lambda: self._app.debug)

    def compile(self) -> CompiledPolicies:
        """Compile all that was said. Raises `PolicyError` if it does not go together."""
        with self._lock:
            self._compiled = self._compiled or self._compile()
            return self._compiled

    def policy_for(self, environ: WSGIEnvironment) -> Policy | None:
        """Return the policy that governs a request; of a preflight, the one that it asks about."""
        compiled = self._compiled or self.compile()
        method: str = environ["REQUEST_METHOD"]
        requested = requested_method(environ) if method == "OPTIONS" else None
        path: str = environ.get(self._path_key) or environ.get("PATH_INFO", "")
        if requested is not None:
            return self._policy_of_preflight(compiled, environ, path, requested)
        # Flask's request, which Werkzeug leaves there; flask.request takes five times as long.
        rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
        # It may be of an application that this one is mounted in, or that is mounted in it.
        if rule is not None and rule.map is self._app.url_map:
            # compiled.governor(rule), written out: this is the way of every ordinary request.
            _, policy, choose = compiled.by_rule.get(id(rule)) or compiled.governor(rule)
            return policy if choose is None else choose(routed_path(path), method)
        if self._is_lost():
            _, policy, choose = compiled.elsewhere
            return policy if choose is None else choose(routed_path(path), method)
        # Something else has answered, or there is no rule: on 405 and on redirects.
        return self._routed(compiled, Router(self._app, environ, path), method)

    def _policy_of_preflight(
        self, compiled: CompiledPolicies, environ: WSGIEnvironment, path: str, method: str
    ) -> Policy | None:
        router = Router(self._app, environ, path)
        policy = self._routed(compiled, router, method)
        if policy is None or compiled.is_uniform:
            return policy
        names = DEFAULT_METHODS if policy.methods is None else policy.methods
        if names == ANY:
            # A policy is kept for each list: of methods that clients make up, there is no end.
            known = [method] if method in compiled.methods else []
            names = tuple(dict.fromkeys([*DEFAULT_METHODS, *known]))
        return compiled.narrowed(
            policy, ((name, self._routed(compiled, router, name)) for name in names)
        )

    def _routed(self, compiled: CompiledPolicies, router: Router, method: str) -> Policy | None:
        rule, path = router.find(method)
        _, policy, choose = compiled.governor(rule)
        return policy if choose is None else choose(path, method)

    def _is_lost(self) -> bool:
        """Tell whether Flask knows already that no route matches, and a second match is saved."""
        current = request._get_current_object() if request else None  # type: ignore[attr-defined] # a LocalProxy
        return (
            current is not None
            and isinstance(current.routing_exception, NotFound)
            and current_app == self._app
        )

    def _compile(self) -> CompiledPolicies:
        config = read_config(self._app.config)
        if isinstance(self.app_layer, NotGiven):
            layer, resources, problems = read_app(
                config, NOT_GIVEN, NOT_GIVEN, {}, stacklevel=1, is_in_force=False
            )
            if resources is not None:
                problems.append(
                    Problem(
                        "CORS_RESOURCES",
                        config["CORS_RESOURCES"],
                        "without_effect",
                        "only CORS(app) puts it into effect, and was not called.",
                        "call CORS(app), or take it out.",
                    )
                )
            refuse(problems)
            # Nobody has turned CORS on for all of the application: these are defaults only.
            return CompiledPolicies(self._app, (layer, None), None, self.blueprints)
        refuse(
            Problem(
                key,
                config.get(key),
                "without_effect",
                "it was changed after CORS(app), which had read it.",
                "set it before, or call CORS().init_app(app) after.",
            )
            for key in sorted(config.keys() | self._config.keys())
            if config.get(key, NOT_GIVEN) != self._config.get(key, NOT_GIVEN)
        )
        return CompiledPolicies(self._app, (self.app_layer,), self._resources, self.blueprints)
