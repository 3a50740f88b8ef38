"""What the edge logs and answers, around an application of three endpoints."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from tests.http import serving
from tests.http.serving import QUOTES, cart
from youhui.platform.edge import Call, Edge
from youhui.platform.problems import NotFound

JSON = {"content-type": "application/json"}


async def _echoed(call: Call) -> bytes:
    return call.body


async def _refused(call: Call) -> bytes:
    raise NotFound


async def _broken(call: Call) -> bytes:
    raise RuntimeError


async def _usual(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("usual")(scope, receive, send)


HOT = {"/echoed": _echoed, "/refused": _refused, "/broken": _broken}


@pytest.mark.parametrize(
    ("access_log", "path", "status", "events"),
    [
        (True, "/usual", 200, ["request"]),
        (True, "/echoed", 200, []),
        (True, "/refused", 404, ["request"]),
        (True, "/broken", 500, ["failed", "request"]),
        (False, "/usual", 200, []),
        (False, "/refused", 404, []),
        (False, "/broken", 500, ["failed"]),
    ],
)
def test_what_is_logged(access_log: bool, path: str, status: int, events: list[str]) -> None:
    client = TestClient(Edge(_usual, HOT, access_log))
    with capture_logs() as lines:
        answer = client.post(path, content=b"{}", headers=JSON)
    assert answer.status_code == status
    assert [line["event"] for line in lines] == events
    for line in lines:
        assert (line["path"], line["request_id"]) == (path, answer.headers["x-request-id"])
        assert line.get("status", status) == status


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=UTF-8", "application/a+json"]
)
def test_a_hot_endpoint_answers_json_with_the_id_of_the_request(kind: str) -> None:
    headers = {"content-type": kind, "x-request-id": "shop-4711"}
    answer = TestClient(Edge(_usual, HOT)).post("/echoed", content=b'{"a": 1}', headers=headers)
    assert answer.json() == {"a": 1}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == "8"
    assert answer.headers["x-request-id"] == "shop-4711"


def test_only_a_post_reaches_a_hot_endpoint() -> None:
    assert TestClient(Edge(_usual, HOT)).get("/echoed").text == "usual"


def test_a_quote_is_the_same_where_the_application_is_mounted_in_another(tmp_path: Path) -> None:
    """Its path is not the one that the edge knows: the router finds it."""
    at = "2026-01-15T12:00:00Z"
    with serving.client(tmp_path) as client:
        mounted = TestClient(Starlette(routes=[Mount("/shop", client.app)]))
        answer = mounted.post(f"/shop{QUOTES}", json=cart(at=at))
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == client.post(QUOTES, json=cart(at=at)).json()
