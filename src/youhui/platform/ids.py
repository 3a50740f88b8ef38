"""Ids of the shop: opaque, 1 to 64 characters, without commas, white space and control characters."""

from __future__ import annotations

import re

SCHEMA_PATTERN = r"^[^\s,\x00-\x1f\x7f-\x9f]{1,64}$"
"""the same in JSON Schema, where halves of characters beyond the basic plane do not come"""

_SHOP_ID = re.compile(r"[^\s,\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}")


def is_shop_id(text: str) -> bool:
    """Whether the shop can have something by this id."""
    return _SHOP_ID.fullmatch(text) is not None
