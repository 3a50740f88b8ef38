"""`POST /api/marketing/coupon-templates/{id}/issue`: what is sent, read field by field, and the route."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Response

from youhui.checkout import values
from youhui.checkout.orders.http import Key
from youhui.checkout.orders.requests import sent
from youhui.checkout.problems import read_json
from youhui.checkout.values import Wrong
from youhui.coupons.issuing.pushing import Pushing, Targets
from youhui.coupons.templates.http import PREFIX, TemplateId
from youhui.platform import problems
from youhui.platform.ids import SCHEMA_PATTERN
from youhui.platform.languages import Language, both
from youhui.platform.openapi import ERRORS
from youhui.platform.problems import Fault, Invalid
from youhui.platform.requests import Asked
from youhui.platform.task_pages import PATH as TASKS
from youhui.platform.task_pages import TaskOut, task_out

MOST_NAMED = 10_000
"""customers of one request"""
MOST_EACH = 100
"""coupons of one customer"""

_NAMED = ("customers", "group", "all")
_SENTENCES: Mapping[str, Mapping[Language, str]] = {
    **values.SENTENCES,
    "not_object": both("须为 JSON 对象", "It must be a JSON object"),
    "unknown_key": both("没有这个字段", "There is no such field"),
    "one_of_three": both(
        "须指明发给谁：customers、group、all 三者之一", "Say to whom: one of customers, group and all"
    ),
    "nobody": both("请至少选择一个用户", "Choose at least one customer"),
    "not_true": both("只能为 true", "It can only be true"),
    "not_in_range": both(
        "须为 {least} 至 {most} 之间的整数", "It must be a whole number from {least} to {most}"
    ),
    "import_them": both(
        "一次最多 {most} 个编号；人数更多时请先把顾客导入一个用户组，再发给该组",
        "At most {most} ids at once; for more, import the customers into a group and issue to that",
    ),
}
_ID = {"oneOf": [{"type": "string", "pattern": SCHEMA_PATTERN}, {"type": "integer", "minimum": 0}]}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "customers": {
                            "type": "array", "items": _ID, "minItems": 1, "maxItems": MOST_NAMED,
                            "description": "These; for more import them into a group",
                        },
                        "group": {**_ID, "description": "All of a group of the directory"},
                        "all": {"const": True, "description": "All customers of the directory"},
                        "each": {
                            "type": "integer", "minimum": 1, "maximum": MOST_EACH, "default": 1,
                            "description": "Coupons for each of them",
                        },
                    },
                    "oneOf": [{"required": [name]} for name in _NAMED],
                    "additionalProperties": False,
                }
            }
        },
    }
}  # fmt: skip


def router(pushing: Pushing) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix=PREFIX, tags=["coupons"], responses=ERRORS)

    @routes.post("/{id}/issue", status_code=202, summary="Issue to many customers", openapi_extra=_BODY)
    def issue(template: TemplateId, call: Asked, response: Response, _: Key = None) -> TaskOut:
        """Begins a task that issues coupons to these customers, a group, or all: `Location` is where to follow it.

        The audience and the limits of the template hold here too: `result.skipped` of the task counts by reason who was
        left out, and `result.stopped` says COUPON_SOLD_OUT where the total did not suffice. The same request with the
        same `Idempotency-Key` answers the same task as it is then. 409 COUPON_NOT_CLAIMABLE for a template without the
        way push, or that issues none now; 409 NO_CUSTOMERS where there are none in the group.
        """
        targets = read(read_json(call.body))
        key = sent(call).idempotency_key
        task = pushing.push(template, targets, call.principal, key)
        response.headers["location"] = f"{TASKS}/{task.id}"
        return task_out(task, call.language)

    return routes


def read(document: object) -> Targets:
    """Raises Invalid, with every fault."""
    if not isinstance(document, dict):
        raise Invalid([_fault("", "not_object")])
    faults = [_fault(key, "unknown_key") for key in document if key not in _READ]
    if sum(key in document for key in _NAMED) != 1:
        faults.append(_fault("", "one_of_three"))
    found: dict[str, Any] = {}
    for key in _READ.keys() & document.keys():
        try:
            found[key] = _READ[key](document[key])
        except Wrong as wrong:
            faults.append(_fault(f"{key}{wrong.where}", wrong.code, **wrong.params))
    if faults:
        raise Invalid(faults)
    found.pop("all", None)
    return Targets(**found)


def _customers(value: object) -> tuple[str, ...]:
    if isinstance(value, list) and len(value) > MOST_NAMED:
        raise Wrong("import_them", most=MOST_NAMED)
    found = values.shop_ids(value, MOST_NAMED)
    if not found:
        raise Wrong("nobody")
    return found


def _all(value: object) -> None:
    if value is not True:
        raise Wrong("not_true")


def _each(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_EACH:
        raise Wrong("not_in_range", least=1, most=MOST_EACH)
    return value


_READ: Mapping[str, Callable[[object], object]] = {
    "customers": _customers, "group": values.shop_id, "all": _all, "each": _each,
}  # fmt: skip


def _fault(path: str, code: str, **params: str | int) -> Fault:
    return problems.fault(path, code, _SENTENCES[code], params)
