"""Origins, origin patterns, and matching them."""

from __future__ import annotations

import ipaddress
import logging
import re
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corswsgi import Decision, Policy, PolicyError, decide
from corswsgi.origins import (
    MAX_ORIGIN_LENGTH,
    NO_ORIGIN,
    Origin,
    OriginMatcher,
    OriginPattern,
    is_loopback,
    parse_origin,
    parse_pattern,
    serialized_ipv6,
)
from corswsgi.requests import CORSRequest

APP = "https://app.example.com"

LABELS = st.from_regex(r"[a-z0-9_-]{1,12}", fullmatch=True)
NAMES = st.builds(
    lambda labels, last: ".".join([*labels, last]),
    st.lists(LABELS, max_size=4),
    st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True),
)
# Addresses with runs of zeroes, which is where serializers differ.
SPARSE = st.lists(st.sampled_from([0, 0, 1, 0xFFFF]), min_size=8, max_size=8).map(
    lambda pieces: sum(piece << 16 * place for place, piece in enumerate(pieces))
)
IPV4 = st.ip_addresses(v=4).map(str)
IPV6 = (st.integers(0, 2**128 - 1) | st.integers(0, 2**52) | SPARSE).map(
    lambda number: f"[{whatwg_ipv6(ipaddress.IPv6Address(number))}]"
)
PORTS = st.none() | st.integers(1, 65535).filter(lambda port: port not in (80, 443))


def whatwg_ipv6(address: ipaddress.IPv6Address) -> str:
    """Follow https://url.spec.whatwg.org/#concept-ipv6-serializer step by step."""
    pieces = [int(address) >> shift & 0xFFFF for shift in range(112, -1, -16)]
    runs = re.finditer(r"(?:Z){2,}", "".join("Z" if piece == 0 else "x" for piece in pieces))
    longest = max(runs, key=lambda run: run.end() - run.start(), default=None)
    texts = [f"{piece:x}" for piece in pieces]
    if longest is None:
        return ":".join(texts)
    return f"{':'.join(texts[: longest.start()])}::{':'.join(texts[longest.end() :])}"


def written(scheme: str, host: str, port: int | None) -> str:
    return f"{scheme}://{host}" if port is None else f"{scheme}://{host}:{port}"


@given(st.sampled_from(["http", "https"]), NAMES | IPV4 | IPV6, PORTS)
@example("https", "[::ffff:0:0]", None)
@example("https", "[1::]", 65535)
@example("https", "a.", None)
def test_origins_from_browsers_are_parsed(scheme: str, host: str, port: int | None) -> None:
    assert parse_origin(written(scheme, host, port)) == Origin(scheme, host, port)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("address", "is_origin"),
    [
        *[(host, False) for host in ("1", "80", "0x", "0x1f", "a.0x", "a.0x1f", "a.1")],
        *[(host, False) for host in ("1.", "0x.", "a.0x.", "1.2.3", "1.2.3.256", "1.2.3.4.5")],
        *[(host, True) for host in ("3cx", "app.3d", "3cx.", "a.0xg", "0.a", "1.2.3.4", "0-x")],
        *[(host, False) for host in ("A.example", "a.Example", "a.example:08", "a.example:65536")],
        *[("a.example:80", None), ("a.example:443", None), ("a.example:81", True)],
    ],
)
def test_origins_with_both_schemes(scheme: str, address: str, is_origin: bool | None) -> None:
    origin = f"{scheme}://{address}"
    if is_origin is None:  # not a default port of the scheme
        is_origin = (scheme == "http") is (":443" in address)
    assert (parse_origin(origin) is not None) is is_origin
    assert (parse_pattern(origin) is not None) is is_origin
    assert (parse_pattern(f"{scheme}://*.{address}") is not None) is (
        is_origin and address != "1.2.3.4"
    )
    # A client's origin is parsed again.
    for policy in (Policy(origins=re.compile("(?is).*")), Policy(origins=lambda origin: True)):
        assert allowed(policy, origin) is is_origin


@given(st.text() | st.text(st.characters(max_codepoint=0xFF)))
@example("https://a")
@example("https://a.example\n")
@example("https://1.1.1.1")
def test_parsing_and_serializing_is_the_identity(text: str) -> None:
    for candidate in (text, f"https://{text}", f"https://{text}.example.com"):
        parsed = parse_origin(candidate)
        if parsed is not None:
            assert written(*parsed) == candidate
            assert candidate.isascii()
            assert candidate.isprintable()
            assert not set(candidate.partition("://")[2]) & set("/\\@%?# ,")


