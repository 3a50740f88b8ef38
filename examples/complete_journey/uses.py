"""The redemptions as a shop sends them to be used, day by day, and what plain SQL says must come of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from examples.complete_journey.carts import Product, cart_lines, products
from examples.complete_journey.data import ZONE, Offer, Year
from examples.complete_journey.facevalue import FaceValue
from examples.complete_journey.promotions import CURRENCY, inferred, midnight
from examples.complete_journey.shop import Shop
from youhui.engine.money import format_amount

Body = dict[str, object]
Row = tuple[int, int, int]
"""product, quantity, cents"""

_ZONE = ZoneInfo(ZONE)


@dataclass(frozen=True, slots=True)
class Gift:
    """What a free unit is, since a gift coupon names one product: the one of the coupon's that was sold most often."""

    product: int
    cents: int


@dataclass(frozen=True, slots=True)
class Use:
    """A redemption. All money in cents.

    `at`: when the basket was rung up in which its coupon was entered. `early`, `late`: the same time of the day before
    its campaign's first day, and of the day after the last. `stranger`: another household of the campaign. `rows`:
    what its household bought on that local day, in all baskets together. `face`: None is a free unit. `qualifying`:
    what of these rows the coupon is for; None: nothing is.
    """

    id: int
    key: str
    household: str
    stranger: str
    at: datetime
    early: datetime
    late: datetime
    rows: Sequence[Row]
    face: int | None
    qualifying: int | None

    @property
    def order_no(self) -> str:
        """The number of the order that it is used in."""
        return f"J{self.id}"

    @property
    def spent(self) -> int:
        """The day's baskets together; where that is less than the coupon is worth, its worth."""
        return max(sum(cents for *_, cents in self.rows), self.face or 1)


class Plan:
    """What is issued, and how it is used; of `campaigns` only, or of all."""

    def __init__(self, year: Year, campaigns: Collection[int] | None = None) -> None:
        found = year.offers()
        self.worth: Mapping[int, FaceValue] = inferred(year, found)
        self.offers = [one for one in found if campaigns is None or one.campaign in campaigns]
        self.gifts = _gifts(year)
        self._by_key = {one.key: one for one in self.offers}
        self._catalogue: Mapping[int, Product] = products(year)
        self.uses = sorted(_uses(year, self._by_key, self.worth), key=lambda use: (use.at, use.id))
        self._redeemed = Counter((use.key, use.household) for use in self.uses)

    def issues(self, offer: Offer) -> list[tuple[int, list[str]]]:
        """(how many each, which households): as many as each redeemed, at least one."""
        by_count: dict[int, list[str]] = defaultdict(list)
        for household in offer.households:
            by_count[self._redeemed.get((offer.key, household), 1)].append(household)
        return sorted(by_count.items())

    def count(self, offer: Offer) -> int:
        """How many coupons of an offer are issued."""
        return sum(each * len(households) for each, households in self.issues(offer))

    def template(self, offer: Offer, *, check_scope: bool) -> Body:
        """The coupon template of an offer: whole local days, for these products, as many as are issued."""
        worth = self.worth[offer.coupon]
        return {
            "name": f"Campaign {offer.campaign} ({offer.campaign_type}), coupon {offer.coupon}: {worth}",
            **self._gives(offer, worth),
            "scope": {"products": list(offer.products)},
            "valid": {
                "starts_at": midnight(offer.first_day).isoformat(),
                "ends_at": midnight(offer.last_day + timedelta(days=1)).isoformat(),
            },
            "time_zone": ZONE,
            "ways": ["push"],
            "total": self.count(offer),
            "check_scope": check_scope,
            "currency": CURRENCY,
        }

    def _gives(self, offer: Offer, worth: FaceValue) -> Body:
        if worth.cents is not None:
            return {"type": "discount", "value": money(worth.cents)}
        gift = self.gifts[offer.coupon]
        return {"type": "gift", "gift": {"sku": str(gift.product), "value": money(gift.cents)}}

    def lines(self, use: Use) -> list[Body]:
        """The products of its day as a cart's lines."""
        return [
            {
                "id": str(number), "sku": line.sku, "product": line.product, "quantity": line.quantity,
                "unit_price": money(line.unit_price), "categories": list(line.categories),
                "attributes": dict(line.attributes),
            }
            for number, line in enumerate(cart_lines(self._catalogue, use.rows))
        ]  # fmt: skip

    def body(self, use: Use, *, check_scope: bool) -> Body:
        """What is sent: the day's products where the coupon looks at them, else what they cost."""
        order: Body = {"lines": self.lines(use)} if check_scope else {"order_amount": money(use.spent)}
        return {"user_id": use.household, "order_no": use.order_no, "currency": CURRENCY, **order}

    def expected(self, *, check_scope: bool) -> dict[int, int]:
        """What SQL says each use gives, in cents, by redemption; absent: it is refused. A gift takes nothing off."""
        if not check_scope:
            return {use.id: use.face or 0 for use in self.uses}
        return {use.id: min(use.face or 0, use.qualifying) for use in self.uses if use.qualifying is not None}


def money(cents: int) -> str:
    """As a decimal string."""
    return format_amount(cents, CURRENCY)


def _uses(year: Year, offers: Mapping[str, Offer], worth: Mapping[int, FaceValue]) -> Iterator[Use]:
    rows: dict[int, list[Row]] = defaultdict(list)
    for id_, *row in year.all(
        """select r.id, l.product, l.quantity, l.cents from redemption r join line l using (household, day)
           where l.quantity > 0 and l.cents >= 0 order by r.id, l.basket, l.product"""
    ):
        rows[id_].append((row[0], row[1], row[2]))
    # Eight redemptions have a qualifying line that no cart can hold; each has another one.
    qualifying = dict(
        year.all(
            "select id, sum(cents)::bigint from qualifying where quantity > 0 and cents >= 0 group by id"
        )
    )
    instants = dict(
        year.all("select basket, instant from basket where basket in (select basket from entered)")
    )
    for one in year.redemptions():
        if (offer := offers.get(one.key)) is None:
            continue
        at = instants[one.basket].replace(tzinfo=UTC)
        yield Use(
            id=one.id,
            key=one.key,
            household=one.household,
            stranger=next(name for name in offer.households if name != one.household),
            at=at,
            early=_on(offer.first_day - timedelta(days=1), at),
            late=_on(offer.last_day + timedelta(days=1), at),
            rows=rows[one.id],
            face=worth[offer.coupon].cents,
            qualifying=qualifying.get(one.id),
        )


def _on(day: date, at: datetime) -> datetime:
    """The same local time of another day, in UTC."""
    time = at.astimezone(_ZONE).time()
    return datetime.combine(day, time, tzinfo=_ZONE).astimezone(UTC)


def _gifts(year: Year) -> dict[int, Gift]:
    Shop(year)  # which makes the table of what units cost
    rows = year.all(
        """select coupon, arg_max(product, (sold, product)), arg_max(price, (sold, product))
           from (select coupon, s.product, shelf.price, count(line.product) as sold
                 from (select distinct coupon, product from scope) s
                 join shelf using (product) left join line using (product) group by all)
           group by coupon"""
    )
    return {coupon: Gift(product, cents) for coupon, product, cents in rows}
