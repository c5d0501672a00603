"""The checks of origins: cookies and CSRF protection for pages of other origins, expressions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Warning  # noqa: A004 - its name

from corswsgi import Policy
from corswsgi.adapters import (
    AllowedOrigin,
    OriginPattern,
    allowed_origins,
    safe_repr,
    site_of,
    wide_expressions,
)

from .stack import has

_CSRF = "django.middleware.csrf.CsrfViewMiddleware"
_SESSION = "django.contrib.sessions.middleware.SessionMiddleware"

# There may be thousands of origins.
_MAX_NAMED = 20

_DEBUG_HOSTS = (".localhost", "127.0.0.1", "[::1]")


def check_origins(policies: list[Policy | None]) -> Iterator[CheckMessage]:
    """Yield W007 to W012 for the policies of all paths."""
    credentialed = [policy for policy in policies if policy and policy.supports_credentials]
    origins = allowed_origins(credentialed)
    yield from _check_csrf(origins)
    yield from _check_cookies(origins)
    yield from _check_expressions(policies, credentialed)


def _named(texts: Iterable[str]) -> str:
    """Name each once, up to a limit."""
    each = [*dict.fromkeys(texts)]
    more = f" and {len(each) - _MAX_NAMED} more" if len(each) > _MAX_NAMED else ""
    return ", ".join(each[:_MAX_NAMED]) + more


def _check_csrf(origins: list[AllowedOrigin]) -> Iterator[CheckMessage]:
    """W007 and W008: pages that may send cookies, but whose POST Django refuses."""
    if not has(_CSRF):
        return
    open_ports = [origin.written for origin in origins if origin.pattern.port == "*"]
    missing = [
        origin
        for origin in origins
        if origin.pattern.port != "*" and not _is_trusted(origin.pattern)
    ]
    if missing:
        text = (
            "these origins may send cookies, but are not in CSRF_TRUSTED_ORIGINS: "
            f"{_named(origin.written for origin in missing)}. Every POST, PUT, PATCH or DELETE "
            "from their pages gets a 403."
        )
        trusted = dict.fromkeys(map(_trusted, missing))
        value = repr([*settings.CSRF_TRUSTED_ORIGINS, *trusted])
        if len(trusted) > _MAX_NAMED:
            value = "[*CSRF_TRUSTED_ORIGINS, *CORS_ALLOWED_ORIGINS]"
        hint = f"if they may write: CSRF_TRUSTED_ORIGINS = {value}. {_silencing('W007')}"
        yield Warning(text, hint=hint, id="corswsgi.W007")
    if open_ports:
        named = [text.replace(":*", ":3000") for text in open_ports]
        text = (
            f"these origins may send cookies from any port: {_named(open_ports)}. "
            "CSRF_TRUSTED_ORIGINS cannot list all ports, so every POST, PUT, PATCH or DELETE from "
            "a port that is not listed gets a 403."
        )
        hint = (
            "list the ports that may write, as in CSRF_TRUSTED_ORIGINS = "
            f"{[*settings.CSRF_TRUSTED_ORIGINS, *named]!r}. {_silencing('W008')}"
        )
        yield Warning(text, hint=hint, id="corswsgi.W008")


def _trusted(origin: AllowedOrigin) -> str:
    """Return what to write into CSRF_TRUSTED_ORIGINS for an origin."""
    pattern = origin.pattern
    if not origin.is_expression:
        return origin.written
    if origin.site != pattern.host:
        return f"{pattern.scheme}://*.{origin.site}"
    return f"{pattern.scheme}://{pattern.host}" + (f":{pattern.port}" if pattern.port else "")


def _silencing(number: str) -> str:
    silenced = [*settings.SILENCED_SYSTEM_CHECKS, f"corswsgi.{number}"]
    return f"If that is intended: SILENCED_SYSTEM_CHECKS = {silenced!r}."


def _is_trusted(pattern: OriginPattern) -> bool:
    """Return whether CsrfViewMiddleware accepts a POST from every origin of a pattern."""
    port = "" if pattern.port is None else f":{pattern.port}"
    netloc = f"{pattern.host}{port}"
    if not (port or pattern.subdomains) and pattern.host in settings.ALLOWED_HOSTS:
        return True  # the project's own origin
    for text in map(str, settings.CSRF_TRUSTED_ORIGINS):
        scheme, _, trusted = text.partition("://")
        if scheme != pattern.scheme:
            continue
        if "*" not in text:
            if trusted == netloc and not pattern.subdomains:
                return True
        # `*.example.com` includes example.com, and `*example.com` is example.com alone.
        elif trusted.startswith("*."):
            if f".{netloc}".endswith(trusted.removeprefix("*")):
                return True
        elif trusted.lstrip("*") == netloc and not pattern.subdomains:
            return True
    return False


def _check_cookies(origins: list[AllowedOrigin]) -> Iterator[CheckMessage]:
    """W009 and W010: cookies that browsers do not send from other sites."""
    others = _on_other_sites(origins)
    if not others:
        return
    cookies = [("SESSION_COOKIE", "W009", has(_SESSION))]
    cookies.append(("CSRF_COOKIE", "W010", has(_CSRF) and not settings.CSRF_USE_SESSIONS))
    for name, number, is_used in cookies:
        same_site, secure = f"{name}_SAMESITE", f"{name}_SECURE"
        if not is_used or (getattr(settings, same_site) == "None" and getattr(settings, secure)):
            continue
        text = (
            "these origins may send cookies, but are on other sites than the project's hosts "
            f"(ALLOWED_HOSTS): {_named(others)}. With {same_site} = "
            f"{getattr(settings, same_site)!r} and {secure} = {getattr(settings, secure)!r}, "
            "browsers do not send that cookie."
        )
        hint = (
            f'{same_site} = "None" and {secure} = True. (Some browsers never send cookies to other '
            "sites. A page on the same site avoids that.)"
        )
        yield Warning(text, hint=hint, id=f"corswsgi.{number}")


def _on_other_sites(origins: list[AllowedOrigin]) -> list[str]:
    """Return the origins on other sites than the project's hosts, if these are known."""
    # Some hosts are None or empty, because a variable was not set.
    hosts = [host for host in settings.ALLOWED_HOSTS if host and isinstance(host, str)]
    if not hosts and settings.DEBUG:
        hosts = [*_DEBUG_HOSTS]
    if not hosts or "*" in hosts or not origins:
        return []
    own = {site_of(host.removeprefix(".")) for host in hosts}
    return [origin.written for origin in origins if origin.site not in own]


def _check_expressions(
    policies: list[Policy | None], credentialed: list[Policy]
) -> Iterator[CheckMessage]:
    """W011 and W012: expressions that match more than they are meant for."""
    for wide in wide_expressions(policies):
        if wide.other is not None:
            yield Warning(
                f"the expression {safe_repr(wide.written)} matches {wide.other}, which is on "
                f"another site than {wide.meant}.",
                hint="escape each dot (\\.) and write the host up to its end, or write a pattern "
                'into CORS_ALLOWED_ORIGINS, such as "https://*.example.com".',
                id="corswsgi.W011",
            )
    for wide in wide_expressions(credentialed):
        if wide.insecure is not None:
            yield Warning(
                f"the expression {safe_repr(wide.written)} matches {wide.insecure}, which is not "
                "HTTPS: anyone on the network path can change such a page, and read responses with "
                "the cookies of its visitors.",
                hint="write https:// instead of http:// or https?://.",
                id="corswsgi.W012",
            )
