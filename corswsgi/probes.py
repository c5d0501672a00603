"""Probes: origins of nobody in particular, to find expressions that are far too wide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

# The parts of origins that nobody would mean, in the alphabets, lengths and shapes that
# expressions name. They look random, but are constants: the same configuration has to get the
# same answer at every start.
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
    """Return tens of thousands of origins; an expression that matches one is anybody's.

    Ports that the expression names are among them.
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
