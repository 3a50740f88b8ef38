"""Codes in each kind of database: made by tasks, brought, voided, and redeemed once each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from youhui import bootstrap
from youhui.bootstrap import Service
from youhui.checkout.abuse.model import Risk
from youhui.checkout.orders.problems import KeyReused
from youhui.coupons.codes import importing, jobs, store
from youhui.coupons.codes.importing import Report
from youhui.coupons.codes.model import NewCode, Shape, Wanted
from youhui.coupons.codes.problems import CodeExists, CodesExhausted, CodesInProgress, NoCodes, TemplateOver
from youhui.coupons.codes.service import Codes
from youhui.coupons.issuing import store as issuing
from youhui.coupons.issuing.commands import Issued
from youhui.coupons.issuing.problems import CodeNotFound, CodeUsedUp
from youhui.coupons.model import Status, Template, Terms, Validity
from youhui.coupons.problems import CouponTemplateNotFound
from youhui.coupons.templates import store as templates
from youhui.platform import audit, migrate
from youhui.platform.db import Connection, Database
from youhui.platform.principals import SYSTEM, Principal
from youhui.platform.problems import Invalid
from youhui.platform.rows import Written
from youhui.platform.settings import Settings
from youhui.platform.tasks import Progress, Task, Tasks

NOW = datetime(2026, 11, 11, 4, tzinfo=UTC)
SHAPE = Shape("SUMMER-####-####-####")
ALL = Wanted()


class World:
    """A database, and what works on it."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.tasks = Tasks(self.database, lambda: NOW)
        self.codes = Codes(self.database, lambda: NOW, self.tasks)

    def template(self, **more: Any) -> int:
        """The id of a new one, which is issued by code."""
        given: dict[str, Any] = {
            "id": 0, "name": "满百减十", "currency": "CNY", "status": "published", "terms_id": 0,
            "terms": Terms("discount", amount=1000, validity=Validity(days=7)), "ways": frozenset({"code"}),
            "audience": "all", "groups": (), "total": None, "per_customer": None, "per_customer_per_day": None,
            "claim_from": None, "claim_until": None, "budget": None, "usage_limit": None, "payment_from": None,
            "issued": 0, "version": 1, "created_at": NOW, "updated_at": NOW, "voided_at": None, **more,
        }  # fmt: skip
        with self.database.writing() as connection:
            return templates.add(connection, Template(**given)).id

    def count(self, template: int, wanted: Wanted = ALL) -> int:
        return self.codes.page(template, wanted, 0, 1)[1]

    def bring(self, template: int, *rows: object, from_line: int = 1) -> Report:
        upload = self.codes.upload(template, Written("jsonl"), SYSTEM, from_line)
        for row in rows:
            upload.feed(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        report = upload.finish()
        upload.leave()
        return report

    def audited(self) -> list[str]:
        with self.database.reading() as connection:
            return [one.action for one in audit.entries(connection, 0, 100)[0]]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    migrate.upgrade(made.database)
    jobs.register(made.tasks, lambda: NOW)
    yield made
    made.database.close()


def counts(report: Report) -> tuple[int, int, int]:
    """Created, unchanged, rejected."""
    assert report.received == report.created + report.unchanged + report.rejected
    return report.created, report.unchanged, report.rejected


def test_codes_that_are_made_at_once(world: World) -> None:
    id_ = world.template()
    task, made = world.codes.make(id_, SHAPE, 1000, SYSTEM)
    found, total = world.codes.page(id_, ALL, 0, 100)
    assert (len({one.code for one in made}), total) == (1000, 1000)
    assert list(found) == list(made[:100])
    assert {(one.state, one.uses_limit, one.task_id) for one in found} == {("unused", 1, task.id)}
    done = world.tasks.get(task.id)
    assert (done.state, done.done, done.result) == ("done", 1000, {"shape": SHAPE.document()})
    assert world.audited() == ["code.make"]


def test_a_task_makes_exactly_as_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "STEP", 400)
    id_ = world.template()
    task = world.codes.start_making(id_, SHAPE, 1500, SYSTEM)
    world.tasks.run_waiting()
    done = world.tasks.get(task.id)
    assert (done.state, done.done, world.count(id_)) == ("done", 1500, 1500)
    assert world.count(id_, Wanted(task_id=task.id)) == 1500


