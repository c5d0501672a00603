"""The checks of origins: cookies and CSRF protection for pages of other origins, expressions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from django.conf import settings
from django.core.checks import CheckMessage, Warning  # noqa: A004 - its name

from corswsgi import Policy
from corswsgi.adapters import (
    MAX_ENUMERATED,
    AllowedOrigin,
    allowed_origins,
    describe_cookie,
    enumerate_texts,
    on_other_sites,
    wide_expressions,
)

from .stack import has

_CSRF = "django.middleware.csrf.CsrfViewMiddleware"
_SESSION = "django.contrib.sessions.middleware.SessionMiddleware"

# The hosts that Django allows in debug mode if ALLOWED_HOSTS is empty.
_DEBUG_HOSTS = (".localhost", "127.0.0.1", "[::1]")


def check_origins(policies: list[Policy | None]) -> Iterator[CheckMessage]:
    """Yield W007 to W012 for the policies of all paths."""
    credentialed = [policy for policy in policies if policy and policy.supports_credentials]
    origins = allowed_origins(credentialed)
    if has(_CSRF):
        yield from _check_csrf(origins)
    if others := on_other_sites(origins, _known_hosts()):
        yield from _check_cookies(others)
    for wide in wide_expressions(policies):
        if (text := wide.describe_wide()) is not None:
            hint = wide.suggest("list the origins that you trust in CORS_ALLOWED_ORIGINS.")
            yield Warning(text, hint=hint, id="corswsgi.W011")
        if (text := wide.describe_insecure()) is not None:
            hint = wide.suggest("write https:// instead of http:// or https?://.")
            yield Warning(text, hint=hint, id="corswsgi.W012")


def _check_csrf(origins: list[AllowedOrigin]) -> Iterator[CheckMessage]:
    """W007 and W008: pages that may send cookies, but whose POST Django refuses."""
    open_ports = [origin for origin in origins if origin.pattern.port == "*"]
    missing = [each for each in origins if each.pattern.port != "*" and not _is_trusted(each)]
    refused = "every POST, PUT, PATCH or DELETE of their pages gets a 403"
    if missing:
        named = enumerate_texts(origin.written for origin in missing)
        text = f"these origins may send cookies, but are not in CSRF_TRUSTED_ORIGINS: {named}."
        text = f"{text} So {refused}."
        trusted = dict.fromkeys(str(origin.pattern) for origin in missing)
        value = repr([*settings.CSRF_TRUSTED_ORIGINS, *trusted])
        if len(trusted) > MAX_ENUMERATED:
            value = "[*CSRF_TRUSTED_ORIGINS, *CORS_ALLOWED_ORIGINS]"
        hint = f"if they may write: CSRF_TRUSTED_ORIGINS = {value}. {_silencing('W007')}"
        yield Warning(text, hint=hint, id="corswsgi.W007")
    if open_ports:
        named = enumerate_texts(origin.written for origin in open_ports)
        text = f"these origins may send cookies from any port: {named}."
        text = f"{text} CSRF_TRUSTED_ORIGINS cannot list any port, so {refused}."
        listed = [str(replace(origin.pattern, port=3000)) for origin in open_ports]
        value = repr([*settings.CSRF_TRUSTED_ORIGINS, *listed])
        hint = f"list ports that may write: CSRF_TRUSTED_ORIGINS = {value}. {_silencing('W008')}"
        yield Warning(text, hint=hint, id="corswsgi.W008")


def _is_trusted(origin: AllowedOrigin) -> bool:
    """Return whether CsrfViewMiddleware accepts a POST from every origin of a pattern."""
    pattern = origin.pattern
    is_exact = not pattern.subdomains
    netloc = pattern.host if pattern.port is None else f"{pattern.host}:{pattern.port}"
    if is_exact and netloc in settings.ALLOWED_HOSTS:
        return True  # the project's own origin
    for text in map(str, settings.CSRF_TRUSTED_ORIGINS):
        scheme, _, trusted = text.partition("://")
        # `*.example.com` includes example.com, and `*example.com` is example.com alone.
        if trusted.startswith("*."):
            is_included = f".{netloc}".endswith(trusted.removeprefix("*"))
        else:
            is_included = is_exact and trusted.lstrip("*") == netloc
        if is_included and scheme == pattern.scheme:
            return True
    return False


def _silencing(number: str) -> str:
    silenced = [*settings.SILENCED_SYSTEM_CHECKS, f"corswsgi.{number}"]
    return f"If that is intended: SILENCED_SYSTEM_CHECKS = {silenced!r}."


def _check_cookies(origins: list[str]) -> Iterator[CheckMessage]:
    """W009 and W010: cookies that browsers do not send from other sites."""
    cookies = [("SESSION_COOKIE", "W009", has(_SESSION))]
    cookies.append(("CSRF_COOKIE", "W010", has(_CSRF) and not settings.CSRF_USE_SESSIONS))
    for name, number, is_used in cookies:
        same_site = getattr(settings, f"{name}_SAMESITE")
        secure = getattr(settings, f"{name}_SECURE")
        if not is_used or (same_site == "None" and secure):
            continue
        text, hint = describe_cookie(name, same_site, secure, origins, "ALLOWED_HOSTS")
        yield Warning(text, hint=hint, id=f"corswsgi.{number}")


def _known_hosts() -> list[str]:
    """Return the project's hosts, or nothing if they are not known."""
    # Some hosts are None or empty, because a variable was not set.
    hosts = [host for host in settings.ALLOWED_HOSTS if host and isinstance(host, str)]
    if not hosts and settings.DEBUG:
        return [*_DEBUG_HOSTS]
    return [] if "*" in hosts else hosts
