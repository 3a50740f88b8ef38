"""Puts together what has to do with coupons: first what carts and orders need of them, then the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from youhui.checkout.abuse.service import Abuse
from youhui.checkout.following import Following
from youhui.checkout.orders.jobs import end_all_expired
from youhui.checkout.orders.pricing import Pricing
from youhui.checkout.orders.service import Orders
from youhui.checkout.store import Source
from youhui.coupons.codes import jobs as making
from youhui.coupons.codes.redeeming import Redeeming, Shapes
from youhui.coupons.codes.service import Codes
from youhui.coupons.issuing import jobs as issuing_jobs
from youhui.coupons.issuing.pushing import PUSH, Pushing
from youhui.coupons.issuing.service import Issuing
from youhui.coupons.lookup import Coupons, Holds
from youhui.coupons.templates.forms import Usual
from youhui.coupons.templates.lookup import Lookup as Held
from youhui.coupons.templates.service import Templates
from youhui.coupons.using.service import Using
from youhui.coupons.wallet.service import Wallets
from youhui.coupons.wallet.verdicts import Verdicts
from youhui.directory.lookup import Lookup
from youhui.engine import Registry
from youhui.platform.db import Database
from youhui.platform.jobs import Jobs
from youhui.platform.readers import Readers
from youhui.platform.settings import Settings
from youhui.platform.tasks import Tasks

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What everything is built on. `given`: the clock of a test; None: the database's, which `tell` tells."""

    settings: Settings
    registry: Registry
    database: Database
    following: Following
    shop: Lookup
    readers: Readers
    tell: Clock
    given: Clock | None


class Carts:
    """What carts and orders need of coupons."""

    def __init__(self, base: Base) -> None:
        database, following = base.database, base.following
        self.held = Held(database, base.registry, partial(following.version, Source.COUPONS))
        self.issuing = Issuing(database, base.shop, base.readers, base.tell, base.given)
        self.lookup = Coupons(database, self.held)
        self.holds = Holds(self.issuing.wake)
        following.listen(Source.COUPONS, partial(self.holds.refresh, database))


class CouponParts:
    """The use cases."""

    def __init__(
        self, base: Base, carts: Carts, tasks: Tasks, jobs: Jobs, orders: Orders, pricing: Pricing
    ) -> None:
        database, settings, tell = base.database, base.settings, base.tell
        self.issuing = carts.issuing
        usual = Usual(settings.currency, settings.time_zone)
        self.templates = Templates(database, base.registry, tell, base.following.notice, usual, carts.holds)
        self.pushing = Pushing(database, tasks, base.shop, carts.issuing.facts, tell, base.given)
        self.codes = Codes(database, tell, tasks)
        self.using = Using(carts.lookup, orders, pricing, base.readers, tell)
        end_holds = partial(end_all_expired, database, base.given, carts.holds)
        self.wallets = Wallets(database, tell, carts.issuing.facts, end_holds)
        self.verdicts = Verdicts(database, carts.lookup, carts.held, pricing, base.readers)
        making.register(tasks, tell)
        tasks.register(PUSH, self.pushing.step)
        interval = settings.marketing_service.coupon_check_interval
        issuing_jobs.register(jobs, interval, database, carts.issuing.gifts_due, base.given)
        self._shapes = Shapes(tasks, tell)
        self._readers = base.readers

    def redeeming(self, abuse: Abuse) -> Redeeming:
        """Codes become coupons, if nobody guesses them."""
        return Redeeming(self.codes, self._shapes, self.issuing, self._readers, abuse)