def test_the_same_key_is_the_same_codes(world: World) -> None:
    id_ = world.template()
    few = world.codes.make(id_, SHAPE, 5, SYSTEM, "k1")
    assert world.codes.make(id_, SHAPE, 5, SYSTEM, "k1").codes == few.codes
    many = world.codes.start_making(id_, SHAPE, 2000, SYSTEM, "k2")
    assert world.codes.start_making(id_, SHAPE, 2000, SYSTEM, "k2").id == many.id
    assert world.audited() == ["code.make", "code.make"]
    for shape, count in ((SHAPE, 6), (Shape("A" + SHAPE.pattern), 5)):
        with pytest.raises(KeyReused):
            world.codes.make(id_, shape, count, SYSTEM, "k1")


def test_what_is_there_is_drawn_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of what is drawn is another template's already: there are as many in the end all the same."""
    monkeypatch.setattr(jobs, "STEP", 400)
    id_, other = world.template(), world.template()
    taken = [NewCode(key=f"a-{i}", code=f"A-{i}") for i in range(400)]
    with world.database.writing() as connection:
        store.add_all(connection, other, 0, NOW, taken)
    fresh = iter(range(10_000))

    def drawn(shape: Shape, count: int, random: Callable[[int], bytes]) -> list[NewCode]:
        half = count // 2
        new = [NewCode(key=f"b-{i}", code=f"B-{i}") for i, _ in zip(fresh, range(count - half), strict=False)]
        return [*taken[:half], *new]

    monkeypatch.setattr(jobs, "draw", drawn)
    task = world.codes.start_making(id_, SHAPE, 1000, SYSTEM)
    world.tasks.run_waiting()
    assert (world.tasks.get(task.id).done, world.count(id_), world.count(other)) == (1000, 1000, 400)


def test_a_task_that_finds_nothing_new_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    id_ = world.template()
    monkeypatch.setattr(jobs, "draw", lambda shape, count, random: [NewCode(key="a", code="A")] * count)
    task = world.codes.start_making(id_, SHAPE, 1001, SYSTEM)
    world.tasks.run_waiting()
    failed = world.tasks.get(task.id)
    assert (failed.state, failed.done, world.count(id_)) == ("failed", 1, 1)
    assert failed.error is not None
    assert failed.error["code"] == CodesExhausted.code


class _Killed(BaseException):
    """As if the process was gone."""


