"""How a process hears of the changes of others. The interval here is an hour: what is followed, was woken for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from queue import Empty, SimpleQueue
from typing import TypeAlias

import pytest
from redis import Redis
from sqlalchemy import event, text
from structlog.testing import capture_logs

from tests import servers
from youhui import bootstrap
from youhui.checkout.following import UNKNOWN, Following
from youhui.checkout.store import Source, next_version
from youhui.platform import channel, migrate
from youhui.platform.channel import Channel, PostgreSQLChannel
from youhui.platform.db import Database
from youhui.platform.problems import Unavailable
from youhui.platform.settings import Settings
from youhui.platform.valkey import SharedCounts, ValkeyChannel, connect

HOUR = 3600.0
SECONDS = 20
"""until a test gives up"""
Setting: TypeAlias = tuple[str, str | None]
"""the URLs of a database and of Valkey"""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as made:
        migrate.upgrade(made)
        yield made


@pytest.fixture
def sqlite(tmp_path: object) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path}/youhui.db")) as made:
        migrate.upgrade(made)
        yield made


@pytest.fixture(params=["postgresql", "sqlite and valkey", "mariadb and valkey"])
def setting(request: pytest.FixtureRequest) -> Iterator[Setting]:
    """A new database, and a Valkey or none."""
    kind, _, beside = request.param.partition(" and ")
    valkey = request.getfixturevalue("valkey_url") if beside else None
    if kind == "sqlite":
        yield f"sqlite:///{request.getfixturevalue('tmp_path')}/youhui.db", valkey
        return
    server: servers.DatabaseServer = request.getfixturevalue(f"{kind}_server")
    with server.database() as url:
        yield url, valkey


class Node:
    """One process, as far as following goes."""

    def __init__(self, database_url: str, redis_url: str | None) -> None:
        self.database = Database(database_url)
        migrate.upgrade(self.database)
        self.client = None if redis_url is None else connect(redis_url)
        self.channel = ValkeyChannel(self.client) if self.client else PostgreSQLChannel(self.database)
        self.following = Following(self.database, self.channel, interval=HOUR)
        self.heard: SimpleQueue[int] = SimpleQueue()
        self.following.listen(Source.DISCOUNTS, self._changed)

    def _changed(self) -> None:
        self.heard.put(self.following.version(Source.DISCOUNTS))

    def hears_of(self, version: int) -> bool:
        try:
            while self.heard.get(timeout=SECONDS) != version:
                pass
        except Empty:
            return False
        return True

    def write(self) -> int:
        version = move_on(self.database, Source.DISCOUNTS)
        self.following.notice()
        return version


def move_on(database: Database, source: Source) -> int:
    with database.writing() as connection:
        return next_version(connection, source)


@contextmanager
def nodes(setting: Setting) -> Iterator[tuple[Node, Node]]:
    """Two that follow and are connected to their channel."""
    one, other = Node(*setting), Node(*setting)
    try:
        connected = [started(node) for node in (one, other)]
        assert all(each.wait(SECONDS) for each in connected)
        yield one, other
    finally:
        for node in (one, other):
            node.following.stop()
            node.database.close()
            if node.client is not None:
                node.client.close()


def started(node: Node) -> threading.Event:
    """Set as soon as it listens: it is woken then, since something may have been missed before."""
    connected = threading.Event()
    wake = node.following._wake.set

    def woken() -> None:
        wake()
        connected.set()

    node.following._wake.set = woken  # type: ignore[method-assign]
    node.following.start()
    return connected


def test_a_change_wakes_the_others(setting: Setting) -> None:
    with nodes(setting) as (one, other):
        assert other.hears_of(one.write())
        assert one.hears_of(other.write())


@pytest.mark.parametrize("kind", ["postgresql", "valkey"])
def test_who_was_cut_off_listens_again_and_has_missed_nothing(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "PAUSE", 0.01)
    with ExitStack() as stack:
        if kind == "postgresql":
            server: servers.DatabaseServer = request.getfixturevalue("postgresql_server")
            setting: Setting = (stack.enter_context(server.database()), None)
        else:
            folder = request.getfixturevalue("tmp_path")
            setting = (f"sqlite:///{folder}/youhui.db", request.getfixturevalue("valkey_url"))
        with nodes(setting) as (one, other), capture_logs() as lines:
            missed = move_on(one.database, Source.DISCOUNTS)
            assert cut_off(one) == 2
            assert one.hears_of(missed)
            assert other.hears_of(missed)
            assert other.hears_of(one.write())
        assert {line["event"] for line in lines} <= {"changes by others are not heard of at once"}


def cut_off(node: Node) -> int:
    """Ends the connection of everyone who listens; how many there were."""
    if node.client is not None:
        return int(str(node.client.client_kill_filter(_type="pubsub")))
    with node.database.reading() as connection:
        ended = text(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            " AND datname = current_database()"
        )
        return int(connection.execute(ended).scalar_one())


class Bell(Channel):
    """Rung by the test."""

    def __init__(self) -> None:
        super().__init__()
        self.published = 0
        self.ring: Callable[[], None] = lambda: None

    def start(self, woken: Callable[[], None]) -> None:
        self.ring = woken

    def publish(self) -> None:
        self.published += 1

    def _heard(self) -> Iterator[bool]:
        raise NotImplementedError


def test_a_thousand_messages_are_one_look(sqlite: Database) -> None:
    looks: list[str] = []
    event.listen(sqlite.engine, "before_cursor_execute", lambda *args: looks.append(args[2]))
    bell = Bell()
    following = Following(sqlite, bell, interval=HOUR)
    begun, may_end, again = threading.Event(), threading.Event(), threading.Event()

    def slow() -> None:
        if following.version(Source.DISCOUNTS) == 1:
            begun.set()
            assert may_end.wait(SECONDS)
        if following.version(Source.DISCOUNTS) == 2:
            again.set()

    following.listen(Source.DISCOUNTS, slow)
    following.start()
    move_on(sqlite, Source.DISCOUNTS)
    looks.clear()
    bell.ring()
    assert begun.wait(SECONDS)
    move_on(sqlite, Source.DISCOUNTS)
    for _ in range(1000):
        bell.ring()
    may_end.set()
    assert again.wait(SECONDS)
    following.stop()
    assert len([statement for statement in looks if statement.startswith("SELECT rules_version.id")]) == 2


def test_many_writes_at_once_are_told_as_one(sqlite: Database) -> None:
    bell = Bell()
    following = Following(sqlite, bell, interval=HOUR)
    for _ in range(10):
        following.notice()
    looked = threading.Event()
    following._every_look = looked.set
    following.start()
    assert looked.wait(SECONDS)
    following.stop()
    assert bell.published == 1


def test_nobody_wakes_himself(valkey_url: str, database_url: str) -> None:
    kinds: list[Callable[[], Channel]] = [lambda: ValkeyChannel(connect(valkey_url))]
    database = Database(database_url)
    if database.engine.dialect.name == "postgresql":
        kinds.append(lambda: PostgreSQLChannel(database))
    for made in kinds:
        one, other = made(), made()
        woken: dict[str, SimpleQueue[None]] = {"one": SimpleQueue(), "other": SimpleQueue()}
        one.start(lambda heard=woken["one"]: heard.put(None))  # type: ignore[misc]
        other.start(lambda heard=woken["other"]: heard.put(None))  # type: ignore[misc]
        for each in woken.values():
            each.get(timeout=SECONDS)  # it listens now
        one.publish()
        woken["other"].get(timeout=SECONDS)
        other.publish()
        woken["one"].get(timeout=SECONDS)
        one.stop()
        other.stop()
        assert all(each.empty() for each in woken.values())
    database.close()


def test_without_its_server_a_channel_does_nothing_and_stops_at_once() -> None:
    with servers.valkey() as url:
        pass
    silent = ValkeyChannel(connect(url))
    with capture_logs() as lines:
        silent.start(lambda: None)
        silent.publish()
        silent.stop()
    assert silent._thread is not None
    assert not silent._thread.is_alive()
    assert "others are not told of a change" in {line["event"] for line in lines}


def test_a_server_that_hangs_holds_up_nobody(valkey_url: str, sqlite: Database) -> None:
    """Who writes does not wait for it, and a look comes after at most one attempt to tell the others."""
    following = Following(sqlite, ValkeyChannel(connect(valkey_url)), interval=HOUR)
    heard = threading.Event()
    following.start()
    with Redis.from_url(valkey_url) as control:
        control.client_pause(500)
        following.listen(Source.DISCOUNTS, heard.set)
        move_on(sqlite, Source.DISCOUNTS)
        following.notice()
        assert heard.is_set()
        following.stop()
    assert following._follower is not None
    assert not following._follower.is_alive()


def test_each_listener_hears_of_its_own_source(database: Database) -> None:
    following = Following(database)
    heard: list[str] = []
    for source in Source:
        following.listen(source, lambda source=source: heard.append(source.name))  # type: ignore[misc]
    assert following.version(Source.DIRECTORY) == UNKNOWN
    following.look()
    assert heard == [source.name for source in Source]
    heard.clear()
    following.look()
    assert heard == []
    version = move_on(database, Source.DIRECTORY)
    following.notice()
    assert heard == ["DIRECTORY"]
    assert following.version(Source.DIRECTORY) == version == 1
    assert following.version(Source.DISCOUNTS) == 0


def test_it_knows_when_it_looked_and_when_something_had_changed(sqlite: Database) -> None:
    following = Following(sqlite)
    following.look()
    assert following.last_looked_at == following.last_changed_at
    following.look()
    assert following.last_looked_at > following.last_changed_at
    move_on(sqlite, Source.DIRECTORY)
    following.look()
    assert following.last_looked_at == following.last_changed_at


@pytest.mark.parametrize("error", [RuntimeError(), Unavailable()])
def test_a_listener_that_fails_stops_no_other_and_is_told_again(sqlite: Database, error: Exception) -> None:
    following = Following(sqlite)
    failures = iter([error, error])
    followed: list[int] = []
    others: list[int] = []

    def fails_twice() -> None:
        if (failure := next(failures, None)) is not None:
            raise failure
        followed.append(following.version(Source.DISCOUNTS))

    following.listen(Source.DISCOUNTS, fails_twice)
    following.listen(Source.DISCOUNTS, lambda: others.append(following.version(Source.DISCOUNTS)))
    with capture_logs() as lines:
        for expected in ([], [], [0], [0]):
            following.look()
            assert followed == expected
    assert others == [0]
    assert len(lines) == 2


def test_a_write_stands_where_the_look_after_it_fails(tmp_path: object) -> None:
    with closing(Database(f"sqlite:///{tmp_path}/empty.db")) as database:
        following = Following(database)
        with pytest.raises(Unavailable):
            following.look()
        following.notice()
        assert following.version(Source.PROMOTIONS) == UNKNOWN
        migrate.upgrade(database)
        following.notice()
        assert following.version(Source.PROMOTIONS) == 0


def test_what_is_tidied_after_looks_may_fail(sqlite: Database) -> None:
    turns: SimpleQueue[None] = SimpleQueue()

    def tidy() -> None:
        turns.put(None)
        raise RuntimeError

    following = Following(sqlite, interval=0.001, every_look=tidy)
    with capture_logs() as lines:
        following.start()
        for _ in range(3):
            turns.get(timeout=SECONDS)
        following.stop()
    assert {line["event"] for line in lines} == {"versions not followed"}


def test_what_nodes_tell_each_other_by(database_url: str, valkey_url: str) -> None:
    """Valkey where it is set, else PostgreSQL's own way; on other databases they only look."""
    for redis_url in (None, valkey_url):
        service = bootstrap.service(Settings(database_url=database_url, redis_url=redis_url))
        found = (type(service.following._channel), type(service.limits._shared))
        if redis_url is not None:
            assert found == (ValkeyChannel, SharedCounts)
        elif service.database.engine.dialect.name == "postgresql":
            assert found == (PostgreSQLChannel, type(None))
        else:
            assert found == (type(None), type(None))
        service.database.close()
