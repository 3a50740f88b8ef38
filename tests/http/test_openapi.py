"""The OpenAPI document says what the routes do, and no request that it allows breaks them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from starlette.testclient import TestClient

from tests.http import serving
from tests.http.serving import PROMOTIONS, QUOTES, cart, line, promotion
from youhui.checkout.http import EXAMPLE

DOCUMENT = "/api/openapi.json"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serving.client(tmp_path_factory.mktemp("openapi")) as client:
        client.post(PROMOTIONS, json=promotion(code="SAVE10"))
        yield client


@pytest.mark.slow
def test_no_request_breaks_the_service(api: TestClient) -> None:
    schema = schemathesis.openapi.from_asgi(DOCUMENT, api.app)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()

        @given(
            case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
            | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
        )
        @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        def holds(case: Any) -> None:
            case.call_and_validate(checks=[not_a_server_error])

        holds()


def test_every_route_is_documented(api: TestClient) -> None:
    paths = api.get(DOCUMENT).json()["paths"]
    assert {path: sorted(operations) for path, operations in paths.items()} == {
        QUOTES: ["post"],
        PROMOTIONS: ["get", "post"],
        f"{PROMOTIONS}/{{id}}": ["delete", "get", "put"],
        "/healthz": ["get"],
    }


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


def test_promotions_are_as_documented(api: TestClient) -> None:
    request, answer = body_schemas(api, PROMOTIONS, "post", "201")
    body = promotion("documented", currency="CNY", units_left=3)
    jsonschema_rs.validator_for(request).validate(body)
    jsonschema_rs.validator_for(answer).validate(api.post(PROMOTIONS, json=body).json())


def test_errors_are_as_documented(api: TestClient) -> None:
    error = api.get(DOCUMENT).json()["components"]["schemas"]["Error"]
    jsonschema_rs.validator_for(error).validate(api.post(QUOTES, json={}).json())
