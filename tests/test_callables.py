"""Callables that cannot check origins, in the words of every configuration."""

from __future__ import annotations

import builtins
import operator
import re
from collections.abc import Callable
from enum import Enum
from functools import partial, wraps
from types import MethodType, ModuleType
from typing import Any

import pytest
from flask import Flask

from corswsgi import Policy, PolicyError, Problem, decide
from corswsgi.callables import find_mistake
from corswsgi.requests import CORSRequest
from corswsgi.rules import is_async
from corswsgi.validation import read_options
from corswsgi_flask import CORS
from tests.django.checking import said

APP = "https://app.example.com"
OTHER = "https://other.example.com"
EXPRESSION = re.compile(r"https://[a-z]+\.example\.com", re.IGNORECASE)
EXAMPLE = (
    'list the origins, as in origins=["https://app.example.com"], or write a function that takes '
    "an origin and returns True or False."
)


class Tenants:
    def __call__(self, origin: str) -> bool:
        raise NotImplementedError

    def allows(self, origin: str) -> bool:
        raise NotImplementedError

    @classmethod
    def allow(cls, origin: str) -> bool:
        raise NotImplementedError


class Inherited(Tenants):
    pass


class AsynchronousTenants:
    async def __call__(self, origin: str) -> bool:
        raise NotImplementedError


class Texts(str, Enum):
    APP = APP


MATCH = re.match.__name__  # prefixmatch, since Python 3.15
OF_EXPRESSION = r"'https://[a-z]+\\.example\\.com' does not return True or False"
OF_STRING = "does not check an origin. Most methods of strings compare only a part."
SAME_EXPRESSION = f"write origins=[{EXPRESSION!r}]."
SAME_TEXT = f"write origins=['{APP}']."

