"""@cors, on views."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar, overload

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from corswsgi import Decision, Policy, Problem
from corswsgi.errors import refuse, shown
from corswsgi.layers import Layer, check_options
from corswsgi.marks import MARK, NOT_GIVEN, NotGiven, check_given, frozen, wrapped

from .apps import installed
from .callables import as_origin_callable
from .decisions import PATH, RULED, adecided, decided, is_preflight, requested_method, routed_path
from .marks import view_name
from .policies import Governor
from .responses import apply, preflight_response

View = TypeVar("View", bound=Callable[..., Any])

_IN_FORCE = "corswsgi_django.in_force"
"""The key of request.META that is there while a decorated view runs under its own policy."""


@overload
def cors(policy: View, /) -> View: ...
@overload
def cors(
    policy: Policy | NotGiven | None = NOT_GIVEN, /, **options: Any
) -> Callable[[View], View]: ...
def cors(policy: Any = NOT_GIVEN, /, **options: Any) -> Any:
    """Give a view a policy of its own.

    ``@cors(expose_headers=["X-Total"])`` lays options over the settings' policy for the path,
    ``@cors(policy)`` replaces it, ``@cors(None)`` turns CORS off. The options are those of
    `corswsgi.Policy`; callables among the origins may be coroutine functions.

    It decorates functions, coroutine functions, classes of views and their methods, those of
    Django REST framework included. It stands above decorators that do not use ``functools.wraps``,
    such as ``@api_view``; below them the middleware does not see it, which is warned of when the
    view runs.

    With the middleware, it rules over paths and settings, for preflights too. Without, it still
    works for what reaches the view.

    Raises `PolicyError` with all that is wrong with the options. What is wrong with them and the
    settings is found by ``manage.py check``, and is raised when the view is asked for.
    """
    if callable(policy):
        return cors()(policy)  # @cors, without parentheses
    layer, problems = _read(policy, options)
    refuse(problems)

    def decorate(view: Any) -> Any:
        if not callable(view):
            message = f"{shown(view)} cannot be called: nothing would come of it."
            refuse([Problem("cors", view, "without_effect", message, "decorate a view.")])
        return _on_class(view, layer) if isinstance(view, type) else _marked(view, layer)

    return decorate


def _read(policy: object, given: dict[str, Any]) -> tuple[Layer, list[Problem]]:
    options = {name: frozen(value) for name, value in given.items()}
    origins = options.get("origins")
    if isinstance(origins, tuple | frozenset):
        options["origins"] = tuple(map(as_origin_callable, origins))
    elif callable(origins):
        options["origins"] = as_origin_callable(origins)
    if isinstance(policy, NotGiven):
        return options, check_options(options)
    return (policy if isinstance(policy, Policy) else None), check_given(policy, options)


def _on_class(view: Any, layer: Layer) -> Any:
    """Mark a class of views: its dispatch(), whose attributes as_view() copies."""
    dispatch: Any = getattr(view, "dispatch", None)
    if dispatch is None:
        message = f"{shown(view)} has no dispatch(): nothing would come of it."
        refuse([Problem("cors", view, "without_effect", message, "decorate a class of views.")])
    if _has_mark(vars(view).get("dispatch")):
        _refuse_second(view)
    view.dispatch = _decorated(dispatch, layer)
    return view


def _marked(view: Any, layer: Layer) -> Any:
    # method_decorator() comes here at every call, with the attributes of the method.
    if _has_mark(view):
        _refuse_second(view)
    return _decorated(view, layer)


def _has_mark(view: object) -> bool:
    # Its own, and not that of its class. Not everything that can be called has attributes.
    return MARK in getattr(view, "__dict__", ())


def _decorated(view: Any, layer: Layer) -> Any:
    @wraps(view)
    def decorated(*arguments: Any, **named: Any) -> Any:
        return _run(view, layer, arguments, named)

    setattr(decorated, MARK, layer)
    if iscoroutinefunction(view):
        markcoroutinefunction(decorated)
    return decorated


def _refuse_second(view: object) -> None:
    hint = (
        "decorate it once. For another route to the same view, write another that calls it; for a "
        "class whose base has one, decorate the class itself, without method_decorator()."
    )
    refuse([Problem("cors", view, "given_twice", f"{shown(view)} has one already.", hint)])


def _run(view: Any, layer: Layer, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    # Of a method that was decorated without method_decorator(), the first one is its object.
    requests = (each for each in (*arguments, *named.values()) if hasattr(each, "META"))
    request: HttpRequest | None = next(requests, None)
    # What another view calls is governed by that one's marks.
    if request is None or _IN_FORCE in request.META:
        return view(*arguments, **named)
    match = request.resolver_match
    policies = installed().policies
    seen = None if match is None else policies.marks(match.func)
    method = requested_method(request.META) or request.method or ""
    marks = () if seen is None else seen.of(method)
    path = routed_path(request)
    if PATH in request.META:
        if marks:
            return view(*arguments, **named)
        _warn_of_hidden(view)
    if seen is not None and marks and is_preflight(request.META):
        governor = policies.preflight_governor(path, seen, method)
    else:
        governor = policies.governor(path, marks or (layer,))
    run = partial(view, *arguments, **named)
    # dispatch() of a class of coroutine functions returns a coroutine, and is no such function.
    owners = (getattr(getattr(view, "func", None), "__self__", None), *arguments[:1])
    is_async = any(getattr(owner, "view_is_async", False) is True for owner in owners)
    if iscoroutinefunction(view) or is_async:
        return _arespond(request, governor, run)
    return _respond(request, governor, run)


def _warn_of_hidden(view: Any) -> None:
    """Warn at the view's own line, once, as warnings.warn() does at a caller's."""
    text = (
        f"the middleware does not see the @cors of {view_name(view)}, so that preflights get the "
        "answer of the settings. Move it above the decorator that hides it, such as @api_view."
    )
    functions = (each for each in reversed([*wrapped(view)]) if hasattr(each, "__code__"))
    function = next(functions, None)
    if function is None:  # an object that can be called
        warnings.warn(text, RuntimeWarning, stacklevel=1)
        return
    warnings.warn_explicit(
        text,
        RuntimeWarning,
        function.__code__.co_filename,
        function.__code__.co_firstlineno,
        registry=function.__globals__.setdefault("__warningregistry__", {}),
    )


def _respond(request: HttpRequest, governor: Governor, run: Callable[[], Any]) -> Any:
    decision = decided(request, governor)
    if decision is not None and decision.status is not None:
        return preflight_response(request, governor, decision)
    request.META[_IN_FORCE] = True
    try:
        response = run()
    finally:
        del request.META[_IN_FORCE]
    return _ruled(request, response, governor, decision)


async def _arespond(request: HttpRequest, governor: Governor, run: Callable[[], Any]) -> Any:
    decision = await adecided(request, governor)
    if decision is not None and decision.status is not None:
        return preflight_response(request, governor, decision)
    request.META[_IN_FORCE] = True
    try:
        response = await run()
    finally:
        del request.META[_IN_FORCE]
    return _ruled(request, response, governor, decision)


def _ruled(
    request: HttpRequest, response: Any, governor: Governor, decision: Decision | None
) -> Any:
    # Of a view that returns nothing, Django says so.
    if isinstance(response, HttpResponseBase):
        apply(request, response, governor, decision, set())
        request.META[RULED] = response
    return response
