"""`youhui check`: what is promised, proved on a database."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.cli.running import youhui
from youhui.checkout.orders import checking
from youhui.platform import migrate
from youhui.platform.db import Database

importlib.import_module("youhui.bootstrap")  # so that every table is known

EXPIRED_NOWHERE = (
    "INSERT INTO orders (order_no, state, currency, total, discount, payable, refunded, placed_at, hold_until, "
    "taken_at, returned, frozen, request) VALUES ('o%d', 'expired', 'CNY', 0, 0, 0, 0, '2026-11-11 00:00:00.000000', "
    "'2026-11-11 00:00:00.000000', '2026-11-11 00:00:00.000000', '{\"lines\": {}, \"shipping\": false}', "
    '\'{"lines": [], "promotions": [], "shipping": 0, "shipping_paid": 0}\', \'\')'
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/youhui.db"
    database = Database(url)
    migrate.upgrade(database)
    database.close()
    return url


def broken(url: str, count: int) -> None:
    """So many orders that have ended at no instant."""
    database = Database(url)
    with database.writing() as connection:
        for number in range(count):
            connection.exec_driver_sql(EXPIRED_NOWHERE % number)
    database.close()


def test_a_sound_database(url: str) -> None:
    ran = youhui("check", "--database", url)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    proofs = ["P1", "P2", "P3", "P4", "P7", "P12", "P14", "append-only", "coupons"]
    assert [line.split()[0] for line in lines] == proofs
    assert all(line.endswith("成立") for line in lines)
    assert youhui("check", "--database", url, "--lang", "en").out.splitlines()[4] == (
        "P7  a hold ends once, as the order's state says  [0 orders, 0 holds]  holds"
    )


def test_a_broken_promise_is_shown_row_by_row(url: str) -> None:
    broken(url, 22)
    ran = youhui("check", "--database", url, "--lang", "en")
    assert ran.code == 1
    shown = [line for line in ran.out.splitlines() if line.startswith("    ")]
    assert shown[0] == "    order o0: its instants do not fit its state, expired"
    assert (len(shown), shown[-1]) == (21, "    … and 2 more")
    assert "BROKEN: 22" in ran.out


def test_for_programs(url: str) -> None:
    broken(url, 1)
    ran = youhui("check", "--database", url, "--json", "--lang", "en")
    found = json.loads(ran.out)
    assert (ran.code, found["sound"]) == (1, False)
    p7 = next(one for one in found["promises"] if not one["holds"])
    assert (p7["promise"], p7["drifted"], p7["counted"]) == ("P7", 1, {"holds": 0, "orders": 1})
    assert p7["drifts"] == [
        {
            "rule": "times",
            "message": "order o0: its instants do not fit its state, expired",
            "order_no": "o0",
            "state": "expired",
        }
    ]


def test_on_a_terminal_it_shows_how_far_it_is(url: str) -> None:
    broken(url, 1)
    ran = youhui("check", "--database", url, terminal=True)
    assert "check" in ran.err


def test_what_it_cannot_look_at_is_no_broken_promise(tmp_path: Path) -> None:
    for url, told in (
        (f"sqlite:///{tmp_path}/empty.db", "run youhui db upgrade"),
        ("postgresql+psycopg://nobody@127.0.0.1:1/none", "not available"),
        ("nothing", "database_url"),
    ):
        ran = youhui("check", "--database", url, "--lang", "en", LANG="en")
        assert ran.code == 2, url
        assert told in ran.err
        assert ran.out == ""


def test_interrupted(url: str) -> None:
    with patch.object(checking, "check", side_effect=KeyboardInterrupt):
        assert youhui("check", "--database", url).code == 130


def test_a_fault_of_its_own_is_no_broken_promise(url: str) -> None:
    with patch.object(checking, "check", side_effect=RuntimeError("a fault")):
        ran = youhui("check", "--database", url)
    assert ran.code == 2
    assert "RuntimeError: a fault" in ran.err
