"""The conformance table: a policy, a request, and the right answer.

Every adapter runs every row (see `run_all`). A row names the options of a policy and not a Policy,
so that an adapter can configure itself with them. Expected headers are exact: of all headers named
``Access-Control-*`` or ``Vary``, these and no others, each once unless it is listed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

Pairs = Sequence[tuple[str, str]]
Options = Mapping[str, Any]

APP = "https://app.example.com"
EVIL = "https://evil.test"
PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
DEFAULT_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, QUERY"


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    options: Options | None
    """The policy's options; None: no policy, but resources."""
    request: Pairs = ()
    """The request's headers."""
    expected: Mapping[str, str] = field(default_factory=dict)
    """The exact CORS headers and Vary of the response."""
    method: str = "GET"
    path: str = "/"
    """As a client sends it: percent-encoded."""
    status: int = 200
    ran: bool = True
    """Whether the application runs."""
    sends: Pairs = ()
    """Headers that the application sets itself, besides Content-Type."""
    app_status: int = 200
    resources: Mapping[str, Options | None] | None = None


@dataclass(frozen=True)
class Answer:
    """The response, and whether the application ran."""

    status: int
    headers: Pairs
    ran: bool


def run_all(
    subtests: pytest.Subtests, cases: Iterable[Case], target: Callable[[Case], Answer]
) -> None:
    """Run rows through a target, and report each one that fails by its name.

    They are subtests, because creating a test takes pytest longer than running a row.
    """
    for case in cases:
        with subtests.test(case.name):
            run(case, target)


def run(case: Case, target: Callable[[Case], Answer]) -> None:
    """Send a row's request to a target, and compare the whole answer."""
    answer = target(case)
    found = sorted(
        (name.lower(), value)
        for name, value in answer.headers
        if name.lower() == "vary" or name.lower().startswith("access-control-")
    )
    expected = sorted((name.lower(), value) for name, value in case.expected.items())
    assert (answer.status, answer.ran, found) == (case.status, case.ran, expected)


# The headers of requests and of answers.


def from_(origin: str) -> Pairs:
    """Return the headers of a request from `origin`."""
    return [("Origin", origin)]


def asking(
    origin: str = APP, method: str = "PUT", headers: str | None = None, *more: tuple[str, str]
) -> Pairs:
    """Return the headers of a preflight."""
    pairs = [("Origin", origin), ("Access-Control-Request-Method", method)]
    if headers is not None:
        pairs.append(("Access-Control-Request-Headers", headers))
    return [*pairs, *more]


def grants(origin: str = APP, vary: str | None = "Origin", **others: str) -> dict[str, str]:
    """Return the headers of the response to an allowed actual request."""
    headers = {"Access-Control-Allow-Origin": origin}
    headers |= {f"Access-Control-{name.replace('_', '-')}": text for name, text in others.items()}
    return headers if vary is None else headers | {"Vary": vary}


def admits(
    origin: str = APP,
    methods: str | None = DEFAULT_METHODS,
    headers: str | None = "*, Authorization",
    max_age: str | None = "600",
    **others: str,
) -> dict[str, str]:
    """Return the headers of the response to an allowed preflight."""
    named = {"Allow_Methods": methods, "Allow_Headers": headers, "Max_Age": max_age}
    given = {name: text for name, text in named.items() if text is not None}
    return grants(origin, PREFLIGHT_VARY, **given, **others)


REFUSES = {"Vary": "Origin"}
REFUSES_PREFLIGHT = {"Vary": PREFLIGHT_VARY}

ONE: Options = {"origins": [APP]}
ANY: Options = {"origins": "*"}
CREDENTIALS: Options = {"origins": [APP], "supports_credentials": True}
WILD: Options = {"origins": ["https://*.example.org"]}
PORTS: Options = {"origins": ["http://localhost:*"]}


