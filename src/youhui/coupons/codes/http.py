"""`/api/marketing/coupon-templates/{id}/codes…`, `/api/marketing/codes/…` and `…/coupons/redeem-code`: thin."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, TypeAlias

import segno
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from youhui.checkout.abuse.asking import Asked, risk_of
from youhui.checkout.orders.http import Key
from youhui.checkout.orders.requests import sent
from youhui.coupons.codes.importing import ANSWERED, TAKEN
from youhui.coupons.codes.model import AT_ONCE, Code, State, Wanted
from youhui.coupons.codes.problems import fault
from youhui.coupons.codes.redeeming import Redeeming
from youhui.coupons.codes.rules import qr_text
from youhui.coupons.codes.schemas import (
    CodeOut,
    CodeReportOut,
    CodesIn,
    MadeOut,
    RedeemIn,
    VoidIn,
    code_out,
    report_out,
)
from youhui.coupons.codes.service import Codes
from youhui.coupons.issuing.schemas import IssuedOut, issued_out
from youhui.coupons.problems import CouponTemplateNotFound
from youhui.engine.forms import LARGEST
from youhui.platform.openapi import ERRORS
from youhui.platform.paging import Page, Paging, page_of
from youhui.platform.principals import Principal
from youhui.platform.problems import Invalid
from youhui.platform.receiving import received
from youhui.platform.requests import Caller, customer_of
from youhui.platform.rows import written
from youhui.platform.task_pages import InLanguage, TaskOut, task_out

TEMPLATES = "/api/marketing/coupon-templates"
CODES = "/api/marketing/codes"
REDEEM = "/api/marketing/coupons/redeem-code"
SVG = "image/svg+xml"
_EXPORTED = (*TAKEN, *ANSWERED)
_SECRET = {"cache-control": "no-store"}
"""whoever has a code can use it: no cache on the way, nor a browser's, may keep it"""
_IMPORTED: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string", "description": "A header row, then one code a line"},
                "example": "code,uses_limit\nWELCOME-7K3M,1\n",
            },
            "application/x-ndjson": {
                "schema": {"type": "string", "description": "One JSON object a line"},
                "example": '{"code": "SAVE10", "uses_limit": 500, "per_customer": 1}\n',
            },
        },
    }
}


def _template(id: str) -> int:  # noqa: A002
    """Raises CouponTemplateNotFound for what is no id."""
    if not (id.isascii() and id.isdigit() and len(id) <= len(str(LARGEST))):
        raise CouponTemplateNotFound(id=ascii(id)[1:-1][:20])
    return int(id)


Template: TypeAlias = Annotated[int, Depends(_template)]
TaskId: TypeAlias = Annotated[int | None, Query(ge=0, le=LARGEST, description="Those that this task made")]


