"""Decorators without effect: hidden ones, those above a handler, and those of other functions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from corswsgi.adapters import (
    NO_LAYERS,
    Layer,
    RegisteredView,
    ViewLayers,
    decorate_view,
    layer_of,
    set_layer,
    unreached,
)

LAYER, OTHER = Layer({}), Layer({})


def helper() -> str:
    raise NotImplementedError


set_layer(helper, OTHER, hint="")


def uses_a_helper() -> str:
    raise NotImplementedError(helper)


def mentions_an_attribute(found: Any) -> str:
    raise NotImplementedError(found.helper)


def hides(view: Any) -> Callable[[], Any]:
    def hiding() -> Any:
        raise NotImplementedError(view)

    return hiding


def marked() -> Any:
    def view() -> None:
        raise NotImplementedError

    set_layer(view, LAYER, hint="")
    return view


def registered(view: Any, *more: Any, is_handler: bool = False) -> RegisteredView:
    layers = ViewLayers([layer_of(view)])
    return RegisteredView("view 'it'", [view, *more], layers, is_handler)


def test_decorators_with_an_effect() -> None:
    views = [marked(), functools.wraps(marked())(hides(marked)), len, None, mentions_an_attribute]
    assert [*unreached([registered(view) for view in views])] == []
    assert [*unreached([RegisteredView("view 'it'", [hides(marked())], ViewLayers([LAYER]))])] == []


def test_a_hidden_decorator() -> None:
    for functions in ([hides(marked())], [None, hides(marked())]):
        (text,) = unreached([registered(*functions)])
        assert text.startswith("view 'it': a decorator hides the @cors of tests.adapters.test_unre")
        assert text.endswith("Move @cors above that decorator, or use functools.wraps in it.")


def test_a_function_that_is_not_a_view() -> None:
    (text,) = unreached([registered(uses_a_helper)])
    assert text == (
        "view 'it' uses tests.adapters.test_unreached.helper, whose @cors has no effect, because "
        "it is not a view of the application. Move @cors to view 'it'."
    )
    # It is a view, too; or a method of one.
    assert [*unreached([registered(uses_a_helper), registered(helper)])] == []
    of_class = RegisteredView("class", [], ViewLayers([], {"GET": [OTHER]}))
    assert [*unreached([registered(uses_a_helper), of_class])] == []


def handler() -> Any:
    def handle(error: Exception) -> None:
        raise NotImplementedError

    return handle


def decorated(view: Any) -> Any:
    return decorate_view(view, LAYER, lambda _handler: nullcontext(), hint="")


class Handlers:
    @decorated
    def __call__(self, error: Exception) -> None:
        raise NotImplementedError

    @decorated
    def method(self, error: Exception) -> None:
        raise NotImplementedError


def test_a_handler_that_was_registered_below_its_decorator() -> None:
    above = handler()
    decorated(above)
    (text,) = unreached([registered(above, is_handler=True)])
    assert text == (
        "view 'it': its @cors has no effect, because the error handler was registered below it. "
        "Move @cors below @app.errorhandler."
    )
    below = decorated(handler())
    wrapped = functools.wraps(below)(hides(below))
    for fine in (handler(), below, wrapped, Handlers(), Handlers().method):
        assert [*unreached([registered(fine, is_handler=True)])] == []


def test_a_decorator_above_a_handler_hides_nothing() -> None:
    below = decorated(handler())
    hiding = RegisteredView("handler", [hides(below)], NO_LAYERS, is_handler=True)
    assert [*unreached([hiding])] == []
