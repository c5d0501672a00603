"""Response headers, and what CORS does to those of an application."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .fetch import CORS_RESPONSE_HEADERS, is_token, list_members

Header = tuple[str, str]

EXPOSE_HEADERS = "Access-Control-Expose-Headers"
EXPOSE_HEADERS_LOWER = EXPOSE_HEADERS.lower()


def merged_vary(value: str, names: Iterable[str]) -> str:
    """Return a value of Vary with `names` added that it lacks; none, where it is ``*``."""
    lower = value.lower()
    if "*" in lower and "*" in list_members(lower):
        return value
    for name in names:
        # What is not in the text at all is no member of the list, and need not be looked for.
        wanted = name.lower()
        if wanted not in lower or wanted not in list_members(lower):
            kept = value.rstrip(", \t")
            value = f"{kept}, {name}" if kept else name
    return value


def with_exposed(ruled: Sequence[Header], own: Iterable[Header]) -> list[Header]:
    """Return the headers `ruled`, with the names that an application exposes in `own` united in.

    Members that are no tokens are left out: one of them would make a browser discard the whole
    header (Fetch, 2.2.2, extract header list values). So is `*` with credentials, where it is not
    a wildcard (Fetch, 3.3.3).
    """
    exposed = [value for name, value in own if name.lower() == EXPOSE_HEADERS_LOWER]
    no_wildcard = ("Access-Control-Allow-Credentials", "true") in ruled
    names: dict[str, str] = {}
    for value in [*(value for name, value in ruled if name == EXPOSE_HEADERS), *exposed]:
        for member in list_members(value):
            if is_token(member) and not (no_wildcard and member == "*"):
                names.setdefault(member.lower(), member)
    kept = [header for header in ruled if header[0] != EXPOSE_HEADERS]
    return [*kept, (EXPOSE_HEADERS, ", ".join(names.values()))] if names else kept


def cors_headers(headers: Iterable[Header]) -> list[Header]:
    """Return the CORS response headers among `headers`."""
    return [header for header in headers if header[0].lower() in CORS_RESPONSE_HEADERS]
