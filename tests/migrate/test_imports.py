"""Imports of other CORS libraries in an application."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from corswsgi.migrate.imports import REPLACEMENTS, find_imports

VIEWS = """
import flask_cors.core
from flask_cors import CORS, cross_origin as decorate
from flask_cors.core import ACL_ORIGIN, get_cors_options
from flask_cors.decorator import cross_origin
from flask_cors.extension import CORS as Extension
from . import other
import json

def late():
    import wsgicors
"""

NO_COUNTERPART = (
    "there is no counterpart: every response gets its headers, so remove the code that sets them, "
    "or decorate the view with @cors(...)"
)
HEADER = "write the name of the header, as in 'Access-Control-Allow-Origin'"


def load(path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> ModuleType:
    monkeypatch.syspath_prepend(path)
    return importlib.import_module(name)


def test_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "importing"
    package.mkdir()
    (package / "__init__.py").write_text("from . import views")
    (package / "other.py").write_text("")
    (package / "views.py").write_text(VIEWS)
    (package / "unused.py").write_text("import flask_cors")
    expected = [
        f"importing/views.py, line {line}: {name} -> {replacement}"
        for line, name, replacement in (
            (2, "flask_cors.core", NO_COUNTERPART),
            (3, "flask_cors.CORS", "from corswsgi_flask import CORS"),
            (3, "flask_cors.cross_origin", "from corswsgi_flask import cross_origin"),
            (4, "flask_cors.core.ACL_ORIGIN", HEADER),
            (4, "flask_cors.core.get_cors_options", NO_COUNTERPART),
            (5, "flask_cors.decorator.cross_origin", "from corswsgi_flask import cross_origin"),
            (6, "flask_cors.extension.CORS", "from corswsgi_flask import CORS"),
            (11, "wsgicors", "from corswsgi import CORSMiddleware, Policy"),
        )
    ]
    package_module = load(tmp_path, monkeypatch, "importing")
    assert find_imports(package_module) == expected
    assert find_imports(sys.modules["importing.views"]) == expected


def test_modules_that_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed ones, ours, those that cannot be parsed, and those without a file."""
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (tmp_path / "mine.py").write_text("")
    module = load(tmp_path, monkeypatch, "mine")
    for name, path, source in (
        ("library", installed / "library.py", "import flask_cors"),
        ("changed", tmp_path / "changed.py", "import flask_cors ("),
        ("corswsgi.fake", tmp_path / "fake.py", "import flask_cors"),
        ("compiled", tmp_path / "compiled.so", "import flask_cors"),
    ):
        path.write_text(source)
        other = ModuleType(name)
        other.__file__ = str(path)
        monkeypatch.setitem(sys.modules, name, other)
    assert find_imports(module) == []
    assert find_imports(ModuleType("interactive")) == []


@pytest.mark.parametrize("name", REPLACEMENTS)
def test_replacements_exist(name: str) -> None:
    """The old name exists in the version that is tested, and so does the new one."""
    exec(REPLACEMENTS[name].partition(" (")[0], {})
    module, _, attribute = name.rpartition(".")
    exec(f"from {module} import {attribute}" if module else f"import {name}", {})
