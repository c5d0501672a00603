"""Applications: loading them, and finding the library that they use."""

from __future__ import annotations

import sys
from functools import partial, wraps
from pathlib import Path
from typing import Any

import flask_cors
import pytest
import wsgicors
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from corswsgi.migrate import MigrationError, find_django_migration, find_migration, load

MODULE = """
from flask_cors import CORS
app = "the app"
def create_app():
    return "made"
"""


@pytest.fixture(autouse=True)
def _modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "loaded.py").write_text(MODULE)
    (tmp_path / "wants.py").write_text("import not_installed_anywhere")
    for name in ("loaded", "wants"):
        monkeypatch.setitem(sys.modules, name, sys)  # so that it is removed afterwards
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize(
    ("name", "application"),
    [
        ("loaded", "the app"),
        ("loaded:app", "the app"),
        ("loaded:create_app()", "made"),
    ],
)
def test_load(name: str, application: str) -> None:
    found, module = load(name)
    assert found == application
    assert module.__name__ == "loaded"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing_module", "There is no module 'missing_module'."),
        ("loaded.inner:app", "There is no module 'loaded.inner'."),
        ("missing_module.inner", "There is no module 'missing_module.inner'."),
        ("", "'' is not the name of a module."),
        (".loaded", "'.loaded' is not the name of a module."),
        (
            "loaded:application",
            "loaded has no application. Write module:application or module:create_app().",
        ),
        (
            "json",
            "json has no application or app. Write module:application or module:create_app().",
        ),
    ],
)
def test_names_that_are_wrong(name: str, message: str) -> None:
    with pytest.raises(MigrationError) as raised:
        load(name)
    assert str(raised.value) == message


def test_an_error_of_the_module() -> None:
    with pytest.raises(ModuleNotFoundError, match="not_installed_anywhere"):
        load("wants")


def plain(environ: Any, start_response: Any) -> Any:
    raise NotImplementedError


def with_flask_cors() -> Flask:
    app = Flask(__name__)
    flask_cors.CORS(app)
    return app


def with_wsgicors() -> wsgicors.CORS:
    return wsgicors.CORS(plain, origin="*")


def flask_in_wsgicors() -> Any:
    app = Flask(__name__)
    app.wsgi_app = wsgicors.CORS(app.wsgi_app, origin="*")  # type: ignore[method-assign]
    return app


def in_function(application: Any) -> Any:
    @wraps(plain)
    def middleware(environ: Any, start_response: Any) -> Any:
        raise NotImplementedError(application)

    return middleware


def in_itself(application: Any) -> Any:
    middleware = ProxyFix(application)
    middleware.again = middleware  # type: ignore[attr-defined]
    return middleware


@pytest.mark.parametrize(
    ("application", "library"),
    [
        (with_flask_cors(), "Flask-CORS"),
        (ProxyFix(with_flask_cors()), "Flask-CORS"),
        (ProxyFix(with_flask_cors().wsgi_app), "Flask-CORS"),
        (in_function(with_flask_cors()), "Flask-CORS"),
        (in_itself(with_flask_cors()), "Flask-CORS"),
        (DispatcherMiddleware(plain, {"/a": with_flask_cors()}), "Flask-CORS"),
        (with_wsgicors(), "wsgicors"),
        (ProxyFix(with_wsgicors()), "wsgicors"),
        (flask_in_wsgicors(), "wsgicors"),
    ],
)
def test_the_library_is_found(application: object, library: str) -> None:
    assert find_migration(application).library == library


def deep() -> Any:
    application: Any = with_wsgicors()
    for _ in range(30):
        application = ProxyFix(application)
    return application


@pytest.mark.parametrize("application", [plain, Flask(__name__), partial(plain), 1, deep()])
def test_without_a_library(application: object) -> None:
    message = "The application does not use Flask-CORS, django-cors-headers or wsgicors."
    with pytest.raises(MigrationError) as raised:
        find_migration(application)
    assert str(raised.value) == message


def test_imports_are_those_of_the_module() -> None:
    _, module = load("loaded:app")
    assert find_migration(with_wsgicors(), module).imports == [
        "loaded.py, line 2: flask_cors.CORS -> from corswsgi_flask import CORS"
    ]


CORSHEADERS = "corsheaders.middleware.CorsMiddleware"


def test_django() -> None:
    with override_settings(MIDDLEWARE=[CORSHEADERS], ROOT_URLCONF=()):
        assert find_migration(WSGIHandler()).library == "django-cors-headers"


@pytest.mark.parametrize("is_installed", [True, False])
def test_django_without_the_library(monkeypatch: pytest.MonkeyPatch, is_installed: bool) -> None:
    if not is_installed:
        monkeypatch.setitem(sys.modules, "corsheaders", None)
    with pytest.raises(MigrationError) as raised:
        find_django_migration()
    message = "MIDDLEWARE does not have the middleware of django-cors-headers."
    assert str(raised.value) == message


def test_flask_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flask_cors", None)
    with pytest.raises(MigrationError):
        find_migration(Flask(__name__))
