"""A failure between any two statements of a batch: nothing of it is done, and the same request settles it (P9 P10)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture import source
from tests.checked import assert_sound
from tests.faults import books
from tests.faults.load import Request
from tests.faults.shop import PRICE, cancel, pay, place, promotion, refund
from tests.faults.trying import POINTS
from tests.http import serving
from youhui.checkout.orders import batch
from youhui.platform import committing, failpoints

DISCOUNTED = PRICE - 1_000
FIRST = {
    "place": [],
    "pay": [place("o1", DISCOUNTED, "c1")],
    "cancel": [place("o1", DISCOUNTED, "c1")],
    "refund": [place("o1", DISCOUNTED, "c1"), pay("o1")],
}
TRIED: dict[str, Callable[[], Request]] = {
    "place": lambda: place("o1", DISCOUNTED, "c1", key="k"),
    "pay": lambda: pay("o1", "k"),
    "cancel": lambda: cancel("o1", "k"),
    "refund": lambda: refund("o1", "r1", "k"),
}
ENTRIES = {
    "place": {"hold"},
    "pay": {"hold", "commit"},
    "cancel": {"hold", "release"},
    "refund": {"hold", "commit", "reverse"},
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[serving.Client]:
    with serving.client(tmp_path_factory.mktemp("failpoints")) as made:
        answer = made.post(serving.PROMOTIONS, json=promotion("p", usage_limit=1_000))
        assert answer.status_code == 201
        made.headers.update(serving.key(made, "quote", "orders"))
        yield made


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("operation", TRIED)
def test_what_failed_half_way_is_settled_by_the_same_request(
    client: serving.Client, operation: str, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{operation}-{point}"
    for request in FIRST[operation]:
        assert _ask(client, request, name) in (200, 201)
    reach = failpoints.armed(f"committer.{point}:1=raise")
    monkeypatch.setattr(batch, "reach", reach)
    monkeypatch.setattr(committing, "reach", reach)
    assert _ask(client, TRIED[operation](), name) == 500
    done = _kinds(client, name)
    assert done == (ENTRIES[operation] if point == "committed" else _before(operation)), "all or nothing"
    assert _ask(client, TRIED[operation](), name) in (200, 201)
    assert _kinds(client, name) == ENTRIES[operation]
    assert_sound(client.service.settings.database_url)


_REACHED = r"""reach\((?:"committer|f"\{self\._name\})\.(\w+)"\)"""
"""the points of its own, and those of all that decide commands"""


def test_every_point_is_tried() -> None:
    found = {
        point
        for path in source.modules()
        for point in re.findall(_REACHED, Path(path).read_text(encoding="utf-8"))
    }
    assert found == set(POINTS)


def _before(operation: str) -> set[str]:
    return {"place": set(), "pay": {"hold"}, "cancel": {"hold"}, "refund": {"hold", "commit"}}[operation]


def _ask(client: serving.Client, request: Request, name: str) -> int:
    """Of an order of this test, with a key of its own."""
    path, body = request.path.replace("o1", name), request.body.replace(b"o1", name.encode())
    headers = {"content-type": "application/json"}
    if request.key:
        headers["idempotency-key"] = f"{name}-{request.key}"
    return client.request(request.method, path, content=body, headers=headers).status_code


def _kinds(client: serving.Client, name: str) -> set[str]:
    url = client.service.settings.database_url
    found = books.entries(url, name)
    assert set(found.values()) <= {1}
    return {kind for number, kind in found if number == name}
