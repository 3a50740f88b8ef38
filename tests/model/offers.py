"""What a shop may offer, and what its customers may want."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from tests.model.terms import ZONES, Cart, Length, Terms

nodes = st.integers(0, 1)
zones = st.sampled_from(sorted(ZONES))
holds = st.sampled_from([60, 900, 86_400])
latenesses = st.sampled_from([timedelta(), timedelta(hours=20)])
lengths: st.SearchStrategy[Length] = st.sampled_from(["always", "always", "day", "week"])
few = st.none() | st.integers(1, 4)
prices = {"off": (1_000, 1_250), "mug": (513, 600), "ship": (0, 0), "code": (700, 701)}
stored = st.integers(0, 11)
"""one of the promotions that are stored"""
carts = st.builds(
    lambda mugs, teas, shipping, customer, code: Cart(
        {sku: n for sku, n in (("MUG", mugs), ("TEA", teas)) if n} or {"TEA": 1}, shipping, customer, code
    ),
    st.integers(0, 4),
    st.integers(0, 2),
    st.sampled_from([1_200, 0]),
    st.sampled_from(["ann", "bob", None]),
    st.booleans(),
)
"""at least 51.30, which is more than all promotions take together"""


@st.composite
def terms(draw: st.DrawFn, name: str | None = None) -> Terms:
    name = name or draw(st.sampled_from(sorted(prices)))
    uses, each = draw(few), draw(few)
    budget = draw(st.none() | st.integers(500, 4_000))
    return Terms(
        name=name,
        off=draw(st.sampled_from(prices[name])),
        uses=uses,
        uses_in=draw(lengths) if uses else "always",
        each=each,
        each_in=draw(lengths) if each else "always",
        budget=budget,
        budget_in=draw(lengths) if budget else "always",
        over_budget="skip" if name == "mug" else draw(st.sampled_from(["skip", "cap"])),
        stock=draw(st.none() | st.integers(0, 6)) if name == "mug" else None,
        zone=draw(zones),
        give_back=draw(st.sampled_from(["never", "full_refund", "pro_rata"])),
    )
