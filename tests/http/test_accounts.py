"""Logging in, operators, API keys, tokens of shoppers and the audit log, as their callers see them."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from tests.http import serving
from tests.http.serving import PROMOTIONS, QUOTES, Client, bearer, cart
from tests.unit.test_tokens import SHARED, Clock, claims, unchecked
from youhui.cli import demo

LOGIN, REFRESH, LOGOUT = "/api/admin/login/", "/api/token/refresh/", "/api/admin/logout/"
ME, PASSWORD = "/api/admin/me", "/api/admin/me/password"
OPERATORS, KEYS, AUDIT = "/api/admin/operators", "/api/admin/api-keys", "/api/admin/audit"
SHOPPERS = "/api/shopper-tokens"
JSON = {"content-type": "application/json"}
GOOD = "correct horse"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(tmp_path: Path, clock: Clock) -> Iterator[Client]:
    with serving.client(tmp_path, clock) as made:
        yield made


def add(client: TestClient, name: str = "li", role: str = "operator") -> dict[str, Any]:
    answer = client.post(OPERATORS, json={"name": name, "role": role, "password": GOOD})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def log_in(client: TestClient, name: str = "li", password: str = GOOD) -> Any:
    return client.post(LOGIN, json={"username": name, "password": password})


def refused(answer: Any, status: int, code: str) -> list[str]:
    """The paths of what is wrong."""
    assert (answer.status_code, answer.json()["error"]) == (status, code), answer.text
    return [fault["path"] for fault in answer.json()["details"]]


# Logging in


def test_log_in_refresh_and_log_out(client: Client) -> None:
    made = add(client)
    pair = log_in(client, " LI ").json()
    assert sorted(pair) == ["access", "expires_in", "refresh", "role"]
    assert (pair["role"], pair["expires_in"]) == ("operator", 900)
    assert client.get(ME, headers=bearer(pair["access"])).json() == {
        "id": made["id"], "name": "li", "role": "operator",
    }  # fmt: skip
    following = client.post(REFRESH, json={"refresh": pair["refresh"]}).json()
    assert client.get(ME, headers=bearer(following["access"])).status_code == 200
    assert client.post(LOGOUT, json={"refresh": following["refresh"]}).status_code == 204
    for one in (pair, following):
        refused(client.get(ME, headers=bearer(one["access"])), 401, "UNAUTHENTICATED")
        refused(client.post(REFRESH, json={"refresh": one["refresh"]}), 401, "UNAUTHENTICATED")


def test_nobody_learns_what_was_wrong(client: Client) -> None:
    add(client, "gone")
    disabled = client.get(OPERATORS).json()["results"][-1]
    client.patch(f"{OPERATORS}/{disabled['id']}", json={"active": False})
    add(client)
    answers = [log_in(client, name, password) for name, password in
               (("li", "wrong"), ("nobody", "wrong"), (disabled["name"], GOOD), ("", ""), ("a b", GOOD))]  # fmt: skip
    bodies = {json.dumps({**answer.json(), "request_id": ""}) for answer in answers}
    assert len(bodies) == 1
    assert [answer.status_code for answer in answers] == [401] * 5
    assert refused(answers[0], 401, "WRONG_CREDENTIALS") == []


def test_after_failures_the_account_is_locked(client: Client, clock: Clock) -> None:
    add(client)
    for _ in range(5):
        refused(log_in(client, password="wrong"), 401, "WRONG_CREDENTIALS")
    locked = log_in(client)
    refused(locked, 429, "LOGIN_LOCKED")
    assert locked.headers["retry-after"] == "30"
    clock.turn(seconds=30)
    assert log_in(client).status_code == 200


def test_changing_ones_password(client: Client) -> None:
    add(client)
    mine = bearer(log_in(client).json()["access"])
    for current, new, path in (("wrong", "a better one", "current"), (GOOD, "x", "new"), (GOOD, "li", "new")):
        answer = client.post(PASSWORD, json={"current": current, "new": new}, headers=mine)
        assert refused(answer, 400, "VALIDATION_ERROR") == [path]
    answer = client.post(PASSWORD, json={"current": GOOD, "new": "a better one"}, headers=mine)
    assert answer.status_code == 204
    refused(client.get(ME, headers=mine), 401, "UNAUTHENTICATED")
    refused(log_in(client), 401, "WRONG_CREDENTIALS")
    assert log_in(client, password="a better one").status_code == 200


# Operators


def test_operators_are_added_listed_changed_and_deleted(client: Client) -> None:
    answer = client.post(OPERATORS, json={"name": "Zhang", "role": "viewer"})
    made = answer.json()
    assert (made["name"], made["role"], made["active"], answer.headers["etag"]) == (
        "zhang",
        "viewer",
        True,
        '"1"',
    )
    assert log_in(client, "zhang", made["password"]).status_code == 200
    assert add(client)["password"] is None
    listed = client.get(OPERATORS, params={"page_size": 2}).json()
    assert ([one["name"] for one in listed["results"]][-1], listed["total"]) == ("li", 3)
    assert "password" not in json.dumps(listed)
    one = f"{OPERATORS}/{made['id']}"
    changed = client.patch(one, json={"role": "operator"}, headers={"if-match": '"1"'})
    assert (changed.json()["role"], changed.headers["etag"]) == ("operator", '"2"')
    refused(
        client.patch(one, json={"role": "admin"}, headers={"if-match": '"1"'}), 412, "PRECONDITION_FAILED"
    )
    refused(client.delete(one, headers={"if-match": '"1"'}), 412, "PRECONDITION_FAILED")
    assert client.delete(one).status_code == 204
    refused(client.delete(one), 404, "OPERATOR_NOT_FOUND")
    refused(client.patch(one, json={}), 404, "OPERATOR_NOT_FOUND")


def test_what_an_operator_cannot_be(client: Client) -> None:
    add(client)
    refused(client.post(OPERATORS, json={"name": "LI", "role": "viewer"}), 409, "OPERATOR_EXISTS")
    root = client.get(ME).json()["id"]
    for change in ({"role": "viewer"}, {"active": False}):
        refused(client.patch(f"{OPERATORS}/{root}", json=change), 409, "LAST_ADMIN")
    refused(client.delete(f"{OPERATORS}/{root}"), 409, "LAST_ADMIN")


# API keys and tokens of shoppers


def test_a_key_is_shown_once_and_does_what_its_scopes_say(client: Client) -> None:
    made = client.post(KEYS, json={"name": "web shop", "scopes": ["quote"]}).json()
    assert made["key"].startswith(made["prefix"])
    mine = bearer(made["key"])
    assert client.post(QUOTES, json=cart(), headers=mine).status_code == 200
    refused(client.post(SHOPPERS, json={"customer_id": "c1"}, headers=mine), 403, "FORBIDDEN")
    refused(client.get(PROMOTIONS, headers=mine), 403, "FORBIDDEN")
    (listed,) = client.get(KEYS).json()["results"]
    assert listed == {key: value for key, value in made.items() if key != "key"}
    assert client.delete(f"{KEYS}/{made['id']}").status_code == 204
    refused(client.post(QUOTES, json=cart(), headers=mine), 401, "UNAUTHENTICATED")
    refused(client.delete(f"{KEYS}/{made['id']}"), 404, "API_KEY_NOT_FOUND")


def test_a_rotated_key_keeps_its_old_secret_for_a_while(client: Client, clock: Clock) -> None:
    old = client.post(KEYS, json={"name": "shop", "expires_at": "2027-01-01T00:00:00+08:00"}).json()
    new = client.post(f"{KEYS}/{old['id']}/rotate").json()
    assert (new["id"], new["expires_at"]) == (old["id"], "2026-12-31T16:00:00Z")
    assert new["previous_until"] == "2026-11-12T12:00:00Z"
    for key in (old, new):
        assert client.post(QUOTES, json=cart(), headers=bearer(key["key"])).status_code == 200
    clock.turn(hours=24)
    refused(client.post(QUOTES, json=cart(), headers=bearer(old["key"])), 401, "UNAUTHENTICATED")
    newest = client.post(
        f"{KEYS}/{old['id']}/rotate", json={"grace_hours": 0}, headers=serving.operator(client, "admin")
    )
    refused(client.post(QUOTES, json=cart(), headers=bearer(new["key"])), 401, "UNAUTHENTICATED")
    assert client.post(QUOTES, json=cart(), headers=bearer(newest.json()["key"])).status_code == 200


def test_a_token_for_a_customer_ends_with_its_key(client: Client, clock: Clock) -> None:
    made = client.post(KEYS, json={"name": "shop"}).json()
    answer = client.post(SHOPPERS, json={"customer_id": 1001}, headers=bearer(made["key"])).json()
    theirs = bearer(answer["token"])
    assert answer["expires_in"] == 900
    assert client.get("/api/discounts/", headers=theirs).status_code == 200
    refused(client.get(PROMOTIONS, headers=theirs), 403, "FORBIDDEN")
    refused(client.get(ME, headers=theirs), 403, "FORBIDDEN")
    assert client.delete(f"{KEYS}/{made['id']}").status_code == 204
    refused(client.get("/api/discounts/", headers=theirs), 401, "UNAUTHENTICATED")


def test_a_token_of_the_shops_own_issuer(tmp_path: Path, clock: Clock) -> None:
    issuer = {"issuer": "https://shop.example", "audience": "youhui", "secret": SHARED, "algorithm": "HS256"}
    with serving.client(tmp_path, clock, jwt={**issuer, "customer_claim": "customer"}) as client:
        theirs = bearer(unchecked(claims(customer=1001), SHARED))
        assert client.get("/api/discounts/", headers=theirs).status_code == 200
        refused(client.get(ME, headers=theirs), 403, "FORBIDDEN")
        for wrong in (claims(customer=None), claims(customer="a b"), claims(customer=1, aud="other")):
            answer = client.get("/api/discounts/", headers=bearer(unchecked(wrong, SHARED)))
            refused(answer, 401, "UNAUTHENTICATED")


def test_an_issuer_that_is_away_is_nobodys_fault(tmp_path: Path, clock: Clock) -> None:
    """Neither are other callers kept out."""
    issuer = {"issuer": "https://shop.example", "audience": "youhui", "jwks_url": "http://127.0.0.1:1/keys"}
    with serving.client(tmp_path, clock, jwt=issuer) as client:
        token = unchecked(claims(), SHARED).split(".")
        header = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im9uZSJ9"  # {"alg":"RS256","kid":"one"}
        answer = client.post(QUOTES, json=cart(), headers=bearer(".".join([header, *token[1:]])))
        refused(answer, 503, "UNAVAILABLE")
        assert answer.headers["retry-after"] == "1"
        assert client.post(QUOTES, json=cart()).status_code == 200


# The audit log


def test_the_audit_log_is_filtered(client: Client) -> None:
    made = add(client)
    client.patch(f"{OPERATORS}/{made['id']}", json={"password": "another password"})
    log_in(client, password="wrong")
    about = f"operator:{made['id']}"
    found = client.get(AUDIT, params={"object": about}).json()
    assert [one["action"] for one in found["results"]] == [
        "operator.log_in_failed", "operator.update", "operator.create",
    ]  # fmt: skip
    assert found["results"][1]["before"] == {"name": "li", "role": "operator", "active": True}
    assert found["results"][1]["after"] == {**found["results"][1]["before"], "password": "changed"}
    me = f"admin:{client.get(ME).json()['id']}"
    assert client.get(AUDIT, params={"actor": me, "action": "operator.create"}).json()["total"] == 1
    assert client.get(AUDIT, params={"actor": "anonymous"}).json()["total"] == 1
    assert client.get(AUDIT, params={"action": "nothing"}).json()["total"] == 0


def test_no_secret_is_logged(tmp_path: Path) -> None:
    with serving.client(tmp_path, access_log=True) as client, capture_logs() as lines:
        add(client)
        pair = log_in(client).json()
        log_in(client, password="guessed-password")
        key = client.post(KEYS, json={"name": "shop"}).json()["key"]
        client.post(QUOTES, json=cart(), headers=bearer(f"{key}x"))
    said = json.dumps(lines, default=str)
    assert lines
    for secret in (GOOD, "guessed-password", pair["access"], pair["refresh"], key):
        assert secret not in said


# What nobody should send


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serving.client(tmp_path_factory.mktemp("hostile")) as made:
        yield made


def every_key(value: object) -> bytes:
    """A body that has each key that a route asks for, and with it too many."""
    keys = ("username", "password", "name", "current", "new", "refresh", "customer_id")
    return json.dumps(dict.fromkeys(keys, value)).encode()


BODIES = {
    "nothing": b"",
    "a list": b"[]",
    "half a document": b'{"username": ',
    "100,000 brackets": b"[" * 100_000,
    "not UTF-8": b'{"username": "\xff"}',
    "keys too many": every_key("a"),
    "true": every_key(True),
    "NULs": every_key("a\0"),
    "half a surrogate pair": every_key("\ud800"),
    "long texts": every_key("x" * 9999),
    "5,000 digits": b'{"customer_id": ' + b"9" * 5000 + b', "username": ' + b"9" * 5000 + b"}",
}
ROUTES = [LOGIN, REFRESH, LOGOUT, PASSWORD, OPERATORS, KEYS, SHOPPERS]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_hostile_body_is_refused(shared: Client, route: str, body: bytes) -> None:
    header = serving.key(shared, "shoppers") if route == SHOPPERS else {}
    refused(shared.post(route, content=body, headers={**JSON, **header}), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", f"{OPERATORS}/0"),
        ("PATCH", f"{OPERATORS}/{2**63}"),
        ("DELETE", f"{OPERATORS}/-1"),
        ("DELETE", f"{OPERATORS}/x"),
        ("DELETE", f"{KEYS}/%00"),
        ("DELETE", f"{KEYS}/%ff%fe"),
        ("POST", f"{KEYS}/{'0' * 99}/rotate"),
        ("GET", f"{AUDIT}?object=%00"),
        ("GET", f"{AUDIT}?actor={'x' * 101}"),
        ("GET", f"{AUDIT}?page=0"),
    ],
)
def test_a_hostile_address_is_refused(shared: Client, method: str, path: str) -> None:
    content, header = (b"{}", JSON) if method == "PATCH" else (b"", {})
    refused(shared.request(method, path, content=content, headers=header), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "shop", "scopes": []}, "scopes"),
        ({"name": "shop", "scopes": ["everything"]}, "scopes.0"),
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "shop", "expires_at": "2026-11-11T12:00:00Z"}, "expires_at"),
        ({"name": "shop", "expires_at": "2027-01-01T00:00:00"}, "expires_at"),
        ({"name": "shop", "expires_at": 1e300}, "expires_at"),
    ],
)
def test_what_is_no_key(shared: Client, body: dict[str, Any], path: str) -> None:
    assert refused(shared.post(KEYS, json=body), 400, "VALIDATION_ERROR") == [path]


# The first start


def test_the_demos_token_is_an_operators(client: Client) -> None:
    for _ in range(2):
        theirs = bearer(demo.token(client.service))
        assert client.get(ME, headers=theirs).json()["role"] == "operator"


@pytest.mark.slow
def test_the_first_start_makes_an_admin_and_says_its_password_once(tmp_path: Path) -> None:
    database, said = f"sqlite:///{tmp_path / 'youhui.db'}", tmp_path / "said"
    with said.open("w") as errors, serving.process(database, errors=errors, YOUHUI_SECRET_KEY="") as address:
        (password,) = re.findall(r"^ +admin +(\S+)$", said.read_text(), re.MULTILINE)
        body = {"username": "admin", "password": password}
        pair = httpx2.post(f"{address}{LOGIN}", json=body).json()
        assert pair["role"] == "admin"
    key = tmp_path / "secret.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with said.open("w") as errors, serving.process(database, errors=errors, YOUHUI_SECRET_KEY="") as address:
        assert "admin" not in said.read_text()
        me = httpx2.get(f"{address}{ME}", headers=bearer(pair["access"]))
        assert me.json()["name"] == "admin"
