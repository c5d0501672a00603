"""Cases: fetches of a page, with correct, wrong and unusual answers of a server.

Header values may contain placeholders: ``{page}``, ``{api}`` and ``{other}`` are the origins of the
page, of the server and of a third party. ``{method}`` and ``{asked}`` are the method and the header
names in a preflight. ``next`` is the next URL of a chain of redirects.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from corswsgi.browser import Credentials, Headers, Mode

PAGE, ANY = "{page}", "*"


@dataclass(frozen=True)
class Fetch:
    """The second argument of ``fetch()``."""

    method: str = "GET"
    headers: Headers = ()
    credentials: Credentials = "same-origin"
    mode: Mode = "cors"
    body: str | None = None

    def init(self) -> dict[str, Any]:
        """Return the argument as JSON."""
        init: dict[str, Any] = {
            "method": self.method,
            "headers": self.headers,
            "credentials": self.credentials,
            "mode": self.mode,
        }
        return init if self.body is None else {**init, "body": self.body}


@dataclass(frozen=True)
class Answer:
    """The answer of the server."""

    status: int = 200
    headers: Headers = ()


ALLOWS = (("Access-Control-Allow-Origin", PAGE), ("Access-Control-Allow-Credentials", "true"))
ADMITS = (
    *ALLOWS,
    ("Access-Control-Allow-Methods", "{method}"),
    ("Access-Control-Allow-Headers", "{asked}"),
)


@dataclass(frozen=True)
class Case:
    """Fetches of one URL, one after the other, and the answers to them."""

    name: str
    fetches: tuple[Fetch, ...]
    preflights: tuple[Answer, ...] = (Answer(204, ADMITS),)
    """The answer to a preflight of each URL in a chain of redirects. The last one is repeated."""
    answers: tuple[Answer, ...] = (Answer(200, ALLOWS),)
    """The answer of each URL in a chain of redirects. The last one is repeated."""
    is_same_origin: bool = False
    """Whether the URL has the page's own origin."""


def cases(count: int, seed: int = 5) -> Iterator[Case]:
    """Generate the known cases, and random cases of each kind.

    The same arguments result in the same cases. Kinds that are listed more often are more frequent.
    """
    chance = random.Random(seed)
    kinds = (
        *(_requests, _requests, _requests, _preflights, _preflights, _preflights),
        *(_responses, _responses, _redirects, _redirects, _redirects, _cached, _cached, _modes),
    )
    yield from KNOWN[:count]
    for number in range(len(KNOWN), count):
        kind = kinds[number % len(kinds)]
        yield replace(kind(chance), name=f"{kind.__name__[1:]} {number}")


