"""`/api/marketing/promotions`: thin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, Query, Request, Response

from youhui.checkout.problems import decode_exactly, read_json
from youhui.engine import InvalidDocument, Problem, Registry
from youhui.engine.schema import Definitions, promotion_schema
from youhui.platform.edge import call_of
from youhui.platform.ids import SCHEMA_PATTERN
from youhui.platform.openapi import ERRORS, Schema
from youhui.platform.paging import Page, Paging, page_of
from youhui.platform.requests import Asked, Caller, IfMatch, etag
from youhui.promotions.eligibility import PromotionEngine
from youhui.promotions.forms import FORMS
from youhui.promotions.model import State, Step, StoredPromotion, Type, Wanted
from youhui.promotions.problems import refused
from youhui.promotions.publishing import Checked, Publishing
from youhui.promotions.rules import ANSWERED, Terms, check_new, read_terms
from youhui.promotions.schemas import (
    CheckOut,
    LossOut,
    PromotionOut,
    PublishedOut,
    finding_out,
    promotion_out,
)
from youhui.promotions.service import Promotions

PREFIX = "/api/marketing/promotions"
SCHEMA = "Promotion"


def takes(schema: Schema, *, required: bool = False) -> dict[str, Any]:
    """How OpenAPI says what the body is."""
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


_BODY = takes({"$ref": f"#/components/schemas/{SCHEMA}"}, required=True)
_CONFIRM = takes({"type": "object", "properties": {"confirm": {"type": "boolean", "default": False}}})
_COPY = takes({"type": "object", "properties": {"id": {"type": "string"}}})


async def _body(request: Request) -> dict[str, object]:
    """The document that was sent; of none, an empty one. Raises Invalid."""
    body = call_of(request.scope).body
    document = read_json(body, decode_exactly) if body else {}
    if not isinstance(document, dict):
        raise refused([Problem("", "not_object", {"got": type(document).__name__})])
    return document


Document: TypeAlias = Annotated[dict[str, object], Depends(_body)]
Text: TypeAlias = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00-\x1f]*$")]
ShopId: TypeAlias = Annotated[str | None, Query(pattern=SCHEMA_PATTERN)]
Paged: TypeAlias = Annotated[Paging, Depends()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the routes work with. `currency` and `zone` are of a promotion that names none."""

    service: Promotions
    engine: PromotionEngine
    publishing: Publishing
    registry: Registry
    currency: str
    zone: str
    clock: Callable[[], datetime]

    def terms_of(self, document: dict[str, object], new: bool = False) -> Terms:
        """What was sent. Raises Invalid."""
        try:
            if new:
                check_new(document)
            return read_terms(document, self.currency, self.registry, self.zone)
        except InvalidDocument as error:
            raise refused(error.problems) from None

    def out(self, stored: StoredPromotion) -> PromotionOut:
        """As it is now. Raises Unavailable."""
        (counted,) = self.service.counted([stored])
        return promotion_out(counted, self.clock())

    def answered(self, stored: StoredPromotion, response: Response) -> PromotionOut:
        """The same, with its ETag."""
        response.headers["etag"] = etag(stored.version)
        return self.out(stored)


def router(parts: Parts) -> APIRouter:
    """The routes of those who make promotions."""
    routes = APIRouter(prefix=PREFIX, tags=["promotions"], responses=ERRORS)
    _writing(routes, parts)
    _life(routes, parts)
    return routes


