"""`POST /api/quotes`: a hot route. It decodes and encodes with msgspec and prices from memory; what is not in memory is
looked up by reader threads, never on the event loop.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from youhui.checkout.answers import answer
from youhui.checkout.completing import stated_by
from youhui.checkout.orders.pricing import Pricing, Quoted, is_long
from youhui.checkout.problems import invalid
from youhui.checkout.requests import Asked, Requests, Wishes
from youhui.checkout.schemas import QuoteOut, cart_body
from youhui.engine import BUILT_IN, Problem, Quote
from youhui.engine.schema import Definitions
from youhui.platform.edge import Call, call_of
from youhui.platform.openapi import Operation, Schema

PATH = "/api/quotes"


class Quotes:
    """The endpoint: `answer` is what the edge reaches at once, the ASGI application is for the router."""

    def __init__(self, requests: Requests, pricing: Pricing) -> None:
        self._requests = requests
        self._pricing = pricing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request. Raises Invalid, Forbidden, Unavailable."""
        body = await self.answer(call_of(scope))
        await Response(body, media_type="application/json")(scope, receive, send)

    async def answer(self, call: Call) -> bytes:
        """The quote as JSON. Raises Invalid, Forbidden (somebody else's cart), Unavailable."""
        asked = asked_by(call, self._requests)
        quoted = await self._pricing.quoted(asked)
        if is_long(asked.options):
            return await asyncio.to_thread(_answer, asked, quoted, call)
        return _answer(asked, quoted, call)


def asked_by(call: Call, requests: Requests) -> Asked:
    """The cart that a caller wants to have priced. Raises Invalid, Forbidden (somebody else's cart)."""
    asked = requests.read(call.body)
    if call.principal.customer is None:
        return asked
    if asked.at is not None:
        raise invalid([Problem("at", "not_for_shoppers")])
    return asked._replace(stated=stated_by(call.principal, asked.stated))


def _answer(asked: Asked, quoted: Quoted, call: Call) -> bytes:
    quote = quoted.quote if call.principal.customer is None else _without_codes(quoted.quote)
    return answer(quote, quoted.ruleset, quoted.options.strategy, call.language, quoted.wallet.unusable)


def _without_codes(quote: Quote) -> Quote:
    """Nothing of promotions whose code was not entered: a shopper is not told of codes."""
    told = tuple([verdict for verdict in quote.verdicts if verdict.reason != "code_required"])
    return quote if len(told) == len(quote.verdicts) else replace(quote, verdicts=told)


def operation() -> Operation:
    """What the OpenAPI document says of the route."""
    definitions = Definitions(BUILT_IN)
    wishes: Any = definitions.keys(Wishes)["properties"]
    request = cart_body("QuoteRequest", definitions, wishes)
    (answered,), parts = msgspec.json.schema_components([QuoteOut], ref_template="#/$defs/{name}")
    return Operation(
        PATH,
        "post",
        "checkout",
        "Price a cart",
        DESCRIPTION,
        request=request,
        response=Schema({**answered, "$defs": parts}),
        example=EXAMPLE,
    )


DESCRIPTION = """Amounts are decimal strings with the currency's digits. Ids may be numbers; they are kept as texts.
`at`: the instant to price at (default: now).

What a cart leaves out comes from the directory: of a line `unit_price`, `categories` (with all above), `attributes`,
and either `sku` or `product`; of a customer `groups` and `attributes`; `orders_count` is counted from the orders
placed here that were not cancelled and did not expire. A product that the directory does not know needs a
`unit_price`. What is used of limits is as of a second ago at most.

Discounts of the customer are among the promotions, as `discount:<id>`; for them the categories above the stated ones
count too.

With a shopper's token the customer is the shopper (403 for another), and what is stated of prices, categories,
attributes, groups, `discountable`, `min_unit_price` and `orders_count` is ignored: all comes from the directory, and a
product that is not there or not for sale is refused. The price of shipping stays as stated. `at` is refused, and
nothing is said of promotions whose code was not entered.
"""

EXAMPLE = {
    "currency": "CNY",
    "customer": {"id": "c1", "groups": ["会员"]},
    "lines": [
        {"id": "1", "sku": "TEE-WHITE-M", "categories": ["服装"], "unit_price": "129.00", "quantity": 2},
        {"id": "2", "sku": "MUG-RED", "categories": ["家居"], "unit_price": "49.00", "quantity": 1},
    ],
    "shipping": {"price": "12.00"},
    "codes": ["SAVE10"],
}
"""one that the demo's promotions give something for"""
