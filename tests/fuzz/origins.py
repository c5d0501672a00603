"""Origins and origin patterns, compared with a parser of browsers (ada-url) and a naive matcher."""

from __future__ import annotations

import re
import string
from typing import NamedTuple

import ada_url
from hypothesis import assume
from hypothesis import strategies as st

from corswsgi import CORSRequest, Policy, decide
from corswsgi.origins import parse_origin, parse_pattern
from corswsgi.validation import read_options

DEFAULTS = {"http": "80", "https": "443"}
PORTS = {str(number) for number in range(1, 65536)}
NOT_OPAQUE = {"ws", "wss", "ftp", "file", "data", "blob", "about", "javascript"}
LOWER = {*string.ascii_lowercase, *string.digits}
LONGEST = len("s" * 32 + "://" + "h" * 253 + ".:65535")


class Parts(NamedTuple):
    """The parts of a text that may be an origin or a pattern."""

    scheme: str
    host: str
    port: str | None


def split(text: str) -> Parts:
    """Split a text without checking anything."""
    scheme, _, rest = text.partition("://")
    end = rest.rfind("]") + 1
    host, colon, port = rest[end:].partition(":")
    return Parts(scheme, rest[:end] + host, port if colon else None)


def is_origin(text: str) -> bool:
    """Return whether a text is an origin in the form that browsers send."""
    scheme, host, port = split(text)
    if "://" not in text or not text.isascii() or len(text) > LONGEST:
        return False
    if port is not None and (port not in PORTS or port == DEFAULTS.get(scheme)):
        return False
    if scheme in DEFAULTS:
        return is_host(host) and ada_url.check_url(text) and ada_url.URL(text).origin == text
    return (
        scheme not in NOT_OPAQUE
        and 0 < len(scheme) <= 32
        and scheme[0].isalpha()
        and {*scheme} <= LOWER | {*"+.-"}
        and host != ""
        and {*host} <= LOWER | {*string.ascii_uppercase, *"._-"}
    )


def is_host(host: str) -> bool:
    """Return whether a host has only the characters and lengths of real ones."""
    if host.startswith("["):
        return True  # the parser of browsers knows IPv6
    name = host.removesuffix(".")
    labels = name.split(".")
    return len(name) <= 253 and all(
        0 < len(label) <= 63 and {*label} <= LOWER | {*"_-"} for label in labels
    )


def is_pattern(text: str) -> bool:
    """Return whether a text is an origin pattern: an origin with ``*.`` or ``:*``."""
    scheme, host, port = split(text)
    if host.startswith("*.") and host != "*.":
        host = f"x.{host[2:]}"
    written = "" if port in (None, "*") else f":{port}"
    return "://" in text and is_origin(f"{scheme}://{host}{written}")


def matches(pattern: str, origin: str) -> bool:
    """Return whether a pattern matches an origin; both are valid."""
    wanted, sent = split(pattern), split(origin)
    if wanted.scheme != sent.scheme or wanted.port not in ("*", sent.port):
        return False
    if not wanted.host.startswith("*."):
        return wanted.host == sent.host
    below = wanted.host[1:]
    return sent.host.endswith(below) and all(sent.host.removesuffix(below).split("."))


def written(scheme: str, host: str, port: str) -> str:
    """Write an origin or a pattern."""
    return f"{scheme}://{host}{port}"


def edited(text: str, place: int, inserted: str, removed: int) -> str:
    """Return a text with a small change."""
    place %= len(text) + 1
    return text[:place] + inserted + text[place + removed :]


