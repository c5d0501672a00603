"""The conformance table through Flask: CORS(app), its resources, a blueprint, and @cors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask, Response, request

from corswsgi import Policy
from corswsgi_flask import CORS, cors
from tests.conformance.cases import CASES, HARMLESS, Answer, Case, Options, run_all
from tests.conformance.fetches import check_fetches, of_any_method
from tests.helpers.wsgi import get

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

WITHOUT_RESOURCES = [case for case in CASES if case.resources is None]


def answered(
    case: Case,
    install: Callable[[Flask, Blueprint, Callable[[], Response]], None],
    *,
    is_warm: bool = False,
    served: Callable[[Flask], WSGIApplication] = lambda app: app,
) -> Answer:
    """Send the row's request to an application with a view for all paths."""
    app, blueprint = Flask("conformance"), Blueprint("all", __name__)
    runs = []

    def view(**_arguments: str) -> Response:
        runs.append(request.method)
        response = Response("ran", case.app_status)
        if case.app_status in (204, 304):
            del response.headers["Content-Type"]
        for name, value in case.sends:
            response.headers.add(name, value)
        return response

    @app.before_request
    def _whatever_the_method() -> Response | None:
        # The route has the methods that policies have by default, and rows have others too.
        return None if request.method in METHODS else view()

    install(app, blueprint, view)
    if is_warm:
        get(app)
        runs.clear()
    response = get(served(app), case.path, case.method, case.request)
    return Answer(response.status, response.headers, bool(runs))


def route(scaffold: Flask | Blueprint, view: Callable[..., Any]) -> None:
    scaffold.add_url_rule("/", "root", view, methods=METHODS)
    scaffold.add_url_rule("/<path:path>", "path", view, methods=METHODS)


def through_the_app(case: Case) -> Answer:
    def install(app: Flask, _: Blueprint, view: Callable[[], Response]) -> None:
        CORS(app, **case.options or {})
        route(app, view)

    return answered(case, install)


def through_a_policy(case: Case) -> Answer:
    def install(app: Flask, _: Blueprint, view: Callable[[], Response]) -> None:
        route(app, view)
        CORS().init_app(app, policy=Policy(**case.options or {}))

    return answered(case, install)


def through_resources(case: Case) -> Answer:
    """What no resource matches has no policy in Flask: the row's other policy is one for ``/*``."""

    def install(app: Flask, _: Blueprint, view: Callable[[], Response]) -> None:
        resources: dict[str, Options | None] = {"/*": case.options, **(case.resources or {})}
        CORS(app, resources=resources)
        route(app, view)

    return answered(case, install)


def through_a_decorator(case: Case) -> Answer:
    def install(app: Flask, _: Blueprint, view: Callable[[], Response]) -> None:
        route(app, cors(**case.options or {})(view))

    return answered(case, install, is_warm=True)


def through_a_decorator_at_first(case: Case) -> Answer:
    """Send the first request, before which the middleware is not installed."""

    def install(app: Flask, _: Blueprint, view: Callable[[], Response]) -> None:
        route(app, cors(**case.options or {})(view))

    return answered(case, install)


def through_an_older_wsgi_app(case: Case) -> Answer:
    """Send the request past the middleware, to the application's ``wsgi_app`` from before."""
    inner: list[WSGIApplication] = []

    def install(app: Flask, _: Blueprint, view: Callable[[], Response]) -> None:
        inner.append(app.wsgi_app)
        CORS(app, **case.options or {})
        route(app, view)

    return answered(case, install, served=lambda app: inner[0])


def through_a_decorator_in_an_app(case: Case) -> Answer:
    def install(app: Flask, _: Blueprint, view: Callable[[], Response]) -> None:
        CORS(app, origins="https://another.example", expose_headers=["X-Other"], max_age=7)
        route(app, cors(Policy(**case.options or {}))(view))

    return answered(case, install)


def through_a_blueprint(case: Case) -> Answer:
    def install(app: Flask, blueprint: Blueprint, view: Callable[[], Response]) -> None:
        CORS(blueprint, **case.options or {})
        route(blueprint, view)
        app.register_blueprint(blueprint)

    return answered(case, install)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("target", [through_the_app, through_resources, through_a_decorator])
def test_harmless_options(subtests: pytest.Subtests, target: Callable[[Case], Answer]) -> None:
    run_all(subtests, HARMLESS, target)


def test_resources(subtests: pytest.Subtests) -> None:
    run_all(subtests, CASES, through_resources)


@pytest.mark.parametrize(
    "target",
    [
        through_the_app,
        through_a_policy,
        through_a_decorator,
        through_a_decorator_at_first,
        through_an_older_wsgi_app,
        through_a_decorator_in_an_app,
        through_a_blueprint,
    ],
)
def test_without_resources(subtests: pytest.Subtests, target: Callable[[Case], Answer]) -> None:
    run_all(subtests, WITHOUT_RESOURCES, target)


@pytest.mark.once
@of_any_method
@pytest.mark.parametrize("target", [through_the_app, through_a_decorator, through_a_blueprint])
def test_browsers_let_through_what_a_policy_means(
    subtests: pytest.Subtests, target: Callable[[Case], Answer]
) -> None:
    check_fetches(subtests, WITHOUT_RESOURCES, target)


@pytest.mark.once
@of_any_method
def test_browsers_let_through_what_resources_mean(subtests: pytest.Subtests) -> None:
    check_fetches(subtests, CASES, through_resources)
