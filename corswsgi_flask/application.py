"""The CORS of one application: its layers, and the policy that applies to a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property, partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, has_request_context, request
from werkzeug.exceptions import NotFound

from corswsgi import CORSMiddleware, CORSRequest, Policy, Problem, adapters
from corswsgi.adapters import NO_LAYERS, Applied, Layer, Names, PolicyTable, Route, ViewLayers

from .arguments import Arguments, make_table
from .exceptions import answer_error
from .routing import Router, routed_path, routes_of
from .views import view_layers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from werkzeug.routing import Rule

    # A rule of the URL map, its view, and what applies to its requests, if that is the same for all
    # of them. The rule is kept, so that no other object gets the same identity.
    _KnownRule = tuple[Rule | None, ViewLayers, Applied | None]

EXTENSION = "corswsgi"
"""The key of ``app.extensions`` for the `ApplicationCORS`."""


_UNKNOWN: _KnownRule = (None, NO_LAYERS, None)


class ApplicationCORS:
    """The layers of an application, its paths, blueprints and views.

    They are merged into a `PolicyTable` when the application handles its first request.
    """

    arguments: Arguments | None = None
    """The arguments of ``CORS(app)``; None if it was not called."""
    is_installed: bool = False
    """Whether the middleware is in front of the application's ``wsgi_app``."""
    is_bypassed = False
    """Whether a request did not come through the middleware."""

    def __init__(self, app: Flask) -> None:
        self.blueprints: dict[str, Layer] = {}
        """The layers of ``CORS(blueprint)``, by the name that the blueprint is registered with."""
        self._app = app
        self._rules: dict[int, _KnownRule] = {}  # by identity
        self._table: PolicyTable | None = None
        self._warned: list[object] = []
        self._lock = Lock()
        self.path_key: str = f"corswsgi_flask.path.{id(self)}"
        """The environ's key for the path of a request that has come through the middleware.

        Mounted applications change PATH_INFO. The identity is part of the key, because applications
        may be mounted in each other.
        """

    @classmethod
    def of(cls, app: Flask) -> ApplicationCORS:
        """Return the object of an application, and create it at the first call."""
        cors: ApplicationCORS | None = app.extensions.get(EXTENSION)
        # setdefault, because two threads that come first must get the same object.
        return cors or app.extensions.setdefault(EXTENSION, cls(app))

    @cached_property
    def has_layers(self) -> bool:
        """Whether ``@cors`` decorates any view; read it when all views are registered.

        An attribute ``cors_policy`` that is not a layer does not count: without ``CORS(app)``, it
        is probably not meant for this library.
        """
        layers = map(view_layers, self._app.view_functions.values())
        return any(not (view.is_empty or view.problems) for view in layers)

    def configure(self, arguments: Arguments) -> None:
        """Set the arguments of ``CORS(app)``. Raises `PolicyError` with all their problems."""
        self._make_table(arguments)
        self.arguments = arguments
        self._table = None

    def install(self) -> bool:
        """Put the middleware in front of the application; return False if it is there already."""
        with self._lock:
            if self.is_installed:
                return False
            app, path_key, inner = self._app, self.path_key, self.middleware(self._app.wsgi_app)

            def wsgi_app(
                environ: WSGIEnvironment, start_response: StartResponse
            ) -> Iterable[bytes]:
                if self._table is None:
                    self.table()
                environ[path_key] = environ.get("PATH_INFO", "")
                if "werkzeug.debug.preserve_context" in environ and not app.testing:
                    return answer_error(app, inner, self.policy_for, environ, start_response)
                return inner(environ, start_response)

            app.wsgi_app = wsgi_app  # type: ignore[method-assign] # Flask documents this way
            self.is_installed = True
            return True

    def has_come_through(self, environ: WSGIEnvironment) -> bool:
        """Return whether a request has come through the middleware."""
        return self.path_key in environ

    def middleware(self, app: WSGIApplication) -> CORSMiddleware:
        """Return a WSGI application with the middleware in front of it."""
        return _Middleware(self, app, self.policy_for, debug=lambda: self._app.debug)

    def table(self) -> PolicyTable:
        """Return the table of policies, made at the first call.

        With problems, it raises `PolicyError` in debug mode and in tests. Otherwise it logs them,
        and the policies that they affect refuse every origin.
        """
        error = None
        with self._lock:
            table = self._table
            if table is None:
                off = [Layer(None)] if self.arguments is None else []
                table, error = PolicyTable.checked(partial(self._make_table, self.arguments), *off)
                if error is not None and (self._app.debug or self._app.testing):
                    raise error
                for rule in self._app.url_map.iter_rules():
                    self._add(table, rule)
                self._table = table
        if error is not None:
            # Without the lock, because handlers of the log may read `current_cors`.
            adapters.log_invalid(error)
        return table

    def problems(self) -> tuple[Problem, ...]:
        """Return all problems of the configuration and of the views."""
        _, error = PolicyTable.checked(partial(self._make_table, self.arguments))
        return () if error is None else error.problems

    def policy_for(self, environ: WSGIEnvironment) -> Policy | None:
        """Return the policy that applies to a request."""
        # A shortcut for nearly every request; applied() would return the same. Reading Flask's
        # request where Werkzeug leaves it takes a fifth of the time that flask.request takes.
        rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
        _, _, constant = self._rules.get(id(rule), _UNKNOWN)
        if constant is not None and environ["REQUEST_METHOD"] != "OPTIONS":
            return constant.policy
        return self.applied(environ).policy

    def applied(self, environ: WSGIEnvironment) -> Applied:
        """Return what applies to a request; to a preflight, by the view that it asks about."""
        table = self._table or self.table()
        method: str = environ["REQUEST_METHOD"]
        path: str = environ.get(self.path_key) or environ.get("PATH_INFO", "")
        if method == "OPTIONS" and CORSRequest.from_environ(environ).is_preflight:
            requested: str = environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"]
            find = partial(self._find, table, Router(self._app, environ, path))
            return table.find_for_preflight(*find(requested), requested, find)
        rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
        # The rule may be of an application that this one is mounted in, or the reverse.
        if rule is not None and rule.map is self._app.url_map:
            _, view, _ = self._rules.get(id(rule)) or self._add(table, rule)
            return table.find(routed_path(path), view, method)
        # There is no rule for 404, 405 and redirects, or something else answered. Matching a 404
        # again would find nothing either.
        if (
            has_request_context()
            and current_app == self._app
            and isinstance(request.routing_exception, NotFound)
        ):
            return table.find(routed_path(path))
        return table.find(*self._find(table, Router(self._app, environ, path), method), method)

    def _find(self, table: PolicyTable, router: Router, method: str) -> tuple[str, ViewLayers]:
        rule, path = router.find(method)
        if rule is None:
            return path, NO_LAYERS
        _, view, _ = self._rules.get(id(rule)) or self._add(table, rule)
        return path, view

    def _add(self, table: PolicyTable, rule: Rule) -> _KnownRule:
        """Add a rule; Flask cannot prevent that one is added after the first request."""
        table.forget_routes()
        view = self._view_of(rule)
        known = self._rules[id(rule)] = rule, view, table.find_constant(routes_of(rule, view))
        return known

    def _make_table(self, arguments: Arguments | None) -> PolicyTable:
        return make_table(self._app.config, arguments, self._routes, self._warned)

    def _routes(self) -> Iterator[Route]:
        for rule in self._app.url_map.iter_rules():
            yield from routes_of(rule, self._view_of(rule))

    def _view_of(self, rule: Rule) -> ViewLayers:
        view = self._app.view_functions.get(rule.endpoint)
        # The endpoint is the view's name behind those of its blueprints, the outermost first.
        names = str(rule.endpoint).split(".")
        blueprints = [".".join(names[:depth]) for depth in range(1, len(names))]
        layers = [self.blueprints[name] for name in blueprints if name in self.blueprints]
        return view_layers(view, layers)


class _Middleware(CORSMiddleware):
    """A middleware whose debug messages name the options as they are written."""

    def __init__(self, cors: ApplicationCORS, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._cors = cors

    def names_for(self, environ: WSGIEnvironment) -> Names:
        return self._cors.applied(environ).names