@given(st.text(alphabet="htps:/*.[]0129afx-_@%", max_size=30))
def test_an_accepted_pattern_accepts_itself(text: str) -> None:
    for pattern in (text, f"https://{text}", f"https://*.{text}", f"http://{text}:*"):
        try:
            policy = Policy(origins=pattern)
        except PolicyError:
            assert parse_pattern(pattern) is None
            continue
        meant = pattern.replace("://*.", "://sub.").replace(":*", ":1234")
        assert allowed(policy, meant) or pattern == "*"
        assert "*" in pattern or parse_origin(pattern) is not None


def actual(policy: Policy, origin: str, *, origin_allowed: bool | None = None) -> Decision:
    return decide(policy, CORSRequest("GET", origin), origin_allowed=origin_allowed)


def preflight(policy: Policy, origin: str, method: str, headers: str = "") -> Decision:
    return decide(policy, CORSRequest("OPTIONS", origin, method, headers))


def allowed(policy: Policy, origin: str) -> bool:
    """Ask twice, so that the caches answer too, and compare what is sent with what came."""
    first, second = actual(policy, origin), actual(policy, origin)
    assert first == second
    sent = dict(first.headers).get("Access-Control-Allow-Origin")
    assert sent == (origin if first.allowed else None)
    return first.allowed


# Opaque hosts can be any text with dots: `app://.` is the origin of Electron's applications.
DOTTED_HOSTS = st.lists(st.sampled_from([".", "a", "x", "any-label"]), min_size=1, max_size=7).map(
    "".join
)
DOTTED = st.builds("{}://{}".format, st.sampled_from(["app", "https"]), DOTTED_HOSTS)
DOTTED_PATTERNS = st.builds(
    lambda scheme, wildcard, host, port: f"{scheme}://{wildcard}{host}{port}",
    st.sampled_from(["app", "https"]),
    st.sampled_from(["", "*."]),
    DOTTED_HOSTS,
    st.sampled_from(["", ":8", ":*"]),
)


def matches_by_text(pattern: str, origin: str) -> bool:
    """Compare the texts of a pattern and of an origin; nothing of the library is used."""
    scheme, _, address = pattern.partition("://")
    host, _, port = address.partition(":")
    sent_scheme, _, sent_address = origin.partition("://")
    sent_host, _, sent_port = sent_address.partition(":")
    if scheme != sent_scheme or port not in ("*", sent_port):
        return False
    if not host.startswith("*."):
        return sent_host == host
    labels, ending = sent_host.split("."), host[2:].split(".")
    before = labels[: -len(ending)]
    return labels[-len(ending) :] == ending and len(before) > 0 and all(before)


@given(
    st.lists(DOTTED_PATTERNS, min_size=1, max_size=4),
    st.lists(st.tuples(DOTTED, st.sampled_from(["", ":8", ":9"])), min_size=1),
)
@example(["app://.x:*"], [("app://a.x", ""), ("app://.x", ":9")])
@example(["app://.:*"], [("app://evil.", ""), ("app://.", ""), ("app://.", ":8")])
@example(["app://*.x"], [("app://.x", ""), ("app://a..x", ""), ("app://a.a.x", "")])
@example(["app://*.x", "app://*..x"], [("app://a..x", "")])
@example(["app://*..."], [("app://a...", "")])
@example(["https://*.a."], [("https://x.a.", ""), ("https://x.a", "")])
def test_hosts_with_dots(rules: list[str], sent: list[tuple[str, str]]) -> None:
    rules = [rule for rule in rules if parse_pattern(rule) is not None]
    matcher = Policy(origins=[*rules, NO_ORIGIN]).origin_matcher
    for text in map("".join, sent):
        expected = any(matches_by_text(rule, text) for rule in rules) and bool(parse_origin(text))
        assert matcher.matches(text) is expected, (rules, text)


