"""Processes that are killed while they work: what was answered is there, once, and nothing else (P9 P10)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

from tests.faults import books
from tests.faults.load import Line, settled
from tests.faults.nodes import Node
from tests.faults.shop import PRICE, Served, Shop, cancel, pay, place, promotion
from tests.faults.trying import POINTS, on, sized
from youhui.platform.failpoints import VARIABLE

Note = Callable[[str, object], None]
CLIENTS = 32
READY = 90.0
"""seconds in which a start that goes well is over on a machine that does other things too; what it took is told"""


@dataclass
class _Life:
    """What clients know of their orders: the last answer that was given for each. They go on until `over`."""

    over: bool = False
    acknowledged: dict[str, str] = field(default_factory=dict)
    unknown: int = 0

    async def of_a_client(self, line: Line, name: str, chance: Random) -> None:
        """Orders, one after another, each placed and then paid or cancelled, asked for until it is settled."""
        number = 0
        while not self.over:
            order_no = f"{name}-{number}"
            number += 1
            end = chance.choice((pay, cancel))
            for request in (
                place(order_no, PRICE - 1_000, name, key=f"{order_no}-p", codes=["CRASH"]),
                end(order_no, f"{order_no}-e"),
            ):
                answer, before = await settled(line, request)
                assert answer.status in (200, 201), (request, answer.status, answer.json, before)
                self.unknown += len(before)
                self.acknowledged[order_no] = answer.json["state"]


async def _under_load(served: Served, chance: Random, harm: Callable[[_Life], Awaitable[None]]) -> _Life:
    """Clients at work while harm is done."""
    life = _Life()

    async def harmed() -> None:
        try:
            await harm(life)
        finally:
            life.over = True

    async with served.clients(CLIENTS) as group, asyncio.TaskGroup() as tasks:
        for i, line in enumerate(group.lines):
            tasks.create_task(life.of_a_client(line, f"c{i}", Random(chance.random())))
        tasks.create_task(harmed())
    return life


def _assert_kept(shop: Shop, life: _Life) -> None:
    """What was acknowledged is there; since every client went on until it knew, nothing else is."""
    states = books.states(shop.url, "c")
    assert states == life.acknowledged
    assert set(books.entries(shop.url, "c").values()) <= {1}
    paid = list(states.values()).count("paid")
    assert books.taken(shop.url, "crash") == (paid, paid * 1_000)


CRASH = promotion("crash", code="CRASH", usage_limit=10_000_000)


@on("sqlite", "postgresql", "mariadb")
def test_a_killed_server_loses_and_doubles_nothing(shop: Shop, chance: Random, record_property: Note) -> None:
    kills = sized(2, 50, 200)
    ready: list[float] = []

    with shop.served(1 if shop.kind == "sqlite" else 2) as served:
        served.add(CRASH)

        async def kill(life: _Life) -> None:
            for _ in range(kills):
                await asyncio.sleep(chance.uniform(0.05, 0.8))
                victim = chance.choice(served.nodes)
                await asyncio.to_thread(victim.kill)
                ready.append(await asyncio.to_thread(victim.start))
            await asyncio.sleep(0.3)

        life = asyncio.run(_under_load(served, chance, kill))
    _assert_kept(shop, life)
    record_property("kills", kills)
    record_property("orders", len(life.acknowledged))
    record_property("unknown", life.unknown)
    record_property("ready", f"{max(ready):.1f} s at most")


@on("postgresql", "mariadb")
def test_a_killed_database_loses_and_doubles_nothing(
    shop: Shop, chance: Random, record_property: Note
) -> None:
    """The nodes stay, and are of use again as soon as the database is."""
    kills = sized(1, 20, 50)
    down: list[float] = []

    with shop.served(2) as served:
        served.add(CRASH)

        async def kill(life: _Life) -> None:
            for _ in range(kills):
                await asyncio.sleep(chance.uniform(0.2, 1.0))
                await _lasting(shop.server.kill)
                await _lasting(shop.server.start)
                down.append(await _until_next(life))

        life = asyncio.run(_under_load(served, chance, kill))
        assert not any(node.gone() for node in served.nodes)
    _assert_kept(shop, life)
    record_property("kills", kills)
    record_property("orders", len(life.acknowledged))
    record_property("unknown", life.unknown)
    record_property("of use again", f"{max(down):.1f} s at most")


_thread = ThreadPoolExecutor(1)
"""one that stays: servers end with the thread that started them"""


async def _lasting(call: Callable[[], None]) -> None:
    await asyncio.get_running_loop().run_in_executor(_thread, call)


async def _until_next(life: _Life) -> float:
    """Seconds until something is acknowledged again."""
    began, before = time.monotonic(), len(life.acknowledged)
    while len(life.acknowledged) == before:
        assert time.monotonic() - began < READY, "the nodes do not come back"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


@on("sqlite", "postgresql")
def test_killed_between_any_two_statements(shop: Shop, chance: Random, record_property: Note) -> None:
    """A process that dies there has done all of its batch or nothing: the same requests, sent again, say which."""
    points = chance.sample(POINTS, sized(2, len(POINTS)))

    with shop.served() as served:
        served.add(CRASH)

        async def kill(_: _Life) -> None:
            for point in points:
                await asyncio.to_thread(served.node.kill)
                told = f"committer.{point}:{chance.randint(5, 20)}=kill"
                await asyncio.to_thread(served.node.start, **{VARIABLE: told})
                await _gone(served.node)
                await asyncio.to_thread(served.node.start)
            await asyncio.sleep(0.3)

        life = asyncio.run(_under_load(served, chance, kill))
    _assert_kept(shop, life)
    record_property("points", " ".join(points))
    record_property("orders", len(life.acknowledged))
    record_property("unknown", life.unknown)


async def _gone(node: Node) -> None:
    began = time.monotonic()
    while not node.gone():
        assert time.monotonic() - began < READY, "its failpoint was not reached"
        await asyncio.sleep(0.02)
