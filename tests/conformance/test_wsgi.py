"""The conformance table through CORSMiddleware, and through decide() alone."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from wsgiref.validate import validator

import pytest

from corswsgi import CORSMiddleware, CORSRequest, Policy, decide
from tests.conformance.cases import CASES, HARMLESS, Answer, Case, Options, run, run_all
from tests.conformance.fetches import check_fetches, of_any_method
from tests.helpers.wsgi import Application, get


def policy_of(options: Options | None) -> Policy | None:
    return None if options is None else Policy(**options)


def through_the_middleware(case: Case) -> Answer:
    application = Application(case.app_status, case.sends)
    resources = {path: policy_of(options) for path, options in (case.resources or {}).items()}
    # The validator stands on both sides: before the middleware (in `get`), and behind it.
    middleware = CORSMiddleware(
        validator(application), policy_of(case.options), resources=resources
    )
    response = get(middleware, case.path, case.method, case.request)
    assert response.body == (b"ran" if application.runs else b"")
    return Answer(response.status, response.headers, bool(application.runs))


def through_a_callable(case: Case) -> Answer:
    application = Application(case.app_status, case.sends)
    policy = policy_of(case.options)
    response = get(
        CORSMiddleware(validator(application), lambda environ: policy),
        case.path,
        case.method,
        case.request,
    )
    return Answer(response.status, response.headers, bool(application.runs))


def through_decide(case: Case) -> Answer:
    """An adapter for no framework at all, on nothing but decide() and the Decision."""
    policy = policy_of(case.options)
    assert policy is not None
    request: dict[str, str] = {}
    for name, value in case.request:
        request[name] = f"{request[name]},{value}" if name in request else value
    decision = decide(
        policy,
        CORSRequest(
            case.method,
            request.get("Origin"),
            request.get("Access-Control-Request-Method"),
            request.get("Access-Control-Request-Headers", ""),
        ),
    )
    if decision.status is not None:
        return Answer(decision.status, decision.apply([]), ran=False)
    return Answer(case.app_status, decision.apply([*case.sends]), ran=True)


WITHOUT_RESOURCES = [case for case in CASES if case.resources is None]


def test_the_table_is_large_and_its_names_are_unique() -> None:
    assert len(CASES) >= 200
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []
    assert all(HTTPStatus(case.status) for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_middleware(case: Case) -> None:
    run(case, through_the_middleware)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_harmless_options(subtests: pytest.Subtests) -> None:
    run_all(subtests, HARMLESS, through_the_middleware)


def test_middleware_with_a_callable(subtests: pytest.Subtests) -> None:
    run_all(subtests, WITHOUT_RESOURCES, through_a_callable)


@pytest.mark.once
@of_any_method
def test_browsers_let_through_what_a_policy_means(subtests: pytest.Subtests) -> None:
    check_fetches(subtests, CASES, through_the_middleware)


def test_decide(subtests: pytest.Subtests) -> None:
    for case in WITHOUT_RESOURCES:
        with subtests.test(case.name):
            run(case, through_decide)
            run(case, through_decide)  # the second time from the caches


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, [("Vary", "Origin")], ran=True),
        Answer(200, [("Vary", "Origin"), ("Access-Control-Allow-Origin", "*")], ran=True),
        Answer(200, [("Vary", "Origin")], ran=False),
        Answer(200, [("Vary", "Origin"), ("Vary", "Origin")], ran=True),
        Answer(200, [], ran=True),
    ],
)
def test_a_wrong_answer_fails_a_row(answer: Answer) -> None:
    case = Case("no Origin", {"origins": []}, expected={"Vary": "Origin"})
    run(case, lambda _: Answer(200, [("vary", "Origin")], ran=True))
    with pytest.raises(AssertionError):
        run(case, lambda _: answer)
