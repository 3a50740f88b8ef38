"""What attackers try on a running service, beside odd bodies (test_hostile) and odd routes (test_access)."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from tests.http import serving
from tests.http.serving import PROMOTIONS, QUOTES, UNLIMITED, Client, bearer, cart, promotion

OPERATORS, KEYS, ME, AUDIT = (
    "/api/admin/operators",
    "/api/admin/api-keys",
    "/api/admin/me",
    "/api/admin/audit",
)


def made_up(number: int) -> dict[str, str]:
    """The header of an API key that looks like one and is none."""
    return bearer(f"yh_{number:016x}_{'0' * 64}")


def test_a_flood_of_made_up_keys_is_no_flood_of_queries(tmp_path: Path) -> None:
    """Who was good before is let in all the while, and so is everybody else."""
    limits = {**UNLIMITED, "anonymous": "5/minute"}
    with serving.client(tmp_path, limits=limits) as client:
        good = serving.key(client, "quote")
        assert client.post(QUOTES, json=cart(), headers=good).status_code == 200
        client.service.identities.forget()  # as if some seconds had passed
        sent: list[str] = []
        event.listen(client.service.database.engine, "before_cursor_execute", lambda *a: sent.append(a[2]))
        answers = [client.post(QUOTES, json=cart(), headers=made_up(n)).status_code for n in range(50)]
        assert answers == [401] * 5 + [429] * 45
        assert sum("api_keys" in statement for statement in sent) == 5
        assert client.post(QUOTES, json=cart(), headers=good).status_code == 200
        assert client.post(QUOTES, json=cart(), headers=serving.operator(client, "viewer")).status_code == 200
        elsewhere = TestClient(client.app, client=("198.51.100.7", 1))
        assert elsewhere.post(QUOTES, json=cart(), headers=made_up(99)).status_code == 401


def test_one_old_key_does_not_close_its_address(tmp_path: Path) -> None:
    """A forgotten server that goes on with a deleted key stands beside one that has just been given its first."""
    with serving.client(tmp_path, limits={**UNLIMITED, "anonymous": "5/minute"}) as client:
        for _ in range(20):
            client.post(QUOTES, json=cart(), headers=made_up(1))
        assert client.post(QUOTES, json=cart(), headers=serving.key(client, "quote")).status_code == 200


def test_an_outage_is_nobodys_guess(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving.client(tmp_path, limits={**UNLIMITED, "anonymous": "2/minute"}) as client:
        good = serving.key(client, "quote")
        with monkeypatch.context() as outage:
            outage.setattr(client.service.identities, "_found", _unavailable)
            for _ in range(5):
                assert client.post(QUOTES, json=cart(), headers=good).status_code == 503
        assert client.post(QUOTES, json=cart(), headers=good).status_code == 200


def _unavailable(*_: object) -> None:
    from youhui.platform.problems import Unavailable

    raise Unavailable


@pytest.mark.parametrize("instant", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
def test_an_instant_that_no_calendar_has_in_utc(client: Client, instant: str) -> None:
    answer = client.post(KEYS, json={"name": "shop", "expires_at": instant})
    assert (answer.status_code, [fault["path"] for fault in answer.json()["details"]]) == (
        400,
        ["expires_at"],
    )


# What browsers and caches on the way make of answers


def test_answers_with_secrets_are_kept_by_nobody(client: Client) -> None:
    made = client.post(KEYS, json={"name": "shop"})
    rotated = client.post(f"{KEYS}/{made.json()['id']}/rotate")
    new = client.post(OPERATORS, json={"name": "li", "role": "viewer"})
    login = {"username": "li", "password": new.json()["password"]}
    pair = client.post("/api/admin/login/", json=login)
    refreshed = client.post("/api/token/refresh/", json={"refresh": pair.json()["refresh"]})
    token = client.post("/api/shopper-tokens", json={"customer_id": 1}, headers=bearer(rotated.json()["key"]))
    for answer in (made, rotated, new, pair, refreshed, token):
        assert answer.is_success
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/healthz", "/docs", "/api/openapi.json", "/metrics", PROMOTIONS, "/nowhere", AUDIT]
)
def test_nothing_is_taken_for_what_it_is_not(client: Client, path: str) -> None:
    assert client.get(path).headers["x-content-type-options"] == "nosniff"


def test_the_page_of_the_documentation_runs_its_own_scripts_only(client: Client) -> None:
    policy = client.get("/docs").headers["content-security-policy"]
    scripts = policy.split("script-src ")[1].split(";")[0]
    assert scripts.startswith("'self' 'sha256-")
    assert "unsafe" not in scripts
    assert "frame-ancestors 'none'" in policy


# What lies on the disk


def test_the_database_is_its_owners_only(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'youhui.db'}"  # which the service makes itself
    (tmp_path / "new").mkdir()
    with serving.client(tmp_path, database_url=url) as client:
        assert client.post(PROMOTIONS, json=promotion()).status_code == 201
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("new/youhui.db*")}
    assert len(modes) == 3
    assert set(modes.values()) == {0o600}


# What is said and kept of an incident


def test_what_was_not_available_is_in_the_log_and_not_in_the_answer(client: Client, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "youhui.db", isolation_level=None)
    other.execute("DROP TABLE promotions")
    other.close()
    with capture_logs() as lines:
        answer = client.get(PROMOTIONS)
    assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
    assert "promotions" not in answer.text
    assert [(line["request_id"], line["error"]) for line in lines if line["event"] == "unavailable"] == [
        (answer.headers["x-request-id"], "no such table: promotions")
    ]


def test_logging_out_is_in_the_audit_log(client: Client) -> None:
    made = client.post(OPERATORS, json={"name": "li", "role": "viewer"}).json()
    pair = client.post("/api/admin/login/", json={"username": "li", "password": made["password"]}).json()
    for _ in range(2):  # the second time there is nothing left to end
        client.post("/api/admin/logout/", json={"refresh": pair["refresh"]})
    (entry,) = client.get(AUDIT, params={"action": "operator.log_out"}).json()["results"]
    assert (entry["actor"], entry["object"]) == (f"viewer:{made['id']}", f"operator:{made['id']}")


def test_who_was_locked_out_is_let_in_by_an_admin(client: Client) -> None:
    """Else anyone who knows a name could keep its owner out for as long as he likes."""
    made = client.post(OPERATORS, json={"name": "li", "role": "viewer"}).json()
    wrong = {"username": "li", "password": "wrong"}
    while client.post("/api/admin/login/", json=wrong).status_code != 429:
        pass
    client.patch(f"{OPERATORS}/{made['id']}", json={"password": "correct horse"})
    answer = client.post("/api/admin/login/", json={"username": "li", "password": "correct horse"})
    assert answer.status_code == 200


def test_lookups_of_callers_are_counted(client: Client) -> None:
    headers = serving.key(client, "quote")
    for _ in range(3):
        client.post(QUOTES, json=cart(), headers=headers)
    numbers = client.get("/metrics").text
    assert 'youhui_cache_total{cache="identities",result="miss"} 2.0' in numbers
    assert 'youhui_cache_total{cache="identities",result="hit"} 2.0' in numbers


def test_each_source_of_rules_has_its_version_on_the_probe(client: Client) -> None:
    before = client.get("/healthz").json()
    client.post(PROMOTIONS, json=promotion())
    client.put(
        "/api/directory/products",
        content=b'{"id": "mug", "name": "Mug", "price": "60.00"}',
        headers={"content-type": "application/x-ndjson"},
    )
    after = client.get("/healthz").json()
    moved = {name: after[name] - before[name] for name in after if name != "status"}
    assert moved == {"rules_version": 1, "discounts_version": 0, "directory_version": 1}
