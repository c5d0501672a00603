"""`Decision.apply`, compared with a naive merge of ``Vary`` and of the CORS headers."""

from __future__ import annotations

from hypothesis import strategies as st

from corswsgi import CORSRequest, Decision, Policy, decide
from tests.fuzz.requested_headers import is_token, members

APP = "https://app.example.com"
EVIL = "https://evil.test"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"
EXPOSE = "Access-Control-Expose-Headers"

Pairs = list[tuple[str, str]]

POLICIES = [
    Policy(origins=[APP]),
    Policy(origins="*"),
    Policy(origins=[APP], expose_headers=["X-A", "X-B"]),
    Policy(origins="*", expose_headers=["X-A"]),
    Policy(origins="*", expose_headers="*"),
    Policy(origins=[APP], supports_credentials=True, methods="*", expose_headers=["X-A"]),
]
REQUESTS = [
    CORSRequest("GET"),
    CORSRequest("GET", APP),
    CORSRequest("GET", EVIL),
    CORSRequest("GET", "null"),
    CORSRequest("OPTIONS"),
    CORSRequest("OPTIONS", APP),
    CORSRequest("OPTIONS", APP, "PUT"),
    CORSRequest("OPTIONS", EVIL, "PUT"),
]
DECISIONS = [decide(policy, request) for policy in POLICIES for request in REQUESTS]
# More of those that merge something.
DECISIONS += [decide(policy, CORSRequest("GET", APP)) for policy in POLICIES * 4]

NAMES = st.sampled_from(
    ["Content-Type", "Set-Cookie", "Vary", "vary", ALLOW_ORIGIN, EXPOSE, EXPOSE.lower(), "X-Vary"]
) | st.sampled_from(
    [ALLOW_ORIGIN.lower(), ALLOW_CREDENTIALS, "Access-Control-Max-Age", "Access-Control-Allow"]
)
VALUES = (
    st.sampled_from(
        [APP, EVIL, "*", "null", "true", "Origin", "Accept, *", "X-A, x-a, X-C", "X,, Y"]
    )
    | st.lists(st.sampled_from(["Origin", "Accept", "*", "X-Origin", "", "X*"])).map(", ".join)
    | st.text(st.characters(max_codepoint=0xFF))
    | st.text()
)
EXPOSING = st.tuples(st.sampled_from([EXPOSE, EXPOSE.lower()]), st.sampled_from(["*", "X-A, *"]))
HEADERS = st.lists(st.tuples(NAMES, VALUES) | EXPOSING, max_size=6)

CORS = {
    f"access-control-{name}"
    for name in (
        *("allow-origin", "allow-credentials", "allow-methods", "allow-headers", "max-age"),
        *("expose-headers", "allow-private-network"),
    )
}


def values(headers: Pairs, wanted: str) -> list[str]:
    """Return the values of the headers with a name."""
    return [value for name, value in headers if name.lower() == wanted.lower()]


def exposed(headers: Pairs) -> list[str]:
    """Return the names that headers expose."""
    return sorted(name for value in values(headers, EXPOSE) for name in members(value))


def is_other(name: str) -> bool:
    """Return whether a header is neither Vary nor a CORS header."""
    return name.lower() not in {"vary", *CORS}


def merged_cors(decision: Decision, own: Pairs) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the CORS headers to send, in lower case and sorted, and the exposed names."""
    own_cors = [pair for pair in own if pair[0].lower() in CORS]
    decided = [*decision.headers]
    if decision.reason == "no_origin" and not decided:
        return without_exposed(own_cors), exposed(own_cors)
    named = [pair for pair in own_cors if pair[0].lower() == ALLOW_ORIGIN.lower()]
    named = [pair for pair in named if pair[1] != "*"]
    if (ALLOW_ORIGIN, "*") in decided and named:
        decided.remove((ALLOW_ORIGIN, "*"))
        decided += named
    if not decision.allowed:
        return without_exposed(decided), []
    names = {*exposed([*decision.headers]), *filter(is_token, exposed(own_cors))}
    if (ALLOW_CREDENTIALS, "true") in decided:
        names.discard("*")
    return without_exposed(decided), sorted(names)


def without_exposed(headers: Pairs) -> Pairs:
    """Return all headers but the exposed names, in lower case and sorted."""
    kept = [(name.lower(), value) for name, value in headers if name.lower() != EXPOSE.lower()]
    return sorted(kept)


def check_apply(decision: Decision, own: Pairs) -> None:
    """Nothing is lost, nothing is widened, and applying again changes nothing."""
    before = own.copy()
    applied = decision.apply(own)
    assert own == before

    others = [pair for pair in own if is_other(pair[0])]
    assert [pair for pair in applied if is_other(pair[0])] == others

    had, lines = values(own, "Vary"), values(applied, "Vary")
    names = [name for value in had for name in members(value)]
    if "*" not in names:
        names += [name.lower() for name in decision.vary if name.lower() not in names]
    assert [name for value in lines for name in members(value)] == names
    assert len(lines) == (1 if had or decision.vary else 0)

    cors = [pair for pair in applied if pair[0].lower() in CORS]
    assert (without_exposed(cors), exposed(cors)) == merged_cors(decision, own)

    assert decision.is_applied_to(applied)
    assert decision.is_applied_to([(name.upper(), value) for name, value in applied])
    assert sorted(decision.apply(applied)) == sorted(applied)


def check_unrelated_names(decision: Decision, own: Pairs, more: Pairs) -> None:
    """With the names that are known to be unrelated, the result is the same."""
    unrelated_names: set[str] = set()
    applied = decision.apply(own, unrelated_names)
    assert applied == decision.apply(own) == decision.apply(iter(own))
    assert all(map(is_other, unrelated_names))
    assert decision.apply(more, unrelated_names) == decision.apply(more)
    if all(name in unrelated_names for name, _ in own):
        assert applied == [*own, *decision.added]
