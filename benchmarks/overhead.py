"""Measure the time that CORS adds to a request: corswsgi, its peers and the floor, in one process.

    tox -e benchmarks -- --size full   # the whole tables
    tox -e benchmarks                  # fewer rounds and smaller numbers, as a test

There is a table for each framework, in which all contenders wrap the same application. In each
round, they and the bare application take turns. The tables show the median over the rounds of the
difference to the bare application in the same round. (It is negative for a preflight if the
application does not run.) The floor is a middleware object that only appends one header in a
closure around start_response. Machines differ and are noisy, so read the ratios and not the times.
"""

from __future__ import annotations

import argparse
import gc
import io
import itertools
import logging
import math
import statistics
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import django
import flask
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import setting_changed
from django.http import HttpResponse
from django.urls import path
from flask_cors import CORS as FlaskCORS
from wsgicors import CORS as WsgiCORS

from corswsgi import CORSMiddleware, Policy
from corswsgi_django.apps import installed
from corswsgi_flask import CORS

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[str, str]]

PLAIN: Headers = [("Content-Type", "text/plain"), ("Content-Length", "2")]
VARY: Headers = [*PLAIN, ("Vary", "Accept-Encoding")]
OWN: Headers = [*PLAIN, ("Access-Control-Allow-Origin", "*")]
TEN: Headers = [
    *PLAIN,
    ("Cache-Control", "no-store"),
    ("ETag", '"1"'),
    ("Last-Modified", "Sun, 22 Nov 2026 20:00:00 GMT"),
    ("Set-Cookie", "a=1"),
    ("Set-Cookie", "b=2"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Request-Id", "1"),
    ("X-Tenant", "1"),
]

ALLOWED = "https://host-0.example.com"
UNLISTED = "https://stranger.example.net"


def exact(count: int) -> list[str]:
    """Return `count` exact origins, of which `ALLOWED` is one."""
    return [f"https://host-{number}.example.com" for number in range(count)]


def wildcards(count: int) -> list[str]:
    """Return `count` subdomain patterns, of which the last one matches ``*.site-0.example``."""
    return [f"https://*.site-{number}.example" for number in reversed(range(count))]


@dataclass
class Row:
    """One kind of request, under one configuration."""

    name: str
    origins: list[str]
    origin: Callable[[], str] | None = None
    """Returns a new string for each request, as servers do; None: requests have no Origin."""
    requested: str | None = None
    """Access-Control-Request-Headers of a preflight; None: an actual request."""
    sends: Headers = field(default_factory=lambda: PLAIN)
    resources: int = 0


def again(text: str) -> Callable[[], str]:
    """Return a function that returns new equal strings, because strings cache their hash."""
    raw = text.encode("latin-1")
    return lambda: raw.decode("latin-1")


def fresh(template: str) -> Callable[[], str]:
    """Return a function that returns a different string each time."""
    numbers = itertools.count()
    return lambda: template.format(next(numbers))


def turns(count: int) -> Callable[[], str]:
    """Return a function that returns the origins of `exact(count)` in a scattered order."""
    numbers = itertools.count(step=7919)
    return lambda: f"https://host-{next(numbers) % count}.example.com"


def rows(large: int, many: int) -> Iterator[Row]:
    """Yield every kind of request, with up to `large` exact origins or `many` patterns."""
    allowed, unlisted = again(ALLOWED), again(UNLISTED)
    names = "authorization,content-type"
    yield Row("no Origin", exact(1))
    for count in (1, 10, 1_000, large):
        yield Row(f"allowed, among {count:,}", exact(count), allowed)
    yield Row(f"allowed, {large:,} in turn", exact(large), turns(large))
    for count in (1, 1_000, large):
        yield Row(f"refused, among {count:,}", exact(count), unlisted)
    yield Row("refused, all new", exact(1_000), fresh("https://s{}.example.net"))
    yield Row("Origin of 8 KiB", exact(1_000), again("https://" + "a" * 8184))
    for count in (1, large):
        yield Row(f"preflight, among {count:,}", exact(count), allowed, names)
    yield Row("preflight, refused", exact(1_000), unlisted, names)
    for kibibytes in (8, 64):
        commas = "," * (kibibytes * 1024)
        yield Row(f"preflight, {kibibytes}K of commas", exact(1), allowed, commas)
        listed = "x-name," * (kibibytes * 1024 // 7)
        yield Row(f"preflight, {kibibytes}K of names", exact(1), allowed, listed)
    sub = again("https://a.site-0.example")
    for count in (1, 10, many):
        yield Row(f"patterns: {count:,}", wildcards(count), sub)
    yield Row("patterns, refused", wildcards(many), unlisted)
    yield Row(
        "patterns, allowed, new",
        wildcards(many),
        fresh("https://s{}.site-0.example"),
    )
    yield Row("patterns, refused, new", wildcards(many), fresh("https://s{}.net"))
    yield Row("it sends Vary", exact(1), allowed, sends=VARY)
    yield Row("it sends CORS headers", exact(1), allowed, sends=OWN)
    yield Row("it sends ten headers", exact(1), allowed, sends=TEN)
    yield Row("with ten resources", exact(1), allowed, resources=10)


# The applications, bare and with each contender.


class Floor:
    """A middleware that does as little as possible."""

    def __init__(self, app: Application) -> None:
        self.app = app

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            headers.append(("Vary", "Origin"))
            return start_response(status, headers, exc_info)

        return self.app(environ, start)


def wsgi_app(sends: Headers) -> Application:
    """Return a WSGI application that sends these headers."""

    def app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [*sends])
        return [b"ok"]

    return app


def flask_app(sends: Headers) -> flask.Flask:
    """Return a Flask application that sends these headers."""
    app = flask.Flask("bare")

    @app.route("/api/items", methods=["GET", "PUT"])
    def items() -> flask.Response:
        response = flask.Response("ok")
        for name, value in sends[2:]:
            response.headers.add(name, value)
        return response

    return app


SENT_BY_DJANGO: Headers = []


def django_view(request: object) -> HttpResponse:
    """Send the headers of the row."""
    response = HttpResponse("ok")
    for name, value in SENT_BY_DJANGO:
        response[name] = value
    return response


urlpatterns = [path("api/items", django_view)]


def expressions(origins: list[str]) -> tuple[list[str], list[str]]:
    """Return the exact origins, and the patterns as regular expressions, for the peers."""
    wild = [origin for origin in origins if "*" in origin]
    return (
        [origin for origin in origins if origin not in set(wild)],
        [rf"^{origin.replace('.', '[.]').replace('*', '.*')}$" for origin in wild],
    )


def paths(row: Row, below: str) -> dict[str, dict[str, Any]]:
    """Return the row's resources for Flask: the one of the request, and others."""
    others: dict[str, dict[str, Any]] = {
        f"/path-{number}{below}": {} for number in range(row.resources - 1)
    }
    return {**others, f"/api{below}": {}} if row.resources else {}


def with_flask_cors(row: Row) -> Application:
    """Return the row's Flask application with Flask-CORS."""
    app = flask_app(row.sends)
    exact_origins, regular = expressions(row.origins)
    options: dict[str, Any] = {"resources": paths(row, "/.*")} if row.resources else {}
    FlaskCORS(app, origins=exact_origins + regular, **options)
    return app


def with_corswsgi_flask(row: Row) -> Application:
    """Return the row's Flask application with corswsgi_flask."""
    app = flask_app(row.sends)
    options: dict[str, Any] = {"resources": paths(row, "/*")} if row.resources else {}
    CORS(app, origins=row.origins, **options)
    return app


def django_app(row: Row, middleware: list[str]) -> Application:
    """Return the row's Django application with this middleware."""
    SENT_BY_DJANGO[:] = row.sends[2:]
    settings.MIDDLEWARE = middleware
    application: Application = WSGIHandler()
    return application


def with_corswsgi_django(row: Row) -> Application:
    """Return the row's Django application with corswsgi_django, which compiles the settings."""
    resources: dict[str, Any] = {f"/path-{number}/*": None for number in range(row.resources - 1)}
    if row.resources:
        resources["/api/*"] = {}
    settings.CORS_ALLOWED_ORIGINS, settings.CORS_ALLOWED_ORIGIN_REGEXES = row.origins, []
    settings.CORS_RESOURCES = resources
    setting_changed.send(None, setting="CORS_ALLOWED_ORIGINS", value=row.origins, enter=True)
    application = django_app(row, ["corswsgi_django.middleware.CORSMiddleware"])
    # The next contender changes the settings, which is not to be noticed within a second.
    installed().keep_up()
    installed().check_at = math.inf
    return application


def with_django_cors_headers(row: Row) -> Application:
    """Return the row's Django application with django-cors-headers, which reads them each time."""
    settings.CORS_ALLOWED_ORIGINS, settings.CORS_ALLOWED_ORIGIN_REGEXES = expressions(row.origins)
    return django_app(row, ["corsheaders.middleware.CorsMiddleware"])


def with_corswsgi(app: Application, row: Row) -> Application:
    """Return `app` with corswsgi in front of it, configured for the row."""
    policy = Policy(origins=row.origins)
    if not row.resources:
        return CORSMiddleware(app, policy)
    resources: dict[str, Policy | None] = {
        f"/path-{number}/*": None for number in range(row.resources - 1)
    }
    return CORSMiddleware(app, policy, resources={**resources, "/api/*": policy})


def with_wsgicors(app: Application, row: Row) -> Application:
    """Return `app` with wsgicors in front of it."""
    wrapped: Application = WsgiCORS(
        app,
        origin=" ".join(row.origins),
        headers="*",
        methods="GET, HEAD, POST, PUT, PATCH, DELETE",
        maxage="600",
    )
    return wrapped


def on_wsgi(row: Row) -> dict[str, Application]:
    """Return the row's WSGI application, bare, and as each contender wraps it."""
    bare = wsgi_app(row.sends)
    return {
        "bare": bare,
        "floor": Floor(bare),
        "corswsgi": with_corswsgi(bare, row),
        "wsgicors": with_wsgicors(bare, row),
    }


def on_flask(row: Row) -> dict[str, Application]:
    """Return the row's Flask application, bare, and as each contender wraps it."""
    return {
        "bare": flask_app(row.sends),
        "corswsgi": with_corswsgi_flask(row),
        "Flask-CORS": with_flask_cors(row),
    }


def on_django(row: Row) -> dict[str, Application]:
    """Return the row's Django application, bare, and as each contender wraps it."""
    return {
        "bare": django_app(row, []),
        "corswsgi": with_corswsgi_django(row),
        "django-cors-h.": with_django_cors_headers(row),
    }


class Table(NamedTuple):
    """The contenders of one framework."""

    apps: Callable[[Row], dict[str, Application]]
    reference: str
    """The contender that corswsgi is compared with."""


TABLES = {
    "WSGI": Table(on_wsgi, "floor"),
    "Flask": Table(on_flask, "Flask-CORS"),
    "Django": Table(on_django, "django-cors-h."),
}


# Measuring.

_PATIENCE = 2.0  # in seconds, for one application in one row

BASE: Environ = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/api/items",
    "QUERY_STRING": "",
    "SERVER_NAME": "api.example.com",
    "SERVER_PORT": "443",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_HOST": "api.example.com",
    "HTTP_USER_AGENT": "benchmark",
    "HTTP_ACCEPT": "*/*",
    "HTTP_ACCEPT_ENCODING": "gzip",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "https",
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
    "wsgi.input": io.BytesIO(),
}


