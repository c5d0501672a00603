"""django-cors-headers: reads the effective settings of a project, and writes the new ones."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from inspect import isclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from corsheaders.conf import conf
from corsheaders.middleware import CorsMiddleware
from corsheaders.signals import check_request_enabled as old_signal
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test.utils import override_settings
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver
from django.utils.module_loading import import_string
from django.utils.regex_helper import normalize

from corswsgi_django.settings import FORMAT
from corswsgi_django.signals import check_request_enabled

from .comparison import Route
from .migration import Migration, Snippet
from .policies import OldPolicy, Rule, accepted, allowed_origins, new_max_age
from .source import assignment_source

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

MIDDLEWARE = "corswsgi_django.middleware.CORSMiddleware"
APP = "corswsgi_django"
_DEFAULT_HEADERS = frozenset({"accept", "user-agent", "x-csrftoken", "x-requested-with"})

_variable = re.compile(r"<(?:[^<>:]+:)?(\w+)>")
_SAMPLES = ("1", "x", "00000000-0000-4000-8000-000000000000")

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def is_used() -> bool:
    """Return whether the project that is set up has the middleware of django-cors-headers."""
    return bool(_middleware())


def settings_module() -> ModuleType | None:
    """Return the module of the settings."""
    return sys.modules.get(getattr(settings, "SETTINGS_MODULE", None) or "")


def _middleware() -> list[str]:
    """Return the paths of the middleware, which may be subclasses."""
    found = [(path, import_string(path)) for path in settings.MIDDLEWARE]
    return [path for path, each in found if isclass(each) and issubclass(each, CorsMiddleware)]


def migrate(imports: Iterable[str]) -> Migration:
    """Return the migration of the project that is set up."""
    urls = settings.ROOT_URLCONF
    package = urls.partition(".")[0] if isinstance(urls, str) else ""
    remarks: list[str] = []
    old = _old_policy(remarks)
    snippet = Snippet(_source(old, remarks), "in the settings")
    found, unreached = _routes()
    remarks += [
        f"{route} is not compared, because no URL was found that leads to it."
        for route in unreached
    ]
    patterns = tuple(_stubs(get_resolver().url_patterns))
    listed = frozenset(old.listed())
    return Migration(
        library="django-cors-headers",
        version=version("django-cors-headers"),
        place=f"the Django project {package}".strip(),
        snippets=[snippet],
        remarks=remarks,
        imports=[*imports],
        old=_old_application(patterns),
        new=_new_application(snippet, patterns),
        routes=[
            Route(route, f"https://localhost{quote(path)}", methods, listed, old.is_public)
            for route, path, methods in found
        ],
        headers=sorted(name for name in old.named_headers if name not in _DEFAULT_HEADERS),
    )


def _old_policy(remarks: list[str]) -> OldPolicy:
    listed = _items(conf.CORS_ALLOWED_ORIGINS)
    if "*" in listed:
        remarks.append(
            "'*' in the list of origins allowed only 'null', which any page can get. It is left "
            "out. For any origin, write CORS_ALLOW_ALL_ORIGINS = True."
        )
    origins: list[Rule] = [origin for origin in listed if origin != "*"]
    origins += [re.compile(each) for each in _items(conf.CORS_ALLOWED_ORIGIN_REGEXES)]
    return OldPolicy(
        origins=tuple(origins),
        any_origin=bool(conf.CORS_ALLOW_ALL_ORIGINS),
        methods=_items(conf.CORS_ALLOW_METHODS),
        allow_headers=_items(conf.CORS_ALLOW_HEADERS),
        expose_headers=_items(conf.CORS_EXPOSE_HEADERS),
        supports_credentials=bool(conf.CORS_ALLOW_CREDENTIALS),
        max_age=conf.CORS_PREFLIGHT_MAX_AGE,
        names=FORMAT.names(),
    )


def _items(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, str | re.Pattern) else tuple(value)


def _source(old: OldPolicy, remarks: list[str]) -> str:
    """Return the settings that change."""
    changed: dict[str, object] = {
        "INSTALLED_APPS": [
            *(each for each in settings.INSTALLED_APPS if each.partition(".")[0] != "corsheaders"),
            *([] if APP in settings.INSTALLED_APPS else [APP]),
        ],
        "MIDDLEWARE": [MIDDLEWARE, *_other_middleware(remarks)],
    }
    allowed = allowed_origins(old, remarks)
    for name, is_expression in (
        ("CORS_ALLOWED_ORIGINS", False),
        ("CORS_ALLOWED_ORIGIN_REGEXES", True),
    ):
        new = [each for each in allowed.listed if isinstance(each, re.Pattern) is is_expression]
        before = _items(getattr(conf, name))
        if new != [re.compile(each) if is_expression else each for each in before]:
            older = FORMAT.older[name]
            is_older = hasattr(settings, older) and not hasattr(settings, name)
            changed[older if is_older else name] = new
    if allowed.any_origin is not old.any_origin:
        changed["CORS_ALLOW_ALL_ORIGINS"] = False
    if allowed.credentials is not old.supports_credentials:
        changed["CORS_ALLOW_CREDENTIALS"] = False
    for option in ("methods", "allow_headers", "expose_headers"):
        items = accepted(option, old, remarks)
        if items != [*getattr(old, option)]:
            changed[old.names.option(option)] = items
    if new_max_age(old, remarks) != old.max_age:
        changed[old.names.option("max_age")] = new_max_age(old, [])
    text = "\n".join(assignment_source(name, value) for name, value in changed.items())
    return f"import re\n\n{text}" if "re.compile(" in text else text


def _other_middleware(remarks: list[str]) -> list[str]:
    """Return the other middleware, and remark on subclasses and the order."""
    old = _middleware()
    known = f"{CorsMiddleware.__module__}.{CorsMiddleware.__name__}"
    remarks += [
        f"{path} is a subclass of the middleware of django-cors-headers. Its methods are not "
        "called any more. Write callables in CORS_ALLOWED_ORIGINS, or receivers of "
        "check_request_enabled, instead."
        for path in old
        if path != known
    ]
    if settings.MIDDLEWARE[0] not in old:
        remarks.append("The middleware is now the first, so that no other one answers before it.")
    return [path for path in settings.MIDDLEWARE if path not in (*old, MIDDLEWARE)]


class _Found(NamedTuple):
    """A route of the URLconf."""

    route: str
    path: str
    methods: tuple[str, ...]


def _routes() -> tuple[list[_Found], list[str]]:
    """Return the routes of the project with a path each, and those without."""
    found, unreached = [], []
    for texts, view in _views(get_resolver().url_patterns, ()):
        route = "/" + re.sub(r"[\^$]|\\Z", "", "".join(map(str, texts)))
        path = next((path for path in _paths(texts) if _leads_to(path, view)), None)
        if path is None:
            unreached.append(route)
        else:
            found.append(_Found(route, path, _methods(view)))
    return found, unreached


def _views(
    patterns: Iterable[Any], before: tuple[Any, ...]
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield the views of a URLconf, each with the patterns that lead to it."""
    for each in patterns:
        texts = (*before, each.pattern)
        if hasattr(each, "url_patterns"):
            yield from _views(each.url_patterns, texts)
        else:
            yield texts, each.callback


