"""Middleware, according to its code: whether it may answer itself, or sets CORS headers."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Collection, Iterator
from functools import partial, partialmethod
from types import CodeType, FunctionType, MethodType
from typing import Any, NamedTuple

# The methods of middleware that may answer before, or instead of, the next middleware. (Django
# calls process_view() behind all middleware, so every middleware sees its answers.)
_HOOKS = ("__call__", "__acall__", "process_request", "process_response")

# How the next middleware is called, and hooks, which are looked at themselves.
_NEXT = {*_HOOKS, "get_response", "_get_response", "_acall"}

# Exceptions that frameworks turn into responses.
_ANSWERS = {"PermissionDenied", "Http404", "SuspiciousOperation", "BadRequest"}

_NOT_RESPONSES = {"request"}

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

# Functions call each other, and themselves.
_MAX_DEPTH = 3

_Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class _Scope(NamedTuple):
    """Where a function looks up the functions that it calls."""

    function: Any
    owner: type | None
    """The class of ``self``."""
    next_names: Collection[str]
    """The names of the next middleware."""
    depth: int

    @property
    def own_names(self) -> Collection[str]:
        """``self``, however the function names it."""
        return self.function.__code__.co_varnames[:1] if self.owner else ()

    def find(self, called: ast.expr) -> _Scope | None:
        """Return the scope of a called function, if it is one of the class or of the module."""
        found: object = None
        owner = None
        if isinstance(called, ast.Name):
            found = self.function.__globals__.get(called.id)
        elif isinstance(called, ast.Attribute) and _name(called.value) in self.own_names:
            found = inspect.getattr_static(self.owner, called.attr, None)
            owner = None if type(found) is staticmethod else self.owner
            found = _unwrapped(found)
        if type(found) is not FunctionType or not self.depth:
            return None
        return _Scope(found, owner, self.next_names, self.depth - 1)


def may_answer(middleware: object, trusted: Collection[str] = ()) -> bool:
    """Return whether a middleware may return a response that the next one has not returned.

    `middleware` is a class, or a factory: a callable that gets the next middleware and returns a
    function. None cannot answer. Functions of the modules `trusted` are left out. Without its
    source code, it may.
    """
    return _answers(middleware, trusted, _MAX_DEPTH)


def _answers(middleware: Any, trusted: Collection[str], depth: int) -> bool:
    # Nothing here may evaluate a lazy object or a proxy, as isinstance() does.
    if issubclass(type(middleware), type):
        owner: Any = middleware
        next_names = {*_NEXT, *_attributes_of_next(owner)}
        return any(
            type(hook) is not FunctionType
            or _may_answer(_Scope(hook, owner, next_names, depth), name == "process_response")
            for name, hook in _hooks(owner)
            if getattr(hook, "__module__", None) not in trusted
        )
    given = 0
    while type(middleware) is partial:
        middleware, given = middleware.func, given + len(middleware.args)
    factory = _unwrapped(middleware)
    if type(factory) is not FunctionType:
        bases = type(middleware).__mro__
        found = [vars(each)["__call__"] for each in bases if "__call__" in vars(each)]
        factory, given = _unwrapped(found[0] if found else None), given + 1
    if type(factory) is not FunctionType:
        return callable(factory)
    return factory.__module__ not in trusted and _makes_answering(factory, given, trusted, depth)


def _makes_answering(
    factory: FunctionType, given: int, trusted: Collection[str], depth: int
) -> bool:
    """Return whether a factory may return a function that answers.

    The next middleware is its parameter after those that are `given` already.
    """
    node = _find_node(factory)
    if node is None or not depth:
        return True
    parameters = [argument.arg for argument in node.args.args[given : given + 1]]
    scope = _Scope(factory, None, {*_NEXT, *parameters}, depth)
    inner: dict[str, list[_Node]] = {}
    for each in ast.walk(node):
        if isinstance(each, _FUNCTIONS) and each is not node:
            inner.setdefault(each.name, []).append(each)
    returned, _ = _returned_and_assigned(node)
    return any(_makes(each, inner, parameters, scope, trusted) for each in returned)


def _makes(
    returned: ast.expr | None,
    inner: dict[str, list[_Node]],
    parameters: list[str],
    scope: _Scope,
    trusted: Collection[str],
) -> bool:
    """Return whether an expression that a factory returns may be a function that answers."""
    nodes: list[_Node] = []
    for each in ast.walk(returned or ast.Pass()):
        if isinstance(each, ast.Lambda):
            nodes.append(each)
        elif isinstance(each, ast.Name):
            nodes += inner.get(each.id, [])
    if nodes:
        return any(_returns_another(each, scope, False) for each in nodes)
    if isinstance(returned, ast.Call) and isinstance(returned.func, ast.Name):
        made = scope.function.__globals__.get(returned.func.id)
        return made is None or _answers(made, trusted, scope.depth - 1)
    return _name(returned) not in parameters


def _attributes_of_next(middleware: type) -> Iterator[str]:
    """Yield the attributes in which ``__init__`` stores the next middleware."""
    for each in middleware.__mro__:
        init = vars(each).get("__init__")
        node = _find_node(init) if type(init) is FunctionType else None
        if node is None:
            continue
        parameters = [argument.arg for argument in node.args.args[1:2]]
        _, assigned = _returned_and_assigned(node)
        for name, value in assigned:
            if name and isinstance(value, ast.Name) and value.id in parameters:
                yield name


def sets_header(middleware: object, header: str) -> bool:
    """Return whether the functions of a middleware contain the name of a header.

    It is found as a text or as a variable, such as ``ACCESS_CONTROL_ALLOW_ORIGIN``. Base
    classes are left out.
    """
    functions = [middleware]
    if issubclass(type(middleware), type):
        functions = [*vars(middleware).values()]
    codes = [each.__code__ for each in functions if type(each) is FunctionType]
    return any(_contains(code, header.lower()) for code in codes)


def _contains(item: object, header: str) -> bool:
    if isinstance(item, str):
        return item.lower().replace("_", "-") == header
    if isinstance(item, tuple):
        return any(_contains(each, header) for each in item)
    return isinstance(item, CodeType) and _contains((*item.co_consts, *item.co_names), header)


def _unwrapped(function: Any) -> Any:
    """Return what is below decorators, a method or a partial method."""
    while True:
        if type(function) in (staticmethod, classmethod, MethodType):
            function = function.__func__
        elif type(function) is partialmethod:
            function = function.func
        elif (inner := inspect.getattr_static(function, "__wrapped__", None)) is not None:
            function = inner
        else:
            return function


def _hooks(middleware: type) -> Iterator[tuple[str, Any]]:
    """Yield the names and hooks of a class, and those of its bases that they call."""
    for name in _HOOKS:
        for each in middleware.__mro__:
            hook = _unwrapped(vars(each).get(name))
            if callable(hook):
                yield name, hook
                if type(hook) is not FunctionType or "super" not in hook.__code__.co_names:
                    break


def _may_answer(scope: _Scope, takes_response: bool) -> bool:
    """Return whether a function may answer. `takes_response`: a parameter may be a response."""
    node = _find_node(scope.function)
    return node is None or _returns_another(node, scope, takes_response)


def _find_node(function: FunctionType) -> _Node | None:
    """Return the syntax tree of a function, if its source code is there."""
    try:
        lines, _ = inspect.findsource(function)
        tree = ast.parse("".join(lines))
    except (OSError, SyntaxError):
        return None
    start = function.__code__.co_firstlineno
    if function.__name__ == "<lambda>":
        lambdas = [each for each in ast.walk(tree) if isinstance(each, ast.Lambda)]
        lambdas = [each for each in lambdas if each.lineno == start]
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        lambdas = [each for each in lambdas if names == (*(arg.arg for arg in each.args.args),)]
        return lambdas[0] if len(lambdas) == 1 else None
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            if first == start:
                return node
    return None


def _returned_and_assigned(
    node: _Node,
) -> tuple[list[ast.expr | None], list[tuple[str | None, ast.expr | None]]]:
    """Return what a function returns, and what it assigns to names and attributes."""
    if isinstance(node, ast.Lambda):
        return [node.body], []
    returned: list[ast.expr | None] = []
    assigned: list[tuple[str | None, ast.expr | None]] = []
    for each in _own_nodes(node):
        if isinstance(each, ast.Return):
            returned.append(each.value)
        elif isinstance(each, ast.Assign):
            assigned += [(_name(target), each.value) for target in each.targets]
        elif isinstance(each, ast.AnnAssign | ast.NamedExpr):
            assigned.append((_name(each.target), each.value))
    return returned, assigned


def _returns_another(node: _Node, scope: _Scope, takes_response: bool) -> bool:
    """Return whether a function returns, or causes, a response of its own."""
    for each in _own_nodes(node):
        if isinstance(each, ast.Raise) and _name(each.exc) in _ANSWERS:
            return True
    returned, assigned = _returned_and_assigned(node)
    names: set[str | None] = {name for name, _ in assigned if name}
    if takes_response:
        names |= {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
    names -= {*_NOT_RESPONSES, *scope.own_names}
    # A variable is a response of the next middleware if everything that is assigned to it is.
    while others := {name for name, value in assigned if not _passes(value, names, scope)} & names:
        names -= others
    return not all(_passes(value, names, scope) for value in returned)


def _passes(node: ast.expr | None, names: Collection[str | None], scope: _Scope) -> bool:
    """Return whether an expression is None, or a response that the next middleware returned."""
    if isinstance(node, ast.Await | ast.NamedExpr):
        return _passes(node.value, names, scope)
    if isinstance(node, ast.BoolOp):
        return all(_passes(value, names, scope) for value in node.values)
    if isinstance(node, ast.IfExp):
        return _passes(node.body, names, scope) and _passes(node.orelse, names, scope)
    if isinstance(node, ast.Call):
        if _name(node) in scope.next_names:
            return True
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        given = any(isinstance(each, ast.Name) and each.id in names for each in arguments)
        called = scope.find(node.func)
        return given if called is None else not _may_answer(called, given)
    if isinstance(node, ast.Name):
        return node.id in names
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function, without those of functions in it."""
    for each in ast.iter_child_nodes(node):
        if not isinstance(each, (*_FUNCTIONS, ast.Lambda, ast.ClassDef)):
            yield each
            yield from _own_nodes(each)


def _name(node: Any) -> str | None:
    """Return the last name of a variable, an attribute or a call."""
    if isinstance(node, ast.Call):
        return _name(node.func)
    return getattr(node, "attr", None) or getattr(node, "id", None)
