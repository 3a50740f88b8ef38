"""What the committer promises those who ask it: an answer to each, in order, whatever the others of a batch do."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from tests import servers
from tests.stores.test_orders import BEGAN, Shop, placing, shop_on, taking
from youhui.checkout.orders import batch, counter_store, tables
from youhui.checkout.orders.commands import AnyCommand, Cancel, Changed, Done, Pay, Redemption
from youhui.checkout.orders.committer import Committer
from youhui.checkout.orders.deciding import decide
from youhui.checkout.orders.model import Claim, Key, Limits, Numbers, Vector
from youhui.checkout.orders.problems import OrderNotFound
from youhui.checkout.store import Source, next_version
from youhui.platform import committing
from youhui.platform.db import Database
from youhui.platform.problems import InFlight, Unavailable

SECONDS = 30
"""until a test gives up"""
ONE = taking("p", Limits(uses=1))


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    with shop_on(database_url) as made:
        yield made


@pytest.fixture
def quick(tmp_path: Any) -> Iterator[Shop]:
    """On SQLite, where it does not matter on what."""
    with shop_on(f"sqlite:///{tmp_path}/youhui.db") as made:
        yield made


class Gate:
    """Stands between the transactions of a committer: closed, the next one waits before it begins."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        self._open = threading.Event()
        self._arrived = threading.Semaphore(0)
        self._decide_all = batch.decide_all
        monkeypatch.setattr("youhui.checkout.orders.committer.decide_all", self._waiting)

    def _waiting(self, connection: Any, commands: Sequence[AnyCommand], *how: Any) -> Any:
        self._arrived.release()
        assert self._open.wait(SECONDS)
        self.sizes.append(len(commands))
        return self._decide_all(connection, commands, *how)

    def arrived(self) -> None:
        """Returns when one waits here."""
        assert self._arrived.acquire(timeout=SECONDS)

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


