"""Which rule of an application's URL map a request leads to."""

from __future__ import annotations

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


def routed_path(environ: WSGIEnvironment) -> str:
    """Return the path that Werkzeug routes by, to which ``//admin`` is ``/admin``."""
    path: str = environ.get("PATH_INFO", "")
    return path if path[:1] == "/" and path[:2] != "//" else "/" + path.lstrip("/")


def requested_method(environ: WSGIEnvironment) -> str | None:
    """Return the method that a preflight asks about; None: the request is none."""
    if environ["REQUEST_METHOD"] != "OPTIONS" or "HTTP_ORIGIN" not in environ:
        return None
    return environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")


def find_route(app: Flask, environ: WSGIEnvironment, method: str) -> Route:
    """Return where a request of the environ's URL with `method` leads."""
    path = routed_path(environ)
    try:
        request = app.request_class(environ, populate_request=False)
        # For a request, there is always one.
        adapter = cast("MapAdapter", app.create_url_adapter(request))
    except HTTPException:  # a host that is not trusted
        return Route(None, path)
    try:
        return _matched(adapter, path, method)
    except RuntimeError:
        # A converter that looks into the session, or a database, wants the context that it has
        # when Flask matches. It is not there always, because leaving it has all that the
        # application tears down torn down.
        with app.request_context(environ):
            return _matched(adapter, path, method)


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
