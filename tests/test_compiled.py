"""CompiledPolicy and decide(): cases that the conformance table does not reach."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import CORSRequest, DecisionReason, Policy, decide
from corswsgi.decision import PREFLIGHT_VARY, REFUSED, REFUSED_PREFLIGHT, Refusal
from corswsgi.fetch import is_token
from corswsgi.policy import refusing_policy

APP = "https://app.example.com"
EVIL = "https://evil.test"
ONE = Policy(origins=[APP])
ANY = Policy(origins="*")
CREDENTIALS = Policy(origins=[APP], supports_credentials=True, methods="*")
PATTERN = Policy(origins=["https://*.example.com"])
LONG = "https://" + "a" * 9999

TEXT = (
    st.just("Accept, *")
    | st.text()
    | st.text(st.characters(max_codepoint=0xFF))
    | st.just("authorization,x-a")
)


def actual(origin: str | None) -> CORSRequest:
    return CORSRequest("GET", origin)


def preflight(origin: str | None = APP, method: str = "PUT", headers: str = "") -> CORSRequest:
    return CORSRequest("OPTIONS", origin, method, headers)


@pytest.mark.parametrize(
    ("policy", "origin", "answer", "allowed"),
    [
        (ONE, EVIL, True, True),
        (ONE, APP, False, False),
        (ONE, APP, None, True),
        (ONE, "null", True, False),
        (ONE, "https://Evil.test", True, False),
        (ONE, LONG, True, False),
        (ANY, EVIL, False, False),
        (ANY, EVIL, True, True),
        (ANY, "null", True, False),
        (ANY, "null", None, True),
    ],
)
def test_the_result_of_another_check_of_the_origin(
    policy: Policy, origin: str, answer: bool | None, allowed: bool
) -> None:
    for _ in range(2):
        decision = decide(policy, actual(origin), origin_allowed=answer)
        assert decision.allowed is allowed
        if answer is not None:
            expected = (("Access-Control-Allow-Origin", origin),) if allowed else ()
            assert (decision.headers, decision.vary) == (expected, ("Origin",))
        decision = decide(policy, preflight(origin), origin_allowed=answer)
        assert (decision.allowed, decision.status) == (allowed, 204 if allowed else 403)
    assert decide(policy, actual(APP)).allowed, "the result is not cached"
    assert decide(policy, preflight(APP)).allowed


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (actual(None), "no_origin"),
        (preflight(None), "no_origin"),
        (actual(APP), "origin_allowed"),
        (CORSRequest("OPTIONS", APP), "origin_allowed"),
        (preflight(), "preflight_allowed"),
        (actual(EVIL), "origin_not_allowed"),
        (actual(LONG), "origin_not_allowed"),
        (preflight(EVIL), "origin_not_allowed"),
        (preflight(LONG), "origin_not_allowed"),
        (actual("null"), "origin_null"),
        (preflight("null"), "origin_null"),
        (preflight(APP, "CHICKEN"), "method_not_allowed"),
        (preflight(APP, "PUT", "x-b"), "headers_not_allowed"),
        (preflight(APP, "PUT", "," * 99), "headers_too_long"),
        (preflight(EVIL, "CHICKEN", "x-b"), "origin_not_allowed"),
        (preflight(APP, "CHICKEN", "x-b"), "method_not_allowed"),
    ],
)
def test_reasons(request_: CORSRequest, reason: DecisionReason) -> None:
    for origins in (APP, ["https://*.example.com"]):
        decision = decide(Policy(origins=origins, allow_headers="X-A"), request_)
        assert decision.reason == reason
        assert decision.allowed == (reason not in get_args(Refusal))
        status = 204 if decision.allowed else 403
        assert decision.status == (status if request_.is_preflight else None)
        is_options = request_.method == "OPTIONS"
        assert decision.vary == (PREFLIGHT_VARY if is_options else ("Origin",))


@pytest.mark.parametrize("policy", [ONE, ANY, CREDENTIALS, refusing_policy("policy_invalid")])
@pytest.mark.parametrize("answer", [True, False, None])
def test_all_answers_to_options_have_the_same_vary(policy: Policy, answer: bool | None) -> None:
    """A cache that stores one must not give it to another request."""
    for origin in (None, APP, EVIL, "null", LONG):
        for method in (None, "PUT", "CHICKEN", "no token"):
            request = CORSRequest("OPTIONS", origin, method, "x-a")
            decision = decide(policy, request, origin_allowed=answer)
            assert decision.vary == PREFLIGHT_VARY
            assert policy.compiled.decide_failed(request).vary == PREFLIGHT_VARY
            if not request.is_preflight:
                same = decide(policy, CORSRequest("GET", origin), origin_allowed=answer)
                assert decision == replace(same, vary=PREFLIGHT_VARY), "nothing else differs"
                if answer is None:
                    assert policy.compiled.decide_options(origin) == decision


@pytest.mark.parametrize("policy", [ONE, ANY, CREDENTIALS])
@pytest.mark.parametrize("answer", [True, False])
def test_no_origin_if_origins_are_checked_elsewhere(policy: Policy, answer: bool) -> None:
    decision = decide(policy, actual(None), origin_allowed=answer)
    assert decision.apply([]) == [("Vary", "Origin")], "or a shared cache would send it to others"


def test_a_preflight_of_any_origin_that_was_checked_elsewhere_names_it() -> None:
    decision = decide(ANY, preflight(), origin_allowed=True)
    assert dict(decision.headers)["Access-Control-Allow-Origin"] == APP


def test_each_preflight_gets_its_own_answer() -> None:
    policy = Policy(origins=[APP, "https://b.example"], methods="*", supports_credentials=True)
    preflights = [
        preflight(APP, "PUT", "x-a"),
        preflight(APP, "PUT", "x-b"),
        preflight(APP, "DELETE", "x-a"),
        preflight("https://b.example", "PUT", "x-a"),
    ]
    answers = {decide(policy, each) for each in preflights * 2}
    assert len(answers) == len(preflights)


@pytest.mark.parametrize("methods", [None, ["REPORT"], "*"])
def test_methods_of_a_policy(methods: list[str] | str | None) -> None:
    policy = Policy(origins=[APP], methods=methods)
    allowed = {
        method
        for method in (
            "GET",
            "POST",
            "PUT",
            "PATCH",
            "QUERY",
            "REPORT",
            "put",
            "TRACE",
            "trace",
            "",
        )
        if decide(policy, preflight(APP, method)).allowed
    }
    by_default = {"GET", "POST", "PUT", "PATCH", "QUERY"}
    expected = {"GET", "POST", "REPORT"} if isinstance(methods, list) else by_default
    assert allowed == (expected | {"REPORT", "put"} if methods == "*" else expected)


def test_letters_that_lower_case_turns_into_ascii() -> None:
    policy = Policy(origins=APP, allow_headers="X-K")
    assert decide(policy, preflight(APP, "PUT", "X-K")).allowed
    assert not decide(policy, preflight(APP, "PUT", "X-\N{KELVIN SIGN}")).allowed


def test_long_methods_that_are_listed() -> None:
    policy = Policy(origins=APP, methods=["A" * 65])
    assert decide(policy, preflight(APP, "A" * 65)).allowed
    assert not decide(policy, preflight(APP, "A" * 66)).allowed
    assert not decide(policy, preflight(APP, "B" * 65)).allowed


def test_long_lists_of_headers() -> None:
    names = [f"x-header-{number}" for number in range(200)]
    policy = Policy(origins=APP, allow_headers=names)
    for asked in (names, names[:100], [*reversed(names)]):
        assert decide(policy, preflight(APP, "PUT", ",".join(asked))).allowed


def test_long_lists_of_headers_are_not_cached() -> None:
    compiled = Policy(origins=APP, supports_credentials=True).compiled
    for length, count in ((500, 1), (600, 0)):
        assert compiled.decide_preflight(APP, "PUT", "x" * length).allowed
        assert len(compiled._cached_preflights) == count  # noqa: SLF001 - not public
        compiled._preflight_cache.empty()  # noqa: SLF001 - not public


def test_answers_of_callables_are_not_cached() -> None:
    asked: list[str] = []

    def allows(origin: str) -> bool:
        asked.append(origin)
        return len(asked) % 2 == 1

    policy = Policy(origins=[APP, allows])
    allowed = [decide(policy, actual(EVIL)).allowed for _ in range(4)]
    assert (allowed, asked) == ([True, False] * 2, [EVIL] * 4)
    allowed = [decide(policy, preflight(EVIL)).allowed for _ in range(4)]
    assert (allowed, asked) == ([True, False] * 2, [EVIL] * 8)
    assert decide(policy, actual(APP)) is decide(policy, actual(APP)), "no callable was asked"
    assert decide(policy, preflight(APP)) is decide(policy, preflight(APP))
    assert decide(policy, actual("null")).reason == "origin_null"
    assert len(asked) == 8


def allow(origin: str) -> bool:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("origins", "origin", "expected"),
    [
        ([APP], EVIL, False),
        ("*", EVIL, False),
        ([APP, allow], EVIL, True),
        ([APP, allow], APP, False),
        (["https://*.example.com", allow], APP, False),
        (allow, "null", False),
        (allow, "https://Evil.test", False),
        (allow, LONG, False),
    ],
)
def test_needs_look_up(origins: object, origin: str, expected: bool) -> None:
    compiled = Policy(origins=origins).compiled  # type: ignore[arg-type]  # of any kind
    assert compiled.needs_look_up(origin) is expected
    assert bool(compiled.callables) == (isinstance(origins, list) and allow in origins) or (
        origins is allow
    )


def test_decide_failed() -> None:
    assert ANY.compiled.decide_failed(actual(APP)) is REFUSED["origin_check_failed"]
    assert ANY.compiled.decide_failed(preflight()) is REFUSED_PREFLIGHT["origin_check_failed"]


@pytest.mark.parametrize("reason", ["policy_invalid", "policy_check_failed"])
@pytest.mark.parametrize("answer", [None, True, False])
def test_a_refusing_policy_has_one_reason(reason: Refusal, answer: bool | None) -> None:
    policy = refusing_policy(reason)
    for _ in range(2):
        for origin in (APP, "null", LONG, "https://Evil.test"):
            decision = decide(policy, actual(origin), origin_allowed=answer)
            assert decision is REFUSED[reason]
            decision = decide(policy, preflight(origin), origin_allowed=answer)
            assert decision is REFUSED_PREFLIGHT[reason]
    assert decide(policy, actual(None)) is REFUSED[reason]


@given(
    st.sampled_from([ONE, ANY, CREDENTIALS, Policy(origins=APP, allow_headers=["X-A", "X-B"])]),
    st.builds(
        CORSRequest,
        st.sampled_from(["GET", "OPTIONS"]) | TEXT,
        st.sampled_from([None, APP, EVIL]) | TEXT,
        st.none() | st.just("PUT") | TEXT,
        st.just("") | TEXT,
    ),
    st.none() | st.booleans(),
)
def test_no_input_raises_or_splits_a_header(
    policy: Policy, request: CORSRequest, origin_allowed: bool | None
) -> None:
    decision = decide(policy, request, origin_allowed=origin_allowed)
    assert decision == decide(policy, request, origin_allowed=origin_allowed)
    for name, value in decision.apply([]):
        assert is_token(name)
        assert value.isascii()
        assert value.isprintable()
        assert len(value) < 1200
    if not decision.allowed:
        assert decision.headers == ()


@given(
    st.lists(st.sampled_from(["X-A", "x-b", "Authorization", "X-Long-Name"]), unique=True),
    st.data(),
)
def test_requested_headers_in_any_valid_form(allowed: list[str], data: st.DataObject) -> None:
    """Any case, order, space, and some empty members and repeats: the meaning is the same."""
    policy = Policy(origins=APP, allow_headers=allowed)
    asked = data.draw(st.lists(st.sampled_from(allowed), unique=True)) if allowed else []
    texts = []
    for name in data.draw(st.permutations(asked)):
        written = data.draw(st.sampled_from([name, name.lower(), name.upper()]))
        texts.append(data.draw(st.sampled_from(["", " ", "\t"])) + written)
    text = ",".join([*texts, *data.draw(st.lists(st.just(""), max_size=8))])
    assert decide(policy, preflight(APP, "PUT", text)).allowed
    other = f"{text},x-other" if text else "x-other"
    assert decide(policy, preflight(APP, "PUT", other)).reason == "headers_not_allowed"


@pytest.mark.parametrize(
    ("origin", "method", "headers", "size"),
    [("a" * 50, "M", "x", 50), ("", "M" * 51, "x", 50), ("", "M", "x" * 51, 100)],
)
def test_a_cached_preflight_counts_the_texts_that_it_holds(
    origin: str, method: str, headers: str, size: int
) -> None:
    """The answer repeats the requested headers, so they are there twice."""
    compiled = Policy(
        origins=["https://*.example.com"], supports_credentials=True, methods="*"
    ).compiled
    sizes: list[int] = []
    for asked in (
        ("https://a.example.com", "M", "x"),
        (f"https://a{origin}.example.com", method, headers),
    ):
        compiled._preflight_cache.empty()  # noqa: SLF001 - not public
        assert compiled.decide_preflight(*asked).allowed
        sizes.append(compiled._preflight_cache.size)  # noqa: SLF001 - not public
    assert sizes[1] - sizes[0] == size


@pytest.mark.parametrize(
    ("names", "commas", "length"),
    [("*", 128, 1024), (["X-A"], 18, 60), (["X-A", "X-Bb"], 20, 78)],
)
def test_the_longest_requested_headers(names: list[str] | str, commas: int, length: int) -> None:
    """Twice each name, and 16 empty members, with spaces around them; or a fixed limit."""
    policy = Policy(origins=APP, supports_credentials=True, allow_headers=names)

    def reason(headers: str) -> str:
        return decide(policy, preflight(APP, "PUT", headers)).reason

    assert reason("x-a" + "," * commas) == "preflight_allowed"
    assert reason("x-a" + "," * (commas + 1)) == "headers_too_long"
    assert reason("x-a".ljust(length)) == "preflight_allowed"
    assert reason("x-a".ljust(length + 1)) == "headers_too_long"


def test_the_longest_method() -> None:
    policy = Policy(origins=APP, methods="*")
    assert decide(policy, preflight(APP, "M" * 64)).reason == "preflight_allowed"
    assert decide(policy, preflight(APP, "M" * 65)).reason == "method_not_allowed"


def test_the_longest_requested_headers_that_are_cached() -> None:
    compiled = Policy(origins=APP, supports_credentials=True).compiled
    for length, count in ((512, 1), (513, 0)):
        assert compiled.decide_preflight(APP, "PUT", "x" * length).allowed
        assert len(compiled._cached_preflights) == count  # noqa: SLF001 - not public
        compiled._preflight_cache.empty()  # noqa: SLF001 - not public