METHODS = (
    *("GET", "GET", "HEAD", "POST", "PUT", "PUT", "DELETE", "PATCH", "patch", "put", "get"),
    *("Delete", "OPTIONS", "options", "CHICKEN", "TRACE", "connect", "TRACK"),
)
SAFE_TYPES = (
    *("text/plain", "TEXT/Plain; charset=utf-8", "multipart/form-data; boundary=x"),
    *("application/x-www-form-urlencoded", " text/plain ", "text/plain;;", "text/plain;a=b"),
)
REQUEST_HEADERS = (
    *(("Content-Type", value) for value in SAFE_TYPES),
    ("Content-Type", "application/json"),
    ("Content-Type", 'text/plain; charset="utf-8"'),
    ("Content-Type", "text/plain, text/html"),
    ("Content-Type", "text/html"),
    ("Content-Type", "text"),
    ("Content-Type", "text /plain"),
    ("Content-Type", "text/plain(x)"),
    ("Content-Type", f"text/plain;{'a' * 117}"),
    ("Content-Type", f"text/plain;{'a' * 118}"),
    ("Content-Type", ""),
    ("Accept", "text/html, */*;q=0.1"),
    ("Accept", 'text/"html"'),
    ("Accept", "a" * 128),
    ("Accept", "a" * 129),
    ("Accept", "text/html\tx"),
    ("Accept", "t\xe4xt/html"),
    ("Accept", "{}"),
    ("Accept-Language", "de, en;q=0.5"),
    ("Accept-Language", "de_DE"),
    ("Accept-Language", "d\xe9"),
    ("Content-Language", "de-*"),
    ("Content-Language", "de@"),
    ("Range", "bytes=0-9"),
    ("Range", "bytes=5-"),
    ("Range", "bytes=-5"),
    ("Range", "bytes=9-0"),
    ("Range", "bytes=0-1,3-4"),
    ("Range", "bytes =0-1"),
    ("Range", "items=0-1"),
    ("Authorization", "Basic eDp5"),
    ("X-A", "1"),
    ("X-A", ""),
    ("x-b", "2"),
    ("If-None-Match", '"x"'),
    ("X-Requested-With", "XMLHttpRequest"),
    ("Cookie", "a=b"),
    ("Sec-Anything", "1"),
    ("Proxy-Anything", "1"),
    ("Origin", "https://evil.test"),
    ("Access-Control-Request-Method", "PUT"),
    ("Set-Cookie", "a=b"),
    ("X-HTTP-Method-Override", "PUT"),
    ("X-HTTP-Method-Override", "trace"),
    ("X-Method-Override", "GET,TRACK"),
    ("Cache-Control", "max-age=0"),
    ("DPR", "1"),
    ("Width", "1"),
)


def _request_headers(chance: random.Random, most: int) -> Headers:
    found: dict[str, tuple[str, str]] = {}
    for name, value in chance.sample(REQUEST_HEADERS, chance.randint(0, most)):
        found[name.lower()] = name, value
    return tuple(found.values())


def _credentials(chance: random.Random) -> Credentials:
    modes: Sequence[Credentials] = ("same-origin", "omit", "include")
    return chance.choice(modes)


def _fetch(chance: random.Random, most: int = 3) -> Fetch:
    method = chance.choice(METHODS)
    body = chance.choice((None, "body")) if method in ("POST", "PUT", "PATCH", "put") else None
    return Fetch(method, _request_headers(chance, most), _credentials(chance), body=body)


def _requests(chance: random.Random) -> Case:
    """Various requests to a server that allows everything."""
    return Case("", (_fetch(chance),))


ORIGINS = (
    *((PAGE,), (PAGE,), (ANY,), (), (PAGE, PAGE), (f"{PAGE}, {ANY}",), ("null",), (f"{PAGE}/",)),
    *((ANY, ANY), ("HTTP://127.0.0.1",), ("{other}",), ("",), (f"  {PAGE}\t",), ("{api}",)),
    *((f"{PAGE} {PAGE}",), ("127.0.0.1",), (f"{PAGE},",), ("**",)),
)
CREDENTIALS = (("true",), ("true",), (), ("True",), ("TRUE",), ("false",), ("true", "true"), ("1",))
LISTS_OF_METHODS = (
    *(("{method}",), ("{method}",), (), ("*",), ("PUT",), ("put",), ("PUT, DELETE",), ("",)),
    *(("PUT", "DELETE, PATCH"), ("PUT,,DELETE,",), ("PUT; DELETE",), ('"PUT"',), ("PUT DELETE",)),
    *(("*, PUT",), ("PATCH",), ("patch",), ("CHICKEN , PUT",), ("chicken",), ("PUT", "@"), (",",)),
)
LISTS_OF_HEADERS = (
    *(("{asked}",), ("{asked}",), (), ("*",), ("x-a",), ("X-A, X-B",), ("x-a", "x-b"), ("",)),
    *(("x-a x-b",), ("x-a;x-b",), ("*, authorization",), ("authorization",), ("x-a,,X-B ,",)),
    *(("content-type, x-a, x-b",), ("Authorization,*,x-a",), ("{asked}", "("), ("x-a, x\xe9",)),
    *(("content-type,accept,accept-language,content-language,range,x-a,x-b",),),
)
MAX_AGES = (
    *((), ("0",), ("600",), ("-1",), ("abc",), ("",), ("10.5",), ("600, 600",), ("600", "600")),
    *(("+600",), (" 600 ",), ("9" * 25,), ("600s",), ("0600",), ("0", "600"), ("-0",), ("1e3",)),
    *(("86400",), ("'600'",), ("600 0",), ("0x10",)),
)
OK_STATUSES = (200, 204, 201, 299)
STATUSES = (*OK_STATUSES, *OK_STATUSES, 300, 301, 302, 307, 308, 400, 401, 403, 404, 405, 500, 503)


