"""Flask behind `flask run --debug` and gunicorn, as scripts in Chromium see it."""

from __future__ import annotations

import pytest

from corswsgi.cli.engines import Engine
from tests.engines.browser import BLOCKED, Expected, Page, listening, read, results_of, run_fetches
from tests.helpers.servers import serving

FAILED = (
    "<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n"
    "<h1>Internal Server Error</h1>\n"
    "<p>The server encountered an internal error and was unable to complete your request. "
    "Either the server is overloaded or there is an error in the application.</p>\n"
)
MISSING = (
    "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
    "<p>The requested URL was not found on the server. If you entered the URL manually please "
    "check your spelling and try again.</p>\n"
)
NOT_ALLOWED = (
    "<!doctype html>\n<html lang=en>\n<title>405 Method Not Allowed</title>\n"
    "<h1>Method Not Allowed</h1>\n<p>The method is not allowed for the requested URL.</p>\n"
)


@pytest.mark.parametrize("server", ["flask", "gunicorn"])
def test_scripts_can_read_what_the_policies_allow(chromium: Engine, server: str) -> None:
    exposed = ["x-a"]
    put = {"method": "PUT"}
    expected: Expected = {
        "items": ("/items/", {}, read("items", headers=exposed)),
        "put": ("/items/", put, read("items", headers=exposed)),
        "a redirect's target": ("/items", {}, read("items", headers=exposed)),
        "a redirect's target, put": ("/items", put, read("items", headers=exposed)),
        "no such method": ("/items/", {"method": "DELETE"}, read(NOT_ALLOWED, 405, exposed)),
        "missing": ("/missing", {}, read(MISSING, 404, exposed)),
        "missing, put": ("/missing", put, read(MISSING, 404, exposed)),
        "streamed": ("/streamed", {}, read("one two three", headers=exposed)),
        "credentials": ("/items/", {"credentials": "include"}, BLOCKED),
        "private": ("/private", {}, BLOCKED),
        "off": ("/off", {}, BLOCKED),
        "fails": ("/fails", {}, read(FAILED, 500, exposed)),
    }
    page = Page()
    with listening(page) as page_port, serving(server, "tests.flask.served:app") as port:
        api = f"http://localhost:{port}"
        results = run_fetches(chromium, page, f"http://localhost:{page_port}", api, expected)
        if server == "flask":
            # The debugger shows the traceback. The headers of after_request are missing.
            failure = results.pop("fails")
            assert (failure["status"], failure["headers"]) == (500, [])
            assert failure["body"].startswith("Traceback (most recent call last):\n")
            assert failure["body"].endswith("LookupError: the cause\n")
        assert results == {
            name: result for name, result in results_of(expected).items() if name in results
        }
        refused = run_fetches(chromium, page, f"http://127.0.0.1:{page_port}", api, expected)
        assert refused == dict.fromkeys(expected, BLOCKED)
