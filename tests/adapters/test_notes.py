"""Notes: configurations that are valid, but that you may not want."""

from __future__ import annotations

import re
from typing import Any

import pytest

from corswsgi import Policy
from corswsgi.adapters import (
    NO_ORIGIN,
    UNSET,
    Layer,
    PolicyTable,
    Route,
    ViewLayers,
    allowed_origins,
    describe_cookie,
    note_texts,
    notes,
    on_other_sites,
    read_layer,
)

APP = "https://app.example.com"
LOCAL = "http://localhost:*"


def table(**options: Any) -> PolicyTable:
    return PolicyTable([read_layer(UNSET, {"max_age": 7, **options}).layer])


def found(
    given: PolicyTable, *hosts: object, debug: bool = False, **more: Any
) -> list[tuple[str, str]]:
    """Return the reason and the option of each note."""
    result = notes(given, hosts, debug=debug, **more)
    assert all(note.message and note.hint for note in result)
    return [(note.reason, note.option) for note in result]


@pytest.mark.parametrize(
    "origin",
    [
        *(LOCAL, "http://localhost", "http://127.0.0.1:8000", "http://*.localhost:*"),
        *("http://[::1]:3000", "http://app.localhost"),
        re.compile(r"http://localhost:\d+"),
        re.compile(r"http://(localhost|127\.0\.0\.1)(:\d{2,5})?"),
    ],
)
def test_loopback_origins_with_credentials(origin: Any) -> None:
    given = table(origins=[APP, origin], supports_credentials=True)
    assert found(given) == [("loopback_origin", "origins")]
    (note,) = notes(given, [], debug=False)
    assert note.value == [origin]
    assert repr(getattr(origin, "pattern", origin)) in note.message
    assert found(given, debug=True) == []
    assert found(table(origins=[APP, origin])) == []


def test_several_loopback_origins_are_one_note() -> None:
    origins = [f"http://localhost:{port}" for port in range(3000, 3050)]
    (note,) = notes(table(origins=origins, supports_credentials=True), [], debug=False)
    assert "'http://localhost:3000', 'http://localhost:3001'" in note.message
    assert "and 30 more" in note.message


@pytest.mark.parametrize(
    "origins", [[APP], ["https://localhost:3000"], [re.compile(r"https://app\.example\.com")]]
)
def test_other_origins_with_credentials(origins: Any) -> None:
    assert found(table(origins=origins, supports_credentials=True)) == []


def allows(origin: str) -> bool:
    return True


def fails(origin: str) -> bool:
    raise LookupError(origin)


@pytest.mark.parametrize(
    ("origin", "is_open"),
    [
        (allows, True),
        (lambda origin: origin.startswith("https://"), True),
        (lambda origin: origin.endswith(".example"), False),
        (lambda origin: origin == APP, False),
        (lambda origin: "yes", False),
        (fails, False),
    ],
)
@pytest.mark.parametrize("debug", [False, True])
def test_callables_that_allow_everything(origin: Any, is_open: bool, debug: bool) -> None:
    expected = [("allows_any_origin", "origins")] if is_open else []
    assert found(table(origins=[APP, origin]), debug=debug) == expected
    for note in notes(table(origins=[APP, origin]), [], debug=debug):
        assert "allows any origin, for example https://x" in note.message


class Receivers(list[Any]):
    """A look-up that is false if there are none."""


@pytest.mark.parametrize(
    ("receivers", "is_open"), [([], False), ([allows], True), ([fails], False)]
)
def test_look_ups_that_allow_everything(receivers: list[Any], is_open: bool) -> None:
    asked = Receivers(receivers)
    given = PolicyTable([Layer({"origins": [APP]})], look_ups=(asked,))

    def ask(look_up: Any, origin: str) -> object:
        assert look_up is asked
        return look_up[0](origin)

    assert found(given, ask=ask) == ([("allows_any_origin", "origins")] if is_open else [])
    assert found(given) == []


PRIVATE = [
    *("localhost", "127.0.0.1", "[::1]", "::1", "10.1.2.3", "192.168.0.7:8080", "172.16.0.1"),
    *("[fd00::1]:8000", "wiki", "WIKI", "wiki:8000", "wiki.internal", ".corp.lan", "a.local"),
    *("nas.home.arpa", "169.254.169.254", "app.localhost:*", "a.internal."),
]
PUBLIC = [
    *("example.com", ".example.com", "8.8.8.8", "[2606:4700::1111]", "*", "", None, 7),
    *("internal.example.com", "example.com:8000", "localhost.example"),
]


@pytest.mark.parametrize("host", PRIVATE)
def test_any_origin_on_a_private_address(host: str) -> None:
    given = table(origins="*")
    assert found(given, None, "wiki", host) == [("private_address", "origins")]
    assert found(given, "example.com", host) == []
    (note,) = notes(given, [host], debug=False)
    assert f"({host})" in note.message
    assert found(given, host, debug=True) == []
    assert found(given, host, "*") == [], "nothing is known about the hosts"
    assert found(table(origins=APP), host) == []


@pytest.mark.parametrize("host", PUBLIC)
def test_any_origin_on_a_public_address(host: object) -> None:
    assert found(table(origins="*"), host) == []


def test_paths_and_views_have_notes_once() -> None:
    views = [ViewLayers([Layer({"origins": "*"})]) for _ in range(2)]
    given = PolicyTable(
        [Layer({"origins": NO_ORIGIN})],
        paths={
            "/a": Layer(Policy(origins=[LOCAL], supports_credentials=True)),
            "/b": Layer(None),
            "/c": Layer({"origins": [LOCAL], "supports_credentials": True}),
        },
        routes=lambda: [Route(f"view {each}", "/d", False, each) for each in views],
    )
    assert found(given, "wiki") == [("loopback_origin", "origins"), ("private_address", "origins")]


