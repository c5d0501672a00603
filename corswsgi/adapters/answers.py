"""What middleware does, according to its code: it may answer itself, or set CORS headers."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Collection, Iterator
from types import CodeType, FunctionType
from typing import Any, NamedTuple

# The methods of middleware that may answer before, or instead of, the next middleware. (Django
# calls process_view() behind all middleware, so every middleware sees its answers.)
_HOOKS = ("__call__", "__acall__", "process_request", "process_response")

# How the next middleware is called, and hooks, which are looked at themselves.
_NEXT = {*_HOOKS, "get_response", "_get_response", "_acall"}

# Exceptions that frameworks turn into responses.
_ANSWERS = {"PermissionDenied", "Http404", "SuspiciousOperation", "BadRequest"}

_NOT_RESPONSES = {"self", "request"}

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

# Functions call each other, and themselves.
_MAX_DEPTH = 3

_Node = ast.FunctionDef | ast.AsyncFunctionDef


class _Scope(NamedTuple):
    """Where a function looks up the functions that it calls."""

    function: Any
    owner: type | None
    """The class of ``self``."""
    next_names: Collection[str]
    depth: int

    def find(self, called: ast.expr) -> FunctionType | None:
        """Return the function that is called, if it is one of the class or of the module."""
        found: object = None
        if isinstance(called, ast.Name):
            found = self.function.__globals__.get(called.id)
        elif isinstance(called, ast.Attribute) and _name(called.value) == "self":
            found = inspect.getattr_static(self.owner, called.attr, None)
        return found if isinstance(found, FunctionType) and self.depth else None


def may_answer(middleware: object, trusted: Collection[str] = ()) -> bool:
    """Return whether a middleware may return a response that the next one has not returned.

    `middleware` is a class, or a function that gets the next middleware and returns another
    function. Functions of the modules `trusted` are left out. Without its source code, it may.
    """
    if isinstance(middleware, type):
        functions = [*_hooks(middleware)]
        owner: type | None = middleware
    else:
        functions = [each for each in [inspect.unwrap(middleware)] if type(each) is FunctionType]  # type: ignore[arg-type] # any object
        owner = None
    return any(
        _may_answer(each, owner, _MAX_DEPTH) for each in functions if each.__module__ not in trusted
    )


def sets_header(middleware: object, header: str) -> bool:
    """Return whether the functions of a middleware contain the name of a header.

    It is found as a text or as a variable, such as ``ACCESS_CONTROL_ALLOW_ORIGIN``. Base
    classes are left out.
    """
    functions = [middleware]
    if isinstance(middleware, type):
        functions = [*vars(middleware).values()]
    codes = [each.__code__ for each in functions if isinstance(each, FunctionType)]
    return any(_contains(code, header.lower()) for code in codes)


def _contains(item: object, header: str) -> bool:
    if isinstance(item, str):
        return item.lower().replace("_", "-") == header
    if isinstance(item, tuple):
        return any(_contains(each, header) for each in item)
    return isinstance(item, CodeType) and _contains((*item.co_consts, *item.co_names), header)


def _hooks(middleware: type) -> Iterator[FunctionType]:
    """Yield the hooks of a class, and those of its bases that they call."""
    for name in _HOOKS:
        for each in middleware.__mro__:
            hook = vars(each).get(name)
            if isinstance(hook, FunctionType):
                yield hook
                if "super" not in hook.__code__.co_names:
                    break


def _may_answer(function: FunctionType, owner: type | None, depth: int) -> bool:
    node = _find_node(function)
    if node is None:
        return True
    if owner is None and depth == _MAX_DEPTH:
        # The inner functions that call the next middleware.
        next_names = {*_NEXT, *(argument.arg for argument in node.args.args[:1])}
        inner = [each for each in ast.walk(node) if isinstance(each, _FUNCTIONS) and each != node]
        nodes = [each for each in inner if next_names & {*map(_name, _called(each))}]
    else:
        next_names, nodes = _NEXT, [node]
    scope = _Scope(function, owner, next_names, depth)
    return any(_returns_another(each, scope) for each in nodes)


def _find_node(function: FunctionType) -> _Node | None:
    """Return the syntax tree of a function, if its source code is there."""
    try:
        lines, _ = inspect.findsource(function)
        tree = ast.parse("".join(lines))
    except (OSError, SyntaxError):
        return None
    start = function.__code__.co_firstlineno
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            if first == start:
                return node
    return None


def _returns_another(node: _Node, scope: _Scope) -> bool:
    """Return whether a function returns, or causes, a response of its own."""
    arguments = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
    assigned: list[tuple[str | None, ast.expr | None]] = []
    returned: list[ast.expr | None] = []
    for each in _own_nodes(node):
        if isinstance(each, ast.Raise) and _name(each.exc) in _ANSWERS:
            return True
        if isinstance(each, ast.Return):
            returned.append(each.value)
        elif isinstance(each, ast.Assign):
            assigned += [(_name(target), each.value) for target in each.targets]
        elif isinstance(each, ast.AnnAssign | ast.NamedExpr):
            assigned.append((_name(each.target), each.value))
    names = (arguments | {name for name, _ in assigned if name}) - _NOT_RESPONSES
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
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if not any(isinstance(each, ast.Name) and each.id in names for each in given):
            return False
        called = scope.find(node.func)
        return called is None or not _may_answer(called, scope.owner, scope.depth - 1)
    if isinstance(node, ast.Name):
        return node.id in names
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function, without those of functions in it."""
    for each in ast.iter_child_nodes(node):
        if not isinstance(each, (*_FUNCTIONS, ast.Lambda, ast.ClassDef)):
            yield each
            yield from _own_nodes(each)


def _called(node: ast.AST) -> Iterator[ast.expr]:
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            yield each.func


def _name(node: Any) -> str | None:
    """Return the last name of a variable, an attribute or a call."""
    if isinstance(node, ast.Call):
        return _name(node.func)
    return getattr(node, "attr", None) or getattr(node, "id", None)
