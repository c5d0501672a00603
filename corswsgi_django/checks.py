"""What ``manage.py check`` says: what is refused, and what would go wrong in the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - their names
from django.urls import get_script_prefix
from django.utils.module_loading import import_string

from corswsgi import Policy, PolicyError, Problem, ProblemReason
from corswsgi.errors import shown
from corswsgi.neighbours import meant_origins, neighbours
from corswsgi.origins import (
    NOBODY,
    OriginPattern,
    is_loopback,
    parse_origin,
    parse_pattern,
)
from corswsgi.suffixes import PublicSuffixes

from .marks import Marks, ViewMarks, view_name
from .policies import Policies
from .routes import all_views
from .settings import KNOWN, OLDER, REMOVED, cors_settings, setting_meant
from .signals import check_request_enabled

_MIDDLEWARE = "corswsgi_django.middleware.CORSMiddleware"
_ENTRY = f'MIDDLEWARE = ["{_MIDDLEWARE}", ...]'

ERRORS: tuple[ProblemReason, ...] = (
    "required",
    "unknown_option",
    "unknown_value",
    "wrong_type",
    "coroutine_function",
    "several_in_one",
    "not_alone",
    "malformed_origin",
    "not_canonical",
    "null_origin",
    "wildcard_with_credentials",
    "insecure_origin",
    "public_suffix",
    "not_a_token",
    "not_a_pattern",
    "forbidden_method",
    "forbidden_header",
    "wrong_direction",
    "out_of_range",
    "malformed_path",
    "malformed_expression",
    "not_importable",
    "given_twice",
    "without_effect",
)
"""The reasons for which a configuration is refused, in the order of their identifiers, from E001.

People have these in SILENCED_SYSTEM_CHECKS: none changes its meaning, and new ones come last.
"""

# Middleware that answers some requests itself, so that what stands below does not see them.
_ANSWERING = (
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.cache.FetchFromCacheMiddleware",
    "django.middleware.cache.CacheMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.auth.middleware.RemoteUserMiddleware",
    "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
    "django.contrib.redirects.middleware.RedirectFallbackMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
)
_REDIRECTING = "django.middleware.security.SecurityMiddleware"
_CSRF = "django.middleware.csrf.CsrfViewMiddleware"
_SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
_WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
_THEIRS = "corsheaders.middleware.CorsMiddleware"

_DEBUG_HOSTS = (".localhost", "127.0.0.1", "[::1]")


def check_all(**_given: Any) -> list[CheckMessage]:
    """Return everything that there is to say about the project's CORS."""
    messages = [*_of_names(), *_of_middleware()]
    try:
        policies = Policies(settings)
    except PolicyError as error:
        return [*map(_error, error.problems), *messages]
    governing = [place.governor.policy for place in policies.places.values()]
    credentialed = [policy for policy in governing if policy and policy.supports_credentials]
    return [
        *_of_views(policies),
        *messages,
        *_of_csrf(credentialed),
        *_of_cookies(credentialed),
        *_of_expressions(governing),
        *_of_static_files(policies),
    ]


def _error(problem: Problem, view: object = None) -> CheckMessage:
    number = ERRORS.index(problem.reason) + 1
    text = f"{problem.option}: {problem.message}"
    return Error(text, hint=problem.hint, obj=view, id=f"corswsgi.E{number:03}")


def _of_names() -> Iterator[CheckMessage]:
    """W001 to W003: settings that say nothing."""
    given = cors_settings(settings)
    for name in given:
        if name in REMOVED:
            text = f"{name} has no effect: django-cors-headers has removed it."
            yield Warning(text, hint=f"{REMOVED[name]}.", id="corswsgi.W002")
        elif name not in KNOWN:
            hint = setting_meant(name, KNOWN)
            yield Warning(f"there is no setting {name}.", hint=hint, id="corswsgi.W001")
    for name, older in OLDER.items():
        if name in given and older in given:
            text = f"{older} has no effect: {name} is there, which is its newer name."
            yield Warning(text, hint=f"take {older} out.", id="corswsgi.W003")


