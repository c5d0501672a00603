"""Expressions: analyse which origins a regular expression can match."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice, product
from typing import NamedTuple

from .origins import Origin, parse_origin
from .suffixes import PublicSuffixes

_MAX_TEMPLATES = 256
_MAX_LENGTH = 512  # in characters; longer expressions are not analysed

# One piece of an expression, and how often it may occur. Expressions with other pieces, such as
# lookahead, are not analysed.
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
    """Two origins of different sites that one expression matches."""

    meant: str
    """An origin that the author of the expression probably had in mind."""
    neighbour: str
    """An origin of another site."""


class _Variable(NamedTuple):
    """A place where an expression matches different letters."""

    usual: str
    """The text to put there for an origin that the author had in mind."""
    fallback: str
    """The text to put there if the result with `usual` is not an origin."""
    others: tuple[str, ...]
    """Texts to put there for origins of other sites."""


_Template = tuple[str | _Variable, ...]


def neighbours(expression: re.Pattern[str], suffixes: PublicSuffixes) -> Iterator[Neighbour]:
    """Yield origins of other sites that an expression matches, each with an origin that it means.

    Literal letters are what the expression means; other texts are tried where it matches any
    letter. The expression matches everything that is yielded. Alternatives that it lists explicitly
    are not other sites.
    """
    for template, usual, origin in _meant_texts(expression):
        meant = "".join(usual)
        site = suffixes.site(origin.host)
        if site is None:
            continue
        for place, part in enumerate(template):
            for other in part.others if isinstance(part, _Variable) else ():
                text = "".join([*usual[:place], other, *usual[place + 1 :]])
                found = _matched(expression, text)
                if found is not None and suffixes.site(found.host) not in (None, site):
                    yield Neighbour(meant, text)


def malformed_literal(expression: re.Pattern[str]) -> str | None:
    """Return the text of an expression that is plain text, but not an origin; None for others.

    Such an expression never matches.
    """
    written = expression.pattern.removeprefix("^").removesuffix("$")
    text = _unescaped(written)
    if set(text) & set("\\^$*+?()[]{}|") or expression.flags & (re.IGNORECASE | re.VERBOSE):
        return None
    # An unescaped dot may stand for itself or for a letter.
    lettered = _unescaped(re.sub(r"(?<!\\)\.", "a", written))
    return text if parse_origin(text) is None and parse_origin(lettered) is None else None


def _unescaped(text: str) -> str:
    return re.sub(r"\\([./:-])", r"\1", text)


def meant_origins(expression: re.Pattern[str]) -> Iterator[tuple[str, Origin]]:
    """Yield origins that the author of an expression probably had in mind."""
    for _, usual, origin in _meant_texts(expression):
        yield "".join(usual), origin


def _meant_texts(
    expression: re.Pattern[str],
) -> Iterator[tuple[_Template, list[str], Origin]]:
    """Yield the templates of an expression, each with texts for its parts that form an origin."""
    for template in islice(_templates(expression.pattern), _MAX_TEMPLATES):
        usual = [part if isinstance(part, str) else part.usual for part in template]
        # In r"https://*.example.com", which was meant as a pattern, the first dot is a letter.
        alternatives = (
            [*usual[:place], part.fallback, *usual[place + 1 :]]
            for place, part in enumerate(template)
            if isinstance(part, _Variable) and part.fallback != part.usual
        )
        for texts in (usual, *alternatives):
            origin = _matched(expression, "".join(texts))
            if origin is not None:
                yield template, texts, origin
                break


def _matched(expression: re.Pattern[str], text: str) -> Origin | None:
    return parse_origin(text) if expression.fullmatch(text) else None


def _templates(text: str) -> Iterator[_Template]:
    """Yield the templates of an expression; none if it cannot be analysed."""
    if len(text) > _MAX_LENGTH:
        return iter(())
    templates, end = _alternatives(text, 0)
    return iter(templates if end == len(text) else ())


def _alternatives(text: str, start: int) -> tuple[list[_Template], int]:
    """Read up to the end, or to the parenthesis that closes a group."""
    found: list[_Template] = []
    while True:
        templates, start = _sequence(text, start)
        found += templates
        if text[start : start + 1] != "|":
            return found, start
        start += 1


def _sequence(text: str, start: int) -> tuple[list[_Template], int]:
    templates: list[_Template] = [()]
    while piece := _piece(text, start):
        start = piece.end()
        if piece["anchor"]:
            continue
        options: list[_Template]
        if piece["group"]:
            options, start = _alternatives(text, start)
            start += 1  # the parenthesis; without it, the end of the text is not reached
        elif piece["letter"]:
            options = [(piece["letter"][-1],)]
        else:
            options = [(_variable(piece, repeated=False),)]
        repeat = _repeat(text, start)
        if repeat:
            start = repeat.end()
            least = {"*": "0", "?": "0"}.get(repeat[0][0], repeat["least"] or "1")
            if piece["any"] or piece["digits"]:
                options = [(_variable(piece, repeated=True),)]
            if least == "0":
                options = [*options, ()]
        combinations = islice(product(templates, options), _MAX_TEMPLATES)
        templates = [(*before, *after) for before, after in combinations]
    return templates, start


def _variable(piece: re.Match[str], *, repeated: bool) -> _Variable:
    if piece["digits"]:
        return _Variable("1", "1", ())  # digits are numbers of pull requests, and ports
    if repeated:
        others = ("evil", "evil.", "a.evil", "evil-", "-evil", "a.evil.test", ".evil.test", "x")
        return _Variable("a", "a", others)
    # An unescaped dot was probably meant literally.
    return _Variable("." if piece["any"] == "." else "a", "a", ("x",))


# Parts of origins that no expression means, with different letters, lengths and forms. They look
# random, but are constants: a configuration must get the same answer at every start.
_LABELS = (
    "q",
    "qz",
    "qzv",
    "qzvxk",
    "qzvxkwj",
    "qzvxkwjqhf",
    "x7q9k2w4zj",
    "7942",
    "qz-vx-9",
    "qzv-xkwj",
)
_FIRST_LABELS = ("", "www.", "app.", "api.", "admin.", "qzvxk.")
_SUFFIXES = (
    *("com", "net", "org", "info", "io", "dev", "app", "ai", "co", "me", "xyz", "qzvxkwj"),
    *("at", "au", "be", "br", "ca", "ch", "cn", "de", "es", "eu", "fr", "in", "it", "jp", "nl"),
    *("pl", "ru", "se", "uk", "us", "co.uk", "com.au", "com.br", "co.jp"),
    *("azurewebsites.net", "cloudfront.net", "firebaseapp.com", "fly.dev", "github.io"),
    *("herokuapp.com", "netlify.app", "ngrok.io", "onrender.com", "pages.dev", "vercel.app"),
    *("web.app", "workers.dev"),
)
_ADDRESSES = ("203.0.113.7", "198.51.100.23", "[2001:db8::7942]")
_PORTS = ("", ":80", ":443", ":3000", ":4200", ":5000", ":5173", ":8000", ":8080", ":8443")


def probes(expression: str) -> Iterator[str]:
    """Yield tens of thousands of unrelated origins. No expression should match one of them.

    Some have the ports that occur in the expression.
    """
    ports = dict.fromkeys((*_PORTS, *re.findall(r":[0-9]+", expression)))
    hosts = (
        f"{first}{label}.{suffix}"
        for first in _FIRST_LABELS
        for label in _LABELS
        for suffix in _SUFFIXES
    )
    for host in chain(hosts, _ADDRESSES):
        for port in ports:
            if port != ":443":
                yield f"https://{host}{port}"
            if port != ":80":
                yield f"http://{host}{port}"
