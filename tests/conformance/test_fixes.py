"""The fixes in hints: each is applied as it stands there, and then does what was meant."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import pytest
from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import re_path
from flask import Blueprint, Flask

import corswsgi_django
from corswsgi import CORSMiddleware, Policy, PolicyError, Problem, ProblemReason
from corswsgi_django.apps import make_table
from corswsgi_django.settings import FORMAT, read_settings
from corswsgi_flask import CORS, cors
from tests.helpers.wsgi import Application, get

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

APP = "https://app.example.com"
OTHER = "https://b.example"
EVIL = "https://evil.test"
LOCAL = "http://localhost:3000"


class Row(NamedTuple):
    """Options that are refused, and the fixes in the hints."""

    reason: str
    options: dict[str, Any]
    fixes: tuple[str, ...]
    """Code, as it stands in the hint: a value, an assignment, or the name of an option."""
    allowed: tuple[str, ...] = (APP,)
    refused: tuple[str, ...] = (EVIL,)
    credentials: bool = False
    environ: Mapping[str, str] = {}
    """Environment variables that the fix reads."""
    settings: tuple[str, ...] | None = None
    """The fixes if they are settings, where they are not the same assignments."""


def origins(value: object, *fixes: str, **more: Any) -> Row:
    return Row("not_canonical", {"origins": value}, fixes, **more)


def unparsed(text: str, items: str, code: str, **more: Any) -> Iterator[Row]:
    """Yield a row for each fix of an environment variable with several origins."""
    options, allowed = {"origins": text}, (APP, OTHER)
    fix = f"origins={items}"
    yield Row("several_in_one", options, (fix,), allowed, **more)
    fix = f"origins={code}"
    yield Row("several_in_one", options, (fix,), allowed, environ={"CORS_ORIGINS": text}, **more)


BOTH = f'["{APP}", "{OTHER}"]'
VARIABLE = 'os.environ["CORS_ORIGINS"]'
PREVIEW = r"re.compile(r'https://[a-z0-9-]+-team\.vercel\.app')"
PREVIEW_OF_OWN = r"re.compile(r'https://pr-[a-z0-9-]+\.example\.com')"
LAN = r"re.compile(r'http://192\.168\.\d{1,3}\.\d{1,3}:3000')"
PORTS = r"re.compile(r'http://localhost(:\d+)?')"
PREVIEWS = ("https://a1b2-team.vercel.app",)
NOT_PREVIEWS = ("https://team.vercel.app", "https://a.b-team.vercel.app", EVIL)
EXAMPLE = f'["{APP}"]'


def in_settings(*sources: str) -> tuple[str, ...]:
    return tuple(f"CORS_ALLOWED_ORIGIN_REGEXES = [{source[11:-1]}]" for source in sources)


ROWS = [
    Row("required", {"origins": None}, (f"origins={EXAMPLE}",), settings=()),
    Row("required", {"origins": []}, (f"origins={EXAMPLE}",), settings=()),
    Row("required", {"origins": [""]}, (f"origins={EXAMPLE}",)),
    Row("unknown_option", {"allow_origins": [APP]}, ("origins",), settings=()),
    Row("unknown_option", {"origin": APP}, ("origins",), settings=()),
    Row("unknown_option", {"cors_origins": APP}, ("origins",), settings=()),
    Row("unknown_option", {"Access-Control-Allow-Origin": APP}, ("origins",), settings=()),
    *(
        Row(
            *("unknown_option", {"origins": APP, name: True}, ("supports_credentials",)),
            credentials=True,
            settings=(),
        )
        for name in ("allow_credentials", "credentials", "supports_credential")
    ),
    Row(
        "unknown_value",
        {"origins": APP, "dangerously_allow": ["insecure_origin"]},
        ("'insecure_origins'",),
    ),
    *(
        Row(
            *("wrong_type", {"origins": APP, "supports_credentials": value}, (fix,)),
            credentials=meant,
            environ={"CORS_SUPPORTS_CREDENTIALS": str(value)},
        )
        for value, meant in (
            *(("false", False), ("true", True), ("False", False), ("0", False), ("1", True)),
            *((0, False), (1, True), ("", False), (None, False)),
        )
        for fix in (
            f"supports_credentials={meant}",
            (
                'supports_credentials=os.environ.get("CORS_SUPPORTS_CREDENTIALS", '
                f'"{str(meant).lower()}").lower() in ("1", "true", "yes", "on")'
            ),
        )
    ),
    Row("wrong_type", {"origins": APP, "max_age": "60"}, ("max_age=60",)),
    Row(
        *("wrong_type", {"origins": APP, "max_age": "60"}),
        ('max_age=int(os.environ["CORS_MAX_AGE"])',),
        environ={"CORS_MAX_AGE": "60"},
    ),
    Row("wrong_type", {"origins": APP, "methods": 5}, ('methods=["GET", "POST"]',)),
    Row("wrong_type", {"origins": APP, "allow_headers": None}, ("leave it out",)),
    Row("wrong_type", {"origins": [APP, 5]}, (f"origins={EXAMPLE}",)),
    Row("wrong_type", {"origins": APP.__eq__}, (f"origins=['{APP}']",)),
    *unparsed(f"{APP},{OTHER}", BOTH, f'{VARIABLE}.split(",")'),
    *unparsed(f"{APP};{OTHER}", BOTH, f'{VARIABLE}.split(";")'),
    *unparsed(f"{APP} {OTHER}", BOTH, f"{VARIABLE}.split()"),
    *unparsed(f"{APP}\n{OTHER}\n", BOTH, f"{VARIABLE}.split()"),
    *unparsed(f"{APP}, {OTHER}", BOTH, f'{VARIABLE}.replace(",", " ").split()'),
    *unparsed(json.dumps([APP, OTHER]), BOTH, f"json.loads({VARIABLE})"),
    *unparsed(repr([APP, OTHER]), BOTH, f"ast.literal_eval({VARIABLE})"),
    *unparsed(f'"{APP}","{OTHER}"', BOTH, r're.findall(r"[^][,;\s\"' + f"']+\", {VARIABLE})"),
    Row("several_in_one", {"origins": f'"{APP}"'}, (f"origins={EXAMPLE}",)),
    Row(
        *("several_in_one", {"origins": f"'{APP}'"}, (rf'origins={VARIABLE}.strip("\"' + "'\")",)),
        environ={"CORS_ORIGINS": f"'{APP}'"},
    ),
    Row("several_in_one", {"origins": [*APP]}, (f"origins={EXAMPLE}",)),
    Row(
        *("several_in_one", {"origins": tuple(APP)}, (f"origins={VARIABLE}",)),
        environ={"CORS_ORIGINS": APP},
    ),
    Row("several_in_one", {"origins": [f"{APP}{OTHER}"]}, (f"['{APP}', '{OTHER}']",), (APP, OTHER)),
    Row("several_in_one", {"origins": '["*"]'}, ('origins="*"',), (APP, EVIL), ()),
    Row(
        *("several_in_one", {"origins": APP, "methods": "GET,PUT"}),
        ('methods=os.environ["CORS_METHODS"].split(",")',),
        environ={"CORS_METHODS": "GET,PUT"},
    ),
    Row("several_in_one", {"origins": APP, "methods": [*"GET"]}, ('methods=["GET"]',)),
    Row("several_in_one", {"origins": APP, "methods": ["GETPUT", "POST"]}, ("['GET', 'PUT']",)),
    Row("several_in_one", {"origins": APP, "allow_headers": '["X-A"]'}, ('allow_headers=["X-A"]',)),
    Row("malformed_origin", {"origins": ["None"]}, (f"origins={EXAMPLE}",)),
    Row("malformed_origin", {"origins": "undefined"}, (f"origins={EXAMPLE}",)),
    Row("malformed_origin", {"origins": "true"}, ('origins="*"',), (APP, EVIL), ()),
    Row("malformed_origin", {"origins": "https://*"}, ('origins="*"',), (APP, EVIL), ()),
    Row(
        *("malformed_origin", {"origins": "https://*-team.vercel.app"}, (PREVIEW,)),
        *(PREVIEWS, NOT_PREVIEWS),
        settings=in_settings(PREVIEW),
    ),
    Row(
        "malformed_origin",
        {"origins": "https://*-team.vercel.app", "supports_credentials": True},
        ('origins=["https://*.preview.example.com"]',),
        ("https://pr-1.preview.example.com",),
        (*PREVIEWS, EVIL),
        credentials=True,
    ),
    *(
        Row(
            *("malformed_origin", {"origins": written}, (LAN,)),
            *(("http://192.168.1.7:3000",), ("http://192.168.1.evil.test:3000", LOCAL, EVIL)),
            settings=in_settings(LAN),
        )
        for written in ("http://192.168.*.*:3000", "192.168.*:3000")
    ),
    Row("malformed_origin", {"origins": "http://*:3000"}, (f'origins=["{LOCAL}"]',), (LOCAL,)),
    Row("malformed_origin", {"origins": "http://*:*"}, ('origins="*"',), (APP, EVIL), ()),
    origins("http://localhost*", "'http://localhost:*'", allowed=(LOCAL, "http://localhost")),
    origins("https://**.example.com", "'https://*.example.com'"),
    Row(
        "malformed_origin",
        {"origins": "https://pr-*.example.com", "supports_credentials": True},
        (PREVIEW_OF_OWN,),
        ("https://pr-17.example.com",),
        ("https://example.com", "https://pr-1.evil.test", "https://pr-1.evil.example.com"),
        credentials=True,
        settings=in_settings(PREVIEW_OF_OWN),
    ),
    Row(
        *("malformed_origin", {"origins": r"http://localhost(:\d+)?"}, (PORTS,)),
        *((LOCAL, "http://localhost"), (EVIL,)),
        settings=in_settings(PORTS),
    ),
    Row(
        "malformed_origin",
        {"origins": re.compile(r"app\.example\.com"), "supports_credentials": True},
        (r"r'https://app\.example\.com'",),
        credentials=True,
    ),
    origins("https://App.example.com/", f"'{APP}'"),
    origins(" app.example.com", f"'{APP}'", settings=()),
    origins("https://https://app.example.com", f"'{APP}'"),
    origins("blob:https://app.example.com/1-2", f"'{APP}'"),
    origins("http//:localhost:3000", f"'{LOCAL}'", allowed=(LOCAL,)),
    origins("http:/localhost:3000", f"'{LOCAL}'", allowed=(LOCAL,)),
    origins("http:\\\\localhost:3000", f"'{LOCAL}'", allowed=(LOCAL,)),
    origins("0.0.0.0:3000", f"'{LOCAL}'", allowed=(LOCAL,)),
    origins("http://0.0.0.0:3000/", f"'{LOCAL}'", allowed=(LOCAL,)),
    origins(
        *("172.30.1.100:8080", "'http://172.30.1.100:8080'"), allowed=("http://172.30.1.100:8080",)
    ),
    Row(
        "not_canonical",
        {"origins": "172.30.1.100:8080", "supports_credentials": True},
        ("'http://172.30.1.100:8080'", 'dangerously_allow=["insecure_origins"]'),
        ("http://172.30.1.100:8080",),
        credentials=True,
    ),
    origins("frontend:3000", "'http://frontend:3000'", allowed=("http://frontend:3000",)),
    origins(
        *(r"^https://.*\.example\.com$", "'https://*.example.com'"),
        allowed=("https://a.b.example.com",),
    ),
    Row("null_origin", {"origins": "null"}, ("http://localhost",), ("http://localhost",)),
    Row("malformed_origin", {"origins": "file://"}, ("http://localhost",), ("http://localhost",)),
    Row("malformed_origin", {"origins": "data:"}, ("http://localhost",), ("http://localhost",)),
    Row(
        "wildcard_with_credentials",
        {"origins": "*", "supports_credentials": True},
        (f"origins={EXAMPLE}",),
        credentials=True,
    ),
    Row(
        "wildcard_with_credentials",
        {"origins": APP, "expose_headers": "*", "supports_credentials": True},
        ('expose_headers=["X-Total-Count"]',),
        credentials=True,
    ),
    Row(
        "wildcard_with_credentials",
        {"origins": re.compile("https://app.example.com"), "supports_credentials": True},
        (r"r'https://app\.example\.com'",),
        credentials=True,
    ),
    *(
        Row(
            "insecure_origin",
            {"origins": f"http://{written}", "supports_credentials": True},
            (fix,),
            (allowed,),
            credentials=True,
        )
        for written, fix, allowed in (
            ("app.example.com", f"'{APP}'", APP),
            (
                "app.example.com",
                'dangerously_allow=["insecure_origins"]',
                "http://app.example.com",
            ),
            ("0.0.0.0:3000", f"'{LOCAL}'", LOCAL),
            ("192.168.1.21:3000", LOCAL, LOCAL),
            (
                "192.168.1.21:3000",
                'dangerously_allow=["insecure_origins"]',
                "http://192.168.1.21:3000",
            ),
        )
    ),
    Row(
        "public_suffix",
        {"origins": "https://*.co.uk", "supports_credentials": True},
        ("'https://*.YOUR-NAME.co.uk'",),
        ("https://app.mine.co.uk",),
        ("https://app.other.co.uk",),
        credentials=True,
    ),
    Row(
        "public_suffix",
        {"origins": "https://*.vercel.app", "supports_credentials": True},
        ("'https://YOUR-NAME.vercel.app'",),
        ("https://mine.vercel.app",),
        ("https://other.vercel.app",),
        credentials=True,
    ),
    Row("not_a_token", {"origins": APP, "methods": ["GET", " PUT "]}, ("'PUT'",)),
    Row("not_a_token", {"origins": APP, "methods": ""}, ('methods=["GET", "POST"]',)),
    Row("not_a_token", {"origins": APP, "allow_headers": "None"}, ("leave it out",)),
    Row("not_a_pattern", {"origins": APP, "allow_headers": "X-*"}, ('allow_headers="*"',)),
    Row("out_of_range", {"origins": APP, "max_age": -1}, ("0",)),
    Row(
        "slow_expression",
        {"origins": re.compile(r"https://([a-z0-9]+-?)+\.example\.com")},
        (r"r'https://[a-z0-9-]+\.example\.com'",),
    ),
]


def evaluated(code: str) -> Any:
    """Run the code of a fix, with the placeholder filled in."""
    code = code.replace("YOUR-NAME", "mine")
    if re.match(r"https?://", code):
        return code  # in prose
    return eval(code, {"os": os, "re": re, "json": json, "ast": ast})


def same(one: object, other: object) -> bool:
    return one is other or (type(one) is type(other) and one == other)


def replaced(value: object, old: object, new: object) -> object:
    """Return a value with one of its items replaced, or all of it."""
    if same(value, old) or not isinstance(value, list):
        return new
    news = new if isinstance(new, list) else [new]
    return [each for item in value for each in (news if same(item, old) else [item])]


def apply(options: dict[str, Any], problem: Problem, fix: str) -> dict[str, Any]:
    """Return the options, or settings, after a fix."""
    option = next(name for name in (problem.option, f"{problem.option}S") if name in options)
    if fix == "leave it out":
        return {name: value for name, value in options.items() if name != option}
    if problem.reason == "unknown_option":
        return {fix if name == option else name: value for name, value in options.items()}
    assigned = re.fullmatch(r"(\w+) ?= ?([^=].*)", fix, re.DOTALL)
    if assigned is None:
        new = evaluated(fix)
        if isinstance(problem.value, re.Pattern):
            new = re.compile(new)
        return {**options, option: replaced(options[option], problem.value, new)}
    name, code = assigned.groups()
    kept = {each: value for each, value in options.items() if each != option or option == name}
    is_elsewhere = problem.reason in (
        *("malformed_origin", "several_in_one", "wildcard_with_credentials"),
    )
    others = kept if is_elsewhere else options
    return {**others, name: evaluated(code)}


def settle(
    options: dict[str, Any], row: Row, fixes: tuple[str, ...], start: Callable[..., WSGIApplication]
) -> WSGIApplication:
    """Apply one fix after the other, and start the application."""
    for number, fix in enumerate(fixes):
        with pytest.raises(PolicyError) as raised:
            start(options)
        problem = next(each for each in raised.value.problems if fix in (each.hint or ""))
        assert number > 0 or problem.reason == row.reason
        options = apply(options, problem, fix)
    return start(options)


def check(app: WSGIApplication, row: Row) -> None:
    for origin in (*row.allowed, *row.refused):
        sent = get(app, "/", headers=[("Origin", origin)]).cors
        granted = sent.get("Access-Control-Allow-Origin")
        assert granted in (origin, "*") if origin in row.allowed else granted is None
        has_credentials = origin in row.allowed and row.credentials
        assert ("Access-Control-Allow-Credentials" in sent) is has_credentials


def start_wsgi(options: dict[str, Any]) -> WSGIApplication:
    return CORSMiddleware(Application(), Policy(**options))


def start_flask(options: dict[str, Any]) -> WSGIApplication:
    app = Flask("fixes")
    app.add_url_rule("/", "index", lambda: "ran")
    CORS(app, **options)
    return app


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ran")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def start_django(stack: ExitStack, settings: Mapping[str, Any]) -> WSGIApplication:
    stack.close()
    stack.enter_context(override_settings(ROOT_URLCONF=(re_path("", view),), **settings))
    make_table(read_settings(django_settings))
    return WSGIHandler()


def as_settings(options: dict[str, Any]) -> dict[str, Any]:
    settings = {FORMAT.options[option]: value for option, value in options.items()}
    if options["origins"] == "*":
        del settings[FORMAT.origins]
        settings["CORS_ALLOW_ALL_ORIGINS"] = True
    return settings


def as_setting(fix: str) -> str:
    """Return the same fix in Django's settings."""
    name, is_assignment, code = fix.partition("=")
    if not is_assignment or name not in FORMAT.options:
        return fix
    if fix == 'origins="*"':
        return "CORS_ALLOW_ALL_ORIGINS = True"
    return f"{FORMAT.options[name]} = {code}"


