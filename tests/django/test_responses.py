"""All responses: errors, redirects, streams and files; messages in debug mode."""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.handlers.wsgi import WSGIHandler
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.test import override_settings
from django.urls import path, re_path

from corswsgi import Policy
from corswsgi_django import cors
from tests.conformance.cases import APP, EVIL, PREFLIGHT_VARY
from tests.django.project import (
    ANYBODY,
    METHODS,
    REFUSED,
    REFUSED_PREFLIGHT,
    Project,
    allowed,
)
from tests.django.samples import Items, own
from tests.helpers.wsgi import get


def test_what_is_not_listed_is_said_in_debug_mode() -> None:
    settings = {**SETTINGS, "DEBUG": True, "CORS_ALLOW_METHODS": ["GET"]}
    body = Project([path("", Items.as_view())], settings).preflight("/", "PURGE").body
    assert b"the method 'PURGE' is not allowed. To allow it, add it to CORS_ALLOW_METHODS." in body


CORS = "corswsgi_django.middleware.CORSMiddleware"


def fails(request: HttpRequest) -> HttpResponse:
    raise LookupError


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def redirects(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/elsewhere")


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    def chunks() -> Iterator[bytes]:
        yield b"one "
        yield b"two"

    return StreamingHttpResponse(chunks())


async def astreamed(request: HttpRequest) -> StreamingHttpResponse:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    return StreamingHttpResponse(chunks())


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(io.BytesIO(b"one two"), filename="a.txt")


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


URLS = [
    path("plain", plain),
    path("fails", fails),
    path("missing", missing),
    path("forbidden", forbidden),
    path("redirects", redirects),
    path("streamed", streamed),
    path("astreamed", astreamed),
    path("file", file),
    path("own", own),
    path("off", cors(None)(own)),
]


SETTINGS: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [APP]}


@pytest.mark.parametrize(
    ("place", "status", "body"),
    [
        ("/plain", 200, b"plain"),
        ("/fails", 500, b"Server Error"),
        ("/missing", 404, b"Not Found"),
        ("/nowhere", 404, b"Not Found"),
        ("/forbidden", 403, b"403 Forbidden"),
        ("/redirects", 302, b""),
        ("/streamed", 200, b"one two"),
        ("/astreamed", 200, b"one two"),
        ("/file", 200, b"one two"),
    ],
)
# Django warns of streams of the other kind: synchronous under ASGI, and the reverse.
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
@pytest.mark.parametrize("debug", [False, True])
def test_every_response(place: str, status: int, body: bytes, debug: bool, is_async: bool) -> None:
    one = Project(URLS, {**SETTINGS, "DEBUG": debug}, is_async)
    response = one.fetch(place)
    assert (response.status, response.cors) == (status, allowed())
    if not debug:
        assert body in response.body
    assert one.fetch(place, origin=EVIL).cors == REFUSED
    assert one.send(place).cors == REFUSED


def test_a_request_that_csrf_protection_refuses(is_async: bool) -> None:
    middleware = [CORS, "django.middleware.csrf.CsrfViewMiddleware"]
    one = Project(URLS, {**SETTINGS, "MIDDLEWARE": middleware}, is_async)
    response = one.fetch("/plain", "POST")
    assert (response.status, response.cors) == (403, allowed())
    assert b"CSRF" in response.body


def test_what_views_set_themselves(is_async: bool) -> None:
    one = Project(URLS, SETTINGS, is_async)
    ruled = {**allowed(Expose_Headers="X-A"), "vary": "Accept, Origin"}
    del ruled["Vary"]
    assert one.fetch("/own").cors == ruled
    assert dict(one.fetch("/own").headers)["X-A"] == "1"
    assert one.fetch("/own", origin=EVIL).cors == {"vary": "Accept, Origin"}
    assert one.fetch("/off").cors == {
        "access-control-allow-origin": "*",
        "Access-Control-Expose-Headers": "X-A",
        "vary": "Accept",
    }


def varies(request: HttpRequest) -> HttpResponse:
    return HttpResponse(headers={"Vary": "Cookie", "X-A": "1"})


