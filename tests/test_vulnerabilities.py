"""Known vulnerabilities of CORS libraries: the trigger of each, and the right outcome."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from corswsgi import CORSMiddleware, CORSRequest, Policy, PolicyError, decide
from tests.conformance.cases import (
    APP,
    EVIL,
    PREFLIGHT_VARY,
    REFUSES,
    asking,
    from_,
    grants,
)
from tests.helpers.wsgi import Application, environ_of, get, send

PUBLIC = Policy(origins="*")
STRICT = Policy(origins=[APP], supports_credentials=True)
ANY_ORIGIN = grants("*", None)


@pytest.mark.parametrize(
    ("sent", "path", "policy"),
    [
        # CVE-2020-25032 and CVE-2024-6844 (Flask-CORS): a path was normalized, or decoded again,
        # to find its policy, but not to find its view.
        # Paths that only some applications resolve are refused.
        ("/api/../private/x", "/api/../private/x", "none"),
        ("/api/%2e%2e/private/x", "/api/../private/x", "none"),
        ("/api%2F..%2Fprivate/x", "/api/../private/x", "none"),
        ("/elsewhere/./x", "/elsewhere/./x", "none"),
        ("/elsewhere/..", "/elsewhere/..", "none"),
        ("/elsewhere/.well-known/..x", "/elsewhere/.well-known/..x", "public"),
        ("/private%2Fx", "/private/x", "private"),
        ("/private+/x", "/private+/x", "public"),
        ("/private%2B/x", "/private+/x", "public"),
        ("/private%20/x", "/private /x", "public"),
        ("/private%252Fx", "/private%2Fx", "public"),
        ("/%2570rivate/x", "/%70rivate/x", "public"),
    ],
)
def test_a_path_is_compared_as_the_application_gets_it(sent: str, path: str, policy: str) -> None:
    seen: list[str] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return []

    resources = {"/private/*": STRICT, "/api/*": Policy(origins="https://api.test")}
    middleware = CORSMiddleware(app, PUBLIC, resources=resources)
    origins = {"private": APP, "api": "https://api.test", "public": EVIL}
    for name, origin in origins.items():
        allowed = get(middleware, sent, headers=from_(origin)).cors != REFUSES
        assert allowed == (policy in (name, "public"))
    assert set(seen) == {path}


def test_double_slashes_are_not_merged() -> None:
    # CVE-2024-6844: an application that routes //admin like /admin needs a policy callable.
    middleware = CORSMiddleware(Application(), PUBLIC, resources={"/admin/*": STRICT})
    assert get(middleware, "/admin/x", headers=from_(EVIL)).cors == REFUSES
    assert get(middleware, "//admin/x", headers=from_(EVIL)).cors == ANY_ORIGIN

    def routed(environ: Any) -> Policy:
        path = re.sub("/+", "/", environ["PATH_INFO"])
        return STRICT if path.startswith("/admin/") else PUBLIC

    middleware = CORSMiddleware(Application(), routed)
    assert get(middleware, "//admin/x", headers=from_(EVIL)).cors == REFUSES


def test_paths_are_case_sensitive() -> None:
    # CVE-2024-6866 (Flask-CORS): /PUBLIC, another resource, got the policy of /public.
    middleware = CORSMiddleware(Application(), STRICT, resources={"/public/*": PUBLIC})
    assert get(middleware, "/public/x", headers=from_(EVIL)).cors == ANY_ORIGIN
    assert get(middleware, "/PUBLIC/x", headers=from_(EVIL)).cors == REFUSES


@pytest.mark.parametrize("turned", [False, True])
def test_the_specific_rule_wins_in_any_order(turned: bool) -> None:
    # CVE-2024-6839 (Flask-CORS): the longer expression won, not the more specific one.
    pairs = [("/*", PUBLIC), ("/api/*", PUBLIC), ("/api/v1/*", STRICT), ("/api/v1/open", PUBLIC)]
    resources = dict(reversed(pairs) if turned else pairs)
    middleware = CORSMiddleware(Application(), resources=resources)
    for path, expected in (
        ("/", ANY_ORIGIN),
        ("/api/x", ANY_ORIGIN),
        ("/api/v1", REFUSES),
        ("/api/v1/x", REFUSES),
        ("/api/v1/open", ANY_ORIGIN),
        ("/api/v1/open/x", REFUSES),
    ):
        assert get(middleware, path, headers=from_(EVIL)).cors == expected


def test_a_path_cannot_forge_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    # CVE-2024-1681 (Flask-CORS).
    caplog.set_level(logging.DEBUG)
    middleware = CORSMiddleware(Application(), STRICT)
    environ = environ_of("/x%0D%0AERROR%3Aroot%3Aforged", headers=from_("https://e\r\nforged"))
    environ["REQUEST_METHOD"] = "GET\nforged"
    send(middleware, environ)
    assert len(caplog.text.splitlines()) == 1


def test_private_networks_are_never_opened() -> None:
    # CVE-2024-6221 (Flask-CORS): Access-Control-Allow-Private-Network was sent by default.
    with pytest.warns(DeprecationWarning, match="allow_private_network"):
        deprecated = Policy(origins=[APP], allow_private_network=True)
    private = ("Access-Control-Request-Private-Network", "true")
    for policy in (PUBLIC, STRICT, deprecated):
        middleware = CORSMiddleware(Application(), policy)
        plain = get(middleware, method="OPTIONS", headers=asking(APP, "PUT"))
        response = get(middleware, method="OPTIONS", headers=asking(APP, "PUT", None, private))
        assert response == plain
        assert "Access-Control-Allow-Private-Network" not in response.cors


def test_credentials_never_go_to_any_origin() -> None:
    # CVE-2018-20744 (rs/cors, Go): `*` with credentials was reflected.
    for origins in ("*", ["*"], re.compile(".*"), re.compile("https?://.+")):
        with pytest.raises(PolicyError):
            Policy(origins=origins, supports_credentials=True)
    assert decide(PUBLIC, CORSRequest("GET", EVIL)).headers == (
        ("Access-Control-Allow-Origin", "*"),
    )


class Header(str):
    """The value of a header that must not be read completely."""

    def split(self, *arguments: Any) -> Any:
        raise NotImplementedError

    lower = count = __hash__ = split


@pytest.mark.parametrize("text", ["," * 2**20, "x-a," * 2**18, "x" * 2**20])
def test_a_mebibyte_of_commas_is_not_read(text: str) -> None:
    # GHSA-vh9x-phq6-fx54 (jub0bs/fcors, Go).
    for policy in (
        Policy(origins=APP, allow_headers=["X-A", "X-B"]),
        Policy(origins=APP, allow_headers=[]),
        STRICT,
    ):
        decision = decide(policy, CORSRequest("OPTIONS", APP, "PUT", Header(text)))
        assert (decision.reason, decision.headers) == ("headers_too_long", ())
    assert decide(PUBLIC, CORSRequest("OPTIONS", APP, "PUT", Header(text))).allowed


@pytest.mark.parametrize("policy", [PUBLIC, STRICT, Policy(origins=["https://*.example.org"])])
def test_oversized_values_are_not_read(policy: Policy) -> None:
    long = Header("https://" + "a" * 8184)
    assert decide(policy, CORSRequest("GET", long)).allowed is (policy is PUBLIC)
    assert decide(policy, CORSRequest("OPTIONS", long, "PUT")).allowed is (policy is PUBLIC)
    assert not decide(policy, CORSRequest("OPTIONS", APP, Header("A" * 8192))).allowed
    response = send(CORSMiddleware(Application(), policy), environ_of(headers=from_(long)))
    assert response.cors == (ANY_ORIGIN if policy is PUBLIC else REFUSES)


@pytest.mark.parametrize(
    "origin",
    ["https://barfoo.com", "https://foo.com.bar.com", "https://foobar.com", "https://xbar.com"],
)
def test_two_origins_admit_no_third(origin: str) -> None:
    # GHSA-vhxv-fg4m-p2w8 (jub0bs/cors, Go): https://foo.com and https://bar.com admitted
    # https://barfoo.com.
    for origins in (
        ["https://foo.com", "https://bar.com"],
        ["https://*.foo.com", "https://*.bar.com", "https://foo.com", "https://bar.com"],
    ):
        policy = Policy(origins=origins)
        expected = origin == "https://foo.com.bar.com" and len(origins) > 2
        assert decide(policy, CORSRequest("GET", origin)).allowed is expected


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com.evil.test",
        "https://evil.test?https://app.example.com",
        "https://xapp.example.com",
        "https://appxexample.com",
    ],
)
def test_expressions_are_anchored(origin: str) -> None:
    # CVE-2026-37737: an expression was only searched for, or matched at the start.
    policy = Policy(origins=re.compile(r"https://app\.example\.com"), supports_credentials=True)
    assert decide(policy, CORSRequest("GET", APP)).allowed
    assert not decide(policy, CORSRequest("GET", origin)).allowed
    assert not decide(policy, CORSRequest("GET", f"{APP}\n")).allowed


def test_handlers_cannot_change_shared_headers() -> None:
    # jub0bs/cors issue 14: slices of header values were shared between requests.
    for method, headers in (("GET", from_(APP)), ("OPTIONS", asking()), ("OPTIONS", asking(EVIL))):
        middleware = CORSMiddleware(Application(), Policy(origins=[APP]))
        first = get(middleware, method=method, headers=headers)
        expected = first.headers.copy()
        first.headers[:] = [("Access-Control-Allow-Origin", EVIL)]
        assert get(middleware, method=method, headers=headers).headers == expected
    decision = decide(PUBLIC, CORSRequest("GET", EVIL))
    decision.apply([]).clear()
    assert decision.apply([]) == [("Access-Control-Allow-Origin", "*")]


def test_a_string_is_one_item() -> None:
    # Iterating over the characters of "*.example.com" would allow "*".
    policy = Policy(origins=APP, methods="PUT", allow_headers="X-Token", expose_headers="X-A")
    assert (policy.origins, policy.methods) == ((APP,), ("PUT",))
    assert (policy.allow_headers, policy.expose_headers) == (("X-Token",), ("X-A",))
    for origin in ("https://app", "h", "*", "https://app.example.co", ""):
        assert not decide(policy, CORSRequest("GET", origin)).allowed
    for method, headers in (("P", ""), ("U", ""), ("PUT", "x"), ("PUT", "token")):
        assert not decide(policy, CORSRequest("OPTIONS", APP, method, headers)).allowed


def test_caches_never_mix_answers() -> None:
    """Without Vary, a shared cache could send one origin the response to another."""
    for policy in (Policy(origins=[APP]), STRICT, Policy(origins=lambda origin: False)):
        middleware = CORSMiddleware(Application(), policy)
        for headers in ((), from_(APP), from_(EVIL), from_("null")):
            assert get(middleware, headers=headers).cors["Vary"] == "Origin"
        for origin in (APP, EVIL):
            response = get(middleware, method="OPTIONS", headers=asking(origin))
            assert response.cors["Vary"] == PREFLIGHT_VARY
