"""The view that a request leads to, before Django has resolved it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from typing import Any

from django.conf import settings
from django.conf.urls.i18n import is_language_prefix_patterns_used
from django.http import HttpRequest
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver
from django.utils import translation

View = Callable[..., Any]

# A URLconf may include itself.
_MAX_DEPTH = 8

_LOCALE_MIDDLEWARE = "django.middleware.locale.LocaleMiddleware"


def find_view(request: HttpRequest) -> View | None:
    """Return the view that a request's URL leads to, directly or with Django's redirect.

    The URL is resolved in the language that LocaleMiddleware would activate. The language that is
    active may be left over from another request.
    """
    # An earlier middleware may have set it, even to None.
    urlconf = getattr(request, "urlconf", None)
    resolver = get_resolver(urlconf)
    has_prefixes, has_default_prefix = is_language_prefix_patterns_used(
        urlconf or settings.ROOT_URLCONF
    )
    path, language = request.path_info, None
    # CommonMiddleware redirects to the path with a slash.
    paths = [path] if path.endswith("/") or not settings.APPEND_SLASH else [path, f"{path}/"]
    # Otherwise, only the project itself activates languages.
    if has_prefixes or _LOCALE_MIDDLEWARE in settings.MIDDLEWARE:
        language = translation.get_language_from_request(request, check_path=has_prefixes)
    if has_prefixes and not translation.get_language_from_path(path):
        if has_default_prefix:
            paths += [f"/{language}{each}" for each in paths]
        else:
            language = settings.LANGUAGE_CODE
    with translation.override(language) if language else nullcontext():
        for each in paths:
            with suppress(Resolver404):
                view: View = resolver.resolve(each).func
                return view
    return None


def all_views() -> Iterator[tuple[str, bool, View]]:
    """Yield the views of ROOT_URLCONF, if it can be imported.

    Each comes with the part of its paths before the first variable part, and whether there is one.
    """
    if getattr(settings, "ROOT_URLCONF", None):
        yield from _views_below(get_resolver(), "/", is_open=False, depth=_MAX_DEPTH)


def _views_below(
    resolver: URLResolver, prefix: str, *, is_open: bool, depth: int
) -> Iterator[tuple[str, bool, View]]:
    try:
        patterns: list[Any] = resolver.url_patterns
    except Exception:
        return  # Django's own checks report the error, and objects that are not patterns
    for pattern in (each for each in patterns if isinstance(each, URLPattern | URLResolver)):
        text = str(pattern.pattern)
        fixed = re.split(r"[<(\[.*+?{|\\$^]", text.removeprefix("^"))[0]
        route = prefix if is_open else prefix + fixed
        # The end of a regular expression is not analysed.
        is_more = is_open or fixed != text
        if isinstance(pattern, URLPattern):
            yield route, is_more, pattern.callback
        elif depth:
            yield from _views_below(pattern, route, is_open=is_more, depth=depth - 1)
