"""The view that a request leads to, before Django has resolved it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from typing import Any

from django.conf import settings
from django.conf.urls.i18n import is_language_prefix_patterns_used
from django.http import HttpRequest
from django.urls import LocalePrefixPattern, Resolver404, URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern
from django.utils import translation
from django.utils.functional import Promise

from corswsgi.adapters import literal_prefix

View = Callable[..., Any]
Views = tuple[View, ...]
LanguagesOf = Callable[[URLResolver], tuple[str, ...]]

# A URLconf may include itself.
_MAX_DEPTH = 8

# The key of request.META for the views that were found, by URL.
_FOUND = "corswsgi_django.views"


def find_views(request: HttpRequest, languages_of: LanguagesOf, *, preflight: bool) -> Views:
    """Return the views that a request's URL may lead to, directly or with Django's redirects.

    For a preflight, there may be several if the URLconf depends on the language (`languages_of`):
    it has no cookies, so the language of the request that it asks about is unknown. Other requests
    have the active language.
    """
    # An earlier middleware may have set it, even to None.
    resolver, path = get_resolver(getattr(request, "urlconf", None)), request.path_info
    languages = languages_of(resolver)
    if languages and not preflight:
        languages = (translation.get_language() or settings.LANGUAGE_CODE,)
    # Converters may be slow, so the same URL is resolved once.
    known: dict[object, Views] = request.META.setdefault(_FOUND, {})
    key = resolver, path, languages
    if key not in known:
        known[key] = _resolve_in(languages, *key[:2]) if languages else _resolve(*key[:2])
    return known[key]


def _resolve_in(languages: tuple[str, ...], resolver: URLResolver, path: str) -> Views:
    """Return the views that a path leads to in the languages that the request may have."""
    has_prefixes, has_default_prefix = is_language_prefix_patterns_used(resolver.urlconf_name)  # type: ignore[arg-type] # any URLconf does
    own = translation.get_language_from_path(path) if has_prefixes else None
    found: dict[int, View] = {}
    for language in [own] if own else languages:
        # The language that is active may be left over from another request.
        with translation.override(language):
            views = _resolve(resolver, path)
            if has_default_prefix and not (own or views):
                # LocaleMiddleware redirects to the path with the prefix.
                views = _resolve(resolver, f"/{language}{path}")
        found |= {id(view): view for view in views}
    return tuple(found.values())


def _resolve(resolver: URLResolver, path: str) -> Views:
    """Return the view that a path leads to in the active language, if there is one."""
    # CommonMiddleware redirects to the path with a slash.
    paths = (path,) if path.endswith("/") or not settings.APPEND_SLASH else (path, f"{path}/")
    for each in paths:
        with suppress(Resolver404):
            return (resolver.resolve(each).func,)
    return ()


def languages_of(resolver: URLResolver) -> tuple[str, ...]:
    """Return languages whose routes differ, each for all languages with the same routes.

    Returns nothing if no route depends on the language: behind a prefix, or a lazy translation.
    """
    patterns = [*_patterns_below(resolver, _MAX_DEPTH)]
    texts = [text for each in patterns for text in vars(each).values() if isinstance(text, Promise)]
    if not texts and not any(isinstance(each, LocalePrefixPattern) for each in patterns):
        return ()
    # Converters of projects may ask for the language.
    parts = [part for each in patterns for part in (each, *each.converters.values())]
    is_own = any(not type(part).__module__.startswith("django.urls.") for part in parts)
    found: dict[object, str] = {}
    for language in dict(settings.LANGUAGES):
        # Without translations, Django does not recognize the prefix of a language in a path.
        is_alike = not is_own and translation.check_for_language(language)
        with translation.override(language) if texts else nullcontext():
            key = language == settings.LANGUAGE_CODE, *map(str, texts)
        found.setdefault(key if is_alike else language, language)
    return tuple(found.values())


def _patterns_below(resolver: URLResolver, depth: int) -> Iterator[Any]:
    for each in _patterns(resolver):
        yield each.pattern
        if depth and isinstance(each, URLResolver):
            yield from _patterns_below(each, depth - 1)


def _patterns(resolver: URLResolver) -> list[Any]:
    try:
        return [
            each for each in resolver.url_patterns if isinstance(each, URLPattern | URLResolver)
        ]
    except Exception:
        return []  # Django's own checks report the error, and objects that are not patterns


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
        fixed = text.partition("<")[0]
        if isinstance(pattern.pattern, RegexPattern):
            # Without what may be left out or repeated. The end of an expression is not analysed.
            fixed = literal_prefix(text)
        route = prefix if is_open else prefix + fixed
        is_more = is_open or isinstance(pattern.pattern, RegexPattern) or fixed != text
        if isinstance(pattern, URLPattern):
            yield route, is_more, pattern.callback
        elif depth:
            yield from _views_below(pattern, route, is_open=is_more, depth=depth - 1)
