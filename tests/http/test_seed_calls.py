"""The second seed document's own TypeScript calls, word for word, by a real axios against a real server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.architecture import source
from tests.conftest import do_without
from tests.http import serving
from tests.servers import Unavailable

pytestmark = pytest.mark.slow

SEED = source.ROOT / "tests" / "seeds"
NOW = datetime.now(UTC)
NOTHING = {"amount": "0.00", "discount_id": None, "discount_type": None, "discount_value": None}
PRODUCTS = [{"id": str(n), "sku": f"sku-{n}", "name": f"商品 {n}", "price": "30.00"} for n in (1, 2, 3)]


class Shop:
    """A server with three products and two customers, and what its calls are told apart by."""

    def __init__(self, address: str, database: str) -> None:
        self.address = address
        self.admin = serving.admin(database)
        self.key = serving.storefront(database, "directory", "discounts", "shoppers", "quote")
        self.shoppers = {name: self._shopper(name) for name in ("7", "8")}

    def _shopper(self, name: str) -> dict[str, str]:
        made = httpx2.post(f"{self.address}/api/shopper-tokens", json={"customer_id": name}, headers=self.key)
        return serving.bearer(made.json()["token"])

    def put(self, kind: str, rows: list[dict[str, Any]]) -> None:
        body = "\n".join(json.dumps(row) for row in rows)
        headers = {**self.key, "content-type": "application/x-ndjson"}
        answer = httpx2.put(f"{self.address}/api/directory/{kind}", content=body, headers=headers)
        assert answer.json()["rejected"] == 0, answer.text

    def calls(self, *steps: tuple[dict[str, str] | None, str, list[Any]]) -> list[dict[str, Any]]:
        """What each call of the seed returned: `data`, and `status` where axios threw."""
        asked = [
            {"token": None if who is None else who["authorization"].removeprefix("Bearer "),
             "call": call, "args": args}
            for who, call, args in steps
        ]  # fmt: skip
        done = subprocess.run(
            [_node(), "run.mjs"], cwd=SEED, input=json.dumps({"address": self.address, "steps": asked}),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        answers: list[dict[str, Any]] = json.loads(done.stdout)
        return answers


def _node() -> str:
    path = f"{os.environ.get('PATH', os.defpath)}:{source.ROOT / '.venv' / 'bin'}"
    node = shutil.which("node", path=path)
    if node is None or not (SEED / "node_modules" / "axios").exists():
        do_without(Unavailable("node or axios is not installed: `python3 dev.py test` does it"))
    return node


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    _node()
    database = f"sqlite:///{tmp_path_factory.mktemp('seed') / 'youhui.db'}"
    with serving.process(database) as address:
        made = Shop(address, database)
        made.put("products", PRODUCTS)
        made.put("customers", [{"id": "7"}, {"id": "8"}])
        yield made


def data(**more: Any) -> dict[str, Any]:
    """What the seed's form sends: numbers for ids and for money."""
    return {
        "name": "双十一特惠", "amount": 12.5, "user_ids": [7], "product_ids": [1, 2],
        "effective_time": (NOW - timedelta(days=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "expiration_time": (NOW + timedelta(days=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "priority": 10, **more,
    }  # fmt: skip


def test_a_discount_is_created_set_in_a_batch_and_queried(shop: Shop) -> None:
    created, batch, mine, theirs, nobody = shop.calls(
        (shop.admin, "createDiscount", [data()]),
        (shop.admin, "batchSetDiscount", [7, [2, 3], 5]),
        (shop.shoppers["7"], "queryUserProductsDiscount", [[1, 2, 3]]),
        (shop.shoppers["8"], "queryUserProductsDiscount", [[1, 2, 3]]),
        (None, "queryUserProductsDiscount", [[1, 2, 3]]),
    )
    assert (created["data"]["name"], created["data"]["amount"]) == ("双十一特惠", "12.50")
    assert batch["data"]["name"].startswith("批量折扣")
    first, second = created["data"]["id"], batch["data"]["id"]
    twelve = {
        "amount": "12.50", "discount_id": first, "discount_type": "amount", "discount_value": "12.50",
    }  # fmt: skip
    five = {"amount": "5.00", "discount_id": second, "discount_type": "amount", "discount_value": "5.00"}
    assert mine["data"] == {"1": twelve, "2": twelve, "3": five}, "the higher priority wins on 2"
    assert theirs["data"] == nobody["data"] == {"1": NOTHING, "2": NOTHING, "3": NOTHING}


def test_what_the_form_left_out_comes_back_with_the_seeds_words(shop: Shop) -> None:
    empty = data(name="", amount=None, user_ids=[], product_ids=[], effective_time=None, expiration_time=None)
    (refused,) = shop.calls((shop.admin, "createDiscount", [empty]))
    assert refused["status"] == 400
    assert refused["data"]["error"] == "VALIDATION_ERROR"
    assert {fault["path"]: fault["message"] for fault in refused["data"]["details"]} == {
        "name": "请输入折扣名称",
        "amount": "请输入折扣金额",
        "user_ids": "请至少选择一个用户",
        "product_ids": "请至少选择一个商品",
        "effective_time": "请选择生效时间",
        "expiration_time": "请选择过期时间",
    }


def test_a_batch_is_all_or_nothing(shop: Shop) -> None:
    before = shop.calls((shop.shoppers["8"], "queryUserProductsDiscount", [[1, 2, 3]]))
    (refused,) = shop.calls((shop.admin, "batchSetDiscount", [8, [1, 99], 5]))
    assert refused["status"] == 400
    assert "99" in json.dumps(refused["data"])
    assert shop.calls((shop.shoppers["8"], "queryUserProductsDiscount", [[1, 2, 3]])) == before


@pytest.mark.parametrize("call", ["createDiscount", "batchSetDiscount"])
def test_only_operators_may_write(shop: Shop, call: str) -> None:
    arguments = [data()] if call == "createDiscount" else [7, [1], 5]
    nobody, shopper, key = shop.calls(
        (None, call, arguments), (shop.shoppers["7"], call, arguments), (shop.key, call, arguments)
    )
    assert [nobody["status"], shopper["status"], key["status"]] == [401, 403, 403]


def test_the_calls_are_those_of_the_seed() -> None:
    """Word for word, where the document lies beside the project."""
    documents = sorted((source.ROOT.parent / "shared" / "seeds").glob("002_*"))
    if not documents:
        pytest.skip("the seed document is not here")
    written = documents[0].read_text(encoding="utf-8")
    calls = (SEED / "calls.ts").read_text(encoding="utf-8")
    for block in calls.split("\n\n")[1:]:
        code = block.strip().partition("\n")[2]
        assert code in written
