"""The checks of packages that set CORS headers of their own, and of static files."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Info, Warning  # noqa: A004 - their names
from django.urls import get_script_prefix

from corswsgi.adapters import (
    FOREST,
    PolicyTable,
    choose_setter,
    class_names,
    enumerate_texts,
    sets_header,
    turn_off,
    view_name,
)

from .routing import all_views
from .stack import PEER, entries, has
from .views import classes_of, name_of, view_layers

_WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
_NOSTATIC = "whitenoise.runserver_nostatic"
_HEADER = "Access-Control-Allow-Origin"
_SERVE = "django.contrib.staticfiles.views.serve"

# Its Application.allowed_origins are for oauthlib, which sets the header.
_OAUTH2_VIEW = "oauth2_provider.views.base.TokenView"


def check_packages(table: PolicyTable) -> Iterator[CheckMessage]:
    """Yield W013, W015, W030 and W032."""
    yield from _check_static_files(table)
    if found := dict(_views_with_headers(table)):
        text = (
            "these views set Access-Control-Allow-Origin themselves, but a policy replaces it: "
            f"{enumerate_texts(found.values())}."
        )
        yield Warning(text, hint=choose_setter(settings, found), id="corswsgi.W030")
    if any(path.startswith("django_forest.") for path in entries()) and has(PEER):
        yield Warning(FOREST[0], hint=FOREST[1], id="corswsgi.W032")


def _views_with_headers(table: PolicyTable) -> Iterator[tuple[str, str]]:
    """Yield paths of views that set the header themselves, with the names of the views."""
    for path, is_open, view in all_views():
        if view_layers(view).is_empty and table.find(path).narrows:
            owners = [owner for _, owner in classes_of(view)]
            is_token = any(_OAUTH2_VIEW in class_names(owner) for owner in owners)
            if is_token or any(sets_header(each, _HEADER) for each in (*owners, view)):
                yield f"{path.rstrip('/')}/*" if is_open else path, name_of(view)


def _check_static_files(table: PolicyTable) -> Iterator[CheckMessage]:
    """W013 and W015: static files, which are not served by views."""
    # WhiteNoise compares paths without the prefix that the project is served under.
    path = str(settings.STATIC_URL or "").removeprefix(get_script_prefix().rstrip("/"))
    if not path.startswith("/") or path.startswith("//") or not path.strip("/"):
        return
    applied = table.find(f"{path}x")
    policy = None if applied.is_optional else applied.policy
    has_whitenoise = has(_WHITENOISE)
    opens = has_whitenoise and getattr(settings, "WHITENOISE_ALLOW_ALL_ORIGINS", True)
    if opens and applied.narrows:
        text = f"WhiteNoise lets any origin read files in {path}, but a policy replaces its header."
        off = turn_off(settings, [f"{path.rstrip('/')}/*"])
        hint = f"if any origin may read them, write {off}."
        yield Warning(text, hint=hint, id="corswsgi.W013")
    is_served = settings.DEBUG and "django.contrib.staticfiles" in settings.INSTALLED_APPS
    if not is_served or _NOSTATIC in settings.INSTALLED_APPS:
        return
    text = f"runserver serves files below {path} without middleware, so without CORS headers."
    names = {view_name(view) for _, _, view in all_views()}
    if has_whitenoise:
        hint = f'put "{_NOSTATIC}" first in INSTALLED_APPS: WhiteNoise serves them.'
        yield Warning(text, hint=hint, id="corswsgi.W015")
    elif policy is not None and _SERVE not in names:
        hint = (
            "if pages of other origins load fonts or modules from there: from "
            "django.contrib.staticfiles.urls import staticfiles_urlpatterns; urlpatterns += "
            "staticfiles_urlpatterns(). Then start it with `manage.py runserver --nostatic`."
        )
        is_listed = table.patterns.find(f"{path}x", None) is not None
        level = Warning if is_listed else Info
        yield level(text, hint=hint, id="corswsgi.W015")
