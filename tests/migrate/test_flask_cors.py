"""The migration from Flask-CORS."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial, wraps
from typing import Any, ClassVar

import pytest
from flask import Blueprint, Flask, Response
from flask.views import MethodView, View
from flask_cors import CORS, cross_origin
from flask_cors.core import DEFAULT_OPTIONS
from werkzeug.routing import BaseConverter

from corswsgi.migrate import Migration, MigrationError, compare, find_migration
from corswsgi.migrate.flask_cors import old_policy
from tests.migrate.usages import FLASK

APP = "https://app.example.com"
OTHER = "https://other.example.com"


def view(**values: Any) -> str:
    raise NotImplementedError


def unchanged(response: Response) -> Response:
    raise NotImplementedError


def plain() -> Any:
    def plain(number: int = 0) -> str:
        raise NotImplementedError

    return plain


def source_of(migration: Migration) -> str:
    return "\n".join(snippet.source for snippet in migration.snippets)


def changes(migration: Migration) -> set[tuple[str, str, str]]:
    """Return the differences: change, path and origin."""
    comparison = compare(migration.old, migration.new, migration.routes, migration.headers)
    return {(each.change, each.route.path, each.origin) for each in comparison.differences}


def migrated(app: Flask) -> str:
    """Return the source of a migration that changes nothing."""
    migration = find_migration(app)
    assert changes(migration) == set()
    return source_of(migration)


def make(*routes: str, methods: Iterable[str] = ("GET", "PUT")) -> Flask:
    app = Flask("shop", static_folder=None)
    for route in routes or ("/api/x", "/me"):
        app.add_url_rule(route, f"at {route}", plain(), methods=[*methods])
    return app


IMPORT = "from corswsgi_flask import CORS\n"


@pytest.mark.parametrize(
    ("arguments", "source"),
    [
        ({}, 'CORS(app, origins="*")'),
        ({"origins": APP}, f'CORS(app, origins=["{APP}"])'),
        ({"max_age": 60}, 'CORS(app, origins="*", max_age=60)'),
        ({"origins": []}, "CORS(app, None)"),
        ({"resources": "/api/*"}, 'CORS(app, origins="*", resources="/api/*")'),
        ({"resources": "/me"}, 'CORS(app, origins="*", resources="/me")'),
        ({"resources": ["/api/.*", "/me"]}, 'CORS(app, origins="*", resources=["/api/*", "/me"])'),
        (
            {"resources": {"/api/*": {"origins": APP}, "/me": {}}},
            (
                "CORS(\n"
                "    app,\n"
                "    resources={\n"
                f'        "/api/*": {{"origins": ["{APP}"]}},\n'
                '        "/me": {"origins": "*"},\n'
                "    },\n"
                ")"
            ),
        ),
        (
            {"resources": {"/api/*": {"origins": []}, "/me": {"methods": "GET"}}, "max_age": 60},
            (
                "CORS(\n"
                "    app,\n"
                '    origins="*",\n'
                '    methods=["GET"],\n'
                "    max_age=60,\n"
                '    resources={"/api/*": None, "/me": {}},\n'
                ")"
            ),
        ),
        (
            {"resources": {"/api/*": {"origins": []}, "/me": {"origins": []}}},
            'CORS(app, resources={"/api/*": None, "/me": None})',
        ),
        ({"resources": {"/*": {}, "/api/*": {}}}, 'CORS(app, origins="*")'),
    ],
)
def test_applications(arguments: dict[str, Any], source: str) -> None:
    app = make()
    CORS(app, **arguments)
    assert migrated(app) == f"{IMPORT}{source}"


def test_an_expression_without_a_counterpart() -> None:
    app = make("/api/x", "/items/<int:number>", "/ingest")
    CORS(app, resources=r"/(?!ingest).*", origins=[r"https://\w+\.example\.org"])
    migration = find_migration(app)
    assert source_of(migration) == (
        "import re\n\n"
        f"{IMPORT}"
        "CORS(\n"
        "    app,\n"
        r'    origins=[re.compile(r"https://\w+\.example\.org")],' + "\n"
        '    resources=["/api/x", "/items/*"],\n'
        ")"
    )
    assert {change for change, *_ in changes(migration)} == {"closed"}  # of a longer host


def test_the_config() -> None:
    app = make()
    app.config.update(CORS_ORIGINS=[APP], CORS_MAX_AGE=60, CORS_MINE=1)
    CORS(app)
    app.after_request(unchanged)
    made = blueprint("b", "/b")
    made.after_request(unchanged)
    app.register_blueprint(made)
    assert migrated(app) == (f'{IMPORT}CORS(\n    app,\n    origins=["{APP}"],\n    max_age=60,\n)')
    (remark,) = find_migration(app).remarks
    assert remark.startswith("Remove CORS_ORIGINS, CORS_MAX_AGE from app.config: ")


def test_several_calls() -> None:
    app = make()
    CORS(app, origins=[APP])
    CORS(app, resources={"/api/*": {"origins": [OTHER]}, "/me": {"origins": APP, "max_age": 9}})
    assert migrated(app) == (
        f"{IMPORT}"
        "CORS(\n"
        "    app,\n"
        "    resources={\n"
        f'        "/*": {{"origins": ["{APP}"]}},\n'
        '        "/api/*": {\n'
        f'            "origins": ["{OTHER}", "{APP}"],\n'
        "        },\n"
        f'        "/me": {{"origins": ["{APP}"], "max_age": 9}},\n'
        "    },\n"
        ")"
    )
    assert find_migration(app).remarks == [
        "CORS(app) was called 2 times. One call now replaces all of them."
    ]


def test_views() -> None:
    app = make("/me")
    app.add_url_rule("/a/<int:number>", "a", cross_origin(origins=[APP])(plain()))
    app.add_url_rule("/lambda", "x.class", cross_origin(origins=[])(lambda: ""))
    assert migrated(app) == (
        "from corswsgi_flask import cors\n"
        f'@cors(origins=["{APP}"])\ndef plain(number): ...\n'
        "@cors(None)\ndef class_(): ..."
    )
    routes = {route.path: route.listed for route in find_migration(app).routes}
    assert routes == {
        "/me": frozenset(),
        "/a/<int:number>": frozenset([APP]),
        "/lambda": frozenset(),
    }


def test_views_of_an_application_with_cors() -> None:
    app = make("/me")
    CORS(app, origins=[APP])
    app.add_url_rule("/a", "a", cross_origin()(plain()))
    app.add_url_rule("/b", "b", cross_origin(origins=[APP])(plain()))
    assert migrated(app) == (
        "from corswsgi import Policy\n"
        "from corswsgi_flask import CORS, cors\n"
        f'CORS(app, origins=["{APP}"])\n'
        '@cors(Policy(origins="*"))\ndef plain(number): ...\n'
        "@cors()\ndef plain(number): ..."
    )


def test_decorators_around_each_other() -> None:
    """The innermost one applies. Other decorators may be between them."""

    def other(function: Any) -> Any:
        @wraps(function)
        def wrapper(**values: Any) -> Any:
            raise NotImplementedError

        return wrapper

    app = make("/me")
    decorated = cross_origin()(other(cross_origin(origins=[APP])(plain())))
    app.add_url_rule("/a", "a", decorated)
    app.add_url_rule("/b", "b", partial(view, number=1))
    assert migrated(app) == (
        f'from corswsgi_flask import cors\n@cors(origins=["{APP}"])\ndef plain(number): ...'
    )


class Items(MethodView):
    decorators: ClassVar = [cross_origin(origins=[APP])]

    def get(self, number: int) -> str:
        raise NotImplementedError


class Things(MethodView):
    @cross_origin(origins=[APP])
    def get(self, number: int) -> str:
        raise NotImplementedError

    def put(self, number: int) -> str:
        raise NotImplementedError


class Simple(View):
    decorators: ClassVar = [cross_origin(origins=[OTHER])]

    def dispatch_request(self) -> str:
        raise NotImplementedError


def test_classes() -> None:
    app = make("/me")
    app.add_url_rule("/items/<int:number>", view_func=Items.as_view("items"))
    app.add_url_rule("/things/<int:number>", view_func=Things.as_view("things"))
    app.add_url_rule("/simple", view_func=Simple.as_view("simple"))
    migration = find_migration(app)
    assert source_of(migration) == (
        "from corswsgi_flask import cors\n"
        f'class Items(MethodView):\n    decorators = [cors(origins=["{APP}"])]\n'
        "class Things(MethodView):\n"
        f'    @cors(origins=["{APP}"])\n    def get(self, number): ...\n'
        f'class Simple(View):\n    decorators = [cors(origins=["{OTHER}"])]'
    )
    # Flask-CORS did not answer the preflights of classes and of their methods.
    assert changes(migration) == {
        ("opened", "/items/<int:number>", APP),
        ("opened", "/things/<int:number>", APP),
        ("opened", "/simple", OTHER),
    }
    assert {route.path for route in migration.routes if APP in route.listed} == {
        "/items/<int:number>",
        "/things/<int:number>",
    }


def blueprint(name: str, *routes: str, **arguments: Any) -> Blueprint:
    made = Blueprint(name, name)
    for route in routes:
        made.add_url_rule(route, route.strip("/"), plain())
    if arguments:
        CORS(made, **arguments)
    return made


def test_blueprints() -> None:
    app = make("/me")
    app.register_blueprint(blueprint("admin-1", "/a", "/b", origins=[APP]), url_prefix="/admin")
    app.register_blueprint(blueprint("app", "/d", origins=[]))
    app.register_blueprint(blueprint("empty", origins=[APP]))
    app.register_blueprint(blueprint("without", "/c"))
    assert migrated(app) == (
        f'{IMPORT}CORS(\n    admin_1_blueprint,\n    origins=["{APP}"],\n)\n'
        "CORS(app_blueprint, None)"
    )
    assert find_migration(app).snippets[1].title == (
        "for the blueprint admin-1, before it is registered"
    )


def test_nested_blueprints_of_an_application_with_cors() -> None:
    app = make("/me")
    CORS(app, origins=[APP])
    outer = blueprint("outer", "/a")
    outer.register_blueprint(blueprint("inner", "/b", origins=[OTHER]), url_prefix="/in")
    app.register_blueprint(outer, url_prefix="/out")
    migration = find_migration(app)
    assert source_of(migration).endswith(
        f'CORS(app, origins=["{APP}"])\n'
        "CORS(\n"
        "    outer_inner_blueprint,\n"
        "    Policy(\n"
        f'        origins=["{OTHER}", "{APP}"],\n'
        "    ),\n"
        ")"
    )
    assert changes(migration) == set()


def test_a_blueprint_with_resources() -> None:
    app = make("/me")
    made = blueprint("b", "/x", "/y", resources={"/api/x": {"origins": APP}})
    app.register_blueprint(made, url_prefix="/api")
    assert migrated(app) == (
        f'from corswsgi_flask import cors\n@cors(origins=["{APP}"])\ndef plain(number): ...'
    )


class Never(BaseConverter):
    regex = "never"


def test_a_blueprint_whose_resources_match_no_route() -> None:
    app = make("/me")
    app.register_blueprint(blueprint("b", "/x", resources={"/api/x": {}}))
    assert migrated(app) == "# Flask-CORS applies to no route, so nothing replaces it."


def test_remarks_name_the_place() -> None:
    app = make("/me")
    app.url_map.converters["never"] = Never
    CORS(app, resources={"/me": {"origins": [APP, "null"]}})
    app.add_url_rule("/v/<never:x>", "v", cross_origin(origins=[APP, "null"])(plain()))
    app.register_blueprint(blueprint("b", "/b", origins=[APP, "null"]))
    first, *remarks = find_migration(app).remarks
    assert first == "/v/<never:x> is not compared, because no URL was found that leads to it."
    assert [remark.partition(":")[0] for remark in remarks] == ["/me", "b", "v"]


def test_the_application_is_not_changed() -> None:
    app = make()
    CORS(app)
    before = [*app.url_map.iter_rules()], {**app.view_functions}, {**app.config}, {**app.extensions}
    assert migrated(app)
    assert ([*app.url_map.iter_rules()], app.view_functions, app.config, app.extensions) == before
    assert app.test_client().get("/none", headers={"Origin": APP}).status_code == 404


def test_the_options_of_older_versions() -> None:
    """They are a dict, and expressions are strings."""
    given = {
        **DEFAULT_OPTIONS,
        "origins": ["https://a.example", r"https://\w+\.b\.example", ".*", None],
        "methods": "GET, PUT",
        "allow_headers": ["X-A", "X-.*"],
        "expose_headers": "X-B",
    }
    policy = old_policy(given)
    literal, expression = policy.origins
    assert not isinstance(expression, str)
    assert (literal, expression.pattern) == ("https://a.example", r"https://\w+\.b\.example")
    assert policy.any_origin
    assert policy.methods == ("GET", "PUT")
    assert policy.allow_headers == ("*",)
    assert policy.expose_headers == ("X-B",)


def use(kind: str, arguments: Any) -> Flask:
    """Return an application that uses Flask-CORS as the row of the table says."""
    app = make("/message", "/api/x", "/predict_price", "/ingest", methods=["GET", "POST"])
    if kind == "config":
        app.config.update(arguments.get("config", {}))
        CORS(app, **arguments["app"])
        app.config.update(arguments.get("config_after", {}))
    elif kind == "app2":
        for each in arguments:
            CORS(app, **each)
    elif kind == "bp":
        made = blueprint("b", "/", **(arguments or {"origins": "*"}))
        app.register_blueprint(made, url_prefix="/api")
    elif kind == "methodview":
        cls: Any = type("Decorated", (MethodView,), {"get": cross_origin(**arguments)(plain())})
        app.add_url_rule("/", view_func=cls.as_view("v"))
    elif kind == "view":
        app.add_url_rule("/", "v", cross_origin(**arguments)(plain()))
    else:
        CORS(app, **(arguments["app"] if kind == "app+view" else arguments))
        if kind == "app+view":
            app.add_url_rule("/", "v", cross_origin(**arguments["view"])(plain()))
    return app


@pytest.mark.once
@pytest.mark.parametrize(("kind", "arguments", "expected"), FLASK)
def test_usages(kind: str, arguments: Any, expected: str) -> None:
    """The new configuration starts, and what listed origins lose is explained."""
    migration = find_migration(use(kind, arguments))
    found = changes(migration)
    assert {change for change, *_ in found} == {*expected.split()}
    for change, _, origin in found:
        assert change != "lost" or any(origin in remark for remark in migration.remarks)


def test_a_decorator_above_the_route_has_no_effect() -> None:
    app = make()
    cross_origin(origins=[APP])(app.route("/")(plain()))
    with pytest.raises(MigrationError):
        find_migration(app)
