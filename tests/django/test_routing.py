"""Which view a request leads to: slashes, languages, URLconfs of requests."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.test import override_settings
from django.urls import get_resolver, include, path, re_path, register_converter
from django.urls.converters import StringConverter
from django.utils import translation
from django.utils.functional import lazy

from corswsgi_django import cors, cors_decision
from corswsgi_django.apps import installed
from tests.conformance.cases import APP, Pairs
from tests.django.project import (
    REFUSED,
    REFUSED_PREFLIGHT,
    Project,
    admitted,
    allowed,
)
from tests.django.samples import Items
from tests.helpers.asgi import aget
from tests.helpers.wsgi import get

OTHER = "https://other.example"
CORS = "corswsgi_django.middleware.CORSMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
LOCALE = "django.middleware.locale.LocaleMiddleware"


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


@cors(origins=[OTHER])
def marked(request: HttpRequest) -> HttpResponse:
    return HttpResponse("marked")


def settings(*middleware: str, **others: Any) -> dict[str, Any]:
    return {"CORS_ALLOWED_ORIGINS": [APP], "MIDDLEWARE": [CORS, *middleware], **others}


def test_a_redirect_to_the_slash_has_the_policy_of_its_target(is_async: bool) -> None:
    urls = [path("marked/", marked), path("plain/", plain), path("bare", marked)]
    one = Project(urls, settings(COMMON), is_async)
    redirect = one.fetch("/marked", origin=OTHER)
    assert (redirect.status, redirect.cors) == (301, allowed(OTHER))
    assert one.fetch("/marked").cors == REFUSED
    assert one.preflight("/marked", origin=OTHER).cors == admitted(OTHER)
    redirect = one.fetch("/plain")
    assert (redirect.status, redirect.cors) == (301, allowed())
    for missing in ("/missing", "/bare/"):
        answer = one.fetch(missing)
        assert (answer.status, answer.cors) == (404, allowed())
        assert one.preflight(missing).cors == admitted()
    without = Project(urls, settings(COMMON, APPEND_SLASH=False), is_async)
    assert without.fetch("/marked", origin=OTHER).cors == REFUSED
    assert without.preflight("/marked", origin=OTHER).cors == REFUSED_PREFLIGHT


def test_included_patterns_and_expressions(is_async: bool) -> None:
    @cors(origins=[OTHER])
    def item(request: HttpRequest, number: int) -> HttpResponse:
        return HttpResponse(f"item {number}")

    below = [path("items/<int:number>/", item), path("", marked)]
    urls = [path("api/", include(below)), re_path(r"^old/(?P<name>\w+)$", plain)]
    one = Project(urls, settings(), is_async)
    for place in ("/api/", "/api/items/7/"):
        assert one.fetch(place, origin=OTHER).cors == allowed(OTHER)
        assert one.preflight(place, origin=OTHER).cors == admitted(OTHER)
    assert one.preflight("/api/items/x/", origin=OTHER).cors == REFUSED_PREFLIGHT


LANGUAGES = [("en", "English"), ("de", "Deutsch")]


def leave_german(get_response: Any) -> Any:
    """Stand for a thread in which another request was German."""

    def middleware(request: HttpRequest) -> HttpResponse:
        translation.activate("de")
        try:
            response: HttpResponse = get_response(request)
            # Who asks about another language's path does not change it either.
            assert request.method != "OPTIONS" or translation.get_language() == "de"
        finally:
            translation.deactivate()
        return response

    return middleware


@pytest.mark.parametrize("prefixes_default", [True, False])
def test_languages_are_those_of_the_path(prefixes_default: bool, is_async: bool) -> None:
    """Whatever language another request has left behind."""
    urls = i18n_patterns(path("items/", marked), prefix_default_language=prefixes_default)
    default = "/en/items/" if prefixes_default else "/items/"
    middleware = ["tests.django.test_routing.leave_german", CORS, LOCALE]
    languages = {"LANGUAGES": LANGUAGES, "LANGUAGE_CODE": "en"}
    one = Project(urls, {**settings(**languages), "MIDDLEWARE": middleware}, is_async)
    for place in (default, "/de/items/"):
        # What the browser's person prefers has no say.
        for german in ([], [("Accept-Language", "de")]):
            asked = one.preflight(place, "PUT", OTHER, *german)
            assert asked.cors == admitted(OTHER), place
        assert one.preflight(place).cors == REFUSED_PREFLIGHT
        # LocaleMiddleware has a Vary of its own, and merges it as we do.
        varied = one.fetch(place, origin=OTHER).cors
        assert varied == {**allowed(OTHER), "Vary": varied["Vary"]}
        assert varied["Vary"] in ("Origin", "Accept-Language, Origin")


def test_a_redirect_to_a_language_has_the_policy_of_its_target(is_async: bool) -> None:
    urls = i18n_patterns(path("items/", marked))
    one = Project(urls, settings(LOCALE, LANGUAGES=LANGUAGES, LANGUAGE_CODE="en"), is_async)
    german = ("Accept-Language", "de")
    for place in ("/items/", "/items"):
        redirect = one.fetch(place, "GET", OTHER, german)
        assert redirect.status == 302
        assert dict(redirect.headers)["Location"] == "/de/items/"
        assert redirect.cors == {**allowed(OTHER), "Vary": "Accept-Language, Cookie, Origin"}
        assert one.preflight(place, "PUT", OTHER, german).cors == admitted(OTHER)


def translated() -> str:
    return "artikel/" if translation.get_language() == "de" else "items/"


def test_without_prefixes_every_language_is_tried(is_async: bool) -> None:
    urls = [path(lazy(translated, str)(), marked)]
    languages = {"LANGUAGES": LANGUAGES, "LANGUAGE_CODE": "en"}
    one = Project(urls, settings(LOCALE, **languages), is_async)
    # A preflight has no cookies, which may say another language than the browser's.
    for asked in ([], [("Accept-Language", "de")]):
        for place in ("/artikel/", "/items/"):
            assert one.preflight(place, "PUT", OTHER, *asked).cors == admitted(OTHER)
        assert one.preflight("/elsewhere/", "PUT", OTHER, *asked).cors == REFUSED_PREFLIGHT
    german = ("Cookie", "django_language=de")
    assert one.fetch("/artikel/", "GET", OTHER, german).body == b"marked"


class ByUser(LocaleMiddleware):
    """Choose the language as projects do that know it from somewhere else."""

    def process_request(self, request: HttpRequest) -> None:
        translation.activate("de" if "X-German" in request.headers else "en")
        request.LANGUAGE_CODE = translation.get_language()


def english_or_german() -> str:
    return "deutsch/" if translation.get_language() == "de" else "english/"


MIDDLEWARE = [LOCALE, "tests.django.test_routing.ByUser"]


@pytest.mark.parametrize("locale", MIDDLEWARE)
def test_translated_routes_in_an_included_urlconf(locale: str, is_async: bool) -> None:
    below = [path(lazy(english_or_german, str)(), marked), re_path("^x$", plain)]
    languages = {"LANGUAGES": LANGUAGES, "LANGUAGE_CODE": "en"}
    one = Project([path("shop/", include(below))], settings(locale, **languages), is_async)
    for place in ("/shop/english/", "/shop/deutsch/", "/shop/deutsch"):
        assert one.preflight(place, "PUT", OTHER).cors == admitted(OTHER)
        assert one.preflight(place, "PUT", APP).cors == REFUSED_PREFLIGHT
    assert one.preflight("/shop/x", "PUT", APP).cors == admitted()
    german = [("Cookie", "django_language=de"), ("X-German", "1")]
    assert one.fetch("/shop/deutsch/", "GET", OTHER, *german).body == b"marked"


@pytest.mark.parametrize("locale", MIDDLEWARE)
def test_views_with_different_policies_in_two_languages_refuse(
    locale: str, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not known which of them the request will lead to."""
    urls = [path(lazy(translated, str)(), marked), re_path("", plain)]
    languages = {"LANGUAGES": LANGUAGES, "LANGUAGE_CODE": "en"}
    one = Project(urls, settings(locale, **languages), is_async)
    with override_settings(ROOT_URLCONF=tuple(urls), **one.settings):
        # In one go, because settings that change are a reason to log it again.
        handler: Any = ASGIHandler() if is_async else WSGIHandler()
        for origin in (APP, OTHER, APP):
            asking = [("Origin", origin), ("Access-Control-Request-Method", "PUT")]
            if is_async:
                answer = asyncio.run(aget(handler, "/artikel/", "OPTIONS", asking))
            else:
                answer = get(handler, "/artikel/", "OPTIONS", asking)
            assert (answer.status, answer.cors) == (403, REFUSED_PREFLIGHT)
    (record,) = (record for record in caplog.records if record.name == "corswsgi")
    assert getattr(record, "reason", "") == "policy_invalid"
    assert "different policies: " in record.getMessage()
    for name in ("marked", "plain"):
        assert f"tests.django.test_routing.{name}" in record.getMessage()
    # The same policy is not a contradiction, whichever view has it.
    same = [path(lazy(translated, str)(), plain), re_path("", bare)]
    assert Project(same, one.settings, is_async).preflight("/artikel/").cors == admitted()