SCHEMES = st.sampled_from(["http", "https", "app", "chrome-extension", "s" * 32]) | st.sampled_from(
    ["", "s" * 33, "Http", "httpss", "ws", "wss", "file", "data", "1a", "a+.-1", "https://a"]
)
LABELS = st.sampled_from(["a", "b", "ab", "x-y", "_", "localhost", "a" * 63, "a" * 62]) | (
    st.sampled_from(["", "A", "1", "127", "256", "0x", "0xa", "3cx", "09", "-", "*", "a" * 64])
)
HOSTS = (
    st.lists(LABELS, min_size=1, max_size=5).map(".".join)
    | st.integers(240, 300).map(lambda length: (("a" * 49 + ".") * 6)[:length])
    | st.ip_addresses(v=4).map(str)
    | st.ip_addresses(v=6).map(lambda address: f"[{address}]")
    | st.sampled_from(["[::1]", "[::ffff:102:304]", "[::ffff:1.2.3.4]", "[1:0:0:2::]", "[]", "["])
)
WRITTEN_PORTS = st.sampled_from(["", "", ":1", ":80", ":443", ":8443", ":65535", ":*"]) | (
    st.sampled_from([":", ":0", ":01", ":65536", ":99999", ":a", ":-1", ":*:*", ":1:*", "/"])
)
PREFIXES = st.sampled_from(["", "", "*.", "*", "*.*.", "."])
TEXTS = st.builds(
    lambda scheme, prefix, host, port: written(scheme, prefix + host, port),
    SCHEMES,
    PREFIXES,
    HOSTS,
    WRITTEN_PORTS,
)
EDITED = st.builds(
    edited,
    TEXTS,
    st.integers(0, 400),
    st.text(max_size=1)
    | st.text(st.sampled_from("htps:/*.[]0129afxA-_@%\\?# \t\r\n\0"), max_size=3),
    st.integers(0, 3),
)
ANY_TEXT = TEXTS | EDITED | st.text()

# Origins as people mistype them.
MANGLED = st.builds(
    lambda *parts: "".join(parts),
    st.sampled_from(["", " ", '"', "//", "https://", "blob:"]),
    st.sampled_from(["", "http:/", "https//", "http//:", "HTTP://", "https;//", "wss://", "data:"]),
    PREFIXES | st.just("*-"),
    HOSTS | st.sampled_from(["0.0.0.0", "None", "true", "a@b.example", "10.0.0.1", "a\\.b"]),
    WRITTEN_PORTS,
    st.sampled_from(["", "/", "/x?y#z", ",", " ", "https://b.example", '"', "$"]),
)

# Few of each, so that many patterns match many origins.
FEW_SCHEMES = st.sampled_from(["http", "https", "app"])
FEW_HOSTS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map(".".join) | (
    st.sampled_from(["a.", "xa", "localhost", ".", ".a", "a..b", "127.0.0.1", "[::1]", "A"])
)
FEW_PORTS = st.sampled_from(["", ":81", ":82"])
ORIGINS = st.builds(written, FEW_SCHEMES, FEW_HOSTS, FEW_PORTS)
PATTERNS = st.builds(
    lambda scheme, prefix, host, port: written(scheme, prefix + host, port),
    FEW_SCHEMES,
    st.sampled_from(["", "*."]),
    FEW_HOSTS,
    FEW_PORTS | st.just(":*"),
)


def check_origin(text: str) -> None:
    """An origin is parsed if a browser would send it so, and its parts are those of the text."""
    assume("xn--" not in text)  # Punycode is not decoded
    parsed = parse_origin(text)
    assert (parsed is not None) == is_origin(text)
    if parsed is not None:
        scheme, host, port = split(text)
        assert parsed == (scheme, host, None if port is None else int(port))


def check_pattern(text: str) -> None:
    """A pattern is accepted if it is an origin with a ``*`` where one may be."""
    assume("xn--" not in text)
    assert (parse_pattern(text) is not None) == is_pattern(text)


def check_suggestion(text: str) -> None:
    """A suggestion is accepted in place of the text, and its host was in the text."""
    for problem in read_options({"origins": [text]}).problems:
        for origin in re.findall("^did you mean '([^']*)'\\?", problem.hint or ""):
            assert is_pattern(origin)
            assert read_options({"origins": [origin]}).problems == []
            # Addresses in brackets are compressed, and domains in other scripts are encoded.
            host = split(origin).host.removeprefix("*.").lower()
            written = text.lower().replace("\\", "")
            is_unspecified = host == "localhost" and "0.0.0.0" in text
            assert host in written or is_unspecified or "[" in text or not text.isascii()


def check_matching(patterns: list[str], origins: list[str]) -> None:
    """A policy allows an origin if one of its patterns matches, with and without its cache."""
    patterns = [*filter(is_pattern, patterns)]
    assume(patterns)
    policy = Policy(origins=patterns)
    for origin in origins * 2:
        expected = is_origin(origin) and any(matches(pattern, origin) for pattern in patterns)
        decision = decide(policy, CORSRequest("GET", origin))
        assert (decision.allowed, decision.vary) == (expected, ("Origin",))
        sent = (("Access-Control-Allow-Origin", origin),) if expected else ()
        assert decision.headers == sent
