"""What ``manage.py check`` says: what is refused, and what would go wrong in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - their names
from django.urls import get_script_prefix

from corswsgi import PolicyError, Problem, ProblemReason
from corswsgi.origins import NOBODY

from .marks import Marks, ViewMarks, view_name
from .origin_checks import check_origins
from .policies import Policies
from .routes import all_views
from .settings import KNOWN, OLDER, REMOVED, cors_settings, setting_meant
from .signals import check_request_enabled
from .stack import has, is_a

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
_WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
_THEIRS = "corsheaders.middleware.CorsMiddleware"


def check_all(**_given: Any) -> list[CheckMessage]:
    """Return everything that there is to say about the project's CORS."""
    messages = [*_of_names(), *_of_middleware()]
    try:
        policies = Policies(settings)
    except PolicyError as error:
        return [*map(_error, error.problems), *messages]
    governing = [place.governor.policy for place in policies.places.values()]
    return [
        *_of_views(policies),
        *messages,
        *check_origins(governing),
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
    theirs = [path for path in settings.MIDDLEWARE if is_a(path, _THEIRS)]
    if theirs:
        text = f"{theirs[0]} is there too, and writes headers of its own."
        hint = f'take {theirs[0]!r} out of MIDDLEWARE, and "corsheaders" out of INSTALLED_APPS.'
        yield Warning(text, hint=hint, id="corswsgi.W006")
    places = [place for place, path in enumerate(settings.MIDDLEWARE) if is_a(path, _MIDDLEWARE)]
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
    before = [path for path in above if any(is_a(path, other) for other in answering)]
    if before:
        names = ", ".join(path.rpartition(".")[2] for path in before)
        text = (
            f"corswsgi_django.middleware.CORSMiddleware is below {names}: what answers before it "
            "may refuse a preflight, and its redirects and errors have no CORS headers."
        )
        yield Warning(text, hint=f"move it to the top: {_ENTRY}.", id="corswsgi.W005")


def _of_static_files(policies: Policies) -> Iterator[CheckMessage]:
    """W013 and W015: static files, which others answer than views."""
    # WhiteNoise, as paths of requests, has them without the prefix that the project is under.
    prefix = get_script_prefix().rstrip("/")
    path = str(settings.STATIC_URL or "").removeprefix(prefix)
    if not path.startswith("/") or path.startswith("//") or not path.strip("/"):
        return
    governor = policies.governor(f"{path}x")
    policy = None if governor.needs_signal else governor.policy
    has_whitenoise = has(_WHITENOISE)
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
