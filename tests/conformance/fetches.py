"""The conformance table as fetches: what a row says is what a browser lets a page have.

The model of a browser knows nothing of policies. It makes the fetch that would send a row's
request, and sends all that it comes to, the preflight and what follows it, through a target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import get_args

import pytest

from corswsgi.browser import (
    Credentials,
    Fetch,
    PreflightCache,
    Request,
    Response,
    Result,
    fetching,
)
from corswsgi.browser.urls import parse_url
from corswsgi.fetch import FORBIDDEN_METHODS, is_token, list_members, normalize_method
from corswsgi.origins import parse_origin
from tests.conformance.cases import Answer, Case

API = "https://api.example"

ASKS_METHOD, ASKS_HEADERS = "Access-Control-Request-Method", "Access-Control-Request-Headers"


of_any_method = pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
"""A mark: wsgiref's validator warns of methods that it does not know, such as CHICKEN."""


def fetches_of(case: Case) -> Iterator[Fetch]:
    """Write a row as fetches, in each credentials mode; none where no browser sends its request."""
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
        or "Access-Control-Request-Private-Network" in request  # browsers ask no more
        or url is None
        or url.href != API + case.path
    ):
        return
    for credentials in get_args(Credentials):
        headers = tuple((name, "{}") for name in names)  # a value that is never safelisted
        yield Fetch(origin, url, method, headers, credentials, "cors")


def is_allowed(case: Case, fetch: Fetch) -> bool:
    """Read from a row whether the page is to have the response."""
    allowed = case.expected.get("Access-Control-Allow-Origin")
    if fetch.credentials == "include":
        has_credentials = case.expected.get("Access-Control-Allow-Credentials") == "true"
        return allowed == fetch.origin and has_credentials
    answered = case.method != "OPTIONS" or 200 <= case.status <= 299
    return allowed in ("*", fetch.origin) and answered


def fetched(case: Case, fetch: Fetch, target: Callable[[Case], Answer]) -> tuple[Result, bool]:
    """Make a fetch through a target; tell as well whether the application ran for it."""
    course = fetching(fetch, PreflightCache())
    ran = False
    try:
        request: Request = next(course)
        while True:
            row = replace(case, method=request.method, request=request.headers)
            answer = target(row)
            ran |= answer.ran and request.kind == "actual"
            request = course.send(Response(answer.status, tuple(answer.headers)))
    except StopIteration as stopped:
        result: Result = stopped.value
        return result, ran


def judge_all(
    subtests: pytest.Subtests, cases: Iterable[Case], target: Callable[[Case], Answer]
) -> None:
    """Make the fetches of all rows, and compare with what the rows say."""
    judged = 0
    for case in cases:
        for fetch in fetches_of(case):
            judged += 1
            with subtests.test(case.name, credentials=fetch.credentials):
                result, ran = fetched(case, fetch, target)
                assert result.verdict.allowed == is_allowed(case, fetch), result.verdict
                if result.verdict.allowed:
                    assert ran
    assert judged > 500
