"""An application's response headers, and what CORS does to them. The lists given are not changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .fetch import CORS_RESPONSE_HEADERS, is_token, list_members

Header = tuple[str, str]

EXPOSE_HEADERS = "Access-Control-Expose-Headers"

# A response that sends none of these can simply have the headers of a decision added.
_TOUCHED = CORS_RESPONSE_HEADERS | {"vary"}

# Names that everyday responses send, as they are commonly spelled: finding one here costs a third
# of lower-casing it first. A constant, and not a set of names seen so far, because such a set
# would be state shared by all middlewares, for a gain that the benchmark does not show.
_COMMON = (
    "Accept-Ranges",
    "Age",
    "Allow",
    "Alt-Svc",
    "Cache-Control",
    "Connection",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-Range",
    "Content-Security-Policy",
    "Content-Type",
    "Cross-Origin-Embedder-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Date",
    "ETag",
    "Etag",
    "Expires",
    "Last-Modified",
    "Link",
    "Location",
    "Permissions-Policy",
    "Pragma",
    "Referrer-Policy",
    "Retry-After",
    "Server",
    "Server-Timing",
    "Set-Cookie",
    "Strict-Transport-Security",
    "Transfer-Encoding",
    "WWW-Authenticate",
    "X-Content-Type-Options",
    "X-Correlation-Id",
    "X-Frame-Options",
    "X-Powered-By",
    "X-Request-ID",
    "X-Request-Id",
    "X-XSS-Protection",
)
_HARMLESS = frozenset(_COMMON).union(name.lower() for name in _COMMON)


def needs_merging(headers: Iterable[Header]) -> bool:
    """Tell whether a response sends Vary or a CORS header of its own."""
    for name, _ in headers:
        if name not in _HARMLESS and name.lower() in _TOUCHED:
            return True
    return False


def cors_headers(headers: Iterable[Header]) -> list[Header]:
    """Return the CORS response headers among `headers`."""
    return [header for header in headers if header[0].lower() in CORS_RESPONSE_HEADERS]


def without_cors_headers(headers: Iterable[Header]) -> list[Header]:
    """Return `headers` without the CORS response headers, in their order."""
    return [header for header in headers if header[0].lower() not in CORS_RESPONSE_HEADERS]


def with_exposed(
    own: Iterable[Header], ruled: Sequence[Header], *, with_credentials: bool
) -> list[Header]:
    """Return the headers `ruled` with the names that an application exposes itself united in.

    Members that are no tokens are left out: one of them would make a browser discard the whole
    header (Fetch, 2.2.2, extract header list values). So is `*` with credentials, where it is not
    a wildcard (Fetch, 3.3.3).
    """
    values = [value for name, value in ruled if name == EXPOSE_HEADERS]
    values += [value for name, value in own if name.lower() == EXPOSE_HEADERS.lower()]
    names: dict[str, str] = {}
    for value in values:
        for member in list_members(value):
            if is_token(member) and not (with_credentials and member == "*"):
                names.setdefault(member.lower(), member)
    kept = [header for header in ruled if header[0] != EXPOSE_HEADERS]
    if names:
        kept.append((EXPOSE_HEADERS, ", ".join(names.values())))
    return kept


def with_vary(headers: Iterable[Header], names: Iterable[str]) -> list[Header]:
    """Return `headers` with `names` merged into Vary (RFC 9110, 12.5.5).

    A response that varies by all of them already, or by `*`, keeps its lines as they are.
    Otherwise its lines become one, where the first one stood: some caches read only one.
    """
    result = list(headers)
    places = [place for place, (name, _) in enumerate(result) if name.lower() == "vary"]
    present = [member for place in places for member in list_members(result[place][1])]
    known = {member.lower() for member in present}
    missing = [name for name in names if name.lower() not in known]
    if not missing or "*" in known:
        return result
    merged = ("Vary", ", ".join([*present, *missing]))
    if not places:
        return [*result, merged]
    result[places[0]] = (result[places[0]][0], merged[1])
    return [header for place, header in enumerate(result) if place not in places[1:]]
