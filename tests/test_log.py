"""Log records about failures."""

from __future__ import annotations

import logging

import pytest

from corswsgi.log import FailureReason, log_failure, logger


def fail() -> None:
    raise ValueError("a\r\nb\x1b")


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
    try:
        fail()
    except ValueError as error:
        log_failure("the callable x", error, reason)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("corswsgi", logging.ERROR)
    assert vars(record)["reason"] == reason
    first, *lines = record.getMessage().splitlines()
    assert first == rf"the callable x raised ValueError('a\r\nb\x1b'); {consequence}"
    assert any("in fail" in line for line in lines)
    assert "\x1b" not in record.getMessage()


def test_the_logger() -> None:
    assert logger.name == "corswsgi"
