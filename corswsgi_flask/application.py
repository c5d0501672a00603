"""The CORS of one application: its layers, and the policy that applies to a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import cached_property, partial
from itertools import filterfalse
from threading import Lock
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, has_request_context, request
from werkzeug.debug import DebuggedApplication
from werkzeug.exceptions import NotFound

from corswsgi import CORSMiddleware, CORSRequest, Policy, PolicyError, Problem, adapters
from corswsgi.adapters import NO_LAYERS, Applied, Layer, PolicyTable, ViewLayers, read_shared

from .arguments import CONFIG_NAMES, WITHOUT_EFFECT, read_options
from .routing import Overlaps, Router, routed_path, routes_of
from .views import view_layers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from werkzeug.routing import Map, Rule

    # A rule of the URL map, its view, and what applies to its requests, if that is the same for all
    # of them. The rule is kept, so that no other object gets the same identity.
    _KnownRule = tuple[Rule | None, ViewLayers, Applied | None]

EXTENSION = "corswsgi"
"""The key of ``app.extensions`` for the `ApplicationCORS`."""


_UNKNOWN: _KnownRule = (None, NO_LAYERS, None)


class _State:
    """The table, and what is known about the rules. It is replaced when rules or views are added.

    A request uses one state from its start to its end.
    """

    def __init__(self, size: tuple[int, int], table: PolicyTable, url_map: Map, error: str) -> None:
        self.size = size
        """The numbers of rules and of views."""
        self.table = table
        self.error = error
        """The problems that were reported."""
        self.rules: dict[int, _KnownRule] = {}
        """By the rule's identity. Rules whose view is missing are not included."""
        self._url_map = url_map

    @cached_property
    def overlaps(self) -> Overlaps:
        """The rules that match a URL. Only preflights need them, and copying them takes time."""
        return Overlaps(self._url_map)


