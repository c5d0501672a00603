"""Neighbours: what somebody else may register that an expression matches beside what it means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product
from typing import NamedTuple

from .origins import Origin, parse_origin
from .suffixes import PublicSuffixes

_MAX_SHAPES = 256
_MAX_LENGTH = 512  # in characters; what is longer is not judged

# One piece of an expression, and how often it may be there. What is not among these, such as
# looking ahead, is beyond what can be told.
_piece = re.compile(
    r"""
    (?: (?P<anchor> \^ | \$ | \\[AZbB] | \(\?[aiLmsu]+\) )
      | (?P<group> \( (?: \?[aimsu-]*: | \?P<\w+> | (?!\?) ) )
      | (?P<digits> \\d | \[0-9\] )
      | (?P<any> \. | \\[wWSD] | \[ \^? \]? (?: \\. | [^]\\] )* \] )
      | (?P<letter> \\[^\w\s] | [^()|*+?{}\\] )
    )""",
    re.VERBOSE,
).match
_repeat = re.compile(
    r"(?: [*+?] | \{ (?P<least> [0-9]* ) (?: , [0-9]* )? \} ) [?+]?", re.VERBOSE
).match


class Neighbour(NamedTuple):
    """Two origins that an expression matches."""

    meant: str
    neighbour: str
    """One on another site."""


class _Wild(NamedTuple):
    """A place where an expression takes one letter or another."""

    usual: str
    """What stands there in what was meant, if that makes an origin."""
    otherwise: str
    """What stands there if it does not."""
    others: tuple[str, ...]
    """What a neighbour may have there."""


_Shape = tuple[str | _Wild, ...]


def neighbours(expression: re.Pattern[str], suffixes: PublicSuffixes) -> Iterator[Neighbour]:
    """Yield origins of other sites that an expression matches, each beside what it means.

    Its letters are taken for what is meant; where it takes any letter, others are put in. Nothing
    is yielded that the expression does not match, and nothing of what it lists as alternatives.
    """
    for shape, usual, origin in _readings(expression):
        meant = "".join(usual)
        site = suffixes.site(origin.host)
        if site is None:
            continue
        for place, part in enumerate(shape):
            for other in part.others if isinstance(part, _Wild) else ():
                text = "".join([*usual[:place], other, *usual[place + 1 :]])
                found = _matched(expression, text)
                if found is not None and suffixes.site(found.host) not in (None, site):
                    yield Neighbour(meant, text)


def meant_origins(expression: re.Pattern[str]) -> Iterator[tuple[str, Origin]]:
    """Yield origins that an expression matches, as it means them."""
    for _, usual, origin in _readings(expression):
        yield "".join(usual), origin


def _readings(expression: re.Pattern[str]) -> Iterator[tuple[_Shape, list[str], Origin]]:
    """Yield the shapes of an expression, with the texts of their parts that make an origin."""
    for shape in islice(_shapes(expression.pattern), _MAX_SHAPES):
        usual = [part if isinstance(part, str) else part.usual for part in shape]
        # In r"https://*.example.com", as somebody wrote it who meant a pattern, it is the first dot
        # that stands for a letter.
        letters = (
            [*usual[:place], part.otherwise, *usual[place + 1 :]]
            for place, part in enumerate(shape)
            if isinstance(part, _Wild) and part.otherwise != part.usual
        )
        for texts in (usual, *letters):
            origin = _matched(expression, "".join(texts))
            if origin is not None:
                yield shape, texts, origin
                break


def _matched(expression: re.Pattern[str], text: str) -> Origin | None:
    return parse_origin(text) if expression.fullmatch(text) else None


def _shapes(text: str) -> Iterator[_Shape]:
    """Yield what an expression may look like; nothing if it has what is not understood."""
    if len(text) > _MAX_LENGTH:
        return iter(())
    shapes, rest = _alternatives(text, 0)
    return iter(shapes if rest == len(text) else ())


def _alternatives(text: str, start: int) -> tuple[list[_Shape], int]:
    """Read up to the end, or to the parenthesis that closes a group."""
    found: list[_Shape] = []
    while True:
        shapes, start = _sequence(text, start)
        found += shapes
        if text[start : start + 1] != "|":
            return found, start
        start += 1


def _sequence(text: str, start: int) -> tuple[list[_Shape], int]:
    shapes: list[_Shape] = [()]
    while piece := _piece(text, start):
        start = piece.end()
        if piece["anchor"]:
            continue
        options: list[_Shape]
        if piece["group"]:
            options, start = _alternatives(text, start)
            start += 1  # the parenthesis; if it is not there, the end is not reached
        elif piece["letter"]:
            options = [(piece["letter"][-1],)]
        else:
            options = [(_wild(piece, repeated=False),)]
        repeat = _repeat(text, start)
        if repeat:
            start = repeat.end()
            least = {"*": "0", "?": "0"}.get(repeat[0][0], repeat["least"] or "1")
            if piece["any"] or piece["digits"]:
                options = [(_wild(piece, repeated=True),)]
            if least == "0":
                options = [*options, ()]
        shapes = [(*one, *more) for one, more in islice(product(shapes, options), _MAX_SHAPES)]
    return shapes, start


def _wild(piece: re.Match[str], *, repeated: bool) -> _Wild:
    if piece["digits"]:
        return _Wild("1", "1", ())  # pull requests and ports: nobody calls a site so
    if repeated:
        others = ("evil", "evil.", "a.evil", "evil-", "-evil", "a.evil.test", ".evil.test", "x")
        return _Wild("a", "a", others)
    # A dot that is not escaped was meant as one.
    return _Wild("." if piece["any"] == "." else "a", "a", ("x",))
