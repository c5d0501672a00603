"""The layers of views: attaching and finding them."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from corswsgi import Policy, PolicyError
from corswsgi.adapters import (
    NO_LAYERS,
    UNSET,
    Layer,
    ViewLayers,
    class_names,
    closed_over,
    has_layer,
    hidden_layers,
    hidden_view,
    inherited_layer,
    layer_of,
    set_layer,
    view_name,
    warn_at,
    wrapped_views,
)

ONE = Policy(origins=["https://app.example.com"])
OUTER, INNER, GET, POST = (Layer({"max_age": number}) for number in range(4))


def view() -> None:
    raise NotImplementedError


def marked(layer: Layer) -> Any:
    def marked_view() -> None:
        raise NotImplementedError

    set_layer(marked_view, layer, hint="remove one.")
    return marked_view


def test_set_layer() -> None:
    assert layer_of(view) is UNSET
    assert not has_layer(view)
    decorated = marked(OUTER)
    assert layer_of(decorated) is OUTER
    assert has_layer(decorated)


def test_a_second_layer_is_united_with_the_first() -> None:
    outer = Layer({"max_age": 0, "methods": ("GET",)}, place="b.py:1")
    decorated = marked(OUTER)

    @functools.wraps(decorated)
    def wrapper() -> None:
        raise NotImplementedError

    united = set_layer(wrapper, outer, hint="")
    assert united.value == {"max_age": 0, "methods": ("GET",)}
    assert layer_of(wrapper) is united
    assert layer_of(decorated) is OUTER


def test_a_second_layer_that_contradicts_the_first() -> None:
    decorated = marked(Layer({"max_age": 0}, place="a.py:1"))
    before = layer_of(decorated)
    with pytest.raises(PolicyError) as raised:
        set_layer(decorated, Layer({"max_age": 1}, place="b.py:2"), hint="remove one.")
    (problem,) = raised.value.problems
    assert (problem.option, problem.value, problem.reason) == ("max_age", 1, "given_twice")
    assert problem.message == "0 in a.py:1 contradicts 1 in b.py:2."
    assert problem.hint == "remove one."
    assert layer_of(decorated) is before


@pytest.mark.parametrize("target", [len, 5, "text", object()])
def test_objects_that_cannot_carry_a_layer(target: object) -> None:
    with pytest.raises(PolicyError) as raised:
        set_layer(target, OUTER, hint="")
    (problem,) = raised.value.problems
    assert (problem.option, problem.reason) == ("cors", "without_effect")
    assert problem.message.endswith("cannot carry a policy, so @cors would have no effect.")


def test_a_subclass_may_have_a_layer_of_its_own() -> None:
    class Base:
        pass

    class Derived(Base):
        pass

    set_layer(Base, OUTER, hint="")
    assert layer_of(Derived) is OUTER
    assert not has_layer(Derived)
    set_layer(Derived, INNER, hint="")
    assert (layer_of(Derived), layer_of(Base)) == (INNER, OUTER)


def test_a_bound_method_cannot_carry_a_layer() -> None:
    class Views:
        def get(self) -> None:
            raise NotImplementedError

    with pytest.raises(PolicyError, match="decorate the function itself"):
        set_layer(Views().get, OUTER, hint="")


def test_layers_are_found_through_wrappers() -> None:
    decorated = marked(OUTER)

    def bare(*_: object) -> None:
        raise NotImplementedError

    bare.__wrapped__ = decorated  # type: ignore[attr-defined]  # as functools.wraps does
    partial = functools.partial(bare, 1)
    assert [*wrapped_views(partial)] == [partial, bare, decorated]
    for each in (decorated, bare, partial, functools.partial(partial, 2)):
        assert layer_of(each) is OUTER


def test_views_that_wrap_each_other_in_a_circle() -> None:
    def one() -> None:
        raise NotImplementedError

    def other() -> None:
        raise NotImplementedError

    one.__wrapped__, other.__wrapped__ = other, one  # type: ignore[attr-defined]
    assert [*wrapped_views(one)] == [one, other]
    assert layer_of(one) is UNSET


def test_a_callable_object() -> None:
    class View:
        def __call__(self) -> None:
            raise NotImplementedError

    assert layer_of(View()) is UNSET
    set_layer(View.__call__, OUTER, hint="")
    assert layer_of(View()) is OUTER
    assert layer_of(None) is UNSET


@pytest.mark.parametrize("value", [ONE, None, {"max_age": 5}])
def test_an_attribute_that_is_written_by_hand(value: Any) -> None:
    class View:
        cors_policy = value

    layer = layer_of(View)
    assert isinstance(layer, Layer)
    assert layer.value is value


def test_an_attribute_of_another_type() -> None:
    class View:
        cors_policy = "*"

    with pytest.raises(PolicyError) as raised:
        layer_of(View)
    (problem,) = raised.value.problems
    assert (problem.option, problem.value, problem.reason) == ("cors_policy", "*", "wrong_type")


def hides(view: Any) -> Any:
    """Decorate a view without functools.wraps."""

    def hiding() -> Any:
        raise NotImplementedError(view)

    return hiding


class Lazy:
    """A proxy or a lazy object, such as a request: evaluating it fails."""

    def __getattribute__(self, name: str) -> Any:
        raise NotImplementedError

    def __call__(self) -> None:
        raise NotImplementedError


def test_hidden_layers() -> None:
    decorated = marked(OUTER)
    hidden = hides(decorated)
    assert [*hidden_layers(hidden)] == [(decorated, OUTER)]
    assert [*hidden_layers(hides(hidden))] == [(decorated, OUTER)]
    assert [*hidden_layers(functools.partial(hides(hidden)))] == [(decorated, OUTER)]
    assert [*hidden_layers(decorated)] == [*hidden_layers(view)] == [*hidden_layers(None)] == []
    deep = hidden
    for _ in range(5):
        deep = hides(deep)
    assert [*hidden_layers(deep)] == []


def test_hidden_layers_of_classes_and_objects() -> None:
    class Views:
        def __call__(self) -> None:
            raise NotImplementedError

    set_layer(Views, INNER, hint="")
    instance = Views()
    assert [*hidden_layers(hides(Views))] == [(Views, INNER)]
    assert [*hidden_layers(hides(instance))] == [(instance, INNER)]


def test_variables_that_cannot_be_views() -> None:
    for variable in (5, {"cors_policy": OUTER}, Lazy(), OUTER):
        assert [*hidden_layers(hides(variable))] == []

    def without_value() -> Any:
        raise NotImplementedError(later)

    assert [*hidden_layers(without_value)] == []
    later = 5


def test_hidden_views() -> None:
    def marked() -> None:
        raise NotImplementedError

    set_layer(marked, INNER, hint="")

    def hiding() -> None:
        raise NotImplementedError(marked)

    assert hidden_view([view, hiding], NO_LAYERS) is marked
    assert hidden_view([view, None], NO_LAYERS) is None
    assert hidden_view([hiding], ViewLayers([INNER])) is None
    assert hidden_view([hiding], ViewLayers([], {"GET": [INNER]})) is None


def test_names_of_views() -> None:
    class Views:
        cls: Any = None

    assert view_name(view) == f"{__name__}.view"
    assert (
        view_name(Views()) == view_name(Views) == f"{__name__}.test_names_of_views.<locals>.Views"
    )
    for attribute in ("view_class", "cls"):
        of_class = functools.partial(view)
        setattr(of_class, attribute, Views)
        assert view_name(of_class) == view_name(Views)


def test_warn_at() -> None:
    @functools.wraps(view)
    def wrapper() -> None:
        raise NotImplementedError

    with pytest.warns(RuntimeWarning, match="no effect") as warned:
        warn_at(functools.partial(wrapper), "no effect")
    (warning,) = warned
    assert (warning.filename, warning.lineno) == (__file__, view.__code__.co_firstlineno)

    class Views:
        def __call__(self) -> None:
            raise NotImplementedError

    with pytest.warns(RuntimeWarning, match="no effect"):
        warn_at(Views(), "no effect")


def test_view_layers() -> None:
    layers = ViewLayers(
        [OUTER, UNSET, INNER], {"GET": [UNSET, GET], "POST": [POST], "PUT": [UNSET], "PATCH": []}
    )
    assert layers.enclosing == (OUTER, INNER)
    assert layers.by_method == {"GET": (OUTER, INNER, GET), "POST": (OUTER, INNER, POST)}
    assert layers.methods == ("GET", "POST", "PUT", "PATCH")
    assert layers.of("GET") == layers.of("get") == (OUTER, INNER, GET)
    assert layers.of("PUT") == layers.of("DELETE") == layers.of("") == (OUTER, INNER)
    assert not layers.is_empty
    assert layers.problems == ()


def test_empty_view_layers() -> None:
    assert NO_LAYERS.is_empty
    assert (NO_LAYERS.of("GET"), NO_LAYERS.methods) == ((), ())
    assert ViewLayers([UNSET], {"GET": [UNSET]}).is_empty
    assert not ViewLayers([UNSET], {"GET": [GET]}).is_empty


def test_layers_that_cannot_be_read() -> None:
    with pytest.raises(PolicyError) as raised:
        Policy(origins="https://a.example/")
    layers = ViewLayers.invalid(raised.value)
    assert layers.problems == raised.value.problems
    (layer,) = layers.of("GET")
    assert isinstance(layer.value, Policy)
    assert layer.value.compiled.refusal == "policy_invalid"


def test_the_deepest_layers_that_are_found() -> None:
    deep: Any = marked(OUTER)
    for _ in range(5):
        deep = hides(deep)
        assert [layer for _, layer in hidden_layers(deep)] == [OUTER]
    assert [*hidden_layers(hides(deep))] == []


def test_a_warning_about_an_object_names_the_caller() -> None:
    with pytest.warns(RuntimeWarning, match="no effect") as warned:
        warn_at(object(), "no effect")
    assert [warning.filename for warning in warned] == [__file__]


def test_variables_that_views_close_over() -> None:
    one, two = object(), object()

    def outer() -> None:
        raise NotImplementedError(one)

    @functools.wraps(outer)
    def wrapper() -> None:
        raise NotImplementedError(two)

    assert [*closed_over(wrapper)] == [two, one]
    assert [*closed_over(view)] == [*closed_over(None)] == []


def test_names_and_layers_of_classes() -> None:
    class Base:
        get = marked(GET)

    class Derived(Base):
        def get(self) -> None:
            raise NotImplementedError

        post = marked(POST)

    assert class_names(Derived)[-1] == "builtins.object"
    assert [name.rpartition(".")[2] for name in class_names(Derived)] == [
        "Derived",
        "Base",
        "object",
    ]
    assert class_names(view) == []
    assert inherited_layer(Derived, "get") is GET
    assert inherited_layer(Derived, "post") is POST
    assert inherited_layer(Derived, "put") is UNSET
