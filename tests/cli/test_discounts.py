"""`youhui discounts`: on the database of a shop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.running import youhui
from youhui import bootstrap
from youhui.discounts.forms import WHOLE, draft, read_form
from youhui.platform import migrate
from youhui.platform.principals import SYSTEM
from youhui.platform.rows import written
from youhui.platform.settings import Settings

NOW = datetime.now(UTC).replace(microsecond=0)
SENT = {
    "name": "双十一特惠", "amount": 5, "user_ids": [1, 2], "product_ids": [7, 8, 9], "priority": 10,
    "effective_time": "2024-11-10T00:00:00Z", "expiration_time": (NOW - timedelta(days=10)).isoformat(),
}  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> str:
    """With discount 1, which ended ten days ago, and discount 2, which is for user 1 and all products and runs."""
    url = f"sqlite:///{tmp_path / 'youhui.db'}"
    service = bootstrap.service(Settings(database_url=url))
    migrate.upgrade(service.database)
    running = {
        "name": "九五折", "amount": None, "discount_type": "percent", "discount_value": "9.5", "user_ids": [1],
        "product_ids": [], "all_products": True, "expiration_time": (NOW + timedelta(days=1)).isoformat(),
    }  # fmt: skip
    for sent in (SENT, SENT | running):
        service.discounts.create(draft(read_form(sent, WHOLE), "CNY"), SYSTEM)
    upload = service.directory.upload("products", written("application/x-ndjson"), SYSTEM)
    upload.feed(b'{"id": "7", "sku": "MUG", "name": "mug", "price": "60.00"}')
    upload.finish()
    service.database.close()
    return url


def test_debug_prints_what_the_seeds_function_prints(database: str) -> None:
    ran = youhui("discounts", "debug", "1", "--database", database)
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "折扣信息: 双十一特惠",
        "生效时间: 2024-11-10T00:00:00Z",
        f"过期时间: {NOW - timedelta(days=10):%Y-%m-%dT%H:%M:%SZ}",
        "优先级: 10",
        "折扣力度: 5.00 CNY（每件减）",
        "适用用户数量: 2",
        "适用商品数量: 3",
        "当前状态: 已失效（已结束）",
    ]


def test_debug_says_why(database: str) -> None:
    ran = youhui(
        "discounts", "debug", "1", "--user", "1", "--product", "7", "--lang", "en", "--database", database
    )
    ended = f"It ended at {NOW - timedelta(days=10):%Y-%m-%dT%H:%M:%SZ}"
    assert ran.out.partition("\n\n")[2].splitlines() == [
        "User 1: in its list of users",
        "Product 7: in its list of products",
        "Price: 60.00, takes 5.00",
        f"Verdict: {ended}",
        "Discounts for this user and product: 2",
        "  1. #2 九五折  [10]  −3.00  It is the one that counts",
        f"  2. #1 双十一特惠  [10]  −5.00  {ended}",
    ]
    then = youhui("discounts", "debug", "1", "--at", "2024-11-10T08:00:00+08:00", "--database", database)
    assert "当前状态: 生效中\n" in then.out


def test_debug_says_that_a_product_is_not_known(database: str) -> None:
    ran = youhui("discounts", "debug", "2", "--user", "1", "--product", "8", "--database", database)
    assert "商城资料中没有该商品：查询为 0.00，购物车须给出单价才有折扣" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("debug", "9"), "youhui: 没有折扣 9"),
        (("debug", "9", "--lang", "en"), "youhui: There is no discount 9"),
        (("debug", "1", "--user", "1"), "youhui: --user 与 --product 须同时给出"),
        (("debug", "1", "--at", "2024-11-10"), "youhui: 2024-11-10 不是带时区的 ISO 8601 时间"),
    ],
)
def test_mistakes_are_said_in_a_sentence(database: str, arguments: tuple[str, ...], said: str) -> None:
    ran = youhui("discounts", *arguments, "--database", database)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(said)


def test_archive_puts_away_what_is_long_over(database: str) -> None:
    def archived(*options: str) -> str:
        return youhui("discounts", "archive", *options, "--database", database).out.strip()

    assert [archived(), archived("--older-than", "11", "--dry-run")] == ["0", "0"]
    assert [archived("--older-than", "9", "--dry-run"), archived("--older-than", "9")] == ["1", "1"]
    assert archived("--older-than", "9") == "0"
    assert "已归档" in youhui("discounts", "debug", "1", "--database", database).out