MISTAKES: list[tuple[Any, str, str]] = [
    (
        EXPRESSION.match,
        f"match() of the expression {OF_EXPRESSION}, and also matches a part.",
        SAME_EXPRESSION,
    ),
    (
        EXPRESSION.search,
        f"search() of the expression {OF_EXPRESSION}, and also matches a part.",
        SAME_EXPRESSION,
    ),
    (EXPRESSION.fullmatch, f"fullmatch() of the expression {OF_EXPRESSION}.", SAME_EXPRESSION),
    (EXPRESSION.findall, f"findall() of the expression {OF_EXPRESSION}.", SAME_EXPRESSION),
    (
        re.compile("/admin").search,
        (
            "search() of the expression '/admin' does not return True or False, and also matches a "
            "part."
        ),
        EXAMPLE,
    ),
    (
        re.compile(b"https://a[.]test").fullmatch,
        "fullmatch() of the expression b'https://a[.]test' does not return True or False.",
        EXAMPLE,
    ),
    (re.compile(APP + "|" * 200).match, "match() of the expression 'https://app.ex", EXAMPLE),
    (APP.startswith, f"startswith() of the string '{APP}' {OF_STRING}", SAME_TEXT),
    (APP.__contains__, f"__contains__() of the string '{APP}' {OF_STRING}", SAME_TEXT),
    (APP.endswith, f"endswith() of the string '{APP}' {OF_STRING}", SAME_TEXT),
    (APP.__eq__, f"__eq__() of the string '{APP}' {OF_STRING}", SAME_TEXT),
    (Texts.APP.startswith, f"startswith() of the string '{APP}' {OF_STRING}", SAME_TEXT),
    (
        f"{APP}, {OTHER}/".__contains__,
        f"__contains__() of the string '{APP}, {OTHER}/' {OF_STRING}",
        f"write origins=['{APP}', '{OTHER}'].",
    ),
    (
        "https://App.Example.com/".startswith,
        f"startswith() of the string 'https://App.Example.com/' {OF_STRING}",
        SAME_TEXT,
    ),
    ("".startswith, f"startswith() of the string '' {OF_STRING}", EXAMPLE),
    ("*".__contains__, f"__contains__() of the string '*' {OF_STRING}", EXAMPLE),
    (str.endswith, "<method 'endswith' of 'str' objects> is a method without its object.", EXAMPLE),
    (str.isascii, "<method 'isascii' of 'str' objects> is a method without its object.", EXAMPLE),
    (
        str.__contains__,
        "<slot wrapper '__contains__' of 'str' objects> is a method without its object.",
        EXAMPLE,
    ),
    (
        re.Pattern.match,
        "<method 'match' of 're.Pattern' objects> is a method without its object.",
        EXAMPLE,
    ),
    (bool, "<class 'bool'> is a class. Calling it creates an object.", EXAMPLE),
    (str, "<class 'str'> is a class. Calling it creates an object.", EXAMPLE),
    (
        Inherited,
        "<class 'tests.test_callables.Inherited'> is a class. Calling it creates an object.",
        "did you mean Inherited()?",
    ),
    (
        AsynchronousTenants,
        (
            "<class 'tests.test_callables.AsynchronousTenants'> is a class. Calling it creates an "
            "object."
        ),
        "did you mean AsynchronousTenants()?",
    ),
    (all, "the built-in function all() does not check an origin.", EXAMPLE),
    (callable, "the built-in function callable() does not check an origin.", EXAMPLE),
    (eval, "the built-in function eval() does not check an origin.", EXAMPLE),
    (partial(bool), "<class 'bool'> is a class. Calling it creates an object.", EXAMPLE),
    (partial(Tenants), "<class 'tests.test_callables.Tenants'> is a", "did you mean Tenants()?"),
    (partial(callable), "the built-in function callable() does not check an origin.", EXAMPLE),
    (
        partial(str.__contains__),
        "<slot wrapper '__contains__' of 'str' objects> is a method without its object.",
        EXAMPLE,
    ),
    (
        partial(str.__contains__, f"{APP} {OTHER}"),
        f"__contains__() of the string '{APP} {OTHER}' {OF_STRING}",
        f"write origins=['{APP}', '{OTHER}'].",
    ),
    (
        MethodType(str.__contains__, f"{APP} {OTHER}"),
        f"__contains__() of the string '{APP} {OTHER}' {OF_STRING}",
        f"write origins=['{APP}', '{OTHER}'].",
    ),
    (
        partial(MethodType(partial(str.startswith), APP)),
        f"startswith() of the string '{APP}' {OF_STRING}",
        SAME_TEXT,
    ),
    (
        partial(EXPRESSION.match),
        f"match() of the expression {OF_EXPRESSION}, and also matches a part.",
        SAME_EXPRESSION,
    ),
    (
        MethodType(re.Pattern.search, EXPRESSION),
        f"search() of the expression {OF_EXPRESSION}, and also matches a part.",
        SAME_EXPRESSION,
    ),
    (
        partial(re.match, EXPRESSION),
        f"{MATCH}() of the expression {OF_EXPRESSION}, and also matches a part.",
        SAME_EXPRESSION,
    ),
    (re.match, f"the function {MATCH}() of the module re does not check an origin.", EXAMPLE),
    (re.escape, "the function escape() of the module re does not check an origin.", EXAMPLE),
    (
        partial(re.search, "x"),
        "the function search() of the module re does not check an origin.",
        EXAMPLE,
    ),
    (
        partial(re.match, APP),
        f"the function {MATCH}() of the module re does not check an origin.",
        EXAMPLE,
    ),
    (
        operator.truth,
        "the function truth() of the module operator does not check an origin.",
        EXAMPLE,
    ),
    (operator.eq, "the function eq() of the module operator does not check an origin.", EXAMPLE),
    (
        partial(operator.ne, APP),
        "the function ne() of the module operator does not check an origin.",
        SAME_TEXT,
    ),
    (
        partial(operator.contains, f"{APP} {OTHER}"),
        "the function contains() of the module operator does not check an origin.",
        f"write origins=['{APP}', '{OTHER}'].",
    ),
]


def only(origins: Any) -> Problem:
    (problem,) = read_options({"origins": origins}).problems
    return problem


