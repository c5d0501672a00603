"""Imports of other CORS libraries in the modules of an application, and what replaces them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

_OURS = ("corswsgi", "corswsgi_flask", "corswsgi_django")
_LIBRARIES = ("flask_cors", "corsheaders", "wsgicors")

REPLACEMENTS = {
    "flask_cors": "from corswsgi_flask import CORS, cross_origin",
    "corsheaders": "from corswsgi_django import defaults, middleware, signals",
    "wsgicors": "from corswsgi import CORSMiddleware, Policy",
    "flask_cors.CORS": "from corswsgi_flask import CORS",
    "flask_cors.cross_origin": "from corswsgi_flask import cross_origin",
    "flask_cors.extension.CORS": "from corswsgi_flask import CORS",
    "flask_cors.decorator.cross_origin": "from corswsgi_flask import cross_origin",
    "corsheaders.defaults.default_headers": "from corswsgi_django.defaults import default_headers",
    "corsheaders.defaults.default_methods": "from corswsgi_django.defaults import default_methods",
    "corsheaders.signals.check_request_enabled": (
        "from corswsgi_django.signals import check_request_enabled"
    ),
    "corsheaders.middleware.CorsMiddleware": (
        "from corswsgi_django.middleware import CORSMiddleware (it has other methods, so those of "
        "a subclass are not called)"
    ),
    "corsheaders.conf.conf": "from django.conf import settings",
    "wsgicors.CORS": "from corswsgi import CORSMiddleware, Policy",
    "wsgicors.make_middleware": "from corswsgi import CORSMiddleware, Policy",
}
"""What to write instead of an import."""

_HEADERS = "flask_cors.core.ACL_"
_OTHERWISE = {
    "flask_cors": (
        "there is no counterpart: every response gets its headers, so remove the code that sets "
        "them, or decorate the view with @cors(...)"
    ),
    "corsheaders": "there is no counterpart; cors_decision(request) tells what was decided",
    "wsgicors": "there is no counterpart",
}


def find_imports(module: ModuleType) -> list[str]:
    """Return a text for each import of a CORS library in an application.

    `module` is one of its modules. Its other modules are those that are loaded from the same
    directory, or from below it, but not from the directories of installed packages.
    """
    root = _root(module)
    if root is None:
        return []
    return [
        f"{path.relative_to(root)}, line {line}: {name} -> {_replacement(name)}"
        for path in sorted({*_paths(root)})
        for line, name in _imported(path)
    ]


def _root(module: ModuleType) -> Path | None:
    """Return the directory of the top-level package of a module, or of the module."""
    file = getattr(module, "__file__", None)
    if file is None:
        return None
    depth = module.__name__.count(".") + (Path(file).name == "__init__.py")
    return Path(file).resolve().parents[depth]


def _paths(root: Path) -> Iterator[Path]:
    """Yield the files of the loaded modules below a directory."""
    installed = ("site-packages", "dist-packages")
    for name, module in [*sys.modules.items()]:
        file = getattr(module, "__file__", None)
        is_ours = name.partition(".")[0] in _OURS
        if isinstance(file, str) and file.endswith(".py") and not is_ours:
            path = Path(file).resolve()
            if path.is_relative_to(root) and not any(part in installed for part in path.parts):
                yield path


def _imported(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the names that a module imports from CORS libraries, with their lines."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return  # a module that is generated, or has been changed since
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            before = ""
        elif isinstance(node, ast.ImportFrom) and not node.level:
            before = f"{node.module}."
        else:
            continue
        for alias in node.names:
            name = f"{before}{alias.name}"
            if name.partition(".")[0] in _LIBRARIES:
                yield node.lineno, name


def _replacement(name: str) -> str:
    """Return what to write instead of an import."""
    if name in REPLACEMENTS:
        return REPLACEMENTS[name]
    if name.startswith(_HEADERS):
        return "write the name of the header, as in 'Access-Control-Allow-Origin'"
    return _OTHERWISE[name.partition(".")[0]]
