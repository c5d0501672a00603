"""The API of the demo, implemented with plain WSGI, Flask and Django, and served by one server.

The debug mode is enabled, so the response to a refused preflight explains the refusal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import django
import flask
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from corswsgi import CORSMiddleware, Policy
from corswsgi_flask import CORS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from django.conf import LazySettings

VARIANTS = ("wsgi", "flask", "django")
"""The implementations of the API, which are also the first segments of its paths."""

METHODS = ["GET", "PUT", "PATCH"]
ALLOW_HEADERS = ["Content-Type", "X-Token"]
EXPOSE_HEADERS = ["X-Request-Id"]


def policy_text(allowed: str) -> str:
    """Return the source code of the API's policy."""
    return "\n".join(
        (
            "Policy(",
            f"    origins=[{allowed!r}],",
            f"    methods={METHODS},",
            f"    allow_headers={ALLOW_HEADERS},",
            f"    expose_headers={EXPOSE_HEADERS},",
            "    supports_credentials=True,",
            ")  # /public/*: Policy(origins='*'); /internal/*: None; debug=True",
        )
    )


class Addresses(NamedTuple):
    """Addresses that the API needs."""

    allowed: str
    """The origin that the policy allows."""
    away: str
    """A URL of another origin, which the API redirects to."""


def make_api(addresses: Addresses, settings: LazySettings) -> WSGIApplication:
    """Return an application that serves all three variants. They have the same policy."""
    applications = {
        "/wsgi": wsgi_api(addresses),
        "/flask": flask_api(addresses),
        "/django": django_api(addresses, settings),
    }
    return DispatcherMiddleware(flask.Flask("not found"), applications)


def wsgi_api(addresses: Addresses) -> WSGIApplication:
    """Return a plain WSGI application with the middleware around it."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        status, headers = "200 OK", [("Content-Type", "text/plain"), ("X-Request-Id", "1")]
        if path == "/moved":
            status = "302 Found"
            headers.append(("Location", f"{environ['SCRIPT_NAME']}/items"))
        elif path == "/away":
            status = "302 Found"
            headers.append(("Location", addresses.away))
        elif path == "/broken":
            status = "500 Internal Server Error"
        elif path not in ("/items", "/public/items", "/internal/items"):
            status = "404 Not Found"
        start_response(status, headers)
        return [b"WSGI"]

    policy = Policy(
        origins=[addresses.allowed],
        methods=METHODS,
        allow_headers=ALLOW_HEADERS,
        expose_headers=EXPOSE_HEADERS,
        supports_credentials=True,
    )
    public = Policy(origins="*")
    resources = {"/public/*": public, "/internal/*": None}
    return CORSMiddleware(application, policy, resources=resources, debug=True)


def flask_api(addresses: Addresses) -> WSGIApplication:
    """Return a Flask application with ``CORS(app)`` and a policy for each part."""
    app = flask.Flask("corswsgi.demo")
    app.debug = True
    options: dict[str, Any] = {
        "origins": [addresses.allowed],
        "methods": METHODS,
        "allow_headers": ALLOW_HEADERS,
        "expose_headers": EXPOSE_HEADERS,
        "supports_credentials": True,
    }
    CORS(app, resources={"/*": options, "/public/*": {"origins": "*"}, "/internal/*": None})

    def items() -> flask.Response:
        return flask.Response("Flask", headers={"X-Request-Id": "1"}, mimetype="text/plain")

    for rule in ("/items", "/public/items", "/internal/items"):
        app.add_url_rule(rule, rule, items, methods=[*METHODS, "POST", "DELETE"])
    app.add_url_rule("/moved", "moved", lambda: flask.redirect(flask.url_for("/items")))
    app.add_url_rule("/away", "away", lambda: flask.redirect(addresses.away))
    app.add_url_rule("/broken", "broken", lambda: flask.abort(500))
    return app


def django_api(addresses: Addresses, settings: LazySettings) -> WSGIApplication:
    """Return a Django application.

    Django's settings are global. If they are configured already, the application uses them.
    """
    if not settings.configured:
        settings.configure(**django_settings(addresses))
        django.setup()
    return get_wsgi_application()


def django_settings(addresses: Addresses) -> dict[str, Any]:
    """Return the Django settings of the API."""

    def items(_request: HttpRequest) -> HttpResponse:
        return HttpResponse("Django", content_type="text/plain", headers={"X-Request-Id": "1"})

    def moved(_request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("items"))

    def away(_request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(addresses.away)

    def broken(_request: HttpRequest) -> HttpResponse:
        raise RuntimeError("this view fails")

    views = {"items": items, "public/items": items, "internal/items": items}
    views |= {"moved": moved, "away": away, "broken": broken}
    public = {
        "CORS_ALLOW_ALL_ORIGINS": True,
        "CORS_ALLOW_CREDENTIALS": False,
        "CORS_ALLOW_HEADERS": "*",
    }
    return {
        "DEBUG": True,
        # Do not log the failures that the demo causes on purpose.
        "LOGGING": {"version": 1, "loggers": {"django": {"level": "CRITICAL"}}},
        "SECRET_KEY": "unused by the demo",
        "ROOT_URLCONF": tuple(path(where, view, name=where) for where, view in views.items()),
        "INSTALLED_APPS": ["corswsgi_django"],
        "MIDDLEWARE": ["corswsgi_django.middleware.CORSMiddleware"],
        "CORS_ALLOWED_ORIGINS": [addresses.allowed],
        "CORS_ALLOW_METHODS": METHODS,
        "CORS_ALLOW_HEADERS": ALLOW_HEADERS,
        "CORS_EXPOSE_HEADERS": EXPOSE_HEADERS,
        "CORS_ALLOW_CREDENTIALS": True,
        "CORS_RESOURCES": {"/public/*": public, "/internal/*": None},
    }
