"""What regular expressions match."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from publicsuffixlist import PSLFILE

from corswsgi.automata import TooComplexError
from corswsgi.expressions import Faults, Reach, corrected_expression, find_faults, find_reach
from corswsgi.origins import OriginMatcher, parse_origin, parse_pattern
from corswsgi.validation import read_options

FINE = Faults(is_empty=False, dead_branches=(), is_catastrophic=False)


def reach_of(source: str, flags: int = 0) -> Reach:
    return find_reach(re.compile(source, flags))


# Expressions with credentials, an example of the sites that they do not name, and a correction.
WIDE = [
    (r"https://.*\.run\.app", "https://evil.run.app", None),
    (r".*example\.com.*", "https://example.com.evil.test", r"https://(.+\.)?example\.com"),
    (
        r"https://app\.example\.com.*",
        "https://app.example.com.evil.test",
        r"https://app\.example\.com",
    ),
    (r"https://example\..*", "https://example.evil.test", None),
    (r"https://.*example\.com", "https://evilexample.com", r"https://(.+\.)?example\.com"),
    (r"https://.*3d\.example", "https://evil3d.example", r"https://(.+\.)?3d\.example"),
    (r"https://[a-z]{11,}\.[a-z]{4,}", "https://aaaaaaaaaaa.aaaevil", None),
    (r"(?=.*example\.com).*", "https://example.com.evil.test", None),
    (r".*localhost.*", "https://localhost.evil.test", r"http://(.+\.)?localhost"),
    (r"chrome-extension://.*", "chrome-extension://evil.test", None),
    (r".*\.example\.org.*", "https://a.example.org.evil.test", r"https://.*\.example\.org"),
    (r"https://[a-z0-9-]+\.co\.uk", "https://evil.co.uk", None),
    (r"https://app.example.com", "https://appaexampleacom", r"https://app\.example\.com"),
    (r"https://.*.example.com", "https://aexampleacom", r"https://.*\.example\.com"),
    (r"https://*.example.com", "https://exampleacom", r"https://.*\.example\.com"),
    (r"https?://*.example.com:*", "https://exampleacom", r"https://.*\.example\.com(:\d+)?"),
    (
        r"^https?://[^/]*example\.com$",
        "https://evilexample.com",
        r"https://(.+\.)?example\.com",
    ),
    (r"(?i)https://.*\.vercel\.app", "https://evil.vercel.app", None),
    (r"https://pr-\d+\.vercel\.app", "https://pr-1.vercel.app", None),
    (r"[a-z]+://example\.com", "evil://example.com", None),
    (r"https://.*\.\d+\.\d+", "https://0.0.0.1", None),
    (r"http://192\.168\.\d+\.\d+:3000", "http://192.168.0.1:3000", None),
    (r"http://127\.0\.0\.\d+", "http://127.0.0.1", None),
    (r"https://\[[0-9a-f:]+\]", "https://[::]", None),
    (r".*", "https://evil.test", None),
    (r"http://localhost.*", "http://localhost.evil.test", r"http://localhost(:\d+)?"),
    (r"^http:\/\/localhost:*([0-9]+)?$", "http://localhost1", r"http://localhost(:\d+)?"),
    (r"^http://127.0.0.1:\d+$", "http://127.0.0a1:1", r"http://127\.0\.0\.1(:\d+)?"),
    (r"^(https?://)?localhost:?[\d]*?$", "https://localhost1", r"(https?://)?localhost(:\d+)?"),
    (
        r"^(https?://)?([\w\.-]*?)\.example\.com:?[\d]*?$",
        "https://a.example.com1",
        r"https://([\w\.-]*?)\.example\.com(:\d+)?",
    ),
    (
        r"^(?:https?:\/\/)?(?:[^.]+\.)?example\.com(\/.*)?$",
        "a://evil.example.com",
        r"https://(?:[^.]+\.)?example\.com",
    ),
    (r"https://.*\.amazonaws\.com", "https://evil.amazonaws.com", None),
    (r"https://(a|b\.c)\.[a-z]+", "https://a.evil", None),
    (r"https://(?:example)+\.com", "https://example.com", None),
    (r"https://[abcdefghijk]\.com", "https://a.com", None),
]
INSECURE = [
    (r"https?://app\.example\.com", "http://app.example.com", r"https://app\.example\.com"),
    (r"http://app\.example\.com", "http://app.example.com", r"https://app\.example\.com"),
    (r"(https|http)://(.*\.)?example\.com", "http://example.com", r"https://(.*\.)?example\.com"),
    (
        r"^(https://|http://)(dev|www)\.example\.com$",
        "http://www.example.com",
        r"https://(dev|www)\.example\.com",
    ),
    (
        r"^(https?:\/\/)?(\w+\.)?example\.com(:\d+)?$",
        "http://example.com",
        r"https://(\w+\.)?example\.com(:\d+)?",
    ),
    (r"https?://intra", "http://intra", None),
    (r"http://10\.0\.0\.1(:\d+)?", "http://10.0.0.1", r"https://10\.0\.0\.1(:\d+)?"),
    (r"http://\[2001:db8::1\]", "http://[2001:db8::1]", None),
    (r"https://a\.example|http://localhost|http://b\.example", "http://b.example", None),
]
SOUND = [
    (r"https://([a-z0-9-]+\.)?example\.com", ["https://example.com", "https://*.example.com"]),
    (r"^https://\w+\.example\.com$", ["https://*.example.com"]),
    (
        r"https://(app|admin)\.example\.(com|org)",
        ["https://*.example.com", "https://*.example.org"],
    ),
    (r"https://pr-\d+\.preview\.example\.com", ["https://*.example.com"]),
    (
        r"http://(localhost|127\.0\.0\.1)(:\d{2,5})?",
        [f"http://{host}{port}" for host in ("localhost", "127.0.0.1") for port in ("", ":*")],
    ),
    (r"(?:https://)(?:eu|us)\d?\.api\.example\.org", ["https://*.example.org"]),
    (r"(?i)https://app\.example\.com", ["https://*.example.com"]),
    (r"https://(shop1|shop2)\.com", ["https://shop1.com", "https://shop2.com"]),
    (r"https://shop[12]\.com", ["https://shop1.com", "https://shop2.com"]),
    (r"https://s\w*\.exam\.?ple\.com", ["https://*.example.com", "https://*.ple.com"]),
    (r"https://github\.io", ["https://github.io"]),
    (r"https://example[^\w-]com", ["https://example.com"]),
    (
        r"https://.*\.my\.github\.io(:3000|:40)?",
        [f"https://*.my.github.io{p}" for p in ("", ":3000", ":40")],
    ),
    (r"https://a\.example:30?0?0?", [f"https://a.example:{port}" for port in (3, 30, 300, 3000)]),
    (r"https://a\.example:3\d", ["https://a.example:*"]),
    (r"http://[\w-]+\.localhost:\d+", ["http://*.localhost:*"]),
    (
        r"https?://localhost\.?",
        [f"{s}://localhost{dot}" for s in ("http", "https") for dot in ("", ".")],
    ),
    (r"app://localhost|capacitor://localhost", ["app://localhost", "capacitor://localhost"]),
    (r"app://[ab]\.c", ["app://a.c", "app://b.c"]),
    (r"a?pp://\.", ["app://.", "pp://."]),
    (r"http://\[::1\]:\d+", ["http://[::1]:*"]),
    (r"https://10\.0\.0\.1", ["https://10.0.0.1"]),
    (r"https://.*\.example\.com\.?", ["https://*.example.com", "https://*.example.com."]),
    (r"https://.*\.example\.co\.uk", ["https://*.example.co.uk"]),
    (r"https://(\w+\.)?example\.com(/.*)?", ["https://example.com", "https://*.example.com"]),
]
EMPTY = [
    (r"https://a\.example/.*", r"https://a\.example"),
    (r"https://a\.example/", r"https://a\.example"),
    (r"^localhost:\d+$", r"http://localhost(:\d+)?"),
    (r"example\.com", r"https://example\.com"),
    (r"\w+\.example\.com", r"https://\w+\.example\.com"),
    (r"https://a\.example:443", r"https://a\.example"),
    (r"http://a\.example:80", r"https://a\.example"),
    (r"^https://\w+\.Example\.com$", r"https://\w+\.example\.com"),
    (r"ws://.*", None),
    (r"https://256\.1\.1\.1", None),
    (r"https://\d+", None),
    (r"https://a b", None),
    (r"https://a\.example:\d{6}", None),
    (r"https://a{64}\.example", None),
    (r"https://a{300}", None),
    (r"https://\[::1::\]", None),
    (r"(?!)", None),
    (r"null", None),
    (r"", None),
    (r"https://a\.example(?!$)", None),
    (r"https://a\.example\b\B", None),
]


@pytest.mark.parametrize(("source", "example", "corrected"), WIDE)
def test_wide(source: str, example: str, corrected: str | None) -> None:
    expression = re.compile(source)
    assert find_faults(expression) == FINE
    reach = find_reach(expression)
    assert reach.wide == example
    assert expression.fullmatch(example)
    assert parse_origin(example)
    check_correction(expression, corrected)


@pytest.mark.parametrize(("source", "example", "corrected"), INSECURE)
def test_insecure(source: str, example: str, corrected: str | None) -> None:
    expression = re.compile(source)
    assert find_faults(expression) == FINE
    reach = find_reach(expression)
    assert (reach.wide, reach.insecure) == (None, example)
    assert expression.fullmatch(example)
    check_correction(expression, corrected)


def check_correction(expression: re.Pattern[str], corrected: str | None) -> None:
    assert corrected_expression(expression) == (corrected and f"r'{corrected}'")
    if corrected is not None:
        options = {"origins": re.compile(corrected), "supports_credentials": True}
        assert read_options(options).problems == []


@pytest.mark.parametrize(("source", "patterns"), SOUND)
def test_sound(source: str, patterns: list[str]) -> None:
    expression = re.compile(source)
    assert find_faults(expression) == FINE
    reach = find_reach(expression)
    assert (reach.wide, reach.insecure) == (None, None)
    assert {*map(str, reach.patterns)} == {*patterns}
    assert {parse_pattern(pattern) for pattern in patterns} == {*reach.patterns}


@pytest.mark.parametrize(("source", "corrected"), EMPTY)
def test_empty(source: str, corrected: str | None) -> None:
    expression = re.compile(source)
    assert find_faults(expression) == Faults(True, (), False)
    assert find_reach(expression)[1:] == (None, None)
    check_correction(expression, corrected)


@pytest.mark.parametrize(
    ("source", "branches"),
    [
        (r"https://a\.example/.*|https://b\.example", [r"https://a\.example/.*"]),
        (r"^(https://a\.example/|https://b\.example)$", [r"https://a\.example/"]),
        (r"(?P<a>https://a\.example|b\.example)", [r"b\.example"]),
        (r"(?:a|https://b\.example|c)", ["a", "c"]),
        (r"https://a\.example|", [""]),
        (r"https://[|]?a\.example|https://(?:a|b/)\.example|null", ["null"]),
        (r"https://a\.example(|/)", []),
        (r"https://(a|b/)\.example", []),
        (r"(https://a\.example)(/|)", []),
        (r"(https://a\.example)|(https://b\.example)", []),
        (r"(https)://a\.example|(x)://\2", []),  # the second one cannot be compiled alone
        ("|".join(["https://a/", *["https://a"] * 100]), []),  # too many
    ],
)
def test_dead_branches(source: str, branches: list[str]) -> None:
    assert find_faults(re.compile(source)) == Faults(False, (*branches,), False)


def test_dead_branches_of_verbose_expressions() -> None:
    assert find_faults(re.compile(" https://a | https://b/ ", re.VERBOSE)) == FINE


@pytest.mark.parametrize("source", [r"https://(\w+\.?)+example\.com", r"(a?){30}", r".*.*.*.*"])
def test_catastrophic(source: str) -> None:
    expression = re.compile(source)
    assert find_faults(expression) == Faults(False, (), True)
    with pytest.raises(TooComplexError):
        find_reach(expression)


@pytest.mark.parametrize(
    ("source", "corrected"),
    [
        (r"https://([a-z0-9]+-?)+\.example\.com", r"https://[a-z0-9-]+\.example\.com"),
        (r"https://(\w+\.?)+example\.com", r"https://([a-z0-9-]+\.)*example\.com"),
        (r"(.*)*", None),
    ],
)
def test_corrections_of_catastrophic_expressions(source: str, corrected: str | None) -> None:
    check_correction(re.compile(source), corrected)


@pytest.mark.parametrize(
    "source",
    [
        r"https://[ab]{12}\.com",
        r".{250}",
    ],
)
def test_too_complex(source: str) -> None:
    expression = re.compile(source)
    assert find_faults(expression) == FINE
    with pytest.raises(TooComplexError):
        find_reach(expression)
    with pytest.raises(TooComplexError):
        find_reach(expression)  # the analysis is not repeated


def test_no_example() -> None:
    """There is none if an expression does not match those that are tried."""
    assert reach_of(r"https://(example)\.\1").wide == ""
    assert reach_of(r"(?=https://zzzzz\.zzzzz)https://[a-z]+\.[a-z]+").wide == ""
    expression = r"http://(?=z)(?:[ab]|z)\.example|https://c\.example"
    assert reach_of(expression) == Reach(reach_of(expression).patterns, None, "http://z.example")
    assert reach_of(r"http://a\.example(?!$)|https://c\.example").insecure == ""


def test_wide_and_insecure() -> None:
    assert reach_of(r"https?://.*\.net").insecure == "http://a.net"
    assert reach_of(r"http://.*\.localhost|https://.*").insecure is None
    assert reach_of(r"https://.*|http://a\.example").insecure == "http://a.example"


def test_ignored_case() -> None:
    reach = reach_of(r"https://app\.Example\.com|APP://A", re.IGNORECASE)
    matcher = OriginMatcher((), reach.patterns)
    for origin in ("https://app.example.com", "app://a", "app://A"):
        assert matcher.matches(origin)
    assert reach_of("https://\u017fhop\\.example", re.IGNORECASE).patterns == (
        parse_pattern("https://shop.example"),
    )


def public_suffixes() -> list[str]:
    lines = Path(PSLFILE).read_text(encoding="utf-8").splitlines()
    names = [
        line.removeprefix("*.") for line in lines if (line and line[0].isalnum()) or line[:1] == "*"
    ]
    ascii_names = [name for name in names if name.isascii()]
    return random.Random(12).sample(ascii_names, 400)


def reasons(rule: str | re.Pattern[str]) -> list[str]:
    options = {"origins": [rule], "supports_credentials": True}
    return [problem.reason for problem in read_options(options).problems]


def test_public_suffixes() -> None:
    """For 400 of them, patterns and expressions for all names under them are refused."""
    found = {
        suffix: (
            reasons(f"https://*.{suffix}"),
            reasons(re.compile(rf"https://[a-z0-9-]+\.{re.escape(suffix)}")),
        )
        for suffix in public_suffixes()
    }
    refused = ["public_suffix"], ["wildcard_with_credentials"]
    assert {suffix: each for suffix, each in found.items() if each != refused} == {}


@pytest.mark.parametrize(
    "source", [r"a{3000}", r"https://([a-z0-9]+-?)+\.example\.com|x{2001}://a"]
)
def test_too_complex_to_find_out_how_long_it_takes(source: str) -> None:
    expression = re.compile(source)
    assert find_faults(expression) == Faults(False, (), False, is_uncertain=True)
    with pytest.raises(TooComplexError):
        find_reach(expression)


@pytest.mark.parametrize("source", [r"chrome-extension://.*", r"x.*://"])
def test_hosts_of_other_schemes_may_be_longer_than_domains(source: str) -> None:
    text = f"{source.replace('.*', 'evil')}{'a' * 255}"
    expression = re.compile(f"{source}{'a' * 255}")
    assert expression.fullmatch(text)
    assert find_reach(expression).wide


def test_a_correction_with_a_quote_can_be_pasted() -> None:
    found = corrected_expression(re.compile("https://app.example.com(?# it's)"))
    assert found == 'r"' + r"https://app\.example\.com(?# it's)" + '"'


def test_of_long_expressions_only_the_last_correction_is_tried() -> None:
    hosts = "|".join(f"a{number}.example.com" for number in range(20))
    found = corrected_expression(re.compile(f"^https?://(?:{hosts})$"))
    assert found == "r'https://(?:" + hosts.replace(".", r"\.") + ")'"
