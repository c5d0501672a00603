"""The house: layers of the code, what is shipped, and documents whose examples run."""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import sys
import tokenize
import venv
import zipfile
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any, get_args, get_origin

import pytest

import corswsgi
import corswsgi.adapters
from corswsgi import DecisionReason, NoticeReason, ProblemReason
from corswsgi.cli.engines import PACKAGES as BROWSERS
from corswsgi.cli.engines import Engine
from corswsgi_django.checks import ERRORS, NOTICES
from tests import conftest
from tests.helpers.programs import needed_engine
from tests.helpers.servers import serving

ROOT = Path(__file__).parents[1]

# A module of the core may import those before it only.
CORE = [
    "errors",
    "fetch",
    "log",
    "origins",
    "suffixes",
    "automata",
    "backtracking",
    "grammar",
    "expressions",
    "suggestions",
    "environment",
    "names",
    "credentials",
    "callables",
    "findings",
    "tokens",
    "rules",
    "validation",
    "requests",
    "decision",
    "memory",
    "compiled",
    "policy",
    "path_expressions",
    "paths",
    "differences",
    "debug",
    "reports",
    "responses",
    "policy_callables",
    "asgi",
    "wsgi",
    "__init__",
]

# What the modules of each package may import besides the standard library and each other.
PACKAGES: dict[str, set[str]] = {
    "corswsgi": {"publicsuffixlist"},
    "corswsgi/adapters": {"corswsgi", *(f"corswsgi.{name}" for name in CORE)},
    # The model of browsers knows the terms of the standard and origins, but not policies.
    "corswsgi/browser": {"corswsgi.fetch", "corswsgi.origins", "ada_url", "urllib3", "werkzeug"},
    # Reads configurations of other libraries, with their own code.
    "corswsgi/migrate": {
        *("corswsgi", *(f"corswsgi.{name}" for name in CORE), "corswsgi.browser"),
        *("flask", "werkzeug", "flask_cors", "django", "corsheaders", "corswsgi_django"),
    },
    "corswsgi/cli": {"click", "corswsgi.migrate", ".demo.run"},
    "corswsgi/cli/demo": {
        *("corswsgi", "corswsgi.browser", "corswsgi.cli.engines", "corswsgi_flask"),
        *("flask", "django", "werkzeug", "rich"),
    },
    "corswsgi_flask": {"flask", "werkzeug", "click"},
    "corswsgi_django": {"django", "asgiref"},
    "corswsgi_django/management/commands": {"django", "corswsgi.cli.migrate", "corswsgi.migrate"},
    "corswsgi_pytest": {"pytest", "django", "corswsgi.browser"},
}
ADAPTERS = {"corswsgi_flask": 560, "corswsgi_django": 950}
"""The packages that adapt frameworks, with the number of lines of code that they may have."""
MAX_OTHER_MODULES = 2

# The directories of tests. Modules without a file of tests of their own, with the file to look in.
TESTS = {
    "corswsgi": "",
    "corswsgi/adapters": "adapters",
    "corswsgi/browser": "browser",
    "corswsgi/cli": "cli",
    "corswsgi/migrate": "migrate",
    "corswsgi_flask": "flask",
    "corswsgi_django": "django",
    "corswsgi_django/management/commands": "django",
}
TESTED_IN = {
    "corswsgi.migrate.migration": "migrate/test_report.py",
    "corswsgi.browser.checks": "browser/test_model.py",
    "corswsgi.browser.messages": "browser/test_model.py",
    "corswsgi.adapters.routes": "adapters/test_table.py",
    "corswsgi.asgi": "test_wsgi.py",
    "corswsgi.findings": "test_validation.py",
    "corswsgi.policy_callables": "test_wsgi.py",
    "corswsgi.rules": "test_validation.py",
    "corswsgi.tokens": "test_validation.py",
    "corswsgi_django.defaults": "django/test_settings.py",
}


def modules(package: str) -> Iterator[Path]:
    """Yield the modules of a package, without those of packages in it."""
    return (ROOT / package).glob("*.py")


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
    assert sorted(path.stem for path in modules("corswsgi")) == sorted([*CORE, "__main__"])
    assert imports(ROOT / "corswsgi" / "__main__.py") == ["sys", ".cli.command"]


@pytest.mark.parametrize("module", CORE)
def test_imports_of_the_core_point_downwards(module: str) -> None:
    for name in imports(ROOT / "corswsgi" / f"{module}.py"):
        if name.startswith("."):
            assert name[1:] in CORE[: CORE.index(module)], f"{module} imports {name}"
        elif name == "publicsuffixlist":
            assert module == "suffixes", "all others import the list only through it"


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_what_they_may(package: str) -> None:
    allowed = PACKAGES[package]
    for path in modules(package):
        assert not re.search(r"from corswsgi[.\w]* import .*\b_", path.read_text())
        for name in imports(path):
            root = name.partition(".")[0]
            if root in (*sys.stdlib_module_names, "_typeshed", "typing_extensions"):
                continue
            is_adapted = package in ADAPTERS and root == "corswsgi"  # see the next test
            is_sibling = name.startswith(".") and name.count(".") == 1
            is_main = path.name == "__main__.py"
            assert (
                name in allowed
                or root in allowed - {"corswsgi"}
                or (is_adapted or is_sibling or is_main)
            ), f"{path} imports {name}"


