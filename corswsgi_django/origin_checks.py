"""What `manage.py check` says of the origins that may send cookies, and of expressions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.conf import settings
from django.core.checks import CheckMessage, Warning  # noqa: A004 - its name

from corswsgi import Policy
from corswsgi.errors import shown
from corswsgi.neighbours import meant_origins, neighbours
from corswsgi.origins import NOBODY, Origin, OriginPattern, is_loopback, parse_pattern
from corswsgi.suffixes import PublicSuffixes

from .stack import has

_CSRF = "django.middleware.csrf.CsrfViewMiddleware"
_SESSION = "django.contrib.sessions.middleware.SessionMiddleware"

# Of what there may be thousands, in a message.
_MAX_NAMED = 20

_DEBUG_HOSTS = (".localhost", "127.0.0.1", "[::1]")


def check_origins(governing: list[Policy | None]) -> Iterator[CheckMessage]:
    """Yield W007 to W012, of all policies that govern some path."""
    credentialed = [policy for policy in governing if policy and policy.supports_credentials]
    yield from _of_csrf(credentialed)
    yield from _of_cookies(credentialed)
    yield from _of_expressions(governing)


class _Allowed(NamedTuple):
    """Pages that may send cookies."""

    written: str
    """As it is written: an origin pattern, or an expression."""
    pattern: OriginPattern
    """What they are, or, of an expression, one that it means."""
    trusted: str
    """What to write into CSRF_TRUSTED_ORIGINS for them."""


def _allowed(policies: list[Policy]) -> list[_Allowed]:
    """Return the origins of some policies; callables say nothing of theirs."""
    rules = [rule for policy in policies for rule in policy.origins]
    patterns = [(rule, parse_pattern(rule)) for rule in rules if isinstance(rule, str)]
    expressions = [rule for rule in rules if isinstance(rule, re.Pattern) and rule is not NOBODY]
    found = [_Allowed(text, pattern, text) for text, pattern in patterns if pattern is not None]
    if expressions:
        # It takes a tenth of a second to read.
        suffixes = PublicSuffixes()
        found += [
            _meant(expression, text, origin, suffixes.site(origin.host))
            for expression in expressions
            for text, origin in meant_origins(expression)
        ]
    return [*{(allowed.written, allowed.trusted): allowed for allowed in found}.values()]


def _meant(expression: re.Pattern[str], text: str, origin: Origin, site: str | None) -> _Allowed:
    trusted = text if site in (None, origin.host) else f"{origin.scheme}://*.{site}"
    pattern = OriginPattern(*origin, subdomains=False)
    return _Allowed(repr(expression.pattern), pattern, trusted)


def _named(texts: Iterable[str]) -> str:
    """Name each once, as far as anybody reads on."""
    each = [*dict.fromkeys(texts)]
    more = f" and {len(each) - _MAX_NAMED} more" if len(each) > _MAX_NAMED else ""
    return ", ".join(each[:_MAX_NAMED]) + more


def _of_csrf(credentialed: list[Policy]) -> Iterator[CheckMessage]:
    """W007 and W008: pages that may send cookies, and whose POST Django refuses."""
    if not has(_CSRF):
        return
    missing, open_ports = [], []
    for allowed in _allowed(credentialed):
        if allowed.pattern.port == "*":
            open_ports.append(allowed.written)
        elif not _is_trusted(allowed.pattern):
            missing.append(allowed)
    if missing:
        text = (
            "these origins may send cookies, and are not in CSRF_TRUSTED_ORIGINS: "
            f"{_named(allowed.written for allowed in missing)}. Every POST, PUT, PATCH or "
            "DELETE of their pages gets a 403."
        )
        trusted = dict.fromkeys(allowed.trusted for allowed in missing)
        value = repr([*settings.CSRF_TRUSTED_ORIGINS, *trusted])
        if len(trusted) > _MAX_NAMED:
            value = "[*CSRF_TRUSTED_ORIGINS, *CORS_ALLOWED_ORIGINS]"
        hint = f"if they may write: CSRF_TRUSTED_ORIGINS = {value}. {_silencing('W007')}"
        yield Warning(text, hint=hint, id="corswsgi.W007")
    if open_ports:
        named = [text.replace(":*", ":3000") for text in open_ports]
        text = (
            f"these origins may send cookies from any port: {_named(open_ports)}. "
            "CSRF_TRUSTED_ORIGINS has no ports but those that it names: from another one, "
            "every POST, PUT, PATCH or DELETE gets a 403."
        )
        hint = (
            "name those that write, as in CSRF_TRUSTED_ORIGINS = "
            f"{[*settings.CSRF_TRUSTED_ORIGINS, *named]!r}. {_silencing('W008')}"
        )
        yield Warning(text, hint=hint, id="corswsgi.W008")


def _silencing(number: str) -> str:
    silenced = [*settings.SILENCED_SYSTEM_CHECKS, f"corswsgi.{number}"]
    return f"Where that is as it should be: SILENCED_SYSTEM_CHECKS = {silenced!r}."


def _is_trusted(pattern: OriginPattern) -> bool:
    """Tell whether Django takes a POST of all that a pattern stands for (CsrfViewMiddleware)."""
    port = "" if pattern.port is None else f":{pattern.port}"
    netloc = f"{pattern.host}{port}"
    if not (port or pattern.subdomains) and pattern.host in settings.ALLOWED_HOSTS:
        return True  # the project's own
    for text in map(str, settings.CSRF_TRUSTED_ORIGINS):
        scheme, _, trusted = text.partition("://")
        if scheme != pattern.scheme:
            continue
        if "*" not in text:
            if trusted == netloc and not pattern.subdomains:
                return True
        # `*.example.com` is example.com too, and `*example.com` is that alone.
        elif trusted.startswith("*."):
            if f".{netloc}".endswith(trusted.removeprefix("*")):
                return True
        elif trusted.lstrip("*") == netloc and not pattern.subdomains:
            return True
    return False


def _of_cookies(credentialed: list[Policy]) -> Iterator[CheckMessage]:
    """W009 and W010: cookies that browsers do not send from another site."""
    others = _on_other_sites(credentialed)
    if not others:
        return
    cookies = [("SESSION_COOKIE", "W009", has(_SESSION))]
    cookies.append(("CSRF_COOKIE", "W010", has(_CSRF) and not settings.CSRF_USE_SESSIONS))
    for name, number, is_used in cookies:
        same_site, secure = f"{name}_SAMESITE", f"{name}_SECURE"
        if not is_used or (getattr(settings, same_site) == "None" and getattr(settings, secure)):
            continue
        text = (
            "these origins may send cookies, and are on another site than the project's hosts "
            f"(ALLOWED_HOSTS): {_named(others)}. With {same_site} = "
            f"{getattr(settings, same_site)!r} and {secure} = {getattr(settings, secure)!r}, "
            "browsers do not send that cookie."
        )
        hint = (
            f'{same_site} = "None" and {secure} = True. (Some browsers send no cookies to other '
            "sites at all: a page on the same site is better.)"
        )
        yield Warning(text, hint=hint, id=f"corswsgi.{number}")


def _on_other_sites(policies: list[Policy]) -> list[str]:
    """Return the origins of other sites than the project's own hosts, as far as these are known."""
    # Some are None, or empty: variables that were not set.
    hosts = [host for host in settings.ALLOWED_HOSTS if host and isinstance(host, str)]
    if not hosts and settings.DEBUG:
        hosts = [*_DEBUG_HOSTS]
    if not hosts or "*" in hosts:
        return []
    suffixes = PublicSuffixes()
    own = {_site(suffixes, host.removeprefix(".")) for host in hosts}
    return [
        allowed.written
        for allowed in _allowed(policies)
        if _site(suffixes, allowed.pattern.host) not in own
    ]