@contextmanager
def asking(shop: Shop, commands: Sequence[AnyCommand]) -> Iterator[list[Future[Done]]]:
    """All of them were accepted, in their order."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asked = [asyncio.run_coroutine_threadsafe(shop.committer.run(one), loop) for one in commands]
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(SECONDS)
        yield asked
        outcomes(asked)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)
        loop.close()


def outcomes(asked: Sequence[Future[Done]]) -> list[str]:
    """The state of each order, or the name of what was raised."""
    found = []
    for one in asked:
        error = one.exception(SECONDS)
        found.append(type(error).__name__ if error else one.result().order.state)
    return found


# -- batches


def test_what_gathers_while_one_transaction_runs_is_decided_in_the_next(shop: Shop, gate: Gate) -> None:
    with asking(shop, [placing("o0", versions=shop.versions())]) as first:
        gate.arrived()
        commands = [
            placing(f"o{i}", taking("p", Limits(uses=20)), versions=shop.versions()) for i in range(1, 41)
        ]
        with asking(shop, commands) as asked, counted(shop.database) as statements:
            gate.open()
            assert outcomes(first) == ["pending"]
            assert outcomes(asked) == ["pending"] * 20 + ["Changed"] * 20, "in the order of arrival"
    assert gate.sizes == [1, 40]
    assert len(statements) < 40, "two transactions, and none of their statements is of one order"


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    engines = database.engine, database._hurried
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield sent
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def test_a_row_locked_by_others_makes_many_wait_and_then_go_together(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.place("o0", taking("p", Limits(uses=9)))
    commands = [placing(f"o{i}", taking("p", Limits(uses=9)), versions=shop.versions()) for i in range(1, 13)]
    sizes: list[int] = []
    monkeypatch.setattr(shop.committer, "_observed", lambda size, seconds: sizes.append(size))
    with ExitStack() as stack:
        with shop.database.writing() as connection:
            if connection.dialect.name != "sqlite":  # there who writes has locked everything
                connection.exec_driver_sql("SELECT * FROM counters FOR UPDATE")
            asked = stack.enter_context(asking(shop, commands))
            assert not any(one.done() for one in asked)
        assert outcomes(asked) == ["pending"] * 8 + ["Changed"] * 4
    assert sum(sizes) == 12
    assert len(sizes) <= 2, "those that the thread found at once, and all others"


def test_a_command_that_fails_fails_alone(quick: Shop, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(command: AnyCommand, book: Any) -> Done:
        if command.order_no == "bad":
            raise ZeroDivisionError
        return decide(command, book)

    monkeypatch.setattr(batch, "decide", faulty)
    versions = quick.versions()
    with capture_logs() as logs, asking(quick, [placing("o0", versions=versions)]) as first:
        gate.arrived()
        with asking(quick, [placing(name, ONE, versions=versions) for name in ("o1", "bad", "o2")]) as asked:
            gate.open()
            assert outcomes(asked) == ["pending", "Failed", "Changed"]
        assert outcomes(first) == ["pending"]
    assert [(log["event"], log["about"]) for log in logs] == [("command failed", "bad")]
    assert gate.sizes == [1, 3, 1, 1, 1]
    assert quick.rows("SELECT order_no FROM orders ORDER BY order_no") == [("o0",), ("o1",)]


def test_commands_of_one_batch_see_one_another(quick: Shop, gate: Gate) -> None:
    same: dict[str, Any] = {"order_no": "o1", "request": "r", "caller": "key:1"}
    with asking(quick, [placing("o0", versions=quick.versions())]):
        gate.arrived()
        chain: list[AnyCommand] = [
            placing("o1", ONE, versions=quick.versions()),
            placing("o1", ONE, versions=quick.versions()),
            placing("o1", ONE, versions=quick.versions(), request="another"),
            Pay(**same),
            Cancel(**same),
        ]
        with asking(quick, chain) as asked:
            gate.open()
            assert outcomes(asked) == ["pending", "pending", "OrderExists", "paid", "OrderState"]
    assert [one.result().replayed for one in asked[:2]] == [False, True]
    assert gate.sizes == [1, 5]


# -- what it is priced by


def test_what_was_priced_by_older_rules_makes_no_counter(shop: Shop) -> None:
    """The terms of now may have others, which nobody would keep."""
    old = shop.versions()
    with shop.database.writing() as connection:
        next_version(connection, Source.PROMOTIONS)
    mine = taking("p", Limits(uses=1), customer="ann")
    for command in (placing("o1", mine, versions=old), late("o1", mine, old)):
        with pytest.raises((Changed, OrderNotFound)):
            shop.committer.wait(command)
    assert shop.rows("SELECT * FROM counters") == []


def test_a_period_that_is_over_gets_no_counter(shop: Shop) -> None:
    """By the clock that decides: the one that priced may have been a little behind."""
    day = Claim(Key("p", "", "2026-11-10T08:00Z/day"), Limits(uses=1), BEGAN - timedelta(days=1), BEGAN)
    with pytest.raises(Changed) as changed:
        shop.place("o1", Redemption("p", Vector(1, 100, 0), (day,)))
    assert changed.value.promotions == (), "not for lack of room"
    assert shop.rows("SELECT * FROM counters") == []


def late(order_no: str, redemption: Redemption, versions: Any) -> Pay:
    return Pay(order_no=order_no, request="pay", caller="key:1", again=(redemption,), versions=versions)


# -- back-pressure, leaving


def test_a_full_queue_takes_no_more(quick: Shop, gate: Gate) -> None:
    quick.committer.stop()
    quick.committer = Committer(quick.database, clock=lambda: quick.now, waiting=2, together=1)
    quick.committer.start()
    commands = [placing(f"o{i}", versions=quick.versions(), idempotency_key=f"k{i}") for i in range(4)]
    with asking(quick, commands[:1]) as first:
        gate.arrived()
        with asking(quick, commands[1:3]) as asked:
            with pytest.raises(Unavailable):
                quick.committer.wait(commands[3])
            gate.open()
            assert outcomes([*first, *asked]) == ["pending"] * 3
    assert quick.committer.wait(commands[3]).order.order_no == "o3", "its key was not taken"


def test_stopping_ends_what_was_accepted_and_takes_nothing_more(shop: Shop, gate: Gate) -> None:
    commands = [placing(f"o{i}", versions=shop.versions()) for i in range(6)]
    with asking(shop, commands[:1]) as first:
        gate.arrived()
        with asking(shop, commands[1:]) as asked:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(shop.committer.stop)
                gate.open()
            with pytest.raises(Unavailable):
                shop.place("o9")
            assert outcomes([*first, *asked]) == ["pending"] * 6
    assert shop.rows("SELECT COUNT(*) FROM orders") == [(6,)]


def test_it_can_be_started_again(quick: Shop) -> None:
    quick.committer.stop()
    with pytest.raises(Unavailable):
        quick.place("o1")
    quick.committer.start()
    assert quick.place("o1").order.state == "pending"


# -- one at a time


def test_a_key_in_flight_is_refused_to_others(quick: Shop, gate: Gate) -> None:
    command = placing("o1", versions=quick.versions(), idempotency_key="k1")
    with asking(quick, [command]) as first:
        gate.arrived()
        with pytest.raises(InFlight):
            quick.committer.wait(placing("o2", versions=quick.versions(), idempotency_key="k1"))
        other = placing("o2", versions=quick.versions(), idempotency_key="k1", caller="key:2")
        with asking(quick, [other]) as second:
            gate.open()
            assert outcomes([*first, *second]) == ["pending", "pending"]
    assert quick.committer.wait(command).replayed


# -- nobody waits for ever


def test_what_nobody_waits_for_any_more_is_not_done(
    quick: Shop, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with asking(quick, [placing("o0", versions=quick.versions())]) as first:
        gate.arrived()
        given_up = placing("o1", versions=quick.versions(), idempotency_key="k1")
        with monkeypatch.context() as patch:
            patch.setattr(committing, "PATIENCE", 0.01)
            with pytest.raises(Unavailable):
                quick.committer.wait(given_up)
        gate.open()
        assert outcomes(first) == ["pending"]
    quick.place("o2")
    assert not quick.committer.wait(given_up).replayed, "it was not done before, and its key is free"


def test_callers_in_an_event_loop_are_answered_there(shop: Shop) -> None:
    async def all_at_once() -> list[str]:
        versions = shop.versions()
        commands = [placing(f"o{i}", taking("p", Limits(uses=3)), versions=versions) for i in range(5)]
        answers = await asyncio.gather(*map(shop.committer.run, commands), return_exceptions=True)
        return sorted(one.order.state if isinstance(one, Done) else type(one).__name__ for one in answers)

    assert asyncio.run(all_at_once()) == ["Changed", "Changed", "pending", "pending", "pending"]


def test_a_loop_that_is_gone_stops_nobody(quick: Shop, gate: Gate) -> None:
    """A test's loop, or a server that left: what was accepted is done all the same."""

    async def leave() -> None:
        asyncio.get_running_loop().create_task(quick.committer.run(placing("o1", versions=versions)))
        await asyncio.sleep(0)
        gate.arrived()

    versions = quick.versions()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(leave())
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    gate.open()
    assert quick.place("o2").order.state == "pending"


