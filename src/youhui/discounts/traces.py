"""What the trace of a write says: everything about a discount but the ids of its lists, which may be long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from youhui.discounts.forms import SENT_AS
from youhui.discounts.model import Difference, Discount, Kind
from youhui.discounts.values import value_text

NAMED = 20
"""ids of a changed list that its trace names"""


def of_many(
    made: Sequence[Discount], changed: Sequence[tuple[Discount, Discount]]
) -> dict[str, dict[str, object]]:
    """`before` and `after` of a write of many: how many, which, and by id what differs of those that were there."""
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    for old, new in changed:
        was, is_ = shown(old), shown(new)
        differing = [key for key in was if was[key] != is_[key]]
        before[str(new.id)] = {key: was[key] for key in differing}
        after[str(new.id)] = {key: is_[key] for key in differing}
    counts = {"created": len(made), "updated": len(changed)}
    return {
        "before": before,
        "after": {**counts, "created_ids": [one.id for one in made], "updated_to": after},
    }


def shown(discount: Discount) -> dict[str, object]:
    """A discount as its trace shows it."""
    terms = discount.terms
    return {
        "name": terms.name,
        "discount_type": terms.type,
        "discount_value": value_text(terms),
        "currency": terms.currency,
        "priority": terms.priority,
        "effective_time": terms.effective_time.isoformat(),
        "expiration_time": terms.expiration_time.isoformat(),
        "enabled": terms.enabled,
        "all_users": discount.all_customers,
        "all_products": discount.all_products,
        **{f"{SENT_AS[kind]}_count": count for kind, count in discount.counts.items()},
        "key": discount.key,
    }


def of_lists(differences: Mapping[Kind, Difference]) -> dict[str, object]:
    """What was added and removed, by its first ids: lists may be long."""
    return {
        f"{verb}_{SENT_AS[kind]}_ids": [*values[:NAMED], *(["…"] if len(values) > NAMED else [])]
        for kind, one in differences.items()
        for verb, values in (("added", one.added), ("removed", one.removed))
        if values
    }
