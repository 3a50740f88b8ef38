"""`youhui serve`: real processes on one database."""

from __future__ import annotations

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
from youhui.cli.demo import PROMOTION, QUOTE, REFUSED, lines

pytestmark = pytest.mark.slow


JSON = {"content-type": "application/json"}


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


def test_the_lines_are_for_a_shell(tmp_path: Path) -> None:
    """Each as a shell reads it, sent as it stands."""
    url = f"sqlite:///{tmp_path / 'youhui.db'}"
    with serving.process(url, "--demo") as address:
        headers = serving.admin(url)
        asked = [shlex.split(line) for line in lines(address, 12).splitlines() if line.startswith("curl")]
        answers = [
            httpx2.request("POST" if "-d" in line else "GET", line[2], headers={**headers, **JSON},
                           content=line[-1] if "-d" in line else None)
            for line in asked
        ]  # fmt: skip
    assert [line[4] for line in asked] == ["Authorization: Bearer $TOKEN"] * 6
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 200, 201]
    assert [one["amount"] for one in answers[2].json().values()] == ["50.00", "20.85", "20.00"]
    (mine,) = answers[3].json()["usable"]
    assert f"coupon:{mine['id']}" in [one["promotion"] for one in answers[4].json()["applied"]]
    assert answers[5].json()["id"] == "double11-12"


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
