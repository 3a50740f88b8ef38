"""Requests per second of one worker: our quotes, the floor behind bare ASGI, FastAPI + pydantic only echoing.

The server is pinned to one core and wrk (Debian's) to another; the three take turns, a fresh process each time.
Loopback only; each server is started here and ended by its handle.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import cases, floor
from bench.pairs import ratio_of
from bench.results import Row, least
from youhui.discounts.model import Draft, Scope, Terms
from youhui.engine import Customer, encode_cart

ROUNDS = 15
SECONDS = 2
CONNECTIONS = 32
SERVERS = ("youhui", "discounts", "floor", "echo")
"""`discounts` is youhui asked by a customer who has 50 discounts, of which 3 match the cart"""
APPS = {"discounts": "youhui"}
LOYAL = "loyal"
RATE = "1000000/minute"
"""the limit of the API key: counted, and never reached"""


def rows() -> Iterator[Row]:
    """Four ratios, from rounds in which each server runs once."""
    if shutil.which("wrk") is None:
        yield Row("POST /api/quotes", "wrk is not installed: Debian's package wrk")
        return
    with tempfile.TemporaryDirectory() as folder:
        bench = _Bench(Path(folder))
        rates: dict[str, list[float]] = {name: [] for name in SERVERS}
        for _ in range(ROUNDS):
            for name in SERVERS:
                rates[name].append(bench.rate(name))
    ours = rates["youhui"]
    detail = ", ".join(f"{name} {statistics.median(found):,.0f}/s" for name, found in rates.items())
    yield least("POST /api/quotes / the floor app, requests/s", ratio_of(ours, rates["floor"]), 0.3, detail)
    yield least("POST /api/quotes / FastAPI + pydantic echo", ratio_of(ours, rates["echo"]), 1.2, detail)
    with_discounts = rates["discounts"]
    yield least("a quote with 3 of 50 discounts / without", ratio_of(with_discounts, ours), 0.7, detail)
    yield least(
        "a quote with 3 of 50 discounts / the floor app",
        ratio_of(with_discounts, rates["floor"]),
        0.25,
        detail,
    )


def _drafts() -> Iterator[Draft]:
    """50 of one customer; the first three are each for one of the cart's products."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for i in range(50):
        products = {f"OTHER-{i}-{k}" for k in range(20)} | ({f"SKU-{i:04d}"} if i < 3 else set())
        yield Draft(
            terms=Terms(
                name=f"Discount {i}",
                type="amount",
                value=50 + i,
                currency="EUR",
                priority=i % 5,
                effective_time=began,
                expiration_time=began + timedelta(days=3650),
            ),
            scope=Scope(customers=frozenset({LOYAL}), products=frozenset(products)),
        )


class _Bench:
    """The servers, their bodies, and a database with 1,000 active promotions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = f"sqlite:///{folder}/bench.db"
        cart = json.dumps(encode_cart(cases.cart(10)))
        loyal = json.dumps(encode_cart(replace(cases.cart(10), customer=Customer(LOYAL, ("gold",)))))
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._prepare()}"}
        said = "".join(f'wrk.headers["{name}"]="{value}"\n' for name, value in headers.items())
        raw = floor.request(10).decode()
        for name, body in {"youhui": cart, "discounts": loyal, "floor": raw, "echo": cart}.items():
            (folder / f"{name}.lua").write_text(f'wrk.method="POST"\n{said}wrk.body=[==[{body}]==]\n')

    def _prepare(self) -> str:
        """Stores promotions and discounts, and makes the API key that quotes are asked with, which it answers."""
        from youhui import bootstrap
        from youhui.platform import migrate
        from youhui.platform.principals import SYSTEM
        from youhui.platform.settings import Settings
        from youhui.promotions.rules import read_terms

        service = bootstrap.service(Settings(database_url=self.database))
        migrate.upgrade(service.database)
        documents = cases.documents(1000)
        service.promotions.add(
            [read_terms(document, "EUR", service.registry) for document in documents], SYSTEM
        )
        service.discounts.write(SYSTEM, lambda writing: [writing.add(draft) for draft in _drafts()])
        _, secret = service.keys.add("bench", {"quote"}, SYSTEM)
        service.database.close()
        return secret

    def rate(self, name: str) -> float:
        """Starts the server, warms it up, and answers its requests per second."""
        server = subprocess.Popen(
            ["taskset", "-c", "0", sys.executable, "-m", "bench.http_apps", APPS.get(name, name)],
            env={**os.environ, "YOUHUI_DATABASE_URL": self.database, "YOUHUI_LIMITS__STOREFRONT": RATE},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout is not None
        port = int(server.stdout.readline())
        threading.Thread(target=server.stdout.read, daemon=True).start()
        try:
            self._wrk(name, port, 1)
            return self._wrk(name, port, SECONDS)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(15)

    def _wrk(self, name: str, port: int, seconds: int) -> float:
        url = f"http://127.0.0.1:{port}/api/quotes"
        command = [
            "taskset",
            "-c",
            "1",
            "wrk",
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{seconds}s",
            "--timeout",
            "10s",
        ]
        out = subprocess.run(
            [*command, "-s", str(self.folder / f"{name}.lua"), url],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        wrong = re.search(r"Non-2xx.*|Socket errors.*", out)
        if wrong:
            raise RuntimeError(f"{name}: {wrong.group()}")
        found = re.search(r"Requests/sec:\s+([\d.]+)", out)
        assert found is not None
        return float(found.group(1))