@pytest.mark.parametrize(
    ("pattern", "admitted", "refused"),
    [
        ("app://.x:*", ["app://.x", "app://.x:8"], ["app://a.x", "app://a.b.x"]),
        ("app://.:*", ["app://.", "app://.:8"], ["app://evil.", "app://evil", "app://.."]),
        ("app://.", ["app://."], ["app://evil.", "app://.:8"]),
        ("app://*.x", ["app://a.x", "app://b.a.x"], ["app://.x", "app://a..x", "app://..x"]),
    ],
)
def test_subdomain_patterns_and_exact_hosts_are_apart(
    pattern: str, admitted: list[str], refused: list[str]
) -> None:
    policy = Policy(
        origins=[pattern, "https://*.example.org"],
        supports_credentials=True,
        dangerously_allow="public_suffixes",
    )
    credentials = ("Access-Control-Allow-Credentials", "true")
    for origin in admitted:
        expected = (("Access-Control-Allow-Origin", origin), credentials)
        assert actual(policy, origin).headers == expected
    for origin in refused:
        assert actual(policy, origin).headers == ()
        assert preflight(policy, origin, "PUT").headers == ()


@given(st.text(st.characters(max_codepoint=0xFF)))
@example("https://a.example.org\r\nSet-Cookie: a=b")
@example("null")
def test_only_matching_origins_are_sent_back(origin: str) -> None:
    for policy in POLICIES:
        for decision in (
            actual(policy, origin),
            preflight(policy, origin, "PUT"),
            actual(policy, origin, origin_allowed=True),
        ):
            for _, value in decision.headers:
                assert not set(value) & set("\r\n\0")
            value = dict(decision.headers).get("Access-Control-Allow-Origin", "*")
            assert value == "*" or (value == origin and parse_origin(origin))


POLICIES = [
    Policy(origins="*"),
    Policy(origins=[APP, "https://*.example.org", "http://localhost:*"]),
    Policy(origins=re.compile(r"https://.*")),
    Policy(origins=lambda origin: True),
]


def test_the_longest_origin() -> None:
    name = ".".join(["a" * 62] * 4) + ".b"
    assert len(name) == 253
    longest = f"{'s' * 32}://{name}.:65535".replace("s" * 32, "https")
    assert parse_origin(longest) is not None
    assert len(longest) <= MAX_ORIGIN_LENGTH
    assert parse_origin(longest.replace(".b.:", ".bb.:")) is None
    assert allowed(Policy(origins="https://*.b.:*"), longest)
    app = "app://".ljust(MAX_ORIGIN_LENGTH, "a")
    assert parse_origin(app) is not None
    assert parse_origin(f"{app}a") is None


@pytest.mark.parametrize("host", ["a@b", "a/b", "a?b", "a#b", "a b", "a\\b", "a%b", "[::1]", ""])
def test_opaque_hosts(host: str) -> None:
    assert parse_origin("app://a-b") == Origin("app", "a-b", None)
    assert parse_origin(f"app://{host}") is None


def test_patterns_as_data() -> None:
    assert parse_pattern("https://*.example.org:*") == OriginPattern(
        "https", "example.org", "*", subdomains=True
    )
    pattern = parse_pattern("http://127.0.0.1:8000")
    assert pattern == OriginPattern("http", "127.0.0.1", 8000, subdomains=False)
    assert pattern.is_exact
    assert pattern.is_loopback


