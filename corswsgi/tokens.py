"""Methods and names of headers: reads the options that are lists of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeGuard

from . import fetch
from .errors import NoticeReason, safe_repr
from .findings import ANY, EXAMPLES, Findings
from .suggestions import is_missing, split_list, split_methods

# Methods that fetch() does not normalize, and that are often written in lower case.
# https://fetch.spec.whatwg.org/#concept-method-normalize
_CASE_SENSITIVE_METHODS = frozenset({"PATCH", "QUERY"})

# The words of a message about one name, and about several.
_ONE = {"are": "is a", "s": "", "they_are": "it is", "them": "it"}
_SEVERAL = {"are": "are", "s": "s", "they_are": "they are", "them": "them"}


def read_methods(found: Findings, value: object) -> tuple[str, ...] | None:
    """Read ``methods``: None, `ANY`, or normalized methods without duplicates."""
    if value is None:
        return None
    methods = [fetch.normalize_method(name) for name in _tokens(found, "methods", value)]
    forbidden = [method for method in methods if method.upper() in fetch.FORBIDDEN_METHODS]
    message = (
        "{names} {are} method{s} that scripts cannot send "
        "(https://fetch.spec.whatwg.org/#forbidden-method), so {they_are} ignored."
    )
    _notice(found, "methods", forbidden, "forbidden_method", message, "Remove {them}.")
    for method in methods:
        upper = method.upper()
        if method != upper and upper in _CASE_SENSITIVE_METHODS:
            message = (
                f"{method!r} is not the same method as {upper!r}. Methods are case-sensitive, "
                "and fetch() sends this one as it is written."
            )
            hint = f"To allow {upper!r}, write {upper!r}, here and in the script."
            found.notice("methods", method, "method_case", message, hint)
    return tuple(dict.fromkeys(method for method in methods if method not in forbidden))


def read_allow_headers(found: Findings, value: object) -> tuple[str, ...]:
    """Read ``allow_headers``: `ANY`, or names of request headers without duplicates."""
    names = _header_names(found, "allow_headers", value)
    forbidden = [name for name in names if fetch.is_forbidden_request_header(name)]
    kept = tuple(name for name in names if name not in forbidden)
    message = (
        "{names} {are} header{s} that scripts cannot set "
        "(https://fetch.spec.whatwg.org/#forbidden-request-header), so {they_are} ignored."
    )
    hint = "Remove {them}."
    if any("cookie" in name.lower() for name in forbidden):
        hint += " To allow cookies, use {other}."
    other = found.names.option("supports_credentials")
    _notice(found, "allow_headers", forbidden, "forbidden_header", message, hint, other)
    sent = [name for name in kept if name.lower() in fetch.CORS_RESPONSE_HEADERS]
    message = (
        "{names} {are} response header{s}. Some pages send {them} by mistake, and are allowed to."
    )
    hint = "Remove {them} here and in the script that sets {them}."
    _notice(found, "allow_headers", sent, "wrong_direction", message, hint)
    others = [name for name in kept if name.lower() in fetch.RESPONSE_ONLY_HEADERS]
    others = [name for name in others if name not in sent]
    _notice_direction(found, "allow_headers", others, "request", "response")
    return kept


def read_expose_headers(found: Findings, value: object) -> tuple[str, ...]:
    """Read ``expose_headers``: `ANY`, or names of response headers without duplicates."""
    names = _header_names(found, "expose_headers", value)
    forbidden = [name for name in names if name.lower() in fetch.FORBIDDEN_RESPONSE_HEADERS]
    kept = tuple(name for name in names if name not in forbidden)
    message = (
        "{names} {are} header{s} that scripts cannot read "
        "(https://fetch.spec.whatwg.org/#forbidden-response-header-name), so {they_are} ignored."
    )
    hint = "Remove {them}. Browsers store cookies without the help of scripts."
    _notice(found, "expose_headers", forbidden, "forbidden_header", message, hint)
    others = [name for name in kept if name.lower() in fetch.REQUEST_ONLY_HEADERS]
    _notice_direction(found, "expose_headers", others, "response", "request")
    return kept


def _header_names(found: Findings, option: str, value: object) -> tuple[str, ...]:
    names: dict[str, str] = {}
    for name in _tokens(found, option, value):
        names.setdefault(name.lower(), name)
    return tuple(names.values())


def _tokens(found: Findings, option: str, value: object) -> tuple[str, ...]:
    items = found.items(option, value)
    is_any = found.is_any(option, items)
    tokens = tuple(item for item in items or () if _is_token(item, option, found))
    return ANY if is_any else tokens


def _is_token(item: object, option: str, found: Findings) -> TypeGuard[str]:
    if not found.is_string(item, option):
        return False
    hint: str | None
    if not item.strip() or is_missing(item):
        message = f"{safe_repr(item)} is not a name. Was an environment variable not set?"
        hint = f"leave it out, or write {found.names.assignment(option, EXAMPLES[option])}."
        found.refuse(option, item, "not_a_token", message, hint)
        return False
    joined = split_methods(item) if option == "methods" else []
    if joined:
        message = f"{safe_repr(item)} is several names in one string. Is a comma missing?"
        found.refuse(option, item, "several_in_one", message, f"split it: {joined}")
        return False
    if fetch.is_token(item):
        if "*" not in item or item == "*":
            return True
        message = f"{safe_repr(item)} contains '*', and names cannot have wildcards."
        hint = f"list the names, or write {found.write(option, ANY)}."
        found.refuse(option, item, "not_a_pattern", message, hint)
        return False
    parts = split_list(item)
    is_accepted = all(_is_accepted(option, part) for part in parts)
    if len(parts) > 1 and all(map(fetch.is_token, parts)):
        message = f"{safe_repr(item)} is several names in one string."
        hint = f"split it: {parts}" if is_accepted else "split it into a list."
        found.refuse(option, item, "several_in_one", message, hint)
        return False
    message = (
        f"{safe_repr(item)} is not a valid HTTP token "
        "(https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)."
    )
    hint = f"did you mean {parts[0]!r}?" if len(parts) == 1 and is_accepted else None
    found.refuse(option, item, "not_a_token", message, hint)
    return False


def _notice_direction(
    found: Findings, option: str, names: list[str], listed: str, actual: str
) -> None:
    other = {"request": "allow_headers", "response": "expose_headers"}[actual]
    message = f"{{names}} {{are}} {actual} header{{s}}, but {{option}} is for {listed} headers."
    movable = [name for name in names if _is_accepted(other, name)]
    hint = "Did you mean {other}? Otherwise remove {them}."
    setting = found.names.option(other)
    _notice(found, option, movable, "wrong_direction", message, hint, setting)
    others = [name for name in names if name not in movable]
    hint = "Remove {them}. Browsers handle {them} themselves."
    _notice(found, option, others, "wrong_direction", message, hint)


def _notice(
    found: Findings,
    option: str,
    names: Iterable[str],
    reason: NoticeReason,
    message: str,
    hint: str,
    other: str = "",
) -> None:
    """Add one notice about all of the names, if there are any.

    `message` and `hint` are templates, in which `other` is the name of another option.
    """
    if not (each := [*dict.fromkeys(names)]):
        return
    *first, last = each
    words = {**(_SEVERAL if first else _ONE), "option": found.names.option(option), "other": other}
    listed = ", ".join(map(safe_repr, first))
    words["names"] = f"{listed} and {safe_repr(last)}" if first else safe_repr(last)
    value = tuple(each) if first else last
    found.notice(option, value, reason, message.format(**words), hint.format(**words))


def _is_accepted(option: str, name: str) -> bool:
    """Return whether an option accepts a name and uses it, so that a hint may suggest it."""
    if name == "*" or not fetch.is_token(name):
        return False
    found = Findings()
    return bool(_READERS[option](found, name)) and not found.problems


_READERS = {
    "methods": read_methods,
    "allow_headers": read_allow_headers,
    "expose_headers": read_expose_headers,
}
