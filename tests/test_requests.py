"""CORSRequest: reading a request, and what it says about the browser."""

from __future__ import annotations

from typing import Any

import pytest

from corswsgi import CORSRequest
from tests.helpers.wsgi import environ_of

APP = "https://app.example.com"


def test_from_environ() -> None:
    headers = [
        ("Origin", APP),
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", "x-a"),
        ("Access-Control-Request-Headers", "x-b"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "cors"),
    ]
    assert CORSRequest.from_environ(environ_of("/caf%C3%A9", "OPTIONS", headers)) == CORSRequest(
        method="OPTIONS",
        origin=APP,
        requested_method="PUT",
        requested_headers="x-a,x-b",
        path="/caf\xc3\xa9",
        fetch_site="cross-site",
        fetch_mode="cors",
    )


def test_from_environ_without_any_header() -> None:
    request = CORSRequest.from_environ({"REQUEST_METHOD": "GET"})
    assert request == CORSRequest("GET")
    assert (request.origin, request.requested_method, request.requested_headers) == (None, None, "")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (("OPTIONS", APP, "PUT"), True),
        (("OPTIONS", "null", ""), True),
        (("OPTIONS", "", "PUT"), True),
        (("OPTIONS", APP), False),
        (("OPTIONS", None, "PUT"), False),
        (("options", APP, "PUT"), False),
        (("GET", APP, "PUT"), False),
    ],
)
def test_is_preflight(fields: Any, expected: bool) -> None:
    assert CORSRequest(*fields).is_preflight is expected


@pytest.mark.parametrize(
    ("site", "mode", "expected"),
    [
        ("cross-site", "cors", True),
        ("same-site", "cors", True),
        ("same-origin", "cors", False),
        ("none", "navigate", False),
        ("cross-site", "no-cors", False),
        ("", "", False),
    ],
)
def test_is_cross_origin_fetch(site: str, mode: str, expected: bool) -> None:
    request = CORSRequest("GET", APP, fetch_site=site, fetch_mode=mode)
    assert request.is_cross_origin_fetch is expected
