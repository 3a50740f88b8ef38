"""`/api/admin/tasks`: long work, as people follow it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field, JsonValue

from youhui.platform.edge import call_of
from youhui.platform.languages import Language
from youhui.platform.openapi import ERRORS
from youhui.platform.paging import Page, Paging, page_of
from youhui.platform.requests import Caller
from youhui.platform.task_rows import State, Wanted
from youhui.platform.tasks import Task, TaskNotFound, Tasks

PATH = "/api/admin/tasks"
_LARGEST = 2**53 - 1
_Text: TypeAlias = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")]


class TaskErrorOut(BaseModel):
    """Why a task failed."""

    error: str
    message: str


class TaskOut(BaseModel):
    """Long work. `done` of `total` (null: not known yet); `result` is what it led to so far.

    `object` is what it is done to: "coupon-template:7".
    """

    id: int
    kind: str
    object: str
    state: State
    done: int
    total: int | None
    result: dict[str, JsonValue]
    error: TaskErrorOut | None = Field(description="Of a task that failed")
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def task_out(task: Task, language: Language) -> TaskOut:
    """As it is answered, also by the routes that add one."""
    error = task.error and TaskErrorOut(error=task.error["code"], message=task.error[language])
    return TaskOut(
        id=task.id,
        kind=task.kind,
        object=task.object,
        state=task.state,
        done=task.done,
        total=task.total,
        result=dict(task.result),
        error=error or None,
        created_by=task.created_by,
        created_at=task.created_at,
        started_at=task.started_at,
        finished_at=task.finished_at,
    )


def _language(request: Request) -> Language:
    return call_of(request.scope).language


InLanguage: TypeAlias = Annotated[Language, Depends(_language)]
"""that the caller is answered in"""


def router(tasks: Tasks) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix=PATH, tags=["tasks"], responses=ERRORS)

    @routes.get("", summary="List long work")
    def listed(
        paging: Annotated[Paging, Depends()],
        language: InLanguage,
        object: _Text = None,  # noqa: A002
        kind: _Text = None,
        state: State | None = None,
    ) -> Page[TaskOut]:
        """The latest first. `object` ("coupon-template:7"), `kind` and `state` each narrow the list."""
        found, total = tasks.listed(Wanted(object, kind, state), paging.offset, paging.page_size)
        return page_of([task_out(task, language) for task in found], total, paging)

    @routes.get("/{id}", summary="How far one has come")
    def one(id: str, language: InLanguage) -> TaskOut:  # noqa: A002
        """404 TASK_NOT_FOUND if there is none."""
        return task_out(tasks.get(_number(id)), language)

    @routes.post("/{id}/cancel", summary="Stop one")
    def cancel(id: str, by: Caller, language: InLanguage) -> TaskOut:  # noqa: A002
        """What it has done stays; the step that is being done is done. 409 TASK_ENDED if it has ended."""
        return task_out(tasks.cancel(_number(id), by), language)

    return routes


def _number(text: str) -> int:
    """Raises TaskNotFound."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST)) and int(text) <= _LARGEST):
        raise TaskNotFound(id=ascii(text)[1:-1][:20])
    return int(text)
