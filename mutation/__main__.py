"""Change modules in one place at a time, and report the changes that no test notices.

    tox -e mutation -- corswsgi/origins.py                 # every mutant
    tox -e mutation -- --sample 40 --seed 5 corswsgi/origins.py corswsgi/paths.py

Tests run in copies of the tree. Mutants of which the module cannot be imported are not counted.
"""

from __future__ import annotations

import argparse
import difflib
import importlib.util
import itertools
import json
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import tomllib

from .child import run, try_import
from .mutants import mutants

ROOT = Path(__file__).parents[1]
SURVIVORS = Path(__file__).with_name("survivors.toml")
COPIES = 2
TIMEOUT = 60  # in seconds, for a module's own tests
# The tests that run if the module's own tests and the conformance rows pass: those of its users.
USERS = {
    "corswsgi/compiled.py": [
        *("fuzz/test_fuzz.py", "test_policy.py", "test_wsgi.py", "test_debug.py", "test_memory.py"),
    ],
    "corswsgi/decision.py": [
        *("fuzz/test_fuzz.py", "test_policy.py", "test_wsgi.py", "test_debug.py"),
    ],
    "corswsgi/expressions.py": ["fuzz/test_fuzz.py", "test_credentials.py", "test_validation.py"],
    "corswsgi/origins.py": [
        *("fuzz/test_fuzz.py", "test_validation.py", "test_policy.py", "test_credentials.py"),
    ],
    "corswsgi/paths.py": ["fuzz/test_fuzz.py", "test_wsgi.py"],
    "corswsgi/validation.py": ["test_policy.py", "test_names.py", "test_credentials.py"],
    "corswsgi/findings.py": ["test_validation.py", "test_names.py", "conformance/test_fixes.py"],
    "corswsgi/tokens.py": ["test_validation.py", "test_names.py", "conformance/test_fixes.py"],
    "corswsgi/rules.py": ["test_validation.py", "test_names.py", "conformance/test_fixes.py"],
    "corswsgi/wsgi.py": ["test_log.py", "test_debug.py"],
    "corswsgi/adapters": ["adapters", "flask", "django"],
}
STARTS_SERVERS = "test_servers.py"
PRELOADED = ["pytest", "hypothesis", "flask", "werkzeug.test", "django.test", "rest_framework"]
processes = multiprocessing.get_context("forkserver")


def tests_of(module: str) -> tuple[list[str], list[str]]:
    """Return the module's own tests, and those to run if they pass."""
    package, name = module.removesuffix(".py").rsplit("/", 1)
    folder = package.removeprefix("corswsgi").lstrip("_/")
    own = Path("tests", folder, f"test_{name}.py")
    users = ["conformance", *(USERS.get(module) or USERS.get(package) or [folder])]
    files = [own, Path("tests/test_vulnerabilities.py")]
    for user in users:
        path = Path("tests", user)
        files += [path] if path.suffix else sorted(path.glob("test_*.py"))
    names = dict.fromkeys(str(file) for file in files if file.name != STARTS_SERVERS)
    return [str(own)], [name for name in names if name != str(own)]


def outcome(
    tree: Path, tests: list[str], timeout: float | None = None, *, is_first: bool = False
) -> str:
    """Run tests in a tree. The first time, they must pass, and leave compiled files."""
    output = tree.with_suffix(".txt")
    child = processes.Process(target=run, args=(str(tree), tests, str(output), is_first))
    child.start()
    child.join(timeout)
    if child.is_alive():
        child.kill()
        child.join()
        return "timed out"
    if child.exitcode == 0:
        return "survived"
    if is_first or child.exitcode in (4, 5, 99):  # pytest: wrong arguments, no tests
        sys.exit(f"{output.read_text()}\nThe tests fail without a mutation: {child.exitcode}")
    return "killed"


