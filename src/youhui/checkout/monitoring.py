"""What operators see of the rules that carts are priced with."""

from __future__ import annotations

import time

from youhui.checkout.following import Following
from youhui.checkout.quoting import Quoting
from youhui.checkout.store import Source
from youhui.platform.metrics import Metrics


def watch(metrics: Metrics, following: Following, quoting: Quoting) -> None:
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
