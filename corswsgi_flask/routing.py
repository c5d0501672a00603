"""The rules of an application's URL map: the one that matches a request, and their routes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote, urlsplit

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from corswsgi.adapters import DEFAULT_METHODS, Route, ViewLayers, as_wsgi

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Flask
    from werkzeug.routing import MapAdapter, Rule

    Match = tuple[Rule | None, str]

# Redirects to redirects are followed, loops are not.
_MAX_STEPS = 6


def routed_path(path: str) -> str:
    """Return the path that Werkzeug matches: it treats ``//admin`` like ``/admin``."""
    return path if path[:1] == "/" and path[:2] != "//" else "/" + path.lstrip("/")


def routes_of(rule: Rule, view: ViewLayers) -> Iterator[Route]:
    """Yield the paths of a rule, with its view. Without `strict_slashes`, there may be two."""
    methods = {*(view.methods if rule.methods is None else rule.methods)}
    if getattr(rule, "provide_automatic_options", False):
        methods.discard("OPTIONS")
    fixed, placeholder, _ = rule.rule.partition("<")
    path = as_wsgi(fixed)
    bare = path.rstrip("/")
    paths = [path] if placeholder or rule.strict_slashes else [bare or "/", f"{bare}/"]
    for each in paths:
        name = f"view {rule.endpoint!r}"
        yield Route(name, each, bool(placeholder), view, tuple(sorted(methods)))


class Router:
    """Matches one URL with different methods, independent of later changes to the environ."""

    def __init__(self, app: Flask, environ: WSGIEnvironment, path: str) -> None:
        """Take the URL from an environ, except for the path, which may have been changed since."""
        self._app = app
        self._path = routed_path(path)
        # A copy, because Werkzeug stores the request in it. The request is created as Flask does
        # it, because applications may have their own request class.
        self._environ = {**environ, "PATH_INFO": path}
        self._adapter: MapAdapter | None = None
        self._matches: dict[str, Match] = {}
        try:
            # It is only None without a request.
            request = app.request_class(self._environ)
            self._adapter = cast("MapAdapter", app.create_url_adapter(request))
        except HTTPException:
            pass  # the host is not trusted

    def find(self, method: str) -> Match:
        """Return the rule for a request with `method`, or None, and the path that was matched.

        The path is encoded as in WSGI. After a redirect, it is the redirect's target.
        """
        if method not in self._matches:
            try:
                self._matches[method] = self._match(method)
            except RuntimeError:
                self._matches[method] = self._match_in_context(method)
        return self._matches[method]

    def _match_in_context(self, method: str) -> Match:
        """Match within a request context, for converters that use the session or a database.

        It is not created every time, because leaving it runs the application's teardown functions.
        """
        context = self._app.request_context(self._environ)
        context.push()
        try:
            return self._match(method)
        finally:
            # Teardown functions may rely on hooks, which have not run.
            with suppress(Exception):
                context.pop()

    def _match(self, method: str) -> Match:
        adapter, path, target = self._adapter, self._path, None
        if adapter is None:
            return None, path
        for _ in range(_MAX_STEPS):
            try:
                return adapter.match(target, method, return_rule=True)[0], path
            except RequestRedirect as redirect:  # noqa: PERF203 - there are few steps
                target = _path_below(adapter, redirect.new_url)
                if target is None:
                    break
                path = as_wsgi(target)
            except MethodNotAllowed as error:
                # The view of another method. The list is not complete without strict_slashes.
                valid = {*(error.valid_methods or ())}
                method = [*filter(valid.__contains__, DEFAULT_METHODS), *sorted(valid)][0]
            except HTTPException:
                break
        return None, path


def _path_below(adapter: MapAdapter, url: str) -> str | None:
    """Return the path of a URL within the application; None if it is outside of it."""
    parts = urlsplit(url)
    if parts.netloc != adapter.get_host(None) or not parts.path.startswith(adapter.script_name):
        return None
    return "/" + unquote(parts.path.removeprefix(adapter.script_name))
