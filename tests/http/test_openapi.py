"""The OpenAPI document says what the routes do, and no request that it allows breaks them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.http import serving
from tests.http.serving import PROMOTIONS, QUOTES, cart, line, promotion
from youhui.access import table
from youhui.checkout.http import EXAMPLE

DOCUMENT = "/api/openapi.json"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[serving.Client]:
    with serving.client(tmp_path_factory.mktemp("openapi")) as client:
        client.post(PROMOTIONS, json=promotion(code="SAVE10"))
        yield client


CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.slow
@pytest.mark.parametrize("role", ["admin", "storefront", "shopper", "anonymous"])
def test_no_request_breaks_the_service(tmp_path: Path, role: str) -> None:
    """Whoever asks: no 5xx, and no answer that the document does not describe."""
    with serving.client(tmp_path) as own:
        own.post(PROMOTIONS, json=promotion(code="SAVE10"))
        _ask_everything(own, role)


def _ask_everything(api: serving.Client, role: str) -> None:
    """What is asked may end the one who asks: each operation has its own."""
    schema = schemathesis.openapi.from_asgi(DOCUMENT, running(api))
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        _ask(found.ok(), credentials(api, role))


def _ask(operation: Any, headers: Mapping[str, str]) -> None:
    @given(
        case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    )
    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def holds(case: Any) -> None:
        case.call_and_validate(checks=CHECKS, headers=headers)

    holds()


def running(api: serving.Client) -> ASGIApp:
    """The service as it runs: schemathesis starts and stops what it asks with every request."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            return await api.app(scope, receive, send)
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return None

    return application


def credentials(api: serving.Client, role: str) -> dict[str, str]:
    match role:
        case "admin":
            return serving.operator(api, "admin")
        case "storefront":
            return serving.key(api, "quote", "orders", "discounts", "directory", "shoppers", "metrics")
        case "shopper":
            return serving.shopper(api, "c1")
    return {}


def test_every_route_is_documented(api: serving.Client) -> None:
    """Each with who may use it; the pages of the documentation itself are left out."""
    paths = api.get(DOCUMENT).json()["paths"]
    documented = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    pages = {("GET", DOCUMENT), ("GET", "/docs"), ("GET", "/docs/assets/{file:path}")}
    assert documented == set(table(metrics_public=False)) - pages
    assert paths["/api/discounts/"]["post"]["security"] == [{"bearer": []}]
    assert paths["/api/quotes"]["post"]["description"].endswith(
        "For: shopper, storefront (scope `quote`), viewer, operator, admin."
    )
    assert paths["/healthz"]["get"]["security"] == [{}, {"bearer": []}]


def body_schemas(api: TestClient, path: str, method: str, status: str) -> tuple[Any, Any]:
    """Of the request and of the answer, with the parts that they refer to."""
    document = api.get(DOCUMENT).json()
    operation = document["paths"][path][method]

    def whole(holder: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = holder["content"]["application/json"]["schema"]
        return {**found, "components": document["components"]}

    return whole(operation["requestBody"]), whole(operation["responses"][status])


@pytest.mark.parametrize(
    "body",
    [
        EXAMPLE,
        cart(hints=True, explain="all", strategy="best_for_customer", codes=["SAVE10", "NOPE"]),
        cart(lines=[line(attributes={"new": True})], customer=None, shipping={"price": "5.00"}),
    ],
)
def test_quotes_are_as_documented(api: TestClient, body: dict[str, Any]) -> None:
    request, answer = body_schemas(api, QUOTES, "post", "200")
    jsonschema_rs.validator_for(request).validate(body)
    jsonschema_rs.validator_for(answer).validate(api.post(QUOTES, json=body).json())


def test_orders_are_as_documented(api: serving.Client) -> None:
    """The examples too, at the price of now."""
    document, key = api.get(DOCUMENT).json(), serving.key(api, "quote", "orders")
    number = "documented-1"  # that of the example may have been placed by who tries all that is documented

    def asked(path: str, status: str, **more: Any) -> Any:
        request, answer = body_schemas(api, path, "post", status)
        operation = document["paths"][path]["post"]
        body = {**operation["requestBody"]["content"]["application/json"]["example"], **more}
        if path == "/api/orders":
            body["order_no"] = number
        jsonschema_rs.validator_for(request).validate(body)
        given = api.post(path.replace("{order_no}", number), json=body, headers=key)
        assert given.status_code == int(status)
        jsonschema_rs.validator_for(answer).validate(given.json())
        return given.json()

    total = asked("/api/orders", "409", expected_payable="0.01")["quote"]["total"]
    asked("/api/orders", "201", expected_payable=total)
    asked("/api/orders/{order_no}/pay", "200")
    asked("/api/orders/{order_no}/refunds", "201")


def test_promotions_are_as_documented(api: TestClient) -> None:
    request, answer = body_schemas(api, PROMOTIONS, "post", "201")
    body = promotion("documented", currency="CNY", stock=3)
    jsonschema_rs.validator_for(request).validate(body)
    jsonschema_rs.validator_for(answer).validate(api.post(PROMOTIONS, json=body).json())


def test_errors_are_as_documented(api: TestClient) -> None:
    error = api.get(DOCUMENT).json()["components"]["schemas"]["Error"]
    jsonschema_rs.validator_for(error).validate(api.post(QUOTES, json={}).json())
