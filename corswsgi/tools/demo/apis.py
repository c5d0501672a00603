"""The API of the demo, three times: plain WSGI, Flask and Django, all under one address.

In debug mode, so that a refused preflight says why.
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

WAYS = ("wsgi", "flask", "django")
"""The ways in which it is served, which begin its paths."""

METHODS = ["GET", "PUT", "PATCH"]
ALLOW_HEADERS = ["Content-Type", "X-Token"]
EXPOSE_HEADERS = ["X-Request-Id"]


def policy_text(allowed: str) -> str:
    """Write the policy of the API as one writes it for plain WSGI."""
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


class Served(NamedTuple):
    """What an API knows of where it is."""

    allowed: str
    """The origin that its policy lists."""
    away: str
    """An address of another origin, to which it redirects."""


def make_api(served: Served, settings: LazySettings) -> WSGIApplication:
    """Make all three; what they share with each other is the policy alone."""
    applications = {
        "/wsgi": wsgi_api(served),
        "/flask": flask_api(served),
        "/django": django_api(served, settings),
    }
    return DispatcherMiddleware(flask.Flask("nothing else"), applications)


def wsgi_api(served: Served) -> WSGIApplication:
    """Plain WSGI, with the middleware around it."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        where = environ["PATH_INFO"]
        status, headers = "200 OK", [("Content-Type", "text/plain"), ("X-Request-Id", "1")]
        if where == "/moved":
            status = "302 Found"
            headers.append(("Location", f"{environ['SCRIPT_NAME']}/items"))
        elif where == "/away":
            status = "302 Found"
            headers.append(("Location", served.away))
        elif where == "/broken":
            status = "500 Internal Server Error"
        elif where not in ("/items", "/public/items", "/internal/items"):
            status = "404 Not Found"
        start_response(status, headers)
        return [b"WSGI"]

    policy = Policy(
        origins=[served.allowed],
        methods=METHODS,
        allow_headers=ALLOW_HEADERS,
        expose_headers=EXPOSE_HEADERS,
        supports_credentials=True,
    )
    public = Policy(origins="*")
    resources = {"/public/*": public, "/internal/*": None}
    return CORSMiddleware(application, policy, resources=resources, debug=True)


def flask_api(served: Served) -> WSGIApplication:
    """Flask, with ``CORS(app)``, and a policy for each part."""
    app = flask.Flask("corswsgi.demo")
    app.debug = True
    options: dict[str, Any] = {
        "origins": [served.allowed],
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
    app.add_url_rule("/away", "away", lambda: flask.redirect(served.away))
    app.add_url_rule("/broken", "broken", lambda: flask.abort(500))
    return app


def django_api(served: Served, settings: LazySettings) -> WSGIApplication:
    """Django, with its middleware and settings; in a process that has other settings, with those.

    Django's settings are the process's.
    """
    if not settings.configured:
        settings.configure(**django_settings(served))
        django.setup()
    return get_wsgi_application()


def django_settings(served: Served) -> dict[str, Any]:
    """Write the settings."""

    def items(_request: HttpRequest) -> HttpResponse:
        return HttpResponse("Django", content_type="text/plain", headers={"X-Request-Id": "1"})

    def moved(_request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("items"))

    def away(_request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(served.away)

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
        # It would log what is meant to fail.
        "LOGGING": {"version": 1, "loggers": {"django": {"level": "CRITICAL"}}},
        "SECRET_KEY": "the demo signs nothing",
        "ROOT_URLCONF": tuple(path(where, view, name=where) for where, view in views.items()),
        "INSTALLED_APPS": ["corswsgi_django"],
        "MIDDLEWARE": ["corswsgi_django.middleware.CORSMiddleware"],
        "CORS_ALLOWED_ORIGINS": [served.allowed],
        "CORS_ALLOW_METHODS": METHODS,
        "CORS_ALLOW_HEADERS": ALLOW_HEADERS,
        "CORS_EXPOSE_HEADERS": EXPOSE_HEADERS,
        "CORS_ALLOW_CREDENTIALS": True,
        "CORS_RESOURCES": {"/public/*": public, "/internal/*": None},
    }
