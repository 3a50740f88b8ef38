"""The JSON Schema refuses what is plainly wrong and never what the codec accepts."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Iterator
from typing import Any, ClassVar

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.architecture.source import ROOT
from tests.engine import strategies
from youhui.conformance import EXPECTED, case_schema, read_case
from youhui.engine import BUILT_IN, InvalidDocument, decode_cart, decode_promotion
from youhui.engine.codec import COUNTERS
from youhui.engine.conditions.logged_in import LoggedIn
from youhui.engine.schema import cart_schema, promotion_schema

PROMOTION = jsonschema_rs.Draft202012Validator(promotion_schema())
CART = jsonschema_rs.Draft202012Validator(cart_schema())
CASE = jsonschema_rs.Draft202012Validator(case_schema())
SHARED = [
    pytest.param(case, id=case["id"])
    for file in sorted((ROOT / "tests/conformance/cases").glob("*.json"))
    for case in json.loads(file.read_bytes())
]


def codec_accepts(case: object) -> bool:
    try:
        read_case(case)
    except InvalidDocument:
        return False
    return True


@pytest.mark.parametrize("case", SHARED)
def test_every_shared_case_is_valid(case: dict[str, Any]) -> None:
    assert [error.message for error in CASE.iter_errors(case)] == []


def off(**keys: object) -> dict[str, object]:
    return {"id": "p", "actions": [{"kind": "amount_off", "amount": "10.00", "target": "order"} | keys]}


def when(**condition: object) -> dict[str, object]:
    return off() | {"conditions": [condition]}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([], id="a list"),
        pytest.param({"id": "p"}, id="no actions"),
        pytest.param({"actions": []}, id="no id"),
        pytest.param(off() | {"id": " "}, id="an id of white space"),
        pytest.param(off() | {"id": 7}, id="a number as id"),
        pytest.param(off() | {"colour": "red"}, id="an unknown key"),
        pytest.param(off() | {"used": 3}, id="a counter among the terms"),
        pytest.param(off() | {"active": 1}, id="1 for true"),
        pytest.param(off() | {"priority": "1"}, id="a whole number as text"),
        pytest.param(off() | {"priority": 2**53}, id="a number that JavaScript would change"),
        pytest.param(off() | {"usage_limit": -1}, id="a limit below zero"),
        pytest.param(off() | {"stacking": "both"}, id="an unknown stacking"),
        pytest.param(off() | {"lane": None}, id="null where there is a default"),
        pytest.param(off() | {"valid_from": "2026-01-15T12:00:00"}, id="an instant without offset"),
        pytest.param(off() | {"order_cap": {"most": "1.00"}}, id="an unknown key of a part"),
        pytest.param(off(amount=10.5), id="a float for money"),
        pytest.param(off(amount=10), id="a number for money"),
        pytest.param(off(amount="10.5"), id="one decimal"),
        pytest.param(off(amount="-10.00"), id="money below zero"),
        pytest.param(off(target="everything"), id="an unknown target"),
        pytest.param(off(additional_amount="1.00"), id="a key without meaning for the target"),
        pytest.param(off(kind="amount_of"), id="an unknown action"),
        pytest.param(off(selector={"colours": []}), id="an unknown key of a selector"),
        pytest.param(
            {"id": "p", "actions": [{"kind": "percent_off", "percent": 10, "target": "order"}]},
            id="a number for a percentage",
        ),
        pytest.param({"id": "p", "actions": [{"kind": "percent_off", "percent": "10"}]}, id="no target"),
        pytest.param({"id": "p", "actions": [{"kind": "gift", "sku": "MUG", "quantity": 0}]}, id="no gift"),
        pytest.param(when(kind="logged_on"), id="an unknown condition"),
        pytest.param(when(), id="a condition without kind"),
        pytest.param(when(kind="logged_in", since=1), id="a key that the condition has not"),
        pytest.param(when(kind="country", any_of="CN"), id="a text for a list"),
        pytest.param(when(kind="nth_order", n=0), id="the order number zero"),
        pytest.param(when(kind="time_window", until="24:30"), id="no time of day"),
        pytest.param(when(kind="time_window", days=["monday"]), id="no day"),
        pytest.param(when(kind="not", condition={"kind": "any"}), id="a fault inside a condition"),
        pytest.param(when(kind="customer_attribute", name="age", until="2026"), id="no date"),
    ],
)
def test_a_wrong_promotion_is_refused_by_schema_and_codec(document: object) -> None:
    assert not PROMOTION.is_valid(document)
    with pytest.raises(InvalidDocument):
        decode_promotion(document, "CNY")


def cart(**keys: object) -> dict[str, object]:
    return {"currency": "CNY", "lines": []} | keys


def line(**keys: object) -> dict[str, object]:
    return cart(lines=[{"id": "a", "sku": "MUG", "unit_price": "1.00", "quantity": 1} | keys])


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(cart(currency="cny"), id="a currency in small letters"),
        pytest.param(cart(lines=None), id="no lines"),
        pytest.param(cart(promotions=[]), id="a key of a case"),
        pytest.param(cart(customer={}), id="a customer without id"),
        pytest.param(cart(context={"planet": "Mars"}), id="an unknown key of the context"),
        pytest.param(cart(codes=[10]), id="a number as code"),
        pytest.param(cart(shipping={"price": 5}), id="a number as price"),
        pytest.param(line(quantity=0), id="no unit"),
        pytest.param(line(quantity=1.5), id="a unit and a half"),
        pytest.param(line(quantity="1"), id="a quantity as text"),
        pytest.param(line(attributes={"size": 1.5}), id="a fraction as attribute"),
        pytest.param(line(attributes=["red"]), id="a list of attributes"),
        pytest.param(line(discountable="no"), id="a word for false"),
    ],
)
def test_a_wrong_cart_is_refused_by_schema_and_codec(document: object) -> None:
    assert not CART.is_valid(document)
    with pytest.raises(InvalidDocument):
        decode_cart(document)


@pytest.mark.parametrize(
    "document",
    [
        cart(customer=None),
        cart(shipping=None),
        line(attributes={"size": 1, "new": True}),
        line(product="CUP"),
    ],
)
def test_a_right_cart_is_accepted_by_both(document: object) -> None:
    assert CART.is_valid(document)
    decode_cart(document)


@given(strategies.cases())
def test_what_is_drawn_from_the_fields_is_accepted_by_schema_and_codec(case: dict[str, Any]) -> None:
    assert [error.message for error in CASE.iter_errors(case)] == []
    assert codec_accepts(case)


ANYTHING = st.sampled_from(
    [
        *(
            None,
            True,
            0,
            -1,
            1,
            2**53,
            1.5,
            [],
            {},
            [1],
            {"a": [1]},
            {"a": 1},
            [""],
            ["mon"],
            "mon",
            "running",
        ),
        *("", " ", "1", "1.0", "1.00", "08:00", "2026-02-30", "2026-01-15T12:00Z", "20260115T120000+0800"),
    ]
)


def places(document: object) -> Iterator[tuple[Any, Any]]:
    """Each value of a document, as what holds it and its key there."""
    keys = (
        document.keys()
        if isinstance(document, dict)
        else range(len(document))
        if isinstance(document, list)
        else ()
    )
    for key in keys:
        yield document, key
        yield from places(document[key])  # type: ignore[index]


@given(strategies.cases(), st.data())
def test_the_schema_accepts_whatever_the_codec_accepts(case: dict[str, Any], data: st.DataObject) -> None:
    """One value replaced by another: often both refuse it, never the schema alone."""
    changed = copy.deepcopy(case)
    holder, key = data.draw(st.sampled_from(list(places(changed))))
    holder[key] = data.draw(ANYTHING)
    if codec_accepts(changed):
        assert [error.message for error in CASE.iter_errors(changed)] == []


@given(strategies.cases(), st.data())
def test_both_refuse_a_key_too_many(case: dict[str, Any], data: st.DataObject) -> None:
    changed = copy.deepcopy(case)
    objects = [changed, *changed["promotions"], *changed["lines"]]
    objects += [holder for holder, key in places(changed) if key == "kind"]
    data.draw(st.sampled_from(objects))["colour"] = "red"
    assert not CASE.is_valid(changed)
    assert not codec_accepts(changed)


@pytest.mark.parametrize("kind", [f"condition.{kind}" for kind in BUILT_IN.conditions])
def test_each_condition_is_described(kind: str) -> None:
    definition: Any = promotion_schema()["$defs"]
    assert definition[kind]["description"]
    assert {"$ref": f"#/$defs/{kind}"} in definition["condition"]["oneOf"]


@pytest.mark.parametrize("kind", [f"action.{kind}" for kind in BUILT_IN.actions])
def test_each_action_is_described(kind: str) -> None:
    definition: Any = promotion_schema()["$defs"]
    assert definition[kind]["description"]
    assert {"$ref": f"#/$defs/{kind}"} in definition["action"]["oneOf"]


@dataclasses.dataclass(frozen=True, slots=True)
class Selector:
    """A part of a third party's kind that has the name of one of ours."""

    shelf: str


@dataclasses.dataclass(frozen=True, slots=True)
class OnShelf(LoggedIn):
    """A third party's condition."""

    kind: ClassVar[str] = "on_shelf"

    where: Selector


def test_a_third_partys_kind_is_in_the_schema() -> None:
    schema = promotion_schema(BUILT_IN.extended(conditions=[OnShelf]))
    validator = jsonschema_rs.Draft202012Validator(schema)
    assert validator.is_valid(when(kind="on_shelf", where={"shelf": "A1"}))
    assert validator.is_valid(when(kind="contains", selector={"skus": ["MUG"]}))
    assert not validator.is_valid(when(kind="on_shelf", where={"skus": ["MUG"]}))


def test_the_case_schema_has_the_counters_and_all_that_is_expected() -> None:
    properties: Any = case_schema()["properties"]
    assert set(COUNTERS) < set(properties["promotions"]["items"]["properties"])
    assert list(properties["expect"]["properties"]) == list(EXPECTED)
