"""The OpenAPI document: what FastAPI finds out by itself, and the routes and schemas that it does not see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, get_args

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from youhui.platform.access import Allowed, Table
from youhui.platform.principals import Role

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

_BEARER: Schema = {
    "type": "http",
    "scheme": "bearer",
    "description": "An operator's access token, an API key, or a shopper's token",
}


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
    app: FastAPI, operations: Iterable[Operation], schemas: Mapping[str, Schema], table: Table
) -> Callable[[], Schema]:
    """What `app.openapi` becomes: with these routes, these schemas by name, and who may use which route."""

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
            document["components"]["securitySchemes"] = {"bearer": _BEARER}
            for path, methods in document["paths"].items():
                for method, described in methods.items():
                    described.update(_access(table[method.upper(), path], described.get("description", "")))
            app.openapi_schema = document
        return app.openapi_schema

    return build


def _access(allowed: Allowed, description: str) -> Schema:
    """Whether credentials are needed, and of whom."""
    roles = [role for role in get_args(Role) if role in allowed.roles]
    if "anonymous" in roles:
        return {"security": [{}, {"bearer": []}]}
    scope = f" (scope `{allowed.scope}`)" if allowed.scope else ""
    callers = ", ".join(f"{role}{scope}" if role == "storefront" else role for role in roles)
    return {"security": [{"bearer": []}], "description": f"{description}\n\nFor: {callers}.".strip()}


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
