"""What the routes of promotions answer."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from youhui.promotions.model import State, StoredPromotion


class PromotionOut(BaseModel):
    """A promotion's document, its currency, and what the service knows of it."""

    model_config = ConfigDict(extra="allow")

    id: str
    name: str | None
    currency: str
    state: State
    version: int
    created_at: datetime
    updated_at: datetime


def promotion_out(stored: StoredPromotion, at: datetime) -> PromotionOut:
    """As it is at an instant."""
    known = {
        "id": stored.id,
        "name": stored.name,
        "currency": stored.currency,
        "state": stored.state(at),
        "version": stored.version,
        "created_at": stored.created_at,
        "updated_at": stored.updated_at,
    }
    return PromotionOut.model_validate({**stored.document, **known})