def _lines(name: str, values: Sequence[str]) -> Headers:
    return tuple((f"Access-Control-{name}", value) for value in values)


def _preflight(chance: random.Random, unusual: int) -> Answer:
    """The answer to a preflight, in which some parts are unusual or wrong."""
    parts: dict[str, Sequence[str]] = {
        "Allow-Origin": (PAGE,),
        "Allow-Credentials": ("true",),
        "Allow-Methods": ("{method}",),
        "Allow-Headers": ("{asked}",),
        "Max-Age": (),
    }
    pools = {
        "Allow-Origin": ORIGINS,
        "Allow-Credentials": CREDENTIALS,
        "Allow-Methods": LISTS_OF_METHODS,
        "Allow-Headers": LISTS_OF_HEADERS,
        "Max-Age": MAX_AGES,
    }
    status = chance.choice(OK_STATUSES)
    for part in chance.choices((*pools, "status"), k=unusual):
        if part == "status":
            status = chance.choice(STATUSES)
        else:
            parts[part] = chance.choice(pools[part])
    headers = tuple(line for part, values in parts.items() for line in _lines(part, values))
    if status in (301, 302, 307, 308):
        headers = (*headers, ("Location", "{api}/next"))
    return Answer(status, headers)


PREFLIGHTED_METHODS = ("PUT", "PUT", "DELETE", "PATCH", "patch", "CHICKEN", "GET", "POST")
PREFLIGHTED_HEADERS: tuple[Headers, ...] = (
    (),
    (("X-A", "1"),),
    (("X-A", "1"), ("X-B", "2")),
    (("Authorization", "Basic eDp5"),),
    (("Authorization", "Basic eDp5"), ("X-A", "1")),
    (("Content-Type", "application/json"),),
    (("Accept", "{}"), ("X-A", "1")),
)


def _preflighted(chance: random.Random) -> Fetch:
    return Fetch(
        chance.choice(PREFLIGHTED_METHODS),
        chance.choice(PREFLIGHTED_HEADERS),
        _credentials(chance),
    )


def _preflights(chance: random.Random) -> Case:
    """Various answers to preflights."""
    answer = _preflight(chance, chance.choice((1, 1, 2, 3)))
    return Case("", (_preflighted(chance),), preflights=(answer,))


EXPOSED = (
    *((), ("*",), ("X-A",), ("x-a,X-B",), ("X-A;X-B",), ("Set-Cookie",), ("X-A", "x-b"), ("",)),
    *(("*, X-A",), (" x-a , ",), ("X-A X-B",), ("etag,X-C",), ("*", "x-a"), ("x-a,(",), (",",)),
    *(("set-cookie,set-cookie2,x-a",), ("x-\xe9,x-a",)),
)
SENT: Headers = (
    ("X-A", "1"),
    ("X-B", "2"),
    ("X-B", "3"),
    ("ETag", '"x"'),
    ("Set-Cookie", "c=d; Max-Age=0"),  # expired: browsers limit cookies per host
    ("Content-Language", "de"),
    ("Expires", "0"),
    ("Pragma", "no-cache"),
    ("Last-Modified", "Thu, 01 Jan 1970 00:00:00 GMT"),
)


