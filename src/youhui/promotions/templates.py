"""Ready bodies for the promotions that Chinese shops run most, to be filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from youhui.platform.languages import Language, both


class Template(NamedTuple):
    """A body with example values, and what it is called."""

    names: Mapping[Language, str]
    body: Mapping[str, Any]


def _rule(key: str, actions: list[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    return {"type": "rule", "id": key, "status": "draft", **more, "actions": actions}


_SCOPE = {"categories": ["mugs"]}
_GIFT = {"sku": "BAG", "quantity": 1, "value": "9.90"}

TEMPLATES: Mapping[str, Template] = {
    "second_half_price": Template(
        both("第二件半价", "The second at half price"),
        _rule(
            "second-half",
            [{"kind": "cheapest_off", "percent": "50", "per": 2, "selector": _SCOPE}],
            name="第二件半价",
        ),
    ),
    "any_n": Template(
        both("N 元任选", "Any three for 99"),
        _rule(
            "any-3-for-99",
            [{"kind": "fixed_price", "target": "bundle", "price": "99.00", "units": 3, "selector": _SCOPE}],
            name="99 元任选 3 件",
        ),
    ),
    "add_on": Template(
        both("加价购", "Pay a little more for one more"),
        _rule(
            "add-on",
            [
                {
                    "kind": "buy_x_get_y",
                    "buy": {"quantity": 1, "selector": _SCOPE},
                    "get": {"quantity": 1, "amount": "20.00", "selector": {"skus": ["SPOON"]}},
                    "repeat": 1,
                }
            ],
            name="买杯子，原价 29.90 的勺子只加 9.90 元",
        ),
    ),
    "free_shipping": Template(
        both("满额包邮", "Free shipping"),
        _rule(
            "free-shipping",
            [{"kind": "free_shipping"}],
            name="满 99 包邮",
            lane="shipping",
            conditions=[{"kind": "subtotal_at_least", "amount": "99.00", "of": "running"}],
        ),
    ),
    "new_customers": Template(
        both("新人专享", "For new customers"),
        _rule(
            "welcome",
            [{"kind": "amount_off", "amount": "10.00", "target": "order"}],
            name="新人首单减 10 元",
            conditions=[
                {"kind": "first_order"},
                {"kind": "subtotal_at_least", "amount": "30.00", "of": "running"},
            ],
            usage_limit_per_customer=1,
        ),
    ),
    "amount_off_at": Template(
        both("满减", "An amount off from an amount on"),
        {
            "type": "bulk_discount",
            "id": "200-30",
            "name": "满 200 减 30，满 400 减 80",
            "kind": "amount_off_at",
            "tiers": [{"at_least": "200.00", "amount": "30.00"}, {"at_least": "400.00", "amount": "80.00"}],
        },
    ),
    "every": Template(
        both("每满减", "An amount off for every full amount"),
        {
            "type": "bulk_discount",
            "id": "every-100-10",
            "name": "每满 100 减 10，最多减 50",
            "kind": "every",
            "tiers": [{"at_least": "100.00", "amount": "10.00"}],
            "max_times": 5,
        },
    ),
    "percent_off_at": Template(
        both("满折", "A percentage off from an amount on"),
        {
            "type": "bulk_discount",
            "id": "300-at-85",
            "name": "满 300 打 8.5 折，最多减 100",
            "kind": "percent_off_at",
            "tiers": [{"at_least": "300.00", "percent": "8.5"}],
            "cap": "100.00",
        },
    ),
    "percent_off_items": Template(
        both("满件折", "A percentage off from so many units on"),
        {
            "type": "bulk_discount",
            "id": "3-at-8",
            "name": "满 2 件 9 折，满 3 件 8 折",
            "kind": "percent_off_items",
            "tiers": [{"at_least": 2, "percent": "9"}, {"at_least": 3, "percent": "8"}],
        },
    ),
    "flash_sale": Template(
        both("秒杀", "A flash sale"),
        {
            "type": "flash_sale",
            "id": "flash",
            "name": "整点秒杀",
            "products": [{"sku": "MUG-RED", "price": "9.90", "stock": 100}],
            "per_customer": 2,
            "per_order": 1,
            "slots": [{"from": "10:00", "until": "12:00"}, {"from": "20:00", "until": "22:00"}],
            "time_zone": "Asia/Shanghai",
        },
    ),
    "gift_at_least": Template(
        both("满赠", "A gift from an amount on"),
        {
            "type": "gift",
            "id": "bag-from-100",
            "name": "满 100 送帆布袋",
            "kind": "at_least",
            "min_amount": "100.00",
            "gift": _GIFT,
            "stock": 500,
        },
    ),
    "gift_buy": Template(
        both("买赠", "A gift for what is bought"),
        {
            "type": "gift",
            "id": "buy-2-get-bag",
            "name": "买 2 只杯子送帆布袋",
            "kind": "buy",
            "per": {"quantity": 2, "scope": _SCOPE},
            "gift": _GIFT,
            "stock": 500,
        },
    ),
}
"""by a name that stays; in the order in which they are offered"""
