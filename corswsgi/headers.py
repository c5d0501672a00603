"""An application's response headers, and what CORS does to them. The lists given are not changed."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from .fetch import CORS_RESPONSE_HEADERS, is_token, list_members

Header = tuple[str, str]

EXPOSE_HEADERS = "Access-Control-Expose-Headers"
_EXPOSE_HEADERS_LOWER = EXPOSE_HEADERS.lower()

_MAX_HARMLESS = 256


def is_harmless(name: str, harmless: set[str]) -> bool:
    """Tell whether a response header is neither Vary nor one of CORS, and remember that it is not.

    Looking a name up in `harmless` first costs a third of lower-casing it, and applications send
    the same few names all the time. It is bounded, should one send names that its clients choose.
    """
    lower = name.lower()
    if lower == "vary" or lower in CORS_RESPONSE_HEADERS:
        return False
    if len(harmless) < _MAX_HARMLESS:
        harmless.add(name)
    return True


def merged(
    headers: Iterable[Header],
    ruled: Sequence[Header],
    vary: Sequence[str],
    keep: bool,
    unite: bool,
    harmless: Container[str],
) -> list[Header]:
    """Return an application's headers with the CORS headers `ruled`, and `vary` merged into Vary.

    The application's own CORS headers go, unless `keep`. With `unite`, the names that it exposes
    itself are united with those that are `ruled`. Names in `harmless` are not looked at.
    """
    touched = [header for header in headers if header[0] not in harmless]
    own_vary = [header for header in touched if header[0].lower() == "vary"]
    own_cors = [] if keep else cors_headers(touched)
    result = [*headers, *ruled]
    if own_cors:
        kept = [header for header in headers if header not in own_cors]
        result = [*kept, *(with_exposed(ruled, own_cors) if unite else ruled)]
    if not vary:
        return result
    if not own_vary:
        result.append(("Vary", ", ".join(vary)))
        return result
    values = ", ".join([value for _, value in own_vary])
    combined = merged_vary(values, vary)
    if combined != values:
        # Several lines become one: some caches read only one.
        place = result.index(own_vary[0])
        result[place] = (result[place][0], combined)
        if len(own_vary) > 1:
            result[place + 1 :] = [
                header for header in result[place + 1 :] if header not in own_vary
            ]
    return result


def merged_vary(value: str, names: Iterable[str]) -> str:
    """Return a value of Vary with `names` added that it lacks; none, where it is ``*``."""
    lower = value.lower()
    if "*" in lower and "*" in list_members(lower):
        return value
    for name in names:
        # What is not in the text at all is no member of the list, and need not be looked for.
        if name.lower() not in lower or name.lower() not in list_members(lower):
            kept = value.rstrip(", \t")
            value = f"{kept}, {name}" if kept else name
    return value


def with_exposed(ruled: Sequence[Header], own: Iterable[Header]) -> list[Header]:
    """Return the headers `ruled`, Access-Control-Expose-Headers united with what is in `own`.

    Members that are no tokens are left out: one of them would make a browser discard the whole
    header (Fetch, 2.2.2, extract header list values). So is `*` with credentials, where it is not
    a wildcard (Fetch, 3.3.3).
    """
    no_wildcard = ("Access-Control-Allow-Credentials", "true") in ruled
    names: dict[str, str] = {}
    for header, value in [*ruled, *own]:
        for member in list_members(value) if header.lower() == _EXPOSE_HEADERS_LOWER else ():
            if is_token(member) and not (no_wildcard and member == "*"):
                names.setdefault(member.lower(), member)
    kept = [header for header in ruled if header[0] != EXPOSE_HEADERS]
    return [*kept, (EXPOSE_HEADERS, ", ".join(names.values()))] if names else kept


def cors_headers(headers: Iterable[Header]) -> list[Header]:
    """Return the CORS response headers among `headers`."""
    return [header for header in headers if header[0].lower() in CORS_RESPONSE_HEADERS]
