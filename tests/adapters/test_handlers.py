"""Error handlers: which functions are wrapped, and what is noted."""

from __future__ import annotations

import asyncio
import functools
from contextlib import AbstractContextManager
from typing import Any

import pytest

from corswsgi import PolicyError
from corswsgi.adapters import Layer, decorate_view, layer_of, noted

ONE, TWO = Layer({"max_age": 1}), Layer({"max_age": 2})


class Noting:
    """Notes the handlers that run."""

    def __init__(self) -> None:
        self.environ: dict[str, Any] = {}
        self.runs = 0

    def __call__(self, handler: Any) -> AbstractContextManager[object]:
        self.runs += 1
        return noted(self.environ, "handler", handler)


def decorated(view: Any, layer: Layer = ONE, handling: Any = None) -> Any:
    return decorate_view(view, layer, handling or Noting(), hint="decorate it once.")


class Views:
    def get(self) -> None:
        raise NotImplementedError

    def handle(self, error: Exception) -> str:
        return "handled"


def anything(*args: Any) -> str:
    return f"{len(args)}"


@functools.wraps(Views.get)
def wrapper(*args: Any) -> None:
    raise NotImplementedError


def without_arguments() -> None:
    raise NotImplementedError


def only_named(*, name: str, **more: str) -> None:
    raise NotImplementedError


@pytest.mark.parametrize(
    "view", [without_arguments, only_named, Views.get, wrapper, Views, Views()]
)
def test_views_that_are_returned_unchanged(view: Any) -> None:
    """Views of a class have no other argument than their object."""
    assert decorated(view) is view
    assert layer_of(view) is ONE
    delattr(view, "cors_policy")


def test_a_view_with_arguments_is_called_as_before() -> None:
    handling = Noting()
    view = decorated(lambda *args, **named: (args, named), ONE, handling)
    assert view(1, name=2) == ((1,), {"name": 2})
    assert view() == ((), {})

    async def coroutine(name: str) -> str:
        return name

    assert asyncio.run(decorated(coroutine, ONE, handling)("name")) == "name"
    assert handling.runs == 0


def test_a_handler_is_noted() -> None:
    handling = Noting()

    async def coroutine(error: Exception) -> str:
        return "handled"

    for view in (lambda error: "handled", Views().handle):
        handler = decorated(view, ONE, handling)
        assert handler(ValueError()) == "handled"
        assert handling.environ == {"handler": handler}
        assert layer_of(handler) is ONE
    handler = decorated(coroutine, ONE, handling)
    assert asyncio.run(handler(ValueError())) == "handled"
    assert handling.environ == {"handler": handler}


def test_a_handler_that_raises_is_not_noted() -> None:
    handling = Noting()

    def fails(error: Exception) -> str:
        raise error

    before = decorated(lambda error: "handled", ONE, handling)
    before(ValueError())
    with pytest.raises(ValueError, match="again"):
        decorated(fails, ONE, handling)(ValueError("again"))
    assert handling.environ == {"handler": before}


def test_the_outer_handler_is_noted() -> None:
    handling = Noting()
    inner = decorated(lambda error: "handled", ONE, handling)
    outer = decorated(lambda error: inner(error) + ", again", TWO, handling)
    assert outer(ValueError()) == "handled, again"
    assert handling.environ == {"handler": outer}


def test_a_handler_is_decorated_once() -> None:
    """The second decorator finds the layer of the first one, and adds no second wrapper."""

    def handle(error: Exception) -> None:
        raise NotImplementedError

    handler = decorated(handle)
    assert layer_of(handle) is layer_of(handler) is ONE
    with pytest.raises(PolicyError) as refused:
        decorated(handler, TWO)
    assert [problem.reason for problem in refused.value.problems] == ["given_twice"]
    del vars(handle)["cors_policy"]
    assert decorated(handler, TWO) is handler
    assert layer_of(handle) is layer_of(handler) is TWO

    @functools.wraps(handler)
    def other(error: Exception) -> None:
        raise NotImplementedError

    # The attributes are copied, but this is another function.
    del vars(other)["cors_policy"]
    assert decorated(other) is not other


def test_static_and_class_methods_stay_what_they_are() -> None:
    class Handlers:
        static = decorated(staticmethod(anything))
        of_class = decorated(classmethod(lambda cls, error: cls.__name__))
        plain = decorated(staticmethod(without_arguments), TWO)

    assert Handlers.static(ValueError()) == "1"
    assert Handlers.of_class(ValueError()) == "Handlers"
    assert layer_of(Handlers.static) is layer_of(Handlers.of_class) is ONE
    assert layer_of(Handlers.plain) is TWO
    assert Handlers.plain is without_arguments
    del vars(without_arguments)["cors_policy"]


def test_bound_methods_do_not_change_their_class() -> None:
    """Frameworks decorate bound methods for each request, also several times."""
    views = Views()
    once = decorated(views.handle)
    twice = decorated(once, TWO)
    assert (layer_of(once), layer_of(twice)) == (ONE, TWO)
    assert twice(ValueError()) == "handled"
    assert not hasattr(Views.handle, "cors_policy")

    class Decorated:
        handle = decorated(Views.handle, TWO)

    again = decorated(Decorated().handle)
    assert layer_of(again) is ONE
    assert layer_of(Decorated.handle) is TWO
