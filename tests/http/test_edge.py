"""What the edge logs, refuses and hands on, around an application that says what reached it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from tests.http import serving
from tests.http.serving import QUOTES, cart
from youhui.platform.access import Access, Allowed, Table
from youhui.platform.edge import MOST, Call, Edge, Hot, call_of
from youhui.platform.guard import Guard
from youhui.platform.principals import Principal, Role
from youhui.platform.problems import NotFound, Unauthenticated
from youhui.platform.ratelimit import Rate, RateLimits

JSON = {"content-type": "application/json"}
ANYONE: frozenset[Role] = frozenset({"anonymous", "shopper", "storefront", "admin"})
ADMIN: frozenset[Role] = frozenset({"admin"})
TABLE: Table = {
    **{("POST", f"/{name}"): Allowed(ANYONE) for name in ("usual", "echoed", "created", "refused", "broken")},
    ("GET", "/echoed"): Allowed(ANYONE),
    ("GET", "/secret"): Allowed(ADMIN),
    ("GET", "/scoped"): Allowed(ADMIN | {"storefront"}, scope="directory"),
    ("GET", "/with/"): Allowed(ANYONE),
    ("GET", "/items/{id}"): Allowed(ANYONE),
    ("PUT", "/items/{id}"): Allowed(ADMIN),
    ("GET", "/files/{file:path}"): Allowed(ANYONE),
    ("POST", "/streamed"): Allowed(ANYONE, streamed=True),
    ("GET", "/limited"): Allowed(ANYONE),
    ("GET", "/probe"): Allowed(ANYONE, free=True),
}
CALLERS = {
    "admin": Principal("admin", "1"),
    "shopper": Principal("shopper", "c1"),
    "key": Principal("storefront", "k1", frozenset({"quote"})),
    "directory key": Principal("storefront", "k2", frozenset({"directory"})),
}


class Known:
    """Credentials are the names of callers; only the admin's are in memory."""

    def held(self, credentials: str) -> Principal | None:
        return CALLERS[credentials] if credentials == "admin" else None

    def doubtful(self, credentials: str) -> bool:
        return credentials.startswith("guess")

    def identify(self, credentials: str) -> Principal:
        if credentials not in CALLERS:
            raise Unauthenticated
        return CALLERS[credentials]


async def _echoed(call: Call) -> bytes:
    return call.body


async def _refused(call: Call) -> bytes:
    raise NotFound


async def _broken(call: Call) -> bytes:
    raise RuntimeError


async def _usual(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    body = [len(part) async for part in request.stream()]
    call = call_of(scope)
    said = {"path": scope["path"], "read": sum(body), "caller": call.principal.name, "address": call.address}
    await JSONResponse(said, 202)(scope, receive, send)


HOT = {
    ("POST", "/echoed"): Hot(_echoed),
    ("POST", "/created"): Hot(_echoed, 201),
    ("POST", "/refused"): Hot(_refused),
    ("POST", "/broken"): Hot(_broken),
}


def edge(rate: Rate | None = None, **more: Any) -> TestClient:
    guard = Guard(Access(TABLE), Known(), RateLimits({"anonymous": rate, "shopper": rate}))
    return TestClient(Edge(_usual, HOT, guard, **more))


def bearer(caller: str) -> dict[str, str]:
    return {"authorization": f"Bearer {caller}"} if caller else {}


@pytest.mark.parametrize(
    ("access_log", "path", "status", "events"),
    [
        (True, "/usual", 202, ["request"]),
        (True, "/echoed", 200, []),
        (True, "/refused", 404, ["request"]),
        (True, "/broken", 500, ["failed", "request"]),
        (True, "/nowhere", 404, ["request"]),
        (False, "/usual", 202, []),
        (False, "/refused", 404, []),
        (False, "/broken", 500, ["failed"]),
    ],
)
def test_what_is_logged(access_log: bool, path: str, status: int, events: list[str]) -> None:
    with capture_logs() as lines:
        answer = edge(access_log=access_log).post(path, content=b"{}", headers=JSON)
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
    answer = edge().post("/echoed", content=b'{"a": 1}', headers=headers)
    assert answer.json() == {"a": 1}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == "8"
    assert answer.headers["x-request-id"] == "shop-4711"


def test_only_its_method_reaches_a_hot_endpoint() -> None:
    assert edge().get("/echoed").json()["path"] == "/echoed"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/", 404),
        ("GET", "", 404),
        ("GET", "//echoed", 404),
        ("GET", "/items", 404),
        ("GET", "/items/1/more", 404),
        ("GET", "/items//", 404),
        ("GET", "/files", 202),
        ("GET", "/files/", 202),
        ("GET", "/files/a/b.js", 202),
        ("GET", "/echoed/%2E%2E/secret", 404),
        ("GET", "/items/a%2Fb", 404),
        ("GET", "/items/1", 202),
        ("GET", "/items/%E6%8A%98", 202),
        ("DELETE", "/items/1", 405),
        ("TRACE", "/usual", 405),
        ("BREW", "/usual", 405),
    ],
)
def test_what_the_table_does_not_name_is_not_there(method: str, path: str, status: int) -> None:
    """Whoever asks: an admin too."""
    answer = edge().request(method, f"http://testserver{path}", headers=bearer("admin"))
    assert answer.status_code == status
    if status == 405:
        assert answer.headers["allow"] == ("GET, PUT" if "items" in path else "POST")


