"""The checks of ``manage.py check``: problems, and what would fail in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - their names
from django.http import HttpRequest

from corswsgi import NoticeReason, PolicyError, Problem, ProblemReason
from corswsgi.adapters import (
    Notice,
    PolicyTable,
    hidden_view,
    notes,
    strings,
    view_name,
    view_problems,
    without_origins,
)

from .apps import installed, make_table
from .origin_checks import check_origins
from .package_checks import check_packages
from .routing import all_views
from .settings import read_settings
from .signals import check_request_enabled
from .stack_checks import check_stack
from .views import name_of, view_and_handlers, view_layers

_REASONS: tuple[str, ...] = get_args(ProblemReason)
_NOTICES, _NUMBERS = get_args(NoticeReason), (1, 2, 3, *range(17, 28), 33)

# These are reasons for a warning now.
_RETIRED = ("forbidden_method", "forbidden_header", "wrong_direction")

ERRORS: tuple[str, ...] = (*_REASONS[:15], *_RETIRED, *_REASONS[15:])
"""The reasons for refusing a configuration, in the order of their identifiers, from E001.

People have these in SILENCED_SYSTEM_CHECKS, so new reasons come last.
"""

NOTICES: dict[str, str] = {
    reason: f"corswsgi.W{number:03}"
    for number, reason in zip(_NUMBERS, _NOTICES[:14] + _NOTICES[16:], strict=True)
}
"""The identifiers of notices, by their reasons. The others are about Flask's config."""


def check_all(**_given: Any) -> list[CheckMessage]:
    """Return all errors and warnings about the project's CORS."""
    read = read_settings(settings)
    # They are printed, and the log of runserver would repeat them directly below.
    installed().skip_notices(read.notices)
    messages: list[CheckMessage] = [*check_stack(), *map(_notice, read.notices)]
    try:
        table = make_table(read)
    except PolicyError as error:
        return [*map(_error, error.problems), *messages]
    # The test runner adds a host.
    hosts = [host for host in strings(settings.ALLOWED_HOSTS) if host != "testserver"]
    return [
        *_check_views(table),
        *messages,
        *check_origins(table),
        *check_packages(table),
        *map(_notice, notes(table, hosts, debug=settings.DEBUG, ask=_ask)),
    ]


def _error(problem: Problem, view: object = None) -> CheckMessage:
    text, number = problem.sentence, ERRORS.index(problem.reason) + 1
    return Error(text, hint=problem.hint, obj=view, id=f"corswsgi.E{number:03}")


def _notice(notice: Notice) -> CheckMessage:
    """W001 to W003, W017 to W027, W033: notices about settings and notes about policies."""
    return Warning(notice.sentence, hint=notice.hint, id=NOTICES[notice.reason])


def _ask(receivers: object, origin: str) -> bool:
    """Ask the receivers of the signal about an origin."""
    del receivers
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", "/", "/"
    request.META = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": origin}
    answers = check_request_enabled.send_robust(sender=None, request=request)
    return any(answer is True for _, answer in answers)


def _check_views(table: PolicyTable) -> Iterator[CheckMessage]:
    """Check views: errors together with the settings; W014 and W016: @cors without effect."""
    for _, _, view in all_views():
        hidden = hidden_view(view_and_handlers(view), view_layers(view))
        if hidden is not None:
            name = view_name(hidden)
            text = f"a decorator hides the @cors of {name}, so preflights get the settings' answer."
            hint = "move @cors above it (above @api_view, for instance)."
            yield Warning(text, hint=hint, obj=name_of(view), id="corswsgi.W016")
    for name, problem in view_problems(table):
        yield _error(problem, name)
    for name in () if check_request_enabled.has_listeners() else without_origins(table):
        text = "neither its @cors nor the settings name any origins, so no origin is allowed."
        hint = 'write @cors(origins=["https://app.example.com"]), or set CORS_ALLOWED_ORIGINS.'
        yield Warning(text, hint=hint, obj=name, id="corswsgi.W014")
