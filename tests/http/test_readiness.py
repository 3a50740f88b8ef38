"""`/healthz` and `/readyz`: what they say while the database is there, slow, full, old or gone."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.http import serving
from youhui import bootstrap
from youhui.app import create_app
from youhui.platform import migrate, readiness
from youhui.platform.settings import Settings

READY, ALIVE = "/readyz", "/healthz"
SOON = readiness.PATIENCE + 1
"""seconds in which there is an answer, whatever the database does, with some to spare"""


def checks(client: TestClient, status: int = 200) -> dict[str, Any]:
    client.headers.pop("authorization", None)  # a probe has none
    answer = client.get(READY)
    assert (answer.status_code, answer.json()["status"]) == (
        status,
        "ready" if status == 200 else "not_ready",
    )
    found: dict[str, Any] = answer.json()["checks"]
    return found


def test_ready(client: TestClient) -> None:
    found = checks(client)
    assert found["database"]["ok"] is True
    assert found["tables"] == {"ok": True, "revision": migrate.head()}
    assert found["versions"]["ok"] is True
    assert found["redis"] == {"state": "off"}


def test_anyone_may_ask_and_learns_nothing_of_where_things_are(tmp_path: Path) -> None:
    with serving.client(tmp_path) as client:
        client.headers.pop("authorization")
        for page in (READY, ALIVE):
            answer = client.get(page)
            assert answer.status_code == 200
            assert str(tmp_path) not in answer.text


def test_a_full_pool_is_not_waited_for(client: serving.Client) -> None:
    with ExitStack() as stack:
        pool = client.service.database.engine.pool
        for _ in range(15):
            stack.callback(pool.connect().close)
        assert pool.checkedout() == 15, "no other connection is given out"  # type: ignore[attr-defined]
        assert checks(client)["database"]["ok"] is True


@pytest.mark.servers
def test_a_database_that_is_gone(valkey_url: str) -> None:
    """Something listens, and does not speak the database's language: as bad as nothing."""
    port = valkey_url.split(":")[2].split("/")[0]
    url = f"mysql+pymysql://root@127.0.0.1:{port}/x"
    service = bootstrap.service(Settings(database_url=url, access_log=False))
    client = TestClient(create_app(service))  # not started: it would not
    began = time.monotonic()
    found = checks(client, 503)
    assert time.monotonic() - began < SOON
    assert found["database"] == {"ok": False, "ms": None}
    assert found["tables"] == {"ok": False, "revision": None}
    assert client.get(ALIVE).status_code == 200
    service.database.close()


def test_a_database_that_hangs_is_waited_for_once(
    client: serving.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    asked = []

    def hangs(_: object) -> str:
        asked.append(1)
        let_go.wait(30)
        return "0001"

    monkeypatch.setattr(migrate, "current", hangs)
    monkeypatch.setattr(readiness, "PATIENCE", 0.05)
    try:
        for _ in range(3):
            assert checks(client, 503)["database"]["ok"] is False
        assert len(asked) == 1
    finally:
        let_go.set()


@pytest.mark.parametrize("revision", ["base", "0001"])
def test_tables_that_are_missing(tmp_path: Path, revision: str) -> None:
    service = bootstrap.service(Settings(database_url=f"sqlite:///{tmp_path}/x.db", access_log=False))
    migrate.upgrade(service.database)
    migrate.downgrade(service.database, revision)
    client = TestClient(create_app(service))
    found = None if revision == "base" else revision
    assert checks(client, 503)["tables"] == {"ok": False, "revision": found}
    service.database.close()


def test_tables_of_a_newer_version_are_well() -> None:
    """While nodes are replaced one by one, the old ones go on."""
    assert [migrate.is_behind(one) for one in (None, "0001", migrate.head(), "9999")] == [
        True,
        True,
        False,
        False,
    ]


def test_versions_that_nobody_looked_at(client: serving.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    following = client.service.following
    following.stop()
    monkeypatch.setattr(following, "last_looked_at", time.monotonic() - readiness.FOLLOWED - 1)
    found = checks(client, 503)
    assert (found["database"]["ok"], found["versions"]["ok"]) == (True, False)


@pytest.mark.servers
def test_redis_is_information(tmp_path: Path, valkey_url: str) -> None:
    with serving.client(tmp_path, redis_url=valkey_url) as client:
        assert checks(client)["redis"] == {"state": "up"}


def test_losing_redis_does_not_make_us_unready(tmp_path: Path) -> None:
    with serving.client(tmp_path, redis_url="redis://127.0.0.1:1/0") as client:
        assert checks(client)["redis"] == {"state": "down"}