def test_a_task_that_is_killed_within_its_steps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each second step is cut off after its codes were written: nothing of it stays, and nothing is made twice."""
    monkeypatch.setattr(jobs, "STEP", 300)
    id_, steps = world.template(), jobs.Steps(lambda: NOW)
    calls = iter(range(100))

    def killed(connection: Connection, task: Task) -> Progress:
        progress = steps.make(connection, task)
        if next(calls) % 2 == 0:
            raise _Killed
        return progress

    world.tasks.register(jobs.MAKE, killed)
    task = world.codes.start_making(id_, SHAPE, 1501, SYSTEM)
    for _ in range(7):
        try:
            world.tasks.run_waiting()
        except _Killed:
            continue
        break
    assert (world.tasks.get(task.id).state, world.count(id_)) == ("done", 1501)


def test_room_is_counted_with_what_is_still_to_be_made(world: World) -> None:
    """27^8 / 2^20 are 269,345 codes."""
    id_, small = world.template(), Shape("########", check_digit=False)
    world.codes.start_making(id_, small, 269_000, SYSTEM)
    world.codes.make(id_, small, 345, SYSTEM)
    with pytest.raises(Invalid):
        world.codes.make(id_, small, 1, SYSTEM)
    world.codes.make(world.template(), small, 1, SYSTEM)  # another has room of its own


def test_shared_codes(world: World) -> None:
    id_ = world.template()
    new = NewCode(key="save10", code="Save10", uses_limit=500, per_customer=1)
    made = world.codes.add_shared(id_, new, SYSTEM)
    assert (made.code, made.uses_limit, made.per_customer, made.state) == ("Save10", 500, 1, "unused")
    with pytest.raises(CodeExists):
        world.codes.add_shared(world.template(), new, SYSTEM)
    assert world.codes.get(" ＳＡＶＥ10 ").template_id == id_
    assert world.audited() == ["code.add"]


def test_which_templates_take_codes(world: World) -> None:
    over: tuple[Status, ...] = ("closed", "void")
    for status in over:
        with pytest.raises(TemplateOver):
            world.codes.make(world.template(status=status), SHAPE, 1, SYSTEM)
    with pytest.raises(NoCodes):
        world.codes.upload(world.template(ways=frozenset({"claim"})), Written("csv"), SYSTEM)
    with pytest.raises(CouponTemplateNotFound):
        world.codes.start_making(2**53 - 1, SHAPE, 1, SYSTEM)
    assert world.audited() == []


def test_lists(world: World) -> None:
    id_ = world.template()
    world.bring(
        id_, *({"code": code, "uses_limit": 2} for code in ("A-1", "a-2", "Ab", "B_1", "Bx1", "双-1"))
    )
    world.codes.void(id_, "A-1", SYSTEM)
    with world.database.writing() as connection:
        issuing.add_uses(connection, {"a-2": 2, "ab": 1})

    def listed(**wanted: Any) -> list[str]:
        found, total = world.codes.page(id_, Wanted(**wanted), 0, 100)
        assert total == len(found)
        return [one.code for one in found]

    assert sorted(listed()) == ["A-1", "Ab", "B_1", "Bx1", "a-2", "双-1"]
    assert listed(state="void") == ["A-1"]
    assert listed(state="used") == ["a-2"]
    assert sorted(listed(state="unused")) == ["Ab", "B_1", "Bx1", "双-1"]
    assert sorted(listed(text=" Ａ")) == ["A-1", "Ab", "a-2"]
    assert listed(text="b_") == ["B_1"]
    assert listed(text="%") == []
    assert listed(text="双", state="unused") == ["双-1"]
    assert listed(task_id=9) == []


def test_an_export_has_each_code_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("youhui.coupons.codes.service.EXPORTED", 7)
    id_ = world.template()
    made = world.codes.make(id_, SHAPE, 50, SYSTEM).codes
    world.codes.make(world.template(), SHAPE, 5, SYSTEM)
    pages = list(world.codes.export(id_, ALL, SYSTEM))
    assert [len(page) for page in pages] == [7] * 7 + [1]
    assert [one for page in pages for one in page] == list(made)
    assert world.audited()[0] == "code.export"


def test_voiding_one(world: World) -> None:
    id_ = world.template()
    code = world.codes.make(id_, SHAPE, 1, SYSTEM).codes[0].code
    with pytest.raises(CodeNotFound):
        world.codes.void(world.template(), code, SYSTEM)
    assert world.codes.void(id_, code.lower(), SYSTEM).voided_at == NOW
    assert world.codes.void(id_, code, SYSTEM).state == "void"
    assert world.audited() == ["code.void", "code.make"]


def test_voiding_what_a_task_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for what is used up. Nothing is voided while more is made."""
    monkeypatch.setattr(jobs, "STEP", 400)
    id_ = world.template()
    kept = world.codes.make(id_, SHAPE, 5, SYSTEM).codes
    made = world.codes.start_making(id_, SHAPE, 1001, SYSTEM)
    with pytest.raises(CodesInProgress):
        world.codes.start_voiding(id_, made.id, SYSTEM)
    world.tasks.run_waiting()
    (used,) = world.codes.page(id_, Wanted(task_id=made.id), 500, 1)[0]
    with world.database.writing() as connection:
        issuing.add_uses(connection, {used.key: 1})
    voiding = world.codes.start_voiding(id_, made.id, SYSTEM)
    world.tasks.run_waiting()
    done = world.tasks.get(voiding.id)
    assert (done.state, done.done) == ("done", 1000)
    assert world.count(id_, Wanted(state="void")) == 1000
    assert world.count(id_, Wanted(state="unused")) == len(kept)
    with pytest.raises(Invalid):
        world.codes.start_voiding(world.template(), made.id, SYSTEM)
    with pytest.raises(Invalid):
        world.codes.start_voiding(id_, voiding.id, SYSTEM)


