"""Callables: which ones cannot check an origin, although they can be called with one."""

from __future__ import annotations

import builtins
import re
from types import (
    BuiltinFunctionType,
    MethodDescriptorType,
    MethodWrapperType,
    WrapperDescriptorType,
)
from typing import NamedTuple

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
    and built-in functions. Some of them allow every origin, or a part of one, and others always
    fail. A method of a set or a list, such as ``{...}.__contains__``, compares whole origins.
    """
    if isinstance(function, type):
        return _of_class(function)
    if isinstance(function, MethodDescriptorType | WrapperDescriptorType):
        return Mistake(f"{safe_repr(function)} is a method without its object.")
    if not isinstance(function, BuiltinFunctionType | MethodWrapperType):
        return None
    owner, name = function.__self__, function.__name__
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


def _of_class(function: type) -> Mistake:
    message = f"{safe_repr(function)} is a class. Calling it creates an object."
    if any("__call__" in vars(base) for base in function.__mro__):
        return Mistake(message, hint=f"did you mean {function.__name__}()?")
    return Mistake(message)


def _of_expression(expression: re.Pattern[str], name: str) -> Mistake:
    message = (
        f"{name}() of the expression {safe_repr(expression.pattern)} does not return True or False"
    )
    message += ", and also matches a part." if name in ("match", "search") else "."
    is_shown = len(repr(expression.pattern)) <= _MAX_PATTERN_LENGTH
    return Mistake(message, expression if is_shown else None)
