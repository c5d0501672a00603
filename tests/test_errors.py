"""Problems, notices and the error that lists them."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import pytest

from corswsgi import Policy, PolicyError, Problem
from corswsgi.errors import (
    Caller,
    Notice,
    NoticeReason,
    find_caller,
    prefixed,
    refuse,
    safe_repr,
    warn,
    wrong_type,
)


def test_the_error_reads_well_in_a_terminal() -> None:
    with pytest.raises(PolicyError) as raised:
        Policy(origins=["https://Example.com/", "null"], max_age=-1)
    assert str(raised.value) == (
        """\
3 problems in the CORS configuration:
  - origins: 'https://Example.com/' is not in the form in which browsers send
    origins (scheme://host or scheme://host:port), so it would never match.
    -> did you mean 'https://example.com'?
  - origins: any page can get the origin 'null', for example in a sandboxed
    frame.
    -> serve the page over http://localhost or https, and list that origin.
  - max_age: -1 is not a whole number of seconds from 0 to 86400.
    -> did you mean 0? 0 turns the cache off, None leaves the header out."""
    )


def test_one_problem_is_one_problem() -> None:
    with pytest.raises(PolicyError) as raised:
        Policy(origins=["https://a..b"])
    assert str(raised.value).startswith("1 problem in the CORS configuration:\n")


def test_the_error_shows_values_escaped_and_cut() -> None:
    with pytest.raises(PolicyError) as raised:
        Policy(origins=["https://a\r\n\x1b[31m.example" + "a" * 9999])
    assert "\x1b" not in str(raised.value)
    assert "\r" not in str(raised.value)
    assert len(str(raised.value)) < 1000


def test_the_error_survives_pickling() -> None:
    with pytest.raises(PolicyError) as raised:
        Policy(origins="null")
    assert pickle.loads(pickle.dumps(raised.value)).problems == raised.value.problems
    assert isinstance(raised.value, ValueError)


def test_no_problems_are_not_refused() -> None:
    refuse([])
    with pytest.raises(PolicyError) as raised:
        refuse(iter([PROBLEM]))
    assert raised.value.problems == (PROBLEM,)


PROBLEM = Problem("origins", 3, "wrong_type", "3 is of type int; expected text.")


def test_problems_of_a_place() -> None:
    (problem,) = prefixed("resources['/a']", [PROBLEM])
    assert problem.option == "resources['/a'].origins"
    assert problem.message == PROBLEM.message


def test_a_problem_without_a_hint() -> None:
    assert wrong_type("origins", 3, "text", None) == PROBLEM
    assert str(PolicyError([PROBLEM])) == (
        "1 problem in the CORS configuration:\n  - origins: 3 is of type int; expected text."
    )


class Unprintable:
    def __repr__(self) -> str:
        raise LookupError


class Verbatim:
    """Its representation is a text that a client sent, such as the message of an error."""

    def __repr__(self) -> str:
        return "a\\b\n\x1b\x85\u2028c"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Verbatim(), r"a\\b\n\x1b\\x85\\u2028c"),
        ("a\r\n\x1b\u202e", r"'a\r\n\x1b\u202e'"),
        ("a" * 118, f"'{'a' * 118}'"),
        ("a" * 119, f"'{'a' * 119}..."),
        (Unprintable(), "<Unprintable object>"),
        ([10**5000], "<list object>"),
    ],
)
def test_safe_repr(value: object, text: str) -> None:
    assert safe_repr(value) == text


def notice(reason: NoticeReason, hint: str | None = None) -> Notice:
    return Notice("methods", "patch", reason, "it is unusual.", hint)


def call_from(module: str | None, *notices: Notice) -> None:
    """Call warn() in a function of another module, which is called from here."""
    namespace: dict[str, Any] = {"warn": warn, "__name__": module}
    exec(compile("def call(notices): warn(notices)", f"{module}.py", "exec"), namespace)
    namespace["call"](notices)


@pytest.mark.parametrize(
    ("reason", "category"),
    [
        ("deprecated_option", DeprecationWarning),
        ("method_case", UserWarning),
        ("outdated_suffixes", UserWarning),
    ],
)
def test_warn(reason: NoticeReason, category: type[Warning]) -> None:
    with pytest.warns(category, match=r"^methods: it is unusual\.$") as caught:
        warn([notice(reason)])
    assert caught[0].category is category
    with pytest.warns(category, match=r"^methods: it is unusual\. Change it\.$"):
        warn([notice(reason, "Change it.")])


@pytest.mark.parametrize("module", ["corswsgi", "corswsgi.adapters.layers", "corswsgi_flask.views"])
def test_the_line_of_a_warning_is_outside_of_our_packages(module: str) -> None:
    with pytest.warns(UserWarning, match="unusual") as caught:
        call_from(module, notice("method_case"))
    assert caught[0].filename == __file__


@pytest.mark.parametrize("module", ["corswsgify", "app", None])
def test_the_line_of_a_warning_is_that_of_the_first_other_module(module: str | None) -> None:
    with pytest.warns(UserWarning, match="unusual") as caught:
        call_from(module, notice("method_case"))
    assert caught[0].filename == f"{module}.py"


def test_a_warning_is_emitted_once_for_each_line() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            warn([notice("method_case")])
    assert len(caught) == 1


def test_a_warning_about_another_line() -> None:
    caller = Caller("shop/app.py", 12, "shop.app", {})
    with pytest.warns(UserWarning, match="unusual") as caught:
        warn([notice("late_key")], caller)
    assert [(each.filename, each.lineno) for each in caught] == [("shop/app.py", 12)]
    assert len(caller.registry) > 0, "it is emitted once, with the default filter"


@pytest.mark.parametrize(
    ("filename", "place"),
    [
        ("/srv/shop/app.py", "shop/app.py:12"),
        ("app.py", "app.py:12"),
        (r"C:\shop\app.py", "shop/app.py:12"),
        ("<string>", "<string>:12"),
    ],
)
def test_the_place_of_a_caller(filename: str, place: str) -> None:
    assert Caller(filename, 12, "app", {}).place == place


def test_find_caller() -> None:
    found = find_caller()
    line = test_find_caller.__code__.co_firstlineno + 1
    assert found[:3] == (__file__, line, __name__)


def test_no_notices_emit_no_warnings() -> None:
    warn([])
