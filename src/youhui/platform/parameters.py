"""Faults of what stands in an address, which pydantic checks: its codes, our sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault, Invalid, fault

SENTENCES: dict[str, Mapping[Language, str]] = {
    "int_parsing": both("须为整数", "It must be a whole number"),
    "greater_than_equal": both("不能小于 {ge}", "It must be at least {ge}"),
    "less_than_equal": both("不能大于 {le}", "It must be at most {le}"),
    "not_a_shop_id": both(
        "编号须为 1–64 个字符，不含空格、逗号和控制字符",
        "An id has 1 to 64 characters, and no space, comma or control character",
    ),
    "not_instant": both(
        "须为 ISO 8601 时间，例如 2026-11-11T00:00:00+08:00",
        "It must be an ISO 8601 time such as 2026-11-11T00:00:00+08:00",
    ),
    "no_zone": both(
        "时间缺少时区，请加 Z 或 +08:00 之类的偏移",
        "The time has no zone: add Z or an offset such as +08:00",
    ),
    "missing": both("缺少此项", "It is missing"),
}
OTHER = both("值不符合要求", "It is not as the documentation says")


def invalid_parameters(errors: Iterable[Mapping[str, Any]]) -> Invalid:
    """The refusal of a request with these errors of pydantic."""
    return Invalid([_fault(error) for error in errors])


def _fault(error: Mapping[str, Any]) -> Fault:
    params = {key: value for key, value in error.get("ctx", {}).items() if isinstance(value, str | int)}
    path = ".".join(str(part) for part in error["loc"] if part not in ("query", "path", "body"))
    code = _code(error)
    return fault(path, code, SENTENCES.get(code, OTHER), params)


def _code(error: Mapping[str, Any]) -> str:
    """pydantic's, or the one that a validator of ours has raised a ValueError with."""
    raised = str(error.get("ctx", {}).get("error", ""))
    return raised if raised in SENTENCES else error["type"]
