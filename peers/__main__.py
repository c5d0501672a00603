"""Run the tests of Flask-CORS, unchanged, against corswsgi_flask: ``tox -e peers``.

Its source package is downloaded. The package `flask_cors` in this directory takes the place of its
code: it leaves out what is refused, because many tests share one application. Exactly the tests in
``flask_cors.toml`` may fail; each of them has a reason there, and tests of our own for what applies
to this project.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
ROOT = HERE.parent

REQUIREMENT = "flask-cors==6.0.5"
SHA256 = "30c5031552cd59f620ac0c8211dac45b345d3b2df310e7721879e4f46ef9c601"
MIN_PASSED = 51
"""How many tests have to pass."""
PRIVATE = "core.test_helpers."
"""Tests of private functions, which are not counted."""


class Differences(NamedTuple):
    """Tests of the other library that fail for one reason."""

    reason: str
    tests: list[str]
    own: list[str]
    """Tests of this project for the same behaviour, such as ``tests/test_paths.py::test_name``."""


def read_table() -> list[Differences]:
    """Read the table of differences."""
    table: dict[str, Any] = tomllib.loads((HERE / "flask_cors.toml").read_text())
    return [Differences(**each) for each in table["differences"]]


def download(directory: Path) -> Path:
    """Download the source package with pip, and check its hash."""
    options = ("--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(directory))
    subprocess.run([sys.executable, "-m", "pip", "download", *options, REQUIREMENT], check=True)
    (archive,) = directory.glob("*.tar.gz")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        sys.exit(f"The SHA-256 hash of {archive.name} is {found}; expected {SHA256}.")
    return archive


def extract_tests(archive: Path, directory: Path) -> None:
    """Extract the tests alone, so that they import the package in this directory."""
    with tarfile.open(archive) as source:
        for member in source.getmembers():
            name = re.sub(r"^[^/]+/", "", member.name)
            if member.isfile() and re.fullmatch(r"tests/(\w+/)?\w+\.py", name):
                member.name = name
                source.extract(member, directory)


def run(directory: Path) -> dict[str, bool]:
    """Run the tests in a directory, and return which of them pass. Skipped ones are left out."""
    report = directory / "report.xml"
    path = os.pathsep.join(map(str, (HERE, ROOT)))
    options = ("-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", "-W", "ignore")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--junitxml={report}", "tests"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ran.returncode not in (0, 1):
        sys.exit(f"pytest could not run the tests:\n{ran.stdout}")
    return {
        f"{case.get('classname')}.{case.get('name')}".removeprefix("tests."): (
            case.find("failure") is None and case.find("error") is None
        )
        for case in ET.parse(report).iter("testcase")
        if case.find("skipped") is None
    }


def find_faults(table: list[Differences], passed: dict[str, bool]) -> Iterator[str]:
    """Yield what is wrong with the table, or with the results."""
    listed = [test for each in table for test in each.tests]
    failed = {test for test, is_passed in passed.items() if not is_passed}
    for test in sorted(failed - {*listed}):
        yield f"{test} fails, and is not in the table."
    for test in sorted({*listed} - failed):
        yield f"{test} is in the table, and {'passes' if test in passed else 'does not exist'}."
    for test in sorted({test for test in listed if listed.count(test) > 1}):
        yield f"{test} is in the table twice."
    for each in table:
        if not each.own:
            yield f"{each.reason!r} names no test of our own."
        for own in each.own:
            path, _, name = own.partition("::")
            if name not in functions(ROOT / path):
                yield f"{own} does not exist."
    if sum(public_results(passed)) < MIN_PASSED:
        yield f"At least {MIN_PASSED} tests have to pass."


def public_results(passed: dict[str, bool]) -> list[bool]:
    """Return whether each test passes, without those of private functions."""
    return [is_passed for test, is_passed in passed.items() if not test.startswith(PRIVATE)]


def functions(path: Path) -> set[str]:
    """Return the names of the functions in a module; none if it does not exist."""
    tree = ast.parse(path.read_text() if path.exists() else "")
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def main() -> int:
    """Return 0 if exactly the tests in the table fail."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        extract_tests(download(directory), directory)
        passed = run(directory)
    faults = [*find_faults(read_table(), passed)]
    for fault in faults:
        print(fault)
    public = public_results(passed)
    print(f"{REQUIREMENT}: {sum(public)} of {len(public)} tests of public behaviour pass.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
