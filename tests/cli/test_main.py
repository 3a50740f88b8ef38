"""The command itself: version, help, wrong arguments, and what is missing."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

from tests.cli.running import ROOT, youhui

WITHOUT = """
import sys
sys.modules[sys.argv.pop(1)] = None
from youhui.cli import main
main()
"""


def test_the_version() -> None:
    assert youhui("--version").out == f"youhui {version('youhui')}\n"


@pytest.mark.parametrize(
    "arguments", [["prize"], ["price"], ["price", "a", "--lang", "fr"], ["schema", "order"]]
)
def test_wrong_arguments_are_status_2_and_a_word_on_stderr(arguments: list[str]) -> None:
    ran = youhui(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Error" in ran.err


@pytest.mark.parametrize(
    ("module", "command", "extra"),
    [("typer", "--version", "cli"), ("rich", "price", "cli"), ("uvicorn", "serve", "server")],
)
def test_what_is_not_installed_is_named_with_its_extra(module: str, command: str, extra: str) -> None:
    arguments = [command, "docs/examples/cart.json"] if command == "price" else [command]
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT, module, *arguments], capture_output=True, text=True, cwd=ROOT
    )
    assert ran.returncode == 1
    assert ran.stderr == f"youhui: {module} is not installed; this needs: pip install 'youhui[{extra}]'\n"


LOADED = """
import sys, youhui.cli.commands
print([name for name in ("rich.table", "fastapi", "sqlalchemy") if name in sys.modules])
"""


def test_starting_loads_neither_the_service_nor_what_draws_tables() -> None:
    ran = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