def environ_maker(row: Row) -> Callable[[], Environ]:
    """Return a function that returns the row's environ, with new strings for client values."""
    base = dict(BASE)
    origin = row.origin
    if origin is None:
        return base.copy
    if row.requested is None:
        return lambda: {**base, "HTTP_ORIGIN": origin()}
    base["REQUEST_METHOD"] = "OPTIONS"
    method, requested = again("PUT"), again(row.requested)
    return lambda: {
        **base,
        "HTTP_ORIGIN": origin(),
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": method(),
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": requested(),
    }


def _start_response(status: str, headers: Headers, exc_info: Any = None) -> None:
    return None


def seconds(app: Application, make: Callable[[], Environ], times: int) -> float:
    """Return how long one request takes in seconds, measured over `times` requests.

    This includes creating the environ, which is then as new as a server's, and in the processor's
    cache. So does the time of the bare application.
    """
    start_response = _start_response
    started = time.perf_counter()
    for _ in range(times):
        body = app(make(), start_response)
        if hasattr(body, "close"):
            body.close()
    return (time.perf_counter() - started) / times


def measure(row: Row, table: Table, rounds: int, budget: float) -> dict[str, float]:
    """Return the seconds per request that each contender adds to the bare application.

    The bare application is included with its whole time.
    """
    make = environ_maker(row)
    apps = table.apps(row)
    times = {}
    left = dict.fromkeys(apps, _PATIENCE)
    for name, app in apps.items():
        once = seconds(app, make, 1)
        left[name] -= once
        if once < _PATIENCE / 100:
            once = min(seconds(app, make, 1) for _ in range(3))
        times[name] = max(1, min(2_000, int(budget / once)))
    gc.collect()
    gc.disable()
    took: dict[str, list[float]] = {name: [] for name in apps}
    for turn in range(rounds):
        now: dict[str, float] = {"bare": 0.0}
        for name, app in apps.items():
            # Some peers take seconds for a request. They get at least one turn.
            if left[name] > 0 or turn == 0:
                now[name] = seconds(app, make, times[name])
                left[name] -= now[name] * times[name]
                took[name].append(now[name] - (now["bare"] if name != "bare" else 0))
    gc.enable()
    return {name: statistics.median(values) for name, values in took.items()}


