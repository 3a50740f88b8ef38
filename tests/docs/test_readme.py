"""What README.md shows is what happens."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.http import serving
from youhui.cli import demo
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


def test_the_quote_is_what_the_demo_answers(tmp_path: Path) -> None:
    (text,) = [text for language, text in BLOCKS if language == "http"]
    request, shown = text.split("\n\n", 1)
    path, body = request.removeprefix("POST ").split("\n", 1)
    with serving.client(tmp_path) as client:
        demo.load(client.service)
        answer = client.post(path, content=body, headers={"content-type": "application/json"}).json()
    expected = json.loads(shown.strip().removesuffix(", …") + "}")
    assert {key: answer[key] for key in expected} == expected


def test_the_order_is_placed_paid_and_refunded(tmp_path: Path) -> None:
    text, _ = [text for language, text in BLOCKS if language == "sh"]
    asked = re.findall(r"^ask (\S+) '([^']*)'", text, re.MULTILINE)
    with serving.client(tmp_path) as client:
        demo.load(client.service)
        headers = {**serving.key(client, "orders"), "content-type": "application/json"}
        answers = [
            client.post(f"/api/orders{path.strip(chr(39))}", content=body, headers=headers)
            for path, body in asked
        ]
    assert [answer.status_code for answer in answers] == [201, 200, 201]
    assert answers[-1].json()["refunded_amount"] == answers[0].json()["actual_amount"]


def test_a_coupon_is_used_and_comes_back(tmp_path: Path) -> None:
    _, text = [text for language, text in BLOCKS if language == "sh"]
    asked = re.findall(r"^use (\S+) +'([^']*)' *# (\{.*), …$", text, re.MULTILINE)
    assert len(asked) == 2
    with serving.client(tmp_path) as client:
        demo.load(client.service)
        headers = {**serving.key(client, "coupons"), "content-type": "application/json"}
        for path, body, shown in asked:
            answer = client.post(f"/api/marketing/coupons/{path}", content=body, headers=headers).json()
            expected = json.loads(shown + "}")
            assert {key: answer[key] for key in expected} == expected


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()