def actual_requests() -> Iterator[Case]:
    """Yield actual requests (https://fetch.spec.whatwg.org/#cors-check)."""
    yield Case("one: allowed", ONE, from_(APP), grants())
    yield Case("one: refused, and the application runs", ONE, from_(EVIL), REFUSES)
    yield Case("one: no Origin", ONE, (), REFUSES)
    yield Case("any: no Origin gets the same, for shared caches", ANY, (), grants("*", None))
    yield Case("any: every origin", ANY, from_(EVIL), grants("*", None))
    yield Case("any: null", ANY, from_("null"), grants("*", None))
    yield Case("any: an invalid origin", ANY, from_("a b"), grants("*", None))
    yield Case("any: a long invalid origin", ANY, from_("x" * 5000), grants("*", None))
    yield Case("credentials: allowed", CREDENTIALS, from_(APP), grants(Allow_Credentials="true"))
    yield Case("credentials: refused", CREDENTIALS, from_(EVIL), REFUSES)
    yield Case("credentials: no Origin", CREDENTIALS, (), REFUSES)
    two: Options = {"origins": [APP, "https://b.example"]}
    yield Case("two: the first", two, from_(APP), grants())
    yield Case("two: the second", two, from_("https://b.example"), grants("https://b.example"))
    yield Case("two: both in one header", two, from_(f"{APP}, https://b.example"), REFUSES)
    yield Case("a string is one origin", {"origins": APP}, from_(APP), grants())
    for method in ("HEAD", "POST", "PUT", "PATCH", "DELETE"):
        yield Case(f"{method}: allowed", ONE, from_(APP), grants(), method=method)
        yield Case(f"{method}: refused", ONE, from_(EVIL), REFUSES, method=method)
    for status in (201, 301, 304, 400, 401, 403, 404, 405, 500, 503):
        yield Case(
            f"{status}: allowed", ONE, from_(APP), grants(), status=status, app_status=status
        )
        yield Case(
            f"{status}: refused", ONE, from_(EVIL), REFUSES, status=status, app_status=status
        )