def is_importable(tree: Path, module: str, mutant: str) -> bool:
    """Return whether Python can import a mutant."""
    (tree / module).write_text(mutant)
    name = module.removesuffix(".py").replace("/", ".")
    child = processes.Process(target=try_import, args=(str(tree), name))
    child.start()
    child.join(TIMEOUT)
    child.kill()
    return child.exitcode == 0


def changed_lines(before: str, after: str) -> str:
    """Return the change of a mutant as a key that does not depend on its place."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    changes = [(line[0], line[2:].strip()) for line in lines if line[0] in "+-"]
    old, new = ([text for sign, text in changes if sign == wanted] for wanted in "-+")
    return f"{' '.join(old)} -> {' '.join(new)}"


def test_module(
    module: str, trees: list[Path], sample: int | None, seed: int, timeout: float
) -> bool:
    """Test the mutants of one module, and return whether all survivors are explained."""
    source = (ROOT / module).read_text()
    known = tomllib.loads(SURVIVORS.read_text()).get(module, {})
    own, others = tests_of(module)
    started = time.monotonic()
    free: SimpleQueue[Path] = SimpleQueue()
    for tree in trees:
        # The size and the second of two mutants may be the same.
        Path(importlib.util.cache_from_source(str(tree / module))).unlink(missing_ok=True)
        free.put(tree)
    found = sorted(mutants(source))
    random.Random(f"{seed} {module}").shuffle(found)  # noqa: S311 - not for secrets
    importable = (text for text in found if is_importable(trees[0], module, text))
    chosen = list(itertools.islice(importable, sample))
    counts: Counter[str] = Counter()

    def test(mutant: str) -> str:
        tree = free.get()
        (tree / module).write_text(mutant)
        result = outcome(tree, own, TIMEOUT)
        if result == "survived":
            result = outcome(tree, others, timeout)
        (tree / module).write_text(source)
        free.put(tree)
        return result

    with ThreadPoolExecutor(len(trees)) as pool:
        for mutant, result in zip(chosen, pool.map(test, chosen), strict=True):
            counts[result] += 1
            if result == "survived":
                change = changed_lines(source, mutant)
                reason = known.get(change) or known.get(change.partition(" -> ")[0])
                counts["explained"] += reason is not None
                lines = difflib.unified_diff(
                    source.splitlines(), mutant.splitlines(), module, module, lineterm="", n=1
                )
                note = reason or f"NOT EXPLAINED: {json.dumps(change)}"
                print(*lines, f"# {note}", "", sep="\n", flush=True)
    print(
        f"{module}: {len(chosen)} of {len(found)} mutants, {counts['killed']} killed, "
        f"{counts['timed out']} timed out, {counts['survived']} survived "
        f"({counts['explained']} explained); {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return counts["survived"] == counts["explained"]


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="tox -e mutation --", description=__doc__)
    parser.add_argument("modules", nargs="+", metavar="MODULE", help="as in corswsgi/origins.py")
    parser.add_argument("--sample", type=int, help="test so many mutants of each module")
    parser.add_argument("--seed", type=int, default=5, help="chooses the sample (5)")
    given = parser.parse_args()
    processes.set_forkserver_preload(PRELOADED)
    ignored = shutil.ignore_patterns(".*", "__pycache__")
    with tempfile.TemporaryDirectory() as folder:
        trees = [Path(folder) / str(number) for number in range(COPIES)]
        shutil.copytree(ROOT, trees[0], ignore=ignored)
        started = time.monotonic()
        tests = [file for name in given.modules for files in tests_of(name) for file in files]
        outcome(trees[0], [*dict.fromkeys(tests)], is_first=True)
        timeout = TIMEOUT + 3 * (time.monotonic() - started)
        for tree in trees[1:]:
            shutil.copytree(trees[0], tree)
        results = [
            test_module(name, trees, given.sample, given.seed, timeout) for name in given.modules
        ]
    return 0 if all(results) else 1


sys.exit(main())
