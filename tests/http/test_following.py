"""Two server processes on one database: what is changed through one, the other prices by (P16).

Stale for at most 2 s, or 5 s; the bounds here are wider only for a machine that is busy with other tests.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack

import httpx2
import pytest

from tests import servers
from tests.conftest import do_without
from tests.http import serving
from tests.http.serving import PROMOTIONS, QUOTES, cart, promotion
from youhui.checkout.following import INTERVAL

pytestmark = pytest.mark.slow

BOUND = 10.0


class Node:
    """One process."""

    def __init__(self, address: str, admin: dict[str, str], key: dict[str, str]) -> None:
        self._address = address
        self._admin = admin
        self._key = key

    def add(self, name: str) -> None:
        answer = httpx2.post(f"{self._address}{PROMOTIONS}", json=promotion(name), headers=self._admin)
        assert answer.status_code == 201

    def remove(self, name: str) -> None:
        assert httpx2.delete(f"{self._address}{PROMOTIONS}/{name}", headers=self._admin).status_code == 204

    def total(self) -> str:
        answered: str = httpx2.post(f"{self._address}{QUOTES}", json=cart(), headers=self._key).json()[
            "total"
        ]
        return answered

    def version(self) -> int:
        answered: int = httpx2.get(f"{self._address}/healthz").json()["rules_version"]
        return answered

    def comes_to(self, total: str) -> bool:
        end = time.monotonic() + BOUND
        while time.monotonic() < end:
            if self.total() == total:
                return True
        return False


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def nodes(stack: ExitStack, database: str, **settings: str) -> tuple[Node, Node]:
    def node() -> AbstractContextManager[str]:
        return serving.process(database, errors=None, **settings)

    addresses = [stack.enter_context(node()) for _ in range(2)]
    admin, key = serving.admin(database), serving.storefront(database, "quote")
    one, other = (Node(address, admin, key) for address in addresses)
    return one, other


def follow_each_other(one: Node, other: Node) -> None:
    """What a node has written it prices by at once, the other soon."""
    one.add("p1")
    assert one.total() == "110.00"
    assert other.comes_to("110.00")
    assert other.version() == one.version()
    other.add("p2")
    other.remove("p1")
    other.remove("p2")
    assert other.total() == "120.00"
    assert one.comes_to("120.00")
    assert one.version() == other.version()


def test_by_looking_or_by_what_the_database_offers(stack: ExitStack, database_url: str) -> None:
    """On PostgreSQL they tell each other, on the others they look every second."""
    assert INTERVAL <= 1
    follow_each_other(*nodes(stack, database_url))


def test_by_valkey_and_without_it_when_it_dies(
    stack: ExitStack, mariadb_server: servers.DatabaseServer
) -> None:
    database, valkey = stack.enter_context(mariadb_server.database()), stack.enter_context(ExitStack())
    try:
        url = valkey.enter_context(servers.valkey())
    except servers.Unavailable as reason:
        do_without(reason)
    one, other = nodes(stack, database, YOUHUI_REDIS_URL=url)
    follow_each_other(one, other)
    valkey.close()
    follow_each_other(one, other)


def test_a_valkey_that_is_not_there_stops_no_start(stack: ExitStack, tmp_path: object) -> None:
    with servers.valkey() as url:
        pass
    follow_each_other(*nodes(stack, f"sqlite:///{tmp_path}/youhui.db", YOUHUI_REDIS_URL=url))