def bare(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError


def test_other_urlconfs_are_not_resolved_in_any_language(monkeypatch: pytest.MonkeyPatch) -> None:
    def override(language: str) -> None:
        raise NotImplementedError

    monkeypatch.setattr(translation, "override", override)
    one = Project([path("items/", marked)], settings(LANGUAGES=LANGUAGES))
    assert one.preflight("/items/", "PUT", OTHER).cors == admitted(OTHER)


ASKED: list[str] = []


class Counting(StringConverter):
    def to_python(self, value: str) -> str:
        ASKED.append(value)
        return value


def asks_again(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> HttpResponse:
        cors_decision(request)
        response: HttpResponse = get_response(request)
        cors_decision(request)
        return response

    return middleware


@pytest.mark.parametrize("ending", ["", "/"])
@pytest.mark.parametrize("view", [plain, marked, Items.as_view()])
def test_a_preflight_resolves_its_url_once(view: Any, ending: str, is_async: bool) -> None:
    """Whoever asks. Converters may be slow, or may read a database."""
    register_converter(Counting, "counting")
    try:
        urls = [path(f"<counting:x>{ending}", view)]
        chosen = settings(COMMON)
        chosen["MIDDLEWARE"] = ["tests.django.test_routing.asks_again", *chosen["MIDDLEWARE"]]
        one = Project(urls, chosen, is_async)
        for origin in (APP, OTHER, "null"):
            ASKED.clear()
            assert one.preflight("/a", "PUT", origin).status in (204, 403)
            assert ASKED == ["a"]
    finally:
        from django.urls.converters import REGISTERED_CONVERTERS  # noqa: PLC0415 - not public

        del REGISTERED_CONVERTERS["counting"]


MANY = [("en", "English"), ("de", "Deutsch"), ("fr", "French"), ("it", "Italian")]


@pytest.mark.parametrize("place", ["/a/missing", "/a/missing/", "/a/end", "/de/a/missing"])
@pytest.mark.parametrize("asking", [[], [("Access-Control-Request-Method", "PUT")]])
def test_actual_requests_are_resolved_in_their_own_language(
    place: str, asking: Pairs, is_async: bool
) -> None:
    """So it does not matter how many languages there are, unless a preflight asks."""
    register_converter(Counting, "counting")
    try:
        urls = [path("<counting:x>/end/", plain), path("<counting:x>/missing", include([]))]
        counts = []
        for languages in (MANY[:2], MANY):
            below = i18n_patterns(path("items/", marked), path("<counting:x>/", include([])))
            chosen = settings(LOCALE, COMMON, LANGUAGES=languages, LANGUAGE_CODE="en")
            one = Project([*below, *urls], chosen, is_async)
            ASKED.clear()
            for method, headers in (("GET", asking), ("OPTIONS", [])):
                origin = [("Origin", APP)]
                answer = one.send(place, method, [*origin, *headers])
                assert answer.status in (301, 404, 200)
            counts.append(len(ASKED))
        assert counts[0] == counts[1]
    finally:
        from django.urls.converters import REGISTERED_CONVERTERS  # noqa: PLC0415 - not public

        del REGISTERED_CONVERTERS["counting"]


class OwnConverter(StringConverter):
    """A converter that may ask for the language."""


def test_preflights_are_resolved_in_languages_whose_routes_differ() -> None:
    def languages(*given: Any, known: Any = MANY) -> tuple[str, ...]:
        urls: Any = given
        with override_settings(LANGUAGES=known, LANGUAGE_CODE="en"):
            return installed().languages(get_resolver(urls))

    prefixed = i18n_patterns(path("items/<int:number>/", marked), re_path("^x$", plain))
    text = lazy(translated, str)()
    assert languages(path("items/", marked)) == ()
    assert languages(*prefixed) == ("en", "de")
    assert languages(path("shop/", include([path(text, marked)]))) == ("en", "de", "fr")
    # Django does not recognize the prefixes of languages without translations.
    assert languages(*prefixed, known=[*MANY, ("tlh", "Klingon")]) == ("en", "de", "tlh")
    register_converter(OwnConverter, "own")
    try:
        assert languages(*prefixed, path("<own:x>", plain)) == ("en", "de", "fr", "it")
    finally:
        from django.urls.converters import REGISTERED_CONVERTERS  # noqa: PLC0415 - not public

        del REGISTERED_CONVERTERS["own"]


def test_a_language_without_translations_has_its_prefix(is_async: bool) -> None:
    languages = [*LANGUAGES, ("fr", "French"), ("tlh", "Klingon")]
    urls = i18n_patterns(path("items/", marked))
    one = Project(urls, settings(LOCALE, LANGUAGES=languages, LANGUAGE_CODE="en"), is_async)
    for place in ("/fr/items/", "/tlh/items/", "/items"):
        assert one.preflight(place, "PUT", OTHER).cors == admitted(OTHER)
        assert one.preflight(place, "PUT", APP).cors == REFUSED_PREFLIGHT


OTHER_URLS = (path("", marked),)


def choose_urlconf(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> HttpResponse:
        # As projects with a URLconf for each host do; None stands for ROOT_URLCONF.
        request.urlconf = OTHER_URLS if "X-Other" in request.headers else None  # type: ignore[assignment] # any sequence does
        response: HttpResponse = get_response(request)
        return response

    return middleware


def test_the_urlconf_of_a_request(is_async: bool) -> None:
    chosen = {**settings(), "MIDDLEWARE": ["tests.django.test_routing.choose_urlconf", CORS]}
    one = Project([path("", plain)], chosen, is_async)
    other = ("X-Other", "1")
    assert one.fetch("/", "GET", OTHER, other).cors == allowed(OTHER)
    assert one.preflight("/", "PUT", OTHER, other).cors == admitted(OTHER)
    assert one.fetch().cors == allowed()
    assert one.preflight().cors == admitted()


class Failing(StringConverter):
    def to_python(self, value: str) -> str:
        raise LookupError(value)


def test_a_converter_that_fails_fails_the_request() -> None:
    register_converter(Failing, "failing")
    try:
        one = Project([path("<failing:x>", plain)], settings())
        assert one.preflight("/a").status == 500
    finally:
        from django.urls.converters import REGISTERED_CONVERTERS  # noqa: PLC0415 - not public

        del REGISTERED_CONVERTERS["failing"]
