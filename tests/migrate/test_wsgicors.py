"""The migration from wsgicors."""

from __future__ import annotations

from typing import Any

import pytest
from wsgicors import CORS

from corswsgi.migrate import compare, find_migration

APP = "https://app.example.com"


def plain(environ: Any, start_response: Any) -> Any:
    raise NotImplementedError


def migrated(**given: Any) -> tuple[str, list[tuple[str, str]]]:
    """Return the source, and the differences by change and origin."""
    migration = find_migration(CORS(plain, **given))
    comparison = compare(migration.old, migration.new, migration.routes, migration.headers)
    source = "\n".join(snippet.source for snippet in migration.snippets)
    found = [(each.change, each.origin) for each in comparison.differences]
    return source, sorted({*found})


IMPORT = "from corswsgi import CORSMiddleware, Policy\n"


@pytest.mark.parametrize(
    ("given", "source"),
    [
        (
            {"origin": APP, "methods": "GET, PUT", "headers": "X-A", "maxage": "60"},
            (
                "application = CORSMiddleware(\n"
                "    application,\n"
                "    Policy(\n"
                f'        origins=["{APP}"],\n'
                '        methods=["GET", "PUT"],\n'
                '        allow_headers=["X-A"],\n'
                "        max_age=60,\n"
                "    ),\n"
                ")"
            ),
        ),
        (
            {"origin": "copy", "methods": "*", "headers": "*"},
            (
                "application = CORSMiddleware(\n"
                "    application,\n"
                '    Policy(origins="*", methods="*"),\n'
                ")"
            ),
        ),
        (
            {"policy": "a,b", "a_origin": APP, "b_origin": "https://*.example.org"},
            (
                "application = CORSMiddleware(\n"
                "    application,\n"
                "    Policy(\n"
                f'        origins=["{APP}", "https://*.example.org"],\n'
                "        methods=[],\n"
                "        allow_headers=[],\n"
                "    ),\n"
                ")"
            ),
        ),
    ],
)
def test_one_policy(given: dict[str, str], source: str) -> None:
    assert migrated(**given) == (f"{IMPORT}{source}", [])


@pytest.mark.parametrize("given", [{"policy": "deny"}, {"policy": "none"}, {"origin": ""}])
def test_without_origins(given: dict[str, str]) -> None:
    assert migrated(**given) == (
        (
            "from corswsgi import CORSMiddleware\n"
            'application = CORSMiddleware(application, resources={"/*": None})'
        ),
        [],
    )


SEVERAL = {
    "a_origin": APP,
    "a_methods": "PUT",
    "a_headers": "*",
    "a_credentials": "true",
    "b_origin": "https://b.example http://localhost:*",
    "b_methods": "GET",
}


def test_several_policies() -> None:
    source, differences = migrated(policy="a, b, deny", **SEVERAL)
    assert "policy_for" in source
    assert "REQUEST_METHOD" not in source
    assert differences == []


def test_policies_for_methods() -> None:
    source, differences = migrated(policy="a, b", matchstrategy="verbmatch", **SEVERAL)
    assert "REQUEST_METHOD" in source
    assert differences == []


def test_any_origin_with_credentials() -> None:
    source, differences = migrated(origin="*", methods="GET", headers="*", credentials="true")
    assert "supports_credentials" not in source
    assert differences == [("closed", "https://evil.example"), ("closed", "null")]


@pytest.mark.parametrize(
    ("pattern", "origins"),
    [
        ("*.example.org", '"https://*.example.org", "http://*.example.org"'),
        ("https://*.example.org", '"https://*.example.org"'),
        ("http://localhost:*", '"http://localhost:*"'),
        ("https://a?.example.org", r're.compile(r"https://a.\.example\.org")'),
        ("*://a.example.org", r're.compile(r".*://a\.example\.org")'),
    ],
)
def test_patterns(pattern: str, origins: str) -> None:
    source, differences = migrated(origin=pattern, methods="GET", headers="*")
    assert " ".join(origins.split()) in " ".join(source.split()).replace("[ ", "[")
    assert [each for each in differences if each[0] == "lost"] == []
    assert ("import re\n" in source) == ("re.compile" in origins)
