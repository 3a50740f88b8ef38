"""`/api/admin/events`: what happened, for people."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, JsonValue

from youhui.platform import outbox
from youhui.platform.db import Database
from youhui.platform.openapi import ERRORS
from youhui.platform.paging import Page, Paging, page_of

_Text: TypeAlias = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")]


class EventOut(BaseModel):
    """Something that happened."""

    id: int
    at: datetime
    kind: str
    object: str
    payload: dict[str, JsonValue]


def router(database: Database) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/api/admin/events", tags=["events"], responses=ERRORS)

    @routes.get("", summary="What happened")
    def listed(
        paging: Annotated[Paging, Depends()],
        kind: _Text = None,
        object: _Text = None,  # noqa: A002
    ) -> Page[EventOut]:
        """The latest first. `kind` is "breaker.tripped", `object` "coupon-template:7"; each must be met exactly."""
        with database.reading() as connection:
            found, total = outbox.listed(
                connection, paging.offset, paging.page_size, kind=kind, object=object
            )
        return page_of([EventOut.model_validate(one, from_attributes=True) for one in found], total, paging)

    return routes