def origins_that_match() -> Iterator[Case]:
    """Yield origins that a pattern matches."""
    for pattern, origin in (
        ("https://*.example.org", "https://a.example.org"),
        ("https://*.example.org", "https://a.b.c.example.org"),
        ("https://*.example.org", "https://xn--bcher-kva.example.org"),
        ("https://*.example.org", "https://under_score.example.org"),
        ("https://*.example.org", "https://1.example.org"),
        ("https://*.example.org:8443", "https://a.example.org:8443"),
        ("https://*.example.org:*", "https://a.example.org"),
        ("https://*.example.org:*", "https://a.example.org:8443"),
        ("https://*.example.org.", "https://a.example.org."),
        ("http://localhost:*", "http://localhost"),
        ("http://localhost:*", "http://localhost:3000"),
        ("http://localhost:*", "http://localhost:65535"),
        ("http://*.localhost:*", "http://a.localhost:1"),
        ("https://localhost:*", "https://localhost:80"),
        ("http://127.0.0.1:*", "http://127.0.0.1:8000"),
        ("http://[::1]:*", "http://[::1]:8000"),
        ("http://[::1]", "http://[::1]"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://[::ffff:102:304]", "https://[::ffff:102:304]"),
        ("https://example.com.", "https://example.com."),
        ("https://intranet", "https://intranet"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("http://example.com:443", "http://example.com:443"),
        (
            "moz-extension://4ed7f644-c3b5-4bf1-983f-2c8718f52222",
            "moz-extension://4ed7f644-c3b5-4bf1-983f-2c8718f52222",
        ),
        (
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        ),
        (
            "safari-web-extension://E8BEA491-9B80-45DB-8B20-3E586473BD47",
            "safari-web-extension://E8BEA491-9B80-45DB-8B20-3E586473BD47",
        ),
        ("capacitor://localhost", "capacitor://localhost"),
        ("ionic://localhost", "ionic://localhost"),
        ("tauri://localhost", "tauri://localhost"),
    ):
        yield Case(f"{pattern} is {origin}", {"origins": [pattern]}, from_(origin), grants(origin))


def origins_that_do_not_match() -> Iterator[Case]:
    """Yield origins that a pattern does not match, including the mistakes of other libraries."""
    for options, hostile in (
        (
            ONE,
            (
                "",
                " ",
                "*",
                "null",
                "http://app.example.com",
                "https://app.example.com:443",
                "https://app.example.com:8443",
                "https://app.example.com/",
                "https://app.example.com.",
                "https://app.example.com.evil.test",
                "https://app.example.comevil.test",
                "https://evilapp.example.com",
                "https://app-example.com",
                "https://appxexample.com",
                "https://APP.EXAMPLE.COM",
                "HTTPS://app.example.com",
                "https://app.example.com@evil.test",
                "https://evil.test/https://app.example.com",
                "https://evil.test#https://app.example.com",
                "https://app.example.com%00.evil.test",
                "https://app.example.com, https://evil.test",
                "https://app.example.com https://evil.test",
                "//app.example.com",
                "app.example.com",
                "https:app.example.com",
                "https://example.com",
                "file://",
            ),
        ),
        (
            WILD,
            (
                "https://example.org",
                "https://.example.org",
                "https://a..example.org",
                "https://aexample.org",
                "https://a.example.org.",
                "https://a.example.org.evil.test",
                "https://evil.test/.example.org",
                "https://evil.test?.example.org",
                "https://evil.test#.example.org",
                "https://evil.test:443.example.org",
                "https://evil.test\\.example.org",
                "https://evil.test@a.example.org",
                "https://evil.test%2f.example.org",
                "https://evil.test{.example.org",
                "https://evil.test`.example.org",
                "https://[.example.org",
                "https://[::1].example.org",
                "https://*.example.org",
                "https://a.EXAMPLE.org",
                "https://A.example.org",
                "https://a.example.org:8443",
                "https://a.example.org:443",
                "https://a.example.org:",
                "http://a.example.org",
                "moz-extension://a.example.org",
                f"https://{'a' * 64}.example.org",
                f"https://{'a.' * 122}example.org",
                f"https://{'a.' * 4000}example.org",
                "https://\xfcml.example.org",
                "null",
            ),
        ),
        (
            PORTS,
            (
                "http://localhost:80",
                "http://localhost:0",
                "http://localhost:00",
                "http://localhost:08",
                "http://localhost:65536",
                "http://localhost:999999",
                "http://localhost:*",
                "http://localhost:",
                "http://localhost:80a",
                "http://localhost:-1",
                "http://localhost:\xb2",
                "http://localhost:8000/",
                "http://localhost:8000@evil.test",
                "https://localhost",
                "http://localhost.evil.test",
                "http://a.localhost:8000",
            ),
        ),
        (
            {"origins": ["http://127.0.0.1:*", "http://[::1]:*"]},
            (
                "http://127.1:8000",
                "http://127.0.0.01:8000",
                "http://0x7f.0.0.1:8000",
                "http://2130706433",
                "http://127.0.0.1.:8000",
                "http://[0:0:0:0:0:0:0:1]:8000",
                "http://[::01]:8000",
                "http://::1:8000",
                "http://[::1:8000",
                "http://[::1%25lo]:8000",
            ),
        ),
    ):
        for origin in hostile:
            yield Case(
                f"{options['origins']} is not {origin[:60]!r} ({len(origin)})",
                options,
                from_(origin),
                REFUSES,
            )


def preflights() -> Iterator[Case]:
    """Yield preflights (https://fetch.spec.whatwg.org/#cors-preflight-fetch)."""

    def row(
        name: str,
        options: Options,
        request: Pairs,
        expected: Mapping[str, str] | None = None,
        method: str = "OPTIONS",
    ) -> Case:
        # Without expected headers, the preflight is refused.
        if expected is None:
            return Case(name, options, request, REFUSES_PREFLIGHT, method, status=403, ran=False)
        return Case(name, options, request, expected, method, status=204, ran=False)

    yield row("defaults", ONE, asking(), admits())
    yield row("defaults, any origin", ANY, asking(EVIL), admits("*"))
    yield row("defaults, any origin, null", ANY, asking("null"), admits("*"))
    yield row("another origin", ONE, asking(EVIL))
    yield row("null", ONE, asking("null"))
    yield row("an empty origin", ONE, asking(""))
    yield row("an over-long origin", ONE, asking("https://" + "a" * 8000))
    yield row("a pattern", WILD, asking("https://a.example.org"), admits("https://a.example.org"))
    yield row("a pattern, another origin", WILD, asking(EVIL))
    yield row(
        "credentials: methods and headers are echoed",
        {**CREDENTIALS, "methods": "*"},
        asking(APP, "CHICKEN", "x-a,x-b"),
        admits(methods="CHICKEN", headers="x-a,x-b", Allow_Credentials="true"),
    )
    yield row(
        "credentials: no headers asked for",
        CREDENTIALS,
        asking(),
        admits(headers=None, Allow_Credentials="true"),
    )

    # Methods.
    put = {**ONE, "methods": ["GET", "PUT"]}
    yield row("methods: listed", put, asking(), admits(methods="GET, PUT"))
    yield row("methods: not listed", put, asking(APP, "DELETE"))
    for safe in ("GET", "HEAD", "POST"):
        yield row(
            f"methods: {safe} is safelisted", put, asking(APP, safe), admits(methods="GET, PUT")
        )
        only = {**ONE, "methods": ["PUT"]}
        yield row(
            f"methods: {safe} needs no listing", only, asking(APP, safe), admits(methods="PUT")
        )
    for wrong in ("put", "Put", "PUT ", " PUT", "PU", "PUTT", "", "*", "GET, PUT", "P\xdcT"):
        yield row(f"methods: {wrong!r} is not PUT", put, asking(APP, wrong))
    yield row(
        "methods: normalized when listed",
        {**ONE, "methods": ["get", "put", "Delete"]},
        asking(),
        admits(methods="GET, PUT, DELETE"),
    )
    yield row(
        "methods: duplicates are removed",
        {**ONE, "methods": ["PUT", "put", "GET"]},
        asking(),
        admits(methods="PUT, GET"),
    )
    yield row(
        "methods: a string is one", {**ONE, "methods": "PUT"}, asking(), admits(methods="PUT")
    )
    yield row("methods: none", {**ONE, "methods": []}, asking(APP, "POST"), admits(methods=None))
    yield row("methods: none, and PUT", {**ONE, "methods": []}, asking())
    yield row(
        "methods: custom ones are case-sensitive",
        {**ONE, "methods": ["Chicken"]},
        asking(APP, "Chicken"),
        admits(methods="Chicken"),
    )
    yield row("methods: another case", {**ONE, "methods": ["Chicken"]}, asking(APP, "CHICKEN"))
    any_method = {**ONE, "methods": "*"}
    yield row("methods: any", any_method, asking(APP, "CHICKEN"), admits(methods="*"))
    yield row("methods: any, in a list", {**ONE, "methods": ["*"]}, asking(), admits(methods="*"))
    for forbidden in ("CONNECT", "TRACE", "TRACK", "trace"):
        yield row(f"methods: any is not {forbidden}", any_method, asking(APP, forbidden))
    for no_token in ("", "A B", "PUT,", "\xdcBER", "M" * 65):
        yield row(f"methods: any is not {no_token[:9]!r}", any_method, asking(APP, no_token))
    yield row("methods: the default has no OPTIONS", ONE, asking(APP, "OPTIONS"))
    yield row("methods: the default has QUERY", ONE, asking(APP, "QUERY"), admits())
    yield row("methods: 'query' is not QUERY", ONE, asking(APP, "query"))

    # Headers.
    listed = {**ONE, "allow_headers": ["X-Token", "Content-Type"]}
    answer = admits(headers="X-Token, Content-Type")
    yield row("headers: none asked for", listed, asking(), answer)
    for asked in (
        "",
        "x-token",
        "content-type,x-token",
        "x-token,content-type",
        "X-TOKEN, Content-Type",
        " x-token ,\tcontent-type ",
        ",x-token,,,content-type,",
        "x-token,x-token",
        ",",
        " ",
        ", ," * 4,
    ):
        yield row(f"headers: {asked!r}", listed, asking(APP, "PUT", asked), answer)
    for asked in (
        "x-other",
        "x-token,x-other",
        "x-token x-other",
        "x-token;content-type",
        "x-toke",
        "x-token2",
        "*",
        "x-\xfcber",
        "\u212a".encode().decode("latin-1"),
        "x-token\x0b",
        "authorization",
        "," * 100,
        "x-token," * 100,
        "," * 8192,
        "x-token" * 1000,
    ):
        yield row(f"headers: not {asked[:20]!r} ({len(asked)})", listed, asking(APP, "PUT", asked))
    yield row(
        "headers: on several lines",
        listed,
        asking(APP, "PUT", "x-token", ("Access-Control-Request-Headers", "content-type")),
        answer,
    )
    yield row(
        "headers: a string is one name, and not its letters",
        {**ONE, "allow_headers": "X-Token"},
        asking(APP, "PUT", "x-token"),
        admits(headers="X-Token"),
    )
    yield row(
        "headers: a string is one name, and not a part of it",
        {**ONE, "allow_headers": "X-Token"},
        asking(APP, "PUT", "token"),
    )
    yield row(
        "headers: duplicates in another case are removed",
        {**ONE, "allow_headers": ["X-A", "x-a", "X-B"]},
        asking(),
        admits(headers="X-A, X-B"),
    )
    none = {**ONE, "allow_headers": []}
    yield row("headers: none allowed, none asked for", none, asking(), admits(headers=None))
    yield row("headers: none allowed, one asked for", none, asking(APP, "PUT", "x-a"))
    for asked in ("authorization", "x-a,x-b", "*", "," * 8192, "no token"):
        yield row(f"headers: any, {asked[:9]!r}", ONE, asking(APP, "PUT", asked), admits())
    for asked, echoed in (
        ("authorization,x-a", "authorization,x-a"),
        ("X-A, X-B", "x-a,x-b"),
        ("x-a,,x-a, x-b ", "x-a,x-b"),
        ("*", "*"),
        ("x" * 1024, "x" * 1024),
    ):
        yield row(
            f"headers: any, with credentials, {asked[:20]!r}",
            CREDENTIALS,
            asking(APP, "PUT", asked),
            admits(headers=echoed, Allow_Credentials="true"),
        )
    yield row(
        "headers: any, with credentials, nothing but commas",
        CREDENTIALS,
        asking(APP, "PUT", ",,"),
        admits(headers=None, Allow_Credentials="true"),
    )
    for asked in ("x a", "x-a;x-b", "x-\xfc", '"x"', "x" * 1025, "x," * 200):
        yield row(
            f"headers: any, with credentials, not {asked[:9]!r}",
            CREDENTIALS,
            asking(APP, "PUT", asked),
        )

    # Max-age, exposed headers, private networks.
    for age, text in ((0, "0"), (1, "1"), (86400, "86400"), (None, None)):
        yield row(f"max_age: {age}", {**ONE, "max_age": age}, asking(), admits(max_age=text))
    yield row(
        "exposed headers are not the preflight's",
        {**ONE, "expose_headers": ["X-A"]},
        asking(),
        admits(),
    )
    # Browsers no longer send it.
    private = ("Access-Control-Request-Private-Network", "true")
    yield row("private network: ignored", ONE, asking(APP, "PUT", None, private), admits())


def no_preflights() -> Iterator[Case]:
    """Yield requests that look like a preflight, but reach the application."""
    method_only = [("Access-Control-Request-Method", "PUT")]
    options = {"vary": PREFLIGHT_VARY}
    yield Case("OPTIONS without both", ONE, (), REFUSES_PREFLIGHT, "OPTIONS")
    yield Case("OPTIONS without method", ONE, from_(APP), grants(**options), "OPTIONS")
    yield Case("OPTIONS without method, refused", ONE, from_(EVIL), REFUSES_PREFLIGHT, "OPTIONS")
    yield Case("OPTIONS without origin", ONE, method_only, REFUSES_PREFLIGHT, "OPTIONS")
    for method in ("GET", "POST"):
        yield Case(f"{method} with both", ONE, asking(), grants(), method)
    for name, request in (("method", from_(APP)), ("origin", method_only), ("both", ())):
        expected = grants("*", **options)
        yield Case(f"OPTIONS without {name}, any", ANY, request, expected, "OPTIONS")
    yield Case(
        "OPTIONS without method, credentials",
        CREDENTIALS,
        from_(APP),
        grants(**options, Allow_Credentials="true"),
        "OPTIONS",
    )
    for status in (204, 405, 500):
        for policy, request, expected in (
            (ONE, (), REFUSES_PREFLIGHT),
            (ONE, from_(APP), grants(**options)),
            (ONE, from_(EVIL), REFUSES_PREFLIGHT),
            (ANY, from_(EVIL), grants("*", **options)),
        ):
            yield Case(
                f"OPTIONS with {status}: {policy['origins']}, {dict(request)}",
                policy,
                request,
                expected,
                "OPTIONS",
                status=status,
                app_status=status,
            )
    for own, merged in (
        ("Origin, Cookie", f"Origin, Cookie, {PREFLIGHT_VARY.removeprefix('Origin, ')}"),
        ("Accept", f"Accept, {PREFLIGHT_VARY}"),
        ("*", "*"),
    ):
        yield Case(
            f"OPTIONS with Vary: {own}",
            ONE,
            from_(APP),
            grants(vary=merged),
            "OPTIONS",
            sends=[("Vary", own)],
        )
    yield Case(
        "OPTIONS without method, resources",
        ONE,
        from_("https://api.test"),
        grants("https://api.test", **options),
        "OPTIONS",
        "/api/x",
        resources=RESOURCES,
    )
    yield Case(
        "OPTIONS without a policy",
        ONE,
        from_(APP),
        {},
        "OPTIONS",
        "/api/admin",
        resources=RESOURCES,
    )


def response_headers() -> Iterator[Case]:
    """Yield responses of the application whose headers are changed.

    https://fetch.spec.whatwg.org/#http-access-control-expose-headers, and
    https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5
    """
    exposing = {**ONE, "expose_headers": ["X-A", "X-B"]}
    expose = grants(Expose_Headers="X-A, X-B")
    yield Case("expose: allowed", exposing, from_(APP), expose)
    yield Case("expose: refused", exposing, from_(EVIL), REFUSES)
    yield Case("expose: no Origin", exposing, (), REFUSES)
    yield Case(
        "expose: any origin, no Origin",
        {**ANY, "expose_headers": "X-A"},
        (),
        grants("*", None, Expose_Headers="X-A"),
    )
    yield Case(
        "expose: any",
        {**ANY, "expose_headers": "*"},
        from_(APP),
        grants("*", None, Expose_Headers="*"),
    )
    for own, united in (
        ("X-C", "X-A, X-B, X-C"),
        ("x-a", "X-A, X-B"),
        ("X-C, x-c,, X-D ,", "X-A, X-B, X-C, X-D"),
        ("", "X-A, X-B"),
        ("not a token, X-C", "X-A, X-B, X-C"),
        ("*", "X-A, X-B, *"),
    ):
        yield Case(
            f"expose: merged with {own!r}",
            exposing,
            from_(APP),
            grants(Expose_Headers=united),
            sends=[("Access-Control-Expose-Headers", own)],
        )
    yield Case(
        "expose: merged with two lines",
        exposing,
        from_(APP),
        grants(Expose_Headers="X-A, X-B, X-C, X-D"),
        sends=[
            ("access-control-expose-headers", "X-C"),
            ("Access-Control-Expose-Headers", "X-D"),
        ],
    )
    own_expose = [("Access-Control-Expose-Headers", "X-C")]
    yield Case(
        "expose: only its own", ONE, from_(APP), grants(Expose_Headers="X-C"), sends=own_expose
    )
    yield Case("expose: not if refused", ONE, from_(EVIL), REFUSES, sends=own_expose)
    yield Case(
        "expose: no wildcard with credentials",
        CREDENTIALS,
        from_(APP),
        grants(Allow_Credentials="true", Expose_Headers="X-C"),
        sends=[("Access-Control-Expose-Headers", "*, X-C")],
    )
    yield Case(
        "expose: nothing remains",
        CREDENTIALS,
        from_(APP),
        grants(Allow_Credentials="true"),
        sends=[("Access-Control-Expose-Headers", "*")],
    )

    for own, merged in (
        ("Accept", "Accept, Origin"),
        ("Accept, Cookie", "Accept, Cookie, Origin"),
        ("Origin", "Origin"),
        ("origin", "origin"),
        ("Accept,ORIGIN", "Accept,ORIGIN"),
        ("*", "*"),
        ("Accept, *", "Accept, *"),
        ("", "Origin"),
        ("Accept,", "Accept, Origin"),
        ("X-Origin", "X-Origin, Origin"),
        ("Origin-Agent", "Origin-Agent, Origin"),
        ("X*", "X*, Origin"),
    ):
        for origin, headers in ((APP, grants(vary=merged)), (EVIL, {"Vary": merged})):
            yield Case(
                f"vary: {own!r} for {origin}", ONE, from_(origin), headers, sends=[("Vary", own)]
            )
    yield Case("vary: no Origin", ONE, (), {"Vary": "Accept, Origin"}, sends=[("vary", "Accept")])
    yield Case(
        "vary: two lines become one",
        ONE,
        from_(APP),
        grants(vary="Accept, Cookie, Origin"),
        sends=[("Vary", "Accept"), ("X-Between", "1"), ("VARY", "Cookie")],
    )
    yield Case(
        "vary: any origin adds nothing",
        ANY,
        from_(APP),
        grants("*", "Accept"),
        sends=[("Vary", "Accept")],
    )

    stray = [
        ("Access-Control-Allow-Origin", "*"),
        ("access-control-allow-credentials", "true"),
        ("ACCESS-CONTROL-ALLOW-METHODS", "*"),
        ("Access-Control-Allow-Headers", "*"),
        ("Access-Control-Max-Age", "9"),
        ("Access-Control-Allow-Private-Network", "true"),
    ]
    yield Case("the application's: replaced", ONE, from_(APP), grants(), sends=stray)
    yield Case("the application's: dropped", ONE, from_(EVIL), REFUSES, sends=stray)
    yield Case("the application's: any", ANY, from_(APP), grants("*", None), sends=stray)
    yield Case("the application's: any, no Origin", ANY, (), grants("*", None), sends=stray)
    for named in (APP, EVIL, "null", "", "https://a.example, https://b.example"):
        for request in (from_(APP), ()):
            yield Case(
                f"the application's: {named!r} is not widened, {len(request)} Origin",
                {**ANY, "expose_headers": "X-A"},
                request,
                grants(named, None, Expose_Headers="X-A, X-C"),
                sends=[
                    ("access-control-allow-origin", named),
                    ("Access-Control-Allow-Credentials", "true"),
                    ("Access-Control-Expose-Headers", "X-C"),
                ],
            )
    yield Case(
        "the application's: not widened, nothing exposed",
        ANY,
        from_(EVIL),
        grants(APP, "Origin"),
        sends=[("Access-Control-Allow-Origin", APP), ("Vary", "Origin")],
    )
    yield Case(
        "the application's: OPTIONS without a preflight's headers",
        ONE,
        from_(EVIL),
        REFUSES_PREFLIGHT,
        "OPTIONS",
        sends=stray,
    )
    yield Case(
        "the application's: twice",
        ONE,
        from_(APP),
        grants(),
        sends=[("Access-Control-Allow-Origin", APP), ("Access-Control-Allow-Origin", EVIL)],
    )
    yield Case(
        "the application's: not a CORS request",
        ONE,
        (),
        {"Access-Control-Allow-Origin": "*", "Vary": "Origin"},
        sends=[("Access-Control-Allow-Origin", "*")],
    )


RESOURCES: Mapping[str, Options | None] = {
    "/api/*": {"origins": "https://api.test"},
    "/api/admin/*": None,
    "/api/admin/health": {"origins": "*"},
    "/caf\xe9/*": {"origins": "https://cafe.test"},
    "/exact": {"origins": "https://exact.test"},
}


def paths() -> Iterator[Case]:
    """Yield requests for paths with different policies."""
    api, cafe, exact = (grants(f"https://{name}.test") for name in ("api", "cafe", "exact"))
    for path, origin, expected in (
        ("/api", "https://api.test", api),
        ("/api/", "https://api.test", api),
        ("/api/x", "https://api.test", api),
        ("/api/x/y", "https://api.test", api),
        ("/api/x", APP, REFUSES),
        ("/apikeys", "https://api.test", REFUSES),
        ("/apikeys", APP, grants()),
        ("/API/x", "https://api.test", REFUSES),
        ("/API/x", APP, grants()),
        ("/api/admin", "https://api.test", {}),
        ("/api/admin/x", "https://api.test", {}),
        ("/api/adminx", "https://api.test", api),
        ("/api/admin/health", EVIL, grants("*", None)),
        ("/api/admin/health/", EVIL, {}),
        ("/exact", "https://exact.test", exact),
        ("/exact/", "https://exact.test", REFUSES),
        ("/exact/x", APP, grants()),
        ("/", APP, grants()),
        ("/x/api/y", APP, grants()),
        ("/caf%C3%A9", "https://cafe.test", cafe),
        ("/caf%C3%A9/x", "https://cafe.test", cafe),
        ("/caf%E9/x", APP, grants()),
        ("/api+x", APP, grants()),
        ("/api%2Bx", APP, grants()),
        ("/api%252Fx", APP, grants()),
        ("/%2561pi/x", APP, grants()),
    ):
        yield Case(
            f"resources: {path} of {origin}",
            ONE,
            from_(origin),
            expected,
            path=path,
            resources=RESOURCES,
        )
    yield Case(
        "resources: a preflight",
        ONE,
        asking("https://api.test"),
        admits("https://api.test"),
        "OPTIONS",
        "/api/x",
        status=204,
        ran=False,
        resources=RESOURCES,
    )
    yield Case(
        "resources: a preflight, refused",
        ONE,
        asking(),
        REFUSES_PREFLIGHT,
        "OPTIONS",
        "/api/x",
        status=403,
        ran=False,
        resources=RESOURCES,
    )
    own = [("Access-Control-Allow-Origin", "https://own.test"), ("Vary", "Cookie")]
    yield Case(
        "resources: None leaves a preflight to the application",
        ONE,
        asking(),
        dict(own),
        "OPTIONS",
        "/api/admin",
        sends=own,
        resources=RESOURCES,
    )
    yield Case(
        "resources: None leaves everything to the application",
        ONE,
        from_(APP),
        dict(own),
        path="/api/admin",
        sends=own,
        resources=RESOURCES,
    )
    yield Case("resources: nothing else has a policy", None, from_(APP), {}, resources=RESOURCES)
    yield Case(
        "resources: everything",
        None,
        from_(APP),
        grants(),
        path="/any/where",
        resources={"/*": ONE},
    )
    yield Case(
        "resources: the root alone", None, from_(APP), grants(), path="/", resources={"/": ONE}
    )
    yield Case(
        "resources: nothing but the root", None, from_(APP), {}, path="/x", resources={"/": ONE}
    )


def harmless_options() -> Iterator[Case]:
    """Options that cause warnings, and are ignored or adjusted."""
    # django-cors-headers documented a list with three of them for years.
    documented = ["accept", "accept-encoding", "authorization", "dnt", "origin", "x-csrftoken"]
    yield warned(
        "headers that scripts cannot set",
        {**CREDENTIALS, "allow_headers": documented},
        asking(APP, "PUT", "authorization,x-csrftoken"),
        admits(headers="accept, authorization, x-csrftoken", Allow_Credentials="true"),
    )
    sent = ["Content-Type", "Access-Control-Allow-Origin"]
    yield warned(
        "response headers that pages send",
        {**ONE, "allow_headers": sent},
        asking(APP, "PUT", "access-control-allow-origin,content-type"),
        admits(headers=", ".join(sent)),
    )
    exposed = {**ONE, "expose_headers": ["Set-Cookie", "X-Total", "If-Match"]}
    yield warned(
        "headers that scripts cannot read",
        exposed,
        from_(APP),
        grants(Expose_Headers="X-Total, If-Match"),
        "GET",
    )
    methods = {**ONE, "methods": ["GET", "TRACE", "PUT"]}
    yield warned("methods that scripts cannot send", methods, asking(), admits(methods="GET, PUT"))
    for option, entries, answer in (
        ("methods", ["PATCH", "*"], admits(methods="*")),
        ("allow_headers", ["X-A", "*"], admits()),
    ):
        yield warned(f"{option}: entries beside *", {**ONE, option: entries}, asking(), answer)
    any_origin = {"origins": [APP, "*"]}
    yield warned("origins: entries beside *", any_origin, from_(EVIL), grants("*", None), "GET")
    yield warned("a week", {**ONE, "max_age": 604800}, asking(), admits(max_age="86400"))


def warned(
    name: str, options: Options, request: Pairs, expected: Mapping[str, str], method: str = ""
) -> Case:
    """Return a row whose options cause warnings: about a preflight, unless it names a method."""
    status, ran = (200, True) if method else (204, False)
    return Case(
        name,
        options,
        request,
        expected,
        method or "OPTIONS",
        status=status,
        ran=ran,
    )


CASES = [
    *actual_requests(),
    *origins_that_match(),
    *origins_that_do_not_match(),
    *preflights(),
    *no_preflights(),
    *response_headers(),
    *paths(),
]

HARMLESS = [*harmless_options()]
