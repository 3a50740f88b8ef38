"""What the states of an order are called."""

from __future__ import annotations

from collections.abc import Mapping

from youhui.checkout.orders.model import State
from youhui.platform.languages import Language, both

STATES: Mapping[State, Mapping[Language, str]] = {
    "pending": both("待支付", "to be paid"),
    "paid": both("已支付", "paid"),
    "partially_refunded": both("部分退款", "partly refunded"),
    "refunded": both("已退款", "refunded"),
    "cancelled": both("已取消", "cancelled"),
    "expired": both("已超时", "expired"),
}
