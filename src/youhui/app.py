"""The HTTP service: `uvicorn --factory youhui.app:create_app`, or `youhui serve`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from importlib.resources import files
from zoneinfo import ZoneInfo

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from youhui import bootstrap
from youhui.access import table
from youhui.accounts import http as accounts
from youhui.accounts.service import FIRST
from youhui.bootstrap import Service
from youhui.checkout import http as quotes
from youhui.checkout.abuse import http as abuse
from youhui.checkout.orders import http as orders
from youhui.checkout.orders.listing.service import Lists
from youhui.checkout.orders.requests import OrderRequests
from youhui.checkout.orders.schemas import schemas as order_schemas
from youhui.checkout.store import Source
from youhui.coupons.codes import http as codes
from youhui.coupons.issuing import http as issuing
from youhui.coupons.issuing import pushes
from youhui.coupons.templates import http as coupon_templates
from youhui.coupons.using import http as using
from youhui.coupons.wallet import http as wallet
from youhui.directory import http as directory
from youhui.discounts import http as discounts
from youhui.discounts import query as discount_query
from youhui.platform import event_pages, pages, task_pages
from youhui.platform.access import Access
from youhui.platform.addresses import Addresses
from youhui.platform.edge import Edge, Hot, call_of, tell
from youhui.platform.guard import Guard
from youhui.platform.openapi import documented
from youhui.platform.parameters import invalid_parameters
from youhui.platform.problems import Failed, Invalid, MethodNotAllowed, NotFound, Refusal, render
from youhui.platform.settings import Settings
from youhui.promotions import http as promotions
from youhui.promotions import query as promotion_query
from youhui.promotions.publishing import Publishing

OPENAPI = "/api/openapi.json"
ASSETS = "/docs/assets"


def create_app(service: Service | None = None) -> Edge:
    """The application of a service; without one, of the service that the environment describes."""
    service = service or bootstrap.service(Settings())
    app = FastAPI(
        title="Youhui 优惠",
        version=version("youhui"),
        description="Discounts, coupons, promotions and group-buying, priced exactly and explained.",
        openapi_url=OPENAPI,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(service),
        exception_handlers=dict.fromkeys(
            (Refusal, HTTPException, RequestValidationError, Exception), _refused
        ),
    )
    endpoint = quotes.Quotes(service.requests, service.pricing)
    queries = discount_query.Queries(service.discount_lookup, service.readers, service.settings.currency)
    app.router.routes.insert(0, Route(quotes.PATH, endpoint, methods=["POST"]))
    app.include_router(discount_query.router(queries))
    ordering = _ordering(service)
    app.include_router(orders.router(ordering, Lists(service.database, service.clock)))
    for routes in _promotions(service):
        app.include_router(routes)
    for routes in accounts.routers(service.operators, service.sessions, service.keys, service.history):
        app.include_router(routes)
    app.include_router(directory.router(service.directory))
    zone = ZoneInfo(service.settings.time_zone)
    app.include_router(discounts.router(service.discounts, service.settings.currency, zone))
    app.include_router(coupon_templates.router(service.coupons.templates))
    claims = issuing.Endpoints(service.coupons.issuing, service.guards.abuse)
    app.include_router(issuing.router(claims))
    app.include_router(
        using.router(service.coupons.using, service.requests, service.guards.abuse, service.settings.currency)
    )
    app.include_router(pushes.router(service.coupons.pushing))
    app.include_router(wallet.router(service.coupons.wallets, service.coupons.verdicts, service.requests))
    _add_pages(app, service)
    app.include_router(pages.router(service.metrics, service.readiness))
    app.include_router(task_pages.router(service.tasks))
    app.include_router(event_pages.router(service.database))
    guards = service.guards
    app.include_router(abuse.router(guards.blocked, guards.breakers, service.settings.currency))
    app.include_router(codes.router(service.coupons.codes, service.settings.marketing_service.code_link))
    app.include_router(codes.redeeming_router(service.redeeming))
    schemas = {promotions.SCHEMA: promotions.schema(service.registry), **order_schemas(), **wallet.schemas()}
    allowed = table(service.settings.metrics_public)
    app.openapi = documented(app, [quotes.operation()], schemas, allowed)  # type: ignore[method-assign]
    return Edge(
        app,
        {
            ("POST", quotes.PATH): Hot(endpoint.answer),
            ("POST", orders.PATH): Hot(ordering.place, 201),
            ("POST", orders.PAY): Hot(ordering.pay),
            ("POST", issuing.PATH): Hot(claims.claim, 201),
            ("GET", discount_query.PATH): Hot(queries.answer),
        },
        Guard(Access(allowed), service.identities, service.limits),
        address=Addresses(service.settings.trusted_proxies),
        observe=service.metrics.observe,
        access_log=service.settings.access_log,
    )


def _promotions(service: Service) -> tuple[APIRouter, APIRouter]:
    """The routes of shops and shoppers before those with an id in the address."""
    settings, quoting = service.settings, service.quoting
    parts = promotions.Parts(
        service=service.promotions,
        engine=service.promotion_engine,
        publishing=Publishing(quoting, service.shop, service.registry, service.clock),
        registry=service.registry,
        currency=settings.currency,
        zone=settings.time_zone,
        clock=service.clock,
    )
    ttl = settings.marketing_service.promotion_cache_ttl
    offers = promotion_query.Offers(service.database, parts, ttl, lambda: quoting.version)
    asked = promotion_query.router(parts, offers, service.requests, service.completing)
    return asked, promotions.router(parts)


def _ordering(service: Service) -> orders.Endpoints:
    settings = service.settings
    longest = timedelta(seconds=settings.longest_hold_seconds)
    usual = min(timedelta(seconds=settings.hold_seconds), longest)
    return orders.Endpoints(service.orders, OrderRequests(service.requests, usual, longest))


_FIRST_START = """
首次启动，已创建管理员；密码只显示这一次 / First start: this admin was made, and its password is shown only once

    {name}  {password}
