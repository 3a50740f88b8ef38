"""The retailer as a shop would bring it: its categories, products and households as rows for the directory's API.

The data has no price list: a product's price is what one unit cost on its last receipt line, 0.00 if it was never sold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from examples.complete_journey.data import Year

CAMPAIGN = 13
OFF = 75
"""cents off each unit of the campaign's 35,616 products, for its 1,077 households"""

_SHELF = """
create table if not exists shelf as
with known as (
    select product_id as product, any_value(department) as department, any_value(product_category) as category,
           any_value(product_type) as type, any_value(brand) as brand
    from products where department is not null group by product_id
), named as (
    select product_id as product from products union select distinct product from scope
), sold as (
    select product, arg_max(cents // quantity, (instant, basket)) as price
    from line where quantity > 0 and cents >= 0 group by product
)
select product, department, category, case when category is not null then type end as type, brand,
       coalesce(price, 0)::bigint as price
from named left join known using (product) left join sold using (product) order by product;

create table if not exists branch as
with paths as (
    select distinct department as a, null as b, null as c from shelf where department is not null
    union select distinct department, category, null from shelf where category is not null
    union select distinct department, category, type from shelf where type is not null
)
select 'c' || row_number() over (order by a, b nulls first, c nulls first) as id, a, b, c from paths order by all;
"""
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Pair:
    """A household, and the products that it is asked about."""

    household: str
    products: tuple[str, ...]


class Shop:
    """Rows for the directory, and plain SQL's answers."""

    def __init__(self, year: Year) -> None:
        self._year = year
        year.db.execute(_SHELF)

    def categories(self) -> Iterator[Row]:
        """Departments, their categories, and the types below them; each after the one above it."""
        for name, parent, label in self._year.all(
            """select b.id, p.id, coalesce(b.c, b.b, b.a)
               from branch b left join branch p
                 on p.a = b.a and p.c is null
                and ((b.c is not null and p.b = b.b) or (b.c is null and b.b is not null and p.b is null))
               order by b.b is not null, b.c is not null, b.id"""
        ):
            yield {"id": name, "name": label, "parent": parent}

    def products(self) -> Iterator[Row]:
        """All 92,331, and the few that only coupons name."""
        for product, name, price, category, brand in self._year.all(
            """select product::varchar, coalesce(s.type, s.category, 'product ' || product), price, b.id, brand
               from shelf s left join branch b
                 on b.a is not distinct from s.department and b.b is not distinct from s.category
                and b.c is not distinct from s.type
               order by product"""
        ):
            row: Row = {
                "id": product,
                "sku": product,
                "name": name,
                "price": f"{price // 100}.{price % 100:02}",
            }
            row["categories"] = [] if category is None else [category]
            row["attributes"] = {} if brand is None else {"brand": brand}
            yield row

    def customers(self) -> Iterator[Row]:
        """All 2,469 households, each in a group for every campaign that it was a target of."""
        for household, groups in self._year.all(
            """select household::varchar, list('campaign-' || campaign order by campaign) filter (campaign is not null)
               from (select distinct household from line) left join target using (household)
               group by household order by household"""
        ):
            yield {"id": household, "name": f"household {household}", "groups": groups or []}

    def households_of(self, campaign: int) -> list[str]:
        """Its targets."""
        return [one for (one,) in self._year.all(
            f"select household::varchar from target where campaign = {campaign} order by household"
        )]  # fmt: skip

    def products_of(self, campaign: int) -> list[str]:
        """What its coupons are for."""
        return [one for (one,) in self._year.all(
            f"select distinct product::varchar from scope where campaign = {campaign} order by 1"
        )]  # fmt: skip

    def everyone_and_everything(self) -> tuple[list[str], list[str]]:
        """Households and products to draw pairs from."""
        households = self._year.all("select distinct household::varchar from line order by 1")
        products = self._year.all("select product::varchar from shelf order by 1")
        return [one for (one,) in households], [one for (one,) in products]

    def expected(self, pairs: list[Pair]) -> list[dict[str, tuple[int, bool]]]:
        """What plain SQL says campaign 13 takes off one unit, in cents, and whether it is for the pair and product."""
        db = self._year.db
        db.execute("create or replace temp table asked (pair int, household bigint, product bigint)")
        for number, pair in enumerate(pairs):
            listed = ",".join(f"({number}, {pair.household}, {product})" for product in pair.products)
            db.execute(f"insert into asked values {listed}")
        rows = self._year.all(
            f"""select pair, product::varchar, least({OFF}, s.price)
                from asked a join shelf s using (product)
                where a.household in (select household from target where campaign = {CAMPAIGN})
                  and a.product in (select product from scope where campaign = {CAMPAIGN})"""
        )
        answers = [dict.fromkeys(pair.products, (0, False)) for pair in pairs]
        for number, product, cents in rows:
            answers[number][product] = cents, True
        return answers
