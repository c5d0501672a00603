"""The CORS of one application: its layers, and the policy that applies to a request."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, closing
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, has_request_context, request
from werkzeug.debug import DebuggedApplication
from werkzeug.exceptions import NotFound
from werkzeug.routing import Rule

from corswsgi import CORSMiddleware, Policy, PolicyError, Problem, adapters
from corswsgi.adapters import NO_LAYERS, UNSET, Route, Unset, ViewLayers

from .arguments import CONFIG_NAMES, WITHOUT_EFFECT, read_options
from .routing import Overlaps, Router, routed_path, routes_of
from .views import registered_views, view_layers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

EXTENSION = "corswsgi"
"""The key of ``app.extensions`` for the `ApplicationCORS`."""

_UNKNOWN = (None, None, None)


class ApplicationCORS(adapters.Application[Rule]):
    """The layers of an application, its paths, blueprints and views."""

    is_installed: bool = False
    """Whether the middleware is in front of the application's ``wsgi_app``."""
    is_bypassed = False
    """Whether a request did not come through the middleware."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self.reports: adapters.Reports = adapters.Reports()
        """The reports of debug mode."""
        self._app = app
        self.configuration: adapters.Configuration = adapters.Configuration(
            lambda: app.config, CONFIG_NAMES, WITHOUT_EFFECT, read_options, self.routes
        )

    @classmethod
    def of(cls, app: Flask) -> ApplicationCORS:
        """Return the object of an application, and create it at the first call."""
        cors: ApplicationCORS | None = app.extensions.get(EXTENSION)
        # setdefault, because two threads that come first must get the same object.
        return cors or app.extensions.setdefault(EXTENSION, cls(app))

    def install(self) -> bool:
        """Put the middleware in front of the application; return False if it is there already."""
        with self.lock:
            if self.is_installed:
                return False
            app, path_key = self._app, self.path_key
            entrance = adapters.entrance(app, "wsgi_app", DebuggedApplication)
            inner = self.middleware(getattr(*entrance))

            def wsgi_app(
                environ: WSGIEnvironment, start_response: StartResponse
            ) -> Iterable[bytes]:
                if self.current_state is None:
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

    def middleware(self, app: WSGIApplication) -> CORSMiddleware:
        """Return a WSGI application with the middleware in front of it."""
        return _Middleware(self, app, self.policy_for, debug=self.is_debugging)

    def policy_for(self, environ: WSGIEnvironment) -> Policy | None:
        """Return the policy that applies to a request, and ask for it only once."""
        # A shortcut for nearly every request; applied() would return the same. Reading Flask's
        # request where Werkzeug leaves it takes a fifth of the time that flask.request takes.
        rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
        constant = self.rules.get(id(rule), _UNKNOWN)[2]
        if (
            constant is not None
            and environ["REQUEST_METHOD"] != "OPTIONS"
            and environ.get(self.handler_key) is None
        ):
            return constant.policy
        self.keep_table(environ)
        return self.applied(environ).policy

    def is_debugging(self) -> bool:
        """Return whether debug mode is on."""
        return self._app.debug

    def is_strict(self) -> bool:
        """Return whether problems are raised."""
        return self._app.debug or self._app.testing

    def iter_rules(self) -> Iterable[Rule]:
        """Return the rules of the URL map."""
        return self._app.url_map.iter_rules()

    def views(self) -> list[adapters.RegisteredView]:
        """Return the views and the error handlers."""
        return registered_views(self._app)

    def count_views(self) -> int:
        """Return the number of views."""
        return len(self._app.view_functions)

    def has_view(self, rule: Rule) -> bool:
        """Return whether requests for a rule lead to a view. Redirects have no endpoint."""
        return rule.endpoint is None or rule.endpoint in self._app.view_functions

    def read_view(self, rule: Rule, *, is_late: bool) -> ViewLayers:
        """Return the layers of a rule's view, within those of its blueprints."""
        if is_late:
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

    def read_handler(self, handler: Any) -> ViewLayers:
        """Return the layers of an error handler."""
        return view_layers(handler)

    def routes_of(self, rule: Rule, view: ViewLayers) -> Iterable[Route]:
        """Return the routes of a rule."""
        return routes_of(rule, view)

    def matched_path(self, path: str) -> str:
        """Return the path that Werkzeug matches."""
        return routed_path(path)

    def matched_rule(self, environ: WSGIEnvironment) -> Rule | Unset | None:
        """Return the rule of a request; None for 404, and `UNSET` if it is not known."""
        rule: Rule | None = getattr(environ.get("werkzeug.request"), "url_rule", None)
        # The rule may be of an application that this one is mounted in, or the reverse.
        if rule is not None and rule.map is self._app.url_map:
            return rule
        # There is no rule for 404, 405 and redirects, or something else answered. Matching a 404
        # again would find nothing either.
        is_own = has_request_context() and current_app == self._app
        return None if is_own and isinstance(request.routing_exception, NotFound) else UNSET

    def overlaps(self) -> Overlaps:
        """Return the rules that match the same URLs."""
        return Overlaps(self._app.url_map)

    def router(
        self, environ: WSGIEnvironment, path: str, overlaps: Overlaps | None = None
    ) -> AbstractContextManager[Router]:
        """Return a router for a path."""
        return closing(Router(self._app, environ, path, overlaps))


class _Middleware(CORSMiddleware):
    """A middleware whose debug messages name the options as they are written."""

    def __init__(self, cors: ApplicationCORS, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._cors = cors
        self.reports = cors.reports

    def names_for(self, environ: WSGIEnvironment) -> adapters.Names:
        return self._cors.applied(environ).names

    def explain_no_policy(self, environ: WSGIEnvironment) -> str | None:
        return self._cors.explain_no_policy(environ)