def _response(chance: random.Random, status: int, *, unusual: int = 3) -> Answer:
    origin: Sequence[str] = ORIGINS[0]
    credentials: Sequence[str] = CREDENTIALS[0]
    exposed: Sequence[str] = EXPOSED[0]
    for part in chance.choices(range(3), k=unusual):
        if part == 0:
            origin = chance.choice(ORIGINS)
        elif part == 1:
            credentials = chance.choice(CREDENTIALS)
        else:
            exposed = chance.choice(EXPOSED)
    headers = (
        *_lines("Allow-Origin", origin),
        *_lines("Allow-Credentials", credentials),
        *_lines("Expose-Headers", exposed),
        *SENT,
    )
    return Answer(status, headers)


def _responses(chance: random.Random) -> Case:
    """Various headers of responses."""
    fetch = Fetch(chance.choice(("GET", "POST", "PUT")), (), _credentials(chance))
    status = chance.choice((200, 200, 201, 204, 300, 400, 401, 404, 418, 500))
    answer = _response(chance, status, unusual=chance.choice((1, 2, 3)))
    return Case("", (fetch,), answers=(answer,))


REDIRECTS = (301, 302, 303, 307, 308)
LOCATIONS: tuple[tuple[str, ...], ...] = (
    *(("{api}/next",), ("{other}/next",), ("{page}/next",), ("next",), ("//{api}/next",)),
    *(("http://a:b@{api}/next",), ("http://a:b@{page}/next",), ("http://a:b@{api}/next",)),
    *(("http://[",), ("mailto:a@b",)),
    *(("data:,x",), ("HTTP:next",), ("{other}/next#fragment",), ("\\next",), ("http://a:99999/",)),
    *(("",), ("{api}/next", "{other}/next"), ("{api}/next", "{api}/next"), (), ("?x",)),
)


def _redirects(chance: random.Random) -> Case:
    """Redirects to the same or other origins."""
    redirects = chance.choice((1, 1, 1, 2, 2, 3))
    ways: Sequence[tuple[str, ...]] = ((PAGE,), (ANY,), ("null",), ("*",), ("null",), ())
    answers = []
    for position in range(redirects + 1):
        origin = (PAGE,) if position == 0 and chance.random() < 0.9 else chance.choice(ways)
        headers = (*_lines("Allow-Origin", origin), *_lines("Allow-Credentials", ("true",)))
        if position < redirects:
            # Unusual Locations in the middle of a chain test the handling of URLs, not of CORS.
            unusual = redirects == 1 and chance.random() < 0.6
            locations = chance.choice(LOCATIONS if unusual else LOCATIONS[:3])
            lines = tuple(("Location", location) for location in locations)
            answers.append(Answer(chance.choice(REDIRECTS), (*headers, *lines)))
        else:
            answers.append(Answer(200, (*headers, *SENT)))
    fetch = _preflighted(chance) if chance.random() < 0.6 else _fetch(chance, most=1)
    if chance.random() < 0.2:
        modes: Sequence[Mode] = ("no-cors", "same-origin")
        fetch = replace(fetch, mode=chance.choice(modes))
    preflights = (
        Answer(204, ADMITS),
        Answer(
            204,
            (
                *_lines("Allow-Origin", chance.choice(ways)),
                *ADMITS[1:],
            ),
        ),
    )
    # From the page's own origin, there is only one redirect, because WebKit's behaviour for a
    # second one follows no rule that the table could describe.
    is_same_origin = redirects == 1 and chance.random() < 0.4
    return Case("", (fetch,), preflights, tuple(answers), is_same_origin=is_same_origin)


