"""Problems, which stop a configuration, and notices, which do not; both are plain data."""

from __future__ import annotations

import re
import sys
import textwrap
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any, Literal, NamedTuple

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
    "out_of_range",
    "malformed_path",
    "malformed_expression",
    "not_importable",
    "given_twice",
    "without_effect",
    "slow_expression",
]
"""Every reason that a `Problem` can have; ``docs/reference.md`` explains each."""

NoticeReason = Literal[
    "unknown_setting",
    "removed_setting",
    "older_setting",
    "deprecated_option",
    "method_case",
    "outdated_suffixes",
    "loopback_origin",
    "allows_any_origin",
    "private_address",
    "forbidden_method",
    "forbidden_header",
    "wrong_direction",
    "beside_wildcard",
    "long_max_age",
    "unknown_key",
    "late_key",
    "path_wildcard",
]
"""Every reason that a `Notice` can have; ``docs/reference.md`` explains each."""

# In characters. A longer value would push the rest of the message off the screen.
_MAX_REPR_LENGTH = 120

_operator = re.compile(r" ==? |(?<=\)) in (?=\()")

_OUR_PACKAGES = frozenset({"corswsgi", "corswsgi_flask", "corswsgi_django"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration.

    It is plain data, so programs can use it: an admin form can mark the field, and an API can
    return it in the ``errors`` member of a problem document
    (https://www.rfc-editor.org/rfc/rfc9457#section-3).
    """

    option: str
    """The name of the option, as you write it: ``"origins"``, ``"resources['/a'].origins"``."""

    value: object
    """The offending value, such as one origin of a list; None if no value was given."""

    reason: ProblemReason
    """A name from the closed set `ProblemReason`."""

    message: str
    """One or two sentences for people: the value, and why it is refused."""

    hint: str | None = None
    """How to fix it, with the corrected value if there is one; None if unknown."""

    @property
    def sentence(self) -> str:
        """The option and the message, as they are printed."""
        return _sentence(self.option, self.message)


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing in a configuration that is accepted, but probably not what you want."""

    option: str
    """The name of the option, as you write it."""

    value: object
    """The value that the notice is about, such as one method of a list."""

    reason: NoticeReason
    """A name from the closed set `NoticeReason`."""

    message: str
    """One or two sentences for people: the value, and what is unusual about it."""

    hint: str | None = None
    """How to get rid of the notice; None if unknown."""

    @property
    def sentence(self) -> str:
        """The option and the message, as they are printed."""
        return _sentence(self.option, self.message)


class PolicyError(ValueError):
    """Raised when a configuration is refused. It lists all problems at once.

    ``str(error)`` is written for a terminal: one paragraph for each problem, in 80 columns.
    """

    problems: tuple[Problem, ...]
    """Everything that is wrong, in the order of the options; never empty."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        # The only argument, so that the error can be pickled (multiprocessing, task queues).
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        title = f"{count} problem{'' if count == 1 else 's'} in the CORS configuration:"
        return "\n".join([title, *(_paragraph(problem) for problem in self.problems)])


def refuse(problems: Iterable[Problem]) -> None:
    """Raise `PolicyError` if there are any problems."""
    if found := [*problems]:
        raise PolicyError(found)


class Caller(NamedTuple):
    """A line that called into corswsgi."""

    filename: str
    line: int
    module: str
    registry: dict[Any, Any]
    """The module's registry of warnings that were emitted."""

    @property
    def place(self) -> str:
        """The file, with its directory, and the line, such as ``shop/app.py:12``."""
        names = self.filename.replace("\\", "/").split("/")
        return f"{'/'.join(names[-2:])}:{self.line}"


def find_caller() -> Caller:
    """Return the line that called into corswsgi."""
    # A stack level would have to be passed through every function in between.
    frame = sys._getframe()  # noqa: SLF001 - documented; inspect.currentframe() may return None
    while _module(frame).partition(".")[0] in _OUR_PACKAGES and frame.f_back is not None:
        frame = frame.f_back
    registry = frame.f_globals.setdefault("__warningregistry__", {})
    return Caller(frame.f_code.co_filename, frame.f_lineno, _module(frame), registry)


def warn(notices: Iterable[Notice], caller: Caller | None = None) -> None:
    """Emit a warning for each notice, at the line that called into corswsgi, or at another one.

    The category is `DeprecationWarning` for deprecated options, and `UserWarning` otherwise.
    """
    caller = caller or find_caller()
    for notice in notices:
        warnings.warn_explicit(
            notice_text(notice),
            DeprecationWarning if notice.reason == "deprecated_option" else UserWarning,
            *caller,
        )


def notice_text(notice: Notice) -> str:
    """Return a notice and its hint as text."""
    return notice.sentence if notice.hint is None else f"{notice.sentence} {notice.hint}"


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "<string>"))


def prefixed(place: str, problems: Iterable[Problem]) -> list[Problem]:
    """Return `problems` with their options prefixed by the `place` in which they are written."""
    return [replace(problem, option=f"{place}.{problem.option}") for problem in problems]


def wrong_type(option: str, value: object, expected: str, hint: str | None) -> Problem:
    """Return the problem that a value is of another type than `expected`."""
    message = f"{safe_repr(value)} is of type {type(value).__name__}; expected {expected}."
    return Problem(option, value, "wrong_type", message, hint)


def safe_repr(value: object) -> str:
    """Return the repr of a value for a message or a log: in ASCII, on one line, and shortened.

    It is also used for values that clients send: the result has no control characters, line
    breaks or bidirectional marks, which could forge a line of a log. If the value's own repr
    fails, the result is its type.
    """
    try:
        text = ascii(value)
    except Exception:
        text = f"<{type(value).__name__} object>"
    if not text.isprintable():
        # ascii() leaves line breaks that the value's own __repr__ returns.
        text = text.encode("unicode_escape").decode("ascii")
    return text if len(text) <= _MAX_REPR_LENGTH else f"{text[:_MAX_REPR_LENGTH]}..."


def _sentence(option: str, message: str) -> str:
    # Some messages are sentences about the option itself: "has no effect".
    separator = " " if message.startswith(("has ", "is ")) else ": "
    return f"{option}{separator}{message}"


def _paragraph(problem: Problem) -> str:
    lines = [_wrapped(problem.sentence, "  - ", "    ")]
    if problem.hint is not None:
        lines.append(_wrapped(problem.hint, "    -> ", "       "))
    return "\n".join(lines)


def _wrapped(text: str, first_indent: str, other_indent: str) -> str:
    # Origins and assignments must stay in one piece so that you can copy them. Origins contain
    # hyphens, and Python code cannot be broken beside its operators.
    return textwrap.fill(
        _operator.sub(lambda found: found[0].replace(" ", "\xa0"), text),
        width=79,
        initial_indent=first_indent,
        subsequent_indent=other_indent,
        break_long_words=False,
        break_on_hyphens=False,
    ).replace("\xa0", " ")
