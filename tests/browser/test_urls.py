"""URLs as browsers parse them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corswsgi.browser.urls import URL, parse_url

BASE = "https://api.test/a/b?c"


@pytest.mark.parametrize(
    ("text", "base", "url"),
    [
        (
            "https://a.test",
            None,
            URL("https://a.test/", "https://a.test", "https", "a.test", False),
        ),
        ("/x?y", BASE, URL("https://api.test/x?y", "https://api.test", "https", "api.test", False)),
        (
            "HTTP://A.test:080/../x",
            None,
            URL("http://a.test/x", "http://a.test", "http", "a.test", False),
        ),
        (
            "https://a.test:8443",
            None,
            URL("https://a.test:8443/", "https://a.test:8443", "https", "a.test", False),
        ),
        ("mailto:a@b", BASE, URL("mailto:a@b", "null", "mailto", "", False)),
        ("http://[::0:1]:80/", None, URL("http://[::1]/", "http://[::1]", "http", "[::1]", False)),
    ],
)
def test_the_parts_of_a_url(text: str, base: str | None, url: URL) -> None:
    assert parse_url(text, base) == url


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("", "https://api.test/a/b?c"),
        ("x", "https://api.test/a/x"),
        ("../x", "https://api.test/x"),
        ("?x", "https://api.test/a/b?x"),
        ("\\x", "https://api.test/x"),
        ("//other.test", "https://other.test/"),
        ("https:x", "https://api.test/a/x"),
        ("http:x", "http://x/"),
        (" \tx\n ", "https://api.test/a/x"),
        ("x y\xe9", "https://api.test/a/x%20y%C3%A9"),
        ("#x", "https://api.test/a/b?c"),
        ("x#", "https://api.test/a/x"),
        ("x?y#z?#", "https://api.test/a/x?y"),
        ("https://api.test:443/", "https://api.test/"),
        ("http://api.test:80/", "http://api.test/"),
        ("http://api.test:443/", "http://api.test:443/"),
        ("https://B\xfccher.test", "https://xn--bcher-kva.test/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
    ],
)
def test_relative_to_a_base(text: str, href: str) -> None:
    url = parse_url(text, BASE)
    assert url is not None
    assert url.href == href


@pytest.mark.parametrize(
    ("text", "has_credentials"),
    [
        ("https://user:password@a.test/", True),
        ("https://user@a.test/", True),
        ("https://:password@a.test/", True),
        ("https://:@a.test/", False),
        ("https://@a.test/", False),
        ("https://a.test/user@b", False),
    ],
)
def test_credentials(text: str, has_credentials: bool) -> None:
    url = parse_url(text)
    assert url is not None
    assert (url.has_credentials, url.origin) == (has_credentials, "https://a.test")
    assert url.href == f"https://a.test/{text.rpartition('/')[2]}", "credentials are not sent"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "/x",
        "//a.test",
        "https://",
        "http://[",
        "http://a b",
        "http://a:65536",
        "http://1.2.3.4.5",
    ],
)
def test_invalid_urls(text: str) -> None:
    assert parse_url(text) is None


@pytest.mark.parametrize("base", ["", "x", "mailto:a@b", "https://["])
def test_invalid_bases(base: str) -> None:
    assert parse_url("/x", base) is None


@pytest.mark.parametrize(
    ("text", "is_http", "is_trustworthy"),
    [
        ("https://a.test", True, True),
        ("http://a.test", True, False),
        ("http://localhost:8000", True, True),
        ("http://a.localhost.", True, True),
        ("http://127.1.2.3", True, True),
        ("http://[::1]", True, True),
        ("http://localhost.test", True, False),
        ("http://127.a.test", True, False),
        ("http://[::2]", True, False),
        ("data:,x", False, True),
    ],
)
def test_schemes(text: str, is_http: bool, is_trustworthy: bool) -> None:
    url = parse_url(text)
    assert url is not None
    assert (url.is_http, url.is_potentially_trustworthy) == (is_http, is_trustworthy)


TEXTS = st.text() | st.text(st.sampled_from("htps:/\\@#?[].%0 a\t"))


@given(TEXTS, st.sampled_from([None, BASE]) | st.text())
@example("\ud800", BASE)
@example("data:x  #y", None)
@example("a://b:c@d", None)
def test_parsing_is_idempotent(text: str, base: str | None) -> None:
    url = parse_url(text, base)
    if url is not None:
        expected = URL(*url[:-1], has_credentials=False)
        assert parse_url(url.href) == expected
        assert parse_url(f"{url.href}#fragment") == expected
