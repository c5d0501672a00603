"""Options: what is refused, in which words, and what is made of the rest."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import Policy, PolicyError, Problem, ProblemReason, suffixes
from corswsgi.errors import Notice
from corswsgi.names import Names
from corswsgi.origins import NO_ORIGIN, OriginMatcher
from corswsgi.policy import make_policy
from corswsgi.validation import OPTIONS, read_options

APP = "https://app.example.com"


def problems(**options: Any) -> list[tuple[str, Any, str, str | None]]:
    return [
        (problem.option, problem.value, problem.reason, problem.hint)
        for problem in read_options(options).problems
    ]


def only(**options: Any) -> Problem:
    (problem,) = read_options(options).problems
    return problem


async def asynchronous(origin: str) -> bool:
    raise NotImplementedError


class Asynchronous:
    async def __call__(self, origin: str) -> bool:
        raise NotImplementedError


ORIGINS = [
    # The value, the reason, and what the hint has to contain.
    ("https://Example.com/", "not_canonical", "'https://example.com'"),
    ("https://example.com/", "not_canonical", "'https://example.com'"),
    ("https://example.com/path?query#fragment", "not_canonical", "'https://example.com'"),
    ("HTTPS://EXAMPLE.COM", "not_canonical", "'https://example.com'"),
    ("https://example.com:443", "not_canonical", "'https://example.com'"),
    ("http://localhost:80", "not_canonical", "'http://localhost'"),
    ("https://example.com:08443", "not_canonical", "'https://example.com:8443'"),
    ("https://user:password@example.com", "not_canonical", "'https://example.com'"),
    (" https://example.com ", "not_canonical", "'https://example.com'"),
    ("https://example.com,", "not_canonical", "'https://example.com'"),
    ("example.com", "not_canonical", "'https://example.com'"),
    ("//example.com", "not_canonical", "'https://example.com'"),
    ("*.example.com", "not_canonical", "'https://*.example.com'"),
    ("https://*example.com", "not_canonical", "'https://*.example.com'"),
    ("https://*.Example.com:443/", "not_canonical", "'https://*.example.com'"),
    ("localhost", "not_canonical", "'http://localhost'"),
    ("localhost:3000", "not_canonical", "'http://localhost:3000'"),
    ("127.0.0.1:3000", "not_canonical", "'http://127.0.0.1:3000'"),
    ("localhost:*", "not_canonical", "'http://localhost:*'"),
    ("http://localhost*", "not_canonical", "'http://localhost:*'"),
    ("https://**.example.com", "not_canonical", "'https://*.example.com'"),
    ("http://localhost:*/", "not_canonical", "'http://localhost:*'"),
    ("wss://example.com", "not_canonical", "'https://example.com'"),
    ("ws://localhost:80", "not_canonical", "'http://localhost'"),
    ("https://b\xfccher.example", "not_canonical", "'https://xn--bcher-kva.example'"),
    ("https://[::0:1]", "not_canonical", "'https://[::1]'"),
    ("https://[::FFFF:1.2.3.4]:8443", "not_canonical", "'https://[::ffff:102:304]:8443'"),
    (
        r"https://.*\.example\.com",
        "not_canonical",
        "'https://*.example.com'? For a regular expression",
    ),
    (r"^https://.*\.example\.com$", "not_canonical", "'https://*.example.com'"),
    (r"^https://[a-z]+\.example\.com$", "not_canonical", "'https://*.example.com'"),
    (r"^https://(\w+)\.example\.com:8443$", "not_canonical", "'https://*.example.com:8443'"),
    (r"https://app\.example\.com", "not_canonical", "'https://app.example.com'"),
    ("https//example.com", "not_canonical", "'https://example.com'"),
    ("https:/example.com", "not_canonical", "'https://example.com'"),
    ("HTTP:example.com", "not_canonical", "'http://example.com'"),
    ("[::1]:3000", "not_canonical", "'http://[::1]:3000'"),
    ("https://B\xdcCHER.example", "not_canonical", "'https://xn--bcher-kva.example'"),
    ("https://\u4f8b\u3048.example", "not_canonical", "'https://xn--r8jz45g.example'"),
    (
        "safari-web-extension://7B39C9BA-6B7F/",
        "not_canonical",
        "'safari-web-extension://7B39C9BA-6B7F'",
    ),
    (r"https://app\d\.example\.com", "malformed_origin", "re.compile"),
    (r"https://\w\.example\.com", "malformed_origin", "re.compile"),
    (r"https://example.com\@evil.com", "malformed_origin", "re.compile"),
    (r"^https://[a-z]{2,5}\.example\.com$", "malformed_origin", "re.compile"),
    ("https://stra\xdfe.example", "malformed_origin", "window.origin"),
    ("https://\u13a0.example", "malformed_origin", "window.origin"),
    ("https://\ufb01.example", "malformed_origin", "window.origin"),
    ("https://a\u0301.example", "malformed_origin", "window.origin"),
    ("https://-\xfc-" + "\xfc" * 70 + ".example", "malformed_origin", "window.origin"),
    ("https://a..b.example", "malformed_origin", "window.origin"),
    ("https://\u2024example.com.", "malformed_origin", "window.origin"),
    ("https://" + "a" * 64 + ".example", "malformed_origin", "window.origin"),
    ("https://foo.*.example.com", "malformed_origin", r"https://foo\.[a-z0-9-]+\.example\.com"),
    ("https://*.*.example.com", "malformed_origin", "re.compile(r'https://[a-z0-9-]+"),
    ("https://*.1.2.3", "malformed_origin", "window.origin"),
    ("https://*.[::1]", "not_canonical", "'https://[::1]'"),
    ("https://*.", "malformed_origin", "window.origin"),
    ("https://*.:*", "malformed_origin", "window.origin"),
    ("https://1.2.3", "malformed_origin", "window.origin"),
    ("https://a.0x1", "malformed_origin", "window.origin"),
    ("https://0x", "malformed_origin", "window.origin"),
    ("https://a.0x", "malformed_origin", "window.origin"),
    ("https://a.1", "malformed_origin", "window.origin"),
    ("http://A.example", "not_canonical", "'http://a.example'"),
    ("http://a.example:80", "not_canonical", "'http://a.example'"),
    ("http://*.A.example:80", "not_canonical", "'http://*.a.example'"),
    ("https://[::1", "malformed_origin", "window.origin"),
    ("https://[::g]", "malformed_origin", "window.origin"),
    ("https://[1::2::3]", "malformed_origin", "window.origin"),
    ("https://example.com:65536", "malformed_origin", "window.origin"),
    ("https://example.com:0", "malformed_origin", "window.origin"),
    ("https://example.com:80:*", "not_canonical", "'https://example.com:80'"),
    ("https://*", "malformed_origin", 'origins="*"'),
    ("https://", "malformed_origin", "window.origin"),
    ("", "malformed_origin", "environment variable"),
    (" ", "malformed_origin", "environment variable"),
    (re.compile(r"example\.com"), "malformed_origin", r"did you mean r'https://example\.com'?"),
    (re.compile(r"^https://example\.com/$"), "malformed_origin", r"r'https://example\.com'?"),
    (re.compile(r"example"), "malformed_origin", "None"),
    (re.compile(r"a b"), "malformed_origin", "None"),
    (re.compile(r"https://a\.example|b"), "malformed_origin", "leave it out."),
    (
        re.compile(r"https://a\.example/.*|https://b\.example"),
        "malformed_origin",
        r"did you mean r'https://a\.example'? Otherwise leave it out.",
    ),
    (re.compile(r"(.*)*"), "slow_expression", "write one repetition"),
    (
        re.compile(r"https://([a-z0-9]+-?)+\.example\.com"),
        "slow_expression",
        r"did you mean r'https://[a-z0-9-]+\.example\.com'?",
    ),
    ("file://", "malformed_origin", "http://localhost"),
    ("https://exa\x00mple.com", "malformed_origin", "window.origin"),
    ("https://" + "a." * 200 + "example", "malformed_origin", "window.origin"),
    ("null", "null_origin", "localhost"),
    ("null, https://a.example", "malformed_origin", "window.origin"),
    ("mailto:x@example.com", "malformed_origin", "window.origin"),
    ("https://exa mple.com", "malformed_origin", "window.origin"),
    (f"{APP}, https://b.example", "several_in_one", f"['{APP}', 'https://b.example']"),
    (f"{APP}/, https://B.example/", "several_in_one", f"['{APP}', 'https://b.example']"),
    ("a, b", "malformed_origin", "window.origin"),
    ("a.example, b:81", "several_in_one", "['https://a.example', 'http://b:81']"),
    (f"{APP} https://b.example", "several_in_one", f"['{APP}', 'https://b.example']"),
    (f"{APP};https://b.example", "several_in_one", f"['{APP}', 'https://b.example']"),
    (b"https://app.example.com", "wrong_type", "origins="),
    (3, "wrong_type", "origins="),
    (None, "wrong_type", "environment variable"),
    (re.compile(b"a"), "wrong_type", "origins="),
    (asynchronous, "coroutine_function", "origin_allowed"),
    (Asynchronous(), "coroutine_function", "origin_allowed"),
]


@pytest.mark.parametrize(("value", "reason", "hint"), ORIGINS)
def test_an_origin_is_refused(value: object, reason: str, hint: str) -> None:
    (found,) = problems(origins=[APP, value])
    assert found[:3] == ("origins", value, reason)
    assert hint in str(found[3])


@pytest.mark.parametrize(("value", "reason", "hint"), ORIGINS)
def test_a_suggested_origin_is_accepted(value: object, reason: str, hint: str) -> None:
    suggested = re.findall(r"'([a-z-]+://[^']*)'", hint)
    if isinstance(value, re.Pattern):
        assert bool(suggested) == ("r'" in hint)
        for source in suggested:
            options = {"origins": re.compile(source), "supports_credentials": True}
            assert read_options(options).problems == []
        return
    expected = reason in {"not_canonical", "several_in_one"}
    assert bool(suggested) == (expected and "origins=" not in hint)
    for origin in suggested:
        assert read_options({"origins": [origin]}).problems == []


def test_a_single_origin_is_refused_like_one_of_a_list() -> None:
    assert only(origins="https://Example.com").hint == "did you mean 'https://example.com'?"
    assert only(origins=asynchronous).reason == "coroutine_function"


@pytest.mark.parametrize("value", [None, "", " ", [], (), set(), iter([])])
def test_no_origins(value: object) -> None:
    problem = only(origins=value)
    assert (problem.option, problem.reason) == ("origins", "required")


def test_origins_are_required() -> None:
    assert only().reason == "required"


@pytest.mark.parametrize("value", [3, b"https://a.example", {"https://a.example": True}, 1.5])
def test_origins_of_a_wrong_type(value: object) -> None:
    assert problems(origins=value)[0][:3] == ("origins", value, "wrong_type")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("origins", ["*", APP]),
        ("methods", ["GET", "*"]),
        ("allow_headers", ["*", "X-A"]),
        ("allow_headers", ["*", "Authorization", "X-A"]),
        ("expose_headers", ("X-A", "*", "X-B")),
        ("expose_headers", ["*", "Authorization"]),
    ],
)
def test_entries_beside_a_wildcard_are_noticed(option: str, value: object) -> None:
    read = read_options({"origins": APP, option: value})
    assert read.problems == []
    assert read.values[option] == ("*",)
    assert read.notices == [
        Notice(
            option,
            tuple(value),  # type: ignore[arg-type] # an object
            "beside_wildcard",
            "'*' already allows everything, so the other entries have no effect.",
            f'Write {option}="*", or only the other entries.',
        )
    ]


@pytest.mark.parametrize(
    "names", [["*"], ["*", "*"], ["*", "Authorization"], {"*", "authorization"}]
)
def test_authorization_beside_a_wildcard_is_as_in_the_standard(names: Any) -> None:
    read = read_options({"origins": APP, "allow_headers": names})
    assert (read.problems, read.notices) == ([], [])
    assert read.values["allow_headers"] == ("*",)


def test_entries_beside_a_wildcard_are_checked_too() -> None:
    read = read_options({"origins": ["*", "example.com", 7, "*"], "methods": ["*", "TR ACE"]})
    assert [(problem.option, problem.reason) for problem in read.problems] == [
        ("origins", "not_canonical"),
        ("origins", "wrong_type"),
        ("methods", "several_in_one"),
    ]
    assert [notice.option for notice in read.notices] == ["origins", "methods"]


def test_a_wildcard_among_origins_is_any_origin_with_credentials_too() -> None:
    found = problems(origins=[APP, "*"], supports_credentials=True)
    assert [(option, reason) for option, _, reason, _ in found] == [
        ("origins", "wildcard_with_credentials")
    ]


@pytest.mark.parametrize("option", ["methods", "allow_headers", "expose_headers"])
@pytest.mark.parametrize("name", ["X-*", "X-.*", "**", "*-A"])
def test_names_cannot_have_wildcards(option: str, name: str) -> None:
    problem = only(**{"origins": APP, option: name})
    assert (problem.option, problem.reason) == (option, "not_a_pattern")
    assert problem.hint == f'list the names, or write {option}="*".'


@pytest.mark.parametrize(
    "text", [".*", "^.*$", "https://*", "http://.*", "https?://.*", r"^https?://.+$"]
)
def test_expressions_for_any_origin(text: str) -> None:
    problem = only(origins=text)
    assert problem.hint == (
        'to allow any origin, write origins="*". It cannot be combined with supports_credentials.'
    )


@pytest.mark.parametrize(
    "text",
    ["http://localhost:[0-9]+", r"http://localhost:\d+", r"^http://localhost:\d{2,5}$"],
)
def test_expressions_for_any_port(text: str) -> None:
    problem = only(origins=text)
    assert problem.hint is not None
    assert "did you mean 'http://localhost:*'?" in problem.hint


@pytest.mark.parametrize(
    ("option", "value", "reason", "hint"),
    [
        ("methods", ["GET, PUT"], "several_in_one", 'write methods=["GET", "PUT"]'),
        ("methods", "GET PUT", "several_in_one", 'write methods=["GET", "PUT"]'),
        ("methods", ["GET, PUT", "POST"], "several_in_one", "split it: ['GET', 'PUT']"),
        ("methods", ["GETPUT", "POST"], "several_in_one", "split it: ['GET', 'PUT']"),
        ("methods", [" PUT "], "not_a_token", "'PUT'"),
        ("methods", [" TRACE "], "not_a_token", "None"),
        ("methods", " patch", "not_a_token", "'patch'"),
        ("methods", ["GET, TRACE", "PUT"], "several_in_one", "into a list"),
        ("methods", "*, GET", "several_in_one", 'write methods="*".'),
        ("methods", "GET, P@T", "not_a_token", "None"),
        ("methods", ["P@T PUT"], "not_a_token", "None"),
        ("allow_headers", "X-A, X@B", "not_a_token", "None"),
        ("expose_headers", "X:A; X-B", "not_a_token", "None"),
        ("allow_headers", " Cookie", "not_a_token", "None"),
        ("expose_headers", " Set-Cookie", "not_a_token", "None"),
        ("methods", ["P\xdcT"], "not_a_token", "None"),
        ("methods", [""], "not_a_token", 'leave it out, or write methods=["GET", "POST"].'),
        ("methods", "None", "not_a_token", 'leave it out, or write methods=["GET", "POST"].'),
        ("methods", [1], "wrong_type", 'as in methods=["GET", "POST"].'),
        ("methods", 1, "wrong_type", 'as in methods=["GET", "POST"].'),
        ("methods", b"GET", "wrong_type", 'as in methods=["GET", "POST"].'),
        ("methods", {"GET": 1}, "wrong_type", 'as in methods=["GET", "POST"].'),
        ("allow_headers", ["Content-Type, Authorization"], "several_in_one", '"Authorization"]'),
        ("allow_headers", ["Content-Type:"], "not_a_token", "None"),
        ("allow_headers", None, "wrong_type", "leave it out. Was an environment variable not"),
        ("expose_headers", ["X A"], "several_in_one", 'expose_headers=["X", "A"]'),
        ("supports_credentials", 1, "wrong_type", "write supports_credentials=True."),
        ("supports_credentials", "false", "wrong_type", "write supports_credentials=False."),
        ("supports_credentials", "maybe", "wrong_type", "'False'"),
        ("supports_credentials", None, "wrong_type", "write supports_credentials=False."),
        ("max_age", -1, "out_of_range", "0"),
        ("max_age", 1.5, "out_of_range", "did you mean 2"),
        ("max_age", timedelta(milliseconds=1), "out_of_range", "did you mean 0"),
        ("max_age", float("nan"), "out_of_range", "did you mean 600"),
        ("max_age", float("inf"), "out_of_range", "86400"),
        ("max_age", float("-inf"), "out_of_range", "did you mean 0"),
        ("max_age", True, "wrong_type", "max_age=600"),
        ("max_age", "600", "wrong_type", "max_age=600"),
        ("dangerously_allow", ["insecure_origin"], "unknown_value", "'insecure_origins'"),
        ("dangerously_allow", "everything", "unknown_value", "public_suffixes"),
        ("dangerously_allow", [1], "wrong_type", 'as in dangerously_allow=["insecure_origins"]'),
        ("dangerously_allow", None, "wrong_type", "leave it out"),
        ("orgins", APP, "unknown_option", "'origins'"),
        ("allowed_headers", "X-A", "unknown_option", "did you mean 'allow_headers'?"),
        ("max_ages", 1, "unknown_option", "'max_age'"),
        ("xyzzy", 1, "unknown_option", "origins, methods"),
    ],
)
def test_another_option_is_refused(option: str, value: object, reason: str, hint: str) -> None:
    problem = only(**{"origins": APP, option: value})
    assert (problem.option, problem.reason) == (option, reason)
    assert hint in str(problem.hint)


class Hostile:
    """A value that fails whatever is done with it."""

    def __repr__(self) -> str:
        raise LookupError

    def __eq__(self, other: object) -> bool:
        raise NotImplementedError

    __hash__ = None  # type: ignore[assignment]  # how Python spells unhashable


@pytest.mark.parametrize("option", [*OPTIONS, "unknown"])
@pytest.mark.parametrize(
    "value",
    [Hostile(), [Hostile()], 10**5000, [10**5000], {10**5000}],
    ids=["object", "list of objects", "int", "list of ints", "set of ints"],
)
def test_values_whose_repr_fails(option: str, value: object) -> None:
    for problem in problems(**{"origins": APP, option: value}):
        assert problem[0] == option


def test_an_option_that_is_also_given_under_its_name() -> None:
    problem = only(origins=APP, methods="PUT", allow_methods="PUT")
    assert problem.hint == "remove it, because methods is given, too."


def test_everything_at_once() -> None:
    found = problems(
        origin=1,
        origins=["null", "https://A.example", "http://b.example", "https://*.com"],
        methods=["TRACE", ""],
        allow_headers="Host",
        expose_headers="*",
        supports_credentials=True,
        max_age=-1,
        dangerously_allow="all",
    )
    assert [(option, reason) for option, _, reason, _ in found] == [
        ("origin", "unknown_option"),
        ("origins", "null_origin"),
        ("origins", "not_canonical"),
        ("methods", "not_a_token"),
        ("max_age", "out_of_range"),
        ("dangerously_allow", "unknown_value"),
        ("expose_headers", "wildcard_with_credentials"),
        ("origins", "insecure_origin"),
        ("origins", "public_suffix"),
    ]
    assert {reason for _, _, reason, _ in found} <= set(get_args(ProblemReason))


@pytest.mark.parametrize("method", ["patch", "Patch", "query", "qUERY"])
def test_a_method_that_fetch_does_not_normalize_is_noticed(method: str) -> None:
    read = read_options({"origins": APP, "methods": ["put", method, method.upper()]})
    assert read.values["methods"] == ("PUT", method, method.upper())
    assert read.problems == []
    upper = method.upper()
    assert read.notices == [
        Notice(
            "methods",
            method,
            "method_case",
            f"'{method}' is not the same method as '{upper}'. Methods are case-sensitive, and "
            "fetch() sends this one as it is written.",
            f"To allow '{upper}', write '{upper}', here and in the script.",
        )
    ]


@pytest.mark.parametrize("value", [True, False, None, "yes", Hostile()])
def test_allow_private_network_is_noticed_and_has_no_effect(value: object) -> None:
    read = read_options({"origins": APP, "allow_private_network": value})
    assert read.problems == []
    assert read.values.keys() == read_options({"origins": APP}).values.keys()
    (notice,) = read.notices
    assert (notice.option, notice.reason) == ("allow_private_network", "deprecated_option")
    assert notice.value is value


@pytest.mark.parametrize(
    ("options", "noticed"),
    [
        ({"origins": [APP, "https://*.example.com"]}, "https://*.example.com"),
        ({"origins": re.compile("https://a[.]test")}, re.compile("https://a[.]test")),
        ({"origins": [APP, "http://localhost:*", lambda origin: True, NO_ORIGIN]}, None),
        ({"origins": "https://*.example.com", "supports_credentials": False}, None),
        ({"origins": "https://*.com", "dangerously_allow": "public_suffixes"}, None),
    ],
)
def test_an_outdated_public_suffix_list_is_noticed_where_it_is_used(
    options: dict[str, Any], noticed: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"supports_credentials": True, **options}
    assert read_options(options).notices == []
    monkeypatch.setattr(suffixes, "_load_date", lambda: date(2023, 4, 5))
    read = read_options(options)
    assert read.problems == []
    assert read.notices == [
        Notice(
            "origins",
            noticed,
            "outdated_suffixes",
            "the public suffix list that is installed is of 2023-04-05, more than two years old. "
            "Names under newer suffixes are treated like names of one owner.",
            "Run: pip install --upgrade publicsuffixlist",
        )
    ] * (noticed is not None)


def test_reading_emits_no_warnings() -> None:
    """Warnings are errors in these tests."""
    assert read_options({"origins": APP, "methods": "patch", "allow_private_network": 1}).notices


def test_defaults() -> None:
    values = read_options({"origins": APP}).values
    assert isinstance(values.pop("origin_matcher"), OriginMatcher)
    assert values == {
        "origins": (APP,),
        "methods": None,
        "allow_headers": ("*",),
        "expose_headers": (),
        "supports_credentials": False,
        "max_age": 600,
        "dangerously_allow": frozenset(),
    }
    assert {*values, "allow_private_network"} == {*OPTIONS}


def test_names_that_are_not_strings_are_unknown() -> None:
    options: Any = {"origins": APP, 3: "x", Hostile: "y"}
    found = read_options(options).problems
    assert [problem.option for problem in found] == ["3", repr(Hostile)]
    assert {problem.reason for problem in found} == {"unknown_option"}


def test_the_matcher_of_no_origin_is_empty() -> None:
    matcher: OriginMatcher = read_options({"origins": NO_ORIGIN}).values["origin_matcher"]
    assert matcher.only_exact
    assert not matcher.exact


def test_messages_about_expressions() -> None:
    dead = only(origins=re.compile(r"a|https://b\.example|c|d"))
    assert dead.message == (
        r"the alternative 'a' of the expression 'a|https://b\\.example|c|d' matches no origin. "
        "Each alternative has to match the whole origin, scheme://host[:port], as browsers send "
        "it. The same is true of 'c' and 'd'."
    )
    slow = only(origins=re.compile("(.*)*"))
    assert slow.message == (
        "the expression '(.*)*' can take seconds to match one origin, because its repetitions can "
        "divide the same text in many ways. Any client can send such an origin."
    )
    assert slow.hint == "write one repetition, such as [a-z0-9-]+, or list origin patterns."
    empty = only(origins=re.compile("null"))
    assert empty.message == (
        "the expression 'null' matches no origin. It has to match the whole origin, "
        "scheme://host[:port], as browsers send it."
    )
    assert empty.hint is None


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        (
            {},
            (
                "no origins are given, so all of them would be refused. Was an environment "
                "variable not set?"
            ),
            (
                'list them, as in origins=["https://app.example.com"]. For a public API, write '
                'origins="*".'
            ),
        ),
        (
            {"origins": "https://a..b"},
            (
                "'https://a..b' is not a valid origin pattern. Write scheme://host or "
                "scheme://host:port, where the host may start with '*.' and the port may be '*'."
            ),
            (
                "enter window.origin in the browser's console to see the origin of a page. For a "
                "regular expression, use re.compile(...)."
            ),
        ),
        (
            {"origins": 3},
            "3 is of type int; expected a string or a list of strings.",
            'as in origins=["https://app.example.com"].',
        ),
        (
            {"origins": [3]},
            (
                "3 is of type int; expected an origin pattern, a compiled regular expression for "
                "str, or a callable."
            ),
            'as in origins=["https://app.example.com"].',
        ),
        (
            {"origins": APP, "max_age": "600"},
            "'600' is of type str; expected whole seconds, a timedelta or None.",
            (
                "write max_age=600. To read it from an environment variable, write "
                'max_age=int(os.environ["CORS_MAX_AGE"]).'
            ),
        ),
        (
            {"origins": APP, "max_age": "600s"},
            "'600s' is of type str; expected whole seconds, a timedelta or None.",
            "as in max_age=600; 0 turns the cache off, None leaves the header out.",
        ),
        (
            {"origins": APP, "supports_credentials": "no"},
            "'no' is of type str; expected True or False.",
            (
                "write supports_credentials=False. To read it from an environment variable, write "
                'supports_credentials=os.environ.get("CORS_SUPPORTS_CREDENTIALS", "false").lower() '
                'in ("1", "true", "yes", "on").'
            ),
        ),
        (
            {"origins": APP, "supports_credentials": "maybe"},
            "'maybe' is of type str; expected True or False.",
            "write supports_credentials=True, or leave it out. (The string 'False' would be true.)",
        ),
        (
            {"origins": APP, "methods": "GE T/"},
            (
                "'GE T/' is not a valid HTTP token "
                "(https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)."
            ),
            None,
        ),
        (
            {"origin": APP, "origins": APP},
            "there is no such option.",
            "did you mean 'origins'?",
        ),
    ],
)
def test_messages(options: dict[str, Any], message: str, hint: str | None) -> None:
    problem = only(**options)
    assert (problem.message, problem.hint) == (message, hint)


def test_options_are_normalized() -> None:
    read = read_options(
        {
            "origins": (origin for origin in [APP]),
            "methods": ("get", "GET", "Chicken"),
            "allow_headers": ["X-A", "x-a"],
            "expose_headers": {"X-B", "X-A"},
            "max_age": timedelta(minutes=2),
        }
    )
    assert read.problems == []
    assert read.values["origins"] == (APP,)
    assert read.values["methods"] == ("GET", "Chicken")
    assert read.values["allow_headers"] == ("X-A",)
    assert read.values["expose_headers"] == ("X-A", "X-B"), "sets are sorted"
    assert read.values["max_age"] == 120
    max_age = read_options({"origins": APP, "max_age": 60.0}).values["max_age"]
    assert (max_age, type(max_age)) == (60, int)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.sets(st.text()),
)


HEADERS = st.lists(st.sampled_from(["PUT", "X-A", "x-b", "*"]), unique=True)


VALUES = {
    "origins": st.sampled_from(["*", APP, [APP, "https://*.example.org"], {APP}]),
    "methods": HEADERS,
    "allow_headers": HEADERS,
    "expose_headers": HEADERS,
    "supports_credentials": st.booleans(),
    "max_age": st.none() | st.integers(0, 86400),
    "allow_private_network": st.booleans(),
    "dangerously_allow": st.sampled_from([[], "insecure_origins"]),
}


@given(
    st.fixed_dictionaries({}, optional=VALUES)
    | st.fixed_dictionaries(
        {}, optional={name: values | ANYTHING for name, values in VALUES.items()}
    )
    | st.dictionaries(st.sampled_from([*OPTIONS]) | st.text(), ANYTHING)
)
def test_no_options_raise_anything_else(options: dict[str, Any]) -> None:
    try:
        policy = make_policy(options)
    except PolicyError as error:
        assert error.problems
        assert str(error)
        assert {problem.reason for problem in error.problems} <= {*get_args(ProblemReason)}
    else:
        assert make_policy(options) == policy
        assert repr(policy)


@given(st.text())
def test_any_suggested_origin_is_accepted(text: str) -> None:
    for problem in read_options({"origins": [f"https://{text}"]}).problems:
        suggested = re.fullmatch("did you mean '([^']*)'\\?", problem.hint or "")
        if suggested:
            assert read_options({"origins": suggested[1]}).problems == []


HARMLESS = [
    # The option, the value, the reason, what is kept, and what the hint has to contain.
    ("methods", ["CONNECT", "GET"], "forbidden_method", ("GET",), "Remove it."),
    ("methods", ["trace"], "forbidden_method", (), "Remove it."),
    ("methods", ["TRACK"], "forbidden_method", (), "Remove it."),
    ("allow_headers", ["Cookie"], "forbidden_header", (), "To allow cookies, use supports_cred"),
    ("allow_headers", ["host", "X-A"], "forbidden_header", ("X-A",), "Remove it."),
    ("allow_headers", ["Sec-Fetch-Mode"], "forbidden_header", (), "Remove it."),
    ("allow_headers", ["Proxy-Authorization"], "forbidden_header", (), "Remove it."),
    ("allow_headers", ["Origin"], "forbidden_header", (), "Remove it."),
    ("allow_headers", ["dnt"], "forbidden_header", (), "Remove it."),
    ("allow_headers", ["accept-encoding"], "forbidden_header", (), "Remove it."),
    ("allow_headers", ["Access-Control-Request-Method"], "forbidden_header", (), "Remove it."),
    *(
        ("allow_headers", [name], "wrong_direction", (name,), "in the script that sets it.")
        for name in ("Access-Control-Allow-Origin", "access-control-expose-headers")
    ),
    ("allow_headers", ["ETag"], "wrong_direction", ("ETag",), "Did you mean expose_headers?"),
    ("expose_headers", ["Set-Cookie"], "forbidden_header", (), "Remove it."),
    ("expose_headers", ["X-A", "set-cookie2"], "forbidden_header", ("X-A",), "Remove it."),
    ("expose_headers", ["Origin"], "wrong_direction", ("Origin",), "Remove it. Browsers"),
    ("expose_headers", ["If-Match"], "wrong_direction", ("If-Match",), "mean allow_headers?"),
    ("max_age", 86401, "long_max_age", 86400, "Write max_age=86400."),
    ("max_age", timedelta(days=2), "long_max_age", 86400, "Write max_age=86400."),
    ("max_age", 10**400, "long_max_age", 86400, "Write max_age=86400."),
    ("max_age", 1e9 + 0.5, "long_max_age", 86400, "Write max_age=86400."),
]


@pytest.mark.parametrize(("option", "value", "reason", "kept", "hint"), HARMLESS)
def test_a_harmless_value_is_noticed(
    option: str, value: object, reason: str, kept: object, hint: str
) -> None:
    read = read_options({"origins": APP, option: value})
    assert read.problems == []
    assert read.values[option] == kept
    (notice,) = read.notices
    assert (notice.option, notice.reason) == (option, reason)
    assert hint in str(notice.hint)


@pytest.mark.parametrize(("option", "value", "reason", "kept", "hint"), HARMLESS)
def test_a_policy_that_is_replaced_does_not_repeat_the_warning(
    option: str, value: object, reason: str, kept: object, hint: str
) -> None:
    del reason
    options: dict[str, Any] = {"origins": APP, option: value}
    with pytest.warns(UserWarning, match=re.escape(hint)) as warned:
        policy = Policy(**options)
    assert [warning.filename for warning in warned] == [__file__]
    assert getattr(policy.replace(origins="*"), option) == kept
    assert getattr(policy.replace(supports_credentials=True), option) == kept


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"methods": "trace"},
            (
                "'trace' is a method that scripts cannot send "
                "(https://fetch.spec.whatwg.org/#forbidden-method), so it is ignored."
            ),
        ),
        (
            {"allow_headers": "Cookie"},
            (
                "'Cookie' is a header that scripts cannot set "
                "(https://fetch.spec.whatwg.org/#forbidden-request-header), so it is ignored."
            ),
        ),
        (
            {"expose_headers": "Set-Cookie"},
            (
                "'Set-Cookie' is a header that scripts cannot read "
                "(https://fetch.spec.whatwg.org/#forbidden-response-header-name), so it is ignored."
            ),
        ),
        (
            {"allow_headers": "Access-Control-Allow-Origin"},
            (
                "'Access-Control-Allow-Origin' is a response header. Some pages send it by "
                "mistake, and are allowed to."
            ),
        ),
        (
            {"expose_headers": "If-Match"},
            "'If-Match' is a request header, but expose_headers is for response headers.",
        ),
        (
            {"allow_headers": "ETag"},
            "'ETag' is a response header, but allow_headers is for request headers.",
        ),
        (
            {"max_age": 604800},
            (
                "604800 is longer than a day. Browsers do not cache preflights for longer, so "
                "86400 is sent."
            ),
        ),
    ],
)
def test_messages_about_harmless_values(options: dict[str, Any], message: str) -> None:
    (notice,) = read_options({"origins": APP, **options}).notices
    assert notice.message == message


_URL = "https://fetch.spec.whatwg.org/#forbidden"


@pytest.mark.parametrize(
    ("option", "value", "kept", "expected"),
    [
        (
            "methods",
            ["CONNECT", "trace", "GET", "trace"],
            ("GET",),
            [
                (
                    ("CONNECT", "trace"),
                    "forbidden_method",
                    (
                        "'CONNECT' and 'trace' are methods that scripts cannot send "
                        f"({_URL}-method), so they are ignored."
                    ),
                    "Remove them.",
                )
            ],
        ),
        (
            "allow_headers",
            ["accept-encoding", "ETag", "dnt", "Vary", "Cookie", "Access-Control-Allow-Origin"],
            ("ETag", "Vary", "Access-Control-Allow-Origin"),
            [
                (
                    ("accept-encoding", "dnt", "Cookie"),
                    "forbidden_header",
                    (
                        "'accept-encoding', 'dnt' and 'Cookie' are headers that scripts cannot set "
                        f"({_URL}-request-header), so they are ignored."
                    ),
                    "Remove them. To allow cookies, use supports_credentials.",
                ),
                (
                    "Access-Control-Allow-Origin",
                    "wrong_direction",
                    (
                        "'Access-Control-Allow-Origin' is a response header. Some pages send it by "
                        "mistake, and are allowed to."
                    ),
                    "Remove it here and in the script that sets it.",
                ),
                (
                    ("ETag", "Vary"),
                    "wrong_direction",
                    (
                        "'ETag' and 'Vary' are response headers, but allow_headers is for request "
                        "headers."
                    ),
                    "Did you mean expose_headers? Otherwise remove them.",
                ),
            ],
        ),
        (
            "expose_headers",
            ["Origin", "Set-Cookie", "If-Match", "Host", "Set-Cookie2"],
            ("Origin", "If-Match", "Host"),
            [
                (
                    ("Set-Cookie", "Set-Cookie2"),
                    "forbidden_header",
                    (
                        "'Set-Cookie' and 'Set-Cookie2' are headers that scripts cannot read "
                        f"({_URL}-response-header-name), so they are ignored."
                    ),
                    "Remove them. Browsers store cookies without the help of scripts.",
                ),
                (
                    "If-Match",
                    "wrong_direction",
                    "'If-Match' is a request header, but expose_headers is for response headers.",
                    "Did you mean allow_headers? Otherwise remove it.",
                ),
                (
                    ("Origin", "Host"),
                    "wrong_direction",
                    (
                        "'Origin' and 'Host' are request headers, but expose_headers is for "
                        "response headers."
                    ),
                    "Remove them. Browsers handle them themselves.",
                ),
            ],
        ),
    ],
)
def test_one_notice_for_all_names_with_the_same_reason(
    option: str, value: list[str], kept: object, expected: list[tuple[object, str, str, str]]
) -> None:
    read = read_options({"origins": APP, option: value})
    assert read.values[option] == kept
    assert [each.option for each in read.notices] == [option] * len(expected)
    found = [(each.value, each.reason, each.message, each.hint) for each in read.notices]
    assert found == expected


class PathNames(Names):
    """Names that contain a path, which may contain braces."""

    def option(self, option: str, value: object = None) -> str:
        return f"{{x!r}}.{option}"


def test_options_with_braces() -> None:
    (notice,) = read_options({"origins": APP, "allow_headers": ["ETag"]}, PathNames()).notices
    assert notice.message == (
        "'ETag' is a response header, but {x!r}.allow_headers is for request headers."
    )
    assert notice.hint == "Did you mean {x!r}.expose_headers? Otherwise remove it."


def test_addresses_with_credentials() -> None:
    """Both parts of the hint together are accepted, and do what they say."""
    with pytest.raises(PolicyError) as raised:
        Policy(origins="http://192.168.1.*", supports_credentials=True)
    (problem,) = raised.value.problems
    assert problem.hint == (
        r"write re.compile(r'http://192\.168\.1\.\d{1,3}'). With supports_credentials, this needs "
        'dangerously_allow=["expressions"], which means that you trust the pages of all these '
        "addresses, and the network to them."
    )
    Policy(
        origins=re.compile(r"http://192\.168\.1\.\d{1,3}"),
        supports_credentials=True,
        dangerously_allow=["expressions"],
    )
