"""The checks of ``manage.py check``: problems, and what would fail in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Any, get_args

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - their names
from django.http import HttpRequest
from django.urls import get_script_prefix

from corswsgi import NoticeReason, PolicyError, Problem, ProblemReason
from corswsgi.adapters import Notice, PolicyTable, hidden_view, notes, view_name

from .apps import make_table
from .origin_checks import check_origins
from .routing import all_views
from .settings import FORMAT, KNOWN, OLDER, REMOVED, cors_settings, read_settings
from .signals import check_request_enabled
from .stack import has, is_a
from .views import view_and_handlers, view_layers

_MIDDLEWARE = "corswsgi_django.middleware.CORSMiddleware"
_ENTRY = f'MIDDLEWARE = ["{_MIDDLEWARE}", ...]'

_REASONS: tuple[str, ...] = get_args(ProblemReason)

# These are reasons for a warning now.
_RETIRED = ("forbidden_method", "forbidden_header", "wrong_direction")

ERRORS: tuple[str, ...] = (*_REASONS[:15], *_RETIRED, *_REASONS[15:])
"""The reasons for refusing a configuration, in the order of their identifiers, from E001.

People have these in SILENCED_SYSTEM_CHECKS, so new reasons come last.
"""

NOTICES: dict[str, str] = {
    reason: f"corswsgi.W{number:03}"
    for number, reason in enumerate(get_args(NoticeReason)[:11], 17)
}
"""The identifiers of notices, by their reasons. The others are about Flask's config."""

# Middleware that answers some requests itself, so middleware below it does not see them.
_ANSWERING = (
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.cache.FetchFromCacheMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.auth.middleware.RemoteUserMiddleware",
    "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
    "django.contrib.redirects.middleware.RedirectFallbackMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
)
_REDIRECTING = "django.middleware.security.SecurityMiddleware"
_WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
_PEER = "corsheaders.middleware.CorsMiddleware"


def check_all(**_given: Any) -> list[CheckMessage]:
    """Return all errors and warnings about the project's CORS."""
    read = read_settings(settings)
    messages = [*_check_names(), *_check_middleware(), *map(_notice, read.notices)]
    try:
        table = make_table(read)
    except PolicyError as error:
        return [*map(_error, error.problems), *messages]
    # The test runner adds a host.
    hosts = [host for host in settings.ALLOWED_HOSTS if host != "testserver"]
    return [
        *_check_views(table),
        *messages,
        *check_origins([applied.policy for applied in table.path_policies]),
        *_check_static_files(table),
        *map(_notice, notes(table, hosts, debug=settings.DEBUG, ask=_ask)),
    ]


def _error(problem: Problem, view: object = None) -> CheckMessage:
    text, number = f"{problem.option}: {problem.message}", ERRORS.index(problem.reason) + 1
    return Error(text, hint=problem.hint, obj=view, id=f"corswsgi.E{number:03}")


def _notice(notice: Notice) -> CheckMessage:
    """W017 to W027: notices about settings and notes about policies."""
    text = f"{notice.option}: {notice.message}"
    return Warning(text, hint=notice.hint, id=NOTICES[notice.reason])


def _ask(receivers: object, origin: str) -> bool:
    """Ask the receivers of the signal about an origin."""
    del receivers
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", "/", "/"
    request.META = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": origin}
    answers = check_request_enabled.send_robust(sender=None, request=request)
    return any(answer is True for _, answer in answers)


def _check_names() -> Iterator[CheckMessage]:
    """W001 to W003: settings without effect."""
    given = cors_settings(settings)
    for name in given:
        if name in REMOVED:
            text = f"{name} has no effect: django-cors-headers has removed it."
            yield Warning(text, hint=f"{REMOVED[name]}.", id="corswsgi.W002")
        elif name not in KNOWN:
            hint = FORMAT.meant(name, KNOWN)
            yield Warning(f"{name} is not a setting of corswsgi.", hint=hint, id="corswsgi.W001")
    for name, older in OLDER.items():
        if name in given and older in given:
            text = f"{older} has no effect, because its newer name {name} is set, too."
            yield Warning(text, hint=f"remove {older}.", id="corswsgi.W003")


