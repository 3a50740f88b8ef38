"""The pricing engine: pure, exact, explained. Standard library only.

ruleset = Ruleset(promotions)
quote = ruleset.price(cart, usage, at=instant)
"""

from youhui.engine.codec import (
    decode_cart,
    decode_instant,
    decode_promotion,
    decode_promotions,
    encode_cart,
    encode_promotion,
)
from youhui.engine.facts import Cart, Context, Customer, Line, Shipping, Usage, Used
from youhui.engine.kinds import BUILT_IN, Registry
from youhui.engine.layer import Layer
from youhui.engine.problems import InvalidDocument, Problem
from youhui.engine.promotion import Promotion
from youhui.engine.quote import Options, Quote, Verdict
from youhui.engine.ruleset import Needs, Ruleset

__all__ = [
    "BUILT_IN",
    "Cart",
    "Context",
    "Customer",
    "InvalidDocument",
    "Layer",
    "Line",
    "Needs",
    "Options",
    "Problem",
    "Promotion",
    "Quote",
    "Registry",
    "Ruleset",
    "Shipping",
    "Usage",
    "Used",
    "Verdict",
    "decode_cart",
    "decode_instant",
    "decode_promotion",
    "decode_promotions",
    "encode_cart",
    "encode_promotion",
]
