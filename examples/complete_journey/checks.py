"""The same year in plain SQL, without the engine: what its figures are checked against, and what was recorded."""

from __future__ import annotations

from dataclasses import dataclass

from examples.complete_journey.data import Year


@dataclass(frozen=True, slots=True)
class Figures:
    """What DESIGN.md says of the data, counted anew from the files."""

    households: int
    targets: int
    baskets: int
    lines: int
    several_units: int
    indivisible: int
    redemptions: int
    in_window: int
    with_basket: int
    with_product: int
    with_basket_in_utc_days: int
    with_product_in_utc_days: int
    redeemed_once: int
    redeemed_twice: int
    days_with_several_baskets: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """Of the lines that qualify for one redemption, in the basket where its code is entered; all in cents."""

    cents: int
    """their `coupon_disc`"""
    shared: bool
    """one of these lines qualifies for another redemption too: whose discount it was is not recorded"""
    shelf: int
    """what these lines cost on the shelf"""
    dearest: int
    """what their dearest unit costs"""


def figures(year: Year) -> Figures:
    """All of them."""
    with_basket, with_product = _matched(year, "day")
    with_basket_utc, with_product_utc = _matched(year, "instant::date")
    triples = "(select count(*) as times from redemption group by household, campaign, coupon)"
    several = """(select b.household, b.day from basket b
                  where (b.household, b.day) in (select (household, day) from redemption)
                  group by all having count(*) > 1)"""
    return Figures(
        households=_count(year, "(select distinct household from line)"),
        targets=_count(year, "target"),
        baskets=_count(year, "basket"),
        lines=_count(year, "line"),
        several_units=_count(year, "line where quantity > 1"),
        indivisible=_count(year, "line where quantity > 1 and cents % greatest(quantity, 1) <> 0"),
        redemptions=_count(year, "redemption"),
        in_window=len(in_window(year)),
        with_basket=with_basket,
        with_product=with_product,
        with_basket_in_utc_days=with_basket_utc,
        with_product_in_utc_days=with_product_utc,
        redeemed_once=_count(year, f"{triples} where times = 1"),
        redeemed_twice=_count(year, f"{triples} where times = 2"),
        days_with_several_baskets=_count(year, several),
    )


def in_window(year: Year) -> set[int]:
    """Redemptions by a household of the campaign, between its first and last day, both included."""
    rows = year.all(
        """select r.id from redemption r
           join campaign c on c.campaign = r.campaign and r.day between first_day and last_day
           join target t on t.campaign = r.campaign and t.household = r.household"""
    )
    return {key for (key,) in rows}


def _count(year: Year, rows: str) -> int:
    return int(year.one(f"select count(*) from {rows}")[0])


def _matched(year: Year, day: str) -> tuple[int, int]:
    basket, product = year.one(
        f"""select count(distinct r.id), count(distinct r.id) filter (s.product is not null)
            from redemption r
            join line l on l.household = r.household and l.{day} = r.day
            left join scope s on s.campaign = r.campaign and s.coupon = r.coupon and s.product = l.product"""
    )
    return basket, product


def recorded(year: Year) -> dict[int, Recorded]:
    """By redemption; one without a qualifying line is not there."""
    rows = year.all(
        """select q.id, sum(q.coupon_cents)::bigint, bool_or(q.claims > 1),
                  sum(q.cents)::bigint, max(ceil(q.cents / q.quantity))::bigint
           from (select *, count(*) over (partition by basket, product) as claims
                 from qualifying semi join entered using (id, basket) where quantity > 0) q
           group by q.id"""
    )
    return {redemption: Recorded(*row) for redemption, *row in rows}


def recorded_by_basket(year: Year) -> dict[int, tuple[int, int]]:
    """By basket in which a code is entered: cents on lines that qualify for one of them, and on all of its lines."""
    rows = year.all(
        """select basket, coalesce(sum(coupon_cents) filter (claimed), 0)::bigint, sum(coupon_cents)::bigint
           from (select l.basket, l.coupon_cents, q.product is not null as claimed
                 from line l
                 left join (select distinct basket, product from qualifying semi join entered using (id, basket)) q
                 on q.basket = l.basket and q.product = l.product
                 where l.basket in (select basket from entered))
           group by basket"""
    )
    return {basket: (claimed, whole) for basket, claimed, whole in rows}


def unrepresentable(year: Year) -> list[tuple[str, int, int]]:
    """(reason, lines, cents of coupon_disc on them) of what cannot become a line of a cart."""
    return [
        (reason, lines, cents)
        for reason, lines, cents in year.all(
            "select reason, count(*), sum(coupon_cents)::bigint from unrepresentable group by reason order by 2 desc"
        )
    ]