def microseconds(value: float, width: int) -> str:
    """Format a time, with more digits if it is short."""
    digits = 2 if abs(value) < 10e-6 else 1 if abs(value) < 1e-3 else 0
    return f"{value * 1e6:{width},.{digits}f}"


def print_table(name: str, rows: Iterable[Row], rounds: int, budget: float) -> None:
    """Measure a table, and print each row when it is measured."""
    table = TABLES[name]
    print(f"\n{name}: added to a request, in microseconds; (x {table.reference})")
    is_first = True
    for row in rows:
        added = measure(row, table, rounds, budget)
        if is_first:
            heads = "".join(
                f"{head:>16}" if head == "corswsgi" else f"{head:>15}" for head in added
            )
            print(f"{'':24}{heads[5:]}")
            is_first = False
        cells = ""
        for contender, value in added.items():
            if contender == "corswsgi":
                cells += f"{microseconds(value, 8)} ({value / added[table.reference]:5.2f})"
            else:
                cells += microseconds(value, 15)
        print(f"{row.name:24}{cells[5:]}", flush=True)


def building(count: int) -> str:
    """Return how long creating a policy with `count` origins takes, and its memory."""
    origins = exact(count)
    bare = wsgi_app(PLAIN)
    started = time.perf_counter()
    CORSMiddleware(bare, Policy(origins=origins, supports_credentials=True))
    took = time.perf_counter() - started
    tracemalloc.start()
    middleware = CORSMiddleware(bare, Policy(origins=origins, supports_credentials=True))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del middleware
    return (
        f"A middleware with {count:,} exact origins: built in {took:.2f} s, "
        f"holds {held / 2**10:,.0f} KiB beyond its texts."
    )


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", choices=["quick", "full"], default="full", help="default: full")
    parser.add_argument("--table", choices=TABLES, action="append", help="default: all of them")
    parser.add_argument("--only", default="", metavar="TEXT", help="the rows with TEXT in them")
    options = parser.parse_args()
    logging.disable()
    warnings.simplefilter("ignore")
    settings.configure(
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="benchmark",
        INSTALLED_APPS=["corsheaders", "corswsgi_django"],
        CORS_ALLOW_ALL_ORIGINS=False,
    )
    django.setup()
    large, many, rounds, budget = (
        (1_000, 100, 3, 0.001) if options.size == "quick" else (100_000, 1_000, 25, 0.004)
    )
    print(f"Python {sys.version.split()[0]}")
    for name in options.table or TABLES:
        chosen = (row for row in rows(large, many) if options.only in row.name)
        print_table(name, chosen, rounds, budget)
    print(f"\n{building(large)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
