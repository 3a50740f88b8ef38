"""`GET /api/discounts/query_user_products/`: a hot route, from memory where it can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from urllib.parse import parse_qsl

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Struct
from pydantic import BaseModel

from youhui.checkout.problems import invalid
from youhui.discounts.lookup import Best, Lookup
from youhui.discounts.values import value_text
from youhui.engine import Problem
from youhui.engine.money import format_amount, formatter
from youhui.platform.edge import Call, call_of
from youhui.platform.ids import is_shop_id
from youhui.platform.openapi import ERRORS
from youhui.platform.principals import Principal
from youhui.platform.problems import Forbidden
from youhui.platform.readers import Readers

PATH = "/api/discounts/query_user_products/"
MOST_PRODUCTS = 500

_encode = msgspec.json.Encoder().encode


class Given(Struct, gc=False):
    """What a customer gets for one unit of a product."""

    amount: str
    discount_id: int | None = None
    discount_type: str | None = None
    discount_value: str | None = None


class Queries:
    """The endpoint: `answer` is what the edge reaches at once. `currency` is of products that nothing is known of."""

    def __init__(self, lookup: Lookup, readers: Readers, currency: str) -> None:
        self._lookup = lookup
        self._readers = readers
        self._nothing = Given(format_amount(0, currency))

    async def answer(self, call: Call) -> bytes:
        """The answer as JSON. Raises Invalid, Forbidden (somebody else's discounts), Unavailable."""
        customer, products = _asked(call)
        best = await self._best(customer, products) if customer is not None and products else {}
        return _encode({name: self._given(best.get(name)) for name in products})

    async def _best(self, customer: str, products: Sequence[str]) -> Mapping[str, Best]:
        held = self._lookup.held_best(customer, products)
        return held if held is not None else await self._readers.run(self._lookup.best, customer, products)

    def _given(self, best: Best | None) -> Given:
        if best is None:
            return self._nothing
        amount, one = formatter(best.currency)(best.amount), best.discount
        if one is None:
            return Given(amount)
        return Given(amount, one.id, one.terms.type, value_text(one.terms))


def _asked(call: Call) -> tuple[str | None, list[str]]:
    """Whose discounts (None: nobody's), for which products. Raises Invalid, Forbidden."""
    ids: dict[str, None] = {}
    user = None
    for name, value in parse_qsl(call.query.decode("latin-1"), errors="surrogateescape"):
        if name == "product_ids":
            ids |= dict.fromkeys(filter(None, map(str.strip, value.split(","))))
        elif name == "user_id":
            user = value.strip()
    problems = [
        Problem("product_ids", "not_a_shop_id", {"got": ascii(one)[1:61]})
        for one in ids
        if not is_shop_id(one)
    ]
    if len(ids) > MOST_PRODUCTS:
        problems = [Problem("product_ids", "too_many", {"most": MOST_PRODUCTS})]
    if user and not is_shop_id(user):
        problems.append(Problem("user_id", "not_a_shop_id", {"got": ascii(user)[1:61]}))
    if problems:
        raise invalid(problems)
    return _customer(call.principal, user), list(ids)


def _customer(principal: Principal, user: str | None) -> str | None:
    if principal.role == "anonymous":
        return None
    mine = principal.customer
    if mine is None and not user:
        raise invalid([Problem("user_id", "missing")])
    if mine is not None and user and user != mine:
        raise Forbidden
    return mine or user


class GivenOut(BaseModel):
    """What a customer gets for one unit of a product; nulls and an amount of zero: no discount."""

    amount: str
    discount_id: int | None
    discount_type: Literal["amount", "percent"] | None
    discount_value: str | None


def router(queries: Queries) -> APIRouter:
    """The route as it is documented; requests reach `Queries.answer` past it."""
    routes = APIRouter(tags=["discounts"], responses=ERRORS)

    @routes.get(PATH, summary="What a customer gets for products")
    async def query_user_products(
        request: Request,
        product_ids: Annotated[
            list[str], Query(description="Ids separated by commas, at most 500; the parameter may come again")
        ] = [],  # noqa: B006 - FastAPI copies it
        user_id: Annotated[
            str | None, Query(description="The customer; only storefront keys and staff say it, and must")
        ] = None,
    ) -> dict[str, GivenOut]:
        """By product the discount that counts: the one with the largest priority, then the latest change, of those that
        are running for the customer and the product. `amount` is off each unit, never more than the directory's price;
        `discount_value` is an amount, or what is paid in 折 (9.5 is 95 %).

        Zero for products without a discount, for those that the directory does not know, and for the anonymous.
        """
        body = await queries.answer(call_of(request.scope))
        return Response(body, media_type="application/json")  # type: ignore[return-value]

    return routes
