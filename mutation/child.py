"""Run tests in a copy of the tree. It is a module of its own, so that it starts quickly."""

from __future__ import annotations

import importlib
import os
import resource
import sys
from pathlib import Path

import pytest
from hypothesis import Phase, settings

_MEMORY = 4 << 30  # a mutant may never stop to append


class _NoShrinking:
    """Finding the smallest example that fails takes longer than finding the first."""

    def pytest_sessionstart(self) -> None:
        usual = settings.get_profile("corswsgi")
        settings.register_profile("mutation", usual, phases=(Phase.explicit, Phase.generate))
        settings.load_profile("mutation")


def try_import(tree: str, module: str) -> None:
    """Import a module of a tree, and exit with 1 if that fails."""
    sys.path.insert(0, tree)
    sys.dont_write_bytecode = True
    try:
        importlib.import_module(module)
    except BaseException:
        os._exit(1)


def run(tree: str, tests: list[str], output: str, writes_bytecode: bool) -> None:
    """Run tests of a tree, and exit as pytest does, or with 99 if other code was tested."""
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    os.chdir(tree)
    sys.path.insert(0, tree)
    os.environ["PYTHONPATH"] = tree
    sys.dont_write_bytecode = not writes_bytecode
    options = ["-x", "-q", "-p", "no:cacheprovider", "-m", "not once"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what is preloaded
    code = pytest.main([*options, *tests], plugins=[_NoShrinking()])
    is_own = Path(str(sys.modules["corswsgi"].__file__)).is_relative_to(tree)
    sys.stdout.flush()
    os._exit(int(code) if is_own else 99)
