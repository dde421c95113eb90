"""The repository's own layout: our folder names are import names, so they must stay ours."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "models", "base", "manager", "misc"}
BINARY = {
    ".ttf",
    ".otf",
    ".woff2",
    ".png",
    ".jpg",
    ".ico",
    ".mo",
    ".pdf",
    ".xlsx",
    ".ods",
    ".parquet",
    ".icc",
}
MACHINE = re.compile(
    r"(?<![\w.])/(?:work|root)/|\.\./shared|--(?:extra-)?index-url|find-links|pypi\.org/simple"
)
MAY_NAME_THEM = {"tests/test_layout.py", "tools/setup.py", "Makefile"}


def tracked():
    names = subprocess.check_output(["git", "ls-files", "-z", "--cached"], cwd=ROOT, text=True).split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


FILES = tracked() if (ROOT / ".git").exists() else []
SOURCES = [path for path in FILES if path.suffix == ".py" and not path.is_relative_to(ROOT / "clients")]
"""What is generated under `clients` is named by its generator."""
OURS = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in PACKAGES]


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("package", PACKAGES)
def test_package_is_ours(package):
    """No other distribution (Django Channels, web.py) answers to our name."""
    assert Path(importlib.util.find_spec(package).origin).is_relative_to(ROOT)


def test_every_layer_is_named_in_the_contracts():
    linter = PROJECT["tool"]["importlinter"]

    assert set(linter["root_packages"]) == set(PACKAGES) <= set(PROJECT["tool"]["mypy"]["packages"])


def test_flow_modules_shadow_nothing():
    """Prefect puts `flows/` first on `sys.path`, so a `flows/email.py` would hide the stdlib."""
    ours = {path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__"}

    assert not ours & sys.stdlib_module_names
    assert not ours & set(PACKAGES)


def test_no_module_has_a_name_that_explains_nothing():
    assert not [name_of(path) for path in SOURCES if {path.stem, path.parent.name} & EMPTY_NAMES]


def test_a_packages_init_holds_a_docstring_only():
    for path in OURS:
        if path.name == "__init__.py":
            body = ast.parse(path.read_text(encoding="utf-8")).body
            assert ast.get_docstring(ast.Module(body, [])), f"{name_of(path)} says nothing"
            assert len(body) == 1, f"{name_of(path)} holds more than a docstring"


def test_no_registry_and_no_machine_is_named():
    found = []
    for path in FILES:
        if path.suffix in BINARY or name_of(path) in MAY_NAME_THEM:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if MACHINE.search(line):
                found.append(f"{name_of(path)}:{number}: {line.strip()[:80]}")
    assert not found


def test_every_locked_package_has_a_hash():
    for lock in ROOT.glob("**/requirements.lock"):
        if ".venv" in lock.parts or ".bench" in lock.parts:
            continue
        entries = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip())
        assert not [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry]


def test_ci_runs_the_tests_as_a_person_does():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
