"""What the routes of blocks and breakers are asked and answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from youhui.checkout import values
from youhui.checkout.abuse.asking import Opaque
from youhui.checkout.abuse.model import Block, Breaker, Kind
from youhui.checkout.values import SENTENCES, Wrong
from youhui.engine.forms import LARGEST
from youhui.engine.money import format_amount
from youhui.platform.addresses import read as read_address
from youhui.platform.languages import both
from youhui.platform.problems import Fault, Invalid, fault

T = TypeVar("T")

Amount: TypeAlias = Annotated[str | None, Field(max_length=40, examples=["1000.00"])]


def _instant(value: object) -> datetime | None:
    """Raises ValueError."""
    try:
        return None if value is None else values.instant(value)
    except Wrong as wrong:
        raise ValueError(wrong.code) from None


def _read(path: str, read: Callable[[object], T], value: object) -> T:
    """Raises Invalid."""
    try:
        return read(value)
    except Wrong as wrong:
        raise Invalid([fault(path, wrong.code, SENTENCES[wrong.code], wrong.params)]) from None


def _money(path: str, value: str | None, currency: str) -> int | None:
    return None if value is None else _read(path, partial(values.amount, currency=currency), value)


class _In(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", use_attribute_docstrings=True)


class BlockIn(_In):
    """Someone who may not claim, redeem, use or join any more."""

    kind: Kind
    value: Opaque
    """the id of the customer or device, the key of the person, or the address"""
    reason: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    """for the shop; customers are not told"""
    until: Annotated[datetime | None, BeforeValidator(_instant, json_schema_input_type=str | None)] = None
    """null: for ever"""

    def key(self) -> str:
        """Who it is. Raises Invalid for what is no address: nobody would be blocked."""
        if self.kind == "ip" and read_address(self.value) is None:
            raise Invalid([Fault("value", "not_an_address", _NOT_AN_ADDRESS.__getitem__)])
        return self.value


class BlockOut(BaseModel):
    """An entry of the block list."""

    kind: Kind
    value: str
    reason: str
    until: datetime | None
    by: str
    at: datetime


class BreakerIn(_In):
    """What stops a campaign; null is any. Amounts are in `currency` (default: the shop's)."""

    redemptions_per_minute: int | None = Field(None, ge=0, le=LARGEST)
    amount_per_minute: Amount = None
    amount_per_order: Amount = None
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")

    def breaker(self, promotion: str, shops: str) -> Breaker:
        """Of this campaign; `shops`: the currency where none is named. Raises Invalid."""
        currency = self.currency or shops
        breaker = Breaker(
            promotion=promotion,
            currency=_read("currency", values.currency_code, currency),
            redemptions_per_minute=self.redemptions_per_minute,
            amount_per_minute=_money("amount_per_minute", self.amount_per_minute, currency),
            amount_per_order=_money("amount_per_order", self.amount_per_order, currency),
        )
        if not breaker.limits:
            raise Invalid([Fault("", "nothing_limited", _NOTHING_LIMITED.__getitem__)])
        return breaker


class BreakerOut(BaseModel):
    """What stops a campaign, and when it last did."""

    promotion: str
    currency: str
    redemptions_per_minute: int | None
    amount_per_minute: str | None
    amount_per_order: str | None
    tripped_at: datetime | None


def block_out(block: Block) -> BlockOut:
    """As it is answered."""
    return BlockOut.model_validate(block, from_attributes=True)


def breaker_out(breaker: Breaker) -> BreakerOut:
    """As it is answered."""

    def money(units: int | None) -> str | None:
        return None if units is None else format_amount(units, breaker.currency)

    return BreakerOut(
        promotion=breaker.promotion,
        currency=breaker.currency,
        redemptions_per_minute=breaker.redemptions_per_minute,
        amount_per_minute=money(breaker.amount_per_minute),
        amount_per_order=money(breaker.amount_per_order),
        tripped_at=breaker.tripped_at,
    )


_NOTHING_LIMITED = both("至少填写一项限制", "State at least one limit")
_NOT_AN_ADDRESS = both(
    "须为一个 IPv4 或 IPv6 地址，不支持网段", "It must be one IPv4 or IPv6 address, not a network"
)
