"""The SQL of issued coupons."""

from __future__ import annotations

from youhui.coupons import tables as tables
