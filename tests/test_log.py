"""Log records about failures: once in full, and then counted."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from threading import Barrier
from typing import Any

import pytest

from corswsgi import CORSMiddleware, CORSRequest, Policy, decide
from corswsgi.adapters import checked_truth
from corswsgi.log import FailureCounts, FailureReason, failure_counts, log_failure, logger
from tests.helpers.wsgi import Application, environ_of, send

APP = "https://app.example.com"


def fail(*_: object) -> Any:
    raise ValueError("a\r\nb\x1b")


def failed() -> Exception:
    try:
        fail()
    except ValueError as error:
        return error
    raise NotImplementedError


def returns_text(*_: object) -> Any:
    return "yes"


@pytest.mark.parametrize(
    ("reason", "consequence"),
    [
        ("origin_check_failed", "treating the origin as not allowed"),
        ("policy_check_failed", "refusing the request"),
        ("debug_check_failed", "treating debug mode as off"),
    ],
)
def test_a_failure_is_logged_with_its_place_and_escaped(
    reason: FailureReason, consequence: str, caplog: pytest.LogCaptureFixture
) -> None:
    log_failure("the callable {}", print, failed(), reason)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("corswsgi", logging.ERROR)
    assert vars(record)["reason"] == reason
    first, *lines = record.getMessage().splitlines()
    function = "<built-in function print>"
    assert first == rf"the callable {function} raised ValueError('a\r\nb\x1b'); {consequence}"
    assert any("in fail" in line for line in lines)
    assert "\x1b" not in record.getMessage()


def test_later_failures_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(12_345):
        log_failure("the {} callable", fail, failed(), "origin_check_failed")
    assert {vars(record)["reason"] for record in caplog.records} == {"origin_check_failed"}
    first, *others = [record.getMessage() for record in caplog.records]
    assert "again" not in first
    assert "in fail" in first
    assert others == [
        f"the {fail!s} callable failed again, {number} times so far: it raised "
        r"ValueError('a\r\nb\x1b'); treating the origin as not allowed"
        for number in (10, 100, 1_000, 10_000)
    ]


def test_a_text_is_a_fault(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(11):
        log_failure("{}", len, "returned {1}", "debug_check_failed")
    assert caplog.messages == [
        "<built-in function len> returned {1}; treating debug mode as off",
        (
            "<built-in function len> failed again, 10 times so far: it returned {1}; "
            "treating debug mode as off"
        ),
    ]


def asked(origins: Any) -> None:
    assert decide(Policy(origins=origins), CORSRequest("GET", APP)).headers == ()


def requested(policy: Any, *, debug: Any = False) -> None:
    request = [("Origin", "https://evil.test"), ("Access-Control-Request-Method", "PUT")]
    environ = environ_of(method="OPTIONS", headers=request)
    response = send(CORSMiddleware(Application(), policy, debug=debug), environ)
    assert (response.status, len(response.cors)) == (403, 1)


ONE = Policy(origins=APP)


@pytest.mark.parametrize("fault", [fail, returns_text])
@pytest.mark.parametrize(
    "ask",
    [
        asked,
        requested,
        lambda function: requested(ONE, debug=function),
        lambda function: checked_truth("the receiver {}", function, failed()),
    ],
)
def test_callables_are_logged_once(
    ask: Callable[[Any], object], fault: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Also functions that are created for each request, as applications create policies."""
    for _ in range(9):

        def function(*given: object) -> object:
            return fault(*given)

        ask(function)
    # A debug callable may return anything: only True turns debug mode on.
    assert len(caplog.records) <= 1
    caplog.clear()
    failure_counts.clear()
    ask(fail)
    assert len(caplog.records) == 1


class Wrapping:
    """A callable that wraps another one, like Django's coroutine functions."""

    def __init__(self, function: object) -> None:
        self.__wrapped__ = function


class Asking:
    def __call__(self, origin: str) -> bool:
        raise NotImplementedError

    def method(self, origin: str) -> bool:
        raise NotImplementedError

    def another_method(self, origin: str) -> bool:
        raise NotImplementedError

    def __getattr__(self, name: str) -> object:
        raise NotImplementedError


def create() -> Callable[[str], bool]:
    def function(origin: str) -> bool:
        raise NotImplementedError

    return function


def other(origin: str) -> bool:
    raise NotImplementedError


def decorated(function: Callable[[str], bool]) -> Callable[[str], bool]:
    @wraps(function)
    def wrapper(origin: str) -> bool:
        raise NotImplementedError

    return wrapper


@pytest.mark.parametrize(
    "make",
    [
        create,
        lambda: partial(create()),
        lambda: decorated(create()),
        lambda: Wrapping(create()),
        lambda: Wrapping(Asking().method),
        lambda: Asking().method,
        Asking,
    ],
)
def test_the_same_code_is_the_same_callable(
    make: Callable[[], object], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(9):
        log_failure("{}", make(), failed(), "origin_check_failed")
    assert len(caplog.records) == 1
    # Another callable, another reason, and another type of exception are other failures.
    others = [other, partial(other), decorated(other), Wrapping(other), Wrapping(1)]
    for function in (*others, Asking().another_method):
        failure_counts.clear()
        log_failure("{}", make(), failed(), "origin_check_failed")
        caplog.clear()
        log_failure("{}", function, failed(), "origin_check_failed")
        log_failure("{}", make(), failed(), "policy_check_failed")
        log_failure("{}", make(), KeyError(), "origin_check_failed")
        log_failure("{}", make(), "returned 1", "origin_check_failed")
        assert len(caplog.records) == 4
        assert not any("again" in message for message in caplog.messages)


def test_types_of_the_same_name_are_counted_together(caplog: pytest.LogCaptureFixture) -> None:
    """Applications may create a type of exceptions for each failure."""
    kept: list[weakref.ref[type]] = []
    for _ in range(9):
        kind = type("CreatedError", (Exception,), {})
        kept.append(weakref.ref(kind))
        log_failure("{}", fail, kind(), "origin_check_failed")
        del kind
    gc.collect()
    assert len(caplog.records) == 1
    assert {reference() for reference in kept} == {None}
    log_failure("{}", fail, type("OtherError", (Exception,), {})(), "origin_check_failed")
    elsewhere = type("CreatedError", (Exception,), {"__module__": "elsewhere"})
    log_failure("{}", fail, elsewhere(), "origin_check_failed")
    assert len(caplog.records) == 3


def test_threads_count_together(caplog: pytest.LogCaptureFixture) -> None:
    count, rounds = 8, 125
    barrier = Barrier(count)

    def run() -> None:
        barrier.wait()
        for _ in range(rounds):
            log_failure("{}", fail, ValueError(), "origin_check_failed")

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(count) as pool:
            for future in [pool.submit(run) for _ in range(count)]:
                future.result()
    finally:
        sys.setswitchinterval(interval)
    assert sum("again" not in message for message in caplog.messages) == 1
    assert len(caplog.records) == 4, "1, 10, 100 and 1,000"


def test_the_counts_are_limited() -> None:
    counts = FailureCounts()
    assert [counts.next(number) for number in range(1024)] == [1] * 1024
    assert [counts.next(number) for number in range(2048)] == [2] * 1024 + [*range(1, 1025)]
    assert len(counts._counts) == 1025  # noqa: SLF001 - not public
    counts.clear()
    assert counts.next(0) == 1


def test_a_coroutine_is_not_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        assert checked_truth("the receiver {}", print, asyncio.sleep(0)) is None
    assert len(caplog.records) == 1


def test_the_logger() -> None:
    assert logger.name == "corswsgi"
