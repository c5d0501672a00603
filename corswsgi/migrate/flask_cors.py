"""Flask-CORS: reads the effective configuration of an application, and writes the new one."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from functools import update_wrapper
from importlib.metadata import version
from inspect import getclosurevars, signature, unwrap
from keyword import iskeyword
from textwrap import indent
from typing import TYPE_CHECKING, Any, cast

from flask import Blueprint, Flask
from flask.views import MethodView
from flask_cors import cross_origin
from flask_cors.core import CONFIG_OPTIONS, get_cors_options

from .comparison import Route
from .migration import Migration, Snippet
from .paths import covers, literal_pattern, path_patterns
from .policies import WHOLE, NewPolicy, OldPolicy, new_policy
from .rules import Sample, pattern_of, samples
from .source import call_source

if TYPE_CHECKING:
    Path = str | re.Pattern[str]
    # A resource: a path, or an expression for the start of paths, and its policy.
    Entries = list[tuple[Path, OldPolicy]]
    # A view, by its endpoint; with a name, a method of its class.
    Place = tuple[str, str | None]
    Decorate = Callable[[Place, Any], Any]

# A string with one of these is a regular expression for Flask-CORS.
_is_expression = re.compile(r"[*\\\]?$^\[()]").search
_ANY = (".*", "*")


def is_used(app: Flask) -> bool:
    """Return whether an application uses Flask-CORS."""
    return any(_calls(app).values()) or any(True for _ in _decorated(app))


def migrate(app: Flask, imports: Iterable[str]) -> Migration:
    """Return the migration of an application that uses Flask-CORS."""
    return _Reader(app).migration(imports)


def _calls(app: Flask) -> dict[str | None, list[Entries]]:
    """Return the resources of each ``CORS()`` by blueprint, in the order in which they apply."""
    found: dict[str | None, list[Entries]] = {}
    for blueprint, functions in app.after_request_funcs.items():
        each = [_variable(function, "flask_cors.extension", "resources") for function in functions]
        calls = [
            [(_as_path(path), old_policy(options)) for path, options in resources]
            for resources in reversed(each)
            if resources is not None
        ]
        if calls:
            found[blueprint] = calls
    return found


def _decorated(app: Flask) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """Yield the views, and the methods of classes of views, with their ``@cross_origin``."""
    for endpoint, view in app.view_functions.items():
        for options in _decorations(view):
            yield (endpoint, None), options
        cls = getattr(view, "view_class", None)
        for method in _methods_of(cls):
            for options in _decorations(getattr(cls, method, None)):
                yield (endpoint, method), options


def _methods_of(cls: Any) -> list[str]:
    """Return the names of the methods of a class that handle requests."""
    is_by_method = isinstance(cls, type) and issubclass(cls, MethodView)
    return sorted(method.lower() for method in cls.methods or ()) if is_by_method else []


def _decorations(view: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the options of ``@cross_origin``, from the outermost decorator to the innermost."""
    while view is not None:
        options = _variable(view, "flask_cors.decorator", "_options")
        if options is not None:
            yield options
        view = getattr(view, "__wrapped__", None)


def _variable(function: Any, module: str, name: str) -> Any:
    """Return a variable of a function that `module` has made; None for any other function."""
    # functools.update_wrapper() changes __module__, but not the globals.
    if getattr(function, "__globals__", {}).get("__name__") != module:
        return None
    return getclosurevars(function).nonlocals.get(name)


def _as_path(path: Path) -> Path:
    # Older versions keep strings.
    return re.compile(path) if isinstance(path, str) and _is_expression(path) else path


def old_policy(options: Any) -> OldPolicy:
    """Return the policy for options that Flask-CORS has serialized."""
    values = options if isinstance(options, Mapping) else vars(options)  # now a dataclass
    rules = [rule for rule in values["origins"] if isinstance(rule, str | re.Pattern)]
    headers = [*map(_text, values["allow_headers"])]
    return OldPolicy(
        origins=tuple(map(_as_origin, (rule for rule in rules if _text(rule) not in _ANY))),
        any_origin=any(_text(rule) in _ANY for rule in rules),
        methods=_listed(values["methods"]),
        # Header names cannot be expressions in a policy.
        allow_headers=("*",) if any(map(_is_expression, headers)) else tuple(headers),
        expose_headers=_listed(values["expose_headers"]),
        supports_credentials=bool(values["supports_credentials"]),
        max_age=values["max_age"],
    )


def _text(rule: Path) -> str:
    return rule if isinstance(rule, str) else rule.pattern


