"""The rule of an application's URL map that matches a request."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import unquote, urlsplit

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from corswsgi.adapters import DEFAULT_METHODS, as_wsgi

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Flask
    from werkzeug.routing import MapAdapter, Rule

# Redirects to redirects are followed, loops are not.
_MAX_REDIRECTS = 4


class Match(NamedTuple):
    """The rule that matches a request."""

    rule: Rule | None
    """None if no rule matches."""
    path: str
    """The path that was matched, encoded as in WSGI; after a redirect, the redirect's target."""


def routed_path(path: str) -> str:
    """Return the path that Werkzeug matches: it treats ``//admin`` like ``/admin``."""
    return path if path[:1] == "/" and path[:2] != "//" else "/" + path.lstrip("/")


def requested_method(environ: WSGIEnvironment) -> str | None:
    """Return the method that a preflight asks about; None if the request is not a preflight."""
    if environ["REQUEST_METHOD"] != "OPTIONS" or "HTTP_ORIGIN" not in environ:
        return None
    return environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")


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
        try:
            # It is only None without a request.
            request = app.request_class(self._environ)
            self._adapter = cast("MapAdapter", app.create_url_adapter(request))
        except HTTPException:
            pass  # the host is not trusted

    def find(self, method: str) -> Match:
        """Return the rule for a request with `method`."""
        if self._adapter is None:
            return Match(None, self._path)
        try:
            return _matched(self._adapter, self._path, method)
        except RuntimeError:
            return self._find_in_context(self._adapter, method)

    def _find_in_context(self, adapter: MapAdapter, method: str) -> Match:
        """Match within a request context, for converters that use the session or a database.

        It is not created every time, because leaving it runs the application's teardown functions.
        """
        context = self._app.request_context(self._environ)
        context.push()
        try:
            return _matched(adapter, self._path, method)
        finally:
            # Teardown functions may rely on hooks, which have not run.
            with suppress(Exception):
                context.pop()


def _matched(
    adapter: MapAdapter,
    path: str,
    method: str,
    target: str | None = None,
    redirects: int = _MAX_REDIRECTS,
) -> Match:
    """Return the rule for `method` and the adapter's path, or for the `target` of a redirect."""
    if not redirects:
        return Match(None, path)
    try:
        rule, _ = adapter.match(target, method, return_rule=True)
    except RequestRedirect as redirect:
        target = _path_below(adapter, redirect.new_url)
        if target is None:
            return Match(None, path)
        return _matched(adapter, as_wsgi(target), method, target, redirects - 1)
    except MethodNotAllowed as error:
        # Use the views of the URL's other methods.
        valid = {*(error.valid_methods or ())}
        others = [*filter(valid.__contains__, DEFAULT_METHODS), *sorted(valid)]
        return _matched(adapter, path, others[0], target, redirects - 1)
    except HTTPException:
        return Match(None, path)
    return Match(rule, path)


def _path_below(adapter: MapAdapter, url: str) -> str | None:
    """Return the path of a URL within the application; None if it is outside of it."""
    parts = urlsplit(url)
    if parts.netloc != adapter.get_host(None) or not parts.path.startswith(adapter.script_name):
        return None
    return "/" + unquote(parts.path.removeprefix(adapter.script_name))
