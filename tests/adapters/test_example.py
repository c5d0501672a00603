"""The adapter for Bottle in docs/adapters.md, through the conformance table."""

# mypy: allow-untyped-decorators
from __future__ import annotations

from pathlib import Path
from typing import Any

import bottle
import pytest

from corswsgi import PolicyError
from tests.conformance.cases import APP, CASES, Answer, Case, asking, run
from tests.helpers.wsgi import get

DOCUMENT = Path(__file__).parents[2] / "docs" / "adapters.md"


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    """Run the first code block of the document, and return its names."""
    code = DOCUMENT.read_text().split("```python\n")[1].partition("```")[0]
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(code, str(DOCUMENT), "exec"), names)
    return names


WITHOUT_RESOURCES = [case for case in CASES if case.resources is None]


def application(case: Case, runs: list[str]) -> bottle.Bottle:
    app = bottle.Bottle()

    @app.route("/<path:path>", method="ANY")
    @app.route("/", method="ANY")
    def view(path: str = "") -> Any:
        runs.append(path)
        response = bottle.HTTPResponse("ran", case.app_status)
        for name, value in case.sends:
            response.add_header(name, value)
        return response

    return app


def test_conformance(example: dict[str, Any], subtests: pytest.Subtests) -> None:
    for case in WITHOUT_RESOURCES:

        def target(case: Case) -> Answer:
            runs: list[str] = []
            app = example["CORS"](application(case, runs), **(case.options or {}))
            response = get(app, case.path, case.method, case.request)
            return Answer(response.status, response.headers, bool(runs))

        with subtests.test(case.name):
            run(case, target)


def test_methods_of_a_url_with_different_policies(example: dict[str, Any]) -> None:
    app = bottle.Bottle()

    @app.put("/items")
    def put() -> str:
        raise NotImplementedError

    @app.post("/items")
    @example["cors"](allow_headers=["X-A"])
    def post() -> str:
        raise NotImplementedError

    @app.route("/reports", method="REPORT")
    def reports() -> str:
        raise NotImplementedError

    served = example["CORS"](app, origins=[APP], resources={"/health": None})
    ages = {
        path: get(served, path, "OPTIONS", asking(APP, "PUT")).cors["Access-Control-Max-Age"]
        for path in ("/items", "/reports", "/elsewhere")
    }
    assert ages == {"/items": "0", "/reports": "600", "/elsewhere": "600"}
    methods = get(served, "/reports", "OPTIONS", asking(APP, "REPORT")).cors
    assert methods["Access-Control-Allow-Methods"].endswith(", QUERY, REPORT")
    assert get(served, "/health", headers=[("Origin", APP)]).cors == {}


def test_problems(example: dict[str, Any]) -> None:
    app = bottle.Bottle()

    @app.get("/items/<number>")
    @example["cors"](supports_credentials=True)
    def items(number: str) -> str:
        raise NotImplementedError

    served = example["CORS"](app, origins="*")
    problems = served.table.problems()
    assert [(each.option, each.reason) for each in problems] == [
        ("view '/items/<number>'.origins", "wildcard_with_credentials")
    ]
    with pytest.raises(PolicyError, match="'/a#b' contains a query"):
        example["CORS"](app, origins="*", resources={"/a#b": None})
    with pytest.raises(PolicyError, match=r"True in .*\scontradicts False in"):
        example["cors"](supports_credentials=False)(items)
