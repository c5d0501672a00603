"""Which rule of an application's URL map a request leads to."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import unquote, urlsplit

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from corswsgi.policy import DEFAULT_METHODS
from corswsgi.resources import as_wsgi

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Flask
    from werkzeug.routing import MapAdapter, Rule

# A redirect to a redirect is followed, a loop is not.
_MAX_HOPS = 4


class Route(NamedTuple):
    """Where a request leads."""

    rule: Rule | None
    """None: to no route."""
    path: str
    """The path that was routed by, as WSGI writes it: of a redirect, the one that it leads to."""


def routed_path(path: str) -> str:
    """Return the path that Werkzeug routes by, to which ``//admin`` is ``/admin``."""
    return path if path[:1] == "/" and path[:2] != "//" else "/" + path.lstrip("/")


def requested_method(environ: WSGIEnvironment) -> str | None:
    """Return the method that a preflight asks about; None: the request is none."""
    if environ["REQUEST_METHOD"] != "OPTIONS" or "HTTP_ORIGIN" not in environ:
        return None
    return environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")


class Router:
    """Finds where requests of one URL lead, whatever has been made of their environ since."""

    def __init__(self, app: Flask, environ: WSGIEnvironment, path: str) -> None:
        """Take the URL from an environ, but its path as it came in."""
        self._app = app
        self._path = routed_path(path)
        # A copy, because Werkzeug leaves the request in it. It is made as Flask makes it, because
        # people have request classes of their own.
        self._environ = {**environ, "PATH_INFO": path}
        self._adapter: MapAdapter | None = None
        try:
            # For a request, there always is one.
            request = app.request_class(self._environ)
            self._adapter = cast("MapAdapter", app.create_url_adapter(request))
        except HTTPException:
            pass  # a host that is not trusted

    def find(self, method: str) -> Route:
        """Return where a request with `method` leads."""
        if self._adapter is None:
            return Route(None, self._path)
        try:
            return _matched(self._adapter, self._path, method)
        except RuntimeError:
            return self._find_in_context(self._adapter, method)

    def _find_in_context(self, adapter: MapAdapter, method: str) -> Route:
        """Match in the context that a converter wants, which looks into the session, or a database.

        It is not there always, because leaving it has all torn down that the application has to.
        """
        context = self._app.request_context(self._environ)
        context.push()
        try:
            return _matched(adapter, self._path, method)
        finally:
            # What is torn down may have been set up by hooks only, which have not run.
            with suppress(Exception):
                context.pop()


def _matched(
    adapter: MapAdapter,
    path: str,
    method: str,
    target: str | None = None,
    hops: int = _MAX_HOPS,
) -> Route:
    """Return where `method` leads: with the adapter's own path, or with that of a redirect."""
    if not hops:
        return Route(None, path)
    try:
        rule, _ = adapter.match(target, method, return_rule=True)
    except RequestRedirect as redirect:
        target = _below(adapter, redirect.new_url)
        if target is None:
            return Route(None, path)
        return _matched(adapter, as_wsgi(target), method, target, hops - 1)
    except MethodNotAllowed as error:
        # The views of its other methods are what there is at this URL.
        valid = {*(error.valid_methods or ())}
        others = [*filter(valid.__contains__, DEFAULT_METHODS), *sorted(valid)]
        return _matched(adapter, path, others[0], target, hops - 1)
    except HTTPException:
        return Route(None, path)
    return Route(rule, path)


def _below(adapter: MapAdapter, url: str) -> str | None:
    """Return the path of a URL within the application; None for one of elsewhere."""
    there = urlsplit(url)
    if there.netloc != adapter.get_host(None) or not there.path.startswith(adapter.script_name):
        return None
    return "/" + unquote(there.path.removeprefix(adapter.script_name))
