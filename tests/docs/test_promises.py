"""docs/promises.md names files that are there, and every promise that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from youhui.checkout.orders.checking import amounts, ways
from youhui.checkout.orders.checking.sentences import PROMISES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/promises.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`((?:tests|bench|docs|src)/[\w./-]+)`", TEXT)))


@pytest.mark.parametrize("name", NAMED)
def test_what_it_names_is_there(name: str) -> None:
    assert (ROOT / name).exists()


def test_every_promise_has_a_row() -> None:
    rows = re.findall(r"^\| P(\d+) \|", TEXT, re.MULTILINE)
    assert [int(row) for row in rows] == [number for number in range(1, 24) if number != 17]


def test_what_the_command_proves_is_said_to_be_proved() -> None:
    proved = set(re.findall(r"^\| (P\d+) \|.*`youhui check`", TEXT, re.MULTILINE))
    named = {
        f"P{number}" for module in (ways, amounts) for number in re.findall(r"P(\d+)", module.__doc__ or "")
    }
    assert set(PROMISES) - {"append-only", "coupons"} | named | {"P8"} == proved


def test_the_states_are_those_of_orders() -> None:
    diagram = TEXT.split("## The states of an order")[1].split("```")[1]
    assert set(re.findall(r"\b[a-z_]+\b(?= -->|:)", diagram)) >= set(ways.WAYS)
