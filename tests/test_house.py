"""The house: imports point one way, what is shipped installs alone, and documents are true."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import get_args

import pytest

import corswsgi
from corswsgi import DecisionReason, ProblemReason
from corswsgi.cli.engines import PACKAGES as BROWSERS
from corswsgi.cli.engines import Engine
from corswsgi_django.checks import ERRORS
from tests.helpers.programs import needed_engine
from tests.helpers.servers import serving

ROOT = Path(__file__).parents[1]
CORE = ROOT / "corswsgi"

# A module may import those before it only.
ORDER = [
    "errors",
    "fetch",
    "log",
    "origins",
    "corrections",
    "probes",
    "suffixes",
    "neighbours",
    "options",
    "policy",
    "layers",
    "marks",
    "headers",
    "decision",
    "rules",
    "explanation",
    "reports",
    "resources",
    "configuration",
    "wsgi",
    "__init__",
]


# The packages beside the core: which modules they have, in their order, and what else they import.
PACKAGES = {
    "corswsgi/browser": [
        "messages",
        "urls",
        "header_values",
        "reasons",
        "cache",
        "checks",
        "outcome",
        "model",
        "transports",
        "client",
        "__init__",
    ],
    "corswsgi/cli": ["engines", "command", "__init__"],
    "corswsgi/cli/demo": ["fetches", "apis", "comparison", "site", "run", "__init__"],
    "corswsgi_pytest": ["__init__"],
    "corswsgi_flask": [
        "options",
        "marks",
        "compiled",
        "exceptions",
        "routes",
        "policies",
        "signals",
        "decorator",
        "extension",
        "current",
        "__init__",
    ],
    "corswsgi_django": [
        "defaults",
        "signals",
        "callables",
        "settings",
        "marks",
        "routes",
        "policies",
        "stack",
        "origin_checks",
        "checks",
        "apps",
        "decisions",
        "responses",
        "decorator",
        "middleware",
        "__init__",
    ],
}
OTHERS = {
    # The other side may know the standard's words and what an origin is, and nothing of policies.
    "corswsgi/browser": {"corswsgi.fetch", "corswsgi.origins", "ada_url", "urllib3", "werkzeug"},
    "corswsgi/cli": {"click", ".demo.run"},
    "corswsgi/cli/demo": {
        *("corswsgi", "corswsgi.browser", "corswsgi.cli.engines", "corswsgi_flask"),
        *("flask", "django", "werkzeug", "rich"),
    },
    "corswsgi_pytest": {"pytest", "django", "corswsgi.browser"},
    "corswsgi_flask": {"flask", "werkzeug", "corswsgi"},
    "corswsgi_django": {"django", "asgiref", "corswsgi"},
}


def imports(path: Path) -> list[str]:
    """Return what a module imports, wherever in it: `.name` for a sibling."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            prefix = "." * node.level
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found += [f"{prefix}{name}" for name in names]
    return found


def test_every_module_of_the_core_has_its_place() -> None:
    assert sorted(path.stem for path in CORE.glob("*.py")) == sorted([*ORDER, "__main__"])
    assert imports(CORE / "__main__.py") == ["sys", ".cli.command"]


@pytest.mark.parametrize("module", ORDER)
def test_imports_point_one_way(module: str) -> None:
    for name in imports(CORE / f"{module}.py"):
        if name.startswith("."):
            assert name[1:] in ORDER[: ORDER.index(module)], f"{module} imports {name}"
        else:
            root = name.partition(".")[0]
            known = {*sys.stdlib_module_names, "_typeshed"}
            assert root in known or (module, root) == ("suffixes", "publicsuffixlist"), name


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_one_way_too(package: str) -> None:
    """Siblings before them, and others that they may; of the core, what is public.

    (The model has two modules of the core instead.) Adapters never import each other.
    """
    order, others = PACKAGES[package], OTHERS[package]
    assert sorted(path.stem for path in (ROOT / package).glob("*.py")) == sorted(order)
    for module in order:
        path = ROOT / package / f"{module}.py"
        assert not re.search(r"from corswsgi[.\w]* import .*\b_", path.read_text())
        for name in imports(path):
            if name.startswith(".") and name not in others:
                assert name[1:] in order[: order.index(module)], f"{module} imports {name}"
            else:
                root = name.partition(".")[0]
                known = {*sys.stdlib_module_names, "_typeshed", *others}
                assert name in others or root in known, f"{module} imports {name}"


def test_public_names() -> None:
    assert {
        "CORSMiddleware",
        "Decision",
        "Policy",
        "PolicyError",
        "Problem",
        "decide",
    } <= set(corswsgi.__all__)
    for name in corswsgi.__all__:
        assert getattr(corswsgi, name).__doc__ or name.endswith("Reason")


