"""The conformance table as fetches: each row must have the effect that it describes in a browser.

The browser model does not know policies. For each row, it runs the fetch that would send the row's
request, and sends all its requests, including the preflight, to a target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import get_args

import pytest

from corswsgi.browser import (
    Credentials,
    Fetch,
    Outcome,
    PreflightCache,
    Request,
    Response,
    main_fetch,
)
from corswsgi.browser.urls import parse_url
from corswsgi.fetch import FORBIDDEN_METHODS, is_token, list_members, normalize_method
from corswsgi.origins import parse_origin
from tests.conformance.cases import Answer, Case

API = "https://api.example"

ASKS_METHOD, ASKS_HEADERS = "Access-Control-Request-Method", "Access-Control-Request-Headers"


of_any_method = pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
"""A mark that ignores the warnings of wsgiref's validator about methods such as CHICKEN."""


def fetches_of(case: Case) -> Iterator[Fetch]:
    """Yield fetches for a row, in each credentials mode, unless browsers never send its request."""
    request = dict(case.request)
    origin = request.get("Origin")
    method = request.get(ASKS_METHOD, case.method)
    names = list_members(request.get(ASKS_HEADERS, ""))
    url = parse_url(API + case.path)
    if (
        origin is None
        or (origin != "null" and parse_origin(origin) is None)
        or (case.method == "OPTIONS") != (ASKS_METHOD in request)
        or not (is_token(method) and normalize_method(method) == method)
        or method.upper() in FORBIDDEN_METHODS
        or not all(map(is_token, names))
        or request.get(ASKS_HEADERS, "") != ",".join(sorted({name.lower() for name in names}))
        or "Access-Control-Request-Private-Network" in request  # browsers no longer send it
        or url is None
        or url.href != API + case.path
    ):
        return
    for credentials in get_args(Credentials):
        headers = tuple((name, "{}") for name in names)  # never safelisted
        yield Fetch(origin, url, method, headers, credentials, "cors")


def is_allowed(case: Case, fetch: Fetch) -> bool:
    """Check whether a row's expected headers allow the page to get the response."""
    allowed = case.expected.get("Access-Control-Allow-Origin")
    if fetch.credentials == "include":
        has_credentials = case.expected.get("Access-Control-Allow-Credentials") == "true"
        return allowed == fetch.origin and has_credentials
    answered = case.method != "OPTIONS" or 200 <= case.status <= 299
    return allowed in ("*", fetch.origin) and answered


def run_fetch(case: Case, fetch: Fetch, target: Callable[[Case], Answer]) -> tuple[Outcome, bool]:
    """Run a fetch, and return its outcome and whether the application ran for it."""
    steps = main_fetch(fetch, PreflightCache())
    ran = False
    try:
        request: Request = next(steps)
        while True:
            row = replace(case, method=request.method, request=request.headers)
            answer = target(row)
            ran |= answer.ran and request.kind == "actual"
            request = steps.send(Response(answer.status, tuple(answer.headers)))
    except StopIteration as stopped:
        outcome: Outcome = stopped.value
        return outcome, ran


def check_fetches(
    subtests: pytest.Subtests, cases: Iterable[Case], target: Callable[[Case], Answer]
) -> None:
    """Check that the fetches of all rows have the outcomes that the rows describe."""
    count = 0
    for case in cases:
        for fetch in fetches_of(case):
            count += 1
            with subtests.test(case.name, credentials=fetch.credentials):
                outcome, ran = run_fetch(case, fetch, target)
                assert outcome.allowed == is_allowed(case, fetch), outcome
                if outcome.allowed:
                    assert ran
    assert count > 500
