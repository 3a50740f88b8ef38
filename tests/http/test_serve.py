"""`youhui serve`: real processes on one database."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.http import serving
from tests.http.serving import PROMOTIONS, QUOTES, cart, promotion
from youhui.cli.serve import PROMOTION, QUOTE, REFUSED, _welcome

pytestmark = pytest.mark.slow


@contextmanager
def served(database: str, *options: str) -> Iterator[httpx2.Client]:
    """An admin's client of a new process."""
    with (
        serving.process(database, *options) as address,
        httpx2.Client(base_url=address, headers=serving.admin(database)) as client,
    ):
        yield client


def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'youhui.db'}"
    with served(url) as client:
        assert client.post(PROMOTIONS, json=promotion()).status_code == 201
    with served(url) as client:
        assert client.post(QUOTES, json=cart()).json()["total"] == "110.00"


def test_the_demo_is_stored_once_and_its_lines_work(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'youhui.db'}"
    with served(url, "--demo") as client:
        quoted = client.post(QUOTES, json=QUOTE).json()
        assert [one["promotion"] for one in quoted["applied"]] == [
            "flash-mug", "member-95", "second-half", "save10", "free-shipping-99",
        ]  # fmt: skip
        refused = client.post(QUOTES, json=REFUSED).json()
        assert refused["rejected_codes"]["SAVE10"]["reason"] == "conditions"
        (verdict,) = [v for v in refused["verdicts"] if v["promotion"] == "save10"]
        assert verdict["hint"]["amount"] == "14.00"
        assert client.post(PROMOTIONS, json=PROMOTION).status_code == 201
        stored = client.get(PROMOTIONS).json()["total"]
    with served(url, "--demo") as client:
        assert client.get(PROMOTIONS).json()["total"] == stored


def test_the_lines_are_for_a_shell() -> None:
    lines = [
        shlex.split(line)
        for line in _welcome("http://127.0.0.1:8000", 12, "demo").splitlines()
        if line.startswith("curl")
    ]
    assert [line[2].removeprefix("http://127.0.0.1:8000") for line in lines] == [QUOTES, QUOTES, PROMOTIONS]
    assert json.loads(lines[2][-1])["id"] == "double11-12"


@pytest.mark.parametrize("task", ["upgrade", "check"])
def test_db_brings_and_proves(tmp_path: Path, task: str) -> None:
    url = f"sqlite:///{tmp_path / 'youhui.db'}"

    def db(what: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from youhui.cli import main; main()", "db", what, "--database", url]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    if task == "check":
        assert db("check").returncode != 0
    assert db("upgrade").returncode == 0
    assert db("check").returncode == 0
