"""How often callers may ask a running service, and who they are taken for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
import time_machine
from starlette.testclient import TestClient

from tests.http import serving
from tests.http.serving import PROMOTIONS, UNLIMITED, Client
from youhui.platform.settings import Limits

DEFAULTS = Limits().model_dump()
PROXY, CLIENT, OTHER = "203.0.113.1", "198.51.100.7", "198.51.100.8"


@pytest.fixture(autouse=True)
def _minute() -> Iterator[None]:
    """Each test begins with a minute and is over before its end."""
    with time_machine.travel(datetime(2026, 11, 11, 12, tzinfo=UTC)):
        yield


def passed(
    client: TestClient, attempts: int, headers: dict[str, str] | None = None, path: str = PROMOTIONS
) -> int:
    """How many are not refused as too many; whether they are for something else does not matter here."""
    answers = [client.get(path, headers=headers).status_code for _ in range(attempts)]
    first = answers.index(429) if 429 in answers else attempts
    assert answers[first:] == [429] * (attempts - first)
    return first


def anonymous(client: Client, peer: str = "testclient") -> TestClient:
    return TestClient(client.app, client=(peer, 50000))


@pytest.mark.parametrize(
    ("caller", "limit"), [("anonymous", 20), ("shopper", 100), ("viewer", 100), ("key", 150)]
)
def test_what_each_may_ask_in_a_minute(tmp_path: Path, caller: str, limit: int) -> None:
    with serving.client(tmp_path, limits=DEFAULTS) as client:
        headers = {
            "anonymous": {},
            "shopper": serving.shopper(client, "c1"),
            "viewer": serving.operator(client, "viewer"),
            "key": serving.key(client, "quote"),
        }
        assert passed(anonymous(client), 150, headers[caller]) == limit


def test_guessing_has_a_limit_of_its_own(tmp_path: Path) -> None:
    """Of tokens here: guessing passwords locks the account beside."""
    with serving.client(tmp_path, limits={**UNLIMITED, "log_in": "5/minute"}) as client:

        def guess(peer: str) -> int:
            return anonymous(client, peer).post("/api/token/refresh/", json={"refresh": "guess"}).status_code

        assert [guess(CLIENT) for _ in range(7)] == [401] * 5 + [429] * 2
        assert guess(OTHER) == 401
        assert passed(anonymous(client, CLIENT), 10) == 10, "other routes are not concerned"


@pytest.mark.parametrize(
    ("peer", "written", "together"),
    [
        (CLIENT, "192.0.2.{}", True),  # nobody is believed by himself
        (PROXY, "192.0.2.{}", False),  # a proxy of ours is: each is a client of its own
        (PROXY, f"192.0.2.{{}}, {CLIENT}", True),  # what the client wrote before is not
    ],
)
def test_whose_forwarding_is_believed(tmp_path: Path, peer: str, written: str, together: bool) -> None:
    limits = {**UNLIMITED, "anonymous": "3/minute"}
    with serving.client(tmp_path, limits=limits, trusted_proxies=[f"{PROXY}/32"]) as client:
        asking = anonymous(client, peer)
        answers = [
            asking.get(PROMOTIONS, headers={"x-forwarded-for": written.format(i)}).status_code
            for i in range(5)
        ]
        assert answers == ([401] * 3 + [429] * 2 if together else [401] * 5)


def test_two_nodes_count_together(tmp_path: Path, valkey_url: str) -> None:
    limits = {**UNLIMITED, "anonymous": "10/minute"}
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(serving.client(tmp_path, limits=limits, redis_url=valkey_url))
            for _ in range(2)
        )
        assert passed(anonymous(one), 6) == 6
        assert passed(anonymous(other), 1) == 1
        one.service.limits.synchronise()
        other.service.limits.synchronise()
        assert passed(anonymous(other), 10) == 3


@pytest.mark.slow
@pytest.mark.parametrize(("trusted", "passes"), [("", 3), ("127.0.0.0/8", 5)])
def test_the_server_believes_no_header_by_itself(tmp_path: Path, trusted: str, passes: int) -> None:
    """What stands before us asks from this machine, often; uvicorn would believe whatever comes from it."""
    url = f"sqlite:///{tmp_path / 'youhui.db'}"
    with serving.process(url, YOUHUI_LIMITS__ANONYMOUS="3/day", YOUHUI_TRUSTED_PROXIES=trusted) as address:
        answers = [
            httpx2.get(f"{address}{PROMOTIONS}", headers={"x-forwarded-for": f"192.0.2.{i}"}).status_code
            for i in range(5)
        ]
    assert answers == [401] * passes + [429] * (5 - passes)


@pytest.mark.slow
def test_two_processes_count_together(tmp_path: Path, valkey_url: str) -> None:
    """What one lets through the other hears of while it is asked: within half a second, long before its own limit."""
    many = 1000
    url = f"sqlite:///{tmp_path / 'youhui.db'}"

    def node() -> AbstractContextManager[str]:
        """Without a log, which nobody reads here: a full pipe would stop the server."""
        return serving.process(
            url,
            YOUHUI_LIMITS__ANONYMOUS=f"{many}/day",
            YOUHUI_REDIS_URL=valkey_url,
            YOUHUI_ACCESS_LOG="false",
        )

    with node() as one, node() as other, httpx2.Client() as client:

        def let_through(address: str) -> int:
            for count in range(many + 1):
                if client.get(f"{address}{PROMOTIONS}").status_code == 429:
                    return count
            raise AssertionError("there is no limit")

        assert let_through(one) == many
        assert let_through(other) < many
