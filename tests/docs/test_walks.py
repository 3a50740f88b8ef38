"""What the guides tell people to type works as it is printed, line after line, on a server that was just started."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from tests.http import serving

DOCS = Path(__file__).parents[2] / "docs"
SHELL = re.compile(r"```(?:sh|console|)\n((?:\$ )?(?:\w+=|curl ).*?)```", re.DOTALL)
CSV = re.compile(r"```csv\n(.*?)```", re.DOTALL)
ASSIGNED = re.compile(r"(\w+)=(\S+)(?: +#.*)?")
LEFT_OUT = re.compile(r"(eyJ|yh_|)[^\s\"'=]*…")
"""a secret of which only the beginning is printed: the reader puts in what the answer before says"""

FIRST = {
    "name": "会员日", "discount_type": "percent", "discount_value": 9.5, "group_ids": ["VIP"], "all_products": True,
    "effective_time": "2026-11-01T00:00:00Z", "expiration_time": "2026-12-01T00:00:00Z",
}  # fmt: skip
"""the first of the guide's table: the one that is made there is the second"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed"),
]


@dataclass
class Walk:
    """Someone who types."""

    folder: Path
    password: str
    variables: dict[str, str]
    answer: dict[str, object] = field(default_factory=dict)

    def type(self, line: str) -> None:
        """One line: a variable, what an answer looks like, or a command."""
        line = LEFT_OUT.sub(lambda found: self.filled_in(found[1]), line) if line[0] != "#" else line
        if line.startswith("#"):
            assert set(re.findall(r'"(\w+)":', line)) <= set(self.answer), line
        elif assigned := ASSIGNED.fullmatch(line):
            if assigned[1] != "URL":
                self.variables[assigned[1]] = assigned[2]
        else:
            self.run(line)

    def filled_in(self, beginning: str) -> str:
        """The longest value of the answer before that begins so; without a beginning, the first start's password."""
        values = [str(value) for value in self.answer.values() if str(value).startswith(beginning)]
        return max(values, key=len) if beginning else self.password

    def run(self, command: str) -> None:
        done = subprocess.run(
            ["bash", "-c", command.replace("https://shop.example", self.variables["URL"])],
            env={**os.environ, **self.variables},
            cwd=self.folder,
            capture_output=True,
            check=True,
            timeout=30,
        )
        self.answer = json.loads(done.stdout)
        assert "error" not in self.answer, (command, self.answer)


def lines(page: str) -> list[str]:
    """What is typed, and the comments that show answers; prompts are left out, continued lines are joined."""
    blocks = [block.replace("\\\n", " ") for block in SHELL.findall(page)]
    typed: list[str] = []
    for line in "\n".join(blocks).splitlines():
        if typed and typed[-1].count("'") % 2:
            typed[-1] += f"\n{line}"  # a text in quotes over several lines
        elif line.strip():
            typed.append(line.removeprefix("$ "))
    return typed


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    folder = tmp_path_factory.mktemp("walks")
    database = f"sqlite:///{folder / 'youhui.db'}"
    said = folder / "said"
    with said.open("w") as errors, serving.process(database, errors=errors) as url:
        password = re.search(r"^ +admin +(\S+)$", said.read_text("utf-8"), re.MULTILINE)
        assert password is not None
        token = serving.admin(database)["authorization"].removeprefix("Bearer ")
        key = serving.storefront(database, "directory", "quote", "orders")["authorization"].removeprefix(
            "Bearer "
        )
        (folder / "products.jsonl").write_text('{"id": 1, "name": "Mug", "price": 49}\n')
        first = httpx2.post(f"{url}/api/discounts/", json=FIRST, headers={"authorization": f"Bearer {token}"})
        assert first.status_code == 201
        yield Walk(folder, password[1], {"URL": url, "SHOP": url, "TOKEN": token, "KEY": key})


@pytest.mark.parametrize("name", ["accounts", "promotions", "discounts", "directory", "orders"])
def test_the_commands_work_as_they_are_printed(walk: Walk, name: str) -> None:
    page = (DOCS / f"{name}.md").read_text("utf-8")
    for content in CSV.findall(page):
        (walk.folder / f"{name}.csv").write_text(content, "utf-8")
    typed = lines(page)
    assert [line for line in typed if line.startswith("curl")]
    for line in typed:
        walk.type(line)
