"""Blocks, wrong codes and breakers on each kind of database: across nodes, restarts and a lost Valkey."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import RedisError
from sqlalchemy import text
from structlog.testing import capture_logs

from tests import servers
from tests.conftest import do_without
from youhui.checkout.abuse import model as risks
from youhui.checkout.abuse import store
from youhui.checkout.abuse.blocking import BlockList
from youhui.checkout.abuse.breakers import Breakers
from youhui.checkout.abuse.model import RULES, Breaker, Risk
from youhui.checkout.abuse.problems import Blocked, NoBreaker, NotBlocked, TooOften
from youhui.checkout.abuse.service import Abuse
from youhui.checkout.abuse.watching import OVERLAP, Watch
from youhui.checkout.abuse.wrong_codes import WrongCodes
from youhui.checkout.following import Following
from youhui.checkout.orders.model import Entry, Kind, Vector
from youhui.checkout.orders.store import add_entries
from youhui.checkout.store import Source
from youhui.platform import audit, migrate, outbox, statements, valkey
from youhui.platform.db import Connection, Database
from youhui.platform.principals import SYSTEM, Principal
from youhui.platform.problems import Refusal
from youhui.platform.ratelimit import Rate, RateLimits

START = datetime(2026, 11, 11, 12, tzinfo=UTC)
BY = Principal("operator", "7")
GUESSER = Risk("c1", "d1", "198.51.100.7")


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as made:
        migrate.upgrade(made)
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


def nothing() -> None:
    pass


# -- wrong codes


def abuse(
    database: Database, clock: Clock, limits: RateLimits | None = None, blocked: BlockList | None = None
) -> Abuse:
    """Of one process: 3 wrong codes of a customer and 5 of an address in 15 minutes."""
    codes = WrongCodes(database, clock, {"customer": 3, "device": None, "ip": 5}, 900)
    return Abuse(
        limits or RateLimits({}), blocked or BlockList(database, clock, nothing), codes, Counter[str]()
    )


def wait(guard: Abuse, risk: Risk = GUESSER) -> tuple[str, int]:
    """By which rule no code is looked at, and for how many seconds; ("", 0) if one is."""
    try:
        guard.may_try_code(risk)
    except TooOften as refusal:
        return refusal.rule, int(refusal.headers["retry-after"])
    return "", 0


def test_after_some_wrong_codes_none_is_looked_at(database: Database, clock: Clock) -> None:
    guard = abuse(database, clock)
    for _ in range(3):
        assert wait(guard) == ("", 0)
        guard.wrong_code(GUESSER)
    assert wait(guard) == ("wrong_code.customer", 901)
    assert wait(guard, Risk("c2", "d1", "198.51.100.7")) == ("", 0), "his neighbour is let in"
    clock.pass_(seconds=900)
    assert wait(guard)[0] == "wrong_code.customer", "the window slides: they still count"
    clock.pass_(seconds=1)
    assert wait(guard) == ("", 0)


def test_an_address_is_closed_to_all_who_share_it(database: Database, clock: Clock) -> None:
    guard = abuse(database, clock)
    for number in range(5):
        guard.wrong_code(Risk(f"c{number}", ip=f"2001:db8::{number}"))
    assert wait(guard, Risk("c9", ip="2001:db8::ffff"))[0] == "wrong_code.ip"
    assert wait(guard, Risk("c9", ip="2001:db8:0:1::1")) == ("", 0)
    assert wait(guard, Risk("c9")) == ("", 0)
    assert wait(guard, Risk()) == ("", 0)
    guard.wrong_code(Risk())


def test_a_restart_and_another_node_give_no_new_tries(database_url: str, clock: Clock) -> None:
    with closing(Database(database_url)) as first:
        migrate.upgrade(first)
        for _ in range(3):
            abuse(first, clock).wrong_code(GUESSER)
    with closing(Database(database_url)) as second:
        assert wait(abuse(second, clock))[0] == "wrong_code.customer"


def test_wrong_codes_at_once_are_all_counted(database: Database, clock: Clock) -> None:
    guard = abuse(database, clock)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: guard.wrong_code(GUESSER), range(40)))
    with database.reading() as connection:
        counts = connection.execute(text("SELECT subject, misses FROM code_misses ORDER BY subject")).all()
    assert [tuple(row) for row in counts] == [("customer:c1", 40), ("ip:198.51.100.7", 40)]


def test_what_counts_no_more_is_forgotten(database: Database, clock: Clock) -> None:
    codes = WrongCodes(database, clock, {"customer": 3}, 900)
    for _ in range(3):
        codes.add(GUESSER)
        clock.pass_(seconds=900)
    codes.forget()
    with database.reading() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM code_misses")).scalar_one() == 1


def test_one_statement_counts_a_wrong_code_and_one_asks(database: Database, clock: Clock) -> None:
    guard = abuse(database, clock)
    statements.begin()
    guard.wrong_code(GUESSER)
    assert statements.sent() == 1
    guard.may_try_code(GUESSER)
    assert statements.sent() == 2


@pytest.mark.servers
def test_a_lost_valkey_loses_no_wrong_code(tmp_path: Path, clock: Clock) -> None:
    """What is counted there and in memory goes on in memory; what guards codes never was there."""
    with ExitStack() as stack:
        database = stack.enter_context(closing(Database(f"sqlite:///{tmp_path / 'youhui.db'}")))
        migrate.upgrade(database)
        with ExitStack() as running:
            try:
                url = running.enter_context(servers.valkey())
            except servers.Unavailable as reason:
                do_without(reason)
            shared = valkey.SharedCounts(valkey.connect(url))
            limits = RateLimits({"redeem_code.customer": Rate(4, 60)}, shared, lambda: clock().timestamp())
            guard = abuse(database, clock, limits)
            for _ in range(3):
                guard.admit("redeem_code", GUESSER)
                guard.wrong_code(GUESSER)
            limits.synchronise()
        guard.admit("redeem_code", GUESSER)
        with pytest.raises(RedisError):
            limits.synchronise()
        with pytest.raises(TooOften) as refused:
            guard.admit("redeem_code", GUESSER)
        assert refused.value.rule == "redeem_code.customer"
        assert wait(guard)[0] == "wrong_code.customer"
        assert wait(abuse(database, clock))[0] == "wrong_code.customer", "nor does a restart then"


# -- the block list


def test_who_is_blocked_is_refused_until_it_is_over(database: Database, clock: Clock) -> None:
    blocked = BlockList(database, clock, nothing)
    guard = abuse(database, clock, blocked=blocked)
    blocked.put("device", "d1", "羊毛党", clock() + timedelta(hours=1), BY)
    guard.admit("claim", GUESSER)
    blocked.refresh()
    with capture_logs() as lines, pytest.raises(Blocked) as refused:
        guard.admit("claim", GUESSER)
    assert (refused.value.status, refused.value.details) == (403, ()), "a shopper is not told why"
    assert lines == [
        {
            "event": "refused",
            "log_level": "warning",
            "rule": "blocked.device",
            "action": "claim",
            "customer": "c1",
        }
    ]
    with pytest.raises(Blocked) as told:
        guard.admit("use", Risk("c5", "d1", trusted=True))
    (fault,) = told.value.details
    assert fault.params == {"rule": "blocked.device", "reason": "羊毛党"}
    assert fault.say("zh-CN") == "该设备已被封禁：羊毛党"
    clock.pass_(hours=1)
    guard.admit("claim", GUESSER)


@pytest.mark.parametrize(
    ("kind", "value", "risk"),
    [
        ("customer", "c1", Risk("c1")),
        ("person", "p1", Risk("c2", person="p1")),
        ("ip", "198.51.100.7", Risk("c2", ip="198.51.100.7")),
        ("ip", "2001:db8::1", Risk("c2", ip="2001:db8::2")),
    ],
)
def test_all_that_can_be_blocked(
    tmp_path: Path, clock: Clock, kind: risks.Kind, value: str, risk: Risk
) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'youhui.db'}")) as database:
        migrate.upgrade(database)
        blocked = BlockList(database, clock, nothing)
        blocked.put(kind, value, "why", None, BY)
        blocked.refresh()
        assert blocked.find(risk)
        assert blocked.find(Risk("c3", "d3", "192.0.2.1", "p3")) is None
        blocked.remove(kind, value, BY)
        blocked.refresh()
        assert blocked.find(risk) is None


def test_other_nodes_hear_of_blocks(database_url: str, clock: Clock) -> None:
    with closing(Database(database_url)) as one, closing(Database(database_url)) as other:
        migrate.upgrade(one)
        following = Following(other, interval=3600)
        there = BlockList(other, clock, nothing)
        following.listen(Source.ABUSE, there.refresh)
        following.look()
        here = BlockList(one, clock, nothing)
        for change, expected in (
            (lambda: here.put("customer", "c1", "why", None, BY), True),
            (lambda: here.remove("customer", "c1", BY), False),
        ):
            change()
            following.look()
            assert (there.find(GUESSER) is not None) is expected


def test_every_change_is_audited(database: Database, clock: Clock) -> None:
    blocked, breakers = BlockList(database, clock, nothing), Breakers(database, clock, nothing)
    blocked.put("customer", "c1", "once", None, BY)
    blocked.put("customer", "c1", "twice", clock(), BY)
    blocked.remove("customer", "c1", BY)
    breakers.put(breaker({"redemptions_per_minute": 3}), BY)
    breakers.put(breaker({"amount_per_order": 500}), BY)
    breakers.remove("p1", BY)
    with database.reading() as connection:
        found, _ = audit.entries(connection, 0, 10)
    assert [(one.action, one.object, one.actor) for one in reversed(found)] == [
        ("blocked.put", "blocked:customer:c1", "operator:7"),
        ("blocked.put", "blocked:customer:c1", "operator:7"),
        ("blocked.remove", "blocked:customer:c1", "operator:7"),
        ("breaker.put", "breaker:p1", "operator:7"),
        ("breaker.put", "breaker:p1", "operator:7"),
        ("breaker.remove", "breaker:p1", "operator:7"),
    ]
    assert found[4].before == {"reason": "once", "until": None, "by": "operator:7"}
    assert (found[1].before, found[1].after) == (
        {"currency": "CNY", "redemptions_per_minute": 3},
        {"currency": "CNY", "amount_per_order": 500},
    )
    for missing in (
        lambda: blocked.remove("customer", "c1", BY),
        lambda: blocked.remove("x\0", "\0", BY),
        lambda: breakers.remove("p1", BY),
        lambda: breakers.get("p1"),
    ):
        with pytest.raises((NotBlocked, NoBreaker)):
            missing()


def test_a_list_of_blocks(database: Database, clock: Clock) -> None:
    blocked = BlockList(database, clock, nothing)
    for number in range(5):
        blocked.put("customer" if number % 2 else "device", f"x{number}", "why", None, BY)
        clock.pass_(seconds=1)
    found, total = blocked.page(None, None, 1, 2)
    assert ([one.value for one in found], total) == (["x3", "x2"], 5)
    assert [one.value for one in blocked.page("customer", None, 0, 9)[0]] == ["x3", "x1"]
    assert blocked.page("customer", "x2", 0, 9) == ([], 0)


# -- breakers


class Campaigns:
    """Those that run."""

    def __init__(self, *running: str) -> None:
        self.running = set(running)
        self.paused: list[tuple[str, str]] = []

    def pause(self, name: str, reason: str) -> bool:
        if name not in self.running:
            return False
        self.running.remove(name)
        self.paused.append((name, reason))
        return True


def breaker(limits: Mapping[str, int], promotion: str = "p1") -> Breaker:
    rules = {rule: limits.get(rule) for rule in RULES}
    return Breaker(promotion=promotion, currency="CNY", tripped_at=None, **rules)


def redeem(
    database: Database, at: datetime, *orders: str, kind: Kind = "hold", promotion: str = "p1"
) -> None:
    """10.00 of the campaign in each order."""
    with database.writing() as connection:
        add_entries(
            connection,
            [
                Entry(
                    at=at, taken_at=at, kind=kind, order_no=order, promotion=promotion, customer="c1",
                    currency="CNY", moved=Vector(1, 1000, 1), discount=1000, lines={},
                )
                for order in orders
            ],
        )  # fmt: skip


def test_a_campaign_over_its_limit_is_paused_once(database: Database, clock: Clock) -> None:
    """By two nodes, which both look: one audit row, one event, one line."""
    campaigns = Campaigns("p1")
    nodes = [Watch(database, clock, campaigns.pause) for _ in range(2)]
    Breakers(database, clock, nothing).put(breaker({"redemptions_per_minute": 2}), BY)
    redeem(database, clock(), "a", "b")
    redeem(database, clock(), "a", "b", kind="commit")
    redeem(database, clock(), "c", "d", "e", promotion="p2")
    for node in nodes:
        node.look()
    assert campaigns.paused == []
    clock.pass_(seconds=1)
    redeem(database, clock(), "c")
    with capture_logs() as lines:
        for node in nodes * 2:
            node.look()
    assert campaigns.paused == [("p1", "redemptions_per_minute: 3 > 2")]
    numbers = {
        "rule": "redemptions_per_minute",
        "actual": 3,
        "limit": 2,
        "currency": "CNY",
        "paused": True,
    }
    assert lines == [{"event": "breaker.tripped", "log_level": "warning", "promotion": "p1", **numbers}]
    with database.reading() as connection:
        (happened,), _ = outbox.listed(connection, 0, 10)
        (entry,), _ = audit.entries(connection, 0, 10, action="breaker.trip")
    assert (happened.kind, happened.object, happened.payload) == ("breaker.tripped", "p1", numbers)
    assert (entry.actor, entry.object, entry.after) == (SYSTEM.name, "breaker:p1", numbers)


def test_whoever_lets_it_go_on_begins_a_new_count(database: Database, clock: Clock) -> None:
    campaigns = Campaigns("p1")
    watch = Watch(database, clock, campaigns.pause)
    Breakers(database, clock, nothing).put(breaker({"redemptions_per_minute": 1}), BY)
    redeem(database, clock(), "a", "b")
    watch.look()
    campaigns.running.add("p1")
    clock.pass_(seconds=1)
    watch.look()
    redeem(database, clock(), "c")
    watch.look()
    assert len(campaigns.paused) == 1
    redeem(database, clock(), "d")
    watch.look()
    assert len(campaigns.paused) == 2


def test_a_node_that_starts_looks_back_a_minute(database: Database, clock: Clock) -> None:
    Breakers(database, clock, nothing).put(breaker({"redemptions_per_minute": 2}), BY)
    for second in range(0, 300, 10):
        redeem(database, START + timedelta(seconds=second), f"old-{second}", promotion="p2")
    redeem(database, START, "long-ago", "long-ago-too")
    clock.now = START + timedelta(seconds=300)
    redeem(database, clock() - timedelta(seconds=59), "a")
    redeem(database, clock(), "b")
    campaigns = Campaigns("p1")
    Watch(database, clock, campaigns.pause).look()
    assert campaigns.paused == []
    redeem(database, clock(), "c")
    Watch(database, clock, campaigns.pause).look()
    assert campaigns.paused == [("p1", "redemptions_per_minute: 3 > 2")]


def test_a_breaker_that_is_new_counts_the_last_minute(database: Database, clock: Clock) -> None:
    campaigns = Campaigns("p1", "p2")
    watch, breakers = Watch(database, clock, campaigns.pause), Breakers(database, clock, nothing)
    breakers.put(breaker({"redemptions_per_minute": 9}), BY)
    redeem(database, clock(), "a", "b", promotion="p2")
    watch.look()
    clock.pass_(seconds=30)
    breakers.put(breaker({"redemptions_per_minute": 1}, "p2"), BY)
    watch.look()
    assert campaigns.paused == [("p2", "redemptions_per_minute: 2 > 1")]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"amount_per_minute": 1999}, "amount_per_minute: 2000 > 1999"),
        ({"amount_per_order": 999}, "amount_per_order: 1000 > 999"),
    ],
)
def test_money(database: Database, clock: Clock, limits: dict[str, int], reason: str) -> None:
    campaigns = Campaigns("p1")
    Breakers(database, clock, nothing).put(breaker(limits), BY)
    redeem(database, clock(), "a", "b")
    Watch(database, clock, campaigns.pause).look()
    assert campaigns.paused == [("p1", reason)]


def test_a_form_is_watched_with_all_its_rules(database: Database, clock: Clock) -> None:
    """Exactly its own; an order with several of its products is one redemption, and its money is added up."""
    campaigns = Campaigns("a_b")
    breakers = Breakers(database, clock, nothing)
    breakers.put(breaker({"redemptions_per_minute": 1, "amount_per_order": 2000}, "a_b"), BY)
    for other in ("A_B#1", "axb#1", "a_b1", "a_b#1#1"):
        redeem(database, clock(), "o1", "o2", promotion=other)
    redeem(database, clock(), "o1", promotion="a_b#1")
    redeem(database, clock(), "o1", promotion="a_b#2")
    watch = Watch(database, clock, campaigns.pause)
    watch.look()
    assert campaigns.paused == []
    redeem(database, clock(), "o1", promotion="a_b#3")
    watch.look()
    assert campaigns.paused == [("a_b", "amount_per_order: 3000 > 2000")]


def test_what_becomes_visible_late_is_read(database: Database, clock: Clock) -> None:
    """A transaction that began before another one and is committed after it has the smaller ids."""
    if database.engine.dialect.name == "sqlite":
        pytest.skip("it has one writer at a time")
    campaigns = Campaigns("p1")
    watch = Watch(database, clock, campaigns.pause)
    Breakers(database, clock, nothing).put(breaker({"redemptions_per_minute": 2}), BY)
    with database.writing() as slow:
        add_entries(
            slow,
            [
                Entry(
                    at=clock(), taken_at=clock(), kind="hold", order_no="slow", promotion="p1",
                    customer=None, currency="CNY", moved=Vector(1, 1, 0), discount=1, lines={},
                )
            ],
        )  # fmt: skip
        redeem(database, clock(), "a", "b")
        for _ in range(3):
            watch.look()
            clock.pass_(seconds=1)
    assert campaigns.paused == []
    watch.look()
    assert campaigns.paused == [("p1", "redemptions_per_minute: 3 > 2")]


def test_a_campaign_that_is_gone_is_said_once(database: Database, clock: Clock) -> None:
    class Gone(Refusal):
        status, code, sentences = 404, "GONE", {"zh-CN": "", "en": ""}

    def gone(name: str, reason: str) -> bool:
        raise Gone

    watch = Watch(database, clock, gone)
    Breakers(database, clock, nothing).put(breaker({"redemptions_per_minute": 0}), BY)
    for number in range(3):
        redeem(database, clock(), f"o{number}")
        with capture_logs():
            watch.look()
        clock.pass_(seconds=1)
    with database.reading() as connection:
        (happened,), _ = outbox.listed(connection, 0, 10)
    assert happened.payload["paused"] is False


def test_the_ledger_is_read_by_its_ids(database: Database, clock: Clock) -> None:
    """However large it is, and whatever was given of the campaign before."""
    for start in range(0, 3000, 500):
        redeem(database, clock(), *(f"{start + number}" for number in range(500)))
    clock.pass_(hours=1)
    redeem(database, clock(), "new")
    with database.writing() as connection:
        if database.engine.dialect.name != "sqlite":
            connection.execute(text("ANALYZE TABLE ledger" if _is_mariadb(database) else "ANALYZE ledger"))
    with database.reading() as connection:
        start = store.last_entry_before(connection, clock() - timedelta(seconds=60) - OVERLAP)
        assert store.last_entry(connection) - start == 1
        assert [one.order_no for one in store.given_after(connection, start, ["p1"])] == ["new"]
        plan = _plan(
            connection, f"SELECT * FROM ledger WHERE id > {start} AND COALESCE(promotion, '') IN ('p1')"
        )
    assert "PRIMARY" in plan or "ledger_pkey" in plan or "pk_ledger" in plan, plan


def _is_mariadb(database: Database) -> bool:
    return database.engine.dialect.name in ("mysql", "mariadb")


def _plan(connection: Connection, query: str) -> str:
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return " ".join(str(row) for row in connection.execute(text(f"{explain} {query}")))


def test_the_thread_looks_only_while_there_is_a_breaker(database: Database, clock: Clock) -> None:
    looked = threading.Event()
    campaigns = Campaigns("p1")

    def pause(name: str, reason: str) -> bool:
        looked.set()
        return campaigns.pause(name, reason)

    redeem(database, clock(), "a")
    watch = Watch(database, clock, pause, interval=0.001)
    watch.refresh()
    watch.start()
    try:
        Breakers(database, clock, watch.refresh).put(breaker({"redemptions_per_minute": 0}), BY)
        assert looked.wait(20)
    finally:
        watch.stop()
    assert [name for name, _ in campaigns.paused] == ["p1"]
