"""Codes: a million made, and a million brought, on each kind of database with the settings of a shop (durable).

`YOUHUI_BENCH_CODES` makes it fewer.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bench.results import Row

COUNT = int(os.environ.get("YOUHUI_BENCH_CODES", "1000000"))
WITHIN = 60.0
"""seconds for a million to be made"""
PIECE = 256 * 1024
"""bytes that an import is fed at once, as the service does"""


def rows() -> Iterator[Row]:
    """Seconds of making, rates of bringing."""
    from tests import servers

    with tempfile.TemporaryDirectory() as folder:
        yield from _measured("SQLite", f"sqlite:///{folder}/codes.db")
    for name, server in (("PostgreSQL", servers.postgresql), ("MariaDB", servers.mariadb)):
        with server(durable=True) as running, running.database() as url:
            yield from _measured(name, url)


def _measured(name: str, url: str) -> Iterator[Row]:
    with _shop(url) as (codes, tasks, template):
        from youhui.coupons.codes.model import Shape, Wanted
        from youhui.platform.principals import SYSTEM
        from youhui.platform.rows import Written

        def make() -> None:
            codes.start_making(template(), Shape("SUMMER-####-####-####"), COUNT, SYSTEM)
            tasks.run_waiting()

        seconds = _seconds(make)
        first, last = codes.page(1, Wanted(), 0, 1)[1], WITHIN * COUNT / 1_000_000
        assert first == COUNT
        detail = f"{COUNT / seconds:,.0f} a second; no code twice"
        yield Row(
            f"{COUNT:,} codes made, {name}", f"{seconds:.1f} s", f"≤ {last:g} s", seconds > last, detail
        )
        for what in ("new", "unchanged"):
            upload = codes.upload(1, Written("csv"), SYSTEM)
            seconds = _seconds(partial(_bring, upload))
            assert (upload.finish().created == COUNT) == (what == "new")
            rate = f"{COUNT / seconds:,.0f} rows/s"
            yield Row(f"{COUNT:,} codes brought, all {what}, {name}", rate, "–", False, "CSV")


def _bring(upload: Any) -> None:
    for piece in _pieces():
        upload.feed(piece)
    upload.finish()


def _pieces() -> Iterator[bytes]:
    text = "code,uses_limit\n" + "".join(f"OLD-{i * 7919 % COUNT:08d},1\n" for i in range(COUNT))
    for start in range(0, len(text), PIECE):
        yield text[start : start + PIECE].encode()


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def _shop(url: str) -> Iterator[tuple[Any, Any, Callable[[], int]]]:
    """Codes and tasks on a new database, and what makes a template that is issued by code."""
    from youhui.coupons.codes import jobs
    from youhui.coupons.codes.service import Codes
    from youhui.coupons.model import Template, Terms, Validity
    from youhui.coupons.templates import store
    from youhui.platform import migrate
    from youhui.platform.db import Database
    from youhui.platform.tasks import Tasks

    now = datetime(2026, 11, 11, tzinfo=UTC)
    database = Database(url)
    migrate.upgrade(database)
    tasks = Tasks(database, lambda: now)
    jobs.register(tasks, lambda: now)

    def template() -> int:
        new = Template(
            id=0, name="bench", currency="CNY", status="published", terms_id=0,
            terms=Terms("discount", amount=1000, validity=Validity(days=7)), ways=frozenset({"code"}),
            audience="all", groups=(), total=None, per_customer=None, per_customer_per_day=None, claim_from=None,
            claim_until=None, budget=None, usage_limit=None, payment_from=None, issued=0, version=1,
            created_at=now, updated_at=now, voided_at=None,
        )  # fmt: skip
        with database.writing() as connection:
            return store.add(connection, new).id

    yield Codes(database, lambda: now, tasks), tasks, template
    database.close()
