"""Headers of responses that are not lists, but mappings with case-insensitive names."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from corswsgi.decision import Decision, Header, merged_vary
from corswsgi.fetch import CORS_RESPONSE_HEADERS

if TYPE_CHECKING:
    from http.cookies import Morsel


class HeaderMapping(Protocol):
    """The headers of a response, as Django and Falcon have them. Names are case-insensitive."""

    def __iter__(self) -> Iterator[str]: ...
    def __getitem__(self, name: str, /) -> str: ...
    def __setitem__(self, name: str, value: str, /) -> None: ...
    def __delitem__(self, name: str, /) -> None: ...
    def items(self) -> ItemsView[str, str]:
        """Return pairs of name and value."""


def list_headers(headers: HeaderMapping, cookies: Mapping[str, Morsel[str]]) -> list[Header]:
    """Return the headers of a response that has its cookies apart."""
    lines = [("Set-Cookie", cookie.OutputString()) for cookie in cookies.values()]
    return [*headers.items(), *lines]


def add_to_mapping(decision: Decision, headers: HeaderMapping, unrelated_names: set[str]) -> bool:
    """Do the same as `apply_to_mapping` if all names but ``Vary`` are known to be unrelated.

    Returns False if they are not. Nearly every response takes this path, which needs a third of
    the time. Most responses have Vary, for example for sessions and CSRF protection.
    """
    vary = ""
    for name in headers:
        if name not in unrelated_names:
            if name != "Vary":
                return False
            vary = headers[name]
    for name, value in decision.headers:
        headers[name] = value
    if decision.vary:
        headers["Vary"] = merged_vary(vary, decision.vary)
    return True


def apply_to_mapping(decision: Decision, headers: HeaderMapping, unrelated_names: set[str]) -> None:
    """Change headers as `Decision.apply` does; see there for `unrelated_names`."""
    before = dict(headers.items())
    after = dict(decision.apply([*before.items()], unrelated_names))
    for name in before:
        if name not in after and name.lower() in CORS_RESPONSE_HEADERS:
            del headers[name]
    for name, value in after.items():
        if before.get(name) != value:
            headers[name] = value
