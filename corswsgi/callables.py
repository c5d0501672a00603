"""Callables: which ones cannot check an origin, although they can be called with one."""

from __future__ import annotations

import builtins
import operator
import re
from functools import partial
from types import (
    BuiltinFunctionType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, NamedTuple

from .errors import safe_repr

# The repr of an expression is cut off behind this number of characters.
_MAX_PATTERN_LENGTH = 200


class Mistake(NamedTuple):
    """The reason why a callable cannot check origins."""

    message: str
    """A sentence or two for people: the callable, and why it is refused."""
    meant: str | re.Pattern[str] | None = None
    """The text or expression whose method the callable is; None if there is none to write."""
    hint: str | None = None
    """How to fix it, if there is a better fix than another list of origins."""


def find_mistake(function: object) -> Mistake | None:
    """Return why a callable cannot check origins; None if it may be able to.

    These callables are classes, methods of strings and expressions, methods without their object,
    built-in functions, and functions of `re` and `operator`; also as a `functools.partial`. Some of
    them allow every origin, or a part of one, and others always fail. A method of a set or a list,
    such as ``{...}.__contains__``, compares whole origins.
    """
    called, arguments = _unwrapped(function)
    if isinstance(called, type):
        return _of_class(called)
    if isinstance(called, MethodDescriptorType | WrapperDescriptorType):
        if not arguments:
            return Mistake(f"{safe_repr(called)} is a method without its object.")
        is_exact = called == str.__eq__
        return None if is_exact else _of_method(arguments[0], called.__name__)
    if isinstance(called, FunctionType | BuiltinFunctionType):
        for module in (re, operator):
            if vars(module).get(called.__name__) is called:
                return _of_module(module, called, arguments)
    if isinstance(called, BuiltinFunctionType | MethodWrapperType):
        return _of_method(called.__self__, called.__name__)
    return None


def _unwrapped(called: Any) -> tuple[Any, tuple[object, ...]]:
    """Return the function that a callable calls, and the arguments that it passes before others."""
    arguments: tuple[object, ...] = ()
    while isinstance(called, partial | MethodType):
        if isinstance(called, partial):
            called, arguments = called.func, (*called.args, *arguments)
        else:
            called, arguments = called.__func__, (called.__self__, *arguments)
    return called, arguments


def _of_method(owner: object, name: str) -> Mistake | None:
    if isinstance(owner, re.Pattern):
        return _of_expression(owner, name)
    if isinstance(owner, str):
        text = str.__str__(owner)  # an exact string
        message = (
            f"{name}() of the string {safe_repr(text)} does not check an origin. Most methods of "
            "strings compare only a part."
        )
        return Mistake(message, text)
    if owner is builtins:
        return Mistake(f"the built-in function {name}() does not check an origin.")
    return None


def _of_module(module: ModuleType, function: Any, arguments: tuple[object, ...]) -> Mistake | None:
    name, first = function.__name__, arguments[0] if arguments else None
    if isinstance(first, re.Pattern):
        return _of_expression(first, name)
    # The text of an expression is not an origin.
    text = str.__str__(first) if isinstance(first, str) and module is operator else None
    # These compare whole origins.
    if arguments and (function is operator.eq or (function is operator.contains and text is None)):
        return None
    message = f"the function {name}() of the module {module.__name__} does not check an origin."
    return Mistake(message, text)


def _of_class(function: type) -> Mistake:
    message = f"{safe_repr(function)} is a class. Calling it creates an object."
    if any("__call__" in vars(base) for base in function.__mro__):
        return Mistake(message, hint=f"did you mean {function.__name__}()?")
    return Mistake(message)


def _of_expression(expression: re.Pattern[str], name: str) -> Mistake:
    message = (
        f"{name}() of the expression {safe_repr(expression.pattern)} does not return True or False"
    )
    # Python 3.15 calls re.match "prefixmatch".
    is_partial = name in ("match", "prefixmatch", "search")
    message += ", and also matches a part." if is_partial else "."
    is_shown = len(repr(expression.pattern)) <= _MAX_PATTERN_LENGTH
    return Mistake(message, expression if is_shown else None)