def _of_middleware() -> Iterator[CheckMessage]:
    """W004 to W006: the middleware missing, below others, beside django-cors-headers."""
    theirs = [path for path in settings.MIDDLEWARE or () if _is_a(path, _THEIRS)]
    if theirs:
        text = f"{theirs[0]} is there too, and writes headers of its own."
        hint = f'take {theirs[0]!r} out of MIDDLEWARE, and "corsheaders" out of INSTALLED_APPS.'
        yield Warning(text, hint=hint, id="corswsgi.W006")
    places = [place for place, path in enumerate(settings.MIDDLEWARE) if _is_a(path, _MIDDLEWARE)]
    if not places:
        text = (
            "corswsgi_django.middleware.CORSMiddleware is not in MIDDLEWARE: the settings have no "
            "effect, but for views with @cors."
        )
        others = [path for path in settings.MIDDLEWARE if path.startswith("corswsgi")]
        hint = f"did you mean {_MIDDLEWARE!r}?" if others else f"{_ENTRY}, first."
        yield Warning(text, hint=hint, id="corswsgi.W004")
        return
    answering = [*_ANSWERING, *([_REDIRECTING] if settings.SECURE_SSL_REDIRECT else [])]
    above = settings.MIDDLEWARE[: places[0]]
    before = [path for path in above if any(_is_a(path, other) for other in answering)]
    if before:
        names = ", ".join(path.rpartition(".")[2] for path in before)
        text = (
            f"corswsgi_django.middleware.CORSMiddleware is below {names}: what answers before it "
            "may refuse a preflight, and its redirects and errors have no CORS headers."
        )
        yield Warning(text, hint=f"move it to the top: {_ENTRY}.", id="corswsgi.W005")


def _is_a(path: str, other: str) -> bool:
    """Tell whether a middleware is another one, or derived from it."""
    if path == other:
        return True
    try:
        middleware = import_string(path)
    except Exception:
        return False  # Django says so when it starts
    mro = middleware.__mro__ if isinstance(middleware, type) else ()
    return other in [f"{each.__module__}.{each.__qualname__}" for each in mro]


def _has(middleware: str) -> bool:
    return any(_is_a(path, middleware) for path in settings.MIDDLEWARE)


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
    suffixes = None
    found: dict[str, _Allowed] = {}
    for rule in [rule for policy in policies for rule in policy.origins]:
        if isinstance(rule, str) and (pattern := parse_pattern(rule)):
            found[rule] = _Allowed(rule, pattern, rule)
        elif isinstance(rule, re.Pattern):
            suffixes = suffixes or PublicSuffixes()
            for text in meant_origins(rule):
                origin = parse_origin(text)
                if origin is not None and rule.pattern not in found:
                    site = suffixes.site(origin.host)
                    trusted = text
                    if site not in (None, origin.host):
                        trusted = f"{origin.scheme}://*.{site}"
                    pattern = OriginPattern(*origin, subdomains=False)
                    found[rule.pattern] = _Allowed(f"{rule.pattern!r}", pattern, trusted)
    return [*found.values()]


