"""Values for random carts and promotions: few of each, so that carts and promotions really meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from youhui.engine.forms import Form

SKUS = ["MUG", "CUP", "TEA", "POT"]
PRODUCTS = ["MUG", "CUP", "DRINK"]
CATEGORIES = ["mugs", "tea", "sale"]
CUSTOMERS = ["ann", "bob"]
GROUPS = ["vip", "staff"]
TAGS = ["flash", "coupon"]
CODES = ["SAVE", " save ", "ＳＡＶＥ", "GIFT", "none"]
CONTEXT = {"channel": ["web", "app"], "country": ["CN", "US"], "payment_method": ["card", "cash"]}
METHODS = ["post", "van"]
CURRENCIES = ["CNY", "CNY", "CNY", "JPY", "KWD"]
ATTRIBUTES: dict[str, list[object]] = {
    "color": ["red", "blue"],
    "size": [1, 2, 3],
    "new": [True, False],
    "born": ["1990-05-01", "2000-02-29"],
}
INSTANTS = [
    "2026-01-15T12:00:00Z",
    "2026-01-16T23:59:59.999999+08:00",
    "2026-03-08T06:59:59Z",
    "2026-11-01T05:30:00Z",
    "2026-11-01T00:00:00+00:00",
]
ZONES = ["UTC", "Asia/Shanghai", "America/New_York"]
PERCENTS = ["0", "5", "10", "12.5", "33.333", "50", "99.99", "100", "150"]
PRICES = st.sampled_from([0, 1, 2, 3, 7, 10, 99, 100, 333, 500, 999, 1000, 1250, 4999]) | st.integers(0, 3000)
AMOUNTS = st.sampled_from([0, 1, 2, 5, 10, 50, 100, 101, 300, 500, 1000, 2000, 5000]) | st.integers(0, 4000)

POOLS: dict[str, list[str]] = {
    "skus": SKUS,
    "products": PRODUCTS,
    "categories": CATEGORIES,
    "customer_is": CUSTOMERS,
    "customer_group": GROUPS,
    "shipping_method": METHODS,
    "currency": ["CNY", "JPY", "KWD"],
    "customer_attribute": ["red", "blue", "1990-05-01"],
    "product_attribute": ["red", "blue", "1990-05-01"],
    "name": sorted(ATTRIBUTES),
    "sku": SKUS,
    **CONTEXT,
}
"""words of a text field, by its key or by its kind"""
EVERYTHING = sorted({word for words in POOLS.values() for word in words})

ONE_OF: Mapping[str, list[set[str]]] = {
    "customer_attribute": [{"any_of"}, {"at_least"}, {"at_least", "at_most"}, {"from"}, {"from", "until"}, {"is"}],
    "product_attribute": [{"any_of"}, {"at_most"}, {"at_least", "at_most"}, {"until"}, {"from", "until"}, {"is"}],
    "Get": [{"percent"}, {"amount"}],
    "Tier": [{"percent"}, {"amount"}],
}  # fmt: skip
"""optional keys of which exactly one of these sets is given"""

PLAIN: Mapping[Form | str, st.SearchStrategy[Any]] = {
    Form.POSITIVE: st.integers(1, 4),
    Form.COUNT: st.integers(0, 3),
    Form.WHOLE: st.integers(-2, 3),
    Form.CLOCK: st.sampled_from(["00:00", "06:00", "12:00", "20:00", "22:30"]),
    Form.ZONE: st.sampled_from(ZONES),
    Form.CODE: st.sampled_from(CODES[:4]),
    Form.INSTANT: st.sampled_from(INSTANTS),
    Form.DATE: st.sampled_from(["1980-01-01", "1990-05-01", "2000-01-01"]),
    Form.CURRENCY: st.sampled_from(["CNY", "JPY", "KWD"]),
    Form.ATTRIBUTES: st.sampled_from(sorted(ATTRIBUTES)).flatmap(
        lambda name: st.lists(st.sampled_from(ATTRIBUTES[name]), max_size=2).map(lambda found: {name: found})
    ),
    "flag": st.booleans(),
    "percent": st.sampled_from(PERCENTS),
}