def _writing(routes: APIRouter, parts: Parts) -> None:
    service = parts.service

    @routes.post("", status_code=201, summary="Store a promotion", openapi_extra=_BODY)
    def create(document: Document, by: Caller, response: Response) -> PromotionOut:
        """The id must be new: 409 PROMOTION_EXISTS. A rule is published at once unless `status` is "draft" or `active`
        false, and the next quote is priced with it; of the other types it becomes a draft unless `status` is
        "published", which is refused as publishing is (409 PROMOTION_OVERLAP, BELOW_COST) without `confirm`.

        What was used cannot be stated: `used` and its like are counted from orders.
        """
        terms, confirm = parts.terms_of(document, new=True), document.get("confirm") is True
        if terms.type != "rule" and terms.first_status == "published" and not confirm:
            now = parts.clock()
            parts.publishing.checked(terms.stored(position=0, version=0, created_at=now, at=now)).require()
        (added,) = service.add([terms], by, confirm=confirm)
        return parts.answered(added, response)

    @routes.get("", summary="List promotions")
    def listed(
        paging: Paged,
        type: Type | None = None,  # noqa: A002
        state: State | None = None,
        name: Annotated[Text, Query(description="A part of the name")] = None,
        product: Annotated[ShopId, Query(description="Those, but drafts, that concern this product")] = None,
    ) -> Page[PromotionOut]:
        """In list order: the order in which they were created or, of drafts, published."""
        wanted = Wanted(type, state, name)
        if product is not None:
            facts = parts.engine.product(product)
            wanted = wanted._replace(ids=frozenset() if facts is None else parts.engine.concerning(facts))
        found, total = service.page(paging.offset, paging.page_size, wanted)
        now = parts.clock()
        return page_of([promotion_out(one, now) for one in service.counted(found)], total, paging)

    @routes.get("/{id}", summary="One promotion")
    def one(id: str, response: Response) -> PromotionOut:  # noqa: A002
        """404 PROMOTION_NOT_FOUND if there is none with this id. `ETag` is what `If-Match` takes."""
        return parts.answered(service.get(id), response)

    @routes.put("/{id}", summary="Change a promotion", openapi_extra=_BODY)
    def replace(
        id: str,  # noqa: A002
        document: Document,
        by: Caller,
        version: IfMatch,
        response: Response,
    ) -> PromotionOut:
        """Replaces all its terms; its id and type may be left out of the body, its status and its place in the list
        stay (`active` of a rule pauses it and lets it run again). One that is closed is 409 PROMOTION_STATE.

        409 LIMIT_BELOW_USE if a limit is below what is used and held; 409 CURRENCY_FIXED if there are orders with it in
        another currency. What answers say was used is ignored.
        With `If-Match` only as it was read: else 412 PRECONDITION_FAILED.
        """
        if document.setdefault("id", id) != id:
            raise refused([Problem("id", "not_this_id", {"id": id})])
        kind = service.get(id).type
        if document.setdefault("type", kind) != kind:
            raise refused([Problem("type", "type_fixed", {"type": kind})])
        confirm = document.get("confirm") is True
        return parts.answered(
            service.replace(parts.terms_of(document), by, version, confirm=confirm), response
        )

    @routes.delete("/{id}", status_code=204, summary="Delete a promotion")
    def remove(id: str, by: Caller, version: IfMatch) -> Response:  # noqa: A002
        """The next quote is priced without it; what unpaid orders hold of its limits is let go. Only a rule may be
        running meanwhile: else 409 PROMOTION_STATE.

        With `If-Match` only as it was read.
        """
        service.remove(id, by, version)
        return Response(status_code=204)


