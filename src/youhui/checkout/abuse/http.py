"""`/api/admin/blocked` and `/api/admin/breakers`: thin."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Query, Response

from youhui.checkout.abuse.blocking import BlockList
from youhui.checkout.abuse.breakers import Breakers
from youhui.checkout.abuse.model import Kind
from youhui.checkout.abuse.problems import NoBreaker
from youhui.checkout.abuse.schemas import (
    BlockIn,
    BlockOut,
    BreakerIn,
    BreakerOut,
    block_out,
    breaker_out,
)
from youhui.checkout.values import SENTENCES
from youhui.platform.ids import is_shop_id
from youhui.platform.openapi import ERRORS
from youhui.platform.paging import Page, Paging, page_of
from youhui.platform.problems import Fault, Invalid
from youhui.platform.requests import Caller

Wanted: TypeAlias = Annotated[Paging, Depends()]
_Value: TypeAlias = Annotated[str | None, Query(max_length=64, pattern=r"^[^\x00]*$")]


def router(blocked: BlockList, breakers: Breakers, currency: str) -> APIRouter:
    """The routes. `currency` is of a breaker that names none."""
    routes = APIRouter(prefix="/api/admin", tags=["abuse"], responses=ERRORS)
    _blocks(routes, blocked)
    _breakers(routes, breakers, currency)
    return routes


def _blocks(routes: APIRouter, service: BlockList) -> None:
    @routes.get("/blocked", summary="The block list")
    def listed(paging: Wanted, kind: Kind | None = None, value: _Value = None) -> Page[BlockOut]:
        """The latest first, also those whose `until` is over; `kind` and `value` must be met exactly."""
        found, total = service.page(kind, value, paging.offset, paging.page_size)
        return page_of([block_out(one) for one in found], total, paging)

    @routes.post("/blocked", status_code=201, summary="Block a customer, device, person or address")
    def block(body: BlockIn, by: Caller) -> BlockOut:
        """No claim, redeemed code, use or join any more: 403 BLOCKED; quotes and orders are not concerned.

        Who is blocked already gets this reason and end. An IPv6 address stands for its 64 bits. All nodes know in 2 s.
        """
        return block_out(service.put(body.kind, body.key(), body.reason, body.until, by))

    @routes.delete("/blocked/{kind}/{value}", status_code=204, summary="Unblock someone")
    def unblock(kind: str, value: str, by: Caller) -> Response:
        """404 BLOCK_NOT_FOUND if there is no such entry. A value with a slash is let in by blocking it until now."""
        service.remove(kind, value, by)
        return Response(status_code=204)


def _breakers(routes: APIRouter, service: Breakers, currency: str) -> None:
    @routes.get("/breakers", summary="All breakers")
    def listed(paging: Wanted) -> Page[BreakerOut]:
        """In the order of their campaigns."""
        found, total = service.page(paging.offset, paging.page_size)
        return page_of([breaker_out(one) for one in found], total, paging)

    @routes.get("/breakers/{promotion}", summary="What stops a campaign")
    def one(promotion: str) -> BreakerOut:
        """`promotion` is as orders name it: "p1", "coupon-template:7". 404 BREAKER_NOT_FOUND if it has none."""
        return breaker_out(service.get(_known(promotion)))

    @routes.put("/breakers/{promotion}", summary="Let a campaign stop by itself")
    def put(promotion: str, body: BreakerIn, by: Caller) -> BreakerOut:
        """When its orders of any minute, or one of them, get more than this, it is paused within a few seconds, and
        `GET /api/admin/events` says so. Whoever lets it go on begins a new count.
        """
        if not is_shop_id(promotion):
            raise Invalid([Fault("promotion", "not_a_shop_id", SENTENCES["not_a_shop_id"].__getitem__)])
        return breaker_out(service.put(body.breaker(promotion, currency), by))

    @routes.delete("/breakers/{promotion}", status_code=204, summary="Remove a breaker")
    def remove(promotion: str, by: Caller) -> Response:
        """What it has paused stays so."""
        service.remove(_known(promotion), by)
        return Response(status_code=204)


def _known(promotion: str) -> str:
    """A name that a breaker can have. Raises NoBreaker."""
    if not is_shop_id(promotion):
        raise NoBreaker(promotion=promotion)
    return promotion
