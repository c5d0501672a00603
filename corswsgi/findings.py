"""Readings: the values of options, and what was found while they were read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from typing import TypeGuard

from . import fetch
from .environment import Unparsed, find_unparsed, fix_unparsed, variable
from .errors import Notice, NoticeReason, Problem, ProblemReason, safe_repr, wrong_type
from .names import OPTION_NAMES, Names
from .origins import parse_pattern
from .suggestions import corrected_origin, is_missing

ANY = ("*",)
"""The value of an option that is ``"*"``, alone or in a list."""

EXAMPLES = {
    "origins": '["https://app.example.com"]',
    "methods": '["GET", "POST"]',
    "allow_headers": '["Content-Type"]',
    "expose_headers": '["X-Total-Count"]',
    "dangerously_allow": '["insecure_origins"]',
}
"""An example of each option that is a list."""


class Findings:
    """Problems and notices, which are reported under the names that are given."""

    def __init__(self, names: Names = OPTION_NAMES) -> None:
        self.problems: list[Problem] = []
        self.notices: list[Notice] = []
        self.names = names

    def refuse(
        self, option: str, value: object, reason: ProblemReason, message: str, hint: str | None
    ) -> None:
        """Add a problem."""
        name = self.names.option(option, value)
        self.problems.append(Problem(name, value, reason, message, hint))

    def refuse_type(self, option: str, value: object, expected: str, hint: str | None) -> None:
        """Add the problem that a value is of another type than `expected`."""
        name = self.names.option(option, value)
        self.problems.append(wrong_type(name, value, expected, hint))

    def notice(
        self, option: str, value: object, reason: NoticeReason, message: str, hint: str
    ) -> None:
        """Add a notice."""
        name = self.names.option(option, value)
        self.notices.append(Notice(name, value, reason, message, hint))

    def write(self, option: str, value: object) -> str:
        """Return what to write to set an option to a value."""
        return self.names.assignment(option, '"*"' if value is ANY else repr(value))

    def assigned(self, option: str) -> Callable[[str], str]:
        """Return a function from a value in Python to what to write to set an option."""
        return partial(self.names.assignment, option)

    def example_origins(self) -> str:
        """Return what to write to set origins."""
        return self.names.assignment("origins", EXAMPLES["origins"])

    def items(self, option: str, value: object) -> tuple[object, ...] | None:
        """Return the items of a value; None, and a problem, if it is not a list or one item."""
        if isinstance(value, str | re.Pattern) or callable(value):
            items: tuple[object, ...] = (value,)
        elif not isinstance(value, Iterable) or isinstance(value, Mapping | bytes | bytearray):
            hint = f"as in {self.names.assignment(option, EXAMPLES[option])}."
            if value is None:
                hint = "leave it out. Was an environment variable not set?"
            self.refuse_type(option, value, "a string or a list of strings", hint)
            return None
        elif isinstance(value, AbstractSet):
            # A set has another order in every process, and so would the headers.
            return tuple(sorted(value, key=safe_repr))
        else:
            items = tuple(value)
        unparsed = find_unparsed(items, partial(_meant, option))
        if unparsed is not None:
            self._refuse_unparsed(option, items[0] if len(items) == 1 else value, unparsed)
            return None
        return items

    def is_string(self, item: object, option: str) -> TypeGuard[str]:
        """Return whether an item is a string, or refuse it."""
        if isinstance(item, str):
            return True
        hint = f"as in {self.names.assignment(option, EXAMPLES[option])}."
        self.refuse_type(option, item, "a string", hint)
        return False

    def is_any(self, option: str, items: tuple[object, ...] | None) -> bool:
        """Return whether one of the items is ``*``, and notice others beside it."""
        if not any(map(is_wildcard, items or ())):
            return False
        others = [item for item in items or () if not is_wildcard(item)]
        if not others:
            return True
        # The standard writes `*, Authorization`.
        if option != "allow_headers" or not all(map(_is_authorization, others)):
            message = "'*' already allows everything, so the other entries have no effect."
            hint = f"Write {self.write(option, ANY)}, or only the other entries."
            self.notice(option, items, "beside_wildcard", message, hint)
        return True

    def _refuse_unparsed(self, option: str, value: object, unparsed: Unparsed) -> None:
        kind = "origins" if option == "origins" else "names"
        message = f"{safe_repr(value)} {unparsed.why.format(kind=kind)}."
        hint = fix_unparsed(unparsed, self.assigned(option), variable(option))
        self.refuse(option, value, "several_in_one", message, hint)


def is_wildcard(item: object) -> bool:
    """Return whether an item is ``"*"``."""
    # Without the type check, `==` would call methods of arbitrary objects.
    return isinstance(item, str) and item == "*"


def _is_authorization(item: object) -> bool:
    return isinstance(item, str) and item.lower() == "authorization"


def _meant(option: str, text: str) -> str | None:
    """Return the item that a text is, or was probably meant to be; None if unknown."""
    if text == "*":
        return text
    if option == "origins":
        return text if parse_pattern(text) else corrected_origin(text)
    return text if fetch.is_token(text) and "*" not in text and not is_missing(text) else None
