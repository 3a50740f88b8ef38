"""Why something cannot be done with an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from youhui.checkout.orders.model import State
from youhui.checkout.orders.words import STATES
from youhui.checkout.ports import Unusable
from youhui.engine import Quote, Ruleset
from youhui.engine.money import formatter
from youhui.engine.quote import Strategy
from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault, Invalid, Refusal


class OrderNotFound(Refusal):
    """No order has this number."""

    status = 404
    code = "ORDER_NOT_FOUND"
    sentences = both("订单 {order_no} 不存在", "There is no order {order_no}")


class OrderExists(Refusal):
    """The number belongs to another order: only the same request is answered again."""

    status = 409
    code = "ORDER_EXISTS"
    sentences = both(
        "订单号 {order_no} 已被另一笔订单使用", "The order number {order_no} belongs to another order"
    )


class OrderState(Refusal):
    """The order is not in a state in which this can be done. The answer has the `state`."""

    status = 409
    code = "ORDER_STATE"
    sentences = both(
        "订单 {order_no} 当前状态为 {state}，不能执行此操作",
        "Order {order_no} is {state}: this cannot be done",
    )

    def __init__(self, order_no: str, state: State) -> None:
        super().__init__(order_no=order_no, state=state)
        self.beside = {"state": state}
        self._state: State = state

    def message(self, language: Language) -> str:
        """The sentence, with the state's own word."""
        return self.sentences[language].format_map({**self.params, "state": STATES[self._state][language]})


class HoldExpired(Refusal):
    """Paid too late, and what it had held is gone: nothing was recorded, give the money back."""

    status = 409
    code = "HOLD_EXPIRED"
    sentences = both(
        "订单 {order_no} 的占用已过期，优惠名额不足，请退款",
        "The hold of order {order_no} has ended and there is no room left: give the money back",
    )


class QuoteChanged(Refusal):
    """The order would cost something else than the caller expects (minor units). The answer has the new quote."""

    status = 409
    code = "QUOTE_CHANGED"
    sentences = both(
        "价格已变化：应付 {payable}，而不是 {expected}",
        "The price has changed: {payable} is to be paid, not {expected}",
    )

    def __init__(
        self,
        quote: Quote,
        ruleset: Ruleset,
        strategy: Strategy,
        expected: int,
        unusable: Mapping[str, Unusable],
    ) -> None:
        money = formatter(quote.currency)
        super().__init__(payable=money(quote.total), expected=money(expected))
        self.quote = quote
        self.ruleset = ruleset
        self.strategy: Strategy = strategy
        self.unusable = unusable


class RefundTooMuch(Refusal):
    """More is named than is left to give back. `left`: units by line id, "" is shipping."""

    status = 409
    code = "REFUND_TOO_MUCH"
    sentences = both("可退数量不足", "There is not so much left to refund")

    def __init__(self, left: Mapping[str, int]) -> None:
        super().__init__([_left(name, count) for name, count in left.items()])


class UnknownLines(Invalid):
    """Lines that the order does not have."""

    def __init__(self, lines: Sequence[str]) -> None:
        say = both("订单中没有此行", "The order has no such line").__getitem__
        super().__init__([Fault("lines", "unknown_line", say, {"got": name}) for name in lines])


class RefundExists(Refusal):
    """The number belongs to another refund of this order."""

    status = 409
    code = "REFUND_EXISTS"
    sentences = both(
        "退款单号 {refund_no} 已用于另一笔退款", "The refund number {refund_no} belongs to another refund"
    )


class KeyReused(Refusal):
    """The Idempotency-Key succeeded for another request."""

    status = 422
    code = "IDEMPOTENCY_KEY_REUSED"
    sentences = both(
        "此 Idempotency-Key 已用于另一个请求", "This Idempotency-Key was used for another request"
    )


class LimitBelowUse(Refusal):
    """A limit cannot be lowered below what is used and held."""

    status = 409
    code = "LIMIT_BELOW_USE"
    sentences = both(
        "{limit} 不能低于已使用与占用之和 {taken}",
        "{limit} cannot be less than what is used and held, {taken}",
    )


def _left(line: str, count: int) -> Fault:
    what = both(f"行 {line} 可退 {count} 件", f"Of line {line}, {count} are left")
    if not line:
        what = both("运费已退", "Shipping was refunded already")

    def say(language: Language) -> str:
        return what[language]

    return Fault("lines" if line else "shipping", "left_to_refund", say, {"line": line, "left": count})
