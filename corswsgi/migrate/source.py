"""Source text: calls and values as you would write them in Python."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from textwrap import indent

WIDTH = 76
"""In columns. The report indents source text by four."""

_FLAGS = (re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, re.ASCII)


def call_source(function: str, arguments: Iterable[str], options: Mapping[str, object]) -> str:
    """Return a call with keyword arguments, on one line if it fits."""
    given = [*arguments, *(f"{name}={value_source(value)}" for name, value in options.items())]
    return enclosed(f"{function}(", given, ")")


def assignment_source(name: str, value: object) -> str:
    """Return an assignment, on one line if it fits."""
    return f"{name} = {value_source(value)}"


def value_source(value: object) -> str:
    """Return a value: a list, a dict, a compiled expression, or anything with a usable repr."""
    if isinstance(value, re.Pattern):
        return _expression_source(value)
    if isinstance(value, str):
        return string_source(value)
    if isinstance(value, list):
        return enclosed("[", map(value_source, value), "]")
    if isinstance(value, dict):
        items = (f"{value_source(key)}: {value_source(item)}" for key, item in value.items())
        return enclosed("{", items, "}")
    return repr(value)


def string_source(text: str) -> str:
    """Return a string literal with double quotes, if it needs no other escapes for that."""
    written = repr(text)
    return written if '"' in text or written[0] == '"' else f'"{written[1:-1]}"'


def raw_source(text: str) -> str:
    """Return a raw string literal, or another one for a text that has none."""
    is_raw = text.isprintable() and '"' not in text and not text.endswith("\\")
    return f'r"{text}"' if is_raw else string_source(text)


def _expression_source(expression: re.Pattern[str]) -> str:
    flags = [f"re.{flag.name}" for flag in _FLAGS if expression.flags & flag]
    arguments = [raw_source(expression.pattern), *([" | ".join(flags)] if flags else [])]
    return f"re.compile({', '.join(arguments)})"


def enclosed(start: str, items: Iterable[str], end: str) -> str:
    """Return items between brackets, on one line if they fit."""
    each = [*items]
    line = f"{start}{', '.join(each)}{end}"
    # Some columns are left for what comes before a value.
    if "\n" not in line and len(line) <= WIDTH - 20:
        return line
    return f"{start}\n{indent(''.join(f'{item},' + chr(10) for item in each), '    ')}{end}"
