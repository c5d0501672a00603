"""Checks: what a browser demands of a response, and of a preflight's response.

Each returns what is wrong, or None. Steps are those of the Fetch standard. Where the order of its
steps tells nothing (a preflight's check and status are one condition), the cause that helps most
comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from corswsgi.fetch import CORS_SAFELISTED_METHODS, NON_WILDCARD_REQUEST_HEADER

from .messages import Headers, Response, get_header
from .reasons import Failure
from .values import list_of_names

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
"""2.2.6: redirect status."""

_CHECK = "4.10 CORS check"
_PREFLIGHT = "4.8 CORS-preflight fetch"


def cors_check(origin: str, *, include: bool, headers: Headers) -> Failure | None:
    """Check whether a response may be shared with `origin` (4.10, CORS check).

    `include`: whether the credentials mode is ``"include"``.
    """
    allowed = get_header(headers, "access-control-allow-origin")
    if allowed is None:
        cause = "the response has no Access-Control-Allow-Origin header."
        return Failure("allow_origin_missing", f"{_CHECK}, step 2", cause)
    if allowed == "*" and not include:
        return None
    if allowed != origin:
        return _mismatch(allowed, origin)
    if not include:
        return None
    credentials = get_header(headers, "access-control-allow-credentials")
    if credentials == "true":
        return None
    has = "is not there" if credentials is None else f"is {credentials!r}"
    cause = (
        "the credentials mode is 'include', so that Access-Control-Allow-Credentials has to be "
        f"'true', and it {has}."
    )
    return Failure("allow_credentials_missing", f"{_CHECK}, step 8", cause)


def _mismatch(allowed: str, origin: str) -> Failure:
    """Tell why an Access-Control-Allow-Origin is not the one that is needed (step 4)."""
    step = f"{_CHECK}, step 4"
    if allowed == "*":
        cause = (
            "Access-Control-Allow-Origin is '*', which does not do where the credentials mode is "
            "'include': it has to name the origin."
        )
        return Failure("allow_origin_wildcard", step, cause)
    if "," in allowed:
        cause = f"Access-Control-Allow-Origin has several values, {allowed!r}, and may have one."
        return Failure("allow_origin_multiple", step, cause)
    cause = f"Access-Control-Allow-Origin is {allowed!r}, and not {origin!r}."
    return Failure("allow_origin_mismatch", step, cause)


def preflight_check(
    origin: str, method: str, unsafe: Sequence[str], *, include: bool, response: Response
) -> Failure | None:
    """Judge a preflight's response (4.8, CORS-preflight fetch, steps 7 and 8).

    `method` is that of the request that it is about, `unsafe` are those of its headers that need
    permission, in lower case.
    """
    if response.status in REDIRECT_STATUSES:
        cause = (
            f"it was answered with a redirect ({response.status}), and a preflight is never "
            "redirected."
        )
        return Failure("preflight_redirected", f"{_PREFLIGHT}, step 8", cause)
    is_ok = 200 <= response.status <= 299
    failure = cors_check(origin, include=include, headers=response.headers)
    if failure is not None:
        also = (
            "" if is_ok else f" Its status, {response.status}, is no ok status (200 to 299) either."
        )
        return replace(failure, cause=failure.cause + also)
    if not is_ok:
        cause = f"its status is {response.status}, and not an ok status (200 to 299)."
        return Failure("preflight_status", f"{_PREFLIGHT}, step 8", cause)
    try:
        methods = list_of_names(response.headers, "access-control-allow-methods") or ()
    except ValueError as error:
        cause = f"Access-Control-Allow-Methods cannot be read: {error.args[0]!r} is no method."
        return Failure("allow_methods_malformed", f"{_PREFLIGHT}, step 7.3", cause)
    try:
        names = list_of_names(response.headers, "access-control-allow-headers") or ()
    except ValueError as error:
        cause = f"Access-Control-Allow-Headers cannot be read: {error.args[0]!r} is no header name."
        return Failure("allow_headers_malformed", f"{_PREFLIGHT}, step 7.3", cause)
    return _method_check(method, methods, include=include) or _headers_check(
        unsafe, names, include=include
    )


def _method_check(method: str, methods: Iterable[str], *, include: bool) -> Failure | None:
    if method in methods or method in CORS_SAFELISTED_METHODS or ("*" in methods and not include):
        return None
    cause = f"{_says('Access-Control-Allow-Methods', methods)}, and the method is {method!r}."
    if "*" in methods:
        cause += " Where the credentials mode is 'include', '*' is no wildcard."
    elif method.upper() in methods:
        cause += (
            f" Methods are case-sensitive, and fetch() does not write {method!r} in upper case for"
            " you."
        )
    elif method in (found.upper() for found in methods):
        cause += " Methods are case-sensitive."
    return Failure("method_not_allowed", f"{_PREFLIGHT}, step 7.5", cause)


def _headers_check(unsafe: Sequence[str], names: Iterable[str], *, include: bool) -> Failure | None:
    allowed = {name.lower() for name in names}
    says = _says("Access-Control-Allow-Headers", names)
    wildcard = "*" in allowed and not include
    authorization = NON_WILDCARD_REQUEST_HEADER.lower()
    if authorization in unsafe and authorization not in allowed and wildcard:
        cause = (
            f"{says}, and 'authorization' has to be named: '*' does not stand for it. (Engines of "
            "today take it for that all the same; the standard, and Firefox' console, announce "
            "that this ends.)"
        )
        return Failure("authorization_not_listed", f"{_PREFLIGHT}, step 7.6", cause)
    missing = [] if wildcard else [name for name in unsafe if name not in allowed]
    if not missing:
        return None
    step = "7.6" if authorization in missing else "7.7"
    cause = f"{says}, and the request has {', '.join(map(repr, missing))}."
    if "*" in allowed:
        cause += " Where the credentials mode is 'include', '*' is no wildcard."
    return Failure("headers_not_allowed", f"{_PREFLIGHT}, step {step}", cause)


def _says(name: str, members: Iterable[str]) -> str:
    text = ", ".join(members)
    return f"{name} is {text!r}" if text else f"{name} names nothing"
