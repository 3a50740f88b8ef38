"""Proves on a live database that the promises about orders, counters and the ledger hold."""

from youhui.checkout.orders.checking.counters import Terms
from youhui.checkout.orders.checking.report import SHOWN, Drift, Promise, Proof, Report
from youhui.checkout.orders.checking.running import check

__all__ = ["SHOWN", "Drift", "Promise", "Proof", "Report", "Terms", "check"]
