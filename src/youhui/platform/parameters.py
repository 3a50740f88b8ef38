"""Faults of what stands in an address, which pydantic checks: its codes, our sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault, Invalid

SENTENCES: dict[str, Mapping[Language, str]] = {
    "int_parsing": both("须为整数", "It must be a whole number"),
    "greater_than_equal": both("不能小于 {ge}", "It must be at least {ge}"),
    "less_than_equal": both("不能大于 {le}", "It must be at most {le}"),
    "missing": both("缺少此项", "It is missing"),
}
OTHER = both("值不符合要求", "It is not as the documentation says")


def invalid_parameters(errors: Iterable[Mapping[str, Any]]) -> Invalid:
    """The refusal of a request with these errors of pydantic."""
    return Invalid([_fault(error) for error in errors])


def _fault(error: Mapping[str, Any]) -> Fault:
    params = {key: value for key, value in error.get("ctx", {}).items() if isinstance(value, str | int)}
    path = ".".join(str(part) for part in error["loc"] if part not in ("query", "path", "body"))
    return Fault(path, error["type"], partial(_say, error["type"], params), params)


def _say(code: str, params: Mapping[str, str | int], language: Language) -> str:
    return SENTENCES.get(code, OTHER)[language].format_map(params)
