"""Objects that are used as something else."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from corswsgi.adapters import refuse_use


class Tool:
    def __init__(self) -> None:
        self.value = 1


refuse_use(Tool, "Use it alone.")


def test_its_use_is_refused() -> None:
    tool: Any = Tool()
    with pytest.raises(
        AttributeError, match=r"^'Tool' object has no attribute 'run'. Use it alone\.$"
    ):
        tool.run()
    with pytest.raises(TypeError, match=r"^'Tool' object is not callable. Use it alone\.$"):
        tool("environ", start=None)


def test_it_is_an_object_like_any_other() -> None:
    tool: Any = Tool()
    assert not hasattr(tool, "run")
    assert getattr(tool, "run", None) is None
    for copied in (copy.copy(tool), copy.deepcopy(tool), pickle.loads(pickle.dumps(tool))):
        assert vars(copied) == {"value": 1}
