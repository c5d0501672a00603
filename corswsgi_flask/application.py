"""The CORS of one application: its layers, and the policy that applies to a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, request
from werkzeug.exceptions import NotFound

from corswsgi import CORSMiddleware, Policy, PolicyError, Problem
from corswsgi.adapters import (
    NO_LAYERS,
    UNSET,
    Applied,
    Layer,
    Names,
    PolicyTable,
    Route,
    Unset,
    ViewLayers,
    as_wsgi,
    log_invalid,
    refuse,
    refusing_policy,
)

from .arguments import NO_ARGUMENTS, Arguments, read_configuration
from .exceptions import answer_error
from .routing import Router, requested_method, routed_path
from .views import view_layers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from werkzeug.routing import Rule

EXTENSION = "corswsgi"
"""The key of ``app.extensions`` for the `ApplicationCORS`."""


class ApplicationCORS:
    """The layers of an application, its paths, blueprints and views.

    They are merged into a `PolicyTable` when the application handles its first request.
    """

    arguments: Arguments | None = None
    """The arguments of ``CORS(app)``; None if it was not called."""
    is_installed = False
    """Whether the middleware is in front of the application's ``wsgi_app``."""

    def __init__(self, app: Flask) -> None:
        self.blueprints: dict[str, Layer] = {}
        """The layers of ``CORS(blueprint)``, by the name that the blueprint is registered with."""
        self._app = app
        self._views: dict[int, ViewLayers] = {}
        self._table: PolicyTable | None = None
        self._lock = Lock()
        # For the path of a request before mounted applications change it. The identity is part of
        # the key, because applications may be mounted in each other.
        self._path_key = f"corswsgi_flask.path.{id(self)}"

    @classmethod
    def of(cls, app: Flask) -> ApplicationCORS:
        """Return the object of an application, and create it at the first call."""
        if EXTENSION not in app.extensions:
            # setdefault, because two threads that come first must get the same object.
            app.extensions.setdefault(EXTENSION, cls(app))
        cors: ApplicationCORS = app.extensions[EXTENSION]
        return cors

    @cached_property
    def has_layers(self) -> bool:
        """Whether any view has a layer; read it when all views are registered."""
        return any(
            not view_layers(view).is_empty for view in self._app.view_functions.values()
        )

    def configure(self, arguments: Arguments) -> None:
        """Set the arguments of ``CORS(app)``."""
        self.arguments = arguments
        self._table = None

    def install(self) -> None:
        """Put the middleware in front of the application, once."""
        if self.is_installed:
            return
        self.is_installed = True
        app, path_key, middleware = self._app, self._path_key, self.middleware(self._app.wsgi_app)

        def wsgi_app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if self._table is None:
                self.table()
            environ[path_key] = environ.get("PATH_INFO", "")
            if "werkzeug.debug.preserve_context" in environ and not app.testing:
                return answer_error(app, middleware, self.policy_for, environ, start_response)
            return middleware(environ, start_response)

        app.wsgi_app = wsgi_app  # type: ignore[method-assign] # Flask documents this way

    def has_come_through(self, environ: WSGIEnvironment) -> bool:
        """Return whether a request has come through the middleware."""
        return self._path_key in environ

    def middleware(self, app: WSGIApplication) -> CORSMiddleware:
        """Return a WSGI application with the middleware in front of it."""
        return _Middleware(self, app, self.policy_for, debug=lambda: self._app.debug)

    def table(self) -> PolicyTable:
        """Return the table of policies, made at the first call.

        With problems, it raises `PolicyError` in debug mode and in tests. Otherwise it logs them,
        and the policies that they affect refuse every origin.
        """
        with self._lock:
            if self._table is None:
                is_strict = self._app.debug or self._app.testing
                try:
                    table = self._make_table()
                except PolicyError as error:
                    if is_strict:
                        raise
                    log_invalid(error)
                    table = PolicyTable([Layer(refusing_policy("policy_invalid"))])
                else:
                    table.report_problems(strict=is_strict)
                self._table = table
            return self._table

    def problems(self) -> tuple[Problem, ...]:
        """Return all problems of the configuration and of the views."""
        try:
            refuse(self._make_table().problems())
        except PolicyError as error:
            return error.problems
        return ()

    def policy_for(self, environ: WSGIEnvironment) -> Policy | None:
        """Return the policy that applies to a request."""
        return self.applied(environ).policy

    def applied(self, environ: WSGIEnvironment) -> Applied:
        """Return what applies to a request; to a preflight, by the view that it asks about."""
        table = self._table or self.table()
        method: str = environ["REQUEST_METHOD"]
        path: str = environ.get(self._path_key) or environ.get("PATH_INFO", "")
        requested = requested_method(environ) if method == "OPTIONS" else None
        if requested is not None:
            return self._applied_to_preflight(table, Router(self._app, environ, path), requested)
        # Flask's request, which Werkzeug leaves there. Reading flask.request takes five times as
        # long.
        rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
        # The rule may be of an application that this one is mounted in, or the reverse.
        if rule is not None and rule.map is self._app.url_map:
            view = self._views.get(id(rule)) or self._add(table, rule)
            return table.find(routed_path(path), view, method)
        if self._is_not_found():
            return table.find(routed_path(path))
        # Something else answered, or there is no rule, as for 405 and redirects.
        found = self._find(table, Router(self._app, environ, path), method)
        return table.find(*found, method)

    def _applied_to_preflight(self, table: PolicyTable, router: Router, method: str) -> Applied:
        found = self._find(table, router, method)
        if not any(not view.is_empty for view in self._views.values()):
            return table.find_for_preflight(*found, method)
        return table.find_for_preflight(
            *found, method, lambda name: self._find(table, router, name)
        )

    def _find(self, table: PolicyTable, router: Router, method: str) -> tuple[str, ViewLayers]:
        rule, path = router.find(method)
        if rule is None:
            return path, NO_LAYERS
        return path, self._views.get(id(rule)) or self._add(table, rule)

    def _add(self, table: PolicyTable, rule: Rule) -> ViewLayers:
        """Add a rule that was added to the URL map directly, after the first request."""
        view = self._views.setdefault(id(rule), self._view_of(rule))
        table.forget_routes()
        return view

    def _is_not_found(self) -> bool:
        """Return whether Flask has found that no route matches, so matching again is not needed."""
        current = request._get_current_object() if request else None  # type: ignore[attr-defined] # a LocalProxy
        return (
            current is not None
            and isinstance(current.routing_exception, NotFound)
            and current_app == self._app
        )

    def _make_table(self) -> PolicyTable:
        config = self._app.config
        layers, paths, problems, _ = read_configuration(config, self.arguments or NO_ARGUMENTS)
        unmatched: Layer | Unset = UNSET
        if self.arguments is None:
            # CORS is off for the application, and its config provides defaults for views.
            layers = (*layers, Layer(None))
            if paths is not None:
                message = "CORS_RESOURCES has no effect without CORS(app)."
                value, hint = config["CORS_RESOURCES"], "call CORS(app), or remove it."
                problems.append(Problem("CORS_RESOURCES", value, "without_effect", message, hint))
        elif paths is not None:
            unmatched = Layer(None)
        refuse(problems)
        self._views = {id(rule): self._view_of(rule) for rule in self._app.url_map.iter_rules()}
        return PolicyTable(layers, paths=paths, unmatched=unmatched, routes=self._routes)

    def _view_of(self, rule: Rule) -> ViewLayers:
        parts = str(rule.endpoint).split(".")[:-1]
        names = [".".join(parts[: depth + 1]) for depth in range(len(parts))]
        layers = [self.blueprints.get(name, UNSET) for name in names]
        return view_layers(self._app.view_functions.get(rule.endpoint), layers)

    def _routes(self) -> Iterator[Route]:
        for rule in self._app.url_map.iter_rules():
            view = self._views.get(id(rule)) or self._view_of(rule)
            fixed, placeholder, _ = rule.rule.partition("<")
            path = as_wsgi(fixed)
            bare = path.rstrip("/")
            paths = [path] if placeholder or rule.strict_slashes else [bare or "/", f"{bare}/"]
            methods = {*(view.methods if rule.methods is None else rule.methods)}
            if getattr(rule, "provide_automatic_options", False):
                methods.discard("OPTIONS")
            for each in paths:
                name = f"view {rule.endpoint!r}"
                yield Route(name, each, bool(placeholder), view, tuple(sorted(methods)))


class _Middleware(CORSMiddleware):
    """A middleware whose debug messages name the options as they are written."""

    def __init__(self, cors: ApplicationCORS, app: WSGIApplication, *args: Any, **named: Any) -> None:
        super().__init__(app, *args, **named)
        self._cors = cors

    def names_for(self, environ: WSGIEnvironment) -> Names:
        return self._cors.applied(environ).names