# -- the database is gone, or in use by others


def test_nobody_hangs_when_the_database_is_gone(postgresql_server: servers.DatabaseServer) -> None:
    with postgresql_server.database() as url, shop_on(url) as shop:
        shop.place("o1")
        database = Database(url.rsplit("/", 1)[0] + "/youhui_none")
        lost = Committer(database, clock=lambda: BEGAN)
        lost.start()
        with pytest.raises(Unavailable):
            lost.wait(placing("o2", versions=shop.versions()))
        lost.stop()
        database.close()


def test_a_connection_that_broke_is_made_again(postgresql_server: servers.DatabaseServer) -> None:
    """Whether the commit went through or not: the same command settles it."""
    with postgresql_server.database() as url, shop_on(url) as shop:
        shop.place("o1", ONE)
        killed = iter([True])

        def break_off(connection: Any) -> None:
            if next(killed, False):
                connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

        event.listen(shop.database._hurried, "commit", break_off)
        assert shop.pay("o1").order.state == "paid"
        assert next(killed, None) is None
        assert [entry[0] for entry in shop.entries("o1")] == ["hold", "commit"]


@pytest.fixture(params=[pytest.param(one, marks=pytest.mark.servers) for one in ("postgresql", "mariadb")])
def two(request: pytest.FixtureRequest) -> Iterator[tuple[Shop, Shop]]:
    """Two nodes on one database."""
    server: servers.DatabaseServer = request.getfixturevalue(f"{request.param}_server")
    with server.database() as url, shop_on(url) as one, shop_on(url) as other:
        yield one, other


def at_once(shops: Sequence[Shop], commands: Sequence[AnyCommand]) -> list[str]:
    """By turns to one and to the other: what came of all, in the order of the alphabet."""
    with ThreadPoolExecutor(len(commands)) as pool:
        asked = [pool.submit(shops[i % 2].committer.wait, one) for i, one in enumerate(commands)]
    return sorted(outcomes(asked))


ROUNDS = range(8)


def test_two_nodes_place_a_number_once(two: tuple[Shop, Shop]) -> None:
    versions = two[0].versions()
    for i in ROUNDS:
        commands = [placing(f"o{i}", versions=versions, request=f"request {n}") for n in range(4)]
        assert at_once(two, commands) == ["OrderExists"] * 3 + ["pending"]
        commands = [placing(f"same{i}", versions=versions) for _ in range(4)]
        assert at_once(two, commands) == ["pending"] * 4
    assert two[0].rows("SELECT COUNT(*) FROM orders") == [(2 * len(ROUNDS),)]


