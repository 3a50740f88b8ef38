"""What README.md shows is what happens."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from youhui.cli.commands import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


def test_the_python_example_prints_what_its_comments_say() -> None:
    (code,) = [text for language, text in BLOCKS if language == "python"]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "README.md", "exec"), {})
    assert out.getvalue().splitlines() == re.findall(r"# → (.*)", code)
    assert len(code.splitlines()) <= 14


def test_the_receipt_is_what_the_command_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    (text,) = [text for language, text in BLOCKS if language == "text"]
    command, _, receipt = text.partition("\n")
    assert command.startswith("$ youhui ")
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(app, shlex.split(command)[2:], env={"COLUMNS": "80", "NO_COLOR": "1"})
    assert result.exit_code == 0
    assert [line.rstrip() for line in result.output.strip("\n").splitlines()] == receipt.strip(
        "\n"
    ).splitlines()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()