ROWS = [{"code": f"C-{i:04d}", "uses_limit": 1 + i % 3} for i in range(250)]


def test_an_import(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 40)
    id_, other = world.template(), world.template()
    assert counts(world.bring(other, {"code": "theirs"})) == (1, 0, 0)
    wrong: list[object] = [
        {"code": "=1"},
        {"code": "THEIRS"},
        {"code": "x", "used": 3, "nonsense": 1},
        "no row",
    ]
    report = world.bring(id_, *ROWS[:125], *wrong, *ROWS[125:], {"code": "c-0000"})
    assert counts(report) == (250, 1, 4)
    assert [(one.line, one.fault.code) for one in report.errors] == [
        (126, "not_code"), (127, "code_taken"), (128, "unknown_key"), (129, "not_object"),
    ]  # fmt: skip
    assert counts(world.bring(id_, *ROWS)) == (0, 250, 0)
    assert world.count(id_) == 250
    assert world.audited() == ["code.import", "code.import"]


def test_an_import_that_is_broken_off_and_sent_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 40)
    id_ = world.template()
    upload = world.codes.upload(id_, Written("jsonl"), SYSTEM)
    upload.feed(b"".join(json.dumps(row).encode() + b"\n" for row in ROWS[:130]))
    upload.leave()
    assert world.count(id_) == 120
    assert counts(world.bring(id_, *ROWS)) == (130, 120, 0)
    assert counts(world.bring(id_, *ROWS, from_line=201)) == (0, 50, 0)


def test_two_imports_of_the_same_codes_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    id_ = world.template()
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda rows: world.bring(id_, *rows), [ROWS, ROWS[::-1]]))
    assert sum(report.created for report in reports) == 250
    assert sum(report.unchanged for report in reports) == 250
    assert world.count(id_) == 250


def test_times_are_kept(world: World) -> None:
    """To the microsecond, as all times are."""
    id_, at = world.template(), NOW + timedelta(microseconds=1)
    with world.database.writing() as connection:
        store.add_all(connection, id_, 0, at, [NewCode(key="a", code="A")])
    assert world.codes.get("a").created_at == at


def test_a_one_time_code_becomes_one_coupon(database_url: str) -> None:
    """However many customers redeem it at once, and at two nodes; for who has it, it stays the same."""
    nodes = [bootstrap.service(Settings(database_url=database_url)) for _ in range(2)]
    world = World(database_url)
    for node in nodes:
        node.start()
    id_ = world.template(created_at=datetime.now(UTC))
    code = world.codes.make(id_, SHAPE, 1, SYSTEM).codes[0].code
    shop = Principal("storefront", "k1")

    async def redeemed(node: Service, customers: Sequence[str]) -> list[object]:
        tries = [node.redeeming.redeem(one, code, shop, Risk(one, trusted=True)) for one in customers]
        return list(await asyncio.gather(*tries, return_exceptions=True))

    customers = [f"u{i}" for i in range(8)]
    with ThreadPoolExecutor(2) as pool:
        halves = pool.map(lambda node: asyncio.run(redeemed(node, customers)), nodes)
        outcomes = [one for half in halves for one in half]
    coupons = [one.coupon for one in outcomes if isinstance(one, Issued)]
    assert len({one.id for one in coupons}) == 1
    assert len(coupons) == 2  # the same customer asked both nodes
    assert {type(one) for one in outcomes} == {Issued, CodeUsedUp}
    assert world.codes.get(code).used == 1
    for node in nodes:
        node.stop()
    world.database.close()
