"""The checks of origins: cookies and CSRF protection for pages of other origins, expressions."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Warning  # noqa: A004 - its name

from corswsgi.adapters import (
    Applied,
    PolicyTable,
    TrustedOrigins,
    allowed_origins,
    describe_cookie,
    missing_token_headers,
    on_other_sites,
    strings,
    wide_expressions,
)

from .apps import all_routes
from .routing import all_views
from .stack import has
from .views import checks_csrf

_CSRF = "django.middleware.csrf.CsrfViewMiddleware"
_SESSION = "django.contrib.sessions.middleware.SessionMiddleware"

# The hosts that Django allows in debug mode if ALLOWED_HOSTS is empty.
_DEBUG_HOSTS = (".localhost", "127.0.0.1", "[::1]")


def check_origins(table: PolicyTable) -> Iterator[CheckMessage]:
    """Yield W007 to W012 for the policies of all paths, and W028."""
    policies = [applied.policy for applied in table.path_policies]
    credentialed = [policy for policy in policies if policy and policy.supports_credentials]
    origins = allowed_origins(credentialed)
    if has(_CSRF):
        yield from _check_csrf(_with_csrf_checks(table))
    hosts = strings(settings.ALLOWED_HOSTS) or (_DEBUG_HOSTS if settings.DEBUG else ())
    if others := on_other_sites(origins, hosts):
        yield from _check_cookies(others)
    for wide in wide_expressions(policies):
        for is_wide, text, hint in wide.describe("CORS_ALLOWED_ORIGINS"):
            yield Warning(text, hint=hint, id="corswsgi.W011" if is_wide else "corswsgi.W012")


def _with_csrf_checks(table: PolicyTable) -> list[tuple[str | None, Applied]]:
    """Return what applies to views that are not exempt from CSRF checks, with names of views.

    There are no names for what applies without @cors.
    """
    if not any(all_views()):
        return [(None, applied) for applied in table.path_policies]
    rows = table.rows(all_routes(accepts=checks_csrf))
    return [(None if row.route.view.is_empty else row.route.name, row.applied) for row in rows]


def _check_csrf(rows: list[tuple[str | None, Applied]]) -> Iterator[CheckMessage]:
    """W007, W008 and W028: pages that may send cookies, but whose POST Django refuses."""
    policies = [each.policy for _, each in rows]
    origins = allowed_origins([each for each in policies if each and each.supports_credentials])
    listed, hosts = strings(settings.CSRF_TRUSTED_ORIGINS), strings(settings.ALLOWED_HOSTS)
    trusted = TrustedOrigins("CSRF_TRUSTED_ORIGINS", listed, hosts)
    missing, open_ports = trusted.describe_missing(origins), trusted.describe_open_ports(origins)
    for number, found in (("W007", missing), ("W008", open_ports)):
        for text, fix in found:
            silenced = [*strings(settings.SILENCED_SYSTEM_CHECKS), f"corswsgi.{number}"]
            hint = f"{fix} If that is intended: SILENCED_SYSTEM_CHECKS = {silenced!r}."
            yield Warning(text, hint=hint, id=f"corswsgi.{number}")
    header = "CSRF_HEADER_NAME"
    for view, text, hint in missing_token_headers(rows, settings.CSRF_HEADER_NAME, header):
        yield Warning(text, hint=hint, obj=view, id="corswsgi.W028")


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
