"""What strangers, and operators on the biggest day, found out about orders."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.checked import assert_sound
from tests.faults import books
from tests.faults.load import Answer, Line, Request, tally
from tests.faults.shop import Served, Shop, place, promotion
from tests.http import ordering
from tests.http.ordering import ORDERS, outcome
from tests.http.serving import PROMOTIONS, cart, line
from tests.http.serving import promotion as terms

CLIENTS = 16


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """A shop that two processes serve; its books are sound at the end."""
    if request.param == "sqlite":
        yield from _served(Shop(f"sqlite:///{tmp_path / 'youhui.db'}", tmp_path))
        return
    with request.getfixturevalue("postgresql_server").database() as url:
        yield from _served(Shop(url, tmp_path))


def _served(shop: Shop) -> Iterator[Served]:
    with shop.served(2) as served:
        yield served
        assert_sound(shop.url)
        assert [node.complaints() for node in served.nodes] == ["", ""]


@dataclass
class Asked:
    """An order that was asked for at an instant, and the answer."""

    request: Request
    at: float
    answer: Answer


async def _crowd(served: Served, requests: Sequence[Request], meanwhile: Coroutine[Any, Any, None]) -> list[Asked]:
    """16 clients on both nodes ask, while something else is done."""
    asked: list[Asked] = []

    async def ask(line: Line, request: Request) -> None:
        at = time.monotonic()
        asked.append(Asked(request, at, await line.ask(request)))

    async with served.clients(CLIENTS) as group, asyncio.TaskGroup() as both:
        both.create_task(meanwhile)
        both.create_task(group.each(requests, ask))
    return asked


def _admin(served: Served) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=served.node.address(), headers=served.shop.admin, timeout=20)


# -- the biggest day


def test_limits_that_move_while_orders_come_are_never_passed(served: Served) -> None:
    chance = random.Random(seed := random.SystemRandom().randrange(10**6))
    print(f"seed {seed}")
    sale = promotion("sale", "10.00", code="SALE", usage_limit=5, budget="10000.00")
    served.add(sale)
    outcomes: list[str] = []

    async def move() -> None:
        async with _admin(served) as admin:
            for _ in range(40):
                limit = chance.randrange(120)
                answer = await admin.put(f"{PROMOTIONS}/sale", json={**sale, "usage_limit": limit})
                outcomes.append(outcome(answer))
                uses, _ = books.taken(served.url, "sale")
                assert uses <= limit or answer.status_code == 409

    requests = [place(f"sale-{i}", 9_000, codes=["SALE"]) for i in range(300)]
    asked = asyncio.run(_crowd(served, requests, move()))
    placed = tally(one.answer for one in asked)
    assert set(placed) <= {"201", "409 QUOTE_CHANGED"}
    assert set(outcomes) <= {"200", "409 LIMIT_BELOW_USE"}
    assert books.taken(served.url, "sale") == (placed["201"], placed["201"] * 1_000)


def test_no_order_has_what_was_paused(served: Served) -> None:
    sale = promotion("sale", "10.00", code="SALE", usage_limit=1_000_000)
    served.add(sale)
    paused_at = [float("inf")]

    async def pause() -> None:
        async with _admin(served) as admin:
            await _until(lambda: books.taken(served.url, "sale")[0] >= 30)
            answer = await admin.put(f"{PROMOTIONS}/sale", json={**sale, "active": False})
            assert answer.status_code == 200, answer.text
            paused_at[0] = time.monotonic()

    requests = [place(f"sale-{i}", 9_000, codes=["SALE"]) for i in range(400)]
    asked = asyncio.run(_crowd(served, requests, pause()))
    after = [one for one in asked if one.at > paused_at[0]]
    assert len(after) > 10, "it was paused in the middle"
    assert tally(one.answer for one in after) == {"409 QUOTE_CHANGED": len(after)}
    assert books.taken(served.url, "sale")[0] == tally(one.answer for one in asked)["201"]


async def _until(reached: Callable[[], bool]) -> None:
    for _ in range(500):
        if reached():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came so far")


def test_a_copy_that_was_made_under_load_is_sound(served: Served, tmp_path: Path) -> None:
    """And so is the database itself, whenever it is looked at."""
    served.add(promotion("sale", "10.00", code="SALE", usage_limit=100, budget="5000.00"))
    copy = tmp_path / "copy"

    async def look() -> None:
        for _ in range(3):
            await asyncio.to_thread(assert_sound, served.url)
        await asyncio.to_thread(_youhui, served.url, "db", "backup", str(copy))

    requests = [place(f"sale-{i}", 9_000, f"c{i % 7}", codes=["SALE"]) for i in range(300)]
    asyncio.run(_crowd(served, requests, look()))
    assert books.taken(served.url, "sale")[0] == 100
    if served.shop.kind == "sqlite":
        assert_sound(f"sqlite:///{copy}")
        assert len(books.states(f"sqlite:///{copy}", "sale-")) <= 100
    assert copy.stat().st_size > 0


def _youhui(database: str, *arguments: str) -> str:
    command = [sys.executable, "-c", "from youhui.cli import main; main()", *arguments]
    done = subprocess.run(
        [*command, "--database", database], capture_output=True, text=True, timeout=60, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_was_accepted_is_answered_before_a_node_ends(served: Served) -> None:
    """SIGTERM in the middle: what has an answer is written, and nothing is written without one."""
    served.add(promotion("sale", "10.00", code="SALE", usage_limit=1_000_000))
    leaving = served.nodes[1]

    async def end() -> None:
        await _until(lambda: books.taken(served.url, "sale")[0] >= 40)
        os.kill(leaving.pid, signal.SIGTERM)

    requests = [place(f"sale-{i}", 9_000, codes=["SALE"]) for i in range(600)]
    asked = asyncio.run(_crowd(served, requests, end()))
    answered = {one.request.body for one in asked if one.answer.status == 201}
    assert {one.answer.status for one in asked} == {201, 0}
    assert len(books.states(served.url, "sale-")) == len(answered)