"""


def _lifespan(service: Service) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(service.start)
        if password := await asyncio.to_thread(service.operators.add_first):
            print(_FIRST_START.format(name=FIRST, password=password), file=sys.stderr, flush=True)
        try:
            yield
        finally:
            await asyncio.to_thread(service.stop)

    return lifespan


def _add_pages(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", summary="Whether it runs, and by which rules", tags=["platform"])
    async def healthz() -> dict[str, str | int]:
        """`rules_version` is of the promotions that quotes are priced with."""
        version = service.following.version
        return {
            "status": "ok",
            "rules_version": service.quoting.version,
            "discounts_version": version(Source.DISCOUNTS),
            "directory_version": version(Source.DIRECTORY),
        }

    page = get_swagger_ui_html(
        openapi_url=OPENAPI,
        title="Youhui 优惠 API",
        swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{ASSETS}/favicon-32x32.png",
    )
    page.headers["content-security-policy"] = pages.own_content_only(bytes(page.body).decode())

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return page

    # Swagger UI out of a package, so that the page needs no other host.
    app.router.routes.append(
        Mount(ASSETS, StaticFiles(directory=str(files("fastapi_swagger") / "resources")))
    )


async def _refused(request: Request, error: Exception) -> Response:
    """Whatever a route or the router raises, in the shape of all errors. What is our fault the edge will log."""
    call, refusal = call_of(request.scope), _refusal(error)
    tell(refusal, call.request_id)
    body = render(refusal, call.language, call.request_id)
    return Response(body, refusal.status, refusal.headers, "application/json")


def _refusal(error: Exception) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, RequestValidationError):
        return invalid_parameters(error.errors())
    if isinstance(error, HTTPException):
        if error.status_code == 404:
            return NotFound()
        if error.status_code == 405:
            return MethodNotAllowed(headers=error.headers)
        return Invalid()
    return Failed()