def _as_origin(rule: Path) -> Path:
    is_expression = isinstance(rule, str) and _is_expression(rule)
    return re.compile(rule, re.IGNORECASE) if is_expression else rule


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[,\s]+", text or "") if part)


class _Reader:
    """Reads one application, and writes its new configuration."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        found = [*samples(app.url_map, app.config.get("SERVER_NAME"))]
        self._samples = [each for each in found if isinstance(each, Sample)]
        unreached = [each.rule for each in found if not isinstance(each, Sample)]
        self._remarks: list[str] = [
            f"{rule} is not compared, because no URL was found that leads to it."
            for rule in unreached
        ]
        self._calls = _calls(app)
        # The innermost decorator of a view applies.
        self._decorated = {
            place: old_policy(get_cors_options(app, dict(options)))
            for place, options in _decorated(app)
        }
        self._config = [key for key in CONFIG_OPTIONS if app.config.get(key) is not None]

    def migration(self, imports: Iterable[str]) -> Migration:
        """Return the migration."""
        paths = self._paths()
        around = [Snippet(_application_source(paths))] if paths else []
        blueprints, by_view = self._blueprints(is_alone=not paths)
        around += blueprints.values()
        by_view |= self._decorated
        views = {
            place: self._view(place, self._new(old, place[0]), paths)
            for place, old in by_view.items()
        }
        head = _head([*around, *views.values()])
        if self._config:
            self._remarks.append(
                f"Remove {', '.join(self._config)} from app.config: the arguments have these "
                "values, as they are now. Replace those that come from the environment."
            )
        policies = [policy for entries in self._all_entries() for _, policy in entries]
        policies += self._decorated.values()
        return Migration(
            library="Flask-CORS",
            version=version("flask-cors"),
            place=f"the Flask application {self._app.name}",
            snippets=[head, *around, *dict.fromkeys(views.values())],
            remarks=self._remarks,
            imports=[*imports],
            old=nullcontext(_old_application(self._app)),
            new=nullcontext(_new_application(self._app, [head, *around], [*blueprints], views)),
            routes=[*map(self._route, self._samples)],
            headers=sorted({name for policy in policies for name in policy.named_headers}),
        )

    def _all_entries(self) -> Iterator[Entries]:
        for calls in self._calls.values():
            yield from calls

    def _route(self, sample: Sample) -> Route:
        rule = sample.rule
        policies = [
            policy for (endpoint, _), policy in self._decorated.items() if endpoint == rule.endpoint
        ]
        if (rule.endpoint, None) not in self._decorated:
            for blueprint in (*_blueprints_of(rule.endpoint), None):
                policies += _matching(self._calls.get(blueprint, ()), sample.path)
        listed = frozenset(origin for policy in policies for origin in policy.listed())
        is_public = any(policy.is_public for policy in policies)
        return Route(rule.rule, sample.url, tuple(rule.methods or ()), listed, is_public)

    def _new(self, old: OldPolicy, where: str) -> NewPolicy:
        new = new_policy(old)
        self._remarks += [
            text if text == WHOLE or not where else f"{where}: {text}" for text in new.remarks
        ]
        return new

    def _paths(self) -> dict[str, NewPolicy]:
        """Return the policies of ``CORS(app)`` by path patterns."""
        calls = self._calls.get(None, [])
        routes = {each.path: pattern_of(each.rule.rule) for each in self._samples}
        translated = [
            [(each, old) for path, old in entries for each in _path_patterns(path, routes)]
            for entries in calls
        ]
        if len(calls) > 1:
            self._remarks.append(
                f"CORS(app) was called {len(calls)} times. One call now replaces all of them."
            )
        found: dict[str, NewPolicy] = {}
        for pattern in sorted({each for entries in translated for each, _ in entries}):
            olds = [
                [old for each, old in entries if covers(each, pattern)] for entries in translated
            ]
            first, *others = (each[0] for each in olds if each)
            found[pattern] = self._new(
                first.with_origins_of(others), "" if pattern == "/*" else pattern
            )
        options = [new.options for new in found.values()]
        if "/*" in found and all(each == options[0] for each in options):
            return {"/*": found["/*"]}
        return found

    def _blueprints(self, *, is_alone: bool) -> tuple[dict[str, Snippet], dict[Place, OldPolicy]]:
        """Return ``CORS(blueprint)``; or the policies of views, if it matches only some of them."""
        found: dict[str, Snippet] = {}
        views: dict[Place, OldPolicy] = {}
        for blueprint, calls in self._calls.items():
            if blueprint is None:
                continue
            # If it does not allow an origin, those around it may do.
            around = [*_blueprints_of(blueprint), None]
            outer = [entries for each in around for entries in self._calls.get(each, ())]
            olds = {
                each.rule.endpoint: _merged(
                    _matching(calls, each.path), _matching(outer, each.path)
                )
                for each in self._samples
                if blueprint in {*_blueprints_of(each.rule.endpoint)}
            }
            if len({*olds.values()}) == 1 and None not in olds.values():
                (old,) = {*olds.values()}
                given = [_blueprint_name(blueprint)], self._new(cast(OldPolicy, old), blueprint)
                title = f"for the blueprint {blueprint}, before it is registered"
                found[blueprint] = Snippet(_call("CORS", *given, is_alone=is_alone), title)
            else:
                views |= {(endpoint, None): old for endpoint, old in olds.items() if old}
        return found, views

    def _view(self, place: Place, new: NewPolicy, paths: Mapping[str, NewPolicy]) -> Snippet:
        """Return the decorator of a view, or of a method of its class."""
        endpoint, method = place
        decorator = _call("cors", [], new, is_alone=not paths)
        is_same = [*paths] == ["/*"] and paths["/*"].options == new.options
        if is_same and self._calls.keys().isdisjoint(_blueprints_of(endpoint)):
            decorator = "cors()"
        view = self._app.view_functions[endpoint]
        cls = getattr(view, "view_class", None)
        if cls is None:
            function = unwrap(view)
            source = (
                f"@{decorator}\ndef {_name_of(function, endpoint)}({_parameters(function)}): ..."
            )
            return Snippet(source, f"the view {endpoint}, instead of @cross_origin")
        body = f"decorators = [{decorator}]"
        if method is not None:
            body = f"@{decorator}\ndef {method}({_parameters(unwrap(getattr(cls, method)))}): ..."
        source = (
            f"class {_name_of(cls, endpoint)}({cls.__mro__[1].__name__}):\n{indent(body, '    ')}"
        )
        return Snippet(source, f"the view {endpoint}, instead of cross_origin")


def _blueprints_of(endpoint: str) -> Iterator[str]:
    """Yield the blueprints of an endpoint, from the innermost to the outermost."""
    while "." in endpoint:
        endpoint = endpoint.rpartition(".")[0]
        yield endpoint


def _matching(calls: Iterable[Entries], path: str) -> list[OldPolicy]:
    """Return the policy for a path of each ``CORS()`` that has one."""
    found = ([old for each, old in entries if _matches(each, path)] for entries in calls)
    return [olds[0] for olds in found if olds]


def _matches(each: Path, path: str) -> bool:
    return each == path if isinstance(each, str) else each.match(path) is not None


def _merged(olds: list[OldPolicy], others: list[OldPolicy]) -> OldPolicy | None:
    return olds[0].with_origins_of([*olds[1:], *others]) if olds else None


def _path_patterns(path: Path, routes: Mapping[str, str]) -> Iterable[str]:
    return [literal_pattern(path)] if isinstance(path, str) else path_patterns(path, routes)


def _application_source(paths: Mapping[str, NewPolicy]) -> str:
    """Return ``CORS(app)``. Options that all paths have come first."""
    if [*paths] == ["/*"]:
        return _call("CORS", ["app"], paths["/*"], is_alone=True)
    given = [new.options for new in paths.values() if new.options is not None]
    first = given[0] if given else {}
    shared = {
        name: value
        for name, value in first.items()
        if all(each.get(name) == value for each in given)
    }
    own = {
        path: None
        if new.options is None
        else {name: value for name, value in new.options.items() if name not in shared}
        for path, new in paths.items()
    }
    resources: object = own
    if all(options == {} for options in own.values()):
        resources = [*own] if len(own) > 1 else next(iter(own))
    return call_source("CORS", ["app"], {**shared, "resources": resources})


def _call(function: str, arguments: list[str], new: NewPolicy, *, is_alone: bool) -> str:
    """Return a call with a policy. If it is not alone, the policy replaces what is around it."""
    if new.options is None:
        return call_source(function, [*arguments, "None"], {})
    if is_alone:
        return call_source(function, arguments, new.options)
    return call_source(function, [*arguments, call_source("Policy", [], new.options)], {})


def _identifier(text: str) -> str:
    name = re.sub(r"\W|^(?=\d)", "_", text)
    return f"{name}_" if iskeyword(name) else name


def _blueprint_name(name: str) -> str:
    """Return a name for the variable of a blueprint; it may be called ``app``."""
    return f"{_identifier(name.removesuffix('_blueprint'))}_blueprint"


def _name_of(function: Any, endpoint: str) -> str:
    name = str(getattr(function, "__name__", ""))
    return name if name.isidentifier() else _identifier(endpoint.rpartition(".")[2])


def _parameters(function: Any) -> str:
    return ", ".join(signature(function).parameters)


def _head(snippets: Iterable[Snippet]) -> Snippet:
    """Return the imports of snippets."""
    text = "\n".join(snippet.source for snippet in snippets)
    names = [name for name in ("CORS", "cors") if re.search(rf"\b{name}\(", text)]
    if not names:
        return Snippet("# Flask-CORS applies to no route, so nothing replaces it.")
    lines = [
        *(["import re", ""] if "re.compile(" in text else []),
        *(["from corswsgi import Policy"] if "Policy(" in text else []),
        f"from corswsgi_flask import {', '.join(names)}",
    ]
    return Snippet("\n".join(lines))


def _old_application(app: Flask) -> Flask:
    """Return an application with the same routes, and the functions of Flask-CORS."""

    def decorate(place: Place, stub: Any) -> Any:
        view: Any = app.view_functions[place[0]]
        source = view if place[1] is None else getattr(view.view_class, place[1])
        for options in reversed([*_decorations(source)]):
            stub = cross_origin(**options)(stub)
        return stub

    bare = _bare_application(app, decorate)
    # Older versions raise an exception for some options: every response is a 500.
    bare.testing, bare.logger.disabled = False, True
    for blueprint, functions in app.after_request_funcs.items():
        bare.after_request_funcs[blueprint] = [
            function
            for function in functions
            if _variable(function, "flask_cors.extension", "resources") is not None
        ]
    return bare


def _new_application(
    app: Flask,
    around: Iterable[Snippet],
    blueprints: Iterable[str],
    views: Mapping[Place, Snippet],
) -> Flask:
    """Return an application with the same routes, for which the snippets are run."""
    names: dict[str, Any] = {}

    def decorate(place: Place, stub: Any) -> Any:
        if place not in views:
            return stub
        view = app.view_functions[place[0]]
        cls = getattr(view, "view_class", None)
        made = dict(names)
        if cls is None:
            _run(views[place], made)
            return update_wrapper(stub, made[_name_of(unwrap(view), place[0])])
        made[cls.__mro__[1].__name__] = MethodView
        _run(views[place], made)
        decorated = made[_name_of(cls, place[0])]
        if place[1] is None:
            return decorated.decorators[0](stub)
        return update_wrapper(stub, getattr(decorated, place[1]))

    first, *others = around
    _run(first, names)
    bare = _bare_application(app, decorate)
    bare.config = type(bare.config)(
        bare.root_path, {key: value for key, value in bare.config.items() if key[:5] != "CORS_"}
    )
    made = {
        blueprint: Blueprint(blueprint.rpartition(".")[2], __name__) for blueprint in blueprints
    }
    names["app"] = bare
    names |= {_blueprint_name(blueprint): each for blueprint, each in made.items()}
    for snippet in others:
        _run(snippet, names)
    for blueprint, each in made.items():
        each.register(bare, {"name_prefix": blueprint.rpartition(".")[0]})
    return bare


def _run(snippet: Snippet, names: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the user sees them when the configuration is pasted
        exec(snippet.source, names)  # noqa: S102 - it was written here


def _bare_application(app: Flask, decorate: Decorate) -> Flask:
    """Return an application with the routes and the config of another one.

    Its views do nothing, so the application's own code does not run. `decorate` gets their places,
    and the functions to decorate.
    """
    bare = Flask(
        __name__,
        static_folder=None,
        host_matching=app.url_map.host_matching,
        subdomain_matching=app.subdomain_matching,
    )
    bare.url_map = app.url_map
    bare.config.update(app.config)
    bare.config.update(DEBUG=False, TESTING=True)
    for endpoint, view in app.view_functions.items():
        cls = getattr(view, "view_class", None)
        stub = _stub_of(cls, endpoint, decorate) if _methods_of(cls) else _stub()
        bare.view_functions[endpoint] = decorate((endpoint, None), stub)
    return bare


def _stub() -> Any:
    def view(*_arguments: object, **_values: object) -> str:
        return ""

    return view


def _stub_of(cls: Any, endpoint: str, decorate: Decorate) -> Any:
    methods = {method: decorate((endpoint, method), _stub()) for method in _methods_of(cls)}
    return type(cls.__name__, (MethodView,), methods).as_view(endpoint)  # type: ignore[attr-defined]