IDS = [f"{row.reason} {list(row.options.values())[-1]!r} {row.fixes[0]}" for row in ROWS]


@pytest.fixture(autouse=True)
def _environ(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    row = request.node.callspec.params.get("row") if hasattr(request.node, "callspec") else None
    for name, value in row.environ.items() if isinstance(row, Row) else ():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_policy(row: Row) -> None:
    check(settle(row.options, row, row.fixes, start_wsgi), row)


# Flask-CORS accepts digits, and without origins it allows any.
IN_FLASK = [row for row in ROWS if row.options.get("max_age") != "60"]


@pytest.mark.parametrize("row", IN_FLASK)
def test_flask(row: Row) -> None:
    check(settle(row.options, row, row.fixes, start_flask), row)


IN_DJANGO = [row for row in ROWS if row.settings != ()]


@pytest.mark.parametrize("row", IN_DJANGO)
def test_django(row: Row, stack: ExitStack) -> None:
    fixes = row.settings or tuple(map(as_setting, row.fixes))
    settings = as_settings(row.options)
    check(settle(settings, row, fixes, lambda given: start_django(stack, given)), row)


# Fixes that are not values of a policy's options.


def app_of(install: Callable[[Flask], object]) -> Flask:
    app = Flask("fixes")
    app.testing = True
    app.add_url_rule("/", "index", lambda: "ran")
    install(app)
    return app


async def looked_up(origin: str) -> bool:
    raise NotImplementedError


def is_app(origin: str) -> bool:
    return origin == APP


CREDENTIALS: dict[str, Any] = {"origins": APP, "supports_credentials": True}


def with_blueprint(*policy: Any, **options: Any) -> Callable[[Flask], object]:
    def install(app: Flask) -> None:
        CORS(app, **CREDENTIALS)
        blueprint = Blueprint("public", "public", url_prefix="/public")
        CORS(blueprint, *policy, **options)
        blueprint.add_url_rule("/", "public", lambda: "ran")
        app.register_blueprint(blueprint)

    return install


def with_view(
    application: dict[str, Any], *policy: Any, **options: Any
) -> Callable[[Flask], object]:
    def install(app: Flask) -> None:
        CORS(app, **application)
        app.add_url_rule("/public/", "public", cors(*policy, **options)(lambda: "ran"))

    return install


def with_path(value: object) -> Callable[[Flask], object]:
    def install(app: Flask) -> None:
        CORS(app, resources={"/public/*": value, "/*": {"origins": APP}}, supports_credentials=True)
        app.add_url_rule("/public/", "public", lambda: "ran")

    return install


def with_config(app: Flask) -> None:
    app.config["CORS_RESOURCES"] = {"/*": {}}
    app.add_url_rule("/a", "a", cors()(lambda: "ran"))


class Elsewhere(NamedTuple):
    """A Flask application that is refused, the fix in the hint, and the application after it."""

    reason: str
    broken: Callable[[Flask], object]
    fix: str
    fixed: Callable[[Flask], object]
    path: str = "/"
    allowed: str = APP
    credentials: bool = False
    says: str = ""


ANY: dict[str, Any] = {"origins": "*"}
OFF: dict[str, Any] = {"supports_credentials": False}
UNCHECKED: dict[str, Any] = {
    "async": {"origins": looked_up},
    "resource": {"resource": {"/*": {"origins": APP}}},
}
OF_APP = "supports_credentials of CORS(app)"

ELSEWHERE = [
    Elsewhere(
        "coroutine_function",
        lambda app: CORS(app, **UNCHECKED["async"]),
        "use a plain function",
        lambda app: CORS(app, origins=is_app),
    ),
    Elsewhere(
        "not_alone",
        lambda app: CORS(app, Policy(**ANY), origins=APP),
        "policy.replace(...)",
        lambda app: CORS(app, Policy(origins="*").replace(origins=APP)),
    ),
    Elsewhere(
        "malformed_path",
        lambda app: CORS(app, resources={"https://api.example.com/*": {"origins": APP}}),
        "'/*'",
        lambda app: CORS(app, resources={"/*": {"origins": APP}}),
    ),
    Elsewhere(
        "unknown_option",
        lambda app: CORS(app, **UNCHECKED["resource"]),
        "'resources'",
        lambda app: CORS(app, resources={"/*": {"origins": APP}}),
    ),
    Elsewhere(
        "without_effect",
        with_config,
        "call CORS(app)",
        lambda app: CORS(app, origins=APP),
    ),
    Elsewhere(
        "given_twice",
        lambda app: cors(origins=APP)(cors(origins=OTHER)(lambda: "ran")),
        "decorate it once",
        lambda app: app.add_url_rule("/a", "a", cors(origins=APP)(lambda: "ran")),
        "/a",
    ),
    Elsewhere(
        "wildcard_with_credentials",
        lambda app: CORS(app, supports_credentials=True),
        f"origins={EXAMPLE}",
        lambda app: CORS(app, origins=[APP], supports_credentials=True),
        credentials=True,
        says=OF_APP,
    ),
    # Credentials of the application, and any origin at one place.
    *(
        Elsewhere("wildcard_with_credentials", broken, fix, fixed, "/public/", EVIL, says=OF_APP)
        for broken, fixes in (
            (
                with_blueprint(**ANY),
                {
                    "supports_credentials=False": with_blueprint(**ANY, **OFF),
                    'Policy(origins="*")': with_blueprint(Policy(origins="*")),
                },
            ),
            (
                with_view(CREDENTIALS, **ANY),
                {
                    "supports_credentials=False": with_view(CREDENTIALS, **ANY, **OFF),
                    'Policy(origins="*")': with_view(CREDENTIALS, Policy(origins="*")),
                },
            ),
            (
                with_path(ANY),
                {
                    '"supports_credentials": False': with_path({**ANY, **OFF}),
                    'Policy(origins="*")': with_path(Policy(origins="*")),
                },
            ),
        )
        for fix, fixed in fixes.items()
    ),
    # Any origin of the application, and credentials at one place.
    Elsewhere(
        "wildcard_with_credentials",
        with_view(ANY, supports_credentials=True),
        f"beside it, as in origins={EXAMPLE}",
        with_view(ANY, supports_credentials=True, origins=[APP]),
        "/public/",
        credentials=True,
        says="supports_credentials of its @cors",
    ),
    Elsewhere(
        "wildcard_with_credentials",
        with_view(ANY, supports_credentials=True),
        "or leave supports_credentials of its @cors out",
        with_view(ANY),
        "/public/",
        EVIL,
    ),
    Elsewhere(
        "insecure_origin",
        with_view(CREDENTIALS, origins="http://app.example.com"),
        f"'{APP}'",
        with_view(CREDENTIALS, origins=APP),
        "/public/",
        credentials=True,
        says=OF_APP,
    ),
]


def problems_of(run: Callable[[], object]) -> list[Problem]:
    with pytest.raises(PolicyError) as raised:
        run()
    return [*raised.value.problems]


def check_fix(problem: Problem, reason: str, fix: str, says: str = "") -> None:
    assert problem.reason == reason
    assert fix in (problem.hint or "")
    assert says in problem.message


@pytest.mark.parametrize("row", ELSEWHERE, ids=lambda row: f"{row.reason} {row.fix} {row.path}")
def test_elsewhere(row: Elsewhere) -> None:
    (problem,) = problems_of(lambda: get(app_of(row.broken), row.path))
    check_fix(problem, row.reason, row.fix, row.says)
    sent = get(app_of(row.fixed), row.path, headers=[("Origin", row.allowed)]).cors
    assert sent["Access-Control-Allow-Origin"] in (row.allowed, "*")
    assert ("Access-Control-Allow-Credentials" in sent) is row.credentials
    if row.allowed == APP:
        headers = get(app_of(row.fixed), row.path, headers=[("Origin", EVIL)]).cors
        assert "Access-Control-Allow-Origin" not in headers


class Setting(NamedTuple):
    """Django's settings that are refused, the fix in the hint, and the settings after it."""

    reason: str
    broken: dict[str, Any]
    fix: str
    fixed: dict[str, Any]
    path: str = "/"
    allowed: str = APP
    refused: str | None = EVIL
    credentials: bool = False
    says: str = ""
    decorators: tuple[Callable[[Any], Any], ...] = (lambda view: view,) * 2
    """Of the view, before and after the fix."""


LISTED = {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_CREDENTIALS": True}
ALL = {"CORS_ALLOW_ALL_ORIGINS": True}


def path_settings(value: object) -> dict[str, Any]:
    return {**LISTED, "CORS_RESOURCES": {"/public/*": value}}


SETTINGS = [
    Setting(
        "not_importable",
        {"CORS_ALLOWED_ORIGINS": ["app.example.com"]},
        f"'{APP}'",
        {"CORS_ALLOWED_ORIGINS": [APP]},
    ),
    Setting(
        "malformed_expression",
        {"CORS_ALLOWED_ORIGIN_REGEXES": ["*.example.com"]},
        r'[r"https://pr-\d+\.example\.com"]',
        {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://pr-\d+\.example\.com"]},
        allowed="https://pr-1.example.com",
    ),
    Setting(
        "several_in_one",
        {"CORS_ALLOWED_ORIGIN_REGEXES": [*r"https://pr-\d+\.example\.com"]},
        r'[r"https://pr-\d+\.example\.com"]',
        {"CORS_ALLOWED_ORIGIN_REGEXES": [r"https://pr-\d+\.example\.com"]},
        allowed="https://pr-1.example.com",
    ),
    Setting(
        "several_in_one",
        {"CORS_ALLOWED_ORIGINS": [*"https://*.example.com"]},
        'CORS_ALLOWED_ORIGINS = ["https://*.example.com"]',
        {"CORS_ALLOWED_ORIGINS": ["https://*.example.com"]},
    ),
    Setting(
        "malformed_origin", {"CORS_ALLOWED_ORIGINS": ["*"]}, "ORIGINS = True", ALL, refused=None
    ),
    Setting(
        "malformed_origin",
        {"CORS_ALLOWED_ORIGINS": ["*", APP]},
        "leave it out",
        {"CORS_ALLOWED_ORIGINS": [APP]},
    ),
    Setting(
        "wrong_type",
        {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_ALL_ORIGINS": "False"},
        "CORS_ALLOW_ALL_ORIGINS = False",
        {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_ALL_ORIGINS": False},
    ),
    # While DEBUG is on: CORS_ALLOW_ALL_ORIGINS is often set to it.
    Setting(
        "wildcard_with_credentials",
        {**LISTED, **ALL},
        "remove CORS_ALLOW_ALL_ORIGINS, because CORS_ALLOWED_ORIGINS then applies",
        LISTED,
        credentials=True,
    ),
    Setting(
        "wildcard_with_credentials",
        {**LISTED, **ALL},
        'add "http://localhost:*" to CORS_ALLOWED_ORIGINS',
        {**LISTED, "CORS_ALLOWED_ORIGINS": [APP, "http://localhost:*"]},
        allowed=LOCAL,
        credentials=True,
    ),
    Setting(
        "wildcard_with_credentials",
        {
            "CORS_ORIGIN_WHITELIST": [APP],
            "CORS_ORIGIN_ALLOW_ALL": True,
            "CORS_ALLOW_CREDENTIALS": True,
        },
        "remove CORS_ORIGIN_ALLOW_ALL, because CORS_ORIGIN_WHITELIST then applies",
        {"CORS_ORIGIN_WHITELIST": [APP], "CORS_ALLOW_CREDENTIALS": True},
        credentials=True,
    ),
    Setting(
        "wildcard_with_credentials",
        {"CORS_ALLOWED_ORIGIN_REGEXES": [PORTS[13:-2]], **ALL, "CORS_ALLOW_CREDENTIALS": True},
        "because CORS_ALLOWED_ORIGIN_REGEXES then applies",
        {"CORS_ALLOWED_ORIGIN_REGEXES": [PORTS[13:-2]], "CORS_ALLOW_CREDENTIALS": True},
        allowed=LOCAL,
        credentials=True,
    ),
    # Credentials of the project, and any origin at one path or view.
    Setting(
        "wildcard_with_credentials",
        path_settings(ALL),
        '"CORS_ALLOW_CREDENTIALS": False',
        path_settings({**ALL, "CORS_ALLOW_CREDENTIALS": False}),
        *("/public/", EVIL, None),
        says="With CORS_ALLOW_CREDENTIALS,",
    ),
    Setting(
        "wildcard_with_credentials",
        path_settings(ALL),
        'Policy(origins="*")',
        path_settings(Policy(origins="*")),
        *("/public/", EVIL, None),
    ),
    Setting(
        "wildcard_with_credentials",
        LISTED,
        "supports_credentials=False",
        LISTED,
        *("/public/", EVIL, None),
        says="With CORS_ALLOW_CREDENTIALS,",
        decorators=(corswsgi_django.cors(**ANY), corswsgi_django.cors(**ANY, **OFF)),
    ),
    Setting(
        "wildcard_with_credentials",
        LISTED,
        'Policy(origins="*")',
        LISTED,
        *("/public/", EVIL, None),
        decorators=(corswsgi_django.cors(**ANY), corswsgi_django.cors(Policy(origins="*"))),
    ),
    # Any origin of the project, and credentials at one path or view.
    Setting(
        "wildcard_with_credentials",
        {**ALL, "CORS_RESOURCES": {"/public/*": {"CORS_ALLOW_CREDENTIALS": True}}},
        f'beside it, as in "CORS_ALLOWED_ORIGINS": {EXAMPLE}',
        {**ALL, "CORS_RESOURCES": {"/public/*": LISTED}},
        "/public/",
        credentials=True,
    ),
    Setting(
        "wildcard_with_credentials",
        ALL,
        f"beside it, as in origins={EXAMPLE}",
        ALL,
        "/public/",
        credentials=True,
        says="supports_credentials of its @cors",
        decorators=(
            corswsgi_django.cors(supports_credentials=True),
            corswsgi_django.cors(**CREDENTIALS),
        ),
    ),
]


def start_project(
    stack: ExitStack, settings: dict[str, Any], decorate: Callable[[Any], Any]
) -> WSGIApplication:
    def public(request: HttpRequest) -> HttpResponse:
        return HttpResponse("ran")

    stack.close()
    urls = (re_path("^public/", decorate(public)), re_path("", view))
    stack.enter_context(override_settings(ROOT_URLCONF=urls, **settings))
    table = make_table(read_settings(django_settings))
    table.report_problems(strict=True)
    return WSGIHandler()


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: f"{row.reason} {row.fix} {row.path}")
def test_settings(row: Setting, stack: ExitStack) -> None:
    before, after = row.decorators
    (problem,) = problems_of(lambda: start_project(stack, row.broken, before))
    check_fix(problem, row.reason, row.fix, row.says)
    app = start_project(stack, row.fixed, after)
    sent = get(app, row.path, headers=[("Origin", row.allowed)]).cors
    assert sent["Access-Control-Allow-Origin"] in (row.allowed, "*")
    assert ("Access-Control-Allow-Credentials" in sent) is row.credentials
    if row.refused is not None:
        sent = get(app, row.path, headers=[("Origin", row.refused)]).cors
        assert "Access-Control-Allow-Origin" not in sent


def test_every_reason_has_a_row() -> None:
    rows: list[Row | Elsewhere | Setting] = [*ROWS, *ELSEWHERE, *SETTINGS]
    assert {row.reason for row in rows} == {*get_args(ProblemReason)}
