"""A refused configuration, as data: what was refused, why, and what to write instead."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

ProblemReason = Literal[
    "required",
    "unknown_option",
    "unknown_value",
    "wrong_type",
    "coroutine_function",
    "several_in_one",
    "not_alone",
    "malformed_origin",
    "not_canonical",
    "null_origin",
    "wildcard_with_credentials",
    "insecure_origin",
    "public_suffix",
    "not_a_token",
    "not_a_pattern",
    "forbidden_method",
    "forbidden_header",
    "wrong_direction",
    "out_of_range",
    "malformed_path",
    "malformed_expression",
    "not_importable",
    "given_twice",
    "without_effect",
]
"""Every reason that a `Problem` can have; ``docs/reference.md`` says what each one means."""

# What a terminal shows of one value before the rest of the message scrolls away.
_SHOWN_VALUE = 120


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration.

    It is plain data, so that a program can act on it: an admin form that marks the field, or
    the ``errors`` member of an RFC 9457 answer.
    """

    option: str
    """The option that is at fault, as it was named: ``"origins"``, ``"resources['/a']"``."""

    value: object
    """The offending value itself, such as one origin of a list; None where none was given."""

    reason: ProblemReason
    """A name from the closed set `ProblemReason`."""

    message: str
    """One sentence for a person: what was refused, and why."""

    hint: str | None = None
    """What to write instead, with the corrected value where there is one; None if unknown."""


class PolicyError(ValueError):
    """A configuration was refused. It is raised once, with everything that is wrong.

    ``str(error)`` is meant for the terminal in which the server was started: one paragraph for
    each problem, in 80 columns.
    """

    problems: tuple[Problem, ...]
    """Everything that is wrong, in the order of the options; never empty."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        # The only argument, so that the error survives pickling (multiprocessing, task queues).
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        title = f"{count} problem{'' if count == 1 else 's'} in the CORS configuration:"
        return "\n".join([title, *(_paragraph(problem) for problem in self.problems)])


def refuse(problems: Iterable[Problem]) -> None:
    """Raise `PolicyError` if there are any problems."""
    if found := [*problems]:
        raise PolicyError(found)


def within(place: str, problems: Iterable[Problem]) -> list[Problem]:
    """Return `problems` with their options named as those of `place`."""
    return [replace(problem, option=f"{place}.{problem.option}") for problem in problems]


def wrong_type(option: str, value: object, wanted: str, hint: str | None) -> Problem:
    """Return the problem that a value is of another type than the one `wanted`."""
    message = f"{shown(value)} is of type {type(value).__name__}; expected {wanted}."
    return Problem(option, value, "wrong_type", message, hint)


def shown(value: object) -> str:
    """Return `value` as a message shows it: escaped, on one line, cut where it gets long.

    It serves for what a client sent as well: `ascii` leaves no control character, line break or
    bidirectional mark that could forge a line of a log. A value whose own repr fails has none.
    """
    try:
        text = ascii(value)
    except Exception:
        text = f"<{type(value).__name__} object>"
    return text if len(text) <= _SHOWN_VALUE else f"{text[:_SHOWN_VALUE]}..."


def _paragraph(problem: Problem) -> str:
    lines = [_filled(f"{problem.option}: {problem.message}", "  - ", "    ")]
    if problem.hint is not None:
        lines.append(_filled(problem.hint, "    -> ", "       "))
    return "\n".join(lines)


def _filled(text: str, first: str, others: str) -> str:
    # Neither long words nor hyphens are broken: an origin must stay in one piece to be copied.
    return textwrap.fill(
        text,
        width=79,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