class Asked:
    """A callable that remembers what it was asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, origin: str) -> bool:
        self.asked.append(origin)
        if isinstance(self.answer, Exception):
            raise self.answer
        answer: bool = self.answer
        return answer


def test_callables_are_called_for_every_origin_that_nothing_else_matches() -> None:
    ask = Asked(answer=True)
    policy = Policy(origins=[APP, "https://*.example.org", re.compile("https://re.test"), ask])
    for origin in (APP, "https://a.example.org", "https://re.test"):
        assert allowed(policy, origin)
    assert ask.asked == []
    assert allowed(policy, "https://other.test")
    assert ask.asked == ["https://other.test"] * 2
    ask.answer = False
    assert not allowed(policy, "https://other.test")
    assert preflight(policy, "https://other.test", "PUT").reason == "origin_not_allowed"
    ask.answer = True
    assert preflight(policy, "https://other.test", "PUT").allowed
    ask.answer = False
    assert not preflight(policy, "https://other.test", "PUT").allowed
    assert preflight(policy, APP, "PUT") is preflight(policy, APP, "PUT")


@pytest.mark.parametrize(
    "origin",
    ["null", "", "https://A.example", "https://a.example/", "x" * 9999, "https://a\r\n.example"],
)
def test_callables_and_expressions_see_only_well_formed_origins(origin: str) -> None:
    ask = Asked(answer=True)
    assert not allowed(Policy(origins=ask), origin)
    assert ask.asked == []
    assert not allowed(Policy(origins=re.compile(r"(?s).*")), origin)


class UnprintableError(Exception):
    def __repr__(self) -> str:
        raise LookupError


@pytest.mark.parametrize(
    "answer",
    [None, 1, 0, "yes", [], ValueError("no"), 10**5000, UnprintableError(), UnprintableError],
    ids=lambda answer: type(answer).__name__,
)
def test_a_failing_callable_refuses_and_is_logged(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    decision = actual(Policy(origins=Asked(answer)), APP)
    assert (decision.allowed, decision.reason) == (False, "origin_check_failed")
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("corswsgi", logging.ERROR)
    assert vars(record)["reason"] == "origin_check_failed"
    assert "Asked" in record.getMessage()
    refused = preflight(Policy(origins=Asked(answer)), APP, "PUT")
    assert (refused.reason, refused.status) == ("origin_check_failed", 403)


def test_another_callable_can_allow_an_origin_after_a_failure() -> None:
    failing, allowing, refusing = Asked(KeyError("x")), Asked(answer=True), Asked(answer=False)
    assert allowed(Policy(origins=[failing, allowing]), APP)
    assert actual(Policy(origins=[failing, refusing]), APP).reason == "origin_check_failed"


def test_a_logged_failure_has_the_place_and_escaped_values(
    caplog: pytest.LogCaptureFixture,
) -> None:
    actual(Policy(origins=Asked(ValueError("a\r\nb\x1b"))), APP)
    text = caplog.records[0].getMessage()
    assert "ValueError('a\\r\\nb\\x1b')" in text
    assert "in __call__" in text
    assert "\r" not in text


def test_expressions_match_the_whole_origin() -> None:
    policy = Policy(origins=re.compile(r"https://(a|b)\.test"))
    assert allowed(policy, "https://a.test")
    for origin in ("https://a.test.evil.test", "https://a.test:8443", "xhttps://a.test"):
        assert not allowed(policy, origin)


def test_decisions_are_shared() -> None:
    policy = Policy(origins=[APP, "https://*.example.org"])
    for origin in (APP, "https://a.example.org", "https://evil.test", "null", "https://A"):
        assert actual(policy, origin) is actual(policy, origin)
    assert preflight(policy, APP, "PUT", "x-a") is preflight(policy, APP, "PUT", "x-a")
    public = Policy(origins="*")
    assert preflight(public, APP, "PUT", "x-a") is preflight(public, "https://b.test", "PUT", "x-b")


def test_a_matcher_without_callables() -> None:
    matcher = OriginMatcher([APP], [OriginPattern("https", "a.test", None, subdomains=True)])
    assert matcher.exact == {APP}
    assert matcher.callables == ()
    assert not matcher.only_exact
    assert matcher.matches(APP)
    assert matcher.matches("https://x.y.a.test")
    assert not matcher.matches("https://a.test")
    assert matcher.look_up(APP) is False
    assert OriginMatcher([APP]).only_exact
    assert not OriginMatcher([APP]).matches("https://x.a.test")


def test_no_origin_matches_nothing() -> None:
    assert isinstance(NO_ORIGIN, re.Pattern)
    assert not NO_ORIGIN.fullmatch("")
    assert not OriginMatcher([], [NO_ORIGIN]).matches(APP)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("localhost.", True),
        ("a.b.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("[::1]", True),
        ("notlocalhost", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("[::2]", False),
        ("128.0.0.1", False),
    ],
)
def test_is_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("text", "serialized"),
    [("::FFFF:1.2.3.4", "::ffff:102:304"), ("0:0::1", "::1"), ("::1.2.3.4", "::102:304")],
)
def test_serialized_ipv6(text: str, serialized: str) -> None:
    assert serialized_ipv6(text) == serialized


def test_text_that_is_not_an_ipv6_address() -> None:
    with pytest.raises(ValueError, match="::g"):
        serialized_ipv6("::g")


def test_a_pattern_for_the_longest_hosts() -> None:
    """The label that `*.` stands for may have one letter."""
    host = ".".join(["b" * 62] * 4)
    assert len(f"a.{host}") == 253
    assert allowed(Policy(origins=f"https://*.{host}"), f"https://a.{host}")
    assert parse_pattern(f"https://*.b{host}") is None


def test_a_pattern_is_immutable() -> None:
    pattern = parse_pattern("https://*.example.org")
    assert pattern is not None
    with pytest.raises(FrozenInstanceError):
        pattern.host = "evil.test"  # type: ignore[misc]  # that is the test
    assert hash(pattern) == hash(parse_pattern("https://*.example.org"))
