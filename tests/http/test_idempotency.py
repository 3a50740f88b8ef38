"""P6: a request that is sent again has one effect and one answer, to the byte."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from httpx2 import Response

from tests.http import ordering, serving
from tests.http.ordering import ORDERS, Shop, outcome
from tests.http.serving import line, promotion
from tests.http.test_hostile import JSON

REUSED = "422 IDEMPOTENCY_KEY_REUSED"
Request = Callable[[Shop, str | None], Response]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with ordering.opened(tmp_path) as made:
        made.has(promotion("half", actions=[{"kind": "percent_off", "percent": "50", "target": "order"}]))
        yield made


THREE = {"lines": [line(quantity=3)], "shipping": {"price": "8.00"}, "expected_payable": "98.00"}
STEPS: dict[str, Request] = {
    "place": lambda shop, key: shop.place("A1", key=key, **THREE),
    "pay": lambda shop, key: shop.pay("A1", key),
    "refund a unit": lambda shop, key: shop.refund("A1", "R1", key=key, lines=[{"id": "1", "quantity": 1}]),
    "refund shipping": lambda shop, key: shop.refund("A1", "R2", key=key, shipping=True),
    "refund the rest": lambda shop, key: shop.refund("A1", "R3", key=key),
}


@pytest.mark.parametrize("keys", [True, False], ids=["with a key", "by its numbers alone"])
def test_what_is_sent_again_is_answered_as_it_was(shop: Shop, keys: bool) -> None:
    """At once, and after everything else has happened: in other states, at other prices, at another time."""
    answers = {}
    for name, step in STEPS.items():
        answers[name] = step(shop, name.replace(" ", "-") if keys else None)
        assert answers[name].is_success, answers[name].text
        shop.clock.turn(minutes=1)
        assert step(shop, name.replace(" ", "-") if keys else None).content == answers[name].content
    assert shop.client.delete(f"{serving.PROMOTIONS}/half").status_code == 204
    before = shop.get("A1")
    shop.clock.turn(days=2)
    for name, step in STEPS.items():
        again = step(shop, name.replace(" ", "-") if keys else None)
        assert (again.status_code, again.content) == (answers[name].status_code, answers[name].content), name
    assert shop.get("A1") == before


def test_a_cancelled_order_is_cancelled_once(shop: Shop) -> None:
    placed = shop.place("A1", key="k1")
    first = shop.cancel("A1", "k2")
    shop.clock.turn(minutes=1)
    assert shop.cancel("A1", "k2").content == first.content == shop.cancel("A1").content
    assert shop.place("A1", key="k1").content == placed.content


def test_a_new_key_for_the_same_request_is_answered_the_same(shop: Shop) -> None:
    """The number of the order knows it again: a caller that has lost its key is no second order."""
    placed = shop.place("A1", key="k1")
    assert shop.place("A1", key="k2").content == placed.content == shop.place("A1").content


USED: dict[str, Request] = {
    "another price": lambda shop, key: shop.post("", {**shop.order("A1"), "expected_payable": "61.00"}, key),
    "another number": lambda shop, key: shop.place("A2", key=key),
    "another operation": lambda shop, key: shop.pay("A1", key),
    "a refund": lambda shop, key: shop.refund("A1", "R1", key=key),
    "another order to pay": lambda shop, key: shop.pay("A0", key),
}


@pytest.mark.parametrize("name", USED)
def test_a_key_that_succeeded_is_for_that_request_alone(shop: Shop, name: str) -> None:
    shop.place("A0")
    assert shop.place("A1", key="k1").status_code == 201
    before = shop.get("A1"), shop.get("A0")
    assert outcome(USED[name](shop, "k1")) == REUSED
    assert (shop.get("A1"), shop.get("A0")) == before


def test_white_space_makes_another_body(shop: Shop) -> None:
    body = shop.order("A1")
    headers = {**shop.key, **JSON, "idempotency-key": "k1"}
    first = shop.client.post(ORDERS, content=json.dumps(body), headers=headers)
    assert first.status_code == 201
    assert outcome(shop.client.post(ORDERS, content=json.dumps(body, indent=1), headers=headers)) == REUSED


def test_another_refund_by_the_same_number_is_refused(shop: Shop) -> None:
    shop.place("A1", lines=[line(quantity=3)])
    shop.pay("A1")
    assert shop.refund("A1", "R1", lines=[{"id": "1", "quantity": 1}]).status_code == 201
    assert outcome(shop.refund("A1", "R1", lines=[{"id": "1", "quantity": 2}])) == "409 REFUND_EXISTS"
    assert shop.get("A1")["refunded_amount"] == "30.00"


REFUSED: dict[str, tuple[Request, str]] = {
    "a wrong price": (
        lambda shop, key: shop.place("A1", key=key, expected_payable="1.00"),
        "409 QUOTE_CHANGED",
    ),
    "a wrong body": (lambda shop, key: shop.place("A 1", key=key), "400 VALIDATION_ERROR"),
    "an order that is not there": (lambda shop, key: shop.pay("A9", key), "404 ORDER_NOT_FOUND"),
    "a wrong state": (lambda shop, key: shop.refund("A0", "R1", key=key), "409 ORDER_STATE"),
    "a number that is taken": (
        lambda shop, key: shop.place("A0", key=key, hold_seconds=1),
        "409 ORDER_EXISTS",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_frees_its_key(shop: Shop, name: str) -> None:
    shop.place("A0")
    request, expected = REFUSED[name]
    assert outcome(request(shop, "k1")) == expected
    assert shop.place("A1", key="k1").status_code == 201


def test_a_key_belongs_to_its_caller(shop: Shop) -> None:
    """Another API key may use the same words."""
    assert shop.place("A1", key="k1").status_code == 201
    shop.key = serving.key(shop.client, "quote", "orders")
    assert shop.place("A2", key="k1").status_code == 201


def test_the_same_in_flight_is_refused(shop: Shop) -> None:
    """Whichever comes second is told so at once, while the first waits for the database."""
    body = shop.order("A1")
    with ThreadPoolExecutor(2) as threads:
        with shop.client.service.database.writing():
            both = [threads.submit(shop.post, "", body, "k1") for _ in range(2)]
            done, waiting = wait(both, timeout=20, return_when=FIRST_COMPLETED)
            (second,), (first,) = done, waiting
            assert outcome(second.result()) == "409 IN_FLIGHT"
            assert second.result().headers["retry-after"] == "1"
        assert first.result(timeout=20).status_code == 201
    assert shop.post("", body, "k1").content == first.result().content


def test_sent_at_once_it_is_one_order(shop: Shop) -> None:
    """Without a key, by its number: one places it and the others are answered the same."""
    body = shop.order("A1")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: shop.post("", body), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize(
    ("path", "key"),
    [
        *(("", key) for key in ("", " ", "a b", "a\tb", "é", "a" * 129)),
        *((f"/A1/{operation}", "é") for operation in ("pay", "cancel", "refunds")),
    ],
)
def test_a_key_is_visible_ascii(shop: Shop, path: str, key: str) -> None:
    shop.place("A1")
    body = {"": shop.order("A2"), "/A1/refunds": {"refund_no": "R1", "all": True}}.get(path)
    headers = {
        name.encode(): value.encode("latin-1") for name, value in {**shop.key, "idempotency-key": key}.items()
    }
    answer = shop.client.post(f"{ORDERS}{path}", json=body, headers=headers)
    assert outcome(answer) == "400 VALIDATION_ERROR"
    assert answer.json()["details"][0]["path"] == "Idempotency-Key"
