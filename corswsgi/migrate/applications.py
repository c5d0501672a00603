"""Applications: loads one, and finds the CORS library that it uses."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from inspect import getclosurevars
from types import FunctionType, ModuleType
from typing import Any

from .imports import find_imports
from .migration import Migration

LIBRARIES = "Flask-CORS, django-cors-headers or wsgicors"

_MAX_DEPTH = 20
"""How many middlewares may be around each other."""


class MigrationError(Exception):
    """There is nothing to migrate, for the reason that the text gives."""


def load(name: str) -> tuple[object, ModuleType]:
    """Return an application, and the module that is named.

    `name` is ``module:application`` or ``module:create_app()``. Without a colon, the application is
    ``application`` or ``app``.

    Raises `MigrationError` if there is no such module or application. Exceptions of the module are
    not caught.
    """
    module_name, _, path = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # the module exists, and imports another one
        raise MigrationError(f"There is no module {module_name!r}.") from error
    except (TypeError, ValueError) as error:  # a relative or an empty name
        raise MigrationError(f"{module_name!r} is not the name of a module.") from error
    is_factory = path.endswith("()")
    names = [path.removesuffix("()")] if path else ["application", "app"]
    for each in names:
        found = getattr(module, each, None)
        if found is not None:
            return (found() if is_factory else found), module
    raise MigrationError(
        f"{module_name} has no {' or '.join(names)}. Write module:application or "
        "module:create_app()."
    )


def find_migration(application: object, module: ModuleType | None = None) -> Migration:
    """Return the migration of an application from the CORS library that it uses.

    `module` is the application's, to find imports.

    Raises `MigrationError` if it uses none.
    """
    for each in _applications(application):
        if _is(each, "flask", "Flask") and find_spec("flask_cors"):
            from . import flask_cors  # noqa: PLC0415 - imports Flask only if it is in use

            app: Any = each
            if flask_cors.is_used(app):
                return flask_cors.migrate(app, _imports(module or sys.modules.get(app.import_name)))
        elif _is(each, "django.core.handlers.base", "BaseHandler"):
            return find_django_migration()
        elif _is(each, "wsgicors", "CORS"):
            from . import wsgicors  # noqa: PLC0415

            return wsgicors.migrate(each, _imports(module))
    raise MigrationError(f"The application does not use {LIBRARIES}.")


def find_django_migration() -> Migration:
    """Return the migration of the Django project that is set up."""
    if find_spec("corsheaders"):
        from . import django_cors_headers  # noqa: PLC0415 - imports Django only if it is in use

        if django_cors_headers.is_used():
            imports = _imports(django_cors_headers.settings_module())
            return django_cors_headers.migrate(imports)
    raise MigrationError("MIDDLEWARE does not have the middleware of django-cors-headers.")


def _imports(module: ModuleType | None) -> list[str]:
    return [] if module is None else find_imports(module)


def _is(application: object, package: str, name: str) -> bool:
    """Return whether an application has a class, which is not imported for this."""
    for cls in type(application).__mro__:
        if cls.__name__ == name and f"{cls.__module__}.".startswith(f"{package}."):
            return True
    return False


def _applications(application: object) -> Iterator[object]:
    """Yield an application, and those that middleware in front of it passes requests to."""
    waiting, seen = [(application, 0)], set()
    while waiting:
        each, depth = waiting.pop(0)
        if id(each) in seen or depth > _MAX_DEPTH:
            continue
        seen.add(id(each))
        yield each
        waiting += [(inner, depth + 1) for inner in _inner(each)]


def _inner(application: Any) -> Iterator[object]:
    """Yield what may be the next applications: callable attributes, and a method's object."""
    if (owner := getattr(application, "__self__", None)) is not None:
        yield owner
    if _is(application, "flask", "Flask"):
        yield application.wsgi_app
        return
    variables = [*getattr(application, "__dict__", {}).values()]
    if isinstance(application, FunctionType):
        variables += getclosurevars(application).nonlocals.values()
    for value in variables:
        yield from (
            each for each in _values(value) if callable(each) and not isinstance(each, type)
        )


def _values(value: object) -> list[object]:
    # DispatcherMiddleware has a dict of applications.
    return [*value.values()] if isinstance(value, dict) else [value]
