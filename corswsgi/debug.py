"""Debug mode: explanations of refusals.

An explanation discloses what the policy allows, so only debug mode sends one to a client.
"""

from __future__ import annotations

from dataclasses import replace

from .decision import ALLOW_ORIGIN, Decision
from .differences import nearest_origin
from .errors import PolicyError, safe_repr
from .fetch import RESPONSE_ONLY_HEADERS, is_token, list_members
from .findings import ANY
from .names import OPTION_NAMES, Names
from .origins import parse_origin
from .policy import Policy, make_policy
from .requests import CORSRequest
from .validation import read_options


def explain_preflight(
    decision: Decision, policy: Policy, request: CORSRequest, names: Names = OPTION_NAMES
) -> str:
    """Explain in a sentence or two why a preflight was refused, and how to allow it.

    The values of the request are escaped. `names` says how the options are written.
    """
    if decision.reason == "method_not_allowed":
        return _explain_method(policy, request.requested_method or "", names)
    if decision.reason == "headers_not_allowed":
        return _explain_requested(policy, list_members(request.requested_headers), names)
    if decision.reason == "headers_too_long":
        headers = request.requested_headers
        return (
            f"Access-Control-Request-Headers has {len(headers)} characters and "
            f"{headers.count(',')} commas, more than a request for the allowed headers needs."
        )
    return explain_origin(decision, policy, request.origin or "", names)


def _explain_method(policy: Policy, method: str, names: Names) -> str:
    if policy.compiled.allows_method(method.upper()):
        return (
            f"the method {safe_repr(method)} is not allowed, but {safe_repr(method.upper())} is. "
            "Methods are case-sensitive: write it in upper case in the script."
        )
    if policy.methods == ANY:
        return f"{safe_repr(method)} is not a method that browsers send, or it is too long."
    return (
        f"the method {safe_repr(method)} is not allowed. To allow it, add it to "
        f"{names.option('methods')}."
    )


def _explain_requested(policy: Policy, requested: list[str], names: Names) -> str:
    if policy.allow_headers == ANY:
        return _explain_headers(policy, requested, names)
    allowed = {name.lower() for name in policy.allow_headers}
    # Advice about CORS is often followed on the wrong side.
    sent = [name for name in requested if name.lower() in RESPONSE_ONLY_HEADERS - allowed]
    others = [name for name in requested if name not in sent]
    texts = []
    if sent:
        listed = ", ".join(map(safe_repr, dict.fromkeys(sent)))
        texts.append(
            f"the page sends response headers in its request: {listed}. Remove them from the "
            "headers that the script sets: only servers send them."
        )
    if not sent or any(name.lower() not in allowed for name in others):
        texts.append(_explain_headers(policy, others, names))
    return " Also, ".join(texts)


def _explain_headers(policy: Policy, requested: list[str], names: Names) -> str:
    if policy.allow_headers == ANY:
        invalid = [name for name in requested if not is_token(name)]
        return f"these are not valid header names: {safe_repr(', '.join(invalid))}."
    allowed = {name.lower() for name in policy.allow_headers}
    # Lower case turns the Kelvin sign into a k, which does not make it an allowed character.
    refused = [name for name in requested if name.lower() not in allowed or not name.isascii()]
    text = f"these request headers are not allowed: {', '.join(map(safe_repr, refused))}."
    problems = {
        name: read_options({"origins": "*", "allow_headers": name}, names).problems
        for name in refused
    }
    # Only suggest names that would be accepted. A "*" is not a name.
    accepted = [name for name, found in problems.items() if name != "*" and not found]
    if accepted:
        them = "them" if len(accepted) == len(refused) else ", ".join(map(safe_repr, accepted))
        text += f" To allow them, add {them} to {names.option('allow_headers')}."
    reasons = [found[0].message for found in problems.values() if found]
    return " ".join([text, *reasons])


def explain_origin(
    decision: Decision, policy: Policy, origin: str, names: Names = OPTION_NAMES
) -> str:
    """Explain in a sentence or two why an origin was refused, and how to allow it."""
    if decision.reason == "origin_null":
        return (
            "the origin is null, which any page can get, so it cannot be allowed. Browsers send "
            "it for pages from files (file://), data: URLs and sandboxed frames, and after a "
            "redirect from another origin. If the request was redirected, let the page request "
            "this URL directly. Otherwise, serve the page over http://localhost or https, and add "
            f"that origin to {names.option('origins')}."
        )
    if decision.reason == "policy_invalid":
        return (
            "the CORS configuration for this request is invalid. The log of corswsgi has the error."
        )
    if decision.reason != "origin_not_allowed":
        return "a callable that decides about this request failed. The log of corswsgi has details."
    near = nearest_origin(origin, policy.origins)
    if parse_origin(origin) is None:
        text = f"{safe_repr(origin)} is not a valid origin in the form that browsers send."
        if near is None:
            return text
        return (
            f"{text} {safe_repr(near.allowed)} is allowed: write the origin in lower case, and "
            "without a slash at the end."
        )
    why = f"the origin {safe_repr(origin)} is not allowed."
    if near is not None:
        by = "" if near.listed == near.allowed else f", by {safe_repr(near.listed)}"
        why = (
            f"the origin {safe_repr(origin)} is not allowed, but {safe_repr(near.allowed)} is{by}: "
            "they are different origins."
        )
    try:
        # Only suggest an origin that would be accepted.
        make_policy(
            {
                "origins": origin,
                "supports_credentials": policy.supports_credentials,
                "dangerously_allow": policy.dangerously_allow,
            },
            names,
        )
    except PolicyError as error:
        return (
            f"{why} {safe_repr(origin)} cannot be added to the configuration: "
            f"{error.problems[0].message}"
        )
    return f"{why} To allow it, add {safe_repr(origin)} to {names.option('origins')}."


def refusal_for_console(decision: Decision, policy: Policy, request: CORSRequest) -> Decision:
    """Return a refused preflight's decision with headers that let the console name the cause.

    A browser checks the origin first, then the status, then methods and headers, and prints the
    first check that fails (https://fetch.spec.whatwg.org/#cors-preflight-fetch). So the headers are
    those that the policy allows, and the status is 200 if the cause is a method or header that is
    not listed. The browser still refuses, because the answer lacks what it asked for.
    """
    if decision.reason in ("origin_not_allowed", "origin_null"):
        near = nearest_origin(request.origin or "", policy.origins)
        exact = (rule for rule in policy.origins if isinstance(rule, str) and "*" not in rule)
        other = next(exact, None) if near is None else near.allowed
        # With some other origin, the console prints both origins.
        return decision if other is None else replace(decision, headers=((ALLOW_ORIGIN, other),))
    if decision.reason not in ("method_not_allowed", "headers_not_allowed", "headers_too_long"):
        return decision
    # An allowed method may be echoed, but refused headers may not. There is no max-age, because
    # browsers would remember the answer and not notice the fix.
    method = "" if decision.reason == "method_not_allowed" else request.requested_method or ""
    origin = "*" if policy.allows_any_origin else request.origin or ""
    headers = tuple(
        header
        for header in policy.compiled.preflight_headers(origin, method, "")
        if header[0] != "Access-Control-Max-Age"
    )
    is_unlisted = decision.reason == "headers_not_allowed" or (
        decision.reason == "method_not_allowed" and policy.methods != ANY
    )
    return replace(decision, headers=headers, status=200 if is_unlisted else 403)
