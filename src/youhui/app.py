"""The HTTP service: `uvicorn --factory youhui.app:create_app`, or `youhui serve`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from importlib.resources import files

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from youhui import bootstrap
from youhui.access import TABLE
from youhui.bootstrap import Service
from youhui.checkout import http as quotes
from youhui.platform.access import Access
from youhui.platform.edge import Edge, call_of
from youhui.platform.guard import Guard
from youhui.platform.openapi import documented
from youhui.platform.parameters import invalid_parameters
from youhui.platform.problems import Failed, Invalid, MethodNotAllowed, NotFound, Refusal, render
from youhui.platform.settings import Settings
from youhui.promotions import http as promotions

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
    endpoint = quotes.Quotes(service.quoting, service.requests, service.clock)
    app.router.routes.insert(0, Route(quotes.PATH, endpoint, methods=["POST"]))
    app.include_router(
        promotions.router(service.promotions, service.registry, service.settings.currency, service.clock)
    )
    _add_pages(app, service)
    schemas = {promotions.SCHEMA: promotions.schema(service.registry)}
    app.openapi = documented(app, [quotes.operation()], schemas)  # type: ignore[method-assign]
    return Edge(
        app,
        {("POST", quotes.PATH): endpoint.answer},
        Guard(Access(TABLE), service.identities, service.limits),
        access_log=service.settings.access_log,
    )


def _lifespan(service: Service) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(service.start)
        try:
            yield
        finally:
            await asyncio.to_thread(service.stop)

    return lifespan


def _add_pages(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", summary="Whether it runs, and by which rules", tags=["platform"])
    async def healthz() -> dict[str, str | int]:
        return {"status": "ok", "rules_version": service.quoting.version}

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url=OPENAPI,
            title="Youhui 优惠 API",
            swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{ASSETS}/favicon-32x32.png",
        )

    # Swagger UI out of a package, so that the page needs no other host.
    app.router.routes.append(
        Mount(ASSETS, StaticFiles(directory=str(files("fastapi_swagger") / "resources")))
    )


async def _refused(request: Request, error: Exception) -> Response:
    """Whatever a route or the router raises, in the shape of all errors. What is our fault the edge will log."""
    call, refusal = call_of(request.scope), _refusal(error)
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