def put_up(get_response: Any) -> Any:
    """Stand for another middleware."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = get_response(request)
        return response

    return middleware


ABOVE = "tests.django.test_responses.put_up"
OTHERS = ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]


@pytest.mark.parametrize(
    "middleware", [[CORS], [CORS, *OTHERS], [ABOVE, CORS], [*OTHERS, CORS], []], ids=len
)
@pytest.mark.parametrize("debug", [False, True])
def test_django_does_not_warn_about_refused_preflights(
    middleware: list[str], debug: bool, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    urls = [path("", cors(plain)), path("forbidden", cors(forbidden))]
    settings = {**SETTINGS, "DEBUG": debug, "MIDDLEWARE": middleware}
    one = Project(urls, {**settings, "CORS_ALLOW_METHODS": ["GET"]}, is_async)
    for origin, method in ((EVIL, "GET"), (APP, "PURGE"), ("null", "PUT")):
        caplog.clear()
        answer = one.preflight("/", method, origin)
        # In debug mode, the console only names a method if the status is 200.
        assert answer.status == (200 if debug and method == "PURGE" else 403)
        assert {record.name for record in caplog.records} - {"asyncio"} == {"corswsgi"}
    # Everything else is logged as before.
    caplog.clear()
    assert one.fetch("/forbidden", origin=EVIL).status == 403
    assert one.preflight("/missing", "GET").status == (204 if middleware else 404)
    (record, *missing) = (record for record in caplog.records if record.name == "django.request")
    assert record.getMessage() == "Forbidden (Permission denied): /forbidden"
    assert [record.getMessage() for record in missing] == (
        [] if middleware else ["Not Found: /missing"]
    )


def denies(get_response: Any) -> Any:
    """Stand for a list of blocked addresses, which is asked after the response is there."""

    def middleware(request: HttpRequest) -> HttpResponse:
        get_response(request)
        if "X-Raise" in request.headers:
            raise PermissionDenied
        return HttpResponse("blocked", status=403)

    return middleware


@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("origin", [APP, EVIL])
def test_django_warns_about_another_403_after_a_refused_preflight(
    origin: str, raises: bool, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    middleware = ["tests.django.test_responses.denies", CORS]
    one = Project(URLS, {**SETTINGS, "MIDDLEWARE": middleware}, is_async)
    answer = one.preflight("/plain", "PUT", origin, *([("X-Raise", "1")] if raises else []))
    assert (answer.status, answer.cors) == (403, {})
    (record,) = (record for record in caplog.records if record.name == "django.request")
    assert record.getMessage() == (
        "Forbidden (Permission denied): /plain" if raises else "Forbidden: /plain"
    )
    assert bool(record.exc_info) is raises


def test_records_of_others_are_kept() -> None:
    """Some have no request, for example those of Django's own tests."""
    without: Any = HttpRequest()
    without.META = None
    for request in (None, "no request", HttpRequest(), without):
        record = logging.makeLogRecord({"request": request, "status_code": 403})
        assert logging.getLogger("django.request").filter(record)
    assert logging.getLogger("django.request").filter(logging.makeLogRecord({}))


@pytest.mark.parametrize(
    ("place", "origins", "expected"),
    [
        ("/plain", [APP], allowed()),
        ("/own", [APP], {**allowed(Expose_Headers="X-A"), "vary": "Accept, Origin"}),
        ("/varies", [APP], {**allowed(), "Vary": "Cookie, Origin"}),
        ("/plain", [EVIL], REFUSED),
        ("/varies", [EVIL], {"Vary": "Cookie, Origin"}),
        ("/plain", None, ANYBODY),
        ("/varies", None, {**ANYBODY, "Vary": "Cookie"}),
    ],
)
def test_later_responses_are_as_the_first(
    place: str, origins: list[str] | None, expected: dict[str, str]
) -> None:
    """Names of headers that have nothing to do with CORS are remembered."""
    expected = {name: text for name, text in expected.items() if place != "/own" or name != "Vary"}
    urls = (*URLS, path("varies", varies))
    settings = {"CORS_ALLOWED_ORIGINS": origins or [], "CORS_ALLOW_ALL_ORIGINS": origins is None}
    with override_settings(ROOT_URLCONF=urls, **settings):
        handler = WSGIHandler()
        for before in (place, "/plain", "/own", "/varies"):
            get(handler, before, "GET", [("Origin", APP)])
            assert get(handler, place, "GET", [("Origin", APP)]).cors == expected


def test_debug_mode_says_what_is_replaced(caplog: pytest.LogCaptureFixture) -> None:
    Project(URLS, {**SETTINGS, "DEBUG": True}).fetch("/own")
    (record,) = (record for record in caplog.records if record.name == "corswsgi")
    assert record.getMessage() == (
        "'GET' '/own': the policy replaces headers that the application set: "
        "'access-control-allow-origin'. Remove them from the application, because the policy sets "
        "them; or, to let the application decide, write @cors(None), or "
        "CORS_RESOURCES = {'/own': None}."
    )


def test_a_path_cannot_forge_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    urls = (re_path("^own", own),)
    Project(urls, {**SETTINGS, "DEBUG": True}).fetch("/own%0ALOG%20CRITICAL%20forged")
    (record,) = (record for record in caplog.records if record.name == "corswsgi")
    assert "\n" not in record.getMessage()
    assert "{'/own\\nLOG CRITICAL forged': None}" in record.getMessage()


