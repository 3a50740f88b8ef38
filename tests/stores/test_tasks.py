"""Long work: each step once, whoever does it and wherever it is cut off, on each kind of database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from youhui.platform import audit, migrate, tasks
from youhui.platform.db import Connection, Database
from youhui.platform.languages import both
from youhui.platform.principals import SYSTEM, Principal
from youhui.platform.problems import Refusal, Unavailable
from youhui.platform.tasks import CLAIM, Progress, Task, TaskEnded, TaskNotFound, Tasks, Wanted

START = datetime(2026, 11, 11, 2, 0, tzinfo=UTC)
ANNA = Principal("operator", "7")
STEPS = 5


class Clock:
    """It is what a test says."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Killed(BaseException):
    """As if the process was gone: nothing in it may catch this."""


class Full(Refusal):
    """A refusal that a step may meet."""

    status = 409
    code = "FULL"
    sentences = both("满了", "It is full")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    migrate.upgrade(made)
    yield made
    made.close()


@pytest.fixture
def other(database_url: str, database: Database) -> Iterator[Database]:
    """Another process's connections."""
    made = Database(database_url)
    yield made
    made.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def count(connection: Connection, task: Task) -> Progress:
    """Leaves one row in the log, and takes as many steps as the task says."""
    number = int(task.cursor or 0) + 1
    audit.record(connection, START, ANNA, "test.step", task.object, after={"number": number})
    return Progress(str(number), 1, number == task.parameters["steps"], {"last": number})


def node(
    database: Database, clock: Clock, step: tasks.Step = count, claim: timedelta = CLAIM, interval: float = 60
) -> Tasks:
    """A process that knows one kind of long work."""
    made = Tasks(database, clock, claim=claim, interval=interval)
    made.register("count", step)
    return made


def add(
    node: Tasks, database: Database, name: str = "thing:1", once: str | None = None, steps: int = STEPS
) -> Task:
    with database.writing() as connection:
        return node.add(connection, START, "count", name, {"steps": steps}, steps, ANNA, once)


def left(database: Database, name: str = "thing:1") -> list[object]:
    """The steps that have had their effect, in the order in which they had it."""
    with database.reading() as connection:
        found, _ = audit.entries(connection, 0, 1000, object=name, action="test.step")
    return [entry.after and entry.after["number"] for entry in reversed(found)]


def killed_at(point: str, nth: int = 1) -> Callable[[str], None]:
    """Fails where a failpoint would, the nth time that it is reached."""
    arrivals = 0

    def reach(name: str) -> None:
        nonlocal arrivals
        arrivals += name == point
        if name == point and arrivals == nth:
            raise Killed

    return reach


def test_work_is_done_step_by_step_and_shows_how_far_it_is(database: Database, clock: Clock) -> None:
    seen: list[tuple[str, int]] = []

    def step(connection: Connection, task: Task) -> Progress:
        seen.append((task.cursor, task.done))
        clock.now += timedelta(seconds=1)
        return count(connection, task)

    made = node(database, clock, step)
    added = add(made, database)
    assert (added.state, added.cursor, added.done, added.total) == ("waiting", "", 0, STEPS)
    made.run_waiting()
    assert seen == [("", 0), ("1", 1), ("2", 2), ("3", 3), ("4", 4)]
    found = made.get(added.id)
    assert left(database) == [1, 2, 3, 4, 5]
    assert found == replace(
        added, state="done", cursor="5", done=5, result={"last": 5}, started_at=START,
        finished_at=START + timedelta(seconds=4),
    )  # fmt: skip


