"""The engine is pure: standard library only, no clock, and no float near money."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture import source

CLOCKS = {"now", "utcnow", "today", "monotonic", "perf_counter"}
PURE = [
    *source.modules(source.ENGINE),
    *(path for path in source.modules() if path.name in {"rules.py", "model.py"}),
]

IMPORT_ALL = """
import pkgutil, sys
sys.path.insert(0, sys.argv[1])
import youhui.engine
for found in pkgutil.walk_packages(youhui.engine.__path__, "youhui.engine."):
    print(__import__(found.name, fromlist=["_"]).__name__)
"""


def test_the_engine_needs_no_dependency() -> None:
    """Isolated and without site-packages, every module of it can be imported."""
    command = [sys.executable, "-I", "-S", "-c", IMPORT_ALL, str(source.PACKAGE.parent)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "youhui.engine.money" in done.stdout.split()


@pytest.mark.parametrize("path", source.modules(source.ENGINE), ids=source.name)
def test_the_engine_asks_for_no_dependency(path: Path) -> None:
    """Not even where it could do without."""
    tops = {module.partition(".")[0] for module in source.imports(path)}
    assert tops - sys.stdlib_module_names <= {"youhui"}


@pytest.mark.parametrize("path", source.modules(source.ENGINE), ids=source.name)
def test_no_float_near_money(path: Path) -> None:
    """No float literal, no float type (save to refuse one: `isinstance(x, float)`), no round()."""
    asked = {
        part
        for call in source.calls(path)
        if isinstance(call.func, ast.Name) and call.func.id == "isinstance"
        for argument in call.args
        for part in ast.walk(argument)
    }
    found = []
    for node in ast.walk(source.tree(path)):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float | complex)
        named = isinstance(node, ast.Name) and node.id in {"float", "round"} and node not in asked
        if literal or named:
            found.append(f"line {getattr(node, 'lineno', '?')}: {ast.unparse(node)}")
    assert found == []


@pytest.mark.parametrize("path", PURE, ids=source.name)
def test_rules_are_told_the_time(path: Path) -> None:
    assert [call for call in source.methods_called(path) if call[0] in CLOCKS] == []
