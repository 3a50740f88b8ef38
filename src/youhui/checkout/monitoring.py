"""What operators see of the rules that carts are priced with, and of how orders are decided."""

from __future__ import annotations

import time
from collections.abc import Callable

from youhui.checkout.following import Following
from youhui.checkout.orders.committer import Committer
from youhui.checkout.quoting import Quoting
from youhui.checkout.store import Source
from youhui.platform.metrics import SECONDS, Metrics

SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


def batches(metrics: Metrics) -> Callable[[int, float], None]:
    """What is to be told of each transaction of orders: its commands, its seconds."""
    sizes = metrics.histogram("youhui_orders_batch_size", "Commands decided in one transaction", SIZES)
    seconds = metrics.histogram(
        "youhui_orders_batch_seconds", "One transaction of commands, committed", SECONDS
    )
    ended = time.monotonic()

    def observed(size: int, took: float) -> None:
        nonlocal ended
        ended = time.monotonic()
        sizes.observe(size)
        seconds.observe(took)

    about = "Since the last transaction of orders ended, well or not"
    metrics.gauge("youhui_orders_batch_age_seconds", about, lambda: time.monotonic() - ended)
    return observed


def watch(metrics: Metrics, following: Following, quoting: Quoting, committer: Committer) -> None:
    """Adds the gauges."""
    metrics.gauge(
        "youhui_rules_version",
        "Version of what is priced by, as of the last look",
        lambda: {source.name.lower(): following.version(source) for source in Source},
        label="source",
    )
    metrics.gauge(
        "youhui_rules_age_seconds",
        "Since a change of what is priced by was last seen",
        lambda: time.monotonic() - following.last_changed_at,
    )
    metrics.gauge(
        "youhui_rules_look_age_seconds",
        "Since the versions were last looked at with success",
        lambda: time.monotonic() - following.last_looked_at,
    )
    metrics.gauge("youhui_rules", "Standing promotions that are held compiled", lambda: quoting.count)
    metrics.gauge("youhui_orders_waiting", "Commands of orders that wait", lambda: committer.waiting)
