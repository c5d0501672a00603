"""Outcomes and how they are printed."""

from __future__ import annotations

import pytest

from corswsgi.browser import Browser
from tests.browser.scripted import (
    OK,
    PAGE,
    URL,
    Answer,
    Server,
    answer,
    browser,
)


def test_an_outcome_has_no_truth_value() -> None:
    message = r"^An Outcome has no truth value, .* Use \.allowed or \.status == 200 instead\.$"
    with pytest.raises(TypeError, match=message):
        bool(browser().fetch(URL, "TRACE"))


def test_repr() -> None:
    grants = answer(Allow_Origin=PAGE, Allow_Methods="PUT")
    tab = browser(GET=answer(), POST=OK, PUT=OK, OPTIONS=grants)
    assert [
        repr(tab.fetch(URL)),
        repr(tab.fetch(URL, "POST")),
        repr(tab.fetch(URL, "PUT")),
        repr(tab.fetch(URL, mode="no-cors")),
        repr(tab.fetch(URL, "TRACE")),
    ] == [
        "<Outcome blocked (allow_origin_missing); sent: actual>",
        "<Outcome allowed, 200 (cors_allowed); sent: actual>",
        "<Outcome allowed, 200 (cors_allowed); sent: preflight, actual>",
        "<Outcome opaque (opaque); sent: actual>",
        "<Outcome blocked (forbidden_method); sent: nothing>",
    ]


def test_str() -> None:
    grants = answer(204, ("Vary", "Origin"), Allow_Origin=PAGE, Allow_Headers="*")
    tab = browser(OPTIONS=grants, GET=answer(404, ("Content-Type", "text/html")))
    outcome = tab.fetch(URL, headers={"X-A": "1", "Host": "x", "Date": ""})
    assert (
        str(outcome)
        == """\
<Outcome blocked (allow_origin_missing); sent: preflight, actual>
  Access to fetch at 'https://api.test/x' from origin 'https://page.test' has been blocked by CORS \
policy: the response has no Access-Control-Allow-Origin header.
  CORS check, step 2: https://fetch.spec.whatwg.org/#cors-check
  Ignored, since scripts cannot set: Host, Date
preflight:
  > OPTIONS https://api.test/x
  > Accept: */*
  > Access-Control-Request-Method: GET
  > Access-Control-Request-Headers: x-a
  > Origin: https://page.test
  < 204
  < Access-Control-Allow-Origin: https://page.test
  < Access-Control-Allow-Headers: *
  < Vary: Origin
actual:
  > GET https://api.test/x
  > Accept: */*
  > X-A: 1
  > Origin: https://page.test
  < 404
  < Content-Type: text/html"""
    )


def test_str_without_requests() -> None:
    assert (
        str(browser().fetch(URL, mode="same-origin"))
        == """\
<Outcome blocked (not_same_origin); sent: nothing>
  Access to fetch at 'https://api.test/x' from origin 'https://page.test' has been blocked by the \
mode 'same-origin': 'https://api.test/x' does not have the origin of the page.
  Main fetch, step 12: https://fetch.spec.whatwg.org/#main-fetch"""
    )


def test_str_includes_the_body_of_a_preflight() -> None:
    script = {
        "OPTIONS /x": Answer(403, (("Content-Type", "text/plain"),), b"Refused.\n\nBecause.\n")
    }
    outcome = Browser(Server(script), PAGE).fetch(URL, "PUT")
    assert str(outcome).endswith(
        "  < 403\n  < Content-Type: text/plain\n  < \n  < Refused.\n  < \n  < Because."
    )
