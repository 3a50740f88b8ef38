"""Who is counted by what, what a request is believed to say, and what stops a campaign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from youhui.checkout.abuse.asking import RiskIn, read_risk, risk_of
from youhui.checkout.abuse.guards import rates
from youhui.checkout.abuse.model import RULES, Breaker, Redemption, Risk, Trip
from youhui.platform import settings
from youhui.platform.abuse_settings import Abuse
from youhui.platform.edge import Call
from youhui.platform.principals import Principal
from youhui.platform.problems import Invalid
from youhui.platform.ratelimit import Rate, RateLimits

NOW = datetime(2026, 11, 11, 12, tzinfo=UTC)
SHOPPER, SHOP = Principal("shopper", "c1"), Principal("storefront", "k1")


# -- windows


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_what_all_let_through_counts_in_all_and_what_one_refuses_in_none() -> None:
    limits = RateLimits({"claim.customer": Rate(3, 60), "claim.ip": Rate(5, 60)}, clock=Clock())
    alice, bob = ({"claim.customer": name, "claim.ip": "192.0.2.1"} for name in ("alice", "bob"))
    assert [limits.take_all(alice) for _ in range(4)] == [None, None, None, ("claim.customer", 61)]
    assert [limits.take_all(bob) for _ in range(3)] == [None, None, ("claim.ip", 61)]
    assert limits.take_all({"claim.customer": "bob"}) is None, "his third: the refused one was not counted"
    assert limits.take_all({"claim.customer": "bob"}) == ("claim.customer", 61)


def test_the_longest_wait_is_told() -> None:
    clock = Clock()
    limits = RateLimits({"join.customer": Rate(1, 60), "join.device": Rate(1, 3600)}, clock=clock)
    keys = {"join.customer": "c1", "join.device": "d1"}
    assert limits.take_all(keys) is None
    clock.now += 10
    rule, seconds = limits.take_all(keys) or ("", 0)
    assert rule == "join.device"
    clock.now += seconds
    assert limits.take_all(keys) is None, "who waits as long as it was told is let through"


def test_without_limits_all_pass() -> None:
    assert RateLimits({"claim.customer": None}).take_all({"claim.customer": "c1", "claim.ip": "x"}) is None


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.integers(0, 40)), max_size=60))
def test_in_a_standing_window_no_limit_is_exceeded(calls: list[tuple[str, str, int]]) -> None:
    clock = Clock()
    limits = RateLimits({"c": Rate(3, 60), "d": Rate(4, 60)}, clock=clock)
    passed: dict[tuple[str, str, float], int] = {}
    for customer, device, pause in calls:
        clock.now += pause
        if limits.take_all({"c": customer, "d": device}) is None:
            for limit, key in (("c", customer), ("d", device)):
                cell = (limit, key, clock.now // 60)
                passed[cell] = passed.get(cell, 0) + 1
    assert all(count <= {"c": 3, "d": 4}[limit] for (limit, _, _), count in passed.items())


def test_what_others_let_through_is_known_after_an_exchange() -> None:
    class Place:
        sums: dict[tuple[str, int, str], int] = {}  # noqa: RUF012

        def add(
            self, name: str, window: int, keep: int, counts: dict[str, int]
        ) -> dict[str, tuple[int, int]]:
            for key, count in counts.items():
                self.sums[name, window, key] = self.sums.get((name, window, key), 0) + count
            return {
                key: (self.sums[name, window, key], self.sums.get((name, window - 1, key), 0))
                for key in counts
            }

    place, clock = Place(), Clock()
    one, other = (RateLimits({"claim.person": Rate(4, 60)}, place, clock) for _ in range(2))  # type: ignore[arg-type]
    keys = {"claim.person": "p1"}
    assert [one.take_all(keys), one.take_all(keys), other.take_all(keys)] == [None] * 3
    one.synchronise()
    other.synchronise()
    assert other.take_all(keys) is None
    assert other.take_all(keys) == ("claim.person", 61)


def test_an_address_has_the_loosest_limit_by_default() -> None:
    found = rates(Abuse())
    assert len(found) == 16
    for action in ("claim", "redeem_code", "use", "join"):
        loosest = found[f"{action}.ip"]
        assert loosest is not None
        others = [found[f"{action}.{kind}"] for kind in ("customer", "device", "person")]
        assert all(one is not None and one.count < loosest.count for one in others)


@pytest.mark.parametrize(
    ("given", "kept"),
    [({"claim": {"customer": None}}, None), ({"claim": {"customer": "3/hour"}}, Rate(3, 3600))],
)
def test_each_can_be_set_or_switched_off(given: dict[str, object], kept: Rate | None) -> None:
    assert rates(settings.Settings(abuse=given).abuse)["claim.customer"] == kept


# -- who asks


def call(principal: Principal, device: bytes | None = None, address: str = "198.51.100.7") -> Call:
    return Call("r1", "en", principal, b"", b"", address, device=device)


@pytest.mark.parametrize(
    ("asking", "stated", "risk"),
    [
        (call(SHOP), None, Risk("c9", trusted=True)),
        (call(SHOP, b"mine"), None, Risk("c9", trusted=True)),
        (
            call(SHOP),
            {"device": "d", "ip": "2001:db8::1", "person": 7},
            Risk("c9", "d", "2001:db8::1", "7", trusted=True),
        ),
        (call(SHOPPER), None, Risk("c1", None, "198.51.100.7")),
        (call(SHOPPER, b" tab-1 "), None, Risk("c1", "tab-1", "198.51.100.7")),
        (call(SHOPPER, b"two words"), None, Risk("c1", None, "198.51.100.7")),
        (call(SHOPPER, b"x" * 65), None, Risk("c1", None, "198.51.100.7")),
        (call(SHOPPER, b"d", ""), {"device": "other", "ip": "192.0.2.1", "person": "p"}, Risk("c1", "d")),
    ],
)
def test_what_is_believed(asking: Call, stated: object, risk: Risk) -> None:
    assert read_risk(asking, "c9", stated) == risk
    assert risk_of(asking, "c9", None if stated is None else RiskIn.model_validate(stated)) == risk


@pytest.mark.parametrize(
    ("stated", "path"),
    [
        ("device", "risk"),
        ([], "risk"),
        ({"device": ""}, "risk.device"),
        ({"device": "a b"}, "risk.device"),
        ({"ip": "\ud800"}, "risk.ip"),
        ({"ip": "\0"}, "risk.ip"),
        ({"person": "x" * 65}, "risk.person"),
        ({"person": True}, "risk.person"),
        ({"person": {}}, "risk.person"),
        ({"person": 10**80}, "risk.person"),
        ({"phone": "1"}, "risk.phone"),
    ],
)
def test_what_is_refused(stated: object, path: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_risk(call(SHOP), "c9", stated)
    (fault,) = refused.value.details
    assert fault.path == path
    assert fault.say("en")


def test_an_address_of_ipv6_is_known_by_its_64_bits() -> None:
    assert Risk(ip="2001:db8::1").keys() == Risk(ip="2001:db8::ffff").keys() == {"ip": "2001:db8::"}
    assert Risk("c1", ip="no address").keys() == {"customer": "c1", "ip": "no address"}


# -- breakers


def breaker(limits: Mapping[str, int], tripped_at: datetime | None = None) -> Breaker:
    rules = {rule: limits.get(rule) for rule in RULES}
    return Breaker(promotion="p1", currency="CNY", tripped_at=tripped_at, **rules)


def given_out(
    amount: int,
    order: str = "",
    seconds: int = 1,
    coupon: str = "",
    currency: str = "CNY",
) -> Redemption:
    at = NOW - timedelta(seconds=seconds)
    return Redemption(at, "p1", order or f"o{amount}", coupon, currency, amount)


TWO = [given_out(1000, "a"), given_out(2000, "b")]


@pytest.mark.parametrize(
    ("limits", "given", "trip"),
    [
        ({"redemptions_per_minute": 2}, TWO, None),
        ({"redemptions_per_minute": 1}, TWO, Trip("redemptions_per_minute", 2, 1)),
        ({"redemptions_per_minute": 0}, TWO[:1], Trip("redemptions_per_minute", 1, 0)),
        ({"redemptions_per_minute": 1}, [TWO[0], given_out(1, seconds=60)], None),
        ({"amount_per_minute": 3000}, TWO, None),
        ({"amount_per_minute": 2999}, TWO, Trip("amount_per_minute", 3000, 2999)),
        ({"amount_per_minute": 0}, [given_out(900, currency="JPY")], None),
        ({"amount_per_order": 2000}, TWO, None),
        ({"amount_per_order": 1999}, TWO, Trip("amount_per_order", 2000, 1999)),
        (
            {"amount_per_order": 1999},
            [given_out(1000, "a", coupon="1"), given_out(1000, "a", coupon="2")],
            Trip("amount_per_order", 2000, 1999),
        ),
        ({"amount_per_minute": 1, "redemptions_per_minute": 1}, TWO, Trip("redemptions_per_minute", 2, 1)),
        ({"amount_per_order": 0}, [], None),
    ],
)
def test_what_stops_a_campaign(limits: dict[str, int], given: list[Redemption], trip: Trip | None) -> None:
    assert breaker(limits).tripped_by(given, NOW) == trip


def test_what_was_given_before_it_was_stopped_does_not_count_again() -> None:
    just_now = NOW - timedelta(seconds=1)
    assert breaker({"redemptions_per_minute": 1}).tripped_by(TWO, NOW)
    assert breaker({"redemptions_per_minute": 1}, just_now).tripped_by(TWO, NOW) is None
