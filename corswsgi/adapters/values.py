"""Values in files of settings: lists, expressions, and callables that are written as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib.util import find_spec
from pkgutil import resolve_name
from typing import Any

from corswsgi.environment import LETTERS, is_spelled
from corswsgi.errors import Problem, safe_repr, wrong_type
from corswsgi.names import Names
from corswsgi.suggestions import corrected_origin

from .layers import snapshot

# Raised by re.compile(); the last two for huge numbers and for deep nesting.
_INVALID_EXPRESSION = (re.error, OverflowError, RecursionError)

# How a regular expression begins, up to the first part that can match several texts.
_LITERAL = re.compile(r"\A\^?((?:(?:[^\\.^$*+?{}()|\[\]]|\\\W)(?![*?{]))*)")


def literal_prefix(expression: str) -> str:
    """Return the text that everything begins with that a regular expression matches."""
    found = _LITERAL.match(expression)
    return "" if found is None else re.sub(r"\\(\W)", r"\1", found[1])


def strings(value: object) -> list[str]:
    """Return the strings of a list, and nothing for another value.

    It is for settings of the framework, which reports what is wrong with them itself.
    """
    items = value if isinstance(value, Collection) and not isinstance(value, str) else ()
    return [item for item in items if isinstance(item, str)]


def read_list(option: str, value: object, problems: list[Problem]) -> tuple[Any, ...]:
    """Return the items of a list, or a single item; add a problem if it is neither."""
    if isinstance(value, str | re.Pattern) or callable(value):
        return (value,)
    if isinstance(value, Iterable) and not isinstance(value, Mapping | bytes | bytearray):
        return (*snapshot(value),)
    hint = "write [] for none."
    if value is None:
        hint = f"was an environment variable not set? Otherwise {hint}"
    problems.append(wrong_type(option, value, "a list", hint))
    return ()


def read_expressions(option: str, value: object, problems: list[Problem]) -> list[re.Pattern[str]]:
    """Return the regular expressions of a list, some of which may be strings."""
    items = read_list(option, value, problems)
    usage = r'write [r"https://pr-\d+\.example\.com"].'
    if is_spelled(items):
        message = f"{safe_repr(value)} {LETTERS}."
        problems.append(Problem(option, value, "several_in_one", message, usage))
        return []
    read = [read_expression(option, item, problems, usage) for item in items]
    return [expression for expression in read if expression is not None]


def read_expression(
    option: str, value: object, problems: list[Problem], usage: str
) -> re.Pattern[str] | None:
    """Return a regular expression, which may be a string; None, and a problem, if it is invalid.

    `usage` is the hint for a value of another type.
    """
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        return value
    if not isinstance(value, str):
        problems.append(wrong_type(option, value, "a regular expression", usage))
        return None
    try:
        return re.compile(value)
    except _INVALID_EXPRESSION as error:
        message = f"{safe_repr(value)} is not a valid regular expression: {error}."
        problems.append(Problem(option, value, "malformed_expression", message, usage))
        return None


def read_origins(names: Names, value: object, problems: list[Problem]) -> list[object]:
    """Return a list of origins. Callables in it may be written as dotted paths.

    ``"*"`` is refused, because there is another setting for it. `read_layer` checks the rest.
    """
    option = names.option("origins")
    found: list[object] = []
    items = read_list(option, value, problems)
    if is_spelled(items):
        return [*items]  # one problem is enough
    for item in items:
        if isinstance(item, str) and item == "*":
            message = "'*' is not a valid origin."
            any_origin = names.assignment("origins", '"*"')
            hint = f"leave it out. To allow any origin without credentials, write {any_origin}."
            problems.append(Problem(option, item, "malformed_origin", message, hint))
        elif isinstance(item, str) and "." in item and all(map(str.isidentifier, item.split("."))):
            if (function := _imported(option, item, problems)) is not None:
                found.append(function)
        else:
            found.append(item)
    return found


def _imported(option: str, path: str, problems: list[Problem]) -> Callable[..., Any] | None:
    """Import a callable by its dotted path; return None, and add a problem, if it fails."""
    try:
        module, _, name = path.rpartition(".")
        function: object = resolve_name(f"{module}:{name}")
    except (ImportError, AttributeError) as error:
        # If it begins with the name of a module, it was not meant as an origin.
        is_path = find_spec(path.partition(".")[0]) is not None
        corrected = None if is_path else corrected_origin(path)
        message = (
            f"{safe_repr(path)} is not a valid origin (scheme://host), and cannot be imported as a "
            f"callable: {error}."
        )
        hint = None if corrected is None else f"did you mean {corrected!r}?"
        problems.append(Problem(option, path, "not_importable", message, hint))
        return None
    if callable(function) and not isinstance(function, type):
        return function
    hint = "name a function that takes an origin and returns True or False."
    problems.append(wrong_type(option, function, f"a function behind {safe_repr(path)}", hint))
    return None
