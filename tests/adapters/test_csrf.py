"""Origins that CSRF protection does not trust. tests/django/test_origin_checks.py has more."""

from __future__ import annotations

import re
from typing import Any

import pytest

from corswsgi import Policy
from corswsgi.adapters import Applied, TrustedOrigins, allowed_origins, missing_token_headers

APP = "https://app.example.com"


@pytest.mark.parametrize(
    ("origin", "trusted", "hosts", "is_trusted"),
    [
        (APP, [], [], False),
        (APP, [APP], [], True),
        (APP, ["http://app.example.com"], [], False),
        (APP, [], ["app.example.com"], True),
        (APP, ["https://*.example.com"], [], True),
        ("https://*.example.com", ["https://*.example.com"], ["example.com"], True),
        ("https://*.example.com", ["https://example.com"], ["example.com"], False),
        (f"{APP}:8443", [APP], [], False),
    ],
)
def test_origins_that_are_trusted(
    origin: str, trusted: list[str], hosts: list[str], is_trusted: bool
) -> None:
    origins = allowed_origins([Policy(origins=[origin])])
    found = [*TrustedOrigins("TRUSTED", trusted, hosts).describe_missing(origins)]
    assert [hint for _, hint in found] == (
        [] if is_trusted else [f"if they may write: TRUSTED = {[*trusted, origin]!r}."]
    )


@pytest.mark.parametrize(
    ("source", "written", "is_wider"),
    [
        (r"https://pr-\d+\.example\.com", "https://*.example.com", True),
        (r"https://app\.example\.com", "https://*.example.com", True),
        (r"https://localhost", "https://localhost", False),
    ],
)
def test_patterns_that_match_more_than_an_expression(
    source: str, written: str, is_wider: bool
) -> None:
    origins = allowed_origins([Policy(origins=[re.compile(source)])])
    ((_, hint),) = TrustedOrigins("TRUSTED", [], []).describe_missing(origins)
    assert hint == f"if they may write: TRUSTED = ['{written}']." + is_wider * (
        f" (There, '{written}' matches all subdomains, which may be more than the expression.)"
    )


def test_any_port() -> None:
    origins = allowed_origins([Policy(origins=["http://localhost:*"])])
    trusted = TrustedOrigins("TRUSTED", [APP], [])
    assert [*trusted.describe_missing(origins)] == []
    ((text, hint),) = trusted.describe_open_ports(origins)
    assert "from any port: http://localhost:*. TRUSTED cannot list any port" in text
    assert hint == f"list ports that may write: TRUSTED = ['{APP}', 'http://localhost:3000']."
    assert [*trusted.describe_open_ports([])] == []


@pytest.mark.parametrize(
    ("options", "is_optional", "is_missing"),
    [
        ({"supports_credentials": True, "allow_headers": ["X-A"]}, False, True),
        ({"supports_credentials": True, "allow_headers": ["X-A", "X-Token"]}, False, False),
        ({"supports_credentials": True}, False, False),
        ({"allow_headers": ["X-A"]}, False, False),
        ({"supports_credentials": True, "allow_headers": ["X-A"]}, True, False),
    ],
)
def test_the_header_of_the_token(
    options: dict[str, Any], is_optional: bool, is_missing: bool
) -> None:
    applied = Applied(Policy(origins=[APP], **options), is_optional=is_optional)
    found = missing_token_headers([("view", applied)] * 2, "HTTP_X_TOKEN", "HEADER")
    assert [(view, hint) for view, _, hint in found] == (
        [("view", "write allow_headers=['X-A', 'x-token'].")] if is_missing else []
    )
    assert missing_token_headers([(None, Applied(None))], "HTTP_X_TOKEN", "HEADER") == []
    for odd in (None, 5):
        assert missing_token_headers([("view", applied)], odd, "HEADER") == []
