"""The rules of a Flask application, each with a URL that leads to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from werkzeug.exceptions import HTTPException

if TYPE_CHECKING:
    from werkzeug.routing import Map, MapAdapter, Rule

# `<int:id>`, `<any(a, b):name>` and `<name>`.
_variable = re.compile(
    r"<(?:(?P<converter>\w+)(?:\((?P<arguments>[^()]*)\))?:)?\w+>",
)

_SAMPLES = {"int": "1", "float": "1.0", "uuid": "00000000-0000-4000-8000-000000000000"}


class Sample(NamedTuple):
    """A rule, and a URL that leads to it."""

    rule: Rule
    path: str
    url: str


def samples(url_map: Map, server_name: str | None) -> Iterator[Sample | Rule]:
    """Yield each rule with a URL; or alone, if no URL was found that leads to it."""
    for rule in url_map.iter_rules():
        if not rule.websocket:
            yield next(_samples(url_map, rule, server_name or "localhost"), rule)


def pattern_of(rule: str) -> str:
    """Return the path pattern for a rule: its path, or everything below its first variable."""
    fixed = rule.partition("<")[0]
    return rule if fixed == rule else f"{fixed.rpartition('/')[0]}/*"


def _samples(url_map: Map, rule: Rule, server_name: str) -> Iterator[Sample]:
    """Yield URLs that lead to a rule."""
    for other in ("x", *_SAMPLES.values(), "xx"):
        subdomain = _filled(rule.subdomain or "", other)
        host = f"{subdomain}.{server_name}" if subdomain else server_name
        if url_map.host_matching:
            host = _filled(rule.host or server_name, other)
            adapter = url_map.bind(host)
        else:
            adapter = url_map.bind(server_name, subdomain=subdomain)
        path = _filled(rule.rule, other)
        if _leads_to(adapter, path, rule):
            yield Sample(rule, path, f"https://{host}{quote(path)}")


def _leads_to(adapter: MapAdapter, path: str, rule: Rule) -> bool:
    try:
        found, _ = adapter.match(path, method=min(rule.methods or ["GET"]), return_rule=True)
    except HTTPException:
        return False
    return found is rule


def _filled(text: str, other: str) -> str:
    """Return a rule with values for its variables, which is `other` for unknown converters."""

    def value(variable: re.Match[str]) -> str:
        converter, arguments = variable["converter"], variable["arguments"] or ""
        if converter == "any":
            return arguments.split(",")[0].strip("\"' ")
        if converter in (None, "default", "string"):
            return "x" * max(map(int, re.findall(r"\d+", arguments)), default=1)
        return _SAMPLES.get(converter, other)

    return _variable.sub(value, text)