class ApplicationCORS:
    """The layers of an application, its paths, blueprints and views.

    They are merged into a `PolicyTable` when the application handles its first request.
    """

    is_installed: bool = False
    """Whether the middleware is in front of the application's ``wsgi_app``."""
    is_bypassed = False
    """Whether a request did not come through the middleware."""

    def __init__(self, app: Flask) -> None:
        self.reports = adapters.Reports()
        """The reports of debug mode."""
        self._app = app
        self._configuration = adapters.Configuration(
            lambda: app.config, CONFIG_NAMES, WITHOUT_EFFECT, read_options, self._routes
        )
        self.blueprints = adapters.PartsByName()
        """The calls of ``CORS(blueprint)``, by the name that the blueprint is registered with."""
        self._state: _State | None = None
        self._rules: dict[int, _KnownRule] = {}  # those of the state
        self._early: set[int] | None = None  # identities of rules that had no view at first
        self._decorated: tuple[int, bool] = 0, False
        self._lock = Lock()
        self.path_key: str = f"corswsgi_flask.path.{id(self)}"
        """The environ's key for the path of a request that has come through the middleware.

        Mounted applications change PATH_INFO. The identity is part of the key, because applications
        may be mounted in each other.
        """
        self._preflight_key = f"corswsgi_flask.preflight.{id(self)}"

    @classmethod
    def of(cls, app: Flask) -> ApplicationCORS:
        """Return the object of an application, and create it at the first call."""
        cors: ApplicationCORS | None = app.extensions.get(EXTENSION)
        # setdefault, because two threads that come first must get the same object.
        return cors or app.extensions.setdefault(EXTENSION, cls(app))

    @property
    def has_layers(self) -> bool:
        """Whether ``@cors`` decorates any view.

        An attribute ``cors_policy`` that is not a layer does not count: without ``CORS(app)``, it
        is probably not meant for this library.
        """
        views = self._app.view_functions
        if self._decorated[0] != len(views):
            layers = [*map(view_layers, read_shared(views.values))]
            has_layers = any(not (view.is_empty or view.problems) for view in layers)
            self._decorated = len(layers), has_layers
        return self._decorated[1]

    def configure(self, *arguments: Any) -> None:
        """Add the arguments of a ``CORS(app)``. Raises `PolicyError` with all their problems."""
        self._configuration.add(*arguments)
        self._state, self._rules = None, {}

    def install(self) -> bool:
        """Put the middleware in front of the application; return False if it is there already."""
        with self._lock:
            if self.is_installed:
                return False
            app, path_key = self._app, self.path_key
            entrance = adapters.entrance(app, "wsgi_app", DebuggedApplication)
            inner = self.middleware(getattr(*entrance))

            def wsgi_app(
                environ: WSGIEnvironment, start_response: StartResponse
            ) -> Iterable[bytes]:
                if self._state is None:
                    self.state()
                environ[path_key] = environ.get("PATH_INFO", "")
                if "werkzeug.debug.preserve_context" in environ and not app.testing:
                    # Under the debugger.
                    return adapters.answer_errors(
                        inner, self.policy_for, app.logger, environ, start_response
                    )
                return inner(environ, start_response)

            setattr(*entrance, wsgi_app)  # Flask documents this way
            self.is_installed = True
            return True

    def has_come_through(self, environ: WSGIEnvironment) -> bool:
        """Return whether a request has come through the middleware."""
        return self.path_key in environ

    def middleware(self, app: WSGIApplication) -> CORSMiddleware:
        """Return a WSGI application with the middleware in front of it."""
        return _Middleware(self, app, self.policy_for, debug=lambda: self._app.debug)

    def state(self) -> _State:
        """Return the state, made at the first call, and again after rules or views were added.

        With problems, it raises `PolicyError` in debug mode and in tests. Otherwise it logs them,
        and the policies that they affect refuse every origin.
        """
        app, rules = self._app, self._app.url_map.iter_rules
        # Before the rules are read: if one is added meanwhile, the next request finds it.
        size = len(read_shared(rules)), len(app.view_functions)
        state = self._state
        if state is not None and state.size == size:
            return state
        with self._lock:
            old = self._state
            if old is not None and old.size == size:
                return old
            if old is None:
                self._early = {*map(id, filterfalse(self._has_view, read_shared(rules)))}
            make = self._configuration.make_table if old is None else old.table.reread
            off = [] if self._configuration.calls else [Layer(None)]
            table, error = PolicyTable.checked(make, *off)
            if error is not None and (app.debug or app.testing):
                self._state, self._rules = None, {}
                raise error
            state = _State(size, table, app.url_map, str(error))
            for rule in filter(self._has_view, read_shared(rules)):
                view = self._view_of(rule)
                state.rules[id(rule)] = rule, view, table.find_constant(routes_of(rule, view))
            self._state, self._rules = state, state.rules
        if error is not None and (old is None or old.error != state.error):
            # Without the lock, because handlers of the log may read `current_cors`.
            adapters.log_invalid(error)
        return state

    def checked(self) -> tuple[PolicyTable, PolicyError | None]:
        """Return a new table, and all problems of the configuration and of the views."""
        return PolicyTable.checked(self._configuration.make_table)

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
        method: str = environ["REQUEST_METHOD"]
        path: str = environ.get(self.path_key) or environ.get("PATH_INFO", "")
        if method == "OPTIONS" and CORSRequest.from_environ(environ).is_preflight:
            return self._applied_to_preflight(environ, path)
        state = self._state or self.state()
        rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
        # The rule may be of an application that this one is mounted in, or the reverse.
        if rule is not None and rule.map is self._app.url_map:
            return state.table.find(routed_path(path), self._known_view(state, rule), method)
        # There is no rule for 404, 405 and redirects, or something else answered. Matching a 404
        # again would find nothing either.
        if (
            has_request_context()
            and current_app == self._app
            and isinstance(request.routing_exception, NotFound)
        ):
            return state.table.find(routed_path(path))
        with closing(Router(self._app, environ, path)) as router:
            return state.table.find(*self._find(state, router, method), method)

    def _applied_to_preflight(self, environ: WSGIEnvironment, path: str) -> Applied:
        state = self.state()
        method: str = environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"]
        # Matching the URL may query a database, and debug messages ask a second time.
        asked = state, path, method
        known: tuple[object, Applied] | None = environ.get(self._preflight_key)
        if known is not None and known[0] == asked:
            return known[1]
        with closing(Router(self._app, environ, path, state.overlaps)) as router:
            find = partial(self._find, state, router)
            applied = state.table.find_for_preflight(*find(method), method, find)
        environ[self._preflight_key] = asked, applied
        return applied

    def _find(self, state: _State, router: Router, method: str) -> tuple[str, ViewLayers]:
        rule, path = router.find(method)
        return path, NO_LAYERS if rule is None else self._known_view(state, rule)

    def _known_view(self, state: _State, rule: Rule) -> ViewLayers:
        """Return the layers of a rule's view; Flask cannot prevent that rules are added late."""
        known = state.rules.get(id(rule)) or self.state().rules.get(id(rule))
        return self._view_of(rule) if known is None else known[1]

    def _routes(self) -> Iterator[adapters.Route]:
        for rule in read_shared(self._app.url_map.iter_rules):
            yield from routes_of(rule, self._view_of(rule))

    def _has_view(self, rule: Rule) -> bool:
        """Return whether requests for a rule lead to a view. Redirects have no endpoint."""
        return rule.endpoint is None or rule.endpoint in self._app.view_functions

    def _view_of(self, rule: Rule) -> ViewLayers:
        if self._early is not None and id(rule) not in self._early and not self._has_view(rule):
            message = f"the rule {rule.rule!r} was added to the URL map before its view function."
            hint = f"set app.view_functions[{rule.endpoint!r}] first."
            problem = Problem("endpoint", rule.endpoint, "required", message, hint)
            return ViewLayers.invalid(PolicyError([problem]))
        view = self._app.view_functions.get(rule.endpoint)
        # The endpoint is the view's name behind those of its blueprints, the outermost first.
        names = str(rule.endpoint).split(".")
        blueprints = [".".join(names[:depth]) for depth in range(1, len(names))]
        route = next(routes_of(rule, NO_LAYERS))
        try:
            return view_layers(view, self.blueprints.at(blueprints, route.path, route.is_open))
        except PolicyError as error:
            return ViewLayers.invalid(error)


class _Middleware(CORSMiddleware):
    """A middleware whose debug messages name the options as they are written."""

    def __init__(self, cors: ApplicationCORS, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._cors = cors
        self.reports = cors.reports

    def names_for(self, environ: WSGIEnvironment) -> adapters.Names:
        return self._cors.applied(environ).names

    def explain_no_policy(self, environ: WSGIEnvironment) -> str | None:
        cors, path = self._cors, environ.get(self._cors.path_key) or environ["PATH_INFO"]
        return cors.state().table.explain_no_policy(cors.applied(environ), path, environ)