@pytest.mark.parametrize("point", ["tasks.step", "tasks.commit", "tasks.committed"])
@pytest.mark.parametrize("nth", [1, 3])
def test_what_a_killed_process_left_is_taken_up_where_it_was(
    database: Database,
    other: Database,
    clock: Clock,
    point: str,
    nth: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = node(database, clock), node(other, clock)
    id_ = add(first, database).id
    with monkeypatch.context() as failing:
        failing.setattr(tasks, "reach", killed_at(point, nth))
        with pytest.raises(Killed):
            first.run_waiting()
    done = nth if point == "tasks.committed" else nth - 1
    assert (first.get(id_).done, left(database)) == (done, list(range(1, done + 1)))
    if done:
        clock.now += CLAIM
        second.run_waiting()
        assert second.get(id_).done == done, "it may still be working on it"
        clock.now += timedelta(microseconds=1)
    second.run_waiting()
    assert left(database) == [1, 2, 3, 4, 5]
    assert second.get(id_).state == "done"


@pytest.mark.parametrize("claim", [timedelta(), CLAIM], ids=["always free", "held"])
def test_processes_that_work_side_by_side_do_each_step_once(
    database: Database, other: Database, clock: Clock, claim: timedelta
) -> None:
    """Also where a claim is over before its step is: the row is locked."""
    nodes = [node(database, clock, claim=claim), node(other, clock, claim=claim)]
    names = [f"thing:{n}" for n in range(4)]
    ids = [add(nodes[0], database, name).id for name in names]
    with ThreadPoolExecutor(2) as pool:
        for _ in range(10 * STEPS):
            clock.now += timedelta(microseconds=1)
            list(pool.map(lambda one: one.run_waiting(), nodes))
            if all(nodes[0].get(id_).state == "done" for id_ in ids):
                break
    assert [left(database, name) for name in names] == [[1, 2, 3, 4, 5]] * 4
    assert [nodes[0].get(id_).done for id_ in ids] == [STEPS] * 4


@settings(max_examples=25, deadline=None)
@given(
    moves=st.lists(st.tuples(st.sampled_from([0, 1]), st.sampled_from(["", "tasks.step", "tasks.committed"])))
)
def test_however_two_processes_come_and_go(
    moves: list[tuple[int, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    clock = Clock()
    url = f"sqlite:///{tmp_path_factory.mktemp('tasks') / 'youhui.db'}"
    databases = [Database(url), Database(url)]
    migrate.upgrade(databases[0])
    nodes = [node(one, clock) for one in databases]
    id_ = add(nodes[0], databases[0]).id
    for who, point in moves:
        clock.now += CLAIM / 2
        with pytest.MonkeyPatch.context() as failing:
            failing.setattr(tasks, "reach", killed_at(point))
            try:
                nodes[who].run_waiting()
            except Killed:
                nodes[who] = node(databases[who], clock)
    clock.now += 2 * CLAIM
    nodes[0].run_waiting()
    assert left(databases[0]) == [1, 2, 3, 4, 5]
    assert nodes[0].get(id_).done == STEPS
    for one in databases:
        one.close()


def test_tasks_take_turns(database: Database, clock: Clock) -> None:
    order: list[str] = []

    def step(connection: Connection, task: Task) -> Progress:
        order.append(task.object)
        return count(connection, task)

    made = node(database, clock, step)
    add(made, database, "long", steps=4)
    add(made, database, "short", steps=1)
    made.run_waiting()
    assert order == ["long", "short", "long", "long", "long"]


def test_a_cancelled_task_stays_where_it_is(database: Database, clock: Clock) -> None:
    def step(connection: Connection, task: Task) -> Progress:
        clock.now += timedelta(minutes=1)
        return count(connection, task)

    made = node(database, clock, step)
    id_ = add(made, database).id
    made._step(id_)
    cancelled = made.cancel(id_, ANNA)
    made.run_waiting()
    assert left(database) == [1]
    assert made.get(id_) == cancelled
    assert (cancelled.state, cancelled.done, cancelled.finished_at) == ("cancelled", 1, clock.now)
    with pytest.raises(TaskEnded):
        made.cancel(id_, ANNA)
    with pytest.raises(TaskNotFound):
        made.cancel(id_ + 1, ANNA)
    with database.reading() as connection:
        (entry,), _ = audit.entries(connection, 0, 9, action="task.cancel")
    assert (entry.actor, entry.object, entry.after) == (
        "operator:7", f"task:{id_}", {"state": "cancelled", "done": 1},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (Full(), {"code": "FULL", "zh-CN": "满了", "en": "It is full"}),
        (KeyError("a bug"), {
            "code": "INTERNAL_ERROR", "zh-CN": "服务器内部错误", "en": "Something went wrong on our side",
        }),
    ],
    ids=["refused", "a bug"],
)  # fmt: skip
def test_a_step_that_fails_ends_its_task_and_leaves_nothing(
    database: Database, clock: Clock, raised: Exception, error: dict[str, str]
) -> None:
    def step(connection: Connection, task: Task) -> Progress:
        progress = count(connection, task)
        if progress.cursor == "3":
            raise raised
        return progress

    made = node(database, clock, step)
    id_ = add(made, database).id
    with capture_logs() as lines:
        made.run_waiting()
    found = made.get(id_)
    assert (found.state, found.done, found.error, left(database)) == ("failed", 2, error, [1, 2])
    assert [line["event"] for line in lines] == ["task failed"] * isinstance(raised, KeyError)


def test_a_step_that_cannot_now_is_tried_again_and_keeps_no_other(database: Database, clock: Clock) -> None:
    busy = True

    def step(connection: Connection, task: Task) -> Progress:
        progress = count(connection, task)
        if busy and task.object == "busy":
            raise Unavailable("locked")
        return progress

    made = node(database, clock, step)
    add(made, database, "busy")
    add(made, database, "free")
    with capture_logs() as lines:
        made.run_waiting()
    assert (left(database, "busy"), left(database, "free")) == ([], [1, 2, 3, 4, 5])
    assert {(line["event"], line["cause"]) for line in lines if "cause" in line} == {("task waits", "locked")}
    busy = False
    made.run_waiting()
    assert left(database, "busy") == [1, 2, 3, 4, 5]


def test_what_must_be_added_once_is(database: Database, other: Database, clock: Clock) -> None:
    together = threading.Barrier(2)
    databases = {"a": database, "b": other}

    def added(who: str) -> Task:
        together.wait(10)
        return add(node(databases[who], clock), databases[who], once="push:5")

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(added, databases)
    assert first == second
    assert add(node(database, clock), database, once="push:6").id != first.id
    assert add(node(database, clock), database).id != add(node(database, clock), database).id


def test_lists_are_narrowed_and_have_the_latest_first(database: Database, clock: Clock) -> None:
    made = node(database, clock)
    one, two, three = (add(made, database, name).id for name in ("a", "b", "a"))
    made.cancel(three, SYSTEM)

    def ids(**wanted: object) -> list[int]:
        found, total = made.listed(Wanted(**wanted), 0, 9)  # type: ignore[arg-type]
        assert total == len(found)
        assert all(task.parameters == {} for task in found), "they may be long"
        return [task.id for task in found]

    assert ids() == [three, two, one]
    assert ids(object="a") == [three, one]
    assert ids(object="a", state="waiting") == [one]
    assert ids(kind="other") == []
    assert [task.id for task in made.listed(Wanted(), 1, 1)[0]] == [two]


def test_work_of_a_kind_that_this_process_does_not_know_is_left(database: Database, clock: Clock) -> None:
    older = Tasks(database, clock)
    id_ = add(node(database, clock), database).id
    older.run_waiting()
    assert older.get(id_).state == "waiting"


def test_the_thread_begins_when_it_is_woken_and_lets_go_when_it_is_stopped(
    database: Database, other: Database, clock: Clock
) -> None:
    reached, go = threading.Event(), threading.Event()

    def step(connection: Connection, task: Task) -> Progress:
        if task.cursor == "2":
            reached.set()
            assert go.wait(10)
        return count(connection, task)

    made = node(database, clock, step)
    made.start()
    id_ = add(made, database).id
    made.wake()
    assert reached.wait(10)
    stopping = threading.Thread(target=made.stop)
    stopping.start()
    assert made._stopping.wait(10)
    go.set()
    stopping.join(10)
    assert made.get(id_).done == 3, "the step that was begun is ended, and no other begun"
    node(other, clock).run_waiting()
    assert left(database) == [1, 2, 3, 4, 5]


def test_the_thread_finds_what_another_process_has_added(
    database: Database, other: Database, clock: Clock
) -> None:
    done = threading.Event()

    def step(connection: Connection, task: Task) -> Progress:
        done.set()
        return Progress("1", 1, finished=True)

    made = node(database, clock, step, interval=0.01)
    made.start()
    add(node(other, clock), other)
    assert done.wait(10)
    made.stop()
