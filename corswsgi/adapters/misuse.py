"""Objects that are used as something else, with an error that says how to use them."""

from __future__ import annotations

from typing import Any


def refuse_use(cls: type, text: str) -> None:
    """Make a class refuse calls and other attributes of its objects with a text.

    Methods in the class itself would hide these mistakes from type checkers.
    """

    def refuse_attribute(_self: Any, name: str) -> Any:
        raise AttributeError(f"{cls.__name__!r} object has no attribute {name!r}. {text}")

    def refuse_call(_self: Any, *_args: Any, **_named: Any) -> Any:
        raise TypeError(f"{cls.__name__!r} object is not callable. {text}")

    for name, method in {"__getattr__": refuse_attribute, "__call__": refuse_call}.items():
        setattr(cls, name, method)