def test_origins_on_other_sites() -> None:
    origins = allowed_origins([Policy(origins=[APP, "https://a.example.org"])])
    assert on_other_sites(origins, ["api.example.com"]) == ["https://a.example.org"]
    assert on_other_sites(origins, [".example.com", "example.org"]) == []
    assert on_other_sites(origins, []) == []


def test_the_text_about_a_cookie() -> None:
    text, hint = describe_cookie("SESSION_COOKIE", "Lax", False, [APP], "HOSTS")
    assert f"(HOSTS): {APP}. Browsers do not send them the cookie with SESSION_COOKIE_SAME" in text
    assert text.endswith("SESSION_COOKIE_SAMESITE = 'Lax' and SESSION_COOKIE_SECURE = False.")
    assert hint.startswith('SESSION_COOKIE_SAMESITE = "None" and SESSION_COOKIE_SECURE = True.')


@pytest.mark.parametrize("port", ["", ":3000", ":5000", ":5173", ":8000", ":8080"])
@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "[::1]"])
def test_expressions_for_development_servers(host: str, port: str) -> None:
    expression = re.compile(re.escape(f"http://{host}{port}"))
    given = table(origins=[expression], supports_credentials=True)
    assert found(given) == [("loopback_origin", "origins")]


@pytest.mark.parametrize(
    "name",
    [
        *("internal", "intranet", "private", "corp", "home", "lan"),
        *("local", "localdomain", "home.arpa"),
    ],
)
def test_names_of_private_networks(name: str) -> None:
    given = table(origins="*")
    assert found(given, f"wiki.{name}") == [("private_address", "origins")]
    assert found(given, f"wiki{name}.example") == []


def test_callables_are_asked_about_random_origins() -> None:
    asked: list[str] = []

    def allows(origin: str) -> bool:
        asked.append(origin)
        return True

    assert found(table(origins=[allows])) == [("allows_any_origin", "origins")]
    domains = [re.fullmatch(r"https://x[0-9a-f]{16}\.([a-z]+)", origin) for origin in asked]
    assert [domain and domain[1] for domain in domains] == ["example", "test", "invalid"]
    assert len({*asked}) == 3


WIDE = re.compile(r"https://.*example\.com")
INSECURE = re.compile(r"https?://app\.example\.com")


def texts(given: PolicyTable, *hosts: object, **settings: Any) -> list[str]:
    settings = {f"SESSION_COOKIE_{name}": value for name, value in settings.items()}
    settings["SECRET_KEY"] = settings.pop("SESSION_COOKIE_KEY", "secret")
    return [*note_texts(given, iter(hosts), "HOSTS", settings, debug=False)]


@pytest.mark.parametrize(
    ("expression", "beginnings"),
    [
        (WIDE, ["the expression 'https://.*example\\\\.com' matches sites that it does not name"]),
        (
            INSECURE,
            ["the expression 'https?://app\\\\.example\\\\.com' matches origins that are"],
        ),
        (re.compile(r"https://app\.example\.com"), []),
    ],
)
def test_texts_about_expressions(expression: re.Pattern[str], beginnings: list[str]) -> None:
    in_view = Layer({"origins": [expression]})
    route = Route("view", "/", False, ViewLayers([in_view]))
    for given in (table(origins=[expression]), PolicyTable([], routes=lambda: [route])):
        found = texts(given)
        assert len(found) == len(beginnings)
        for text, beginning in zip(found, beginnings, strict=True):
            assert text.startswith(beginning)
            assert re.search(r"\. [A-Z][^.]*[.?]$|\. Did you mean .*\?$|\. Write .*\.$", text)


CROSS = {"origins": [APP], "supports_credentials": True}


@pytest.mark.parametrize(
    ("options", "hosts", "settings", "is_noted"),
    [
        (CROSS, ["api.other.org"], {}, True),
        (CROSS, ["api.other.org:8000"], {"SAMESITE": "Lax", "SECURE": True}, True),
        (CROSS, [None, ".other.org"], {"SAMESITE": "None", "SECURE": False}, True),
        (CROSS, ["api.other.org"], {"SAMESITE": "None", "SECURE": True}, False),
        (CROSS, ["api.other.org"], {"KEY": None}, False),
        (CROSS, ["api.example.com:443"], {}, False),
        (CROSS, ["api.example.com", "api.other.org"], {}, False),
        (CROSS, [None], {}, False),
        ({"origins": [APP]}, ["api.other.org"], {}, False),
    ],
)
def test_texts_about_the_session_cookie(
    options: dict[str, Any], hosts: list[object], settings: dict[str, Any], is_noted: bool
) -> None:
    found = texts(table(**options), *hosts, **settings)
    assert len(found) == is_noted
    for text in found:
        assert text.startswith(
            "these origins may send cookies, but are on other sites than the application's hosts "
            f"(HOSTS): {APP}. Browsers do not send them the cookie with SESSION_COOKIE_SAMESITE ="
        )
        assert 'Write SESSION_COOKIE_SAMESITE = "None" and SESSION_COOKIE_SECURE = True.' in text


def test_texts_of_the_notes() -> None:
    given = table(origins=[APP, LOCAL], supports_credentials=True)
    (note,) = notes(given, [], debug=False)
    assert texts(given) == [f"{note.option}: {note.message} {note.hint}"]