def _cached(chance: random.Random) -> Case:
    """Fetches that follow a preflight, which may be cached."""
    first = _preflighted(chance)
    second = chance.choice((first, first, _preflighted(chance), replace(first, headers=())))
    # Engines accept `*` for Authorization, depending on the credentials mode of both fetches.
    has_authorization = any(
        name == "Authorization" for fetch in (first, second) for name, _ in fetch.headers
    )
    if has_authorization:
        second = replace(second, credentials=first.credentials)
    elif chance.random() < 0.3:
        second = replace(second, credentials=_credentials(chance))
    answer = _preflight(chance, 0)
    headers = tuple(line for line in answer.headers if line[0] in dict(ALLOWS))
    lists = chance.choice(
        (
            (("{method}",), ("{asked}",)),
            (("PUT, DELETE, PATCH, patch, CHICKEN",), LISTS_OF_HEADERS[-1]),
            (("*",), ("*",)),
            (("*", "PUT"), ("*", "authorization")),
            (("*", "PUT"), ("*, authorization, x-a",)),
        )
    )
    headers = (
        *headers,
        *_lines("Allow-Methods", lists[0]),
        *_lines("Allow-Headers", lists[1]),
        *_lines("Max-Age", chance.choice(MAX_AGES)),
    )
    return Case("", (first, second, first), preflights=(replace(answer, headers=headers),))


def _modes(chance: random.Random) -> Case:
    """Modes other than ``cors``, and the page's own origin."""
    modes: Sequence[Mode] = ("no-cors", "no-cors", "same-origin", "cors")
    fetch = replace(_fetch(chance, most=2), mode=chance.choice(modes))
    if chance.random() < 0.5:
        fetch = replace(fetch, method=chance.choice(("GET", "HEAD", "POST", "post")), body=None)
    answer = _response(chance, 200)
    return Case("", (fetch,), answers=(answer,), is_same_origin=chance.random() < 0.4)


def _redirected(locations: Sequence[str], status: int = 302) -> tuple[Answer, ...]:
    redirects = (Answer(status, (*ALLOWS, ("Location", location))) for location in locations)
    return (*redirects, Answer(200, (*ALLOWS, *SENT)))


_JSON: Headers = (("Content-Type", "application/json"),)
_LISTS = (
    *ALLOWS,
    ("Access-Control-Allow-Methods", "*, PUT"),
    ("Access-Control-Allow-Headers", "*, x-a"),
)

# Cases that random generation would reach rarely or never.
KNOWN = (
    Case("known: ten redirects", (Fetch(),), answers=_redirected(["{api}/next"] * 10)),
    Case("known: twenty redirects", (Fetch(),), answers=_redirected(["{api}/next"] * 20)),
    Case("known: too many redirects", (Fetch(),), answers=_redirected(["{api}/next"] * 21)),
    Case("known: out and back", (Fetch(),), answers=_redirected(["{other}/next", "{api}/next"])),
    Case(
        "known: a password, at the page's own origin",
        (Fetch(),),
        answers=_redirected(["http://a:b@{page}/next"]),
        is_same_origin=True,
    ),
    Case(
        "known: a password, out of the page's own origin",
        (Fetch("PUT"),),
        answers=_redirected(["http://a:b@{api}/next"]),
        is_same_origin=True,
    ),
    Case(
        "known: a body's headers, after two redirects",
        (Fetch("POST", _JSON),),
        answers=_redirected(["{api}/next", "{api}/next"]),
    ),
    Case(
        "known: a cached `*` that was not a wildcard",
        (Fetch("PUT", (("X-A", "1"),), "include"), Fetch("DELETE", (("X-A", "1"),), "include")),
        preflights=(Answer(204, _LISTS),),
    ),
    Case(
        "known: safelisted values, over 1024 bytes together",
        (Fetch(headers=(("Accept-Language", "de"), *(("Accept", "a" * 120) for _ in range(9)))),),
    ),
    Case(
        "known: the Content-Type of a body",
        (Fetch("POST", body="text"), Fetch("PUT", body="text"), Fetch("POST", _JSON, body="{}")),
    ),
)
