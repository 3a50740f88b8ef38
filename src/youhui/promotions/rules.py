"""Between the document that a merchant sends, the row that is stored, and the rule that carts are priced with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from youhui.checkout.ports import Rule
from youhui.engine import InvalidDocument, Problem, Promotion, Registry, decode_promotion, encode_promotion
from youhui.engine.money import is_currency
from youhui.promotions.model import StoredPromotion

COUNTED = ("used", "held", "budget_used", "budget_held", "units_used", "units_held", "units_left")
"""keys of answers that say what orders took"""
ANSWERED = ("state", "version", "created_at", "updated_at", *COUNTED, "windows")
"""keys that answers have and requests need not leave out, so that what was read can be sent back"""

_ID = re.compile(r"\w[^\s,/\\\x00-\x1f\x7f]{0,63}")
_NOTHING = re.compile(r"0(\.0{1,3})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_NAME = 100
DISCOUNT = "discount:"
"""how the ids of rules begin that discounts become in a quote"""


@dataclass(frozen=True, slots=True)
class Terms:
    """A promotion that was sent, read and found right."""

    promotion: Promotion
    currency: str

    def stored(self, *, position: int, version: int, created_at: datetime, at: datetime) -> StoredPromotion:
        """Its row, last changed at this version and instant."""
        promotion = self.promotion
        return StoredPromotion(
            id=promotion.id,
            name=promotion.name,
            currency=self.currency,
            active=promotion.active,
            priority=promotion.priority,
            lane=promotion.lane,
            valid_from=_instant(promotion.valid_from),
            valid_until=_instant(promotion.valid_until),
            document=encode_promotion(promotion, self.currency),
            position=position,
            version=version,
            created_at=created_at,
            updated_at=at,
        )


def read_terms(document: Mapping[str, object], currency: str, registry: Registry) -> Terms:
    """Reads a promotion's document with a `currency` beside its keys (absent: the shop's). Raises InvalidDocument."""
    given = document.get("currency", currency)
    if not isinstance(given, str) or not is_currency(given):
        raise InvalidDocument([Problem("currency", "not_currency", {"got": str(given)[:60]})])
    terms = {key: value for key, value in document.items() if key not in ("currency", *ANSWERED)}
    if "used_by_customer" in terms:  # in a case it is of that case's customer; here there are many
        raise InvalidDocument([Problem("used_by_customer", "unknown_key", {"got": "used_by_customer"})])
    promotion = decode_promotion(terms, given, registry)
    problems = _unstorable(promotion)
    if problems:
        raise InvalidDocument(problems)
    return Terms(promotion, given)


def check_uncounted(document: Mapping[str, object]) -> None:
    """A new promotion begins with nothing used: it may say so, and no more. Raises InvalidDocument."""
    fresh = {"units_left": document.get("stock")}
    problems = [
        Problem(key, "counted", {"got": str(document[key])[:60]})
        for key in COUNTED
        if key in document and document[key] not in (None, 0, fresh.get(key)) and not _is_zero(document[key])
    ]
    if problems:
        raise InvalidDocument(problems)


def _is_zero(value: object) -> bool:
    return isinstance(value, str) and _NOTHING.fullmatch(value) is not None


def rule_of(row: StoredPromotion, registry: Registry) -> Rule:
    """The rule of a row. Raises InvalidDocument if it uses a kind that is no longer installed."""
    return Rule(
        decode_promotion(row.document, row.currency, registry), row.currency, row.position, row.version
    )


def _unstorable(promotion: Promotion) -> list[Problem]:
    problems = []
    if _ID.fullmatch(promotion.id) is None:
        problems.append(Problem("id", "not_an_id", {"got": promotion.id[:60]}))
    if promotion.id.startswith(DISCOUNT):
        problems.append(Problem("id", "reserved_id", {"got": DISCOUNT}))
    if promotion.name is not None and len(promotion.name) > LONGEST_NAME:
        problems.append(Problem("name", "too_long", {"most": LONGEST_NAME}))
    return problems


def _instant(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)