def _methods(view: Any) -> tuple[str, ...]:
    """Return the methods of a class of views; for a function, the usual ones."""
    cls = getattr(view, "view_class", getattr(view, "cls", None))
    names = getattr(cls, "http_method_names", ())
    known = getattr(view, "actions", None) or dir(cls)  # of a viewset
    return tuple(name.upper() for name in names if name in known) or METHODS


def _paths(patterns: Iterable[Any]) -> Iterator[str]:
    """Yield paths that the patterns may lead to."""
    for text in _SAMPLES:
        path = "/"
        for each in patterns:
            if hasattr(each, "_route"):
                path += _variable.sub(partial(_filled, each.converters, text), str(each))
            else:
                # Without groups and alternatives, for which normalize() leaves a gap.
                expression = re.sub(r"\((?:\?P<\w+>)?(?!\?)", "(?:", str(each))
                expression = re.sub(r"\|[^()|]*", "", expression)
                path += normalize(expression)[0][0]
        yield path


def _filled(converters: Mapping[str, Any], text: str, variable: re.Match[str]) -> str:
    """Return a text that a variable of a route accepts, preferably `text`."""
    accepts = re.compile(converters[variable[1]].regex).fullmatch
    return next(filter(accepts, (text, *_SAMPLES)), text)


def _leads_to(path: str, view: Any) -> bool:
    try:
        return bool(get_resolver().resolve(path).func is view)
    except Resolver404:
        return False


def _stubs(patterns: Iterable[Any]) -> Iterator[Any]:
    """Yield the patterns of a URLconf with views that do nothing."""

    def stub(_request: object, *_arguments: object, **_values: object) -> HttpResponse:
        return HttpResponse()

    for each in patterns:
        if hasattr(each, "url_patterns"):
            inner = [*_stubs(each.url_patterns)]
            yield URLResolver(
                each.pattern, inner, each.default_kwargs, each.app_name, each.namespace
            )
        else:
            yield URLPattern(each.pattern, stub, each.default_args, each.name)


@contextmanager
def _old_application(patterns: tuple[Any, ...]) -> Iterator[WSGIApplication]:
    given = {"MIDDLEWARE": _middleware(), "ROOT_URLCONF": patterns, "ALLOWED_HOSTS": ["*"]}
    with override_settings(**given, DEBUG=False):
        yield WSGIHandler()


@contextmanager
def _new_application(snippet: Snippet, patterns: tuple[Any, ...]) -> Iterator[WSGIApplication]:
    def ask(sender: object, request: object, **_more: object) -> bool:
        return any(answer for _, answer in old_signal.send(sender=sender, request=request))

    names: dict[str, Any] = {}
    exec(snippet.source, names)  # noqa: S102 - it was written here
    given = {name: value for name, value in names.items() if name.startswith("CORS_")}
    given |= {
        "INSTALLED_APPS": [APP],
        "MIDDLEWARE": [MIDDLEWARE],
        "ROOT_URLCONF": patterns,
        "ALLOWED_HOSTS": ["*"],
        "DEBUG": False,
    }
    check_request_enabled.connect(ask)
    try:
        with override_settings(**given):
            yield WSGIHandler()
    finally:
        check_request_enabled.disconnect(ask)
