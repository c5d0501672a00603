"""current_cors: the Decision about the current request."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, Response

from corswsgi import Policy
from corswsgi_flask import CORS, cors, current_cors
from tests.conformance.cases import APP, EVIL, REFUSES, grants
from tests.flask.crossing import cross, preflight
from tests.helpers.wsgi import get


def recorded(app: Flask) -> list[tuple[str, str | None]]:
    """Return a list to which the hooks of an application add the reason of current_cors."""
    seen: list[tuple[str, str | None]] = []

    def record(when: str) -> None:
        seen.append((when, current_cors.reason if current_cors else None))

    @app.before_request
    def before() -> None:
        record("before")

    @app.after_request
    def after(response: Response) -> Response:
        record("after")
        return response

    @app.teardown_request
    def teardown(_error: Any) -> None:
        record("teardown")

    return seen


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize(
    ("origin", "reason"), [(APP, "origin_allowed"), (EVIL, "origin_not_allowed")]
)
def test_it_is_available_in_all_hooks(is_whole: bool, origin: str, reason: str) -> None:
    app = Flask("current")
    seen = recorded(app)
    if is_whole:
        CORS(app, policy=None)
    app.get("/view")(cors(origins=[APP])(lambda: current_cors.reason))
    response = get(app, "/view", headers=[("Origin", origin)])
    assert response.body.decode() == reason
    assert seen[:3] == [("before", reason), ("after", reason), ("teardown", reason)]


def test_without_a_policy_it_is_false() -> None:
    app = Flask("current")
    seen = recorded(app)
    CORS(app, resources="/api/*")
    app.get("/view")(lambda: str(current_cors == None))  # noqa: E711 - a proxy is never None itself
    assert get(app, "/view", headers=[("Origin", APP)]).body == b"True"
    assert {reason for _, reason in seen} == {None}


def test_a_preflight_in_a_test_request_context() -> None:
    app = Flask("current")
    CORS(app, origins=[APP], allow_headers=["X-A"])
    app.put("/view")(lambda: "view")
    headers = {
        "Origin": APP,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "x-b",
    }
    with app.test_request_context("/view", method="OPTIONS", headers=headers):
        assert current_cors.reason == "headers_not_allowed"
    del headers["Access-Control-Request-Headers"]
    with app.test_request_context("/view", method="OPTIONS", headers=headers):
        assert (current_cors.reason, current_cors.status) == ("preflight_allowed", 204)


def test_callables_are_asked_once_for_a_response() -> None:
    asked: list[str] = []

    def is_allowed(origin: str) -> bool:
        asked.append(origin)
        return True

    app = Flask("current")
    CORS(app, policy=Policy(origins=is_allowed))
    app.put("/view")(lambda: "view")
    assert cross(app, "/view", "PUT").is_readable
    assert asked == [APP, APP]  # once for the preflight, once for the request
    assert preflight(app, "/view").status == 204


def refuses_to_be_asked(origin: str) -> bool:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("origins", "path", "origin", "reason"),
    [
        ([APP, refuses_to_be_asked], "/x", APP, "origin_allowed"),
        (["https://*.example.com", refuses_to_be_asked], "/x", APP, "origin_allowed"),
        (refuses_to_be_asked, "/x", "null", "origin_null"),
        (refuses_to_be_asked, "/x", "https://A.example", "origin_not_allowed"),
        (APP, "/x", EVIL, "origin_not_allowed"),
        ([APP, refuses_to_be_asked], "/api/../x", APP, "origin_not_allowed"),
        (refuses_to_be_asked, "/./x", EVIL, "origin_not_allowed"),
    ],
)
def test_decisions_in_coroutines_that_ask_nothing(
    origins: Any, path: str, origin: str, reason: str
) -> None:
    seen: list[str] = []

    async def view() -> str:
        seen.append(current_cors.reason)
        return "view"

    app = Flask("current")
    CORS(app, origins=origins, resources={"/*": {}, "/api/*": {"expose_headers": ["X-A"]}})
    app.add_url_rule(path, view_func=view)
    response = get(app, path, headers=[("Origin", origin)])
    assert seen == [reason]
    expected = grants() if reason == "origin_allowed" else REFUSES
    assert (response.status, response.cors) == (200, expected)