def router(codes: Codes, link: str | None) -> APIRouter:
    """The routes. `link`: what a QR code says, with {code} where the code comes; None: the code."""
    routes = APIRouter(tags=["codes"], responses={**ERRORS}, dependencies=[Depends(_not_kept)])
    of_template = f"{TEMPLATES}/{{id}}/codes"

    @routes.post(
        of_template,
        status_code=201,
        summary="Make codes",
        responses={202: {"model": TaskOut, "description": "A task makes them"}},
        response_model=MadeOut | CodeOut | TaskOut,
    )
    def make(
        id: Template,  # noqa: A002
        body: CodesIn,
        by: Caller,
        call: Asked,
        response: Response,
        _: Key = None,
    ) -> MadeOut | CodeOut | TaskOut:
        """At most 1,000 are made at once, and are the answer; more are made by a task: 202. Of a shared `code`, which
        needs its `uses_limit`, the answer is that code; 409 CODE_EXISTS if it is there, whatever its case or width.

        400 if what can be drawn is fewer than 2^20 for each code of the template: say more #.
        """
        key, language = sent(call).idempotency_key, call.language
        shared = body.shared()
        if shared is not None:
            return code_out(codes.add_shared(id, shared, by))
        shape, count = body.drawn()
        if count <= AT_ONCE:
            made = codes.make(id, shape, count, by, key)
            return MadeOut(task=made.task.id, codes=[one.code for one in made.codes])
        response.status_code = 202
        return task_out(codes.start_making(id, shape, count, by, key), language)

    @routes.get(of_template, summary="List codes")
    def listed(
        id: Template,  # noqa: A002
        paging: Annotated[Paging, Depends()],
        state: State | None = None,
        text: Annotated[
            str | None, Query(max_length=64, pattern=r"^[^\x00]*$", description="How they begin")
        ] = None,
        task: TaskId = None,
    ) -> Page[CodeOut]:
        """In the order of codes. Of state "unused" are those that can be redeemed, also a shared one with uses left."""
        found, total = codes.page(id, Wanted(state, text, task), paging.offset, paging.page_size)
        return page_of([code_out(one) for one in found], total, paging)

    @routes.get(
        f"{of_template}.csv",
        summary="Export codes",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/csv": {}}}},
    )
    def export(
        id: Template,  # noqa: A002
        by: Caller,
        state: State | None = None,
        task: TaskId = None,
    ) -> StreamingResponse:
        """CSV in UTF-8. No cell begins with what a spreadsheet takes for a formula: no code does."""
        pages = codes.export(id, Wanted(state, None, task), by)
        named = {"content-disposition": f'attachment; filename="codes-{id}.csv"'}
        return StreamingResponse(_csv(pages), media_type="text/csv; charset=utf-8", headers=named | _SECRET)

    @routes.put(f"{of_template}/import", summary="Bring codes", openapi_extra=_IMPORTED)
    async def bring(
        request: Request,
        id: Template,  # noqa: A002
        by: Caller,
        language: InLanguage,
        from_line: Annotated[
            int, Query(ge=1, le=10**12, description="Passes over the rows that begin before this line")
        ] = 1,
    ) -> CodeReportOut:
        """Rows of `code`, `uses_limit` (left out: 1) and `per_customer`; what an export has beside is passed over.

        A code that is there for this template with the same limits stays as it is: send a file that was broken off
        once more.
        """
        headers = request.headers
        how = written(headers.get("content-type", ""), headers.get("content-encoding", ""))
        upload = await run_in_threadpool(codes.upload, id, how, by, from_line)
        return report_out(await received(request, upload), language)

    @routes.post(
        f"{of_template}/void",
        summary="Void codes",
        responses={202: {"model": TaskOut, "description": "A task voids them"}},
        response_model=CodeOut | TaskOut,
    )
    def void(
        id: Template,  # noqa: A002
        body: VoidIn,
        by: Caller,
        language: InLanguage,
        response: Response,
    ) -> CodeOut | TaskOut:
        """Coupons that were made of them stay. One `code`, 409 CODE_NOT_FOUND if the template has none like it; or what
        a `task` has made, by another task: 202.
        """
        if (body.code is None) == (body.task is None):
            raise Invalid([fault("code", "void_what")])
        if body.code is not None:
            return code_out(codes.void(id, body.code, by))
        response.status_code = 202
        return task_out(codes.start_voiding(id, body.task or 0, by), language)

    @routes.get(
        f"{CODES}/{{code}}/qr.svg",
        summary="A code as a QR code",
        response_class=Response,
        responses={200: {"content": {SVG: {}}}},
    )
    def qr(
        code: Annotated[str, Path(max_length=200, pattern=r"^[^\x00]*$")],
        scale: Annotated[int, Query(ge=1, le=40, description="Pixels of a module")] = 8,
        border: Annotated[int, Query(ge=0, le=20, description="Modules around it")] = 4,
    ) -> Response:
        """SVG, black on white. It says the code, or what the setting `marketing_service.code_link` makes of it."""
        drawn = io.BytesIO()
        found = segno.make(qr_text(codes.get(code).code, link), micro=False)
        found.save(drawn, kind="svg", scale=scale, border=border, light="#fff", xmldecl=False)
        return Response(drawn.getvalue(), media_type=SVG, headers=_SECRET)

    return routes


def redeeming_router(redeeming: Redeeming) -> APIRouter:
    """The route of customers."""
    routes = APIRouter(tags=["coupons"], responses=ERRORS)

    @routes.post(REDEEM, status_code=201, summary="Redeem a code")
    async def redeem(call: Asked, body: RedeemIn, _: Key = None) -> IssuedOut:
        """兑换码换券: the coupon that the code becomes, for a customer, or for the shopper whose token it is.

        A one-time code that the customer has redeemed before is answered with the same coupon; a shared code is used
        once more, unless the Idempotency-Key is the same. A storefront key is told why not: 409 CODE_NOT_FOUND,
        CODE_VOID, CODE_USED_UP, or as a claim is refused. A shopper is told CODE_NOT_FOUND, whichever it is, or
        COUPON_LIMIT_REACHED. `mistyped` in the details: no code can read like this. After some wrong codes: 429.
        """
        customer = _customer(call.principal, body.user_id)
        risk = risk_of(call, customer, body.risk)
        once = sent(call).idempotency_key
        return issued_out(await redeeming.redeem(customer, body.code, call.principal, risk, once))

    return routes


def _customer(by: Principal, stated: str | None) -> str:
    """Raises Forbidden (for somebody else), Invalid."""
    customer = customer_of(by, stated)
    if customer is None:
        raise Invalid([fault("user_id", "missing")])
    return customer


def _not_kept(response: Response) -> None:
    response.headers.update(_SECRET)


def _csv(pages: Iterable[Sequence[Code]]) -> Iterator[str]:
    yield _lines([_EXPORTED])
    for page in pages:
        shown = [code_out(one).model_dump(mode="json") for one in page]
        yield _lines([[one[name] for name in _EXPORTED] for one in shown])


def _lines(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
