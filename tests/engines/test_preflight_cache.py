"""Cached preflights in each engine: the results are those of the browser model."""

from __future__ import annotations

from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from corswsgi.browser import Browser
from corswsgi.cli.engines import Engine
from tests.conformance.preflight_cache import (
    FETCHES,
    JSON,
    SCENARIOS,
    URL,
    X_A,
    without_the_rule,
)
from tests.engines.browser import BLOCKED, Expected, Page, listening, run_fetches
from tests.helpers.wsgi import Application

# Each fetch is once after one that may have cached its answer.
FOLLOWED: list[dict[str, Any]] = [
    {"method": "PUT", "headers": JSON},
    *FETCHES,
    {"method": "PUT", "headers": X_A},
    {"method": "POST", "headers": JSON},
]


def test_the_engine_sends_the_preflights_that_the_model_sends(engine: Engine) -> None:
    page = Page()
    with listening(page) as page_port:
        origin = f"http://localhost:{page_port}"
        apps = {each.__name__: each(origin) for each in [*SCENARIOS, without_the_rule]}
        mounts = {f"/{name}": app for name, app in apps.items()}
        fetches: Expected = {
            f"{name} {number}": (f"/{name}{URL}", init, {})
            for name in apps
            for number, init in enumerate(FOLLOWED)
        }
        allowed = {
            f"{name} {number}": browser.fetch(URL, **init).allowed
            for name, app in apps.items()
            for browser in [Browser(app, origin)]
            for number, init in enumerate(FOLLOWED)
        }
        with listening(DispatcherMiddleware(Application(404), mounts)) as port:
            results = run_fetches(engine, page, origin, f"http://localhost:{port}", fetches)
    assert {name: result != BLOCKED for name, result in results.items()} == allowed
    # The engine has a cache: without the rule, POST with JSON is sent because PUT was allowed.
    assert allowed[f"without_the_rule {len(FOLLOWED) - 1}"]
    assert not allowed[f"fewer_headers {len(FOLLOWED) - 1}"]
