"""The OpenAPI document: what FastAPI finds out by itself, and the routes and schemas that it does not see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

Schema: TypeAlias = dict[str, Any]
"""JSON Schema, with its parts under "$defs" """

ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {"type": "string", "examples": ["VALIDATION_ERROR"]},
        "message": {"type": "string"},
        "details": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "path": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "params": {"type": "object"},
                },
                "required": ["path", "code", "message", "params"],
            },
        },
        "request_id": {"type": "string"},
    },
    "required": ["error", "message", "details", "request_id"],
}
ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "Not done: the code and the details say why",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
}
"""the answers that every route may give"""


@dataclass(frozen=True, slots=True)
class Operation:
    """A route with a JSON body that FastAPI does not document."""

    path: str
    method: str
    tag: str
    summary: str
    description: str
    request: Schema
    response: Schema
    example: object


def documented(
    app: FastAPI, operations: Iterable[Operation], schemas: Mapping[str, Schema]
) -> Callable[[], Schema]:
    """What `app.openapi` becomes: with these routes, and with these schemas by name."""

    def build() -> Schema:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes
            )
            parts = document.setdefault("components", {}).setdefault("schemas", {})
            parts["Error"] = ERROR
            for name, schema in schemas.items():
                parts[name] = _adopted(schema, parts)
            ours = {one.path: {one.method: _described(one, parts)} for one in operations}
            document["paths"] = {**ours, **document["paths"]}
            app.openapi_schema = document
        return app.openapi_schema

    return build


def _described(operation: Operation, parts: Schema) -> Schema:
    request, response = _adopted(operation.request, parts), _adopted(operation.response, parts)
    return {
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "operationId": f"{operation.method}{operation.path.replace('/', '_')}",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": request, "example": operation.example}},
        },
        "responses": {
            "200": {"description": "OK", "content": {"application/json": {"schema": response}}},
            **{str(status): answer for status, answer in ERRORS.items()},
        },
    }


def _adopted(schema: Schema, parts: Schema) -> Schema:
    """The schema with its "$defs" moved to the components of the document. Raises ValueError if two share a name."""
    for name, part in schema.get("$defs", {}).items():
        moved = _moved(part)
        if parts.setdefault(name, moved) != moved:
            raise ValueError(f"two schemas have the name {name}")
    moved = _moved({key: value for key, value in schema.items() if key not in ("$defs", "$schema")})
    assert isinstance(moved, dict)
    return moved


def _moved(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: inner.replace("#/$defs/", "#/components/schemas/") if key == "$ref" else _moved(inner)
            for key, inner in value.items()
        }
    return [_moved(inner) for inner in value] if isinstance(value, list) else value