def test_two_nodes_make_a_counter_once_and_fill_it_to_its_limit(two: tuple[Shop, Shop]) -> None:
    versions = two[0].versions()
    for i in ROUNDS:
        claim = Claim(Key("p", f"customer {i}"), Limits(uses=2))
        mine = Redemption("p", Vector(1, 100, 0), (claim,))
        commands = [
            placing(f"o{i}-{n}", mine, versions=versions, customer=claim.key.customer) for n in range(6)
        ]
        assert at_once(two, commands) == ["Changed"] * 4 + ["pending"] * 2
        assert two[0].numbers(claim.key) == Numbers(Vector(0, 0, 0), Vector(2, 200, 0))


def test_two_nodes_use_a_key_once(two: tuple[Shop, Shop]) -> None:
    versions = two[0].versions()
    for i in ROUNDS:
        commands = [placing(f"o{i}-{n}", versions=versions, idempotency_key=f"k{i}") for n in range(2)]
        assert at_once(two, commands) == ["KeyReused", "pending"]


def test_two_nodes_that_lock_in_another_order_than_each_other_do_not_fail(two: tuple[Shop, Shop]) -> None:
    """Orders of two promotions, new counters, payments and refunds of what the other node has."""

    def both(promotion: str, customer: str) -> tuple[Claim, ...]:
        return tuple(Claim(Key(promotion, who), Limits(uses=1_000)) for who in ("", customer))

    versions = two[0].versions()
    for i in ROUNDS:
        names = [f"o{i}-{n}" for n in range(8)]
        pairs = [("p", "q"), ("q", "p")]
        commands: list[AnyCommand] = [
            placing(
                name,
                *[Redemption(one, Vector(1, 100, 0), both(one, f"c{i}")) for one in pairs[n % 2]],
                versions=versions,
            )
            for n, name in enumerate(names)
        ]
        assert at_once(two, commands) == ["pending"] * 8
        paid = [Pay(order_no=name, request="pay", caller="key:1") for name in reversed(names)]
        assert at_once(two, paid) == ["paid"] * 8
    assert two[0].numbers(Key("p")).used.uses == two[0].numbers(Key("q")).used.uses == 8 * len(ROUNDS)


def test_a_deadlock_is_tried_again(two: tuple[Shop, Shop], monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody locks two counters the other way round, as no code of ours does. Whom the database stops, it decides:
    there are rounds until it was ours.
    """
    one, limits = two[0], Limits(uses=99)
    lock_counters, attempts = counter_store.lock_counters, Counter[str]()
    locked = threading.Event()

    def by_and_by(connection: Any, keys: Any) -> Any:
        attempts[order_no] += 1
        lock_counters(connection, [Key("p")])
        locked.set()
        return lock_counters(connection, keys)

    for order_no in [f"o{i}" for i in range(20)]:
        one.place(order_no, taking("p", limits), taking("q", limits))
        locked.clear()
        with monkeypatch.context() as patch, ThreadPoolExecutor(1) as pool:
            with one.database.engine.connect() as other, suppress(OperationalError):
                for name in "abcdef":  # who has written more is rather left alone
                    other.execute(insert(tables.request_keys).values(_used_key(name)))
                other.exec_driver_sql("SELECT * FROM counters WHERE promotion = 'q' FOR UPDATE")
                patch.setattr(counter_store, "lock_counters", by_and_by)
                asked = pool.submit(one.pay, order_no)
                assert locked.wait(SECONDS)
                other.exec_driver_sql("SELECT * FROM counters WHERE promotion = 'p' FOR UPDATE")
            assert asked.result(SECONDS).order.state == "paid"
        if attempts[order_no] > 1:
            return
    raise AssertionError(attempts)


def _used_key(name: str) -> dict[str, object]:
    used = {
        "caller": "someone",
        "operation": "pay",
        "order_no": "o1",
        "number": "",
        "request": "",
        "at": BEGAN,
    }
    return {"idempotency_key": name, **used}


# -- telling


def test_numbers_are_published_before_callers_go_on(quick: Shop) -> None:
    quick.place("o1", ONE)
    assert quick.heard[Key("p")].held == Vector(1, 100, 0)
    quick.cancel("o1")
    assert quick.heard[Key("p")].held == Vector(0, 0, 0)


def test_of_each_batch_its_size_and_seconds_are_told(quick: Shop) -> None:
    told: list[tuple[int, float]] = []
    quick.committer.stop()
    quick.committer = Committer(
        quick.database, clock=lambda: quick.now, observed=lambda size, seconds: told.append((size, seconds))
    )
    quick.committer.start()
    quick.place("o1")
    quick.committer.stop()
    assert [size for size, _ in told] == [1]
    assert told[0][1] > 0
