"""Applications whose methods have different policies at one URL, and fetches of that URL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path as django_path
from django.utils.decorators import method_decorator
from django.views import View
from flask import Flask
from flask.views import MethodView
from werkzeug.routing import Rule

from corswsgi import CORSMiddleware, Policy
from corswsgi_django import cors as django_cors
from corswsgi_django.signals import check_request_enabled
from corswsgi_flask import CORS, cors
from tests.helpers.wsgi import Application

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

OTHER = "https://other.example"
URL = "/items"

JSON = {"Content-Type": "application/json"}
X_A = {"X-A": "1"}

FETCHES: list[dict[str, Any]] = [
    {"method": method, "headers": headers}
    for method in ("PUT", "POST", "GET", "DELETE", "CHICKEN")
    for headers in (JSON, X_A, {})
]
"""The second argument of ``fetch()``."""


def view(**_arguments: str) -> str:
    return "view"


def methods_of(app: Flask, *methods: str) -> Callable[[Any], Any]:
    """Return a decorator that adds a function for some methods of the URL."""
    return lambda function: app.add_url_rule(URL, methods[0], function, methods=methods)


# Flask.


def two_functions(origin: str) -> Flask:
    app = Flask("functions")
    CORS(app, origins=[origin])
    methods_of(app, "GET", "PUT")(view)
    methods_of(app, "POST")(cors(origins=[OTHER])(lambda: "view"))
    return app


def two_functions_with_any_method(origin: str) -> Flask:
    app = Flask("any method")
    CORS(app, origins=[origin], methods="*")
    methods_of(app, "GET", "PUT")(view)
    methods_of(app, "POST")(cors(origins=[OTHER])(lambda: "view"))
    return app


def fewer_headers(origin: str) -> Flask:
    app = Flask("headers")
    CORS(app, origins=[origin])
    methods_of(app, "GET", "PUT", "DELETE")(view)
    methods_of(app, "POST")(cors(allow_headers=["X-A"])(lambda: "view"))
    return app


def credentials(origin: str) -> Flask:
    app = Flask("credentials")
    CORS(app, origins=[origin], supports_credentials=True, methods="*")
    methods_of(app, "GET", "PUT", "DELETE")(view)
    methods_of(app, "POST")(cors(allow_headers=["X-A"])(lambda: "view"))
    return app


def no_policy(origin: str) -> Flask:
    app = Flask("no policy")
    CORS(app, origins=[origin])
    methods_of(app, "GET", "PUT")(view)
    methods_of(app, "DELETE")(cors(None)(lambda: "view"))
    return app


def a_class(origin: str) -> Flask:
    class Items(MethodView):
        init_every_request = False

        def get(self) -> str:
            return "view"

        def put(self) -> str:
            return "view"

        @cors(allow_headers=["X-A"])
        def post(self) -> str:
            return "view"

    app = Flask("class")
    CORS(app, origins=[origin])
    app.add_url_rule(URL, view_func=Items.as_view("items"))
    return app


def every_usual_method_of_a_class(origin: str) -> Flask:
    """Methods that the class does not have, such as CHICKEN, have another policy."""
    handler = cors(Policy(origins=[origin], methods="*"))(lambda self: "view")
    names = ("get", "head", "post", "put", "patch", "delete", "query")
    items = type("Items", (MethodView,), dict.fromkeys(names, handler))
    items.methods = {*map(str.upper, names)}  # type: ignore[attr-defined] # type() has no types
    app = Flask("every method")
    CORS(app, origins=[origin], methods="*", allow_headers=["X-A"])
    app.add_url_rule(URL, view_func=items.as_view("items"))  # type: ignore[attr-defined] # the same
    return app


def a_rule_for_all_other_methods(origin: str) -> Flask:
    app = Flask("other methods")
    CORS(app, origins=[origin], methods="*")
    methods_of(app, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY")(view)
    app.view_functions["others"] = cors(allow_headers=["X-A"])(lambda: "view")
    app.url_map.add(Rule(URL, endpoint="others"))
    return app


def a_placeholder(origin: str) -> Flask:
    app = Flask("placeholder")
    CORS(app, origins=[origin])
    app.add_url_rule("/<name>", "name", view, methods=["GET", "PUT", "DELETE"])
    methods_of(app, "POST")(cors(allow_headers=["X-A"])(lambda: "view"))
    return app


def paths_in_flask(origin: str) -> Flask:
    """The URL of GET redirects to a path with another policy."""
    app = Flask("paths")
    options: dict[str, Any] = {"/*": {}, f"{URL}/": {"allow_headers": ["X-A"]}}
    CORS(app, origins=[origin], resources=options)
    methods_of(app, "PUT", "POST")(view)
    app.add_url_rule(f"{URL}/", "slash", view, methods=["GET", "DELETE"])
    return app


def a_path_in_flask(origin: str) -> Flask:
    app = Flask("path")
    CORS(app, origins=[OTHER], resources={URL: {"origins": [origin]}, "/*": {}})
    methods_of(app, "PUT", "GET")(view)
    methods_of(app, "POST")(cors(allow_headers=["X-A"])(lambda: "view"))
    return app


def a_rule_that_was_added_late(origin: str) -> Flask:
    app = Flask("late")
    CORS(app, origins=[origin])
    methods_of(app, "GET", "PUT")(view)
    app.test_client().options(
        URL, headers={"Origin": origin, "Access-Control-Request-Method": "PUT"}
    )
    app.view_functions["late"] = cors(allow_headers=["X-A"])(lambda: "view")
    app.url_map.add(Rule(URL, endpoint="late", methods=["POST"]))
    return app


# Django.

Handler = Callable[[View, HttpRequest], HttpResponse]


def answer(self: View, request: HttpRequest) -> HttpResponse:
    return HttpResponse("view")


def handler(**options: Any) -> Handler:
    """Return a method of a class with a policy of its own."""
    return method_decorator(django_cors(**options))(answer)


def in_django(**settings: Any) -> Callable[..., WSGIApplication]:
    """Return a function that returns a project with a class-based view."""

    def make(handlers: dict[str, Handler]) -> WSGIApplication:
        methods: dict[str, Any] = {"get": answer, "put": answer, "delete": answer, **handlers}
        urls = (django_path("items", type("Items", (View,), methods).as_view()),)  # type: ignore[attr-defined] # type() has no types

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
            with override_settings(ROOT_URLCONF=urls, CORS_ALLOW_HEADERS="*", **settings):
                yield from WSGIHandler()(environ, start_response)

        return app

    return make


def a_class_in_django(origin: str) -> WSGIApplication:
    return in_django(CORS_ALLOWED_ORIGINS=[origin])({"post": handler(allow_headers=["X-A"])})


def any_method_in_django(origin: str) -> WSGIApplication:
    settings: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [origin], "CORS_ALLOW_METHODS": "*"}
    return in_django(**settings)({"post": handler(origins=[OTHER])})


def paths_in_django(origin: str) -> WSGIApplication:
    resources = {"/items": {"CORS_ALLOWED_ORIGINS": [origin]}, "/*": None}
    settings = {"CORS_ALLOWED_ORIGINS": [OTHER], "CORS_RESOURCES": resources}
    return in_django(**settings)({"post": handler(allow_headers=["X-A"])})


def receivers_in_django(origin: str, urls: str = "^/.*$") -> WSGIApplication:
    """Receivers are asked about PUT, and not about POST, whose view names its origins."""
    make = in_django(CORS_ALLOWED_ORIGINS=[OTHER], CORS_URLS_REGEX=urls)
    app = make({"post": handler(origins=[OTHER]), "delete": handler(allow_headers=["X-A"])})

    def allows(sender: None, request: HttpRequest, **_more: Any) -> bool:
        return request.headers["Origin"] == origin

    def receiving(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        check_request_enabled.connect(allows)
        try:
            yield from app(environ, start_response)
        finally:
            check_request_enabled.disconnect(allows)

    return receiving


def receivers_elsewhere_in_django(origin: str) -> WSGIApplication:
    """CORS_URLS_REGEX does not match the path, so receivers decide alone."""
    return receivers_in_django(origin, "^/api/")


# Plain WSGI.


def a_path(origin: str) -> WSGIApplication:
    """A path has one policy for all methods, so its answers can be cached."""
    policy = Policy(origins=[origin], allow_headers=["X-A"], methods=["PUT"])
    return CORSMiddleware(Application(), Policy(origins=[OTHER]), resources={URL: policy})


SCENARIOS: list[Callable[[str], WSGIApplication]] = [
    two_functions,
    two_functions_with_any_method,
    fewer_headers,
    credentials,
    no_policy,
    a_class,
    every_usual_method_of_a_class,
    a_rule_for_all_other_methods,
    a_placeholder,
    paths_in_flask,
    a_path_in_flask,
    a_rule_that_was_added_late,
    a_class_in_django,
    any_method_in_django,
    paths_in_django,
    receivers_in_django,
    receivers_elsewhere_in_django,
    a_path,
]


def without_the_rule(origin: str) -> WSGIApplication:
    """Return an application that lets browsers cache an answer for methods that it is wrong for.

    A callable decides by the method, which corswsgi does not know. The headers are listed, because
    Firefox does not cache the wildcard.
    """
    usual = Policy(origins=[origin], allow_headers=["Content-Type", "X-A"])
    policies = {"POST": Policy(origins=[origin], allow_headers=["X-A"])}

    def policy_for(environ: WSGIEnvironment) -> Policy:
        method: str = environ["REQUEST_METHOD"]
        asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", method)
        return policies.get(str(asked), usual)

    return CORSMiddleware(Application(), policy_for)