def _life(routes: APIRouter, parts: Parts) -> None:
    service = parts.service

    @routes.get("/{id}/check", summary="What publishing it would mean")
    def check(id: str, asked: Asked) -> CheckOut:  # noqa: A002
        """What lint finds between it and what is live in its currency, and the named products that it could bring
        below their cost; nothing is changed.
        """
        checked = parts.publishing.checked(service.get(id))
        losses = [LossOut.model_validate(loss.fault().params) for loss in checked.losses]
        return CheckOut(
            warnings=[finding_out(f, asked.language) for f in checked.findings], below_cost=losses
        )

    @routes.post("/{id}/publish", summary="Publish a promotion, or resume it", openapi_extra=_CONFIRM)
    def publish(
        id: str,  # noqa: A002
        document: Document,
        by: Caller,
        version: IfMatch,
        asked: Asked,
        response: Response,
    ) -> PublishedOut:
        """From a draft or paused. Unless the body says `{"confirm": true}`: 409 BELOW_COST if orders can come below
        cost or be free, 409 PROMOTION_OVERLAP if another flash sale has one of its products at the same time.
        """
        confirm = _confirmed(document)
        found = service.get(id)
        checked = Checked() if found.status in ("published", "closed") else parts.publishing.checked(found)
        if not confirm:
            checked.require()
        stored = service.step(id, "publish", by, version, confirm=confirm)
        warnings = [finding_out(finding, asked.language) for finding in checked.findings]
        return PublishedOut(promotion=parts.answered(stored, response), warnings=warnings)

    def stepping(step: Step, summary: str, told: str) -> None:
        def handler(id: str, by: Caller, version: IfMatch, response: Response) -> PromotionOut:  # noqa: A002
            return parts.answered(service.step(id, step, by, version), response)

        handler.__doc__ = told
        handler.__name__ = step
        routes.post(f"/{{id}}/{step}", summary=summary)(handler)

    stepping(
        "pause", "Pause a promotion", "The next quote is priced without it, until it is published again."
    )
    stepping("close", "Close a promotion", "For good: it is not changed, published or paused any more.")

    @routes.post("/{id}/copy", status_code=201, summary="Copy a promotion", openapi_extra=_COPY)
    def copy(id: str, document: Document, by: Caller, response: Response) -> PromotionOut:  # noqa: A002
        """A draft with the same terms and nothing used, under the `id` of the body or a new one."""
        other = str(document.get("id") or f"{id[:50]}-{token_hex(4)}")
        try:
            check_new({"id": other})
            return parts.answered(service.copy(id, other, by), response)
        except InvalidDocument as error:
            raise refused(error.problems) from None


def _confirmed(document: dict[str, object]) -> bool:
    """Raises Invalid for anything but `{"confirm": true}`, false, or nothing."""
    faults: list[Problem] = [
        Problem(key[:60], "unknown_key", {"got": key[:60]}) for key in document if key != "confirm"
    ]
    confirm = document.get("confirm", False)
    if not isinstance(confirm, bool):
        faults.append(Problem("confirm", "not_flag", {"got": str(confirm)[:60]}))
    if faults:
        raise refused(faults)
    return confirm is True


def schema(registry: Registry) -> Schema:
    """Of the body that creates or changes one: a rule's document or a form, and beside it what only the service has."""
    document = promotion_schema(registry)
    definitions: Any = document["$defs"]
    terms = definitions["promotion"]
    rule = {**terms, "properties": {**terms["properties"], **_BESIDE, "type": {"const": "rule"}}}
    return {"anyOf": [rule, *_forms(registry, definitions)], "$defs": definitions}


def _forms(registry: Registry, known: dict[str, Any]) -> list[Schema]:
    """Each with its type; the parts that they share with rules are the same."""
    found = []
    for kind, cls in FORMS.items():
        mine = Definitions(registry)
        root: Any = mine.keys(cls)
        for name, part in mine.document("", {})["$defs"].items():  # type: ignore[union-attr]
            known.setdefault(name, part)
        properties = {**root["properties"], **_BESIDE, "type": {"const": kind}}
        found.append({**root, "properties": properties, "required": [*root["required"], "type"]})
    return found


_BESIDE: dict[str, Any] = {
    "currency": {
        "type": "string",
        "pattern": "^[A-Z]{3}$",
        "description": "Of all its amounts (default: the shop's)",
    },
    "status": {"enum": ["draft", "published", "paused"], "description": "Of a new one"},
    "confirm": {"type": "boolean", "default": False},
    **{key: {"readOnly": True} for key in ANSWERED},
}
