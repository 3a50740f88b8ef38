"""What the trace of a write says of a promotion."""

from __future__ import annotations

from collections.abc import Mapping

from youhui.promotions.model import StoredPromotion


def shown(promotion: StoredPromotion) -> Mapping[str, object]:
    """As traces show it: what was sent."""
    terms = promotion.document if promotion.form is None else promotion.form
    beside = {"type": promotion.type, "status": promotion.status, "currency": promotion.currency}
    return {**terms, **beside}