def _check_middleware() -> Iterator[CheckMessage]:
    """W004 to W006: the middleware is missing, below others, or beside django-cors-headers."""
    peers = [path for path in settings.MIDDLEWARE if is_a(path, _PEER)]
    if peers:
        text = f"{peers[0]} is in MIDDLEWARE, too, and sets headers of its own."
        hint = f'remove {peers[0]!r} from MIDDLEWARE, and "corsheaders" from INSTALLED_APPS.'
        yield Warning(text, hint=hint, id="corswsgi.W006")
    above = [*takewhile(lambda path: not is_a(path, _MIDDLEWARE), settings.MIDDLEWARE)]
    if len(above) == len(settings.MIDDLEWARE):
        text = (
            f"{_MIDDLEWARE} is not in MIDDLEWARE, so the settings only have an effect on views "
            "with @cors. Even there, preflights that other middleware refuses first (for example, "
            "because they carry no login) and errors outside of the view have no CORS headers."
        )
        others = [path for path in settings.MIDDLEWARE if path.startswith("corswsgi")]
        hint = f"did you mean {_MIDDLEWARE!r}?" if others else f"put it first: {_ENTRY}."
        yield Warning(text, hint=hint, id="corswsgi.W004")
        return
    answering = [*_ANSWERING, *([_REDIRECTING] if settings.SECURE_SSL_REDIRECT else [])]
    before = [path for path in above if any(is_a(path, other) for other in answering)]
    if before:
        names = ", ".join(path.rpartition(".")[2] for path in before)
        text = f"{_MIDDLEWARE} is below {names}, which may refuse preflights."
        text = f"{text} Redirects and errors from there have no CORS headers."
        yield Warning(text, hint=f"move it to the top: {_ENTRY}.", id="corswsgi.W005")


def _check_static_files(table: PolicyTable) -> Iterator[CheckMessage]:
    """W013 and W015: static files, which are not served by views."""
    # WhiteNoise compares paths without the prefix that the project is served under.
    path = str(settings.STATIC_URL or "").removeprefix(get_script_prefix().rstrip("/"))
    if not path.startswith("/") or path.startswith("//") or not path.strip("/"):
        return
    applied = table.find(f"{path}x")
    policy = None if applied.is_optional else applied.policy
    has_whitenoise = has(_WHITENOISE)
    is_open = policy is None or (policy.allows_any_origin and not policy.supports_credentials)
    if has_whitenoise and not is_open and getattr(settings, "WHITENOISE_ALLOW_ALL_ORIGINS", True):
        pattern = f"{path.rstrip('/')}/*"
        hint = f"CORS_RESOURCES = {{{pattern!r}: None}}"
        if getattr(settings, "CORS_RESOURCES", None):
            hint = f"CORS_RESOURCES[{pattern!r}] = None"
        text = (
            f"WhiteNoise lets any origin read files below {path}, but a policy replaces its header."
        )
        yield Warning(text, hint=hint, id="corswsgi.W013")
    is_listed = policy is not None and table.patterns.find(f"{path}x", None) is not None
    if (
        settings.DEBUG
        and (has_whitenoise or is_listed)
        and "django.contrib.staticfiles" in settings.INSTALLED_APPS
        and "whitenoise.runserver_nostatic" not in settings.INSTALLED_APPS
    ):
        text = f"runserver serves files below {path} without middleware, so without CORS headers."
        hint = (
            'put "whitenoise.runserver_nostatic" first in INSTALLED_APPS: WhiteNoise serves them.'
        )
        yield Warning(text, hint=hint, id="corswsgi.W015")


def _check_views(table: PolicyTable) -> Iterator[CheckMessage]:
    """Check views: errors together with the settings; W014 and W016: @cors without effect."""
    for _, _, view in all_views():
        hidden = hidden_view(view_and_handlers(view), view_layers(view))
        if hidden is not None:
            name = view_name(hidden)
            text = f"a decorator hides the @cors of {name}, so preflights get the settings' answer."
            hint = "move @cors above it (above @api_view, for instance)."
            yield Warning(text, hint=hint, obj=view_name(view), id="corswsgi.W016")
    found: dict[tuple[str, ...], CheckMessage] = {}
    for row in table.rows():
        name = row.route.name
        problems = (*row.route.view.problems, *row.problems)
        for problem in problems:
            # Not by its value, which may not be hashable.
            found.setdefault((name, problem.option, problem.message), _error(problem, name))
        if not (problems or check_request_enabled.has_listeners()) and row.lacks_origins:
            text = "neither its @cors nor the settings name any origins, so no origin is allowed."
            hint = 'write @cors(origins=["https://app.example.com"]), or set CORS_ALLOWED_ORIGINS.'
            found[name,] = Warning(text, hint=hint, obj=name, id="corswsgi.W014")
    yield from found.values()
