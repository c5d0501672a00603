"""Origins whose pages may send cookies, but whose requests CSRF protection refuses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from .analysis import MAX_ENUMERATED, AllowedOrigin, enumerate_texts
from .layers import Applied

_REFUSED = "every POST, PUT, PATCH or DELETE of their pages gets a 403"


class TrustedOrigins(NamedTuple):
    """The origins that CSRF protection accepts requests of, as Django compares them."""

    setting: str
    """The name of the setting that lists them."""
    origins: Sequence[object]
    hosts: Collection[object]
    """The hosts of the application. Its own pages are always accepted."""

    def describe_missing(self, origins: Sequence[AllowedOrigin]) -> Iterator[tuple[str, str]]:
        """Yield a sentence about origins that are not listed, and a hint, if there are any.

        Origin patterns with any port are left out, because they cannot be listed.
        """
        missing = [each for each in origins if each.pattern.port != "*" and not self._has(each)]
        if not missing:
            return
        named = enumerate_texts(origin.written for origin in missing)
        text = f"these origins may send cookies, but are not in {self.setting}: {named}."
        trusted = dict.fromkeys(str(origin.pattern) for origin in missing)
        value = repr([*self.origins, *trusted])
        if len(trusted) > MAX_ENUMERATED:
            value = f"[*{self.setting}, *CORS_ALLOWED_ORIGINS]"
        wider = enumerate_texts(
            repr(str(each.pattern))
            for each in missing
            if each.is_expression and each.pattern.subdomains
        )
        note = f" (There, {wider} matches all subdomains, which may be more than the expression.)"
        fix = f"if they may write: {self.setting} = {value}."
        yield f"{text} So {_REFUSED}.", fix + note if wider else fix

    def describe_open_ports(self, origins: Sequence[AllowedOrigin]) -> Iterator[tuple[str, str]]:
        """Yield a sentence about origin patterns with any port, and a hint, if there are any."""
        open_ports = [origin for origin in origins if origin.pattern.port == "*"]
        if not open_ports:
            return
        named = enumerate_texts(origin.written for origin in open_ports)
        text = f"these origins may send cookies from any port: {named}."
        text = f"{text} {self.setting} cannot list any port, so {_REFUSED}."
        listed = [str(replace(origin.pattern, port=3000)) for origin in open_ports]
        value = repr([*self.origins, *listed])
        yield text, f"list ports that may write: {self.setting} = {value}."

    def _has(self, origin: AllowedOrigin) -> bool:
        """Return whether a POST from every origin of a pattern is accepted."""
        pattern = origin.pattern
        is_exact = not pattern.subdomains
        netloc = pattern.host if pattern.port is None else f"{pattern.host}:{pattern.port}"
        if is_exact and netloc in self.hosts:
            return True  # the application's own origin
        for text in map(str, self.origins):
            scheme, _, trusted = text.partition("://")
            # `*.example.com` includes example.com, and `*example.com` is example.com alone.
            if trusted.startswith("*."):
                is_included = f".{netloc}".endswith(trusted.removeprefix("*"))
            else:
                is_included = is_exact and trusted.lstrip("*") == netloc
            if is_included and scheme == pattern.scheme:
                return True
        return False


def missing_token_headers(
    rows: Iterable[tuple[str | None, Applied]], key: object, setting: str
) -> list[tuple[str | None, str, str]]:
    """Return policies that do not allow the header of the CSRF token: view, sentence and hint.

    `rows` are views, or None, with what applies to them. `setting` is the name of the setting for
    the header, and `key` is its value, which is written like a key of ``environ``. A value that
    is not a string is for the framework to report.
    """
    if not isinstance(key, str):
        return []
    header = key.removeprefix("HTTP_").replace("_", "-").lower()
    found = {(view, _describe(applied, header, setting)): None for view, applied in rows}
    return [(view, *described) for view, described in found if described is not None]


def _describe(applied: Applied, header: str, setting: str) -> tuple[str, str] | None:
    policy, names = applied.policy, applied.names
    if policy is None or applied.is_optional or not policy.supports_credentials:
        return None
    if not {"*", header}.isdisjoint(map(str.lower, policy.allow_headers)):
        return None
    text = (
        f"{names.option('allow_headers')} does not contain {header!r}, which is the header of the "
        f"CSRF token ({setting}). So browsers do not send requests with the token."
    )
    return (
        text,
        f"write {names.assignment('allow_headers', repr([*policy.allow_headers, header]))}.",
    )
