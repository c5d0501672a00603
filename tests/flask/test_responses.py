"""Every response of an application has its headers, however it was made."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort, make_response, redirect, send_file
from flask.views import MethodView

from corswsgi import CORSMiddleware, Policy
from corswsgi_flask import CORS
from tests.conformance.cases import APP, EVIL, REFUSES, admits, grants
from tests.flask.crossing import Crossing, cross, preflight
from tests.helpers.wsgi import get

SEEN = grants(Expose_Headers="X-A")


def aborted(status: int) -> str:
    abort(status)


def aborted_with() -> str:
    abort(make_response("no", 402))


def fails() -> str:
    raise LookupError("secret")


def handled() -> str:
    raise ArithmeticError


def streamed() -> Response:
    def chunks() -> Iterator[str]:
        yield from ("a", "b", "c")

    return Response(chunks())


def file() -> Response:
    return send_file(io.BytesIO(b"file"), mimetype="text/plain")


def cookie() -> Response:
    response = make_response("cookie")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    response.vary.add("Accept")
    return response


def stray() -> Response:
    return Response("stray", headers={"Access-Control-Allow-Origin": "*"})


async def asynchronous() -> str:
    return "asynchronous"


class Things(MethodView):
    def get(self) -> str:
        return "thing"

    def put(self) -> str:
        return "put"


VIEWS: dict[str, Callable[..., Any]] = {
    "/plain": lambda: "plain",
    "/slash/": lambda: "slash",
    "/abort/<int:status>": aborted,
    "/abort/response": aborted_with,
    "/fails": fails,
    "/handled": handled,
    "/streamed": streamed,
    "/file": file,
    "/cookie": cookie,
    "/stray": stray,
    "/redirect": lambda: redirect("/plain"),
    "/asynchronous": asynchronous,
    "/things": Things.as_view("things"),
}


def application(**config: Any) -> Flask:
    """An application that answers in all the ways that there are."""
    app = Flask("responses", static_folder=str(Path(__file__).parent / "static"))
    app.config.update(config)
    app.register_error_handler(ArithmeticError, lambda _error: ("handled", 409))
    app.register_error_handler(404, lambda _error: ("missing", 404))
    for path, view in VIEWS.items():
        app.add_url_rule(path, path.replace(".", ""), view)
    app.add_url_rule("/write", "write", lambda: "written", methods=["PUT"])
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    inner.add_url_rule("/view", "view", lambda: "inner")
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.register_blueprint(outer, name="again", url_prefix="/again")
    CORS(app, origins=[APP], expose_headers=["X-A"])
    return app


RESPONSES: list[tuple[str, str, int]] = [
    ("GET", "/plain", 200),
    ("HEAD", "/plain", 200),
    ("POST", "/plain", 405),
    ("GET", "/missing", 404),
    ("GET", "/slash", 308),
    ("GET", "/slash/", 200),
    ("GET", "//plain", 200),
    ("GET", "/outer//inner/view", 308),
    ("GET", "/abort/401", 401),
    ("GET", "/abort/403", 403),
    ("GET", "/abort/500", 500),
    ("GET", "/abort/response", 402),
    ("GET", "/fails", 500),
    ("GET", "/handled", 409),
    ("GET", "/streamed", 200),
    ("GET", "/file", 200),
    ("GET", "/redirect", 302),
    ("GET", "/asynchronous", 200),
    ("GET", "/static/text.txt", 200),
    ("GET", "/static/missing.txt", 404),
    ("GET", "/things", 200),
    ("PUT", "/things", 200),
    ("PUT", "/write", 200),
    ("GET", "/write", 405),
    ("GET", "/outer/inner/view", 200),
    ("GET", "/again/inner/view", 200),
    ("PUT", "/missing", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), RESPONSES)
def test_every_response_has_its_headers(method: str, path: str, status: int) -> None:
    app = application()
    assert cross(app, path, method) == Crossing(status, SEEN, is_readable=True)
    refused = get(app, path, method, [("Origin", EVIL)])
    assert (refused.status, refused.cors) == (status, REFUSES)
    same = get(app, path, method)
    assert (same.status, same.cors) == (status, REFUSES)


def test_a_view_that_writes_its_own_headers() -> None:
    assert cross(application(), "/stray") == Crossing(200, SEEN, is_readable=True)
    assert get(application(), "/stray", headers=[("Origin", EVIL)]).cors == REFUSES


def test_other_headers_stay() -> None:
    response = get(application(), "/cookie", headers=[("Origin", APP)])
    assert response.cors == {**SEEN, "Vary": "Accept, Origin"}
    cookies = [value for name, value in response.headers if name == "Set-Cookie"]
    assert cookies == ["a=1; Path=/", "b=2; Path=/"]


@pytest.mark.parametrize("path", ["/plain", "/missing", "/slash", "/write"])
def test_a_hook_that_refuses_everything(path: str) -> None:
    """Preflights have no credentials, and no hook to get past."""
    app = application()
    runs = []

    @app.before_request
    def authenticate() -> tuple[str, int]:
        runs.append(1)
        return "who are you?", 401

    assert preflight(app, path, "GET").status == 204
    assert not runs
    assert cross(app, path) == Crossing(401, SEEN, is_readable=True)


def test_a_hook_that_writes_its_own_headers() -> None:
    app = application()

    @app.after_request
    def write(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Credentials"] = "true"
        return response

    assert cross(app, "/plain") == Crossing(200, SEEN, is_readable=True)
    assert get(app, "/plain", headers=[("Origin", EVIL)]).cors == REFUSES
    assert preflight(app, "/plain", "GET").cors == admits(methods="GET, HEAD")


def test_an_exception_in_production_is_a_500() -> None:
    response = get(application(), "/fails", headers=[("Origin", APP)])
    assert (response.status, response.cors) == (500, SEEN)
    assert b"secret" not in response.body


def test_an_exception_in_tests_is_raised() -> None:
    with pytest.raises(LookupError):
        get(application(TESTING=True), "/fails", headers=[("Origin", APP)])


def test_a_plain_options_request_is_the_applications() -> None:
    response = get(application(), "/plain", "OPTIONS", [("Origin", APP)])
    assert (response.status, response.cors) == (200, SEEN)
    assert ("Allow", "GET, HEAD, OPTIONS") in [
        (name, ", ".join(sorted(value.split(", ")))) for name, value in response.headers
    ]


def test_under_an_application_root() -> None:
    """Paths are those below it: SCRIPT_NAME is none of their business."""
    app = application(APPLICATION_ROOT="/api")
    below = {"SCRIPT_NAME": "/api"}
    client = app.test_client()
    asked = client.options(
        "/slash",
        headers={"Origin": APP, "Access-Control-Request-Method": "GET"},
        environ_overrides={**below, "PATH_INFO": "/slash"},
    )
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    response = client.get(
        "/slash", headers={"Origin": APP}, environ_overrides={**below, "PATH_INFO": "/slash"}
    )
    assert response.status_code == 308
    assert response.location == "http://localhost/api/slash/"
    assert response.headers["Access-Control-Allow-Origin"] == APP


def wrapped(inner: Any) -> Callable[..., Any]:
    """A WSGI middleware that answers by itself, and copies the environ."""

    def middleware(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/closed":
            start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
            return [b"closed"]
        return inner({**environ}, start_response)

    return middleware


def test_a_middleware_further_in() -> None:
    app = Flask("wrapped")
    app.add_url_rule("/view", "view", lambda: "view")
    app.wsgi_app = wrapped(app.wsgi_app)  # type: ignore[method-assign] # as everybody does
    CORS(app, origins=[APP], resources=["/view", "/closed"])
    assert cross(app, "/view") == Crossing(200, grants(), is_readable=True)
    assert cross(app, "/closed") == Crossing(503, grants(), is_readable=True)
    assert cross(app, "/missing") == Crossing(404, {}, is_readable=False)


def test_a_middleware_further_out() -> None:
    """The inner one decides, as it does with any other application."""
    app = application()
    outer = CORSMiddleware(app, Policy(origins="*"))
    assert get(outer, "/plain", headers=[("Origin", APP)]).cors == SEEN