def _of_csrf(credentialed: list[Policy]) -> Iterator[CheckMessage]:
    """W007 and W008: pages that may send cookies, and whose POST Django refuses."""
    if not _has(_CSRF):
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
            f"{', '.join(allowed.written for allowed in missing)}. Every POST, PUT, PATCH or "
            "DELETE of their pages gets a 403."
        )
        trusted = [*settings.CSRF_TRUSTED_ORIGINS, *(allowed.trusted for allowed in missing)]
        hint = f"if they may write: CSRF_TRUSTED_ORIGINS = {trusted!r}. {_silencing('W007')}"
        yield Warning(text, hint=hint, id="corswsgi.W007")
    if open_ports:
        named = [text.replace(":*", ":3000") for text in open_ports]
        text = (
            f"these origins may send cookies from any port: {', '.join(open_ports)}. "
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
    cookies = [("SESSION_COOKIE", "W009", _has(_SESSION))]
    cookies.append(("CSRF_COOKIE", "W010", _has(_CSRF) and not settings.CSRF_USE_SESSIONS))
    for name, number, is_used in cookies:
        same_site, secure = f"{name}_SAMESITE", f"{name}_SECURE"
        if not is_used or (getattr(settings, same_site) == "None" and getattr(settings, secure)):
            continue
        text = (
            "these origins may send cookies, and are on another site than the project's hosts "
            f"(ALLOWED_HOSTS): {', '.join(others)}. With {same_site} = "
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
        plain = filter(_is_insecure, meant_origins(expression))
        if seen[text] and (origin := next(plain, None)):
            yield Warning(
                f"the expression {shown(text)} matches {origin}, which is not HTTPS: whoever sits "
                "on the way of such a page could read in the name of its visitors.",
                hint="write https:// instead of http:// or https?://.",
                id="corswsgi.W012",
            )


def _is_insecure(origin: str) -> bool:
    return origin.startswith("http://") and not is_loopback(urlsplit(origin).hostname or "")


def _of_static_files(policies: Policies) -> Iterator[CheckMessage]:
    """W013 and W015: static files, which others answer than views."""
    # WhiteNoise, as paths of requests, has them without the prefix that the project is under.
    prefix = get_script_prefix().rstrip("/")
    path = str(settings.STATIC_URL or "").removeprefix(prefix)
    if not path.startswith("/") or path.startswith("//") or not path.strip("/"):
        return
    governor = policies.governor(f"{path}x")
    policy = None if governor.needs_signal else governor.policy
    has_whitenoise = _has(_WHITENOISE)
    is_open = policy is None or (policy.allows_any_origin and not policy.supports_credentials)
    if has_whitenoise and not is_open and getattr(settings, "WHITENOISE_ALLOW_ALL_ORIGINS", True):
        pattern = f"{path.rstrip('/')}/*"
        hint = f"CORS_RESOURCES = {{{pattern!r}: None}}"
        if getattr(settings, "CORS_RESOURCES", None):
            hint = f"CORS_RESOURCES[{pattern!r}] = None"
        yield Warning(
            f"WhiteNoise lets any origin read the files below {path}, as fonts and scripts on "
            "a CDN need it, and the policy of that path replaces its header.",
            hint=hint,
            id="corswsgi.W013",
        )
    apps = settings.INSTALLED_APPS
    is_meant = has_whitenoise or (
        policy is not None and policies.patterns.find(f"{path}x", None) is not None
    )
    if (
        settings.DEBUG
        and is_meant
        and "django.contrib.staticfiles" in apps
        and "whitenoise.runserver_nostatic" not in apps
    ):
        yield Warning(
            f"runserver answers for the files below {path} itself, outside of all middleware: "
            "there, no page of another origin can read them.",
            hint='INSTALLED_APPS = ["whitenoise.runserver_nostatic", ...], first, has WhiteNoise '
            "answer for them as everywhere else.",
            id="corswsgi.W015",
        )


def _of_views(policies: Policies) -> Iterator[CheckMessage]:
    """Errors of what views say over the settings; W014 of what says nothing."""
    said = set()
    for route, is_open, view in all_views():
        name = view_name(view)
        try:
            marks = ViewMarks(view)
        except PolicyError as error:
            yield from (_error(problem, name) for problem in error.problems)
            continue
        if (hidden := marks.hidden()) is not None:
            text = (
                f"a decorator hides the @cors of {view_name(hidden)}: preflights get the answer of "
                "the settings."
            )
            hint = "move @cors above it (above @api_view, for instance)."
            yield Warning(text, hint=hint, obj=name, id="corswsgi.W016")
        for layers in (marks.enclosing, *marks.by_method.values()):
            for path in _paths(policies, route, is_open=is_open) if layers else []:
                key = (path, *map(id, layers))
                if key not in said:
                    said.add(key)
                    yield from _of_marks(policies, path, name, layers)


def _of_marks(
    policies: Policies, path: str | None, name: str, layers: Marks
) -> Iterator[CheckMessage]:
    try:
        policy = policies.marked(policies.places[path], layers).policy
    except PolicyError as error:
        yield from (_error(problem, name) for problem in error.problems)
        return
    if (
        policy is not None
        and policy.origins == (NOBODY,)
        and not check_request_enabled.has_listeners()
    ):
        text = "its @cors names no origins, and neither do the settings: nobody is allowed."
        hint = '@cors(origins=["https://app.example.com"]), or CORS_ALLOWED_ORIGINS.'
        yield Warning(text, hint=hint, obj=name, id="corswsgi.W014")


def _paths(policies: Policies, route: str, *, is_open: bool) -> list[str | None]:
    """Return the patterns of CORS_RESOURCES that may govern a route; None for that none does."""
    if not is_open:
        return [policies.patterns.find(route, None)]
    # No path has that character: it stands for the unknown rest of one.
    return [
        policies.patterns.find(f"{route}\0", None),
        *(path for path in policies.places if path is not None and path.startswith(route)),
    ]