@pytest.mark.parametrize("package", ADAPTERS)
def test_adapters_import_the_public_api(package: str) -> None:
    names = {name for path in modules(package) for name in imports(path)}
    others = {name for name in names if name.startswith("corswsgi.")} - {"corswsgi.adapters"}
    assert len(others) <= MAX_OTHER_MODULES, others
    assert "corswsgi_flask" not in names
    assert "corswsgi_django" not in names


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_have_no_cycles(package: str) -> None:
    graph = {
        path.stem: {name[1:] for name in imports(path) if re.fullmatch(r"\.\w+", name)}
        for path in modules(package)
    }
    if package == "corswsgi_django":
        graph["apps"].discard("checks")  # AppConfig.ready() imports them, as Django documents
    TopologicalSorter(graph).prepare()


def lines_of_code(source: str) -> int:
    """Count lines, without blank ones, comments and docstrings (of attributes, too)."""
    docstrings = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    layout = {
        *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
        tokenize.ENDMARKER,
    }
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in layout:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def test_lines_of_code() -> None:
    source = '"""Doc\n\nstring."""\n\n# comment\nA = """\n\ntext"""  # comment\n"""Of A."""\n'
    assert lines_of_code(source) == 3
    assert lines_of_code("def f() -> None:\n    '''Doc.'''\n\n    return (\n    )\n") == 3


@pytest.mark.parametrize("package", ADAPTERS)
def test_adapters_are_thin(package: str) -> None:
    counts = {path.name: lines_of_code(path.read_text()) for path in modules(package)}
    assert sum(counts.values()) <= ADAPTERS[package], counts


@pytest.mark.parametrize("package", TESTS)
def test_every_module_has_its_tests(package: str) -> None:
    for path in modules(package):
        name = f"{package}.{path.stem}".replace("/", ".")
        own = f"{TESTS[package]}/test_{path.stem}.py"
        if not path.stem.startswith("__"):
            assert (ROOT / "tests" / TESTED_IN.get(name, own).lstrip("/")).exists(), name


def test_public_names() -> None:
    assert {
        "CORSMiddleware",
        "Decision",
        "Policy",
        "PolicyError",
        "Problem",
        "decide",
    } <= set(corswsgi.__all__)
    for module in (corswsgi, corswsgi.adapters):
        for name in module.__all__:
            public = getattr(module, name)
            is_alias = get_origin(public) is not None  # a type, for Python 3.10
            assert public.__doc__ or is_alias or not isinstance(public, type | FunctionType), name
            assert not name.startswith("_")
    imported = {
        alias.asname or alias.name
        for node in ast.parse(Path(str(corswsgi.adapters.__file__)).read_text()).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == set(corswsgi.adapters.__all__)


def test_every_reason_is_documented() -> None:
    reference = (ROOT / "docs" / "reference.md").read_text()
    rows = [line.split("`")[1] for line in reference.splitlines() if line.startswith("| `")]
    reasons: set[str] = set()
    for alternative in (*get_args(DecisionReason), ProblemReason, NoticeReason):
        reasons |= set(get_args(alternative)) or {alternative}
    for reason in reasons:
        assert reason in rows, f"docs/reference.md does not say what {reason} means"


def test_the_threat_model_names_tests_that_exist() -> None:
    names = re.findall(r"`((?:tests|benchmarks)/[^`]*)`", (ROOT / "SECURITY.md").read_text())
    assert [name for name in names if not (ROOT / name).exists()] == []
    rows = re.findall(r"^\| (?!---|threat).*$", (ROOT / "SECURITY.md").read_text(), re.MULTILINE)
    assert all("`tests/" in row.split(" | ")[-1] for row in rows)
    assert len(names) > len(rows) > 0


def test_every_check_is_documented() -> None:
    text = (ROOT / "docs" / "django.md").read_text()
    source = "".join(path.read_text() for path in ROOT.glob("corswsgi_django/*checks.py"))
    notices = " ".join(NOTICES.values())
    warnings = sorted({*re.findall(r"W\d{3}", f"{source} {notices}")})
    assert re.findall(r"^\| (W\d{3}) \|", text, re.MULTILINE) == warnings
    assert re.findall(r"E(\d{3})\s`(\w+)`", text) == [
        (f"{number:03}", reason)
        for number, reason in enumerate(ERRORS, 1)
        if reason in get_args(ProblemReason)
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
    with pytest.raises(
        pytest.skip.Exception, match=f"{engine} is not installed .Debian packages: "
    ):
        needed_engine(engine)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(
        pytest.fail.Exception, match=f"{engine} is not installed .*CI must not skip"
    ):
        needed_engine(engine)


def test_a_server_that_does_not_start_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="did not start"), serving("waitress", "no:application"):
        raise NotImplementedError


def test_a_conformance_row_can_be_selected_by_its_name() -> None:
    """As ``pytest -k "another origin"`` does, which is a syntax error elsewhere."""
    names = ["test_middleware[another origin]", "test_middleware[a pattern, another origin]", "x"]
    for keyword, selected in (("another origin", names[:1]), ("x", names), ("no such row", names)):
        config: Any = SimpleNamespace(
            option=SimpleNamespace(keyword=keyword),
            stash=pytest.Stash(),
            hook=SimpleNamespace(pytest_deselected=lambda items: None),
        )
        items: list[Any] = [SimpleNamespace(name=name) for name in names]
        conftest.pytest_configure(config)
        conftest.pytest_collection_modifyitems(config, items)
        assert [item.name for item in items] == selected
        assert config.option.keyword == ("" if len(selected) == 1 else keyword)
