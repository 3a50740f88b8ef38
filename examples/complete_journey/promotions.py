"""The 27 campaigns as 1,197 promotions, one for each coupon of each campaign, in the vocabulary of FORMAT.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from examples.complete_journey.data import ZONE, Offer, Year
from examples.complete_journey.facevalue import FaceValue, face_values
from youhui.engine import Ruleset, decode_promotions

CURRENCY = "USD"
_SHOP = ZoneInfo(ZONE)


def inferred(year: Year, offers: Sequence[Offer]) -> dict[int, FaceValue]:
    """The face value of every coupon, from its number and from the lines of redemption days."""
    return face_values(sorted({offer.coupon for offer in offers}), year.observations())


def documents(offers: Sequence[Offer], worth: Mapping[int, FaceValue]) -> list[dict[str, Any]]:
    """Every offer as a promotion document."""
    return [document(offer, worth[offer.coupon]) for offer in offers]


def compiled(offers: Sequence[Offer], worth: Mapping[int, FaceValue]) -> Ruleset:
    """Every offer, read by the codec as any shop's promotions are."""
    promotions, _ = decode_promotions(documents(offers, worth), CURRENCY)
    return Ruleset(promotions)


def document(offer: Offer, worth: FaceValue) -> dict[str, Any]:
    """One offer: for its households, on its products, both end days in full, once for a code entered."""
    return {
        "id": offer.key,
        "name": f"Campaign {offer.campaign} ({offer.campaign_type}), coupon {offer.coupon}: {worth}",
        "code": offer.key,
        "valid_from": midnight(offer.first_day).isoformat(),
        "valid_until": midnight(offer.last_day + timedelta(days=1)).isoformat(),
        "conditions": [{"kind": "customer_is", "any_of": list(offer.households)}],
        "actions": [action(offer, worth)],
    }


def action(offer: Offer, worth: FaceValue) -> dict[str, Any]:
    """What one use gives.

    An amount goes over all qualifying lines, not off one unit: of the 15 redemptions whose amount was more than the
    dearest qualifying unit cost, 11 were given all of it, none was cut to the unit. A free unit is the dearest, as in
    the only basket that had a choice.
    """
    selector = {"products": list(offer.products)}
    if worth.cents is None:
        free = {"kind": "percent_off", "percent": "100", "target": "lines", "units": 1, "pick": "dearest"}
        return {**free, "selector": selector}
    amount = f"{worth.cents // 100}.{worth.cents % 100:02d}"
    return {"kind": "amount_off", "amount": amount, "target": "across_lines", "selector": selector}


def midnight(day: date) -> datetime:
    """The instant at which this day begins in the shop."""
    return datetime.combine(day, time(), tzinfo=_SHOP)
