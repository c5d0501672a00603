"""The checks that a response must pass.

Each check returns the network error to raise, or None. A preflight must pass the CORS check and
have an ok status, both in one step of the standard; the checks report the more helpful cause first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from corswsgi.fetch import CORS_SAFELISTED_METHODS, NON_WILDCARD_REQUEST_HEADER

from .header_values import extract_header_list_values
from .messages import Headers, Response, get_header
from .reasons import NetworkError

# https://fetch.spec.whatwg.org/#redirect-status
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})

_CHECK = "CORS check"
_PREFLIGHT = "CORS-preflight fetch"

_NOT_A_WILDCARD = " '*' is not a wildcard if the credentials mode is 'include'."


def cors_check(origin: str, *, with_credentials: bool, headers: Headers) -> NetworkError | None:
    """Check whether a response may be shared with `origin`.

    `with_credentials` is true if the credentials mode is ``"include"``.

    https://fetch.spec.whatwg.org/#cors-check
    """
    allowed = get_header(headers, "access-control-allow-origin")
    if allowed is None:
        cause = "the response has no Access-Control-Allow-Origin header."
        return NetworkError("allow_origin_missing", f"{_CHECK}, step 2", cause)
    if allowed == "*" and not with_credentials:
        return None
    if allowed != origin:
        return _origin_mismatch(allowed, origin)
    if not with_credentials:
        return None
    credentials = get_header(headers, "access-control-allow-credentials")
    if credentials == "true":
        return None
    found = "missing" if credentials is None else repr(credentials)
    cause = (
        "the credentials mode is 'include', so Access-Control-Allow-Credentials must be 'true', "
        f"but it is {found}."
    )
    return NetworkError("allow_credentials_missing", f"{_CHECK}, step 8", cause)


def _origin_mismatch(allowed: str, origin: str) -> NetworkError:
    """Explain why Access-Control-Allow-Origin does not allow the origin."""
    step = f"{_CHECK}, step 4"
    if allowed == "*":
        cause = (
            "Access-Control-Allow-Origin is '*', but it must name the origin if the credentials "
            "mode is 'include'."
        )
        return NetworkError("allow_origin_wildcard", step, cause)
    if "," in allowed:
        cause = (
            f"Access-Control-Allow-Origin has several values, {allowed!r}, but only one is allowed."
        )
        return NetworkError("allow_origin_multiple", step, cause)
    cause = f"Access-Control-Allow-Origin is {allowed!r}, but the origin is {origin!r}."
    return NetworkError("allow_origin_mismatch", step, cause)


def preflight_check(
    origin: str,
    method: str,
    unsafe_names: Sequence[str],
    *,
    with_credentials: bool,
    response: Response,
) -> NetworkError | None:
    """Check whether the response to a preflight allows the actual request.

    `method` is the method of the actual request. `unsafe_names` are its CORS-unsafe request-header
    names in lower case.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch, steps 7 and 8
    """
    if response.status in REDIRECT_STATUSES:
        cause = (
            f"it was answered with a redirect ({response.status}), which browsers do not follow "
            "for a preflight."
        )
        return NetworkError("preflight_redirected", f"{_PREFLIGHT}, step 8", cause)
    is_ok = 200 <= response.status <= 299
    failure = cors_check(origin, with_credentials=with_credentials, headers=response.headers)
    if failure is not None:
        if is_ok:
            return failure
        also = f" Its status, {response.status}, is not an ok status (200 to 299) either."
        return NetworkError(failure.reason, failure.step, failure.cause + also)
    if not is_ok:
        cause = f"its status is {response.status}, but it must be an ok status (200 to 299)."
        return NetworkError("preflight_status", f"{_PREFLIGHT}, step 8", cause)
    step = f"{_PREFLIGHT}, step 7.3"
    try:
        methods = extract_header_list_values(response.headers, "access-control-allow-methods")
    except ValueError as error:
        cause = f"Access-Control-Allow-Methods contains {error.args[0]!r}, not a valid method."
        return NetworkError("allow_methods_malformed", step, cause)
    try:
        names = extract_header_list_values(response.headers, "access-control-allow-headers")
    except ValueError as error:
        cause = f"Access-Control-Allow-Headers contains {error.args[0]!r}, not a valid header name."
        return NetworkError("allow_headers_malformed", step, cause)
    return _method_check(
        method, methods or (), with_credentials=with_credentials
    ) or _headers_check(unsafe_names, names or (), with_credentials=with_credentials)


def _method_check(
    method: str, methods: Iterable[str], *, with_credentials: bool
) -> NetworkError | None:
    if (
        method in methods
        or method in CORS_SAFELISTED_METHODS
        or ("*" in methods and not with_credentials)
    ):
        return None
    cause = f"the method is {method!r}, but {_found('Access-Control-Allow-Methods', methods)}."
    if "*" in methods:
        cause += _NOT_A_WILDCARD
    elif method.upper() in methods:
        cause += f" Methods are case-sensitive, and fetch() does not convert {method!r}."
    elif method in (found.upper() for found in methods):
        cause += " Methods are case-sensitive."
    return NetworkError("method_not_allowed", f"{_PREFLIGHT}, step 7.5", cause)


def _headers_check(
    unsafe_names: Sequence[str], names: Iterable[str], *, with_credentials: bool
) -> NetworkError | None:
    allowed = {name.lower() for name in names}
    found = _found("Access-Control-Allow-Headers", names)
    has_wildcard = "*" in allowed and not with_credentials
    authorization = NON_WILDCARD_REQUEST_HEADER.lower()
    if authorization in unsafe_names and authorization not in allowed and has_wildcard:
        cause = (
            f"the request has the header 'authorization', but {found}, and '*' does not include "
            "'authorization'. (Browsers do not follow the standard here yet: they accept '*'. "
            "Firefox announces in its console that this will change.)"
        )
        return NetworkError("authorization_not_listed", f"{_PREFLIGHT}, step 7.6", cause)
    missing = [] if has_wildcard else [name for name in unsafe_names if name not in allowed]
    if not missing:
        return None
    step = "7.6" if authorization in missing else "7.7"
    noun = "header" if len(missing) == 1 else "headers"
    cause = f"the request has the {noun} {', '.join(map(repr, missing))}, but {found}."
    if "*" in allowed:
        cause += _NOT_A_WILDCARD
    return NetworkError("headers_not_allowed", f"{_PREFLIGHT}, step {step}", cause)


def _found(name: str, members: Iterable[str]) -> str:
    """Describe the value of a header that lists names."""
    text = ", ".join(members)
    return f"{name} is {text!r}" if text else f"{name} is missing or empty"