def test_every_reason_is_documented() -> None:
    reference = (ROOT / "docs" / "reference.md").read_text()
    rows = [line.split("`")[1] for line in reference.splitlines() if line.startswith("| `")]
    reasons: set[str] = set()
    for alternative in (*get_args(DecisionReason), ProblemReason):
        reasons |= set(get_args(alternative)) or {alternative}
    for reason in reasons:
        assert reason in rows, f"docs/reference.md does not say what {reason} means"


def test_every_check_is_documented() -> None:
    text = (ROOT / "docs" / "django.md").read_text()
    source = "".join(path.read_text() for path in ROOT.glob("corswsgi_django/*checks.py"))
    warnings = sorted({*re.findall(r"W\d{3}", source)})
    assert re.findall(r"^\| (W\d{3}) \|", text, re.MULTILINE) == warnings
    assert re.findall(r"E(\d{3})\s`(\w+)`", text) == [
        (f"{number:03}", reason) for number, reason in enumerate(ERRORS, 1)
    ]


def code_blocks(path: Path) -> list[str]:
    return [
        block.partition("\n")[2]
        for block in path.read_text().split("```")[1::2]
        if block.startswith("python")
    ]


DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_examples_run(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every block of Python runs, in one go; ``# prints: x`` says what a block prints."""
    # Settings are added to those of a new Django project.
    names: dict[str, object] = {"__name__": "__main__", "INSTALLED_APPS": [], "MIDDLEWARE": []}
    for block in code_blocks(path):
        exec(compile(block, str(path), "exec"), names)
        expected = [line[10:] for line in block.splitlines() if line.startswith("# prints: ")]
        assert capsys.readouterr().out.splitlines() == expected
    names.clear()  # what has connected itself to a signal goes with it


def test_every_document_has_examples() -> None:
    assert all(code_blocks(path) for path in DOCUMENTS if path.name != "design.md")


PROGRAM = """
import sys
from importlib.metadata import distributions, requires
import corswsgi
from corswsgi import CORSMiddleware, Policy

def app(environ, start_response):
    start_response("200 OK", [])
    return []

origins = ["https://*.example.org"]
middleware = CORSMiddleware(app, Policy(origins=origins, supports_credentials=True))
sent = []
environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": "https://a.example.org"}
middleware(environ, lambda status, headers: sent.extend(headers))
assert ("Access-Control-Allow-Origin", "https://a.example.org") in sent
installed = {distribution.name.lower() for distribution in distributions()}
assert installed <= {"corswsgi", "publicsuffixlist", "pip", "setuptools"}, installed
for framework in ("flask", "django", "werkzeug"):
    assert framework not in sys.modules
"""


PLUGIN_TESTS = """
def test_passes():
    pass

def test_needs_the_extra(cors_browser):
    pass
"""


@pytest.mark.once
def test_the_wheel_works_alone(tmp_path: Path) -> None:
    """Built, and installed into an empty environment, without any extra."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    wheels = tmp_path / "wheels"
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--wheel-dir", wheels, ROOT], check=True, env=environment
    )
    (wheel,) = wheels.glob("corswsgi-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("corswsgi/py.typed", "corswsgi/cli/demo/page.html", "corswsgi_pytest/py.typed"):
        assert name in names
    assert not [name for name in names if name.startswith(("tests", "benchmarks", "docs"))]
    assert any(name.endswith("licenses/LICENSE") for name in names)
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([*pip, "--python", python, "install", wheel], check=True, env=environment)
    subprocess.run(
        [python, "-W", "error", "-c", PROGRAM], check=True, cwd=tmp_path, env=environment
    )
    command = [str(python), "-m", "corswsgi", "demo"]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "python -m corswsgi needs click: pip install 'corswsgi[cli]'\n"
    # The plugin is there as soon as pytest is, and breaks nothing.
    subprocess.run([*pip, "--python", python, "install", "pytest"], check=True, env=environment)
    tmp_path.joinpath("test_plugin.py").write_text(PLUGIN_TESTS)
    command = [str(python), "-W", "error", "-m", "pytest", "-q", "test_plugin.py"]
    environment.pop("DJANGO_SETTINGS_MODULE")
    done = subprocess.run(
        command, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1].startswith("1 passed, 1 error in"), done.stdout
    assert re.search(
        "^E .*corswsgi.browser needs .*: pip install 'corswsgi", done.stdout, re.MULTILINE
    )


@pytest.mark.parametrize("engine", BROWSERS)
def test_in_ci_nothing_is_skipped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: Engine
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"{engine} is not installed .Debian packages: "):
        needed_engine(engine)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=f"{engine} is not installed .*CI must not skip"):
        needed_engine(engine)


def test_a_server_that_does_not_start_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="did not start"), serving("waitress", "no:application"):
        raise NotImplementedError
