"""Discounts: what a customer gets for 100 products beside one SQL query, memory of a server, how soon changes show."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sqlalchemy import bindparam, text

from bench import cases, shop
from bench.pairs import compare
from bench.results import Row, below, most
from youhui import bootstrap
from youhui.bootstrap import Service
from youhui.discounts.forms import Form
from youhui.discounts.query import PATH
from youhui.engine import Layer
from youhui.platform import migrate
from youhui.platform.db import UTCDateTime
from youhui.platform.principals import SYSTEM
from youhui.platform.settings import Settings

PAIRS = 15
CHANGES = 50
CUSTOMERS = 300
"""who ask the server for 100 products each before its memory is read"""
QUOTES = 10_000
"""and so many different carts of many customers are priced"""

_ONE_QUERY = (
    text("""
SELECT p.id, p.price, p.currency, d.id, d.name, d.type, d.value, d.currency, d.priority, d.effective_time,
  d.expiration_time, d.updated_at, d.version
FROM (
  SELECT discount_id FROM discount_customers WHERE kind = 'customer' AND value = :customer
  UNION ALL
  SELECT l.discount_id FROM customer_groups g CROSS JOIN discount_customers l
  WHERE g.id = :customer AND l.kind = 'group' AND l.value = g.name
  UNION ALL
  SELECT id FROM discounts WHERE all_customers = TRUE
) w CROSS JOIN discounts d CROSS JOIN discount_products l CROSS JOIN products p
WHERE d.id = w.discount_id AND d.expiration_time > :now AND d.enabled AND d.deleted_at IS NULL
  AND l.discount_id = d.id AND l.kind = 'product' AND l.value IN :products AND p.id = l.value
""")
    .bindparams(bindparam("products", expanding=True), bindparam("now", type_=UTCDateTime))
    .columns(effective_time=UTCDateTime, expiration_time=UTCDateTime, updated_at=UTCDateTime)
)


def rows() -> Iterator[Row]:
    """One row for each bar."""
    yield _overlay()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=f"sqlite:///{folder}/bench.db", secret_key_file=Path(folder) / "key")
        service = bootstrap.service(settings)
        migrate.upgrade(service.database)
        shop.fill(service)
        yield from _query(service)
        yield _live(service)
        service.operators.add_first()  # else the server says so
        _, secret = service.keys.add("bench", {"discounts", "quote"}, SYSTEM)
        service.stop()
        yield _memory(settings.database_url, secret)


def _overlay() -> Row:
    """Whether laying three rules over a ruleset costs the same however many there are below."""
    layer = Layer([*cases.promotions(6)[3:]][:3])
    large, small = cases.ruleset(100_000).changed(removed=["p3", "p4", "p5"]), cases.ruleset(3)
    assert large.overlay(layer).version != small.overlay(layer).version
    ratio = compare(lambda: large.overlay(layer), lambda: small.overlay(layer), PAIRS)
    return most("3 rules laid over 100,000 / over 3", ratio, 1.5)


def _query(service: Service) -> Iterator[Row]:
    lookup, customer, asked = service.discount_lookup, shop.CUSTOMER, list(shop.ASKED)
    parameters = {"customer": customer, "products": asked, "now": service.clock()}

    def one_query() -> Sequence[object]:
        with service.database.reading() as connection:
            return connection.execute(_ONE_QUERY, parameters).all()

    def cold() -> object:
        for held in (lookup._known, service.shop._customers._facts, service.shop._products._facts):
            held.clear()
        return lookup.best(customer, asked)

    found = lookup.best(customer, asked)
    assert len(found) == len(asked) <= len(one_query())
    assert all(best.discount is not None for best in found.values())
    yield most("query_user_products, 100 products, cold / one SQL query", compare(cold, one_query, PAIRS), 3)
    warm = compare(lambda: lookup.held_best(customer, asked), one_query, PAIRS)
    assert lookup.held_best(customer, asked) == found
    yield most("the same, cached / one SQL query", warm, 0.5)


def _live(service: Service) -> Row:
    """The slowest of so many changes of one of 10,000, from the call to the first answer with it."""
    lookup, slowest = service.discount_lookup, 0.0
    winner = lookup.best(shop.CUSTOMER, shop.ASKED[:1])[shop.ASKED[0]].discount
    assert winner is not None
    for i in range(CHANGES):
        start = time.perf_counter()
        service.discounts.update(winner.id, Form(priority=1000 + i), SYSTEM)
        now = lookup.best(shop.CUSTOMER, shop.ASKED[:1])[shop.ASKED[0]].discount
        slowest = max(slowest, time.perf_counter() - start)
        assert now is not None
        assert now.terms.priority == 1000 + i
    return below(f"an edited discount of 10,000 is live: slowest of {CHANGES}", slowest * 1e3, 50, "ms")


def _memory(database: str, secret: str) -> Row:
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.http_apps", "youhui"],
        env={**os.environ, "YOUHUI_DATABASE_URL": database},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    port = int(server.stdout.readline())
    threading.Thread(target=server.stdout.read, daemon=True).start()
    try:
        _ask(http.client.HTTPConnection("127.0.0.1", port, timeout=30), secret)
        status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(15)
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    detail = (
        f"its peak, after {CUSTOMERS} customers asked for 100 products each, and {QUOTES:,} different quotes"
    )
    megabytes = int(found[1]) / 1024
    return below("a server with 100,000 products and 10,000 discounts", megabytes, 300, "MiB", detail)


def _ask(server: http.client.HTTPConnection, secret: str) -> None:
    """All different: nothing of them is held from one to the next."""
    rnd = random.Random(4)
    headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
    for i in range(CUSTOMERS):
        products = ",".join(f"product-{(i * 331 + k * 7) % shop.PRODUCTS}" for k in range(100))
        _answered(server, "GET", f"{PATH}?user_id=customer-{i}&product_ids={products}", None, headers)
    for _ in range(QUOTES):
        lines = [
            {"id": str(k), "product": f"product-{rnd.randrange(shop.PRODUCTS)}", "quantity": 1}
            for k in range(10)
        ]
        customer = {"id": f"customer-{rnd.randrange(shop.CUSTOMERS)}"}
        cart = json.dumps({"currency": "EUR", "customer": customer, "lines": lines})
        _answered(server, "POST", "/api/quotes", cart, headers)


def _answered(
    server: http.client.HTTPConnection, method: str, path: str, body: str | None, headers: Mapping[str, str]
) -> None:
    server.request(method, path, body, headers)
    answer = server.getresponse()
    if answer.read() and answer.status != 200:
        raise RuntimeError(f"{method} {path[:60]}: {answer.status}")
