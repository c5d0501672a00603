"""Refusals in words, and the answer to a preflight that lets a browser's console say the cause.

Only debug mode uses this: it tells whoever asks what the policy allows.
"""

from __future__ import annotations

from dataclasses import replace

from .decision import Decision
from .errors import shown
from .fetch import list_members
from .origins import parse_origin
from .policy import Policy
from .rules import Rules


def explain(
    decision: Decision, policy: Policy | None, origin: str, method: str, headers: str
) -> str:
    """Say in a sentence or two why a preflight was refused, and what to change.

    `policy` is None where it could not be told. The last three are what the preflight asked for,
    and are escaped.
    """
    if policy is None or decision.reason == "origin_check_failed":
        return "a callable that has to decide about it failed. The log of corswsgi says where."
    if decision.reason == "origin_null":
        return (
            "the page's origin is null, which any page can get (in a sandboxed frame, from a "
            "file). Serve the page over http://localhost or https, and add that to origins."
        )
    if decision.reason == "origin_not_allowed":
        if parse_origin(origin) is None:
            return f"{shown(origin)} is not the form in which a browser sends an origin."
        return (
            f"the origin {shown(origin)} is not among the policy's origins. "
            f"To allow it, add {shown(origin)} to origins."
        )
    if decision.reason == "method_not_allowed":
        if policy.derive(Rules).allows_method(method.upper()):
            return (
                f"the method {shown(method)} is not allowed, {shown(method.upper())} is: methods "
                "are case-sensitive. Write it in upper case in the script."
            )
        return f"the method {shown(method)} is not allowed. To allow it, add it to methods."
    if decision.reason == "headers_not_allowed":
        allowed = {name.lower() for name in policy.allow_headers}
        refused = [name for name in list_members(headers) if name.lower() not in allowed]
        return (
            f"these request headers are not allowed: {shown(', '.join(refused))}. "
            "To allow them, add them to allow_headers."
        )
    if decision.reason == "headers_too_long":
        return (
            f"Access-Control-Request-Headers has {len(headers)} characters and "
            f"{headers.count(',')} commas, more than any request for the allowed headers needs."
        )
    return (
        "the browser asks whether a page from a less private network may come here. "
        "To allow it, set allow_private_network=True."
    )


def explained(decision: Decision, policy: Policy | None, origin: str) -> Decision:
    """Return the refusal of a preflight with what lets a browser's console name the cause.

    A browser looks at the origin first, then at the status, then at methods and headers (Fetch,
    4.8, CORS-preflight fetch), and names the first that fails. So the headers are those that the
    policy allows, and the status is 200 where methods or headers are the cause. The browser
    refuses all the same, because what it asked for is not among them.
    """
    if policy is None or decision.reason == "origin_check_failed":
        return decision
    if decision.reason in ("origin_not_allowed", "origin_null"):
        for rule in policy.origins:
            if isinstance(rule, str) and "*" not in rule:
                # Some other origin than its own makes the browser say what it compared.
                return replace(decision, headers=(("Access-Control-Allow-Origin", rule),))
        return decision
    # What was requested is left out, so that nothing is allowed by an echo; and a refusal that
    # was remembered would outlive the change that mends it.
    headers = tuple(
        header
        for header in policy.derive(Rules).preflight_headers(origin, "", "", False)
        if header[0] != "Access-Control-Max-Age"
    )
    status = 403 if decision.reason == "private_network_not_allowed" else 200
    return replace(decision, headers=headers, status=status)
