"""Values that come from environment variables, and were not parsed."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

# The shortest sequence of single letters that is taken for a string.
_MIN_LETTERS = 3

_SEVERAL = "is several {kind} in one string"
_QUOTED = "has quotes or brackets that are part of the value"
LETTERS = "has one letter per item, because list() and tuple() split strings into letters"
"""The rest of a sentence about such a list."""

# Python also accepts numbers and other values, and warns about escapes.
_is_python_list = re.compile(r"[\[(][^][(){}\\]*[\])]").fullmatch

# The texts of a boolean: the one for True, and those for False.
_TRUTHS = {
    "true": ("false", "", "None", "none", "null", "undefined"),
    "True": ("False",),
    "TRUE": ("FALSE",),
    "1": ("0",),
    "yes": ("no",),
    "on": ("off",),
}
_TRUE_FOR = {text: true for true, others in _TRUTHS.items() for text in (true, *others)}


class Unparsed(NamedTuple):
    """A value that is a text, or was made of one, and has to be parsed."""

    why: str
    """The rest of a sentence about the value; it may contain ``{kind}``."""
    items: list[str]
    """The items that were meant; empty if they are unknown."""
    code: str | None = None
    """Python code that parses a text ``{}``; None if the items have to be corrected, too."""


def _parse_python(text: str) -> object:
    return ast.literal_eval(text) if _is_python_list(text) else None


# How a text can be parsed: why it was not accepted, a function, and code that does the same.
_PARSERS: tuple[tuple[str, Callable[[str], object], str], ...] = (
    (_QUOTED, lambda text: text.strip("\"'"), r'{}.strip("\"' + "'\")"),
    ("looks like JSON text that was not parsed", json.loads, "json.loads({})"),
    ("looks like a Python list that was not parsed", _parse_python, "ast.literal_eval({})"),
    (_SEVERAL, lambda text: text.split(","), '{}.split(",")'),
    (_SEVERAL, lambda text: text.split(";"), '{}.split(";")'),
    (_SEVERAL, str.split, "{}.split()"),
    (_SEVERAL, lambda text: text.replace(",", " ").split(), '{}.replace(",", " ").split()'),
    (_SEVERAL, lambda text: text.replace(";", " ").split(), '{}.replace(";", " ").split()'),
    (_QUOTED, re.compile(r"[^][,;\s\"']+").findall, r're.findall(r"[^][,;\s\"' + "']+\", {})"),
)

# Raised by the parsers; the last one for deep nesting.
_INVALID = (ValueError, SyntaxError, RecursionError)


def find_unparsed(items: tuple[object, ...], read: Callable[[str], str | None]) -> Unparsed | None:
    """Return how to parse the text that `items` were made of; None if they were parsed.

    `read` returns the item that a text is, or was probably meant to be, or None.
    """
    texts = [item for item in items if isinstance(item, str)]
    if not texts or len(texts) < len(items):
        return None
    if len(texts) == 1:
        return None if read(texts[0]) == texts[0] else _parse(texts[0], read)
    if is_spelled(texts):
        return _parse_letters("".join(texts), read)
    text = ",".join(texts)
    return _parse(text, read) if text[:1] + text[-1:] in ("[]", "()") else None


def is_spelled(items: Sequence[object]) -> bool:
    """Return whether items are the letters of a string."""
    return len(items) >= _MIN_LETTERS and all(
        isinstance(item, str) and len(item) == 1 for item in items
    )


def _parse_letters(text: str, read: Callable[[str], str | None]) -> Unparsed:
    parsed = _parse(text, read)
    if parsed is not None:
        return Unparsed(LETTERS, parsed.items, parsed.code)
    item = read(text)
    return Unparsed(LETTERS, [] if item is None else [item], "{}" if item == text else None)


def _parse(text: str, read: Callable[[str], str | None]) -> Unparsed | None:
    """Return how to parse a text; None if that is unknown, or if it is a single item."""
    inexact = None
    for why, function, code in _PARSERS:
        texts = _texts(text, function)
        items = [item for item in map(read, texts) if item is not None]
        if not items or len(items) < len(texts):
            continue
        if why == _SEVERAL and len(items) == 1:
            continue
        if items == texts:
            return Unparsed(why, items, code)
        inexact = inexact or Unparsed(why, items)
    return inexact


def _texts(text: str, function: Callable[[str], object]) -> list[str]:
    """Return the texts that a parser returns; nothing if it does not change the text."""
    try:
        parsed = function(text)
    except _INVALID:
        return []
    found = [parsed] if isinstance(parsed, str) else parsed
    if not isinstance(found, list | tuple) or not all(isinstance(each, str) for each in found):
        return []
    is_quoted = re.search("[][\"']", text)
    return [] if len(found) == 1 and (found[0] == text or not is_quoted) else [*found]


def find_truth(value: object) -> bool | None:
    """Return the boolean that a text or a number means, such as ``'false'``; None if unknown."""
    text = value.strip() if isinstance(value, str) else None
    if value is None or (type(value) is int and value in (0, 1)):
        text = "" if value is None else str(value)
    true = None if text is None else _TRUE_FOR.get(text)
    return None if true is None else text == true


def variable(option: str) -> str:
    """Return the name of an environment variable for an option."""
    return f"CORS_{option.upper()}"


def fix_truth(value: object, write: Callable[[str], str], variable: str) -> str:
    """Return a hint for a value that is not a boolean.

    `write` returns the code that sets the option to a value, and `variable` is the name of an
    environment variable.
    """
    truth = find_truth(value)
    if truth is None:
        return f"write {write('True')}, or leave it out. (The string 'False' would be true.)"
    # A variable that is not set means the same as before.
    default = str(truth).lower()
    code = f'os.environ.get("{variable}", "{default}").lower() in ("1", "true", "yes", "on")'
    return _with_variable(write(str(truth)), write(code))


def fix_unparsed(unparsed: Unparsed, write: Callable[[str], str], variable: str) -> str | None:
    """Return a hint with the items that were meant, and how to parse the environment variable."""
    if not unparsed.items:
        return None
    written = write(_source(unparsed.items))
    if unparsed.code is None or "*" in unparsed.items:
        return f"write {written}."
    return _with_variable(written, write(unparsed.code.format(f'os.environ["{variable}"]')))


def fix_number(text: str, write: Callable[[str], str], variable: str) -> str:
    """Return a hint for a number that is a text."""
    return _with_variable(write(str(int(text))), write(f'int(os.environ["{variable}"])'))


def _with_variable(literal: str, code: str) -> str:
    modules = re.findall(r"\b(ast|json|re)\.", code)[:1]
    imports = f"import {modules[0]} and " if modules else ""
    return f"write {literal}. To read it from an environment variable, {imports}write {code}."


def _source(items: list[str]) -> str:
    """Return items as Python code, with the quotes that hints have."""
    if "*" in items:  # the others have no effect
        return '"*"'
    return f"[{', '.join(map(json.dumps, items))}]"