@pytest.mark.parametrize(
    ("asked", "reached"),
    [("/with/", "/with/"), ("/with", "/with/"), ("/usual/", "/usual"), ("/items/7/", "/items/7")],
)
def test_a_slash_more_or_less_at_the_end_does_not_matter(asked: str, reached: str) -> None:
    method = "POST" if "usual" in asked else "GET"
    answer = edge().request(method, asked, follow_redirects=False)
    assert (answer.status_code, answer.json()["path"]) == (202, reached)


@pytest.mark.parametrize(
    ("path", "caller", "status"),
    [
        ("/secret", "", 401),
        ("/secret", "nobody", 401),
        ("/secret", "shopper", 403),
        ("/secret", "key", 403),
        ("/secret", "admin", 202),
        ("/scoped", "", 401),
        ("/scoped", "shopper", 403),
        ("/scoped", "key", 403),
        ("/scoped", "directory key", 202),
        ("/scoped", "admin", 202),
        ("/items/1", "", 202),
        ("/items/1", "shopper", 202),
        ("/items/1", "nobody", 401),  # who sends credentials wants to be known by them
    ],
)
def test_who_may(path: str, caller: str, status: int) -> None:
    answer = edge().get(path, headers=bearer(caller))
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    if status == 202:
        assert answer.json()["caller"] == (CALLERS[caller].name if caller else "anonymous")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer admin", 202),
        ("bearer  admin ", 202),
        ("Basic admin", 401),
        ("admin", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("", 401),
        ("Bearer ø\x7f", 401),
    ],
)
def test_credentials_come_as_a_bearer_token(header: str, status: int) -> None:
    headers = {"authorization": header.encode("latin-1")}
    assert edge().get("/secret", headers=headers).status_code == status  # type: ignore[arg-type]


def test_a_body_that_is_streamed_is_not_read_before() -> None:
    """Any type and any length: the endpoint sees to it."""
    body = b"a,b\n" * (MOST // 2)
    answer = edge().post("/streamed", content=body, headers={"content-type": "text/csv"})
    assert answer.json()["read"] == len(body)
    usual = edge().post("/usual", content=body, headers=JSON)
    assert (usual.status_code, usual.json()["error"]) == (413, "BODY_TOO_LARGE")
    assert edge().post("/usual", content=b"a,b", headers={"content-type": "text/csv"}).status_code == 400


def test_who_may_not_is_refused_before_the_body_is_read() -> None:
    answer = edge().request("PUT", "/items/1", content=b"x" * (MOST + 1), headers=JSON)
    assert answer.status_code == 401


def test_every_answer_is_observed_once_by_its_route() -> None:
    seen: list[tuple[str, str, int]] = []

    def observe(method: str, template: str, status: int, seconds: float) -> None:
        assert 0 <= seconds < 60
        seen.append((method, template, status))

    client = edge(observe=observe)
    client.get("/items/1")
    client.get("/items/2/")
    client.get("/nowhere/4711")
    client.post("/echoed", content=b"{}", headers=JSON)
    client.post("/refused", content=b"{}", headers=JSON)
    client.post("/broken", content=b"{}", headers=JSON)
    assert seen == [
        ("GET", "/items/{id}", 202), ("GET", "/items/{id}", 202), ("GET", "", 404),
        ("POST", "/echoed", 200), ("POST", "/refused", 404), ("POST", "/broken", 500),
    ]  # fmt: skip


def test_who_asks_too_often_is_told_how_long_to_wait() -> None:
    client = edge(Rate(2, 60))
    assert [client.get("/limited").status_code for _ in range(3)] == [202, 202, 429]
    answer = client.get("/limited", headers={"accept-language": "en"})
    seconds = int(answer.headers["retry-after"])
    assert 1 <= seconds <= 61
    assert answer.json()["error"] == "RATE_LIMITED"
    assert answer.json()["message"] == f"Too many requests; try again in {seconds} s"
    assert client.get("/probe").status_code == 202, "probes are not counted"
    assert client.get("/limited", headers=bearer("shopper")).status_code == 202, "each caller by itself"


def test_guessing_credentials_is_counted_like_asking_without() -> None:
    client = edge(Rate(3, 60))
    guesses = [client.get("/secret", headers=bearer(f"guess-{i}")).status_code for i in range(5)]
    assert guesses == [401, 401, 401, 429, 429]
    assert client.get("/probe", headers=bearer("guess")).status_code == 202, "a probe asks nobody who it is"


def test_the_address_is_the_peers_or_what_is_made_of_it() -> None:
    def address(peer: str, headers: Mapping[bytes, bytes]) -> str:
        return f"{peer} for {headers[b'x-forwarded-for'].decode()}"

    headers = {"x-forwarded-for": "198.51.100.7"}
    assert edge().get("/items/1", headers=headers).json()["address"] == "testclient"
    assert (
        edge(address=address).get("/items/1", headers=headers).json()["address"]
        == "testclient for 198.51.100.7"
    )


def test_a_quote_is_the_same_where_the_application_is_mounted_in_another(tmp_path: Path) -> None:
    at = "2026-01-15T12:00:00Z"
    with serving.client(tmp_path) as client:
        mounted = TestClient(Starlette(routes=[Mount("/shop", client.app)]))
        answer = mounted.post(f"/shop{QUOTES}", json=cart(at=at), headers=client.headers)
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == client.post(QUOTES, json=cart(at=at)).json()
