"""The rules of an application's URL map: the one that matches a request, and their routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from copy import copy
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, RequestRedirect, Rule

from corswsgi.adapters import MethodRouter, Route, ViewLayers, as_wsgi, read_shared

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Flask
    from flask.ctx import RequestContext
    from werkzeug.routing import MapAdapter

    _Step = Rule | str | frozenset[str] | None


def routed_path(path: str) -> str:
    """Return the path that Werkzeug matches: it treats ``//admin`` like ``/admin``."""
    return path if path[:1] == "/" and path[:2] != "//" else "/" + path.lstrip("/")


def routes_of(rule: Rule, view: ViewLayers) -> Iterator[Route]:
    """Yield the paths of a rule, with its view. Without `strict_slashes`, there may be two."""
    methods = {*(view.methods if rule.methods is None else rule.methods)}
    if getattr(rule, "provide_automatic_options", False):
        methods.discard("OPTIONS")
    name, taken = f"view {rule.endpoint!r}", tuple(sorted(methods))
    fixed, placeholder, _ = rule.rule.partition("<")
    path, bare = as_wsgi(fixed), as_wsgi(fixed).rstrip("/")
    paths = [path] if placeholder or rule.strict_slashes else [bare or "/", f"{bare}/"]
    for each in paths:
        yield Route(name, each, bool(placeholder), view, taken)


class Overlaps:
    """Finds all rules that match a URL, whatever their methods, without running converters.

    It has a copy of the URL map in which each rule takes one invented method, its number, so that
    Werkzeug's 405 lists the numbers of the rules that match.
    """

    def __init__(self, url_map: Map) -> None:
        """Copy the rules that a URL map has now."""
        self._rules = read_shared(url_map.iter_rules)
        self._endpoints: dict[Any, list[Rule]] = {}
        self._map = Map(
            default_subdomain=url_map.default_subdomain,
            merge_slashes=url_map.merge_slashes,
            converters=url_map.converters,
            host_matching=url_map.host_matching,
        )
        for number, rule in enumerate(self._rules):
            self._endpoints.setdefault(rule.endpoint, []).append(rule)
            bare = rule.rule.rstrip("/")
            # Werkzeug redirects to the other path, or takes it, too.
            for path in {rule.rule, bare or "/", f"{bare}/"} if not rule.build_only else ():
                copied = Rule(path, methods=[str(number)], merge_slashes=rule.merge_slashes)
                copied.subdomain, copied.host = rule.subdomain, rule.host
                self._map.add(copied)

    def find(self, adapter: MapAdapter, path: str | None) -> list[Rule]:
        """Return the rules for a path, or for the adapter's own one.

        Among them are all rules of their endpoints, because rules with `defaults` redirect.
        """
        adapter = copy(adapter)
        adapter.map = self._map
        numbers: Iterable[str] = ()
        try:
            adapter.match(path, "*")
        except HTTPException as error:
            numbers = getattr(error, "valid_methods", None) or ()
        endpoints = {self._rules[int(number)].endpoint for number in numbers}
        return [rule for endpoint in endpoints for rule in self._endpoints[endpoint]]


class Router(MethodRouter[Rule]):
    """Matches one URL with different methods, independent of later changes to the environ.

    Converters may query a database, so the URL is matched only once for all methods that the same
    rules take, if there are `overlaps`. Close it after use.
    """

    def __init__(
        self, app: Flask, environ: WSGIEnvironment, path: str, overlaps: Overlaps | None = None
    ) -> None:
        """Take the URL from an environ, except for the path, which may have been changed since."""
        self._app = app
        super().__init__(routed_path(path))
        self._overlaps = overlaps
        # A copy, because Werkzeug stores the request in it. The request is created as Flask does
        # it, because applications may have their own request class.
        self._environ = {**environ, "PATH_INFO": path}
        self._rules: dict[str | None, list[Rule]] = {}
        self._context: RequestContext | None = None
        try:
            # It is only None without a request.
            request = app.request_class(self._environ)
            self._adapter = cast("MapAdapter", app.create_url_adapter(request))
        except HTTPException:
            self._adapter = Map().bind("")  # the host is not trusted, so nothing matches

    def are_alike(self, path: str | None, one: str, other: str, step: _Step) -> bool:
        """Return whether the same rules for a path take two methods. `step` is that of `other`."""
        if self._overlaps is None or (isinstance(step, frozenset) and one in step):
            return False
        if path not in self._rules:
            self._rules[path] = self._overlaps.find(self._adapter, path)
        each = (rule.methods for rule in self._rules[path])
        return all(methods is None or (one in methods) == (other in methods) for methods in each)

    def match(self, path: str | None, method: str) -> _Step:
        """Match the target of a redirect, or the URL itself if `path` is None."""
        try:
            return self._adapter.match(path, method, return_rule=True)[0]
        except RequestRedirect as redirect:
            return _path_below(self._adapter, redirect.new_url)
        except MethodNotAllowed as error:
            return frozenset(error.valid_methods or ()) or None
        except HTTPException:
            return None
        except RuntimeError:
            if self._context is not None:
                raise
            self._push_context()
            return self.match(path, method)

    def _push_context(self) -> None:
        """Push a request context, for converters that use the session or a database.

        It is not created every time, because leaving it runs the application's teardown functions.
        """
        self._context = context = self._app.request_context(self._environ)
        # Without an adapter, it does not match the URL.
        adapter, context.url_adapter = context.url_adapter, None
        context.push()
        context.url_adapter = adapter

    def close(self) -> None:
        """Leave the request context, if there is one."""
        if self._context is not None:
            # Teardown functions may rely on hooks, which have not run.
            with suppress(Exception):
                self._context.pop()


def _path_below(adapter: MapAdapter, url: str) -> str | None:
    """Return the path of a URL within the application; None if it is outside of it."""
    parts = urlsplit(url)
    if parts.netloc != adapter.get_host(None) or not parts.path.startswith(adapter.script_name):
        return None
    return "/" + unquote(parts.path.removeprefix(adapter.script_name))
