"""The command ``migrate`` on three applications: its exact output, and its exit status.

Each one runs in its own process, as users run it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from flask_cors import CORS

from corswsgi.cli.command import main
from corswsgi_flask.commands import cors

ROOT = Path(__file__).parents[2]

SHOP = """
from flask import Blueprint, Flask
from flask_cors import CORS
from flask_cors.core import ACL_ORIGIN
from flask_cors.decorator import cross_origin

app = Flask("shop", static_folder=None)
CORS(
    app,
    resources={r"/api/*": {"origins": ["https://app.example.com", r"https://.*\\.example\\.org"]}},
    expose_headers=["X-Total"],
)
admin = Blueprint("admin", __name__, url_prefix="/admin")
CORS(
    admin,
    origins=["https://admin.example.com", "http://admin.example.com"],
    supports_credentials=True,
)

@app.route("/api/items", methods=["GET", "PUT"])
def items():
    raise RuntimeError("This must not run.")

@app.get("/me")
@cross_origin(supports_credentials=True)
def me():
    raise RuntimeError("This must not run.")

@admin.delete("/users/<int:id>")
def delete(id):
    raise RuntimeError("This must not run.")

app.register_blueprint(admin)
"""

SETTINGS = """
from corsheaders.defaults import default_headers

SECRET_KEY = "site"
ROOT_URLCONF = "site1.urls"
INSTALLED_APPS = ["corsheaders", "corswsgi_django"]
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "corsheaders.middleware.CorsMiddleware",
]
CORS_ALLOWED_ORIGINS = ["https://app.example.com", "http://localhost:3000"]
CORS_ALLOWED_ORIGIN_REGEXES = [r"^https?://.*\\.example\\.org$"]
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_HEADERS = [*default_headers, "x-tenant"]
CORS_URLS_REGEX = r"^/api/"
"""

URLS = """
from django.urls import path

def view(request, **values):
    raise RuntimeError("This must not run.")

urlpatterns = [path("api/items/<int:id>/", view), path("pages/", view)]
"""

WSGI = """
import os
from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "site1.settings"
application = get_wsgi_application()
"""

MANAGE = """
import os
import sys
from django.core.management import execute_from_command_line

os.environ["DJANGO_SETTINGS_MODULE"] = "site1.settings"
execute_from_command_line(sys.argv)
"""

PLAIN = """
import wsgicors
from werkzeug.middleware.proxy_fix import ProxyFix

def application(environ, start_response):
    raise RuntimeError("This must not run.")

def create_app():
    policies = {
        "policy": "own,public,deny",
        "own_origin": "https://app.example.com *.example.org",
        "own_methods": "*",
        "own_headers": "*",
        "own_credentials": "true",
        "own_maxage": "86400",
        "public_origin": "*",
        "public_methods": "GET",
    }
    return ProxyFix(wsgicors.CORS(application, policies))
"""

VERSIONS = {"flask-cors": "6.0.5", "django-cors-headers": "4.9.0", "wsgicors": "0.7.0"}
"""Those of the reports."""

FILES = {
    "shop.py": SHOP,
    "plain.py": PLAIN,
    "manage.py": MANAGE,
    "site1/__init__.py": "",
    "site1/settings.py": SETTINGS,
    "site1/urls.py": URLS,
    "site1/wsgi.py": WSGI,
}


@pytest.mark.parametrize(
    ("command", "name", "status"),
    [
        ("-m corswsgi migrate shop:app", "shop", 1),
        ("-m flask --app shop cors migrate", "shop", 1),
        ("-m corswsgi migrate site1.wsgi", "site", 1),
        ("manage.py cors migrate", "site", 1),
        ("-m corswsgi migrate plain:create_app()", "plain", 1),
    ],
)
def test_reports(tmp_path: Path, command: str, name: str, status: int) -> None:
    for path, source in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(source)
    done = subprocess.run(
        [sys.executable, "-W", "error", *command.split()],
        cwd=tmp_path,
        env={name: text for name, text in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", status)
    expected = (Path(__file__).parent / "reports" / f"{name}.txt").read_text()
    for library, tested in VERSIONS.items():
        expected = expected.replace(tested, version(library))
    assert done.stdout == expected
    assert max(map(len, done.stdout.splitlines())) < 80


def application(*origins: str) -> Flask:
    app = Flask("inline", static_folder=None)
    CORS(app, origins=[*origins], supports_credentials=True)
    app.add_url_rule("/me", "me", application)
    return app


@pytest.mark.parametrize(
    ("origins", "status"),
    [(["https://a.example"], 0), (["*"], 0), (["https://a.example", "http://b.example"], 1)],
)
def test_the_exit_status(origins: list[str], status: int) -> None:
    app = application(*origins)
    result = app.test_cli_runner().invoke(cors, ["migrate"])
    assert (result.exit_code, result.stderr) == (status, "")


def test_every_difference() -> None:
    app = application("*")
    result = app.test_cli_runner().invoke(cors, ["migrate", "--all"])
    assert (
        "  - GET /me from https://evil.example with cookies: was readable, will be\n    blocked\n"
    ) in result.output


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing_module:app", "There is no module 'missing_module'."),
        ("json:app", "json has no app. Write module:application or module:create_app()."),
        (
            "wsgiref.simple_server:demo_app",
            "The application does not use Flask-CORS, django-cors-headers or wsgicors.",
        ),
    ],
)
def test_without_anything_to_migrate(name: str, message: str) -> None:
    result = CliRunner().invoke(main, ["migrate", name])
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"Error: {message}\n")


def test_without_an_argument() -> None:
    assert CliRunner().invoke(main, ["migrate"]).exit_code == 2


def test_a_missing_requirement_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.startswith("corswsgi.migrate")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "corswsgi.browser", None)
    result = CliRunner().invoke(cors, ["migrate"], obj=ScriptInfo(create_app=application))
    assert result.exit_code == 1
    message = "Error: migrate needs corswsgi.browser: pip install 'corswsgi[cli]'\n"
    assert result.stderr == message
