"""Public suffixes."""

from __future__ import annotations

import pytest

from corswsgi.suffixes import PublicSuffixes

SUFFIXES = PublicSuffixes()


@pytest.mark.parametrize(
    ("host", "suffix"),
    [
        ("com", "com"),
        ("co.uk", "co.uk"),
        ("github.io", "github.io"),
        ("xn--p1ai", "xn--p1ai"),
        ("kawasaki.jp", "kawasaki.jp"),
        ("internal", "internal"),
        ("example.com", None),
        ("a.github.io", None),
        ("xn--zzzz99999.example", None),
        ("a_b.example", None),
    ],
)
def test_at_or_under(host: str, suffix: str | None) -> None:
    assert SUFFIXES.at_or_under(host) == suffix


@pytest.mark.parametrize("host", ["amazonaws.com", "windows.net"])
def test_suffixes_under_a_host(host: str) -> None:
    suffix = SUFFIXES.at_or_under(host)
    assert suffix is not None
    assert suffix.endswith(f".{host}")
    assert SUFFIXES.at_or_under(suffix) == suffix


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("a.b.example.com", "example.com"),
        ("example.co.uk.", "example.co.uk"),
        ("a.github.io", "a.github.io"),
        ("github.io", None),
        ("com", None),
        ("192.168.0.1", None),
        ("[::1]", None),
    ],
)
def test_site(host: str, site: str | None) -> None:
    assert SUFFIXES.site(host) == site
