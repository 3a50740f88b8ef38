"""The only SQL of orders."""

from __future__ import annotations

from youhui.checkout.orders import tables as tables
