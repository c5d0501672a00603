"""wsgicors: reads the policies of a middleware, and writes the new one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from copy import copy
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from corswsgi.origins import parse_pattern

from .comparison import Route
from .migration import Migration, Snippet
from .policies import OldPolicy, Rule, new_policy
from .source import call_source, enclosed

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Character classes of file name patterns are taken literally.
_WILDCARDS = {"*": ".*", "?": "."}

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def migrate(middleware: Any, imports: Iterable[str]) -> Migration:
    """Return the migration of a middleware."""
    olds = [*_policies(middleware)]
    # One policy is enough if nothing but the origins is different.
    is_same = len({replace(old, origins=(), any_origin=False) for old in olds}) == 1
    merged = [olds[0].with_origins_of(olds[1:])] if is_same else olds
    news = [*map(new_policy, merged)]
    remarks = [remark for new in news for remark in new.remarks]
    calls = [call_source("Policy", [], new.options) for new in news if new.options is not None]
    source = _source(calls, by_method=middleware.matchstrategy == "verbmatch")
    lines = [
        *(["import re", ""] if "re.compile(" in source else []),
        f"from corswsgi import CORSMiddleware{', Policy' if calls else ''}",
    ]
    snippets = [Snippet("\n".join(lines)), Snippet(source, "instead of wsgicors.CORS")]
    before = copy(middleware)
    before.application = _stub
    names: dict[str, Any] = {"application": _stub}
    for snippet in snippets:
        exec(snippet.source, names)  # noqa: S102 - it was written here
    listed = frozenset(origin for old in olds for origin in old.listed())
    is_public = any(old.is_public for old in olds)
    return Migration(
        library="wsgicors",
        version=version("wsgicors"),
        place="the WSGI application",
        snippets=snippets,
        remarks=remarks,
        imports=[*imports],
        old=nullcontext(before),
        new=nullcontext(names["application"]),
        # All paths have the same policies.
        routes=[Route("/*", "https://localhost/", METHODS, listed, is_public)],
        headers=sorted({name for old in olds for name in old.named_headers}),
    )


BY_ORIGIN = """\
policies = {policies}


def policy_for(environ):
    origin = environ.get("HTTP_ORIGIN", "")
    for policy in policies:
        matcher = policy.origin_matcher
        if policy.allows_any_origin or matcher.matches(origin):
            return policy
    return policies[-1]


application = CORSMiddleware(application, policy_for)"""

BY_METHOD = """\
policies = {policies}


def policy_for(environ):
    origin, method = environ.get("HTTP_ORIGIN", ""), environ["REQUEST_METHOD"]
    method = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", method)
    for policy in policies:
        matcher, methods = policy.origin_matcher, policy.methods or [method]
        if policy.allows_any_origin or matcher.matches(origin):
            if "*" in methods or method in methods:
                return policy
    return None


application = CORSMiddleware(application, policy_for)"""


def _source(policies: list[str], *, by_method: bool) -> str:
    if not policies:
        return 'application = CORSMiddleware(application, resources={"/*": None})'
    if len(policies) == 1:
        return f"application = {call_source('CORSMiddleware', ['application', *policies], {})}"
    return (BY_METHOD if by_method else BY_ORIGIN).format(policies=enclosed("[", policies, "]"))


def _stub(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return []


def _policies(middleware: Any) -> Iterator[OldPolicy]:
    """Yield the policies in the order in which they are tried, until one that ends the search."""
    for name in middleware.activepolicies:
        if name == "deny":
            return
        policy = middleware.policies[name]
        has_patterns = bool(policy.match)
        yield OldPolicy(
            origins=tuple(rule for text in policy.match for rule in _rules(text)),
            any_origin=not has_patterns and policy.origin in ("*", "copy"),
            methods=_split(",", ",".join(policy.methods)),
            allow_headers=_split(",", policy.headers),
            expose_headers=_split(",", policy.expose_headers),
            supports_credentials=policy.credentials == "true",
            max_age=policy.maxage,
        )


def _split(separator: str, text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(separator) if part.strip())


def _rules(text: str) -> Iterator[Rule]:
    """Yield the origins for a pattern of file names."""
    if parse_pattern(text) is not None or not re.search("[*?]", text):
        yield text
        return
    host = text.partition("://")[2] or text
    if parse_pattern(f"https://{host}") is not None and "://" not in text:
        yield f"https://{host}"
        yield f"http://{host}"
    else:
        yield re.compile("".join(_WILDCARDS.get(each, re.escape(each)) for each in text))
