"""The shop's data and one campaign through the public API, and what the service then says, beside plain SQL.

    python3 dev.py journey discounts

A server of its own on a new SQLite database, started and asked as a stranger would: the command line for credentials,
HTTP for everything else.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import httpx2

from examples.complete_journey.data import Year
from examples.complete_journey.shop import CAMPAIGN, OFF, Pair, Row, Shop

PAIRS = 1_000
PRODUCTS = 100
SEED = 13
SHOWN = 5
AT_ONCE = 500
"""rows in one piece of a request's body"""
YOUHUI = (sys.executable, "-c", "from youhui.cli import main; main()")


@dataclass(slots=True)
class Result:
    """What was done, and what came of it. `differing`: answers that are not what SQL says."""

    imported: dict[str, tuple[int, float]] = field(default_factory=dict)
    """rows and seconds by kind"""
    saved: tuple[int, int, float] = (0, 0, 0.0)
    """households, products, seconds"""
    asked: int = 0
    given: int = 0
    seconds: float = 0.0
    differing: list[str] = field(default_factory=list)


class Api:
    """The service as its callers see it."""

    def __init__(self, client: httpx2.Client, key: str, password: str) -> None:
        self._client = client
        self._shop = {"authorization": f"Bearer {key}"}
        tokens = self._client.post("/admin/login/", json={"username": "journey", "password": password})
        self._operator = {"authorization": f"Bearer {tokens.raise_for_status().json()['access']}"}

    def put(self, kind: str, rows: Iterable[Row]) -> int:
        """Streams rows as JSON lines. Raises ValueError if one is rejected."""
        lines = (json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
        pieces = iter(lambda: b"".join(islice(lines, AT_ONCE)), b"")
        headers = {**self._shop, "content-type": "application/x-ndjson"}
        answer = self._client.put(f"/directory/{kind}", content=pieces, headers=headers)
        report: dict[str, Any] = answer.raise_for_status().json()
        if report["rejected"]:
            raise ValueError(f"{kind}: {report['errors'][:SHOWN]}")
        return int(report["received"])

    def create(self, discount: dict[str, object]) -> dict[str, Any]:
        """Creates a discount."""
        answer = self._client.post("/discounts/", json=discount, headers=self._operator)
        made: dict[str, Any] = answer.raise_for_status().json()
        return made

    def query(self, pair: Pair) -> dict[str, dict[str, Any]]:
        """What a household gets for products."""
        asked = {"user_id": pair.household, "product_ids": ",".join(pair.products)}
        answer = self._client.get("/discounts/query_user_products/", params=asked, headers=self._shop)
        found: dict[str, dict[str, Any]] = answer.raise_for_status().json()
        return found


def run(pairs: int = PAIRS) -> Result:
    """Imports, sets the discount, asks about `pairs` random pairs."""
    shop, result = Shop(Year()), Result()
    with _served() as api:
        for kind in ("categories", "products", "customers"):
            rows: Iterator[Row] = getattr(shop, kind)()
            began = time.perf_counter()
            result.imported[kind] = api.put(kind, rows), time.perf_counter() - began
        households, products = shop.households_of(CAMPAIGN), shop.products_of(CAMPAIGN)
        began = time.perf_counter()
        discount = api.create(_campaign(households, products))
        result.saved = len(households), len(products), time.perf_counter() - began
        _compare(api, shop, _pairs(shop, pairs), discount["id"], result)
    return result


def _campaign(households: list[str], products: list[str]) -> dict[str, object]:
    now = datetime.now(UTC)
    return {
        "name": f"campaign {CAMPAIGN}",
        "amount": f"{OFF // 100}.{OFF % 100:02}",
        "user_ids": households,
        "product_ids": products,
        "effective_time": (now - timedelta(days=1)).isoformat(),
        "expiration_time": (now + timedelta(days=1)).isoformat(),
    }


def _pairs(shop: Shop, count: int) -> list[Pair]:
    drawn = random.Random(SEED)
    households, products = shop.everyone_and_everything()
    return [Pair(drawn.choice(households), tuple(drawn.sample(products, PRODUCTS))) for _ in range(count)]


def _compare(api: Api, shop: Shop, pairs: list[Pair], discount: int, result: Result) -> None:
    for pair, expected in zip(pairs, shop.expected(pairs), strict=True):
        began = time.perf_counter()
        answer = api.query(pair)
        result.seconds += time.perf_counter() - began
        if set(answer) != set(pair.products):
            result.differing.append(f"household {pair.household}: other products than asked")
        for product, (cents, targeted) in expected.items():
            found = answer.get(product)
            wanted = (f"{cents // 100}.{cents % 100:02}", discount if targeted else None)
            result.asked += 1
            result.given += targeted
            if found is None or (found["amount"], found["discount_id"]) != wanted:
                result.differing.append(f"household {pair.household}, product {product}: {found}, {wanted}")


@contextmanager
def _served() -> Iterator[Api]:
    """A service on a new database, gone when the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'youhui.db'}"
        secret = {"YOUHUI_SECRET_KEY_FILE": str(Path(folder) / "secret.key")}
        key = _youhui("keys", "create", "journey", "--scope", "directory", "--scope", "discounts",
                      database=database, environment=secret)  # fmt: skip
        password = _youhui("operators", "add", "journey", "--role", "operator",
                           database=database, environment=secret)  # fmt: skip
        command = [*YOUHUI, "serve", "--port", "0", "--database", database]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environment(secret))
        try:
            assert server.stdout is not None
            found = re.search(r"http://[0-9.:]+", server.stdout.readline())
            if found is None:
                raise RuntimeError("the server did not start")
            with httpx2.Client(base_url=f"{found.group()}/api", timeout=120) as client:
                yield Api(client, key, password)
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=30)


def _youhui(*arguments: str, database: str, environment: dict[str, str]) -> str:
    command = [*YOUHUI, *arguments, "--database", database]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env=_environment(environment)
    )
    return done.stdout.strip()


def _environment(more: dict[str, str]) -> dict[str, str]:
    return {**os.environ, "YOUHUI_ACCESS_LOG": "false", **more}


def main() -> int:
    """Prints the figures; 1 if an answer differs from SQL's."""
    result = run()
    for kind, (rows, seconds) in result.imported.items():
        print(f"{kind:<12}{rows:>10,} rows in {seconds:6.2f} s  {rows / seconds:>10,.0f} rows/s")
    households, products, seconds = result.saved
    print(f"campaign {CAMPAIGN}: {households:,} households x {products:,} products saved in {seconds:.2f} s")
    print(
        f"{PAIRS:,} households asked about {PRODUCTS} products each, {1000 * result.seconds / PAIRS:.2f} ms a request"
    )
    print(
        f"{result.asked:,} answers, {result.given:,} with a discount; differing from SQL: {len(result.differing)}"
    )
    for line in result.differing[:SHOWN]:
        print(f"  {line}")
    return int(bool(result.differing))
