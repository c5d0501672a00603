"""The command ``flask cors check``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Blueprint, Flask
from flask.cli import ScriptInfo
from flask.views import MethodView

from corswsgi import Policy
from corswsgi_flask import CORS
from corswsgi_flask import cors as decorate
from corswsgi_flask.commands import cors
from tests.conformance.cases import APP
from tests.flask.crossing import plain


def check(app: Flask) -> Result:
    return app.test_cli_runner().invoke(cors, ["check"])


def check_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> Result:
    """Check an application in a module, which the command imports."""
    path = tmp_path / "checked.py"
    path.write_text(f"from flask import Flask\nfrom corswsgi_flask import CORS, cors\n{source}")
    # Flask adds the directory to sys.path.
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "checked", raising=False)
    info = ScriptInfo(app_import_path=f"{path}", set_debug_flag=False)
    return CliRunner().invoke(cors, ["check"], obj=info)


def test_without_problems() -> None:
    app = Flask("check")
    CORS(app, origins=[APP])
    app.get("/view")(decorate(supports_credentials=True)(plain()))
    result = check(app)
    assert (result.exit_code, result.stdout, result.stderr) == (
        0,
        "The CORS configuration has no problems.\n",
        "",
    )


@pytest.mark.parametrize("mode", ["DEBUG", "TESTING", None])
def test_problems_between_layers(mode: str | None) -> None:
    app = Flask("check")
    if mode is not None:
        app.config[mode] = True
    CORS(app)
    for name in ("one", "two"):
        app.get(f"/{name}", endpoint=name)(decorate(supports_credentials=True)(plain()))
    result = check(app)
    assert (result.exit_code, result.stdout) == (1, "")
    lines = result.stderr.splitlines()
    assert lines[0] == "2 problems in the CORS configuration:"
    assert [line.split(":")[0] for line in lines if line.startswith("  - ")] == [
        "  - view 'one'.origins",
        "  - view 'two'.origins",
    ]


def test_problems_of_the_config_after_the_extension() -> None:
    app = Flask("check")
    CORS(app)
    app.config.update(CORS_ORIGNS=[APP], CORS_MAX_AGE=-1)
    result = check(app)
    assert result.exit_code == 1
    assert "CORS_ORIGNS" in result.stderr
    assert "CORS_MAX_AGE" in result.stderr


def test_decorators_without_the_extension() -> None:
    app = Flask("check")
    app.config["CORS_RESOURCES"] = "/api/*"
    app.get("/view")(decorate(plain()))
    result = check(app)
    assert result.exit_code == 1
    assert "CORS_RESOURCES has no effect without CORS(app)" in result.stderr


@pytest.mark.parametrize(
    "source",
    [
        "app = Flask('wsgi')\nCORS(app, orgins=['*'], max_age=-1)\n",
        "def create_app():\n    app = Flask('wsgi')\n    CORS(app, orgins=['*'], max_age=-1)\n",
        "app = Flask('wsgi')\n@cors(orgins=['*'], max_age=-1)\ndef view():\n    pass\n",
    ],
)
def test_errors_while_the_module_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    result = check_module(tmp_path, monkeypatch, source)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("2 problems in the CORS configuration:\n")
    assert "orgins" in result.stderr
    assert "max_age" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_module_without_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = check_module(tmp_path, monkeypatch, "app = Flask('wsgi')\nCORS(app)\n")
    assert (result.exit_code, result.stderr) == (0, "")


def test_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Flask("check")
    CORS(app, origins=[APP, "http://localhost:*"], supports_credentials=True)
    app.config["SERVER_NAME"] = "wiki.internal"
    app.get("/view")(decorate(Policy(origins="*"))(plain()))
    result = check(app)
    assert (result.exit_code, result.stdout) == (0, "No problems, 2 notes.\n")
    first, second = result.stderr.splitlines()
    assert first.startswith("Note: origins: these allow http on loopback addresses, with cred")
    assert second.startswith("Note: origins: any origin is allowed, and the application has")
    assert "(wiki.internal)" in second
    monkeypatch.setenv("FLASK_DEBUG", "1")
    assert check(app).stderr == ""


def test_notes_about_trusted_hosts_and_callables() -> None:
    app = Flask("check")
    CORS(app, resources={"/a": {"origins": "*"}, "/b": {"origins": lambda origin: True}})
    assert "resources['/b'].origins: <function" in check(app).stderr
    app.config["TRUSTED_HOSTS"] = ["10.0.0.7"]
    assert "resources['/a'].origins: any origin is allowed, and the" in check(app).stderr


def test_notes_about_expressions_and_the_session_cookie() -> None:
    app = Flask("check")
    CORS(app, origins=[APP], supports_credentials=True)
    app.config.update(SERVER_NAME="api.other.org:5000", SECRET_KEY="secret")
    expression = re.compile(r"https?://.*partner\.org")
    app.get("/view")(decorate(origins=expression, supports_credentials=False)(plain()))
    result = check(app)
    assert (result.exit_code, result.stdout) == (0, "No problems, 3 notes.\n")
    wide, insecure, cookie = result.stderr.splitlines()
    assert "matches sites that it does not name, such as" in wide
    assert "matches origins that are not HTTPS, such as" in insecure
    assert cookie == (
        "Note: these origins may send cookies, but are on other sites than the application's hosts "
        f"(SERVER_NAME and TRUSTED_HOSTS): {APP}. Browsers do not send them the cookie with "
        "SESSION_COOKIE_SAMESITE = None and SESSION_COOKIE_SECURE = False. Write "
        'SESSION_COOKIE_SAMESITE = "None" and SESSION_COOKIE_SECURE = True. (Some browsers never '
        "send cookies to other sites. A page on the same site avoids that.)"
    )
    app.config.update(SESSION_COOKIE_SAMESITE="None", SESSION_COOKIE_SECURE=True)
    assert result.stderr.splitlines()[:2] == check(app).stderr.splitlines()


def test_notes_about_decorators_without_effect() -> None:
    def hides(view: Any) -> Any:
        return lambda: view()  # noqa: PLW0108 - hiding it is the point

    @decorate(max_age=1)
    def helper() -> str:
        raise NotImplementedError

    def handle(error: Exception) -> str:
        raise NotImplementedError

    class Views(MethodView):
        @hides
        @decorate(max_age=1)
        def get(self) -> str:
            raise NotImplementedError

    app = Flask("check")
    CORS(app, origins=[APP])
    app.get("/hidden", endpoint="hidden")(hides(helper))
    app.add_url_rule("/views", view_func=Views.as_view("views"))
    decorate(app.errorhandler(404)(handle))
    result = check(app)
    assert (result.exit_code, result.stdout) == (0, "No problems, 3 notes.\n")
    hidden, views, handler = result.stderr.splitlines()
    assert hidden.startswith("Note: view 'hidden': a decorator hides the @cors of tests.flask.")
    assert views.startswith("Note: view 'views': a decorator hides the @cors of tests.flask.")
    assert handler.startswith("Note: error handler tests.flask.test_commands.")
    assert "Move @cors below @app.errorhandler." in handler


OLD: Any = {"send_wildcard": True}  # of Flask-CORS


def test_one_note() -> None:
    app = Flask("check")
    CORS(app, resources="/missing")
    result = check(app)
    assert (result.exit_code, result.stdout) == (0, "No problems, 1 note.\n")
    assert result.stderr == (
        "Note: CORS(app): no route matches the path pattern '/missing'. Correct it, or remove it.\n"
    )


@pytest.mark.filterwarnings("ignore:.* no effect")
def test_notes_about_options_without_effect() -> None:
    app = Flask("check")
    blueprint = Blueprint("blueprint", __name__)
    app.config["CORS_ENABLED"] = True
    CORS(app, origins=[APP], **OLD)
    CORS(blueprint, resources={"/b/*": {"always_send": True}}, **OLD)
    marked = decorate(**OLD)(plain())
    for path in ("/a", "/b"):
        blueprint.get(path, endpoint=path[1:])(marked)
    app.register_blueprint(blueprint, url_prefix="/b")
    app.config["CORS_MAX_AGE"] = -1
    with pytest.warns(UserWarning, match="CORS_MAX_AGE is ignored"):
        result = check(app)
    assert (result.exit_code, result.stdout) == (0, "No problems, 6 notes.\n")
    lines = [re.sub(r"\.py:\d+", "", line) for line in result.stderr.splitlines()]
    assert [line.partition(" has no effect")[0].partition(" is ")[0] for line in lines] == [
        "Note: CORS_ENABLED",
        "Note: send_wildcard",
        "Note: CORS_MAX_AGE",
        "Note: flask/test_commands: send_wildcard",
        "Note: flask/test_commands: resources['/b/*'].always_send",
        "Note: flask/test_commands: send_wildcard",
    ]


@pytest.mark.parametrize("how", ["argument", "config", "blueprint"])
@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("/items", "'/api/items'"),
        ("/items/", None),
        ("/things/*", "'/api/things/*'"),
        ("/v1/other", None),
        ("/API/items", "'/api/items'"),
        ("/apis/*", "'/api/*'"),
        ("/api", "'/api/*'"),
        ("/api/items", ""),
        ("/api/*", ""),
        ("/api/things/*", ""),
        ("/api/things", "'/api/things/*'"),
    ],
)
def test_notes_about_patterns(how: str, pattern: str, meant: str | None) -> None:
    app, blueprint = Flask("check", static_folder=None), Blueprint("own", __name__)
    blueprint.get("/items")(plain())
    blueprint.get("/things/<int:number>", endpoint="things")(plain())
    place = "CORS(app)"
    if how == "config":
        app.config["CORS_RESOURCES"] = {pattern: {"origins": [APP]}}
    if how == "blueprint":
        place = "CORS() of the blueprint 'own'"
        CORS(blueprint, origins=[APP])
        CORS(blueprint, origins=[APP], resources=pattern)
    elif how == "argument":
        CORS(app, origins=[APP], resources=pattern)
    else:
        CORS(app)
    app.register_blueprint(blueprint, url_prefix="/api")
    hint = f"Did you mean {meant}?" if meant else "Correct it, or remove it."
    text = f"Note: {place}: no route matches the path pattern {pattern!r}. {hint}\n"
    result = check(app)
    assert (result.exit_code, result.stderr) == (0, "" if meant == "" else text)