def _site(suffixes: PublicSuffixes, host: str) -> str:
    return suffixes.site(host) or host


def _of_expressions(governing: list[Policy | None]) -> Iterator[CheckMessage]:
    """W011 and W012: expressions that match more than they mean."""
    seen: dict[str, bool] = {}
    expressions: dict[str, re.Pattern[str]] = {}
    for policy in governing:
        for rule in () if policy is None else policy.origins:
            if isinstance(rule, re.Pattern) and rule is not NOBODY and policy is not None:
                expressions[rule.pattern] = rule
                seen[rule.pattern] = seen.get(rule.pattern, False) or policy.supports_credentials
    if not expressions:
        return
    suffixes = PublicSuffixes()
    for text, expression in expressions.items():
        found = next(neighbours(expression, suffixes), None)
        if found is not None:
            yield Warning(
                f"the expression {shown(text)} matches {found.neighbour} too, which is another "
                f"site than {found.meant}.",
                hint="escape each dot (\\.) and name the host up to its end, or write a pattern "
                'into CORS_ALLOWED_ORIGINS, such as "https://*.example.com".',
                id="corswsgi.W011",
            )
        plain = (each for each, origin in meant_origins(expression) if _is_insecure(origin))
        if seen[text] and (origin := next(plain, None)):
            yield Warning(
                f"the expression {shown(text)} matches {origin}, which is not HTTPS: whoever sits "
                "on the way of such a page could read in the name of its visitors.",
                hint="write https:// instead of http:// or https?://.",
                id="corswsgi.W012",
            )


def _is_insecure(origin: Origin) -> bool:
    return origin.scheme == "http" and not is_loopback(origin.host)
