"""`POST /api/quotes`: a hot route. It decodes and encodes with msgspec, prices from memory, and touches no database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from youhui.checkout.answers import answer
from youhui.checkout.quoting import Quoting
from youhui.checkout.requests import Asked, Requests, Wishes
from youhui.checkout.schemas import QuoteOut
from youhui.engine import BUILT_IN, Cart
from youhui.engine.schema import Definitions
from youhui.platform.edge import Call, call_of
from youhui.platform.languages import Language
from youhui.platform.openapi import Operation, Schema

PATH = "/api/quotes"


class Quotes:
    """The endpoint: `answer` is what the edge reaches at once, the ASGI application is for the router."""

    def __init__(self, quoting: Quoting, requests: Requests, clock: Callable[[], datetime]) -> None:
        self._quoting = quoting
        self._requests = requests
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request. Raises Invalid."""
        body = await self.answer(call_of(scope))
        await Response(body, media_type="application/json")(scope, receive, send)

    async def answer(self, call: Call) -> bytes:
        """The quote as JSON. Raises Invalid."""
        asked = self._requests.read(call.body)
        if _long(asked):
            return await asyncio.to_thread(self._answer, asked, call.language)
        return self._answer(asked, call.language)

    def _answer(self, asked: Asked, language: Language) -> bytes:
        priced = self._quoting.priced(asked.cart.currency)
        at = asked.at or self._clock()
        quote = priced.ruleset.price(asked.cart, priced.usage, at=at, options=asked.options)
        return answer(quote, priced.ruleset, asked.options.strategy, language)


def _long(asked: Asked) -> bool:
    """Whether it may take milliseconds: a search, hints, verdicts of all promotions. Other requests need not wait."""
    options = asked.options
    return options.strategy != "priority" or options.hints or options.explain == "all"


def operation() -> Operation:
    """What the OpenAPI document says of the route."""
    definitions = Definitions(BUILT_IN)
    wishes = definitions.keys(Wishes)["properties"]
    assert isinstance(wishes, dict)
    request = definitions.document("QuoteRequest", definitions.keys(Cart, optional=wishes))
    (answered,), parts = msgspec.json.schema_components([QuoteOut], ref_template="#/$defs/{name}")
    return Operation(
        PATH,
        "post",
        "checkout",
        "Price a cart",
        "Amounts are decimal strings with the currency's digits. Ids may be numbers; they are kept as texts. "
        "`at`: the instant to price at (default: now).",
        request=request,
        response=Schema({**answered, "$defs": parts}),
        example=EXAMPLE,
    )


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
