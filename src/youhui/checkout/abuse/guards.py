"""Puts the parts of this package together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from youhui.checkout.abuse.blocking import BlockList
from youhui.checkout.abuse.breakers import Breakers
from youhui.checkout.abuse.model import ACTIONS, KINDS, Kind
from youhui.checkout.abuse.service import Abuse
from youhui.checkout.abuse.watching import Pauser, Watch
from youhui.checkout.abuse.wrong_codes import WrongCodes
from youhui.checkout.following import Following
from youhui.checkout.store import Source
from youhui.platform.abuse_settings import Abuse as Settings
from youhui.platform.db import Database
from youhui.platform.metrics import Metrics
from youhui.platform.ratelimit import Rate, RateLimits, parse_limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """All of them."""

    abuse: Abuse
    blocked: BlockList
    breakers: Breakers
    watch: Watch
    wrong_codes: WrongCodes


def guards(
    settings: Settings,
    database: Database,
    clock: Callable[[], datetime],
    limits: RateLimits,
    following: Following,
    metrics: Metrics,
    pause: Pauser,
) -> Guards:
    """As the settings say; `limits` have the `rates`."""
    blocked = BlockList(database, clock, following.notice)
    watch = Watch(database, clock, pause)
    following.listen(Source.ABUSE, blocked.refresh)
    following.listen(Source.ABUSE, watch.refresh)
    wrong = settings.wrong_codes
    most: dict[Kind, int | None] = {"customer": wrong.customer, "device": wrong.device, "ip": wrong.ip}
    wrong_codes = WrongCodes(database, clock, most, wrong.minutes * 60)
    refused = metrics.tally("youhui_refused", "Actions refused against abuse", "rule")
    return Guards(
        abuse=Abuse(limits, blocked, wrong_codes, refused),
        blocked=blocked,
        breakers=Breakers(database, clock, following.notice),
        watch=watch,
        wrong_codes=wrong_codes,
    )


def rates(settings: Settings) -> Mapping[str, Rate | None]:
    """What may be done how often, by names such as "claim.device"."""
    said = {
        f"{action}.{kind}": getattr(getattr(settings, action), kind) for action in ACTIONS for kind in KINDS
    }
    return {name: rate and parse_limit(rate) for name, rate in said.items()}