@pytest.mark.parametrize(
    ("settings", "request_", "cause", "headers"),
    [
        (
            {},
            (("Access-Control-Request-Headers", "x-a"),),
            "not allowed: 'x-a'. To allow them, add them to CORS_ALLOW_HEADERS.",
            {
                "Access-Control-Allow-Origin": APP,
                "Access-Control-Allow-Methods": METHODS,
                "Access-Control-Allow-Headers": "accept, authorization, content-type, user-agent, "
                "x-csrftoken, x-requested-with",
            },
        ),
        (
            {"CORS_ALLOW_METHODS": ["GET"]},
            (),
            "the method 'PUT' is not allowed. To allow it, add it to CORS_ALLOW_METHODS.",
            {
                "Access-Control-Allow-Origin": APP,
                "Access-Control-Allow-Methods": "GET",
                "Access-Control-Allow-Headers": "accept, authorization, content-type, user-agent, "
                "x-csrftoken, x-requested-with",
            },
        ),
    ],
    ids=["headers", "methods"],
)
def test_debug_mode_explains_refused_preflights_in_the_words_of_settings(
    settings: dict[str, Any],
    request_: Any,
    cause: str,
    headers: dict[str, str],
    is_async: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    one = Project(URLS, {**SETTINGS, **settings, "DEBUG": True}, is_async)
    answer = one.preflight("/plain", "PUT", APP, *request_)
    assert (answer.status, answer.cors) == (200, {**headers, "Vary": PREFLIGHT_VARY})
    assert cause in answer.body.decode()
    assert any(cause in record.getMessage() for record in caplog.records)
    # Outside of debug mode, nothing is disclosed.
    one.settings["DEBUG"] = False
    answer = one.preflight("/plain", "PUT", APP, *request_)
    assert (answer.status, answer.body, answer.cors) == (403, b"", REFUSED_PREFLIGHT)


def test_debug_mode_says_which_origins_there_are() -> None:
    one = Project(URLS, {**SETTINGS, "DEBUG": True})
    answer = one.preflight("/plain", origin=EVIL)
    assert (answer.status, answer.cors) == (
        403,
        {"Access-Control-Allow-Origin": APP, **REFUSED_PREFLIGHT},
    )
    assert "add 'https://evil.test' to CORS_ALLOWED_ORIGINS." in answer.body.decode()
    nobody = Project(URLS, {"DEBUG": True}).preflight("/plain")
    assert nobody.cors == REFUSED_PREFLIGHT
    assert "add 'https://app.example.com' to CORS_ALLOWED_ORIGINS." in nobody.body.decode()


@pytest.mark.parametrize(
    ("mark", "resources", "method", "where"),
    [
        (cors(origins=[APP]), {}, "GET", "add 'https://evil.test' to origins of its @cors."),
        (cors(max_age=1), {}, "GET", "add 'https://evil.test' to CORS_ALLOWED_ORIGINS."),
        (cors(Policy(origins=[EVIL], methods=[])), {}, "PUT", "add it to methods of its @cors."),
        (
            cors(max_age=1),
            {"/*": {"CORS_ALLOWED_ORIGINS": [APP]}},
            "GET",
            "add 'https://evil.test' to CORS_RESOURCES['/*'].CORS_ALLOWED_ORIGINS.",
        ),
        (
            cors(max_age=1),
            {"/*": Policy(origins=[APP])},
            "GET",
            "add 'https://evil.test' to CORS_RESOURCES['/*'].origins.",
        ),
        (cors(origins=[EVIL]), {"/*": None}, "PURGE", "add it to CORS_ALLOW_METHODS."),
        (
            cors(origins=[APP]),
            {"/*": {}},
            "GET",
            "add 'https://evil.test' to origins of its @cors.",
        ),
    ],
)
def test_debug_mode_says_where_an_option_is_written(
    mark: Any, resources: dict[str, Any], method: str, where: str
) -> None:
    settings = {**SETTINGS, "DEBUG": True, "CORS_RESOURCES": resources}
    one = Project([path("", mark(plain))], settings)
    assert where in one.preflight("/", method, EVIL).body.decode()


def test_debug_mode_says_that_no_policy_is_there(caplog: pytest.LogCaptureFixture) -> None:
    sent = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors")]
    for debug in (True, False):
        one = Project(URLS, {**SETTINGS, "DEBUG": debug, "CORS_URLS_REGEX": "^/api/"})
        one.fetch("/plain", "GET", APP, *sent)
        one.fetch("/plain")
        one.fetch("/off", "GET", APP, *sent)
    records = [record for record in caplog.records if record.name == "corswsgi"]
    (text,) = [record.getMessage() for record in records]
    assert text == "'GET' '/plain': no policy matches '/plain'. CORS_URLS_REGEX is '^/api/'."
    assert getattr(records[0], "reason", "") == "no_policy"


def test_debug_mode_warns_of_pages_that_cannot_read(caplog: pytest.LogCaptureFixture) -> None:
    sent = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors")]
    for debug in (True, False):
        one = Project(URLS, {**SETTINGS, "DEBUG": debug})
        one.fetch("/plain", "GET", EVIL, *sent)
    records = [record for record in caplog.records if record.name == "corswsgi"]
    assert [record.levelno for record in records] == [logging.WARNING]
    assert "to CORS_ALLOWED_ORIGINS" in records[0].getMessage()


def test_refusals_are_logged_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "corswsgi")
    one = Project(URLS, SETTINGS)
    one.fetch("/plain", origin=EVIL)
    one.preflight("/plain", origin=EVIL)
    records = [record for record in caplog.records if record.name == "corswsgi"]
    assert [(record.levelno, getattr(record, "reason", "")) for record in records] == [
        (logging.DEBUG, "origin_not_allowed")
    ] * 2
