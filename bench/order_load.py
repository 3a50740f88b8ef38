"""A turn of the benchmark of orders: a server on a database of its own, its load, and the check of what it wrote."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import psycopg
from sqlalchemy import make_url

from bench import order_shop
from tests.checked import assert_sound
from tests.servers import DatabaseServer

CLIENTS = 64
WARM_UP, SECONDS = 2, 2
SERVERS_CORE, OTHERS_CORE = "0", "1"
"""the server has a core for itself; PostgreSQL and wrk share the other"""
RATE = "1000000/minute"
"""the limit of the API key: counted, and never reached"""
TICK = os.sysconf("SC_CLK_TCK")


class Turn(NamedTuple):
    """What a turn showed: orders a second, milliseconds, and µs of CPU an order of the server and of PostgreSQL."""

    rate: float
    p50: float
    p99: float
    server: float
    database: float


class Bench:
    """A PostgreSQL with a shop in a template, and the script for wrk."""

    def __init__(self, server: DatabaseServer, folder: Path, prepared: str) -> None:
        self._secret = _prepare(prepared)
        self._script = order_shop.script(folder / "orders.lua", self._secret)
        template = make_url(prepared).database
        self._databases = replace(server, create=f"CREATE DATABASE {{name}} TEMPLATE {template}")
        self._postmaster = postmaster(server.url)

    def turn(self, name: str, promotion: str, seconds: int = SECONDS) -> Turn:
        """Starts the server on a new database, warms it up, measures it, ends it, and checks its database."""
        with self._databases.database() as url:
            with _serving(name, url) as (port, pid):
                warm = self._wrk(port, "warm-", promotion, WARM_UP)
                before = self._cpu(pid)
                found = self._wrk(port, "order-", promotion, seconds)
                after = self._cpu(pid)
            accepted = [int(one["requests"] - one["refused"]) for one in (warm, found)]
            check(url, sum(accepted), promotion)
            if name == "youhui":
                assert_sound(url)
        if not accepted[1]:
            raise RuntimeError(f"{name} accepted no order in {seconds} s")
        server, database = [(b - a) / accepted[1] * 1e6 for a, b in zip(before, after, strict=True)]
        rate = accepted[1] / (found["microseconds"] / 1e6)
        return Turn(rate, found["p50"] / 1e3, found["p99"] / 1e3, server, database)

    def _wrk(self, port: int, prefix: str, promotion: str, seconds: int) -> dict[str, float]:
        command = ["taskset", "-c", OTHERS_CORE, "wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds}s"]
        url = f"http://127.0.0.1:{port}"
        out = subprocess.run(
            [*command, "--timeout", "10s", "-s", str(self._script), url, "--", prefix, promotion],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        found: dict[str, float] = json.loads(out.splitlines()[-1])
        if found["refused"] or found["broken"]:
            raise RuntimeError(f"not every order was accepted: {found}")
        return found

    def _cpu(self, server: int) -> tuple[float, float]:
        """CPU seconds so far of the server, and of PostgreSQL's processes."""
        return _cpu_of(server), database_cpu(self._postmaster)


def postmaster(url: str) -> int:
    """The process of a PostgreSQL."""
    with psycopg.connect(plain(url)) as connection:
        found = connection.execute("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)").fetchone()
    assert found is not None
    return int(found[0])


def database_cpu(parent: int) -> float:
    """CPU seconds so far of all processes of a PostgreSQL."""
    return sum(_cpu_of(pid) for pid in _children(parent))


def plain(url: str) -> str:
    """As psycopg wants it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _prepare(url: str) -> str:
    """Stores the promotions, and makes the API key that orders are placed with, which it answers."""
    from youhui import bootstrap
    from youhui.platform import migrate
    from youhui.platform.principals import SYSTEM
    from youhui.platform.settings import Settings
    from youhui.promotions.rules import read_terms

    service = bootstrap.service(Settings(database_url=url))
    migrate.upgrade(service.database)
    terms = [read_terms(one, order_shop.CURRENCY, service.registry) for one in order_shop.documents()]
    service.promotions.add(terms, SYSTEM)
    _, secret = service.keys.add("bench", {"orders"}, SYSTEM)
    service.operators.add_first()  # else every server would, and it takes long
    service.database.close()
    return secret


@contextmanager
def _serving(name: str, url: str) -> Iterator[tuple[int, int]]:
    """The port of a server on its core, and its process."""
    server = subprocess.Popen(
        ["taskset", "-c", SERVERS_CORE, sys.executable, "-m", "bench.order_apps", name, url],
        env={**os.environ, "YOUHUI_LIMITS__STOREFRONT": RATE},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline())
        threading.Thread(target=server.stdout.read, daemon=True).start()
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60):  # it answers as soon as it is ready
            yield port, server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(15)


def check(url: str, accepted: int, promotion: str) -> None:
    """Counters = ledger = orders = keys = accepted answers, but for those under way when wrk hung up: twice 64.

    Raises AssertionError.
    """
    with psycopg.connect(plain(url)) as connection:
        row = connection.execute(_COUNTS).fetchone()
    assert row is not None
    orders, entries, keys, holds, held, amount_held, amount = row
    assert 0 <= orders - accepted <= 2 * CLIENTS, (row, accepted)
    limited = 0 if promotion == order_shop.FREE else orders
    assert (entries, keys, holds, held) == (orders, orders, limited, limited), row
    assert amount == orders * order_shop.DISCOUNT, row
    assert amount_held == limited * order_shop.DISCOUNT, row


_COUNTS = """SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM ledger WHERE kind = 'hold'),
  (SELECT count(*) FROM request_keys), (SELECT count(*) FROM holds),
  (SELECT sum(uses_held) FROM counters WHERE uses_used + uses_held <= uses_limit AND uses_used = 0),
  (SELECT sum(amount_held) FROM counters),
  (SELECT coalesce(sum(discount), 0) FROM ledger)"""


def _children(parent: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields and int(fields[1]) == parent:
                yield int(entry.name)


def _cpu_of(process: int) -> float:
    fields = _stat(process)
    return (int(fields[11]) + int(fields[12])) / TICK if fields else 0.0


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on (state, parent, …); none if it has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
