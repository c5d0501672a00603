"""The options that come closest to the policies of other libraries."""

from __future__ import annotations

import re
from typing import Any

import pytest

from corswsgi import Policy
from corswsgi.migrate.policies import WHOLE, OldPolicy, new_policy
from corswsgi.validation import DEFAULT_METHODS

ORG = "https://*.example.org"
CASELESS = re.IGNORECASE
APP = "https://app.example.com"


def old(**options: Any) -> OldPolicy:
    return OldPolicy(**{"origins": (APP,), **options})


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        (old(), {"origins": [APP]}),
        (old(any_origin=True), {"origins": "*"}),
        (old(supports_credentials=True), {"origins": [APP], "supports_credentials": True}),
        # Any site could read with cookies: the listed ones are left, or the cookies are not.
        (
            old(any_origin=True, supports_credentials=True),
            {"origins": [APP], "supports_credentials": True},
        ),
        (OldPolicy(any_origin=True, supports_credentials=True), {"origins": "*"}),
        (OldPolicy(), None),
        (OldPolicy(origins=("",)), None),
        # Origins that browsers do not send.
        (old(origins=("https://App.example.com/",)), {"origins": [APP]}),
        (old(origins=("localhost:3000",)), {"origins": ["http://localhost:3000"]}),
        (old(origins=(f"{APP},http://localhost",)), {"origins": [APP, "http://localhost"]}),
        (old(origins=(APP, "null", APP)), {"origins": [APP]}),
        (
            old(origins=(APP, "http://a.example"), supports_credentials=True),
            {"origins": [APP], "supports_credentials": True},
        ),
        # Methods
        (old(methods=(*DEFAULT_METHODS[:-1], "OPTIONS")), {"origins": [APP]}),
        (old(methods=("GET", "PUT")), {"origins": [APP], "methods": ["GET", "PUT"]}),
        (old(methods=("*", "PUT")), {"origins": [APP], "methods": "*"}),
        (old(methods=("GET", "P T")), {"origins": [APP], "methods": ["GET", "P", "T"]}),
        (old(methods=("GET", "@")), {"origins": [APP], "methods": ["GET"]}),
        # Headers
        (
            old(allow_headers=("X-A,X-B", "X-C")),
            {"origins": [APP], "allow_headers": ["X-A", "X-B", "X-C"]},
        ),
        (old(allow_headers=("*", "X-C")), {"origins": [APP]}),
        (old(expose_headers=("X-A",)), {"origins": [APP], "expose_headers": ["X-A"]}),
        (old(expose_headers=("*",)), {"origins": [APP], "expose_headers": "*"}),
        (
            old(expose_headers=("*", "X-A"), supports_credentials=True),
            {"origins": [APP], "expose_headers": ["X-A"], "supports_credentials": True},
        ),
        # Max-age
        (old(max_age="60"), {"origins": [APP], "max_age": 60}),
        (old(max_age=600), {"origins": [APP]}),
        (old(max_age=-1), {"origins": [APP]}),
        (old(max_age=100_000), {"origins": [APP], "max_age": 86400}),
    ],
)
def test_options(policy: OldPolicy, options: dict[str, Any] | None) -> None:
    without_default = {"methods": "*"} if policy.methods == ("*",) else {}
    new = new_policy(policy)
    assert new.options == (None if options is None else {**without_default, **options})
    if new.options is not None:
        Policy(**new.options)


@pytest.mark.parametrize(
    ("expression", "rules", "credentials"),
    [
        (re.compile(r"https://\w+\.a\.org"), [re.compile(r"https://\w+\.a\.org")], True),
        # It was an expression, in which `*` repeats the slash.
        (re.compile(ORG, CASELESS), [ORG], True),
        # Browsers send lower case.
        (re.compile(r"https://a\D\.org", CASELESS), [re.compile(r"https://a\D\.org")], False),
        (re.compile(r"https://A\.org", CASELESS), [re.compile(r"https://A\.org", CASELESS)], False),
        (re.compile(r"https?://a\.org"), [re.compile(r"https?://a\.org")], False),
        (re.compile(r"https?://a\.org"), [re.compile(r"https://a\.org")], True),
        (re.compile(r"https://.*"), [re.compile(r"https://.*")], False),
        (re.compile(r"https://.*"), [], True),
        (re.compile(r"https://.*\.vercel\.app"), [], True),
    ],
)
def test_expressions(expression: re.Pattern[str], rules: list[object], credentials: bool) -> None:
    policy = OldPolicy((expression,), supports_credentials=credentials)
    new = new_policy(policy)
    assert (new.options or {}).get("origins", []) == rules
    if rules:
        Policy(**(new.options or {}))
    assert bool(new.remarks) == (rules != [ORG])


def test_remarks() -> None:
    policy = OldPolicy(
        origins=(re.compile(r"https?://a\.org"), "http://b.example", "localhost", "null", ""),
        methods=("GET", "@"),
        supports_credentials=True,
        max_age=100_000,
    )
    remarks = new_policy(policy).remarks
    starts = (
        "The expression 'https?://a\\\\.org' matches origins that are not HTTPS, such as ",
        "'http://b.example' is not HTTPS. ",
        "'localhost' is not in the form in which browsers send origins ",
        "Any page can get the origin 'null'",
        "'' is an empty string. It is left out. Was an environment variable empty?",
        "methods: '@' is not a valid HTTP token ",
        "max_age: 100000 seconds are more than a day. No browser caches longer.",
    )
    for remark, start in zip(remarks, starts, strict=True):
        assert remark.startswith(start)
    assert remarks[0].endswith(" It is now 'https://a\\\\.org'.")
    assert " It is left out. Did you mean 'https://b.example'? " in remarks[1]
    assert remarks[2].endswith(" It is now 'http://localhost'.")
    assert remarks[5].endswith(" It is left out.")
    assert new_policy(OldPolicy((re.compile("https://a[.]org"),))).remarks == (WHOLE,)


@pytest.mark.parametrize(
    ("rule", "origins"),
    [
        (APP, [APP]),
        (ORG, ["https://app.example.org"]),
        ("http://localhost:*", ["http://localhost:8080"]),
        ("localhost", []),
        (re.compile(ORG), ["https://app.example.org"]),
        (re.compile(r"https://(a|b)\.example"), ["https://a.example", "https://b.example"]),
        (re.compile(r"https://.*\.a\.example"), ["https://app.a.example"]),
        (re.compile(r"https://x-.*\.a\.example"), []),  # the one of the pattern does not match
        (re.compile(r"(https://a\.example)(?<=x)"), []),
        (re.compile(r"(.)\1"), []),
        (re.compile(r"https://(a+)+\.example"), []),  # too slow to be analysed
    ],
)
def test_listed_origins(rule: str | re.Pattern[str], origins: list[str]) -> None:
    assert [*OldPolicy((rule,)).listed()] == origins


def test_origins_of_policies_with_the_same_options() -> None:
    others = [
        old(origins=("https://b.example", APP)),
        old(methods=("PUT",), origins=("https://c.example",)),
    ]
    assert old().with_origins_of(others) == old(origins=(APP, "https://b.example"))
    assert old().with_origins_of([old(any_origin=True)]).is_public
    assert not old(any_origin=True, supports_credentials=True).is_public


def test_named_headers() -> None:
    policy = old(allow_headers=("Content-Type", "authorization", "X-A", "*", "a b"))
    assert policy.named_headers == {"X-A"}
