"""What shops and shoppers ask of promotions: which run, whether they are for someone, and what they take off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

import msgspec
from fastapi import APIRouter

from youhui.checkout.answers import answer
from youhui.checkout.completing import Completing, stated_by
from youhui.checkout.requests import Requests
from youhui.checkout.values import Wrong, amount
from youhui.engine import Cart, InvalidDocument, Problem, Promotion
from youhui.platform.db import Database
from youhui.platform.edge import Call
from youhui.platform.languages import Language, both
from youhui.platform.openapi import ERRORS
from youhui.platform.paging import Page, page_of
from youhui.platform.principals import Principal
from youhui.platform.requests import Asked, customer_of
from youhui.promotions import store
from youhui.promotions.eligibility import Priced, PromotionEngine, concerns, is_for
from youhui.promotions.http import PREFIX, Document, Paged, Parts, ShopId, takes
from youhui.promotions.lookup import readable_rules
from youhui.promotions.model import StoredPromotion
from youhui.promotions.problems import PromotionNotFound, refused
from youhui.promotions.publishing import line_of
from youhui.promotions.schemas import (
    CalculatedOut,
    EligibilityOut,
    OfferOut,
    TemplateOut,
    units_left,
)
from youhui.promotions.templates import TEMPLATES
from youhui.promotions.words import line_of_words

_UNKNOWN = both("商品不存在或已下架", "There is no such product, or it is not for sale")
_ELIGIBLE = both("可享受", "It applies")
_CALCULATE = takes(
    {
        "type": "object",
        "properties": {
            "order_amount": {"type": ["string", "number"], "examples": ["200.00"]},
            "cart": {"type": "object", "description": "As of POST /api/quotes; `currency` may be left out"},
        },
    },
    required=True,
)


class Live(NamedTuple):
    """A published promotion with its rules."""

    promotion: StoredPromotion
    rules: tuple[Promotion, ...]


@dataclass(slots=True)
class Held:
    """The published promotions of one version of the rules, for so many seconds at most."""

    version: int
    until: float
    live: tuple[Live, ...]


class Offers:
    """The promotions that run, from memory while the rules stay as they are."""

    def __init__(self, database: Database, parts: Parts, seconds: int, version: Callable[[], int]) -> None:
        self._database = database
        self._parts = parts
        self._seconds = seconds
        self._version = version
        self._held = Held(-1, 0.0, ())
        self._reading = threading.Lock()

    def running(self, at: datetime) -> list[Live]:
        """In list order. Raises Unavailable."""
        held = self._held
        if held.version != self._version() or time.monotonic() >= held.until:
            held = self._read(at)
        return [one for one in held.live if one.promotion.state(at) == "running"]

    def _read(self, at: datetime) -> Held:
        with self._reading:
            version = self._version()  # the first: what is read may be newer than it says, never older
            with self._database.reading() as connection:
                rows = store.published(connection, at)
            rules = [
                tuple([one.promotion for one in readable_rules(row, self._parts.registry)]) for row in rows
            ]
            live = tuple([Live(row, mine) for row, mine in zip(rows, rules, strict=True) if mine])
            self._held = Held(version, time.monotonic() + self._seconds, live)
            return self._held


def router(parts: Parts, offers: Offers, requests: Requests, completing: Completing) -> APIRouter:
    """The routes; before those with an id in the address."""
    routes = APIRouter(prefix=PREFIX, tags=["promotions"], responses=ERRORS)
    engine = parts.engine

    @routes.get("/templates", summary="Bodies to be filled in")
    def templates(asked: Asked) -> list[TemplateOut]:
        """第二件半价, N 元任选, 加价购, 包邮, 新人专享, 满减, 满件折, 秒杀, 买赠 and their like, each to be posted."""
        return [
            TemplateOut(key=key, name=one.names[asked.language], body=dict(one.body))
            for key, one in TEMPLATES.items()
        ]

    @routes.get("/active", summary="The promotions that run now")
    def active(
        paging: Paged, asked: Asked, user_id: ShopId = None, product_id: ShopId = None
    ) -> Page[OfferOut]:
        """Those for this customer and this product, if they are given, in list order. What needs a code is not told to
        a shopper, who asks for itself only (another's `user_id`: 403).
        """
        found = _wanted(
            engine, offers, asked, parts.clock(), customer_of(asked.principal, user_id), product_id
        )
        page = found[paging.offset : paging.offset + paging.page_size]
        return page_of(_told(parts, page, asked.language), len(found), paging)

    @routes.get("/{id}/eligibility", summary="Whether it is for a customer and a product")
    def eligibility(
        id: str,  # noqa: A002
        asked: Asked,
        product_id: ShopId,
        user_id: ShopId = None,
    ) -> EligibilityOut:
        """Whether it alone gives something for one unit. 400 PROMOTION_NOT_ACTIVE 活动未开始或已结束. Without `user_id`
        a guest; a shopper asks for itself only.
        """
        stored = _running(parts, id, asked.principal)
        user = customer_of(asked.principal, user_id)
        product = None if product_id is None else engine.product(product_id)
        if product is None:
            message = _UNKNOWN[asked.language]
            return EligibilityOut(eligible=False, reason="unknown_product", message=message, verdict=None)
        priced = engine.priced(engine.unit_cart(product, user), stored)
        return _eligibility(priced, _meant(priced), asked.language)

    @routes.post("/{id}/calculate", summary="What it takes off", openapi_extra=_CALCULATE)
    def calculate(id: str, document: Document, asked: Asked) -> CalculatedOut:  # noqa: A002
        """Of an order of an amount in its scope, whoever buys, or of a cart, by it alone and without other promotions.

        400 PROMOTION_NOT_ACTIVE 活动未开始或已结束, 400 NEEDS_CART where an amount does not say enough.
        """
        stored = _running(parts, id, asked.principal)
        if ("order_amount" in document) == ("cart" in document):
            raise refused([Problem("order_amount", "one_of")])
        if "cart" in document:
            cart = _cart(document["cart"], stored.currency, requests, completing, asked, parts.clock())
            return _calculated(engine.priced(cart, stored), asked.language)
        units = _units(document["order_amount"], stored.currency)
        return _calculated(engine.of_amount(stored, units), asked.language)

    return routes


def _running(parts: Parts, name: str, by: Principal) -> StoredPromotion:
    """What a shopper is not told of is to it as if it were not there.

    Raises PromotionNotFound, PromotionNotActive.
    """
    stored = parts.engine.running(name, active_only=False)
    if by.customer is not None and (stored.status == "draft" or _needs_code(stored, parts)):
        raise PromotionNotFound(id=name)
    return parts.engine.running(stored)


def _needs_code(stored: StoredPromotion, parts: Parts) -> bool:
    return any([rule.promotion.code is not None for rule in readable_rules(stored, parts.registry)])


def _wanted(
    engine: PromotionEngine,
    offers: Offers,
    asked: Call,
    at: datetime,
    user: str | None,
    product_id: str | None,
) -> list[Live]:
    found = offers.running(at)
    if asked.principal.customer is not None:
        found = [one for one in found if one.rules[0].code is None]
    if product_id is not None:
        product = engine.product(product_id)
        line = None if product is None else line_of(product)
        found = [one for one in found if line and any(concerns(rule, line) for rule in one.rules)]
    if user is not None:
        carts = {
            currency: _of(engine, user, currency) for currency in {one.promotion.currency for one in found}
        }
        found = [one for one in found if is_for(one.rules[0], carts[one.promotion.currency], at)]
    return found


def _of(engine: PromotionEngine, user: str, currency: str) -> Cart:
    return Cart(currency, (), engine.customer(user, currency))


def _told(parts: Parts, page: list[Live], language: Language) -> list[OfferOut]:
    counted = parts.service.counted([one.promotion for one in page])
    return [
        OfferOut(
            id=live.promotion.id,
            type=live.promotion.type,
            name=live.promotion.name,
            currency=live.promotion.currency,
            text=line_of_words(live.rules, live.promotion.currency, language),
            starts_at=live.promotion.valid_from,
            ends_at=live.promotion.valid_until,
            units_left=units_left(numbers),
        )
        for live, numbers in zip(page, counted, strict=True)
    ]


def _meant(priced: Priced) -> str | None:
    """The rule that is of the product, else the first."""
    line = priced.cart.lines[0]
    rules = [rule for rule in priced.ruleset.promotions() if concerns(rule, line)]
    rules = rules or list(priced.ruleset.promotions())
    return rules[0].id if rules else None


def _eligibility(priced: Priced, rule: str | None, language: Language) -> EligibilityOut:
    told = _answered(priced, language)
    eligible = bool(priced.quote.applied)
    verdicts: list[dict[str, Any]] = told["verdicts"]
    verdict = next((one for one in verdicts if one["outcome"] == "applied" or one["promotion"] == rule), None)
    if eligible or verdict is None:
        return EligibilityOut(eligible=eligible, reason=None, message=_ELIGIBLE[language], verdict=verdict)
    return EligibilityOut(
        eligible=False, reason=verdict["reason"], message=verdict["message"], verdict=verdict
    )


def _calculated(priced: Priced, language: Language) -> CalculatedOut:
    told = _answered(priced, language)
    verdicts = told["verdicts"]
    return CalculatedOut(
        currency=told["currency"],
        discount=told["total_discount"],
        payable=told["total"],
        verdict=verdicts[0] if verdicts else None,
        verdicts=verdicts,
    )


def _answered(priced: Priced, language: Language) -> dict[str, Any]:
    """As quotes are answered."""
    return cast(
        "dict[str, Any]", msgspec.json.decode(answer(priced.quote, priced.ruleset, "priority", language))
    )


def _units(value: object, currency: str) -> int:
    try:
        return amount(value, currency)
    except Wrong as wrong:
        raise refused([Problem("order_amount", wrong.code, wrong.params)]) from None


def _cart(
    sent: object, currency: str, requests: Requests, completing: Completing, asked: Call, at: datetime
) -> Cart:
    """Completed from the directory; of a shopper's cart only what it may say. Raises Invalid, Forbidden."""
    document = {"currency": currency, **sent} if isinstance(sent, Mapping) else sent
    try:
        stated = requests.exact(document, ()).stated
    except InvalidDocument as error:
        raise refused(
            [Problem(f"cart.{p.path}".rstrip("."), p.code, p.params) for p in error.problems]
        ) from None
    return completing.looked_up(stated_by(asked.principal, stated), at).cart
