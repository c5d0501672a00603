"""Application: the policies of an application whose routes may change while it serves requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cached_property, partial
from itertools import filterfalse
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from corswsgi.errors import PolicyError
from corswsgi.log import logger
from corswsgi.policy_callables import ask_policy, explain_callable
from corswsgi.requests import CORSRequest
from corswsgi.wsgi import DECISION

from .calls import PartsByName
from .configs import Configuration
from .layers import Applied, Layer, Unset, read_shared
from .notes import notice_texts, unmatched_patterns
from .routes import Route
from .routing import MethodRouter
from .table import PolicyTable, log_invalid
from .unreached import RegisteredView, unreached
from .views import NO_LAYERS, ViewLayers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from corswsgi.policy_callables import PolicyCallable

RuleT = TypeVar("RuleT")


class State(Generic[RuleT]):
    """The table, and what is known about the rules. It is replaced when rules or views are added.

    A request uses one state from its start to its end.
    """

    def __init__(
        self, size: object, table: PolicyTable, error: str, overlaps: Callable[[], Any]
    ) -> None:
        self.size = size
        """The numbers of rules and of views."""
        self.table = table
        self.error = error
        """The problems that were reported."""
        self.rules: dict[int, tuple[RuleT | None, ViewLayers, Applied | None]] = {}
        """By the rule's identity: the rule, its view, and what applies to its requests, if that is
        the same for all of them.

        The rule is kept, so that no other object gets the same identity. Rules whose view is
        missing are not included.
        """
        self._overlaps = overlaps

    @cached_property
    def overlaps(self) -> Any:
        """The rules that match a URL. Only preflights need them, and copying them takes time."""
        return self._overlaps()


class Application(Generic[RuleT]):
    """The layers of an application, its paths and its views.

    They are merged into a `PolicyTable` when the application handles its first request, and again
    when it has more rules or views. A subclass knows the framework.
    """

    configuration: Configuration
    """The calls of ``CORS(app)`` and the config. A subclass sets it."""

    def __init__(self) -> None:
        self.blueprints: PartsByName = PartsByName()
        """The calls of ``CORS(blueprint)``, by the name that the blueprint is registered with."""
        self.ask: PolicyCallable | None = None
        """The function that returns the policy of a request, if there is one."""
        self.current_state: State[RuleT] | None = None
        self.rules: dict[int, tuple[RuleT | None, ViewLayers, Applied | None]] = {}
        """Those of the state."""
        self.lock: Lock = Lock()
        self._early: set[int] | None = None  # identities of rules that had no view at first
        self._decorated: tuple[int, bool] = 0, False
        # The identity is part of the keys, because applications may be mounted in each other.
        self.path_key: str = f"corswsgi.path.{id(self)}"
        """The environ's key for the path of a request that has come through the middleware.

        Mounted applications change PATH_INFO.
        """
        self.handler_key: str = f"corswsgi.handler.{id(self)}"
        """The environ's key for the decorated error handler that has returned the response."""
        self.table_key: str = f"corswsgi.table.{id(self)}"
        """The environ's key for the table, if it depends on the request."""
        self._preflight_key = f"corswsgi.preflight.{id(self)}"

    # The framework.

    def is_strict(self) -> bool:
        """Return whether problems are raised: in debug mode and in tests."""
        raise NotImplementedError

    def iter_rules(self) -> Iterable[RuleT]:
        """Return the rules of the application."""
        raise NotImplementedError

    def views(self) -> list[RegisteredView]:
        """Return the views and the error handlers of the application."""
        raise NotImplementedError

    def count_views(self) -> int:
        """Return the number of views, which is checked for each preflight."""
        raise NotImplementedError

    def has_view(self, rule: RuleT) -> bool:
        """Return whether requests for a rule lead to a view."""
        raise NotImplementedError

    def read_view(self, rule: RuleT, *, is_late: bool) -> ViewLayers:
        """Return the layers of a rule's view. `is_late`: the rule was added before its view."""
        raise NotImplementedError

    def read_handler(self, handler: Any) -> ViewLayers:
        """Return the layers of an error handler."""
        raise NotImplementedError

    def routes_of(self, rule: RuleT, view: ViewLayers) -> Iterable[Route]:
        """Return the routes of a rule."""
        raise NotImplementedError

    def matched_path(self, path: str) -> str:
        """Return the path that the framework matches."""
        raise NotImplementedError

    def matched_rule(self, environ: WSGIEnvironment) -> RuleT | Unset | None:
        """Return the rule that the framework has found for a request.

        None means that it has found none, and `UNSET` that it is not known.
        """
        raise NotImplementedError

    def overlaps(self) -> Any:
        """Return what `router` needs to compare the methods of a URL; it is made once."""
        raise NotImplementedError

    def router(
        self, environ: WSGIEnvironment, path: str, overlaps: Any = None
    ) -> AbstractContextManager[MethodRouter[RuleT]]:
        """Return a router for a path, which is closed after use."""
        raise NotImplementedError

    # Everything else.

    @property
    def has_layers(self) -> bool:
        """Whether ``@cors`` decorates any view.

        An attribute ``cors_policy`` that is not a layer does not count: it is probably not meant
        for this library.
        """
        if self._decorated[0] != self.count_views():
            views = [view.layers for view in self.views() if not view.is_handler]
            has_layers = any(not (view.is_empty or view.problems) for view in views)
            self._decorated = len(views), has_layers
            if not has_layers:
                self._report_unreached()
        return self._decorated[1]

    def configure(self, policy: object, resources: object, options: Mapping[str, Any]) -> None:
        """Add the arguments of a ``CORS(app)``. Raises `PolicyError` with all their problems."""
        self.configuration.add(policy, resources, options)
        self.ask = self.configuration.ask
        self.forget()

    def forget(self) -> None:
        """Make the state again at the next request."""
        self.current_state, self.rules = None, {}

    def has_come_through(self, environ: WSGIEnvironment) -> bool:
        """Return whether a request has come through the middleware."""
        return self.path_key in environ

    def state(self) -> State[RuleT]:
        """Return the state, made at the first call, and again after rules or views were added.

        With problems, it raises `PolicyError` in debug mode and in tests. Otherwise it logs them,
        and the policies that they affect refuse every origin.
        """
        # Before the rules are read: if one is added meanwhile, the next request finds it.
        size = len(read_shared(self.iter_rules)), self.count_views()
        state = self.current_state
        if state is not None and state.size == size:
            return state
        with self.lock:
            old = self.current_state
            if old is not None and old.size == size:
                return old
            if old is None:
                early = filterfalse(self.has_view, read_shared(self.iter_rules))
                self._early = {*map(id, early)}
            make = self.configuration.make_table if old is None else old.table.reread
            off = [] if self.configuration.calls else [Layer(None)]
            table, error = PolicyTable.checked(make, *off)
            if error is not None and self.is_strict():
                self.forget()
                raise error
            state = State(size, table, str(error), self.overlaps)
            for rule in filter(self.has_view, read_shared(self.iter_rules)):
                view = self.view_of(rule)
                routes = self.routes_of(rule, view)
                constant = table.find_constant(routes) if self.ask is None else None
                state.rules[id(rule)] = rule, view, constant
            self.current_state, self.rules = state, state.rules
        # Without the lock, because handlers of the log may read the decision.
        if error is not None and (old is None or old.error != state.error):
            log_invalid(error)
        if old is None:
            self._report_unreached()
        return state

    def checked(self) -> tuple[PolicyTable, PolicyError | None]:
        """Return a new table, and all problems of the configuration and of the views."""
        return PolicyTable.checked(self.configuration.make_table)

    def notes(self, table: PolicyTable) -> Iterator[str]:
        """Yield notices, patterns that no route matches, and decorators without effect, as text."""
        yield from notice_texts(self.configuration.notices, table)
        rules = read_shared(self.iter_rules)
        routes = [route for rule in rules for route in self.routes_of(rule, NO_LAYERS)]
        yield from unmatched_patterns("CORS(app)", table.patterns.patterns, routes)
        for name, patterns in self.blueprints.patterns():
            own = [route for route in routes if route.name.startswith(f"view '{name}.")]
            yield from unmatched_patterns(f"CORS() of the blueprint {name!r}", patterns, own)
        yield from unreached(self.views())

    def routes(self) -> Iterator[Route]:
        """Yield the routes of all rules, and those of decorated error handlers."""
        for rule in read_shared(self.iter_rules):
            yield from self.routes_of(rule, self.view_of(rule))
        for view in self.views():
            if view.is_handler and not view.layers.is_empty:
                yield Route(view.name, "/", True, view.layers)

    def view_of(self, rule: RuleT) -> ViewLayers:
        """Return the layers of a rule's view."""
        is_early = self._early is None or id(rule) in self._early
        return self.read_view(rule, is_late=not (is_early or self.has_view(rule)))

    def applied(self, environ: WSGIEnvironment) -> Applied:
        """Return what applies to a request; to a preflight, by the view that it asks about."""
        method: str = environ["REQUEST_METHOD"]
        path: str = environ.get(self.path_key) or environ.get("PATH_INFO", "")
        if method == "OPTIONS" and CORSRequest.from_environ(environ).is_preflight:
            return self._applied_to_preflight(environ, path)
        state = self.current_state or self.state()
        table = self._table(state, environ)
        handler = environ.get(self.handler_key)
        if handler is None:
            return table.find(*self._find_view(state, environ, path, method), method)
        find = partial(self._find_view, state, environ, path, method)
        return table.find_for_handler(
            self.matched_path(path), self.read_handler(handler), method, find
        )

    def explain_no_policy(self, environ: WSGIEnvironment) -> str | None:
        """Explain why no policy applies to a request; see `PolicyTable.explain_no_policy`."""
        path: str = environ.get(self.path_key) or environ.get("PATH_INFO", "")
        state = self.state()
        table = self._table(state, environ)
        if self.ask is not None and table.is_off:
            return None if DECISION in environ else explain_callable(self.ask, path)
        return table.explain_no_policy(self.applied(environ), path, environ)

    def keep_table(self, environ: WSGIEnvironment) -> None:
        """Ask for the policy of a request now, and not again."""
        if self.ask is not None and self.table_key not in environ:
            state = self.current_state or self.state()
            environ[self.table_key] = self._table(state, environ)

    def _table(self, state: State[RuleT], environ: WSGIEnvironment) -> PolicyTable:
        if self.ask is None:
            return state.table
        kept: PolicyTable | None = environ.get(self.table_key)
        return kept or state.table.with_policy(ask_policy(self.ask, environ))

    def _applied_to_preflight(self, environ: WSGIEnvironment, path: str) -> Applied:
        state = self.state()
        table = self._table(state, environ)
        method: str = environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"]
        # Matching the URL may query a database, and debug messages ask a second time.
        asked = table, path, method
        known: tuple[object, Applied] | None = environ.get(self._preflight_key)
        if known is not None and known[0] == asked:
            return known[1]
        with self.router(environ, path, state.overlaps) as router:
            find = partial(self._find, state, router)
            applied = table.find_for_preflight(*find(method), method, find)
        environ[self._preflight_key] = asked, applied
        return applied

    def _find_view(
        self, state: State[RuleT], environ: WSGIEnvironment, path: str, method: str
    ) -> tuple[str, ViewLayers]:
        rule = self.matched_rule(environ)
        if isinstance(rule, Unset):
            with self.router(environ, path) as router:
                return self._find(state, router, method)
        return self.matched_path(path), NO_LAYERS if rule is None else self._known_view(state, rule)

    def _find(
        self, state: State[RuleT], router: MethodRouter[RuleT], method: str
    ) -> tuple[str, ViewLayers]:
        rule, path = router.find(method)
        return path, NO_LAYERS if rule is None else self._known_view(state, rule)

    def _known_view(self, state: State[RuleT], rule: RuleT) -> ViewLayers:
        """Return the layers of a rule's view; frameworks cannot prevent that rules come late."""
        known = state.rules.get(id(rule)) or self.state().rules.get(id(rule))
        return self.view_of(rule) if known is None else known[1]

    def _report_unreached(self) -> None:
        """Log the decorators that no request reaches."""
        for text in unreached(self.views()):
            logger.warning(text, extra={"reason": "hidden_decorator"})
