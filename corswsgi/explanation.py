"""Refusals in words, and the answer to a preflight that lets a browser's console say the cause.

Only debug mode uses this: it tells whoever asks what the policy allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from .decision import Decision
from .errors import PolicyError, shown
from .fetch import is_token, list_members
from .options import ANY
from .origins import parse_origin
from .policy import OPTIONS, Policy
from .rules import Rules

OPTION_NAMES: Mapping[str, str] = MappingProxyType({name: name for name in OPTIONS})
"""What the options are called, where an adapter has no other names for them."""


def explain(
    decision: Decision,
    policy: Policy | None,
    origin: str,
    method: str,
    headers: str,
    names: Mapping[str, str] = OPTION_NAMES,
) -> str:
    """Say in a sentence or two why a preflight was refused, and what to change.

    `policy` is None where it could not be told. `origin`, `method` and `headers` are what the
    preflight asked for, and are escaped. `names` are the words for the options.
    """
    if policy is None or decision.reason.startswith("origin_"):
        return explain_origin(decision, policy, origin, names)
    if decision.reason == "method_not_allowed":
        if policy.derive(Rules).allows_method(method.upper()):
            return (
                f"the method {shown(method)} is not allowed, {shown(method.upper())} is: methods "
                "are case-sensitive. Write it in upper case in the script."
            )
        if policy.methods == ANY:
            return f"{shown(method)} is a method that no browser sends, or an over-long one."
        if policy.is_for_route:
            taken = ", ".join(policy.methods or ())
            return (
                f"the route does not take the method {shown(method)}, only {taken or 'none'}. "
                "To allow it, add it to the route."
            )
        return (
            f"the method {shown(method)} is not allowed. To allow it, add it to {names['methods']}."
        )
    if decision.reason == "headers_not_allowed":
        requested = list_members(headers)
        if policy.allow_headers == ANY:
            refused = [name for name in requested if not is_token(name)]
            return f"these are no names that a header can have: {shown(', '.join(refused))}."
        allowed = {name.lower() for name in policy.allow_headers}
        refused = [name for name in requested if name.lower() not in allowed]
        return (
            f"these request headers are not allowed: {', '.join(map(shown, refused))}. "
            f"To allow them, add them to {names['allow_headers']}."
        )
    if decision.reason == "headers_too_long":
        return (
            f"Access-Control-Request-Headers has {len(headers)} characters and "
            f"{headers.count(',')} commas, more than any request for the allowed headers needs."
        )
    return (
        "the browser asks whether a page from a less private network may come here. "
        f"To allow it, set {names['allow_private_network']}=True."
    )


def explain_origin(
    decision: Decision,
    policy: Policy | None,
    origin: str,
    names: Mapping[str, str] = OPTION_NAMES,
) -> str:
    """Say in a sentence or two why an origin was refused, and what to change."""
    if decision.reason == "origin_null":
        return (
            "the page's origin is null, which any page can get (in a sandboxed frame, from a "
            "file). Serve the page over http://localhost or https, and add that to "
            f"{names['origins']}."
        )
    if policy is None or decision.reason != "origin_not_allowed":
        return "a callable that has to decide about it failed. The log of corswsgi says where."
    if parse_origin(origin) is None:
        return f"{shown(origin)} is not the form in which a browser sends an origin."
    why = f"the origin {shown(origin)} is not among the policy's origins."
    try:
        # Advice that would be refused is none.
        Policy(
            origins=origin,
            supports_credentials=policy.supports_credentials,
            dangerously_allow=policy.dangerously_allow,
        )
    except PolicyError as error:
        return f"{why} It could not be: {error.problems[0].message}"
    return f"{why} To allow it, add {shown(origin)} to {names['origins']}."


def explained(decision: Decision, policy: Policy | None, origin: str, method: str) -> Decision:
    """Return the refusal of a preflight with what lets a browser's console name the cause.

    A browser looks at the origin first, then at the status, then at methods and headers (Fetch,
    4.8, CORS-preflight fetch), and names the first that fails. So the headers are those that the
    policy allows, and the status is 200 where what is not in a list is the cause. The browser
    refuses all the same: what it asked for is not there.
    """
    if policy is None or decision.reason == "origin_check_failed":
        return decision
    if decision.reason in ("origin_not_allowed", "origin_null"):
        for rule in policy.origins:
            if isinstance(rule, str) and "*" not in rule:
                # Some other origin than its own makes the browser say what it compared.
                return replace(decision, headers=(("Access-Control-Allow-Origin", rule),))
        return decision
    # A method that is allowed may be echoed, headers that are not may not; and a browser that
    # remembered the answer would not see the change that mends it.
    echoed = "" if decision.reason == "method_not_allowed" else method
    origin = "*" if policy.allows_any_origin else origin
    headers = tuple(
        header
        for header in policy.derive(Rules).preflight_headers(origin, echoed, "", False)
        if header[0] != "Access-Control-Max-Age"
    )
    by_list = (decision.reason == "method_not_allowed" and policy.methods != ANY) or (
        decision.reason == "headers_not_allowed"
    )
    return replace(decision, headers=headers, status=200 if by_list else 403)