@pytest.mark.parametrize(("function", "message", "hint"), MISTAKES)
def test_mistakes(function: Any, message: str, hint: str) -> None:
    for origins in (function, [function], [APP, function]):
        problem = only(origins)
        assert (problem.option, problem.reason, problem.hint) == ("origins", "wrong_type", hint)
        assert problem.value is function
        assert problem.message.startswith(message)


def pasted(hint: str) -> Any:
    """Return the origins that a hint says to write."""
    (source,) = re.findall(r"= ?(\[.*?\])(?:\.$|, or)", hint)
    return eval(source, {"re": re})


@pytest.mark.parametrize(("function", "message", "hint"), MISTAKES)
def test_fixes_work(function: Any, message: str, hint: str) -> None:
    """Under every name: what the hint says is accepted where the mistake was refused."""
    flask, django = of_flask(function), of_django(function)
    assert message in flask
    assert message in django
    if "did you mean" not in hint:
        assert decide(Policy(origins=pasted(hint)), CORSRequest("GET", APP)).allowed
        for accepts, text in ((of_flask, flask), (of_django, django)):
            assert accepts(pasted(text.partition(" -> ")[2])) == ""
    assert hint.replace("origins=", "CORS_ORIGINS = ") in flask
    assert hint.replace("origins=", "CORS_ALLOWED_ORIGINS = ") in django


def of_flask(origins: Any) -> str:
    app = Flask("callables")
    app.config["CORS_ORIGINS"] = origins
    try:
        CORS(app)
    except PolicyError as error:
        (problem,) = error.problems
        return f"{problem.message} -> {problem.hint}"
    return ""


def of_django(origins: Any) -> str:
    found = said(CORS_ALLOWED_ORIGINS=origins)
    return found.get("corswsgi.E004", "")


@pytest.mark.parametrize("name", dir(builtins))
def test_nothing_among_the_builtins_checks_origins(name: str) -> None:
    function = getattr(builtins, name)
    is_of_the_console = type(function).__module__ in ("_sitebuiltins", "site")
    if callable(function) and not is_of_the_console and name != "open":
        assert find_mistake(function) is not None


@pytest.mark.parametrize(
    "function",
    [
        {APP}.__contains__,
        frozenset({APP}).__contains__,
        [APP].__contains__,
        (APP,).__contains__,
        {APP: 1}.__contains__,
        {APP: True}.keys().__contains__,
        lambda origin: origin == APP,
        partial(str.__eq__, APP),
        partial(operator.eq, APP),
        partial(operator.contains, {APP}),
        partial(set.__contains__, {APP}),
        MethodType(frozenset.__contains__, frozenset({APP})),
        partial({APP}.__contains__),
        partial(Tenants().allows),
        wraps(operator.truth)(lambda origin: origin == APP),
        Tenants(),
        Tenants().allows,
        Tenants.allow,
        AsynchronousTenants(),
    ],
)
def test_other_callables(function: Callable[[str], bool]) -> None:
    assert find_mistake(function) is None
    if "Tenants" not in repr(function):
        policy = Policy(origins=function)
        assert decide(policy, CORSRequest("GET", APP)).allowed
        for origin in (OTHER, f"{APP}:8443", "https://app.example.co", f"{APP}.evil.test"):
            assert not decide(policy, CORSRequest("GET", origin)).allowed


@pytest.mark.parametrize("module", [re, operator])
def test_nothing_in_these_modules_checks_origins(module: ModuleType) -> None:
    for name in module.__all__:
        function = getattr(module, name)
        if callable(function):
            assert find_mistake(function) is not None, name


def test_an_enumeration_is_a_class() -> None:
    assert only(Texts).message == "<enum 'Texts'> is a class. Calling it creates an object."
    assert Policy(origins=[*Texts]) == Policy(origins=APP)


def test_a_class_is_not_a_coroutine_function() -> None:
    assert is_async(AsynchronousTenants())
    assert not is_async(AsynchronousTenants)
