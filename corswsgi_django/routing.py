"""The view that a request leads to, before Django has resolved it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, cast

from django.conf import settings
from django.conf.urls.i18n import is_language_prefix_patterns_used
from django.http import HttpRequest
from django.urls import LocalePrefixPattern, Resolver404, URLPattern, URLResolver, get_resolver
from django.utils import translation
from django.utils.functional import Promise

View = Callable[..., Any]

# A URLconf may include itself.
_MAX_DEPTH = 8

# The key of request.META for the URL that was resolved last, and the views that were found.
_FOUND = "corswsgi_django.views"


def find_views(
    request: HttpRequest, is_translated: Callable[[URLResolver], bool]
) -> tuple[View, ...]:
    """Return the views that a request's URL may lead to, directly or with Django's redirects.

    There may be several if the URLconf depends on the language (`is_translated`). A preflight has
    no cookies, so the language of the request that it asks about is unknown.
    """
    # An earlier middleware may have set it, even to None.
    resolver, path = get_resolver(getattr(request, "urlconf", None)), request.path_info
    known: tuple[URLResolver, str, tuple[View, ...]] | None = request.META.get(_FOUND)
    # Converters may be slow, so the same URL is resolved once.
    if known is None or known[0] is not resolver or known[1] != path:
        resolve = _resolve_all if is_translated(resolver) else _resolve
        known = request.META[_FOUND] = resolver, path, resolve(resolver, path)
    return known[2]


def _resolve_all(resolver: URLResolver, path: str) -> tuple[View, ...]:
    """Return the views that a path leads to in the languages that the request may have."""
    has_prefixes, has_default_prefix = is_language_prefix_patterns_used(
        cast(str, resolver.urlconf_name)
    )
    own = translation.get_language_from_path(path) if has_prefixes else None
    found: dict[int, View] = {}
    for language in [own] if own else dict(settings.LANGUAGES):
        # The language that is active may be left over from another request.
        with translation.override(language):
            views = _resolve(resolver, path)
            if has_default_prefix and not (own or views):
                # LocaleMiddleware redirects to the path with the prefix.
                views = _resolve(resolver, f"/{language}{path}")
        found |= {id(view): view for view in views}
    return tuple(found.values())


def _resolve(resolver: URLResolver, path: str) -> tuple[View, ...]:
    """Return the view that a path leads to in the active language, if there is one."""
    # CommonMiddleware redirects to the path with a slash.
    paths = (path,) if path.endswith("/") or not settings.APPEND_SLASH else (path, f"{path}/")
    for each in paths:
        with suppress(Resolver404):
            return (resolver.resolve(each).func,)
    return ()


def is_translated(resolver: URLResolver, depth: int = _MAX_DEPTH) -> bool:
    """Return whether any route depends on the language: behind a prefix, or a lazy translation."""
    return any(
        isinstance(each.pattern, LocalePrefixPattern)
        or any(isinstance(value, Promise) for value in vars(each.pattern).values())
        or (depth > 0 and isinstance(each, URLResolver) and is_translated(each, depth - 1))
        for each in _patterns(resolver)
    )


def _patterns(resolver: URLResolver) -> list[Any]:
    try:
        patterns: list[Any] = [*resolver.url_patterns]
    except Exception:
        return []  # Django's own checks report the error, and objects that are not patterns
    return [each for each in patterns if isinstance(each, URLPattern | URLResolver)]


def all_views(urlconf: Any = None) -> Iterator[tuple[str, bool, View]]:
    """Yield the views of a URLconf, if it can be imported; None: of ROOT_URLCONF.

    Each comes with the part of its paths before the first variable part, and whether there is one.
    """
    if urlconf is not None or getattr(settings, "ROOT_URLCONF", None):
        yield from _views_below(get_resolver(urlconf), "/", is_open=False, depth=_MAX_DEPTH)


def _views_below(
    resolver: URLResolver, prefix: str, *, is_open: bool, depth: int
) -> Iterator[tuple[str, bool, View]]:
    for pattern in _patterns(resolver):
        text = str(pattern.pattern)
        fixed = re.split(r"[<(\[.*+?{|\\$^]", text.removeprefix("^"))[0]
        route = prefix if is_open else prefix + fixed
        # The end of a regular expression is not analysed.
        is_more = is_open or fixed != text
        if isinstance(pattern, URLPattern):
            yield route, is_more, pattern.callback
        elif depth:
            yield from _views_below(pattern, route, is_open=is_more, depth=depth - 1)
