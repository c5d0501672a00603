"""URLs for the rules of Flask applications."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import BaseConverter

from corswsgi.migrate.rules import Sample, pattern_of, samples


class Twice(BaseConverter):
    regex = "xx"


class Never(BaseConverter):
    regex = "never"


@pytest.mark.parametrize(
    ("rule", "url"),
    [
        ("/", "https://localhost/"),
        ("/a/<int:id>/<float:f>", "https://localhost/a/1/1.0"),
        ("/<path:p>", "https://localhost/x"),
        ("/<name>/<string(length=3):code>", "https://localhost/x/xxx"),
        ("/<any(one, 'two'):which>", "https://localhost/one"),
        ("/<uuid:u>", "https://localhost/00000000-0000-4000-8000-000000000000"),
        ("/<twice:t>", "https://localhost/xx"),
        ("/a b/ü/", "https://localhost/a%20b/%C3%BC/"),
    ],
)
def test_urls(rule: str, url: str) -> None:
    app = Flask(__name__, static_folder=None)
    app.url_map.converters["twice"] = Twice
    app.add_url_rule(rule, "view", methods=["PUT"])
    (sample,) = samples(app.url_map, None)
    assert isinstance(sample, Sample)
    assert (sample.rule.rule, sample.url) == (rule, url)


def test_rules_that_nothing_leads_to() -> None:
    app = Flask(__name__, static_folder=None)
    app.url_map.converters["never"] = Never
    app.add_url_rule("/<never:n>", "view")
    app.add_url_rule("/a", "a")
    app.add_url_rule("/a", "shadowed")
    found = [*samples(app.url_map, None)]
    assert [each.endpoint for each in found if not isinstance(each, Sample)] == ["view", "shadowed"]
    assert [each.url for each in found if isinstance(each, Sample)] == ["https://localhost/a"]


def test_websockets_are_left_out() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/", "view", websocket=True)
    assert [*samples(app.url_map, None)] == []


@pytest.mark.parametrize(
    ("options", "rule", "url"),
    [
        ({"subdomain_matching": True}, {"subdomain": "api"}, "https://api.example.com/"),
        ({"subdomain_matching": True}, {"subdomain": "<user>"}, "https://x.example.com/"),
        ({"subdomain_matching": True}, {}, "https://example.com/"),
        ({"host_matching": True}, {"host": "api.example.net"}, "https://api.example.net/"),
    ],
)
def test_hosts(options: dict[str, Any], rule: dict[str, Any], url: str) -> None:
    app = Flask(__name__, static_folder=None, **options)
    app.config["SERVER_NAME"] = "example.com"
    app.add_url_rule("/", "view", **rule)
    (sample,) = samples(app.url_map, "example.com")
    assert isinstance(sample, Sample)
    assert sample.url == url


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [("/", "/"), ("/a/b", "/a/b"), ("/a/<int:id>/b", "/a/*"), ("/<x>", "/*"), ("/a/v<x>", "/a/*")],
)
def test_patterns(rule: str, pattern: str) -> None:
    assert pattern_of(rule) == pattern
